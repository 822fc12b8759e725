"""Items through an engine into the journal, and what it came to.

Law: an item is begun once a run, and not at all if an earlier run did it; two items never have one
output. Whatever happens to an item is its outcome and the batch goes on; only what concerns the
whole batch (the journal cannot be written, no worker starts) is raised, and leaves the journal whole.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from pdfseal.adapters.batch.journal import Journal
from pdfseal.adapters.batch.values import Item, Job, Outcome

MAX_FAILURES_KEPT = 1000
_PART = re.compile(r"\..+\.[a-z0-9_]{8}\.part")  # what an ended writer leaves (pdf.source.write_atomically)


class Engine(Protocol):
    """What does items in parallel."""

    def run(self, job: Job, items: Iterator[Item]) -> Iterator[Outcome]:
        """One outcome for each item, in any order; items are taken as they are needed."""
        ...


@dataclass
class Summary:
    """A run so far. `skipped`: done by an earlier run. `found`: done by one that could not say so."""

    total: int | None = None
    done: int = 0
    failed: int = 0
    skipped: int = 0
    found: int = 0
    bytes: int = 0
    milliseconds: float = 0.0
    stopped: bool = False
    codes: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    failures: list[Outcome] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        self.seconds = time.monotonic() - self.began
        self.milliseconds += outcome.milliseconds
        self.bytes += outcome.bytes
        if outcome.status == "done":
            self.done += 1
            self.found += outcome.found
            if outcome.verdict is not None:
                self.verdicts[outcome.verdict] += 1
            return
        self.failed += 1
        self.codes[outcome.code or "internal"] += 1
        if len(self.failures) < MAX_FAILURES_KEPT:
            self.failures.append(outcome)

    @property
    def handled(self) -> int:
        """Items of this run that have their outcome, and those that earlier runs had done."""
        return self.done + self.failed + self.skipped

    @property
    def rate(self) -> float:
        """Items a second of this run."""
        return (self.done + self.failed) / self.seconds if self.seconds else 0.0

    @property
    def remaining_seconds(self) -> float | None:
        """At the rate so far; None while nothing is known."""
        if self.total is None or not self.rate:
            return None
        return max(0, self.total - self.handled) / self.rate

    def to_json(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "done": self.done,
            "failed": self.failed,
            "skipped": self.skipped,
            "found": self.found,
            "stopped": self.stopped,
            "seconds": round(self.seconds, 3),
            "rate_per_second": round(self.rate, 2),
            "worker_seconds": round(self.milliseconds / 1000, 3),
            "bytes": self.bytes,
            "verdicts": dict(self.verdicts),
            "codes": dict(self.codes),
            "failures": [outcome.to_json() for outcome in self.failures],
        }


def run(
    job: Job,
    items: Iterable[Item],
    engine: Engine,
    journal: Journal | None = None,
    *,
    total: int | None = None,
    retry: bool = False,
    stopping: Callable[[], bool] = lambda: False,
    observe: Callable[[Summary], None] = lambda summary: None,
) -> Summary:
    """Do every item that no earlier run did; `retry` also those that failed then.

    `stopping` is asked before each item is begun: once true, what was begun is ended and the run
    with it. `observe` sees the summary after each outcome. Raises what concerns the whole batch.
    """
    summary = Summary(total)
    settled: set[str] = set()
    if journal is not None:
        settled = journal.done if retry else journal.done | journal.failed

    def note(outcome: Outcome) -> None:
        if journal is not None:
            journal.add(outcome)
        summary.add(outcome)
        observe(summary)

    def to_begin() -> Iterator[Item]:
        keys: set[str] = set()
        outputs: set[str] = set()
        for item in items:
            if stopping():
                summary.stopped = True
                return
            if item.key in keys:
                again = f"{item.key} (again)"  # the journal keeps one outcome for each key
                note(Outcome(again, "failed", "argument", f"{item.key} is in the list twice"))
                continue
            keys.add(item.key)
            taken = item.output is not None and item.output in outputs
            outputs.add(item.output or "")
            if item.key in settled:
                summary.skipped += 1
            elif item.error is not None:
                note(Outcome(item.key, "failed", *item.error))
            elif taken:
                said = f"{item.output} is the output of another item, too"
                note(Outcome(item.key, "failed", "output_exists", said))
            else:
                yield item

    try:
        for outcome in engine.run(job, to_begin()):
            note(outcome)
    finally:
        summary.seconds = time.monotonic() - summary.began
        if journal is not None:
            journal.commit()
    return summary


def sweep(folder: str) -> int:
    """Remove what killed workers left half written below `folder`; how many. No run may be at work there."""
    count = 0
    for path, _, names in os.walk(folder):
        for name in names:
            if _PART.fullmatch(name):
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(path, name))
                    count += 1
    return count
