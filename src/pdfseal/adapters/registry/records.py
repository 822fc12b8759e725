"""Rows become values and values become rows: encryption happens here and nowhere else."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from pdfseal.adapters.registry.values import (
    Application,
    ApplicationSettings,
    Maker,
    NewUser,
    StoredCertificate,
    StoredPicture,
    StoredSeal,
    User,
)
from pdfseal.adapters.registry.vault import Vault
from pdfseal.errors import DocumentError, OutsideError
from pdfseal.pki.certificate import Certificate

SECURE_CODE, MAKER = "application.secure_code", "application.maker"
NAME, ID_NUMBER, MOBILE = "user.name", "user.id_number", "user.mobile"
TELEPHONE, EMAIL = "user.telephone", "user.email"


def application_of(row: Row[Any], vault: Vault) -> Application:
    known = set(ApplicationSettings.__dataclass_fields__)
    settings = {key: value for key, value in json.loads(row.settings).items() if key in known}
    return Application(
        id=row.id,
        app_id=row.app_id,
        name=row.name,
        secure_code=vault.decrypt(SECURE_CODE, row.secure_code),
        settings=ApplicationSettings(**settings),
        enabled=row.enabled,
        maker=None if row.maker is None else _maker_of(vault.decrypt(MAKER, row.maker)),
        created=row.created,
        updated=row.updated,
    )


def settings_text(settings: ApplicationSettings) -> str:
    return json.dumps({key: value for key, value in asdict(settings).items() if value is not None})


def maker_blob(maker: Maker | None, vault: Vault) -> bytes | None:
    if maker is None:
        return None
    text = json.dumps(
        {
            "certificate": maker.certificate.der.hex(),
            "chain": [one.der.hex() for one in maker.chain],
            "key": maker.key_pem,
            "command": list(maker.command),
        }
    )
    return vault.encrypt(MAKER, text)


def _maker_of(text: str) -> Maker:
    value = json.loads(text)
    return Maker(
        _certificate(bytes.fromhex(value["certificate"])),
        tuple(_certificate(bytes.fromhex(one)) for one in value["chain"]),
        value["key"],
        tuple(value["command"]),
    )


def user_of(row: Row[Any], vault: Vault) -> User:
    return User(
        id=row.id,
        user_id=row.user_id,
        name=vault.decrypt(NAME, row.name),
        id_type=row.id_type,
        id_number=vault.decrypt(ID_NUMBER, row.id_number),
        mobile=vault.decrypt(MOBILE, row.mobile),
        department=row.department,
        telephone=vault.decrypt(TELEPHONE, row.telephone),
        email=vault.decrypt(EMAIL, row.email),
        job_number=row.job_number,
        face_id=row.face_id,
        status=row.status,
        requires_certificate=row.requires_certificate,
        created=row.created,
        updated=row.updated,
    )


def user_row(user: NewUser, user_id: str, vault: Vault) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "name": vault.encrypt(NAME, user.name),
        "id_type": user.id_type,
        "id_number": vault.encrypt(ID_NUMBER, user.id_number),
        "id_number_index": id_number_index(vault, user.id_type, user.id_number),
        "department": user.department,
        "telephone": vault.encrypt(TELEPHONE, ""),
        "email": vault.encrypt(EMAIL, ""),
        "job_number": "",
        "face_id": "",
        "status": "NORMAL",
        "requires_certificate": user.requires_certificate,
    } | mobile_columns(user.mobile, vault)


def mobile_columns(mobile: str, vault: Vault) -> dict[str, Any]:
    return {"mobile": vault.encrypt(MOBILE, mobile), "mobile_index": vault.index(MOBILE, mobile)}


def id_number_index(vault: Vault, id_type: str, id_number: str) -> bytes:
    """Numbers of identity cards end in x or X: one person, one index."""
    return vault.index(ID_NUMBER, id_type, id_number.upper())


def certificate_of(row: Row[Any]) -> StoredCertificate:
    chain = Certificate.load_many(row.chain) if row.chain else ()
    return StoredCertificate(
        row.id, row.device_id, row.usage, _certificate(row.der), chain, row.current, row.created
    )


def picture_of(row: Row[Any]) -> StoredPicture:
    return StoredPicture(row.id, row.data, row.is_default, row.drawn, row.created)


def seal_of(row: Row[Any]) -> StoredSeal:
    return StoredSeal(row.id, row.layout, row.esid, row.der, row.valid_until)


def _certificate(der: bytes) -> Certificate:
    try:
        return Certificate.from_der(der)
    except DocumentError as error:
        raise OutsideError("database", "a certificate in the registry is damaged") from error
