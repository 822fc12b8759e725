"""What single objects are, and where a stream ends."""

from __future__ import annotations

import re

from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value
from pdfseal.pdf.xref import Entry, InUse

_END_OF_STREAM = re.compile(rb"[\x00\t\n\f\r ]*endstream[\x00\t\n\f\r ]*endobj")


def information(document: Document) -> Value:
    """/Info of the newest trailer that names one: pypdf leaves it out of later ones, readers look further."""
    return next((one.trailer["Info"] for one in document.sections if "Info" in one.trailer), None)


def object_of(document: Document, number: int) -> Value:
    """The object of a number in a state, whatever its generation; null where there is none."""
    return document.object(Ref(number, generation(document.entry(number))))


def ends_as_said(document: Document, number: int, entry: InUse) -> bool:
    """Whether a stream ends where its /Length says; readers go on to `endstream` where it does not."""
    found, _, offset = document.indirect(number, entry)
    length = document.resolve(found.value.get("Length")) if isinstance(found.value, Dictionary) else None
    if not isinstance(length, int) or found.body is None or not 0 <= length <= document.end:
        return False
    return bool(_END_OF_STREAM.match(document.source.read(offset + found.body + length, 64)))


def as_list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def as_dictionary(value: Value) -> Dictionary:
    return value if isinstance(value, Dictionary) else Dictionary()


def generation(entry: Entry | None) -> int:
    return entry.generation if isinstance(entry, InUse) else 0


def object_kind(document: Document, number: int, value: Value) -> str:
    if isinstance(value, list):
        return "array"
    if not isinstance(value, Dictionary):
        return "other"
    if not document.is_stream(number):
        return "dictionary"
    is_xml = value.get("Subtype") in (None, Name("XML"))
    return "metadata" if value.get("Type") == Name("Metadata") and is_xml else "stream"
