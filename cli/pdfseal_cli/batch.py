"""`pdfseal batch`: many files sealed, stamped or verified, in parallel, and continued after a stop."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import click

from pdfseal import CallerError, FieldLock
from pdfseal.adapters.batch import Engine, Item, Job, Journal, LocalEngine, Summary, run
from pdfseal.adapters.batch.cluster import DaskEngine
from pdfseal.adapters.batch.journal import read as read_journal
from pdfseal.adapters.batch.local import usable_cores
from pdfseal.adapters.batch.runner import sweep
from pdfseal.adapters.tsa import TsaAddress
from pdfseal.verification import Policy
from pdfseal_cli.appearance import appearance_options
from pdfseal_cli.batch_items import items_of, listing_of, orders
from pdfseal_cli.batch_progress import Progress, show_summary, summary_lines
from pdfseal_cli.batch_signers import signers_of
from pdfseal_cli.edge import (
    FAILED,
    INDETERMINATE,
    OUTSIDE,
    UNREADABLE,
    UNSIGNED,
    guarded,
    note,
    print_json,
    say,
)
from pdfseal_cli.kinds import FOLDER, MOMENT, OUTPUT, SECONDS
from pdfseal_cli.limits import limit_option, limits_of
from pdfseal_cli.outputs import check_place, same_file, write_output
from pdfseal_cli.params import (
    json_option,
    placement_options,
    read_anchors,
    read_certificates,
    read_input,
    read_pdf_password,
    signature_options,
)
from pdfseal_cli.signers import signer_options

JOURNAL_NAME = ".pdfseal-batch.jsonl"
# Options that say how fast, at what cost and what is told, not what is done.
_MANNERS = ("journal", "workers", "item_timeout", "dask", "retry_failed", "report", "limit", "as_json")

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def batch() -> None:
    """Many files: a folder, a list (a path a line) or a CSV file, whose first line names its columns.

    The same command again continues where the last run ended. See docs/batch.md.
    """


def _batch_options(command: F) -> F:
    for option in reversed(
        (
            click.option(
                "--journal",
                type=OUTPUT,
                help=f"What is done; by default {JOURNAL_NAME} in the output.",
            ),
            click.option("--encoding", default="utf-8-sig", show_default=True, help="Of a list or CSV file."),
            click.option("--workers", type=click.IntRange(1, 1024), help="Processes; by default one a core."),
            click.option(
                "--item-timeout",
                type=SECONDS,
                default=600,
                show_default=True,
                help="Seconds for one file.",
            ),
            click.option(
                "--dask", metavar="ADDRESS|local", help="Work on a Dask cluster: its scheduler's address."
            ),
            click.option("--retry-failed", is_flag=True, help="Try again what failed in an earlier run."),
            click.option("--report", type=OUTPUT, help="Write the summary to this file, as JSON."),
            limit_option,
        )
    ):
        command = option(command)
    return command


_tsa_option = click.option("--tsa", multiple=True, help="Timestamp authority (URL); more are tried in order.")


@batch.command("seal")
@click.argument("input", metavar="INPUT")
@click.option("-o", "--output", type=FOLDER, required=True, help="Folder for the sealed files.")
@click.option("--signers", help="TOML file of named signers, for the column `signer`.")
@signer_options
@placement_options
@appearance_options
@signature_options
@_tsa_option
@_batch_options
@json_option
@guarded
def seal(**options: Any) -> int:
    """Seal every file of INPUT into the folder OUTPUT."""
    listing = _listing(options, columns=True)
    limits = limits_of(options["limit"])
    signers = signers_of(options, options["signers"])
    order_of = orders(options, listing.base)
    if os.path.isdir(options["input"]) or not options["input"].lower().endswith(".csv"):
        order_of(())  # the same for all files: what is wrong with it is wrong with the command
    items = (_known_signer(item, signers) for item in items_of(listing, options["output"], "", order_of))
    summary = _run(options, "seal", items, listing.count(), signers=signers, tsa=_tsa(options), limits=limits)
    return OUTSIDE if summary.stopped else FAILED if summary.failed else 0


@batch.command("stamp")
@click.argument("input", metavar="INPUT")
@click.option("-o", "--output", type=FOLDER, required=True, help="Folder for the stamped files.")
@_tsa_option
@_batch_options
@json_option
@guarded
def stamp(**options: Any) -> int:
    """Put a document timestamp on every file of INPUT, into the folder OUTPUT."""
    if not options["tsa"]:
        raise click.UsageError("say who stamps: --tsa URL")
    limits = limits_of(options["limit"])
    listing = _listing(options)
    items = items_of(listing, options["output"], "", None)
    summary = _run(options, "stamp", items, listing.count(), tsa=_tsa(options), limits=limits)
    return OUTSIDE if summary.stopped else FAILED if summary.failed else 0


@batch.command("verify")
@click.argument("input", metavar="INPUT")
@click.option("-o", "--output", type=FOLDER, help="Folder for a report (JSON) on each file.")
@click.option("--trust", multiple=True, help="Trust anchors: a file or a folder of them; may be repeated.")
@click.option("--untrusted", multiple=True, help="More intermediate certificates; never anchors.")
@click.option("--at", type=MOMENT, help="The moment of judgement; now by default.")
@click.option("--strict", is_flag=True, help="Refuse every named leniency.")
@click.option("--pdf-password-file", help="File whose first line opens the encrypted PDFs.")
@_batch_options
@json_option
@guarded
def verify(**options: Any) -> int:
    """Verify every file of INPUT; a verdict each, a report each with -o."""
    listing = _listing(options)
    policy = Policy(
        at=options["at"] or datetime.now(UTC),
        trust=read_anchors(options["trust"]),
        untrusted=read_certificates(options["untrusted"], "--untrusted"),
        strict=options["strict"],
        password=read_pdf_password(options["pdf_password_file"]),
        limits=limits_of(options["limit"]),
    )
    items = items_of(listing, options["output"], ".json", None)
    summary = _run(options, "verify", items, listing.count(), policy=policy)
    gravest = (
        (OUTSIDE, summary.stopped),
        (FAILED, summary.verdicts["failed"]),
        (UNREADABLE, summary.failed),
        (UNSIGNED, summary.verdicts["unsigned"]),
        (INDETERMINATE, summary.verdicts["indeterminate"]),
    )
    return next((code for code, count in gravest if count), 0)


@batch.command("status")
@click.argument("journal")
@click.option("--failed", is_flag=True, help="List what failed, a line each.")
@click.option("--items", is_flag=True, help="List every item, a line each.")
@json_option
@guarded
def status(journal: str, failed: bool, items: bool, as_json: bool) -> None:
    """What the JOURNAL of a batch says, also while it runs."""
    header, outcomes = read_journal(journal)
    summary = Summary()
    for outcome in outcomes.values():
        summary.add(outcome)
    listed = [one for one in outcomes.values() if items or (failed and one.status == "failed")]
    if as_json:
        rows = [one.to_json() for one in listed]
        counts = {"done": summary.done, "failed": summary.failed, "codes": dict(summary.codes)}
        verdicts = {"verdicts": dict(summary.verdicts)}
        print_json({"schema": 1, "started": header.get("started")} | counts | verdicts | {"items": rows})
        return
    for one in listed:
        what = one.verdict or one.status if one.code is None else f"{one.code}: {one.message}"
        say(f"{one.key}\t{what}".encode("utf-8", "surrogateescape"))
    for line in summary_lines(summary, timed=False):
        say(line)


# -- parts ---------------------------------------------------------------------------------


def _listing(options: dict[str, Any], *, columns: bool = False) -> Any:
    source, output = options["input"], options["output"]
    if output is not None and os.path.isdir(source) and same_file(source, output):
        raise CallerError("output_exists_as_input", f"{output} is the input folder: name another output")
    return listing_of(source, output=output, encoding=options["encoding"], columns=columns)


def _tsa(options: dict[str, Any]) -> tuple[str, ...]:
    return tuple(TsaAddress(url).url for url in options["tsa"])


def _known_signer(item: Item, signers: dict[str, Any]) -> Item:
    if item.order is None or item.order.signer in signers:
        return item
    known = ", ".join(name or "the command's own" for name in signers)
    said = f"there is no signer {item.order.signer[:40]!r}: {known}"
    return Item(item.key, item.source, item.output, error=("argument", said))


def _run(options: dict[str, Any], action: Any, items: Iterator[Item], total: int, **what: Any) -> Summary:
    """The batch itself, from the journal to the summary that is shown."""
    if options["report"]:
        _check_report(options["report"])
    if options["output"] is not None:
        os.makedirs(options["output"], exist_ok=True)
    path = options["journal"]
    if path is None and options["output"] is not None:
        path = os.path.join(options["output"], JOURNAL_NAME)
    batch_id = os.urandom(16)
    opened = (
        Journal.open(path, _description(options, action), batch_id=batch_id)
        if path is not None
        else nullcontext()
    )
    with opened as journal, _stopping() as stopping, Progress(action, total) as progress:
        if journal is not None and journal.done | journal.failed:
            note(f"continuing: {len(journal.done)} done, {len(journal.failed)} failed before ({path})")
        if journal is not None and options["output"] is not None:
            sweep(options["output"])
        job = Job(journal.batch_id if journal else batch_id, action, sync=options["dask"] is not None, **what)
        summary = run(
            job,
            items,
            _engine(options, (journal.descriptor,) if journal else ()),
            journal,
            total=total,
            retry=options["retry_failed"],
            stopping=stopping,
            observe=progress.show,
        )
    show_summary(summary, options["as_json"])
    if options["report"]:
        _check_report(options["report"])
        write_output(options["report"], json.dumps(summary.to_json(), ensure_ascii=True, indent=1).encode())
    return summary


def _check_report(path: str) -> None:
    """A report replaces a report, or an empty file: anything else may be an input, a key, an output."""
    check_place(path)
    if not os.path.exists(path) or (os.path.isfile(path) and not os.path.getsize(path)):
        return
    try:
        before = json.loads(read_input(path, "--report"))
    except ValueError:
        before = None
    if not isinstance(before, dict) or not before.keys() >= Summary().to_json().keys():
        raise CallerError("output_exists", f"--report: {path} is there already, and is no report of a batch")


def _engine(options: dict[str, Any], inherited: tuple[int, ...]) -> Engine:
    workers = options["workers"] or usable_cores()
    if options["dask"] is not None:
        return DaskEngine(None if options["dask"] == "local" else options["dask"], workers=workers)
    return LocalEngine(workers, item_seconds=options["item_timeout"], inherited=inherited)


def _description(options: dict[str, Any], action: str) -> dict[str, Any]:
    """What is done, for the journal: the options as given, paths for what is secret."""
    said: dict[str, Any] = {"action": action}
    for name, value in options.items():
        if name in _MANNERS or value in (None, (), False):
            continue
        if name in ("input", "output"):
            value = os.path.abspath(value)
        elif name == "tsa":
            value = [TsaAddress(url).shown for url in value]
        said[name] = _plain(value)
    return said


def _plain(value: Any) -> Any:
    """As a value of JSON."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, FieldLock) else value


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """The first interrupt asks for a stop after what was begun, the second ends it at once."""
    count = 0

    def asked(number: int, frame: Any) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise SystemExit(OUTSIDE)
        note("stopping after the files that were begun; again to stop at once")

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: count > 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
