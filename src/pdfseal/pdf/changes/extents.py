"""Where an object ends: whether it goes on in bytes that are not its own, and whether all readers agree.

    start, where the next object begins -> Extents.is_open -> bool
    an object stream and its objects -> Extents.odd_packed -> one that readers read differently

Most objects are seen at a glance to be written as everybody writes them; the others are parsed.

Reference: ISO 32000-2, 7.3.8 (streams), 7.3.10 (indirect objects), 7.5.7 (object streams).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes.values import all_references, written_values
from pdfseal.pdf.document import Document
from pdfseal.pdf.limits import BYTES_PER_STEP_SCANNED
from pdfseal.pdf.object_stream import ObjectStream
from pdfseal.pdf.source import ReadAhead, overlapping
from pdfseal.pdf.syntax import Dictionary, Incomplete, Indirect, Parser, Value
from pdfseal.pdf.xref import FIRST_READ_BYTES, MAX_OBJECT_NUMBER

_HEAD_BYTES = 2048
_SPACE = rb"[\x00\t\n\f\r ]"
_GAP = rb"(?:[\x00\t\n\f\r ]++|%[^\r\n]*+[\r\n])"
_WORD_ENDS = rb"(?![^\x00\t\n\f\r ()<>\[\]{}/%])"
# What an object holds as everybody writes it: no escapes or comments, no parentheses in strings, no R but of
# plain references, names and words, no end before the last one, and no /Length.
_BORING = rb"""
    (?: [^()%\\RLj>]++
      | (?<=[0-9][ ]0[ ]) (?<![0-9]{8}[ ]0[ ]) R (?=[\0\t\n\f\r /<>\[\]()])
      | (?<=[/A-Za-z]) R
      | (?<!ob) j
      | L (?!ength)
      | > (?! > [\0\t\n\f\r ]*+ (?:stream|endobj))
      | \( [^()\\]*+ \)
    )*+"""
# A whole object: a dictionary, or one with one /Length up to the first byte of its stream.
_PLAIN = re.compile(
    rb"""
    [0-9]{1,10} [ ] [0-9]{1,5} [ ] obj [\0\t\n\f\r ]*+ << BORING
    (?: >> [\0\t\n\f\r ]*+ endobj (?:\r\n|\r|[ ]?\n)
      | (?<=/) Length [ ] (?P<length> [0-9]{1,9}) (?=[/>\r\n]) BORING
        >> [\0\t\n\f\r ]*+ stream (?:\r\n|\n|\r)
    )""".replace(b"BORING", _BORING),
    re.VERBOSE,
)
_PLAIN_PACKED = re.compile(_BORING, re.VERBOSE)
_LENGTH = re.compile(
    rb"/(?:L|#4[cC])(?:e|#65)(?:n|#6[eE])(?:g|#67)(?:t|#74)(?:h|#68)" + _SPACE + rb"*+([0-9]+)"
)
# An R of a reference as everybody writes it, or inside a name or word.
_PLAIN_R = re.compile(rb"(?<![0-9.+-])[0-9]{1,7} [0-9]{1,5} R(?=[\x00\t\n\f\r /<>\[\]()])|(?<=[/A-Za-z])R")
_END_OF_STREAM = re.compile(_SPACE + rb"*endstream" + _WORD_ENDS)
_ANY_END_OF_STREAM = re.compile(rb"endstream" + _WORD_ENDS)
_BEGUN = re.compile(rb"[0-9]++%s*+(?:[0-9]++%s*+)?o?b?j?\Z" % (_GAP, _GAP))


class Extents:
    """The ends of the objects of one state of a document, which are read in the order of the file."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._source = ReadAhead(document.source)

    def is_open(self, start: int, following: int) -> bool:
        """Whether the object at `start` may go on behind the end; the next one begins at `following`."""
        data, at = self._source.view(start, min(following - start, _HEAD_BYTES))
        found = _PLAIN.match(data, at, at + following - start)
        if found is None:
            return self._looks_open(start, following)
        stop, length = start + found.end() - at, found["length"]
        if length is None:
            ends = stop == following
        else:  # no name with an escape, which might be another /Length
            ends = self._ends_stream(stop + int(length)) and data.find(b"#", at, found.end()) < 0
        return not ends and self._looks_open(start, following)

    def _ends_stream(self, position: int) -> bool:
        """Whether the data of a stream end at a position: `endstream` follows, before the end."""
        left = min(16, self.document.end - position)
        if left < len(b"endstream"):
            return False
        data, at = self._source.view(position, left)
        return _END_OF_STREAM.match(data, at, at + left) is not None

    def _looks_open(self, start: int, following: int) -> bool:
        """The same, at a second look."""
        try:
            found = self._parsed(start)
        except Incomplete:
            return True
        except DocumentError:
            self.document.work.check()
            return self._unreadable_is_open(start, following)
        if start + found.end > following or _refers_beyond(found.value):
            return True
        if found.body is None or not isinstance(found.value, Dictionary):
            return False
        body = start + found.body
        length = max(self._lengths(found.value), default=0)
        if body + length > self.document.end:
            return True
        # readers that do not find `endstream` where /Length says look for the next one
        return not self._ends_stream(body + length) and not self._has_end_of_stream(body)

    def _parsed(self, start: int) -> Indirect:
        """The object at a position, of the bytes of this state; Incomplete where they do not suffice."""
        left, length = self.document.end - start, FIRST_READ_BYTES
        while True:
            data = self.document.source.read(start, min(length, left, self.document.limits.object_bytes))
            self.document.work.spend(len(data) // BYTES_PER_STEP_SCANNED)
            try:
                return Parser(data, origin=start, final=False, work=self.document.work).indirect()
            except Incomplete:
                if len(data) < length:
                    raise
            length *= 8

    def _lengths(self, stream: Dictionary) -> Iterator[int]:
        """What /Length says, each of them where there are several, and what a reference leads to."""
        for value in written_values(stream, "Length"):
            try:
                length = self.document.resolve(value)
            except DocumentError:
                continue
            if isinstance(length, int | float):
                yield int(min(length, self.document.source.size))

    def _has_end_of_stream(self, start: int) -> bool:
        pieces = overlapping(self._source, start, self.document.end)
        return any(_ANY_END_OF_STREAM.search(piece) for piece in pieces)

    def _unreadable_is_open(self, start: int, following: int) -> bool:
        """Whether other readers, who read on where we do not, may find more of the object, or references."""
        end, most = self.document.end, self.document.limits.object_bytes
        if following == end and _BEGUN.match(self.document.source.read(start, min(end - start, most))):
            return True  # the head of an object, which goes on behind the end
        written = self.document.source.read(start, min(following - start, most))
        if _has_odd_reference(written) or written.count(b"(") != written.count(b")"):
            return True
        return any(start + int(found[1][:18]) > end for found in _LENGTH.finditer(written))

    def odd_packed(self, stream: ObjectStream, numbers: Iterable[int]) -> int | None:
        """One of the objects of an object stream in which readers may find different references."""
        starts = sorted(stream.offsets.values())
        following = dict(zip(starts, [*starts[1:], len(stream.decoded)], strict=True))
        for number in numbers:
            start = stream.offsets.get(number)
            if start is None or _PLAIN_PACKED.fullmatch(stream.decoded, start, following[start]):
                continue
            try:
                if _refers_beyond(stream.value(number)[0]):
                    return number
            except DocumentError:
                self.document.work.check()
                if _has_odd_reference(stream.decoded[start : following[start]]):
                    return number
        return None


def _has_odd_reference(written: bytes) -> bool:
    """Whether there is an R in something that is not a reference as everybody writes it."""
    return written.count(b"R") + written.count(b"#52") > len(_PLAIN_R.findall(written))


def _refers_beyond(value: Value) -> bool:
    """A reference to a number that no document has: some readers take it modulo 2 ** 32."""
    return any(ref.number > MAX_OBJECT_NUMBER for ref in all_references(value))
