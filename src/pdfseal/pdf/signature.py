"""The signatures that are read: every signature dictionary of a file, in any of its revisions.

    Document -> FoundSignature(field, dictionary, contents, byte_range, coverage, problems, boxes)

Law: signatures are found by walking the form of the newest revision *and* the objects that later
revisions wrote, so that one that was taken out of the form is still seen. `/ByteRange` is judged
on bytes: four integers, inside the file, and the gap is exactly the token of this dictionary's
own `/Contents`. Nothing here decides what a container says.

Reference: ISO 32000-2, 12.8.1 (signature dictionaries), 12.7.5.5 (signature fields).
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

from pdfseal.errors import DocumentError
from pdfseal.geometry import Rect
from pdfseal.pdf.document import Document, Page
from pdfseal.pdf.field import ByteRange, walk_fields, widget_rect
from pdfseal.pdf.limits import PER_KID, PER_SIGNATURE
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value, decode_text_string
from pdfseal.pdf.xref import InUse

Coverage = Literal["whole_file", "revision", "partial", "none"]


@dataclass(frozen=True, slots=True)
class FoundSignature:
    """One signature dictionary as it stands in the file.

    `field` is the full name of its field, None where the form does not lead to it. `hole` is the
    absolute start and end of the `/Contents` token, `<` and `>` included. `problems` say why the
    `/ByteRange` cannot be believed; where there is one, `byte_range` is None.
    """

    field: str | None
    dictionary: Dictionary = dataclasses.field(repr=False)
    filter: str | None
    subfilter: str | None
    contents: bytes = dataclasses.field(repr=False)
    hole: tuple[int, int] | None
    byte_range: ByteRange | None
    coverage: Coverage
    problems: tuple[tuple[str, str], ...]
    widget: Dictionary | None = dataclasses.field(repr=False)
    owners: tuple[Dictionary, ...] = dataclasses.field(default=(), repr=False)  # every field with this value
    places: tuple[Value, ...] = dataclasses.field(default=(), repr=False)  # how each is led to

    @property
    def covered_end(self) -> int:
        """Where the covered part of the file ends, 0 where nothing is covered."""
        return self.byte_range[2] + self.byte_range[3] if self.byte_range else 0

    @property
    def field_count(self) -> int:
        """How many fields have it as their value: what has a parent and no name of its own is a widget."""
        return sum("T" in owner or "Parent" not in owner for owner in self.owners)

    @property
    def empty(self) -> bool:
        """Whether the hole is still full of zeros: prepared, not signed."""
        return self.hole is not None and not self.contents.strip(b"\x00")

    def text(self, key: str, document: Document) -> str | None:
        """A text entry of the signature dictionary, such as /Reason."""
        value = document.resolve(self.dictionary.get(key))
        return decode_text_string(value) if isinstance(value, bytes) else None


@dataclass(frozen=True, slots=True)
class _Located:
    """A signature dictionary, and the absolute position its spans count from (None in an object stream)."""

    dictionary: Dictionary
    origin: int | None


_found: WeakKeyDictionary[Document, tuple[FoundSignature, ...]] = WeakKeyDictionary()


def find_signatures(document: Document) -> tuple[FoundSignature, ...]:
    """All signatures, in the order of the bytes they cover. A document is searched once."""
    if (known := _found.get(document)) is None:
        known = _found[document] = _find_signatures(document)
    return known


def _find_signatures(document: Document) -> tuple[FoundSignature, ...]:
    found: dict[object, FoundSignature] = {}
    owners: dict[object, list[tuple[Value, Dictionary]]] = defaultdict(list)
    for kid, dictionary, name, kind in walk_fields(document):
        if kind == Name("Sig") and document.dictionary(dictionary.get("V")) is not None:
            key, located = _locate_value(document, kid, dictionary)
            if key not in found:  # a later field may claim it as well
                found[key] = _examine(document, located, name, dictionary)
            owners[key].append((kid, dictionary))
        _check_count(document, found)
    for key, located in (*_in_first_form(document), *_written_later(document)):
        if key not in found:
            found[key] = _examine(document, located, None, None)
        _check_count(document, found)
    for key, fields in owners.items():
        places, dictionaries = zip(*fields, strict=True)
        found[key] = dataclasses.replace(found[key], owners=dictionaries, places=places)
    return tuple(sorted(found.values(), key=lambda one: (one.covered_end, one.field or "")))


def _check_count(document: Document, found: dict[object, FoundSignature]) -> None:
    if len(found) > document.limits.signatures:
        raise document.limits.exceeded("signatures", "the document has too many signatures")


def _locate_value(document: Document, kid: Value, owner: Dictionary) -> tuple[object, _Located]:
    """The dictionary that a field's /V is: an object of its own, or written inside the field."""
    value = owner.get("V")
    holder: Value = value
    if isinstance(value, Ref):
        while isinstance(target := document.object(value), Ref):
            value = target
        holder = value
    else:
        holder = kid
    if not isinstance(holder, Ref):
        inline = document.dictionary(value)
        assert inline is not None  # the caller checked
        return id(inline), _Located(inline, None)
    entry = document.entry(holder.number)
    if not isinstance(entry, InUse):
        packed = document.dictionary(value)
        assert packed is not None  # the caller checked
        return holder.number, _Located(packed, None)
    indirect, _, origin = document.indirect(holder.number, entry)
    dictionary = indirect.value if isinstance(value, Ref) else _inline(indirect.value)
    assert isinstance(dictionary, Dictionary)  # the same object as resolved before
    return (holder.number, entry.offset), _Located(dictionary, origin)


def _inline(owner: Value) -> Value:
    return owner.get("V") if isinstance(owner, Dictionary) else None


def _in_first_form(document: Document) -> list[tuple[object, _Located]]:
    """Signatures in the form of the oldest revision: a later one may have taken them out of it."""
    for count in range(1, len(document.sections)):
        sections = document.sections[-count:]
        if not isinstance(sections[0].trailer.get("Root"), Ref):
            continue  # the first half of a linearized file, or no state of a document
        first = document.with_sections(sections)
        try:
            return [
                _locate_value(first, kid, dictionary)
                for kid, dictionary, _, kind in walk_fields(first)
                if kind == Name("Sig") and first.dictionary(dictionary.get("V")) is not None
            ]
        except DocumentError:
            return []  # the newest revision is what counts; this one cannot be shown either
    return []


def _written_later(document: Document) -> Iterator[tuple[object, _Located]]:
    """Signature dictionaries among the objects that the later sections list, hidden ones included."""
    for section in document.sections[:-1]:
        for number in section.numbers():
            entry = section.lookup(number)
            if not isinstance(entry, InUse):
                continue
            try:
                value = document.value_at(number, entry)
            except DocumentError:
                continue  # an object that cannot be read is no signature; changes.py names it
            if isinstance(value, Dictionary) and "ByteRange" in value and "Contents" in value:
                indirect, _, origin = document.indirect(number, entry)
                assert isinstance(indirect.value, Dictionary)  # the same bytes as before
                yield (number, entry.offset), _Located(indirect.value, origin)


def _examine(
    document: Document, located: _Located, name: str | None, widget: Dictionary | None
) -> FoundSignature:
    document.work.spend(PER_SIGNATURE)
    dictionary = located.dictionary
    contents = document.resolve(dictionary.get("Contents"))
    hole = _hole(located)
    byte_range, problems = _judge_byte_range(document, located, hole)
    return FoundSignature(
        field=name,
        dictionary=dictionary,
        filter=_name(document.resolve(dictionary.get("Filter"))),
        subfilter=_name(document.resolve(dictionary.get("SubFilter"))),
        contents=contents if isinstance(contents, bytes) else b"",
        hole=hole,
        byte_range=byte_range,
        coverage=_coverage(document, byte_range),
        problems=tuple(problems),
        widget=widget,
    )


def _name(value: Value) -> str | None:
    return str(value) if isinstance(value, Name) else None


def _hole(located: _Located) -> tuple[int, int] | None:
    span = located.dictionary.spans.get("Contents")
    if span is None or located.origin is None:
        return None
    return located.origin + span[0], located.origin + span[1]


def _judge_byte_range(
    document: Document, located: _Located, hole: tuple[int, int] | None
) -> tuple[ByteRange | None, list[tuple[str, str]]]:
    """`/ByteRange` is believed only if its gap is exactly this dictionary's own /Contents token."""
    dictionary = located.dictionary
    if dictionary.repeated:
        keys = ", ".join(dictionary.repeated)
        return None, [("repeated_key", f"the signature dictionary has entries more than once: {keys}")]
    value = dictionary.get("ByteRange")  # not resolved: behind a reference it could be exchanged
    if not isinstance(value, list) or len(value) != 4:
        return None, [("byte_range_malformed", "/ByteRange is not an array of four integers")]
    if not all(isinstance(item, int) and not isinstance(item, bool) for item in value):
        return None, [("byte_range_malformed", "/ByteRange is not an array of four integers")]
    a, b, c, d = (int(item) for item in value if isinstance(item, int))
    if min(a, b, c, d) < 0 or a + b > c or c + d > document.source.size:
        return None, [
            ("byte_range_outside", f"/ByteRange [{a} {b} {c} {d}] overlaps itself or leaves the file")
        ]
    if hole is None or not isinstance(dictionary.get("Contents"), bytes):
        return None, [
            ("contents_not_direct", "/Contents is not a string written in the signature dictionary")
        ]
    if (a + b, c) != hole or document.source.read(hole[0], 1) != b"<":
        return None, [
            (
                "gap_mismatch",
                f"the gap of /ByteRange is {a + b} to {c}, its /Contents stands at {hole[0]} to {hole[1]}",
            )
        ]
    if a != 0:
        return (a, b, c, d), [
            ("byte_range_start", f"the signature leaves out the first {a} bytes of the file")
        ]
    return (a, b, c, d), []


def _coverage(document: Document, byte_range: ByteRange | None) -> Coverage:
    """How much a ByteRange covers: all, up to the end of an earlier revision, some of it, or nothing."""
    if byte_range is None:
        return "none"
    if byte_range[0] != 0:
        return "partial"
    end = byte_range[2] + byte_range[3]
    if end == document.source.size:
        return "whole_file"
    return "revision" if ends_revision(document, end) else "partial"


def ends_revision(document: Document, end: int) -> bool:
    """Whether the first `end` bytes are a PDF whose sections are the oldest ones of this document."""
    try:
        earlier = document.earlier(end)
    except DocumentError:
        return False
    ours = [section.offset for section in document.sections]
    theirs = [section.offset for section in earlier.sections]
    last_line = document.source.read(max(0, end - 64), min(64, end)).rstrip(b"\r\n \x00")
    return ours[-len(theirs) :] == theirs and last_line.endswith(b"%%EOF")


def covered_pieces(byte_range: ByteRange) -> tuple[tuple[int, int], tuple[int, int]]:
    """The two covered pieces as absolute (start, end)."""
    a, b, c, d = byte_range
    return (a, a + b), (c, c + d)


def find_prepared(document: Document) -> FoundSignature | None:
    """The empty signature of the newest revision, None where there is none."""
    empty = [one for one in find_signatures(document) if one.empty and one.coverage == "whole_file"]
    return empty[-1] if empty else None


def displayed_boxes(
    document: Document, found: Iterable[FoundSignature]
) -> list[tuple[tuple[int, Rect], ...]]:
    """Of each signature, page number and rectangle in displayed page space of its visible widgets.

    The page is the one whose /Annots holds the widget; /P alone is a claim. All signatures are
    looked for in one walk over the pages.
    """
    shown = [dict(_widgets(document, one)) for one in found]
    left = {ref: rect for rects in shown for ref, rect in rects.items()}
    places = {ref: (page, rect) for ref, page, rect in _places(document, left)} if left else {}
    return [tuple(places[ref] for ref in rects if ref in places) for rects in shown]


def _widgets(document: Document, found: FoundSignature) -> Iterator[tuple[Ref, Rect]]:
    """The visible widgets of a signature: all of its fields, and whatever stands below them."""
    stack: list[tuple[Value, int]] = [(place, 0) for place in reversed(found.places)]
    seen: set[Ref] = set()
    while stack:
        place, depth = stack.pop()
        widget = document.dictionary(place)
        if widget is None or (isinstance(place, Ref) and place in seen):
            continue
        if depth > document.limits.field_depth:
            raise document.limits.exceeded("field_depth", "the form's fields are nested too deeply")
        if isinstance(place, Ref):
            seen.add(place)
            if (rect := widget_rect(document, widget)) is not None:
                yield place, rect
        kids = document.array(widget.get("Kids")) or []
        document.work.spend(PER_KID * (1 + len(kids)))
        stack.extend((kid, depth + 1) for kid in reversed(kids))


def _places(document: Document, wanted: dict[Ref, Rect]) -> Iterator[tuple[Ref, int, Rect]]:
    left = dict(wanted)
    for page in document.pages():
        for annotation in _annotations(document, page):
            if isinstance(annotation, Ref) and annotation in left:
                yield annotation, page.number, page.geometry.rect_to_displayed(left.pop(annotation))
        if not left:
            return


def _annotations(document: Document, page: Page) -> list[Value]:
    annotations = document.array(page.dictionary.get("Annots")) or []
    document.work.spend(len(annotations))
    return annotations
