"""Who seals a batch: the signer of the command line, and those that a TOML file names.

[finance]
key = "finance.key.pem"
password-file = "finance.pwd"
cert = "finance.crt.pem"
chain = ["ca.pem"]
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from typing import Any

import click

from pdfseal import CallerError, Size, mm_to_points
from pdfseal.adapters.batch import KeySource, Signing
from pdfseal.api import make_plan
from pdfseal.containers.ses_reading import read_seal
from pdfseal_cli.batch_items import SIGNER_OPTIONS
from pdfseal_cli.params import placement_options, read_input, signature_options
from pdfseal_cli.signers import command_words, signer_of, signer_options

_PATHS = ("key", "password_file", "cert", "chain", "seal")


@click.command(add_help_option=False)
@signer_options
@placement_options
@signature_options
def _table(**options: Any) -> None:
    """The options that a table of the file may bring."""


_OWN = {"key", "password_file", "signer_command", "signer_timeout", "cert", *SIGNER_OPTIONS} - {"repair"}
_OPTIONS = {str(one.name): one for one in _table.params if one.name in _OWN}


def signers_of(options: dict[str, Any], path: str | None) -> dict[str, Signing]:
    """Every signer by name, "" for the command's own. All keys are opened once, to know that they fit."""
    found: dict[str, Signing] = {}
    if options["key"] or options["signer_command"] or path is None:
        found[""] = _signing(options)
    if path is None:
        return found
    try:
        tables = tomllib.loads(read_input(path, "--signers").decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CallerError("argument", f"--signers: {path}: {error}") from error
    base = os.path.dirname(os.path.abspath(path))
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise CallerError("argument", f"--signers: {path}: [{name}] is no table")
        arguments = list(_arguments(f"--signers: {path}: [{name}]", table, base))
        found[name] = _signing(_table.make_context("signer", arguments).params)
    return found


def _arguments(where: str, table: dict[str, Any], base: str) -> Iterator[str]:
    for key, given in table.items():
        name = key.replace("-", "_")
        if name not in _OPTIONS:
            raise CallerError("argument", f"{where} knows no {key}: {', '.join(sorted(_OPTIONS))}")
        for value in given if isinstance(given, list) else [given]:
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise CallerError("argument", f"{where}: {key} is no text")
            if "\0" in str(value):
                raise CallerError("argument", f"{where}: {key} holds a NUL")
            text = os.path.join(base, str(value)) if name in _PATHS else str(value)
            yield f"{_OPTIONS[name].opts[0]}={text}"


def _signing(options: dict[str, Any]) -> Signing:
    """The container to build and where the key is; the key itself is left where it is."""
    _, certificates = signer_of(options)
    seal = read_input(options["seal"], "--seal") if options["seal"] else None
    plan = make_plan(
        options["scheme"],
        certificates[0],
        certificates[1:],
        options["signature_scheme"],
        options["subfilter"],
        seal,
    )
    key = KeySource(
        os.path.abspath(options["key"]) if options["key"] else None,
        os.path.abspath(options["password_file"]) if options["password_file"] else None,
        tuple(command_words(options["signer_command"] or "")),
        options["signer_timeout"],
    )
    if seal is None:
        return Signing(plan, key)
    picture = read_seal(seal).info.picture
    size = Size(mm_to_points(picture.width_mm), mm_to_points(picture.height_mm))
    return Signing(plan, key, picture.data, size)
