"""Requests, responses and tokens come as DER, PEM or base64 text: this makes DER of all three."""

from __future__ import annotations

import base64
import binascii
import re

from pdfseal.errors import DocumentError

MAX_BYTES = 1 << 20  # of DER; the largest honest tokens carry revocation data and stay below 100 KiB

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s(.*?)-----END \1-----", re.DOTALL)


def unarmour(data: bytes, what: str) -> bytes:
    """The DER in `data`. Base64 may be wrapped and unpadded.

    Nothing is stripped from DER: octets behind it are for the reader to refuse. DocumentError
    `limit_exceeded` above `MAX_BYTES`, `container_malformed` for what is none of the three.
    """
    if len(data) > 2 * MAX_BYTES:
        raise _too_large(len(data), what)
    der = data if data[:1] == b"\x30" else _decode(data, what)
    if len(der) > MAX_BYTES:
        raise _too_large(len(der), what)
    return der


def _decode(data: bytes, what: str) -> bytes:
    text = data
    if b"-----BEGIN" in data:
        blocks = [match[2] for match in _PEM.finditer(data)]
        if len(blocks) != 1:
            message = f"{what}: {len(blocks)} PEM blocks where one is expected"
            raise DocumentError("container_malformed", message)
        text = blocks[0]
    text = b"".join(text.split()).rstrip(b"=")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise DocumentError("container_malformed", f"{what}: neither DER nor PEM nor base64") from error


def _too_large(size: int, what: str) -> DocumentError:
    return DocumentError("limit_exceeded", f"{what}: {size} bytes, at most {MAX_BYTES} of DER are read")
