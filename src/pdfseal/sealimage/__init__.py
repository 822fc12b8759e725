"""Seal pictures, drawn: a description gives a drawing, a drawing gives PNG or SVG.

    from pdfseal.sealimage import RoundSeal, seal_image

    png = seal_image(RoundSeal("清江市第三人民医院", line="出院专用章", code="3204010012345"), dpi=300)

Law: pure. The same description gives the same bytes; the worn look takes its seed as an argument.
"""

from __future__ import annotations

import re
from typing import Literal

from pdfseal.arguments import checked
from pdfseal.errors import CallerError
from pdfseal.fonts import typeface
from pdfseal.sealimage.raster import to_png
from pdfseal.sealimage.seals import BlockSeal, OvalSeal, PersonalSeal, RoundSeal, Seal, lay_out
from pdfseal.sealimage.shapes import Drawing
from pdfseal.sealimage.svg import to_svg
from pdfseal.sealimage.wear import worn as wear

RED = "#DC1A1E"
COLOURS = {"red": RED, "blue": "#1F3F9A", "black": "#1A1A1A", "purple": "#6A2C91", "green": "#1B7A3D"}
_HEX = re.compile(r"#[0-9A-Fa-f]{6}\Z")


def draw(
    seal: Seal, *, colour: str = RED, weight: float = 1.0, worn: int | None = None, font: bytes | None = None
) -> Drawing:
    """The drawing of a seal.

    `colour`: `#RRGGBB` or red, blue, black, purple, green. `weight` thickens the letters: 1 as
    real seals are cut, 0 the font as it is, at most 3. `worn`: a seed for uneven ink, None for
    none. `font`: a TrueType or OpenType file, the bundled Song if absent.
    Raises `argument`, `glyph_missing`, `font_unreadable`.
    """
    if not 0 <= weight <= 3:
        raise CallerError("argument", f"the weight is 0 to 3, not {weight:g}")
    shapes = lay_out(seal, typeface(font), weight)
    width, height = seal.size_mm
    if worn is not None:
        shapes += wear(width, height, worn)
    return Drawing(width, height, _colour(colour), shapes)


@checked
def seal_image(
    seal: Seal,
    *,
    format: Literal["png", "svg"] = "png",
    dpi: float = 300,
    colour: str = RED,
    weight: float = 1.0,
    worn: int | None = None,
    font: bytes | None = None,
) -> bytes:
    """A seal picture: PNG with a transparent ground and its resolution, or SVG with its size in mm.

    `dpi` is 36 to 2400 (PNG). The rest as for `draw`; also raises `picture_too_large`.
    """
    if format not in ("png", "svg"):
        raise CallerError("argument", f"{format!r} is no picture format: png or svg")
    drawing = draw(seal, colour=colour, weight=weight, worn=worn, font=font)
    return to_svg(drawing) if format == "svg" else to_png(drawing, dpi)


def _colour(text: str) -> tuple[int, int, int]:
    value = COLOURS.get(text, text)
    if _HEX.match(value) is None:
        raise CallerError("argument", f"{text!r} is no colour: #RRGGBB, {', '.join(COLOURS)}")
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)


__all__ = [
    "COLOURS", "RED", "BlockSeal", "Drawing", "OvalSeal", "PersonalSeal", "RoundSeal", "Seal", "draw",
    "seal_image", "to_png", "to_svg",
]  # fmt: skip
