"""Who refers to an object, in any state of a document.

The file is searched once, for all numbers that may be asked about. What looks like a reference is
believed only if the object at that place, once parsed, holds it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from pdfseal.pdf.changes.live import Live
from pdfseal.pdf.document import Document
from pdfseal.pdf.limits import BYTES_PER_STEP_SCANNED
from pdfseal.pdf.source import WINDOW_BYTES, overlapping
from pdfseal.pdf.xref import InUse

_FEW = 24
_SPACE = rb"[\x00\t\n\f\r ]"
# What may be a reference: a number, and behind it a generation and R, or a comment or the end of what is
# read that may hide them.
# Where a comment ends is not looked for here: from each of many numbers in it that would be the whole line.
_LIKELY = re.compile(
    rb"(?<![0-9])0*([1-9][0-9]{0,9})"
    rb"(?=%s++(?:[0-9]{1,5}(?:%s++(?:R(?![A-Za-z0-9])|\Z)|%s*+%%)|\Z)|%s*+%%)"
    % (_SPACE, _SPACE, _SPACE, _SPACE)
)


class References:
    """The places in the bytes of a document where any of `numbers` is referred to.

    Others are searched for when they are asked about, which costs another look at the file.
    """

    def __init__(self, document: Document, numbers: Iterable[int]) -> None:
        self._document = document
        self._numbers: frozenset[int] = frozenset()
        self._plain: dict[int, list[int]] = {}
        # by the offset of an object stream, which states may have in common
        self._streams: dict[int, frozenset[int]] = {}
        self._search(frozenset(numbers))

    def _search(self, numbers: frozenset[int]) -> None:
        self._numbers |= numbers
        self._streams.clear()
        for index, window in enumerate(overlapping(self._document.source, 0, self._document.end)):
            start = index * WINDOW_BYTES
            for position, number in _references(window, numbers):
                if position < WINDOW_BYTES:
                    self._plain.setdefault(number, []).append(start + position)
        for number in numbers & self._plain.keys():
            self._plain[number].sort()

    def referrers(self, live: Live, number: int) -> set[int]:
        """Numbers of the objects of a state that refer to `number`."""
        if number not in self._numbers:
            self._document.work.spend(1 + self._document.end // BYTES_PER_STEP_SCANNED)
            self._search(frozenset({number}))
        positions = self._plain.get(number, [])
        before_end = positions[: bisect_left(positions, live.document.end)]
        candidates = {holder for at in before_end if (holder := live.object_around(at)) is not None}
        for stream, packed in live.streams():
            if number in self._in_stream(live, stream):
                candidates.update(packed)
        return {holder for holder in candidates if live.holds(holder, number)}

    def _in_stream(self, live: Live, stream: int) -> frozenset[int]:
        """Which of the numbers an object stream refers to."""
        entry = live.entry(stream)
        offset = entry.offset if isinstance(entry, InUse) else -1
        if offset not in self._streams:
            decoded = live.document.object_stream(stream).decoded
            self._streams[offset] = frozenset(number for _, number in _references(decoded, self._numbers))
        return self._streams[offset]


def _references(data: bytes, numbers: frozenset[int]) -> Iterator[tuple[int, int]]:
    """(position, number) of what looks like a reference to one of `numbers`."""
    leads = {_lead(number) for number in numbers}
    if len(leads) > _FEW:
        for match in _LIKELY.finditer(data):
            if int(match[1]) in numbers:
                yield match.start(1), int(match[1])
        return
    for lead in leads:
        at = data.find(lead)
        while at >= 0:
            start = at
            while start and data[start - 1 : start] == b"0":
                start -= 1
            found = _LIKELY.match(data, start)
            if found is not None and int(found[1]) in numbers and _lead(int(found[1])) == lead:
                yield at, int(found[1])
            at = data.find(lead, at + 1)


def _lead(number: int) -> bytes:
    """The digits to search for: new objects are numbered one after the other, and are found together."""
    digits = b"%d" % number
    return digits[:-1] if len(digits) > 3 else digits
