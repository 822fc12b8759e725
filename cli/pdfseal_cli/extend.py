"""`pdfseal extend`: what a verifier will need in ten years goes into the document today."""

from __future__ import annotations

from typing import Any

import click

import pdfseal
from pdfseal_cli.edge import guarded, print_json, say
from pdfseal_cli.kinds import MOMENT, OUTPUT
from pdfseal_cli.limits import limit_option, limits_of
from pdfseal_cli.outputs import check_output, write_output
from pdfseal_cli.params import json_option, pdf_input, read_anchors, read_pdf_password
from pdfseal_cli.trust import trust_arguments, trust_options
from pdfseal_cli.tsa import tsa_client, tsa_options


@click.command()
@click.argument("file")
@click.option("--level", type=click.Choice(["B-LT", "B-LTA"]), default="B-LT", show_default=True)
@trust_options
@click.option("--timestamp-trust", multiple=True, help="Anchors of timestamp authorities, where others.")
@tsa_options
@click.option("--at", type=MOMENT, help="The moment of judgement; now by default.")
@click.option("--pdf-password-file", help="File whose first line opens an encrypted PDF.")
@click.option("-o", "--output", type=OUTPUT, help="The PDF with the evidence.")
@click.option("--in-place", is_flag=True, help="Write into FILE itself.")
@limit_option
@json_option
@guarded
def extend(**options: Any) -> None:
    """Put certificates and revocation data of every signature into the PDF FILE; with B-LTA stamp it all."""
    output = check_output(options["output"], options["file"], options["in_place"])
    arguments = trust_arguments(options)
    if arguments["trust"] is None:
        raise click.UsageError("say whom you trust: --trust PEM (or --trust-system)")
    extended = pdfseal.extend(
        pdf_input(options["file"]),
        level=options["level"],
        timestamp_trust=read_anchors(options["timestamp_trust"], "--timestamp-trust"),
        authority=tsa_client(options) if options["tsa"] else None,
        algorithm=options["tsa_digest"] or "sha256",
        at=options["at"],
        password=read_pdf_password(options["pdf_password_file"]),
        limits=limits_of(options["limit"]),
        **arguments,
    )
    write_output(output, extended)
    if options["as_json"]:
        print_json({"schema": 1, "extended": output, "level": options["level"], "size": len(extended)})
    else:
        say(output)
