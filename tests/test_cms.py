from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from pdfseal import asn1
from pdfseal.asn1 import Reading
from pdfseal.containers import DigestSpec, finish, plan_cms, read_container, to_be_signed_digest
from pdfseal.containers import cms_reading as names
from pdfseal.containers.cms import assemble, attribute, signed_attributes
from pdfseal.crypto.digests import digest
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.errors import PdfsealError
from tests.support.cms import BYTE_RANGE, DOCUMENT, GOOD, check, finished, raw_form, seal
from tests.support.oracles import run
from tests.support.pki import FAMILIES, NOW, PKI, certificate, signer

VECTORS = Path(__file__).parents[1] / "fixtures" / "vectors"


def code_of(call, *arguments, **options) -> str:
    with pytest.raises(PdfsealError) as caught:
        call(*arguments, **options)
    return caught.value.code


SCHEMES_BY_FAMILY = [
    ("sm2", None), ("rsa", None), ("rsa", "rsa-sha384"), ("rsa", "rsa-sha512"),
    ("rsa", "rsa-pss-sha256"), ("rsa", "rsa-pss-sha384"), ("rsa", "rsa-pss-sha512"),
    ("p256", None), ("p256", "ecdsa-sha512"), ("p384", None),
]  # fmt: skip


# -- building -------------------------------------------------------------------------------


@pytest.mark.parametrize(("family", "scheme"), SCHEMES_BY_FAMILY)
def test_build_and_read_strictly(family, scheme, tmp_path):
    done = finished(family, scheme=scheme)
    to_be_signed, plan = seal(family, scheme=scheme)
    assert done.document_digest == digest(plan.digest_algorithm, DOCUMENT)
    assert (done.digest_algorithm, done.signer) == (plan.digest_algorithm, certificate(f"{family}-signer"))
    assert len(done.der) <= plan.reserve(timestamp=False) < len(done.der) + 1100
    reading = Reading(strict=True)
    container = read_container(done.der.ljust(plan.reserve(timestamp=True), b"\x00"), reading=reading)
    assert (container.kind, container.scheme, container.signing_time) == ("cms", plan.signature_scheme, None)
    assert container.signer == done.signer
    assert set(container.certificates) == {certificate(f"{family}-signer"), certificate(f"{family}-inter")}
    assert container.signed_attributes == to_be_signed
    assert check(container) == GOOD
    changed = check(container, DOCUMENT + b" ")
    assert (changed.digest_ok, changed.signature_ok) == (False, True)
    assert container.check({}).digest_ok is None
    assert not reading.used
    if family != "sm2":
        assert openssl_accepts(done.der, family, tmp_path)


def openssl_accepts(der: bytes, family: str, folder: Path) -> bool:
    (folder / "cms.der").write_bytes(der)
    (folder / "document").write_bytes(DOCUMENT)
    command = [
        "openssl", "cms", "-verify", "-cades", "-inform", "DER", "-in", folder / "cms.der",
        "-content", folder / "document", "-binary", "-CAfile", PKI / f"{family}-root.crt.pem",
        "-purpose", "any", "-out", folder / "out",
    ]  # fmt: skip
    done = run(*command)
    assert b"Successful" in done.stderr or b"successful" in done.stderr, done.stderr
    return done.returncode == 0


def test_openssl_accepts_the_signature_over_the_sm2_attributes(tmp_path):
    to_be_signed, plan = seal("sm2")
    (tmp_path / "tbs").write_bytes(to_be_signed)
    (tmp_path / "signature").write_bytes(signer("sm2-signer").sign(to_be_signed, plan.signature_scheme))
    (tmp_path / "key").write_bytes(
        run("openssl", "pkey", "-in", PKI / "sm2-signer.key.pem", "-pubout").stdout
    )
    options = ["-signature", tmp_path / "signature", "-sigopt", "distid:1234567812345678", tmp_path / "tbs"]
    assert run("openssl", "dgst", "-sm3", "-verify", tmp_path / "key", *options).stdout == b"Verified OK\n"


def test_the_sm2_container_has_the_gm_identifiers(tmp_path):
    (tmp_path / "cms").write_bytes(finished("sm2").der)
    text = run("openssl", "asn1parse", "-inform", "DER", "-in", tmp_path / "cms").stdout.decode()
    oids = re.findall(r"OBJECT +:(\S+)", text)
    assert oids[:3] == ["1.2.156.10197.6.1.4.2.2", "sm3", "1.2.156.10197.6.1.4.2.1"]
    assert oids[-1] == "1.2.156.10197.1.301.1"
    assert text.count("sm3") >= 3  # digestAlgorithms, SignerInfo, ESSCertIDv2


def test_the_attributes_are_a_der_set_and_nothing_more():
    for family in FAMILIES:
        to_be_signed, _ = seal(family)
        raws = [item.raw for item in asn1.read(to_be_signed, reading=Reading(strict=True)).children()]
        assert to_be_signed[0] == asn1.SET
        assert raws == sorted(raws)
        assert len(raws) == 3  # contentType, messageDigest, signingCertificateV2; /M carries the time
        assert finished(family).der.count(b"\xa0" + to_be_signed[1:]) == 1


def test_plans():
    plan = plan_cms(certificate("sm2-signer"), chain=[certificate("sm2-root"), certificate("sm2-inter")])
    assert (plan.filter, plan.subfilter, plan.scheme_name) == ("Adobe.PPKLite", "GM.sm2cms.detached", "cms")
    assert plan.certificates == (certificate("sm2-signer"), certificate("sm2-inter"))  # roots stay out
    assert plan_cms(certificate("rsa-signer")).subfilter == "ETSI.CAdES.detached"
    for family in ("sm2", "p256"):
        assert (
            plan_cms(certificate(f"{family}-signer"), subfilter="adbe.pkcs7.detached").subfilter
            == "adbe.pkcs7.detached"
        )
    assert plan_cms(certificate("rsa-signer"), digest="sha512").signature_scheme.name == "rsa-sha512"
    assert plan_cms(certificate("rsa-signer"), scheme="rsa-pss-sha256").signature_scheme.salt_length == 32
    assert plan.reserve(timestamp=True) == plan.reserve(timestamp=False) + 8192
    assert plan.reserve(timestamp=False) % 1024 == 0
    for options, code in (
        ({"subfilter": "ETSI.CAdES.detached"}, "argument"),
        ({"digest": "sha256"}, "argument"),
        ({"scheme": "rsa-sha256"}, "unknown_scheme"),
        ({"scheme": "sm9"}, "unknown_scheme"),
    ):
        assert code_of(plan_cms, certificate("sm2-signer"), **options) == code
    for options in ({"scheme": "rsa-sha1"}, {"digest": "sha1"}):
        assert code_of(plan_cms, certificate("rsa-signer"), **options) == "weak_algorithm"
    assert code_of(plan_cms, certificate("rsa-signer"), scheme="rsa-sha256", digest="sha512") == "argument"
    assert code_of(plan.to_be_signed, b"short", byte_range=BYTE_RANGE, when=NOW) == "argument"


def test_what_a_digest_signer_signs():
    to_be_signed, plan = seal("sm2")
    e = to_be_signed_digest(to_be_signed, plan.signature_scheme, plan.signer)
    assert len(e) == 32
    assert e != digest("sm3", to_be_signed)
    to_be_signed, plan = seal("rsa")
    assert to_be_signed_digest(to_be_signed, plan.signature_scheme, plan.signer) == digest(
        "sha256", to_be_signed
    )


# -- finishing ------------------------------------------------------------------------------


@pytest.mark.parametrize(("family", "size"), [("sm2", 32), ("p256", 32), ("p384", 48)])
def test_raw_signatures_go_in_as_der(family, size):
    to_be_signed, plan = seal(family)
    signature = signer(f"{family}-signer").sign(to_be_signed, plan.signature_scheme)
    done = finish(to_be_signed, raw_form(signature, size), certificates=plan.certificates)
    assert read_container(done.der, reading=Reading(strict=True)).signature == signature


@pytest.mark.parametrize("family", FAMILIES)
def test_signatures_that_are_refused(family):
    to_be_signed, plan = seal(family)
    good = signer(f"{family}-signer").sign(to_be_signed, plan.signature_scheme)
    size = plan.signer.public_key.bits // 8
    bad = [
        b"", good[:-1], good + b"\x00", good[:-1] + bytes([good[-1] ^ 1]),
        bytes(2 * size), b"\xff" * 2 * size, bytes(size),
        signer(f"{family}-tsa").sign(to_be_signed, plan.signature_scheme),
        signer(f"{family}-signer").sign(to_be_signed + b" ", plan.signature_scheme),
        asn1.sequence(asn1.integer(0), asn1.integer(1)),
    ]  # fmt: skip
    for signature in bad:
        assert code_of(finish, to_be_signed, signature, certificates=plan.certificates) == "signature_invalid"


def test_the_attributes_choose_the_certificate():
    to_be_signed, plan = seal("sm2")
    signature = signer("sm2-signer").sign(to_be_signed, plan.signature_scheme)
    crowd = [certificate(name) for name in ("rsa-inter", "sm2-root", "sm2-tsa", "sm2-inter", "sm2-signer")]
    done = finish(to_be_signed, signature, certificates=crowd)
    container = read_container(done.der)
    assert done.signer == container.signer == certificate("sm2-signer")
    assert set(container.certificates) == {certificate("sm2-signer"), certificate("sm2-inter")}
    others = [one for one in crowd if one != done.signer]
    assert code_of(finish, to_be_signed, signature, certificates=others) == "certificate_not_candidate"
    assert code_of(finish, to_be_signed, signature, certificates=[]) == "certificate_not_candidate"


@pytest.mark.parametrize(
    "to_be_signed",
    [
        b"\x31\x00", b"\x31", b"\x31\x80\x00\x00", seal("sm2")[0] + b"\x00", seal("sm2")[0][:-1],
        asn1.set_of(attribute(names.MESSAGE_DIGEST, asn1.octet_string(bytes(32)))),
        signed_attributes("1.2.3.4", bytes(32), certificate("sm2-signer")),
        signed_attributes(names.DATA, bytes(32), certificate("sm2-signer")),
        signed_attributes(names.GM_DATA, bytes(32), certificate("sm2-signer"),
                          more=[attribute(names.MESSAGE_DIGEST, asn1.octet_string(bytes(32)))]),
    ],
)  # fmt: skip
def test_to_be_signed_that_is_none(to_be_signed):
    signature = signer("sm2-signer").sign(to_be_signed, SCHEMES["sm2-sm3"])
    assert (
        code_of(finish, to_be_signed, signature, certificates=[certificate("sm2-signer")])
        == "container_malformed"
    )


def test_finish_tells_by_the_first_octet():
    for data in (b"", b"\x04\x00", b"%PDF"):
        assert code_of(finish, data, b"", certificates=[]) == "argument"


def token(data: bytes) -> bytes:
    """A timestamp token over `data`, good enough to sit in an attribute."""
    sha256 = asn1.sequence(asn1.object_identifier("2.16.840.1.101.3.4.2.1"))
    imprint = asn1.sequence(sha256, asn1.octet_string(digest("sha256", data)))
    info = asn1.sequence(
        asn1.integer(1), asn1.object_identifier("1.2.3"), imprint, asn1.integer(7), asn1.generalized_time(NOW)
    )
    tsa = certificate("p256-tsa")
    attributes = signed_attributes(names.TST_INFO, digest("sha256", info), tsa)
    scheme = SCHEMES["ecdsa-sha256"]
    return assemble(
        attributes, signer("p256-tsa").sign(attributes, scheme), content_type=names.TST_INFO,
        scheme=scheme, signer=tsa, certificates=[tsa], content=info,
    )  # fmt: skip


def plain_der(family: str) -> bytes:
    return finished(family).der


@pytest.mark.parametrize("family", FAMILIES)
def test_a_timestamp_goes_in_and_comes_out(family):
    plain = read_container(finished(family).der)
    stamp = token(plain.signature)
    to_be_signed, plan = seal(family)
    stamped = finish(to_be_signed, plain.signature, certificates=plan.certificates, timestamp=stamp)
    container = read_container(stamped.der, reading=Reading(strict=True))
    assert container.timestamp == stamp
    inner = read_container(container.timestamp)
    assert (inner.kind, inner.signer) == ("timestamp", certificate("p256-tsa"))
    assert check(container) == GOOD
    assert len(stamped.der) <= seal(family)[1].reserve(timestamp=True)
    assert plain.timestamp is None
    wrongs = ((b"no", "argument"), (plain_der(family), "argument"), (token(b"x"), "digest_mismatch"))
    for wrong, code in wrongs:
        with pytest.raises(PdfsealError) as caught:
            finish(to_be_signed, plain.signature, certificates=plan.certificates, timestamp=wrong)
        assert caught.value.code == code
    in_base64 = token(base64.b64encode(plain.signature))
    stamped = finish(to_be_signed, plain.signature, certificates=plan.certificates, timestamp=in_base64)
    assert read_container(stamped.der).timestamp == in_base64


def test_timestamp_tokens_are_containers():
    container = read_container(token(b"data"), reading=Reading(strict=True))
    assert container.needed_digests() == (DigestSpec("sha256"),)
    assert check(container, b"data") == GOOD
    other = check(container, b"date")
    assert (other.digest_ok, other.signature_ok) == (False, True)


def test_the_manuals_timestamps():
    for case in json.loads((VECTORS / "manual_timestamps.json").read_text())["cases"]:
        container = read_container(base64.b64decode(case["token"]))
        assert container.kind == "timestamp"
        assert check(container, case["data"].encode()) == GOOD
        assert check(container, b"other").digest_ok is False
