"""What readers show of a document besides its pages, as far as a seal on a page is concerned.

    check_pages_are_shown(document)          before a seal is put on them
    presentation_notes(document, new_field)  what whoever seals should know

What the form and the catalog say stays as it is: it is the document's, and is sealed with it.

Reference: ISO 32000-1, 12.7.8 (XFA forms; deprecated in ISO 32000-2), 12.3.5 (collections), 12.7.2
(/NeedAppearances).
"""

from __future__ import annotations

from pdfseal.errors import RefusedError
from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import Dictionary


def check_pages_are_shown(document: Document) -> None:
    """A dynamic XFA form: readers that know XFA draw other pages than these, and no seal on them.

    RefusedError `dynamic_xfa`.
    """
    if _has_xfa(document) and document.resolve(document.catalog.get("NeedsRendering")) is True:
        raise RefusedError(
            "dynamic_xfa",
            "the document is a dynamic XFA form (/NeedsRendering): readers that know XFA make its pages "
            "anew from XML and would not show the seal; print it to PDF first (repair does not help)",
        )


def presentation_notes(document: Document, *, new_field: bool) -> tuple[str, ...]:
    """`new_field`: the seal brings its own field instead of filling one that is there."""
    notes = []
    if _has_xfa(document) and new_field:
        notes.append(
            "the document has an XFA form beside its fields: readers that know XFA may not show a field "
            "that is not in it, so better fill a signature field of the form"
        )
    form = document.dictionary(document.catalog.get("AcroForm")) or Dictionary()
    if document.resolve(form.get("NeedAppearances")) is True:
        notes.append(
            "the form asks readers to draw its fields anew (/NeedAppearances): what they show may differ "
            "from what stands in the document, and is sealed"
        )
    if document.dictionary(document.catalog.get("Collection")) is not None:
        notes.append(
            "the document is a portfolio: the seal stands on its cover sheet, which some readers do not "
            "show, and the signature covers the attached files as well"
        )
    return tuple(notes)


def _has_xfa(document: Document) -> bool:
    form = document.dictionary(document.catalog.get("AcroForm"))
    return form is not None and document.resolve(form.get("XFA")) is not None
