"""The service in this process, with a registry of test users, and a client written from the manual alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from pdfseal.adapters.coss.app import make_app
from pdfseal.adapters.coss.config import RegistrySettings, Seals, Server, Settings, Timestamp, Trust
from pdfseal.adapters.coss.server import GuardedProtocol
from pdfseal.adapters.registry import Application, Maker, NewUser, Registry, User
from pdfseal.crypto.schemes import default_scheme
from tests.support import pki

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "fixtures" / "pictures"
EXAMPLES = json.loads((ROOT / "fixtures" / "coss" / "examples.json").read_text(encoding="utf-8"))
PDF = (ROOT / "cli" / "pdfseal_cli" / "data" / "contract.pdf").read_bytes()
KEY = b"0123456789abcdef0123456789abcdef"
ZHANG = NewUser("张三", "SF", "513436200005039279", "18745292611", "QT", "zhang-1")
DEVICE = "DEVICE_test"
SEAL_TYPES = {
    "BJCA_SM2": "sm2", "GM_SM2": "sm2", "GB_SM2": "sm2", "CMS_SM2": "sm2", "CMS_RSA": "rsa",
    "CMS_ECDSA": "p256",
}  # fmt: skip
PERSON_125_156 = (PICTURES / "seal-person-125x156.png").read_bytes()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    return base64.b64decode(text)


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Settings over the committed test PKI, everything written below `folder`."""
    (folder / "registry.key").write_text(KEY.hex(), encoding="ascii")
    path = pki.PKI
    made = Settings(
        server=Server(processes=1, base_path="/coss", log_level="debug"),
        registry=RegistrySettings(f"sqlite:///{folder / 'registry.db'}", str(folder / "registry.key")),
        trust=Trust(
            anchors=tuple(str(path / f"{name}-root.crt.pem") for name in ("sm2", "rsa", "p256")),
            intermediates=tuple(str(path / f"{name}-inter.crt.pem") for name in ("sm2", "rsa", "p256")),
        ),
        timestamp=Timestamp(
            certificate=str(path / "sm2-tsa.crt.pem"), key=str(path / "sm2-tsa.key.pem"),
            chain=(str(path / "sm2-inter.crt.pem"),), serials=str(folder / "serials"),
        ),
        seals=Seals(),
    )  # fmt: skip
    return replace(made, **{name: replace(getattr(made, name), **value) for name, value in changes.items()})


@dataclass
class Client:
    """Signs as the manual's 2.5.3 says, plainest form; `post` gives the answer's JSON."""

    http: Any
    registry: Registry
    application: Application
    user: User
    app: Any = None
    base: str = "/coss/service/v1/"

    def signed(self, fields: dict[str, Any], **common: Any) -> dict[str, Any]:
        body = {"version": "1.0", "appId": self.application.app_id, "signAlgo": "HMAC"} | common | fields
        return body | {"signature": sign(body, self.application.secure_code)}

    def post(self, name: str, fields: dict[str, Any], **common: Any) -> dict[str, Any]:
        return self.send(name, self.signed(fields, **common))

    def send(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post(self.base + name, content=json.dumps(body, ensure_ascii=False).encode())
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ok(self, name: str, fields: dict[str, Any]) -> Any:
        answer = self.post(name, fields)
        assert answer["status"] == 200, answer
        return answer.get("data")

    def code(self, name: str, fields: dict[str, Any]) -> int:
        return int(self.post(name, fields)["status"])


def sign(body: dict[str, Any], secret: str) -> str:
    """k=v of the values that are not empty, by name, HMAC-SHA256, base64."""
    parts = []
    for name in sorted(body):
        value = body[name]
        if name == "signature" or value is None or value == "":
            continue
        if isinstance(value, dict | list):
            value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        elif isinstance(value, bool):
            value = "true" if value else "false"
        parts.append(f"{name}={value}")
    return b64(hmac.digest(secret.encode(), "&".join(parts).encode(), hashlib.sha256))


def fill(registry: Registry) -> tuple[Application, User]:
    """An application with a maker, and a user with a certificate of each kind."""
    now = datetime.now(UTC).replace(microsecond=0)
    key = (pki.PKI / "sm2-signer.key.pem").read_text(encoding="ascii")
    maker = Maker(pki.certificate("sm2-signer"), (pki.certificate("sm2-inter"),), key)
    application = registry.add_application("HIS", now=now, maker=maker)
    user = registry.add_user(application, ZHANG, now=now, picture=PERSON_125_156)
    for kind in ("sm2", "rsa", "p256"):
        registry.add_certificate(
            user, pki.certificate(f"{kind}-signer"), now=now, device_id=DEVICE,
            chain=(pki.certificate(f"{kind}-inter"),),
        )  # fmt: skip
    return application, user


@contextmanager
def running(folder: Path, **changes: Any) -> Iterator[Client]:
    """The application with its lifespan, in this process."""
    settings = settings_in(folder, **changes)
    registry = Registry.open(settings.registry.url, KEY)
    known = registry.find_application("HIS")
    if known is None:
        application, user = fill(registry)
    else:
        user = registry.find_user_by_document("SF", ZHANG.id_number)  # type: ignore[assignment]
        application = known
    app = make_app(settings)
    with served(app) as address, httpx.Client(base_url=address, timeout=60) as http:
        yield Client(http, registry, application, user, app)
    registry.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The application behind uvicorn and a real socket, in a thread of this process."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, http=GuardedProtocol, ws="none", log_config=None, access_log=False, lifespan="on"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive(), "the service did not stop"


def pdf_hash_request(client: Client, seal_type: str = "CMS_SM2", **changes: Any) -> dict[str, Any]:
    """A request for getPdfHash; a field that is None is left out."""
    fields: dict[str, Any] = {
        "userId": client.user.user_id,
        "signSealType": seal_type,
        "pdfFileStr": b64(PDF),
        "configureSealInfo": {"signType": "个人签章", "signProvince": "北京", "signName": "张三"},
        "coordOfRuleInfo": {"top": 300, "right": 600, "bottom": 200, "left": 350, "pageNo": 1},
        "signWidth": 150,
        "signHeight": 120,
        "appName": "HIS",
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def outside_signature(seal_type: str, to_be_signed: bytes) -> bytes:
    """What the user's phone would answer."""
    signer = pki.signer(f"{SEAL_TYPES[seal_type]}-signer")
    return signer.sign(to_be_signed, default_scheme(signer.public_key))


def seal_pdf(client: Client, seal_type: str, **changes: Any) -> bytes:
    """Both steps; `tssSignValue` among the changes goes to the second."""
    token = changes.pop("tssSignValue", None)
    data = client.ok("getPdfHash", pdf_hash_request(client, seal_type, **changes))
    signature = outside_signature(seal_type, unb64(data["hashSetBytes"]))
    fields = {
        "userId": client.user.user_id,
        "signSealType": seal_type,
        "signValue": b64(signature),
        "pdfBytesStr": data["pdfBytes"],
        "hashSetBytesStr": data["hashSetBytes"],
    }
    if token is not None:
        fields["tssSignValue"] = token(signature)
    return unb64(client.ok("composePdfSeal", fields))


def log_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
