"""A PDF on its way through the service: decoded into memory that other processes can read.

The base64 text of a request is decoded piece by piece into an anonymous file in memory, which a
process of the pool opens by its path. What goes back to the client is nearly what came: the text
of unchanged bytes is taken from the request as it is, and only what changed is encoded.

    upload = Upload.of(text, "pdfFileStr", at_most=...)
    upload.path                                     for `pdf.source.opened` in any process
    base64_of(upload, changes, tail)                pieces of the text of the result

Law: nothing is written to a disk; a service that is killed leaves no document behind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pybase64

from pdfseal.adapters.coss.codes import NOT_BASE64, TOO_LARGE, CossError
from pdfseal.adapters.coss.wire import Octets, clean_base64

_PIECE_CHARACTERS = 1 << 20  # a multiple of 4
_ENCODE_BYTES = 3 << 18


@dataclass(slots=True)
class Upload:
    """`text` is the canonical base64 text of the whole, None where the client's was another.

    `path` is readable by every process of this user as long as the upload is not closed.
    """

    descriptor: int
    path: str
    size: int
    text: memoryview | None

    @classmethod
    def of(cls, text: Octets, name: str, *, at_most: int) -> Upload:
        """Raises 89003020 if it is not base64, 89003001 if it is larger than `at_most` bytes."""
        if len(text) // 4 * 3 > at_most + at_most // 8 + 1024:
            raise CossError(TOO_LARGE, f"{name}: at most {at_most} bytes are allowed")
        descriptor, path = _anonymous_file()
        try:
            try:
                size = _decode_into(descriptor, memoryview(text))
                canonical: memoryview | None = memoryview(text)
            except ValueError:
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
                size, canonical = _decode_loosely(descriptor, text, name), None
            if size > at_most:
                raise CossError(TOO_LARGE, f"{name}: at most {at_most} bytes are allowed")
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor, path, size, canonical)

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def read(self, start: int, stop: int) -> bytes:
        return os.pread(self.descriptor, stop - start, start)


def _anonymous_file() -> tuple[int, str]:
    """(descriptor, path) of a file in memory that has no name and is gone with its last descriptor."""
    descriptor = os.memfd_create("pdfseal-upload")
    return descriptor, f"/proc/{os.getpid()}/fd/{descriptor}"


def _decode_into(descriptor: int, text: memoryview) -> int:
    """ValueError unless the text is canonical base64 without white space."""
    if len(text) % 4:
        raise ValueError("not padded")
    size = 0
    for start in range(0, len(text), _PIECE_CHARACTERS):
        piece = text[start : start + _PIECE_CHARACTERS]
        decoded = pybase64.b64decode(piece, validate=True)
        if len(decoded) != len(piece) // 4 * 3 and start + len(piece) < len(text):
            raise ValueError("padding before the end")
        size += _write(descriptor, decoded)
    return size


def _decode_loosely(descriptor: int, text: Octets, name: str) -> int:
    try:
        return _write(descriptor, pybase64.b64decode(clean_base64(bytes(text)), validate=True))
    except ValueError as error:
        raise CossError(NOT_BASE64, f"{name} is not base64") from error


def _write(descriptor: int, data: bytes) -> int:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    return len(data)


@dataclass(frozen=True, slots=True)
class Change:
    """Bytes that stand at `offset` instead of those of the upload, as many as there are."""

    offset: int
    data: bytes


def base64_length(size: int) -> int:
    return -(-size // 3) * 4


def base64_of(upload: Upload, changes: Sequence[Change], tail: bytes) -> Iterator[Octets]:
    """The base64 text of the upload with its changes (in order, not overlapping), followed by `tail`.

    Its length is `base64_length(upload.size + len(tail))`.
    """
    position = 0
    for change in changes:
        start, stop = change.offset // 3 * 3, change.offset + len(change.data)
        stop = min(-(-stop // 3) * 3, upload.size - upload.size % 3)
        end = change.offset + len(change.data)
        if end > stop:  # it reaches into the last, incomplete group: that goes with the tail
            raise ValueError("a change in the last two bytes of a file")
        yield from _unchanged(upload, position, start)
        block = bytearray(upload.read(start, stop))
        block[change.offset - start : end - start] = change.data
        yield pybase64.b64encode(bytes(block))
        position = stop
    whole = upload.size - upload.size % 3
    yield from _unchanged(upload, position, whole)
    rest = upload.read(whole, upload.size) + tail
    if rest:
        yield pybase64.b64encode(rest)


def _unchanged(upload: Upload, start: int, stop: int) -> Iterator[Octets]:
    """Both are multiples of 3."""
    if upload.text is not None:
        for at in range(start // 3 * 4, stop // 3 * 4, _PIECE_CHARACTERS):
            yield upload.text[at : min(at + _PIECE_CHARACTERS, stop // 3 * 4)]
        return
    for at in range(start, stop, _ENCODE_BYTES):
        yield pybase64.b64encode(upload.read(at, min(at + _ENCODE_BYTES, stop)))
