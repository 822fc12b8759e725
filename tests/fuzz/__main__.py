"""`python -m tests.fuzz [--minutes 30] [--corpus DIR] [--seed N]`: a campaign against `verify`.

With atheris installed libFuzzer guides it by coverage of pdfseal; without, inputs are mutated at
random. Whatever breaks a rule of oracle.py is written to the corpus' folder `broken/` and ends the
campaign with exit code 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import resource
import subprocess
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

MAX_BYTES = 128 << 10
MAX_MEMORY_MB = 512


@dataclass
class Figures:
    """What a campaign did."""

    runs: int = 0
    slowest: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    kinds: set[tuple[object, ...]] = field(default_factory=set)
    started: float = field(default_factory=time.monotonic)

    def line(self) -> str:
        seconds = time.monotonic() - self.started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return json.dumps(
            {
                "runs": self.runs, "minutes": round(seconds / 60, 1), "a_second": round(self.runs / seconds),
                "slowest_cpu_seconds": round(self.slowest, 2), "peak_memory_mb": memory,
                "broken": self.broken, "answers": dict(self.answers.most_common()),
            }
        )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--corpus", type=Path, default=Path("fuzz-output"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments)
        return 0
    # in a process of its own: libFuzzer ends the process that it runs in
    done = subprocess.run([sys.executable, "-m", "tests.fuzz", "--worker", *sys.argv[1:]], check=False)
    figures = arguments.corpus / "figures.json"
    print(figures.read_text(encoding="utf-8") if figures.exists() else "nothing was tried")
    broken = sorted(path.name for path in (arguments.corpus / "broken").glob("*"))
    print(f"{len(broken)} inputs broke a rule", *broken)
    return 1 if broken or done.returncode else 0


def work(arguments: argparse.Namespace) -> None:
    """The campaign itself."""
    figures = Figures()
    # instrumented as they are imported: the imports stand in here
    if atheris is not None:
        with atheris.instrument_imports(include=["pdfseal"]):
            from tests.fuzz import mutations, oracle, seeds
    else:
        from tests.fuzz import mutations, oracle, seeds
    corpus, broken = arguments.corpus / "corpus", arguments.corpus / "broken"
    corpus.mkdir(parents=True, exist_ok=True)
    broken.mkdir(exist_ok=True)
    for name, data in seeds.seeds().items():
        (corpus / name.replace("/", "-")).write_bytes(data)

    def one(data: bytes) -> None:
        figures.runs += 1
        try:
            outcome = oracle.check(data)
        except Exception as error:
            figures.broken += 1
            _keep(error, data, figures, broken)
            return
        figures.answers[outcome.answer] += 1
        figures.slowest = max(figures.slowest, outcome.cpu_seconds)
        if figures.runs % 500 == 0:
            (arguments.corpus / "figures.json").write_text(figures.line(), encoding="utf-8")

    if atheris is None:
        end = time.monotonic() + 60 * arguments.minutes
        rnd = random.Random(arguments.seed)
        known = list(seeds.seeds().values())
        while time.monotonic() < end:
            one(mutations.mutate(rnd.choice(known), rnd))
        return

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        rnd = random.Random(seed)
        if rnd.random() < 0.1:
            return bytes(atheris.Mutate(data, most))
        return mutations.mutate(data, rnd, most)

    options = [
        sys.argv[0], str(corpus), f"-max_total_time={round(60 * arguments.minutes)}", f"-max_len={MAX_BYTES}",
        f"-rss_limit_mb={MAX_MEMORY_MB}", "-timeout=60", f"-seed={arguments.seed}", "-print_final_stats=1",
    ]  # fmt: skip
    atheris.Setup(options, one, custom_mutator=mutator)
    atheris.Fuzz()


def _keep(error: Exception, data: bytes, figures: Figures, folder: Path) -> None:
    """One input for each kind of failure."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    kind = (type(error).__name__, frame.filename, frame.lineno, str(error)[:20])
    if kind in figures.kinds:
        return
    figures.kinds.add(kind)
    name = hashlib.sha256(data).hexdigest()[:16]
    (folder / f"{name}.pdf").write_bytes(data)
    print(f"BROKEN {name}.pdf: {type(error).__name__}: {error}"[:600], flush=True)


if __name__ == "__main__":
    sys.exit(main())
