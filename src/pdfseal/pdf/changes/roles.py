"""What the objects of a state are that a later revision may touch: the catalog, the form, fields, and so on.

A prepared file may use one object as two things, a field as a dictionary of resources for example. One
that serves as anything else as well must not be judged by the role that a rule knows.

Reference: ISO 32000-2, 7.7.2 (catalog), 12.7.3 (form), 12.8.4.3 (DSS).
"""

from __future__ import annotations

from collections.abc import Container

from pdfseal.pdf.changes.live import Live
from pdfseal.pdf.changes.objects import information, object_of
from pdfseal.pdf.changes.references import References
from pdfseal.pdf.changes.values import keys_leading_to
from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import Dictionary, Ref, Value
from pdfseal.pdf.xref import InUse

_DSS_KEYS = frozenset({"Type", "VRI", "Certs", "CRLs", "OCSPs"})
# By which entries of which others the objects that rules allow to change may be led to.
_LEADING_KEYS: dict[str, dict[str, frozenset[str]]] = {
    "form": {"catalog": frozenset({"AcroForm"})},
    "fields": {"form": frozenset({"Fields"}), "catalog": frozenset({"AcroForm"})},
    "dss": {"catalog": frozenset({"DSS"}), "dss": _DSS_KEYS},
    "metadata": {"catalog": frozenset({"Metadata"})},
    "info": {},
    "catalog": {},
}
# Entries that lead to fields: one that serves as a dictionary of resources as well is led to by others.
_FIELD_ENTRIES = frozenset(
    {"Fields", "Kids", "Annots", "Parent", "AcroForm", "A", "AA", "Next", "OpenAction", "Popup", "IRT", "CO"}
    | {"Obj", "K", "T", ""}
)


class Roles:
    """The roles of one state's objects, found on the way from the catalog. `fields` holds numbers."""

    def __init__(
        self, document: Document, live: Live, references: References, fields: Container[int]
    ) -> None:
        self._document = document
        self._live = live
        self._references = references
        self._fields = fields
        self._named: dict[int, str] = {document.root.number: "catalog"}
        catalog = document.catalog
        self._name(catalog.get("AcroForm"), "form")
        form = document.dictionary(catalog.get("AcroForm")) or Dictionary()
        self._name(form.get("Fields"), "fields")
        self._name(catalog.get("DSS"), "dss")
        self._name(catalog.get("Metadata"), "metadata")
        self._name(information(document), "info")
        dss = document.dictionary(catalog.get("DSS")) or Dictionary()
        for key in _DSS_KEYS:
            self._name(dss.get(key), "dss")

    def _name(self, value: Value, role: str) -> None:
        if isinstance(value, Ref):
            known = self._named.get(value.number, role)
            self._named[value.number] = role if known == role else "shared"

    def of(self, number: int) -> str | None:
        """What an object is: "shared" where it is two things, None where it is nothing that is known."""
        role = self._named.get(number)
        if number not in self._fields:
            return role
        return "field" if role is None else "shared"

    def serves_only(self, number: int, role: str | None) -> bool:
        """Whether no signed object leads to this one other than its role allows."""
        if role == "field":
            return all(entries <= _FIELD_ENTRIES for _, entries in self.leading(number))
        if role not in _LEADING_KEYS:
            return True
        return all(self._leads_rightly(number, role, *row) for row in self.leading(number))

    def leading(self, number: int) -> list[tuple[int, set[str]]]:
        """The objects that refer to this one, and the entries in which they do."""
        holders = self._references.referrers(self._live, number)
        return [(holder, self._live.entries_leading(holder, number)) for holder in holders]

    def _leads_rightly(self, number: int, role: str, holder: int, entries: set[str]) -> bool:
        if self._is_cross_reference_stream(holder) and entries <= {"Root", "Info"}:
            return not self.leading(holder)  # a dictionary of resources as well, with a font /Info
        if role == "catalog":  # the reference dictionary of a DocMDP signature may name it as /Data
            inner = set(keys_leading_to(object_of(self._document, holder), number))
            return entries <= {"Reference", "Data"} and inner <= {"Data"}
        return entries <= _LEADING_KEYS[role].get(self.of(holder) or "", frozenset())

    def _is_cross_reference_stream(self, number: int) -> bool:
        entry = self._document.entry(number)
        return isinstance(entry, InUse) and any(
            entry.offset + self._document.base in (section.offset, section.hybrid and section.hybrid.offset)
            for section in self._document.sections
        )
