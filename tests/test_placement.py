"""Boxes are where they were asked for, in numbers and in the pixels of two renderers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import pdfseal
from pdfseal import AtKeyword, AtPoint, CallerError, InRectangle, Point, Rect, Several, Size
from pdfseal.geometry import mm_to_points
from pdfseal.placement.rules import ORIGINS, UNITS
from tests.conftest import FIXTURES
from tests.support.pages import (
    PageKind,
    document,
    ink,
    marker,
    pdfium_pages,
    poppler_pages,
    prepared,
    upright,
)

CROPS = (
    PageKind(),
    PageKind(media=(-120, -50, 260, 480), crop=(-60, 10, 240, 410)),
    PageKind(media=(0, 0, 200, 300), crop=(20, 30, 150, 250), user_unit=2.0),
)
KINDS = [
    PageKind(kind.media, kind.crop, rotate, kind.user_unit)
    for kind, rotate in itertools.product(CROPS, (0, 90, 180, 270))
]
SIZES = [kind.displayed for kind in KINDS]
UNITS_OF_PAGES = [kind.user_unit or 1.0 for kind in KINDS]
CENTRE, BOX = (70.0, 110.0), Size(60.0, 30.0)  # points from the corner that is the origin


def _in_unit(x: float, y: float, page: tuple[float, float], unit: str) -> tuple[float, float]:
    if unit == "mm":
        return x / mm_to_points(1), y / mm_to_points(1)
    return (x, y) if unit == "pt" else (x / page[0], y / page[1])


def _expected(page: tuple[float, float], origin: str) -> tuple[float, float, float, float]:
    """Left, upper, right, lower in pixels at 144 dpi, from the upper left of the page."""
    x = page[0] - CENTRE[0] if origin.endswith("right") else CENTRE[0]
    y = CENTRE[1] if origin.startswith("top") else page[1] - CENTRE[1]
    half = BOX.width / 2, BOX.height / 2
    return 2 * (x - half[0]), 2 * (y - half[1]), 2 * (x + half[0]), 2 * (y + half[1])


def _places(unit: Any, origin: Any) -> Several:
    rules = []
    for number, page in enumerate(SIZES, start=1):
        point, size = _in_unit(*CENTRE, page, unit), Size(*_in_unit(BOX.width, BOX.height, page, unit))
        rules.append(AtPoint(number, Point(*point), size=size, unit=unit, origin=origin))
    return Several(tuple(rules))


@pytest.mark.parametrize(("unit", "origin"), list(itertools.product(UNITS, ORIGINS)))
def test_every_rotation_crop_and_unit_in_pixels(unit: str, origin: str) -> None:
    made = prepared(document(KINDS), _places(unit, origin))
    pdf = made.pdf_bytes()
    for renderer, pages in (
        ("pdfium", pdfium_pages(pdf, SIZES)),
        ("poppler", poppler_pages(pdf, UNITS_OF_PAGES)),
    ):
        assert len(pages) == len(KINDS)
        for kind, page, image in zip(KINDS, SIZES, pages, strict=True):
            found, wanted = ink(image), _expected(page, origin)
            off = max(abs(a - b) for a, b in zip(found, wanted, strict=True))
            assert off <= 1, f"{renderer}, {kind}: {found} instead of {wanted}"
            assert upright(image), f"{renderer}, {kind}: not upright"


def test_boxes_are_listed_as_displayed() -> None:
    made = prepared(document(KINDS), _places("pt", "bottom-left"))
    half = BOX.width / 2, BOX.height / 2
    wanted = Rect(CENTRE[0] - half[0], CENTRE[1] - half[1], CENTRE[0] + half[0], CENTRE[1] + half[1])
    assert [box.page for box in made.boxes] == list(range(1, len(KINDS) + 1))
    for box in made.boxes:
        assert box.rect == wanted
        assert not box.moved


@pytest.mark.parametrize(
    ("pages", "wanted"),
    [
        (2, [2]),
        ("all", [1, 2, 3, 4, 5]),
        ("odd", [1, 3, 5]),
        ("even", [2, 4]),
        ("1-2, 5", [1, 2, 5]),
        ("4-", [4, 5]),
        ((5, 1), [1, 5]),
    ],
)
def test_pages(pages: Any, wanted: list[int]) -> None:
    made = prepared(document([PageKind()] * 5), AtPoint(pages, Point(100, 100)))
    assert [box.page for box in made.boxes] == wanted


@pytest.mark.parametrize(
    ("pages", "code"),
    [
        (0, "page_out_of_range"),
        (6, "page_out_of_range"),
        ("4-6", "page_out_of_range"),
        ("0", "page_out_of_range"),
        ((2, 9), "page_out_of_range"),
        ("3-2", "argument"),
        ("", "argument"),
        ("some", "argument"),
        ("1;2", "argument"),
        ((), "argument"),
    ],
)
def test_pages_that_are_not_there(pages: Any, code: str) -> None:
    with pytest.raises(CallerError) as caught:
        prepared(document([PageKind()] * 5), AtPoint(pages, Point(100, 100)))
    assert caught.value.code == code


def test_even_of_a_single_page_is_an_error() -> None:
    with pytest.raises(CallerError, match="no page of 1 is chosen"):
        prepared(document([PageKind()]), AtPoint("even", Point(100, 100)))


def _one(placement: Any, kind: PageKind | None = None) -> pdfseal.Box:
    made = prepared(document([kind or PageKind()]), placement)
    assert len(made.boxes) == 1
    assert bool(made.notes) == made.boxes[0].moved
    return made.boxes[0]


def test_sizes() -> None:
    inside = Rect(100, 100, 200, 300)
    assert _one(InRectangle(1, inside)).rect == Rect(130, 190, 170, 210)  # natural: 40 x 20 px at 72 dpi
    assert _one(InRectangle(1, inside, size=Size(80, 90))).rect == Rect(110, 155, 190, 245)
    assert _one(InRectangle(1, inside, fit=Size(20, 20))).rect == Rect(140, 195, 160, 205)
    assert _one(InRectangle(1, inside, fit=Size(500, 500))).rect.size == Size(40, 20)
    assert _one(InRectangle(1, Rect(150, 200, 150, 200))).rect.centre == Point(150, 200)
    assert _one(AtPoint(1, Point(10, 10), size=Size(10, 10), unit="mm")).rect.width == pytest.approx(
        28.3465, abs=1e-3
    )


def test_a_box_that_leaves_its_page_is_moved_back() -> None:
    box = _one(AtPoint(1, Point(295, 5)))
    assert box.moved
    assert box.rect == Rect(260, 0, 300, 20)


@pytest.mark.parametrize(
    ("placement", "code"),
    [
        (AtPoint(1, Point(10, 10), size=Size(301, 10)), "box_too_large"),
        (AtPoint(1, Point(10, 10), size=Size(0, 10)), "argument"),
        (AtPoint(1, Point(10, 10), fit=Size(float("nan"), 10)), "argument"),
        (AtPoint(1, Point(float("inf"), 10)), "argument"),
        (AtPoint(1, Point(301, 10)), "box_outside_page"),
        (AtPoint(1, Point(1.2, 0.5), unit="page"), "box_outside_page"),
        (InRectangle(1, Rect(-50, -50, -10, -10)), "box_outside_page"),
        (AtPoint(1, Point(1, 1), unit="inch"), "argument"),  # type: ignore[arg-type]
        (AtPoint(1, Point(1, 1), origin="middle"), "argument"),  # type: ignore[arg-type]
        (Several(()), "argument"),
    ],
)
def test_bad_places(placement: Any, code: str) -> None:
    with pytest.raises(CallerError) as caught:
        prepared(document([PageKind()]), placement)
    assert caught.value.code == code


# -- keywords ------------------------------------------------------------------------------

PLAIN = (FIXTURES / "locate" / "hand-made" / "plain.pdf").read_bytes()
MATCH = Rect(60, 598.08, 156, 614.08)  # 甲方（盖章）, by the fixture's own numbers


@pytest.mark.parametrize(
    ("position", "centre"),
    [("center", (108, 606.08)), ("right", (156 + 20, 606.08)), ("bottom", (108, 598.08 - 10))],
)
def test_position_at_a_keyword(position: Any, centre: tuple[float, float]) -> None:
    made = prepared(PLAIN, AtKeyword("甲方(盖章)", position=position))
    found = made.boxes[0].rect.centre
    assert (found.x, found.y) == pytest.approx(centre, abs=1)
    moved = prepared(PLAIN, AtKeyword("甲方(盖章)", position=position, offset=Point(15, 25)))
    assert moved.boxes[0].rect.centre.x == pytest.approx(found.x + 15)
    assert moved.boxes[0].rect.centre.y == pytest.approx(found.y - 25)  # downward


def test_matches_of_a_keyword() -> None:
    pdf = (FIXTURES / "locate" / "hand-made" / "reading-order.pdf").read_bytes()
    everywhere = prepared(pdf, AtKeyword("签字"))
    assert [round(box.rect.centre.y) for box in everywhere.boxes] == [607, 606, 206, 206]
    first = prepared(pdf, AtKeyword("签字", order="asc"))
    last = prepared(pdf, AtKeyword("签字", order="desc"))
    third = prepared(pdf, AtKeyword("签字", nth=3))
    assert [first.boxes, third.boxes, last.boxes] == [
        everywhere.boxes[:1],
        everywhere.boxes[2:3],
        everywhere.boxes[3:],
    ]
    with pytest.raises(CallerError, match="4 times on page 1, match 5"):
        prepared(pdf, AtKeyword("签字", order="desc", nth=5))


def test_a_wrapped_keyword_is_sealed_at_its_last_part() -> None:
    pdf = (FIXTURES / "locate" / "hand-made" / "line-wrap.pdf").read_bytes()
    made = prepared(pdf, AtKeyword("权代表签字"))
    assert [(box.rect.centre.x, box.rect.centre.y) for box in made.boxes] == [
        pytest.approx((84, 580.08), abs=1)
    ]


def test_a_keyword_that_is_not_there() -> None:
    with pytest.raises(CallerError) as caught:
        prepared(PLAIN, AtKeyword(("甲方", "丙方"), page="1"))
    assert caught.value.code == "keyword_not_found"
    assert "'丙方'" in caught.value.message
    assert "page 1" in caught.value.message


def test_texts_are_read_once_for_several_seals() -> None:
    with pdfseal.read_texts(PLAIN) as texts:
        assert pdfseal.locate(texts, "甲方").matches
        texts.close()  # what was read stays
        made = prepared(PLAIN, AtKeyword("甲方"), texts=texts)
    assert made.boxes == prepared(PLAIN, AtKeyword("甲方")).boxes


def test_several_boxes_share_one_picture() -> None:
    made = prepared(document([PageKind()] * 40), AtPoint("all", Point(100, 100)), marker(200, 100))
    assert made.appended.count(b"/Subtype /Image") == 1
    assert made.appended.count(b"/Subtype /Form") == 1
    assert made.appended.count(b"/Subtype /Stamp") == 39
    assert made.appended.count(b"/FT /Sig") == 1


def test_session_keeps_the_boxes() -> None:
    made = prepared(document([PageKind()] * 3), pdfseal.Straddle(size=Size(90, 90)))
    again = pdfseal.PreparedSeal.from_json(made.to_json())
    assert [box.page for box in again.boxes] == [1, 2, 3]
    for box, other in zip(made.boxes, again.boxes, strict=True):
        assert box.window.left == pytest.approx(other.window.left, abs=1e-6)
