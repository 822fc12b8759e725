"""Two faults of producers that are read past, in files that nobody signed, and never in silence.

    startxref that misses the cross-reference section by up to 1,024 bytes, where exactly one is near
    a table that counts its objects from 1 and not from 0, in a file of one section

Law: a file that looks signed is read as it stands or not at all: what its signed part means must not
hang on a leniency that other readers lack. Sealing asks a second reader, which has none of these.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pdfseal.errors import DocumentError
from pdfseal.pdf.limits import Work
from pdfseal.pdf.source import Source, chunks
from pdfseal.pdf.syntax import Dictionary, Name, Ref
from pdfseal.pdf.xref import (
    Free,
    InUse,
    Section,
    find_startxref,
    read_chain,
    read_indirect,
    read_section,
    sections_from,
)

NEAR_BYTES = 1024
_MAX_CANDIDATES = 16
_SECTION = re.compile(rb"(?<![a-z])xref(?=[\x00\t\n\f\r ])|(?<![0-9])\d{1,10}[ \r\n]\d{1,5}[ \r\n]obj\b")
_FIRST_FREE = Free(65535)  # what object 0 is in every table (7.5.4), and no other object


STARTXREF = "startxref is wrong: the cross-reference section was found nearby"
COUNTING = "the cross-reference table counts its objects from 1, and was read as if from 0"
_Read = tuple[int, tuple[Section, ...], tuple[str, ...]]


def read_tolerantly(source: Source, end: int, base: int, work: Work) -> _Read:
    """`startxref`, the chain of sections, and remarks on what was read past."""
    try:
        start, sections = read_chain(source, end, base, work=work)
    except DocumentError as error:
        nearby = _chain_nearby(source, base, work) if end == source.size and _is_damage(error) else None
        if nearby is None:
            raise
        return (*nearby, (STARTXREF,))
    if end == source.size and len(sections) == 1:
        meant = _counted_from_zero(sections[0])
        if meant is not None and _leads_to_root(meant, base, work) and not looks_signed(source):
            return start, (meant,), (COUNTING,)
    return start, sections, ()


def _is_damage(error: DocumentError) -> bool:
    return error.code == "pdf_damaged"


def looks_signed(source: Source) -> bool:
    """Whether any signature dictionary stands in plain sight."""
    before = b""
    for piece in chunks(source, 0, source.size):
        if b"/ByteRange" in before + piece:
            return True
        before = piece[-16:]
    return False


def _chain_nearby(source: Source, base: int, work: Work) -> tuple[int, tuple[Section, ...]] | None:
    """Where the newest section really begins, and the chain from there; None where that is not plain."""
    if looks_signed(source):
        return None
    said = find_startxref(source, source.size) + base
    start = max(0, said - NEAR_BYTES)
    window = source.read(start, said + NEAR_BYTES - start)
    found = [start + match.start() for match in _SECTION.finditer(window)][:_MAX_CANDIDATES]
    good = [position for position in found if _reads(source, position, base, work)]
    if len(good) != 1:
        return None
    return good[0] - base, sections_from(good[0] - base, source, source.size, base, work=work)


def _reads(source: Source, position: int, base: int, work: Work) -> bool:
    try:
        read_section(source, position, source.size, base, work)
    except DocumentError:
        return False
    return True


def _counted_from_zero(section: Section) -> Section | None:
    """A table of one subsection that begins at 1 and with the entry of object 0, as it was meant."""
    if section.kind != "table" or len(section.runs) != 1 or section.runs[0].first != 1:
        return None
    if section.hybrid is not None or section.lookup(1) != _FIRST_FREE:
        return None
    irregular = section.irregular
    moved = None if irregular is None else {number - 1: entry for number, entry in irregular.items()}
    return replace(section, runs=(replace(section.runs[0], first=0),), irregular=moved)


def _leads_to_root(section: Section, base: int, work: Work) -> bool:
    root = section.trailer.get("Root")
    entry = section.lookup(root.number) if isinstance(root, Ref) else None
    if not isinstance(root, Ref) or not isinstance(entry, InUse):
        return False
    try:
        found, _, _ = read_indirect(section.source, entry.offset + base, section.source.size, work)
    except DocumentError:
        return False
    catalog = isinstance(found.value, Dictionary) and found.value.get("Type") == Name("Catalog")
    return catalog and (found.number, found.generation) == root
