"""A request's JSON body: fields as raw slices of the wire, read by what a field should be.

    body = Fields.of(data)                       one pass, nothing copied
    body.text("userName", at_most=50)
    body.number("signWidth"); body.integer("len", least=1); body.flag("coverTextOfEffect")
    body.object("coordOfRuleInfo")               an object, or JSON text that holds one
    body.octets("cert")                          base64 decoded
    body.slice("pdfFileStr")                     a large base64 text where it lies

Clients send numbers as strings, strings as numbers, booleans as "true" and objects as JSON text:
all are read. An empty string and null are as good as absent. Every complaint names the field and
never repeats its value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import pybase64

from pdfseal.adapters.coss.codes import BAD_PARAMETER, NOT_BASE64, TOO_LARGE, CossError

Octets = bytes | bytearray | memoryview

MAX_FIELDS = 200
MAX_DEPTH = 8  # of nested values; the interface itself has one level
MAX_SMALL_FIELD_BYTES = 16 << 20
_BACKSLASH = re.compile(rb"\\")
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*\Z")
_TRUE, _FALSE = ("true", "1", "yes", "y"), ("false", "0", "no", "n")


def _bad(name: str, why: str) -> CossError:
    return CossError(BAD_PARAMETER, f"{name}: {why}")


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object. `place` is what stands before a field's name in complaints."""

    raw: Mapping[str, memoryview]
    place: str = ""

    @classmethod
    def of(cls, data: Octets, *, place: str = "") -> Fields:
        """Raises 89000001 for anything that is not a JSON object."""
        if bytes(data[:3]) == b"\xef\xbb\xbf":
            data = memoryview(data)[3:]
        what = place.rstrip(".") or "the request"
        try:
            found = _FIELDS.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise CossError(BAD_PARAMETER, f"{what} is not a JSON object in UTF-8") from error
        if len(found) > MAX_FIELDS:
            raise CossError(BAD_PARAMETER, f"{what} has more than {MAX_FIELDS} fields")
        return cls({name: memoryview(value) for name, value in found.items()}, place)

    # -- what a field holds -----------------------------------------------------------------

    def has(self, name: str) -> bool:
        """Whether the field is there and neither null nor empty."""
        value = self.raw.get(name)
        return value is not None and bytes(value[:4]) not in (b"null", b'""')

    def slice(self, name: str) -> Octets:
        """The octets of a string field. Where nothing is escaped, they are a view on the wire."""
        value = self.raw.get(name)
        if value is None or not self.has(name):
            raise _bad(self.place + name, "is missing")
        if bytes(value[:1]) != b'"':
            raise _bad(self.place + name, "is not a string")
        if _BACKSLASH.search(value) is None:
            return value[1:-1]
        return string_of(value, self.place + name).encode()

    def optional_text(self, name: str, *, at_most: int = 4096) -> str | None:
        """Text, or the literal of a number or boolean; None where there is none."""
        if not self.has(name):
            return None
        value = self.raw[name]
        if len(value) > MAX_SMALL_FIELD_BYTES:
            raise CossError(TOO_LARGE, f"{self.place}{name}: at most {at_most} characters are allowed")
        start = bytes(value[:1])
        if start in (b"{", b"["):
            raise _bad(self.place + name, "is not a string")
        text = string_of(value, self.place + name) if start == b'"' else str(value, "ascii")
        if len(text) > at_most:
            raise _bad(self.place + name, f"is longer than {at_most} characters")
        if "\x00" in text:
            raise _bad(self.place + name, "holds a NUL character")
        return text

    def text(self, name: str, *, at_most: int = 4096) -> str:
        found = self.optional_text(name, at_most=at_most)
        if found is None:
            raise _bad(self.place + name, "is missing")
        return found

    def choice(self, name: str, among: tuple[str, ...], *, default: str | None = None) -> str:
        """One of some words, in any case."""
        found = self.optional_text(name, at_most=64)
        if found is None and default is not None:
            return default
        for word in among:
            if found is not None and word.casefold() == found.strip().casefold():
                return word
        raise _bad(self.place + name, f"must be one of {', '.join(among)}")

    def number(
        self, name: str, *, default: float | None = None, least: float | None = None,
        at_most: float | None = None,
    ) -> float | None:  # fmt: skip
        """A number, written as a JSON number or a string."""
        text = self.optional_text(name, at_most=64)
        if text is None:
            return default
        if _NUMBER.match(text) is None or not math.isfinite(value := float(text)):
            raise _bad(self.place + name, "is not a number")
        if least is not None and value < least:
            raise _bad(self.place + name, f"must not be less than {least:g}")
        if at_most is not None and value > at_most:
            raise _bad(self.place + name, f"must not be more than {at_most:g}")
        return value

    def integer(
        self, name: str, *, default: int | None = None, least: int | None = None,
        at_most: int | None = None,
    ) -> int | None:  # fmt: skip
        """A whole number; 3, "3", 3.0 and "3.0" are the same."""
        value = self.number(name, default=default, least=least, at_most=at_most)
        if value is None:
            return None
        if value != int(value):
            raise _bad(self.place + name, "is not a whole number")
        return int(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        text = self.optional_text(name, at_most=16)
        if text is None:
            return default
        word = text.strip().casefold()
        if word not in _TRUE + _FALSE:
            raise _bad(self.place + name, "is neither true nor false")
        return word in _TRUE

    def object(self, name: str) -> Fields | None:
        """A nested object, sent as an object or as JSON text."""
        if not self.has(name):
            return None
        value: Octets = self.raw[name]
        if bytes(value[:1]) == b'"':
            value = self.text(name, at_most=64 << 10).encode()
            if not value.strip() or value.strip() == b"null":
                return None
        return Fields.of(value, place=f"{self.place}{name}.")

    # -- base64 -----------------------------------------------------------------------------

    def octets(self, name: str, *, at_most: int = 1 << 20, too_large: int = TOO_LARGE) -> bytes:
        """Base64 decoded, at most so many bytes. Raises 89003020, or `too_large`."""
        return decode_base64(self.slice(name), self.place + name, at_most=at_most, too_large=too_large)

    def optional_octets(
        self, name: str, *, at_most: int = 1 << 20, too_large: int = TOO_LARGE
    ) -> bytes | None:
        return self.octets(name, at_most=at_most, too_large=too_large) if self.has(name) else None


def string_of(value: memoryview, name: str) -> str:
    """The text of a JSON string."""
    try:
        return msgspec.json.decode(value, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad(name, "is not a string in UTF-8") from error


def decode_base64(text: Octets, name: str, *, at_most: int, too_large: int = TOO_LARGE) -> bytes:
    """Base64 with padding or without, wrapped, or behind `data:…;base64,`."""
    if len(text) // 4 * 3 > at_most + at_most // 8 + 1024:  # white space may be a part of it
        raise CossError(too_large, f"{name}: at most {at_most} bytes are allowed")
    try:
        decoded = pybase64.b64decode(text, validate=True)
    except ValueError:
        decoded = _decode_loosely(bytes(text), name)
    if len(decoded) > at_most:
        raise CossError(too_large, f"{name}: at most {at_most} bytes are allowed")
    return decoded


def _decode_loosely(text: bytes, name: str) -> bytes:
    cleaned = clean_base64(text)
    try:
        return pybase64.b64decode(cleaned, validate=True)
    except ValueError as error:
        raise CossError(NOT_BASE64, f"{name} is not base64") from error


def clean_base64(text: bytes) -> bytes:
    """Without a `data:` prefix and white space, padded."""
    if text[:5].lower() == b"data:":
        text = text.partition(b",")[2]
    compact = text.translate(None, b" \t\r\n")
    return compact + b"=" * (-len(compact) % 4)


def encode_base64(data: Octets) -> str:
    return pybase64.b64encode(data).decode("ascii")
