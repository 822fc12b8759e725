"""The files that fuzzing starts from: small ones of every kind, signed and not.

`python -m tests.fuzz.make_seeds` writes those in seeds/; the others are the suite's own fixtures.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
FIXTURES = HERE.parents[1] / "fixtures"
MAX_SEED_BYTES = 96 << 10


@cache
def seeds() -> dict[str, bytes]:
    """By name, in a fixed order."""
    found = {}
    for folder in (HERE / "seeds", FIXTURES / "attacks", FIXTURES / "pdf"):
        for path in sorted(folder.glob("*.pdf")):
            if 0 < path.stat().st_size <= MAX_SEED_BYTES:
                found[f"{folder.name}/{path.name}"] = path.read_bytes()
    return found
