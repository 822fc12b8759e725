"""The commands cert, extend, and verify with revocation data, run as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pdfseal_cli.main import main
from tests.conftest import FIXTURES
from tests.support.longterm import EXTENDED, World
from tests.support.paths import PATHS

FAMILY = PATHS / "sm2"
PDF = (FIXTURES / "pdf" / "table.pdf").read_bytes()


def run(*words: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.stdout


def test_show(tmp_path):
    facts = json.loads(run("cert", "show", FAMILY / "leaf.crt", "--json"))["certificates"][0]
    assert facts["common_name"] == "张三"
    assert facts["signature_algorithm"] == "SM3withSM2"
    assert facts["key"] == "SM2"
    assert facts["ocsp_urls"] == ["http://pki.pdfseal.invalid/ocsp"]
    text = run("cert", "show", FAMILY / "leaf.crt", FAMILY / "ca.crt")
    assert text.count("common_name:") == 2
    assert run("cert", "show", FAMILY / "leaf.crt", "--oid", "2.5.29.15").strip() == "030206C0"
    run("cert", "show", tmp_path / "absent.crt", code=2)


@pytest.mark.parametrize(
    ("leaf", "options", "code", "status", "revocation"),
    [
        ("leaf", ("--crl", "ca.crl", "--crl", "root.crl"), 0, "trusted", "good"),
        ("leaf", ("--ocsp", "leaf-good.ocsp", "--crl", "root.crl"), 0, "trusted", "good"),
        ("leaf", ("--crl", "ca.crl", "--crl", "root.crl", "--revocation", "hard"), 0, "trusted", "good"),
        ("revoked", ("--crl", "ca.crl", "--crl", "root.crl"), 1, "revoked", "revoked"),
        ("leaf", ("--revocation", "hard"), 3, "unknown_revocation", "unknown"),
        ("old", (), 3, "expired", "not_checked"),
        ("encryption", (), 1, "invalid", "not_checked"),
        ("weak", ("--allow-weak",), 0, "trusted", "not_checked"),
        ("leaf", ("--policy", "1.2.3"), 1, "invalid", "not_checked"),
    ],
)  # fmt: skip
def test_verify(leaf, options, code, status, revocation):
    files = [FAMILY / word if word.endswith((".crl", ".ocsp")) else word for word in options]
    common = ["--trust", FAMILY / "root.crt", "--untrusted", FAMILY / "ca.crt", "--at", "2026-01-06", *files]
    said = json.loads(run("cert", "verify", FAMILY / f"{leaf}.crt", *common, "--json", code=code))
    assert (said["status"], said["revocation"]) == (status, revocation)
    assert status in run("cert", "verify", FAMILY / f"{leaf}.crt", *common, code=code)


def test_chain(tmp_path):
    path = tmp_path / "chain.pem"
    text = run("cert", "chain", FAMILY / "leaf.crt", "--trust", FAMILY / "root.crt", "--untrusted",
               FAMILY / "ca.crt", "--at", "2026-01-06", "-o", path)  # fmt: skip
    assert [line.strip().split(",")[2].split()[0] for line in text.splitlines()] == [
        "CN=张三",
        "CN=路径测试",
        "CN=路径测试根",
    ]
    assert path.read_text().count("BEGIN CERTIFICATE") == 3
    assert json.loads(run("cert", "chain", FAMILY / "leaf.crt", "--json", code=3))["status"] == "incomplete"


def test_extend_and_report(tmp_path):
    here = World("sm2")
    sealed, extended, report = tmp_path / "sealed.pdf", tmp_path / "extended.pdf", tmp_path / "report.html"
    sealed.write_bytes(here.sealed(PDF, stamped=True))
    (tmp_path / "root.pem").write_bytes(here.root.certificate.pem)
    here.now = EXTENDED
    for name, data in (("ca", here.crl("ca").der), ("root", here.crl("root").der)):
        (tmp_path / f"{name}.crl").write_bytes(data)
    words = ["--trust", tmp_path / "root.pem", "--at", "2026-06-05"]
    lists = ["--crl", tmp_path / "ca.crl", "--crl", tmp_path / "root.crl"]
    run("extend", sealed, "-o", extended, *words, code=1)  # no revocation data: refused, nothing written
    assert not extended.exists()
    run("extend", sealed, "-o", extended, *words, *lists)
    run("extend", sealed, "-o", extended, "--level", "B-LTA", *words, *lists, code=1)  # no authority
    run("extend", sealed, "-o", extended, code=2)
    run("extend", sealed, "-o", sealed, *words, *lists, code=2)
    said = json.loads(run("verify", extended, "--trust", tmp_path / "root.pem", "--at", "2036-01-01",
                          "--revocation", "hard", "--report", report, "--json"))  # fmt: skip
    assert said["verdict"] == "passed"
    assert said["signatures"][0]["trust"]["revocation"] == "good"
    assert said["signatures"][0]["etsi"] == {"indication": "TOTAL-PASSED", "sub_indication": ""}
    assert "通过" in report.read_text(encoding="utf-8")
    run("verify", sealed, extended, "--report", report, code=2)


def test_fetch_asks_and_tells(tmp_path):
    """The addresses in the certificates do not exist: the verdict stands, and says what was missing."""
    here = World("p256")
    (tmp_path / "sealed.pdf").write_bytes(here.sealed(PDF))
    (tmp_path / "root.pem").write_bytes(here.root.certificate.pem)
    words = [
        "verify",
        tmp_path / "sealed.pdf",
        "--trust",
        tmp_path / "root.pem",
        "--at",
        "2026-06-02",
        "--fetch",
    ]
    said = json.loads(run(*words, "--json"))
    codes = {finding["code"] for finding in said["signatures"][0]["findings"]}
    assert {"trust.fetch_failed", "trust.revocation_unknown"} <= codes
    run(*words, "--revocation", "hard", code=3)
