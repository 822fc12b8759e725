"""Cross-reference data: the chain of sections that says where each object of a document stands.

    startxref -> newest Section -> /Prev -> older Section -> ... ; a hybrid section adds /XRefStm

Law: a Section never materialises its entries unless their layout is irregular; looking one up
reads 20 bytes (a table) or a slice (a stream). Chains are bounded and may not loop. Nothing is
repaired here: what cannot be read is `pdf_damaged`.

Reference: ISO 32000-2, 7.5.4 (tables), 7.5.5 (trailer), 7.5.8 (streams, hybrid files).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from pdfseal.errors import DocumentError
from pdfseal.pdf.filters import decode
from pdfseal.pdf.limits import BYTES_PER_STEP_SCANNED, PER_ROW, PER_SECTION, Work
from pdfseal.pdf.source import Source
from pdfseal.pdf.syntax import Dictionary, Incomplete, Indirect, Name, Parser, damaged

MAX_OBJECT_NUMBER = 8_388_607  # 7.3.10, Annex C.2: the limit that readers share
FIRST_READ_BYTES = 4096  # of an object; more where it is longer
TAIL_BYTES = 2048
HEADER_WINDOW = 1024
_MANY_RUNS = 64  # with more subsections than this a section becomes a dictionary

_STARTXREF = re.compile(rb"startxref[\x00\t\n\f\r ]+(\d{1,15})")
_XREF = re.compile(rb"xref[\x00\t\n\f\r ]*")
_SUBSECTION = re.compile(
    rb"[\x00\t\n\f\r ]*(\d{1,10})[\x00\t\f ]+(\d{1,10})[\x00\t\f ]*(?:\r\n|\r|\n)?[\x00\t\n\f\r ]*"
)
_TRAILER = re.compile(rb"[\x00\t\n\f\r ]*trailer")
_ENTRY = re.compile(rb"(\d{10}) (\d{5}) ([nf])(?: \r| \n|\r\n)")
_LOOSE_ENTRY = re.compile(rb"[\x00\t\n\f\r ]*(\d{1,10})[\x00\t\f ]+(\d{1,5})[\x00\t\f ]+([nf])")


class InUse(NamedTuple):
    """An object at a byte offset (counted from the header, as the file writes it)."""

    offset: int
    generation: int


class Packed(NamedTuple):
    """An object inside an object stream, at a position in its directory."""

    stream: int
    place: int


class Free(NamedTuple):
    generation: int


Entry = InUse | Packed | Free


@dataclass(frozen=True, slots=True)
class _Run:
    """`count` consecutive entries from object number `first`; `position` locates the first of them."""

    first: int
    count: int
    position: int


@dataclass(frozen=True, slots=True)
class Section:
    """One cross-reference section with its trailer. `offset` and `end` are absolute byte positions."""

    kind: Literal["table", "stream"]
    offset: int
    end: int
    trailer: Dictionary = field(repr=False)
    runs: tuple[_Run, ...] = field(repr=False)
    source: Source = field(repr=False)
    widths: tuple[int, int, int] = (0, 0, 0)
    decoded: bytes = field(repr=False, default=b"")
    irregular: dict[int, Entry] | None = field(repr=False, default=None)
    hybrid: Section | None = field(repr=False, default=None)

    @property
    def reach(self) -> int:
        """Behind the last byte that this section was read from."""
        return max(self.end, self.hybrid.end if self.hybrid else 0)

    @property
    def decoded_bytes(self) -> int:
        """Bytes that its streams expand to."""
        return len(self.decoded) + (len(self.hybrid.decoded) if self.hybrid else 0)

    @property
    def highest(self) -> int:
        """The highest object number with an entry here, free ones included; 0 where there is none."""
        own = max((run.first + run.count - 1 for run in self.runs if run.count), default=0)
        return max(own, self.hybrid.highest if self.hybrid else 0)

    def numbers(self) -> Iterator[int]:
        """Every object number with an entry, the hybrid part included (numbers may repeat)."""
        for run in self.runs:
            yield from range(run.first, run.first + run.count)
        if self.hybrid:
            yield from self.hybrid.numbers()

    def entries(self) -> dict[int, Entry]:
        """All entries by `lookup`'s rules, read in bulk."""
        found = dict(self.irregular or {})
        for run in reversed(self.runs) if self.irregular is None else ():  # the first entry counts
            read = self._table_entries if self.kind == "table" else self._stream_entries
            found.update(enumerate(read(run), start=run.first))
        for number, entry in (self.hybrid.entries() if self.hybrid is not None else {}).items():
            if isinstance(found.get(number, entry), Free):
                found[number] = entry
            else:
                found.setdefault(number, entry)
        return found

    def lookup(self, number: int) -> Entry | None:
        """The entry of an object number; what a hybrid table lists as free, /XRefStm may hold (7.5.8.4)."""
        entry = self._own_entry(number)
        if self.hybrid is not None and (entry is None or isinstance(entry, Free)):
            return self.hybrid.lookup(number) or entry
        return entry

    def _own_entry(self, number: int) -> Entry | None:
        if self.irregular is not None:
            return self.irregular.get(number)
        for run in self.runs:
            if run.first <= number < run.first + run.count:
                index = number - run.first
                return (
                    self._table_entry(run, index) if self.kind == "table" else self._stream_entry(run, index)
                )
        return None

    def _table_entry(self, run: _Run, index: int) -> Entry:
        text = self.source.read(run.position + 20 * index, 20)
        match = _ENTRY.match(text)
        if match is None:
            raise damaged(f"the cross-reference entry at byte {run.position + 20 * index} cannot be read")
        return _table_value(match)

    def _table_entries(self, run: _Run) -> list[Entry]:
        rows = _ENTRY.findall(self.source.read(run.position, 20 * run.count))
        if len(rows) < run.count:  # each that can be read has 20 bytes, so that all of them fill the run
            for index in range(run.count):
                self._table_entry(run, index)
        return [
            InUse(int(offset), int(generation)) if kind == b"n" else Free(int(generation))
            for offset, generation, kind in rows
        ]

    def _stream_entries(self, run: _Run) -> list[Entry]:
        return [self._stream_entry(run, index) for index in range(run.count)]

    def _stream_entry(self, run: _Run, index: int) -> Entry:
        w0, w1, w2 = self.widths
        at = (run.position + index) * (w0 + w1 + w2)
        row = self.decoded[at : at + w0 + w1 + w2]
        kind = int.from_bytes(row[:w0], "big") if w0 else 1
        second = int.from_bytes(row[w0 : w0 + w1], "big")
        third = int.from_bytes(row[w0 + w1 :], "big")
        if kind == 1:
            return InUse(second, third)
        if kind == 2:
            return Packed(second, third)
        return Free(third)  # 7.5.8.3: other types are references to null


def _table_value(match: re.Match[bytes]) -> Entry:
    if match[3] == b"n":
        return InUse(int(match[1]), int(match[2]))
    return Free(int(match[2]))


# -- finding the chain ----------------------------------------------------------------------


def header_offset(source: Source) -> int:
    """Where `%PDF-` stands: 0, or behind leading junk of at most 1,024 bytes."""
    head = source.read(0, HEADER_WINDOW + 5)
    position = head.find(b"%PDF-")
    if position < 0:
        raise DocumentError(
            "not_a_pdf", "the input is not a PDF: there is no %PDF- header in its first 1,024 bytes"
        )
    return position


def find_startxref(source: Source, end: int) -> int:
    """The number behind the last `startxref` before byte `end`, as written."""
    window = min(end, TAIL_BYTES)
    tail = source.read(end - window, window)
    matches = list(_STARTXREF.finditer(tail))
    if not matches:
        raise damaged("there is no startxref near the end of the file: it is truncated or damaged")
    return int(matches[-1][1])


def read_chain(
    source: Source, end: int, base: int, known: Sequence[Section] = (), *, work: Work
) -> tuple[int, tuple[Section, ...]]:
    """`startxref` as written, and the sections from the newest to the oldest.

    `base` is added to every offset of the file (leading junk). Nothing at or beyond `end` is read.
    `known` are sections that were read already, perhaps of a later state of the same file.
    """
    start = find_startxref(source, end)
    return start, sections_from(start, source, end, base, known, work=work)


def sections_from(
    start: int, source: Source, end: int, base: int, known: Sequence[Section] = (), *, work: Work
) -> tuple[Section, ...]:
    """The sections from the one at `start` (counted from `base`) to the oldest."""
    have = {section.offset: section for section in known if section.reach <= end}
    decoded_bytes = 0
    sections: list[Section] = []
    seen: set[int] = set()
    position: int | None = start
    while position is not None:
        if position in seen:
            raise damaged(
                f"the cross-reference chain loops: the section at byte {position} is its own ancestor"
            )
        if len(sections) >= work.limits.sections:
            raise work.limits.exceeded("sections", "the file has too many cross-reference sections")
        seen.add(position)
        work.spend(1)
        section = have.get(position + base) or read_section(source, position + base, end, base, work)
        decoded_bytes += section.decoded_bytes
        if decoded_bytes > work.limits.decoded_bytes:
            message = "the cross-reference streams are too large together"
            raise work.limits.exceeded("decoded_bytes", message)
        sections.append(section)
        previous = section.trailer.get("Prev")
        if previous is not None and (isinstance(previous, bool) or not isinstance(previous, int | float)):
            raise damaged(f"/Prev of the cross-reference section at byte {section.offset} is not a number")
        position = None if previous is None else int(previous)
    return tuple(sections)


def read_section(source: Source, offset: int, end: int, base: int, work: Work) -> Section:
    """The section at an absolute byte offset."""
    work.spend(PER_SECTION)
    if not 0 <= offset < end:
        raise damaged(
            f"a cross-reference section is said to be at byte {offset}, outside the file of {end} bytes"
        )
    head = source.read(offset, 64)
    lead = len(head) - len(head.lstrip(b"\x00\t\n\f\r "))
    if head.startswith(b"xref", lead):
        return _read_table(source, offset + lead, end, base, work)
    return _read_stream(source, offset, end, work)


def read_indirect(source: Source, offset: int, end: int, work: Work) -> tuple[Indirect, bytes, int]:
    """The object at an absolute offset, the bytes it was parsed from (positions count from there), and
    how many values it is made of.
    """
    length = FIRST_READ_BYTES
    while True:
        length = min(length, end - offset)
        data = source.read(offset, length)
        final = offset + length >= end
        parser = Parser(data, origin=offset, final=final, work=work)
        try:
            return parser.indirect(), data, parser.items
        except Incomplete:
            length = _longer(length, offset, "object", work)


def _longer(length: int, offset: int, what: str, work: Work) -> int:
    """How much to read where `length` bytes were not enough: each try costs what it reads."""
    work.spend(length // BYTES_PER_STEP_SCANNED)
    if length >= work.limits.object_bytes:
        raise work.limits.exceeded("object_bytes", f"the {what} at byte {offset} is too large")
    return min(8 * length, work.limits.object_bytes)


def _read_table(source: Source, offset: int, end: int, base: int, work: Work) -> Section:
    position = offset + 4
    runs: list[_Run] = []
    irregular: dict[int, Entry] | None = None
    while True:
        head = source.read(position, 128)
        if _TRAILER.match(head):
            break
        match = _SUBSECTION.match(head)
        if match is None:
            raise damaged(f"the cross-reference table at byte {offset} cannot be read at byte {position}")
        first, count = int(match[1]), int(match[2])
        _check_range(first, count, offset, work)
        start = position + match.end()
        if count and not _is_regular(source, start, count, end):
            loose, position = _read_loose(source, start, first, count, end)
            irregular = {} if irregular is None else irregular
            irregular.update(loose)
        else:
            position = start + 20 * count
        runs.append(_Run(first, count, start))
    _check_listed(runs, offset, work)
    if irregular is not None:  # one irregular subsection makes the whole table a dictionary
        regular = Section("table", offset, end, Dictionary(), tuple(runs), source)
        for run in runs:
            if run.first not in irregular and run.count:
                irregular |= {run.first + i: regular._table_entry(run, i) for i in range(run.count)}
    trailer, stop = _read_trailer(source, position, end, work)
    section = Section("table", offset, stop, trailer, tuple(runs), source, irregular=irregular)
    section = _indexed(section)
    return replace(section, hybrid=_read_hybrid(source, trailer, end, base, work))


def _check_range(first: int, count: int, offset: int, work: Work) -> None:
    work.spend(PER_ROW)
    if first + count - 1 > MAX_OBJECT_NUMBER:
        raise DocumentError(
            "limit_exceeded",
            f"the cross-reference section at byte {offset} lists object numbers up to {first + count - 1}, "
            f"and readers know none above {MAX_OBJECT_NUMBER}",
        )


def _check_listed(runs: Sequence[_Run], offset: int, work: Work) -> None:
    """Each entry is paid for here, once for all times that it will be looked at."""
    count = sum(run.count for run in runs)
    if count > work.limits.listed_objects:
        message = f"the cross-reference section at byte {offset} lists {count} objects"
        raise work.limits.exceeded("listed_objects", message)
    work.spend(PER_ROW * count)


def _is_regular(source: Source, start: int, count: int, end: int) -> bool:
    """Whether `count` entries of exactly 20 bytes stand here: first, last, and what follows them."""
    if start + 20 * count > end:
        return False
    last = source.read(start + 20 * (count - 1), 20 + 64)
    if not _ENTRY.match(source.read(start, 20)) or not _ENTRY.match(last):
        return False
    after = last[20:]
    return bool(_TRAILER.match(after) or _SUBSECTION.match(after))


def _read_loose(source: Source, start: int, first: int, count: int, end: int) -> tuple[dict[int, Entry], int]:
    """Entries of odd widths, as some producers write them; each costs at least 16 bytes of file."""
    if count * 16 > end - start:
        raise damaged(f"the cross-reference subsection at byte {start} claims {count} entries")
    data = source.read(start, min(end - start, count * 32 + 64))
    entries: dict[int, Entry] = {}
    at = 0
    for number in range(first, first + count):
        match = _LOOSE_ENTRY.match(data, at)
        if match is None:
            raise damaged(f"the cross-reference entry at byte {start + at} cannot be read")
        entries[number] = _table_value(match)
        at = match.end()
    return entries, start + at


def _read_trailer(source: Source, position: int, end: int, work: Work) -> tuple[Dictionary, int]:
    length = FIRST_READ_BYTES
    while True:
        length = min(length, end - position)
        data = source.read(position, length)
        match = _TRAILER.match(data)
        assert match is not None  # the caller saw it
        parser = Parser(data, origin=position, final=position + length >= end, work=work)
        try:
            value, stop = parser.value(match.end())
        except Incomplete:
            length = _longer(length, position, "trailer", work)
            continue
        if not isinstance(value, Dictionary):
            raise damaged(f"the trailer at byte {position} is not a dictionary")
        return value, position + stop


def _read_hybrid(source: Source, trailer: Dictionary, end: int, base: int, work: Work) -> Section | None:
    position = trailer.get("XRefStm")
    if not isinstance(position, int):
        return None
    if not 0 <= position + base < end:
        raise damaged(f"/XRefStm points to byte {position}, outside the file")
    return _read_stream(source, position + base, end, work)


def _read_stream(source: Source, offset: int, end: int, work: Work) -> Section:
    where = f"the cross-reference stream at byte {offset}"
    try:
        found, _, _ = read_indirect(source, offset, end, work)
    except DocumentError as error:
        if error.code != "pdf_damaged":
            raise
        raise damaged(f"there is no cross-reference section at byte {offset}") from error
    stream = found.value
    if not isinstance(stream, Dictionary) or stream.get("Type") != Name("XRef") or found.body is None:
        raise damaged(f"the object at byte {offset} is not a cross-reference section")
    length = stream.get("Length")
    body = offset + found.body
    if not isinstance(length, int) or not 0 <= length <= end - body:
        raise damaged(f"{where} has no usable /Length")
    decoded = decode(source.read(body, length), stream, where=where, work=work)
    widths = _widths(stream, where)
    runs = _runs(stream, len(decoded) // sum(widths), offset, where, work)
    _check_listed(runs, offset, work)
    section = Section("stream", offset, body + length, stream, runs, source, widths=widths, decoded=decoded)
    return _indexed(section)


def _indexed(section: Section) -> Section:
    """A section in many pieces as a dictionary: looking through the pieces each time would be slow."""
    if len(section.runs) <= _MANY_RUNS or section.irregular is not None:
        return section
    return replace(section, irregular=section.entries())


def _widths(stream: Dictionary, where: str) -> tuple[int, int, int]:
    widths = stream.get("W")
    if not isinstance(widths, list) or len(widths) < 3:
        raise damaged(f"{where} has no usable /W")
    a, b, c = widths[:3]
    if not (isinstance(a, int) and isinstance(b, int) and isinstance(c, int)) or len(widths) != 3:
        raise damaged(f"{where} has no usable /W")
    if not (0 <= a <= 8 and 1 <= b <= 8 and 0 <= c <= 8):
        raise damaged(f"{where} has no usable /W")
    return a, b, c


def _runs(stream: Dictionary, rows: int, offset: int, where: str, work: Work) -> tuple[_Run, ...]:
    index = stream.get("Index")
    if index is None:
        index = [0, stream.get("Size")]
    if not isinstance(index, list) or len(index) % 2:
        raise damaged(f"{where} has no usable /Index")
    runs: list[_Run] = []
    position = 0
    for first, count in zip(index[::2], index[1::2], strict=True):
        if not isinstance(first, int) or not isinstance(count, int) or first < 0 or count < 0:
            raise damaged(f"{where} has no usable /Index")
        count = min(count, rows - position)  # rows that are not there are not entries
        _check_range(first, count, offset, work)
        runs.append(_Run(first, count, position))
        position += count
    return tuple(runs)
