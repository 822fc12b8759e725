"""Long-term steps on documents signed with the committed keys: B-LT and B-LTA, by pdfseal and by pyHanko."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import cache

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, fields, signers
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

import pdfseal
from pdfseal.pki.issue_revocation import issue_crl
from tests.support.honest_documents import writer_of
from tests.support.pki import FAMILIES, PKI, certificate, signer
from tests.support.sealing import WHEN
from tests.support.timestamps import stamper

_MONTH = timedelta(days=30)


@cache
def crls() -> tuple[bytes, ...]:
    """Empty lists of every root and intermediate authority, DER."""
    return tuple(
        issue_crl(
            certificate(name), signer(name), [], this_update=WHEN, next_update=WHEN + _MONTH, number=1
        ).der
        for family in FAMILIES
        for name in (f"{family}-root", f"{family}-inter")
    )


@cache
def anchors() -> pdfseal.TrustAnchors:
    return pdfseal.TrustAnchors(tuple(certificate(f"{family}-root") for family in FAMILIES))


def extend_by_pdfseal(pdf: bytes, level: str = "B-LT") -> bytes:
    """Evidence for every signature; a document timestamp first, where no time is proven."""
    return pdfseal.extend(
        pdf, level=level, trust=anchors(), crls=crls(), authority=stamper("p256"), at=WHEN + _MONTH / 10,
        untrusted=[certificate(f"{family}-inter") for family in FAMILIES],
    )  # fmt: skip


def context() -> ValidationContext:
    """pyHanko's: the same anchors and lists, nothing fetched."""
    roots = [asn1_x509.Certificate.load(certificate(f"{family}-root").der) for family in FAMILIES[1:]]
    others = [asn1_x509.Certificate.load(certificate(f"{family}-inter").der) for family in FAMILIES[1:]]
    return ValidationContext(
        trust_roots=roots, other_certs=others, allow_fetching=False, moment=WHEN + timedelta(hours=1),
        crls=[asn1_crl.CertificateList.load(der) for der in crls()[2:]], revocation_mode="soft-fail",
    )  # fmt: skip


@cache
def timestamper() -> DummyTimeStamper:
    return DummyTimeStamper(
        asn1_x509.Certificate.load(certificate("rsa-tsa").der),
        _key("rsa-tsa"),
        certs_to_embed=SimpleCertificateStore.from_certs(
            [asn1_x509.Certificate.load(certificate("rsa-inter").der)]
        ),
        fixed_dt=WHEN,
    )


def _key(name: str):
    data = (PKI / f"{name}.key.pem").read_bytes()
    return load_private_key_from_pemder_data(data[data.index(b"-----BEGIN") :], passphrase=None)


@cache
def _signer() -> signers.SimpleSigner:
    inter = asn1_x509.Certificate.load(certificate("p256-inter").der)
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate("p256-signer").der),
        signing_key=_key("p256-signer"),
        cert_registry=SimpleCertificateStore.from_certs([inter]),
    )


def sign_long_term_by_pyhanko(pdf: bytes, name: str = "Lasting", *, archive: bool = True) -> bytes:
    """One signing ceremony that appends three revisions: signature, evidence, document timestamp."""
    metadata = PdfSignatureMetadata(
        field_name=name, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES,
        embed_validation_info=True, use_pades_lta=archive, validation_context=context(),
    )  # fmt: skip
    out = signers.sign_pdf(
        writer_of(pdf), metadata, signer=_signer(), timestamper=timestamper(), output=io.BytesIO()
    )
    return bytes(out.getbuffer())


def renew_by_pyhanko(pdf: bytes) -> bytes:
    """Evidence for the last document timestamp, and another one over it."""
    reader = PdfFileReader(io.BytesIO(pdf), strict=False)
    if reader.encrypted:
        reader.decrypt("")
    renewed = signers.PdfTimeStamper(timestamper()).update_archival_timestamp_chain(
        reader, context(), in_place=False, output=io.BytesIO()
    )
    return bytes(renewed.getbuffer())
