"""Timestamps in PDF files: on signatures, in the security store, on documents; and what they prove."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.fields import MDPPerm
from pyhanko_certvalidator.registry import SimpleCertificateStore

import pdfseal
from pdfseal import CallerError, OutsideError, RefusedError, asn1
from pdfseal.containers import read_container
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.pdf.document import Document
from pdfseal.pdf.signature import covered_pieces, find_signatures
from pdfseal.pdf.source import opened
from pdfseal.timestamp import TimestampAuthority, make_request, read_token
from tests.support.oracles import pdfsig, pyhanko_status, qpdf_check
from tests.support.pki import PKI, Issued, certificate, issue, signer
from tests.support.ses import make_seal
from tests.support.timestamps import WHEN, authority, openssl_ts_verify, pyhanko_timestamps, stamper

FAMILIES = ("rsa", "p256", "sm2")
LATER = datetime(2045, 1, 1, tzinfo=UTC)


def trust(*families: str) -> pdfseal.TrustAnchors:
    return pdfseal.TrustAnchors(tuple(certificate(f"{family}-root") for family in families))


def prepared(pdf: bytes | str, family: str, **options: object) -> pdfseal.PreparedSeal:
    chain = [certificate(f"{family}-inter")]
    arguments = {"signer": certificate(f"{family}-signer"), "chain": chain, "when": WHEN} | options
    return pdfseal.prepare(pdf, placement=None, **arguments)  # type: ignore[arg-type]


def sign(seal: pdfseal.PreparedSeal, family: str, who: Issued | None = None) -> bytes:
    key = who.signer if who else signer(f"{family}-signer")
    return key.sign(seal.hash_set_bytes, SCHEMES[seal.signature_scheme])


def stamped(pdf: bytes, family: str, authority_family: str = "", **options: object) -> bytes:
    """Sealed with a timestamp in the container."""
    seal = prepared(pdf, family, **options)
    value = sign(seal, family)
    token = pdfseal.stamp_signature(seal, value, stamper(authority_family or family)).token
    return pdfseal.compose(seal, value, timestamp=token).applied_to(seal.pdf_bytes())


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return (Path(__file__).parents[1] / "fixtures" / "pdf" / "table.pdf").read_bytes()


# -- on a signature -------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_signature_timestamp(pdf, family):
    report = pdfseal.verify(stamped(pdf, family), trust=trust(family), at=WHEN)
    one = report.signatures[0]
    assert (report.verdict, one.findings) == ("passed", ())
    assert one.timestamp is not None
    assert (one.timestamp["status"], one.timestamp["place"]) == ("trusted", "signature")
    assert one.timestamp["gen_time"] == "2026-06-01T04:30:00Z"
    assert one.timestamp["tsa"] == certificate(f"{family}-tsa").subject
    assert len(one.timestamp["chain"]) == 3
    assert report.to_json()["signatures"][0]["timestamp"] == one.timestamp


@pytest.mark.parametrize(("signer_family", "tsa_family"), [("sm2", "rsa"), ("rsa", "sm2"), ("p256", "rsa")])
def test_anchors_of_time_may_be_others(pdf, signer_family, tsa_family):
    sealed = stamped(pdf, signer_family, tsa_family)
    apart = pdfseal.verify(sealed, trust=trust(signer_family), timestamp_trust=trust(tsa_family), at=WHEN)
    assert apart.verdict == "passed"
    alone = pdfseal.verify(sealed, trust=trust(signer_family), at=WHEN)
    assert alone.verdict == "indeterminate"
    assert alone.signatures[0].timestamp["status"] == "incomplete"
    assert [finding.code for finding in alone.signatures[0].findings] == ["timestamp.incomplete"]
    nobody = pdfseal.verify(sealed, at=WHEN)
    assert nobody.signatures[0].timestamp["status"] == "not_checked"


@pytest.mark.parametrize("family", ["rsa", "p256"])
def test_pyhanko_and_pdfsig_accept_pades_t(pdf, family, tmp_path):
    path = tmp_path / "sealed.pdf"
    path.write_bytes(stamped(pdf, family))
    assert pyhanko_timestamps(path, family) == [("signature", WHEN, True)]
    assert pdfsig(path)[0].valid
    assert qpdf_check(path).exit_code == 0


def test_raw_signatures_are_stamped_in_the_form_that_the_container_carries(pdf):
    seal = prepared(pdf, "sm2")
    der = sign(seal, "sm2")
    raw = b"".join(number.integer("x").to_bytes(32) for number in asn1.read(der).children())
    token = pdfseal.stamp_signature(seal, raw, stamper("sm2")).token
    sealed = pdfseal.compose(seal, raw, timestamp=token).applied_to(seal.pdf_bytes())
    assert pdfseal.verify(sealed, trust=trust("sm2"), at=WHEN).verdict == "passed"


def down(algorithm: str, imprint: bytes) -> bytes:
    raise OutsideError("tsa_failed", "no timestamp was given: connection refused")


def test_a_failing_authority_never_costs_the_seal(pdf):
    seal = prepared(pdf, "p256")
    value = sign(seal, "p256")
    with pytest.raises(OutsideError):
        pdfseal.stamp_signature(seal, value, down)
    outcome = pdfseal.stamp_signature(seal, value, down, policy="best-effort")
    assert (outcome.status, outcome.policy, outcome.token) == ("failed", "best-effort", None)
    assert "connection refused" in outcome.reason
    sealed = pdfseal.compose(seal, value, timestamp=outcome.token).applied_to(seal.pdf_bytes())
    assert pdfseal.verify(sealed, trust=trust("p256"), at=WHEN).verdict == "passed"


def other_imprint(algorithm: str, imprint: bytes) -> bytes:
    return stamper("p256")(algorithm, bytes(32))


def not_a_token(algorithm: str, imprint: bytes) -> bytes:
    return b"<html>"


@pytest.mark.parametrize("wrong", [other_imprint, not_a_token])
def test_tokens_that_are_no_good_are_not_put_in(pdf, wrong):
    seal = prepared(pdf, "p256")
    value = sign(seal, "p256")
    assert pdfseal.stamp_signature(seal, value, wrong, policy="best-effort").token is None
    document = pdfseal.prepare_timestamp(pdf)
    with pytest.raises(OutsideError) as caught:
        pdfseal.compose_timestamp(document, wrong("sha256", document.hash_bytes))
    assert caught.value.code == "tsa_failed"
    with pytest.raises(RefusedError):
        pdfseal.compose(seal, value, timestamp=read_token(other_imprint("sha256", b"")).der)


def test_a_wrong_signature_is_never_stamped(pdf):
    asked = []
    seal = prepared(pdf, "p256")
    with pytest.raises(RefusedError):
        pdfseal.stamp_signature(seal, b"\x30\x00", lambda *a: asked.append(a) or b"")
    assert not asked


# -- proven time ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def short_lived() -> tuple[pdfseal.TrustAnchors, Issued, TimestampAuthority]:
    """A signer whose certificate ends in 2027, and an authority whose ends in 2040."""
    root = issue("根", profile="root", years=(2020, 2050))
    tsa = issue("时间戳", root, profile="timestamp", years=(2020, 2040), serial=3)
    return (
        pdfseal.TrustAnchors((root.certificate,)),
        issue("张三", root, years=(2025, 2027), serial=2),
        TimestampAuthority(tsa.signer, tsa.certificate),
    )


def seal_of(pdf: bytes, short_lived, **options: object) -> tuple[pdfseal.PreparedSeal, bytes]:
    seal = prepared(pdf, "p256", signer=short_lived[1].certificate, chain=[], **options)
    return seal, sign(seal, "p256", short_lived[1])


def stamp_by(made: TimestampAuthority, now: datetime):
    return lambda name, imprint: made.answer(make_request(name, imprint).der, now=now, serial=lambda: 1)


def test_expired_now_valid_when_stamped(pdf, short_lived):
    anchors, _, made = short_lived
    seal, value = seal_of(pdf, short_lived)
    plain = pdfseal.compose(seal, value).applied_to(seal.pdf_bytes())
    at = datetime(2035, 1, 1, tzinfo=UTC)
    before = pdfseal.verify(plain, trust=anchors, at=at)
    assert (before.verdict, before.signatures[0].trust.status) == ("indeterminate", "expired")
    token = pdfseal.stamp_signature(seal, value, stamp_by(made, WHEN)).token
    with_token = pdfseal.compose(seal, value, timestamp=token).applied_to(seal.pdf_bytes())
    after = pdfseal.verify(with_token, trust=anchors, at=at)
    assert (after.verdict, after.signatures[0].trust.status) == ("passed", "trusted")
    # a document timestamp over the plain one proves the same
    whole = pdfseal.timestamp_document(plain, authority=stamp_by(made, WHEN))
    report = pdfseal.verify(whole, trust=anchors, at=at)
    assert [one.trust.status for one in report.signatures] == ["trusted", "trusted"]
    assert report.verdict == "passed"
    # stamped after the certificate had expired: proves too little
    late = pdfseal.timestamp_document(plain, authority=stamp_by(made, datetime(2030, 1, 1, tzinfo=UTC)))
    assert pdfseal.verify(late, trust=anchors, at=at).signatures[0].trust.status == "expired"


def test_the_authority_expired_since_is_information(pdf, short_lived):
    anchors, _, made = short_lived
    seal, value = seal_of(pdf, short_lived)
    token = pdfseal.stamp_signature(seal, value, stamp_by(made, WHEN)).token
    sealed = pdfseal.compose(seal, value, timestamp=token).applied_to(seal.pdf_bytes())
    report = pdfseal.verify(sealed, trust=anchors, at=LATER)
    assert report.verdict == "passed"
    assert [finding.code for finding in report.signatures[0].findings] == ["timestamp.expired_since"]


def test_untrusted_time_proves_nothing(pdf, short_lived):
    anchors, _, _ = short_lived
    seal, value = seal_of(pdf, short_lived)
    token = pdfseal.stamp_signature(seal, value, stamper("rsa")).token
    sealed = pdfseal.compose(seal, value, timestamp=token).applied_to(seal.pdf_bytes())
    report = pdfseal.verify(sealed, trust=anchors, at=datetime(2035, 1, 1, tzinfo=UTC))
    assert (report.verdict, report.signatures[0].trust.status) == ("indeterminate", "expired")


def test_a_stated_time_that_a_timestamp_contradicts(pdf):
    seal = prepared(pdf, "p256", when=WHEN + timedelta(days=30))
    value = sign(seal, "p256")
    token = pdfseal.stamp_signature(seal, value, stamper("p256")).token
    sealed = pdfseal.compose(seal, value, timestamp=token).applied_to(seal.pdf_bytes())
    report = pdfseal.verify(sealed, trust=trust("p256"), at=WHEN + timedelta(days=60))
    assert "signing_time_contradicted" in {finding.code for finding in report.signatures[0].findings}


def test_a_token_of_another_signature_fails(pdf):
    """Unsigned attributes can be exchanged by anyone: the imprint is what ties a token to a signature."""
    first, second = stamped(pdf, "rsa"), stamped(pdf, "rsa")
    tokens = []
    for sealed in (first, second):
        with opened(sealed) as source:
            found = find_signatures(Document.open(source))[0]
        tokens.append(read_container(found.contents).timestamp)
    hexes = [token.hex().upper().encode() for token in tokens]
    assert len(hexes[0]) == len(hexes[1])
    forged = first.replace(hexes[0], hexes[1])
    report = pdfseal.verify(forged, trust=trust("rsa"), at=WHEN)
    assert report.verdict == "failed"
    assert report.signatures[0].timestamp["status"] == "invalid"
    assert report.signatures[0].signature_ok


# -- electronic seals -----------------------------------------------------------------------


def verify_seal(pdf: bytes, *families: str) -> pdfseal.Report:
    """A seal signature carries no intermediate certificates: the caller has them."""
    between = [certificate(f"{family}-inter") for family in families]
    return pdfseal.verify(pdf, trust=trust(*families), untrusted=between, at=WHEN)


@pytest.mark.parametrize("family", FAMILIES)
def test_seal_of_2020_carries_its_token(pdf, family):
    seal = prepared(pdf, family, seal=make_seal("ses2020", family))
    value = sign(seal, family)
    token = pdfseal.stamp_signature(seal, value, stamper(family)).token
    sealed = pdfseal.compose(seal, value, timestamp=token).applied_to(seal.pdf_bytes())
    report = verify_seal(sealed, family)
    assert report.signatures[0].kind == "ses2020"
    assert (report.verdict, report.signatures[0].timestamp["status"]) == ("passed", "trusted")


@pytest.mark.parametrize("family", FAMILIES)
def test_seal_of_2014_has_its_token_in_the_security_store(pdf, family):
    seal = prepared(pdf, family, seal=make_seal("ses2014", family))
    value = sign(seal, family)
    sealed = pdfseal.compose(seal, value).applied_to(seal.pdf_bytes())
    token = pdfseal.stamp_signature(seal, value, stamper(family)).token
    with pytest.raises(RefusedError) as caught:
        pdfseal.compose(seal, value, timestamp=token)
    assert caught.value.code == "timestamp_has_no_place"
    longer = pdfseal.attach_timestamp(sealed, stamper(family), field_name=seal.field_name)
    assert longer.startswith(sealed)
    report = verify_seal(longer, family)
    one = report.signatures[0]
    assert (report.verdict, one.changes.level, one.changes.allowed) == ("passed", "ltv", True)
    assert (one.timestamp["status"], one.timestamp["place"]) == ("trusted", "security_store")
    with pytest.raises(RefusedError) as caught:
        pdfseal.attach_timestamp(sealed, stamper(family), field_name="Nobody")
    assert caught.value.code == "not_prepared"
    with pytest.raises(OutsideError):
        pdfseal.attach_timestamp(sealed, other_imprint)


def test_the_security_store_tells_signatures_apart(pdf):
    """Two seals of 2014, one token each."""
    sealed = pdf
    for family in ("sm2", "p256"):
        seal = prepared(sealed, family, seal=make_seal("ses2014", family))
        sealed = pdfseal.compose(seal, sign(seal, family)).applied_to(seal.pdf_bytes())
    for name in ("Signature1", "Signature2"):
        sealed = pdfseal.attach_timestamp(sealed, stamper("rsa"), field_name=name)
    report = verify_seal(sealed, *FAMILIES)
    assert report.verdict == "passed"
    assert [one.timestamp["status"] for one in report.signatures] == ["trusted", "trusted"]


# -- on the whole document ------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_document_timestamp_alone(pdf, family, tmp_path):
    whole = pdfseal.timestamp_document(pdf, authority=stamper(family))
    assert whole.startswith(pdf)
    report = pdfseal.verify(whole, trust=trust(family), at=WHEN)
    one = report.signatures[0]
    assert (report.verdict, one.kind, one.subfilter) == ("passed", "timestamp", "ETSI.RFC3161")
    assert (one.coverage, one.signing_time, one.trust.status) == ("whole_file", WHEN, "trusted")
    assert (one.timestamp["status"], one.timestamp["place"]) == ("trusted", "document")
    assert one.signer.common_name == certificate(f"{family}-tsa").common_name
    path = tmp_path / "whole.pdf"
    path.write_bytes(whole)
    assert qpdf_check(path).exit_code == 0
    if family != "sm2":
        assert pyhanko_timestamps(path, family) == [("document", WHEN, True)]
        with opened(whole) as source:
            found = find_signatures(Document.open(source))[0]
            covered = b"".join(source.read(a, b - a) for a, b in covered_pieces(found.byte_range))
        token, data = tmp_path / "token.der", tmp_path / "data"
        token.write_bytes(asn1.read_prefix(found.contents).raw)
        data.write_bytes(covered)
        assert openssl_ts_verify(token, data, family, "-token_in")


@pytest.mark.parametrize(
    "name", ["xref-stream.pdf", "object-streams.pdf", "acroform-indirect.pdf", "cr-only.pdf"]
)
def test_document_timestamp_on_kinds_of_files(pdfs, name, tmp_path):
    original = (pdfs / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(pdfseal.timestamp_document(original, authority=stamper("p256")))
    assert path.read_bytes().startswith(original)
    assert pdfseal.verify(str(path), trust=trust("p256"), at=WHEN).verdict == "passed"
    assert pyhanko_timestamps(path, "p256") == [("document", WHEN, True)]


@pytest.mark.parametrize("family", ["rsa", "p256"])
def test_document_timestamp_after_signatures(pdf, family, tmp_path):
    sealed = stamped(stamped(pdf, family), family)
    whole = pdfseal.timestamp_document(sealed, authority=stamper(family))
    report = pdfseal.verify(whole, trust=trust(family), at=WHEN)
    assert report.verdict == "passed"
    assert [one.kind for one in report.signatures] == ["cms", "cms", "timestamp"]
    assert [one.changes.level for one in report.signatures] == ["signatures", "ltv", "none"]
    path = tmp_path / "whole.pdf"
    path.write_bytes(whole)
    assert pyhanko_timestamps(path, family) == [
        ("signature", WHEN, True), ("signature", WHEN, True), ("document", WHEN, True),
    ]  # fmt: skip
    assert [one.bottom_line for one in pyhanko_status(path, [PKI / f"{family}-root.crt.pem"], at=WHEN)] == [
        True,
        True,
    ]
    assert [one.valid for one in pdfsig(path)[:2]] == [
        True,
        True,
    ]  # pdfsig 22.12 knows no document timestamps
    again = pdfseal.timestamp_document(whole, authority=stamper(family))
    assert pdfseal.verify(again, trust=trust(family), at=WHEN).verdict == "passed"


def test_changed_document_under_a_document_timestamp(pdf):
    whole = bytearray(pdfseal.timestamp_document(pdf, authority=stamper("p256")))
    whole[len(pdf) // 2] ^= 1
    report = pdfseal.verify(bytes(whole), trust=trust("p256"), at=WHEN)
    assert report.verdict == "failed"
    one = report.signatures[0]
    assert (one.digest_ok, one.signature_ok, one.timestamp["status"]) == (False, True, "invalid")


def test_what_an_untrusted_document_timestamp_says(pdf):
    whole = pdfseal.timestamp_document(pdf, authority=stamper("p256"))
    report = pdfseal.verify(whole, trust=trust("rsa"), at=WHEN)
    assert (report.verdict, report.signatures[0].trust.status) == ("indeterminate", "incomplete")
    report = pdfseal.verify(whole, at=WHEN)
    assert (report.verdict, report.signatures[0].trust.status) == ("indeterminate", "not_checked")


def test_steps_apart_and_through_a_session_file(pdf):
    document = pdfseal.PreparedSeal.from_json(pdfseal.prepare_timestamp(pdf, algorithm="sm3").to_json())
    token = read_token(stamper("sm2")("sm3", document.hash_bytes)).der
    whole = pdfseal.compose_timestamp(document, token).applied_to(document.pdf_bytes(pdf))
    assert pdfseal.verify(whole, trust=trust("sm2"), at=WHEN).verdict == "passed"
    with pytest.raises(CallerError):
        pdfseal.compose_timestamp(prepared(pdf, "p256"), token)
    with pytest.raises(CallerError):
        pdfseal.compose(document, token)
    small = pdfseal.prepare_timestamp(pdf, reserve=100)
    with pytest.raises(RefusedError) as caught:
        pdfseal.compose_timestamp(small, stamper("p256")("sha256", small.hash_bytes))
    assert caught.value.code == "hole_too_small"
    with pytest.raises(OutsideError):
        pdfseal.compose_timestamp(document, stamper("sm2")("sha256", bytes(32)))


def test_encrypted_documents(pdfs):
    original = (pdfs / "encrypted-aes256-empty-password.pdf").read_bytes()
    whole = pdfseal.timestamp_document(original, authority=stamper("p256"))
    assert pdfseal.verify(whole, trust=trust("p256"), at=WHEN).verdict == "passed"


def test_certificate_left_out_of_the_token(pdf):
    """A token without its authority's certificate would be judged by nobody later: it is not taken."""
    made = authority("p256")

    def bare(name: str, imprint: bytes) -> bytes:
        return made.answer(make_request(name, imprint, cert_req=False).der, now=WHEN, serial=lambda: 1)

    with pytest.raises(OutsideError, match="certificate"):
        pdfseal.timestamp_document(pdf, authority=bare)


# -- what came after ------------------------------------------------------------------------


def certified(pdf: bytes) -> bytes:
    """A PDF that pyHanko certified with /DocMDP /P 1."""
    seed = IncrementalPdfFileWriter(io.BytesIO(pdf))
    key = (PKI / "p256-signer.key.pem").read_bytes()
    who = SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate("p256-signer").der),
        signing_key=load_private_key_from_pemder_data(key[key.index(b"-----BEGIN") :], passphrase=None),
        cert_registry=SimpleCertificateStore.from_certs(
            [asn1_x509.Certificate.load(certificate("p256-inter").der)]
        ),
    )
    metadata = PdfSignatureMetadata(
        field_name="Signature1", certify=True, docmdp_permissions=MDPPerm.NO_CHANGES, md_algorithm="sha256"
    )
    out = sign_pdf(seed, metadata, signer=who)
    return out.getbuffer().tobytes()


def test_certification_without_changes_still_lets_timestamps_in(pdf, tmp_path):
    original = certified(pdf)
    now = datetime.now(UTC).replace(microsecond=0)  # pyHanko states when it signed
    with pytest.raises(RefusedError) as caught:
        prepared(original, "p256")
    assert caught.value.code == "forbidden_by_document"
    whole = pdfseal.timestamp_document(original, authority=stamper("p256", now=now))
    longer = pdfseal.attach_timestamp(original, stamper("p256", now=now))
    for changed in (whole, longer):
        report = pdfseal.verify(changed, trust=trust("p256"), at=now)
        assert (report.signatures[0].changes.level, report.signatures[0].changes.allowed) == ("ltv", True)
        assert report.verdict == "passed"
    path = tmp_path / "whole.pdf"
    path.write_bytes(whole)
    assert pyhanko_timestamps(path, "p256", at=now) == [("document", now, True)]
    assert pyhanko_status(path, [PKI / "p256-root.crt.pem"], at=now)[0].bottom_line


def test_unreadable_tokens_fail_the_signature(pdf):
    sealed = stamped(pdf, "rsa")
    with opened(sealed) as source:
        found = find_signatures(Document.open(source))[0]
    token = read_container(found.contents).timestamp
    bent = token[:-1] + bytes([token[-1] ^ 1])
    two_infos = token.replace(
        b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04", b"\x06\x0b" + bytes(11), 1
    )
    for wrong, status, code in (
        (bent, "invalid", "timestamp_invalid"), (two_infos, "invalid", "timestamp_unreadable"),
    ):  # fmt: skip
        forged = sealed.replace(token.hex().upper().encode(), wrong.hex().upper().encode())
        assert forged != sealed
        one = pdfseal.verify(forged, trust=trust("rsa"), at=WHEN).signatures[0]
        assert (one.verdict, one.signature_ok, one.digest_ok) == ("failed", True, True)
        assert one.timestamp["status"] == status
        assert code in {finding.code for finding in one.findings}
