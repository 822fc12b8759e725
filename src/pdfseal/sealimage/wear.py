"""The worn look: paper that took the ink unevenly, the same for the same seed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator

from pdfseal.sealimage.shapes import Path, Shape, polygon

_SPECKS_PER_MM2 = 2.6
_PATCHES_PER_MM2 = 0.008
_SHELLS = 6  # of a faded patch: its edge is soft


def worn(width: float, height: float, seed: int) -> tuple[Shape, ...]:
    """What takes ink away from a seal of `width` x `height` mm: faded patches, and specks where they are."""
    dice = _dice(seed)
    count = max(3, round(_PATCHES_PER_MM2 * width * height))
    patches = [
        (next(dice) * width, next(dice) * height, (0.05 + 0.13 * next(dice)) * min(width, height))
        for _ in range(count)
    ]
    shapes = []
    for x, y, radius in patches:
        spins = [next(dice) for _ in range(12)]
        shapes += [
            Shape(_blob(x, y, radius * (1.3 - 0.16 * shell), spins), erase=0.07) for shell in range(_SHELLS)
        ]
    for _ in range(round(_SPECKS_PER_MM2 * width * height)):
        x, y = next(dice) * width, next(dice) * height
        inside = max(math.exp(-((math.hypot(x - px, y - py) / reach) ** 2)) for px, py, reach in patches)
        size = 0.03 + 0.09 * next(dice) ** 3 + 0.03 * inside
        erase = 1.0 if next(dice) < 0.6 else 0.5
        chance = next(dice)
        spins = [next(dice) for _ in range(6)]
        if chance < 0.16 + 0.84 * inside:
            shapes.append(Shape(_blob(x, y, size, spins), erase=erase))
    return tuple(shapes)


def _blob(x: float, y: float, size: float, spins: list[float]) -> Path:
    """An uneven polygon with one corner for each number in [0, 1)."""
    corners = len(spins)
    return polygon(
        (x + r * math.cos(angle), y + 0.8 * r * math.sin(angle))
        for i in range(corners)
        for r, angle in [(size * (0.5 + spins[i]), 2 * math.pi * (i + 0.6 * spins[i - 1]) / corners)]
    )


def _dice(seed: int) -> Iterator[float]:
    """Numbers in [0, 1) from SHA-256 in counter mode: the same on every machine and Python."""
    key, block = str(seed).encode(), 0
    while True:
        digest = hashlib.sha256(b"pdfseal wear %b %d" % (key, block)).digest()
        for at in range(0, 32, 4):
            yield int.from_bytes(digest[at : at + 4], "big") / 2**32
        block += 1
