"""Letters of a seal: along an arc, along a straight line, and one filling a cell.

Law: the distance between neighbours is even. An ideograph takes its whole em box, so that 一 and
口 stand where they belong; letters, digits and brackets take the width of their ink. Real seals
are cut with narrow, tall characters: the caller says the height, the width follows from the room.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from pdfseal.fonts import EM, Glyph, Typeface
from pdfseal.geometry import Matrix, Point
from pdfseal.sealimage.shapes import Shape, transformed

# The box of an ideograph in the em square, y from the baseline (ISO/IEC 14496-22, `BASE` idtp/ideo of Noto).
EM_BOTTOM, EM_TOP = -120.0, 880.0
_MIN_SLOT = 0.35  # of the em: the least room of a narrow character
_SIDE_BEARING = 0.10  # of the em: room on both sides together of what is not an ideograph
# Radicals, kana and ideographs, compatibility ideographs, the supplementary ideographic planes.
_FULL_WIDTH = ((0x2E80, 0x2FDF), (0x3040, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_STEPS = 4000  # of the arc length table: errors below 1e-4 mm


@dataclass(frozen=True, slots=True)
class Letter:
    """A glyph and its slot: `centre` and `width` along the line, in thousandths of the em."""

    glyph: Glyph
    centre: float
    width: float


def is_full_width(character: str) -> bool:
    """Ideographs and kana, which keep their em box; full-width punctuation does not."""
    code = ord(character)
    return any(first <= code <= last for first, last in _FULL_WIDTH)


def letter(typeface: Typeface, character: str) -> Letter:
    glyph = typeface.glyph(character)
    bounds = glyph.bounds
    if is_full_width(character) or bounds is None:
        return Letter(glyph, glyph.advance / 2, max(glyph.advance, _MIN_SLOT * EM))
    ink = bounds[2] - bounds[0]
    return Letter(glyph, (bounds[0] + bounds[2]) / 2, max(ink + _SIDE_BEARING * EM, _MIN_SLOT * EM))


@dataclass(frozen=True, slots=True)
class Hand:
    """How letters are cut: height and width of an em in mm, and what thickens every line (mm)."""

    height: float
    width: float
    weight: float = 0.0


def _placed(item: Letter, hand: Hand, centre: Point, angle: float) -> Shape:
    """The letter with the middle of its slot on `centre`, turned clockwise by `angle` (radians)."""
    x, y = hand.width / EM, hand.height / EM
    middle = (EM_BOTTOM + EM_TOP) / 2
    cos, sin = math.cos(angle), math.sin(angle)
    scaled = Matrix(x, 0, 0, y, -item.centre * x, -middle * y)
    turned = scaled.then(Matrix(cos, -sin, sin, cos, centre.x, centre.y))
    return Shape(transformed(item.glyph.path, turned), stroke_mm=hand.weight)


# -- straight lines ----------------------------------------------------------------------


def straight(
    letters: list[Letter], hand: Hand, centre: Point, gap: float = 0.0, downward: bool = False
) -> list[Shape]:
    """A line of letters around `centre`, `gap` mm between slots; `downward` writes it from top to bottom."""
    if downward:
        pitch = hand.height + gap
        top = centre.y + pitch * (len(letters) - 1) / 2
        return [_placed(item, hand, Point(centre.x, top - i * pitch), 0) for i, item in enumerate(letters)]
    at = centre.x - line_width(letters, hand.width, gap) / 2
    shapes = []
    for item in letters:
        width = item.width * hand.width / EM
        shapes.append(_placed(item, hand, Point(at + width / 2, centre.y), 0))
        at += width + gap
    return shapes


def line_width(letters: list[Letter], em_width: float, gap: float) -> float:
    return sum(item.width for item in letters) * em_width / EM + gap * (len(letters) - 1)


# -- arcs --------------------------------------------------------------------------------


class Arc:
    """The line `inset` mm inside an ellipse around `centre`, measured by length, clockwise from its top."""

    def __init__(self, centre: Point, x_radius: float, y_radius: float, inset: float) -> None:
        self._centre, self._a, self._b, self._inset = centre, x_radius, y_radius, inset
        points = [self._at(2 * math.pi * step / _STEPS)[0] for step in range(_STEPS + 1)]
        self._lengths = [0.0]
        for one, two in pairwise(points):
            self._lengths.append(self._lengths[-1] + math.hypot(two.x - one.x, two.y - one.y))

    @property
    def length(self) -> float:
        return self._lengths[-1]

    def _at(self, t: float) -> tuple[Point, float]:
        """The point for the ellipse's parameter, and the clockwise angle of the outward normal."""
        sin, cos = math.sin(t), math.cos(t)
        angle = math.atan2(self._b * sin, self._a * cos)
        return Point(
            self._centre.x + self._a * sin - self._inset * math.sin(angle),
            self._centre.y + self._b * cos - self._inset * math.cos(angle),
        ), angle

    def at(self, distance: float) -> tuple[Point, float]:
        """The point `distance` mm clockwise from the top, and the angle of the outward normal there."""
        wanted = distance % self.length
        step = max(1, bisect_left(self._lengths, wanted))
        before, after = self._lengths[step - 1], self._lengths[step]
        share = (wanted - before) / (after - before) if after > before else 0.0
        return self._at(2 * math.pi * (step - 1 + share) / _STEPS)


def along_top(letters: list[Letter], hand: Hand, arc: Arc, sweep: float) -> list[Shape]:
    """Letters along the upper arc, heads outward, from the left: `sweep` mm from first to last centre.

    Neighbours stand apart in proportion to their slots; equal slots, equal distances.
    """
    centres = _centres(letters, sweep)
    return [_placed(item, hand, *arc.at(at)) for item, at in zip(letters, centres, strict=True)]


def along_bottom(letters: list[Letter], hand: Hand, arc: Arc, sweep: float) -> list[Shape]:
    """Letters along the lower arc, heads inward, read from the left."""
    shapes = []
    for item, at in zip(letters, _centres(letters, sweep), strict=True):
        point, angle = arc.at(arc.length / 2 - at)
        shapes.append(_placed(item, hand, point, angle + math.pi))
    return shapes


def _centres(letters: list[Letter], sweep: float) -> list[float]:
    """Where the centres stand, around 0: steps in proportion to the mean slot of both neighbours."""
    steps = [(one.width + two.width) / 2 for one, two in pairwise(letters)]
    scale = sweep / sum(steps) if steps else 0.0
    centres = [0.0]
    for step in steps:
        centres.append(centres[-1] + step * scale)
    return [centre - centres[-1] / 2 for centre in centres]


# -- cells -------------------------------------------------------------------------------


def filling(
    typeface: Typeface, character: str, cell: tuple[float, float, float, float], weight: float
) -> Shape:
    """One character that fills a cell (left, bottom, right, top, mm), as in a name seal.

    Its ink is stretched to the cell, at most by a fifth in each direction beyond its em box.
    """
    glyph = typeface.glyph(character)
    bounds = glyph.bounds or (0.0, EM_BOTTOM, glyph.advance, EM_TOP)
    left, bottom, right, top = cell

    def stretch(room: float, ink: float, em: float) -> float:
        return min((room - weight) / max(ink, 1.0), room / em * 1.2)

    x = stretch(right - left, bounds[2] - bounds[0], max(glyph.advance, 1.0))
    y = stretch(top - bottom, bounds[3] - bounds[1], EM)
    middle = Point((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    matrix = Matrix(x, 0, 0, y, (left + right) / 2 - middle.x * x, (bottom + top) / 2 - middle.y * y)
    return Shape(transformed(glyph.path, matrix), stroke_mm=weight)
