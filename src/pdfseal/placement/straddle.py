"""骑缝: one picture over the edges of several pages.

Law: the slices of one seal are the whole picture (without its margins, if trimmed), each part
once, in page order. Sizes are those of the whole picture, so trimming changes no scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from pdfseal.errors import CallerError
from pdfseal.geometry import Rect, Size
from pdfseal.pdf.document import Page
from pdfseal.placement.rules import EDGES, Box, PlacedBox, Straddle
from pdfseal.placement.units import check_finite, check_sizes, check_unit, size_for

_SIDE_EDGES = ("left", "right")


def straddle(rule: Straddle, pages: Sequence[Page], natural: Size, ink: Rect) -> list[PlacedBox]:
    """A box for each page. `ink` is the part of the picture that is not margin, as shares."""
    check_straddle(rule)
    if len(pages) < 2:
        raise CallerError("argument", f"a straddle seal needs at least 2 pages, and {len(pages)} is chosen")
    placed: list[PlacedBox] = []
    for group in _groups(pages, rule.pages_per_seal):
        shares = _shares(len(group), rule.first_share, rule.last_share)
        starts = [0.0, *accumulate(shares)]
        starts[-1] = 1.0  # the sum of shares may miss it by a rounding error
        for page, start, end in zip(group, starts, starts[1:], strict=False):
            placed.append(PlacedBox(_slice(rule, page, natural, ink, start, end), page))
    return placed


def check_straddle(rule: Straddle) -> None:
    """Raises `argument`."""
    check_unit(rule.unit)
    check_sizes(rule.size, rule.fit)
    check_finite(rule.along, rule.first_share, rule.last_share)
    if rule.edge not in EDGES:
        raise CallerError("argument", f"the edge {rule.edge!r} is none of {', '.join(EDGES)}")
    if not 0 <= rule.along <= 1:
        raise CallerError("argument", f"the place along the edge is a share from 0 to 1, not {rule.along:g}")
    if rule.first_share < 0 or rule.last_share < 0 or rule.first_share + rule.last_share >= 1:
        raise CallerError("argument", "the least shares of the first and last page must leave something over")
    if rule.pages_per_seal is not None and rule.pages_per_seal < 2:
        raise CallerError("argument", "a straddle seal goes over at least 2 pages")


def _groups(pages: Sequence[Page], most: int | None) -> list[Sequence[Page]]:
    """Groups of at most `most` pages, as even as they can be, none of a single page."""
    count = 1 if most is None else -(-len(pages) // most)
    small, larger = divmod(len(pages), count)
    if small < 2:
        raise CallerError("argument", f"{len(pages)} pages cannot be parted into groups of 2: allow 3 a seal")
    ends = list(accumulate(small + (index < larger) for index in range(count)))
    return [pages[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _shares(count: int, first: float, last: float) -> list[float]:
    """The share of the picture for each of `count` pages: even, but for a larger first and last one."""
    even = 1 / count
    first, last = max(first, even), max(last, even)
    if count == 2:
        # the larger wish is granted, the rest goes to the other page
        return [first, 1 - first] if first >= last else [1 - last, last]
    return [first, *[(1 - first - last) / (count - 2)] * (count - 2), last]


def _slice(rule: Straddle, page: Page, natural: Size, ink: Rect, start: float, end: float) -> Box:
    displayed = page.geometry.displayed
    whole = size_for(natural, rule.size, rule.fit, displayed, rule.unit)
    sideways = rule.edge in _SIDE_EDGES
    low, high = (ink.left, ink.right) if sideways else (ink.bottom, ink.top)
    if not rule.trim:
        low, high = 0.0, 1.0
    if sideways:
        window = Rect(low + start * (high - low), 0.0, low + end * (high - low), 1.0)
    else:
        window = Rect(0.0, high - end * (high - low), 1.0, high - start * (high - low))
    width, height = whole.width * window.width, whole.height * window.height
    if width > displayed.width or height > displayed.height:
        raise CallerError(
            "box_too_large",
            f"a straddle seal of {whole.width:g} x {whole.height:g} pt does not fit page {page.number} "
            f"of {displayed.width:g} x {displayed.height:g} pt",
        )
    middle = rule.along * (displayed.height if sideways else displayed.width)
    lower_left = {
        "right": (displayed.right - width, middle - height / 2),
        "left": (0.0, middle - height / 2),
        "top": (middle - width / 2, displayed.top - height),
        "bottom": (middle - width / 2, 0.0),
    }[rule.edge]
    wanted = Rect(0.0, 0.0, width, height).moved(*lower_left)
    rect = wanted.moved_inside(displayed)
    return Box(page.number, rect, moved=rect != wanted, window=window)
