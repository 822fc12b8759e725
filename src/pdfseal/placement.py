"""Where the seal goes: a rule and a document give boxes on pages.

    InRectangle(page=1, rect=Rect(...), fit=Size(150, 120)) + Document -> (Box(page, rect), ...)

Law: everything a caller gives or gets is in displayed page space (`pdfseal.geometry`): points,
origin at the lower left of the page as displayed, y upward. A box that would leave its page is
moved back inside and says so; one that is larger than the page is an error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pdfseal.errors import CallerError
from pdfseal.geometry import Point, Rect, Size
from pdfseal.pdf.document import Document, Page


@dataclass(frozen=True, slots=True)
class InRectangle:
    """Centred in a rectangle of a page; a rectangle without area means its centre point.

    The size is `size` exactly, or `fit` (the natural size if it fits that box, else shrunk in
    proportion), else the picture's natural size. All in points, displayed page space.
    """

    page: int
    rect: Rect
    size: Size | None = None
    fit: Size | None = None


@dataclass(frozen=True, slots=True)
class AtPoint:
    """Centred on a point of a page; `size` and `fit` as in `InRectangle`."""

    page: int
    point: Point
    size: Size | None = None
    fit: Size | None = None


Placement = InRectangle | AtPoint


@dataclass(frozen=True, slots=True)
class Box:
    """One place of a seal, in displayed page space. `moved` says that it was pushed back into its page."""

    page: int
    rect: Rect
    moved: bool = False


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A box together with the page it is on."""

    box: Box
    page: Page = field(repr=False)


def resolve(placement: Placement, document: Document, natural: Size) -> tuple[PlacedBox, ...]:
    """The boxes of a rule, at least one.

    `natural` is the picture's own size in points. Raises `page_out_of_range`, `box_too_large`,
    `box_outside_page`, `argument`.
    """
    _check_sizes(placement.size, placement.fit)
    page = document.page(placement.page)
    centre = placement.point if isinstance(placement, AtPoint) else placement.rect.centre
    rect = placement.rect if isinstance(placement, InRectangle) else Rect.around(centre, Size(0, 0))
    _check_finite(rect)
    displayed = page.geometry.displayed
    if not _touches(rect, displayed):
        raise CallerError(
            "box_outside_page",
            f"the place {_show(rect)} is outside page {page.number}, which is displayed as {_show(displayed)}",
        )
    return (PlacedBox(_box(page, displayed, centre, _size(placement, natural)), page),)


def _size(placement: Placement, natural: Size) -> Size:
    if placement.size is not None:
        return placement.size
    return natural.fitted_into(placement.fit) if placement.fit is not None else natural


def _box(page: Page, displayed: Rect, centre: Point, size: Size) -> Box:
    if size.width > displayed.width or size.height > displayed.height:
        raise CallerError(
            "box_too_large",
            f"a seal of {size.width:g} x {size.height:g} pt does not fit page {page.number} "
            f"of {displayed.width:g} x {displayed.height:g} pt",
        )
    wanted = Rect.around(centre, size)
    rect = wanted.moved_inside(displayed)
    return Box(page.number, rect, moved=rect != wanted)


def _check_sizes(*sizes: Size | None) -> None:
    for size in sizes:
        if size is None:
            continue
        if not (math.isfinite(size.width) and math.isfinite(size.height) and size.width > 0 and size.height > 0):
            raise CallerError("argument", f"the size {size.width:g} x {size.height:g} pt is not positive")


def _check_finite(rect: Rect) -> None:
    if not all(math.isfinite(value) for value in (rect.left, rect.bottom, rect.right, rect.top)):
        raise CallerError("argument", "a coordinate is not a finite number")


def _touches(rect: Rect, displayed: Rect) -> bool:
    """Whether the rectangle, which may be a point, has something in common with the page."""
    return (
        rect.left <= displayed.right
        and rect.right >= displayed.left
        and rect.bottom <= displayed.top
        and rect.top >= displayed.bottom
    )


def _show(rect: Rect) -> str:
    return f"{rect.left:g},{rect.bottom:g},{rect.right:g},{rect.top:g}"
