"""Whether what a widget shows stays inside its rectangle, in every reader.

A reader fits /BBox of an appearance into /Rect and clips to it. Where /BBox is missing pdfium clips to
nothing, where /Rect is missing mupdf fits into nothing: a field of a few millimetres covers the page.

Reference: ISO 32000-2, 12.5.2 (table 166: /Rect is required), 12.5.5 (appearance streams), 8.10.2 (table 93:
/BBox is required).
"""

from __future__ import annotations

from itertools import chain

from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import Dictionary, Ref, Value

_MAX_NUMBER = 100_000  # a page is 14,400 units wide at most (annex C.2)
_MAX_RATIO = 10_000.0
_IDENTITY = (1, 0, 0, 1, 0, 0)


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
    return _numbers(document, value, 4) is not None


def may_be_states(*values: Value) -> bool:
    """Whether values are dictionaries that lead to appearances and hold nothing else (12.5.5)."""
    return all(
        isinstance(one, Dictionary)
        and all(isinstance(item, Ref | Dictionary | None) for item in one.values())
        for one in values
    )


def has_area(document: Document, value: Value) -> bool:
    """Whether something can be seen in a rectangle; what is none may be anything."""
    if value is None:
        return False
    box = _numbers(document, value, 4)
    return box is None or (box[0] != box[2] and box[1] != box[3])


def is_clipped(document: Document, form: Dictionary) -> bool:
    """Whether all readers fit the /BBox of a form XObject into a rectangle, and alike.

    They calculate with 24 bits. Where a box is small beside its distance from the origin, or beside the
    numbers in /Matrix, what is rounded off moves the appearance out of the rectangle. A box without area
    shows nothing: that of an invisible signature.
    """
    box = _numbers(document, form.get("BBox"), 4)
    matrix = _numbers(document, form.get("Matrix", list(_IDENTITY)), 6)
    if box is None or matrix is None:
        return False
    a, b, c, d, e, f = matrix
    xs, ys = box[::2], box[1::2]
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in xs for y in ys]
    sides: list[float] = [max(row) - min(row) for row in (xs, ys, *zip(*corners, strict=True))]
    reach = max(map(abs, (*box, *matrix, *chain(*corners))))
    return reach < _MAX_RATIO * (1.0 if 0 in sides[:2] else min(sides))


def _numbers(document: Document, value: Value, count: int) -> list[float] | None:
    """An array of so many numbers."""
    found = [document.resolve(item) for item in document.array(value) or []]
    numbers = [one for one in found if isinstance(one, int | float) and not isinstance(one, bool)]
    if not len(numbers) == len(found) == count or any(abs(one) > _MAX_NUMBER for one in numbers):
        return None
    return [float(one) for one in numbers]


def _is_clipped_in_all_states(document: Document, value: Value) -> bool:
    """An entry of /AP is a stream, or a dictionary of streams by the states of the widget."""
    found = document.dictionary(value)
    if found is None or _is_stream(document, value):
        return found is None or is_clipped(document, found)
    states = [(one, document.dictionary(one)) for one in found.values()]
    return all(
        one is None or (_is_stream(document, ref) and is_clipped(document, one)) for ref, one in states
    )


def _is_stream(document: Document, value: Value) -> bool:
    """Whether references lead to a stream. `Document.dictionary` followed them before: they end."""
    while isinstance(value, Ref):
        if document.is_stream(value.number):
            return True
        value = document.object(value)
    return False
