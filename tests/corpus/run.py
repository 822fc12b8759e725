"""Seals every PDF of the corpus and says what became of each: `python -m tests.corpus.run`.

For each file, in a worker process with a time limit: seal page 1 with a P-256 key, seal the result again,
then ask others. pikepdf: does every object of the original still resolve to its original value? qpdf: is
the file no worse than before? pdfseal's own verdict must be `passed` for both seals. Refusals are counted
by their code. Lost or changed objects, another verdict, unhandled exceptions, time-outs and crashes make
the run fail.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import median

import pikepdf

import pdfseal
from tests.corpus.fetch import DOWNLOADS
from tests.support.oracles import qpdf_check
from tests.support.preservation import check_preservation
from tests.support.sealing import FIXTURES, Sealed, seal, trust

TIME_LIMIT_S = 60
PLACE_PT = (0, 0, 3, 3)  # a tiny seal in the lower left corner: some pages are 3.84 pt wide
# What the encrypted files of the two test suites open with.
PASSWORDS = (
    "",
    "asdfzxcv",
    "openpassword",
    "usersecret",
    "test",
    "user",
    "owner",
    "userpwd",
    "foo",
    "password",
)
BROKEN = ("unhandled", "timeout", "crash")


@dataclass
class Outcome:
    """`outcome`: sealed, refused, unhandled, timeout or crash; `code` and `message` say why not sealed.

    `sound_for_qpdf`: refused as damaged, and qpdf has nothing to complain about.
    `damage` is what pikepdf found lost or changed, `unjudged` why it could not judge, `worse` what qpdf
    says now and did not before, `verdict` pdfseal's own on the file with two seals.
    """

    name: str
    outcome: str
    code: str = ""
    message: str = ""
    bytes: int = 0
    sound_for_qpdf: bool = False
    prepare_ms: float = 0.0
    objects: int = 0
    damage: list[str] = field(default_factory=list)
    unjudged: str = ""
    worse: list[str] = field(default_factory=list)
    verdict: str = ""


def seal_with_any_password(original: bytes, place: pdfseal.InRectangle) -> tuple[str, Sealed]:
    for password in PASSWORDS:
        try:
            return password, seal(original, placement=place, password=password)
        except pdfseal.CallerError as error:
            if error.code != "wrong_password":
                raise
    raise pdfseal.CallerError("wrong_password", "none of the passwords of the test suites opens it")


def judge(path: Path, name: str) -> Outcome:
    original = path.read_bytes()
    place = pdfseal.InRectangle(page=1, rect=pdfseal.Rect(*PLACE_PT), fit=pdfseal.Size(3, 3))
    try:
        password, once = seal_with_any_password(original, place)
        twice = seal(once.pdf, placement=place, password=password)
    except pdfseal.PdfsealError as error:
        sound = error.code == "pdf_damaged" and qpdf_check(path).exit_code == 0
        return Outcome(name, "refused", error.code, error.message, len(original), sound_for_qpdf=sound)
    found = Outcome(name, "sealed", bytes=len(original), prepare_ms=once.prepare_ms)
    try:
        for before, after in ((original, once.pdf), (once.pdf, twice.pdf)):
            result = check_preservation(before, after, password=password)
            found.objects = found.objects or result.objects
            found.damage += [*result.lost, *result.changed]
    except (pikepdf.PdfError, pikepdf.PasswordError) as error:
        found.unjudged = str(error)
    with tempfile.TemporaryDirectory() as folder:
        sealed = Path(folder, "sealed.pdf")
        sealed.write_bytes(twice.pdf)
        before_check, after_check = (qpdf_check(file, password=password) for file in (path, sealed))
    if not after_check.no_worse_than(before_check):
        found.worse = sorted(set(after_check.complaints) - set(before_check.complaints)) or ["exit code"]
    found.verdict = pdfseal.verify(twice.pdf, trust=trust("p256"), password=password).verdict
    return found


# ---- worker processes, one task at a time, replaced when they hang or die ----------------------------


def work(connection: Connection) -> None:
    seal((FIXTURES / "pdf" / "table.pdf").read_bytes())  # libraries are loaded before anything is timed
    while True:
        path, name = connection.recv()
        try:
            found = judge(path, name)
        except Exception as error:
            found = Outcome(name, "unhandled", type(error).__name__, str(error))
        connection.send(found)


class Worker:
    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, path: Path, name: str) -> Outcome:
        try:
            self.connection.send((path, name))
            if self.connection.poll(TIME_LIMIT_S):
                return self.connection.recv()
            return Outcome(name, "timeout", message=f"more than {TIME_LIMIT_S} s")
        except (EOFError, OSError):
            self.process.join(1)
            return Outcome(name, "crash", message=f"the worker ended with {self.process.exitcode}")

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def judge_all(files: list[tuple[Path, str]], jobs: int) -> list[Outcome]:
    tasks: SimpleQueue[tuple[Path, str]] = SimpleQueue()
    for task in files:
        tasks.put(task)
    outcomes: list[Outcome] = []

    def drain() -> None:
        worker = Worker()
        while True:
            try:
                path, name = tasks.get_nowait()
            except Empty:
                break
            outcomes.append(worker.ask(path, name))
            if outcomes[-1].outcome in ("timeout", "crash"):
                worker.stop()
                worker = Worker()
        worker.stop()

    threads = [threading.Thread(target=drain) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes, key=lambda outcome: outcome.name)


# ---- report ------------------------------------------------------------------------------------------


def summary(outcomes: list[Outcome], seconds: float) -> dict[str, object]:
    sealed = [outcome for outcome in outcomes if outcome.outcome == "sealed"]
    times = [outcome.prepare_ms for outcome in sealed]
    return {
        "files": len(outcomes),
        "sealed": len(sealed),
        "refused": dict(Counter(o.code for o in outcomes if o.outcome == "refused").most_common()),
        "refused_as_damaged_but_sound_for_qpdf": sum(o.sound_for_qpdf for o in outcomes),
        "unhandled": sum(o.outcome == "unhandled" for o in outcomes),
        "timeout": sum(o.outcome == "timeout" for o in outcomes),
        "crash": sum(o.outcome == "crash" for o in outcomes),
        "objects_compared": sum(o.objects for o in sealed),
        "files_with_lost_or_changed_objects": sum(bool(o.damage) for o in sealed),
        "not_judged_by_pikepdf": sum(bool(o.unjudged) for o in sealed),
        "worse_for_qpdf": sum(bool(o.worse) for o in sealed),
        "verdicts": dict(Counter(o.verdict for o in sealed)),
        "median_prepare_ms": round(median(times), 2) if times else None,
        "slowest_prepare_ms": round(max(times), 1) if times else None,
        "seconds": round(seconds, 1),
    }


def complaints(outcomes: list[Outcome]) -> Iterator[str]:
    for found in outcomes:
        if found.outcome != "sealed":
            yield f"{found.outcome:9} {found.name}: {found.code} {found.message}"
        for text in found.damage:
            yield f"DAMAGE    {found.name}: {text}"
        if found.unjudged:
            yield f"unjudged  {found.name}: {found.unjudged}"
        for text in found.worse:
            yield f"qpdf      {found.name}: {text}"
        if found.outcome == "sealed" and found.verdict != "passed":
            yield f"verdict   {found.name}: {found.verdict}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, default=[DOWNLOADS], help="folders of PDF files")
    parser.add_argument("--json", action="store_true", help="print the summary and every outcome as JSON")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    files = [
        (path, str(path.relative_to(folder)))
        for folder in options.folders
        for path in sorted(folder.rglob("*.pdf"))
        if path.is_file()
    ]
    start = time.perf_counter()
    outcomes = judge_all(files, options.jobs)
    totals = summary(outcomes, time.perf_counter() - start)
    if options.json:
        listed = [asdict(outcome) for outcome in outcomes]
        print(json.dumps({"summary": totals, "files": listed}, ensure_ascii=False, indent=1))
    else:
        print(*complaints(outcomes), sep="\n")
        print(*(f"{key.replace('_', ' ')}: {value}" for key, value in totals.items()), sep="\n")
    bad = any(o.outcome in BROKEN or o.damage or o.verdict not in ("", "passed") for o in outcomes)
    return 1 if bad or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
