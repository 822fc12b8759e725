"""Parameter types and options that several commands share."""

from __future__ import annotations

import base64
import binascii
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

import pdfseal
from pdfseal import (
    AtKeyword,
    AtPoint,
    CallerError,
    Certificate,
    InRectangle,
    IntoField,
    OutsideError,
    Point,
    Rect,
    Several,
    Size,
    Straddle,
    TrustAnchors,
)
from pdfseal.adapters.keys import decode_signature
from pdfseal.pdf.text.search import ORDERS
from pdfseal.placement import Placement
from pdfseal.placement.rules import EDGES, ORIGINS, POSITIONS, UNITS
from pdfseal_cli.kinds import LOCK, MOMENT, POINT, RECT, SIZE, Number, SuffixedLength

MAX_INPUT_BYTES = 64 << 20

F = TypeVar("F", bound=Callable[..., Any])


def read_input(path: str, what: str) -> bytes:
    """A small input file whole, or standard input for `-`. Errors name what it was wanted for."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(MAX_INPUT_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise CallerError("not_found", f"{what}: {path}: {(error.strerror or '').lower()}") from error
    except OSError as error:
        raise OutsideError("file_system", f"{what}: {path}: {error.strerror}") from error
    except ValueError as error:  # a NUL in it, from a file that names files
        raise CallerError("not_found", f"{what}: {path!r} is no path of a file") from error
    if len(data) > MAX_INPUT_BYTES:
        raise CallerError("argument", f"{what}: {path} is larger than {MAX_INPUT_BYTES} bytes")
    return data


def pdf_input(path: str) -> pdfseal.prepared.Pdf:
    """The path itself, or the bytes of standard input for `-`."""
    return sys.stdin.buffer.read() if path == "-" else path


def read_certificates(paths: tuple[str, ...], what: str) -> tuple[Certificate, ...]:
    found: list[Certificate] = []
    for path in paths:
        try:
            found += Certificate.load_many(read_input(path, what))
        except CallerError as error:
            if error.code != "certificate_unreadable":
                raise
            raise CallerError(error.code, f"{what}: {path}: {error.message}") from error
    return tuple(found)


def read_anchors(paths: tuple[str, ...], what: str = "--trust") -> TrustAnchors | None:
    """Anchors from files, and from every certificate file of folders; None where no path was given."""
    if not paths:
        return None
    files: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            files += sorted(
                str(one) for one in Path(path).iterdir() if one.suffix in (".pem", ".crt", ".cer", ".der")
            )
        else:
            files.append(path)
    if not files:
        raise CallerError("not_found", f"{what}: no .pem, .crt, .cer or .der file in {', '.join(paths)}")
    return TrustAnchors(read_certificates(tuple(files), what))


def read_password(path: str | None, what: str = "--password-file") -> bytes | None:
    """The first line of a password file; None where no file was given."""
    if path is None:
        return None
    return read_input(path, what).split(b"\n", 1)[0].rstrip(b"\r")


def read_pdf_password(path: str | None, what: str = "--pdf-password-file") -> str | None:
    """The first line of a file, as UTF-8, for an encrypted PDF."""
    password = read_password(path, what)
    try:
        return None if password is None else password.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CallerError("argument", f"{what}: {path}: the password is not UTF-8 text") from error


def signature_argument(text: str) -> bytes:
    """A file's content, or the argument itself as base64 or hex."""
    if text == "-" or os.path.exists(text):
        return decode_signature(read_input(text, "--signature"))
    try:
        return (
            bytes.fromhex(text)
            if len(text) % 2 == 0 and _is_hex(text)
            else base64.b64decode(text, validate=True)
        )
    except binascii.Error as error:
        raise CallerError(
            "argument", "--signature is neither a file that exists nor base64 or hex text"
        ) from error


def _is_hex(text: str) -> bool:
    return all(char in "0123456789abcdefABCDEF" for char in text)


KEYWORD_OPTIONS = (
    click.option(
        "--order",
        type=click.Choice(ORDERS),
        default="all",
        show_default=True,
        help="All matches, or counted in reading order from the front (asc) or the back (desc).",
    ),
    click.option("--nth", type=click.IntRange(1), help="Only this match of each keyword."),
    click.option("--whole-word", is_flag=True, help="No letter or digit may touch the match."),
)


def placement_of(options: dict[str, Any]) -> Placement:
    """The placement that the options describe; with more than one place, all under one signature."""
    if options["size"] and options["fit"]:
        raise click.UsageError("--size and --fit exclude each other")
    look = {
        "size": Size(*options["size"]) if options["size"] else None,
        "fit": Size(*options["fit"]) if options["fit"] else None,
        "unit": options["unit"],
    }
    _check_suffixes(options)
    page, everywhere = options["page"] or "1", options["page"] or "all"
    if len(options["into_field"]) > 1:
        raise click.UsageError("--into-field is given twice: a signature fills one field")
    places: list[Any] = [IntoField(name) for name in options["into_field"]]
    for rect in options["rect"] or ():
        places.append(InRectangle(page, Rect.of_corners(*rect), origin=options["origin"], **look))
    for point in options["at"] or ():
        places.append(AtPoint(page, Point(*point), origin=options["origin"], **look))
    if options["keyword"]:
        places.append(_at_keyword(options, everywhere, look))
    if options["straddle"]:
        places.append(_straddle(options, everywhere, look))
    if not places:
        raise click.UsageError(
            "say where the seal goes: --rect L,B,R,T or --at X,Y with --page P, --keyword TEXT, "
            "--straddle EDGE, or --into-field NAME"
        )
    return places[0] if len(places) == 1 else Several(tuple(places))


def _at_keyword(options: dict[str, Any], page: str, look: dict[str, Any]) -> AtKeyword:
    return AtKeyword(
        options["keyword"],
        page,
        order=options["order"],
        nth=options["nth"],
        position=options["position"],
        offset=Point(*options["offset"]),
        whole_word=options["whole_word"],
        **look,
    )


def _straddle(options: dict[str, Any], page: str, look: dict[str, Any]) -> Straddle:
    return Straddle(
        options["straddle"],
        page,
        along=options["along"],
        first_share=options["first_share"] / 100,
        last_share=options["last_share"] / 100,
        pages_per_seal=options["pages_per_seal"],
        trim=not options["keep_margins"],
        **look,
    )


def _check_suffixes(options: dict[str, Any]) -> None:
    """`--unit mm` and `40mm` together would count twice."""
    if options["unit"] == "pt":
        return
    values = [
        *options["rect"],
        *options["at"],
        options["size"] or (),
        options["fit"] or (),
        options["offset"],
    ]
    if any(isinstance(one, SuffixedLength) for value in values for one in value):
        raise click.UsageError(f"with --unit {options['unit']} lengths have no suffix")


_PLACE_OPTIONS = (
    click.option(
        "--page",
        "--pages",
        "page",
        help="Pages: 3, 1-3,6-10, all, odd, even. By default 1, and all for keywords and straddle.",
    ),
    click.option("--rect", type=RECT, multiple=True, help="Centre the seal in this rectangle; repeatable."),
    click.option("--at", type=POINT, multiple=True, help="Centre the seal on this point; repeatable."),
    click.option("--keyword", multiple=True, help="Seal where this text stands; repeatable."),
    *KEYWORD_OPTIONS,
    click.option(
        "--position",
        type=click.Choice(POSITIONS),
        default="center",
        show_default=True,
        help="Of the seal at the keyword: on it, right of it, below it.",
    ),
    click.option(
        "--offset",
        type=POINT,
        default="0,0",
        show_default=True,
        help="From there, to the right and downward.",
    ),
)
_STRADDLE_OPTIONS = (
    click.option("--straddle", type=click.Choice(EDGES), help="Cut over this edge of the pages."),
    click.option(
        "--along",
        type=Number(0, 1),
        default=0.5,
        show_default=True,
        help="Where on the edge, from its lower or left end.",
    ),
    click.option(
        "--first-share",
        type=Number(0, 99),
        default=0,
        help="Least per cent on the first page.",
    ),
    click.option(
        "--last-share",
        type=Number(0, 99),
        default=0,
        help="Least per cent on the last page.",
    ),
    click.option("--pages-per-seal", type=int, help="Cut another seal after at most so many pages."),
    click.option("--keep-margins", is_flag=True, help="Do not trim the picture before it is cut."),
)
_BOX_OPTIONS = (
    click.option("--into-field", multiple=True, metavar="NAME", help="Fill this empty signature field."),
    click.option("--allow-annotations", is_flag=True, help="Several boxes even on a signed PDF."),
    click.option("--unit", type=click.Choice(UNITS), default="pt", show_default=True),
    click.option(
        "--origin",
        type=click.Choice(ORIGINS),
        default=ORIGINS[0],
        show_default=True,
        help="The corner of the page that --rect and --at count from.",
    ),
    click.option("--size", type=SIZE, help="Exact size of the seal; mm with the suffix mm."),
    click.option("--fit", type=SIZE, help="Largest size; the picture keeps its natural one if it fits."),
    click.option("--image", help="Seal picture: PNG, JPEG, GIF or BMP."),
    click.option("--seal", help="Electronic seal (SESeal, DER); brings its own picture."),
    click.option(
        "--opacity",
        type=Number(0, 100, min_open=True),
        default=100,
        show_default=True,
        help="Per cent.",
    ),
    click.option(
        "--cover-text",
        is_flag=True,
        help="Draw on top of the page instead of letting it shine through.",
    ),
)


def placement_options(command: F) -> F:
    """Where the seal goes, and its picture."""
    for option in reversed((*_PLACE_OPTIONS, *_STRADDLE_OPTIONS, *_BOX_OPTIONS)):
        command = option(command)
    return command


def signature_options(command: F) -> F:
    """What the signature says, and how."""
    for option in reversed(
        (
            click.option("--chain", multiple=True, help="Intermediate certificates; may be repeated."),
            click.option(
                "--scheme",
                type=click.Choice(pdfseal.CONTAINER_SCHEMES),
                help="By default cms, or the layout of --seal.",
            ),
            click.option(
                "--signature-scheme", help="Algorithm such as rsa-pss-sha256; by default what fits the key."
            ),
            click.option(
                "--subfilter", help="For SM2 CMS: GM.sm2cms.detached (default) or adbe.pkcs7.detached."
            ),
            click.option("--when", type=MOMENT, help="Signing time; now by default."),
            click.option("--field-name", help="Name of the new signature field."),
            click.option("--name", help="Who seals; by default the certificate's common name."),
            click.option("--reason"),
            click.option("--location"),
            click.option("--contact"),
            click.option("--repair", is_flag=True, help="Rewrite a damaged, unsigned PDF first."),
            click.option("--pdf-password-file", help="File whose first line opens an encrypted PDF."),
            click.option(
                "--certify", type=click.IntRange(1, 3), help="Certify: later changes up to /P 1, 2 or 3."
            ),
            click.option(
                "--lock",
                type=LOCK,
                help="Form fields that it locks: all; NAME,...; ~NAME,... for all others. With 1:, 2: or 3: "
                "before it, no later change goes beyond that /P.",
            ),
            click.option("--reserve", type=int, help="Bytes kept for the signature container."),
        )
    ):
        command = option(command)
    return command


json_option = click.option("--json", "as_json", is_flag=True, help="The result as JSON on standard output.")
