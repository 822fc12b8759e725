"""Honest files stay honest: what docs/honest-files.md says is what pdfseal and pyHanko say.

Each cell of the table is tried with a first signature and a document that change from cell to cell, so that
every signature and every document meets many steps; PDFSEAL_HONEST=all tries all of them with each
other (an hour), and `python -m tests.support.honest_judges` counts what it finds.
"""

from __future__ import annotations

import os
import re
from itertools import chain, cycle, product
from pathlib import Path

import pytest

from pdfseal import DocumentError
from tests.support import honest as steps
from tests.support import honest_longterm as longterm
from tests.support import honest_pdfium as pdfium
from tests.support.honest_judges import hear
from tests.support.honest_matrix import (
    COLUMNS,
    FIRST,
    LATER,
    REASONS,
    First,
    Later,
    reason,
    say_pdfseal,
    say_pyhanko,
    table,
)

PAGE = Path(__file__).parents[1] / "docs" / "honest-files.md"
ALL = os.environ.get("PDFSEAL_HONEST") == "all"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def pairs(later: Later) -> list[tuple[First, str]]:
    """First signatures and documents for a later step: all, or one of each column."""
    if ALL:
        return [(first, kind) for first in FIRST for kind in steps.KINDS]
    row, chosen = LATER.index(later), []
    for column, belongs in enumerate(COLUMNS.values()):
        group = [first for first in FIRST if belongs(first)]
        for extra in range(2 if column == 0 else 1):  # most signatures are approvals
            turn = row * (len(COLUMNS) + 1) + column + extra * len(COLUMNS)
            chosen.append((group[(row + extra * 5) % len(group)], steps.KINDS[turn % len(steps.KINDS)]))
    return chosen


@pytest.mark.parametrize("later", LATER, ids=lambda one: one.name)
def test_each_later_step(later: Later):
    """Verdicts and levels; of every tenth file also pyHanko's validation and pdfsig."""
    heard = 0
    for index, (first, kind) in enumerate(pairs(later)):
        answer = hear(first, later, kind, thoroughly=(index + LATER.index(later)) % 10 == 0)
        if answer is not None:
            heard += 1
            assert not answer.wrong, (kind, first.name, later.name, answer)
    assert heard


def test_every_signature_and_document_is_met():
    met = [pair for later in LATER for pair in pairs(later)]
    assert {first.name for first, _ in met} == {first.name for first in FIRST}
    assert {kind for _, kind in met} == set(steps.KINDS)


def seal(pdf: bytes) -> bytes:
    return steps.seal_by_pdfseal(pdf, "ses2020")


def sm2(pdf: bytes) -> bytes:
    return steps.by_pdfseal(pdf, "sm2")


def archive(pdf: bytes) -> bytes:
    return longterm.extend_by_pdfseal(pdf, "B-LTA")


def redraw(pdf: bytes) -> bytes:
    return steps.fill_by_pyhanko(pdf, in_place=True)


CHAINS = (
    (steps.by_pyhanko, steps.fill_by_pyhanko, steps.by_pdfseal, steps.store_by_pyhanko,
     steps.timestamp_by_pdfseal),
    (steps.by_pdfseal, steps.fill_by_pypdf, steps.by_pyhanko, steps.timestamp_by_pyhanko,
     steps.store_by_pyhanko),
    (seal, steps.by_pyhanko, steps.into_field, steps.check_by_pyhanko, steps.timestamp_by_pyhanko),
    (steps.by_pdfseal, redraw, steps.by_pyhanko, steps.check_by_pyhanko, redraw, sm2),
    (steps.timestamp_by_pdfseal, steps.timestamp_by_pyhanko, steps.information_by_pypdf, steps.by_pyhanko,
     steps.nothing_by_pyhanko, steps.line_at_the_end),
    (longterm.sign_long_term_by_pyhanko, sm2, steps.fill_by_pypdf, archive, seal, longterm.renew_by_pyhanko),
)  # fmt: skip
LIVES = (
    *zip(CHAINS, cycle(["plain"])),
    (CHAINS[0], "encrypted-aes256-empty-password"),
    (CHAINS[1], "producers/libreoffice-contract"),
    (CHAINS[2], "annots-in-object-stream"),
    (CHAINS[3], "hybrid"),
    (CHAINS[4], "object streams"),
    (CHAINS[5], "linearized"),
)


@pytest.mark.parametrize(("life", "kind"), LIVES)
def test_longer_lives(life: tuple, kind: str):
    """After every step, both tools accept every signature that the document holds by then."""
    pdf, ends = steps.document(kind), []
    for step in life:
        longer = step(pdf)
        assert longer.startswith(pdf)
        if len(longer) > len(pdf) + 64 and _signed_now(longer):
            ends.append(len(longer))
        pdf = longer
        for end in ends:
            assert say_pdfseal(pdf, end).accepts
            assert say_pyhanko(pdf, end).accepts
    assert len(ends) >= 3


def test_a_life_with_pdfium():
    """After every step pdfseal accepts every signature; pyHanko does not, for the reason (e)."""
    pdf, ends = steps.document("hybrid", drawn=True), []
    signing, looking = (steps.by_pdfseal, steps.by_pyhanko, seal), (pdfium.fill, pdfium.check, pdfium.look_at)
    for step in (*chain.from_iterable(zip(signing, looking, strict=True)), archive):
        longer = step(pdf)
        assert longer.startswith(pdf)
        if _signed_now(longer):
            ends.append(len(longer))
        pdf = longer
        assert all(say_pdfseal(pdf, end).accepts for end in ends)
    assert len(ends) == 4


@pytest.mark.parametrize("kind", [kind for kinds in pdfium.LEFT_OUT.values() for kind in kinds])
def test_what_pdfium_spoils_is_refused(kind: str):
    signed = steps.by_pdfseal(steps.document(kind, drawn=True))
    later = pdfium.look_at(signed)
    assert later.startswith(signed)
    try:
        level = say_pdfseal(later, len(signed)).level
    except DocumentError:  # no cross-reference section where one should be
        return
    assert level == "other"


def test_information_left_out_by_pypdf():
    """pypdf's trailer has no /Info (against 7.5.6); after the next signature it comes back, changed."""
    signed = steps.by_pdfseal(steps.document("producers/cairo-discharge"))
    later = steps.information_by_pypdf(steps.by_pdfseal(steps.fill_by_pypdf(signed)))
    assert say_pyhanko(later, len(signed)).accepts
    assert say_pdfseal(later, len(signed)).accepts


def _signed_now(pdf: bytes) -> bool:
    return any(one.covered_end == len(pdf) for one in steps.signatures(pdf))


def test_the_page_says_so():
    assert PAGE.read_text(encoding="utf-8") == table(), "run python -m tests.support.honest_matrix"


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_counts_right(name: str):
    row = next(
        line for line in (PAGE.parents[1] / name).read_text().splitlines() if "honest-files.md" in line
    )
    numbers = sorted(int(number) for number in re.findall(r"\d+", row))
    assert numbers == sorted([len(FIRST), len(LATER), len(steps.KINDS)])


def test_reasons_are_all_needed():
    met = {reason(*pair, kind) for pair in product(FIRST, LATER) for kind in ("plain", "inherited")}
    assert met == {None, *REASONS}
