"""Points, rectangles, matrices, and the two spaces a page has.

Law: a person gives and gets coordinates in *displayed page space*: points (1/72 inch), origin at
the lower left of the displayed CropBox, y upward, `/Rotate` and `/UserUnit` applied. A PDF file
holds *user space*. `PageGeometry` is the only bridge between the two. On an unrotated page whose
CropBox begins at the origin the two are equal.

Reference: ISO 32000-2, 8.3 (coordinate systems), 7.7.3.3 (page objects), 14.11.2 (boundaries).
"""

from __future__ import annotations

from dataclasses import dataclass

POINTS_PER_INCH = 72.0
MM_PER_INCH = 25.4


def mm_to_points(mm: float) -> float:
    return mm * POINTS_PER_INCH / MM_PER_INCH


def points_to_mm(points: float) -> float:
    return points * MM_PER_INCH / POINTS_PER_INCH


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in points."""

    width: float
    height: float

    def fitted_into(self, box: Size) -> Size:
        """This size if it fits the box, else shrunk in proportion until it does. Never enlarged."""
        share = min(1.0, box.width / self.width, box.height / self.height)
        return Size(self.width * share, self.height * share)


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle by its edges; `left <= right`, `bottom <= top`."""

    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def of_corners(cls, x1: float, y1: float, x2: float, y2: float) -> Rect:
        """The rectangle between two opposite corners in any order."""
        return cls(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))

    @classmethod
    def around(cls, centre: Point, size: Size) -> Rect:
        x, y = size.width / 2, size.height / 2
        return cls(centre.x - x, centre.y - y, centre.x + x, centre.y + y)

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    @property
    def centre(self) -> Point:
        return Point((self.left + self.right) / 2, (self.bottom + self.top) / 2)

    def moved(self, dx: float, dy: float) -> Rect:
        return Rect(self.left + dx, self.bottom + dy, self.right + dx, self.top + dy)

    def intersection(self, other: Rect) -> Rect | None:
        """The common part with a positive area, or None."""
        left, right = max(self.left, other.left), min(self.right, other.right)
        bottom, top = max(self.bottom, other.bottom), min(self.top, other.top)
        return Rect(left, bottom, right, top) if left < right and bottom < top else None

    def moved_inside(self, outer: Rect) -> Rect:
        """Moved by the least distance so that it lies inside `outer`; it must fit."""
        dx = max(outer.left - self.left, 0.0) + min(outer.right - self.right, 0.0)
        dy = max(outer.bottom - self.bottom, 0.0) + min(outer.top - self.top, 0.0)
        return self.moved(dx, dy)


@dataclass(frozen=True, slots=True)
class Matrix:
    """`[a b c d e f]` of ISO 32000-2, 8.3.4: x' = a x + c y + e, y' = b x + d y + f."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def then(self, after: Matrix) -> Matrix:
        """This transformation, followed by `after`."""
        return Matrix(
            self.a * after.a + self.b * after.c,
            self.a * after.b + self.b * after.d,
            self.c * after.a + self.d * after.c,
            self.c * after.b + self.d * after.d,
            self.e * after.a + self.f * after.c + after.e,
            self.e * after.b + self.f * after.d + after.f,
        )

    def inverse(self) -> Matrix:
        """Raises ZeroDivisionError for a matrix that flattens the plane."""
        det = self.a * self.d - self.b * self.c
        return Matrix(
            self.d / det,
            -self.b / det,
            -self.c / det,
            self.a / det,
            (self.c * self.f - self.d * self.e) / det,
            (self.b * self.e - self.a * self.f) / det,
        )

    def apply(self, point: Point) -> Point:
        return Point(
            self.a * point.x + self.c * point.y + self.e,
            self.b * point.x + self.d * point.y + self.f,
        )

    def apply_to_rect(self, rect: Rect) -> Rect:
        """The smallest upright rectangle around the transformed one."""
        corners = [self.apply(Point(x, y)) for x in (rect.left, rect.right) for y in (rect.bottom, rect.top)]
        xs, ys = [p.x for p in corners], [p.y for p in corners]
        return Rect(min(xs), min(ys), max(xs), max(ys))


# Clockwise turns of a page by /Rotate, as linear parts (a, b, c, d).
_TURNS = {
    0: (1.0, 0.0, 0.0, 1.0),
    90: (0.0, -1.0, 1.0, 0.0),
    180: (-1.0, 0.0, 0.0, -1.0),
    270: (0.0, 1.0, -1.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class PageGeometry:
    """How one page is displayed. `crop` is the CropBox in user space, already cut to the MediaBox."""

    crop: Rect
    rotate: int = 0
    user_unit: float = 1.0

    @property
    def to_displayed(self) -> Matrix:
        """User space to displayed page space."""
        a, b, c, d = _TURNS[self.rotate]
        turn = Matrix(a, b, c, d)
        turned = turn.apply_to_rect(self.crop)
        moved = turn.then(Matrix(e=-turned.left, f=-turned.bottom))
        return moved.then(Matrix(a=self.user_unit, d=self.user_unit))

    @property
    def displayed(self) -> Rect:
        """The page as displayed: `left` and `bottom` are 0, the rest is its size in points."""
        return self.to_displayed.apply_to_rect(self.crop)

    def rect_to_user(self, rect: Rect) -> Rect:
        return self.to_displayed.inverse().apply_to_rect(rect)

    def rect_to_displayed(self, rect: Rect) -> Rect:
        return self.to_displayed.apply_to_rect(rect)

    @property
    def upright(self) -> Matrix:
        """The turn that a form XObject needs so that it stands upright for the reader."""
        a, b, c, d = _TURNS[self.rotate]
        return Matrix(a, b, c, d).inverse()
