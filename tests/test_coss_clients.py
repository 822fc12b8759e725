"""Clients in four languages, each with its own habits, seal in both steps and verify: every seal type."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import pdfseal
from pdfseal import TrustAnchors
from pdfseal.adapters.registry import ApplicationSettings
from tests.support import coss, pki
from tests.support.coss import SEAL_TYPES, running

CLIENTS = Path(__file__).parent / "coss_clients"
COMMANDS = {
    "python": ([sys.executable, str(CLIENTS / "client.py")], ("compact", "wire", "python")),
    "node": (["node", str(CLIENTS / "client.mjs")], ("compact", "trailing", "empty")),
    "java": (
        ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", "CLASSES", "Client"],
        ("compact", "map"),
    ),
    "curl": (["sh", str(CLIENTS / "client.sh")], ("compact",)),
}
TRUST = TrustAnchors(tuple(pki.certificate(f"{kind}-root") for kind in ("sm2", "rsa", "p256")))

BETWEEN = tuple(pki.certificate(f"{kind}-inter") for kind in ("sm2", "rsa", "p256"))


Case = tuple[str, str, str]  # language, style, seal type; the style "strict" is compact, strictly checked
CASES: list[Case] = [
    *((language, styles[0], kind) for language, (_, styles) in COMMANDS.items() for kind in SEAL_TYPES),
    *((language, style, "CMS_SM2") for language, (_, styles) in COMMANDS.items() for style in styles[1:]),
    *((language, "strict", "CMS_ECDSA") for language in COMMANDS),
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Case, Future[dict[str, Any]]]]:
    """Every client at once: most of their time is their languages' starting."""
    with running(tmp_path_factory.mktemp("coss"), server={"processes": 2}) as client:
        own = client.registry.find_application("HIS")
        assert own is not None
        strict = client.registry.add_application(
            "HIS strict", now=own.created, settings=ApplicationSettings(signature_mode="strict"),
            maker=own.maker,
        )  # fmt: skip
        classes = tmp_path_factory.mktemp("classes")
        if shutil.which("javac") is not None:
            command = ["javac", "-d", str(classes), str(CLIENTS / "Client.java")]
            subprocess.run(command, check=True, capture_output=True)
        with ThreadPoolExecutor(max_workers=6) as pool:
            yield {
                case: pool.submit(
                    run, replace(client, application=strict) if case[1] == "strict" else client, case,
                    tmp_path_factory.mktemp("run"), str(classes),
                )
                for case in CASES
            }  # fmt: skip


def run(client: coss.Client, case: Case, folder: Path, classes: str) -> dict[str, Any]:
    language, style, seal_type = case
    command = [classes if part == "CLASSES" else part for part in COMMANDS[language][0]]
    pdf, out = folder / "in.pdf", folder / "out.pdf"
    pdf.write_bytes(coss.PDF)
    key = pki.PKI / f"{SEAL_TYPES[seal_type]}-signer.key.pem"
    arguments = [
        f"{client.http.base_url}{client.base}".replace("//coss", "/coss"), client.application.app_id,
        client.application.secure_code, client.user.user_id, seal_type, str(pdf), str(key), str(out),
        "compact" if style == "strict" else style, client.application.name,
    ]  # fmt: skip
    signer = (
        "openssl pkeyutl -sign -rawin -digest sm3 -pkeyopt distid:1234567812345678 -inkey "
        f"{pki.PKI / 'sm2-signer.key.pem'}"
    )
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=120,
        env={**os.environ, "SM2_SIGNER": signer}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-500:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    sealed = out.read_bytes()
    assert sealed.startswith(coss.PDF)
    assert pdfseal.verify(sealed, trust=TRUST, untrusted=BETWEEN).verdict == "passed"
    return answer


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_both_steps(runs: dict[Case, Future[dict[str, Any]]], case: Case):
    if shutil.which(COMMANDS[case[0]][0][0]) is None:
        pytest.skip(f"{COMMANDS[case[0]][0][0]} is not installed")
    answer = runs[case].result()
    assert answer["data"]["statusCode"] == "200", answer
    assert [one["errInfos"] for one in answer["data"]["message"]] == [[]]
