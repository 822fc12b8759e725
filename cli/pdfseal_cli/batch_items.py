"""What a batch is given: a folder, a list or a CSV file, and the items that come of it.

Law: what stands in a list or CSV file is data. A value that makes no sense is the error of its
item; only a file that cannot be read, or a CSV without a usable head, concerns the whole batch. An
output never leaves the output folder.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

import click

from pdfseal import CallerError, OutsideError, PdfsealError, Wording
from pdfseal.adapters.batch import Item, SealOrder
from pdfseal_cli.appearance import appearance_of, appearance_options
from pdfseal_cli.params import placement_of, placement_options, read_pdf_password, signature_options

MAX_FIELD_CHARACTERS = 8192
# Options that are the signer's, not the document's.
SIGNER_OPTIONS = ("chain", "scheme", "signature_scheme", "subfilter", "seal", "repair")
_PATHS = ("image", "font", "pdf_password_file")
_PLACES = ("rect", "at", "keyword", "straddle", "into_field")  # one of these in a row replaces the others
_SIZES = ("size", "fit")
_YES, _NO = ("1", "yes", "true", "y"), ("0", "no", "false", "n", "")

Columns = tuple[tuple[str, str], ...]


@click.command(add_help_option=False)
@placement_options
@appearance_options
@signature_options
def _row(**options: Any) -> None:
    """The options that a row of a CSV file may bring."""


# Column -> option; a column is named as the option is, in any of its names.
COLUMNS: dict[str, click.Option] = {
    written.lstrip("-").replace("-", "_"): one
    for one in _row.params
    if isinstance(one, click.Option) and one.name not in SIGNER_OPTIONS
    for written in one.opts
}
_CONTEXT = click.Context(_row)


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as it was named."""

    text: str
    columns: Columns = ()
    output: str = ""
    error: str = ""

    @property
    def key(self) -> str:
        """The name, and the output where the row gives one: a document may be sealed into several."""
        return f"{self.text} -> {self.output}" if self.output else self.text


@dataclass(frozen=True)
class Listing:
    """The documents of a batch, read anew each time it is iterated. `base`: what relative paths are below."""

    base: str
    entries: Callable[[], Iterator[Entry]] = field(repr=False)

    def count(self) -> int:
        return sum(1 for _ in self.entries())


def listing_of(path: str, *, output: str | None, encoding: str, columns: bool) -> Listing:
    """A folder (PDF files below it, in order), a CSV file (by its suffix), else a list, a path a line.

    `columns`: whether a CSV file may bring more than files and outputs. Raises `not_found`, `argument`.
    """
    if os.path.isdir(path):
        return Listing(path, lambda: _walk(path, output))
    base = os.path.dirname(os.path.abspath(path))
    if not os.path.exists(path):
        raise CallerError("not_found", f"{path}: there is no such folder, list or CSV file")
    if _is_pdf(path):
        raise CallerError(
            "argument", f"{path} is a PDF: name a folder of PDF files, a list of them, or leave out `batch`"
        )
    if path.lower().endswith(".csv"):
        known = COLUMNS if columns else {}
        _check_head(path, encoding, known, signer=columns)
        return Listing(base, lambda: _read_csv(path, encoding))
    return Listing(base, lambda: _read_list(path, encoding))


def _is_pdf(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return b"%PDF-" in file.read(1024)
    except OSError as error:
        raise OutsideError("file_system", f"{path}: {error.strerror}") from error


def _walk(folder: str, output: str | None) -> Iterator[Entry]:
    avoid = os.path.realpath(output) if output else None
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if os.path.realpath(os.path.join(path, one)) != avoid)
        for name in sorted(names):
            if name.lower().endswith(".pdf"):
                yield Entry(os.path.relpath(os.path.join(path, name), folder))


def _lines(path: str, encoding: str) -> Iterator[str]:
    """Lines with their ends; octets that are no text become lone surrogates, as in file names."""
    try:
        with open(path, encoding=encoding, errors="surrogateescape", newline="") as file:
            yield from file
    except OSError as error:
        raise OutsideError("file_system", f"{path}: {error.strerror}") from error
    except LookupError as error:
        raise CallerError("argument", f"--encoding: {error}") from error


def _read_list(path: str, encoding: str) -> Iterator[Entry]:
    for line in _lines(path, encoding):
        text = line.rstrip("\r\n")
        if text.strip():
            yield Entry(text)


def _head(path: str, encoding: str) -> list[str]:
    names = next(csv.reader(_lines(path, encoding)), [])
    return [name.strip().lower().replace("-", "_") for name in names]


def _check_head(path: str, encoding: str, known: dict[str, click.Option], *, signer: bool) -> None:
    try:
        head = _head(path, encoding)
    except csv.Error as error:
        raise CallerError("argument", f"{path}: the first line is no head of a CSV file: {error}") from error
    allowed = {"file", "output", *known} | ({"signer"} if signer else set())
    unknown = [name for name in head if name not in allowed]
    if "file" not in head or unknown or len(set(head)) != len(head):
        wrong = f"knows no column {unknown[0][:40]!r}" if unknown else "needs one column `file`"
        columns = ", ".join(sorted(allowed))
        raise CallerError("argument", f"{path}: the first line names the columns; it {wrong}: {columns}")


def _read_csv(path: str, encoding: str) -> Iterator[Entry]:
    head = _head(path, encoding)
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    rows = csv.reader(_lines(path, encoding))
    next(rows, None)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Entry(f"line {rows.line_num}", error=f"the line cannot be read: {error}")
            continue
        if not any(cell.strip() for cell in row):
            continue
        cells = dict(zip(head, row, strict=False))
        if len(row) > len(head) or not cells.get("file"):
            yield Entry(f"line {rows.line_num}", error=f"line {rows.line_num} does not fit the columns")
            continue
        columns = tuple((name, cell) for name, cell in cells.items() if name not in ("file", "output"))
        yield Entry(cells["file"], columns, cells.get("output", "").strip())


# -- entries -> items ------------------------------------------------------------------------


def items_of(
    listing: Listing, output: str | None, suffix: str, order_of: Callable[[Columns], SealOrder] | None
) -> Iterator[Item]:
    """The items, in order. `suffix` is put to the names of outputs; `order_of` reads the columns."""
    for entry in listing.entries():
        source = os.path.join(listing.base, entry.text)
        try:
            if entry.error:
                raise CallerError("argument", entry.error)
            if "\0" in entry.text:
                raise CallerError("argument", f"{entry.text[:200]!r} is no path of a file")
            target = None if output is None else _output(output, entry) + suffix
            order = None if order_of is None else order_of(entry.columns)
            yield Item(entry.key, source, target, order)
        except click.ClickException as error:
            yield Item(entry.key, source, error=("argument", error.format_message()[:500]))
        except PdfsealError as error:
            yield Item(entry.key, source, error=(error.code, error.message[:500]))


def _output(folder: str, entry: Entry) -> str:
    """Below the output folder: where the row says, else as the source is below its base, else by its name."""
    path = PurePosixPath(entry.output or entry.text)
    inside = not path.is_absolute() and ".." not in path.parts
    if "\0" in entry.output or not path.name or (entry.output and not inside):
        raise CallerError("argument", f"{str(path)[:200]!r} is no path below the output folder")
    return os.path.join(folder, *(path.parts if inside else (path.name,)))


def orders(defaults: dict[str, Any], base: str) -> Callable[[Columns], SealOrder]:
    """How a document is sealed: the command's options, and over them those of its row."""

    @lru_cache(maxsize=1024)
    def order_of(columns: Columns) -> SealOrder:
        return _order(defaults | _row_options(columns, base), dict(columns).get("signer", ""))

    return order_of


def _row_options(columns: Columns, base: str) -> dict[str, Any]:
    """The cells as the command line would read them. Raises BadParameter, CallerError."""
    read: dict[str, Any] = {}
    for name, cell in columns:
        text = cell.strip()
        if name == "signer" or not text:
            continue
        option = COLUMNS[name]
        if option.is_flag:
            if text.lower() not in (*_YES, *_NO):
                raise CallerError("argument", f"{name}: {text[:40]!r} is neither yes nor no")
            read[str(option.name)] = text.lower() in _YES
            continue
        value = os.path.join(base, text) if name in _PATHS else text
        read[str(option.name)] = option.type_cast_value(_CONTEXT, (value,) if option.multiple else value)
    for alternatives in (_PLACES, _SIZES):
        if not read.keys().isdisjoint(alternatives):
            read = {name: () if COLUMNS[name].multiple else None for name in alternatives} | read
    return read


def _order(options: dict[str, Any], signer: str) -> SealOrder:
    if options.get("repair"):
        raise CallerError("argument", "--repair is for single files: a batch never rewrites a document")
    return SealOrder(
        signer=signer.strip(),
        placement=placement_of(options),
        picture=os.path.abspath(options["image"]) if options["image"] else None,
        appearance=appearance_of(options | {"image": None}),
        wording=Wording(options["name"], options["reason"], options["location"], options["contact"]),
        when=options["when"],
        field_name=options["field_name"],
        reserve=options["reserve"],
        certify=options["certify"],
        lock=options["lock"],
        allow_annotations=options["allow_annotations"],
        password=read_pdf_password(options["pdf_password_file"]),
    )
