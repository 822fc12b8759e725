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
from pdfseal.pdf.source import Source
from pdfseal.pdf.xref import InUse, Section

_WINDOW_BYTES = 4 << 20
_OVERLAP_BYTES = 64
_GAP = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*[\r\n])+"
_HEAD = re.compile(rb"(?<![0-9])[0-9]{1,10}" + _GAP + rb"[0-9]{1,5}" + _GAP + rb"\Z")
_WORD = re.compile(rb"(?<![A-Za-z])obj|trailer")
_ENTRIES = re.compile(rb"(?:[0-9]{10} [0-9]{5} [nf](?: \r| \n|\r\n))*+")
_OBJECT_ZERO = b"0000000000 65535 f"
_END = re.compile(rb"startxref[\x00\t\n\f\r ]+[0-9]{1,20}[\x00\t\n\f\r ]+%%EOF")
_MAX_TAIL_BYTES = 16 << 10
_SPACE = b"\x00\t\n\f\r "


class Strays:
    """Positions of objects and trailers behind `start` that no cross-reference section accounts for."""

    def __init__(self, document: Document, start: int) -> None:
        self.start = start
        listed = sorted(_listed(document, start))
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


def irregular(sections: tuple[Section, ...]) -> bool:
    """Whether some readers rebuild or shift a table: entries not of 20 bytes, or object 0 in another place."""
    runs = [(section, run) for section in sections if section.kind == "table" for run in section.runs]
    entries = ((run.first, section.source.read(run.position, 20 * run.count)) for section, run in runs)
    return any(
        not _ENTRIES.fullmatch(written) or (first and written.startswith(_OBJECT_ZERO))
        for first, written in entries
    )


def misleading_end(section: Section, end: int) -> bool:
    """Whether what stands behind the newest section is more than its own `startxref` and comments.

    The last `startxref` counts, and readers differ on what may stand between it and its number.
    """
    tail = section.source.read(section.end, min(end - section.end, _MAX_TAIL_BYTES))
    return (
        section.end + len(tail) < end
        or tail.count(b"startxref") != 1
        or _END.match(tail, tail.find(b"startxref")) is None
    )


def _listed(document: Document, start: int) -> Iterator[int]:
    for section in document.sections:
        if section.reach <= start:
            continue
        yield section.offset
        if section.hybrid:
            yield section.hybrid.offset
        for entry in section.entries().values():
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
