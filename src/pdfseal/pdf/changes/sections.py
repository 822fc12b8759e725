"""What later cross-reference data must look like, so that every reader finds the same objects by it.

    sections of one step -> fault -> why some readers would read them differently, None for none

A reader that meets what it does not like searches the file for `12 0 obj` instead, and finds whatever
somebody prepared for it inside the signed bytes. Each rule here is one that a well-known reader has.

Reference: ISO 32000-2, 7.5.4 (tables), 7.5.5 (trailers), 7.5.8 (cross-reference streams), annex I
(startxref in the last 1,024 bytes).
"""

from __future__ import annotations

import re
from itertools import pairwise

from pdfseal.pdf.changes import structure_streams
from pdfseal.pdf.changes.values import alike
from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import WHITESPACE
from pdfseal.pdf.xref import InUse, Section

_LINE = rb"(?:\r\n|\n|\r)"
_TABLE = re.compile(
    rb"xref%s(?:[0-9]{1,10} [0-9]{1,10}%s(?:[0-9]{10} [0-9]{5} [nf](?: \r| \n|\r\n))++)+[\r\n]*trailer"
    % (_LINE, _LINE)
)
_SPACE = rb"[\x00\t\n\f\r ]"
_GAP = rb"(?:[\t\n\f\r ]|%[^\r\n]*+[\r\n])*+"
_END_OF_STREAM = rb"%s*endstream%s+endobj(?=%s|%%)" % (_SPACE, _SPACE, _SPACE)
# Some write a comment before the word, and what mail gateways and editors append is no change.
_END = rb"%s(?<=[\r\n])startxref%s[0-9]{1,15}%s%%%%EOF(?:[\r\n](?:%s|%%[^\r\n]*+)*+)?" % (
    _GAP, _LINE, _LINE, _SPACE,
)  # fmt: skip
_TAILS = {"table": re.compile(_END), "stream": re.compile(_END_OF_STREAM + _END)}
_SECTION = re.compile(rb"(?<!start)xref|[0-9][\x00\t\n\f\r ]+obj")
_NUMBER = re.compile(rb"[\x00\t\n\f\r ]*0*([1-9][0-9]{0,9})(?![0-9])")
_OBJECT_ZERO = b"0000000000 65535 f"
_MAX_TAIL_BYTES = 16 << 10
_END_WINDOW_BYTES = 1024
_NEAR_BYTES = 8
_HEAD_BYTES = 2048
_SPARE_NUMBERS = 1000  # that /Size may name beyond those that are listed
_BYTES_PER_NUMBER = 3  # qpdf takes no entry for a number above the third of the file's length
_MAX_WIDTHS = (4, 8, 8)


def fault(sections: tuple[Section, ...], document: Document, size_before: int) -> str | None:
    """Of the sections of one step, newest first; `document` is the state that they lead to."""
    newest = sections[0]
    if document.startxref + document.base != newest.offset:
        return "startxref does not point to the section itself"
    if is_at_hand_from_byte_0(document):
        return "there is junk before the header, and startxref leads to a section without it, too"
    if _misleading_end(newest, document.end):
        return "the file does not end in one startxref that all readers find"
    for later, older in pairwise(sections):
        if later.trailer.get("Prev") != older.offset - document.base:
            return "/Prev does not point to a section itself"
    highest = max(section.highest for section in document.sections)
    if size_before <= document.end // _BYTES_PER_NUMBER < highest:
        return "an object has a number that is too high for a file of this length"
    most = max(size_before, highest + 1) + _SPARE_NUMBERS
    for section in sections:
        wrong = _in_trailer(section, most) or _in_listing(section)
        if wrong is not None:
            return wrong
    return structure_streams.fault(sections, document)


def stream_numbers(sections: tuple[Section, ...]) -> set[int]:
    """The object numbers of those that are streams, hybrid parts included, as written at their places."""
    parts = [part for section in sections for part in (section, section.hybrid) if part is not None]
    heads = (_NUMBER.match(part.source.read(part.offset, 64)) for part in parts if part.kind == "stream")
    return {int(head[1]) for head in heads if head is not None}


def lists_twice(sections: tuple[Section, ...]) -> bool:
    """Whether any section lists an object twice: some readers take the first entry, others the last."""
    parts = [part for section in sections for part in (section, section.hybrid) if part is not None]
    return any(_overlapping(part) for part in parts)


def _overlapping(section: Section) -> bool:
    runs = sorted((run.first, run.count) for run in section.runs)
    return any(first + count > following for (first, count), (following, _) in pairwise(runs))


def reaches_end(document: Document) -> bool:
    """Whether `startxref` stands so near the end that every reader finds it."""
    tail = document.source.read(max(0, document.end - _END_WINDOW_BYTES), _END_WINDOW_BYTES)
    return b"startxref" in tail[: document.end]


def says_length(document: Document, length: int) -> bool:
    """Whether the file may begin with a linearization dictionary for a file of this length (annex F).

    Readers that believe it begin at the front of the file.
    """
    head = document.source.read(document.base, _HEAD_BYTES)
    if b"/Lin" not in head and b"#" not in head:
        return False
    return re.search(rb"(?<![0-9.])0*%d(?![0-9])" % length, head) is not None


def begins_in_front(document: Document) -> bool:
    """Whether `startxref` leads behind the first object, where readers of linearized files begin (F.3.5)."""
    position = document.sections[0].offset
    before = document.source.read(document.base, min(position - document.base, _HEAD_BYTES))
    head, _, between = before.partition(b"endobj")
    return b"/Linearized" in head and not between.strip(WHITESPACE) and len(before) < _HEAD_BYTES


def is_at_hand_from_byte_0(document: Document) -> bool:
    """Whether readers that count from the first byte, not from the header, find a section by `startxref`."""
    if not document.base:
        return False
    start = max(0, document.startxref - _NEAR_BYTES)
    data = document.source.read(start, _NEAR_BYTES + min(document.base, _HEAD_BYTES))
    found = _SECTION.search(data[: 2 * _NEAR_BYTES])
    return found is not None and (found[0] == b"xref" or b"XRef" in data)


def _misleading_end(section: Section, end: int) -> bool:
    """Whether what stands behind the newest section is more than its own `startxref` and comments.

    The last `startxref` counts, and readers differ on what may stand before it, and between it and
    its number.
    """
    tail = section.source.read(section.end, min(end - section.end, _MAX_TAIL_BYTES))
    return (
        section.end + len(tail) < end
        or tail.count(b"startxref") != 1
        or tail.count(b"%%EOF") != 1
        or _TAILS[section.kind].fullmatch(tail) is None
        or len(tail) - tail.find(b"startxref") > _END_WINDOW_BYTES
    )


def _in_trailer(section: Section, most: int) -> str | None:
    size, previous = section.trailer.get("Size"), section.trailer.get("Prev")
    if type(size) is not int or not section.highest < size <= most:
        return "/Size of a trailer does not fit the objects that there are"
    if type(previous) is not int:
        return "/Prev of a trailer is no integer"
    stream = section.trailer.get("XRefStm")
    if stream is not None and (type(stream) is not int or section.kind == "stream"):
        return "/XRefStm of a trailer is none"
    hidden = section.hybrid.trailer if section.hybrid else {}
    for key in ("Root", "Encrypt", "Info"):
        if key in hidden and not alike(hidden[key], section.trailer.get(key)):
            return f"/{key} of a hybrid section is said twice, and not alike"
    return None


def _in_listing(section: Section) -> str | None:
    parts = [section, *([section.hybrid] if section.hybrid else [])]
    for part in parts:
        if part.source.read(part.offset - 1, 1) not in (b"\r", b"\n"):
            return "a cross-reference section begins within a line"
        if any(one.first + one.count > following.first for one, following in pairwise(part.runs)):
            return "a cross-reference section lists an object twice, or in no order"
        if part is section and not section.highest:
            return "a cross-reference section lists nothing but object 0"
        wrong = _in_table(part) if part.kind == "table" else _in_stream(part)
        if wrong is not None:
            return wrong
        if isinstance(part.lookup(0), InUse):
            return "a cross-reference section lists object 0 as one in use"
    return None


def _in_table(section: Section) -> str | None:
    written = section.source.read(section.offset, section.end - section.offset)
    table = _TABLE.match(written)
    if table is None:
        return "a cross-reference table is not as 7.5.4 has it"
    for run in section.runs:
        if run.first and section.source.read(run.position, 18) == _OBJECT_ZERO:
            return "a cross-reference table lists object 0 in another place"
    return structure_streams.trailer_fault(section.trailer, written[table.end() :])


def _in_stream(section: Section) -> str | None:
    if any(width > most for width, most in zip(section.widths, _MAX_WIDTHS, strict=True)):
        return "a cross-reference stream has columns that are too wide"
    if any(not run.count for run in section.runs):
        return "a cross-reference stream has an /Index with an empty part"
    index = section.trailer.get("Index")
    counts = index[1::2] if isinstance(index, list) else [section.trailer.get("Size")]
    row, count = sum(section.widths), sum(one for one in counts if type(one) is int)
    if len(section.decoded) != row * count:
        return "a cross-reference stream has more or fewer rows than it says"
    width = section.widths[0]
    starts = range(0, len(section.decoded), row) if width else ()
    kinds = {section.decoded[at : at + width] for at in starts}
    if any(int.from_bytes(kind, "big") > 2 for kind in kinds):
        return "a cross-reference stream has rows of an unknown type"
    return None
