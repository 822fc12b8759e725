"""`pdfseal compose`: the signature value that came back goes into the prepared PDF."""

from __future__ import annotations

from typing import Any

import click

from pdfseal import Patch, PreparedSeal, sealing
from pdfseal.pdf.source import opened
from pdfseal.timestamp import read_token
from pdfseal_cli.edge import guarded, print_json, say
from pdfseal_cli.kinds import OUTPUT
from pdfseal_cli.limits import limit_option, limits_of
from pdfseal_cli.outputs import check_apart, check_output
from pdfseal_cli.params import (
    json_option,
    pdf_input,
    read_certificates,
    read_input,
    read_pdf_password,
    signature_argument,
)


@click.command()
@click.argument("prepared")
@click.option("--session", help="The session file that prepare wrote.")
@click.option("--to-be-signed", help="Instead of --session: the bytes that were signed, a file.")
@click.option("--cert", help="With --to-be-signed: the signer's certificate.")
@click.option("--chain", multiple=True, help="With --to-be-signed: more certificates; may be repeated.")
@click.option("--signature", required=True, help="The signature value: a file, or base64 or hex text.")
@click.option("--timestamp", help="A timestamp token or response over the signature value.")
@click.option("--pdf-password-file", help="With --to-be-signed: opens an encrypted PDF.")
@click.option("-o", "--output", type=OUTPUT, help="The sealed PDF.")
@click.option("--in-place", is_flag=True, help="Write into the prepared PDF itself.")
@limit_option
@json_option
@guarded
def compose(**options: Any) -> None:
    """Turn the PREPARED pdf into a sealed one, with the signature that the outside signer returned."""
    output = check_output(options["output"], options["prepared"], options["in_place"])
    check_apart(options, "output")
    signature = signature_argument(options["signature"])
    timestamp = None
    if options["timestamp"]:
        timestamp = read_token(read_input(options["timestamp"], "--timestamp")).der
    with opened(pdf_input(options["prepared"])) as source:
        patch = _patch(options, source, signature, timestamp)
        if not options["in_place"]:
            patch.write(source, output)
    if options["in_place"]:
        patch.write_in_place(output)
    if options["as_json"]:
        print_json({"schema": 1, "sealed": output})
    else:
        say(output)


def _patch(options: dict[str, Any], source: Any, signature: bytes, timestamp: bytes | None) -> Patch:
    if (options["session"] is None) == (options["to_be_signed"] is None):
        raise click.UsageError(
            "say what was signed: either --session S.json, or --to-be-signed F with --cert C"
        )
    if options["session"] is not None:
        session = PreparedSeal.from_json(read_input(options["session"], "--session"))
        sealing.check_prepared(session, source)
        sealing.check_original(session, source)
        return sealing.compose(session, signature, timestamp=timestamp)
    if options["cert"] is None:
        raise click.UsageError("--to-be-signed goes with --cert CERT")
    certificates = read_certificates((options["cert"], *options["chain"]), "--cert or --chain")
    to_be_signed = read_input(options["to_be_signed"], "--to-be-signed")
    return sealing.compose_prepared(
        source,
        to_be_signed,
        signature,
        certificates=certificates,
        timestamp=timestamp,
        password=read_pdf_password(options["pdf_password_file"]),
        limits=limits_of(options["limit"]),
    )
