"""SM2 by the `gmssl` package, for systems whose libcrypto has no SM2.

About 20 ms a signature or verification, and not in constant time. Two faults of gmssl 3.2 are
kept away from: its constructor strips every leading "0" and "4" of a public key, and its
verification knows neither ranges (checked in `sm2.verify`) nor the point at infinity.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from pdfseal.crypto.keys import SM2_CURVE


class PythonSm2:
    """The backend "python"; see `sm2.Sm2Backend`."""

    name = "python"

    def __init__(self) -> None:
        from gmssl import sm2  # ImportError if it is not installed

        self._module = sm2

    def verify(self, point: bytes, e: bytes, r: int, s: int) -> bool:
        try:
            return bool(self._engine(point=point).verify(f"{r:064x}{s:064x}", e))
        except TypeError:  # gmssl has no point at infinity: a None turns up where it is met
            return False

    def signer(self, private_scalar: int, point: bytes) -> Callable[[bytes], tuple[int, int]]:
        return lambda e: self.sign(private_scalar, point, e)

    def sign(self, private_scalar: int, point: bytes, e: bytes, *, k: int | None = None) -> tuple[int, int]:
        """`k` is the nonce, for the standard's example; otherwise it is random."""
        engine = self._engine(private_scalar=private_scalar, point=point)
        while True:
            nonce = k or 1 + secrets.randbelow(SM2_CURVE.n - 1)
            signature: str | None = engine.sign(e, f"{nonce:064x}")
            if signature is not None:
                return int(signature[:64], 16), int(signature[64:], 16)

    def public_point(self, private_scalar: int) -> bytes:
        engine = self._engine()
        return bytes.fromhex("04" + engine._kg(private_scalar, engine.ecc_table["g"]))

    def _engine(self, *, private_scalar: int = 0, point: bytes = b"") -> Any:
        engine = self._module.CryptSM2(private_key=f"{private_scalar:064x}", public_key="")
        engine.public_key = point[1:].hex()
        return engine


def load() -> PythonSm2:
    """ImportError if `gmssl` is not installed."""
    return PythonSm2()
