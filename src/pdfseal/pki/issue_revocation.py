"""Issues CRLs and OCSP responses, and the extensions that lead to them, for tests and demonstrations.

Pure, as `issue` is: times and numbers are arguments, and the authority signs through `Signer`.
The ASN.1 stands in `crl`, `ocsp` and `extensions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pdfseal import asn1
from pdfseal.crypto import schemes
from pdfseal.crypto.digests import digest
from pdfseal.crypto.signer import Signer
from pdfseal.pki import crl as lists
from pdfseal.pki import extensions as ext
from pdfseal.pki import ocsp
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.crl import RevocationList, Revoked
from pdfseal.pki.issue import encode_extension, encode_time, key_identifier
from pdfseal.pki.ocsp import OcspResponse

Extension = tuple[str, bool, bytes]
_REASON_CODES = {word: code for code, word in lists.REASONS.items()}


# -- extensions of certificates --------------------------------------------------------------


def crl_points(
    *urls: str, issuer: Certificate | None = None, oid: str = ext.CRL_DISTRIBUTION_POINTS
) -> Extension:
    """cRLDistributionPoints (or freshestCRL): one point with these URLs; `issuer` signs an indirect CRL."""
    parts = [asn1.explicit(0, full_name(*urls))] if urls else []
    if issuer is not None:
        parts.append(asn1.element(0xA2, asn1.element(0xA4, issuer.subject_raw)))
    return oid, False, asn1.sequence(asn1.sequence(*parts))


def authority_access(*, ocsp_url: str | None = None, issuer_url: str | None = None) -> Extension:
    """authorityInfoAccess."""
    pairs = ((ext.OCSP_ACCESS, ocsp_url), (ext.CA_ISSUERS_ACCESS, issuer_url))
    parts = [asn1.sequence(asn1.object_identifier(oid), _url(url)) for oid, url in pairs if url]
    return ext.AUTHORITY_INFO_ACCESS, False, asn1.sequence(*parts)


def full_name(*urls: str) -> bytes:
    """DistributionPointName, its fullName."""
    return asn1.element(0xA0, b"".join(map(_url, urls)))


def _url(url: str) -> bytes:
    return asn1.element(0x86, url.encode("ascii"))


# -- CRLs -----------------------------------------------------------------------------------


def issue_crl(
    issuer: Certificate,
    signer: Signer,
    revoked: Sequence[tuple[Certificate, Revoked]],
    *,
    this_update: datetime,
    next_update: datetime | None,
    number: int,
    base_number: int | None = None,
    point: Sequence[str] = (),
    indirect: bool = False,
    only: str = "",
    reasons: int | None = None,
    extensions: Sequence[Extension] = (),
) -> RevocationList:
    """A CRL by `issuer`. `base_number` makes it a delta; `point`, `indirect`, `only` ("users" or
    "authorities") and `reasons` (a mask of `extensions.ALL_REASONS`) its issuingDistributionPoint.
    """
    scheme = schemes.default_scheme(issuer.public_key)
    algorithm = schemes.algorithm_identifier(scheme)
    entries = [_entry(certificate, entry, issuer, indirect) for certificate, entry in revoked]
    key_id = asn1.element(0x80, issuer.subject_key_identifier or key_identifier(issuer.public_key))
    parts = [
        encode_extension(lists.AUTHORITY_KEY_IDENTIFIER, asn1.sequence(key_id)),
        encode_extension(lists.CRL_NUMBER, asn1.integer(number)),
    ]
    if base_number is not None:
        parts.append(encode_extension(lists.DELTA_CRL_INDICATOR, asn1.integer(base_number), critical=True))
    if scope := _scope(point, indirect, only, reasons):
        parts.append(encode_extension(lists.ISSUING_DISTRIBUTION_POINT, asn1.sequence(scope), critical=True))
    parts += [encode_extension(oid, value, critical=critical) for oid, critical, value in extensions]
    tbs = asn1.sequence(
        asn1.integer(1),
        algorithm,
        issuer.subject_raw,
        encode_time(this_update),
        encode_time(next_update) if next_update else b"",
        asn1.sequence(*entries) if entries else b"",
        asn1.explicit(0, asn1.sequence(*parts)),
    )
    der = asn1.sequence(tbs, algorithm, asn1.bit_string(signer.sign(tbs, scheme)))
    return RevocationList.from_der(der)


def _scope(point: Sequence[str], indirect: bool, only: str, reasons: int | None) -> bytes:
    """The fields of issuingDistributionPoint, in their order."""
    true = b"\xff"
    scope = asn1.explicit(0, full_name(*point)) if point else b""
    scope += asn1.element(0x81, true) if only == "users" else b""
    scope += asn1.element(0x82, true) if only == "authorities" else b""
    scope += asn1.element(0x83, b"\x07" + reasons.to_bytes(2)) if reasons is not None else b""
    return scope + (asn1.element(0x84, true) if indirect else b"")


def _entry(certificate: Certificate, entry: Revoked, issuer: Certificate, indirect: bool) -> bytes:
    parts = []
    if entry.reason != "unspecified":
        code = asn1.element(0x0A, bytes([_REASON_CODES[entry.reason]]))
        parts.append(encode_extension(lists.REASON_CODE, code))
    if entry.invalid_since is not None:
        parts.append(encode_extension(lists.INVALIDITY_DATE, asn1.generalized_time(entry.invalid_since)))
    if indirect and certificate.issuer_raw != issuer.subject_raw:
        names = asn1.sequence(asn1.element(0xA4, certificate.issuer_raw))
        parts.append(encode_extension(lists.CERTIFICATE_ISSUER, names, critical=True))
    extensions = asn1.sequence(*parts) if parts else b""
    return asn1.sequence(certificate.serial_raw, encode_time(entry.at), extensions)


# -- OCSP -----------------------------------------------------------------------------------


def issue_ocsp(
    certificate: Certificate,
    issuer: Certificate,
    responder: Certificate,
    signer: Signer,
    *,
    revoked: Revoked | None = None,
    unknown: bool = False,
    this_update: datetime,
    next_update: datetime | None,
    produced_at: datetime | None = None,
    by_key: bool = True,
    digest_name: str = "sha1",
) -> OcspResponse:
    """A response about one certificate. The responder's certificate comes along unless it is the issuer's."""
    scheme = schemes.default_scheme(responder.public_key)
    if revoked is not None:
        code = asn1.element(0x0A, bytes([_REASON_CODES[revoked.reason]]))
        status = asn1.element(0xA1, asn1.generalized_time(revoked.at) + asn1.explicit(0, code))
    else:
        status = b"\x82\x00" if unknown else b"\x80\x00"
    single = asn1.sequence(
        ocsp.write_cert_id(certificate, issuer, digest_name),
        status,
        asn1.generalized_time(this_update),
        asn1.explicit(0, asn1.generalized_time(next_update)) if next_update else b"",
    )
    key_hash = asn1.octet_string(digest("sha1", ocsp.key_octets(responder.public_key)))
    tbs = asn1.sequence(
        asn1.explicit(2, key_hash) if by_key else asn1.explicit(1, responder.subject_raw),
        asn1.generalized_time(produced_at or this_update),
        asn1.sequence(single),
    )
    certificates = asn1.explicit(0, asn1.sequence(responder.der)) if responder != issuer else b""
    basic = asn1.sequence(
        tbs, schemes.algorithm_identifier(scheme), asn1.bit_string(signer.sign(tbs, scheme)), certificates
    )
    body = asn1.sequence(asn1.object_identifier(ocsp.BASIC_RESPONSE), asn1.octet_string(basic))
    return OcspResponse.from_der(asn1.sequence(asn1.element(0x0A, b"\x00"), asn1.explicit(0, body)))


def ocsp_error(code: int) -> bytes:
    """An answer that is none, such as 3, tryLater."""
    return asn1.sequence(asn1.element(0x0A, bytes([code])))
