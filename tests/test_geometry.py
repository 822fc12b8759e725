"""Displayed page space and user space: the bridge in both directions, on every kind of page."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdfseal.geometry import Matrix, PageGeometry, Point, Rect, Size, mm_to_points, points_to_mm

LENGTHS = st.floats(1, 2000)
PLACES = st.floats(-5000, 5000)
RECTS = st.builds(lambda x, y, w, h: Rect(x, y, x + w, y + h), PLACES, PLACES, LENGTHS, LENGTHS)
PAGES = st.builds(PageGeometry, RECTS, st.sampled_from([0, 90, 180, 270]), st.floats(0.1, 10))


def near(one: Rect, other: Rect) -> bool:
    pairs = zip(
        (one.left, one.bottom, one.right, one.top),
        (other.left, other.bottom, other.right, other.top),
        strict=True,
    )
    return all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6) for a, b in pairs)


@given(PAGES, RECTS)
def test_there_and_back(page: PageGeometry, rect: Rect):
    assert near(page.rect_to_displayed(page.rect_to_user(rect)), rect)
    assert near(page.rect_to_user(page.rect_to_displayed(rect)), rect)


@given(PAGES)
def test_the_displayed_page_begins_at_the_origin(page: PageGeometry):
    shown = page.displayed
    assert (shown.left, shown.bottom) == pytest.approx((0, 0), abs=1e-6)
    size = (page.crop.width * page.user_unit, page.crop.height * page.user_unit)
    assert (shown.width, shown.height) == pytest.approx(size if page.rotate % 180 == 0 else size[::-1])
    assert near(page.rect_to_user(shown), page.crop)


@given(PAGES)
def test_upright_undoes_the_turn(page: PageGeometry):
    """The form's matrix and the page's turn together leave up where it is."""
    turned = page.upright.then(page.to_displayed)
    assert (turned.b, turned.c) == pytest.approx((0, 0), abs=1e-9)
    assert (turned.a, turned.d) == pytest.approx((page.user_unit, page.user_unit))


@pytest.mark.parametrize(
    ("rotate", "corner"), [(0, (100, 50)), (90, (400, 50)), (180, (400, 450)), (270, (100, 450))]
)
def test_the_lower_left_corner_as_displayed(rotate: int, corner: tuple[float, float]):
    """Turned clockwise by 90 degrees, the page shows its lower right corner at the lower left, and so on."""
    page = PageGeometry(Rect(100, 50, 400, 450), rotate)
    found = page.to_displayed.inverse().apply(Point(0, 0))
    assert (found.x, found.y) == pytest.approx(corner)


@given(st.builds(Size, LENGTHS, LENGTHS), st.builds(Size, LENGTHS, LENGTHS))
def test_fitting(size: Size, box: Size):
    fitted = size.fitted_into(box)
    assert fitted.width <= box.width * (1 + 1e-9)
    assert fitted.height <= box.height * (1 + 1e-9)
    assert fitted.width / fitted.height == pytest.approx(size.width / size.height)
    assert fitted.width <= size.width
    if size.width <= box.width and size.height <= box.height:
        assert fitted == size


@given(RECTS, st.builds(Size, LENGTHS, LENGTHS), PLACES, PLACES)
def test_moved_inside(outer: Rect, size: Size, x: float, y: float):
    small = Size(min(size.width, outer.width), min(size.height, outer.height))
    moved = Rect.around(Point(x, y), small).moved_inside(outer)
    assert moved.left >= outer.left - 1e-6
    assert moved.bottom >= outer.bottom - 1e-6
    assert moved.right <= outer.right + 1e-6
    assert moved.top <= outer.top + 1e-6
    assert (moved.width, moved.height) == pytest.approx((small.width, small.height))
    assert near(moved.moved_inside(outer), moved)


@given(PLACES, PLACES, PLACES, PLACES)
def test_corners_in_any_order(x1: float, y1: float, x2: float, y2: float):
    one = Rect.of_corners(x1, y1, x2, y2)
    assert one == Rect.of_corners(x2, y2, x1, y1) == Rect.of_corners(x1, y2, x2, y1)
    assert one.left <= one.right
    assert one.bottom <= one.top


@given(RECTS, RECTS)
def test_intersection(one: Rect, other: Rect):
    common = one.intersection(other)
    assert common == other.intersection(one)
    if common is not None:
        assert common.width > 0
        assert common.height > 0
        assert common.intersection(one) == common.intersection(other) == common


def test_touching_rectangles_have_nothing_in_common():
    assert Rect(0, 0, 1, 1).intersection(Rect(1, 0, 2, 1)) is None


@given(st.floats(-1e4, 1e4))
def test_units(value: float):
    assert points_to_mm(mm_to_points(value)) == pytest.approx(value)


def test_an_inch():
    assert mm_to_points(25.4) == 72


def test_matrices():
    """Order matters: `then` applies its argument last."""
    turn, move = Matrix(0, 1, -1, 0), Matrix(e=10)
    assert turn.then(move).apply(Point(1, 0)) == Point(10, 1)
    assert move.then(turn).apply(Point(1, 0)) == Point(0, 11)
    with pytest.raises(ZeroDivisionError):
        Matrix(0, 0, 0, 0).inverse()
