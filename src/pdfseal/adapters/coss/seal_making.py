"""The electronic seal of a user: made by the application's seal maker when it is first needed."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime, timedelta

from pdfseal.adapters.coss import jobs
from pdfseal.adapters.coss.codes import BAD_PARAMETER, COMPOSITION_FAILED, CossError, coss_error
from pdfseal.adapters.coss.sealing_rules import SealType
from pdfseal.adapters.coss.service import Call, Service
from pdfseal.adapters.keys import CommandSigner, load_private_key
from pdfseal.adapters.registry import Maker, StoredCertificate, User, seal_fingerprint
from pdfseal.containers.seal import ORGANISATION, PERSON, SealDraft, finish_seal, seal_to_be_signed
from pdfseal.crypto import schemes
from pdfseal.crypto.signer import Signer
from pdfseal.errors import OutsideError, PdfsealError
from pdfseal.pki.certificate import Certificate

_BACKDATED = timedelta(minutes=5)  # clocks of verifiers may be late
_RENEW_BEFORE = timedelta(days=1)


async def seal_for(
    service: Service, call: Call, kind: SealType, user: User, signer: StoredCertificate, picture: bytes
) -> bytes | None:
    """DER SESeal, None for plain CMS. 89000001 where appName is missing or names no maker."""
    if kind.layout is None:
        return None
    maker = await _maker(service, call, kind)
    if maker is None:
        return None
    now = service.now()
    mark = seal_fingerprint(kind.layout, signer.certificate, maker.certificate, picture, user.name)
    registry = service.registry
    kept = await asyncio.to_thread(registry.find_seal, mark, valid_at=now + _RENEW_BEFORE)
    if kept is not None:
        return kept.der
    try:
        size_mm = await service.pool.run(jobs.measure_picture, picture)
        draft = _draft(service, kind, user, signer.certificate, picture, size_mm, now)
        der = await asyncio.to_thread(_make, draft, maker)
    except OutsideError as error:  # the maker's signer: nothing that the client could mend
        raise CossError(COMPOSITION_FAILED) from error
    except PdfsealError as error:
        raise coss_error(error, field="the user's electronic seal") from error
    await asyncio.to_thread(
        registry.keep_seal, mark, layout=kind.layout, esid=draft.esid, der=der,
        valid_until=draft.valid_until, now=now,
    )  # fmt: skip
    return der


async def _maker(service: Service, call: Call, kind: SealType) -> Maker | None:
    """Of the application that appName names, which must be the caller's own; else the caller's."""
    own = call.application
    name = call.fields.optional_text("appName", at_most=200)
    if name is not None and kind.needs_maker and name not in (own.name, own.app_id):
        raise CossError(BAD_PARAMETER, "appName: is not the name of the calling application")
    if name is None and kind.needs_maker:
        raise CossError(BAD_PARAMETER, f"appName: is missing, {kind.name} needs it")
    if own.maker is None and kind.needs_maker:
        raise CossError(BAD_PARAMETER, "appName: the application has no certificate of a seal maker")
    return own.maker


def _draft(
    service: Service, kind: SealType, user: User, owner: Certificate, picture: bytes,
    size_mm: tuple[float, float], now: datetime,
) -> SealDraft:  # fmt: skip
    width, height = (max(1, round(side)) for side in size_mm)
    return SealDraft(
        layout=kind.layout or "ses2014",
        name=user.name,
        type=PERSON if user.id_type != "QT" else ORGANISATION,
        picture=picture,
        width_mm=width,
        height_mm=height,
        owners=(owner,),
        created=now,
        valid_from=now - _BACKDATED,
        valid_until=min(now + timedelta(days=service.settings.seals.valid_days), owner.not_after),
        esid=str(uuid.uuid4()),
        vendor=service.settings.seals.vendor,
    )


def _make(draft: SealDraft, maker: Maker) -> bytes:
    signer: Signer = (
        load_private_key(maker.key_pem.encode()) if maker.key_pem else CommandSigner(maker.command)
    )
    scheme = schemes.default_scheme(maker.certificate.public_key)
    to_be_signed = seal_to_be_signed(draft, maker=maker.certificate, scheme=scheme)
    return finish_seal(to_be_signed, signer.sign(to_be_signed, scheme), maker=maker.certificate)
