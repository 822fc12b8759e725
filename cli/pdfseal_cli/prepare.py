"""`pdfseal prepare` and `pdfseal sign`: from a PDF to a prepared, or at once to a sealed one."""

from __future__ import annotations

import base64
import shlex
from typing import Any

import click

import pdfseal
from pdfseal import Appearance, CallerError, Certificate, PreparedSeal, Wording
from pdfseal.adapters.keys import CommandSigner, LocalSigner, check_key_matches, load_private_key
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.crypto.signer import Signer
from pdfseal.pdf.source import write_atomically
from pdfseal.prepared import box_to_json
from pdfseal_cli.edge import guarded, note, print_json
from pdfseal_cli.params import (
    check_output,
    json_option,
    pdf_input,
    placement_of,
    placement_options,
    read_certificates,
    read_input,
    read_password,
    read_pdf_password,
    signature_options,
)


@click.command()
@click.argument("file")
@click.option("-o", "--output", help="The prepared PDF.")
@click.option("--session", help="The session file; by default the output's name plus .session.json.")
@click.option("--to-be-signed-out", help="Also write the bytes that the outside signer signs.")
@click.option("--cert", required=True, help="The signer's certificate, PEM or DER.")
@placement_options
@signature_options
@json_option
@guarded
def prepare(**options: Any) -> None:
    """Reserve a signature field in FILE and say what is to be signed."""
    output = check_output(options["output"], options["file"], in_place=False)
    certificates = read_certificates((options["cert"], *options["chain"]), "--cert or --chain")
    prepared = _prepare(options, certificates)
    session = options["session"] or f"{output}.session.json"
    prepared.write(output)
    _write(session, prepared.to_json().encode())
    if options["to_be_signed_out"]:
        _write(options["to_be_signed_out"], prepared.hash_set_bytes)
    _tell(prepared, {"prepared": output, "session": session}, options)


@click.command()
@click.argument("file")
@click.option("-o", "--output", help="The sealed PDF.")
@click.option("--in-place", is_flag=True, help="Replace the input file by the sealed one.")
@click.option("--key", help="Private key: PEM, DER or PKCS#12.")
@click.option("--password-file", help="File whose first line is the key's password.")
@click.option("--signer-command", help="Program that reads the to-be-signed bytes and writes the signature.")
@click.option("--signer-timeout", type=float, default=60, show_default=True, help="Seconds.")
@click.option("--cert", help="The signer's certificate; a PKCS#12 file brings its own.")
@placement_options
@signature_options
@json_option
@guarded
def sign(**options: Any) -> None:
    """Seal FILE in one step, with a local key or an outside signer command."""
    output = check_output(options["output"], options["file"], options["in_place"])
    signer, certificates = _signer(options)
    check_key_matches(signer, certificates[0])
    prepared = _prepare(options, certificates)
    signature = signer.sign(prepared.hash_set_bytes, SCHEMES[prepared.signature_scheme])
    patch = pdfseal.compose(prepared, signature)
    prepared.write(output, patch=patch)
    _tell(prepared, {"sealed": output}, options)


def _signer(options: dict[str, Any]) -> tuple[Signer, tuple[Certificate, ...]]:
    """The signer, and its certificate with the chain."""
    if (options["key"] is None) == (options["signer_command"] is None):
        raise click.UsageError("say who signs: either --key KEY or --signer-command CMD")
    given = read_certificates((options["cert"],) if options["cert"] else (), "--cert")
    chain = read_certificates(options["chain"], "--chain")
    if options["signer_command"] is not None:
        if not given:
            raise click.UsageError("--signer-command goes with --cert CERT")
        return CommandSigner(shlex.split(options["signer_command"]), options["signer_timeout"]), given + chain
    signer: LocalSigner = load_private_key(
        read_input(options["key"], "--key"), read_password(options["password_file"])
    )
    own = (signer.certificate,) if signer.certificate is not None and not given else ()
    if not given and not own:
        raise CallerError("argument", f"{options['key']} brings no certificate: add --cert CERT")
    return signer, given + own + chain + signer.chain


def _prepare(options: dict[str, Any], certificates: tuple[Certificate, ...]) -> PreparedSeal:
    return pdfseal.prepare(
        pdf_input(options["file"]),
        placement=placement_of(options),
        appearance=Appearance(
            read_input(options["image"], "--image"), options["opacity"], options["cover_text"]
        ),
        signer=certificates[0],
        chain=certificates[1:],
        scheme=options["scheme"],
        signature_scheme=options["signature_scheme"],
        subfilter=options["subfilter"],
        when=options["when"],
        wording=Wording(options["name"], options["reason"], options["location"], options["contact"]),
        field_name=options["field_name"],
        reserve=options["reserve"],
        password=read_pdf_password(options["pdf_password_file"]),
        repair=options["repair"],
    )


def _write(path: str, data: bytes) -> None:
    write_atomically(path, lambda out: _ignore(out.write(data)))


def _ignore(count: int) -> None:
    del count


def _tell(prepared: PreparedSeal, outputs: dict[str, str], options: dict[str, Any]) -> None:
    for remark in prepared.notes:
        note(remark)
    if options["as_json"]:
        print_json(outputs | _facts(prepared))
        return
    for path in outputs.values():
        click.echo(path)


def _facts(prepared: PreparedSeal) -> dict[str, Any]:
    def b64(data: bytes) -> str:
        return base64.b64encode(data).decode()

    return {
        "schema": 1,
        "field": prepared.field_name,
        "scheme": prepared.scheme,
        "signature_scheme": prepared.signature_scheme,
        "digest_algorithm": prepared.digest_algorithm,
        "byte_range": list(prepared.byte_range),
        "boxes": [box_to_json(box) for box in prepared.boxes],
        "hash_bytes": b64(prepared.hash_bytes),
        "hash_set_bytes": b64(prepared.hash_set_bytes),
        "hash_set_hash_bytes": b64(prepared.hash_set_hash_bytes),
        "notes": list(prepared.notes),
    }
