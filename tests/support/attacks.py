"""The attack samples of fixtures/attacks, as fixtures/make_attacks.py lists them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pdfseal
from tests.support.sealing import FIXTURES, WHEN, trust

ATTACKS = FIXTURES / "attacks"


@dataclass(frozen=True)
class Attack:
    """`verdict` and `findings` are what the report must say when p256-root is the only anchor."""

    name: str
    reason: str
    verdict: str
    findings: tuple[str, ...]

    @property
    def path(self) -> Path:
        return ATTACKS / self.name

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()


@cache
def attacks() -> tuple[Attack, ...]:
    listed = json.loads((ATTACKS / "index.json").read_text(encoding="utf-8"))["files"]
    return tuple(Attack(e["name"], e["reason"], e["verdict"], tuple(e["findings"])) for e in listed)


def attack(name: str) -> Attack:
    return next(one for one in attacks() if one.name == name)


def judge(pdf: bytes) -> pdfseal.Report:
    """The verdict with p256-root as the only anchor, at a time when its certificates are good."""
    return pdfseal.verify(pdf, trust=trust("p256"), at=WHEN)


def codes(report: pdfseal.Report) -> set[str]:
    return {finding.code for one in report.signatures for finding in one.findings}
