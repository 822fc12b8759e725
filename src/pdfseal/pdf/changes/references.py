"""Who refers to an object: found by searching bytes, not by walking the document.

A reference to nothing may be filled later, and one object may play two roles: a verdict on a change
needs to know which signed objects refer to it. Reading all objects as objects would cost seconds
on a large file; searching its bytes for `12 0 R` costs about as much as hashing them.

Law: a hit is a suspicion. It counts only if the object around it, read as an object, holds the
reference; an object that cannot be read counts as holding it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes.rebuilding import Strays
from pdfseal.pdf.document import Document
from pdfseal.pdf.source import Source
from pdfseal.pdf.syntax import Dictionary, Incomplete, Parser, Ref, Value
from pdfseal.pdf.xref import MAX_OBJECT_BYTES, InUse, Packed

_WINDOW_BYTES = 4 << 20
_OVERLAP_BYTES = 256  # a reference with white space and comments; longer ones are padding
_HEAD_BYTES = 2048
_FEW = 24
_GAP = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*[\r\n])+"
_REFERENCE = re.compile(
    rb"(?<![0-9])0*([1-9][0-9]{0,9})" + _GAP + rb"([0-9]{1,5})" + _GAP + rb"R(?![A-Za-z0-9])"
)
_LENGTH = re.compile(
    rb"/(?:L|#4[cC])(?:e|#65)(?:n|#6[eE])(?:g|#67)(?:t|#74)(?:h|#68)" + _GAP + rb"\+?([0-9]+)(?![0-9])"
)

_STREAM = re.compile(rb">>" + _GAP[:-1] + rb"*stream(?:\r\n|\n|\r)")


class References:
    """The places in the bytes of a document where given object numbers are referred to.

    One search serves all signatures of a file: each asks about its own earlier state.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._numbers: frozenset[int] = frozenset()
        self._plain: dict[int, list[int]] = {}
        self._streams: dict[int, frozenset[int]] = {}
        self._strays: Strays | None = None

    def stray_after(self, start: int) -> int | None:
        """The first object or trailer behind `start` that no cross-reference section lists."""
        if self._strays is None or start < self._strays.start:
            self._strays = Strays(self._document, start)
        return self._strays.after(start)

    def referrers(self, state: State, number: int, among: Iterable[int]) -> set[int]:
        """Numbers of the objects of `state` that refer to `number`.

        `among`: all numbers that may be asked about, so that one search finds them together.
        """
        self._search(frozenset(among) | {number})
        found = set()
        for position in self._plain.get(number, ()):
            if position < state.document.end:
                holder = state.object_at(position)
                if holder is not None and state.holds(holder, number):
                    found.add(holder)
        for stream, packed in state.packed.items():
            if number in self._in_stream(state, stream):
                found |= {holder for holder in packed if state.holds(holder, number)}
        return found

    def _search(self, numbers: frozenset[int]) -> None:
        if numbers <= self._numbers:
            return
        self._numbers, self._plain, self._streams = numbers, {}, {}
        source, end = self._document.source, self._document.end
        for index, window in enumerate(_overlapping(source, 0, end)):
            start = index * _WINDOW_BYTES
            for position, number in _references(window, numbers):
                if position < _WINDOW_BYTES:
                    self._plain.setdefault(number, []).append(start + position)

    def _in_stream(self, state: State, stream: int) -> frozenset[int]:
        """Which of the numbers an object stream refers to; by its offset, as states share it."""
        entry = state.live[stream]
        offset = entry.offset if isinstance(entry, InUse) else -1
        if offset not in self._streams:
            decoded = state.document.object_stream(stream).decoded
            self._streams[offset] = frozenset(number for _, number in _references(decoded, self._numbers))
        return self._streams[offset]


class State:
    """One earlier state of the document, with all its live objects in the order of their offsets."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.live = document.entries()
        plain = [(e.offset + document.base, n) for n, e in self.live.items() if isinstance(e, InUse)]
        plain.sort()
        self._offsets = [offset for offset, _ in plain]
        self._numbers = [number for _, number in plain]
        self.packed: dict[int, list[int]] = {}
        self.absent: set[int] = set()  # object streams that entries lead to and that are not there
        for number, entry in self.live.items():
            if not isinstance(entry, Packed):
                continue
            if isinstance(self.live.get(entry.stream), InUse):
                self.packed.setdefault(entry.stream, []).append(number)
            else:
                self.absent.add(entry.stream)

    def object_at(self, position: int) -> int | None:
        """The object that begins last at or before a byte position."""
        index = bisect_right(self._offsets, position) - 1
        return self._numbers[index] if index >= 0 else None

    def holds(self, holder: int, number: int) -> bool:
        """Whether an object refers to `number`, or cannot be read at all."""
        try:
            return any(ref.number == number for ref in _all_references(self._value(holder)))
        except DocumentError:
            return True

    def _value(self, number: int) -> Value:
        entry = self.live[number]
        return self.document.object(Ref(number, entry.generation if isinstance(entry, InUse) else 0))

    def reaching_over(self) -> int | None:
        """An object that does not end before this state does: bytes that come later would be part of it."""
        end = self.document.end
        starts = sorted(set(self._offsets))
        if starts and starts[-1] >= end:
            return self.object_at(starts[-1])
        for start, following in zip(starts, [*starts[1:], end], strict=True):
            if self._goes_on(start, following):
                return self.object_at(start)
        return None

    def _goes_on(self, start: int, following: int) -> bool:
        """Whether the object at `start` goes on behind the end; the next one begins at `following`."""
        source, end = self.document.source, self.document.end
        head = source.read(start, min(following - start, _HEAD_BYTES))
        stream = _STREAM.search(head)
        if stream is None and following - start > len(head):
            head = source.read(start, min(following - start, MAX_OBJECT_BYTES))
            stream = _STREAM.search(head)
        head = head[: stream.start()] if stream else head
        if _may_be_open(head) and self._is_open(start, following):
            return True
        if stream is None:
            return False
        body = start + stream.end()
        length = max((self._length(head, match) for match in _LENGTH.finditer(head)), default=0)
        if body + length <= end and source.read(body + length, 16).lstrip().startswith(b"endstream"):
            return False
        # readers that do not find `endstream` where /Length says look for the next one
        return not any(b"endstream" in piece for piece in _overlapping(source, body, end))

    def _is_open(self, start: int, following: int) -> bool:
        """Whether parsing the object runs into the end of this state."""
        for stop in (min(following + _OVERLAP_BYTES, self.document.end), self.document.end):
            data = self.document.source.read(start, min(stop - start, MAX_OBJECT_BYTES))
            try:
                Parser(data, origin=start, final=False).indirect()
            except Incomplete:
                continue
            except DocumentError:
                pass
            return False
        return True

    def _length(self, head: bytes, match: re.Match[bytes]) -> int:
        """The number behind /Length, or what the reference there leads to."""
        reference = _REFERENCE.match(head, match.start(1))
        if reference is None:
            return int(match[1][:18])
        try:
            length = self.document.resolve(Ref(int(reference[1]), int(reference[2])))
        except DocumentError:
            return 0
        return length if isinstance(length, int) else 0


def _may_be_open(head: bytes) -> bool:
    """Whether counting brackets is not enough to see that all strings in an object end."""
    return head.count(b"(") != head.count(b")") or b"\\" in head or b"%" in head


def _overlapping(source: Source, start: int, end: int) -> Iterator[bytes]:
    """The bytes in windows that overlap, so that no short word is cut."""
    for at in range(start, end, _WINDOW_BYTES):
        yield source.read(at, min(_WINDOW_BYTES + _OVERLAP_BYTES, end - at))


def _references(data: bytes, numbers: frozenset[int]) -> Iterator[tuple[int, int]]:
    """(position, number) of what looks like a reference to one of `numbers`."""
    if len(numbers) > _FEW:
        for match in _REFERENCE.finditer(data):
            if int(match[1]) in numbers:
                yield match.start(1), int(match[1])
        return
    for number in numbers:
        text = b"%d" % number
        at = data.find(text)
        while at >= 0:
            start = at
            while start and data[start - 1 : start] == b"0":
                start -= 1
            if (found := _REFERENCE.match(data, start)) is not None and int(found[1]) == number:
                yield at, number
            at = data.find(text, at + 1)


def _all_references(value: Value) -> Iterator[Ref]:
    """Every reference inside a value; the parser bounded its depth and size."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Ref):
            yield item
        elif isinstance(item, Dictionary):
            stack += item.values()
        elif isinstance(item, list):
            stack += item


def keys_leading_to(value: Value, number: int) -> Iterator[str]:
    """The entries inside a value that refer to an object; an empty name for what is in no dictionary."""
    stack: list[tuple[str, Value]] = [("", value)]
    while stack:
        key, item = stack.pop()
        if isinstance(item, Ref) and item.number == number:
            yield key
        elif isinstance(item, Dictionary):
            stack += item.items()
        elif isinstance(item, list):
            stack += [(key, entry) for entry in item]


def alike(one: Value, other: Value) -> bool:
    """Equal with equal types: Python takes true for 1 and 1 for 1.0, readers of PDF do not."""
    stack: list[tuple[Value, Value]] = [(one, other)]
    while stack:
        a, b = stack.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, Dictionary) and isinstance(b, Dictionary):
            if a.keys() != b.keys():
                return False
            stack += [(a[key], b[key]) for key in a]
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            stack += zip(a, b, strict=True)
        elif a != b:
            return False
    return True
