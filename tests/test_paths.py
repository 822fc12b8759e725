"""Every named path case in every family, judged by pdfseal and, where it can, by OpenSSL and cryptography."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from pdfseal import asn1
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.errors import CallerError, DocumentError, OutsideError
from pdfseal.pki import issue_revocation
from pdfseal.pki.crl import RevocationList, Revoked
from pdfseal.pki.gather import MAX_FETCHES
from pdfseal.pki.issue import OCSP_SIGNING, Profile
from pdfseal.pki.ocsp import OcspResponse, write_request
from pdfseal.pki.revocation import RevocationData, RevocationPolicy, judge_chain
from pdfseal.pki.trust import TrustAnchors
from pdfseal.pki.validation import validate_certificate
from tests.support.oracles import openssl_sm2_verify, run
from tests.support.paths import PATHS, cases, certificate, crl, judge, moment, ocsp, openssl, rows
from tests.support.pki import issue

DAY = timedelta(days=1)


def _id(row) -> str:
    return f"{row[0]}-{row[1]['name']}"


@pytest.mark.parametrize("row", rows(), ids=_id)
def test_case(row):
    family, case = row
    result = judge(family, case)
    assert (result.status, result.revocation) == (case["status"], case["revocation"]), result.reason
    assert bool(result.reason) is (case["status"] != "trusted")


@pytest.mark.parametrize("row", [row for row in rows() if row[1]["openssl"] and row[0] != "sm2"], ids=_id)
def test_openssl_agrees(row):
    family, case = row
    accepted, words = openssl(family, case)
    assert accepted is (case["openssl"] == "ok"), words


@pytest.mark.parametrize("case", [case for case in cases() if not case["untrusted"]], ids=lambda c: c["name"])
def test_openssl_agrees_on_one_level_of_sm2(case):
    accepted, words = openssl("sm2", case)
    assert accepted is (case["status"] == "trusted"), words


@pytest.mark.parametrize("family", ["rsa", "p256"])
def test_cryptography_agrees(family):
    """Its verifier knows no directory names in constraints and no revocation: the rest."""
    leaf_policy = ExtensionPolicy.permit_all()
    ca_policy = ExtensionPolicy.permit_all().require_present(
        x509.BasicConstraints, Criticality.AGNOSTIC, None
    )
    count = 0
    for case in cases():
        if case["crls"] or case["ocsps"] or case["policies"] or case["mode"] == "hard":
            continue
        if case["name"].startswith("names") or case["purpose"] != "seal":
            continue
        if case["name"] in ("encryption", "server", "weak", "unknown-critical"):  # purposes are ours to judge
            continue
        roots = [x509.load_der_x509_certificate(certificate(family, n).der) for n in case["anchors"]]
        between = [x509.load_der_x509_certificate(certificate(family, n).der) for n in case["untrusted"]]
        builder = PolicyBuilder().store(Store(roots)).time(moment(case)).max_chain_depth(8)
        builder = builder.extension_policies(ca_policy=ca_policy, ee_policy=leaf_policy)
        leaf = x509.load_der_x509_certificate(certificate(family, case["leaf"]).der)
        try:
            builder.build_client_verifier().verify(leaf, between)
            accepted = True
        except VerificationError:
            accepted = False
        assert accepted is (case["status"] == "trusted"), case["name"]
        count += 1
    assert count >= 10


# -- CRLs and OCSP responses, by other tools ------------------------------------------------


@pytest.mark.parametrize("family", ["sm2", "rsa", "p256"])
def test_openssl_reads_every_crl(family):
    for file in sorted((PATHS / family).glob("*.crl")):
        done = run("openssl", "crl", "-inform", "DER", "-in", file, "-noout", "-crlnumber", "-issuer")
        assert done.returncode == 0, done.stderr
        assert f"crlNumber=0x{crl(family, file.stem).number:02X}" in done.stdout.decode()


@pytest.mark.parametrize("family", ["rsa", "p256"])
def test_openssl_verifies_the_crls(family):
    for name in ("ca", "delta-released", "part-a", "ca-forged"):
        done = run("openssl", "crl", "-inform", "DER", "-in", PATHS / family / f"{name}.crl", "-noout",
                   "-CAfile", PATHS / family / "ca.crt")  # fmt: skip
        assert (b"verify OK" in done.stderr) is (name != "ca-forged"), done.stderr


def test_openssl_verifies_sm2_crls_and_ocsp_responses():
    """By their signed octets: `openssl crl` and `openssl ocsp` take no distid."""
    for name, signer in (("ca", "ca"), ("root", "root"), ("indirect", "crl-issuer")):
        one = crl("sm2", name)
        assert openssl_sm2_verify(PATHS / "sm2" / f"{signer}.crt", one.tbs_raw, one.signature)
    answer = ocsp("sm2", "leaf-good")
    assert openssl_sm2_verify(PATHS / "sm2" / "ocsp.crt", answer.tbs_raw, answer.signature)


@pytest.mark.parametrize("family", ["rsa", "p256"])
@pytest.mark.parametrize(
    ("name", "verified", "word"),
    [
        ("leaf-good", True, "good"), ("leaf-good-by-name", True, "good"),
        ("leaf-good-by-issuer", True, "good"),
        ("leaf-revoked", True, "revoked"), ("leaf-unknown", True, "unknown"), ("leaf-stranger", False, ""),
        ("leaf-responder-expired", False, ""),
    ],
)  # fmt: skip
def test_openssl_agrees_on_ocsp(family, name, verified, word):
    folder = PATHS / family
    at = int(datetime(2026, 1, 3, tzinfo=UTC).timestamp())
    digest = ("-sha256",) if name.endswith("by-name") else ()
    done = run("openssl", "ocsp", "-respin", folder / f"{name}.ocsp", "-CAfile", folder / "root.crt",
               "-issuer", folder / "ca.crt", *digest, "-cert", folder / "leaf.crt",
               "-verify_other", folder / "ca.crt", "-attime", str(at))  # fmt: skip
    words = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert ("Response verify OK" in words) is verified, words
    if word:
        assert re.search(rf"(?m)^(.*leaf\.crt: )?{word}$", words), words


@pytest.mark.parametrize("family", ["sm2", "rsa", "p256"])
def test_openssl_reads_our_request(family, tmp_path):
    request = tmp_path / "request.der"
    request.write_bytes(write_request(certificate(family, "leaf"), certificate(family, "ca")))
    done = run("openssl", "ocsp", "-reqin", request, "-req_text")
    assert certificate(family, "leaf").serial_hex in done.stdout.decode()


# -- rules ----------------------------------------------------------------------------------


def test_grace_is_the_callers():
    family, at = "p256", datetime(2025, 11, 5, tzinfo=UTC)  # four days after ca-stale's nextUpdate
    chain = [certificate(family, name) for name in ("leaf", "ca", "root")]
    data = RevocationData((crl(family, "ca-stale"),))
    assert judge_chain(chain, data, at=at)[0].status == "unknown"
    late = RevocationPolicy(late=timedelta(days=5))
    assert judge_chain(chain, data, at=at, policy=late)[0].status == "good"


def test_settled_or_not():
    chain = [certificate("sm2", name) for name in ("leaf", "ca", "root")]
    data = RevocationData((crl("sm2", "ca-current"),))
    before, after = datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    assert [judge_chain(chain, data, at=at)[0].settled for at in (before, after)] == [True, False]


def test_an_issuer_without_crl_sign():
    root = issue("根", kind="sm2", profile="root")
    between = issue("中间", root, kind="sm2", profile=issue_profile("keyCertSign"))
    leaf = issue("张三", between, kind="sm2")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    one = issue_revocation.issue_crl(
        between.certificate, between.signer, [], this_update=at, next_update=at + DAY, number=1
    )
    chain = [leaf.certificate, between.certificate, root.certificate]
    status = judge_chain(chain, RevocationData((one,)), at=at)[0]
    assert (status.status, "not for signing CRLs" in status.reason) == ("unknown", True)


def issue_profile(*usage: str):
    return Profile(usage, is_ca=True)


def test_sha1_and_small_keys_sign_no_revocation_data():
    root = issue("根", kind="rsa1024", profile="root")
    leaf = issue("张三", root)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    one = issue_revocation.issue_crl(
        root.certificate, root.signer, [(leaf.certificate, Revoked(at - DAY))],
        this_update=at, next_update=at + DAY, number=1,
    )  # fmt: skip
    options = {"anchors": TrustAnchors((root.certificate,)), "at": at, "data": RevocationData((one,))}
    assert validate_certificate(leaf.certificate, **options, allow_weak=True).status == "revoked"


def test_a_responder_that_was_revoked_itself():
    root = issue("根", kind="sm2", profile="root")
    leaf = issue("张三", root, kind="sm2", serial=7)
    responder = issue("响应者", root, kind="sm2", serial=8,
                      profile=Profile(("digitalSignature",), ext_key_usage=(OCSP_SIGNING,)))  # fmt: skip
    at = datetime(2026, 1, 1, tzinfo=UTC)
    answer = issue_revocation.issue_ocsp(
        leaf.certificate, root.certificate, responder.certificate, responder.signer,
        this_update=at, next_update=at + DAY,
    )  # fmt: skip
    chain = [leaf.certificate, root.certificate]
    assert judge_chain(chain, RevocationData(ocsps=(answer,)), at=at)[0].status == "good"
    listed = issue_revocation.issue_crl(
        root.certificate, root.signer, [(responder.certificate, Revoked(at - DAY, "keyCompromise"))],
        this_update=at, next_update=at + DAY, number=1, only="authorities",
    )  # fmt: skip
    # that list says nothing of end certificates, the next one does
    assert judge_chain(chain, RevocationData((listed,), (answer,)), at=at)[0].status == "good"
    full = issue_revocation.issue_crl(
        root.certificate, root.signer, [(responder.certificate, Revoked(at - DAY, "keyCompromise"))],
        this_update=at - DAY, next_update=at - DAY / 2, number=1,
    )  # fmt: skip
    assert judge_chain(chain, RevocationData((full,), (answer,)), at=at)[0].status == "unknown"


# -- fetching -------------------------------------------------------------------------------


class Web:
    """A `Fetch` that answers from fixtures, and writes down what was asked."""

    def __init__(self, family: str, **answers: bytes) -> None:
        self.answers = {
            "ca.crl": crl(family, "ca").der,
            "root.crl": crl(family, "root").der,
            "ocsp": ocsp(family, "leaf-good").der,
            "ca.crt": certificate(family, "ca").der,
        } | answers
        self.asked: list[str] = []

    def __call__(self, url: str, *, kind: str, body: bytes | None = None) -> bytes:
        name = url.rsplit("/", 1)[1]
        self.asked.append(name)
        if name not in self.answers:
            raise OutsideError("fetch_failed", f"{url}: nobody there")
        return self.answers[name]


def validate(family: str, web: Web, **options):
    options = {"at": datetime(2026, 1, 1, tzinfo=UTC), **options}
    return validate_certificate(
        certificate(family, "leaf"),
        anchors=TrustAnchors((certificate(family, "root"),)),
        fetch=web,
        policy=RevocationPolicy("hard"),
        **options,
    )


@pytest.mark.parametrize("family", ["sm2", "rsa", "p256"])
def test_everything_missing_is_fetched(family):
    web = Web(family)
    result = validate(family, web)
    assert (result.status, result.revocation, result.problems) == ("trusted", "good", ())
    assert web.asked == ["ca.crt", "ocsp", "root.crl"]
    assert [one.source for one in result.certificates] == ["ocsp", "crl"]


def test_the_next_source_is_asked_when_one_fails():
    web = Web("sm2", ocsp=issue_revocation.ocsp_error(3))
    result = validate("sm2", web)
    assert result.revocation == "good"
    assert web.asked == ["ca.crt", "ocsp", "ca.crl", "root.crl"]
    assert any("tryLater" in problem for problem in result.problems)
    web.answers.clear()
    result = validate("sm2", web)
    assert result.status == "incomplete"
    assert len(result.problems) == 1
    web.answers["ca.crt"] = b"nonsense"
    assert validate("sm2", web).status == "incomplete"


def test_answers_of_liars_are_no_answers():
    """Replies that are well made, about other things or by others."""
    for name in ("leaf-stranger", "leaf-stale", "revoked-revoked"):
        web = Web("p256", **{"ocsp": ocsp("p256", name).der, "ca.crl": crl("p256", "ca-forged").der})
        result = validate("p256", web)
        assert result.status == "unknown_revocation"
        assert len(web.asked) <= MAX_FETCHES


# -- reading --------------------------------------------------------------------------------


def test_a_crl_of_a_hundred_thousand_entries_is_quick():
    root = issue("根", profile="root")
    many = [(issue("张三", root, serial=5).certificate, Revoked(datetime(2025, 1, 1, tzinfo=UTC)))]
    at = datetime(2026, 1, 1, tzinfo=UTC)
    one = issue_revocation.issue_crl(
        root.certificate, root.signer, many, this_update=at, next_update=at + DAY, number=1
    )
    entry = one.der[slice(*one._entries)]
    filler = b"".join(
        asn1.sequence(asn1.integer(1_000_000 + index), asn1.utc_time(at)) for index in range(100_000)
    )
    tbs = [child.raw for child in asn1.read(one.tbs_raw).children()]
    tbs[5] = asn1.sequence(filler, entry)
    body = asn1.sequence(*tbs)
    der = asn1.sequence(body, one.algorithm, asn1.bit_string(root.signer.sign(body, SCHEMES["ecdsa-sha256"])))
    large = RevocationList.from_der(der)
    start = time.process_time()
    assert large.find(many[0][0]) is not None
    assert large.find(issue("李四", root, serial=6).certificate) is None
    assert time.process_time() - start < 1


@pytest.mark.parametrize("family", ["sm2"])
def test_damaged_data_is_refused_by_code(family):
    for file in sorted((PATHS / family).glob("*.crl"))[:4] + sorted((PATHS / family).glob("*.ocsp"))[:4]:
        read = RevocationList.from_der if file.suffix == ".crl" else OcspResponse.from_der
        data = file.read_bytes()
        for at in range(0, len(data), 3):
            for damaged in (data[:at], data[:at] + bytes([data[at] ^ 0x21]) + data[at + 1 :]):
                try:
                    one = read(damaged)
                    one.find(
                        certificate(family, "revoked"),
                        *([] if file.suffix == ".crl" else [certificate(family, "ca")]),
                    )
                except DocumentError:
                    continue
    with pytest.raises(CallerError, match="no CRL"):
        RevocationList.load_many(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(CallerError):
        OcspResponse.load_many(issue_revocation.ocsp_error(6))
