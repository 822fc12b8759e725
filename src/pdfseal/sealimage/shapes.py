"""A drawing: filled and stroked outlines in millimetres, from which PNG and SVG both come.

Law: this is the only description of what a seal looks like. A shape either puts ink or takes it
away, in the order of the list; the colour is one for the whole drawing.

Origin at the lower left, y upward, as in `pdfseal.geometry`; lengths in millimetres.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from pdfseal.fonts import Path, Segment, path_bounds
from pdfseal.geometry import Matrix, Point

# How far the handles of a cubic stand from the ends of a quarter circle of radius 1.
_QUARTER = 4 / 3 * (math.sqrt(2) - 1)


@dataclass(frozen=True, slots=True)
class Shape:
    """`fill` inside the outline (non-zero winding) and `stroke_mm` along it, 0 for none.

    `erase` 0 puts ink; above 0 it takes that share of the ink away that lies there already.
    """

    path: Path = field(repr=False)
    fill: bool = True
    stroke_mm: float = 0.0
    erase: float = 0.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes in a box of `width_mm` x `height_mm`; `colour` is (red, green, blue), 0 to 255."""

    width_mm: float
    height_mm: float
    colour: tuple[int, int, int]
    shapes: tuple[Shape, ...] = field(repr=False)


def transformed(path: Path, matrix: Matrix) -> Path:
    def move(segment: Segment) -> Segment:
        kind, values = segment
        points = [matrix.apply(Point(x, y)) for x, y in zip(values[0::2], values[1::2], strict=True)]
        return kind, tuple(value for point in points for value in (point.x, point.y))

    return tuple(map(move, path))


def ellipse(centre: Point, x_radius: float, y_radius: float) -> Path:
    """Four cubics; the error is 0.03 % of the radius."""
    x, y, k = centre.x, centre.y, _QUARTER
    a, b = x_radius, y_radius
    return (
        ("M", (x + a, y)),
        ("C", (x + a, y + k * b, x + k * a, y + b, x, y + b)),
        ("C", (x - k * a, y + b, x - a, y + k * b, x - a, y)),
        ("C", (x - a, y - k * b, x - k * a, y - b, x, y - b)),
        ("C", (x + k * a, y - b, x + a, y - k * b, x + a, y)),
        ("Z", ()),
    )


def rectangle(left: float, bottom: float, right: float, top: float, corner: float = 0.0) -> Path:
    """A rectangle whose corners are rounded with the radius `corner`."""
    if corner <= 0:
        return polygon(((left, bottom), (right, bottom), (right, top), (left, top)))
    r, k = corner, corner * (1 - _QUARTER)
    return (
        ("M", (left + r, bottom)),
        ("L", (right - r, bottom)),
        ("C", (right - k, bottom, right, bottom + k, right, bottom + r)),
        ("L", (right, top - r)),
        ("C", (right, top - k, right - k, top, right - r, top)),
        ("L", (left + r, top)),
        ("C", (left + k, top, left, top - k, left, top - r)),
        ("L", (left, bottom + r)),
        ("C", (left, bottom + k, left + k, bottom, left + r, bottom)),
        ("Z", ()),
    )


def polygon(points: Iterable[tuple[float, float]]) -> Path:
    corners = tuple(points)
    return (("M", corners[0]), *(("L", corner) for corner in corners[1:]), ("Z", ()))


def star(centre: Point, radius: float) -> Path:
    """A regular five-pointed star, one point up; `radius` is that of the circle through its points."""
    inner = radius * math.cos(math.radians(72)) / math.cos(math.radians(36))
    return polygon(
        (centre.x + r * math.sin(corner * math.pi / 5), centre.y + r * math.cos(corner * math.pi / 5))
        for corner in range(10)
        for r in [inner if corner % 2 else radius]
    )


__all__ = [
    "Drawing", "Path", "Shape", "ellipse", "path_bounds", "polygon", "rectangle", "star", "transformed",
]  # fmt: skip
