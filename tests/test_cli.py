"""The program `pdfseal`: every command of the main job, exit codes, one sentence for each error, files whole.

Most run in this process through click's runner; what depends on being a process runs as one.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import pdfseal
from pdfseal.crypto.schemes import SCHEMES
from pdfseal_cli.main import main
from tests.support import honest as steps
from tests.support.attacks import ATTACKS
from tests.support.oracles import render_pdfium
from tests.support.sealing import FIXTURES, private_key, trust

PKI, PDF, PICTURES = FIXTURES / "pki", FIXTURES / "pdf", FIXTURES / "pictures"
IMAGE = ["--image", str(PICTURES / "seal-round-alpha.png")]
BOX = ["--page", "1", "--rect", "20,20,80,80"]
PLACE = [*BOX, "--fit", "60,60", *IMAGE]
CERT = ["--cert", str(PKI / "p256-signer.crt.pem"), "--chain", str(PKI / "p256-inter.crt.pem")]
KEY = ["--key", str(PKI / "p256-signer.key.pem")]
TRUST = ["--trust", str(PKI / "p256-root.crt.pem")]
TABLE = PDF / "table.pdf"


def cli(
    *arguments: str | Path, stdin: bytes | None = None, environment: dict[str, str] | None = None
) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], input=stdin, env=environment)


def process(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from pdfseal_cli.main import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, **options)


def done(result: Result) -> Result:
    assert result.exit_code == 0, result.output
    return result


def failed(result: Result, exit_code: int, code: str) -> None:
    """One sentence with its code on standard error, nothing on standard output, no traceback."""
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("pdfseal: ")
    assert lines[0].endswith(f" [{code}]")
    assert "unforeseen" not in lines[0]


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "sealed.pdf"
    done(cli("sign", TABLE, "-o", path, *KEY, *CERT, *PLACE))
    return path


# ---- the main job ----------------------------------------------------------------------------------


def test_prepare_sign_outside_compose_verify(tmp_path: Path):
    prepared, session, to_sign = (tmp_path / name for name in ("prepared.pdf", "session.json", "to-sign"))
    arguments = [TABLE, "-o", prepared, "--session", session, "--to-be-signed-out", to_sign, *CERT, *PLACE]
    result = done(cli("prepare", *arguments))
    assert result.stdout.split() == [str(prepared), str(session)]
    signature = private_key("p256-signer").sign(to_sign.read_bytes(), SCHEMES["ecdsa-sha256"])
    (tmp_path / "signature").write_bytes(signature)

    one, two, three = (tmp_path / f"sealed-{number}.pdf" for number in (1, 2, 3))
    given = ["--signature", tmp_path / "signature"]
    done(cli("compose", prepared, "--session", session, *given, "-o", one))
    done(cli("compose", prepared, "--to-be-signed", to_sign, *CERT, *given, "-o", two))
    text = base64.b64encode(signature).decode()
    done(cli("compose", prepared, "--session", session, "--signature", text, "-o", three))
    assert one.read_bytes() == two.read_bytes() == three.read_bytes()
    done(cli("compose", prepared, "--session", session, "--signature", signature.hex(), "--in-place"))
    assert prepared.read_bytes() == one.read_bytes()
    assert done(cli("verify", one, *TRUST)).stdout.startswith(f"{one}: passed")


def test_prepare_json(tmp_path: Path):
    out = tmp_path / "p.pdf"
    value = json.loads(done(cli("prepare", TABLE, "-o", out, *CERT, *PLACE, "--json")).stdout)
    assert value["prepared"] == str(out)
    session = pdfseal.PreparedSeal.from_json((tmp_path / "p.pdf.session.json").read_bytes())
    assert base64.b64decode(value["hash_set_bytes"]) == session.hash_set_bytes
    assert base64.b64decode(value["hash_bytes"]) == session.hash_bytes
    assert value["byte_range"] == list(session.byte_range)
    assert value["boxes"][0]["page"] == 1


@pytest.mark.parametrize("family", ["rsa", "p256", "p384", "sm2"])
def test_sign_in_every_family_twice(tmp_path: Path, family: str):
    path = tmp_path / "sealed.pdf"
    key = ["--key", PKI / f"{family}-signer.key.pem", "--cert", PKI / f"{family}-signer.crt.pem"]
    chain = ["--chain", PKI / f"{family}-inter.crt.pem"]
    done(cli("sign", TABLE, "-o", path, *key, *chain, *PLACE))
    done(cli("sign", path, "--in-place", *key, *chain, *PLACE))
    report = json.loads(done(cli("verify", path, "--trust", PKI / f"{family}-root.crt.pem", "--json")).stdout)
    assert [one["verdict"] for one in report["signatures"]] == ["passed", "passed"]
    assert path.read_bytes().startswith(TABLE.read_bytes())


def test_signer_command(tmp_path: Path):
    path, command = tmp_path / "sealed.pdf", f"openssl dgst -sha256 -sign {PKI / 'p256-signer.key.pem'}"
    done(cli("sign", TABLE, "-o", path, "--signer-command", command, *CERT, *PLACE))
    done(cli("verify", path, *TRUST))


def test_words_and_numbers_arrive(tmp_path: Path):
    path = tmp_path / "sealed.pdf"
    words = [
        "--reason",
        "合同",
        "--location",
        "北京",
        "--name",
        "甲",
        "--contact",
        "1",
        "--field-name",
        "公章",
    ]
    when = ["--when", "2026-06-01T12:30:00+08:00", "--reserve", "6000"]
    place = ["--page", "2", "--at", "40mm,50.5", "--size", "20mm,30pt", *IMAGE, "--opacity", "60"]
    done(cli("sign", TABLE, "-o", path, *KEY, *CERT, *place, *words, *when))
    (one,) = json.loads(cli("verify", path, "--json").stdout)["signatures"]
    assert (one["reason"], one["location"], one["field"]) == ("合同", "北京", "公章")
    assert one["signing_time"] == "2026-06-01T04:30:00Z"
    box = one["boxes"][0]
    assert box["page"] == 2
    assert box["right"] - box["left"] == pytest.approx(20 * 72 / 25.4, abs=0.01)
    assert box["top"] - box["bottom"] == pytest.approx(30, abs=0.01)
    assert (box["left"] + box["right"]) / 2 == pytest.approx(40 * 72 / 25.4, abs=0.01)
    assert render_pdfium(path, 2).getcolors(1 << 20) is not None


def test_standard_input(tmp_path: Path):
    path, data = tmp_path / "sealed.pdf", TABLE.read_bytes()
    done(cli("sign", "-", "-o", path, *KEY, *CERT, *PLACE, stdin=data))
    assert done(cli("verify", "-", *TRUST, stdin=path.read_bytes())).stdout.startswith("-: passed")
    assert cli("verify", "-", stdin=data).exit_code == 4
    failed(cli("verify", "-", stdin=b""), 5, "pdf_empty")
    key = (PKI / "p256-signer.key.pem").read_bytes()
    done(cli("sign", TABLE, "-o", path, "--key", "-", *CERT, *PLACE, stdin=key))


def test_completion_scripts():
    for shell in ("bash", "zsh", "fish"):
        assert "_PDFSEAL_COMPLETE" in done(cli("completion", shell)).stdout
    assert cli("completion", "cmd").exit_code == 2


def test_help_and_version():
    text = done(cli("--help")).stdout
    for command in ("prepare", "compose", "sign", "verify", "demo"):
        assert command in text
        assert done(cli(command, "--help")).stdout.startswith("Usage:")
    assert pdfseal.__version__ in done(cli("--version")).stdout


def test_demo(tmp_path: Path):
    ran = process("demo", tmp_path / "demo", "--json")
    assert ran.returncode == 0, ran.stderr.decode()
    files = json.loads(ran.stdout)["files"]
    assert all(one["verdict"] == one["expected"] for one in files)
    assert {"passed", "failed"} <= {one["verdict"] for one in files}
    assert list((tmp_path / "demo").glob("*.png"))
    keys = list((tmp_path / "demo" / "pki").glob("*.key.pem"))
    assert keys
    assert all(key.stat().st_mode & 0o77 == 0 for key in keys)


# ---- exit codes ------------------------------------------------------------------------------------


def test_exit_codes_of_verdicts(sealed: Path):
    assert cli("verify", sealed, *TRUST).exit_code == 0
    assert cli("verify", ATTACKS / "signed-byte-changed.pdf", *TRUST).exit_code == 1
    assert cli("verify").exit_code == 2
    assert cli("verify", sealed).exit_code == 3
    assert cli("verify", TABLE).exit_code == 4
    assert cli("verify", PDF / "truncated.pdf").exit_code == 5
    for one in (
        cli("verify", sealed, "--at", "2199-01-01", *TRUST),
        cli("verify", sealed, "--trust", PKI / "rsa-root.crt.pem"),
    ):
        assert one.exit_code == 3


def test_exit_code_of_our_own_faults(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(pdfseal, "verify", broken)
    result = cli("verify", TABLE)
    assert result.exit_code == 7
    assert "secret detail" not in result.output
    assert "Traceback" not in result.output
    assert "Traceback" in cli("verify", TABLE, environment={"PDFSEAL_DEBUG": "1"}).output
    assert json.loads(cli("verify", TABLE, "--json").stdout)["error"]["code"] == "internal"


@pytest.mark.parametrize(
    ("names", "exit_code"),
    [
        (["table", "crlf"], 4),
        (["table", "truncated"], 5),
        (["table", "missing"], 2),
        (["truncated", "missing"], 5),
    ],
)
def test_several_files(names: list[str], exit_code: int):
    files = [PDF / f"{name}.pdf" for name in names]
    result = cli("verify", *files, "--json")
    assert result.exit_code == exit_code
    rows = json.loads(result.stdout)
    assert [row["path"] for row in rows] == [str(file) for file in files]
    assert all(("error" in row) != ("verdict" in row) for row in rows)
    text = cli("verify", *files)
    assert text.exit_code == exit_code
    assert all(str(file) in text.stdout for file in files)


# ---- bad input, a sentence each --------------------------------------------------------------------

SIGN = [*KEY, *CERT, *PLACE]
ENCRYPTED = PKI / "none"


@pytest.mark.parametrize(
    ("file", "options", "exit_code", "code"),
    [
        (PDF / "empty.pdf", SIGN, 5, "pdf_empty"),
        (PDF / "truncated.pdf", SIGN, 5, "pdf_damaged"),
        (PDF / "text-file.pdf", SIGN, 5, "not_a_pdf"),
        (PDF, SIGN, 2, "not_found"),
        (PDF / "missing.pdf", SIGN, 2, "not_found"),
        (PDF / "no-pages.pdf", SIGN, 5, "pdf_no_pages"),
        (PDF / "no-page-tree.pdf", SIGN, 5, "pdf_damaged"),
        (PDF / "encrypted-aes256-user-password.pdf", SIGN, 2, "wrong_password"),
        (TABLE, [*SIGN, "--page", "99"], 2, "page_out_of_range"),
        (TABLE, [*SIGN, "--rect", "1000,1000,1100,1100"], 2, "box_outside_page"),
        (TABLE, [*KEY, *CERT, *BOX, *IMAGE, "--size", "2000,2000"], 2, "box_too_large"),
        (TABLE, [*SIGN, "--image", PICTURES / "bomb-50000x50000.png"], 2, "picture_too_large"),
        (TABLE, [*SIGN, "--image", PICTURES / "truncated.png"], 2, "picture_unreadable"),
        (TABLE, [*SIGN, "--image", PICTURES / "missing.png"], 2, "not_found"),
        (TABLE, [*SIGN, "--image", PICTURES], 2, "not_found"),
        (TABLE, [*SIGN, "--key", PKI / "rsa-signer.key.pem"], 2, "key_mismatch"),
        (TABLE, [*SIGN, "--key", PKI / "p256-signer.crt.pem"], 2, "key_unreadable"),
        (TABLE, [*SIGN, "--key", PICTURES / "empty.png"], 2, "key_unreadable"),
        (TABLE, [*SIGN, "--cert", PKI / "p256-signer.key.pem"], 2, "certificate_unreadable"),
        (TABLE, [*SIGN, "--cert", PDF / "table.pdf"], 2, "certificate_unreadable"),
        (TABLE, [*SIGN, "--signature-scheme", "rsa-md5"], 2, "unknown_scheme"),
        (TABLE, [*SIGN, "--signature-scheme", "ecdsa-sha1"], 1, "weak_algorithm"),
        (TABLE, [*SIGN, "--reserve", "100"], 1, "hole_too_small"),
        (TABLE, [*SIGN, "--reserve", "-1"], 2, "argument"),
        (TABLE, [*SIGN, "--field-name", "a.b"], 2, "argument"),
        (ATTACKS / "control-certified.pdf", SIGN, 1, "forbidden_by_document"),
        (TABLE, [*CERT, *PLACE, "--signer-command", "false"], 6, "signer_failed"),
        (TABLE, [*CERT, *PLACE, "--signer-command", "/nonexistent/program"], 6, "signer_failed"),
        (
            TABLE,
            [*CERT, *PLACE, "--signer-command", "sleep 9", "--signer-timeout", "0.2"],
            6,
            "signer_failed",
        ),
        (TABLE, [*CERT, *PLACE, "--signer-command", "echo bm9uc2Vuc2U="], 1, "signature_invalid"),
        (TABLE, [*CERT, *PLACE, "--signer-command", "true"], 6, "signer_failed"),
    ],
    ids=lambda value: str(value).rpartition("/")[2][-60:],
)
def test_bad_input(tmp_path: Path, file: Path, options: list[Any], exit_code: int, code: str):
    result = cli("sign", file, "-o", tmp_path / "out.pdf", *options)
    failed(result, exit_code, code)
    assert os.listdir(tmp_path) == []
    with_json = cli("sign", file, "-o", tmp_path / "out.pdf", *options, "--json")
    assert with_json.exit_code == exit_code
    assert json.loads(with_json.stdout)["error"]["code"] == code


@pytest.mark.parametrize(
    "options",
    [
        [*KEY, *CERT, *IMAGE],  # no place
        [*KEY, *CERT, *IMAGE, "--rect", "1,2,3"],
        [*KEY, *CERT, *IMAGE, "--rect", "a,b,c,d"],
        [*KEY, *CERT, *IMAGE, "--rect", "1,2,3,4cm"],
        [*KEY, *CERT, *IMAGE, "--at", "1"],
        [*KEY, *CERT, "--at", "1,1"],  # nothing to draw
        [*CERT, *PLACE],  # nobody signs
        [*KEY, *CERT, *PLACE, "--signer-command", "true"],
        [*PLACE, "--signer-command", "true"],  # without a certificate
        [*SIGN, "--opacity", "0"],
        [*SIGN, "--opacity", "101"],
        [*SIGN, "--when", "yesterday"],
        [*SIGN, "--when", "2026-06-01T12:00:00"],  # no zone
        [*SIGN, "--scheme", "xades"],
        [*SIGN, "--no-such-option"],
        [*SIGN, "--in-place"],  # with -o
    ],
    ids=lambda value: " ".join(map(str, value))[-40:],
)
def test_usage(tmp_path: Path, options: list[str]):
    result = cli("sign", TABLE, "-o", tmp_path / "out.pdf", *options)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("Usage: ")
    assert result.stderr.splitlines()[-1].startswith("pdfseal: ")
    assert result.stderr.endswith(" [argument]\n")
    assert result.stdout == ""
    assert os.listdir(tmp_path) == []


def test_wrong_passwords(tmp_path: Path):
    """Of the key, and of the document; the right ones work."""
    key, good, bad = (tmp_path / name for name in ("key.pem", "good", "bad"))
    good.write_text("correct horse\n")
    bad.write_text("battery staple\n")
    subprocess.run(
        [
            "openssl",
            "pkcs8",
            "-topk8",
            "-in",
            PKI / "p256-signer.key.pem",
            "-passout",
            "pass:correct horse",
            "-out",
            key,
        ],
        check=True,
    )
    out = tmp_path / "out.pdf"
    arguments = ["sign", TABLE, "-o", out, "--key", key, *CERT, *PLACE]
    failed(cli(*arguments), 2, "wrong_password")
    failed(cli(*arguments, "--password-file", bad), 2, "wrong_password")
    failed(cli(*arguments, "--password-file", tmp_path / "none"), 2, "not_found")
    done(cli(*arguments, "--password-file", good))
    document = PDF / "encrypted-aes256-user-password.pdf"
    failed(cli("verify", document, "--pdf-password-file", bad), 2, "wrong_password")


def test_errors_of_compose(tmp_path: Path, sealed: Path):
    prepared, session, out = tmp_path / "p.pdf", tmp_path / "p.pdf.session.json", tmp_path / "out.pdf"
    done(cli("prepare", TABLE, "-o", prepared, *CERT, *PLACE))
    value = pdfseal.PreparedSeal.from_json(session.read_bytes())
    good = private_key("p256-signer").sign(value.hash_set_bytes, SCHEMES["ecdsa-sha256"]).hex()
    bad = good[:-2] + ("00" if good[-2:] != "00" else "01")

    def compose(file: Path, text: str, *options: str | Path) -> Result:
        return cli("compose", file, "--signature", text, "-o", out, *(options or ("--session", session)))

    failed(compose(prepared, bad), 1, "signature_invalid")
    failed(compose(prepared, "neither base64 nor a file"), 2, "argument")
    failed(compose(TABLE, good), 1, "not_prepared")
    failed(compose(sealed, good), 1, "not_prepared")
    failed(compose(prepared, good, "--session", TABLE), 2, "session_unreadable")
    failed(compose(prepared, good, "--session", tmp_path / "none"), 2, "not_found")
    (tmp_path / "tbs").write_bytes(value.hash_set_bytes)
    stranger = ["--cert", PKI / "rsa-signer.crt.pem"]
    failed(
        compose(prepared, good, "--to-be-signed", tmp_path / "tbs", *stranger), 1, "certificate_not_candidate"
    )
    failed(compose(sealed, good, "--to-be-signed", tmp_path / "tbs", *CERT), 1, "hole_not_empty")
    assert not out.exists()
    done(compose(prepared, good))
    failed(cli("compose", out, "--session", session, "--signature", good, "--in-place"), 1, "hole_not_empty")
    assert cli("compose", prepared, "--signature", good, "-o", out).exit_code == 2
    assert (
        cli("compose", prepared, "--signature", good, "-o", out, "--to-be-signed", tmp_path / "tbs").exit_code
        == 2
    )


# ---- outputs ---------------------------------------------------------------------------------------


def test_the_input_is_never_overwritten(tmp_path: Path):
    source, link, hard = (tmp_path / name for name in ("in.pdf", "link.pdf", "hard.pdf"))
    source.write_bytes(TABLE.read_bytes())
    link.symlink_to(source)
    hard.hardlink_to(source)
    for output in (source, link, hard, tmp_path / "." / "in.pdf"):
        failed(cli("sign", source, "-o", output, *SIGN), 2, "output_exists_as_input")
        failed(cli("prepare", source, "-o", output, *CERT, *PLACE), 2, "output_exists_as_input")
    for option in ("--session", "--to-be-signed-out"):
        arguments = ["-o", tmp_path / "out.pdf", option, source, *CERT, *PLACE]
        failed(cli("prepare", source, *arguments), 2, "output_exists_as_input")
    assert source.read_bytes() == TABLE.read_bytes()
    assert not (tmp_path / "out.pdf").exists()


def test_no_other_input_is_overwritten_either(tmp_path: Path):
    """A private key that an output falls upon is gone."""
    key, image = tmp_path / "key.pem", tmp_path / "image.png"
    key.write_bytes((PKI / "p256-signer.key.pem").read_bytes())
    image.write_bytes((PICTURES / "seal-round-alpha.png").read_bytes())
    for output in (key, image):
        arguments = ["-o", output, "--key", key, *CERT, *PLACE, "--image", image]
        failed(cli("sign", TABLE, *arguments), 2, "output_exists_as_input")
    assert key.read_bytes() == (PKI / "p256-signer.key.pem").read_bytes()


def test_outputs_do_not_overwrite_each_other(tmp_path: Path):
    out = tmp_path / "out"
    for option in ("--session", "--to-be-signed-out"):
        failed(cli("prepare", TABLE, "-o", out, option, out, *CERT, *PLACE), 2, "argument")
    assert not out.exists()


def test_one_standard_input(tmp_path: Path):
    result = cli("sign", "-", "-o", tmp_path / "out", "--key", "-", *CERT, *PLACE, stdin=TABLE.read_bytes())
    assert result.exit_code == 2
    assert "only one input" in result.stderr


def test_a_missing_input_is_named_even_where_the_output_exists(tmp_path: Path):
    (tmp_path / "out.pdf").write_bytes(b"before")
    failed(cli("sign", tmp_path / "missing.pdf", "-o", tmp_path / "out.pdf", *SIGN), 2, "not_found")
    assert (tmp_path / "out.pdf").read_bytes() == b"before"


@pytest.mark.parametrize("output", ["missing/out.pdf", "file/out.pdf", ".", "new/"])
def test_nowhere_to_write(tmp_path: Path, output: str):
    (tmp_path / "file").write_text("x")
    failed(cli("sign", TABLE, "-o", f"{tmp_path}/{output}", *SIGN), 6, "file_system")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_directory_without_permission(tmp_path: Path):
    tmp_path.chmod(0o500)
    failed(cli("sign", TABLE, "-o", tmp_path / "out.pdf", *SIGN), 6, "file_system")


@pytest.mark.parametrize("option", ["--session", "--to-be-signed-out"])
def test_prepare_writes_all_or_nothing(tmp_path: Path, option: str):
    """A prepared PDF without its session could never be sealed."""
    arguments = ["-o", tmp_path / "p.pdf", option, "/dev/full", *CERT, *PLACE]
    failed(cli("prepare", TABLE, *arguments), 6, "file_system")
    assert os.listdir(tmp_path) == []


def test_in_place_follows_a_link(tmp_path: Path):
    real, link = tmp_path / "real.pdf", tmp_path / "link.pdf"
    real.write_bytes(TABLE.read_bytes())
    link.symlink_to(real)
    done(cli("sign", link, "--in-place", *SIGN))
    assert link.is_symlink()
    assert pdfseal.verify(str(real), trust=trust("p256")).verdict == "passed"


# ---- as a process ----------------------------------------------------------------------------------


def test_process_streams(tmp_path: Path):
    """The result on standard output, the error on standard error, no colours into a pipe."""
    good = process("verify", ATTACKS / "control-second-signature.pdf", *TRUST)
    assert (good.returncode, good.stderr) == (0, b"")
    assert b"\x1b[" not in good.stdout
    bad = process("verify", tmp_path / "missing.pdf")
    assert (bad.returncode, bad.stdout) == (2, b"")
    assert re.fullmatch(rb"pdfseal: [^\n]+ \[not_found\]\n", bad.stderr)


def test_process_without_a_locale(tmp_path: Path):
    """Chinese names and paths where the system's encoding is ASCII."""
    path = tmp_path / "合同.pdf"
    path.write_bytes(TABLE.read_bytes())
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    if "PYTHONPATH" in os.environ:
        environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
    signed = process("sign", path, "--in-place", *SIGN, env=environment)
    assert signed.returncode == 0, signed.stderr
    for options in ([], ["--json"]):
        shown = process("verify", path, *TRUST, *options, env=environment)
        assert (shown.returncode, shown.stderr) == (0, b"")
    refused = process("sign", path, "--in-place", *SIGN, "--reason", "合同", env=environment)
    assert (refused.returncode, refused.stderr[-11:]) == (2, b"[argument]\n")


def test_file_names_that_are_no_text(tmp_path: Path):
    """Names in GBK, as archives from Windows bring them."""
    path = os.path.join(os.fsencode(tmp_path), "合同.pdf".encode("gbk"))
    Path(os.fsdecode(path)).write_bytes(TABLE.read_bytes())
    signed = process("sign", os.fsdecode(path), "--in-place", *SIGN)
    assert signed.returncode == 0, signed.stderr
    for options in ([], ["--json"]):
        shown = process("verify", os.fsdecode(path), *TRUST, *options)
        assert (shown.returncode, shown.stderr) == (0, b"")
    missing = process("verify", os.fsdecode(path) + "x")
    assert (missing.returncode, missing.stderr[-12:]) == (2, b"[not_found]\n")


def test_broken_pipe():
    command = [
        sys.executable,
        "-c",
        "from pdfseal_cli.main import main; main()",
        "verify",
        *[str(TABLE)] * 2000,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        complaint = running.stderr.read()
        running.wait(timeout=60)
    assert b"Traceback" not in complaint


def big_pdf(path: Path, megabytes: int) -> None:
    """A sound PDF with a stream of that many megabytes."""
    head = b"%PDF-1.4\n1 0 obj\n<</Type /Catalog /Pages 2 0 R>>\nendobj\n"
    head += b"2 0 obj\n<</Type /Pages /Kids [3 0 R] /Count 1>>\nendobj\n"
    page = b"3 0 obj\n<</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200]>>\nendobj\n"
    stream = b"4 0 obj\n<</Length %d>>\nstream\n" % (megabytes << 20)
    offsets = [head.index(b"1 0 obj"), head.index(b"2 0 obj"), len(head), len(head + page)]
    with open(path, "wb") as out:
        out.write(head + page + stream)
        for _ in range(megabytes):
            out.write(bytes(1 << 20))
        out.write(b"\nendstream\nendobj\n")
        at = out.tell()
        rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        trailer = b"trailer\n<</Root 1 0 R /Size 5>>\nstartxref\n%d\n%%%%EOF\n" % at
        out.write(b"xref\n0 5\n0000000000 65535 f \n" + rows + trailer)


def test_killed_at_any_moment(tmp_path: Path):
    """kill -9 during a large job: no output or a whole one; a .part file may stay, the input is untouched."""
    source = tmp_path / "in.pdf"
    big_pdf(source, 40)
    size = source.stat().st_size
    out = tmp_path / "out" / "out.pdf"
    out.parent.mkdir()
    command = [
        sys.executable,
        "-c",
        "from pdfseal_cli.main import main; main()",
        "sign",
        source,
        "-o",
        out,
        *SIGN,
    ]
    seen_part = False
    for delay in (0.2, 0.35, 0.5, 0.65, 0.8):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            end = time.monotonic() + delay
            while time.monotonic() < end and not seen_part and running.poll() is None:
                seen_part = any(name.endswith(".part") for name in os.listdir(out.parent))
                time.sleep(0.005)
            running.send_signal(signal.SIGKILL)
        for name in os.listdir(out.parent):
            assert name == "out.pdf" or name.endswith(".part")
        if out.exists():
            assert out.stat().st_size > size
            assert pdfseal.verify(str(out), trust=trust("p256")).verdict == "passed"
            out.unlink()
        assert source.stat().st_size == size


def test_no_output_over_an_input(tmp_path, pdfs):
    """An output that another option or argument names as well is refused, and nothing is lost."""
    sealed, root = tmp_path / "sealed.pdf", PKI / "p256-root.crt.pem"
    sealed.write_bytes(steps.by_pdfseal((pdfs / "table.pdf").read_bytes()))
    before = sealed.read_bytes()
    for arguments in (
        ["verify", str(sealed), "--report", str(sealed), "--trust", str(root)],
        ["timestamp", "request", str(sealed), "-o", str(sealed)],
    ):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 2, done.output
        assert "FILE" in done.stderr.partition("named twice (")[2]
        assert sealed.read_bytes() == before


def test_compose_notices_that_the_original_changed(tmp_path, pdfs):
    prepared = pdfseal.prepare(
        (pdfs / "table.pdf").read_bytes(), placement=None, signer=steps.certificate("p256-signer")
    )
    scheme = steps.SCHEMES[prepared.signature_scheme]
    signature = steps.private_key("p256-signer").sign(prepared.hash_set_bytes, scheme)
    changed = bytearray(prepared.pdf_bytes())
    changed[500] ^= 1
    names = {"p.pdf": bytes(changed), "s.json": prepared.to_json().encode(), "v.sig": signature}
    for name, data in names.items():
        (tmp_path / name).write_bytes(data)
    done = CliRunner().invoke(
        main,
        [
            "compose", str(tmp_path / "p.pdf"), "--session", str(tmp_path / "s.json"),
            "--signature", str(tmp_path / "v.sig"), "-o", str(tmp_path / "out.pdf"),
        ],
    )  # fmt: skip
    assert "digest_mismatch" in done.stderr
    assert not (tmp_path / "out.pdf").exists()


def test_a_terminal_obeys_nothing_that_a_file_says(tmp_path: Path):
    """A field's name that wipes out the verdict above it and writes another one."""
    name = "S\x1b[1F\r\u202efile.pdf: passed\n\x9b2K"
    written = b"<FEFF" + name.encode("utf-16-be").hex().encode() + b">"
    plain = "S" * (len(written) - 2)  # as long, so that nothing moves
    data = steps.by_pdfseal(TABLE.read_bytes(), field_name=plain).replace(b"(%s)" % plain.encode(), written)
    assert written in data
    path = tmp_path / "file.pdf"
    path.write_bytes(data)
    for words in (["verify"], ["inspect"], ["verify", "--json"]):
        done = CliRunner().invoke(main, [*words, str(path)])
        assert "1F" in done.stdout, words
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.stdout), words
        assert "\nfile.pdf" not in done.stdout
