"""Where an object ends: whether it goes on in bytes that are not its own, and whether all readers agree.

    start, where the next object begins -> Extents.is_open -> bool
    an object stream and its objects -> Extents.odd_packed -> one that readers may read differently

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
_MARK_BYTES = 16  # where `endstream` should stand, with white space before it
_SPACE = rb"[\x00\t\n\f\r ]"
_WORD_END = rb"(?![^\x00\t\n\f\r ()<>\[\]{}/%])"
# Behind the number and generation of a reference as everybody writes it, with `0` for the generation.
_REFERRED = b"|".join(
    rb"(?<=[\0\t\n\f\r /<>\[\]()][0-9]{%d}[ ]0[ ])" % digits for digits in (4, 5, 3, 2, 1, 6, 7)
)
# What an object holds as everybody writes it: no escapes or comments, no parentheses in strings, no R but of
# plain references, names and words, no end before the last one, and no /Length.
_BORING = rb"""
    (?: [^()%\\\#RLj>]++
      | (?:REFERRED) R (?=[\0\t\n\f\r /<>\[\]()])
      | (?<=[/A-Za-z]) [R\#]
      | (?<!ob) j
      | L (?!ength)
      | > (?! > [\0\t\n\f\r ]*+ (?:stream|endobj))
      | \( [^()\\]*+ \)
    )*+""".replace(b"REFERRED", _REFERRED)
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
_GAP = rb"(?:[\x00\t\n\x0b\f\r ]|%[^\r\n]*+(?:[\r\n]|\Z))"
# What may be the head of an object: a number that an object can have, or nothing before the bytes end.
_HEAD = re.compile(rb"(?:%s|[+.-])*+(?:0*+[1-9]|0*+\Z)" % _GAP)
_END_OF_STREAM = re.compile(_SPACE + rb"*endstream" + _WORD_END)
_END_OF_OBJECT = re.compile(rb"endobj" + _WORD_END)
_ANY_END_OF_STREAM = re.compile(rb"endstream" + _WORD_END)


class Extents:
    """The ends of the objects of one state of a document, which are read in the order of the file."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._source = ReadAhead(document.source)

    def first_open(self, extents: Iterable[tuple[int, int]]) -> int | None:
        """Where the first object stands that may go on behind the end.

        `extents`: where each object begins, and where the next one does, in order.
        """
        data, origin = b"", 0
        for start, following in extents:
            at = start - origin
            if at + _HEAD_BYTES > len(data):
                data, at = self._source.view(start, min(following - start, _HEAD_BYTES))
                origin = start - at
            found = _PLAIN.match(data, at, following - origin)
            if found is not None and self._ends(found, origin, following):
                continue
            if self._looks_open(start, following):
                return start
        return None

    def _ends(self, found: re.Match[bytes], origin: int, following: int) -> bool:
        """Whether what was found is a whole object, with the data of its stream.

        `origin`: the position of the first byte of what was searched.
        """
        stop, length = found.end(), found["length"]
        if length is None:
            return origin + stop == following
        if found.string.find(b"#", found.start(), stop) >= 0:
            return False  # in a name, which might be another /Length
        at = stop + int(length)
        here = _END_OF_STREAM.match(found.string, at, min(at + _MARK_BYTES, self.document.end - origin))
        return here is not None or self._ends_stream(origin + at)

    def _ends_stream(self, position: int) -> bool:
        """Whether the data of a stream end at a position: `endstream` follows, before the end."""
        mark = self._source.read(position, max(0, min(_MARK_BYTES, self.document.end - position)))
        return _END_OF_STREAM.match(mark) is not None

    def _looks_open(self, start: int, following: int) -> bool:
        """The same, at a second look: what cannot be read may be anything to other readers."""
        try:
            found, behind, is_end = self._parsed(start)
            if b"%" in self.document.source.read(start, found.value_start).rpartition(b"obj")[0]:
                return True  # a comment before or in its head, where some readers expect none
        except Incomplete:
            return True
        except DocumentError:
            self.document.work.check()
            return self._begins(start)
        if start + found.end > following or _refers_beyond(found.value):
            return True
        if found.body is None or not isinstance(found.value, Dictionary):
            return not is_end and behind != following
        body = start + found.body
        length = max(self._lengths(found.value), default=0)
        if body + length > self.document.end:
            return True
        # readers that do not find `endstream` where /Length says look for the next one
        return not self._ends_stream(body + length) and not self._has_end_of_stream(body)

    def _begins(self, start: int) -> bool:
        """Whether an object begins at a position for any reader, or may do so with the bytes that come.

        Readers forgive much in a head; what does not begin with a number is none.
        """
        left = min(self.document.end - start, self.document.limits.object_bytes)
        self.document.work.spend(left // BYTES_PER_STEP_SCANNED)
        return _HEAD.match(self.document.source.read(start, left)) is not None

    def _parsed(self, start: int) -> tuple[Indirect, int, bool]:
        """The object at a position, what follows its value, and whether that is `endobj`.

        Incomplete where the bytes of this state do not suffice.
        """
        left, length = self.document.end - start, FIRST_READ_BYTES
        while True:
            data = self.document.source.read(start, min(length, left, self.document.limits.object_bytes))
            self.document.work.spend(len(data) // BYTES_PER_STEP_SCANNED)
            try:
                parser = Parser(data, origin=start, final=False, work=self.document.work)
                found = parser.indirect()
            except Incomplete:
                if len(data) < length:
                    raise
                length *= 8
                continue
            behind = parser.skip(found.end)
            return found, start + behind, _END_OF_OBJECT.match(data, behind) is not None

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

    def odd_packed(self, stream: ObjectStream, numbers: Iterable[int]) -> int | None:
        """One of the objects of an object stream in which readers may find different references.

        That is one which cannot be read, or refers to a number that no document has.
        """
        for number in numbers:
            span = stream.span(number)
            if span is None or _PLAIN_PACKED.fullmatch(stream.decoded, *span):
                continue
            try:
                if _refers_beyond(stream.value(number)[0]):
                    return number
            except DocumentError:
                self.document.work.check()
                return number
        return None


def _refers_beyond(value: Value) -> bool:
    """A reference to a number that no document has: some readers take it modulo 2 ** 32."""
    return any(ref.number > MAX_OBJECT_NUMBER for ref in all_references(value))
