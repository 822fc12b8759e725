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
    "an option of the program": ("--nonsense",),
    "a dash as an output": ("sign", PDF, "-o", "-", *SIGN[4:], *AT),
    "an output without a name": ("sign", PDF, "-o", "", *SIGN[4:], *AT),
    "a demonstration with a configuration": ("serve", "--demo", "x", "--config", PDF),
    "a timeout beyond all clocks": (*SIGN, *AT, "--signer-timeout", "1e300"),
    "a timeout that has run out": (*SIGN, *AT, "--signer-timeout", "-1"),
    "a timeout that is no number": (*SIGN, *AT, "--signer-timeout", "nan"),
    "a timeout of an authority": (*SIGN, *AT, "--tsa", "http://localhost:1/", "--tsa-timeout", "nan"),
    "another timeout of an authority": (*SIGN, *AT, "--tsa", "http://localhost:1/", "--tsa-timeout", "-1"),
    "a timeout of fetching": ("verify", PDF, "--fetch", "--fetch-timeout", "nan"),
    "a timeout of an item": ("batch", "verify", str(FIXTURES / "pdf"), "--item-timeout", "nan"),
    "an opacity that is no number": (*SIGN, *AT, "--opacity", "nan"),
    "a folder that is a file": ("batch", "stamp", str(FIXTURES / "pdf"), "-o", PDF, "--tsa", "http://a/"),
    "a folder that is a device": ("demo", "/dev/null"),
    "a name that is no text": (
        "seal", "make", *SIGN[-2:], "--owner", *SIGN[5:6], "--name", "\udcff", "--type", "person",
        "--to-be-signed-out", "x", "--cert", *SIGN[5:6],
    ),
    "serial numbers in a dash": ("timestamp", "create", PDF, "-o", "x", "--serials", "-"),
    "a digest that is none": ("timestamp", "create", PDF, "-o", "x", "--accept-digest", "md17"),
    "a lock that is none": (*SIGN, *AT, "--lock", "9:all"),
    "a lock of all and more": (*SIGN, *AT, "--lock", "all,x"),
}  # fmt: skip
# What would not count is refused, and named.
IGNORED = {
    "--page goes with --rect": (*SIGN, "--into-field", "F", "--page", "1"),
    "--size goes with": (*SIGN, "--into-field", "F", "--size", "1,1"),
    "--into-field is given twice": (*SIGN, *AT[2:], "--into-field", "F", "--into-field", "G"),
    "--size and --fit exclude": (*SIGN, *AT, "--size", "9,9", "--fit", "9,9"),
    "--image and --seal exclude": (*SIGN, *AT, "--seal", PDF),
    "--nth goes with --keyword": (*SIGN, *AT, "--nth", "2"),
    "--origin goes with --rect or --at": (*SIGN, "--straddle", "right", "--origin", "top-left"),
    "--along goes with --straddle": (*SIGN, *AT, "--along", "0.3"),
    "--caption-side goes with --caption": (*SIGN, *AT, "--caption-side", "right"),
    "--qr-size goes with --qr": (*SIGN, *AT, "--qr-size", "9mm"),
    "--password-file goes with --key": (*SIGN, *AT, "--password-file", PDF),
    "--signer-timeout goes with": (*SIGN, "--at", "1,1", "--key", PDF, "--signer-timeout", "9"),
    "--tsa-trust goes with --tsa": (*SIGN, *AT, "--tsa-trust", PDF),
    "--tsa-policy goes with --tsa": (*SIGN, *AT, "--tsa-policy", "require"),
    "--fetch-cache goes with --fetch": ("verify", PDF, "--fetch-cache", "x"),
    "-o goes with --extract": ("inspect", PDF, "-o", "x.pdf"),
    "missing -o OUTPUT": ("inspect", PDF, "--extract", "1"),
    "--cert goes with --to-be-signed": ("compose", PDF, "--session", "s", "--cert", "c", "--signature", "00"),
    "--limit goes with --to-be-signed": (
        "compose", PDF, "--session", "s", "--limit", "pages=1", "--signature", "00",
    ),
    "--dpi goes with a name in .png": ("seal-image", "personal", "张三", "-o", "x.svg", "--dpi", "99"),
    "--token and --tsa exclude": (
        "timestamp", "stamp", PDF, "-o", "x.pdf", "--signature", "F", "--token", "t", "--tsa", "http://a/",
    ),
    "only one input can be standard input": ("verify", "-", "--trust", "-"),
    "only one input can be": ("verify", "-", "-"),
    "--demo makes its own keys": ("timestamp", "serve", "--demo", "x", "--cert", PDF),
    "--tsa-digest goes without --signature": (
        "timestamp", "stamp", PDF, "-o", "x.pdf", "--signature", "F", "--tsa", "http://a/",
        "--tsa-digest", "sha256",
    ),
}  # fmt: skip
# Errors name the option that was written.
NAMED = {
    "--pdf-password-file": ("verify", PDF, "--pdf-password-file", "nope"),
    "--password-file": (*SIGN[:4], "--key", PDF, "--password-file", "nope", "--at", "1,1", *SIGN[-2:]),
    "--tsa-trust": (
        *SIGN, "--at", "1,1", "--signer-command", "echo", "--tsa", "http://a/", "--tsa-trust", "nope",
    ),
    "--tsa-password-file": (
        "timestamp", "stamp", PDF, "-o", "x.pdf", "--tsa", "https://a/", "--tsa-user", "u",
        "--tsa-password-file", "nope",
    ),
    "--timestamp-trust": ("verify", PDF, "--timestamp-trust", "nope"),
    "--secure-code-file": ("app", "add", "x", "--secure-code-file", "nope"),
}  # fmt: skip


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
    assert (
        result.stderr.splitlines()[-1] == f"pdfseal: {answer['error']['message']} [{answer['error']['code']}]"
    )
    plain = CliRunner().invoke(program.main, arguments)
    assert (plain.exit_code, plain.stdout) == (2, "")


@pytest.mark.parametrize(("words", "arguments"), IGNORED.items(), ids=IGNORED.keys())
def test_no_option_is_ignored(words: str, arguments: tuple[str, ...], tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(program.main, arguments)
    assert result.exit_code == 2
    last = result.stderr.splitlines()[-1]
    assert last.startswith(f"pdfseal: {words}")
    assert last.endswith(" [argument]")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("option", "arguments"), NAMED.items(), ids=NAMED.keys())
def test_errors_name_the_option(option: str, arguments: tuple[str, ...], tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(program.main, arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"pdfseal: {option}: ")
    assert result.stderr.endswith(" [not_found]\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", PDF),
        ("verify", PDF, "--json"),
        ("inspect", PDF, "--json"),
        ("locate", PDF, "--keyword", "1", "--json"),
        ("--help",),
        ("completion", "bash"),
    ],
    ids=" ".join,
)
def test_a_result_that_finds_no_room(arguments: tuple[str, ...], unbuffered: str):
    program_path = Path(sys.executable).with_name("pdfseal")
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [program_path, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60, env=environment
        )
    assert done.returncode == 6
    assert done.stderr == b"pdfseal: standard output: No space left on device [file_system]\n"


def test_a_picture_has_a_place_before_it_is_drawn():
    result = CliRunner().invoke(program.main, ["locate", PDF, "--keyword", "1", "--image", "/"])
    assert (result.exit_code, result.stderr) == (6, "pdfseal: /: is a directory [file_system]\n")


def test_an_error_that_finds_no_room():
    program_path = Path(sys.executable).with_name("pdfseal")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program_path, "verify", "none.pdf"], stdout=full, stderr=full, timeout=60)
    assert done.returncode == 2


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
