"""A second opinion before anything is sealed: qpdf, through pikepdf, must see the same document.

Law: sealing is refused where two readers disagree about the catalog, the number of pages in the
tree's root, or whether the cross-reference data is whole: what a person would see then depends
on the program, and a seal must not cover that. Our reader finds bytes; this one only agrees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pdfseal.errors import DocumentError
from pdfseal.pdf.document import Document
from pdfseal.pdf.encryption import open_with_qpdf
from pdfseal.pdf.syntax import Dictionary

if TYPE_CHECKING:
    import pikepdf


_BYTES_PER_NUMBER = 3  # qpdf takes a number above the third of the file's length for damage
_BYTES_ADDED = 4096  # at least, by a signature


def check_agreement(document: Document, password: str | None = None) -> None:
    """Raises `pdf_damaged` where qpdf would have to repair, `pdf_ambiguous` where it differs."""
    import pikepdf

    highest = max(section.highest for section in document.sections)
    if highest * _BYTES_PER_NUMBER > document.end + _BYTES_ADDED:
        raise DocumentError(
            "pdf_ambiguous", f"object {highest} has a number that qpdf reads in no file of this length"
        )
    try:
        with open_with_qpdf(document.source, password) as other:
            _compare(document, other)
    except pikepdf.PdfError as error:
        reason = str(error).rsplit(": ", 1)[-1][:200]
        raise DocumentError("pdf_damaged", f"the PDF is damaged and would need repair: {reason}") from error


def _compare(document: Document, other: pikepdf.Pdf) -> None:
    if tuple(other.Root.objgen) != tuple(document.root):
        raise DocumentError("pdf_ambiguous", "two readers find different document catalogs in this file")
    import pikepdf

    ours = document.dictionary(document.catalog.get("Pages")) or Dictionary()
    theirs = other.Root.get("/Pages")
    kids = document.array(ours.get("Kids")) or []
    found = theirs.get("/Kids") if isinstance(theirs, pikepdf.Dictionary) else None
    if theirs is None or (len(found) if isinstance(found, pikepdf.Array) else 0) != len(kids):
        raise DocumentError("pdf_ambiguous", "two readers find different page trees in this file")
