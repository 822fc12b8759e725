"""The objects that are live in one state of a document, kept up from state to state.

Reference: ISO 32000-2, 7.5.4 (cross-reference table), 7.5.7 (object streams).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes.values import all_references
from pdfseal.pdf.document import Document
from pdfseal.pdf.limits import BYTES_PER_STEP_COMMENTED, BYTES_PER_STEP_SCANNED
from pdfseal.pdf.source import ReadAhead, Source
from pdfseal.pdf.syntax import Dictionary, Incomplete, Parser, Ref, Value
from pdfseal.pdf.xref import MAX_OBJECT_NUMBER, Entry, InUse, Packed

WINDOW_BYTES = 4 << 20
_OVERLAP_BYTES = 256  # a reference with white space and comments; longer ones are padding
_HEAD_BYTES = 2048
GAP = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*[\r\n])+"
REFERENCE = re.compile(
    rb"(?<![0-9])0*([1-9][0-9]{0,9})" + GAP + rb"([0-9]{1,5})" + GAP + rb"R(?![A-Za-z0-9])"
)
_LENGTH = re.compile(
    rb"/(?:L|#4[cC])(?:e|#65)(?:n|#6[eE])(?:g|#67)(?:t|#74)(?:h|#68)" + GAP + rb"\+?([0-9]+)(?![0-9])"
)
_COMMENTED = re.compile(rb"(?:>>|[h8])[\x00\t\n\f\r ]*+%")
# An R of a reference as everybody writes it, or inside a name or word; and a number too long for an object's.
_PLAIN_R = re.compile(rb"(?<![0-9.+-])[0-9]{1,7} [0-9]{1,5} R(?=[\x00\t\n\f\r /<>\[\]()])|(?<=[/A-Za-z])R")
_ODD_NUMBER = re.compile(rb"[0-9]{8}[\x00\t\n\f\r ]+[0-9]+[\x00\t\n\f\r ]+R")
_ANY_END_OF_STREAM = re.compile(rb"endstream(?![^\x00\t\n\f\r ()<>\[\]{}/%])")
_END_OF_STREAM = re.compile(rb"[\x00\t\n\f\r ]*" + _ANY_END_OF_STREAM.pattern)
_STREAM = re.compile(rb">>" + GAP[:-1] + rb"*stream(?:\r\n|\n|\r)")


class Live:
    """The live objects of one state, those written plainly in the order of their offsets.

    `advance` goes on to a later state of the same file, at the cost of what that one changed.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._entries: dict[int, Entry] = dict(document.entries())
        rows, base = self._entries.items(), document.base
        # (absolute offset, number)
        self._plain = sorted((one.offset + base, number) for number, one in rows if isinstance(one, InUse))
        self.packed: dict[int, dict[int, None]] = {}  # object stream -> the numbers it holds, in order
        self._referred: dict[tuple[int, Entry, Entry | None], dict[int, set[str]]] = {}
        self._kept = 0
        for number, entry in rows:
            if isinstance(entry, Packed):
                self.packed.setdefault(entry.stream, {})[number] = None

    def advance(self, document: Document, numbers: Iterable[int]) -> None:
        """Go on to a later state that lists `numbers` anew."""
        self.document = document
        for number in numbers:
            old, new = self._entries.get(number), document.entry(number)
            if old == new or new is None:
                continue
            if isinstance(old, InUse):
                del self._plain[bisect_left(self._plain, (old.offset + document.base, number))]
            elif isinstance(old, Packed):
                del self.packed[old.stream][number]
            if isinstance(new, InUse):
                insort(self._plain, (new.offset + document.base, number))
            elif isinstance(new, Packed):
                self.packed.setdefault(new.stream, {})[number] = None
            self._entries[number] = new

    def entry(self, number: int) -> Entry | None:
        return self._entries.get(number)

    def streams(self) -> Iterator[tuple[int, Iterable[int]]]:
        """The object streams that are there, each with the objects that entries place in it."""
        for stream, numbers in self.packed.items():
            if numbers and isinstance(self._entries.get(stream), InUse):
                yield stream, numbers

    def awaits(self, stream: int) -> bool:
        """Whether entries place objects in an object stream of this number that is not there."""
        return bool(self.packed.get(stream)) and not isinstance(self._entries.get(stream), InUse)

    def object_at(self, position: int) -> int | None:
        """The object that begins last at or before a byte position."""
        index = bisect_right(self._plain, position, key=_offset) - 1
        return self._plain[index][1] if index >= 0 else None

    def object_around(self, position: int) -> int | None:
        """The object whose bytes a position is among; one that cannot be read may reach anywhere."""
        number = self.object_at(position)
        entry = self._entries[number] if number is not None else None
        if number is None or not isinstance(entry, InUse):
            return None
        try:
            return number if position < self.document.reach(number, entry) else None
        except DocumentError:
            return number

    def holds(self, holder: int, number: int) -> bool:
        """Whether an object refers to `number`, or cannot be read at all."""
        try:
            return number in self._leading(holder)
        except DocumentError:
            return True

    def entries_leading(self, holder: int, number: int) -> set[str]:
        """The entries of a dictionary in which it refers to `number`, inner ones too; "" for an array."""
        return self._leading(holder).get(number, set())

    def _leading(self, holder: int) -> dict[int, set[str]]:
        entry = self._entries[holder]
        key = holder, entry, self._entries.get(entry.stream) if isinstance(entry, Packed) else None
        if key not in self._referred:
            value, found = self._value(holder), dict[int, set[str]]()
            entries = value.items() if isinstance(value, Dictionary) else [("", value)]
            for name, item in entries:
                for ref in all_references(item):
                    found.setdefault(ref.number, set()).add(name)
            self._kept += len(found)
            if self._kept > self.document.limits.kept_values:
                self._referred.clear()
                self._kept = len(found)
            self._referred[key] = found
        return self._referred[key]

    def _value(self, number: int) -> Value:
        entry = self._entries[number]
        return self.document.object(Ref(number, entry.generation if isinstance(entry, InUse) else 0))

    def reaching_over(self, among: Iterable[int] | None = None) -> int | None:
        """An object that does not end before this state does: bytes that come later would be part of it.

        `among`: the numbers to look at, where an earlier state was looked at whole.
        """
        end = self.document.end
        if self._plain and self._plain[-1][0] >= end:
            return self._plain[-1][1]
        source = ReadAhead(self.document.source)
        for start, following in self._extents(among):
            if self._goes_on(source, start, following):
                return self.object_at(start)
        return None

    def _extents(self, among: Iterable[int] | None) -> Iterator[tuple[int, int]]:
        """(start, where the next one begins) of the objects, in order."""
        if among is None:
            starts = list(dict.fromkeys(start for start, _ in self._plain))
            yield from zip(starts, [*starts[1:], self.document.end], strict=True)
            return
        entries = (self._entries.get(number) for number in among)
        for start in sorted(one.offset + self.document.base for one in entries if isinstance(one, InUse)):
            index = bisect_right(self._plain, start, key=_offset)
            yield start, self._plain[index][0] if index < len(self._plain) else self.document.end

    def _goes_on(self, source: Source, start: int, following: int) -> bool:
        """Whether the object at `start` goes on behind the end; the next one begins at `following`."""
        end = self.document.end
        head = source.read(start, min(following - start, _HEAD_BYTES))
        if len(head) == following - start and _is_plain(head):
            return False
        self._pay_for_comments(head)
        stream = _STREAM.search(head)
        if stream is None and following - start > len(head):
            head = source.read(start, min(following - start, self.document.limits.object_bytes))
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
        if body + length <= end and _END_OF_STREAM.match(source.read(body + length, 16)):
            return False
        # readers that do not find `endstream` where /Length says look for the next one
        return not any(_ANY_END_OF_STREAM.search(piece) for piece in overlapping(source, body, end))

    def _is_open(self, start: int, following: int, *, readable: bool) -> bool:
        """Whether parsing the object runs into the next one, or into the end of this state.

        `readable`: or cannot be parsed, for others may read references in it that are none for us.
        """
        for stop in (min(following + _OVERLAP_BYTES, self.document.end), self.document.end):
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


def _is_plain(whole: bytes) -> bool:
    """Whether an object ends where the next one begins, with nothing in it that needs a closer look."""
    return (
        b"stream" not in whole
        and whole.endswith((b"endobj\n", b"endobj\r\n", b"endobj\r", b"endobj \n"))
        and b"(" not in whole
        and b"%" not in whole
        and b"\\" not in whole
        and whole.count(b"obj") == 2
        and not _has_odd_reference(whole)
    )


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


def overlapping(source: Source, start: int, end: int) -> Iterator[bytes]:
    """The bytes in windows that overlap, so that no short word is cut."""
    for at in range(start, end, WINDOW_BYTES):
        yield source.read(at, min(WINDOW_BYTES + _OVERLAP_BYTES, end - at))


def _offset(row: tuple[int, int]) -> int:
    return row[0]
