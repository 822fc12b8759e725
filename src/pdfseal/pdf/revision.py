"""The append-only writer: new and changed objects, and the cross-reference section behind them.

Law: the original is an exact prefix of the result. New object numbers go above the highest
number of any section, never above `/Size` alone. The appended section is of the kind of the
newest one, so that a reader that understood the file before understands it afterwards.

Reference: ISO 32000-2, 7.5.6 (incremental updates), 7.5.4, 7.5.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pdfseal.errors import DocumentError
from pdfseal.pdf.document import Document
from pdfseal.pdf.encryption import Vectors
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value, serialise
from pdfseal.pdf.xref import MAX_OBJECT_NUMBER

# What belongs to one section alone and is never carried into the next one.
_SECTION_KEYS = frozenset(
    {"Prev", "XRefStm", "Size", "ID", "Type", "W", "Index", "Length", "Filter", "DecodeParms"}
    | {"F", "FFilter", "FDecodeParms", "DL"}
)
_MAX_TABLE_OFFSET = 9_999_999_999


@dataclass(frozen=True, slots=True)
class Appended:
    """What follows the original. `offsets` are absolute positions of the appended objects in the file."""

    data: bytes = field(repr=False)
    offsets: dict[int, int] = field(repr=False)


class Revision:
    """Collects objects to be appended to a document; `build` gives the bytes."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._next = document.highest_number + 1
        self._objects: dict[Ref, tuple[Value, bytes | None]] = {}

    def allocate(self) -> Ref:
        """A reference that no object of the document has."""
        if self._next > MAX_OBJECT_NUMBER:
            raise DocumentError("limit_exceeded", "the document has no object number left for a new object")
        ref = Ref(self._next, 0)
        self._next += 1
        return ref

    def current(self, ref: Ref) -> Value:
        """The value under a reference as this revision leaves it so far."""
        return self._objects[ref][0] if ref in self._objects else self.document.object(ref)

    def put(self, ref: Ref, value: Value) -> Ref:
        """Write a value under a reference, new or existing."""
        self._objects[ref] = value, None
        return ref

    def add(self, value: Value) -> Ref:
        """Write a value as a new object."""
        return self.put(self.allocate(), value)

    def add_stream(self, dictionary: Dictionary, data: bytes) -> Ref:
        """Write a stream as a new object; `/Length` is filled in."""
        ref = self.allocate()
        self._objects[ref] = dictionary, data
        return ref

    def build(self, file_id: bytes) -> Appended:
        """The appended bytes. `file_id` (16 bytes) becomes the changing half of the trailer's /ID."""
        document = self.document
        start = document.end
        out = bytearray()
        if document.source.read(start - 1, 1) not in (b"\n", b"\r"):
            out += b"\n"  # the last line of the original may lack its end
        offsets: dict[int, int] = {}
        vectors = Vectors(file_id)
        for ref, (value, data) in self._objects.items():
            offsets[ref.number] = start + len(out)
            out += b"%d %d obj\n" % ref + self._body(ref, value, data, vectors) + b"\nendobj\n"
        section_at = start + len(out)
        if document.sections[0].kind == "table":
            out += self._table(offsets, file_id)
        else:
            out += self._stream(offsets, section_at, file_id)
        out += b"startxref\n%d\n%%%%EOF\n" % (section_at - document.base)
        return Appended(bytes(out), offsets)

    def _body(self, ref: Ref, value: Value, data: bytes | None, vectors: Vectors) -> bytes:
        """The object's bytes, encrypted where the document is."""
        security = self.document.security
        if security is not None:
            value = security.encrypt_value(ref, value, vectors)
            if data is not None and isinstance(value, Dictionary):
                data = security.encrypt_stream(ref, value, data, vectors)
        if data is None:
            return serialise(value)
        complete = Dictionary({**value, "Length": len(data)}) if isinstance(value, Dictionary) else value
        return serialise(complete) + b"\nstream\n" + data + b"\nendstream"

    def _trailer(self, file_id: bytes, size: int) -> Dictionary:
        old = self.document.trailer
        trailer = Dictionary({key: value for key, value in old.items() if key not in _SECTION_KEYS})
        previous = self.document.resolve(old.get("ID"))
        permanent = previous[0] if isinstance(previous, list) and previous else None
        if isinstance(permanent, bytes):
            trailer["ID"] = [permanent, file_id]
        elif self.document.security is None:  # a key derived without an /ID must not get one
            trailer["ID"] = [file_id, file_id]
        trailer["Size"] = size
        trailer["Prev"] = self.document.startxref
        return trailer

    def _table(self, offsets: dict[int, int], file_id: bytes) -> bytes:
        """7.5.4: entries of exactly 20 bytes in subsections of consecutive numbers."""
        generations = {ref.number: ref.generation for ref in self._objects}
        out = bytearray(b"xref\n")
        for run in _runs(sorted(offsets)):
            out += b"%d %d\n" % (run[0], len(run))
            for number in run:
                offset = offsets[number] - self.document.base
                if offset > _MAX_TABLE_OFFSET:
                    raise DocumentError("limit_exceeded", "a cross-reference table cannot point beyond 10 GB")
                out += b"%010d %05d n \n" % (offset, generations[number])
        return bytes(out) + b"trailer\n" + serialise(self._trailer(file_id, self._next)) + b"\n"

    def _stream(self, offsets: dict[int, int], section_at: int, file_id: bytes) -> bytes:
        """7.5.8: the section is an object itself and lists itself."""
        own = Ref(self._next, 0)
        positions = offsets | {own.number: section_at}
        generations = {ref.number: ref.generation for ref in self._objects}
        width = max(4, (section_at.bit_length() + 7) // 8)
        index: list[Value] = []
        rows = bytearray()
        for run in _runs(sorted(positions)):
            index += [run[0], len(run)]
            for number in run:
                offset = positions[number] - self.document.base
                rows += (
                    b"\x01" + offset.to_bytes(width, "big") + generations.get(number, 0).to_bytes(2, "big")
                )
        trailer = self._trailer(file_id, own.number + 1)
        trailer |= {"Type": Name("XRef"), "W": [1, width, 2], "Index": index, "Length": len(rows)}
        return (
            b"%d 0 obj\n" % own.number
            + serialise(trailer)
            + b"\nstream\n"
            + bytes(rows)
            + b"\nendstream\nendobj\n"
        )


def _runs(numbers: list[int]) -> Iterator[list[int]]:
    """Consecutive numbers together."""
    run: list[int] = []
    for number in numbers:
        if run and number != run[-1] + 1:
            yield run
            run = []
        run.append(number)
    if run:
        yield run
