"""`pdfseal cert`: show a certificate, verify it, find its path."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from pdfseal import Certificate, TrustAnchors
from pdfseal.api import revocation_data
from pdfseal.pki.describe import describe, extension_text
from pdfseal.pki.revocation import RevocationPolicy
from pdfseal.pki.validation import Validation, validate_certificate
from pdfseal_cli.edge import DONE, FAILED, INDETERMINATE, guarded, print_json, printable, say, say_plainly
from pdfseal_cli.kinds import MOMENT, OUTPUT
from pdfseal_cli.outputs import write_output
from pdfseal_cli.params import json_option, read_certificates
from pdfseal_cli.trust import trust_arguments, trust_options

_MODES = click.Choice(["soft", "hard", "off"])
_PURPOSES = click.Choice(["seal", "maker", "timestamp", "ocsp", "crl"])


@click.group()
def cert() -> None:
    """Certificates: what they say, whether they can be trusted, by which path."""


@cert.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--oid", help="Print the text of the extension with this OID alone.")
@json_option
@guarded
def show(**options: Any) -> None:
    """Show every certificate in FILE (PEM, DER, base64, PKCS#7)."""
    certificates = read_certificates(options["files"], "FILE")
    if options["oid"]:
        texts = [extension_text(one, options["oid"]) for one in certificates]
        if options["as_json"]:
            print_json({"schema": 1, "oid": options["oid"], "texts": texts})
        else:
            for text in texts:
                say_plainly(text or "")
        return
    described = [describe(one) for one in certificates]
    if options["as_json"]:
        print_json({"schema": 1, "certificates": described})
        return
    for number, facts in enumerate(described):
        say(("\n" if number else "") + _text(facts))


def _text(facts: dict[str, Any]) -> str:
    lines = []
    for name, value in facts.items():
        if value in (None, [], {}):
            continue
        if name in ("extensions", "leniencies"):
            lines.append(f"{name}:")
            lines += [f"  {key}: {_plain(entry)}" for key, entry in value.items()]
        else:
            lines.append(f"{name + ':':26}{_plain(value)}")
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return printable(", ".join(map(str, value)))
    if isinstance(value, dict):
        return printable(f"{value['text']}") + (" (critical)" if value["critical"] else "")
    return printable(str(value))


def _judging_options(command: Any) -> Any:
    for option in (
        click.option("--purpose", type=_PURPOSES, default="seal", show_default=True),
        click.option("--at", type=MOMENT, help="The moment of judgement; now by default."),
        click.option("--revocation", type=_MODES, default="soft", show_default=True),
        click.option("--policy", multiple=True, help="A certificate policy (OID) that the path must hold."),
        click.option("--allow-weak", is_flag=True, help="Let SHA-1 and RSA below 2,048 bits pass."),
    ):  # fmt: skip
        command = option(command)
    return command


@cert.command()
@click.argument("file")
@trust_options
@_judging_options
@json_option
@guarded
def verify(**options: Any) -> int:
    """Say whether the first certificate in FILE can be trusted; the others may stand between."""
    leaf, result = _judge(options)
    if options["as_json"]:
        print_json({"schema": 1, "certificate": describe(leaf), **_facts(result)})
    else:
        say_plainly(f"{leaf.subject or leaf.serial_hex}: {result.status}, revocation {result.revocation}")
        if result.reason:
            say_plainly(f"  {result.reason}")
        for line in _chain_lines(result):
            say_plainly(line)
    return _code(result)


@cert.command()
@click.argument("file")
@trust_options
@_judging_options
@click.option("-o", "--output", type=OUTPUT, help="Write the path as PEM, signer first.")
@json_option
@guarded
def chain(**options: Any) -> int:
    """Print the path of the first certificate in FILE towards an anchor, as far as it can be found."""
    _, result = _judge(options)
    if options["output"]:
        write_output(options["output"], b"".join(one.pem for one in result.chain))
    if options["as_json"]:
        print_json({"schema": 1, **_facts(result)})
    else:
        for line in _chain_lines(result):
            say_plainly(line)
    return _code(result)


def _judge(options: dict[str, Any]) -> tuple[Certificate, Validation]:
    leaf, *others = read_certificates((options["file"],), "FILE")
    arguments = trust_arguments(options)
    if arguments["trust"] is None:
        arguments["trust"] = TrustAnchors(())
    result = validate_certificate(
        leaf,
        anchors=arguments["trust"],
        untrusted=(*others, *arguments["untrusted"]),
        at=options["at"] or datetime.now(UTC),
        purpose=options["purpose"],
        data=revocation_data(arguments["crls"], arguments["ocsps"]),
        policy=RevocationPolicy(options["revocation"]),
        fetch=arguments["fetch"],
        allow_weak=options["allow_weak"],
        policies=frozenset(options["policy"]),
    )
    return leaf, result


def _facts(result: Validation) -> dict[str, Any]:
    return {
        "status": result.status,
        "reason": result.reason,
        "revocation": result.revocation,
        "chain": [
            {"subject": one.subject, "issuer": one.issuer, "serial": one.serial_hex,
             "sha256": one.fingerprint().hex()}
            for one in result.chain
        ],
        "certificates": [
            {"subject": one.certificate.subject, "status": one.status, "source": one.source,
             "reason": one.reason}
            for one in result.certificates
        ],
        "problems": list(result.problems),
    }  # fmt: skip


def _chain_lines(result: Validation) -> list[str]:
    lines = []
    for depth, one in enumerate(result.chain):
        until = f"{one.not_after:%Y-%m-%d}"
        lines.append(
            f"{'  ' * (depth + 1)}{one.subject or one.serial_hex}  (serial {one.serial_hex}, until {until})"
        )
    lines += [f"  - {one.reason}" for one in result.certificates]
    return lines + [f"  - {problem}" for problem in result.problems]


def _code(result: Validation) -> int:
    """0 trusted, 1 revoked or invalid, 3 where trust is not established."""
    if result.status == "trusted":
        return DONE
    return FAILED if result.status in ("revoked", "invalid") else INDETERMINATE
