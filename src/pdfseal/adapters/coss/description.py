"""The interface described: fields of each endpoint, for the OpenAPI document and the page /docs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pdfseal.adapters.coss.codes import MEANINGS
from pdfseal.adapters.coss.sealing_rules import SEAL_TYPES

Kind = Literal["string", "integer", "number", "boolean", "object", "base64"]


@dataclass(frozen=True, slots=True)
class Field:
    """`inner`: the fields of an object. `words`: the values that are allowed."""

    name: str
    kind: Kind
    required: bool
    note: str
    inner: tuple[Field, ...] = ()
    words: tuple[str, ...] = ()
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Described:
    name: str
    section: str
    title: str
    fields: tuple[Field, ...]
    data: str  # what `data` of the answer holds
    codes: tuple[int, ...] = ()


def _must(name: str, kind: Kind, note: str, **more: Any) -> Field:
    return Field(name, kind, True, note, **more)


def _may(name: str, kind: Kind, note: str, **more: Any) -> Field:
    return Field(name, kind, False, note, **more)


_ID_TYPES = ("SF", "GA", "HZ", "QT")
_USER = _must("userId", "string", "the user's MSSPID", at_most=128)
_CERT = _must("cert", "base64", "certificate: DER, PEM or base64 of either")
_SEAL_TYPE = _may(
    "signSealType", "string", "container of the seal, BJCA_SM2 if absent", words=tuple(SEAL_TYPES)
)
_WORDING = _must(
    "configureSealInfo", "object", "what the signature says in words",
    inner=(
        _must("signType", "string", "kind of seal: becomes the reason", at_most=200),
        _must("signProvince", "string", "place: becomes the location", at_most=200),
        _must("signName", "string", "contact: becomes name and contact", at_most=200),
    ),
)  # fmt: skip
_COORDINATES = _may(
    "coordOfRuleInfo", "object", "the seal is centred in this rectangle; lengths in pt",
    inner=(
        _must("left", "number", "edge"), _must("bottom", "number", "edge"),
        _must("right", "number", "edge"), _must("top", "number", "edge"),
        _may("pageNo", "integer", "page from 1; 0 is every page; 1 if absent"),
    ),
)  # fmt: skip
_KEYWORDS = _may(
    "keywordsOfRuleInfo", "object", "where a text stands; wins over coordinates",
    inner=(
        _may("keyWord", "string", "the text", at_most=200),
        _may("signKeywordsPosition", "integer", "1 centre (default), 2 below, 3 right"),
        _may("signKeywordsSearch", "integer", "0 all, 1 from the end, 2 from the beginning (default)"),
        _may("keywordNum", "integer", "which match, 1 if absent; with 0 ALL it must be 1"),
        _may("coordinateX", "number", "moved to the right by so many pt, not negative"),
        _may("coordinateY", "number", "moved down by so many pt, not negative"),
    ),
)  # fmt: skip

ENDPOINTS: tuple[Described, ...] = (
    Described("addUser", "3.3.1", "Add a user", (
        _must("userName", "string", "name, without spaces around it", at_most=50),
        _must("idNumber", "string", "number of the identity document", at_most=30),
        _must("idType", "string", "its kind", words=_ID_TYPES),
        _must("mobile", "string", "telephone", at_most=32),
        _may("department", "string", "department", at_most=64),
        _may("uniqueId", "string", "identifier in the calling system", at_most=64),
        _may("signImg", "base64", "seal picture, at most 1 MB; drawn from the name if absent"),
        _may("requireCert", "string", "whether a certificate may be issued", words=("Y", "N")),
    ), "userId", (89000001, 89000008, 89003020, 89003036, 89003037, 89004001, 89004002, 89004010, 89004011,
                  89004019)),
    Described("updateUser", "3.4.1.5", "Change a user", (
        _USER,
        _may("status", "string", "new status", words=("ACTIVE", "LOCKED", "DELETE")),
        _may("department", "string", "department", at_most=64),
        _may("mobile", "string", "telephone", at_most=32),
        _may("image", "base64", "new seal picture, at most 1 MB"),
        _may("uniqueId", "string", "identifier in the calling system", at_most=64),
    ), "nothing", (89000001, 89003020, 89003036, 89004011, 89004012, 89004019, 89004022)),
    Described("queryUserInfo", "3.4.1.4", "Ask for a user", (
        _may("userId", "string", "first choice", at_most=128),
        _may("idNumber", "string", "second choice, with idType", at_most=30),
        _may("idType", "string", "kind of document"),
        _may("uniqueId", "string", "third choice", at_most=64),
    ), "the user", (89000001, 89004020, 89004022, 89004023)),
    Described("queryImage", "3.4.2.4", "Ask for a user's seal picture", (_USER,), "userId, image",
              (89003007, 89004022)),
    Described("getCertInfo", "3.4.6.1", "Read a certificate", (
        _CERT, _may("oid", "string", "an extension whose text is wanted", at_most=200),
    ), "userId, certCN, certDN, serialNumber, sigAlgName, oidResult", (89003020, 89003021)),
    Described("queryCert", "3.4.6.2", "Ask for a user's certificates on a device", (
        _USER, _must("deviceId", "string", "the device", at_most=128),
    ), "certInfos", (89003005, 89004022)),
    Described("validationCert", "3.4.6.3", "Judge a certificate", (_CERT,), "nothing",
              (89003021, 89003026, 89003027, 89003028, 89003029, 89003031, 89003035, 89004030)),
    Described("verifySign", "3.4.4.1", "Verify a signature over data", (
        _must("signAlg", "string", "algorithm", words=("SM3withSM2",)),
        _must("plain", "base64", "the data"), _must("signValue", "base64", "DER or raw r and s"), _CERT,
    ), "nothing", (89003018, 89003019, 89003020, 89003021)),
    Described("verifyEssSign", "3.4.4.2", "Verify a web seal", (
        _must("signAlg", "string", "algorithm", words=("SM3withSM2",)),
        _must("plain", "base64", "the data"),
        _must("signValue", "string", "signature, key, certificate, time, picture; four back-quotes between"),
    ), "nothing", (89000001, 89003019, 89003020, 89003021)),
    Described("verifySignData", "3.4.9.3", "Verify data, a digest or a web seal", (
        _must("inDataType", "string", "what inData is", words=("DATA", "HASH", "WEB_SEAL")),
        _must("inData", "base64", "data or digest"),
        _must("signAlg", "string", "algorithm", words=("SHA1withRSA", "SHA256withRSA", "SM3withSM2")),
        _must("signValue", "base64", "signature, or a web seal's text"), _CERT,
    ), "true or false", (89000001, 89003018, 89003020, 89003021)),
    Described("getHashData", "3.4.9.2", "Digest of a text as it is sent", (
        _must("hashAlgo", "string", "digest", words=("SHA1", "SHA256", "SM3")),
        _must("inData", "string", "the text; it is not decoded"),
        _may("containPubKey", "boolean", "SM3 only: put Z of the certificate's key in front"),
        _may("cert", "base64", "needed with containPubKey"),
    ), "digest, base64", (89000001, 89003018, 89003021)),
    Described("genRandom", "3.4.9.1", "Random octets", (
        _must("len", "integer", "how many, 1 to 4096"),
    ), "nothing; the octets are the message, base64"),
    Described("createAndGetTssInfo", "3.4.7.1", "Make a timestamp", (
        _must("oriData", "string", "the text whose UTF-8 octets are stamped"),
        _must("attachCert", "boolean", "whether the token carries the authority's certificate"),
    ), "tsResp"),
    Described("getTSInfo", "3.4.7.2", "Read a timestamp", (
        _must("tsResp", "base64", "token, or a whole response"),
        _must("type", "integer", "1 time, 2 imprint, 3 certificate, 4 the certificate's serial number"),
    ), "tsInfo", (89000001, 89003005, 89003020)),
    Described("verifyTS", "3.4.7.3", "Verify a timestamp", (
        _must("oriData", "string", "the text that was stamped"),
        _must("tsResp", "base64", "token, or a whole response"),
    ), "verifyRes: 1 good, -1 signature, -2 data, -3 root, -4 not yet valid, -5 no certificate, -6 expired",
              (89003020,)),
    Described("getPdfHash", "3.4.8.1", "Prepare a PDF for an outside signature", (
        _USER, _SEAL_TYPE, _must("pdfFileStr", "base64", "the PDF"), _WORDING, _COORDINATES, _KEYWORDS,
        _may("signWidth", "number", "largest width of the seal, pt"),
        _may("signHeight", "number", "largest height of the seal, pt"),
        _may("opacityOfEffect", "integer", "opacity in per cent; 0 and absent are 100"),
        _may("coverTextOfEffect", "boolean", "cover the text instead of letting it shine through"),
        _may("appName", "string", "application whose seal maker is used; needed for GM_SM2 and GB_SM2"),
    ), "pdfBytes, hashBytes, hashSetBytes, hashSetHashBytes, rectangleBean, rectangleBeans",
              (89000001, 89003001, 89003005, 89003006, 89003007, 89003020, 89003031, 89003035, 89005004,
               89005005)),
    Described("composePdfSeal", "3.4.8.2", "Put the outside signature into the prepared PDF", (
        _USER, _SEAL_TYPE,
        _must("signValue", "base64", "signature over hashSetBytes: DER, or raw r and s"),
        _must("pdfBytesStr", "base64", "pdfBytes of getPdfHash"),
        _must("hashSetBytesStr", "base64", "hashSetBytes of getPdfHash"),
        _may("tssSignValue", "base64", "timestamp over the signature, or over its base64 text"),
    ), "the sealed PDF, base64", (89000001, 89003005, 89003006, 89003013, 89003019, 89003020)),
    Described("verifyPdfSeal", "3.4.8.3", "Verify every seal of a PDF", (
        _must("pdfFileStr", "base64", "the PDF"), _SEAL_TYPE,
        _may("certChainStr", "base64", "anchors for this call, several parted by commas"),
    ), "statusCode, message: one entry a signature", (89000001, 89003020, 89003021)),
)  # fmt: skip

_TYPES: dict[str, Any] = {
    "base64": {"type": "string", "contentEncoding": "base64"},
    "object": {"type": "object"},
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
}


def openapi(base_path: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    codes = {str(code): meaning for code, meaning in MEANINGS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pdfseal: COSS-compatible service",
            "version": "2.0.8",
            "description": "Every request is signed: HMAC-SHA256 over k=v&k=v by name, base64. Every answer "
            "has HTTP status 200 and the code in `status`.",
            "x-status-codes": codes,
        },
        "paths": {f"{base_path}/service/v1/{one.name}": {"post": _operation(one)} for one in ENDPOINTS},
    }


def _operation(one: Described) -> dict[str, Any]:
    common = {
        "appId": {"type": "string"},
        "signature": {"type": "string", "description": "request signature, base64"},
        "signAlgo": {"type": "string", "enum": ["HMAC", "HMACSHA256"]},
        "version": {"type": "string", "pattern": r"^\d+(\.\d+){0,3}$"},
        "transId": {"type": "string", "maxLength": 128},
    }
    schema = _object(one.fields)
    schema["properties"] |= common
    schema["required"] += ["appId", "signature"]
    answer = {
        "type": "object",
        "required": ["status", "message"],
        "properties": {
            "status": {"type": "integer", "enum": sorted({200, 89000001, 89000003, 89000005, *MEANINGS})},
            "message": {"type": "string"},
            "transId": {"type": "string"},
            "data": {"description": one.data},
        },
    }
    shaped = {"application/json": {"schema": answer}}
    turned_away = {"413": "too large", "429": "too many failures", "503": "no room"}
    return {
        "operationId": one.name,
        "summary": f"{one.title} (manual, {one.section})",
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"description": "the answer, also of failures", "content": shaped}}
        | {code: {"description": why, "content": shaped} for code, why in turned_away.items()},
    }


def _object(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {one.name: _schema(one) for one in fields},
        "required": [one.name for one in fields if one.required],
    }


def _schema(one: Field) -> dict[str, Any]:
    schema: dict[str, Any] = _object(one.inner) if one.inner else dict(_TYPES[one.kind])
    schema["description"] = one.note
    if one.words:
        schema["enum"] = list(one.words)
    if one.at_most is not None:
        schema["maxLength"] = one.at_most
    return schema
