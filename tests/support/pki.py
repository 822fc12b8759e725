"""The committed test PKI, and chains made on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pdfseal.adapters.keys import LocalSigner, generate_sm2, load_private_key
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.issue import PROFILES, Profile, issue_certificate

PKI = Path(__file__).parents[2] / "fixtures" / "pki"
FAMILIES = ("sm2", "rsa", "p256", "p384")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def certificate(name: str) -> Certificate:
    """`sm2-signer`, `rsa-root`, …"""
    return Certificate.load((PKI / f"{name}.crt.pem").read_bytes())


@cache
def signer(name: str) -> LocalSigner:
    return load_private_key((PKI / f"{name}.key.pem").read_bytes())


def generate(kind: str) -> LocalSigner:
    """A fresh key: sm2, p256, p384, p521, or rsa with its bits, as in `rsa1024`."""
    if kind == "sm2":
        return generate_sm2()
    key: Any
    if kind.startswith("rsa"):
        key = rsa.generate_private_key(65537, int(kind[3:] or 2048))
    else:
        curves = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}
        key = ec.generate_private_key(curves[kind]())
    return load_private_key(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


@dataclass(frozen=True)
class Issued:
    certificate: Certificate
    signer: LocalSigner


def issue(
    name: str,
    issuer: Issued | None = None,
    *,
    kind: str = "p256",
    profile: str | Profile = "signer",
    years: tuple[int, int] = (2020, 2050),
    serial: int = 1,
    key: LocalSigner | None = None,
) -> Issued:
    """A certificate with a fresh key; without `issuer` a root of its own."""
    own = key or generate(kind)
    made = issue_certificate(
        subject=[("C", "CN"), ("CN", name)],
        public_key=own.public_key,
        signer=issuer.signer if issuer else own,
        issuer=issuer.certificate if issuer else None,
        profile=PROFILES[profile] if isinstance(profile, str) else profile,
        serial=serial,
        not_before=datetime(years[0], 1, 1, tzinfo=UTC),
        not_after=datetime(years[1], 1, 1, tzinfo=UTC),
    )
    return Issued(made, own)
