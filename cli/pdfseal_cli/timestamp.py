"""`pdfseal timestamp request | create | fetch | show | verify | serve | stamp` (RFC 3161)."""

from __future__ import annotations

from typing import Any

import click

import pdfseal
from pdfseal import CallerError
from pdfseal.adapters.serials import SerialNumbers, random_serial
from pdfseal.adapters.tsa import NONCE_BYTES
from pdfseal.adapters.tsa_server import utc_now
from pdfseal.asn1 import Reading
from pdfseal.crypto.digests import DIGESTS, digest
from pdfseal.stamping import Stamper
from pdfseal.timestamp import (
    TimestampRequest,
    TimestampResponse,
    Token,
    TokenVerification,
    code_of,
    make_request,
    read_request,
    read_response,
    read_token,
    verify_token,
)
from pdfseal.verification.timestamps import token_facts
from pdfseal_cli.edge import DONE, FAILED, INDETERMINATE, guarded, print_json, say, say_plainly
from pdfseal_cli.kinds import MOMENT, OUTPUT
from pdfseal_cli.limits import limit_option, limits_of
from pdfseal_cli.outputs import check_output, write_output
from pdfseal_cli.params import (
    json_option,
    pdf_input,
    read_anchors,
    read_certificates,
    read_input,
    read_pdf_password,
)
from pdfseal_cli.timestamp_serve import authority_of, authority_options, serve
from pdfseal_cli.tsa import tsa_client, tsa_options

_DIGEST = click.Choice(list(DIGESTS))


@click.group()
def timestamp() -> None:
    """Timestamps: ask for them, make them, verify them, put them into PDF files."""


timestamp.add_command(serve)


@timestamp.command()
@click.argument("file", required=False)
@click.option("--imprint", help="Instead of FILE: its digest, hexadecimal.")
@click.option("--digest", "algorithm", type=_DIGEST, default="sha256", show_default=True)
@click.option("--policy", help="Policy (an OID) to ask for.")
@click.option("--nonce/--no-nonce", default=True, show_default=True)
@click.option("--cert/--no-cert", default=True, show_default=True, help="Ask for its certificate.")
@click.option("-o", "--output", type=OUTPUT, required=True, help="The request, DER.")
@json_option
@guarded
def request(**options: Any) -> None:
    """Write a timestamp request over FILE."""
    made = make_request(
        options["algorithm"],
        _imprint(options, options["algorithm"]),
        policy=options["policy"],
        nonce=random_serial() >> (126 - 8 * NONCE_BYTES) if options["nonce"] else None,
        cert_req=options["cert"],
    )
    write_output(options["output"], made.der)
    _tell({"request": options["output"]} | _request_facts(made), options)


@timestamp.command()
@click.argument("request_file", metavar="REQUEST")
@authority_options
@click.option("--serials", type=OUTPUT, help="File of the serial numbers; a random number without it.")
@click.option("--when", type=MOMENT, help="genTime; now by default.")
@click.option("-o", "--output", type=OUTPUT, required=True, help="The response, DER.")
@json_option
@guarded
def create(**options: Any) -> int:
    """Answer REQUEST as a timestamp authority: --key and --cert are the authority's."""
    authority = authority_of(options)
    serial = SerialNumbers(options["serials"]).take if options["serials"] else random_serial
    asked = read_input(options["request_file"], "REQUEST")
    response = authority.respond(asked, now=options["when"] or utc_now(), serial=serial)
    write_output(options["output"], response.der)
    _tell({"response": options["output"]} | _response_facts(response), options)
    return DONE if response.granted else FAILED


@timestamp.command()
@click.argument("file", required=False)
@click.option("--imprint", help="Instead of FILE: its digest, hexadecimal.")
@tsa_options
@click.option("-o", "--output", type=OUTPUT, required=True, help="The token, DER.")
@json_option
@guarded
def fetch(**options: Any) -> None:
    """Get a token over FILE from an authority."""
    algorithm = _tsa_digest(options)
    client = tsa_client(options)
    token = client.stamp(algorithm, _imprint(options, algorithm))
    write_output(options["output"], token.der)
    _tell({"token": options["output"], "gen_time": token_facts(token)["gen_time"]}, options)


@timestamp.command()
@click.argument("token")
@click.option("--cert", multiple=True, help="Certificates that may be the authority's; may be repeated.")
@click.option("--token-out", type=OUTPUT, help="Also write the bare token, DER.")
@json_option
@guarded
def show(**options: Any) -> None:
    """Show what the token or response in TOKEN says; nothing is verified."""
    data = read_input(options["token"], "TOKEN")
    if _is_refusal(data):
        _tell(_response_facts(read_response(data)), options)
        return
    token = read_token(data, certificates=read_certificates(options["cert"], "--cert"))
    if options["token_out"]:
        write_output(options["token_out"], token.der)
    _tell(token_facts(token), options)


def _is_refusal(data: bytes) -> bool:
    try:
        return not read_response(data).granted
    except pdfseal.DocumentError:
        return False  # a bare token, or nothing: `read_token` says which


@timestamp.command()
@click.argument("token")
@click.option("--data", "file", help="What was stamped.")
@click.option("--imprint", help="Instead of --data: its digest, hexadecimal.")
@click.option("--request", "request_file", help="The request: imprint, nonce and policy are compared.")
@click.option("--trust", multiple=True, help="Trust anchors: PEM or DER files or folders; may be repeated.")
@click.option("--untrusted", multiple=True, help="More certificates, such as the authority's; never anchors.")
@click.option("--at", type=MOMENT, help="When the path must hold; genTime by default.")
@click.option("--allow-weak", is_flag=True, help="Let SHA-1 and RSA below 2,048 bits pass.")
@click.option("--strict", is_flag=True, help="Refuse every named leniency.")
@json_option
@guarded
def verify(**options: Any) -> int:
    """Verify the token or response in TOKEN, every check apart."""
    untrusted = read_certificates(options["untrusted"], "--untrusted")
    data, reading = read_input(options["token"], "TOKEN"), Reading(strict=options["strict"])
    token = read_token(data, certificates=untrusted, reading=reading)
    asked = None
    if options["request_file"]:
        asked = read_request(read_input(options["request_file"], "--request"))
    result = verify_token(
        token,
        imprint=_expected(options, token, asked),
        nonce=asked.nonce if asked else None,
        policy=asked.policy if asked else None,
        anchors=read_anchors(options["trust"]),
        untrusted=untrusted,
        at=options["at"],
        allow_weak=options["allow_weak"],
    )
    verdict = "passed" if result.trusted else "indeterminate" if result.sound else "failed"
    if options["as_json"]:
        print_json({"schema": 1, "verdict": verdict, "code": code_of(result)} | _result_facts(result))
    else:
        say(f"{options['token']}: {verdict}")
        for check in result.checks:
            word = {True: "ok", False: "WRONG", None: "not checked"}[check.ok]
            say_plainly(f"  {check.name + ':':21}{word}" + (f": {check.reason}" if check.reason else ""))
    return {"passed": DONE, "indeterminate": INDETERMINATE}.get(verdict, FAILED)


@timestamp.command()
@click.argument("file")
@click.option("-o", "--output", type=OUTPUT, help="The stamped PDF.")
@click.option("--in-place", is_flag=True, help="Replace the input file by the stamped one.")
@click.option(
    "--signature", "field_name", help="Stamp this field's signature, in the security store, not the document."
)
@click.option("--token", help="With --signature: a token at hand, a file, instead of --tsa.")
@tsa_options
@click.option("--pdf-password-file", help="File whose first line opens an encrypted PDF.")
@limit_option
@json_option
@guarded
def stamp(**options: Any) -> None:
    """Add a document timestamp to the PDF FILE; earlier signatures stay as they are."""
    output = check_output(options["output"], options["file"], options["in_place"])
    pdf, password = pdf_input(options["file"]), read_pdf_password(options["pdf_password_file"])
    limits = limits_of(options["limit"])
    if options["field_name"] is not None:
        if options["tsa_digest"] is not None:
            raise click.UsageError("--tsa-digest goes without --signature: its own digest is taken")
        authority = _authority(options)
        stamped = pdfseal.attach_timestamp(
            pdf, authority, field_name=options["field_name"], password=password, limits=limits
        )
    elif options["token"] is not None:
        raise click.UsageError(
            "--token goes with --signature: a document timestamp cannot be made beforehand"
        )
    else:
        stamped = pdfseal.timestamp_document(
            pdf,
            authority=tsa_client(options),
            algorithm=_tsa_digest(options),
            password=password,
            limits=limits,
        )
    write_output(output, stamped)
    _tell({"stamped": output}, options)


def _authority(options: dict[str, Any]) -> Stamper:
    """The client, or the token at hand in its place."""
    if options["token"] is None:
        return tsa_client(options)
    token = read_input(options["token"], "--token")
    return lambda algorithm, imprint: token


# -- parts ----------------------------------------------------------------------------------


def _imprint(options: dict[str, Any], algorithm: str) -> bytes:
    """The digest of the file, or the one given."""
    if (options["file"] is None) == (options["imprint"] is None):
        raise click.UsageError("say what is stamped: either a file, or its digest by --imprint HEX")
    if options["imprint"] is None:
        return digest(algorithm, read_input(options["file"], "FILE"))
    try:
        return bytes.fromhex(options["imprint"])
    except ValueError as error:
        raise CallerError("argument", "--imprint is not hexadecimal") from error


def _expected(options: dict[str, Any], token: Token, asked: TimestampRequest | None) -> bytes | None:
    """The imprint that the token should have; None where nothing to compare with was given."""
    given = None
    if options["file"] is not None or options["imprint"] is not None:
        given = _imprint(options, token.algorithm)
    if asked is None:
        return given
    asked_for = asked.imprint if asked.algorithm == token.algorithm else b""
    return asked_for if given in (None, asked_for) else b""  # two that differ: no token is over both


def _tsa_digest(options: dict[str, Any]) -> str:
    name = options["tsa_digest"] or "sha256"
    if name not in DIGESTS:
        raise click.UsageError(f"--tsa-digest: {name} is not one of {', '.join(DIGESTS)}")
    return str(name)


def _request_facts(made: TimestampRequest) -> dict[str, Any]:
    return {
        "algorithm": made.algorithm,
        "imprint": made.imprint.hex(),
        "policy": made.policy,
        "nonce": None if made.nonce is None else str(made.nonce),
        "cert_req": made.cert_req,
    }


def _response_facts(response: TimestampResponse) -> dict[str, Any]:
    return {"status": response.status, "fail_info": list(response.fail_info), "text": list(response.text)}


def _result_facts(result: TokenVerification) -> dict[str, Any]:
    checks = [{"name": check.name, "ok": check.ok, "reason": check.reason} for check in result.checks]
    return {"checks": checks, "token": token_facts(result.token)}


def _tell(facts: dict[str, Any], options: dict[str, Any]) -> None:
    if options["as_json"]:
        print_json({"schema": 1} | facts)
        return
    for name, value in facts.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list | dict) else value
        if shown not in (None, ""):
            say_plainly(f"{name + ':':20}{shown}")
