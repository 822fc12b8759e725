"""Parameter types and options that several commands share."""

from __future__ import annotations

import base64
import binascii
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

import pdfseal
from pdfseal import (
    AtPoint,
    CallerError,
    Certificate,
    InRectangle,
    OutsideError,
    Point,
    Rect,
    Size,
    TrustAnchors,
)
from pdfseal.adapters.keys import decode_signature
from pdfseal.geometry import mm_to_points
from pdfseal.pdf.source import write_atomically

_LENGTH = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*(pt|mm)?\s*$")
MAX_INPUT_BYTES = 64 << 20

F = TypeVar("F", bound=Callable[..., Any])


def length(text: str) -> float:
    """A length in points; the suffix mm or pt says otherwise or confirms."""
    match = _LENGTH.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a length such as 12, 12.5pt or 40mm")
    value = float(match[1])
    return mm_to_points(value) if match[2] == "mm" else value


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
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-01-31 or 2026-01-31T12:00:00+08:00", param, ctx)
        if moment.tzinfo is None:
            if len(str(value)) > 10:
                self.fail(f"{value!r} names no time zone: append Z or +08:00", param, ctx)
            moment = moment.replace(tzinfo=UTC)
        return moment


RECT, POINT, SIZE, MOMENT = Lengths("L,B,R,T"), Lengths("X,Y"), Lengths("W,H"), Moment()


def read_input(path: str, what: str) -> bytes:
    """A small input file whole, or standard input for `-`. Errors name what it was wanted for."""
    if path == "-":
        return sys.stdin.buffer.read(MAX_INPUT_BYTES)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_INPUT_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise CallerError("not_found", f"{what}: {path}: {(error.strerror or '').lower()}") from error
    except OSError as error:
        raise OutsideError("file_system", f"{what}: {path}: {error.strerror}") from error
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


def read_anchors(paths: tuple[str, ...]) -> TrustAnchors | None:
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
        raise CallerError("not_found", f"--trust: no .pem, .crt, .cer or .der file in {', '.join(paths)}")
    return TrustAnchors(read_certificates(tuple(files), "--trust"))


def read_password(path: str | None) -> bytes | None:
    """The first line of a password file; None where no file was given."""
    if path is None:
        return None
    return read_input(path, "--password-file").split(b"\n", 1)[0].rstrip(b"\r")


def read_pdf_password(path: str | None) -> str | None:
    """The first line of a file, as UTF-8, for an encrypted PDF."""
    password = read_password(path)
    try:
        return None if password is None else password.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CallerError("argument", f"{path}: the password is not UTF-8 text") from error


def check_output(output: str | None, source: str, in_place: bool) -> str:
    """Where the result goes. Never the input, unless --in-place asks for that."""
    if in_place:
        if output is not None or source == "-":
            raise click.UsageError("--in-place goes with an input file and without -o")
        return source
    if output is None:
        raise click.UsageError("missing -o OUTPUT (or --in-place)")
    if source != "-" and os.path.exists(output) and os.path.samefile(output, source):
        raise CallerError(
            "output_exists_as_input",
            f"{output} is the input file: name another output, or ask for --in-place",
        )
    return output


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


def write_output(path: str, data: bytes) -> None:
    """A small output file, whole or not at all."""

    def fill(out: BinaryIO) -> None:
        out.write(data)

    write_atomically(path, fill)


def placement_of(options: dict[str, Any]) -> InRectangle | AtPoint:
    """The placement that --page, --rect, --at, --size and --fit describe."""
    rect, point = options["rect"], options["at"]
    if (rect is None) == (point is None):
        raise click.UsageError("say where the seal goes: --page P with either --rect L,B,R,T or --at X,Y")
    size = Size(*options["size"]) if options["size"] else None
    fit = Size(*options["fit"]) if options["fit"] else None
    if rect is not None:
        return InRectangle(options["page"], Rect.of_corners(*rect), size, fit)
    return AtPoint(options["page"], Point(*point), size, fit)


def placement_options(command: F) -> F:
    """Where the seal goes and how it looks."""
    for option in reversed(
        (
            click.option("--page", type=int, default=1, show_default=True, help="Page, counted from 1."),
            click.option(
                "--rect", type=RECT, help="Centre the seal in this rectangle of the displayed page."
            ),
            click.option("--at", type=POINT, help="Centre the seal on this point of the displayed page."),
            click.option("--size", type=SIZE, help="Exact size of the seal; mm with the suffix mm."),
            click.option(
                "--fit", type=SIZE, help="Largest size; the picture keeps its natural one if it fits."
            ),
            click.option("--image", help="Seal picture: PNG, JPEG, GIF or BMP."),
            click.option("--seal", help="Electronic seal (SESeal, DER); brings its own picture."),
            click.option(
                "--opacity",
                type=click.FloatRange(0, 100, min_open=True),
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
    ):
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
            click.option("--reserve", type=int, help="Bytes kept for the signature container."),
        )
    ):
        command = option(command)
    return command


json_option = click.option("--json", "as_json", is_flag=True, help="The result as JSON on standard output.")
