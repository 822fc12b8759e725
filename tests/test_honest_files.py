"""Honest files stay honest: what docs/honest-files.md says is what pdfseal and pyHanko say.

PDFSEAL_HONEST=all does it for every kind of document, otherwise for the plain one and for some pairs of
the others.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import honest as steps
from tests.support.honest_matrix import (
    FIRST,
    LATER,
    First,
    made,
    permitted,
    reason,
    say_pdfseal,
    say_pyhanko,
    table,
)

PAGE = Path(__file__).parents[1] / "docs" / "honest-files.md"
KINDS = steps.KINDS if os.environ.get("PDFSEAL_HONEST") == "all" else steps.KINDS[:1]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", FIRST, ids=lambda one: one.name)
def test_each_later_step(first: First, kind: str):
    for later in LATER:
        if (pair := made(first, later, kind)) is None:
            continue
        ours, allowed = say_pdfseal(*pair), permitted(first, later)
        assert ours.accepts == allowed, (later.name, ours)
        if kind == "encrypted" and first.locks != "nothing":
            continue  # pyHanko cannot read the names of locked fields there
        theirs = say_pyhanko(*pair)
        assert theirs.accepts == (allowed and reason(first, later) is None), (later.name, theirs)


@pytest.mark.parametrize("kind", steps.KINDS[1:])
def test_other_kinds_of_documents(kind: str):
    """Each first signature with a few later steps: others for each kind."""
    start = steps.KINDS.index(kind)
    for index, first in enumerate(FIRST[:8]):
        for later in LATER[(start + index) % 4 :: 4]:
            if permitted(first, later) and (pair := made(first, later, kind)) is not None:
                assert say_pdfseal(*pair).accepts, (first.name, later.name)
                assert say_pyhanko(*pair).accepts, (first.name, later.name)


def seal(pdf: bytes) -> bytes:
    return steps.seal_by_pdfseal(pdf, "ses2020")


def sm2(pdf: bytes) -> bytes:
    return steps.by_pdfseal(pdf, "sm2")


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
)  # fmt: skip


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: "-".join(step.__name__ for step in chain))
@pytest.mark.parametrize("kind", ["plain", "object streams"])
def test_longer_lives(chain: tuple, kind: str):
    """After every step, both tools accept every signature that the document holds by then."""
    pdf, ends = steps.document(kind), []
    for step in chain:
        longer = step(pdf)
        assert longer.startswith(pdf)
        if len(longer) > len(pdf) + 64 and _signed_now(longer):
            ends.append(len(longer))
        pdf = longer
        for end in ends:
            assert say_pdfseal(pdf, end).accepts
            assert say_pyhanko(pdf, end).accepts
    assert len(ends) >= 3


def _signed_now(pdf: bytes) -> bool:
    return any(one.covered_end == len(pdf) for one in steps.signatures(pdf))


def test_the_page_says_so():
    assert PAGE.read_text(encoding="utf-8") == table(), "run python -m tests.support.honest_matrix"


def test_reasons_are_all_needed():
    assert {reason(first, later) for first in FIRST for later in LATER} == {None, "a", "b", "c"}
