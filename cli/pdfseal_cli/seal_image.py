"""`pdfseal seal-image round | oval | personal | block`: seal pictures, drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pdfseal import CallerError
from pdfseal.geometry import MM_PER_INCH, points_to_mm
from pdfseal.sealimage import (
    COLOURS,
    RED,
    BlockSeal,
    OvalSeal,
    PersonalSeal,
    RoundSeal,
    Seal,
    seal_image,
)
from pdfseal.sealimage.seals import ENDINGS
from pdfseal_cli.edge import guarded, print_json, say
from pdfseal_cli.kinds import OUTPUT, Number, length
from pdfseal_cli.outputs import write_output
from pdfseal_cli.params import json_option, read_input
from pdfseal_cli.usage import is_given

F = TypeVar("F", bound=Callable[..., Any])


class Millimetres(click.ParamType[float]):
    """A length with its unit, given on in millimetres."""

    name = "LENGTH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return round(points_to_mm(length(str(value))), 6)
        except ValueError as error:
            self.fail(str(error), param, ctx)


MM = Millimetres()


def drawing_options(command: F) -> F:
    """What every kind of seal has."""
    for option in reversed(
        (
            click.option("-o", "--output", type=OUTPUT, required=True, help="The picture: .png or .svg."),
            click.option("--dpi", type=Number(), default=300, show_default=True, help="Resolution of a PNG."),
            click.option(
                "--colour", default=RED, show_default=True, help=f"#RRGGBB or {', '.join(COLOURS)}."
            ),
            click.option(
                "--weight", type=Number(), default=1, show_default=True, help="Thickness of letters, 0 to 3."
            ),
            click.option(
                "--worn", type=int, metavar="SEED", help="Uneven ink; the same seed, the same wear."
            ),
            click.option("--font", help="TrueType or OpenType file instead of the bundled Song."),
            json_option,
        )
    ):
        command = option(command)
    return command


@click.group("seal-image")
def seal_image_group() -> None:
    """Draw the picture of a seal, to its size in print, with a transparent ground."""


@seal_image_group.command("round")
@click.argument("text")
@click.option("--line", default="", help="The straight line below the star, such as 合同专用章.")
@click.option("--code", default="", help="The number along the lower arc, usually of 13 digits.")
@click.option("--star/--no-star", default=True, show_default=True)
@click.option("--diameter", type=MM, default="42mm", show_default=True)
@click.option("--border", type=MM, default="1.2mm", show_default=True, help="0 for none.")
@click.option("--inner-border", type=MM, default="0mm", show_default=True, help="A second, thin ring.")
@drawing_options
@guarded
def round_(text: str, **options: Any) -> None:
    """A company's seal 公章 with TEXT along the upper arc."""
    _write(
        RoundSeal(
            text,
            options["line"],
            options["code"],
            options["star"],
            options["diameter"],
            options["border"],
            options["inner_border"],
        ),
        options,
    )


@seal_image_group.command()
@click.argument("text")
@click.option("--number", default="", help="In the middle, such as the taxpayer's number.")
@click.option("--line", default="发票专用章", show_default=True, help="The straight line below.")
@click.option("--serial", default="", help="At the bottom, such as (2).")
@click.option("--width", type=MM, default="40mm", show_default=True)
@click.option("--height", type=MM, default="30mm", show_default=True)
@click.option("--border", type=MM, default="1mm", show_default=True, help="0 for none.")
@drawing_options
@guarded
def oval(text: str, **options: Any) -> None:
    """An oval seal, as for invoices, with TEXT along the upper arc."""
    sizes = options["width"], options["height"], options["border"]
    _write(OvalSeal(text, options["number"], options["line"], options["serial"], *sizes), options)


@seal_image_group.command()
@click.argument("name")
@click.option(
    "--ending", type=click.Choice(["", *ENDINGS]), help="By default 印 or 之印, as the name needs it."
)
@click.option("--carved", is_flag=True, help="White characters in a full square 白文.")
@click.option("--side", type=MM, default="20mm", show_default=True)
@click.option("--border", type=MM, default="1mm", show_default=True, help="0 for none.")
@drawing_options
@guarded
def personal(name: str, **options: Any) -> None:
    """A name seal 名章 for a NAME of two to four characters."""
    _write(
        PersonalSeal(name, options["ending"], options["carved"], options["side"], options["border"]), options
    )


@seal_image_group.command()
@click.argument("lines", nargs=-1, required=True)
@click.option("--width", type=MM, default="40mm", show_default=True)
@click.option("--height", type=MM, default="16mm", show_default=True)
@click.option("--border", type=MM, default="1mm", show_default=True, help="0 for none.")
@click.option("--downward", is_flag=True, help="Columns from the right instead of lines.")
@drawing_options
@guarded
def block(lines: tuple[str, ...], **options: Any) -> None:
    """A rectangular seal with one or more LINES of text."""
    sizes = options["width"], options["height"], options["border"]
    _write(BlockSeal(lines, *sizes, downward=options["downward"]), options)


def _write(seal: Seal, options: dict[str, Any]) -> None:
    output, dpi = options["output"], options["dpi"]
    suffix = Path(output).suffix.lower().removeprefix(".")
    if suffix not in ("png", "svg"):
        raise CallerError("argument", f"{output}: the name of a seal picture ends in .png or .svg")
    if suffix == "svg" and is_given("dpi"):
        raise click.UsageError("--dpi goes with a name in .png: a drawing has no resolution")
    data = seal_image(
        seal,
        format="svg" if suffix == "svg" else "png",
        dpi=dpi,
        colour=options["colour"],
        weight=options["weight"],
        worn=options["worn"],
        font=read_input(options["font"], "--font") if options["font"] else None,
    )
    write_output(output, data)
    if not options["as_json"]:
        say(output)
        return
    facts: dict[str, Any] = {"schema": 1, "picture": output, "format": suffix, "size_mm": list(seal.size_mm)}
    if suffix == "png":
        facts |= {"dpi": dpi, "size_px": [round(side * dpi / MM_PER_INCH) for side in seal.size_mm]}
    print_json(facts)
