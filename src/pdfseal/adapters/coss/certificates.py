"""Certificates (manual, 3.4.6)."""

from __future__ import annotations

import asyncio
import re

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
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.describe import certificate_info
from pdfseal.pki.revocation import RevocationPolicy
from pdfseal.pki.validation import validate_certificate

_OID = re.compile(r"[0-2](\.[0-9]{1,20}){1,30}\Z")
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
    return done(certificate_info(certificate, oid))


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
