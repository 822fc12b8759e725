"""Paired measurement: ours, floor and peer in turn, in one run, medians and spread.

Absolute times depend on the machine and the hour; a ratio of two things measured alternately
does not, much. A row says what it measures, against what, and what it aims at.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Action = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One measured row. Figures in milliseconds unless `unit` says otherwise.

    `ratio` is ours / floor, or peer / ours where only a peer exists ("times faster").
    """

    name: str
    ours: float
    floor: float | None = None
    peer: float | None = None
    ratio: float | None = None
    spread: float = 0.0
    aim: str = ""
    met: bool | None = None
    unit: str = "ms"
    note: str = ""
    samples: list[float] = field(default_factory=list)


def paired(
    name: str,
    ours: Action,
    *,
    floor: Action | None = None,
    peer: Action | None = None,
    runs: int = 9,
    aim_ratio: float | None = None,
    aim_speedup: float | None = None,
    aim_ms: float | None = None,
    clock: Literal["wall", "cpu"] = "wall",
    note: str = "",
    batch: int = 1,
) -> Row:
    """Measure in turn, after one warm-up of each. `batch` calls make one sample."""
    actions = {key: action for key, action in (("ours", ours), ("floor", floor), ("peer", peer)) if action}
    samples: dict[str, list[float]] = {key: [] for key in actions}
    for action in actions.values():
        action()
    read = time.perf_counter if clock == "wall" else time.process_time
    for _ in range(runs):
        for key, action in actions.items():
            gc.collect()  # what one leaves behind must not be paid for by the next
            start = read()
            for _ in range(batch):
                action()
            samples[key].append((read() - start) * 1000 / batch)
    medians = {key: statistics.median(values) for key, values in samples.items()}
    return _row(name, medians, samples, aim_ratio, aim_speedup, aim_ms, f"{clock}; {note}" if note else clock)


def _row(
    name: str,
    medians: dict[str, float],
    samples: dict[str, list[float]],
    aim_ratio: float | None,
    aim_speedup: float | None,
    aim_ms: float | None,
    note: str,
) -> Row:
    ours, ratio, aim, met = medians["ours"], None, "", None
    if "floor" in medians:
        ratio = statistics.median(a / b for a, b in zip(samples["ours"], samples["floor"], strict=True))
    elif "peer" in medians:
        ratio = statistics.median(b / a for a, b in zip(samples["ours"], samples["peer"], strict=True))
    if aim_ratio is not None and ratio is not None:
        aim, met = f"<= {aim_ratio:g} x floor", ratio <= aim_ratio
    elif aim_speedup is not None and ratio is not None:
        aim, met = f">= {aim_speedup:g} x faster than peer", ratio >= aim_speedup
    elif aim_ms is not None:
        aim, met = f"<= {aim_ms:g} ms", ours <= aim_ms
    spread = (max(samples["ours"]) - min(samples["ours"])) / ours if ours else 0.0
    return Row(
        name, ours, medians.get("floor"), medians.get("peer"), ratio, spread, aim, met,
        note=note, samples=samples["ours"],
    )  # fmt: skip


_LAUNCHER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(1 if status else 0)
"""


def child_peak_mb(*arguments: str) -> float:
    """Peak resident memory of a fresh Python process, in MiB, by the operating system's accounting.

    A small launcher starts it: a child's peak counts what its parent had when it was forked.
    """
    done = subprocess.run(
        [sys.executable, "-S", "-c", _LAUNCHER, sys.executable, *arguments], capture_output=True, check=True
    )
    return int(done.stdout) / (1024 if sys.platform != "darwin" else 1 << 20)


def child_wall_ms(*arguments: str) -> float:
    """Wall time of a fresh Python process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return (time.perf_counter() - start) * 1000
