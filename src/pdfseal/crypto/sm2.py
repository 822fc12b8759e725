"""SM2 signatures (GB/T 32918.2-2016) over e, behind one small protocol with two backends.

"native" is the libcrypto that Python carries, "python" is the `gmssl` package: forty times
slower, and there for systems whose libcrypto has no SM2. The environment variable
PDFSEAL_SM2 (`native` or `python`) forces one, for tests. Each backend has to pass a
known-answer test before it is used.

    e = SM3(Z_A ‖ message)      Z_A = SM3(ENTL ‖ ID ‖ a ‖ b ‖ xG ‖ yG ‖ xA ‖ yA)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from pdfseal.crypto import sm2_native, sm2_python
from pdfseal.crypto.digests import digest
from pdfseal.crypto.keys import SM2_CURVE
from pdfseal.errors import CallerError, InternalError

DEFAULT_USER_ID = b"1234567812345678"  # GM/T 0009-2012, clause 10
ENVIRONMENT = "PDFSEAL_SM2"
N = SM2_CURVE.n

_CURVE_OCTETS = (
    SM2_CURVE.a.to_bytes(32)
    + SM2_CURVE.b.to_bytes(32)
    + bytes.fromhex("32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7")
    + bytes.fromhex("BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0")
)


class Sm2Backend(Protocol):
    """SM2 over the 32-byte e. Points are 04 ‖ x ‖ y, 65 octets, known to be on the curve."""

    name: str

    def verify(self, point: bytes, e: bytes, r: int, s: int) -> bool: ...

    def signer(self, private_scalar: int, point: bytes) -> Callable[[bytes], tuple[int, int]]: ...

    def public_point(self, private_scalar: int) -> bytes: ...


# The example of GB/T 32918.5-2017, annex A.2: d, P, e, r, s.
_KNOWN_D = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
_KNOWN_POINT = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
_KNOWN_E = bytes.fromhex("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640")
_KNOWN_R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
_KNOWN_S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA

_BACKENDS: dict[str, Callable[[], Sm2Backend]] = {"native": sm2_native.load, "python": sm2_python.load}


def backend() -> Sm2Backend:
    """The backend in use: the forced one, else native, else python. InternalError if none works."""
    forced = os.environ.get(ENVIRONMENT, "")
    return _backend(forced)


@lru_cache(maxsize=4)
def _backend(forced: str) -> Sm2Backend:
    if forced and forced not in _BACKENDS:
        raise CallerError("argument", f"{ENVIRONMENT} is {forced!r}: it must be native or python")
    failures: list[str] = []
    for name in [forced] if forced else _BACKENDS:
        try:
            candidate = _BACKENDS[name]()
            known_answer_test(candidate)
            return candidate
        except (OSError, AttributeError, ImportError, InternalError) as error:
            failures.append(f"{name}: {error}")
    raise InternalError("internal", f"no SM2 implementation works ({'; '.join(failures)})")


def known_answer_test(candidate: Sm2Backend) -> None:
    """InternalError if `candidate` does not reproduce the standard's example, or accepts a wrong one."""
    wrong = bytes([_KNOWN_E[0] ^ 1]) + _KNOWN_E[1:]
    signed = candidate.signer(_KNOWN_D, _KNOWN_POINT)(_KNOWN_E)
    good = (
        candidate.public_point(_KNOWN_D) == _KNOWN_POINT
        and candidate.verify(_KNOWN_POINT, _KNOWN_E, _KNOWN_R, _KNOWN_S)
        and candidate.verify(_KNOWN_POINT, _KNOWN_E, *signed)
        and not candidate.verify(_KNOWN_POINT, wrong, _KNOWN_R, _KNOWN_S)
        and not candidate.verify(_KNOWN_POINT, _KNOWN_E, _KNOWN_S, _KNOWN_R)
    )
    if not good:
        raise InternalError("internal", f"the SM2 backend {candidate.name!r} fails its known-answer test")


def verify(point: bytes, e: bytes, r: int, s: int) -> bool:
    """Whether (r, s) signs the 32 octets `e`; r and s outside 1 … n-1 never do (GB/T 32918.2, 7.1 B1, B2)."""
    if not (0 < r < N and 0 < s < N) or (r + s) % N == 0:
        return False
    return backend().verify(point, e, r, s)


def sign(private_scalar: int, point: bytes, e: bytes) -> tuple[int, int]:
    """(r, s) over the 32 octets `e`. `private_scalar` must be in 1 … n-2 (GB/T 32918.1, 6.1)."""
    return signer(private_scalar, point)(e)


def signer(private_scalar: int, point: bytes) -> Callable[[bytes], tuple[int, int]]:
    """`sign` for a key that is loaded once; it lives as long as what is returned."""
    return backend().signer(private_scalar, point)


def public_point(private_scalar: int) -> bytes:
    """[d]G as 04 ‖ x ‖ y. CallerError `key_unreadable` if d is not in 1 … n-2 (GB/T 32918.1, 6.1)."""
    if not 0 < private_scalar < N - 1:
        raise CallerError("key_unreadable", "the SM2 private key is not in 1 … n-2")
    return backend().public_point(private_scalar)


@lru_cache(maxsize=256)
def z_value(point: bytes, user_id: bytes = DEFAULT_USER_ID) -> bytes:
    """Z_A, 32 octets (GB/T 32918.2-2016, 5.5); `point` is 04 ‖ x ‖ y."""
    if len(user_id) > 8191:
        raise CallerError("argument", "an SM2 user id has at most 8,191 octets")
    entl = (8 * len(user_id)).to_bytes(2)
    return digest("sm3", entl + user_id + _CURVE_OCTETS + point[1:])
