"""What `pdfseal serve --demo` starts with: keys, certificates, an application, a user, an authority.

Everything lies in one folder, with one signed request for each endpoint, so that a curl line is
all it takes. The keys are made on the spot and are worth nothing elsewhere.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pdfseal import InRectangle, Rect, Size, Wording, compose, prepare
from pdfseal.adapters.coss.config import load, master_key
from pdfseal.adapters.coss.signing import sign
from pdfseal.adapters.coss.wire import Fields
from pdfseal.adapters.keys import load_private_key
from pdfseal.adapters.registry import Application, Maker, NewUser, Registry, User, new_master_key
from pdfseal.crypto.digests import digest
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.sealimage import PersonalSeal, seal_image
from pdfseal.sealing import Appearance
from pdfseal.timestamp import TimestampAuthority, make_request
from pdfseal_cli.demo_pki import KINDS, MAKER, Identity, make_identity, now_utc
from pdfseal_cli.edge import say

APP_NAME = "演示应用"
APP_ID = "APP_DEMO0000000000000000000000000001"
SECURE_CODE = "demo-secure-code"
USER = NewUser("张三", "SF", "513436200005039279", "18745292611", "QT", "demo-1")
DEVICE = "DEVICE_demo"
_CONFIG = """\
# Written by `pdfseal serve --demo`. Nothing in this folder is secret or safe.
[server]
host = "{host}"
port = {port}

[registry]
url = "sqlite:///{registry}"
key_file = "registry.key"

[auth]
debug = true

[trust]
anchors = ["pki/roots.pem"]
timestamp_anchors = ["pki/tsa/sm2-root.crt.pem"]
intermediates = ["pki/intermediates.pem"]

[timestamp]
certificate = "pki/tsa/sm2-timestamp.crt.pem"
key = "pki/tsa/sm2-timestamp.key.pem"
chain = ["pki/tsa/sm2-intermediate.crt.pem"]
serials = "timestamps.serials"
"""


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who plays: a signer of each kind, the seal maker, the timestamp authority."""

    signers: dict[str, Identity]
    maker: Identity
    tsa: Identity


def make_demo(folder: str, host: str, port: int, *, say: bool = True) -> str:
    """Make the folder, or take the one that is there; returns the path of its configuration."""
    target = Path(folder).resolve()
    config = target / "service.toml"
    if not config.exists():
        target.mkdir(parents=True, exist_ok=True)
        cast = _make_cast(target / "pki")
        key_file = target / "registry.key"
        key_file.write_text(new_master_key() + "\n", encoding="ascii")
        key_file.chmod(0o600)
        text = _CONFIG.format(host=host, port=port, registry=target / "registry.db")
        config.write_text(text, encoding="utf-8")
        user = _fill_registry(config, cast)
        _write_requests(target / "requests", user, cast)
    if say:
        _tell(target, host, port)
    return str(config)


def _make_cast(folder: Path) -> _Cast:
    now = now_utc()
    for name in ("", "maker", "tsa"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    signers = {kind: make_identity(kind, folder, now) for kind in KINDS}
    maker = make_identity(MAKER, folder / "maker", now)
    tsa = make_identity("sm2", folder / "tsa", now, leaf="timestamp")
    everyone = (*signers.values(), maker)
    (folder / "roots.pem").write_bytes(b"".join(one.root.pem for one in everyone))
    (folder / "intermediates.pem").write_bytes(b"".join(one.intermediate.pem for one in everyone))
    return _Cast(signers, maker, tsa)


def _fill_registry(config: Path, cast: _Cast) -> User:
    settings = load(config, {})
    registry = Registry.open(settings.registry.url, master_key(settings, {}))
    now = now_utc()
    key = cast.maker.key_path.read_text(encoding="ascii")
    maker = Maker(cast.maker.certificate, (cast.maker.intermediate,), key)
    application = registry.add_application(
        APP_NAME, now=now, app_id=APP_ID, secure_code=SECURE_CODE, maker=maker
    )
    user = _add_user(registry, application)
    for one in cast.signers.values():
        registry.add_certificate(user, one.certificate, now=now, chain=(one.intermediate,), device_id=DEVICE)
    registry.close()
    return user


def _add_user(registry: Registry, application: Application) -> User:
    picture = seal_image(PersonalSeal(USER.name), dpi=300)
    return registry.add_user(application, USER, now=now_utc(), picture=picture)


# -- one request for each endpoint ----------------------------------------------------------


def _write_requests(folder: Path, user: User, cast: _Cast) -> None:
    folder.mkdir(exist_ok=True)
    for name, fields in _requests(user, cast).items():
        signed = signed_request(fields)
        (folder / f"{name}.json").write_text(json.dumps(signed, ensure_ascii=False), encoding="utf-8")


def signed_request(fields: dict[str, Any]) -> dict[str, Any]:
    common = {"version": "1.0", "appId": APP_ID, "signAlgo": "HMAC"} | fields
    wire = json.dumps(common, ensure_ascii=False).encode()
    return common | {"signature": sign(Fields.of(wire), SECURE_CODE)}


def _requests(user: User, cast: _Cast) -> dict[str, dict[str, Any]]:
    signer = cast.signers["sm2"]
    certificate = _b64(signer.certificate.der)
    plain = "签名数据".encode()
    key = load_private_key(signer.key_path.read_bytes())
    value = _b64(key.sign(plain, SCHEMES["sm2-sm3"]))
    web_seal = "````".join(
        (value, _b64(signer.certificate.public_key.spki), certificate, "1559650703", "", "[`~][`~][`~]")
    )
    contract = (resources.files("pdfseal_cli") / "data" / "contract.pdf").read_bytes()
    prepared_pdf, to_be_signed, signature, sealed = _sealed(contract, signer)
    who = {"userId": user.user_id}
    return {
        "addUser": {
            "userName": "李四", "idType": "SF", "idNumber": "110101199003070038",
            "mobile": "13700000000", "department": "QT",
        },
        "updateUser": who | {"status": "ACTIVE", "department": "测试部"},
        "queryUserInfo": who,
        "queryImage": who,
        "getCertInfo": {"cert": certificate},
        "queryCert": who | {"deviceId": DEVICE},
        "validationCert": {"cert": certificate},
        "verifySign": {
            "signAlg": "SM3withSM2", "plain": _b64(plain), "signValue": value, "cert": certificate,
        },
        "verifyEssSign": {"signAlg": "SM3withSM2", "plain": _b64(plain), "signValue": web_seal},
        "verifySignData": {
            "inDataType": "DATA", "inData": _b64(plain), "signAlg": "SM3withSM2", "signValue": value,
            "cert": certificate,
        },
        "getHashData": {"hashAlgo": "SM3", "inData": _b64(plain)},
        "genRandom": {"len": 16},
        "createAndGetTssInfo": {"oriData": "test", "attachCert": "true"},
        "getTSInfo": {"type": "1", "tsResp": _token(cast.tsa)},
        "verifyTS": {"oriData": "test", "tsResp": _token(cast.tsa)},
        "getPdfHash": who | {
            "signSealType": "BJCA_SM2",
            "pdfFileStr": _b64(contract),
            "configureSealInfo": {"signType": "个人签章", "signProvince": "北京", "signName": "张三"},
            "coordOfRuleInfo": {"top": 300, "right": 600, "bottom": 200, "left": 350, "pageNo": 1},
            "appName": APP_NAME,
            "signWidth": 150,
            "signHeight": 120,
            "coverTextOfEffect": False,
        },
        "composePdfSeal": who | {
            "signSealType": "CMS_SM2",
            "signValue": _b64(signature),
            "pdfBytesStr": _b64(prepared_pdf),
            "hashSetBytesStr": _b64(to_be_signed),
        },
        "verifyPdfSeal": {"pdfFileStr": _b64(sealed)},
    }  # fmt: skip


def _sealed(contract: bytes, signer: Identity) -> tuple[bytes, bytes, bytes, bytes]:
    """(prepared PDF, to-be-signed, signature, sealed PDF): what two steps of a client would have."""
    prepared = prepare(
        contract,
        placement=InRectangle(3, Rect(150, 340, 260, 430), fit=Size(80, 80)),
        appearance=Appearance(seal_image(PersonalSeal(USER.name), dpi=300)),
        signer=signer.certificate,
        chain=(signer.intermediate,),
        wording=Wording(reason="个人签章", location="北京"),
    )
    key = load_private_key(signer.key_path.read_bytes())
    signature = key.sign(prepared.hash_set_bytes, SCHEMES[prepared.signature_scheme])
    pdf = prepared.pdf_bytes()
    return pdf, prepared.hash_set_bytes, signature, compose(prepared, signature).applied_to(pdf)


def _token(tsa: Identity) -> str:
    now, issuer = now_utc(), load_private_key(tsa.key_path.read_bytes())
    authority = TimestampAuthority(issuer, tsa.certificate, (tsa.intermediate,))
    request = make_request("sm3", digest("sm3", b"test"))
    token = authority.respond(request.der, now=now, serial=lambda: int.from_bytes(os.urandom(8))).token
    return _b64(token or b"")


def _tell(target: Path, host: str, port: int) -> None:
    base = f"http://{host}:{port}"
    say(f"demonstration in {target}: appId {APP_ID}, secureCode {SECURE_CODE}")
    say(f"pages: {base}/   description: {base}/docs   {base}/openapi.json\n")
    for path in sorted((target / "requests").glob("*.json")):
        say(f"curl -s {base}/coss/service/v1/{path.stem} -H 'Content-Type: application/json' -d @{path}")
    say("")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
