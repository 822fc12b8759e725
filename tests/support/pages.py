"""Small documents for tests of places, made with pikepdf, and what two renderers show of a page."""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image

import pdfseal
from tests.support.sealing import WHEN, certificate

# Quadrants of the marker picture: upper left red, upper right green, lower left blue, lower right black.
QUADRANTS = {
    "upper left": (230, 0, 0),
    "upper right": (0, 150, 0),
    "lower left": (0, 0, 230),
    "lower right": (0, 0, 0),
}


@dataclass(frozen=True)
class PageKind:
    """Boxes in user space; `rotate` as in /Rotate."""

    media: tuple[float, float, float, float] = (0, 0, 300, 400)
    crop: tuple[float, float, float, float] | None = None
    rotate: int = 0
    user_unit: float | None = None

    @property
    def displayed(self) -> tuple[float, float]:
        """Width and height as displayed, worked out without pdfseal."""
        left, bottom, right, top = self.crop or self.media
        size = (right - left, top - bottom)
        unit = self.user_unit or 1.0
        width, height = size if self.rotate % 180 == 0 else size[::-1]
        return width * unit, height * unit


def document(kinds: Sequence[PageKind]) -> bytes:
    """Blank pages of these kinds."""
    pdf = pikepdf.new()
    for kind in kinds:
        page = pdf.add_blank_page(page_size=(10, 10))
        page.obj.MediaBox = pikepdf.Array(list(kind.media))
        if kind.crop:
            page.obj.CropBox = pikepdf.Array(list(kind.crop))
        if kind.rotate:
            page.obj.Rotate = kind.rotate
        if kind.user_unit:
            page.obj.UserUnit = kind.user_unit
    return saved(pdf)


def saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def png(image: Image.Image, dpi: float = 72) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def marker(width: int = 40, height: int = 20) -> bytes:
    """A picture whose quadrants tell which way is up."""
    image = Image.new("RGB", (width, height))
    for index, colour in enumerate(QUADRANTS.values()):
        x, y = index % 2 * width // 2, index // 2 * height // 2
        image.paste(colour, (x, y, x + width // 2, y + height // 2))
    return png(image)


def prepared(
    pdf: bytes, placement: Any, picture: bytes | None = None, **options: Any
) -> pdfseal.PreparedSeal:
    return pdfseal.prepare(
        pdf,
        placement=placement,
        appearance=pdfseal.Appearance(picture or marker(), cover_text=True),
        signer=certificate("p256-signer"),
        when=WHEN,
        **options,
    )


def pdfium_pages(pdf: bytes, sizes: Sequence[tuple[float, float]], dpi: float = 144) -> list[Image.Image]:
    """Pages as pdfium shows them; `sizes` as displayed, because pdfium leaves UserUnit out."""
    opened: Any = pypdfium2.PdfDocument(pdf)
    try:
        opened.init_forms()
        shown = []
        for page, (width, _) in zip(opened, sizes, strict=True):
            scale = dpi / 72 * width / page.get_width()
            shown.append(page.render(scale=scale, may_draw_forms=True).to_pil().convert("RGB"))
        return shown
    finally:
        opened.close()


def poppler_pages(pdf: bytes, units: Sequence[float] | None = None, dpi: float = 144) -> list[Image.Image]:
    """Pages as pdftoppm shows them; `units` are their UserUnits, because poppler leaves UserUnit out."""
    shown = {unit: _poppler_pages(pdf, dpi * unit) for unit in set(units or [1.0])}
    return [shown[unit][index] for index, unit in enumerate(units)] if units else shown[1.0]


def _poppler_pages(pdf: bytes, dpi: float) -> list[Image.Image]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "in.pdf")
        path.write_bytes(pdf)
        command = ["pdftoppm", "-cropbox", "-r", str(dpi), str(path), str(Path(folder, "page"))]
        subprocess.run(command, check=True, capture_output=True)
        return [Image.open(one).convert("RGB") for one in sorted(Path(folder).glob("page*.ppm"))]


def ink(image: Image.Image) -> tuple[int, int, int, int]:
    """Where the image is not white: left, upper, right, lower in pixels."""
    dark = image.convert("L").point([255 if level < 200 else 0 for level in range(256)])
    box = dark.getbbox()
    assert box is not None, "nothing was drawn"
    return box


def upright(image: Image.Image) -> bool:
    """Whether the marker stands as it should."""
    left, upper, right, lower = ink(image)
    x, y = (right - left) / 4, (lower - upper) / 4
    centres = [(left + x, upper + y), (right - x, upper + y), (left + x, lower - y), (right - x, lower - y)]
    seen = [image.getpixel((round(px), round(py))) for px, py in centres]
    return all(
        max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < 40
        for found, wanted in zip(seen, QUADRANTS.values(), strict=True)
    )
