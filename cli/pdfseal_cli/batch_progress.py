"""What a batch shows while it runs, on standard error, and when it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import click

from pdfseal.adapters.batch import Summary
from pdfseal_cli.edge import print_json, say

EVERY_SECONDS = 0.2  # on a terminal, where the line is written over
EVERY_SECONDS_IN_A_LOG = 10.0
_SHOWN_FAILURES = 20


class Progress:
    """One line: how many of how many, the rate, what failed, the time that remains."""

    def __init__(self, action: str, total: int) -> None:
        self._action = action
        self._total = total
        self._terminal = sys.stderr.isatty()
        self._next = time.monotonic() + (0.0 if self._terminal else EVERY_SECONDS_IN_A_LOG)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *details: object) -> None:
        if self._terminal:
            click.echo("\r\x1b[K", nl=False, err=True)

    def show(self, summary: Summary) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (EVERY_SECONDS if self._terminal else EVERY_SECONDS_IN_A_LOG)
        line = self.line(summary)
        click.echo(f"\r\x1b[K{line}" if self._terminal else line, nl=not self._terminal, err=True)

    def line(self, summary: Summary) -> str:
        left = summary.remaining_seconds
        parts = [f"{self._action}: {summary.handled} of {self._total}", f"{summary.rate:.1f}/s"]
        if summary.failed:
            parts.append(f"{summary.failed} failed")
        if left is not None:
            parts.append(f"{duration(left)} remaining")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """1:05 for 65 s, 2:00:00 for two hours."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def show_summary(summary: Summary, as_json: bool) -> None:
    if as_json:
        print_json({"schema": 1} | summary.to_json())
        return
    for line in summary_lines(summary):
        say(line)


def summary_lines(summary: Summary, *, timed: bool = True) -> Iterator[str]:
    rate = f" in {duration(summary.seconds)}, {summary.rate:.1f} files/s" if timed else ""
    yield f"{summary.done} done, {summary.failed} failed{rate}" + (" (stopped)" if summary.stopped else "")
    if summary.skipped:
        yield f"{summary.skipped} of an earlier run"
    if summary.found:
        yield f"{summary.found} were found done: an earlier run ended before it could say so"
    for verdict, count in sorted(summary.verdicts.items()):
        yield f"  {verdict}: {count}"
    for code, count in summary.codes.most_common():
        yield f"  {code}: {count}"
    if timed:
        for outcome in summary.failures[:_SHOWN_FAILURES]:
            name = outcome.key.encode("utf-8", "backslashreplace").decode()
            yield f"  x {name[:200]}: {outcome.message} [{outcome.code}]"
        if summary.failed > _SHOWN_FAILURES:
            yield f"  ... and {summary.failed - _SHOWN_FAILURES} more: the journal has them all"
