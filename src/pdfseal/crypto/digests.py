"""Message digests by name and by OID.

SHA runs through hashlib, SM3 (GB/T 32905-2016) through `cryptography`, which is imported when
the first SM3 digest is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pdfseal.errors import CallerError, DocumentError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import Hash

Octets = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest algorithm: its name here, its OID, its size in bytes."""

    name: str
    oid: str
    size_bytes: int


DIGESTS: dict[str, Digest] = {
    digest.name: digest
    for digest in (
        Digest("sha1", "1.3.14.3.2.26", 20),
        Digest("sha256", "2.16.840.1.101.3.4.2.1", 32),
        Digest("sha384", "2.16.840.1.101.3.4.2.2", 48),
        Digest("sha512", "2.16.840.1.101.3.4.2.3", 64),
        Digest("sm3", "1.2.156.10197.1.401", 32),
    )
}
_BY_OID = {digest.oid: digest for digest in DIGESTS.values()}


class Hasher(Protocol):
    """A digest under way."""

    def update(self, data: Octets, /) -> None: ...

    def copy(self) -> Hasher: ...

    def digest(self) -> bytes: ...


class _Sm3:
    """SM3 with hashlib's manners: `digest` may be asked for more than once."""

    __slots__ = ("_hash",)

    def __init__(self, state: Hash | None = None) -> None:
        from cryptography.hazmat.primitives.hashes import SM3, Hash

        self._hash = state or Hash(SM3())

    def update(self, data: Octets, /) -> None:
        self._hash.update(data)

    def copy(self) -> _Sm3:
        return _Sm3(self._hash.copy())

    def digest(self) -> bytes:
        return self._hash.copy().finalize()


_CONSTRUCTORS: dict[str, Callable[[], Hasher]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),  # verified on request, never used to seal
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
    "sm3": _Sm3,
}


def new_hash(name: str) -> Hasher:
    """A fresh digest. CallerError `argument` for a name that is not in `DIGESTS`."""
    constructor = _CONSTRUCTORS.get(name)
    if constructor is None:
        raise CallerError("argument", f"{name!r} is not a digest: {', '.join(DIGESTS)}")
    return constructor()


def digest(name: str, data: Octets) -> bytes:
    """The digest of `data` in one call."""
    state = new_hash(name)
    state.update(data)
    return state.digest()


def digest_by_oid(oid: str) -> Digest:
    """DocumentError `container_malformed` for an OID that names none of `DIGESTS`."""
    found = _BY_OID.get(oid)
    if found is None:
        raise DocumentError("container_malformed", f"the digest algorithm {oid} is not known")
    return found
