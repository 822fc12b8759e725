"""Folders of small PDFs, and the batch command line in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[2] / "fixtures"
PICTURE = FIXTURES / "pictures" / "seal-person-125x156.png"
PROGRAM = (sys.executable, "-c", "from pdfseal_cli.main import main; main(prog_name='pdfseal')")
TIMEOUT_S = 300


def pdf(size: int = 400) -> bytes:
    """One page, padded to at least `size` octets by a comment."""
    bodies = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
              b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>")  # fmt: skip
    out = bytearray(b"%PDF-1.7\n%" + b"." * size + b"\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(out + b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start)


def folder_of(path: Path, count: int, *, size: int = 400) -> Path:
    path.mkdir()
    for index in range(count):
        (path / f"{index:05}.pdf").write_bytes(pdf(size + index))
    return path


def signer(family: str = "p256") -> tuple[str, ...]:
    pki = FIXTURES / "pki"
    return (
        "--key", str(pki / f"{family}-signer.key.pem"), "--cert", str(pki / f"{family}-signer.crt.pem"),
        "--chain", str(pki / f"{family}-inter.crt.pem"),
    )  # fmt: skip


LOOK = ("--image", str(PICTURE), "--at", "200,200", "--fit", "90,112")


def start(*arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, "batch", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def batch(*arguments: str | Path, **options: Any) -> tuple[int, dict[str, Any]]:
    """Exit code and what --json prints. One worker where nothing else is said: starting more takes time."""
    if "--workers" not in arguments and arguments[0] != "status":
        arguments += ("--workers", "1")
    process = start(*arguments, "--json", **options)
    output, complaint = process.communicate(timeout=TIMEOUT_S)
    assert "Traceback" not in complaint, complaint
    assert output, complaint
    return process.returncode, json.loads(output)


def journal_of(output: Path) -> list[dict[str, Any]]:
    """The outcomes in a batch's journal, in the order written."""
    lines = (output / ".pdfseal-batch.jsonl").read_text(encoding="ascii").splitlines()
    return [json.loads(line) for line in lines[1:]]


def failures(summary: dict[str, Any]) -> dict[str, str]:
    """key -> code of what failed."""
    return {one["key"]: one["code"] for one in summary["failures"]}
