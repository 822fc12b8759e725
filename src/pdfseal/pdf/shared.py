"""What all states of one document have in common, so that none of it is read twice.

Law: it belongs to one Document and the states that come from it, and dies with them.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter

from pdfseal.pdf.limits import Work
from pdfseal.pdf.object_stream import ObjectStream
from pdfseal.pdf.syntax import Value
from pdfseal.pdf.xref import Entry, InUse, Section


class Shared:
    """What all states of one document have in common: parsed objects, and where each one ever stood.

    An object is kept with the position up to which bytes decided how it was parsed; a state that
    ends before it parses it again. Object streams likewise. `work` is what all of it may cost.
    """

    def __init__(self, sections: tuple[Section, ...], work: Work) -> None:
        self.sections = sections
        self.work = work
        self.values: dict[tuple[int, InUse], tuple[Value, bool, int, int]] = {}
        self.object_streams: dict[tuple[int, InUse], tuple[ObjectStream, int]] = {}
        self.decoded_bytes = 0
        self.kept_values = 0
        self._listings: dict[int, dict[int, Entry]] = {}
        self._chains: dict[int, tuple[int, int]] = {}
        self._history: dict[int, list[tuple[int, Entry]]] | None = None

    def covers(self, sections: tuple[Section, ...]) -> bool:
        """Whether these are the oldest ones of the sections."""
        ours = self.sections[len(self.sections) - len(sections) :]
        return len(ours) == len(sections) and all(a is b for a, b in zip(ours, sections, strict=True))

    def lookup(self, number: int, count: int) -> Entry | None:
        """Where an object stood in the state of the oldest `count` sections."""
        if self._history is None:
            self._history = {}
            for age, section in enumerate(reversed(self.sections)):
                for listed, entry in self.listing(section).items():
                    self._history.setdefault(listed, []).append((age, entry))
        known = self._history.get(number, ())
        index = bisect_left(known, count, key=itemgetter(0))
        return known[index - 1][1] if index else None

    def listing(self, section: Section) -> dict[int, Entry]:
        """All entries of a section, read in bulk once; not to be changed."""
        known = self._listings.get(section.offset)
        if known is None:
            known = self._listings[section.offset] = section.entries()
        return known

    def chain(self, end: int) -> tuple[int, tuple[Section, ...]] | None:
        """`startxref` and the sections of an earlier state, where they are known."""
        known = self._chains.get(end)
        return None if known is None else (known[0], self.sections[len(self.sections) - known[1] :])

    def keep_chain(self, end: int, startxref: int, sections: tuple[Section, ...]) -> None:
        if self.covers(sections):
            self._chains[end] = startxref, len(sections)
