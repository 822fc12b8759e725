"""`pdfseal locate`: where keywords stand, as a list and as a picture to look at."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

import pdfseal
from pdfseal import Located, Match
from pdfseal.pdf.limits import Limits
from pdfseal.pdf.text.search import show_pages
from pdfseal_cli.edge import guarded, note, print_json, say, say_plainly
from pdfseal_cli.kinds import OUTPUT
from pdfseal_cli.limits import limit_option, limits_of
from pdfseal_cli.outputs import check_place, write_outputs
from pdfseal_cli.params import KEYWORD_OPTIONS, json_option, pdf_input, read_pdf_password
from pdfseal_cli.pictures import check_format, marked_page

_LONG = 50  # pages: from here on progress is shown on a terminal


def _keyword_options(command: Any) -> Any:
    for option in reversed(KEYWORD_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("file")
@click.option("--keyword", "keywords", multiple=True, required=True, help="Text to look for; repeatable.")
@click.option("--page", "--pages", "pages", default="all", show_default=True, help="3, 1-3,6-10, odd, even.")
@_keyword_options
@click.option("--image", type=OUTPUT, metavar="OUT.png", help="Also draw the pages with numbered boxes.")
@click.option("--pdf-password-file", help="File whose first line opens an encrypted PDF.")
@limit_option
@json_option
@guarded
def locate(**options: Any) -> None:
    """List where keywords stand in FILE, in points on the page as it is displayed."""
    if options["image"]:
        check_format(Path(options["image"]).suffix)
        check_place(options["image"])
    password = read_pdf_password(options["pdf_password_file"])
    limits = limits_of(options["limit"])
    pdf = pdf_input(options["file"])
    found = pdfseal.locate(
        pdf,
        options["keywords"],
        pages=options["pages"],
        order=options["order"],
        nth=options["nth"],
        whole_word=options["whole_word"],
        password=password,
        progress=_progress if sys.stderr.isatty() else None,
        limits=limits,
    )
    pictures = _draw(pdf, found, options["image"], password, limits) if options["image"] else []
    if found.unreadable:
        pages = show_pages([page for page, _ in found.unreadable])
        note(f"on {pages} there is text whose font does not say which characters it shows")
    if options["as_json"]:
        print_json([row for match in found.matches for row in _rows(match)])
        return
    for match in found.matches:
        for row in _rows(match):
            edges = ", ".join(f"{row[edge]:g}" for edge in ("left", "bottom", "right", "top"))
            say_plainly(f"{row['match']}: page {row['page']}: {edges}: {row['text']}")
    for path in pictures:
        say(path)


def _rows(match: Match) -> list[dict[str, Any]]:
    """One row for each part; a match that is wrapped over two lines has two, with one number."""
    return [
        {
            "match": match.number,
            "page": match.page,
            "left": round(part.rect.left, 3),
            "bottom": round(part.rect.bottom, 3),
            "right": round(part.rect.right, 3),
            "top": round(part.rect.top, 3),
            "text": part.text,
        }
        for part in match.parts
    ]


def _draw(pdf: Any, found: Located, output: str, password: str | None, limits: Limits) -> list[str]:
    """A picture of each page that has a match: OUT.png, or OUT-1.png, OUT-2.png, ... for several."""
    pages = sorted({match.page for match in found.matches})
    path = Path(output)
    made: dict[str, bytes] = {}
    for page in pages:
        name = output if len(pages) == 1 else str(path.with_name(f"{path.stem}-{page}{path.suffix}"))
        boxes = [
            (part.rect, str(match.number))
            for match in found.matches
            if match.page == page
            for part in match.parts
        ]
        made[name] = marked_page(pdf, page, boxes, password=password, suffix=path.suffix, limits=limits)
    write_outputs(made)
    return list(made)


def _progress(done: int, total: int) -> None:
    if total >= _LONG and (done % 10 == 0 or done == total):
        click.echo(f"\rpage {done} of {total}" + ("\n" if done == total else ""), err=True, nl=False)
