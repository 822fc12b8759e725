"""Every first signature with everything that may honestly follow: what ISO 32000-2, pdfseal and pyHanko say.

    python -m tests.support.honest_matrix      writes docs/honest-files.md

pyHanko judges containers where it can read them; of national seals and SM2 it judges the changes
alone, by the same policy.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from textwrap import fill
from typing import Literal

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, SuspiciousModification
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

import pdfseal
from tests.support import honest as steps
from tests.support import honest_longterm as longterm
from tests.support import honest_pdfium as pdfium

Step = Callable[[bytes], bytes]
Kind = Literal["nothing", "ltv", "sign", "sign a field", "fill", "fill another", "annotate"]
Locks = Literal["nothing", "amount", "all", "all but amount"]

# ---- the steps -------------------------------------------------------------------------------------

INCLUDE = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=[steps.AMOUNT])
EXCLUDE = FieldMDPSpec(FieldMDPAction.EXCLUDE, fields=[steps.AMOUNT])
ALL = FieldMDPSpec(FieldMDPAction.ALL)


@dataclass(frozen=True)
class First:
    """A first signature: who, what /P it states, and which fields it locks."""

    name: str
    step: Step
    permission: int | None = None
    locks: Locks = "nothing"


def _locking(action: Literal["All", "Include", "Exclude"]) -> Step:
    names = () if action == "All" else (steps.AMOUNT,)
    return partial(steps.by_pdfseal, lock=pdfseal.FieldLock(action, names))


FIRST = (
    First("pdfseal, P-256", steps.by_pdfseal),
    First("pdfseal, RSA", partial(steps.by_pdfseal, family="rsa")),
    First("pdfseal, SM2 CMS", partial(steps.by_pdfseal, family="sm2")),
    First("pdfseal, GM/T 0031-2014", partial(steps.seal_by_pdfseal, layout="ses2014")),
    First("pdfseal, GB/T 38540-2020", partial(steps.seal_by_pdfseal, layout="ses2020")),
    First("pdfseal, invisible", partial(steps.by_pdfseal, placement=None)),
    First("pyHanko, invisible", steps.by_pyhanko),
    First("pyHanko, visible", partial(steps.by_pyhanko, box=(300, 100, 400, 150))),
    First("pdfseal, certified /P 1", partial(steps.by_pdfseal, certify=1), 1),
    First("pdfseal, certified /P 2", partial(steps.by_pdfseal, certify=2), 2),
    First("pdfseal, certified /P 3", partial(steps.by_pdfseal, certify=3), 3),
    First("pyHanko, certified /P 1", partial(steps.by_pyhanko, certify=1), 1),
    First("pyHanko, certified /P 2", partial(steps.by_pyhanko, certify=2), 2),
    First("pyHanko, certified /P 3", partial(steps.by_pyhanko, certify=3), 3),
    First("pyHanko, locks one field", partial(steps.by_pyhanko, lock=INCLUDE), None, "amount"),
    First("pyHanko, locks all fields", partial(steps.by_pyhanko, lock=ALL), None, "all"),
    First("pyHanko, locks all but one", partial(steps.by_pyhanko, lock=EXCLUDE), None, "all but amount"),
    First("pdfseal, two places", partial(steps.by_pdfseal, placement=steps.TWO_SPOTS)),
    First("pdfseal, empty field", steps.into_field),
    First("pyHanko, empty field", partial(steps.by_pyhanko, name="Reserved")),
    First("pdfseal, locks one field", _locking("Include"), None, "amount"),
    First("pdfseal, locks all fields", _locking("All"), None, "all"),
    First("pdfseal, locks all but one", _locking("Exclude"), None, "all but amount"),
    First("pdfseal, document timestamp", steps.timestamp_by_pdfseal),
    First("pyHanko, document timestamp", steps.timestamp_by_pyhanko),
    First("pdfseal, B-LT", lambda pdf: longterm.extend_by_pdfseal(steps.by_pdfseal(pdf))),
    First("pyHanko, B-LTA", longterm.sign_long_term_by_pyhanko),
)


@dataclass(frozen=True)
class Later:
    """A later step, and what kind of change it is by ISO 32000-2.

    `drawn`: on documents whose fields all have appearances, as pdfium draws those that have none.
    """

    name: str
    step: Step
    kind: Kind
    visible: bool = False
    drawn: bool = False


def _filling(name: str, value: str) -> Step:
    return partial(steps.fill_by_pypdf, name=name, value=value)


LATER = (
    Later("a line end behind the file", steps.line_at_the_end, "nothing"),
    Later("the catalog written again, pyHanko", steps.nothing_by_pyhanko, "nothing"),
    Later("saved unchanged, pypdf", steps.nothing_by_pypdf, "nothing"),
    Later("saved unchanged after being looked at, pdfium", pdfium.look_at, "nothing", drawn=True),
    Later("security store, pyHanko", steps.store_by_pyhanko, "ltv"),
    Later("document timestamp, pdfseal", steps.timestamp_by_pdfseal, "ltv"),
    Later("document timestamp, pyHanko", steps.timestamp_by_pyhanko, "ltv"),
    Later("title, pyHanko", steps.information_by_pyhanko, "ltv"),
    Later("title, pypdf", steps.information_by_pypdf, "ltv"),
    Later("XMP metadata, pyHanko", steps.xmp_by_pyhanko, "ltv"),
    Later("extended to B-LT, pdfseal", longterm.extend_by_pdfseal, "ltv"),
    Later("extended to B-LTA, pdfseal", partial(longterm.extend_by_pdfseal, level="B-LTA"), "ltv"),
    Later("signed again, pdfseal P-256", steps.by_pdfseal, "sign", visible=True),
    Later("signed again, pdfseal SM2", partial(steps.by_pdfseal, family="sm2"), "sign", visible=True),
    Later("sealed again, pdfseal GM/T 0031-2014", partial(steps.seal_by_pdfseal, layout="ses2014"), "sign"),
    Later("signed again, pyHanko invisible", partial(steps.by_pyhanko, name="Second"), "sign"),
    Later(
        "signed again, pyHanko visible",
        partial(steps.by_pyhanko, name="Second", box=(300, 200, 400, 250)),
        "sign",
        visible=True,
    ),
    Later("signed again to B-LTA, pyHanko", longterm.sign_long_term_by_pyhanko, "sign"),
    Later("empty field signed, pdfseal", steps.into_field, "sign a field"),
    Later("empty field signed, pyHanko", partial(steps.by_pyhanko, name="Reserved"), "sign a field"),
    Later("field `amount` filled in, pyHanko", steps.fill_by_pyhanko, "fill"),
    Later("the same, appearance drawn in place", partial(steps.fill_by_pyhanko, in_place=True), "fill"),
    Later("the same, readers draw it", steps.need_appearances_by_pyhanko, "fill"),
    Later("field `amount` filled in, pypdf", steps.fill_by_pypdf, "fill"),
    Later("the same, readers draw it too, pypdf", partial(steps.fill_by_pypdf, ask=True), "fill"),
    Later("field `amount` filled in, pdfium", pdfium.fill, "fill", drawn=True),
    Later("field `note` filled in, pyHanko", partial(steps.fill_by_pyhanko, name=steps.NOTE), "fill another"),
    Later("checkbox set, pyHanko", steps.check_by_pyhanko, "fill another"),
    Later("checkbox set, pypdf", _filling("agreed", "/Yes"), "fill another"),
    Later("checkbox set, pdfium", pdfium.check, "fill another", drawn=True),
    Later("choice made, pyHanko", steps.choose_by_pyhanko, "fill another"),
    Later("choice made, pypdf", _filling("colour", "blue"), "fill another"),
    Later("choice drawn that had no appearance, pdfium", pdfium.look_at, "fill another"),
    Later("note added, pyHanko", steps.annotate_by_pyhanko, "annotate"),
    Later("note added, pypdf", steps.annotate_by_pypdf, "annotate"),
    Later(
        "sealed in two places, pdfseal",
        partial(steps.by_pdfseal, placement=steps.TWO_SPOTS, allow_annotations=True),
        "annotate",
    ),
)


def permitted(first: First, later: Later) -> bool:
    """ISO 32000-2, table 257 (/P) and 12.8.2.4 (locks); annotations only where /P 3 permits them."""
    kind = later.kind
    if kind in ("nothing", "ltv"):
        return True
    if kind == "annotate":
        return first.permission == 3
    if first.permission == 1:
        return False
    if first.locks == "all":
        return False
    if first.locks == "all but amount":
        return kind == "fill"
    return not (first.locks == "amount" and kind == "fill")


# ---- the judges ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """What one judge says of a signature: sound, and what came later allowed; and how far that goes."""

    accepts: bool
    level: str
    why: str = ""


def say_pdfseal(pdf: bytes, end: int) -> Said:
    """Of the signature that covers the first `end` bytes."""
    report = pdfseal.verify(pdf, at=datetime(2026, 6, 1, tzinfo=UTC))
    ends = [one.covered_end for one in steps.signatures(pdf)]
    judged = report.signatures[ends.index(end)]
    errors = "; ".join(f.message for f in judged.findings if f.severity == "error")
    sound = judged.digest_ok is True and judged.signature_ok is True
    return Said(sound and judged.changes.allowed, judged.changes.level, errors)


def say_pyhanko(pdf: bytes, end: int) -> Said:
    """The same, by pyHanko's default policy for differences."""
    reader = _reader(pdf)
    base = _reader(pdf[:end]).xrefs.total_revisions - 1
    locks, permission, sound = None, None, True
    for embedded in _embedded(reader):
        low, _, high, length = embedded.byte_range
        if high + length == end and embedded.sig_object_type == "/Sig":
            attributes = {one["type"].native: one["values"] for one in embedded.signer_info["signed_attrs"]}
            sound = low == 0 and attributes["message_digest"][0].native == embedded.compute_digest()
            locks, permission = embedded.fieldmdp, embedded.docmdp_level
    found = DEFAULT_DIFF_POLICY.review_file(reader, base, locks, permission)
    if isinstance(found, SuspiciousModification):
        return Said(False, "OTHER", str(found))
    accepts = sound and (permission is None or found.modification_level.value <= permission.value)
    return Said(accepts, found.modification_level.name)


def _reader(pdf: bytes) -> PdfFileReader:
    reader = PdfFileReader(io.BytesIO(pdf), strict=False)
    if reader.encrypted:
        reader.decrypt("")
    return reader


def _embedded(reader: PdfFileReader) -> list[EmbeddedPdfSignature]:
    """The signatures that it can read; it says of the others, in its log, that it leaves them out."""
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    return list(reader.embedded_signatures)


# ---- disagreements ---------------------------------------------------------------------------------

# What pyHanko refuses although ISO 32000-2 permits it; pdfseal accepts it. Nothing is the other way round.
REASONS = {
    "a": "After a certification pyHanko takes a *visible, new* signature field only if an approval signature "
    "came before it. Table 257 lists signing among what /P 2 permits, and says nothing of such an order.",
    "b": "/P 3 permits annotations (table 257); pyHanko judges none, and so refuses them all.",
    "c": "The field that is locked has an appearance of its own: pyHanko then counts the field as updated "
    "whenever any revision follows, whatever that one holds.",
    "d": "pypdf writes the pages that inherit attributes with those attributes as their own, in every step. "
    "Nothing that counts for the page changes (7.7.3.4); pyHanko sees other pages. In the documents "
    "`inherited` and `producers/xetex-contract` only, and so not in the table.",
    "e": "pdfium writes every object again that it has read, and compresses the data of streams again. The "
    "data are the same; pyHanko compares how they are written, and refuses such streams as unexplained.",
}


# Documents that make pyHanko 0.38 raise KeyError or PdfReadError.
UNREADABLE = ("dangling-reference", "page-listed-twice")
_INHERITING = ("inherited", "producers/xetex-contract")


def reason(first: First, later: Later, kind: str = "plain") -> str | None:
    """Why pyHanko refuses a permitted step, a key of REASONS; None where it agrees."""
    if not permitted(first, later) or later.step is steps.line_at_the_end:
        return None
    if first.permission == 3 and later.kind == "annotate":
        return "b"
    if by_pdfium(later):
        return "e"
    if later.name.endswith("pypdf") and kind in _INHERITING:
        return "d"
    if later.step is steps.nothing_by_pypdf:
        return None
    if first.permission in (2, 3) and later.kind == "sign" and later.visible:
        return "a"
    return None if first.locks == "nothing" else "c"


def by_pdfium(later: Later) -> bool:
    return later.name.endswith("pdfium")


def made(first: First, later: Later, kind: str = "plain") -> tuple[bytes, int] | None:
    """The file and the end of its first signature; None where there is no such file.

    Where a tool obeys a certification or a lock, and refuses; where the empty field is taken; where
    pypdf cannot append: to encrypted files, and rightly to objects of a generation above 0; and where
    pdfium cannot.
    """
    if first.name.endswith("empty field") and later.kind == "sign a field":
        return None
    if kind == "generation-numbers" and later.name.endswith("pypdf"):
        return None
    if by_pdfium(later) and not pdfium.takes(kind, drawn=later.drawn):
        return None
    signed = first_signed(first, kind, drawn=later.drawn)
    try:
        pdf = later.step(signed)
    except (pdfseal.RefusedError, SigningError):
        if permitted(first, later):
            raise
        return None
    except NotImplementedError:  # pypdf does not append to encrypted files
        return None
    assert pdf.startswith(signed)
    return pdf, next(one.covered_end for one in steps.signatures(signed) if not one.empty)


@lru_cache(64)
def first_signed(first: First, kind: str, *, drawn: bool = False) -> bytes:
    return first.step(steps.document(kind, drawn=drawn))


# ---- the table -------------------------------------------------------------------------------------

COLUMNS: dict[str, Callable[[First], bool]] = {
    "approval": lambda first: first.permission is None and first.locks == "nothing",
    "/P 1": lambda first: first.permission == 1,
    "/P 2": lambda first: first.permission == 2,
    "/P 3": lambda first: first.permission == 3,
    "locks `amount`": lambda first: first.locks == "amount",
    "locks all": lambda first: first.locks == "all",
    "locks all but `amount`": lambda first: first.locks == "all but amount",
}


def cell(first: First, later: Later) -> str:
    """What is asserted of a pair, for the table."""
    if not permitted(first, later):
        return "no"
    why = reason(first, later)
    return "yes" if why is None else f"yes ({why})"


def table() -> str:
    """docs/honest-files.md."""
    columns = {title: [one for one in FIRST if belongs(one)] for title, belongs in COLUMNS.items()}
    rows = []
    for later in LATER:
        cells = [{cell(first, later) for first in group} for group in columns.values()]
        assert all(len(one) == 1 for one in cells)
        rows.append(f"| {later.name} | " + " | ".join(one.pop() for one in cells) + " |")
    return TEXT.format(
        head=" | ".join(columns),
        rule=" | ".join("---" for _ in columns),
        rows="\n".join(rows),
        first="\n".join(f"- {one.name}" for one in FIRST),
        reasons="\n".join(
            fill(f"- ({key}) {text}", 108, subsequent_indent="  ") for key, text in REASONS.items()
        ),
        kinds=fill(", ".join(steps.KINDS), 108, break_on_hyphens=False),
        unreadable=", ".join(UNREADABLE),
        left_out="\n".join(
            fill(f"- {what}: {', '.join(kinds)}.", 108, subsequent_indent="  ", break_on_hyphens=False)
            for what, kinds in pdfium.LEFT_OUT.items()
        ),
        undrawn=", ".join(pdfium.UNDRAWN),
    )


TEXT = """# Honest files

A document is signed, and then something happens to it that nobody needs to hide. What a verifier then says
of the first signature decides whether people trust it: "modified although nothing changed" is as bad as the
opposite. Each row is a later step, each column a kind of first signature; the cell says whether ISO 32000-2
permits the step. **pdfseal says exactly that, of every pair.** Letters mark where pyHanko says otherwise.

| later step | {head} |
| --- | {rule} |
{rows}

"yes": the first signature stays good, and the report names the level of the change. "no": it is reported as
broken (`changes.*`, `changes.docmdp`, `changes.fieldmdp`), unless the tool refuses to take the step at all,
as pdfseal and pyHanko do where a certification or a lock forbids it.

Where pyHanko says otherwise:

{reasons}

Documents that pyHanko 0.38 cannot judge: {unreadable}. In encrypted
files it cannot read the names of locked fields, and raises ValueError or NotImplementedError where pdfium
appends: it compares strings without deciphering them, or deciphers those of /Encrypt.

The names of the levels differ without a verdict that does: what pyHanko calls LTA_UPDATES may be `none` here
(a catalog written again as it was), and in encrypted files it calls a new signature so.

Left out: pypdf's note on `producers/libreoffice-contract` and `-pdfa1`. pypdf writes the page's own /MediaBox
again with six decimals instead of twelve, which is another value: `other` by both tools. And
pdfium's steps, where it appends what is not the same, or what is no PDF:

{left_out}

pdfium draws every field without an appearance as soon as it opens a form: the row "choice drawn" is that. In
its other rows all fields have appearances, and documents with a field of their own that has none are left out
({undrawn}).

What the tools write:

- pypdf writes the widget, the catalog, and the appearance under its *old number* where there was one, else a
  new one. It also writes every page that inherits attributes (d). It cannot append to encrypted
  files, and gives objects of a generation above 0 the generation 0, which breaks references to them.
- pyHanko writes what its caller marks, UTF-16 strings of the same objects in its own encoding, and
  /Info and /Version, /Extensions of the catalog where it sees fit.
- pdfium writes with FPDF_INCREMENTAL every object that it has read, changed or not, streams compressed again
  (e), /Encrypt too. Without that flag, as Chrome saves, it writes another file, whose signatures are gone.
- pikepdf and qpdf cannot append at all: what they save is another file, whose signatures are gone.

First signatures:

{first}

Documents: made for the purpose (the first six), of fixtures/pdf, and as real programs wrote them:

{kinds}.

Several boxes under one signature (the last row) are stamp annotations beside the
signature field; on a signed document pdfseal makes them only with `--allow-annotations`.

This page is written by `python -m tests.support.honest_matrix`; `tests/test_honest_files.py` tries
every cell, asks both, and holds the page against what they say, with first signatures and documents that
change from cell to cell. `PDFSEAL_HONEST=all` tries every first signature with every document.
"""


def main() -> None:
    path = Path(__file__).parents[2] / "docs" / "honest-files.md"
    path.write_text(table(), encoding="utf-8")
    print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
