"""Where an object ends: whether it goes on in bytes that are not its own.

    start, where the next object begins -> Extents.goes_on -> bool

Most objects are seen at a glance to end where they should; the others are parsed.

Reference: ISO 32000-2, 7.3.8 (streams), 7.3.10 (indirect objects).
"""

from __future__ import annotations

import re

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes.values import all_references
from pdfseal.pdf.document import Document
from pdfseal.pdf.limits import BYTES_PER_STEP_COMMENTED, BYTES_PER_STEP_SCANNED
from pdfseal.pdf.source import WINDOW_OVERLAP_BYTES, ReadAhead, overlapping
from pdfseal.pdf.syntax import Incomplete, Parser, Ref, Value
from pdfseal.pdf.xref import MAX_OBJECT_NUMBER

_HEAD_BYTES = 2048
_SPACE = rb"[\x00\t\n\f\r ]"
GAP = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*[\r\n])+"
REFERENCE = re.compile(
    rb"(?<![0-9])0*([1-9][0-9]{0,9})" + GAP + rb"([0-9]{1,5})" + GAP + rb"R(?![A-Za-z0-9])"
)
# What a dictionary holds as everybody writes it: no strings, comments or escapes, no R but of plain
# references, names and words, no end before the last one, and no /Length.
_BORING = rb"""
    (?: [^()%\\R\#Lj>]++
      | (?<=[0-9][ ]0[ ]) (?<![0-9]{8}[ ]0[ ]) R (?=[\0\t\n\f\r /<>\[\]()])
      | (?<=[/A-Za-z]) R
      | (?<!ob) j
      | L (?!ength)
      | > (?! > [\0\t\n\f\r ]*+ (?:stream|endobj))
    )*+"""
# A whole object: such a dictionary, or one with one /Length up to the first byte of its stream.
_PLAIN = re.compile(
    rb"""
    [0-9]{1,10} [ ] [0-9]{1,5} [ ] obj [\0\t\n\f\r ]*+ << BORING
    (?: >> [\0\t\n\f\r ]*+ endobj (?:\r\n|\r|[ ]?\n)
      | (?<=/) Length [ ] (?P<length> [0-9]{1,9}) (?=[/>\r\n]) BORING
        >> [\0\t\n\f\r ]*+ stream (?:\r\n|\n|\r)
    )""".replace(b"BORING", _BORING),
    re.VERBOSE,
)
_LENGTH = re.compile(
    rb"/(?:L|#4[cC])(?:e|#65)(?:n|#6[eE])(?:g|#67)(?:t|#74)(?:h|#68)" + GAP + rb"\+?([0-9]+)(?![0-9])"
)
_COMMENTED = re.compile(rb"(?:>>|[h8])[\x00\t\n\f\r ]*+%")
# An R of a reference as everybody writes it, or inside a name or word; and a number too long for an object's.
_PLAIN_R = re.compile(rb"(?<![0-9.+-])[0-9]{1,7} [0-9]{1,5} R(?=[\x00\t\n\f\r /<>\[\]()])|(?<=[/A-Za-z])R")
_ODD_NUMBER = re.compile(rb"[0-9]{8}[\x00\t\n\f\r ]+[0-9]+[\x00\t\n\f\r ]+R")
_ANY_END_OF_STREAM = re.compile(rb"endstream(?![^\x00\t\n\f\r ()<>\[\]{}/%])")
_END_OF_STREAM = re.compile(_SPACE + rb"*" + _ANY_END_OF_STREAM.pattern)
_STREAM = re.compile(rb">>" + GAP[:-1] + rb"*stream(?:\r\n|\n|\r)")


class Extents:
    """The ends of the objects of one state of a document, which are read in the order of the file."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._source = ReadAhead(document.source)

    def goes_on(self, start: int, following: int) -> bool:
        """Whether the object at `start` goes on behind the end; the next one begins at `following`."""
        data, at = self._source.view(start, min(following - start, _HEAD_BYTES))
        found = _PLAIN.match(data, at, at + following - start)
        if found is None:
            return self._looks_open(start, following)
        stop, length = start + found.end() - at, found["length"]
        ends = stop == following if length is None else self._ends_stream(stop + int(length))
        return not ends and self._looks_open(start, following)

    def _ends_stream(self, position: int) -> bool:
        """Whether the data of a stream end at a position: `endstream` follows, before the end."""
        left = min(16, self.document.end - position)
        if left < 9:
            return False
        data, at = self._source.view(position, left)
        return _END_OF_STREAM.match(data, at, at + left) is not None

    def _looks_open(self, start: int, following: int) -> bool:
        """The same, at a second look."""
        end = self.document.end
        head = self._source.read(start, min(following - start, _HEAD_BYTES))
        self._pay_for_comments(head)
        stream = _STREAM.search(head)
        if stream is None and following - start > len(head):
            head = self._source.read(start, min(following - start, self.document.limits.object_bytes))
            self._pay_for_comments(head)
            stream = _STREAM.search(head)
        head = head[: stream.start()] if stream else head
        doubtful = _may_be_open(head) or (stream is None and b"endobj" not in head)
        odd = _has_odd_reference(head)
        if (doubtful or odd) and self._is_open(start, following, readable=odd):
            return True
        if stream is None:
            return False
        body = start + stream.end()
        length = max((self._length(head, match) for match in _LENGTH.finditer(head)), default=0)
        if self._ends_stream(body + length):
            return False
        # readers that do not find `endstream` where /Length says look for the next one
        return not any(_ANY_END_OF_STREAM.search(piece) for piece in overlapping(self._source, body, end))

    def _is_open(self, start: int, following: int, *, readable: bool) -> bool:
        """Whether parsing the object runs into the next one, or into the end of this state.

        `readable`: or cannot be parsed, for others may read references in it that are none for us.
        """
        for stop in (min(following + WINDOW_OVERLAP_BYTES, self.document.end), self.document.end):
            data = self.document.source.read(start, min(stop - start, self.document.limits.object_bytes))
            self.document.work.spend(len(data) // BYTES_PER_STEP_SCANNED)
            try:
                found = Parser(data, origin=start, final=False, work=self.document.work).indirect()
            except Incomplete:
                continue
            except DocumentError:
                return readable
            return start + found.end > following or (readable and _odd_reference(found.value))
        return True

    def _pay_for_comments(self, head: bytes) -> None:
        """From each place behind which a comment may stand, `_STREAM` and `_LENGTH` pass that comment."""
        if b"%" not in head:
            return
        places = sum(1 for _ in _COMMENTED.finditer(head))
        self.document.work.spend(places * len(head) // BYTES_PER_STEP_COMMENTED)

    def _length(self, head: bytes, match: re.Match[bytes]) -> int:
        """The number behind /Length, or what the reference there leads to."""
        reference = REFERENCE.match(head, match.start(1))
        if reference is None:
            return int(match[1][:18])
        try:
            length = self.document.resolve(Ref(int(reference[1]), int(reference[2])))
        except DocumentError:
            return 0
        return length if isinstance(length, int) else 0


def _has_odd_reference(head: bytes) -> bool:
    """Whether an object may hold references that readers differ on; most are seen at a glance."""
    plain = head.count(b" 0 R") + head.count(b"/R") == head.count(b"R") and b". 0 R" not in head
    if not plain and head.count(b"R") > len(_PLAIN_R.findall(head)):
        return True
    return _ODD_NUMBER.search(head) is not None


def _odd_reference(value: Value) -> bool:
    """A reference to a number that no document has: some readers take it modulo 2 ** 32."""
    return any(ref.number > MAX_OBJECT_NUMBER for ref in all_references(value))


def _may_be_open(head: bytes) -> bool:
    """Whether counting brackets is not enough to see that all strings in an object end."""
    return head.count(b"(") != head.count(b")") or b"\\" in head or b"%" in head
