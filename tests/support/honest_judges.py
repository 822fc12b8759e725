"""What pdfseal, pyHanko's validation and poppler's pdfsig say of every signature of one file.

honest_matrix.say_pyhanko applies pyHanko's difference policy alone, to containers of every kind; here
pyHanko validates what it can read, and must come to the same.
"""

from __future__ import annotations

import io
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature

import pdfseal
from tests.support.honest import KINDS, signatures
from tests.support.honest_longterm import anchors, context
from tests.support.honest_matrix import (
    FIRST,
    LATER,
    UNREADABLE,
    First,
    Kind,
    Later,
    Said,
    by_pdfium,
    first_signed,
    made,
    permitted,
    reason,
    say_pyhanko,
)
from tests.support.oracles import pdfsig
from tests.support.sealing import WHEN


@dataclass(frozen=True)
class Ours:
    """`sound`: digest and signature value are good. `allowed`: what came later is permitted."""

    field: str | None
    sound: bool
    level: str
    allowed: bool
    coverage: str
    errors: tuple[str, ...]

    @property
    def accepts(self) -> bool:
        return self.sound and self.allowed and not self.errors


@dataclass(frozen=True)
class Theirs:
    """pyHanko's judgement of one signature; `level` and `coverage` are names of its enumerations."""

    field: str
    intact: bool
    valid: bool
    level: str
    permitted: bool
    coverage: str


def judged_by_pdfseal(pdf: bytes) -> list[Ours]:
    """Every signature, with the test roots as anchors."""
    report = pdfseal.verify(pdf, trust=anchors(), at=WHEN)
    return [
        Ours(
            one.field, one.digest_ok is True and one.signature_ok is True, one.changes.level,
            one.changes.allowed, one.coverage,
            tuple(f"{f.code}: {f.message}" for f in one.findings if f.severity == "error"),
        )
        for one in report.signatures
    ]  # fmt: skip


def judged_by_pyhanko(pdf: bytes) -> dict[str, Theirs]:
    """Every signature that pyHanko can read and whose algorithm it knows, by field name."""
    reader = PdfFileReader(io.BytesIO(pdf), strict=False)
    if reader.encrypted:
        reader.decrypt("")
    found = {}
    for embedded in reader.embedded_signatures:
        if embedded.sig_object_type == "/DocTimeStamp":
            continue  # validated without a policy for what it permits
        if "1.2.156" in embedded.signer_info["digest_algorithm"]["algorithm"].dotted:
            continue  # SM3: pyHanko does not know it
        status = validate_pdf_signature(embedded, context(), context())
        level = status.modification_level.name if status.modification_level else "OTHER"
        found[embedded.field_name] = Theirs(
            embedded.field_name, status.intact, status.valid, level,
            level != "OTHER" and status.docmdp_ok is not False,
            status.coverage.name if status.coverage else "",
        )  # fmt: skip
    return found


def judged_by_pdfsig(pdf: bytes) -> dict[str, bool]:
    """Whether digest and signature value are good, by field name; pdfsig judges no changes."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        return {one.field: one.valid for one in pdfsig(Path(file.name))}


# ---- one file before all judges --------------------------------------------------------------------

WANTED: dict[Kind, tuple[str, ...]] = {
    "nothing": ("none", "ltv"),
    "ltv": ("none", "ltv"),
    "sign": ("signatures",),
    "sign a field": ("signatures",),
    "fill": ("form_filling",),
    "fill another": ("form_filling",),
    "annotate": ("annotations",),
}
ALIKE = {"none": "NONE", "ltv": "LTA_UPDATES", "signatures": "FORM_FILLING", "form_filling": "FORM_FILLING"}
COVERAGE = {"whole_file": "ENTIRE_FILE", "revision": "ENTIRE_REVISION"}


@dataclass(frozen=True)
class Heard:
    """`reason`: why pyHanko and pdfseal differ, None where they agree; `wrong`: what nothing explains."""

    reason: str | None
    wrong: tuple[str, ...]


def hear(first: First, later: Later, kind: str, *, thoroughly: bool = False) -> Heard | None:
    """Ask pdfseal and pyHanko, `thoroughly` pyHanko's validation and pdfsig too; None: no such file."""
    if "libreoffice" in kind and later.name == "note added, pypdf":
        return None  # pypdf also writes /MediaBox with other decimals: docs/honest-files.md
    if (pair := made(first, later, kind)) is None:
        return None
    pdf, end = pair
    judged = {one.covered_end: row for one, row in zip(signatures(pdf), judged_by_pdfseal(pdf), strict=True)}
    ours, allowed = judged.pop(end), permitted(first, later)
    wrong = []
    if ours.accepts != allowed or ours.level not in WANTED[later.kind]:
        wrong.append(f"pdfseal: {ours}")
    signed, spoilt = len(first_signed(first, kind, drawn=later.drawn)), later.kind == "annotate"
    for covered, other in judged.items():  # of the same first step, or of the later one, which is good
        if other.accepts == (covered <= signed and spoilt):
            wrong.append(f"pdfseal: {other}")
    if kind in UNREADABLE:
        return Heard("pyHanko cannot read the document", tuple(wrong))
    if "encrypted" in kind and first.locks != "nothing":
        return Heard("pyHanko cannot read the names of locked fields", tuple(wrong))
    if "encrypted" in kind and by_pdfium(later):
        return Heard("pyHanko cannot compare what pdfium appends", tuple(wrong))
    theirs, why = say_pyhanko(*pair), reason(first, later, kind)
    if theirs.accepts != (allowed and why is None):
        wrong.append(f"pyHanko: {theirs}")
    if thoroughly:
        wrong.extend(_validated(pdf, ours, theirs))
    if why is None and theirs.accepts and ALIKE[ours.level] != theirs.level:
        why = _other_name(ours.level, theirs.level, kind)
        if why is None:
            wrong.append(f"levels: {ours.level}, {theirs.level}")
    return Heard(why, tuple(wrong))


def _other_name(ours: str, theirs: str, kind: str) -> str | None:
    if (ours, theirs) == ("none", "LTA_UPDATES"):
        return "level: what has no effect counts as LTA_UPDATES"
    if (ours, theirs) == ("signatures", "LTA_UPDATES") and "encrypted" in kind:
        return "level: a signature in an encrypted file counts as LTA_UPDATES"
    return None


def _validated(pdf: bytes, first: Ours, said: Said) -> Iterator[str]:
    """pyHanko's validation must come to what its policy said, and pdfsig must find the values good."""
    values = judged_by_pdfsig(pdf)
    for name, one in judged_by_pyhanko(pdf).items():
        if not (one.intact and one.valid and values.get(name, False)):
            yield f"{name}: pyHanko {one}, pdfsig {values.get(name)}"
        if name == first.field and one.permitted != said.accepts:
            yield f"pyHanko's validation: {one}"
        if name == first.field and COVERAGE[first.coverage] != one.coverage:
            yield f"coverage: {first.coverage}, {one.coverage}"


# ---- the whole product -----------------------------------------------------------------------------


def main() -> None:
    """Every first signature with every later step on every document: figures. Takes an hour.

    python -m tests.support.honest_judges [part parts]
    """
    logging.disable(logging.CRITICAL)
    part, parts = (int(one) for one in sys.argv[1:]) if sys.argv[1:] else (0, 1)
    reasons: Counter[str | None] = Counter()
    wrong = 0
    for third in range(3):  # what is interrupted has met every document and every step
        for kind in KINDS[part::parts]:
            for first, later in product(FIRST[third::3], LATER):
                if (heard := hear(first, later, kind)) is None:
                    continue
                reasons[heard.reason] += 1
                wrong += bool(heard.wrong)
                for line in heard.wrong:
                    print(f"{kind} | {first.name} | {later.name} | {line}", flush=True)
            print(
                f"{third} {kind}: {sum(reasons.values())} files, {wrong} wrong, {dict(reasons)}", flush=True
            )


if __name__ == "__main__":
    main()
