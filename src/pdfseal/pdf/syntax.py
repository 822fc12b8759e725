"""The syntax of PDF objects: bytes to values with their positions, and values to bytes.

    null -> None    true/false -> bool    integer -> int    real -> Real    name -> Name
    string -> bytes    array -> list    dictionary -> Dictionary    12 0 R -> Ref

Law: reading never guesses. What is not an object is `pdf_damaged`, with its offset. Nesting and
length are bounded. A Dictionary knows where each value stood, because a verdict on `/Contents`
and `/ByteRange` is a verdict on bytes.

Reference: ISO 32000-2, 7.2 and 7.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from pdfseal.errors import CallerError, DocumentError
from pdfseal.pdf.limits import BYTES_PER_STEP_SCANNED, PER_VALUE, Work

WHITESPACE = b"\x00\t\n\f\r "


_T = TypeVar("_T")


class Ref(NamedTuple):
    """An indirect reference."""

    number: int
    generation: int


class Name(str):
    """A name without its slash; octets above 127 as Latin-1 characters."""

    __slots__ = ()


class Real(float):
    """A real number that keeps the digits it was written with."""

    text: bytes

    def __new__(cls, text: bytes) -> Real:
        number = super().__new__(cls, text)
        number.text = text
        return number


class Dictionary(dict[str, "Value"]):
    """A dictionary; `spans[key]` is where the value stood, start and end in the bytes that were parsed.

    `repeated` names keys that were written more than once: readers disagree about such a
    dictionary. The last value wins here; `earlier` keeps the others.
    """

    __slots__ = ("earlier", "repeated", "spans")

    def __init__(self, *items: object, **values: object) -> None:
        super().__init__(*items, **values)
        self.spans: dict[str, tuple[int, int]] = {}
        self.repeated: tuple[str, ...] = ()
        self.earlier: tuple[Value, ...] = ()  # one for each of `repeated`


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Bytes to be written exactly as they are, never encrypted; the parser never gives one."""

    text: bytes = field(repr=False)


Value = None | bool | int | Real | float | Name | bytes | list["Value"] | Dictionary | Ref | Verbatim


@dataclass(frozen=True, slots=True)
class Indirect:
    """`number generation obj value [stream]`, all positions relative to the bytes parsed.

    `body` is where stream data begins, None where the object is no stream; `end` is behind the
    value (before `stream` or `endobj`).
    """

    number: int
    generation: int
    value: Value = field(repr=False)
    start: int
    value_start: int
    end: int
    body: int | None


class Incomplete(Exception):
    """The bytes ended inside an object: read more and try again."""


# "++" and the like: without them every comment passed would be remembered, for many bytes each
_SPACE = re.compile(rb"(?:[\x00\t\n\f\r ]++|%[^\r\n]*+(?:[\r\n]|$))*+")
_NAME = re.compile(rb"/[^\x00\t\n\f\r ()<>\[\]{}/%]*")
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)")
_GAP = rb"(?:[\x00\t\n\f\r ]++|%[^\r\n]*+[\r\n])++"  # a comment is white space (7.2.4)
_REF = re.compile(rb"(\d{1,10})" + _GAP + rb"(\d{1,5})" + _GAP + rb"R(?![^\x00\t\n\f\r ()<>\[\]{}/%])")
_WORD = re.compile(rb"[A-Za-z*'\"]+")
_HEX = re.compile(rb"<([0-9A-Fa-f\x00\t\n\f\r ]*)>")
_HEADER = re.compile(rb"(\d{1,10})" + _GAP + rb"(\d{1,5})" + _GAP + rb"obj(?![^\x00\t\n\f\r ()<>\[\]{}/%])")
# 7.3.8.1: CR LF or LF behind the word, which some writers put white space before
_STREAM = re.compile(rb"stream(?:[\x00\t\f ]*+(?:\r\n|\n|\r))?")
_STRING_STOP = re.compile(rb"[()\\\r]")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_IRREGULAR = re.compile(r"[^!-~]|[#()<>\[\]{}/%]")
_LONG_BYTES = 1024
_STEPS_COUNTED = 256  # escapes and parentheses of a string, at a time
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def damaged(message: str) -> DocumentError:
    return DocumentError("pdf_damaged", message)


class Parser:
    """Reads values from `data`, of which the first byte stands at `origin` in the file.

    `final` says that no bytes follow `data`: without it an object that touches the end is
    `Incomplete`, because the next byte might belong to it. `work` is what is left of the
    document's budget, one of its own if absent; `items` counts the values that were read, keys,
    and what makes strings costly.
    """

    def __init__(self, data: bytes, *, origin: int = 0, final: bool = True, work: Work | None = None) -> None:
        self.data = data
        self.origin = origin
        self.final = final
        self.items = 0
        self._work = work if work is not None else Work(file_bytes=len(data))
        self._limits = self._work.limits
        self._most = self._limits.values

    def _charged(self, position: int, read: Callable[[int], _T]) -> _T:
        """Read, and pay for it, whatever comes of it."""
        self.items = 0
        self._work.check()
        self._most = min(self._limits.values, self._work.left // PER_VALUE)
        try:
            return read(position)
        finally:
            self._work.left -= PER_VALUE * self.items

    def _count_long(self, length: int) -> None:
        """A token that is long counts as several."""
        if length > _LONG_BYTES:
            self._count(length // (PER_VALUE * BYTES_PER_STEP_SCANNED))

    def _count(self, items: int) -> None:
        self.items += items
        if self.items > self._most:
            if self._most < self._limits.values:
                self._work.left = -1
                raise self._work.exhausted()
            raise self._limits.exceeded("values", f"the object at byte {self.origin} has too many values")

    def indirect(self, position: int = 0) -> Indirect:
        """`n g obj value` at `position` (white space before it is skipped)."""
        return self._charged(position, self._indirect)

    def value(self, position: int) -> tuple[Value, int]:
        """The value at `position` (after white space), and where it ends."""
        return self._charged(position, self._value)

    def _indirect(self, position: int) -> Indirect:
        start = self.skip(position)
        header = _HEADER.match(self.data, start)
        if header is None:
            if not self.final and len(self.data) - start < 40:
                raise Incomplete
            raise damaged(f"there is no object at byte {self.origin + start}")
        value_start = self.skip(header.end())
        value, end = self._value(value_start)
        after = self.skip(end)
        if not self.final and len(self.data) - after < 16:
            raise Incomplete
        stream = _STREAM.match(self.data, after) if isinstance(value, Dictionary) else None
        body = stream.end() if stream else None
        if stream is not None and stream[0] == b"stream":
            raise self._fail(stream.end(), "no line end behind the word stream")
        return Indirect(int(header[1]), int(header[2]), value, start, value_start, end, body)

    def skip(self, position: int) -> int:
        """Past white space and comments."""
        match = _SPACE.match(self.data, position)
        assert match is not None  # the pattern matches the empty string
        end = match.end()
        if end - position > _LONG_BYTES:
            self._count_long(end - position)
        return end

    def _value(self, position: int, depth: int = 0) -> tuple[Value, int]:
        if depth > self._limits.nesting:
            raise self._limits.exceeded("nesting", f"the object at byte {self.origin} is nested too deeply")
        self.items += 1
        if self.items > self._most:
            self._count(0)
        position = self.skip(position)
        lead = self.data[position : position + 1]
        if lead == b"/":
            return self._name(position)
        if lead == b"<":
            if self.data[position : position + 2] == b"<<":
                return self._dictionary(position, depth)
            return self._hex(position)
        if lead == b"[":
            return self._array(position, depth)
        if lead == b"(":
            return self._string(position)
        if lead and lead in b"+-.0123456789":
            return self._number(position)
        return self._word(position)

    def _ends(self, end: int) -> int:
        """`end` of a token that has no closing delimiter: it must not touch the end of the data."""
        if end >= len(self.data) and not self.final:
            raise Incomplete
        return end

    def _fail(self, position: int, what: str) -> Exception:
        if position >= len(self.data) and not self.final:
            return Incomplete()
        return damaged(f"{what} at byte {self.origin + position}")

    def _name(self, position: int) -> tuple[Name, int]:
        match = _NAME.match(self.data, position)
        assert match is not None  # called on a slash
        raw = match[0][1:]
        self._count_long(len(raw))
        if b"#" in raw:
            self._count(raw.count(b"#"))
            raw = _ESCAPED.sub(lambda m: bytes([int(m[1], 16)]), raw)
        return Name(raw.decode("latin-1")), self._ends(match.end())

    def _number(self, position: int) -> tuple[Value, int]:
        reference = _REF.match(self.data, position)
        if reference is not None:
            return Ref(int(reference[1]), int(reference[2])), self._ends(reference.end())
        match = _NUMBER.match(self.data, position)
        if match is None:
            raise self._fail(position + 1, "a malformed number")
        text = match[0]
        # `12 0 R` may be cut anywhere: wait for more bytes rather than read it as 12
        if not self.final and len(self.data) - match.end() < 24:
            raise Incomplete
        if len(text) > 64:
            raise damaged(f"a number of {len(text)} digits at byte {self.origin + position}")
        return (Real(text) if b"." in text else int(text)), match.end()

    def _word(self, position: int) -> tuple[Value, int]:
        match = _WORD.match(self.data, position)
        if match is None:
            raise self._fail(position, "no object")
        self._ends(match.end())
        for word, value in ((b"true", True), (b"false", False), (b"null", None)):
            if match[0] == word:
                return value, match.end()
        raise damaged(f"the word {match[0][:20].decode('latin-1')!r} at byte {self.origin + position}")

    def _hex(self, position: int) -> tuple[bytes, int]:
        match = _HEX.match(self.data, position)
        if match is None:
            end = self.data.find(b">", position)
            self._count_long(len(self.data) - position)
            raise self._fail(len(self.data) if end < 0 else position, "a malformed hexadecimal string")
        self._count_long(match.end() - position)
        digits = match[1].translate(None, WHITESPACE)
        return bytes.fromhex((digits + b"0" if len(digits) % 2 else digits).decode()), match.end()

    def _string(self, position: int) -> tuple[bytes, int]:
        data, at, level, steps = self.data, position + 1, 1, 0
        pieces: list[bytes] = []
        while True:
            stop = _STRING_STOP.search(data, at)
            if stop is None:
                self._count_long(len(data) - position)
                raise self._fail(len(data), "a string without an end")
            pieces.append(data[at : stop.start()])
            steps += 1
            if steps == _STEPS_COUNTED:
                self._count(steps // PER_VALUE)
                steps = 0
            mark, at = stop[0], stop.end()
            if mark == b"\\":
                piece, at = self._escape(at)
                pieces.append(piece)
            elif mark == b"\r":  # 7.3.4.2: an end-of-line marker reads as one line feed
                at += data[at : at + 1] == b"\n"
                pieces.append(b"\n")
            else:
                level += 1 if mark == b"(" else -1
                if not level:
                    self._count_long(at - position)
                    return b"".join(pieces), at
                pieces.append(mark)

    def _escape(self, at: int) -> tuple[bytes, int]:
        data = self.data
        char = data[at : at + 1]
        if not char:
            raise self._fail(len(data), "a string without an end")
        if char in b"01234567":
            end = at + 1
            while end < at + 3 and data[end : end + 1] in (b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7"):
                end += 1
            return bytes([int(data[at:end], 8) & 0xFF]), end
        if char == b"\r":
            return b"", at + (2 if data[at + 1 : at + 2] == b"\n" else 1)
        if char == b"\n":
            return b"", at + 1
        return _ESCAPES.get(char, char), at + 1

    def _array(self, position: int, depth: int) -> tuple[list[Value], int]:
        items: list[Value] = []
        at = self.skip(position + 1)
        while self.data[at : at + 1] != b"]":
            item, at = self._value(at, depth + 1)
            items.append(item)
            at = self.skip(at)
        return items, at + 1

    def _dictionary(self, position: int, depth: int) -> tuple[Dictionary, int]:
        found = Dictionary()
        repeated: list[tuple[str, Value]] = []
        at = self.skip(position + 2)
        while self.data[at : at + 2] != b">>":
            if self.data[at : at + 1] != b"/":
                if len(self.data) - at < 2 and not self.final:
                    raise Incomplete
                raise self._fail(at, "a dictionary key that is not a name")
            self.items += 1
            key, at = self._name(at)
            start = self.skip(at)
            value, at = self._value(start, depth + 1)
            if key in found:
                repeated.append((str(key), found[key]))
            found[str(key)] = value
            found.spans[str(key)] = (start, at)
            at = self.skip(at)
        if repeated:
            found.repeated = tuple(key for key, _ in repeated)
            found.earlier = tuple(item for _, item in repeated)
        return found, at + 2


# -- writing ------------------------------------------------------------------------------


def serialise(value: Value) -> bytes:
    """The value as it is written to a file. Strings become hexadecimal unless they are plain ASCII."""
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, Ref):
        return b"%d %d R" % value
    if isinstance(value, Verbatim):
        return value.text
    if isinstance(value, Real):
        return value.text
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Name):
        return name(value)
    if isinstance(value, bytes):
        return string(value)
    if isinstance(value, list):
        return b"[" + b" ".join(map(serialise, value)) + b"]"
    if isinstance(value, Dictionary):
        return b"<<" + b" ".join(name(key) + b" " + serialise(item) for key, item in value.items()) + b">>"
    raise TypeError(type(value))


def number(value: float) -> bytes:
    """At most five decimals, no exponent, no superfluous zeros (7.3.3)."""
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return b"0" if text in ("-0", "") else text.encode()


def name(text: str) -> bytes:
    if _IRREGULAR.search(text) is None:
        return b"/" + text.encode("ascii")
    octets = text.encode("latin-1")
    regular = (bytes([o]) if 0x21 <= o <= 0x7E and o not in b"#()<>[]{}/%" else b"#%02X" % o for o in octets)
    return b"/" + b"".join(regular)


def string(octets: bytes) -> bytes:
    if all(0x20 <= octet <= 0x7E for octet in octets):
        return b"(" + re.sub(rb"([()\\])", rb"\\\1", octets) + b")"
    return b"<" + octets.hex().upper().encode() + b">"


def text_string(text: str) -> bytes:
    """A text string (7.9.2.2): ASCII as it is, anything else UTF-16BE with its mark.

    CallerError `argument` for half of a surrogate pair, which is how octets that are no text arrive.
    """
    if text.isascii() and decode_text_string(octets := text.encode("ascii")) == text:
        return octets
    try:
        return b"\xfe\xff" + text.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise CallerError(
            "argument", f"{text[:80]!a} is no text: it holds half of a surrogate pair"
        ) from error


# Table D.2: where PDFDocEncoding is not Latin-1. What it leaves undefined, readers show alike: not at all.
_PDFDOC = str.maketrans(
    "".join(map(chr, (*range(0x18, 0x20), *range(0x80, 0x9F), 0xA0, 0x7F, 0x9F, 0xAD))),
    "˘ˇˆ˙˝˛˚˜•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž€\ufffd\ufffd\ufffd",
)
_LANGUAGE = re.compile("\x1b[^\x1b]*\x1b")  # 7.9.2.2: the language of the text, which is no part of it


def decode_text_string(octets: bytes) -> str:
    """Characters of a text string (7.9.2.2): UTF-16BE or UTF-8 by their marks, else PDFDocEncoding.

    Readers leave out a last octet that is half a character of UTF-16.
    """
    even = len(octets) & ~1
    if octets.startswith(b"\xfe\xff"):
        return _LANGUAGE.sub("", octets[2:even].decode("utf-16-be", "replace"))
    if octets.startswith(b"\xff\xfe"):  # not in the standard, but written
        return _LANGUAGE.sub("", octets[2:even].decode("utf-16-le", "replace"))
    if octets.startswith(b"\xef\xbb\xbf"):
        return _LANGUAGE.sub("", octets[3:].decode("utf-8", "replace"))
    return octets.decode("latin-1").translate(_PDFDOC)
