"""Clients in four languages, each with its own habits, seal in both steps and verify: every seal type."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[coss.Client]:
    with running(tmp_path_factory.mktemp("coss"), server={"processes": 2}) as found:
        yield found


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> str:
    if shutil.which("javac") is None:
        pytest.skip("javac is not installed")
    folder = tmp_path_factory.mktemp("classes")
    subprocess.run(
        ["javac", "-d", str(folder), str(CLIENTS / "Client.java")], check=True, capture_output=True
    )
    return str(folder)


def run(client: coss.Client, language: str, style: str, seal_type: str, folder: Path, classes: str) -> dict:
    command = [classes if part == "CLASSES" else part for part in COMMANDS[language][0]]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    pdf, out = folder / "in.pdf", folder / "out.pdf"
    pdf.write_bytes(coss.PDF)
    key = pki.PKI / f"{SEAL_TYPES[seal_type]}-signer.key.pem"
    arguments = [
        f"{client.http.base_url}{client.base}".replace("//coss", "/coss"), client.application.app_id,
        client.application.secure_code, client.user.user_id, seal_type, str(pdf), str(key), str(out), style,
    ]  # fmt: skip
    signer = f"{sys.executable} -m pdfseal_cli.outside_signer {pki.PKI / 'sm2-signer.key.pem'}"
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=120,
        env={**os.environ, "SM2_SIGNER": signer}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-500:]
    found: dict = json.loads(done.stdout.splitlines()[-1])
    sealed = out.read_bytes()
    assert sealed.startswith(coss.PDF)
    assert pdfseal.verify(sealed, trust=TRUST, untrusted=BETWEEN).verdict == "passed"
    return found


@pytest.mark.parametrize("seal_type", SEAL_TYPES)
@pytest.mark.parametrize("language", COMMANDS)
def test_both_steps(client: coss.Client, language: str, seal_type: str, tmp_path: Path, classes: str):
    style = COMMANDS[language][1][0]
    answer = run(client, language, style, seal_type, tmp_path, classes)
    assert answer["data"]["statusCode"] == "200", answer
    assert [one["errInfos"] for one in answer["data"]["message"]] == [[]]


@pytest.mark.parametrize(
    ("language", "style"),
    [(language, style) for language, (_, styles) in COMMANDS.items() for style in styles[1:]],
)
def test_habits(client: coss.Client, language: str, style: str, tmp_path: Path, classes: str):
    answer = run(client, language, style, "CMS_SM2", tmp_path, classes)
    assert answer["data"]["statusCode"] == "200"


@pytest.fixture
def strict(client: coss.Client) -> Iterator[None]:
    def put(settings: ApplicationSettings) -> None:
        client.registry.set_settings(client.application, settings, now=client.application.created)
        client.app.state.service.authenticator._applications.clear()

    put(ApplicationSettings(signature_mode="strict"))
    yield
    put(ApplicationSettings())


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("language", COMMANDS)
def test_strict(client: coss.Client, language: str, tmp_path: Path, classes: str):
    run(client, language, "compact", "CMS_ECDSA", tmp_path, classes)
