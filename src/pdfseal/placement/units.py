"""Lengths of a placement become points of a page as it is displayed."""

from __future__ import annotations

import math

from pdfseal.errors import CallerError
from pdfseal.geometry import Point, Rect, Size, mm_to_points
from pdfseal.placement.rules import ORIGINS, UNITS, Origin, Unit


def to_points(point: Point, page: Rect, unit: Unit, origin: Origin) -> Point:
    """A point of a page, given in a unit from a corner, from the lower left corner in points."""
    offset = distance(point, page, unit)
    x = page.right - offset.x if origin.endswith("right") else offset.x
    y = page.top - offset.y if origin.startswith("top") else offset.y
    return Point(x, y)


def rect_to_points(rect: Rect, page: Rect, unit: Unit, origin: Origin) -> Rect:
    one = to_points(Point(rect.left, rect.bottom), page, unit, origin)
    other = to_points(Point(rect.right, rect.top), page, unit, origin)
    return Rect.of_corners(one.x, one.y, other.x, other.y)


def distance(length: Point, page: Rect, unit: Unit) -> Point:
    """A horizontal and a vertical length in points."""
    if unit == "pt":
        return length
    if unit == "mm":
        return Point(mm_to_points(length.x), mm_to_points(length.y))
    return Point(length.x * page.width, length.y * page.height)


def size_for(natural: Size, size: Size | None, fit: Size | None, page: Rect, unit: Unit) -> Size:
    """`size` exactly, or what fits into `fit`, or the natural size; in points."""
    if size is not None:
        return _size(size, page, unit)
    return natural if fit is None else natural.fitted_into(_size(fit, page, unit))


def _size(size: Size, page: Rect, unit: Unit) -> Size:
    points = distance(Point(size.width, size.height), page, unit)
    return Size(points.x, points.y)


def check_unit(unit: str, origin: str = ORIGINS[0]) -> None:
    """Raises `argument`."""
    if unit not in UNITS:
        raise CallerError("argument", f"the unit {unit!r} is none of {', '.join(UNITS)}")
    if origin not in ORIGINS:
        raise CallerError("argument", f"the origin {origin!r} is none of {', '.join(ORIGINS)}")


def check_sizes(*sizes: Size | None) -> None:
    """Raises `argument` for a size that is not positive."""
    for size in sizes:
        if size is None:
            continue
        check_finite(size.width, size.height)
        if size.width <= 0 or size.height <= 0:
            raise CallerError("argument", f"the size {size.width:g} x {size.height:g} is not positive")


def check_finite(*values: float) -> None:
    """Raises `argument`."""
    if not all(math.isfinite(value) for value in values):
        raise CallerError("argument", "a coordinate is not a finite number")
