"""Seals on PDFs (manual, 3.4.8): prepare, compose, verify.

Nothing is kept between getPdfHash and composePdfSeal: any worker, on any machine, composes what
another prepared, from what the client hands back.
"""

from __future__ import annotations

import asyncio

from pdfseal.adapters.coss import jobs, sealing_rules, verdicts
from pdfseal.adapters.coss.answers import Answer, LargeText
from pdfseal.adapters.coss.codes import (
    BAD_PARAMETER,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_NOT_YET_VALID,
    CERTIFICATE_UNREADABLE,
    NO_CERTIFICATE,
    NO_PICTURE,
    CossError,
    coss_error,
)
from pdfseal.adapters.coss.seal_making import seal_for
from pdfseal.adapters.coss.service import MIB, Call, Service, done
from pdfseal.adapters.coss.timestamps import MAX_TOKEN_BYTES, known_certificates, stamp
from pdfseal.adapters.coss.uploads import Upload
from pdfseal.adapters.coss.users import find_signer
from pdfseal.adapters.coss.wire import Fields, decode_base64, encode_base64
from pdfseal.adapters.registry import StoredCertificate, User
from pdfseal.containers import finish, read_container
from pdfseal.containers.ses_reading import read_tbs
from pdfseal.crypto.digests import digest
from pdfseal.errors import CallerError, DocumentError, PdfsealError
from pdfseal.pki.certificate import Certificate
from pdfseal.timestamp import Token, read_token

MAX_TO_BE_SIGNED_BYTES = 16 << 20
MAX_SIGNATURE_BYTES = 4096
MAX_CHAIN_BYTES = 4 << 20
_TO_BLAME = {
    "keyword_not_found": "keywordsOfRuleInfo.keyWord",
    "page_out_of_range": "coordOfRuleInfo.pageNo",
    "box_outside_page": "coordOfRuleInfo",
    "box_too_large": "signWidth and signHeight",
    "picture_unreadable": "the user's picture",
}
_ROOM_FOR_SEAL = 24 * MIB  # by which a prepared or sealed PDF may be larger than the largest original


async def get_pdf_hash(service: Service, call: Call) -> Answer:
    fields = call.fields
    kind = sealing_rules.seal_type(fields)
    wording = sealing_rules.wording(fields)
    placement = sealing_rules.placement(fields)
    user = await find_signer(service, fields)
    signer = await _signing_certificate(service, user, kind.keys)
    picture = await asyncio.to_thread(service.registry.picture, user)
    if picture is None:
        raise CossError(NO_PICTURE)
    appearance = sealing_rules.appearance(fields, picture.data)
    seal = await seal_for(service, call, kind, user, signer, picture.data)
    upload = await _upload(service, call, "pdfFileStr")
    task = jobs.PrepareTask(
        upload.path, placement, appearance, signer.certificate.der,
        tuple(one.der for one in signer.chain), seal, wording, service.now(),
    )  # fmt: skip
    try:
        prepared = await service.pool.run(jobs.prepare, task)
    except PdfsealError as error:
        raise coss_error(error, field=_TO_BLAME.get(error.code, "pdfFileStr")) from error
    call.remarks |= {"pdf_bytes": upload.size, "boxes": len(prepared.boxes)}
    data = {
        "hashSetBytes": encode_base64(prepared.hash_set_bytes),
        "hashSetHashBytes": encode_base64(prepared.hash_set_hash_bytes),
        "hashBytes": encode_base64(prepared.hash_bytes),
        "pdfBytes": LargeText(upload, (), prepared.appended),
        "rectangleBean": sealing_rules.rectangle_bean(prepared.boxes[0]),
    }
    if len(prepared.boxes) > 1:
        data["rectangleBeans"] = [sealing_rules.rectangle_bean(box) for box in prepared.boxes]
    return done(data)


async def _signing_certificate(service: Service, user: User, key: str) -> StoredCertificate:
    """The newest one in force: 89003005 if there is none of that kind, else why none can be used."""
    found = await asyncio.to_thread(service.registry.certificates, user, usage="SIGN")
    fitting = [one for one in found if one.certificate.public_key.kind == key]
    if not fitting:
        raise CossError(NO_CERTIFICATE)
    now = service.now()
    for one in fitting:
        if one.certificate.not_before <= now <= one.certificate.not_after:
            return one
    expired = now > fitting[0].certificate.not_after
    raise CossError(CERTIFICATE_EXPIRED if expired else CERTIFICATE_NOT_YET_VALID)


async def _upload(service: Service, call: Call, name: str, *, more: int = 0) -> Upload:
    at_most = service.settings.seals.max_pdf_mb * MIB + more
    return await asyncio.to_thread(call.upload, name, at_most=at_most)


# -- compose --------------------------------------------------------------------------------


async def compose_pdf_seal(service: Service, call: Call) -> Answer:
    fields = call.fields
    sealing_rules.seal_type(fields)
    to_be_signed = fields.octets("hashSetBytesStr", at_most=MAX_TO_BE_SIGNED_BYTES)
    signature = fields.octets("signValue", at_most=MAX_SIGNATURE_BYTES)
    user = await find_signer(service, fields)
    candidates = await _candidates(service, user)
    layout_2014 = _is_2014(to_be_signed)
    token = await _token(service, call, to_be_signed, signature, candidates)
    upload = await _upload(service, call, "pdfBytesStr", more=_ROOM_FOR_SEAL)
    task = jobs.ComposeTask(
        upload.path, to_be_signed, signature, tuple(one.der for one in candidates),
        None if token is None else token.der, layout_2014,
    )  # fmt: skip
    try:
        composed = await service.pool.run(jobs.compose, task)
    except PdfsealError as error:
        raise coss_error(error) from error
    call.remarks["pdf_bytes"] = upload.size
    return Answer(
        LargeText(upload, (composed.change,), composed.tail), extra=_which_imprint(token, signature)
    )


async def _candidates(service: Service, user: User) -> tuple[Certificate, ...]:
    """Every certificate the user ever had here, and their chains: one was named when it was prepared."""
    found = await asyncio.to_thread(service.registry.certificates, user, usage="SIGN", history=True)
    return tuple(dict.fromkeys(one for stored in found for one in (stored.certificate, *stored.chain)))


def _is_2014(to_be_signed: bytes) -> bool:
    if to_be_signed[:1] != b"\x30":
        return False
    try:
        return read_tbs(to_be_signed).layout == "ses2014"
    except DocumentError as error:
        raise CossError(BAD_PARAMETER, "hashSetBytesStr: is not what getPdfHash answered") from error


async def _token(
    service: Service, call: Call, to_be_signed: bytes, signature: bytes, candidates: tuple[Certificate, ...]
) -> Token | None:
    """The client's, or one by the service's authority where that is the policy."""
    given = call.fields.optional_octets("tssSignValue", at_most=MAX_TOKEN_BYTES)
    if given is None and not service.settings.timestamp.in_seals:
        return None
    try:
        if given is None:
            finished = finish(to_be_signed, signature, certificates=candidates)
            given = await stamp(service, read_container(finished.der).signature)
        return read_token(given, certificates=known_certificates(service))
    except DocumentError as error:
        raise CossError(BAD_PARAMETER, "tssSignValue: is not a timestamp token") from error
    except PdfsealError as error:
        raise coss_error(error) from error


def _which_imprint(token: Token | None, signature: bytes) -> dict[str, object]:
    """What the token is over: the octets of the signature, or their base64 text."""
    if token is None:
        return {}
    text = digest(token.algorithm, encode_base64(signature).encode())
    return {"tssImprint": "base64 text of signValue" if token.imprint == text else "signature value"}


# -- verify ---------------------------------------------------------------------------------


async def verify_pdf_seal(service: Service, call: Call) -> Answer:
    """signSealType is a hint that filters nothing."""
    sealing_rules.seal_type(call.fields)
    anchors = _chain(call.fields)
    upload = await _upload(service, call, "pdfFileStr", more=_ROOM_FOR_SEAL)
    task = jobs.VerifyTask(
        upload.path,
        tuple(one.der for one in (service.anchors.certificates if anchors is None else anchors)),
        tuple(one.der for one in service.timestamp_anchors.certificates),
        tuple(one.der for one in known_certificates(service)),
        service.now(),
    )
    try:
        found = await service.pool.run(jobs.verify_all, task)
    except PdfsealError as error:
        raise coss_error(error, field="pdfFileStr") from error
    call.remarks |= {"pdf_bytes": upload.size, "signatures": len(found)}
    return done(verdicts.verdict(found))


def _chain(fields: Fields) -> tuple[Certificate, ...] | None:
    """certChainStr: base64 of DER, PEM or PKCS#7, or several of them parted by commas."""
    if not fields.has("certChainStr"):
        return None
    text = fields.text("certChainStr", at_most=MAX_CHAIN_BYTES)
    found: list[Certificate] = []
    try:
        if "-----BEGIN" in text:
            return Certificate.load_many(text.encode())
        for part in filter(None, (part.strip() for part in text.split(","))):
            found += Certificate.load_many(
                decode_base64(part.encode(), "certChainStr", at_most=MAX_CHAIN_BYTES)
            )
    except CallerError as error:
        raise CossError(CERTIFICATE_UNREADABLE, "certChainStr") from error
    return tuple(found)
