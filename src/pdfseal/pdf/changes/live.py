"""The objects that are live in one state of a document, kept up from state to state.

Reference: ISO 32000-2, 7.5.4 (cross-reference table), 7.5.7 (object streams).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from itertools import pairwise

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes.extents import Extents
from pdfseal.pdf.changes.values import all_references
from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import Dictionary, Ref, Value
from pdfseal.pdf.xref import Entry, InUse, Packed


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
            entries: list[tuple[str, Value]] = [("", value)]
            if isinstance(value, Dictionary):
                entries = [*value.items(), *zip(value.repeated, value.earlier, strict=True)]
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
        """An object that does not end before this state does: bytes that come later may be part of it.

        `among`: the numbers to look at, where an earlier state was looked at whole.
        """
        end = self.document.end
        if self._plain and self._plain[-1][0] >= end:
            return self._plain[-1][1]
        start = Extents(self.document).first_open(self._extents(among))
        return None if start is None else self.object_at(start)

    def read_differently(self) -> int | None:
        """An object in an object stream in which some readers may find other references."""
        extents = Extents(self.document)
        for stream, numbers in self.streams():
            try:
                odd = extents.odd_packed(self.document.object_stream(stream), numbers)
            except DocumentError:
                continue  # of a stream that nobody can read
            if odd is not None:
                return odd
        return None

    def _extents(self, among: Iterable[int] | None) -> Iterator[tuple[int, int]]:
        """(start, where the next one begins) of the objects, in order."""
        base = self.document.base  # where no object can stand: an entry for it is one of none
        if among is None:
            starts = list(dict.fromkeys(start for start, _ in self._plain if start > base))
            yield from pairwise([*starts, self.document.end])
            return
        entries = (self._entries.get(number) for number in among)
        for start in sorted(one.offset + base for one in entries if isinstance(one, InUse) and one.offset):
            index = bisect_right(self._plain, start, key=_offset)
            yield start, self._plain[index][0] if index < len(self._plain) else self.document.end


def _offset(row: tuple[int, int]) -> int:
    return row[0]
