"""Wrong usage: one sentence, exit code 2, and with --json one JSON value on standard output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pdfseal_cli import main as program
from tests.support.sealing import FIXTURES

PDF = str(FIXTURES / "pdf" / "table.pdf")
SIGN = (
    "sign",
    PDF,
    "-o",
    "sealed.pdf",
    "--cert",
    str(FIXTURES / "pki" / "p256-signer.crt.pem"),
    "--image",
    str(FIXTURES / "pictures" / "seal-round-alpha.png"),
)
AT = ("--at", "100,100", "--signer-command", "false")
WRONG = {
    "no place": ("sign", PDF, "-o", "x.pdf", "--key", "k", "--image", "seal.png"),
    "no such command": ("seel", PDF),
    "no such option": ("verify", PDF, "--nonsense"),
    "no file": ("verify",),
    "not a number": (*SIGN, "--at", "nan,1"),
    "not a time": (*SIGN, *AT, "--when", "yesterday"),
    "a time outside the calendar": (*SIGN, *AT, "--when", "9999-12-31T23:59:59-14:00"),
    "a quote that does not end": (*SIGN, "--at", "100,100", "--signer-command", "'sign"),
    "a picture that is none": (*SIGN[:-1], PDF, *AT),
    "a group's command": ("seal", "make", "--nonsense"),
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG.keys())
def test_wrong_usage_is_json_too(arguments: tuple[str, ...], tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(program.main, [*arguments, "--json"])
    assert result.exit_code == 2
    answer = json.loads(result.stdout)
    assert answer["schema"] == 1
    assert answer["error"]["code"] in ("argument", "picture_unreadable", "not_found")
    assert " at 0x" not in answer["error"]["message"]
    assert not list(tmp_path.iterdir())
    plain = CliRunner().invoke(program.main, arguments)
    assert (plain.exit_code, plain.stdout) == (2, "")


def test_an_extra_that_is_not_installed(monkeypatch):
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name="httptools")

    monkeypatch.setattr(program.importlib, "import_module", missing)
    result = CliRunner().invoke(program.main, ["serve", "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "extra_missing"
    assert result.stderr.count("\n") == 1


def test_a_reader_that_goes_away_is_no_defect():
    program_path = Path(sys.executable).with_name("pdfseal")
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [program_path, "verify", PDF], stdout=writing, stderr=subprocess.PIPE, timeout=60
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (6, b"")
