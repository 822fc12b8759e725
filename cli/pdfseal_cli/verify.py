"""`pdfseal verify`: the verdict on one or several files."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import click

import pdfseal
from pdfseal import PdfsealError, Report, SignatureReport, TrustAnchors
from pdfseal.adapters.rendering import render_for_report
from pdfseal.report_html import ShownAnchor, to_html
from pdfseal_cli.edge import (
    VERDICT_CODES,
    as_pdfseal_error,
    error_json,
    exit_code,
    guarded,
    note,
    print_json,
    printable,
    say,
    say_plainly,
)
from pdfseal_cli.kinds import MOMENT, OUTPUT
from pdfseal_cli.limits import limit_option, limits_of
from pdfseal_cli.outputs import write_output
from pdfseal_cli.params import json_option, pdf_input, read_anchors, read_pdf_password
from pdfseal_cli.trust import trust_arguments, trust_options

# The exit code for several files is the first of these that any file met.
_GRAVEST_FIRST = (7, 6, 1, 5, 2, 4, 3, 0)
_COLOURS = {"passed": "green", "failed": "red", "indeterminate": "yellow", "unsigned": "yellow"}
_MARKS = {"error": "x", "warning": "!", "info": "-"}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@trust_options
@click.option("--timestamp-trust", multiple=True, help="Anchors of timestamp authorities, where others.")
@click.option("--revocation", type=click.Choice(["soft", "hard", "off"]), default="soft", show_default=True,
              help="Whether an unknown revocation status passes, does not, or is not looked at.")  # fmt: skip
@click.option("--at", type=MOMENT, help="The moment of judgement; now by default.")
@click.option("--strict", is_flag=True, help="Refuse every named leniency.")
@click.option("--pdf-password-file", help="File whose first line opens an encrypted PDF.")
@click.option(
    "--report", "report_file", type=OUTPUT, help="Also write a report for people (HTML); for one FILE."
)
@limit_option
@json_option
@guarded
def verify(**options: Any) -> int:
    """Say of each FILE what was signed, by whom, when, and whether it was changed since."""
    if options["report_file"] and (len(options["files"]) > 1 or options["files"] == ("-",)):
        raise click.UsageError("--report goes with one FILE, and not with standard input")
    arguments = trust_arguments(options)
    moment = options["at"] or datetime.now(UTC)
    timestamp_anchors = read_anchors(options["timestamp_trust"], "--timestamp-trust")
    password = read_pdf_password(options["pdf_password_file"])
    limits = limits_of(options["limit"])
    results: list[tuple[str, Report | PdfsealError]] = []
    for file in options["files"]:
        try:
            report = pdfseal.verify(
                pdf_input(file),
                timestamp_trust=timestamp_anchors,
                at=moment,
                strict=options["strict"],
                password=password,
                revocation=options["revocation"],
                limits=limits,
                **arguments,
            )
            if options["report_file"]:
                _write_report(options["report_file"], file, report, arguments["trust"], moment, password)
            results.append((file, report))
        except Exception as error:
            if len(options["files"]) == 1:
                raise
            results.append((file, as_pdfseal_error(error)))
    if options["as_json"]:
        rows = [_json(*result) for result in results]
        print_json(rows[0] if len(rows) == 1 else rows)
    else:
        for file, result in results:
            _show(file, result)
    codes = {exit_code(r) if isinstance(r, PdfsealError) else VERDICT_CODES[r.verdict] for _, r in results}
    return next(code for code in _GRAVEST_FIRST if code in codes)


def _write_report(
    target: str,
    file: str,
    report: Report,
    anchors: TrustAnchors | None,
    moment: datetime,
    password: str | None,
) -> None:
    rendered = render_for_report(file, report, password=password)
    if rendered.reason:
        note(f"the report has no pictures: {rendered.reason}")
    named = anchors.certificates if anchors is not None else ()
    text = to_html(
        report,
        file_name=os.path.basename(file),
        judged_at=moment,
        anchors=[ShownAnchor(one.subject, one.fingerprint().hex()) for one in named] or None,
        pages=rendered.pages,
        seals=rendered.seals,
    )
    write_output(target, text.encode("utf-8"))


def _json(file: str, result: Report | PdfsealError) -> dict[str, Any]:
    if isinstance(result, PdfsealError):
        return {"schema": 1, "path": file, "error": error_json(result)}
    return result.to_json() | {"path": file}


def _show(file: str, result: Report | PdfsealError) -> None:
    if isinstance(result, PdfsealError):
        verdict = click.style("unreadable", fg="red", bold=True)
        say(f"{file}: {verdict}: {printable(result.message)} [{result.code}]")
        return
    say(f"{file}: {_styled(result.verdict)}")
    for number, one in enumerate(result.signatures, start=1):
        head, *lines = _lines(number, one)
        say(head)
        for line in lines:
            say_plainly(line)


def _styled(verdict: str) -> str:
    return click.style(verdict, fg=_COLOURS[verdict], bold=True)


def _lines(number: int, one: SignatureReport) -> list[str]:
    what = f"{one.field or '(no field)'}, {one.kind}, {one.algorithm or '?'}"
    lines = [f"  signature {number}: {_styled(one.verdict)}  {printable(what)}"]
    if one.signer is not None:
        lines.append(f"    signer:    {one.signer.subject}")
        lines.append(f"    issuer:    {one.signer.issuer}, serial {one.signer.serial}")
    if one.signing_time is not None and one.kind != "timestamp":
        lines.append(f"    time:      {one.signing_time.isoformat(sep=' ')} (as stated by the signer)")
    if one.timestamp is not None:
        facts = one.timestamp
        stated = f"{facts.get('gen_time')} by {facts.get('tsa')}" if facts.get("gen_time") else "unreadable"
        lines.append(f"    timestamp: {facts['status']}, {stated}")
    for box in one.boxes:
        edges = ", ".join(
            f"{value:g}" for value in (box.rect.left, box.rect.bottom, box.rect.right, box.rect.top)
        )
        lines.append(f"    place:     page {box.page}, {edges}")
    integrity = f"digest {_word(one.digest_ok)}, signature {_word(one.signature_ok)}"
    lines.append(f"    integrity: {integrity}, covers {one.coverage}")
    lines.append(f"    changes:   {one.changes.level}" + ("" if one.changes.allowed else " (not allowed)"))
    lines.append(f"    trust:     {one.trust.status}, revocation {one.trust.revocation}")
    lines += [
        f"    {_MARKS[finding.severity]} {finding.message} [{finding.code}]" for finding in one.findings
    ]
    return lines


def _word(result: bool | None) -> str:
    return "not checked" if result is None else "ok" if result else "WRONG"
