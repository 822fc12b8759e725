"""骑缝: the slices of any number of pages are the whole picture, flush with their edge."""

from __future__ import annotations

import random
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

import pdfseal
from pdfseal import AtPoint, CallerError, Point, Size, Straddle
from pdfseal.pdf.document import Document
from pdfseal.pdf.source import BytesSource
from pdfseal.placement.rules import WHOLE
from pdfseal.placement.straddle import straddle
from tests.support.pages import PageKind, document, pdfium_pages, png, poppler_pages, prepared

PAGE = PageKind(media=(0, 0, 240, 260))
SCALE = 2  # pixels a point, at 144 dpi


def _picture(side: int = 400) -> Image.Image:
    """Something that is different everywhere and white nowhere."""
    image = Image.new("RGB", (side, side))
    shades = [
        (x * 220 // side, y * 220 // side, (x + y) * 110 // side) for y in range(side) for x in range(side)
    ]
    image.putdata(shades)
    draw, chance = ImageDraw.Draw(image), random.Random(5)
    for _ in range(60):
        x, y = chance.randrange(side), chance.randrange(side)
        draw.ellipse((x, y, x + 25, y + 25), fill=(chance.randrange(200), chance.randrange(200), 60))
    return image


PICTURE = png(_picture())


def _cut(image: Image.Image, box: pdfseal.Box) -> Image.Image:
    """The pixels of a box; its edges stand on whole pixels in these tests."""
    height = image.height
    edges = (box.rect.left, height / SCALE - box.rect.top, box.rect.right, height / SCALE - box.rect.bottom)
    return image.crop(tuple(round(edge * SCALE) for edge in edges))  # type: ignore[arg-type]


def _joined(pieces: list[Image.Image], *, downward: bool) -> Image.Image:
    width = max(p.width for p in pieces) if downward else sum(p.width for p in pieces)
    height = sum(p.height for p in pieces) if downward else max(p.height for p in pieces)
    whole, at = Image.new("RGB", (width, height), "white"), 0
    for piece in pieces:
        whole.paste(piece, (0, at) if downward else (at, 0))
        at += piece.height if downward else piece.width
    return whole


def _difference(one: Image.Image, other: Image.Image) -> float:
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def _whole(size: float) -> Image.Image:
    """The same picture on one page, as the renderer draws it uncut."""
    made = prepared(document([PAGE]), AtPoint(1, Point(120, 130), size=Size(size, size)), PICTURE)
    return _cut(pdfium_pages(made.pdf_bytes(), [PAGE.displayed])[0], made.boxes[0])


@pytest.mark.parametrize("count", [2, 3, 4, 7, 10, 33, 100, 200])
def test_slices_join_to_the_whole_picture(count: int) -> None:
    size = count * max(1, 200 // count)  # so that each slice is a whole number of points
    made = prepared(document([PAGE] * count), Straddle(size=Size(size, size)), PICTURE)
    pages = pdfium_pages(made.pdf_bytes(), [PAGE.displayed] * count)
    assert [box.page for box in made.boxes] == list(range(1, count + 1))
    assert all(box.rect.right == 240 and not box.moved for box in made.boxes)
    joined = _joined([_cut(page, box) for page, box in zip(pages, made.boxes, strict=True)], downward=False)
    assert _difference(joined, _whole(size)) < 3


@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_any_edge_of_turned_pages(edge: Any, rotate: int) -> None:
    kind = PageKind(media=(-30, -40, 250, 300), crop=(-10, -20, 230, 240), rotate=rotate)
    made = prepared(document([kind] * 4), Straddle(edge=edge, size=Size(160, 160)), PICTURE)
    pages = poppler_pages(made.pdf_bytes())
    for box in made.boxes:
        on_edge = {"left": box.rect.left, "bottom": box.rect.bottom}
        on_edge |= {"right": kind.displayed[0] - box.rect.right, "top": kind.displayed[1] - box.rect.top}
        assert on_edge[edge] == pytest.approx(0)
    pieces = [_cut(page, box) for page, box in zip(pages, made.boxes, strict=True)]
    assert _difference(_joined(pieces, downward=edge in ("top", "bottom")), _whole(160)) < 8


def test_windows_follow_each_other_at_any_count() -> None:
    pages = list(Document.open(BytesSource(document([PAGE] * 200))).pages())
    for count in range(2, 201):
        windows = [item.box.window for item in straddle(Straddle(), pages[:count], Size(200, 200), WHOLE)]
        assert windows[0].left == 0
        assert windows[-1].right == 1
        assert [w.left for w in windows[1:]] == [w.right for w in windows[:-1]]


def test_least_shares_of_first_and_last_page() -> None:
    made = prepared(
        document([PAGE] * 5), Straddle(size=Size(200, 200), first_share=0.4, last_share=0.3), PICTURE
    )
    assert [round(box.rect.width) for box in made.boxes] == [80, 20, 20, 20, 60]
    two = prepared(document([PAGE] * 2), Straddle(size=Size(200, 200), last_share=0.7), PICTURE)
    assert [round(box.rect.width) for box in two.boxes] == [60, 140]
    unneeded = prepared(document([PAGE] * 2), Straddle(size=Size(200, 200), first_share=0.2), PICTURE)
    assert [round(box.rect.width) for box in unneeded.boxes] == [100, 100]


@pytest.mark.parametrize(
    ("count", "most", "groups"),
    [(9, 4, [3, 3, 3]), (10, 4, [4, 3, 3]), (7, 3, [3, 2, 2]), (4, 2, [2, 2]), (5, 9, [5])],
)
def test_so_many_pages_a_seal(count: int, most: int, groups: list[int]) -> None:
    made = prepared(document([PAGE] * count), Straddle(size=Size(120, 120), pages_per_seal=most), PICTURE)
    starts = [index for index, box in enumerate(made.boxes) if box.window.left == 0]
    assert [b - a for a, b in zip(starts, [*starts[1:], count], strict=True)] == groups


def test_page_ranges() -> None:
    made = prepared(document([PAGE] * 9), Straddle(page="odd", size=Size(100, 100)), PICTURE)
    assert [box.page for box in made.boxes] == [1, 3, 5, 7, 9]
    assert made.boxes[-1].window.right == 1


def test_place_along_the_edge() -> None:
    boxes = [
        prepared(document([PAGE] * 2), Straddle(along=a, size=Size(80, 80)), PICTURE).boxes[0]
        for a in (0.25, 0.9)
    ]
    assert boxes[0].rect.centre.y == pytest.approx(65)
    assert boxes[1].moved  # it would leave the page at the top
    assert boxes[1].rect.top == 260


def _with_margins(mode: str) -> bytes:
    image = Image.new("RGBA", (400, 400), (255, 255, 255, 0 if mode == "clear" else 255))
    ImageDraw.Draw(image).ellipse((100, 50, 299, 349), fill=(200, 0, 0, 255))
    return png(image if mode == "clear" else image.convert("RGB"))


@pytest.mark.parametrize("mode", ["clear", "white"])
def test_margins_are_trimmed_before_cutting(mode: str) -> None:
    made = prepared(document([PAGE] * 10), Straddle(size=Size(200, 200)), _with_margins(mode))
    pages = pdfium_pages(made.pdf_bytes(), [PAGE.displayed] * 10)
    assert sum(box.rect.width for box in made.boxes) == pytest.approx(100)  # half the picture is margin
    for page, box in zip(pages, made.boxes, strict=True):
        darkest = _cut(page, box).convert("L").getextrema()[0]
        assert darkest < 100, f"page {box.page} got a slice of margin"
    kept = prepared(document([PAGE] * 10), Straddle(size=Size(200, 200), trim=False), _with_margins(mode))
    assert sum(box.rect.width for box in kept.boxes) == pytest.approx(200)


def test_slices_share_one_image() -> None:
    made = prepared(document([PAGE] * 50), Straddle(size=Size(100, 100)), PICTURE)
    assert made.appended.count(b"/Subtype /Image") == 1


@pytest.mark.parametrize(
    ("rule", "pages", "message"),
    [
        (Straddle(size=Size(80, 80)), 1, "at least 2 pages"),
        (Straddle(page=2, size=Size(80, 80)), 3, "at least 2 pages"),
        (Straddle(size=Size(80, 500)), 3, "does not fit page 1"),
        (Straddle(edge="middle", size=Size(80, 80)), 3, "placement.edge must be"),  # type: ignore[arg-type]
        (Straddle(along=1.5, size=Size(80, 80)), 3, "share from 0 to 1"),
        (Straddle(first_share=0.6, last_share=0.5, size=Size(80, 80)), 3, "leave something over"),
        (Straddle(pages_per_seal=1, size=Size(80, 80)), 3, "at least 2 pages"),
        (Straddle(pages_per_seal=2, size=Size(80, 80)), 5, "allow 3 a seal"),
        (Straddle(page="1-9", size=Size(80, 80)), 3, "page 9 does not exist"),
    ],
)
def test_bad_straddles(rule: Straddle, pages: int, message: str) -> None:
    with pytest.raises(CallerError, match=message):
        prepared(document([PAGE] * pages), rule, PICTURE)
