"""Keys and certificates for the demonstration: a root, an intermediate and a signer of each kind."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pdfseal import Certificate
from pdfseal.adapters.keys import LocalSigner, generate_sm2, load_private_key, to_pem
from pdfseal.pki.issue import PROFILES, issue_certificate

KINDS = ("sm2", "rsa", "p256")
_OWNERS = {"sm2": "清江市第三人民医院（示例）", "rsa": "远山医疗器械有限公司（示例）", "p256": "张三"}
_LEVELS = (("root", "root", 7300), ("intermediate", "intermediate", 3650), ("signer", "signer", 1095))


@dataclass(frozen=True, slots=True)
class Identity:
    """A demonstration signer: where its key is, its certificate, and what leads to its root."""

    kind: str
    key_path: Path
    certificate: Certificate
    intermediate: Certificate
    root: Certificate


def make_identity(kind: str, folder: Path, now: datetime) -> Identity:
    """Fresh keys and certificates, written to `folder` as `KIND-LEVEL.key.pem` and `.crt.pem`."""
    issuer: Certificate | None = None
    issuer_key: LocalSigner | None = None
    made: list[Certificate] = []
    for level, profile, days in _LEVELS:
        key = _generate(kind)
        name = _OWNERS[kind] if level == "signer" else f"pdfseal demonstration {kind.upper()} {level}"
        certificate = issue_certificate(
            subject=[("C", "CN"), ("O", "pdfseal demonstration"), ("CN", name)],
            public_key=key.public_key,
            signer=issuer_key or key,
            issuer=issuer,
            profile=PROFILES[profile],
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
    return Identity(kind, folder / f"{kind}-signer.key.pem", signer, intermediate, root)


def _generate(kind: str) -> LocalSigner:
    if kind == "sm2":
        return generate_sm2()
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key: Any = (
        ec.generate_private_key(ec.SECP256R1()) if kind == "p256" else rsa.generate_private_key(65537, 2048)
    )
    return load_private_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def now_utc() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
