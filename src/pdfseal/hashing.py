"""The digest over a ByteRange: of a file that is there, and of one that is about to be."""

from __future__ import annotations

from pdfseal.crypto.digests import Hasher, new_hash
from pdfseal.pdf.field import AppendedSignature, ByteRange
from pdfseal.pdf.signature import covered_pieces
from pdfseal.pdf.source import Source, chunks


def digest_prepared(source: Source, base_length: int, appended: AppendedSignature, algorithm: str) -> bytes:
    """The digest over the ByteRange of the file that will be: the original, then what is appended."""
    hasher = new_hash(algorithm)
    feed(hasher, source, 0, base_length)
    hole_at = appended.hole[0] - base_length
    view = memoryview(appended.data)
    hasher.update(view[:hole_at])
    hasher.update(view[hole_at + appended.hole[1] :])
    return hasher.digest()


def digest_of(source: Source, byte_range: ByteRange, algorithm: str) -> bytes:
    hasher = new_hash(algorithm)
    for start, stop in covered_pieces(byte_range):
        feed(hasher, source, start, stop)
    return hasher.digest()


def feed(hasher: Hasher, source: Source, start: int, stop: int) -> None:
    for piece in chunks(source, start, stop):
        hasher.update(piece)
