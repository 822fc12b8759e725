"""Seals a PDF in one call, with a key and certificates of fixtures/pki: for tests that need a sealed file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pdfseal
from pdfseal.adapters.keys import LocalSigner, load_private_key
from pdfseal.crypto.schemes import SCHEMES

FIXTURES = Path(__file__).parents[2] / "fixtures"
WHEN = datetime(2026, 6, 1, 4, 30, tzinfo=UTC)  # inside the validity of every good test certificate


@dataclass(frozen=True)
class Sealed:
    """`prepare_ms` is the wall time of `pdfseal.prepare` alone, in milliseconds."""

    pdf: bytes
    prepared: pdfseal.PreparedSeal
    prepare_ms: float


@cache
def certificate(name: str) -> pdfseal.Certificate:
    """A certificate of fixtures/pki by its file's stem, such as "p256-signer"."""
    return pdfseal.Certificate.load((FIXTURES / "pki" / f"{name}.crt.pem").read_bytes())


@cache
def private_key(name: str) -> LocalSigner:
    return load_private_key((FIXTURES / "pki" / f"{name}.key.pem").read_bytes())


@cache
def trust(family: str) -> pdfseal.TrustAnchors:
    return pdfseal.TrustAnchors.load((FIXTURES / "pki" / f"{family}-root.crt.pem").read_bytes())


@cache
def picture(name: str = "seal-round-alpha.png") -> bytes:
    return (FIXTURES / "pictures" / name).read_bytes()


def seal(
    pdf: bytes,
    *,
    family: str = "p256",
    placement: pdfseal.InRectangle | pdfseal.AtPoint | None = None,
    **options: object,
) -> Sealed:
    """Prepare, sign and compose. `family`: p256, p384, rsa or sm2. `options` go to `pdfseal.prepare`."""
    place = placement or pdfseal.InRectangle(
        page=1, rect=pdfseal.Rect(20, 20, 80, 80), fit=pdfseal.Size(60, 60)
    )
    start = time.perf_counter()
    prepared = pdfseal.prepare(
        pdf,
        placement=place,
        appearance=pdfseal.Appearance(picture=picture()),
        signer=certificate(f"{family}-signer"),
        chain=[certificate(f"{family}-inter")],
        when=WHEN,
        **options,  # type: ignore[arg-type]
    )
    prepare_ms = (time.perf_counter() - start) * 1000
    scheme = SCHEMES[prepared.signature_scheme]
    signature = private_key(f"{family}-signer").sign(prepared.hash_set_bytes, scheme)
    patch = pdfseal.compose(prepared, signature)
    return Sealed(patch.applied_to(prepared.pdf_bytes()), prepared, prepare_ms)
