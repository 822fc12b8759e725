"""`pdfseal prepare` and `pdfseal sign`: from a PDF to a prepared, or at once to a sealed one."""

from __future__ import annotations

import base64
from typing import Any

import click

import pdfseal
from pdfseal import Certificate, PreparedSeal, Wording
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.prepared import box_to_json
from pdfseal_cli.appearance import appearance_of, appearance_options
from pdfseal_cli.edge import guarded, note, print_json, say
from pdfseal_cli.kinds import OUTPUT
from pdfseal_cli.limits import limit_option, limits_of
from pdfseal_cli.outputs import check_apart, check_output, write_output
from pdfseal_cli.params import (
    json_option,
    pdf_input,
    placement_of,
    placement_options,
    read_certificates,
    read_input,
    read_pdf_password,
    signature_options,
)
from pdfseal_cli.signers import signer_of, signer_options
from pdfseal_cli.tsa import tsa_client, tsa_options


@click.command()
@click.argument("file")
@click.option("-o", "--output", type=OUTPUT, help="The prepared PDF.")
@click.option("--session", type=OUTPUT, help="The session file; by default OUTPUT.session.json.")
@click.option("--to-be-signed-out", type=OUTPUT, help="Also write the bytes that the outside signer signs.")
@click.option("--cert", required=True, help="The signer's certificate, PEM or DER.")
@placement_options
@appearance_options
@signature_options
@limit_option
@json_option
@guarded
def prepare(**options: Any) -> None:
    """Reserve a signature field in FILE and say what is to be signed."""
    output = check_output(options["output"], options["file"])
    session = options["session"] or f"{output}.session.json"
    check_apart(options | {"session": session}, "output", "session", "to_be_signed_out")
    certificates = read_certificates((options["cert"], *options["chain"]), "--cert or --chain")
    prepared = _prepare(options, certificates)
    beside = {session: prepared.to_json().encode()}
    if options["to_be_signed_out"]:
        beside[options["to_be_signed_out"]] = prepared.hash_set_bytes
    prepared.write(output, beside=beside)
    _tell(prepared, {"prepared": output, "session": session}, options)


@click.command()
@click.argument("file")
@click.option("-o", "--output", type=OUTPUT, help="The sealed PDF.")
@click.option("--in-place", is_flag=True, help="Replace the input file by the sealed one.")
@signer_options
@placement_options
@appearance_options
@signature_options
@tsa_options
@click.option(
    "--tsa-policy",
    type=click.Choice(["require", "best-effort"]),
    default="require",
    show_default=True,
    help="Whether to seal without a timestamp where no authority gives one.",
)
@limit_option
@json_option
@guarded
def sign(**options: Any) -> None:
    """Seal FILE in one step, with a local key or an outside signer command."""
    output = check_output(options["output"], options["file"], options["in_place"])
    check_apart(options, "output")
    signer, certificates = signer_of(options)
    prepared = _prepare(options, certificates)
    signature = signer.sign(prepared.hash_set_bytes, SCHEMES[prepared.signature_scheme])
    stamped = _stamp(prepared, signature, options) if options["tsa"] else None
    token = stamped.token if stamped is not None else None
    # a seal of the 2014 layout has no place for a token: it goes into the document behind it
    afterwards = token if prepared.scheme == "ses2014" else None
    patch = pdfseal.compose(prepared, signature, timestamp=None if afterwards else token)
    if afterwards is None:
        prepared.write(output, patch=patch, in_place=options["in_place"])
    else:
        sealed = pdfseal.attach_timestamp(
            patch.applied_to(prepared.pdf_bytes()),
            lambda *_: afterwards,
            field_name=prepared.field_name,
            password=read_pdf_password(options["pdf_password_file"]),
            limits=limits_of(options["limit"]),
        )
        write_output(output, sealed)
    _tell(prepared, {"sealed": output}, options, stamped)


def _stamp(prepared: PreparedSeal, signature: bytes, options: dict[str, Any]) -> pdfseal.Stamped:
    stamped = pdfseal.stamp_signature(
        prepared,
        signature,
        tsa_client(options),
        policy=options["tsa_policy"],
        algorithm=options["tsa_digest"],
    )
    if stamped.token is None:
        note(f"sealed without a timestamp: {stamped.reason}")
    return stamped


def _prepare(options: dict[str, Any], certificates: tuple[Certificate, ...]) -> PreparedSeal:
    seal = read_input(options["seal"], "--seal") if options["seal"] else None
    if options["image"] is None and seal is None and not options["captions"] and options["qr"] is None:
        raise click.UsageError("say what is drawn: --image IMG, --seal SEAL, --caption TEXT or --qr TEXT")
    return pdfseal.prepare(
        pdf_input(options["file"]),
        placement=placement_of(options),
        appearance=appearance_of(options),
        seal=seal,
        signer=certificates[0],
        chain=certificates[1:],
        scheme=options["scheme"],
        signature_scheme=options["signature_scheme"],
        subfilter=options["subfilter"],
        when=options["when"],
        wording=Wording(options["name"], options["reason"], options["location"], options["contact"]),
        field_name=options["field_name"],
        reserve=options["reserve"],
        certify=options["certify"],
        lock=options["lock"],
        password=read_pdf_password(options["pdf_password_file"]),
        repair=options["repair"],
        allow_annotations=options["allow_annotations"],
        limits=limits_of(options["limit"]),
    )


def _tell(
    prepared: PreparedSeal,
    outputs: dict[str, str],
    options: dict[str, Any],
    stamped: pdfseal.Stamped | None = None,
) -> None:
    for remark in prepared.notes:
        note(remark)
    if options["as_json"]:
        print_json(outputs | _facts(prepared) | {"timestamp": _stamp_facts(stamped)})
        return
    for path in outputs.values():
        say(path)


def _stamp_facts(stamped: pdfseal.Stamped | None) -> dict[str, str] | None:
    if stamped is None:
        return None
    return {"status": stamped.status, "policy": stamped.policy, "reason": stamped.reason}


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
