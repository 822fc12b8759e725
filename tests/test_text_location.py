"""Keywords are found where independent truth says they are: fixtures/locate, one index a source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import pdfseal
from tests.conftest import FIXTURES

FOLDER = FIXTURES / "locate"
TOLERANCE = 2.0  # points, between centres


def _cases() -> list[Any]:
    rows = [
        row for path in sorted(FOLDER.glob("*.json")) for row in json.loads(path.read_text(encoding="utf-8"))
    ]
    return [pytest.param(row, id=f"{Path(row['file']).stem}-{row['keyword']}") for row in rows]


CASES = _cases()


def _located(row: dict[str, Any]) -> pdfseal.Located:
    options = {key: value for key, value in row.get("options", {}).items() if key in ("pages", "whole_word")}
    return pdfseal.locate(str(FOLDER / row["file"]), row["keyword"], require_all=False, **options)


def _same(match: pdfseal.Match, truth: list[list[float]]) -> bool:
    if len(match.parts) != len(truth) or match.page != truth[0][0]:
        return False
    for part, (_, left, bottom, right, top) in zip(match.parts, truth, strict=True):
        centre = part.rect.centre
        if abs(centre.x - (left + right) / 2) > TOLERANCE or abs(centre.y - (bottom + top) / 2) > TOLERANCE:
            return False
    return True


@pytest.mark.parametrize("row", CASES)
def test_found_where_it_is_and_nowhere_else(row: dict[str, Any]) -> None:
    found = _located(row)
    left = list(found.matches)
    for truth in row["matches"]:
        hit = next((match for match in left if _same(match, truth)), None)
        assert hit is not None, f"{row['why']}: nothing at {truth}; found {_show(found)}"
        left.remove(hit)
    left = [match for match in left if not any(_same(match, one) for one in row.get("optional", ()))]
    assert not left, f"{row['why']}: too much: {_show(found)}"
    assert bool(found.unreadable) == row.get("unreadable", False)


@pytest.mark.parametrize("row", [case for case in CASES if len(case.values[0]["matches"]) > 1])
def test_numbers_follow_the_reading_order(row: dict[str, Any]) -> None:
    if row.get("order", "reading") != "reading":
        pytest.skip("the index lists these in no order")
    found = _located(row)
    assert [match.number for match in found] == list(range(1, len(found) + 1))


def test_there_are_enough_cases() -> None:
    sources = {row.values[0]["truth"] for row in CASES}
    assert len(CASES) >= 60
    assert len(sources) >= 5


def _show(found: pdfseal.Located) -> list[Any]:
    return [
        [
            (match.page, *(round(v, 1) for v in (p.rect.left, p.rect.bottom, p.rect.right, p.rect.top)))
            for p in match.parts
        ]
        for match in found
    ]
