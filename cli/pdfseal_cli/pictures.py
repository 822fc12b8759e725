"""A page as a reader shows it, with boxes drawn on it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from pdfseal import CallerError, Rect
from pdfseal.pdf.document import Document
from pdfseal.pdf.limits import DEFAULT_LIMITS, Limits
from pdfseal.pdf.source import opened

DPI = 110
_MAX_PIXELS = 40_000_000
_COLOUR = (220, 20, 20)
_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", "": "PNG"}


def check_format(suffix: str) -> None:
    """Whether pictures of that kind are made, before anything is looked for."""
    if suffix.lower() not in _FORMATS:
        raise CallerError("argument", f"a picture ends in .png or .jpg, not in {suffix}")


def marked_page(
    pdf: Any,
    page: int,
    boxes: Sequence[tuple[Rect, str]],
    *,
    password: str | None = None,
    suffix: str = ".png",
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """A picture of a page with labelled boxes, which are in displayed page space."""
    import pypdfium2
    from PIL import ImageDraw, ImageFont

    check_format(suffix)
    with opened(pdf) as source:
        displayed = Document.open(source, password=password, limits=limits).page(page).geometry.displayed
    document: Any = pypdfium2.PdfDocument(pdf, password=password)
    try:
        document.init_forms()
        loaded = document[page - 1]
        scale = min(DPI / 72, (_MAX_PIXELS / (loaded.get_width() * loaded.get_height())) ** 0.5)
        image = loaded.render(scale=scale, may_draw_forms=True).to_pil().convert("RGB")
    finally:
        document.close()
    draw = ImageDraw.Draw(image)
    x, y = image.width / displayed.width, image.height / displayed.height
    font = ImageFont.load_default(size=13)
    for rect, label in boxes:
        corners = (rect.left * x, image.height - rect.top * y, rect.right * x, image.height - rect.bottom * y)
        draw.rectangle(corners, outline=_COLOUR, width=2)
        draw.text((corners[0], max(0, corners[1] - 15)), label, fill=_COLOUR, font=font)
    out = io.BytesIO()
    image.save(out, format=_FORMATS[suffix.lower()])
    return out.getvalue()
