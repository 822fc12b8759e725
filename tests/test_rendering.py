"""The seal as a reader shows it: upright, at its place, on every kind of page; judged by PDFium and poppler.

The test picture has four quadrants of different colours, so a seal that is turned or mirrored is noticed.
Places are compared on pixels at 144 dpi, one pixel of tolerance.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

import pdfseal
from pdfseal import Appearance, InRectangle, Rect, Size
from tests.support.oracles import render_pdfium, render_poppler
from tests.support.sealing import FIXTURES, WHEN, certificate, picture

DPI = 144
PX = DPI / 72
RED, GREEN, BLUE, ORANGE = (255, 0, 0), (0, 160, 0), (0, 0, 255), (255, 160, 0)
# Quadrants in reading order: (column, row) counted from the top left
QUADRANTS = {(0, 0): RED, (1, 0): GREEN, (0, 1): BLUE, (1, 1): ORANGE}
BOX = Rect(60, 90, 140, 130)  # twice as wide as high

Render = Callable[[Path, int], Image.Image]
RENDERERS: dict[str, Render] = {
    "pdfium": lambda path, page: render_pdfium(path, page, dpi=DPI),
    "poppler": lambda path, page: render_poppler(path, page, dpi=DPI),
}


@cache
def quadrants(width: int = 80, height: int = 40) -> bytes:
    image = Image.new("RGB", (width, height))
    for (column, row), colour in QUADRANTS.items():
        image.paste(
            colour,
            (column * width // 2, row * height // 2, (column + 1) * width // 2, (row + 1) * height // 2),
        )
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def prepared(pdf: bytes, page: int = 1, *, box: Rect = BOX, **look: object) -> pdfseal.PreparedSeal:
    options: dict[str, object] = {"picture": quadrants(), "cover_text": True} | look
    return pdfseal.prepare(
        pdf,
        placement=InRectangle(page, box, size=box.size),
        appearance=Appearance(**options),  # type: ignore[arg-type]
        signer=certificate("p256-signer"),
        when=WHEN,
    )


def rendered(tmp_path: Path, pdf: bytes, page: int, renderer: str) -> Image.Image:
    path = tmp_path / "page.pdf"
    path.write_bytes(pdf)
    return RENDERERS[renderer](path, page)


def bounds(image: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int] | None:
    """The smallest rectangle around all pixels that are nearly of this colour."""
    channels = [
        band.point(lambda level, wanted=wanted: 255 if abs(level - wanted) < 40 else 0)
        for band, wanted in zip(image.split(), colour, strict=True)
    ]
    mask = Image.merge("RGB", channels).convert("L").point(lambda level: 255 if level == 255 else 0)
    return mask.getbbox()


def assert_quadrants(image: Image.Image, box: Rect, page_size: Size) -> None:
    """Each quadrant stands where `box`, in displayed page space, says."""
    x_scale, y_scale = image.width / page_size.width, image.height / page_size.height
    for (column, row), colour in QUADRANTS.items():
        left = (box.left + column * box.width / 2) * x_scale
        top = (page_size.height - box.top + row * box.height / 2) * y_scale
        wanted = (left, top, left + box.width / 2 * x_scale, top + box.height / 2 * y_scale)
        found = bounds(image, colour)
        assert found is not None, f"no pixel of {colour}"
        assert all(abs(a - b) <= 1.01 for a, b in zip(found, wanted, strict=True)), (colour, found, wanted)


# (file, page, displayed size in points): rotations 0 90 180 270 on four kinds of boxes, then -90 and 450
A4, LANDSCAPE = Size(595, 842), Size(842, 595)
PAGES = [
    *(("rotations", 1 + i, (A4, LANDSCAPE)[i % 2]) for i in range(4)),
    *(("rotations", 5 + i, (Size(395, 550), Size(550, 395))[i % 2]) for i in range(4)),
    *(("rotations", 9 + i, (Size(515, 722), Size(722, 515))[i % 2]) for i in range(4)),
    *(("rotations", 13 + i, (Size(555, 780), Size(780, 555))[i % 2]) for i in range(4)),
    ("rotations", 17, LANDSCAPE),
    ("rotations", 18, LANDSCAPE),
    *(("inherited", page, Size(842, 595)) for page in (1, 2, 3)),
    *(("page-boxes-reversed", page, A4) for page in (1, 2)),
    ("page-boxes-reversed", 3, Size(612, 792)),
    ("unbalanced-content", 1, A4),
]
UNCOLOURED = {"rotations"}  # its pages have a red frame of their own


@cache
def fixture(name: str) -> bytes:
    data = (FIXTURES / "pdf" / f"{name}.pdf").read_bytes()
    return data.replace(b"1 0 0 RG", b"0 0 0 RG") if name in UNCOLOURED else data


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize(("name", "page", "size"), PAGES, ids=[f"{n}-{p}" for n, p, _ in PAGES])
def test_upright_in_its_place(tmp_path: Path, name: str, page: int, size: Size, renderer: str):
    seal = prepared(fixture(name), page)
    assert seal.boxes == (pdfseal.Box(page, BOX),)
    assert_quadrants(rendered(tmp_path, seal.pdf_bytes(), page, renderer), BOX, size)


@pytest.mark.parametrize("page", [1, 6, 11, 16])
def test_the_report_gives_the_place_back(page: int):
    """What verification says of the place is what the caller asked for, on turned pages too."""
    report = pdfseal.verify(prepared(fixture("rotations"), page).pdf_bytes())
    (box,) = report.signatures[0].boxes
    assert box.page == page
    edges = [getattr(box.rect, edge) for edge in ("left", "bottom", "right", "top")]
    assert edges == pytest.approx([60, 90, 140, 130], abs=0.001)


def test_two_seals_stand_side_by_side(tmp_path: Path):
    first = prepared(fixture("rotations"), 2)
    other = Rect(300, 90, 380, 130)
    second = prepared(first.pdf_bytes(), 2, box=other)
    image = rendered(tmp_path, second.pdf_bytes(), 2, "pdfium")
    left, right = image.crop((0, 0, 400, image.height)), image.crop((400, 0, image.width, image.height))
    assert_quadrants(left, BOX, Size(200, 595))
    assert_quadrants(right, Rect(100, 90, 180, 130), Size(642, 595))


# ---- how it lies on the page -----------------------------------------------------------------------


def page_with_text() -> bytes:
    """table.pdf with a black bar across the place of the seal."""
    data = (FIXTURES / "pdf" / "table.pdf").read_bytes()
    old = b"(Patient: Li Ming    Ward: Respiratory medicine    Bed: 12) Tj T* "
    assert data.count(old) == 3
    bar = b"ET 0 g 60 105 80 10 re f BT"
    return data.replace(old, bar.ljust(len(old)))


def colours_at_bar(image: Image.Image) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A pixel of the red quadrant off the bar, and one where the bar crosses blue."""
    y = image.height - round(107 * PX)
    return image.getpixel((round(80 * PX), image.height - round(125 * PX))), image.getpixel(
        (round(80 * PX), y)
    )


@pytest.mark.parametrize("renderer", RENDERERS)
def test_multiplied_by_default(tmp_path: Path, renderer: str):
    """What is printed under the seal stays readable."""
    image = rendered(tmp_path, prepared(page_with_text(), cover_text=False).pdf_bytes(), 1, renderer)
    off, on = colours_at_bar(image)
    assert off == pytest.approx(RED, abs=3)
    assert on == pytest.approx((0, 0, 0), abs=3)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_cover_text(tmp_path: Path, renderer: str):
    image = rendered(tmp_path, prepared(page_with_text()).pdf_bytes(), 1, renderer)
    off, on = colours_at_bar(image)
    assert off == pytest.approx(RED, abs=3)
    assert on == pytest.approx(BLUE, abs=3)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_opacity(tmp_path: Path, renderer: str):
    image = rendered(tmp_path, prepared(page_with_text(), opacity=50.0).pdf_bytes(), 1, renderer)
    off, on = colours_at_bar(image)
    assert off == pytest.approx((255, 128, 128), abs=4)
    assert on == pytest.approx((0, 0, 128), abs=4)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_transparent_picture_lets_the_page_show(tmp_path: Path, renderer: str):
    """Outside the ring of a round seal with an alpha channel the bar stays black, even when it covers."""
    box = Rect(60, 80, 120, 140)
    sealed = prepared(page_with_text(), box=box, picture=picture("seal-round-alpha.png")).pdf_bytes()
    image = rendered(tmp_path, sealed, 1, renderer)
    corner = image.getpixel((round(62 * PX), image.height - round(82 * PX)))
    assert corner == pytest.approx((255, 255, 255), abs=3)
    assert bounds(image, (0, 0, 0)) is not None


def streams(pdf: bytes) -> bytes:
    """The appended bytes with their Flate streams expanded where they are content."""
    out = pdf
    for match in re.finditer(rb"stream\r?\n", pdf):
        try:
            out += zlib.decompressobj().decompress(pdf[match.end() :], 1 << 16)
        except zlib.error:
            continue
    return out


@pytest.mark.parametrize("look", [{}, {"cover_text": False}, {"opacity": 40.0}], ids=str)
@pytest.mark.parametrize("name", ["pdfa-1b", "producers/libreoffice-contract-pdfa1"])
def test_pdfa_1_gets_no_transparency(tmp_path: Path, name: str, look: dict[str, object]):
    """ISO 19005-1, 6.4: no soft mask, no blend mode but Normal, no opacity below 1."""
    original = (FIXTURES / "pdf" / f"{name}.pdf").read_bytes()
    seal = prepared(original, picture=picture("seal-round-alpha.png"), box=Rect(60, 80, 120, 140), **look)
    for forbidden in (b"/SMask", b"/Multiply", b"/ca ", b"/CA ", b"/Transparency"):
        assert forbidden not in streams(seal.appended)
    image = rendered(tmp_path, seal.pdf_bytes(), 1, "pdfium")
    assert bounds(image, (255, 255, 255)) is not None


def test_plain_files_do_get_transparency():
    seal = prepared((FIXTURES / "pdf" / "table.pdf").read_bytes(), cover_text=False)
    assert b"/Multiply" in seal.appended


PICTURES = [
    "seal-round-alpha.png", "seal-round-palette-alpha.png", "seal-round-gray-alpha.png",
    "seal-round-1bit.png",
    "seal-round-transparent.gif", "seal-person.bmp", "seal-round-rgb.jpg", "seal-round-cmyk-adobe.jpg",
    "seal-round-gray.jpg", "seal-round-progressive.jpg", "gradient-16bit-alpha.png",
]  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_renderers_agree_on_every_kind_of_picture(tmp_path: Path, name: str):
    """A picture that one of them shows inverted, black or not at all would differ by far more."""
    box = Rect(60, 80, 160, 180)
    blank = (FIXTURES / "pdf" / "table.pdf").read_bytes()
    sealed = prepared(blank, box=box, picture=picture(name)).pdf_bytes()
    crop = (round(60 * PX), round((842 - 180) * PX), round(160 * PX), round((842 - 80) * PX))
    one, two = (rendered(tmp_path, sealed, 1, renderer).crop(crop).resize((20, 20)) for renderer in RENDERERS)
    reference = Image.open(io.BytesIO(picture(name)))
    if reference.format == "JPEG" or reference.mode == "1":
        wanted = reference.convert("RGB").resize((20, 20))
        assert average_difference(one, wanted) < 12
    assert average_difference(one, two) < 12
    assert average_difference(one, Image.new("RGB", (20, 20), "white")) > 3


def average_difference(one: Image.Image, two: Image.Image) -> float:
    pairs = zip(one.tobytes(), two.tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / len(one.tobytes())
