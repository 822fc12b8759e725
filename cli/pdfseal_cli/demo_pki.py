"""Keys, certificates and electronic seals for the demonstration.

A root, an intermediate and a signer of each kind, a seal maker with SM2, and one seal of each
layout, made by that maker for the SM2 signer.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pdfseal import Certificate
from pdfseal.adapters.keys import LocalSigner, generate_sm2, load_private_key, to_pem
from pdfseal.containers.seal import SealDraft, finish_seal, seal_to_be_signed
from pdfseal.containers.ses_common import Layout
from pdfseal.crypto.schemes import default_scheme
from pdfseal.pki.issue import PROFILES, issue_certificate

KINDS = ("sm2", "rsa", "p256")
MAKER = "sm2-maker"
_OWNERS = {
    "sm2": "清江市第三人民医院（示例）",
    "rsa": "远山医疗器械有限公司（示例）",
    "p256": "张三",
    MAKER: "演示制章中心",
}
_LEVELS = (("root", 7300), ("intermediate", 3650))  # profile and days of validity
_LEAF_DAYS = 1095


@dataclass(frozen=True, slots=True)
class Identity:
    """A demonstration signer: where its key is, its certificate, and what leads to its root."""

    kind: str
    key_path: Path
    certificate: Certificate
    intermediate: Certificate
    root: Certificate


def make_identity(kind: str, folder: Path, now: datetime, *, leaf: str = "signer") -> Identity:
    """Fresh keys and certificates, written to `folder` as `KIND-LEVEL.key.pem` and `.crt.pem`.

    `leaf` is the profile at the end: "signer" or "timestamp".
    """
    issuer: Certificate | None = None
    issuer_key: LocalSigner | None = None
    made: list[Certificate] = []
    for level, days in (*_LEVELS, (leaf, _LEAF_DAYS)):
        key = _generate(kind)
        name = _OWNERS[kind] if level == "signer" else f"pdfseal demonstration {kind.upper()} {level}"
        certificate = issue_certificate(
            subject=[("C", "CN"), ("O", "pdfseal demonstration"), ("CN", name)],
            public_key=key.public_key,
            signer=issuer_key or key,
            issuer=issuer,
            profile=PROFILES[level],
            serial=secrets.randbits(127) | 1,
            not_before=now - timedelta(days=1),
            not_after=now + timedelta(days=days),
        )
        (folder / f"{kind}-{level}.key.pem").write_bytes(to_pem(key))
        (folder / f"{kind}-{level}.key.pem").chmod(0o600)
        (folder / f"{kind}-{level}.crt.pem").write_bytes(certificate.pem)
        issuer, issuer_key = certificate, key
        made.append(certificate)
    root, intermediate, signer = made
    return Identity(kind, folder / f"{kind}-{leaf}.key.pem", signer, intermediate, root)


def make_seal(
    layout: Layout, picture: bytes, size_mm: int, owner: Identity, maker: Identity, now: datetime
) -> bytes:
    """An SESeal for `owner`, signed by the maker's own key."""
    draft = SealDraft(
        layout=layout,
        name="合同专用章",
        type=1,
        picture=picture,
        width_mm=size_mm,
        height_mm=size_mm,
        owners=(owner.certificate,),
        created=now,
        valid_from=now - timedelta(hours=1),
        valid_until=now + timedelta(days=1095),
        esid=str(uuid.uuid4()),
        vendor="pdfseal",
    )
    to_be_signed = seal_to_be_signed(draft, maker=maker.certificate)
    key = load_private_key(maker.key_path.read_bytes())
    signature = key.sign(to_be_signed, default_scheme(key.public_key))
    return finish_seal(to_be_signed, signature, maker=maker.certificate)


def _generate(kind: str) -> LocalSigner:
    if kind.startswith("sm2"):
        return generate_sm2()
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key: Any = (
        ec.generate_private_key(ec.SECP256R1()) if kind == "p256" else rsa.generate_private_key(65537, 2048)
    )
    return load_private_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def now_utc() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
