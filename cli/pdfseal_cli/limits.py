"""`--limit NAME=NUMBER`: bounds on what a file may cost, raised or lowered by name (docs/limits.md)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from pdfseal import CallerError
from pdfseal.pdf.limits import DEFAULT_LIMITS, Limits

F = TypeVar("F", bound=Callable[..., Any])
_SETTING = re.compile(r"\s*([a-z][a-z_-]*)\s*=\s*(\d{1,15})\s*(?:([kmgKMG])(?:i?[bB])?)?\s*")
_POWERS = {None: 0, "k": 10, "m": 20, "g": 30}


def limit_option(command: F) -> F:
    return click.option(
        "--limit",
        "limit",
        multiple=True,
        metavar="NAME=NUMBER",
        help="Raise or lower a bound, such as pages=2000000 or decoded-bytes=256MB; may be repeated.",
    )(command)


def limits_of(settings: tuple[str, ...]) -> Limits:
    """The limits with these settings; K, M and G are powers of 1024. Raises `argument`."""
    wanted: dict[str, int] = {}
    for text in settings:
        match = _SETTING.fullmatch(text)
        if match is None:
            raise CallerError("argument", f"--limit {text!r} is not NAME=NUMBER, such as decoded-bytes=256MB")
        unit = match[3].lower() if match[3] else None
        wanted[match[1]] = int(match[2]) << _POWERS[unit]
    return DEFAULT_LIMITS.with_settings(wanted)
