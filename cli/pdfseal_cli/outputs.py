"""Where results go: never over an input, and only whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any, BinaryIO

import click

from pdfseal import CallerError, OutsideError
from pdfseal.pdf.source import write_together
from pdfseal_cli.usage import written_as


def check_output(output: str | None, source: str, in_place: bool | None = None) -> str:
    """Where the result goes. Never the input, unless --in-place asks for that; None where it cannot."""
    or_in_place = "" if in_place is None else " (or --in-place)"
    if in_place:
        if output is not None or source == "-":
            raise click.UsageError("--in-place goes with an input file and without -o")
        return source
    if output is None:
        raise click.UsageError(f"missing -o OUTPUT{or_in_place}")
    if source != "-" and same_file(output, source):
        raise CallerError(
            "output_exists_as_input",
            f"{output} is the input file: name another output" + or_in_place,
        )
    return output


# Options that name files to read; what a command writes must be none of them.
_INPUTS = (
    "file", "prepared", "cert", "chain", "key", "password_file", "pdf_password_file", "image", "seal",
    "session", "to_be_signed", "signature", "timestamp",
)  # fmt: skip


def check_apart(options: dict[str, Any], *outputs: str) -> None:
    """No output may be an input or another output.

    `outputs` names the options that name files to write.
    """
    inputs: list[tuple[str, str]] = []
    for name in _INPUTS:
        given = options.get(name) if name not in outputs else None
        inputs += [(name, path) for path in (given if isinstance(given, tuple) else (given,)) if path]
    written: list[str] = []
    for path in (options[name] for name in outputs if options[name] is not None):
        for name, source in inputs:
            if same_file(path, source):
                raise CallerError(
                    "output_exists_as_input", f"{path} is also read ({written_as(name)}): name another output"
                )
        if any(same_file(path, other) for other in written):
            raise CallerError("argument", f"{path} is named for two outputs")
        written.append(path)
    for path in written:
        check_place(path)


def _check_named_once(path: str) -> None:
    """An output that exists and that two options or arguments name is an input as well."""
    context = click.get_current_context(silent=True)
    if context is None or not os.path.exists(path):
        return
    naming = [written_as(name) for name, value in context.params.items() if _names(value, path)]
    if len(naming) > 1:
        raise CallerError(
            "output_exists_as_input", f"{path} is named twice ({', '.join(naming)}): name another output"
        )


def _names(value: Any, path: str) -> bool:
    """Whether the value of an option, or one of its values, is the path of an existing file."""
    values = value if isinstance(value, tuple | list) else (value,)
    return any(isinstance(one, str) and one and same_file(one, path) for one in values)


def check_place(path: str) -> None:
    """Before anything is written: that each output has a folder to go to."""
    if os.path.isdir(path):
        raise OutsideError("file_system", f"{path}: is a directory")
    if not os.path.isdir(os.path.dirname(path) or "."):
        raise OutsideError("file_system", f"{path}: no such directory")


def same_file(one: str, other: str) -> bool:
    """Whether two paths lead to one file, which need not be there."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return os.path.exists(one) and os.path.exists(other) and os.path.samefile(one, other)


def write_output(path: str, data: bytes) -> None:
    """A small output file, whole or not at all; never over a file that another option names."""
    write_outputs({path: data})


def write_outputs(files: Mapping[str, bytes]) -> None:
    """Several of them: none is there before all are whole."""
    for path in files:
        _check_named_once(path)
    write_together([(path, partial(_fill, data)) for path, data in files.items()])


def _fill(data: bytes, out: BinaryIO) -> None:
    out.write(data)
