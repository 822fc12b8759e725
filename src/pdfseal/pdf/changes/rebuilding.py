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
from pdfseal.pdf.xref import InUse

_WINDOW_BYTES = 4 << 20
_OVERLAP_BYTES = 64
_HEAD_BYTES = 40
_GAP = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*[\r\n])+"
_HEAD = re.compile(rb"(?<![0-9])[0-9]{1,10}" + _GAP + rb"[0-9]{1,5}" + _GAP + rb"\Z")
_ODD_HEAD = re.compile(rb"[0-9\r\n\x00\t\f ][\x00\t\n\f\r ]+\Z")
_WORD = re.compile(rb"(?<![A-Za-z])obj|trailer")
_NUMBER = re.compile(rb"0*([0-9]+)")
_OBJECT = re.compile(rb"[\x00\t\n\f\r ]*[0-9]{1,10}[\x00\t\n\f\r ]+[0-9]{1,5}[\x00\t\n\f\r ]+obj")
_SPACE = b"\x00\t\n\f\r "


class Strays:
    """Positions of objects and trailers behind `start` that no cross-reference section accounts for."""

    def __init__(self, document: Document, start: int) -> None:
        self.start = start
        # positions that any section leads to, its own included, in order
        listed = self.listed = sorted(set(_listed(document)))
        tables = sorted((s.offset, s.end) for s in document.sections if s.kind == "table" and s.end > start)
        trailers: set[int] = set()
        self._positions: list[int] = []
        for position, word in _words(document.source, start, document.end):
            if word == b"trailer":
                index = bisect_right(tables, (position, document.end)) - 1
                if index < 0 or position >= tables[index][1] or index in trailers:
                    self._positions.append(position)
                trailers.add(index)
            elif not _is_listed(document.source, listed, position):
                self._positions.append(position)

    def after(self, start: int) -> int | None:
        """The first stray at or behind `start`, which is not before the `start` of the search."""
        index = bisect_left(self._positions, start)
        return self._positions[index] if index < len(self._positions) else None


def hidden_object(document: Document, end: int, listed: list[int]) -> int | None:
    """Where the first `end` bytes hold an object that only a rebuilding reader finds, and then prefers.

    That is one that nothing lists and that stands behind the one that counts. Nobody sees it before
    the file grows by something that makes a reader rebuild. `listed`: see Strays.
    """
    if _words_of_objects(document.source, end) == _objects_at(document.source, listed, end):
        return None  # as many as are listed, so that there is no other
    for position, word in _words(document.source, 0, end):
        if word == b"trailer" or _is_listed(document.source, listed, position):
            continue
        digits = _NUMBER.match(document.source.read(position, 64))
        entry = document.entry(int(digits[1][:10])) if digits is not None else None
        if not isinstance(entry, InUse) or entry.offset + document.base < position:
            return position
    return None


def _words_of_objects(source: Source, end: int) -> int:
    """How many times `obj` stands in the first bytes, by itself or in another word, but for `endobj`."""
    count, lead = 0, b""
    for piece in chunks(source, 0, end):
        data = lead + piece
        count += data.count(b"obj") - data.count(b"endobj")
        lead = data[-5:]
        count -= lead.count(b"obj") - lead.count(b"endobj")
    return count + lead.count(b"obj") - lead.count(b"endobj")


def _objects_at(source: Source, listed: list[int], end: int) -> int:
    """At how many of the positions, which are in order, an object does begin."""
    ahead, count = ReadAhead(source), 0
    for position in listed[: bisect_left(listed, end)]:
        data, at = ahead.view(position, _HEAD_BYTES)
        count += _OBJECT.match(data, at, at + _HEAD_BYTES) is not None
    return count


def _listed(document: Document) -> Iterator[int]:
    for section in document.sections:
        yield section.offset
        if section.hybrid:
            yield section.hybrid.offset
        for entry in document.listing(section).values():
            if isinstance(entry, InUse):
                yield entry.offset + document.base


def _is_listed(source: Source, listed: list[int], position: int) -> bool:
    """Whether an entry points here, or to white space before."""
    index = bisect_right(listed, position) - 1
    if index < 0 or position - listed[index] > _OVERLAP_BYTES:
        return False
    return not source.read(listed[index], position - listed[index]).strip(_SPACE)


def _words(source: Source, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """(position, word): where an object's number stands or the word `trailer`, in order."""
    for at in range(start, end, _WINDOW_BYTES):
        lead = min(_OVERLAP_BYTES, at - start)
        data = source.read(at - lead, min(lead + _WINDOW_BYTES + len(b"trailer"), end - at + lead))
        for match in _WORD.finditer(data, lead):
            if match.start() - lead >= _WINDOW_BYTES:
                break
            if match[0] == b"trailer":
                yield at - lead + match.start(), b"trailer"
                continue
            before = max(0, match.start() - _OVERLAP_BYTES)
            head = _HEAD.search(data[before : match.start()])
            if head is not None:
                yield at - lead + before + head.start(), b"obj"
            elif _ODD_HEAD.search(data[max(0, match.start() - 4) : match.start()]):
                yield at - lead + match.start(), b"obj"  # a number, longer or farther away than usual
