"""A batch that is killed: every file sealed exactly once when it is run again.

PDFSEAL_BATCH_FILES=10000 PDFSEAL_BATCH_BYTES=200000 runs the large form of the same test.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

import pdfseal
from tests.support.batch import LOOK, TIMEOUT_S, batch, folder_of, journal_of, signer, start
from tests.support.oracles import pdfsig

FILES = int(os.environ.get("PDFSEAL_BATCH_FILES", "400"))
BYTES = int(os.environ.get("PDFSEAL_BATCH_BYTES", "400"))
KILLS = 3
JUDGED = 20  # by an outside tool; all are judged by pdfseal


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(one) for one in (task / "children").read_text().split()]
    return found


def _sealed(output: Path) -> dict[Path, tuple[int, int, int]]:
    """Every output and what would show that it was written again."""
    found = {}
    for path in output.rglob("*.pdf"):
        status = path.stat()
        found[path] = status.st_ino, status.st_mtime_ns, status.st_size
    return found


def _count(folder: Path) -> int:
    return sum(name.endswith(".pdf") and not name.startswith(".") for name in os.listdir(folder))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers through /proc")
@pytest.mark.parametrize("with_workers", [False, True], ids=["the run alone", "its workers too"])
def test_every_file_is_sealed_exactly_once(tmp_path, with_workers):
    source, output = folder_of(tmp_path / "in", FILES, size=BYTES), tmp_path / "out"
    output.mkdir()
    arguments = ("seal", source, "-o", output, *signer(), *LOOK, "--workers", "2")
    written: dict[Path, tuple[int, int, int]] = {}
    for kill in range(1, KILLS + 1):
        process = start(*arguments)
        deadline = time.monotonic() + TIMEOUT_S
        while _count(output) < FILES * kill // (KILLS + 1) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.003)
        time.sleep(random.random() * 0.01)
        workers = _children(process.pid) if with_workers else []
        assert process.poll() is None, "it ended before it could be killed"
        for pid in [process.pid, *workers]:
            os.kill(pid, signal.SIGKILL)
        process.communicate()
        if with_workers:
            now = _sealed(output)
            assert written.items() <= now.items(), "an output was written again"
            written = now
            assert 0 < len(written) < FILES
    code, summary = batch(*arguments)
    assert (code, summary["failed"], summary["skipped"] + summary["done"]) == (0, 0, FILES)
    found = _sealed(output)
    assert len(found) == FILES
    assert written.items() <= found.items(), "an output was written again"
    assert Counter(one["key"] for one in journal_of(output)) == Counter(
        path.name for path in source.iterdir()
    )
    assert not [path for path in output.rglob("*") if path.name.endswith(".part")], (
        "nothing half written stays"
    )
    for path in found:
        original = (source / path.name).read_bytes()
        assert path.read_bytes().startswith(original)
        (one,) = pdfseal.verify(path).signatures
        assert (one.digest_ok, one.signature_ok, one.coverage) == (True, True, "whole_file")
    for path in sorted(found)[:: max(1, FILES // JUDGED)]:
        assert [one.valid for one in pdfsig(path)] == [True]
    print(f"{FILES} files, {KILLS} kills, {summary['found']} were found done without a line in the journal")
