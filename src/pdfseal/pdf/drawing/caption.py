"""Words beside a seal: lines of text with placeholders, and a QR code.

    Caption(("{name}", "{date:yyyy年MM月dd日}"), side="below")

Placeholders: {name} {reason} {location} {contact} {date} {date:PATTERN}; two braces write one. The
pattern knows yyyy yy MM M dd d HH H mm ss, everything else stands for itself. A line whose
placeholders are all empty is left out.

Law: pure text. What the values say is never read as a template again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Literal

from pdfseal.errors import CallerError

MAX_LINES, MAX_CHARACTERS = 12, 200
MIN_FONT_SIZE, MAX_FONT_SIZE = 2.0, 200.0
MAX_CODE_BYTES = 1000
DATE_PATTERN = "yyyy年MM月dd日"
BEIJING_MINUTES = 480

Side = Literal["below", "above", "right", "left"]
SIDES = ("below", "above", "right", "left")
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([a-z]+)(?::([^{}]*))?\}|[{}]")
_DATE = re.compile(r"yyyy|yy|MM|M|dd|d|HH|H|mm|ss")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\Z")


@dataclass(frozen=True, slots=True)
class Caption:
    """Lines of text on one side of the seal picture.

    `font_size` in points. `colour` is `#RRGGBB`. `font`: a TrueType or OpenType file; the bundled
    Song if absent. Dates are shown in the zone `utc_offset_minutes`, by default Beijing time.
    """

    lines: tuple[str, ...]
    side: Side = "below"
    font_size: float = 9.0
    colour: str = "#000000"
    font: bytes | None = field(default=None, repr=False)
    utc_offset_minutes: int = BEIJING_MINUTES

    def filled(self, words: Mapping[str, str | None], when: datetime) -> tuple[str, ...]:
        """The lines as they are drawn. Raises `argument`."""
        _check_choice(self.side)
        rgb(self.colour)
        if not (math.isfinite(self.font_size) and MIN_FONT_SIZE <= self.font_size <= MAX_FONT_SIZE):
            raise _wrong(
                f"a caption's font is {MIN_FONT_SIZE:g} to {MAX_FONT_SIZE:g} pt, not {self.font_size:g}"
            )
        if not 1 <= len(self.lines) <= MAX_LINES:
            raise _wrong(f"a caption has 1 to {MAX_LINES} lines, not {len(self.lines)}")
        if not -14 * 60 <= self.utc_offset_minutes <= 14 * 60:
            raise _wrong(f"{self.utc_offset_minutes} minutes are no time zone's distance from UTC")
        local = when.astimezone(timezone(timedelta(minutes=self.utc_offset_minutes)))
        filled = (fill(line, words, local) for line in self.lines)
        return tuple(line for line in filled if line)


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code beside the picture, or in its place, `side_mm` wide without its quiet zone.

    `text` is taken as it is, without placeholders.
    """

    text: str
    side: Side = "right"
    side_mm: float = 20.0

    def check(self) -> None:
        """Raises `argument`."""
        _check_choice(self.side)
        length = len(self.text.encode("utf-8", "replace"))
        if not 1 <= length <= MAX_CODE_BYTES:
            raise _wrong(f"a QR code holds 1 to {MAX_CODE_BYTES} bytes, not {length}")
        if not 5 <= self.side_mm <= 200:
            raise _wrong(f"a QR code is 5 to 200 mm wide, not {self.side_mm:g}")


def fill(template: str, words: Mapping[str, str | None], local: datetime) -> str:
    """One line with its placeholders filled in; empty where all of them are. Raises `argument`."""
    values: list[str] = []

    def value(match: re.Match[str]) -> str:
        token, name, pattern = match[0], match[1], match[2]
        if token in ("{{", "}}"):
            return token[0]
        if name == "date":
            found = date_text(local, pattern or DATE_PATTERN)
        elif name in words and pattern is None:
            found = words[name] or ""
        else:
            known = ", ".join(f"{{{one}}}" for one in (*words, "date"))
            raise _wrong(f"{token!r} is no placeholder of a caption: {known}; two braces write one")
        values.append(found)
        return found

    text = _PLACEHOLDER.sub(value, template)
    text = "".join(character if character.isprintable() else " " for character in text).strip()
    if values and not any(values):
        return ""
    if len(text) > MAX_CHARACTERS:
        raise _wrong(f"a line of a caption has {len(text)} characters, {MAX_CHARACTERS} are allowed")
    return text


def date_text(local: datetime, pattern: str) -> str:
    """`local` by a pattern such as yyyy年MM月dd日 or yyyy-MM-dd HH:mm:ss."""
    parts = {
        "yyyy": f"{local.year:04d}", "yy": f"{local.year % 100:02d}",
        "MM": f"{local.month:02d}", "M": str(local.month),
        "dd": f"{local.day:02d}", "d": str(local.day),
        "HH": f"{local.hour:02d}", "H": str(local.hour),
        "mm": f"{local.minute:02d}", "ss": f"{local.second:02d}",
    }  # fmt: skip
    return _DATE.sub(lambda match: parts[match[0]], pattern)


def rgb(colour: str) -> tuple[float, float, float]:
    """Red, green, blue as shares of 1. Raises `argument`."""
    if _COLOUR.match(colour) is None:
        raise _wrong(f"{colour!r} is no colour of the form #RRGGBB")
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _wrong(message: str) -> CallerError:
    return CallerError("argument", message)


def _check_choice(side: str) -> None:
    if side not in SIDES:
        raise _wrong(f"{side!r} is no side of a picture: {', '.join(SIDES)}")
