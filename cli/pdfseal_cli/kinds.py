"""Kinds of values that options take: lengths, moments, numbers, locks, outputs, folders.

Law: what is no value of its kind is a usage error before anything is read or written.
"""

from __future__ import annotations

import math
import os
import re
import stat
from datetime import UTC, datetime
from typing import Any

import click

from pdfseal import FieldLock
from pdfseal.geometry import mm_to_points

_LENGTH = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*(pt|mm)?\s*$")
_MOST_SECONDS = 7 * 86_400


class SuffixedLength(float):
    """A length in points that was written with its unit."""


def length(text: str) -> float:
    """A length in points; the suffix mm or pt says otherwise or confirms."""
    match = _LENGTH.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a length such as 12, 12.5pt or 40mm")
    value = float(match[1])
    if match[2] is None:
        return value
    return SuffixedLength(mm_to_points(value) if match[2] == "mm" else value)


class Lengths(click.ParamType[tuple[float, ...]]):
    """`count` lengths parted by commas."""

    def __init__(self, form: str) -> None:
        self.name = form
        self._count = form.count(",") + 1

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        parts = str(value).split(",")
        if len(parts) != self._count:
            self.fail(f"{value!r} is not {self.name}: {self._count} lengths parted by commas", param, ctx)
        try:
            return tuple(length(part) for part in parts)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Moment(click.ParamType[datetime]):
    """A time in ISO 8601 with a zone; a date alone means its beginning in UTC."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
            if moment.tzinfo is not None:
                moment.astimezone(UTC)  # the zone may lead out of the calendar
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a time such as 2026-01-31 or 2026-01-31T12:00:00+08:00", param, ctx)
        if moment.tzinfo is None:
            if len(str(value)) > 10:
                self.fail(f"{value!r} names no time zone: append Z or +08:00", param, ctx)
            moment = moment.replace(tzinfo=UTC)
        return moment


class Lock(click.ParamType[FieldLock]):
    """Which form fields a signature locks: all, NAME,..., ~NAME,...; with 1:, 2: or 3: before it."""

    name = "FIELDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> FieldLock:
        if isinstance(value, FieldLock):
            return value
        text, permission = str(value), None
        digits, colon, rest = text.partition(":")
        if colon and digits.isdecimal():
            if digits not in ("1", "2", "3"):
                self.fail(f"{value!r}: what stands before the colon is 1, 2 or 3, not {digits}", param, ctx)
            text, permission = rest, int(digits)
        if text == "all":
            return FieldLock("All", (), permission)
        names = tuple(name.strip() for name in text.removeprefix("~").split(","))
        if not all(names):
            self.fail(f"{value!r} is not `all`, and names a field that has no name", param, ctx)
        if any(name.lower() == "all" for name in names):
            self.fail(f"{value!r}: `all` stands alone, in small letters, and names every field", param, ctx)
        return FieldLock("Exclude" if text.startswith("~") else "Include", names, permission)


class Number(click.FloatRange):
    """A number in a range; never `nan`, which is in every range, and never infinite."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is no number that can be reckoned with", param, ctx)
        return found


class Output(click.ParamType[str]):
    """A file to write. Standard output is the result's: a dash is refused, not made into a file."""

    name = "FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == "-":
            self.fail("an output is a file, and a dash is none (./- is one of that name)", param, ctx)
        if not value or "\0" in value:
            self.fail("that is no name of a file", param, ctx)
        return str(value)


class Folder(click.ParamType[str]):
    """A folder to write into, which need not be there yet."""

    name = "FOLDER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value or value == "-" or "\0" in value:
            self.fail(f"{value!r} is no folder", param, ctx)
        try:
            is_folder = stat.S_ISDIR(os.stat(value).st_mode)
        except OSError:
            return str(value)
        if not is_folder:
            self.fail(f"{value} is there already, and is no folder", param, ctx)
        return str(value)


RECT, POINT, SIZE, MOMENT = Lengths("L,B,R,T"), Lengths("X,Y"), Lengths("W,H"), Moment()
LOCK, OUTPUT, FOLDER = Lock(), Output(), Folder()
SECONDS = Number(0, _MOST_SECONDS, min_open=True)
