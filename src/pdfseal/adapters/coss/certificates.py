"""Certificates (manual, 3.4.6)."""

from __future__ import annotations

import asyncio
import re

from pdfseal import asn1
from pdfseal.adapters.coss.answers import Answer
from pdfseal.adapters.coss.codes import (
    BAD_PARAMETER,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_NOT_YET_VALID,
    CERTIFICATE_REVOKED,
    CERTIFICATE_UNREADABLE,
    CRL_FAILED,
    CRL_MISSING,
    NO_CERTIFICATE,
    NO_TRUSTED_ROOT,
    PATH_FAILED,
    CossError,
)
from pdfseal.adapters.coss.service import Call, Service, done
from pdfseal.adapters.coss.users import find_user
from pdfseal.adapters.coss.wire import Fields, encode_base64
from pdfseal.asn1 import Node
from pdfseal.crypto import schemes
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.revocation import RevocationPolicy
from pdfseal.pki.validation import validate_certificate

_OID = re.compile(r"[0-2](\.[0-9]{1,20}){1,30}\Z")
_USER_ID = "1.2.156.112562.2.1.10.2"  # an extension of BJCA's certificates: `@`, one digit, the MSSPID
_UID = re.compile(r"(?:^|[,+])UID=([0-9a-f]{64})(?=$|[,+])")
_DIGEST_WORDS = {"sha1": "SHA1", "sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512", "sm3": "SM3"}
_FAMILY_WORDS = {"rsa-pkcs1": "RSA", "rsa-pss": "RSAandMGF1", "ecdsa": "ECDSA", "sm2": "SM2"}
# What the path came to -> the manual's code. A path that is not known in full has no trusted root either.
PATH_CODES = {
    "expired": CERTIFICATE_EXPIRED,
    "not_yet_valid": CERTIFICATE_NOT_YET_VALID,
    "revoked": CERTIFICATE_REVOKED,
    "untrusted_root": NO_TRUSTED_ROOT,
    "incomplete": NO_TRUSTED_ROOT,
    "unknown_revocation": CRL_FAILED,
    "weak_algorithm": PATH_FAILED,
    "invalid": PATH_FAILED,
}


def certificate_in(fields: Fields, name: str) -> Certificate:
    """89003020 for what is not base64, 89003021 for what is no certificate."""
    data = fields.octets(name, at_most=1 << 20)
    try:
        certificate = Certificate.load(data)
        _ = certificate.leniencies, certificate.public_key  # reads every part
    except (CallerError, DocumentError) as error:
        raise CossError(CERTIFICATE_UNREADABLE, name) from error
    return certificate


async def get_cert_info(service: Service, call: Call) -> Answer:
    certificate = certificate_in(call.fields, "cert")
    oid = call.fields.optional_text("oid", at_most=200)
    if oid is not None and _OID.match(oid) is None:
        raise CossError(BAD_PARAMETER, "oid: is not an object identifier such as 1.2.3")
    info = {
        "userId": user_id_in(certificate),
        "certCN": certificate.common_name,
        "certDN": certificate.subject,
        "serialNumber": certificate.serial_hex,
        "sigAlgName": signature_words(certificate),
        "oidResult": None if oid is None else extension_text(certificate, oid),
    }
    return done({name: value for name, value in info.items() if value is not None})


async def query_cert(service: Service, call: Call) -> Answer:
    user = await find_user(service, call.fields)
    device = call.fields.text("deviceId", at_most=128)
    found = await asyncio.to_thread(service.registry.certificates, user, device_id=device)
    if not found:
        raise CossError(NO_CERTIFICATE)
    words = {"sm2": "SM2", "rsa": "RSA", "ec": "ECDSA"}
    return done(
        {
            "certInfos": [
                {
                    "deviceId": one.device_id,
                    "algoPolicy": words.get(one.certificate.public_key.kind, "RSA"),
                    "useage": one.usage,
                    "cert": encode_base64(one.certificate.der),
                }
                for one in found
            ]
        }
    )


async def validation_cert(service: Service, call: Call) -> Answer:
    """Dates first, then the path, then revocation."""
    certificate, now = certificate_in(call.fields, "cert"), service.now()
    if now > certificate.not_after:
        raise CossError(CERTIFICATE_EXPIRED)
    if now < certificate.not_before:
        raise CossError(CERTIFICATE_NOT_YET_VALID)
    trust = service.settings.trust
    result = validate_certificate(
        certificate,
        anchors=service.anchors,
        untrusted=service.intermediates,
        at=now,
        data=service.revocation,
        policy=RevocationPolicy("hard" if service.revocation or trust.require_crl else "soft"),
        allow_weak=trust.allow_weak,
    )
    if result.status == "unknown_revocation" and not service.revocation:
        raise CossError(CRL_MISSING)
    if result.status != "trusted":
        raise CossError(PATH_CODES[result.status], result.reason)
    return done()


def user_id_in(certificate: Certificate) -> str | None:
    """The MSSPID: the subject's UID, or BJCA's own extension."""
    in_subject = _UID.search(certificate.subject)
    if in_subject is not None:
        return in_subject[1]
    text = extension_text(certificate, _USER_ID) or ""
    found = re.search(r"[0-9a-f]{64}\Z", text)
    return found[0] if found else None


def signature_words(certificate: Certificate) -> str:
    """How the issuer signed, in Java's words; the OID where it is not known."""
    algorithm = certificate.signature_algorithm
    oid = algorithm.sequence("signatureAlgorithm", least=1, most=2)[0].oid("signatureAlgorithm")
    for scheme in schemes.SCHEMES.values():
        if oid in (scheme.oid, schemes.SM2_SIGN if scheme.family == "sm2" else ""):
            return f"{_DIGEST_WORDS[scheme.digest]}with{_FAMILY_WORDS[scheme.family]}"
    return oid


def extension_text(certificate: Certificate, oid: str) -> str | None:
    """The text in an extension, or its hexadecimal octets where it holds none; None if it is not there."""
    if oid not in certificate.extensions:
        return None
    value = certificate.extensions[oid][1]
    try:
        return _text_of(asn1.read(value, where="extension"))
    except DocumentError:
        return value.decode("utf-8") if _is_printable(value) else value.hex().upper()


def _text_of(node: Node) -> str:
    if node.tag in asn1.STRING_TAGS:
        return node.text("extension")
    return node.raw.hex().upper()


def _is_printable(value: bytes) -> bool:
    try:
        return value.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False
