"""An artwork becomes form XObjects: the appearance of a seal on its pages.

    Artwork -> write_drawing -> Drawing (images and fonts are in the file once)
    Drawing + size, turn, window -> write_form -> form XObject, one for each shape of box

Law: what several boxes share is written once. Equal input gives equal bytes. Nothing transparent
is written where the document forbids it.

Reference: ISO 32000-2, 8.10 (form XObjects), 11.3.5 (blend modes), 12.5.5 (appearance streams).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pdfseal.fonts import Typeface
from pdfseal.geometry import Matrix, Rect, Size
from pdfseal.pdf.drawing.artwork import Artwork, BarsPart, PicturePart, TextPart
from pdfseal.pdf.drawing.font import EmbeddedFont, write_font
from pdfseal.pdf.drawing.picture import write_picture
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.syntax import Dictionary, Name, Real, Ref, Value, number

WHOLE = Rect(0.0, 0.0, 1.0, 1.0)
# sRGB (IEC 61966-2-1), its curve as a power: white of D65, primaries in the columns of the matrix (8.6.5.3).
_WHITE = ["0.9505", "1", "1.089"]
_PRIMARIES = ["0.4124", "0.2126", "0.0193", "0.3576", "0.7152", "0.1192", "0.1805", "0.0722", "0.9505"]


@dataclass(frozen=True, slots=True)
class Drawing:
    """An artwork whose images and fonts are in the file: what paints it at natural size."""

    size: Size
    content: bytes = field(repr=False)
    images: Dictionary = field(repr=False)
    fonts: Dictionary = field(repr=False)


def write_drawing(revision: Revision, artwork: Artwork) -> Drawing:
    """Write the images and fonts of an artwork. Raises `glyph_missing`, `font_unreadable`."""
    images, fonts = Dictionary(), Dictionary()
    embedded: dict[Typeface, tuple[str, EmbeddedFont]] = {}
    texts = [part for part in artwork.parts if isinstance(part, TextPart)]
    for face in dict.fromkeys(part.face for part in texts):
        used = "".join(part.text for part in texts if part.face is face)
        key = f"F{len(embedded) + 1}"
        embedded[face] = key, write_font(revision, face, used)
        fonts[key] = embedded[face][1].ref
    pieces = []
    for part in artwork.parts:
        if isinstance(part, PicturePart):
            key = f"Im{len(images) + 1}"
            images[key] = write_picture(revision, part.picture)
            pieces.append(b"q %s cm /%s Do Q" % (_box_matrix(part.rect), key.encode()))
        elif isinstance(part, BarsPart):
            bars = [b"%s re" % b" ".join(map(number, _corner_and_size(bar))) for bar in part.bars]
            pieces.append(b"0 g %s f" % b" ".join(bars))
        else:
            key, font = embedded[part.face]
            pieces.append(_text(part, key, font))
    return Drawing(artwork.size, b"\n".join(pieces), images, fonts)


def write_form(
    revision: Revision,
    drawing: Drawing,
    size: Size,
    *,
    upright: Matrix,
    opacity: float = 1.0,
    multiply: bool = True,
    calibrated: bool = False,
    window: Rect = WHOLE,
) -> Ref:
    """Write the drawing as a form XObject of `size` (user space units), turned by `upright`.

    `opacity` is 0 to 1. `multiply` darkens the page instead of covering it, so that text under
    the seal stays readable. With opacity 1 and no multiply nothing transparent is written.
    `calibrated`: what the drawing says in device colours is read as sRGB (8.6.5.6).
    `window` is the part of the drawing that fills the form, as shares of its width and height.
    """
    resources = Dictionary()
    if drawing.images:
        resources["XObject"] = drawing.images
    if drawing.fonts:
        resources["Font"] = drawing.fonts
    if calibrated:
        resources["ColorSpace"] = _calibrated()
    paint = b""
    if multiply or opacity < 1.0:
        state = Dictionary({"Type": Name("ExtGState"), "BM": Name("Multiply" if multiply else "Normal")})
        if opacity < 1.0:
            state["ca"] = _real(opacity)
        resources["ExtGState"] = Dictionary({"GS": state})
        paint = b"/GS gs "
    x = size.width / (window.width * drawing.size.width)
    y = size.height / (window.height * drawing.size.height)
    dx, dy = -window.left * drawing.size.width * x, -window.bottom * drawing.size.height * y
    matrix = b" ".join(map(_scale, (x, 0.0, 0.0, y, dx, dy)))
    form = Dictionary({"Type": Name("XObject"), "Subtype": Name("Form"), "FormType": 1})
    form["BBox"] = [0, 0, _real(size.width), _real(size.height)]
    if upright != Matrix():
        turn = upright.a, upright.b, upright.c, upright.d, upright.e, upright.f
        form["Matrix"] = [_real(value) for value in turn]
    form["Resources"] = resources
    return revision.add_stream(form, b"q %s cm %s\n%s\nQ" % (matrix, paint, drawing.content))


def _calibrated() -> Dictionary:
    """What device colours stand for here (8.6.5.6): sRGB, and the grays of it."""
    white, gamma = _reals(_WHITE), Real(b"2.2")
    colours = Dictionary({"WhitePoint": white, "Gamma": [gamma] * 3, "Matrix": _reals(_PRIMARIES)})
    grays = Dictionary({"WhitePoint": white, "Gamma": gamma})
    return Dictionary({"DefaultRGB": [Name("CalRGB"), colours], "DefaultGray": [Name("CalGray"), grays]})


def _reals(numbers: list[str]) -> list[Value]:
    return [Real(one.encode()) for one in numbers]


def _text(part: TextPart, key: str, font: EmbeddedFont) -> bytes:
    red, green, blue = part.colour
    colour = b"%s g" % number(red) if red == green == blue else b"%s rg" % b" ".join(map(number, part.colour))
    place = b"%s %s Td" % (number(part.origin.x), number(part.origin.y))
    return b"BT %s /%s %s Tf %s %s Tj ET" % (
        colour, key.encode(), number(part.font_size), place, font.encoded(part.text),
    )  # fmt: skip


def _box_matrix(rect: Rect) -> bytes:
    left, bottom, width, height = _corner_and_size(rect)
    return b"%s 0 0 %s %s %s" % (number(width), number(height), number(left), number(bottom))


def _corner_and_size(rect: Rect) -> tuple[float, float, float, float]:
    return rect.left, rect.bottom, rect.width, rect.height


def _scale(value: float) -> bytes:
    """More decimals than a coordinate: it is multiplied by the size of the whole."""
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    return b"0" if text in ("-0", "") else text.encode()


def _real(value: float) -> Value:
    text = number(value)
    return Real(text) if b"." in text else int(text)
