"""Timestamp rows: verification against rfc3161-client, and how many the authority gives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from cryptography import x509
from rfc3161_client import VerifierBuilder, decode_timestamp_response

import pdfseal
from bench.harness import Row, paired
from bench.inputs import FIXTURES
from pdfseal.adapters.keys import load_private_key
from pdfseal.pki import certificate as certificates
from pdfseal.pki import rfc5280
from pdfseal.timestamp import TimestampAuthority, make_request, read_token, verify_token

WHEN = datetime(2026, 6, 1, tzinfo=UTC)
DATA = b"data"


def _file(name: str) -> bytes:
    return (FIXTURES / "pki" / name).read_bytes()


def timestamps() -> Iterator[Row]:
    """Whole responses, decoded and verified with a path of two certificates to the root."""
    certificate = pdfseal.Certificate.load(_file("p256-tsa.crt.pem"))
    between = pdfseal.Certificate.load(_file("p256-inter.crt.pem"))
    anchors = pdfseal.TrustAnchors.load(_file("p256-root.crt.pem"))
    authority = TimestampAuthority(load_private_key(_file("p256-tsa.key.pem")), certificate, (between,))
    imprint = hashlib.sha512(DATA).digest()
    request = make_request("sha512", imprint, nonce=7).der
    response = authority.answer(request, now=WHEN, serial=lambda: 1)
    verifier = (
        VerifierBuilder()
        .add_root_certificate(x509.load_pem_x509_certificate(_file("p256-root.crt.pem")))
        .nonce(7)
        .build()
    )

    def peer() -> None:
        if not verifier.verify(decode_timestamp_response(response), imprint):
            raise RuntimeError("rfc3161-client refuses the token")

    def ours() -> None:
        if not verify_token(read_token(response), imprint=imprint, nonce=7, anchors=anchors).trusted:
            raise RuntimeError("the token is not trusted")

    def uncached() -> None:
        for remembered in (rfc5280.verified, rfc5280.path_fault, certificates._read_whole):
            remembered.cache_clear()
        ours()

    yield paired("timestamp verify, P-256", ours, peer=peer, aim_speedup=1.0, runs=15, batch=100,
                 note="peer: rfc3161-client; certificates and paths remembered")  # fmt: skip
    yield paired("timestamp verify, P-256, all anew", uncached, peer=peer, runs=15, batch=30,
                 note="peer: rfc3161-client; nothing remembered")  # fmt: skip

    def answer() -> None:
        authority.answer(request, now=WHEN, serial=lambda: 1)

    yield paired("timestamp authority, P-256", answer, runs=15, batch=50, note="one answer")


TIMESTAMP_ROWS = {"timestamps": timestamps}
