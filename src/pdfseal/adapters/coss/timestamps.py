"""Timestamps (manual, 3.4.7). oriData is plain text: its UTF-8 octets are stamped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pdfseal.adapters.coss.answers import Answer
from pdfseal.adapters.coss.codes import (
    BAD_PARAMETER,
    NO_CERTIFICATE,
    SERVICE_FAILED,
    CossError,
)
from pdfseal.adapters.coss.service import Authority, Call, Service, done
from pdfseal.adapters.coss.wire import encode_base64
from pdfseal.crypto.digests import digest
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.timestamp import make_request, read_token, token_info, verify_code

MAX_DATA_CHARACTERS = 4 << 20
MAX_TOKEN_BYTES = 1 << 20


async def create_timestamp(service: Service, call: Call) -> Answer:
    data = call.fields.text("oriData", at_most=MAX_DATA_CHARACTERS).encode()
    if not call.fields.has("attachCert"):
        raise CossError(BAD_PARAMETER, "attachCert: is missing")
    with_certificate = call.fields.flag("attachCert")
    token = await stamp(service, data, with_certificate=with_certificate)
    return done({"tsResp": encode_base64(token)})


async def get_timestamp_info(service: Service, call: Call) -> Answer:
    token = call.fields.octets("tsResp", at_most=MAX_TOKEN_BYTES)
    kind = call.fields.integer("type", least=1, at_most=4)
    if kind is None:
        raise CossError(BAD_PARAMETER, "type: is missing")
    try:
        info = token_info(read_token(token, certificates=known_certificates(service)), kind)
    except DocumentError as error:
        raise CossError(BAD_PARAMETER, "tsResp: is not a timestamp token") from error
    except CallerError as error:
        raise CossError(NO_CERTIFICATE) from error
    return done({"tsInfo": info})


async def verify_timestamp(service: Service, call: Call) -> Answer:
    """A negative result is an answer too."""
    data = call.fields.text("oriData", at_most=MAX_DATA_CHARACTERS).encode()
    token = call.fields.octets("tsResp", at_most=MAX_TOKEN_BYTES)
    code = await asyncio.to_thread(
        verify_code,
        token,
        data,
        anchors=service.timestamp_anchors,
        certificates=known_certificates(service),
        allow_weak=service.settings.trust.allow_weak,
    )
    return done({"verifyRes": str(code)})


def known_certificates(service: Service) -> Sequence[Certificate]:
    own = service.authority.certificates if service.authority is not None else ()
    return tuple(dict.fromkeys((*own, *service.intermediates)))


async def stamp(service: Service, data: bytes, *, with_certificate: bool = True) -> bytes:
    """A token over `data` by the service's authority; 89000007 without one."""
    if service.authority is None:
        raise CossError(SERVICE_FAILED, "the service has no timestamp authority")
    return await asyncio.to_thread(_stamp, service.authority, data, with_certificate, service)


def _stamp(authority: Authority, data: bytes, with_certificate: bool, service: Service) -> bytes:
    scheme = authority.issuer.scheme
    name = scheme.digest if scheme is not None else "sha256"
    request = make_request(name, digest(name, data), cert_req=with_certificate)
    response = authority.issuer.respond(request.der, now=service.now(), serial=authority.serials.take)
    if response.token is None:
        raise CossError(SERVICE_FAILED)
    return response.token
