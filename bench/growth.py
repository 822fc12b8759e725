"""`python -m bench.growth`: time and memory as functions of size, pages, signatures, changed objects.

Writes docs/growth.md and docs/growth.svg. Each figure is the median of a few runs in one warm
process (memory: the peak of a fresh process above one that only imports), so that what is
measured is the growth, not the start.
"""

from __future__ import annotations

import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pdfseal
from bench.growth_inputs import fill_in, form_pdf, sparse_pdf
from bench.growth_plot import Panel, Series, plot
from bench.harness import child_peak_mb
from bench.inputs import pdf_of_pages, pdf_of_size
from bench.rows import _prepare, _sealed, _sign, quiet
from pdfseal import sealing
from pdfseal.pdf.document import Document
from pdfseal.pdf.source import opened

WHEN = datetime(2026, 6, 1, tzinfo=UTC)
# Known, and why: docs/growth.md says it, too.
STEEPER = {
    ("signatures", "verify"): "each revision writes the arrays of fields and annotations again",
    ("signatures", "verify, memory"): "what is found out about the revisions is kept for all signatures",
}
RUNS = 7
SLOW_MS = 2000  # no more runs after this much
ROOT = Path(__file__).parents[1]
SIZES_MB = (1, 4, 16, 64, 256, 1024)
PAGES = (10, 100, 1000, 5000, 20000)
SIGNATURES = (1, 5, 20, 50, 100, 200)
CHANGED = (10, 100, 500, 1000, 2000, 5000)  # of as many fields as the last
FAMILY = "p256"
STRAIGHT = 1.15  # an exponent up to here is linear growth, measured on a busy machine

_PROGRAM = """
import sys
from pathlib import Path
from bench.growth import OPERATIONS
OPERATIONS[sys.argv[1]](Path(sys.argv[2]))
"""


def prepare(path: Path) -> object:
    return _prepare(path, FAMILY)


def prepare_own(path: Path) -> object:
    """prepare without the one pass over the file's bytes."""
    with mock.patch.object(sealing, "digest_prepared", return_value=bytes(32)):
        return _prepare(path, FAMILY)


def compose(path: Path) -> Callable[[], object]:
    prepared = _prepare(path, FAMILY)
    signature = _sign(prepared, FAMILY)
    return lambda: pdfseal.compose(prepared, signature)


def verify(path: Path) -> object:
    return pdfseal.verify(path, at=WHEN)


def seal(path: Path) -> None:
    _sealed(path, FAMILY, path.with_suffix(".out"))


OPERATIONS: dict[str, Callable[[Path], object]] = {"seal": seal, "verify": verify}


@dataclass
class Curve:
    """Figures of one operation over one axis."""

    name: str
    unit: str
    points: list[tuple[float, float]] = field(default_factory=list)

    @property
    def noise(self) -> float:
        """Below this a figure says nothing: clocks tick, and a buffer of 4 MiB is filled or not."""
        return 5.0 if self.unit == "MiB" else 0.1

    @property
    def exponent(self) -> float:
        """Slope of the logarithms over the last three points."""
        last = [(math.log(x), math.log(max(y, self.noise))) for x, y in self.points[-3:]]
        mean_x, mean_y = (statistics.fmean(values) for values in zip(*last, strict=True))
        spread = sum((x - mean_x) ** 2 for x, _ in last)
        return sum((x - mean_x) * (y - mean_y) for x, y in last) / spread if spread else 0.0

    @property
    def line(self) -> tuple[float, float]:
        """a and b of a + b x, by least squares of relative errors."""
        weights = [(1 / max(y, self.noise) ** 2, x, y) for x, y in self.points]
        total = sum(w for w, _, _ in weights)
        mean_x = sum(w * x for w, x, _ in weights) / total
        mean_y = sum(w * y for w, _, y in weights) / total
        slope = sum(w * (x - mean_x) * (y - mean_y) for w, x, y in weights) / sum(
            w * (x - mean_x) ** 2 for w, x, _ in weights
        )
        return mean_y - slope * mean_x, slope


@dataclass
class Axis:
    """One way to grow; `unsigned` and `signed` give the file of each step."""

    name: str
    steps: tuple[float, ...]
    curves: list[Curve] = field(default_factory=list)


def _time_ms(action: Callable[[], object]) -> float:
    action()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        action()
        times.append((time.process_time() - start) * 1000)
        if sum(times) > SLOW_MS:
            break
    return statistics.median(times)


def _peak_mb(operation: str, path: Path) -> float:
    return min(child_peak_mb("-c", _PROGRAM, operation, str(path)) for _ in range(2))


def measure(axis: Axis, files: Iterator[tuple[float, Path, Path]], base: dict[str, float]) -> Axis:
    """`files`: step, what is prepared, what is verified."""
    curves = {
        name: Curve(name, unit)
        for name, unit in (
            ("prepare", "ms"), ("prepare without the hash", "ms"), ("compose", "ms"), ("verify", "ms"),
            ("seal, memory", "MiB"), ("verify, memory", "MiB"),
        )
    }  # fmt: skip
    for step, plain, signed in files:
        composing = compose(plain)
        for name, value in (
            ("prepare", _time_ms(lambda plain=plain: prepare(plain))),
            ("prepare without the hash", _time_ms(lambda plain=plain: prepare_own(plain))),
            ("compose", _time_ms(composing)),
            ("verify", _time_ms(lambda signed=signed: verify(signed))),
            ("seal, memory", max(0.0, _peak_mb("seal", plain) - base["seal"])),
            ("verify, memory", max(0.0, _peak_mb("verify", signed) - base["verify"])),
        ):
            curves[name].points.append((step, value))
        print(axis.name, step, {name: round(curve.points[-1][1], 2) for name, curve in curves.items()})
    axis.curves = list(curves.values())
    return axis


def _by_size(folder: Path) -> Iterator[tuple[float, Path, Path]]:
    for size in SIZES_MB:
        plain = sparse_pdf(folder / "size.pdf", size)
        yield size, plain, _sealed(plain, FAMILY, folder / "size-signed.pdf")


def _by_pages(folder: Path) -> Iterator[tuple[float, Path, Path]]:
    for pages in PAGES:
        plain = pdf_of_pages(pages)
        yield pages, plain, _sealed(plain, FAMILY, folder / "pages-signed.pdf")


def _by_signatures(folder: Path) -> Iterator[tuple[float, Path, Path]]:
    path = folder / "signatures.pdf"
    path.write_bytes(pdf_of_size(0.1).read_bytes())
    for count in range(1, SIGNATURES[-1] + 1):
        _sealed(path, FAMILY, path)
        if count in SIGNATURES:
            yield count, path, path


def _by_changes(folder: Path) -> Iterator[tuple[float, Path, Path]]:
    signed = _sealed(form_pdf(folder / "form.pdf", CHANGED[-1]), FAMILY, folder / "form-signed.pdf")
    data = signed.read_bytes()
    with opened(signed) as source:
        document = Document.open(source)
        root, size, previous = document.root, document.highest_number + 1, document.startxref
    trailer = b"/Root %d %d R/Size %d" % (root.number, root.generation, size)
    for count in CHANGED:
        path = folder / "form-filled.pdf"
        path.write_bytes(data + fill_in(data, count, trailer, previous))
        level = pdfseal.verify(path, at=WHEN).signatures[0].changes.level
        if level != "form_filling":
            raise RuntimeError(f"the changes were judged as {level}")
        yield count, path, path


def main() -> None:
    quiet()
    with tempfile.TemporaryDirectory(dir=ROOT / "bench-output") as name:
        folder = Path(name)
        small = _sealed(pdf_of_size(0.1), FAMILY, folder / "small.pdf")
        base = {name: _peak_mb(name, small) for name in OPERATIONS}
        axes = [
            measure(axis, files, base)
            for axis, files in (
                (Axis("file size, MiB", SIZES_MB), _by_size(folder)),
                (Axis("pages", PAGES), _by_pages(folder)),
                (Axis("signatures", SIGNATURES), _by_signatures(folder)),
                (Axis("changed objects", CHANGED), _by_changes(folder)),
            )
        ]
    sys.exit(1 if write(axes) else 0)


def write(axes: list[Axis]) -> list[str]:
    """docs/growth.md and docs/growth.svg; what is steeper than linear and not known to be."""
    (ROOT / "docs" / "growth.svg").write_text(plot(list(_panels(axes))), encoding="utf-8")
    (ROOT / "docs" / "growth.md").write_text("\n".join(_page(axes)), encoding="utf-8")
    steep = [
        f"{axis.name}: {curve.name}"
        for axis in axes
        for curve in axis.curves
        if _steep(axis, curve) and (axis.name, curve.name) not in STEEPER
    ]
    print("steeper than linear, and not known:", ", ".join(steep) or "nothing")
    return steep


def _steep(axis: Axis, curve: Curve) -> bool:
    limit = STRAIGHT
    if axis.name.startswith("file size") and curve.name in ("prepare without the hash", "compose"):
        limit = STRAIGHT - 1  # not at all with the size
    return curve.exponent > limit


def _panels(axes: list[Axis]) -> Iterator[Panel]:
    for unit in ("ms", "MiB"):
        for axis in axes:
            yield Panel(
                axis.name, unit, [Series(one.name, one.points) for one in axis.curves if one.unit == unit]
            )


def _page(axes: list[Axis]) -> Iterator[str]:
    yield "# Growth\n"
    yield "Written by `python -m bench.growth`. Processor time in milliseconds, medians in a warm process;"
    yield "memory in MiB, peak resident memory of a fresh process above that of the same on 100 KB."
    yield "The exponent is the slope of the logarithms over the last three points: 0 does not grow, 1 is"
    yield "linear; memory below 5 MiB counts as 5, a buffer that is filled or not. The line a + b x is fitted"
    yield "by relative errors. Absolute figures change with the machine.\n"
    yield "The size is that of a sparse file with one page. The forms have 5,000 fields in every step, of"
    yield "which the step's number is filled in after signing: most of their cost is reading the fields.\n"
    yield "![Time and memory over file size, pages, signatures and changed objects](growth.svg)\n"
    for (axis_name, curve_name), why in STEEPER.items():
        yield f"Steeper than linear: {curve_name}, over {axis_name}: {why}.\n"
    for axis in axes:
        yield f"## {axis.name}\n"
        yield "| | " + " | ".join(f"{step:g}" for step in axis.steps) + " | exponent | a + b x |"
        yield "|---|" + "---:|" * (len(axis.steps) + 2)
        for curve in axis.curves:
            cells = " | ".join(f"{value:.3g}" for _, value in curve.points)
            a, b = curve.line
            line = f"{a:.3g} {'+' if b >= 0 else '-'} {abs(b):.2g} x"
            yield f"| {curve.name} ({curve.unit}) | {cells} | {curve.exponent:.2f} | {line} |"
        yield ""


if __name__ == "__main__":
    main()
