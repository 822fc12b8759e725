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
    arguments = parser.parse_args()
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
            frame = traceback.extract_tb(error.__traceback__)[-1]
            kind = (type(error).__name__, frame.filename, frame.lineno, str(error)[:20])
            if kind in figures.kinds:
                return
            figures.kinds.add(kind)
            name = hashlib.sha256(data).hexdigest()[:16]
            (broken / f"{name}.pdf").write_bytes(data)
            print(f"BROKEN {name}.pdf: {type(error).__name__}: {error}"[:600], flush=True)
            return
        figures.answers[outcome.answer] += 1
        if outcome.cpu_seconds > figures.slowest:
            figures.slowest = outcome.cpu_seconds
        if figures.runs % 2000 == 0:
            print(figures.line(), flush=True)

    end = time.monotonic() + 60 * arguments.minutes
    if atheris is None:
        rnd = random.Random(arguments.seed)
        known = list(seeds.seeds().values())
        while time.monotonic() < end:
            one(mutations.mutate(rnd.choice(known), rnd))
        print("done", figures.line(), flush=True)
        return 1 if figures.broken else 0

    def mutator(data: bytes, most: int, seed: int) -> bytes:
        rnd = random.Random(seed)
        if rnd.random() < 0.1:
            return bytes(atheris.Mutate(data, most))
        return mutations.mutate(data, rnd, most)

    options = [
        sys.argv[0], str(corpus), f"-max_total_time={round(60 * arguments.minutes)}", f"-max_len={MAX_BYTES}",
        f"-rss_limit_mb={MAX_MEMORY_MB}", "-timeout=60", f"-seed={arguments.seed}", "-print_final_stats=1",
    ]  # fmt: skip
    import atexit

    atexit.register(lambda: print("done", figures.line(), flush=True))
    atheris.Setup(options, one, custom_mutator=mutator)
    atheris.Fuzz()
    return 1 if figures.broken else 0


if __name__ == "__main__":
    sys.exit(main())
