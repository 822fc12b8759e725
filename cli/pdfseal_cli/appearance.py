"""How the seal looks: options that `prepare` and `sign` share, and the value they describe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from pdfseal import Appearance, Caption, QrCode, Size
from pdfseal.geometry import points_to_mm
from pdfseal.pdf.drawing.caption import SIDES
from pdfseal.pdf.drawing.ink import WHITE_THRESHOLD
from pdfseal_cli.kinds import SIZE, length
from pdfseal_cli.params import read_input

F = TypeVar("F", bound=Callable[..., Any])
_SIDE = click.Choice(SIDES)


class Points(click.ParamType[float]):
    """One length in points; mm with the suffix mm."""

    name = "LENGTH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return length(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


POINTS = Points()


def appearance_options(command: F) -> F:
    """What stands beside the picture, and what is done to it."""
    for option in reversed(
        (
            click.option(
                "--picture-size",
                type=SIZE,
                help="Natural size of the picture, without what stands beside it.",
            ),
            click.option(
                "--clear-white",
                type=click.IntRange(1, 255),
                is_flag=False,
                flag_value=WHITE_THRESHOLD,
                help=f"Make the picture's white transparent, from this level upward ({WHITE_THRESHOLD}).",
            ),
            click.option(
                "--handwriting", is_flag=True, help="The picture is a photo of a signature: keep the ink."
            ),
            click.option(
                "--caption",
                "captions",
                multiple=True,
                metavar="TEXT",
                help="A line of text with {name} {reason} {location} {contact} {date} {date:yyyy-MM-dd}; "
                "may be repeated.",
            ),
            click.option("--caption-side", type=_SIDE, default="below", show_default=True),
            click.option(
                "--caption-size", type=POINTS, default="9", show_default=True, help="Size of the font."
            ),
            click.option("--caption-colour", default="#000000", show_default=True),
            click.option(
                "--font", help="TrueType or OpenType file for captions instead of the bundled Song."
            ),
            click.option("--qr", metavar="TEXT", help="A QR code of this text, beside the picture or alone."),
            click.option("--qr-side", type=_SIDE, default="right", show_default=True),
            click.option("--qr-size", type=POINTS, default="20mm", show_default=True),
        )
    ):
        command = option(command)
    return command


def appearance_of(options: dict[str, Any]) -> Appearance:
    """The appearance that --image, --opacity, --caption and the rest describe."""
    captions: tuple[Caption, ...] = ()
    if options["captions"]:
        font = read_input(options["font"], "--font") if options["font"] else None
        look = options["caption_side"], options["caption_size"], options["caption_colour"]
        captions = (Caption(options["captions"], *look, font),)
    code = None
    if options["qr"] is not None:
        code = QrCode(options["qr"], options["qr_side"], points_to_mm(options["qr_size"]))
    return Appearance(
        read_input(options["image"], "--image") if options["image"] else None,
        options["opacity"],
        options["cover_text"],
        natural_size=Size(*options["picture_size"]) if options["picture_size"] else None,
        clear_white=options["clear_white"],
        handwriting=options["handwriting"],
        captions=captions,
        code=code,
    )
