"""Long-term validation: DSS and document timestamps, read again when everybody is gone."""

from __future__ import annotations

import asyncio
import io
from datetime import datetime
from functools import cache

import pytest
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import DocumentSecurityStore, validate_pdf_signature
from pyhanko.sign.validation.ades import AdESLTAValidationResult, ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

import pdfseal
from pdfseal.errors import CallerError, RefusedError
from pdfseal.pdf.document import Document
from pdfseal.pdf.dss import Dss, Evidence, read_dss, vri_key, write_dss
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.signature import find_signatures
from pdfseal.pdf.source import BytesSource
from pdfseal.pki.crl import Revoked
from tests.conftest import FIXTURES
from tests.support.longterm import DAY, EXTENDED, SEALED, TEN_YEARS_ON, World
from tests.support.oracles import pdfsig, qpdf_check

FAMILIES = ("sm2", "rsa", "p256")
SCHEMES = ("cms", "ses2014", "ses2020")
PDF = (FIXTURES / "pdf" / "table.pdf").read_bytes()


@cache
def world(family: str) -> World:
    return World(family)


def codes(report: pdfseal.Report, number: int = 0) -> set[str]:
    return {finding.code for finding in report.signatures[number].findings}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_ten_years_on(family, scheme, level):
    """Certificates expired, servers stopped, clock moved: still passed; without the evidence not."""
    here = World(family)
    sealed = here.sealed(PDF, scheme)
    extended = here.extended(sealed, level)
    assert extended.startswith(sealed)
    here.stopped = True
    here.asked.clear()
    for at in (EXTENDED + DAY, TEN_YEARS_ON):
        report = here.verified(extended, at, revocation="hard")
        assert report.verdict == "passed", [one.findings for one in report.signatures]
        seal = report.signatures[0]
        assert (seal.trust.status, seal.trust.revocation) == ("trusted", "good")
        assert seal.changes.level == "ltv"
        assert seal.proven_time is not None
    assert here.asked == []
    assert here.verified(sealed, TEN_YEARS_ON).verdict == "indeterminate"


@pytest.mark.parametrize("scheme", ["cms", "ses2020"])
def test_a_signature_with_its_own_timestamp(scheme):
    here = World("sm2")
    extended = here.extended(here.sealed(PDF, scheme, stamped=True), "B-LT", authority=None)
    assert len(here.verified(extended, TEN_YEARS_ON).signatures) == 1  # no document timestamp was needed
    assert here.verified(extended, TEN_YEARS_ON, revocation="hard").verdict == "passed"


def test_renewal():
    here = World("p256")
    once = here.extended(here.sealed(PDF, stamped=True), "B-LTA")
    here.now = EXTENDED + 90 * DAY
    twice = here.extended(once, "B-LTA", now=EXTENDED + 90 * DAY)
    assert twice.startswith(once)
    report = here.verified(twice, TEN_YEARS_ON, revocation="soft")
    assert [one.kind for one in report.signatures] == ["cms", "timestamp", "timestamp"]
    assert report.verdict == "passed"
    store = read_dss(Document.open(BytesSource(twice)))
    assert len(store.vri) == 2  # the signature and the first timestamp


def test_the_same_evidence_is_not_written_twice():
    here = World("p256")
    sealed = here.sealed(PDF, stamped=True)
    once = here.extended(sealed, "B-LT")
    assert here.extended(once, "B-LT") == once
    assert here.asked.count("root.crl") == 1


# -- revocation and the time of sealing -----------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_revoked_before_or_after_sealing(family):
    here = World(family)
    stamped = here.sealed(PDF, stamped=True)
    here.now = EXTENDED
    at = EXTENDED + DAY
    here.revoked["signer"] = Revoked(SEALED - DAY, "keyCompromise")
    before = here.verified(stamped, at, fetch=here.fetch)
    assert (before.verdict, before.signatures[0].trust.status) == ("failed", "revoked")
    here.revoked["signer"] = Revoked(SEALED + DAY, "keyCompromise")
    after = here.verified(stamped, at, fetch=here.fetch)
    assert after.verdict == "passed"
    assert "trust.revoked_later" in codes(after)
    # the same without a timestamp: the time of sealing is a claim
    plain = here.sealed(PDF)
    claimed = here.verified(plain, at, fetch=here.fetch)
    assert (claimed.verdict, claimed.signatures[0].trust.status) == ("indeterminate", "revoked")
    assert "trust.revoked_no_proof" in codes(claimed)
    here.revoked["signer"] = Revoked(SEALED - DAY, "superseded")
    assert here.verified(plain, at, fetch=here.fetch).verdict == "failed"
    # a file of a revoked signer is not made to last
    with pytest.raises(RefusedError) as caught:
        here.extended(plain, "B-LT")
    assert caught.value.code in ("report_not_valid", "evidence_missing")


def test_a_revoked_timestamp_authority_proves_nothing():
    here = World("sm2")
    stamped = here.sealed(PDF, stamped=True)
    here.now = EXTENDED
    at = EXTENDED + DAY
    for reason, verdict in (("superseded", "passed"), ("keyCompromise", "failed")):
        here.revoked["tsa"] = Revoked(SEALED + DAY, reason)
        report = here.verified(stamped, at, fetch=here.fetch)
        assert report.verdict == verdict
        assert report.signatures[0].timestamp["status"] == ("trusted" if verdict == "passed" else "revoked")


def test_soft_hard_and_off():
    here = World("sm2")
    sealed = here.sealed(PDF)
    at = SEALED + DAY
    here.stopped = True
    soft = here.verified(sealed, at, fetch=here.fetch)
    assert (soft.verdict, soft.signatures[0].trust.revocation) == ("passed", "unknown")
    assert {"trust.revocation_unknown", "trust.fetch_failed"} <= codes(soft)
    hard = here.verified(sealed, at, fetch=here.fetch, revocation="hard")
    assert (hard.verdict, hard.signatures[0].trust.status) == ("indeterminate", "unknown_revocation")
    assert here.verified(sealed, at).signatures[0].trust.revocation == "not_checked"
    here.stopped, here.revoked["signer"] = False, Revoked(SEALED - DAY)
    assert here.verified(sealed, at, fetch=here.fetch, revocation="off").verdict == "passed"
    given = here.verified(sealed, at, crls=[here.crl("ca", "signer").der])
    assert given.verdict == "failed"
    with pytest.raises(CallerError):
        here.verified(sealed, at, revocation="perhaps")
    with pytest.raises(CallerError):
        here.verified(sealed, at, crls=[b"nonsense"])


# -- refusals -------------------------------------------------------------------------------


def test_what_is_refused():
    here = World("p256")
    sealed = here.sealed(PDF)

    def refused(code: str, pdf: bytes = sealed, **options) -> str:
        with pytest.raises(CallerError) as caught:
            here.extended(pdf, **{"level": "B-LT", **options})
        assert caught.value.code == code
        return caught.value.message

    refused("not_prepared", PDF)
    refused("argument", level="B-T")
    refused("time_not_proven", authority=None)
    refused("time_not_proven", level="B-LTA", authority=None)
    refused("report_not_valid", sealed.replace(b"%PDF-1.", b"%PDF-2.", 1))
    here.stopped = True
    message = refused("evidence_missing")
    assert "nobody there" in message
    assert refused("evidence_missing", trust=pdfseal.TrustAnchors((World("p256").root.certificate,)))
    here.stopped = False
    assert here.extended(sealed, "B-LT")


# -- other judges ---------------------------------------------------------------------------


def pyhanko_ltv(pdf: bytes, here: World, at: datetime) -> AdESLTAValidationResult:
    """pyHanko's judgement by ETSI EN 319 102-1, 5.6.3, with the evidence in the file alone."""
    root = asn1_x509.Certificate.load(here.root.certificate.der)
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[root]),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
    )
    spec = SignatureValidationSpec(
        cert_validation_policy=policy,
        ts_cert_validation_policy=policy,
        revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
    )
    embedded = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures[0]
    timing = ValidationTimingInfo(at, at, point_in_time_validation=True)
    return asyncio.run(ades_lta_validation(embedded, PdfSignatureValidationSpec(spec), timing))


@pytest.mark.parametrize("family", ["rsa", "p256"])
@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_pyhanko_accepts_the_levels(family, level):
    here = World(family)
    extended = here.extended(here.sealed(PDF, stamped=True), level)
    reader = PdfFileReader(io.BytesIO(extended))
    options = {
        "trust_roots": [asn1_x509.Certificate.load(here.root.certificate.der)],
        "moment": EXTENDED + DAY, "allow_fetching": False, "revocation_mode": "require",
    }  # fmt: skip
    context = DocumentSecurityStore.read_dss(reader).as_validation_context(options)
    status = validate_pdf_signature(reader.embedded_regular_signatures[0], context, context)
    assert status.bottom_line, status.summary()
    without = ValidationContext(
        **options, crls=[], other_certs=[asn1_x509.Certificate.load(here.ca.certificate.der)]
    )
    assert not validate_pdf_signature(reader.embedded_regular_signatures[0], without, without).bottom_line
    if level == "B-LTA":
        result = pyhanko_ltv(extended, here, EXTENDED + DAY)
        assert result.ades_subindic == AdESPassed.OK, result
        assert result.oldest_evidence_record_timestamp == EXTENDED


def test_the_file_stays_sound(tmp_path):
    here = world("rsa")
    sealed = here.sealed(PDF, stamped=True)
    for name in ("sealed", "extended"):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(sealed if name == "sealed" else here.extended(sealed, "B-LTA"))
    assert qpdf_check(tmp_path / "extended.pdf").no_worse_than(qpdf_check(tmp_path / "sealed.pdf"))
    assert pdfsig(tmp_path / "extended.pdf")[0].valid


# -- the store ------------------------------------------------------------------------------


def appended(pdf: bytes, store: Dss) -> bytes:
    revision = Revision(Document.open(BytesSource(pdf)))
    return pdf + (revision.build(bytes(16)).data if write_dss(revision, store) else b"")


def test_the_store_grows_and_shares():
    first = Dss((b"a",), (b"b",), vri={"AB": Evidence((b"a", b"c"), timestamp=b"t")})
    once = appended(PDF, first)
    store = read_dss(Document.open(BytesSource(once)))
    assert (set(store.certificates), store.crls, store.vri["AB"].timestamp) == ({b"a", b"c"}, (b"b",), b"t")
    twice = appended(once, Dss(ocsps=(b"o",), vri={"AB": Evidence((b"d",)), "CD": Evidence(crls=(b"b",))}))
    store = read_dss(Document.open(BytesSource(twice)))
    assert set(store.certificates) == {b"a", b"c", b"d"}
    assert (store.ocsps, store.vri["AB"].timestamp) == ((b"o",), b"t")
    assert store.vri["AB"].certificates == (b"a", b"c", b"d")
    assert twice.count(b"stream\nb\nendstream") == 1
    assert appended(twice, first) == twice
    assert read_dss(Document.open(BytesSource(PDF))) == Dss()


def test_keys_of_the_store():
    here = world("rsa")
    extended = here.extended(here.sealed(PDF, stamped=True), "B-LT")
    document = Document.open(BytesSource(extended))
    (signature,) = find_signatures(document)
    store = read_dss(document)
    assert list(store.vri) == [vri_key(signature.contents)]
