"""A drawing to pixels, through pdfium's path renderer: the one that shows PDF pages, too.

Law: the picture has the drawing's colour everywhere and carries it in its alpha channel alone, so
that no white fringe can appear. It is drawn several times larger and reduced, because pdfium
widens strokes below one pixel.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from pdfseal.errors import CallerError
from pdfseal.geometry import MM_PER_INCH
from pdfseal.sealimage.shapes import Drawing, Shape

if TYPE_CHECKING:
    from PIL import Image

MIN_DPI, MAX_DPI = 36.0, 2400.0
MAX_PIXELS = 16_000_000
_DRAWN_DPI = 1200  # at least, before the reduction
_MAX_DRAWN_PIXELS = 48_000_000


def to_png(drawing: Drawing, dpi: float) -> bytes:
    """A PNG with a transparent ground and its resolution (`pHYs`). Raises `argument`, `picture_too_large`."""
    from PIL import Image

    mask = _mask(drawing, dpi)
    picture = Image.new("RGBA", mask.size, (*drawing.colour, 0))
    picture.putalpha(mask)
    out = BytesIO()
    picture.save(out, "PNG", dpi=(dpi, dpi), compress_level=9)
    return out.getvalue()


def _mask(drawing: Drawing, dpi: float) -> Image.Image:
    """How much ink each pixel has, 0 to 255."""
    from PIL import ImageOps

    if not MIN_DPI <= dpi <= MAX_DPI:
        raise CallerError("argument", f"the resolution is {MIN_DPI:g} to {MAX_DPI:g} dpi, not {dpi:g}")
    sides = drawing.width_mm, drawing.height_mm
    width, height = (max(1, round(side * dpi / MM_PER_INCH)) for side in sides)
    if width * height > MAX_PIXELS:
        raise CallerError(
            "picture_too_large", f"the seal would have {width} x {height} pixels, {MAX_PIXELS} are allowed"
        )
    factor = max(1, -(-_DRAWN_DPI // int(dpi)))
    while factor > 1 and width * height * factor**2 > _MAX_DRAWN_PIXELS:
        factor -= 1
    ink = ImageOps.invert(_render(drawing, width * factor, height * factor))
    return ink.reduce(factor) if factor > 1 else ink


def _render(drawing: Drawing, width: int, height: int) -> Image.Image:
    """Black ink on white, gray. One point of the page is one millimetre."""
    import pypdfium2

    raw: Any = pypdfium2.raw
    document = pypdfium2.PdfDocument.new()
    page = document.new_page(drawing.width_mm, drawing.height_mm)
    for shape in drawing.shapes:
        raw.FPDFPage_InsertObject(page, _path_object(raw, shape))
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, 0)
    picture: Image.Image = bitmap.to_pil().copy()
    bitmap.close()
    page.close()
    document.close()
    return picture


def _path_object(raw: Any, shape: Shape) -> Any:
    made = raw.FPDFPageObj_CreateNewPath(0, 0)
    for kind, values in shape.path:
        if kind == "M":
            raw.FPDFPath_MoveTo(made, *values)
        elif kind == "L":
            raw.FPDFPath_LineTo(made, *values)
        elif kind == "C":
            raw.FPDFPath_BezierTo(made, *values)
        else:
            raw.FPDFPath_Close(made)
    colour = (255, 255, 255, round(255 * shape.erase)) if shape.erase else (0, 0, 0, 255)
    raw.FPDFPageObj_SetFillColor(made, *colour)
    raw.FPDFPageObj_SetStrokeColor(made, *colour)
    raw.FPDFPageObj_SetStrokeWidth(made, shape.stroke_mm)
    raw.FPDFPageObj_SetLineJoin(made, raw.FPDF_LINEJOIN_ROUND)
    mode = raw.FPDF_FILLMODE_WINDING if shape.fill else raw.FPDF_FILLMODE_NONE
    raw.FPDFPath_SetDrawMode(made, mode, shape.stroke_mm > 0)
    return made
