"""A certificate in words: what people and interfaces ask of one, as plain values."""

from __future__ import annotations

import re
from typing import Any

from pdfseal import asn1
from pdfseal.crypto import schemes
from pdfseal.errors import DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.extensions import (
    CA_ISSUERS_ACCESS,
    OCSP_ACCESS,
    access_urls,
    distribution_points,
)

# Private extensions of BJCA's certificates; the user id is `@`, one digit, then 64 hexadecimal digits.
BJCA_USER_ID = "1.2.156.112562.2.1.10.2"

_DIGEST_WORDS = {"sha1": "SHA1", "sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512", "sm3": "SM3"}
_FAMILY_WORDS = {"rsa-pkcs1": "RSA", "rsa-pss": "RSAandMGF1", "ecdsa": "ECDSA", "sm2": "SM2"}
_UID = re.compile(r"(?:^|[,+])UID=([0-9a-f]{64})(?=$|[,+])")


def certificate_info(certificate: Certificate, oid: str | None = None) -> dict[str, str]:
    """The answer of the interface's getCertInfo; `oid` asks for the text of one extension as well."""
    info = {
        "userId": user_id(certificate),
        "certCN": certificate.common_name,
        "certDN": certificate.subject,
        "serialNumber": certificate.serial_hex,
        "sigAlgName": signature_algorithm_name(certificate),
        "oidResult": None if oid is None else extension_text(certificate, oid),
    }
    return {name: value for name, value in info.items() if value is not None}


def user_id(certificate: Certificate) -> str | None:
    """The owner's identifier at the authority: the subject's UID, or BJCA's own extension."""
    in_subject = _UID.search(certificate.subject)
    if in_subject is not None:
        return in_subject[1]
    found = re.search(r"[0-9a-f]{64}\Z", extension_text(certificate, BJCA_USER_ID) or "")
    return found[0] if found else None


def signature_algorithm_name(certificate: Certificate) -> str:
    """How the issuer signed, as Java names it, such as SM3withSM2; the OID where it is not known."""
    algorithm = certificate.signature_algorithm
    oid = algorithm.sequence("signatureAlgorithm", least=1, most=2)[0].oid("signatureAlgorithm")
    for scheme in schemes.SCHEMES.values():
        if oid in (scheme.oid, schemes.SM2_SIGN if scheme.family == "sm2" else ""):
            return f"{_DIGEST_WORDS[scheme.digest]}with{_FAMILY_WORDS[scheme.family]}"
    return oid


def extension_text(certificate: Certificate, oid: str) -> str | None:
    """The text in an extension, or its octets in upper-case hexadecimal; None if it is not there."""
    if oid not in certificate.extensions:
        return None
    value = certificate.extensions[oid][1]
    try:
        node = asn1.read(value, where="extension")
        return node.text("extension") if node.tag in asn1.STRING_TAGS else node.raw.hex().upper()
    except DocumentError:
        return _plain_text(value) or value.hex().upper()


def _plain_text(value: bytes) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""


def describe(certificate: Certificate) -> dict[str, Any]:
    """Everything that `pdfseal cert show` prints, as JSON values; times in ISO 8601, UTC."""
    key = certificate.public_key
    return {
        "common_name": certificate.common_name,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial_hex,
        "not_before": certificate.not_before.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "not_after": certificate.not_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "key": key.curve or f"{key.kind.upper()}-{key.bits}",
        "signature_algorithm": signature_algorithm_name(certificate),
        "user_id": user_id(certificate),
        "authority": certificate.is_ca,
        "self_issued": certificate.is_self_issued,
        "key_usage": None if certificate.key_usage is None else sorted(certificate.key_usage),
        "extended_key_usage": (
            None if certificate.ext_key_usage is None else sorted(certificate.ext_key_usage)
        ),
        "subject_key_identifier": _hex(certificate.subject_key_identifier),
        "authority_key_identifier": _hex(certificate.authority_key_identifier),
        "crl_urls": [url for point in distribution_points(certificate) for url in point.urls],
        "ocsp_urls": list(access_urls(certificate, OCSP_ACCESS)),
        "issuer_urls": list(access_urls(certificate, CA_ISSUERS_ACCESS)),
        "extensions": {
            oid: {"critical": critical, "text": extension_text(certificate, oid)}
            for oid, (critical, _) in certificate.extensions.items()
        },
        "sha256": certificate.fingerprint("sha256").hex(),
        "sm3": certificate.fingerprint("sm3").hex(),
        "leniencies": {name: list(places) for name, places in certificate.leniencies.items()},
    }


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()
