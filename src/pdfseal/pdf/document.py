"""A document: the state of its objects after a given number of bytes of the file.

    Document.open(source)             the newest state
    Document.open(source, end=n)      the state when the file ended at byte n (a revision)

Law: read only. Objects are resolved through the cross-reference chain and nothing else; what is
not where the chain says is `pdf_damaged`. Page numbers, counts and parents in the file are
claims, never trusted. Results are kept, within bounds.

Reference: ISO 32000-2, 7.5.7 (object streams), 7.7.2 (catalog), 7.7.3 (page tree).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pdfseal.errors import CallerError, DocumentError
from pdfseal.geometry import PageGeometry, Rect
from pdfseal.pdf.encryption import Security, open_security
from pdfseal.pdf.filters import decode
from pdfseal.pdf.limits import (
    BYTES_PER_STEP_SCANNED,
    DEFAULT_LIMITS,
    PER_DECRYPTED_VALUE,
    PER_KID,
    PER_PAGE,
    Limits,
    Work,
)
from pdfseal.pdf.object_stream import ObjectStream, read_object_stream
from pdfseal.pdf.shared import Shared
from pdfseal.pdf.source import Source
from pdfseal.pdf.syntax import Dictionary, Indirect, Parser, Ref, Value, damaged
from pdfseal.pdf.tolerance import read_tolerantly
from pdfseal.pdf.xref import Entry, Free, InUse, Packed, Section, header_offset, read_chain, read_indirect

_MANY_SECTIONS = 16  # with more than these, where objects stand is worked out once for all of them
_LOOK_AHEAD_BYTES = 16  # behind an object, to see whether it is a stream
INHERITED = ("Resources", "MediaBox", "CropBox", "Rotate")
LETTER = Rect(0.0, 0.0, 612.0, 792.0)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its reference, its own dictionary, and the attributes it has or inherits (7.7.3.4)."""

    number: int
    ref: Ref
    dictionary: Dictionary = field(repr=False)
    attributes: Dictionary = field(repr=False)
    geometry: PageGeometry


class Document:
    """The objects of a PDF as of byte `end` of `source`. Not safe to share between threads."""

    def __init__(
        self,
        source: Source,
        end: int,
        base: int,
        startxref: int,
        sections: tuple[Section, ...],
        security: Security | None = None,
        *,
        work: Work,
        shared: Shared | None = None,
    ) -> None:
        self.source = source
        self.end = end
        self.base = base
        self.startxref = startxref
        self.sections = sections
        self.security = security
        self.work = work
        self._shared = shared if shared is not None and shared.covers(sections) else Shared(sections, work)
        self._values: dict[int, Value] = {}
        self.forgetful = False  # whether values were dropped because there are too many
        self._kept_values = 0
        self._streams: set[int] = set()  # those of the loaded objects that are streams
        self._object_streams: dict[int, ObjectStream] = {}
        self._opening: set[int] = set()  # object streams that are being read now
        self._entries: dict[int, Entry] | None = None
        self._walked = 0  # steps through the page tree
        self.remarks: tuple[str, ...] = ()  # what was read past, see tolerance.py

    @classmethod
    def open(
        cls,
        source: Source,
        *,
        end: int | None = None,
        password: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Document:
        """Read the cross-reference chain, and open the encryption where there is one.

        `limits` bound all that is read from this document, here and later.
        Raises `not_a_pdf`, `pdf_damaged`, `limit_exceeded`, `wrong_password`, `pdf_encrypted`.
        """
        end = source.size if end is None else end
        base = header_offset(source)
        work = Work(limits, source.size)
        startxref, sections, remarks = read_tolerantly(source, end, base, work)
        document = cls(source, end, base, startxref, sections, work=work)
        document.remarks = remarks
        if not isinstance(document.trailer.get("Root"), Ref):
            raise damaged("the trailer names no /Root")
        if document.encrypted:
            document.security = open_security(source, password)
        return document

    def earlier(self, end: int) -> Document:
        """The state when the file ended at byte `end`, opened with the same key."""
        known = self._shared.chain(end)
        startxref, sections = known or read_chain(self.source, end, self.base, self.sections, work=self.work)
        if known is None:
            self._shared.keep_chain(end, startxref, sections)
        document = Document(
            self.source,
            end,
            self.base,
            startxref,
            sections,
            self.security,
            work=self.work,
            shared=self._shared,
        )
        if not isinstance(document.trailer.get("Root"), Ref):
            raise damaged("the trailer names no /Root")
        return document

    def with_sections(self, sections: tuple[Section, ...]) -> Document:
        """The state that these sections, some of this document's, describe."""
        return Document(
            self.source,
            self.end,
            self.base,
            self.startxref,
            sections,
            self.security,
            work=self.work,
            shared=self._shared,
        )

    @property
    def limits(self) -> Limits:
        return self.work.limits

    @property
    def trailer(self) -> Dictionary:
        """The newest trailer."""
        return self.sections[0].trailer

    @property
    def encrypted(self) -> bool:
        return any("Encrypt" in section.trailer for section in self.sections)

    @property
    def highest_number(self) -> int:
        """The highest object number in any section or trailer: new objects go above it.

        `/Size` alone may be too small, and live objects stand above it then.
        """
        size = self.trailer.get("Size")
        claimed = size - 1 if isinstance(size, int) and 0 < size <= self.end else 0
        return max(claimed, *(section.highest for section in self.sections))

    # -- objects --------------------------------------------------------------------------

    def entries(self) -> dict[int, Entry]:
        """Where each object stands, by the newest section that lists it."""
        if self._entries is None:
            found: dict[int, Entry] = {}
            for section in reversed(self.sections):
                found |= self._shared.listing(section)
            self._entries = found
        return self._entries

    def listing(self, section: Section) -> dict[int, Entry]:
        """All entries of one of its sections, by number; not to be changed."""
        return self._shared.listing(section)

    def entry(self, number: int) -> Entry | None:
        """Where an object stands, by the newest section that lists it."""
        if len(self.sections) > _MANY_SECTIONS:
            return self._shared.lookup(number, len(self.sections))
        for section in self.sections:
            entry = section.lookup(number)
            if entry is not None:
                return entry
        return None

    def resolve(self, value: Value) -> Value:
        """The value itself, or what a reference leads to; null for an object that is not there."""
        for _ in range(self.limits.reference_hops):
            if not isinstance(value, Ref):
                return value
            value = self.object(value)
        raise self.limits.exceeded("reference_hops", "a reference leads to ever more references")

    def object(self, ref: Ref) -> Value:
        """The object a reference names; null where it is free or missing (7.3.10)."""
        entry = self.entry(ref.number)
        if entry is None or isinstance(entry, Free):
            return None
        if isinstance(entry, InUse) and entry.generation != ref.generation:
            return None
        if isinstance(entry, Packed) and ref.generation:
            return None
        if ref.number not in self._values:
            self._load(ref.number, entry)
        return self._values[ref.number]

    def _load(self, number: int, entry: InUse | Packed) -> None:
        """Parse an object, or take what another state parsed, and keep it."""
        is_stream = False
        if isinstance(entry, Packed):
            value, items = self.object_stream(entry.stream).value(number)
        else:
            value, is_stream, _, items = self._row(number, entry)
        if self._kept_values + items > self.limits.kept_values:
            self.forgetful = True
            self._values.clear()
            self._streams.clear()
            self._kept_values = 0
        self._kept_values += items
        self._values[number] = value
        if is_stream:
            self._streams.add(number)

    def _parse(self, number: int, entry: InUse) -> tuple[Value, bool, int, int]:
        """An object for all states: value, whether it is a stream, which bytes decided that, values in it."""
        found, data, offset, items = self._read(number, entry)
        stop = offset + Parser(data, work=self.work).skip(found.end) + _LOOK_AHEAD_BYTES
        row = found.value, found.body is not None, stop, items
        shared = self._shared
        if shared.kept_values + items > self.limits.kept_values:
            shared.values.clear()
            shared.kept_values = 0
        shared.kept_values += items
        shared.values[number, entry] = row
        return row

    def value_at(self, number: int, entry: InUse) -> Value:
        """The object that stood at an entry of any of the sections, superseded ones included."""
        return self._row(number, entry)[0]

    def reach(self, number: int, entry: InUse) -> int:
        """A position at or a few bytes behind the end of what stands at an entry, stream data apart."""
        return self._row(number, entry)[2]

    def _row(self, number: int, entry: InUse) -> tuple[Value, bool, int, int]:
        known = self._shared.values.get((number, entry))
        return self._parse(number, entry) if known is None or known[2] > self.end else known

    def is_stream(self, number: int) -> bool:
        """Whether an object is a stream; one that is free, missing or packed is none."""
        entry = self.entry(number)
        if not isinstance(entry, InUse):
            return False
        if number not in self._values:
            self._load(number, entry)
        return number in self._streams

    def indirect(self, number: int, entry: InUse) -> tuple[Indirect, bytes, int]:
        """The object at its offset, the bytes parsed, and the absolute position of those bytes."""
        found, data, offset, _ = self._read(number, entry)
        return found, data, offset

    def _read(self, number: int, entry: InUse) -> tuple[Indirect, bytes, int, int]:
        """The same, and how many values the object is made of."""
        offset = entry.offset + self.base
        if not self.base < offset < self.end:
            raise damaged(f"object {number} is said to be at byte {offset}, outside the file")
        found, data, items = read_indirect(self.source, offset, self.end, self.work)
        if found.number != number or found.generation != entry.generation:
            raise damaged(
                f"byte {offset} should hold object {number} {entry.generation} "
                f"and holds {found.number} {found.generation}"
            )
        if self.security is not None and not self._is_encryption_dictionary(number):
            self.work.spend(PER_DECRYPTED_VALUE * items)
            value = self.security.decrypt_value(Ref(number, entry.generation), found.value)
            found = replace(found, value=value)
        return found, data, offset, items

    def _is_encryption_dictionary(self, number: int) -> bool:
        reference = self.trailer.get("Encrypt")
        return isinstance(reference, Ref) and reference.number == number

    def stream_data(self, number: int, entry: InUse, *, limit: int | None = None) -> tuple[Dictionary, bytes]:
        """Dictionary and raw (still encoded) data of a stream object, `Limits.object_bytes` at most."""
        stream, data, _ = self._stream_data(number, entry, limit)
        return stream, data

    def _stream_data(
        self, number: int, entry: InUse, limit: int | None = None
    ) -> tuple[Dictionary, bytes, int | None]:
        """The same, and where the data ends; None where another object says so, which may change."""
        limit = self.limits.object_bytes if limit is None else limit
        found, _, offset = self.indirect(number, entry)
        stream = found.value
        if not isinstance(stream, Dictionary) or found.body is None:
            raise damaged(f"object {number} is not a stream")
        length = self.resolve(stream.get("Length"))
        body = offset + found.body
        if not isinstance(length, int) or not 0 <= length <= self.end - body:
            raise damaged(f"stream {number} has no usable /Length")
        if length > limit:
            raise self.limits.exceeded("object_bytes", f"stream {number} has {length} bytes")
        self.work.spend(length // BYTES_PER_STEP_SCANNED)
        data = self.source.read(body, length)
        if self.security is not None:
            data = self.security.decrypt_stream(Ref(number, entry.generation), stream, data)
        return stream, data, body + length if isinstance(stream.get("Length"), int) else None

    def object_stream(self, number: int) -> ObjectStream:
        """An object stream, decoded (7.5.7)."""
        if number not in self._object_streams:
            entry = self.entry(number)
            if not isinstance(entry, InUse):
                raise damaged(f"object stream {number} is not in the file")
            known = self._shared.object_streams.get((number, entry))
            whole = known is not None and known[1] <= self.end
            found = known[0] if known and whole else self._decode_object_stream(number, entry)
            self._object_streams[number] = found
        return self._object_streams[number]

    def _decode_object_stream(self, number: int, entry: InUse) -> ObjectStream:
        """An object stream, kept for all states that hold it whole."""
        where, shared = f"object stream {number}", self._shared
        if number in self._opening:
            raise damaged(f"{where} is needed to read itself")
        self._opening.add(number)
        try:
            stream, data, stop = self._stream_data(number, entry)
        finally:
            self._opening.discard(number)
        left = self.limits.decoded_bytes - shared.decoded_bytes
        decoded = decode(data, stream, where=where, work=self.work, limit=left)
        shared.decoded_bytes += len(decoded)
        found = read_object_stream(stream, decoded, where, self.work)
        if stop is not None:
            shared.object_streams[number, entry] = found, stop
        return found

    # -- structure ------------------------------------------------------------------------

    @property
    def root(self) -> Ref:
        root = self.trailer["Root"]
        assert isinstance(root, Ref)  # checked when opened
        return root

    @property
    def catalog(self) -> Dictionary:
        catalog = self.resolve(self.root)
        if not isinstance(catalog, Dictionary):
            raise damaged("the document catalog is missing")
        return catalog

    def dictionary(self, value: Value) -> Dictionary | None:
        """The dictionary a value is or leads to, else None."""
        value = self.resolve(value)
        return value if isinstance(value, Dictionary) else None

    def array(self, value: Value) -> list[Value] | None:
        """The array a value is or leads to, else None."""
        value = self.resolve(value)
        return value if isinstance(value, list) else None

    def pages(self) -> Iterator[Page]:
        """The pages in order. Cycles, depth and count are bounded; a kid that is no page is skipped."""
        tree = self.dictionary(self.catalog.get("Pages"))
        if tree is None:
            raise DocumentError("pdf_no_pages", "the document has no page tree")
        yield from (self._page(number, *found) for number, found in enumerate(self._leaves(tree), start=1))

    def _leaves(self, tree: Dictionary) -> Iterator[tuple[Ref, Dictionary, Dictionary]]:
        """Reference, own dictionary and effective attributes of every leaf, without recursion."""
        root_ref = self.catalog.get("Pages")
        on_path: set[Value] = {root_ref} if isinstance(root_ref, Ref) else set()
        stack = [(root_ref, iter(self.array(tree.get("Kids")) or []), _inheritable(tree, Dictionary()))]
        count = walked = 0
        while stack:
            node, kids, inherited = stack[-1]
            kid = next(kids, _NO_MORE)
            walked += 1
            if walked > self._walked:  # what is walked again was paid for
                self._walked = walked
                self.work.spend(PER_KID + PER_PAGE)
            if isinstance(kid, _NoMore):
                on_path.discard(node if isinstance(node, Ref) else None)
                stack.pop()
                continue
            dictionary = self.dictionary(kid)
            if dictionary is None:
                continue
            if "Kids" in dictionary:
                if kid in on_path if isinstance(kid, Ref) else False:
                    raise damaged("the page tree contains itself")
                if len(stack) > self.limits.page_tree_depth:
                    raise self.limits.exceeded("page_tree_depth", "the page tree is too deep")
                if isinstance(kid, Ref):
                    on_path.add(kid)
                children = iter(self.array(dictionary["Kids"]) or [])
                stack.append((kid, children, _inheritable(dictionary, inherited)))
                continue
            count += 1
            if count > self.limits.pages:
                raise self.limits.exceeded("pages", "the document has too many pages")
            if not isinstance(kid, Ref):
                raise damaged(f"page {count} is written inside the page tree and has no object number")
            yield kid, dictionary, _inheritable(dictionary, inherited)

    def _page(self, number: int, ref: Ref, dictionary: Dictionary, attributes: Dictionary) -> Page:
        return Page(number, ref, dictionary, attributes, self._geometry(number, attributes))

    def _geometry(self, number: int, attributes: Dictionary) -> PageGeometry:
        media = self._box(attributes.get("MediaBox")) or LETTER
        crop = self._box(attributes.get("CropBox"))
        crop = media if crop is None else (crop.intersection(media) or media)
        rotate = self.resolve(attributes.get("Rotate"))
        turn = int(rotate) if isinstance(rotate, int | float) and not isinstance(rotate, bool) else 0
        if turn % 90:
            turn = 0  # 7.7.3.3 demands a multiple of 90; readers ignore anything else
        unit = self.resolve(attributes.get("UserUnit"))
        scale = (
            float(unit) if isinstance(unit, int | float) and not isinstance(unit, bool) and unit > 0 else 1.0
        )
        if not crop.width or not crop.height:
            raise damaged(f"page {number} has no area")
        return PageGeometry(crop, turn % 360, scale)

    def _box(self, value: Value) -> Rect | None:
        corners = self.array(value)
        if corners is None or len(corners) < 4:
            return None
        numbers: list[float] = []
        for corner in corners[:4]:
            resolved = self.resolve(corner)
            if isinstance(resolved, bool) or not isinstance(resolved, int | float):
                return None
            numbers.append(float(resolved))
        box = Rect.of_corners(*numbers)
        return box if box.width > 0 and box.height > 0 else None

    def page(self, number: int) -> Page:
        """The page with a 1-based number. Raises `page_out_of_range`, `pdf_no_pages`."""
        count = 0
        if number >= 1:
            for page in self.pages():
                count += 1
                if count == number:
                    return page
        else:
            count = sum(1 for _ in self.pages())
        if not count:
            raise DocumentError("pdf_no_pages", "the document has no page")
        raise CallerError(
            "page_out_of_range", f"page {number} does not exist: the document has {count} pages"
        )


class _NoMore:
    """Stands behind the last kid; null may stand among them."""


_NO_MORE = _NoMore()


def _inheritable(dictionary: Dictionary, inherited: Dictionary) -> Dictionary:
    """Attributes in force at a node: its own, else those from above. UserUnit is never inherited."""
    found = Dictionary({key: inherited[key] for key in INHERITED if key in inherited})
    found.update({key: dictionary[key] for key in (*INHERITED, "UserUnit") if key in dictionary})
    if "Kids" in dictionary:
        found.pop("UserUnit", None)
    return found
