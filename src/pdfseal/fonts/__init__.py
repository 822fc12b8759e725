"""Typefaces: characters to outlines, from the two bundled fonts or one that the caller brings.

    bundled("song").glyph("印") -> Glyph(advance, path)

Law: a missing character is an error that names it; nobody ever sees a box. Outlines and advances
are in thousandths of the em, y upward from the baseline, whatever the font's own unit and kind
(TrueType, OpenType CFF, variable at its default, collections).

`song` is Noto Serif CJK SC cut down to GB 2312, 通用规范汉字表 and frequent traditional characters;
`sans` has the ASCII letters and digits of Noto Sans CJK (OFL.txt beside this file, made by
fixtures/make_fonts.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pdfseal.errors import CallerError

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

T = TypeVar("T")

MAX_FONT_BYTES = 64 << 20
MAX_GLYPH_SEGMENTS = 20_000
EM = 1000.0
_RESTRICTED = 0x0002  # OpenType OS/2 fsType: the font must not be embedded

# One segment: "M" x y, "L" x y, "C" x1 y1 x2 y2 x y, "Z".
Segment = tuple[str, tuple[float, ...]]
Path = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character's shape. `advance` and `path` are in thousandths of the em."""

    character: str
    advance: float
    path: Path = field(repr=False)

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Left, bottom, right, top of the control points; None for a blank."""
        return path_bounds(self.path)


def path_bounds(path: Path) -> tuple[float, float, float, float] | None:
    xs = [value for _, values in path for value in values[0::2]]
    ys = [value for _, values in path for value in values[1::2]]
    return (min(xs), min(ys), max(xs), max(ys)) if xs else None


class Typeface:
    """A font that was read. Equal bytes give equal glyphs."""

    def __init__(self, font: TTFont) -> None:
        self._characters: dict[int, str] = font.getBestCmap() or {}
        self._glyphs: Any = font.getGlyphSet()
        self._scale = EM / font["head"].unitsPerEm
        self.name = _postscript_name(font)
        self.ascent = font["hhea"].ascent * self._scale
        self.descent = font["hhea"].descent * self._scale
        self._read: dict[str, Glyph] = {}

    @classmethod
    def load(cls, data: bytes, number: int = 0) -> Typeface:
        """Read a TrueType or OpenType file; `number` chooses from a collection.

        Raises `font_unreadable`, also for a font whose maker forbids embedding.
        """
        if len(data) > MAX_FONT_BYTES:
            raise unreadable(f"the font has {len(data)} bytes, {MAX_FONT_BYTES} are allowed")
        return _guarded(lambda: cls(_open(data, number)))

    def has(self, character: str) -> bool:
        return ord(character) in self._characters

    def glyph(self, character: str) -> Glyph:
        """Raises `glyph_missing`."""
        if character not in self._read:
            name = self._characters.get(ord(character))
            if name is None:
                code = f"U+{ord(character):04X}"
                raise CallerError(
                    "glyph_missing",
                    f"the font {self.name} has no character {character!r} ({code}): name another font",
                )
            self._read[character] = _guarded(lambda: self._outline(character, name))
        return self._read[character]

    def check(self, text: str) -> None:
        """Raises `glyph_missing` for the first character of `text` that is not there."""
        for character in text:
            self.glyph(character)

    def _outline(self, character: str, name: str) -> Glyph:
        pen = _path_pen()(self._glyphs)
        glyph = self._glyphs[name]
        glyph.draw(pen)
        if len(pen.path) > MAX_GLYPH_SEGMENTS:
            raise unreadable(f"the character {character!r} has {len(pen.path)} segments")
        scaled = tuple((kind, tuple(value * self._scale for value in values)) for kind, values in pen.path)
        return Glyph(character, glyph.width * self._scale, scaled)


@lru_cache(maxsize=2)
def bundled(name: Literal["song", "sans"]) -> Typeface:
    """One of the fonts that come with pdfseal."""
    return Typeface.load(resources.files(__name__).joinpath(f"{name}.otf").read_bytes())


@lru_cache(maxsize=4)
def _cached(data: bytes) -> Typeface:
    return Typeface.load(data)


def typeface(data: bytes | None) -> Typeface:
    """The caller's font, or the bundled Song where there is none."""
    return bundled("song") if data is None else _cached(data)


def _open(data: bytes, number: int) -> TTFont:
    from fontTools.ttLib import TTFont

    font = TTFont(BytesIO(data), fontNumber=number, lazy=True, recalcTimestamp=False)
    if "OS/2" in font and font["OS/2"].fsType & 0x000F == _RESTRICTED:
        raise unreadable(f"the font {_postscript_name(font)} must not be embedded, says its maker")
    return font


def _postscript_name(font: TTFont) -> str:
    """Name 6 of the `name` table, in the characters that a PDF name may have without escapes."""
    name = font["name"].getDebugName(6) or "Unnamed"
    return "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-_"))[:60] or "Unnamed"


def unreadable(message: str) -> CallerError:
    return CallerError("font_unreadable", message)


def _guarded(read: Callable[[], T]) -> T:
    try:
        return read()
    except CallerError:
        raise
    except Exception as error:  # fontTools raises whatever it likes on hostile input
        raise unreadable(f"the font cannot be read: {type(error).__name__}: {error!s:.100}") from error


@lru_cache(maxsize=1)
def _path_pen() -> Any:
    """The class of a pen that keeps lines and cubic curves; made when fontTools is first needed."""
    from fontTools.pens.basePen import BasePen

    class PathPen(BasePen):  # type: ignore[misc]  # fontTools has no types
        def __init__(self, glyphs: Any) -> None:
            super().__init__(glyphs)
            self.path: list[Segment] = []

        def _moveTo(self, point: tuple[float, float]) -> None:
            self.path.append(("M", point))

        def _lineTo(self, point: tuple[float, float]) -> None:
            self.path.append(("L", point))

        def _curveToOne(
            self, first: tuple[float, float], second: tuple[float, float], end: tuple[float, float]
        ) -> None:
            self.path.append(("C", (*first, *second, *end)))

        def _closePath(self) -> None:
            self.path.append(("Z", ()))

        def _endPath(self) -> None:
            self._closePath()

    return PathPen
