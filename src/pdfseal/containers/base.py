"""What every signature container is to the rest of pdfseal, whatever its layout.

A `Container` is one that was read. It says which digests of the document it needs, and checks
itself against them; it never sees the document. A `Plan` is one that will be built: what the
signer has to sign, and how much room the result may take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pdfseal.asn1 import Reading
from pdfseal.crypto.schemes import SignatureScheme
from pdfseal.pki.certificate import Certificate

TIMESTAMP_RESERVE_BYTES = 8192
ROUNDING_BYTES = 1024


@dataclass(frozen=True, slots=True)
class DigestSpec:
    """The digest by `algorithm` of `prefix` followed by the document's ByteRange bytes."""

    algorithm: str
    prefix: bytes = b""


@dataclass(frozen=True, slots=True)
class ContainerCheck:
    """`digest_ok`: the container is about this document; None if no digest was there to compare.

    `signature_ok`: the signature value is right under the signer's key and the signed parts
    agree with each other. `reasons` says what is wrong, one sentence each; empty if nothing is.
    """

    digest_ok: bool | None
    signature_ok: bool
    reasons: tuple[str, ...] = ()


class Container(Protocol):
    """A signature container that was read.

    `kind` is "cms", "ses2014", "ses2020" or "timestamp"; `algorithm` the scheme's name, or the
    OID found where no scheme is known. `signer` was chosen once, by the container's own rule.
    `timestamp` is the DER of the timestamp token over `signature`.
    """

    @property
    def kind(self) -> str: ...
    @property
    def scheme(self) -> SignatureScheme | None: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def signer(self) -> Certificate | None: ...
    @property
    def certificates(self) -> tuple[Certificate, ...]: ...
    @property
    def signing_time(self) -> datetime | None: ...
    @property
    def signature(self) -> bytes: ...
    @property
    def timestamp(self) -> bytes | None: ...
    @property
    def reading(self) -> Reading: ...

    def needed_digests(self) -> tuple[DigestSpec, ...]:
        """What `check` has to be given."""
        ...

    def check(self, digests: Mapping[DigestSpec, bytes]) -> ContainerCheck:
        """Compare digests and verify the signature value."""
        ...


class Plan(Protocol):
    """A container to be built.

    `scheme_name` is "cms", "ses2014" or "ses2020"; `digest_algorithm` is the document's.
    """

    @property
    def scheme_name(self) -> str: ...
    @property
    def filter(self) -> str: ...
    @property
    def subfilter(self) -> str: ...
    @property
    def digest_algorithm(self) -> str: ...
    @property
    def signature_scheme(self) -> SignatureScheme: ...
    @property
    def signer(self) -> Certificate: ...
    @property
    def certificates(self) -> tuple[Certificate, ...]: ...

    def reserve(self, *, timestamp: bool) -> int:
        """The most bytes that the finished container takes, rounded up to 1 KiB."""
        ...

    def to_be_signed(
        self, document_digest: bytes, *, byte_range: tuple[int, int, int, int], when: datetime
    ) -> bytes:
        """What the outside signer signs. `when` is aware."""
        ...


@dataclass(frozen=True, slots=True)
class Finished:
    """A container with its signature in place."""

    der: bytes
    document_digest: bytes
    digest_algorithm: str
    signer: Certificate


def reserve_bytes(container_bytes: int, *, timestamp: bool) -> int:
    """Room for a container of that size and perhaps a timestamp token, rounded up to 1 KiB."""
    wanted = container_bytes + (TIMESTAMP_RESERVE_BYTES if timestamp else 0)
    return -(-wanted // ROUNDING_BYTES) * ROUNDING_BYTES
