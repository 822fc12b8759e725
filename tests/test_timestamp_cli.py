"""`pdfseal timestamp …` and `pdfseal sign --tsa`, as a user runs them."""

from __future__ import annotations

import base64
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pdfseal.timestamp import read_request, read_token
from pdfseal_cli.main import main
from tests.support.oracles import run
from tests.support.pki import PKI
from tests.support.ses import make_seal

PDF = Path(__file__).parents[1] / "fixtures" / "pdf" / "table.pdf"
PICTURE = PDF.parents[1] / "pictures" / "seal-round-alpha.png"
ROOT = PKI / "p256-root.crt.pem"
NOWHERE = ["--tsa", "http://127.0.0.1:9/", "--tsa-attempts", "1"]


def pdfseal(*arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(main, [str(one) for one in arguments])
    assert done.exit_code == code, done.output + done.stderr
    return done


def authority_options(family: str = "p256") -> list[object]:
    return [
        "--key", PKI / f"{family}-tsa.key.pem", "--cert", PKI / f"{family}-tsa.crt.pem",
        "--chain", PKI / f"{family}-inter.crt.pem",
    ]  # fmt: skip


@pytest.fixture
def data(tmp_path) -> Path:
    path = tmp_path / "data.txt"
    path.write_bytes("检查报告".encode())
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    """The command itself, as a process; it must end on SIGTERM."""
    folder = tmp_path_factory.mktemp("tsa")
    start = "from pdfseal_cli.main import main; main()"
    command = [sys.executable, "-c", start, "timestamp", "serve", *map(str, authority_options())]
    command += ["--port", "0", "--serials", str(folder / "serials.sqlite")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:"), process.communicate()
    yield url
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "granted" in log


def test_request_create_show_verify(data, tmp_path):
    query, reply = tmp_path / "q.tsq", tmp_path / "r.tsr"
    pdfseal("timestamp", "request", data, "--digest", "sm3", "--policy", "1.2.3.4.1", "-o", query)
    asked = read_request(query.read_bytes())
    assert (asked.algorithm, asked.policy, asked.cert_req) == ("sm3", "1.2.3.4.1", True)
    pdfseal("timestamp", "create", query, *authority_options("sm2"), "-o", reply)
    shown = json.loads(pdfseal("timestamp", "show", reply, "--json").output)
    assert (shown["imprint_algorithm"], shown["nonce"]) == ("sm3", str(asked.nonce))
    verify = ["timestamp", "verify", reply, "--request", query, "--data", data]
    good = pdfseal(*verify, "--trust", PKI / "sm2-root.crt.pem", "--json")
    assert (json.loads(good.output)["verdict"], json.loads(good.output)["code"]) == ("passed", 1)
    pdfseal(*verify, code=3)
    pdfseal(*verify, "--trust", ROOT, code=3)
    text = pdfseal("timestamp", "verify", reply, "--data", query, "--trust", PKI / "sm2-root.crt.pem", code=1)
    assert "not over this data" in text.output
    pdfseal("timestamp", "verify", data, code=5)


def test_refused_requests_are_shown(data, tmp_path):
    query, reply = tmp_path / "q.tsq", tmp_path / "r.tsr"
    pdfseal("timestamp", "request", data, "--policy", "1.9.9", "--no-nonce", "--no-cert", "-o", query)
    done = pdfseal("timestamp", "create", query, *authority_options(), "-o", reply, "--json", code=1)
    assert json.loads(done.output)["fail_info"] == ["unacceptedPolicy"]
    assert json.loads(pdfseal("timestamp", "show", reply, "--json").output)["status"] == "rejection"


def test_serials_of_create(data, tmp_path):
    query = tmp_path / "q.tsq"
    pdfseal("timestamp", "request", data, "-o", query)
    serials = []
    for index in range(2):
        reply = tmp_path / f"{index}.tsr"
        options = [*authority_options(), "--serials", tmp_path / "serials.sqlite", "-o", reply]
        pdfseal("timestamp", "create", query, *options)
        serials.append(read_token(reply.read_bytes()).serial)
    assert serials[0] != serials[1]


def test_usage_errors(data, tmp_path):
    out = tmp_path / "out"
    pdfseal("timestamp", "request", "-o", out, code=2)
    pdfseal("timestamp", "request", data, "--imprint", "00", "-o", out, code=2)
    pdfseal("timestamp", "request", "--imprint", "xyz", "-o", out, code=2)
    pdfseal("timestamp", "fetch", data, "-o", out, code=2)
    pdfseal("timestamp", "fetch", data, *NOWHERE, "--tsa-digest", "md5", "-o", out, code=2)
    pdfseal("timestamp", "fetch", data, *NOWHERE, "--tsa-user", "u", "-o", out, code=2)
    pdfseal("timestamp", "fetch", data, "--tsa", "ftp://x/", "-o", out, code=2)
    pdfseal("timestamp", "fetch", data, *NOWHERE, "-o", out, code=6)
    assert not out.exists()


def test_fetch(server, data, tmp_path):
    token = tmp_path / "token.der"
    pdfseal("timestamp", "fetch", data, *NOWHERE, "--tsa", server, "--tsa-trust", ROOT, "-o", token)
    pdfseal("timestamp", "verify", token, "--data", data, "--trust", ROOT)
    done = run("openssl", "ts", "-verify", "-token_in", "-in", token, "-data", data, "-CAfile", ROOT)
    assert b"Verification: OK" in done.stdout


def test_stamp_a_document(server, tmp_path):
    out = tmp_path / "stamped.pdf"
    pdfseal("timestamp", "stamp", PDF, "--tsa", server, "-o", out)
    assert "timestamp: trusted" in pdfseal("verify", out, "--trust", ROOT).output
    pdfseal("timestamp", "stamp", out, "--tsa", server, "--in-place")
    pdfseal("verify", out, "--trust", ROOT)
    pdfseal("timestamp", "stamp", PDF, "--tsa", server, "--signature", "None", "-o", out, code=1)


def sign(out: Path, *options: object, code: int = 0) -> Result:
    who = [
        "--key", PKI / "p256-signer.key.pem", "--cert", PKI / "p256-signer.crt.pem",
        "--chain", PKI / "p256-inter.crt.pem",
    ]  # fmt: skip
    place = ["--page", "1", "--at", "50,50", "--fit", "40,40"]
    return pdfseal("sign", PDF, "-o", out, *who, *place, *options, "--json", code=code)


def test_sign_with_a_timestamp(server, tmp_path):
    out = tmp_path / "sealed.pdf"
    done = sign(out, "--image", PICTURE, "--tsa", server)
    assert json.loads(done.stdout)["timestamp"] == {"status": "stamped", "policy": "require", "reason": ""}
    report = json.loads(pdfseal("verify", out, "--trust", ROOT, "--json").output)
    assert report["signatures"][0]["timestamp"]["status"] == "trusted"


def test_sign_with_a_seal_of_2014_and_a_timestamp(server, tmp_path):
    out, seal = tmp_path / "sealed.pdf", tmp_path / "seal.der"
    seal.write_bytes(make_seal("ses2014", "p256"))
    sign(out, "--seal", seal, "--tsa", server)
    untrusted = ["--untrusted", PKI / "p256-inter.crt.pem"]
    report = json.loads(pdfseal("verify", out, "--trust", ROOT, *untrusted, "--json").output)
    facts = report["signatures"][0]["timestamp"]
    assert (facts["status"], facts["place"]) == ("trusted", "security_store")


def test_compose_with_a_token_at_hand(server, tmp_path):
    """prepare, sign and stamp elsewhere, compose; and for a seal of 2014 the token afterwards."""
    key = ["openssl", "dgst", "-sha256", "-sign", PKI / "p256-signer.key.pem"]
    who = ["--cert", PKI / "p256-signer.crt.pem", "--chain", PKI / "p256-inter.crt.pem"]
    place = ["--page", "1", "--at", "50,50", "--fit", "40,40"]
    seal = tmp_path / "seal.der"
    seal.write_bytes(make_seal("ses2014", "p256"))
    for drawn in (["--image", PICTURE], ["--seal", seal]):
        ready, session, tbs = tmp_path / "ready.pdf", tmp_path / "s.json", tmp_path / "tbs"
        pdfseal(
            "prepare", PDF, "-o", ready, "--session", session, "--to-be-signed-out", tbs, *who, *place, *drawn
        )
        value, token, out = tmp_path / "value", tmp_path / "token.b64", tmp_path / "sealed.pdf"
        value.write_bytes(run(*key, tbs).stdout)
        pdfseal("timestamp", "fetch", value, "--tsa", server, "-o", token)
        token.write_bytes(base64.b64encode(token.read_bytes()))
        compose = ["compose", ready, "--session", session, "--signature", value, "-o", out]
        if "--image" in drawn:
            pdfseal(*compose, "--timestamp", token)
        else:
            pdfseal(*compose, "--timestamp", token, code=1)
            pdfseal(*compose)
            pdfseal("timestamp", "stamp", out, "--signature", "Signature1", "--token", token, "--in-place")
            pdfseal("timestamp", "stamp", out, "--token", token, "--in-place", code=2)
        verify = ["verify", out, "--trust", ROOT, "--untrusted", PKI / "p256-inter.crt.pem", "--json"]
        report = json.loads(pdfseal(*verify).output)
        assert report["signatures"][0]["timestamp"]["status"] == "trusted"


def test_sign_when_the_authority_is_down(tmp_path):
    out = tmp_path / "sealed.pdf"
    done = sign(out, "--image", PICTURE, *NOWHERE, code=6)
    assert json.loads(done.stdout)["error"]["code"] == "tsa_failed"
    assert not out.exists()
    done = sign(out, "--image", PICTURE, *NOWHERE, "--tsa-policy", "best-effort")
    facts = json.loads(done.stdout)["timestamp"]
    assert (facts["status"], facts["policy"]) == ("failed", "best-effort")
    assert "refused" in facts["reason"]
    assert json.loads(pdfseal("verify", out, "--trust", ROOT, "--json").output)["verdict"] == "passed"


def test_serve_that_cannot_start(tmp_path):
    serials = ["--serials", tmp_path / "serials"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        pdfseal("timestamp", "serve", *authority_options(), *serials, "--port", port, code=6)
    pdfseal("timestamp", "serve", *authority_options(), "--serials", tmp_path / "no" / "s", code=6)
    signer = ["--key", PKI / "p256-signer.key.pem", "--cert", PKI / "p256-signer.crt.pem"]
    pdfseal("timestamp", "serve", *signer, *serials, code=2)
    pdfseal("timestamp", "serve", *authority_options(), "--demo", tmp_path, code=2)
