"""What a later revision's own structure must look like: its trailers, cross-reference and object streams.

    sections of one step -> fault -> why some readers would read them differently, None for none

Readers disagree about entries that are written twice or oddly, filters that are references, lengths that
are wrong, directories that overlap; so nothing is allowed but what writers write, and each part must be
whole: the dictionary in plain words, the data as long as they say, the objects one behind the other.

Reference: ISO 32000-2, 7.3.5 (names), 7.3.8 (streams), 7.4.4 (FlateDecode), 7.5.5 (trailers), 7.5.7 (object
streams), 7.5.8 (cross-reference streams).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes.objects import as_list
from pdfseal.pdf.changes.values import alike, repeats
from pdfseal.pdf.document import Document
from pdfseal.pdf.filters import decode
from pdfseal.pdf.object_stream import ObjectStream, read_object_stream
from pdfseal.pdf.syntax import WHITESPACE, Dictionary, Name, Parser, Value, damaged
from pdfseal.pdf.xref import Entry, Free, InUse, Packed, Section, read_indirect, read_section

_SPACE = rb"[\t\n\r ]"  # to pypdf a zero byte belongs to the name before it
_APART = rb"(?![^\x00\t\n\f\r ()<>\[\]{}/%])"  # no regular character goes on here (7.2.3)
# The words of a dictionary that all readers read alike. Names have no `#` and no odd octets (7.3.5): for
# one reader `/Root#00` is another `/Root`, for another one a vertical tab ends the name.
_WORDS = (
    rb"(?:" + _SPACE + rb"++"
    rb"|/[A-Za-z0-9_.:+-]++" + _APART + rb"|[+-]?[0-9]{1,15}+(?:\.[0-9]{1,15}+)?" + _APART +
    rb"|(?:true|false|null|R)" + _APART + rb"|<<|>>|\[|\]"
    rb"|<[0-9A-Fa-f\t\n\r ]*+>|\((?:[^()\\]|\\.)*+\))*+"
)  # fmt: skip
_PLAIN = re.compile(_WORDS, re.DOTALL)
_PLAIN_STREAM = re.compile(rb"[0-9]{1,10} 0 obj" + _APART + _WORDS + rb"stream\r?\n", re.DOTALL)
_BEHIND = re.compile(_SPACE + rb"*endstream" + _SPACE + rb"+endobj(?=" + _SPACE + rb"|%)")
_BEHIND_BYTES = 64
_COMMENT = re.compile(rb"[\x00\t\n\f\r ]*+%")
_JOINED = re.compile(rb"[^\x00\t\n\f\r ()<>\[\]{}/%]{2}")

_CODING = frozenset({"Type", "Length", "DL", "Filter", "DecodeParms"})
_OF_OBJECT_STREAMS = _CODING | {"N", "First", "Extends"}
# Trailers carry further entries from revision to revision. These would mean something in a stream.
_FOREIGN = frozenset({"F", "DP", "FFilter", "FDecodeParms", "N", "First", "Extends"})
_OF_PARAMETERS = frozenset({"Predictor", "Colors", "BitsPerComponent", "Columns"})
_FILTERS: tuple[Value, ...] = (None, Name("FlateDecode"), [Name("FlateDecode")])


def fault(sections: tuple[Section, ...], document: Document) -> str | None:
    """Of the sections of one step; `document` is the state that they lead to."""
    earlier = document.with_sections(document.sections[len(sections) :])
    try:
        for section in sections:
            for part in (section, section.hybrid):
                if part is not None and part.kind == "stream":
                    _check_listing(part, section, document, earlier)
        _check_object_streams(_listed(sections, document, earlier), document)
    except DocumentError as error:
        if error.code != "pdf_damaged":
            raise
        return error.message
    return None


def trailer_fault(trailer: Dictionary, written: bytes) -> str | None:
    """Of a trailer behind a table; `written` is what stands behind the word `trailer`."""
    if _PLAIN.fullmatch(written) is None:
        return "a trailer is not written plainly"
    return None if _is_trailer(trailer) else "a trailer has entries that readers read differently"


def _is_trailer(trailer: Dictionary) -> bool:
    return not repeats(trailer) and not _FOREIGN & trailer.keys()


# -- cross-reference streams, and both kinds ---------------------------------------------------------


def _check_listing(part: Section, section: Section, document: Document, earlier: Document) -> None:
    """Of the stream of a section, perhaps its hybrid part."""
    where = f"the cross-reference stream at byte {part.offset}"
    number, stream, data = _whole(part.offset, document, where)
    own = InUse(part.offset - document.base, 0)
    before = earlier.entry(number)
    if not isinstance(before, Free | None) and own not in (before, section.lookup(number)):
        raise damaged(f"{where} has the number of another object")  # for whom it is that object then
    columns, index = stream.get("W"), stream.get("Index", [])
    if not _is_trailer(stream) or not _are_integers([*as_list(columns), *as_list(index)]):
        raise damaged(f"{where} has entries that readers read differently")
    decode(data, stream, where=where, work=document.work, strictly=True)


def _whole(offset: int, document: Document, where: str) -> tuple[int, Dictionary, bytes]:
    """Number, dictionary and data, as they are written, of a stream that all readers find the end of."""
    found, text, _ = read_indirect(document.source, offset, document.end, document.work)
    stream, start = found.value, found.body
    if not isinstance(stream, Dictionary) or start is None:
        raise damaged(f"{where} is no stream")
    if _PLAIN_STREAM.fullmatch(text, found.start, start) is None:
        raise damaged(f"{where} is not written plainly")
    length = stream.get("Length")
    if type(length) is not int or length < 0 or repeats(stream) or not _is_coded_plainly(stream):
        raise damaged(f"{where} has entries that readers read differently")
    end = offset + start + length
    data = document.source.read(offset + start, min(length, document.limits.object_bytes))
    behind = document.source.read(end, max(0, min(document.end - end, _BEHIND_BYTES)))
    if b"endstream" in data or _BEHIND.match(behind) is None:
        raise damaged(f"{where} does not end where its /Length says")
    return found.number, stream, data


def _is_coded_plainly(stream: Dictionary) -> bool:
    filters, parameters = stream.get("Filter"), stream.get("DecodeParms")
    if (
        filters not in _FILTERS
        or (filters is None and "Filter" in stream)
        or not _are_integers([stream.get("DL", 0)])
    ):
        return False
    if parameters is not None and isinstance(filters, list) != isinstance(parameters, list):
        return False
    return all(
        one is None
        or (isinstance(one, Dictionary) and one.keys() <= _OF_PARAMETERS and _are_integers(one.values()))
        for one in (parameters if isinstance(parameters, list) else [parameters])
    )


def _are_integers(values: Iterable[Value]) -> bool:
    return all(type(value) is int for value in values)


# -- object streams ----------------------------------------------------------------------------------


def _listed(sections: tuple[Section, ...], document: Document, earlier: Document) -> list[tuple[int, Entry]]:
    """What the sections list anew, superseded entries included."""
    rows = (row for section in sections for row in document.listing(section).items())
    return [(number, entry) for number, entry in rows if entry != earlier.entry(number)]


def _check_object_streams(listed: list[tuple[int, Entry]], document: Document) -> None:
    """Those that the step wrote, and older ones in which it says that an object is."""
    packed = {(entry.stream, number) for number, entry in listed if isinstance(entry, Packed)}
    listings = {part.offset for one in document.sections for part in (one, one.hybrid) if part is not None}
    written: set[int] = set()
    for number, entry in listed:
        if not isinstance(entry, InUse):
            continue
        kind = _type(number, entry, document)
        if kind == Name("ObjStm"):
            written.add(number)
            held = _checked(number, entry, document)
            if not all((number, inner) in packed for inner in held.numbers):
                raise damaged(f"object stream {number} holds an object that no section lists")
        elif kind == Name("XRef") and entry.offset + document.base not in listings:
            _check_orphan(entry, document)
    for number in sorted({stream for stream, _ in packed} - written):
        stands = document.entry(number)
        if isinstance(stands, InUse):
            _checked(number, stands, document)


def _check_orphan(entry: InUse, document: Document) -> None:
    """Of what is a cross-reference stream to a reader that rebuilds, and no section.

    PDFBox 1.8 writes one for a hybrid document, and forgets to say where. It may lead to nothing else.
    """
    where = f"the cross-reference stream at byte {entry.offset + document.base}, which is none,"
    position = entry.offset + document.base
    _, stream, _ = _whole(position, document, where)
    same = (alike(stream.get(key), document.trailer.get(key)) for key in ("Root", "Encrypt"))
    section = read_section(document.source, position, document.end, document.base, document.work)
    # for readers that count from the first byte it might be a section
    rows = section.entries().items() if document.base else ()
    if not _is_trailer(stream) or not all(same) or any(document.entry(one) != row for one, row in rows):
        raise damaged(f"{where} has entries of its own")


def _type(number: int, entry: InUse, document: Document) -> Value:
    try:
        value = document.value_at(number, entry)
    except DocumentError:
        return None  # judged where it counts
    return value.get("Type") if isinstance(value, Dictionary) else None


def _checked(number: int, entry: InUse, document: Document) -> ObjectStream:
    where = f"object stream {number}"
    _, stream, _ = _whole(entry.offset + document.base, document, where)
    first = stream.get("First")
    if not stream.keys() <= _OF_OBJECT_STREAMS or type(stream.get("N")) is not int or type(first) is not int:
        raise damaged(f"{where} has entries that readers read differently")
    data = document.stream_data(number, entry)[1]  # decrypted
    decoded = decode(data, stream, where=where, work=document.work, strictly=True)
    held = read_object_stream(stream, decoded, where, document.work)
    _check_objects(held, first, where)
    return held


def _check_objects(held: ObjectStream, end: int, where: str) -> None:
    """One object stands behind the other, each where the directory says, with nothing between them.

    `end`: of the directory.
    """
    data = held.decoded
    parser = Parser(data, work=held.work)
    for start in held.offsets.values() if held.regular else (-1,):
        joined = start == end and _JOINED.match(data, start - 1)
        if start < end or joined or data[end:start].strip(WHITESPACE) or _COMMENT.match(data, start):
            raise damaged(f"{where} has a directory that readers read differently")
        end = parser.value(start)[1]
    if data[end:].strip(WHITESPACE):
        raise damaged(f"{where} holds more than its directory says")
