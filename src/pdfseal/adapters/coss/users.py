"""Users (manual, 3.3.1 and 3.4.1) and their seal pictures (3.4.2.4)."""

from __future__ import annotations

import asyncio
import re
from typing import get_args

from pdfseal.adapters.coss import jobs
from pdfseal.adapters.coss.answers import Answer
from pdfseal.adapters.coss.codes import (
    BAD_PARAMETER,
    ID_NUMBER_EMPTY,
    ID_NUMBER_MALFORMED,
    MOBILE_MALFORMED,
    NAME_HAS_SPACES,
    NO_PICTURE,
    NO_SUCH_DOCUMENT,
    NO_SUCH_SIGNER,
    NO_SUCH_UNIQUE_ID,
    NO_SUCH_USER,
    PICTURE_TOO_LARGE,
    STATUS_MALFORMED,
    USER_CANCELLED,
    USER_LOCKED,
    CossError,
    coss_error,
)
from pdfseal.adapters.coss.service import Call, Service, beijing, done
from pdfseal.adapters.coss.wire import Fields, encode_base64
from pdfseal.adapters.registry import ID_TYPES, NewUser, User, UserChange
from pdfseal.adapters.registry.values import UserStatus
from pdfseal.errors import PdfsealError

USER_ID_TYPES = ("SF", "GA", "HZ", "QT")
MAX_NAME, MAX_ID_NUMBER, MAX_DEPARTMENT, MAX_UNIQUE_ID = 50, 30, 64, 64
_IDENTITY_CARD = re.compile(r"[0-9]{17}[0-9Xx]\Z|[0-9]{15}\Z")
# Mainland numbers with or without 86; Hong Kong, Macao, Taiwan and others with a plus or 852, 853, 886.
_MOBILE = re.compile(r"(\+?86-?)?1[3-9][0-9]{9}\Z|(\+[1-9][0-9]{0,2}-?|852-?|853-?|886-?)[0-9]{6,12}\Z")


async def add_user(service: Service, call: Call) -> Answer:
    fields = call.fields
    name = fields.text("userName", at_most=MAX_NAME)
    if name != name.strip():
        raise CossError(NAME_HAS_SPACES)
    id_type = fields.choice("idType", USER_ID_TYPES)
    if not fields.has("idNumber"):
        raise CossError(ID_NUMBER_EMPTY)
    new = NewUser(
        name=name,
        id_type=id_type,
        id_number=_id_number(fields, id_type),
        mobile=_mobile(fields.text("mobile", at_most=32)),
        department=fields.optional_text("department", at_most=MAX_DEPARTMENT) or "",
        unique_id=fields.optional_text("uniqueId", at_most=MAX_UNIQUE_ID),
        requires_certificate=fields.choice("requireCert", ("Y", "N"), default="Y") == "Y",
    )
    picture = await _picture(service, fields, "signImg")
    drawn = False
    if picture is None and service.settings.seals.draw_missing:
        picture, drawn = await _drawn(service, name), True
    try:
        user = await asyncio.to_thread(
            service.registry.add_user, call.application, new,
            now=service.now(), picture=picture, drawn=drawn,
        )  # fmt: skip
    except PdfsealError as error:
        raise coss_error(error) from error
    return done({"userId": user.user_id})


async def update_user(service: Service, call: Call) -> Answer:
    fields = call.fields
    user = await find_user(service, fields)
    status = fields.optional_text("status", at_most=16)
    if status is not None and status not in get_args(UserStatus)[1:]:
        raise CossError(STATUS_MALFORMED)
    mobile = fields.optional_text("mobile", at_most=32)
    change = UserChange(
        status=status,  # type: ignore[arg-type]  # it was looked up among the words just now
        department=fields.optional_text("department", at_most=MAX_DEPARTMENT),
        mobile=None if mobile is None else _mobile(mobile),
        unique_id=fields.optional_text("uniqueId", at_most=MAX_UNIQUE_ID),
    )
    picture = await _picture(service, fields, "image")
    try:
        await asyncio.to_thread(
            service.registry.update_user, call.application, user, change,
            now=service.now(), picture=picture,
        )  # fmt: skip
    except PdfsealError as error:
        raise coss_error(error) from error
    return done()


async def query_user_info(service: Service, call: Call) -> Answer:
    """By userId, else by identity document, else by uniqueId."""
    fields, registry = call.fields, service.registry
    user: User | None
    if fields.has("userId"):
        user = await find_user(service, fields)
    elif fields.has("idNumber") and fields.has("idType"):
        id_type, number = (
            fields.choice("idType", tuple(ID_TYPES)),
            fields.text("idNumber", at_most=MAX_ID_NUMBER),
        )
        user = await asyncio.to_thread(registry.find_user_by_document, id_type, number)
        if user is None:
            raise CossError(NO_SUCH_DOCUMENT)
    elif fields.has("uniqueId"):
        unique_id = fields.text("uniqueId", at_most=MAX_UNIQUE_ID)
        user = await asyncio.to_thread(registry.find_user_by_unique_id, call.application, unique_id)
        if user is None:
            raise CossError(NO_SUCH_UNIQUE_ID)
    else:
        raise CossError(BAD_PARAMETER, "userId, or idNumber and idType, or uniqueId: one must be given")
    picture = await asyncio.to_thread(registry.picture, user)
    return done(
        {
            "id": str(user.id),
            "username": user.name,
            "userName": user.name,
            "department": user.department,
            "idType": f"{ID_TYPES[user.id_type]}({user.id_type})",
            "idCard": user.id_number,
            "mobilePhone": user.mobile,
            "telephone": user.telephone,
            "email": user.email,
            "jobNumber": user.job_number,
            "faceId": user.face_id,
            "signpicId": None if picture is None else picture.id,
            "msspId": user.user_id,
            "status": user.status,
            "createTime": beijing(user.created),
            "updateTime": beijing(user.updated),
            "requireCert": "Y" if user.requires_certificate else "N",
            "perserve1": "",
            "perserve2": "FALSE" if picture is None or picture.drawn else "TRUE",
        }
    )


async def query_image(service: Service, call: Call) -> Answer:
    user = await find_user(service, call.fields)
    picture = await asyncio.to_thread(service.registry.picture, user)
    if picture is None:
        raise CossError(NO_PICTURE)
    return done({"userId": user.user_id, "image": encode_base64(picture.data)})


async def find_user(service: Service, fields: Fields, *, unknown: int = NO_SUCH_USER) -> User:
    user = await asyncio.to_thread(service.registry.find_user, fields.text("userId", at_most=128))
    if user is None:
        raise CossError(unknown)
    return user


async def find_signer(service: Service, fields: Fields) -> User:
    """A user who may seal: 89003006 unknown, 89005005 locked, 89005004 cancelled."""
    user = await find_user(service, fields, unknown=NO_SUCH_SIGNER)
    if user.status == "LOCKED":
        raise CossError(USER_LOCKED)
    if user.status == "DELETE":
        raise CossError(USER_CANCELLED)
    return user


def _id_number(fields: Fields, id_type: str) -> str:
    number = fields.text("idNumber", at_most=MAX_ID_NUMBER)
    if id_type == "SF" and _IDENTITY_CARD.match(number) is None:
        raise CossError(ID_NUMBER_MALFORMED)
    return number


def _mobile(text: str) -> str:
    if _MOBILE.match(text) is None:
        raise CossError(MOBILE_MALFORMED)
    return text


async def _picture(service: Service, fields: Fields, name: str) -> bytes | None:
    """A picture that can be decoded; 89003036 where it is too large."""
    at_most = service.settings.seals.max_picture_kb << 10
    picture = fields.optional_octets(name, at_most=at_most, too_large=PICTURE_TOO_LARGE)
    if picture is None:
        return None
    try:
        await service.pool.run(jobs.measure_picture, picture)
    except PdfsealError as error:
        raise coss_error(error, field=name) from error
    return picture


async def _drawn(service: Service, name: str) -> bytes | None:
    """A name seal; None for names that it has no room or no characters for."""
    try:
        return await service.pool.run(jobs.draw_name_seal, name)
    except PdfsealError:
        return None
