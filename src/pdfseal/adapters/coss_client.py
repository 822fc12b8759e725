"""A client of the COSS interface: signs requests, seals in both steps. Needs httpx, nothing of the service.

    client = CossClient("http://127.0.0.1:8759/coss", app_id, secure_code)
    user_id = client.call("addUser", userName="张三", idType="SF", idNumber=…, mobile=…)["userId"]
    prepared = client.prepare(pdf, user_id, place={"left": 350, "bottom": 200, "right": 600, "top": 300},
                              wording={"signType": "个人签章", "signProvince": "北京", "signName": "张三"})
    signature = ask_the_outside_signer(prepared.to_be_signed)
    sealed = client.compose(prepared, signature)
    client.call("verifyPdfSeal", pdfFileStr=sealed)

Bytes among the fields are sent as base64. Every answer other than success is a `CossFailure`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pdfseal.errors import OutsideError

VERSION, ALGORITHM = "2.0.7", "HMACSHA256"


class CossFailure(OutsideError):
    """The service answered with a code other than 200, which is `status`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__("service_refused", f"the service answered {status}: {message}")
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, self.message.partition(": ")[2])


@dataclass(frozen=True, slots=True)
class Prepared:
    """What getPdfHash gave. `to_be_signed` goes to the signer, or `digest` (e, for SM2) does."""

    user_id: str
    seal_type: str
    pdf: bytes = field(repr=False)
    to_be_signed: bytes = field(repr=False)
    digest: bytes
    rectangles: tuple[dict[str, Any], ...]


@dataclass
class CossClient:
    """`base` ends with what stands before `/service/v1/`. `transport`: an httpx.Client of the caller's."""

    base: str
    app_id: str
    secure_code: str = field(repr=False)
    transport: Any = None
    timeout_s: float = 120.0

    def call(self, name: str, /, **fields: Any) -> Any:
        """The `data` of the answer (genRandom: its message). Fields that are None are left out.

        Raises CossFailure; OutsideError `service_failed` where there is no answer in the interface's shape.
        """
        import httpx

        body = {name: _plain(value) for name, value in fields.items() if value is not None and value != ""}
        body |= {"appId": self.app_id, "version": VERSION, "signAlgo": ALGORITHM}
        body["signature"] = sign(body, self.secure_code)
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        client = self.transport or httpx.Client(timeout=self.timeout_s)
        try:
            answer = client.post(
                f"{self.base.rstrip('/')}/service/v1/{name}", content=content,
                headers={"content-type": "application/json"},
            ).json()  # fmt: skip
            status = int(answer["status"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            message = f"{name}: no answer of the service ({type(error).__name__})"
            raise OutsideError("service_failed", message) from error
        finally:
            if self.transport is None:
                client.close()
        if status != 200:
            raise CossFailure(status, str(answer.get("message", "")))
        return answer["message"] if name == "genRandom" else answer.get("data")

    def prepare(
        self,
        pdf: bytes,
        user_id: str,
        *,
        wording: Mapping[str, str],
        place: Mapping[str, float] | None = None,
        keyword: Mapping[str, Any] | None = None,
        seal_type: str = "BJCA_SM2",
        **more: Any,
    ) -> Prepared:
        """getPdfHash. `place` is coordOfRuleInfo, `keyword` keywordsOfRuleInfo; `more`: other fields."""
        data = self.call(
            "getPdfHash", userId=user_id, signSealType=seal_type, pdfFileStr=pdf,
            configureSealInfo=dict(wording), coordOfRuleInfo=None if place is None else dict(place),
            keywordsOfRuleInfo=None if keyword is None else dict(keyword), **more,
        )  # fmt: skip
        return Prepared(
            user_id,
            seal_type,
            base64.b64decode(data["pdfBytes"]),
            base64.b64decode(data["hashSetBytes"]),
            base64.b64decode(data["hashSetHashBytes"]),
            tuple(data.get("rectangleBeans", [data["rectangleBean"]])),
        )

    def compose(self, prepared: Prepared, signature: bytes, *, timestamp: bool = False) -> bytes:
        """composePdfSeal: the sealed PDF. `timestamp` asks the service for one over the signature first."""
        token = None
        if timestamp:
            text = base64.b64encode(signature).decode("ascii")
            token = self.call("createAndGetTssInfo", oriData=text, attachCert="true")["tsResp"]
        data = self.call(
            "composePdfSeal", userId=prepared.user_id, signSealType=prepared.seal_type, signValue=signature,
            pdfBytesStr=prepared.pdf, hashSetBytesStr=prepared.to_be_signed, tssSignValue=token,
        )  # fmt: skip
        return base64.b64decode(data)


def sign(body: Mapping[str, Any], secure_code: str) -> str:
    """The request signature of 2.5.3 in its plainest form, base64."""
    text = "&".join(f"{name}={_text(body[name])}" for name in sorted(body) if name != "signature")
    return base64.b64encode(hmac.digest(secure_code.encode(), text.encode(), hashlib.sha256)).decode("ascii")


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
