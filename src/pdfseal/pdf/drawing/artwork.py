"""What a seal shows, arranged: a picture, lines of text, a QR code, each in its place.

    picture + captions + QR code -> arrange -> Artwork(size, parts)

Law: this is geometry alone, in points from the lower left of the whole, at natural size; nothing
is written yet. The first thing (the picture, else the QR code, else the first caption) stands
where it is; each further one is centred on a side of it, beyond all before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pdfseal.errors import CallerError
from pdfseal.fonts import EM, Typeface, typeface
from pdfseal.geometry import Point, Rect, Size, mm_to_points
from pdfseal.pdf.drawing.caption import Caption, QrCode, rgb
from pdfseal.pdf.drawing.picture import Picture

LEADING = 1.3  # from line to line, in ems
_ASCENT = 0.88  # of the em box of an ideograph, above the baseline
_GAP = 3.0  # points between neighbours
_QUIET_ZONE = 4  # modules around a QR code (ISO/IEC 18004, 9.1)


@dataclass(frozen=True, slots=True)
class PicturePart:
    picture: Picture
    rect: Rect

    def moved(self, dx: float, dy: float) -> PicturePart:
        return replace(self, rect=self.rect.moved(dx, dy))


@dataclass(frozen=True, slots=True)
class TextPart:
    """One line; `origin` is where its baseline begins."""

    text: str
    face: Typeface = field(repr=False)
    font_size: float
    origin: Point
    colour: tuple[float, float, float]

    def moved(self, dx: float, dy: float) -> TextPart:
        return replace(self, origin=Point(self.origin.x + dx, self.origin.y + dy))


@dataclass(frozen=True, slots=True)
class BarsPart:
    """Black rectangles: the modules of a QR code, those of a row run together."""

    bars: tuple[Rect, ...] = field(repr=False)

    def moved(self, dx: float, dy: float) -> BarsPart:
        return BarsPart(tuple(bar.moved(dx, dy) for bar in self.bars))


Part = PicturePart | TextPart | BarsPart


@dataclass(frozen=True, slots=True)
class Artwork:
    """`size` is the natural size of the whole in points."""

    size: Size
    parts: tuple[Part, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Block:
    """Parts that belong together, from the lower left of their own box."""

    size: Size
    parts: tuple[Part, ...]


def arrange(
    picture: Picture | None,
    *,
    natural_size: Size | None = None,
    captions: Sequence[tuple[Caption, tuple[str, ...]]] = (),
    code: QrCode | None = None,
) -> Artwork:
    """Put everything together. `captions` come with their lines filled in.

    `natural_size` (points) replaces the picture's natural size. Raises `argument` where there is
    nothing to show or a size makes no sense, `glyph_missing`.
    """
    blocks: list[tuple[_Block, str]] = []
    if picture is not None:
        size = natural_size or picture.natural_size
        if not (0 < size.width < 1e5 and 0 < size.height < 1e5):
            raise CallerError(
                "argument", f"the picture's size {size.width:g} x {size.height:g} pt makes no sense"
            )
        part = PicturePart(picture, Rect(0, 0, size.width, size.height))
        blocks.append((_Block(size, (part,)), "right"))
    if code is not None:
        blocks.append((_qr_block(code), code.side))
    for caption, lines in captions:
        if lines:
            blocks.append((_text_block(caption, lines), caption.side))
    if not blocks:
        raise CallerError("argument", "a visible seal needs a picture, a caption or a QR code")
    return _joined(blocks)


def _joined(blocks: list[tuple[_Block, str]]) -> Artwork:
    first = blocks[0][0]
    parts = list(first.parts)
    whole = Rect(0, 0, first.size.width, first.size.height)
    for block, side in blocks[1:]:
        width, height = block.size.width, block.size.height
        left, bottom = (first.size.width - width) / 2, (first.size.height - height) / 2
        if side == "below":
            bottom = whole.bottom - _GAP - height
        elif side == "above":
            bottom = whole.top + _GAP
        elif side == "left":
            left = whole.left - _GAP - width
        else:
            left = whole.right + _GAP
        parts += [part.moved(left, bottom) for part in block.parts]
        whole = Rect(
            min(whole.left, left), min(whole.bottom, bottom),
            max(whole.right, left + width), max(whole.top, bottom + height),
        )  # fmt: skip
    return Artwork(whole.size, tuple(part.moved(-whole.left, -whole.bottom) for part in parts))


def _text_block(caption: Caption, lines: tuple[str, ...]) -> _Block:
    """Lines one below the other: centred above and below the picture, flush beside it."""
    face, em = typeface(caption.font), caption.font_size
    widths = [sum(face.glyph(character).advance for character in line) * em / EM for line in lines]
    width, height = max(widths), em * (1 + LEADING * (len(lines) - 1))
    colour = rgb(caption.colour)
    parts = []
    for index, (line, own) in enumerate(zip(lines, widths, strict=True)):
        free = width - own
        x = {"right": 0.0, "left": free}.get(caption.side, free / 2)
        y = height - em * (_ASCENT + LEADING * index)
        parts.append(TextPart(line, face, em, Point(x, y), colour))
    return _Block(Size(width, height), tuple(parts))


def _qr_block(code: QrCode) -> _Block:
    """Error correction M, 15 %; the quiet zone belongs to the block and stays clear."""
    import segno

    code.check()
    try:
        mode = None if code.text.isascii() else "byte"
        made = segno.make_qr(code.text, error="m", boost_error=False, encoding="utf-8", mode=mode)
    except ValueError as error:  # segno.DataOverflowError is one
        raise CallerError("argument", f"the text makes no QR code: {error}") from error
    rows = [bytes(row) for row in made.matrix]
    module = mm_to_points(code.side_mm) / len(rows)
    bars = []
    for index, row in enumerate(rows):
        top = (len(rows) - index + _QUIET_ZONE) * module
        for start, end in _runs(row):
            left, right = (start + _QUIET_ZONE) * module, (end + _QUIET_ZONE) * module
            bars.append(Rect(left, top - module, right, top))
    side = (len(rows) + 2 * _QUIET_ZONE) * module
    return _Block(Size(side, side), (BarsPart(tuple(bars)),))


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Where dark modules begin and end."""
    found, start = [], None
    for index, dark in enumerate([*row, 0]):
        if dark and start is None:
            start = index
        elif not dark and start is not None:
            found.append((start, index))
            start = None
    return found
