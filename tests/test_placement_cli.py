"""The placement options of `prepare` and `sign`, on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import pdfseal
from pdfseal_cli.prepare import sign
from tests.conftest import FIXTURES
from tests.support.pages import PageKind, document
from tests.support.sealing import trust

PKI = FIXTURES / "pki"
CONTRACT = FIXTURES / "pdf" / "producers" / "xetex-contract.pdf"
LOOK = ("--image", str(FIXTURES / "pictures" / "seal-round-alpha.png"))
KEY = ("--key", str(PKI / "p256-signer.key.pem"), "--cert", str(PKI / "p256-signer.crt.pem"))
WHEN = ("--chain", str(PKI / "p256-inter.crt.pem"), "--when", "2026-06-01")


def _sign(tmp_path: Path, *arguments: str, file: Path = CONTRACT) -> Any:
    output = tmp_path / "sealed.pdf"
    return CliRunner().invoke(sign, [str(file), "-o", str(output), *KEY, *WHEN, *LOOK, "--json", *arguments])


def _boxes(done: Any, tmp_path: Path) -> list[dict[str, Any]]:
    assert done.exit_code == 0, done.output
    assert pdfseal.verify(str(tmp_path / "sealed.pdf"), trust=trust("p256")).verdict == "passed"
    return json.loads(done.stdout)["boxes"]


@pytest.mark.parametrize(
    ("arguments", "pages"),
    [
        (("--at", "200,200", "--size", "40mm,40mm"), [1]),
        (("--at", "200,200", "--pages", "all", "--fit", "100,100"), [1, 2, 3]),
        (("--rect", "10,10,90,90", "--at", "300,300", "--page", "2", "--size", "60,60"), [2, 2]),
        (("--at", "50,50", "--unit", "mm", "--origin", "top-right", "--size", "30,30"), [1]),
        (("--keyword", "代表签字", "--size", "60,60", "--position", "right", "--offset", "-5,2mm"), [3, 3]),
        (("--keyword", "盖章", "--order", "desc", "--nth", "2", "--size", "60,60"), [3]),
        (("--keyword", "甲方", "--keyword", "乙方", "--nth", "1", "--pages", "3", "--size", "60,60"), [3, 3]),
        (("--straddle", "right", "--size", "42mm,42mm"), [1, 2, 3]),
        (
            (
                "--straddle",
                "top",
                "--pages",
                "odd",
                "--along",
                "0.2",
                "--first-share",
                "60",
                "--size",
                "90,90",
            ),
            [1, 3],
        ),
        (("--keyword", "代表签字", "--nth", "1", "--straddle", "left", "--size", "90,90"), [3, 1, 2, 3]),
    ],
)
def test_places(arguments: tuple[str, ...], pages: list[int], tmp_path: Path) -> None:
    assert [box["page"] for box in _boxes(_sign(tmp_path, *arguments), tmp_path)] == pages


def test_units_and_origins_mean_what_they_say(tmp_path: Path) -> None:
    arguments = ("--at", "50,40", "--unit", "mm", "--origin", "top-right", "--size", "30,30")
    (box,) = _boxes(_sign(tmp_path, *arguments), tmp_path)
    assert (box["left"] + box["right"]) / 2 == pytest.approx(595.276 - 50 * 72 / 25.4, abs=0.05)
    assert (box["bottom"] + box["top"]) / 2 == pytest.approx(841.89 - 40 * 72 / 25.4, abs=0.05)
    assert box["right"] - box["left"] == pytest.approx(30 * 72 / 25.4, abs=0.01)


def test_slices_are_listed_with_their_windows(tmp_path: Path) -> None:
    boxes = _boxes(_sign(tmp_path, "--straddle", "right", "--size", "90,90", "--keep-margins"), tmp_path)
    assert [box["window"] for box in boxes] == [
        pytest.approx([i / 3, 0, (i + 1) / 3, 1], abs=1e-5) for i in range(3)
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say where the seal goes"),
        (("--at", "40mm,50mm", "--unit", "mm"), "lengths have no suffix"),
        (("--keyword", ""), "a keyword is empty"),
        (("--keyword", "丙方"), "'丙方' is not on pages 1-3"),
        (("--at", "10,10", "--page", "4"), "page 4 does not exist"),
        (("--at", "10,10", "--page", "first"), "names no pages"),
        (("--into-field", "Party A"), "there is no field 'Party A'"),
        (("--at", "10,10", "--size", "900,900"), "does not fit page 1"),
        (("--straddle", "right", "--page", "2"), "at least 2 pages"),
        (("--straddle", "diagonal"), "diagonal"),
    ],
)
def test_bad_places(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    done = _sign(tmp_path, *arguments)
    assert done.exit_code == 2
    assert words in done.output
    assert not (tmp_path / "sealed.pdf").exists()


def test_several_boxes_on_a_signed_file(tmp_path: Path) -> None:
    first = tmp_path / "first.pdf"
    first.write_bytes(document([PageKind()] * 2))
    _boxes(_sign(tmp_path, "--at", "90,90", "--size", "50,50", file=first), tmp_path)
    signed = (tmp_path / "sealed.pdf").rename(tmp_path / "signed.pdf")
    refused = _sign(tmp_path, "--straddle", "right", "--size", "50,50", file=signed)
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"]["code"] == "annotations_on_signed"
    allowed = _sign(tmp_path, "--straddle", "right", "--size", "50,50", "--allow-annotations", file=signed)
    assert allowed.exit_code == 0
    assert "signed before" in allowed.stderr
