"""What a reader would find that rebuilds cross-reference data: many do, each at another defect.

Such a reader searches the file for `12 0 obj` and `trailer`, and the last one found counts. In bytes
that were appended to a signed revision there must be nothing for it that the cross-reference
data does not list, and nothing that makes it rebuild.

Reference: ISO 32000-2, 7.5.4 (an entry of a table has 20 bytes).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from pdfseal.pdf.document import Document
from pdfseal.pdf.source import ReadAhead, Source, chunks
from pdfseal.pdf.xref import MAX_OBJECT_NUMBER, InUse, Packed

_WINDOW_BYTES = 4 << 20
_OVERLAP_BYTES = 64
_LINE_BYTES = 1024
_HEAD_BYTES = 40
# for some readers a vertical tab is white space, and for pdfium the octets at the end
_GAP = rb"(?:[\x00\t\n\x0b\f\r \x80\xff]++|%[^\r\n]*+[\r\n])++"
_HEAD = re.compile(rb"(?<![0-9])([0-9]{1,10})" + _GAP + rb"[0-9]{1,5}" + _GAP + rb"\Z")
# mupdf takes escapes in words
_WORD = re.compile(rb"(?<![A-Za-z])(?:o|#6[fF])(?:b|#62)(?:j|#6[aA])|trailer")
_JOINED = re.compile(rb"[0-9]" + _GAP + rb"[0-9]{1,5}\Z")
_OBJECT = re.compile(rb"(?<![0-9])([0-9]{1,10})[\x00\t\n\f\r ]+[0-9]{1,5}[\x00\t\n\f\r ]+obj")
_SPACE = b"\x00\t\n\x0b\f\r \x80\xff"
_NO_NUMBER = MAX_OBJECT_NUMBER + 1  # of a head that is longer, or farther away, than usual


class Listing:
    """All that the cross-reference sections of a document lead to, what later ones took back included."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.sections = document.sections
        hybrids = [section.hybrid.offset for section in document.sections if section.hybrid]
        self._starts = sorted(hybrids + [section.offset for section in document.sections])
        # a number that a later section leads to an earlier place, or an earlier generation
        self.backwards: int | None = None
        self._numbers: dict[int, int] = {}  # the object that should begin at an absolute position
        self._others: set[tuple[int, int]] = set()  # (position, number) where more than one should
        last: dict[int, InUse] = {}
        for section in reversed(document.sections):
            rows = document.listing(section).items()
            used = {n: one for n, one in rows if isinstance(one, InUse) and one.offset}  # at 0 there is none
            for number in last.keys() & used.keys():
                old, new = last[number], used[number]
                if old.offset > new.offset or old.generation > new.generation:
                    self.backwards = number
            last |= used
            self._add({number: one.offset + document.base for number, one in used.items()})
        self._positions = sorted(self._numbers)

    def _add(self, places: dict[int, int]) -> None:
        numbers = dict(zip(places.values(), places, strict=True))
        if len(numbers) < len(places):
            self._others |= {(at, number) for number, at in places.items() if numbers[at] != number}
        for position in self._numbers.keys() & numbers.keys():
            if (number := self._numbers[position]) != numbers[position]:
                self._others.add((position, number))
        self._numbers |= numbers

    def accounts_for(self, position: int, number: int) -> bool:
        """Whether an entry leads to the object of this number that stands here, or to white space before it.

        Or it is a cross-reference stream that does not list itself, of a number that nothing else has.
        """
        space = self._document.source.read(max(0, position - _OVERLAP_BYTES), min(position, _OVERLAP_BYTES))
        first = position - len(space) + len(space.rstrip(_SPACE))
        places = range(first, position + 1)
        if any(self._numbers.get(at) == number or (at, number) in self._others for at in places):
            return True
        section = bisect_left(self._starts, first)
        is_section = section < len(self._starts) and self._starts[section] <= position
        return is_section and not isinstance(self._document.entry(number), InUse | Packed)

    def survey(self, end: int) -> tuple[int, int | None]:
        """At how many of the places before `end` the object begins that should; and one that does not.

        That is the number of an entry that leads to the head of another object: some readers believe the
        head. What is no head at all is not looked at here.
        """
        ahead, count, wrong = ReadAhead(self._document.source), 0, None
        for position in self._positions[: bisect_left(self._positions, end)]:
            data, at = ahead.view(position - 1, _HEAD_BYTES + 1)  # no digit stands before the head
            head = _OBJECT.match(data, at + 1, at + 1 + _HEAD_BYTES)
            if head is not None and int(head[1]) == self._numbers[position]:
                count += 1
            elif head is not None:
                wrong = self._numbers[position]
        return count, min((number for at, number in self._others if at < end), default=wrong)


class Strays:
    """Positions of objects and trailers behind `start` that no cross-reference section accounts for."""

    def __init__(self, document: Document, start: int) -> None:
        self.start = start
        listing = self.listing = Listing(document)
        tables = sorted((s.offset, s.end) for s in document.sections if s.kind == "table" and s.end > start)
        trailers: set[int] = set()
        self._positions: list[int] = []
        for position, number in _words(document.source, start, document.end):
            if number is None:
                index = bisect_right(tables, (position, document.end)) - 1
                if index < 0 or position >= tables[index][1] or index in trailers:
                    self._positions.append(position)
                trailers.add(index)
            elif not listing.accounts_for(position, number):
                self._positions.append(position)

    def after(self, start: int) -> int | None:
        """The first stray at or behind `start`, which is not before the `start` of the search."""
        index = bisect_left(self._positions, start)
        return self._positions[index] if index < len(self._positions) else None


def hidden_object(document: Document, listing: Listing, listed: int) -> int | None:
    """Where a document holds an object that only a rebuilding reader finds, and then prefers.

    That is one that nothing lists and that stands behind the one that counts. Nobody sees it before
    the file grows by something that makes a reader rebuild. `listing`: of this state or a later one;
    `listed`: how many of its objects this state has.
    """
    if _words_of_objects(document.source, document.end) == listed:
        return None  # as many as are listed, so that there is no other
    for position, number in _words(document.source, 0, document.end):
        if number is None or listing.accounts_for(position, number):
            continue
        entry = document.entry(number) if number < _NO_NUMBER else None
        if not isinstance(entry, InUse) or entry.offset + document.base < position:
            return position
    return None


def _words_of_objects(source: Source, end: int) -> int:
    """How many times `obj` stands in the first bytes, by itself or in another word, but for `endobj`."""
    count, lead = 0, b""
    for piece in chunks(source, 0, end):
        data = lead + piece
        count += data.count(b"obj") - data.count(b"endobj") + data.count(b"#6")
        lead = data[-5:]
        count -= lead.count(b"obj") - lead.count(b"endobj")
    return count + lead.count(b"obj") - lead.count(b"endobj")


def _words(source: Source, start: int, end: int) -> Iterator[tuple[int, int | None]]:
    """(position, number) of what may be an object, in order; no number for the word `trailer`.

    The position is that of the number, where that stands as usual.
    """
    for at in range(start, end, _WINDOW_BYTES):
        lead = min(_LINE_BYTES, at - start)
        data = source.read(at - lead, min(lead + _WINDOW_BYTES + len(b"trailer"), end - at + lead))
        for match in _WORD.finditer(data, lead):
            if match.start() - lead >= _WINDOW_BYTES:
                break
            if match[0] == b"trailer":
                yield at - lead + match.start(), None
                continue
            before = max(0, match.start() - _OVERLAP_BYTES)
            head = _HEAD.search(data[before : match.start()])
            if head is not None:
                yield at - lead + before + head.start(), int(head[1])
            elif _is_odd_head(data[max(0, match.start() - _LINE_BYTES) : match.start()]):
                yield at - lead + match.start(), _NO_NUMBER


def _is_odd_head(before: bytes) -> bool:
    """Whether numbers may stand before `obj`, with more space than usual or a comment between."""
    space = len(before) - len(before.rstrip(_SPACE))
    text = before[: len(before) - space]
    if space > _OVERLAP_BYTES:
        return True
    if not space:
        return _JOINED.search(text[-_OVERLAP_BYTES:]) is not None
    if text[-1:].isdigit() or text[-1:] in (b"+", b"-", b"."):
        return True
    line = text[max(text.rfind(b"\r"), text.rfind(b"\n")) + 1 :]
    ends = b"\r" in before[-space:] or b"\n" in before[-space:]
    return ends and (b"%" in line or len(line) == _LINE_BYTES - space)
