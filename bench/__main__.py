"""`python -m bench`: one table; `--json FILE` keeps it, `--against FILE` compares with an earlier run."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from bench.batch import BATCH_ROWS
from bench.coss import COSS_ROWS
from bench.harness import Row
from bench.rows import ROWS as SINGLE_ROWS
from bench.rows import quiet
from bench.text import TEXT_ROWS
from bench.timestamps import TIMESTAMP_ROWS

ROWS = SINGLE_ROWS | BATCH_ROWS | TIMESTAMP_ROWS | TEXT_ROWS | COSS_ROWS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--json", type=Path, help="append this run to FILE, one JSON object a line")
    parser.add_argument("--against", type=Path, help="compare with the newest run in FILE")
    options = parser.parse_args()
    unknown = set(options.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    before = _newest(options.against) if options.against else {}
    quiet()
    print(f"{'what':46} {'ours':>10} {'floor':>10} {'peer':>10} {'ratio':>7} {'spread':>7}  aim")
    found: list[Row] = []
    for name in options.rows or ROWS:
        for row in ROWS[name]():
            found.append(row)
            print(_line(row, before.get(row.name)))
    print(_summary(found))
    if options.json:
        with options.json.open("a", encoding="utf-8") as file:
            file.write(json.dumps([dataclasses.asdict(row) for row in found]) + "\n")


def _summary(rows: list[Row]) -> str:
    """How many aims this run kept, and which it did not."""
    missed = [row.name for row in rows if row.met is False]
    kept = sum(row.met is True for row in rows)
    return f"{kept} of {kept + len(missed)} aims met" + (f"; not met: {'; '.join(missed)}" if missed else "")


def _newest(path: Path) -> dict[str, float]:
    rows = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
    return {row["name"]: row["ours"] for row in rows}


def _line(row: Row, before: float | None) -> str:
    def cell(value: float | None) -> str:
        return "" if value is None else f"{value:.4g}"

    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    verdict = "" if row.met is None else ("  met" if row.met else "  NOT MET")
    drift = "" if before is None else f"  {row.ours / before:.2f} x the earlier run"
    return (
        f"{row.name:46} {cell(row.ours) + ' ' + row.unit:>10} {cell(row.floor):>10} {cell(row.peer):>10} "
        f"{ratio:>7} {row.spread:>6.0%}  {row.aim}{verdict}  ({row.note}){drift}"
    )


if __name__ == "__main__":
    main()
