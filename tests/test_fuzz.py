"""What campaigns of tests/fuzz kept, replayed: the rules of its oracle hold, and the answers are the same."""

from __future__ import annotations

import random

import pytest

from tests.fuzz import mutations, oracle
from tests.fuzz.keep import KEPT, answer, index
from tests.fuzz.seeds import seeds


@pytest.mark.parametrize("name", index())
def test_kept(name: str):
    data = (KEPT / name).read_bytes()
    oracle.check(data)
    assert answer(data) == index()[name]


def test_all_kept_files_are_listed():
    assert {path.name for path in KEPT.glob("*.pdf")} == set(index())


@pytest.mark.parametrize("name", [name for name in seeds() if name.startswith("seeds/")])
def test_the_seeds_that_campaigns_start_from_are_good(name: str):
    assert oracle.check(seeds()[name]).answer == "passed"


def test_the_oracle_notices_bytes_that_nobody_signed(monkeypatch: pytest.MonkeyPatch):
    data = seeds()["seeds/cms-p256.pdf"]
    monkeypatch.setattr(oracle, "signed_by_seeds", frozenset)
    with pytest.raises(AssertionError, match="nobody signed"):
        oracle.check(data)


def test_the_oracle_notices_other_pages():
    signed = seeds()["attacks/control-signed.pdf"]
    with pytest.raises(AssertionError, match="other pages"):
        oracle._check_pages(signed, seeds()["attacks/page-added.pdf"])


def test_a_short_campaign():
    """A few mutants of each seed, the same on every run."""
    rnd = random.Random(20261124)
    for data in seeds().values():
        for _ in range(3):
            oracle.check(mutations.mutate(data, rnd))
