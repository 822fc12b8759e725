"""The rules a caller can give: where the seal goes, in words of the page as it is displayed.

Law: these are values without behaviour; `resolving` turns them into boxes. `page` chooses pages:
a number, a tuple of numbers, or `all`, `odd`, `even`, `1-3,6-10`.

A placement's `unit` is that of all its lengths: points (`pt`), millimetres (`mm`), or shares of
the page's width and height (`page`). Its `origin` is the corner that coordinates are measured
from, always into the page: from `top-left`, y grows downward.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pdfseal.geometry import Point, Rect, Size
from pdfseal.pdf.document import Page
from pdfseal.pdf.field import FieldTarget
from pdfseal.pdf.page_ranges import PageSelection
from pdfseal.pdf.text.search import Order

Unit = Literal["pt", "mm", "page"]
Origin = Literal["bottom-left", "bottom-right", "top-left", "top-right"]
Position = Literal["center", "right", "bottom"]
Edge = Literal["right", "left", "top", "bottom"]

UNITS: tuple[Unit, ...] = ("pt", "mm", "page")
ORIGINS: tuple[Origin, ...] = ("bottom-left", "bottom-right", "top-left", "top-right")
POSITIONS: tuple[Position, ...] = ("center", "right", "bottom")
EDGES: tuple[Edge, ...] = ("right", "left", "top", "bottom")


NO_OFFSET = Point(0.0, 0.0)
WHOLE = Rect(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class InRectangle:
    """Centred in a rectangle of each chosen page; a rectangle without area means its centre point.

    The size is `size` exactly, or `fit` (the natural size if it fits that box, else shrunk in
    proportion), else the picture's natural size.
    """

    page: PageSelection
    rect: Rect
    size: Size | None = None
    fit: Size | None = None
    unit: Unit = "pt"
    origin: Origin = "bottom-left"


@dataclass(frozen=True, slots=True)
class AtPoint:
    """Centred on a point of each chosen page; `size` and `fit` as in `InRectangle`."""

    page: PageSelection
    point: Point
    size: Size | None = None
    fit: Size | None = None
    unit: Unit = "pt"
    origin: Origin = "bottom-left"


@dataclass(frozen=True, slots=True)
class AtKeyword:
    """At a keyword, or at each of several; every one must be found.

    `order` "all" seals every match; "asc" and "desc" the `nth` (1 if absent) of each keyword from
    the front or the back of the reading order. `position`: "center" puts centre on centre, "right"
    the seal's left edge to the match's right edge, "bottom" its top edge to the match's bottom
    edge. `offset` moves the seal, x to the right and y downward as displayed. A match that is
    wrapped over two lines is sealed at its last part.
    """

    keyword: str | tuple[str, ...]
    page: PageSelection = "all"
    order: Order = "all"
    nth: int | None = None
    position: Position = "center"
    offset: Point = NO_OFFSET
    whole_word: bool = False
    size: Size | None = None
    fit: Size | None = None
    unit: Unit = "pt"


@dataclass(frozen=True, slots=True)
class IntoField:
    """Into an existing, empty signature field: centred in its rectangle, shrunk if need be."""

    name: str


@dataclass(frozen=True, slots=True)
class Straddle:
    """骑缝: the picture cut into slices parallel to an edge, one for each chosen page, flush with it.

    Laid side by side in page order (left to right, on a top or bottom edge from top to bottom) the
    slices are the whole picture. `along` is where the seal's middle is on the edge, as a share of
    its length from the lower or left end. `size` and `fit` are those of the whole picture.
    `first_share` and `last_share`: the least share of the picture that the first and the last page
    get. `pages_per_seal`: with more pages, several seals are cut, for even groups of at most so
    many. `trim` leaves out white or clear margins, so that no slice is empty paper.
    """

    edge: Edge = "right"
    page: PageSelection = "all"
    along: float = 0.5
    size: Size | None = None
    fit: Size | None = None
    first_share: float = 0.0
    last_share: float = 0.0
    pages_per_seal: int | None = None
    trim: bool = True
    unit: Unit = "pt"


@dataclass(frozen=True, slots=True)
class Several:
    """Several placements in one seal action: one signature, every further box a locked stamp."""

    placements: tuple[InRectangle | AtPoint | AtKeyword | IntoField | Straddle, ...]


Placement = InRectangle | AtPoint | AtKeyword | IntoField | Straddle | Several


@dataclass(frozen=True, slots=True)
class Box:
    """One place of a seal, in displayed page space (points).

    `moved` says that it was pushed back into its page. `window` is the part of the picture that
    fills the box, as shares of its width and height: a slice, or with room around the picture.
    """

    page: int
    rect: Rect
    moved: bool = False
    window: Rect = WHOLE


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A box together with the page it is on, and the existing field it fills."""

    box: Box
    page: Page = field(repr=False)
    target: FieldTarget | None = field(default=None, repr=False)
