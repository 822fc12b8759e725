"""Keeps the smallest input for each distinct answer of a campaign: `python -m tests.fuzz.keep DIR`.

Two inputs have the same answer if verdict or error, finding codes and change levels are the same.
kept/index.json says what each must be answered; the suite replays them (tests/test_fuzz.py).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.fuzz import oracle
from tests.fuzz.seeds import HERE

KEPT = HERE / "kept"
MAX_KEPT_BYTES = 9 << 10


def answer(data: bytes) -> str:
    """All that distinguishes one answer from another, in one line."""
    report, outcome = oracle.judge(data)
    if report is None:
        return outcome.answer
    codes = sorted({finding.code for one in report.signatures for finding in one.findings})
    levels = sorted({one.changes.level for one in report.signatures})
    return " ".join([outcome.answer, *levels, *codes])


def index() -> dict[str, str]:
    """File name -> answer."""
    found: dict[str, str] = json.loads((KEPT / "index.json").read_text(encoding="utf-8"))
    return found


def main(folders: list[str]) -> None:
    KEPT.mkdir(exist_ok=True)
    best: dict[str, bytes] = {}
    for folder in (KEPT, *map(Path, folders)):
        for path in folder.iterdir():
            data = path.read_bytes()
            if path.name == "index.json" or not 0 < len(data) <= MAX_KEPT_BYTES:
                continue
            known = best.get(said := answer(data))
            if known is None or (len(data), data) < (len(known), known):
                best[said] = data
    named = {path.name for path in KEPT.glob("found-*.pdf")}  # those that broke something stay
    for path in set(KEPT.glob("*.pdf")) - {KEPT / name for name in named}:
        path.unlink()
    rows = {name: answer((KEPT / name).read_bytes()) for name in sorted(named)}
    for number, (said, data) in enumerate(sorted(best.items())):
        rows[f"{number:03d}.pdf"] = said
        (KEPT / f"{number:03d}.pdf").write_bytes(data)
    text = json.dumps(rows, indent=0, ensure_ascii=False) + "\n"
    (KEPT / "index.json").write_text(text, encoding="utf-8")
    print(f"kept {len(rows)} files, {sum(map(len, best.values())) >> 10} KiB")


if __name__ == "__main__":
    main(sys.argv[1:])
