"""Kinds of seals and how each is laid out.

    RoundSeal     company seal 公章: text along the arc, star, a line below it, a code along the bottom
    OvalSeal      invoice seal 发票专用章: text along the arc, a number in the middle, a line below it
    PersonalSeal  name seal 名章: two to four characters in a square, 印 or 之印 fills it up
    BlockSeal     rectangle: lines of text

Law: sizes are millimetres of the printed seal, and the defaults are those of real ones: round
42 mm with a border of 1.2 mm and a star of 14 mm (国发〔1999〕25号 and the practice of seal
makers), oval 40 x 30 mm with a border of 1 mm, letters of 4.2, 3.7 and 4.6 mm (State Taxation
Administration, notice 7 of 2011). Borderless is `border_mm` 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pdfseal.errors import CallerError
from pdfseal.fonts import Typeface, bundled
from pdfseal.geometry import Point
from pdfseal.sealimage.lettering import (
    Arc,
    Hand,
    Letter,
    along_bottom,
    along_top,
    filling,
    letter,
    line_width,
    straight,
)
from pdfseal.sealimage.shapes import Shape, ellipse, rectangle, star

MIN_SIDE_MM, MAX_SIDE_MM = 5.0, 200.0
MAX_ARC_CHARACTERS = 60
MAX_LINE_CHARACTERS = 24
MAX_CODE_CHARACTERS = 24
MAX_LINES = 8
ENDINGS = ("印", "之印", "章", "之章", "私印")


@dataclass(frozen=True, slots=True)
class RoundSeal:
    """`text` runs along the upper arc, 1 to 60 characters; `line` stands below the star, `code`
    along the lower arc. `inner_border_mm` draws a second, thin ring inside the border.
    """

    text: str
    line: str = ""
    code: str = ""
    star: bool = True
    diameter_mm: float = 42.0
    border_mm: float = 1.2
    inner_border_mm: float = 0.0

    @property
    def size_mm(self) -> tuple[float, float]:
        return self.diameter_mm, self.diameter_mm


@dataclass(frozen=True, slots=True)
class OvalSeal:
    """`text` runs along the upper arc, `number` is in the middle, `line` below it, `serial` at the bottom."""

    text: str
    number: str = ""
    line: str = "发票专用章"
    serial: str = ""
    width_mm: float = 40.0
    height_mm: float = 30.0
    border_mm: float = 1.0

    @property
    def size_mm(self) -> tuple[float, float]:
        return self.width_mm, self.height_mm


@dataclass(frozen=True, slots=True)
class PersonalSeal:
    """A name of two to four characters, read from the right column down.

    `ending`: "印" fills up three characters and "之印" two; None does so as the name needs it,
    "" leaves the name alone (the first character then has a column of its own). `carved` cuts
    white characters into a full square (白文) instead of red ones in a frame (朱文).
    """

    name: str
    ending: str | None = None
    carved: bool = False
    side_mm: float = 20.0
    border_mm: float = 1.0

    @property
    def size_mm(self) -> tuple[float, float]:
        return self.side_mm, self.side_mm


@dataclass(frozen=True, slots=True)
class BlockSeal:
    """Lines of text in a rectangle, from the top; `downward` writes columns from the right instead."""

    lines: tuple[str, ...]
    width_mm: float = 40.0
    height_mm: float = 16.0
    border_mm: float = 1.0
    downward: bool = False

    @property
    def size_mm(self) -> tuple[float, float]:
        return self.width_mm, self.height_mm


Seal = RoundSeal | OvalSeal | PersonalSeal | BlockSeal


def lay_out(seal: Seal, typeface: Typeface, weight: float) -> tuple[Shape, ...]:
    """The shapes of a seal. `weight` thickens letters, 1 as real seals are cut, 0 the bare font.

    Raises `argument` (sizes, number of characters), `glyph_missing`.
    """
    _check(seal)
    if isinstance(seal, RoundSeal):
        return tuple(_round(seal, typeface, weight))
    if isinstance(seal, OvalSeal):
        return tuple(_oval(seal, typeface, weight))
    if isinstance(seal, PersonalSeal):
        return tuple(_personal(seal, typeface, weight))
    return tuple(_block(seal, typeface, weight))


def wrong(message: str) -> CallerError:
    return CallerError("argument", message)


# -- bounds ------------------------------------------------------------------------------


def _check(seal: Seal) -> None:
    for side in seal.size_mm:
        if not (math.isfinite(side) and MIN_SIDE_MM <= side <= MAX_SIDE_MM):
            raise wrong(f"a seal is {MIN_SIDE_MM:g} to {MAX_SIDE_MM:g} mm wide and high, not {side:g}")
    inner = seal.inner_border_mm if isinstance(seal, RoundSeal) else 0.0
    for border in (seal.border_mm, inner):
        if not (math.isfinite(border) and 0 <= border <= min(seal.size_mm) / 8):
            raise wrong(f"a border is 0 to {min(seal.size_mm) / 8:g} mm wide here, not {border:g}")
    if isinstance(seal, RoundSeal | OvalSeal):
        _check_text("the text along the arc", seal.text, 1, MAX_ARC_CHARACTERS)
        _check_text("the line", seal.line, 0, MAX_LINE_CHARACTERS)
    if isinstance(seal, RoundSeal):
        _check_text("the code", seal.code, 0, MAX_CODE_CHARACTERS)
    elif isinstance(seal, OvalSeal):
        _check_text("the number", seal.number, 0, MAX_CODE_CHARACTERS)
        _check_text("the serial", seal.serial, 0, 4)
        if max(seal.size_mm) > 2 * min(seal.size_mm):
            raise wrong("an oval seal is at most twice as long as it is wide")
    elif isinstance(seal, BlockSeal):
        if not 1 <= len(seal.lines) <= MAX_LINES:
            raise wrong(f"a rectangular seal has 1 to {MAX_LINES} lines, not {len(seal.lines)}")
        for line in seal.lines:
            _check_text("a line", line, 1, MAX_LINE_CHARACTERS)


def _check_text(what: str, text: str, least: int, most: int) -> None:
    if not least <= len(text) <= most:
        raise wrong(f"{what} has {least} to {most} characters, not {len(text)}")
    if any(not character.isprintable() for character in text):
        raise wrong(f"{what} holds a line break or another control character")


# -- arcs --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ring:
    """Letters along an arc: where, how large, and how far they reach (mm from first to last centre)."""

    letters: list[Letter]
    hand: Hand
    arc: Arc
    sweep: float


def _letters(typeface: Typeface, text: str) -> list[Letter]:
    return [letter(typeface, character) for character in text]


def _digits(typeface: Typeface, text: str) -> list[Letter]:
    """Numbers are cut without serifs; what the bundled sans lacks comes from the seal's own font."""
    sans = bundled("sans")
    return _letters(sans if all(map(sans.has, text)) else typeface, text)


def _units(letters: list[Letter]) -> float:
    """How many ideographs wide the letters are."""
    return sum(item.width for item in letters) / 1000


def _name_ring(
    letters: list[Letter], radii: tuple[float, float], centre: Point, clearance: float,
    height: float, most: float, weight: float,
) -> _Ring:  # fmt: skip
    """The upper arc: few letters stand apart, many close up, grow narrow and at last lower.

    `radii` of the border's inner edge, `clearance` from it to the letters, `most` the largest
    share of the whole arc that the letters may take.
    """
    units = _units(letters)
    wide = max(0.62, 0.80 - 0.008 * units)  # of the height
    while True:
        arc = Arc(centre, *radii, clearance + height / 2)
        inner = Arc(centre, *radii, clearance + height)
        share = min(0.85 * (1 - math.exp(-units / 7.5)), most)
        full = arc.length * share  # with half a letter at both ends
        pitch = full / units
        width = min(wide * height, 0.94 * pitch * inner.length / arc.length)
        if width >= 0.40 * height or height < 0.06 * min(radii):
            break
        height *= 0.98
    return _Ring(letters, Hand(height, width, weight * _line_weight(width, height)), arc, full - pitch)


def _line_weight(width: float, height: float) -> float:
    """What thickens the thin strokes of a Song so that they print like a cut seal's (mm)."""
    return 0.020 * height + 0.012 * width


# -- round -------------------------------------------------------------------------------


def _round(seal: RoundSeal, typeface: Typeface, weight: float) -> list[Shape]:
    diameter = seal.diameter_mm
    centre, outer = Point(diameter / 2, diameter / 2), diameter / 2
    shapes = []
    if seal.border_mm:
        radius = outer - seal.border_mm / 2
        shapes.append(Shape(ellipse(centre, radius, radius), fill=False, stroke_mm=seal.border_mm))
    edge = outer - seal.border_mm
    if seal.inner_border_mm:
        radius = edge - 0.012 * diameter - seal.inner_border_mm / 2
        shapes.append(Shape(ellipse(centre, radius, radius), fill=False, stroke_mm=seal.inner_border_mm))
        edge = radius - seal.inner_border_mm / 2
    bottom = 0.0  # share of the circle that the code takes
    if seal.code:
        height = 0.036 * diameter
        arc = Arc(centre, edge, edge, 0.018 * diameter + height / 2)
        letters = _digits(typeface, seal.code)
        hand = Hand(height / 0.74, height / 0.74 * 0.86, weight * 0.04 * height)
        sweep = min(line_width(letters, hand.width, 0.34 * height), 0.30 * arc.length)
        shapes += along_bottom(letters, hand, arc, sweep * (1 - 1 / max(2, len(letters))))
        bottom = sweep / arc.length + 0.04
    ring = _name_ring(
        _letters(typeface, seal.text), (edge, edge), centre, 0.026 * diameter, 0.158 * diameter,
        1 - max(bottom, 0.15 if not seal.line else 0.22), weight,
    )  # fmt: skip
    shapes += along_top(ring.letters, ring.hand, ring.arc, ring.sweep)
    if seal.star:
        shapes.append(Shape(star(centre, diameter / 6)))
    if seal.line:
        shapes += _line_below(seal, typeface, ring, edge, weight)
    return shapes


def _line_below(seal: RoundSeal, typeface: Typeface, ring: _Ring, edge: float, weight: float) -> list[Shape]:
    """The straight line under the star, as wide as the arc's letters leave room for."""
    diameter = seal.diameter_mm
    height = (0.1 if seal.star else 0.15) * diameter
    letters = _letters(typeface, seal.line)
    drop = 0.245 * diameter if seal.star else 0.0
    free = edge - 0.026 * diameter - ring.hand.height  # radius inside the arc's letters
    # the angle from the top at which the arc's letters end
    end = (ring.sweep + ring.hand.width * 1.9) / ring.arc.length * math.pi
    floor = edge - (0.075 if seal.code else 0.026) * diameter

    def clear(x: float, y: float) -> bool:
        radius, angle = math.hypot(x, y), abs(math.atan2(x, y))
        return radius <= free - 0.022 * diameter or (angle >= end and radius <= floor)

    half = 0.0
    while half < edge and all(clear(half, -drop + height * step / 8) for step in range(-4, 5)):
        half += diameter / 400
    gap = 0.14 * height
    room = 2 * half - gap * (len(letters) - 1)
    width = min(0.78 * height, room / _units(letters))
    if width < 0.2 * height:
        raise wrong(f"the line {seal.line!r} does not fit a seal of {diameter:g} mm")
    hand = Hand(height, width, weight * _line_weight(width, height))
    return straight(letters, hand, Point(diameter / 2, diameter / 2 - drop), gap)


# -- oval --------------------------------------------------------------------------------


def _oval(seal: OvalSeal, typeface: Typeface, weight: float) -> list[Shape]:
    width, height, border = seal.width_mm, seal.height_mm, seal.border_mm
    centre, unit = Point(width / 2, height / 2), min(height / 30, width / 40)
    shapes = []
    if border:
        path = ellipse(centre, width / 2 - border / 2, height / 2 - border / 2)
        shapes.append(Shape(path, fill=False, stroke_mm=border))
    edge = (width / 2 - border, height / 2 - border)
    ring = _name_ring(_letters(typeface, seal.text), edge, centre, 0.7 * unit, 4.5 * unit, 0.63, weight)
    shapes += along_top(ring.letters, ring.hand, ring.arc, ring.sweep)
    if seal.number:
        digits = _digits(typeface, seal.number)
        room = 2 * (edge[0] - 0.7 * unit - ring.hand.height - 1.1 * unit)
        shapes += _fitted(digits, 3.7 / 0.74 * unit, 0.42, centre, room, weight * 0.4, 0.35 * unit)
    if seal.line:
        letters = _letters(typeface, seal.line)
        drop = (6.7 if not seal.serial else 5.6) * unit
        chord = 2 * edge[0] * math.sqrt(max(0.0, 1 - ((drop + 2.6 * unit) / edge[1]) ** 2)) - 2.0 * unit
        place = Point(centre.x, centre.y - drop)
        shapes += _fitted(letters, 4.9 * unit, 0.68, place, chord, weight, 0.7 * unit)
    if seal.serial:
        letters = _digits(typeface, seal.serial)
        place = Point(centre.x, centre.y - 10.9 * unit)
        shapes += _fitted(letters, 3.2 * unit, 0.8, place, 8 * unit, weight * 0.4, 0.3 * unit)
    return shapes


def _fitted(
    letters: list[Letter], height: float, ratio: float, centre: Point, room: float, weight: float, gap: float
) -> list[Shape]:
    """A straight line of `height` mm em boxes, `ratio` as wide, narrower where `room` mm are too few."""
    width = min(ratio * height, (room - gap * (len(letters) - 1)) / _units(letters))
    if width < 0.15 * height:
        raise wrong(f"a line of {len(letters)} characters does not fit the seal")
    return straight(letters, Hand(height, width, weight * _line_weight(width, height)), centre, gap)


# -- square and rectangle ----------------------------------------------------------------


def _personal(seal: PersonalSeal, typeface: Typeface, weight: float) -> list[Shape]:
    side, border = seal.side_mm, seal.border_mm
    columns = _columns(seal)
    shapes = []
    if seal.carved:
        shapes.append(Shape(rectangle(0, 0, side, side, side * 0.04)))
    elif border:
        half = border / 2
        frame = rectangle(half, half, side - half, side - half, side * 0.03)
        shapes.append(Shape(frame, fill=False, stroke_mm=border))
    margin = (0.07 if seal.carved else 0.035) * side + (0 if seal.carved else border)
    gap = 0.035 * side
    width = (side - 2 * margin - gap * (len(columns) - 1)) / len(columns)
    thick = weight * (0.011 if len(columns) > 1 else 0.014) * side
    for index, column in enumerate(columns):
        right = side - margin - index * (width + gap)
        height = (side - 2 * margin - gap * (len(column) - 1)) / len(column)
        for row, character in enumerate(column):
            top = side - margin - row * (height + gap)
            shape = filling(typeface, character, (right - width, top - height, right, top), thick)
            shapes.append(Shape(shape.path, stroke_mm=thick, erase=1.0 if seal.carved else 0.0))
    return shapes


def _columns(seal: PersonalSeal) -> list[str]:
    """The columns from the right: 李明之印 is 李明, 之印; 王小明 alone is 王, 小明."""
    _check_text("the name", seal.name, 2, 4)
    ending = seal.ending
    if ending is None:
        ending = {2: "之印", 3: "印"}.get(len(seal.name), "")
    if ending and ending not in ENDINGS:
        raise wrong(f"{ending!r} is no ending of a name seal: {', '.join(ENDINGS)} or none")
    text = seal.name + ending
    if len(text) > 4:
        raise wrong(f"{text} has {len(text)} characters, a name seal has room for 4")
    if len(text) == 4:
        return [text[:2], text[2:]]
    return [text[:1], text[1:]]


def _block(seal: BlockSeal, typeface: Typeface, weight: float) -> list[Shape]:
    width, height, border = seal.width_mm, seal.height_mm, seal.border_mm
    shapes = []
    if border:
        half = border / 2
        frame = rectangle(half, half, width - half, height - half, min(width, height) * 0.03)
        shapes.append(Shape(frame, fill=False, stroke_mm=border))
    margin = border + 0.06 * min(width, height)
    across, along = width - 2 * margin, height - 2 * margin
    if seal.downward:
        across, along = along, across
    pitch = along / len(seal.lines)
    longest = max(_units(_letters(typeface, line)) for line in seal.lines)
    em = min(pitch * (0.86 if len(seal.lines) > 1 else 0.92), across / longest * 1.9)
    for index, line in enumerate(seal.lines):
        letters = _letters(typeface, line)
        at = margin + along - (index + 0.5) * pitch
        if seal.downward:
            place = Point(width - margin - (index + 0.5) * pitch, height / 2)
            shapes += _column(letters, em, place, across, weight)
        else:
            gap = 0.06 * em
            shapes += _fitted(letters, em, 0.86, Point(width / 2, at), across, weight, gap)
    return shapes


def _column(letters: list[Letter], em: float, centre: Point, room: float, weight: float) -> list[Shape]:
    height = min(em, room / len(letters))
    hand = Hand(height, min(em, height * 1.15), weight * _line_weight(height, height))
    return straight(letters, hand, centre, downward=True)
