"""Whether what a widget shows stays inside its rectangle, in every reader.

A reader fits /BBox of an appearance into /Rect and clips to it. Where /BBox is missing pdfium clips to
nothing, where /Rect is missing mupdf fits into nothing: a field of a few millimetres covers the page.

Reference: ISO 32000-2, 12.5.2 (table 166: /Rect is required), 12.5.5 (appearance streams), 8.10.2 (table 93:
/BBox is required).
"""

from __future__ import annotations

from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import Dictionary, Ref, Value


def stays_inside(document: Document, widget: Dictionary) -> bool:
    """Whether all streams of a widget's /AP are clipped to its rectangle; what is not there shows nothing."""
    found = document.dictionary(widget.get("AP"))
    if found is None:
        return True
    return is_box(document, widget.get("Rect")) and all(
        _is_clipped_in_all_states(document, value) for value in found.values()
    )


def is_box(document: Document, value: Value) -> bool:
    """Whether a value is an array of four numbers."""
    found = [document.resolve(item) for item in document.array(value) or []]
    return len(found) == 4 and all(
        isinstance(item, int | float) and not isinstance(item, bool) for item in found
    )


def _is_clipped_in_all_states(document: Document, value: Value) -> bool:
    """An entry of /AP is a stream, or a dictionary of streams by the states of the widget."""
    found = document.dictionary(value)
    if found is None or _is_stream(document, value):
        return found is None or is_box(document, found.get("BBox"))
    states = [(one, document.dictionary(one)) for one in found.values()]
    return all(
        one is None or (_is_stream(document, ref) and is_box(document, one.get("BBox")))
        for ref, one in states
    )


def _is_stream(document: Document, value: Value) -> bool:
    """Whether references lead to a stream. `Document.dictionary` followed them before: they end."""
    while isinstance(value, Ref):
        if document.is_stream(value.number):
            return True
        value = document.object(value)
    return False
