"""`pdfseal seal make | finish | show | verify`: electronic seals (SESeal) as such."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from pdfseal import CallerError
from pdfseal.asn1 import Reading
from pdfseal.containers.seal import (
    SealDraft,
    SealReport,
    finish_seal,
    read_seal,
    seal_facts,
    seal_to_be_signed,
    verify_seal,
)
from pdfseal.containers.ses_common import Seal
from pdfseal.crypto.schemes import default_scheme
from pdfseal.geometry import points_to_mm
from pdfseal_cli.edge import VERDICT_CODES, guarded, print_json, say, say_plainly
from pdfseal_cli.kinds import MOMENT, OUTPUT, SIZE
from pdfseal_cli.outputs import write_output
from pdfseal_cli.params import json_option, read_anchors, read_certificates, read_input, signature_argument
from pdfseal_cli.signers import signer_of, signer_options

_TYPES = {"organisation": 1, "person": 2}
_DEFAULT_VALIDITY = timedelta(days=3 * 365)


@click.group()
def seal() -> None:
    """Electronic seals (SESeal) of GM/T 0031-2014 and GB/T 38540-2020."""


@seal.command()
@click.option("--image", required=True, help="Seal picture: PNG, JPEG, GIF or BMP.")
@click.option("--owner", multiple=True, required=True, help="Certificate that may seal with it; repeatable.")
@click.option("--name", required=True, help="Name of the seal.")
@click.option(
    "--type", "kind", default="organisation", show_default=True, help="organisation, person or a number."
)
@click.option("--size", type=SIZE, default="42mm,42mm", show_default=True, help="Width and height; whole mm.")
@click.option("--valid-from", type=MOMENT, help="Now by default.")
@click.option("--valid-until", type=MOMENT, help="Three years later by default.")
@click.option("--vendor", default="pdfseal", show_default=True, help="The maker's short name (Vid).")
@click.option("--id", "esid", help="Identifier of the seal (esID); a fresh UUID by default.")
@click.option("--layout", type=click.Choice(["2014", "2020"]), default="2020", show_default=True)
@click.option("--digests", is_flag=True, help="List the owners by digest (2020 only).")
@signer_options
@click.option("--to-be-signed-out", type=OUTPUT, help="Stop and write the bytes that the maker signs.")
@click.option("-o", "--output", type=OUTPUT, help="The seal.")
@json_option
@guarded
def make(**options: Any) -> None:
    """Make a seal, signed by its maker: --key or --signer-command with --cert are the maker's.

    With --to-be-signed-out an outside maker signs, and `pdfseal seal finish` takes the signature.
    """
    draft = _draft(options)
    if options["to_be_signed_out"]:
        if options["cert"] is None or options["output"] or options["key"] or options["signer_command"]:
            raise click.UsageError("--to-be-signed-out goes with --cert, without a key and without -o")
        maker = read_certificates((options["cert"],), "--cert")[0]
        write_output(options["to_be_signed_out"], seal_to_be_signed(draft, maker=maker))
        _tell({"to_be_signed": options["to_be_signed_out"], "id": draft.esid}, options)
        return
    if options["output"] is None:
        raise click.UsageError("missing -o OUTPUT")
    signer, certificates = signer_of(options)
    to_be_signed = seal_to_be_signed(draft, maker=certificates[0])
    signature = signer.sign(to_be_signed, default_scheme(certificates[0].public_key))
    write_output(options["output"], finish_seal(to_be_signed, signature, maker=certificates[0]))
    _tell({"seal": options["output"], "id": draft.esid}, options)


def _draft(options: dict[str, Any]) -> SealDraft:
    now = datetime.now(UTC).replace(microsecond=0)
    start = options["valid_from"] or now
    width, height = (round(points_to_mm(side)) for side in options["size"])
    kind = _TYPES.get(options["kind"])
    if kind is None and not options["kind"].isdigit():
        raise CallerError("argument", f"--type: {options['kind']!r} is not organisation, person or a number")
    return SealDraft(
        layout="ses2014" if options["layout"] == "2014" else "ses2020",
        name=options["name"],
        type=int(options["kind"]) if kind is None else kind,
        picture=read_input(options["image"], "--image"),
        width_mm=width,
        height_mm=height,
        owners=read_certificates(options["owner"], "--owner"),
        created=now,
        valid_from=start,
        valid_until=options["valid_until"] or start + _DEFAULT_VALIDITY,
        esid=options["esid"] or str(uuid.uuid4()),
        vendor=options["vendor"],
        as_digests=options["digests"],
    )


@seal.command()
@click.argument("to_be_signed")
@click.option("--signature", required=True, help="The maker's signature: a file, or base64 or hex text.")
@click.option("--cert", required=True, help="The maker's certificate.")
@click.option("-o", "--output", type=OUTPUT, required=True, help="The seal.")
@json_option
@guarded
def finish(**options: Any) -> None:
    """Put the maker's signature over the TO_BE_SIGNED bytes into the seal."""
    maker = read_certificates((options["cert"],), "--cert")[0]
    to_be_signed = read_input(options["to_be_signed"], "TO_BE_SIGNED")
    write_output(
        options["output"], finish_seal(to_be_signed, signature_argument(options["signature"]), maker=maker)
    )
    _tell({"seal": options["output"]}, options)


@seal.command()
@click.argument("file")
@click.option("--picture", type=OUTPUT, help="Save the seal's picture to this file.")
@click.option("--strict", is_flag=True, help="Refuse every named leniency.")
@json_option
@guarded
def show(**options: Any) -> None:
    """Show what the seal in FILE says of itself; nothing is verified."""
    found = _read(options)
    if options["picture"]:
        write_output(options["picture"], found.info.picture.data)
    if options["as_json"]:
        print_json({"schema": 1, "seal": seal_facts(found)})
        return
    for line in _lines(found):
        say_plainly(line)


@seal.command()
@click.argument("file")
@click.option("--trust", multiple=True, help="Trust anchors for the maker's certificate; may be repeated.")
@click.option("--untrusted", multiple=True, help="More intermediate certificates; never anchors.")
@click.option("--at", type=MOMENT, help="The moment of judgement; now by default.")
@click.option("--strict", is_flag=True, help="Refuse every named leniency.")
@json_option
@guarded
def verify(**options: Any) -> int:
    """Judge the seal in FILE: format, the maker's signature and certificate, validity."""
    report = verify_seal(
        _read(options),
        anchors=read_anchors(options["trust"]),
        untrusted=read_certificates(options["untrusted"], "--untrusted"),
        at=options["at"] or datetime.now(UTC),
    )
    if options["as_json"]:
        print_json(report.to_json())
    else:
        head, *lines = _verdict_lines(options["file"], report)
        say(head)
        for line in lines:
            say_plainly(line)
    return VERDICT_CODES[report.verdict]


def _read(options: dict[str, Any]) -> Seal:
    return read_seal(read_input(options["file"], "FILE"), reading=Reading(strict=options["strict"]))


def _lines(found: Seal) -> list[str]:
    info, stated, picture = found.info, found.info.property, found.info.picture
    maker = found.maker.certificate
    owners = [owner.subject for owner in found.owners()] + [
        f"{one.type} {one.value.hex()}" for one in stated.digests
    ]
    return [
        f"name:    {stated.name}",
        f"layout:  {found.layout}, version {info.version}, vendor {info.vendor}",
        f"id:      {info.esid}",
        f"type:    {stated.type}",
        f"valid:   {stated.valid_from:%Y-%m-%d %H:%M:%SZ} to {stated.valid_until:%Y-%m-%d %H:%M:%SZ}",
        f"picture: {picture.type}, {picture.width_mm} x {picture.height_mm} mm, {len(picture.data)} bytes",
        *(f"owner:   {owner}" for owner in owners),
        f"maker:   {maker.subject if maker else 'unreadable'}, {found.maker.algorithm}",
        *(f"- leniency {name}: {', '.join(places)}" for name, places in found.reading.used.items()),
    ]


def _verdict_lines(file: str, report: SealReport) -> list[str]:
    marks = {True: "ok", False: "WRONG", None: "-"}
    lines = [f"{file}: {click.style(report.verdict, bold=True)}"]
    lines += [f"  {marks[step.ok]:6} {step.message} [{step.name}]" for step in report.steps]
    if report.trust is None:
        return [*lines, "  -      no trust anchors were given: the maker was not checked [maker_trust]"]
    mark = "ok" if report.trust.status == "trusted" else "WRONG"
    return [
        *lines,
        f"  {mark:6} the maker's certificate is {report.trust.status} {report.trust.reason}".rstrip(),
    ]


def _tell(result: dict[str, str], options: dict[str, Any]) -> None:
    if options["as_json"]:
        print_json({"schema": 1} | result)
    else:
        say(next(iter(result.values())))
