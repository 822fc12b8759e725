"""`pdfseal inspect`: the revisions of a file, and the file as it was."""

from __future__ import annotations

from typing import Any

import click

import pdfseal
from pdfseal import Inspection
from pdfseal.inspection import extract_length
from pdfseal.pdf.source import copy_into, opened, write_atomically
from pdfseal_cli.edge import guarded, print_json, say_plainly
from pdfseal_cli.kinds import OUTPUT
from pdfseal_cli.limits import limit_option, limits_of
from pdfseal_cli.outputs import check_output
from pdfseal_cli.params import json_option, pdf_input, read_pdf_password


@click.command("inspect")
@click.argument("file")
@click.option("--extract", type=int, metavar="N", help="Write the file as it was at revision N; needs -o.")
@click.option("-o", "--output", type=OUTPUT, help="Where --extract writes.")
@click.option("--pdf-password-file", help="File whose first line opens an encrypted PDF.")
@limit_option
@json_option
@guarded
def inspect(**options: Any) -> None:
    """Show the revisions of FILE, what each changed, its signatures and its own rules."""
    wanted = options["extract"]
    output = check_output(options["output"], options["file"]) if wanted is not None else None
    pdf = pdf_input(options["file"])
    password = read_pdf_password(options["pdf_password_file"])
    found = pdfseal.inspect(pdf, password=password, limits=limits_of(options["limit"]))
    if output is not None:
        length = extract_length(found, wanted)
        with opened(pdf) as source:
            write_atomically(output, lambda out: copy_into(source, out, length))
    if options["as_json"]:
        print_json(found.to_json() | {"path": options["file"]})
        return
    for line in _lines(options["file"], found):
        say_plainly(line)


def _lines(file: str, found: Inspection) -> list[str]:
    traits = [f"{found.pages} pages", f"{found.size} bytes"]
    traits += ["encrypted"] if found.encrypted else []
    traits += [f"claims PDF/A-{found.pdfa_part}"] if found.pdfa_part else []
    traits += [f"certified, permits /P {found.certification}"] if found.certification else []
    lines = [f"{file}: {', '.join(traits)}"]
    lines += [f"  remark: {remark}" for remark in found.remarks]
    for one in found.revisions:
        lines.append(
            f"  revision {one.number}: bytes {one.start} to {one.end}, {one.kind}, {one.objects} objects"
        )
        if one.level is not None:
            lines.append(f"    changes: {one.level}")
            lines += [f"      - {change.reason} (object {change.number})" for change in one.changes]
        if one.signature is not None:
            lines.append(f"    signed by field {one.signature} {one.modified or ''}".rstrip())
    for field in found.empty_fields:
        lines.append(f"  empty signature field: {field}")
    return lines
