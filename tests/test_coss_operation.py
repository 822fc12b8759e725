"""The service as a program: start, limits, hostile clients, logs, kill -9, graceful stop."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from pdfseal import CallerError, OutsideError
from pdfseal.adapters.coss import config
from pdfseal.adapters.coss.pool import Pool
from pdfseal.adapters.coss.server import check_port
from pdfseal.adapters.coss.service import Service
from pdfseal.adapters.registry import Registry
from pdfseal_cli.main import main
from tests.support import coss
from tests.support.coss import b64, pdf_hash_request, running

PDFSEAL = [sys.executable, "-m", "pdfseal_cli.main"]


# -- configuration --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("port = 1", "port"),
        ("[servers]", "servers"),
        ("[server]\nprot = 1", "server.prot"),
        ("[server]\nport = 'x'", "server.port"),
        ("[server]\nport = 0", "server.port"),
        ("[server]\nport = true", "server.port"),
        ("[server]\nlog_level = 'loud'", "server.log_level"),
        ("[auth]\nmode = 'lax'", "auth.mode"),
        ("[trust]\nanchors = 7", "trust.anchors"),
        ("[registry]\nkey = 'x'", "registry.key_file"),
        ("[server", "service.toml"),
    ],
)
def test_wrong_configuration(tmp_path: Path, text: str, named: str):
    path = tmp_path / "service.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CallerError) as error:
        config.load(path, {})
    assert error.value.code == "configuration"
    assert named in error.value.message


def test_configuration_from_file_and_environment(tmp_path: Path):
    path = tmp_path / "service.toml"
    path.write_text("[server]\nport = 1000\nworkers = 3\n[trust]\nanchors = ['a.pem']\n", encoding="utf-8")
    variables = {"PDFSEAL_SERVER_PORT": "2000", "PDFSEAL_AUTH_DEBUG": "true", "PDFSEAL_TRUST_CRLS": "x:y"}
    found = config.load(path, variables)
    assert (found.server.port, found.server.workers, found.auth.debug) == (2000, 3, True)
    assert found.trust.anchors == (str(tmp_path / "a.pem"),)
    assert found.trust.crls == (str(tmp_path / "x"), str(tmp_path / "y"))
    with pytest.raises(CallerError, match="PDFSEAL_REGISTRY_KEY"):
        config.master_key(found, {})
    with pytest.raises(CallerError, match=r"server\.port"):
        config.load(path, {"PDFSEAL_SERVER_PORT": "many"})
    with pytest.raises(CallerError, match=r"trust\.anchors"):
        Service.open(coss.settings_in(tmp_path, trust={"anchors": (str(tmp_path / "gone.pem"),)}))


def test_port_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OutsideError) as error:
            check_port("127.0.0.1", taken.getsockname()[1])
    assert error.value.code == "port_unusable"


def test_missing_extra_is_named():
    script = (
        "import sys; sys.modules['starlette'] = None\n"
        "from pdfseal_cli.main import main; main(['serve', '--check'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "pip install 'pdfseal[server]'" in done.stderr
    helped = subprocess.run([*PDFSEAL, "--help"], capture_output=True, text=True, check=True)
    assert "serve" in helped.stdout


# -- limits ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[coss.Client]:
    server = {"max_body_mb": 1, "max_in_flight_mb": 2, "body_timeout_s": 1, "header_timeout_s": 1}
    os.environ["PDFSEAL_SERVER_HEADER_TIMEOUT_S"] = "1"
    with running(tmp_path_factory.mktemp("coss"), server=server) as found:
        yield found
    del os.environ["PDFSEAL_SERVER_HEADER_TIMEOUT_S"]


def talk(client: coss.Client, data: bytes, *, wait_s: float = 5.0) -> bytes:
    url = client.http.base_url
    with socket.create_connection((url.host, url.port), timeout=wait_s) as connection:
        connection.sendall(data)
        received = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
        return received


def head(length: int | str, *more: str) -> bytes:
    lines = ["POST /coss/service/v1/genRandom HTTP/1.1", "Host: x", f"Content-Length: {length}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def test_too_large_by_its_headers_alone(client: coss.Client):
    """Answered before a byte of the body is sent."""
    started = time.monotonic()
    answer = talk(client, head((1 << 20) + 1))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"status":89003001' in answer
    assert time.monotonic() - started < 1
    assert talk(client, head("many")).startswith(b"HTTP/1.1 400")


def test_too_large_while_it_comes(client: coss.Client):
    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield bytes(100_000)

    with contextlib.suppress(httpx.TransportError):
        answer = client.http.post(client.base + "genRandom", content=pieces())
        assert (answer.status_code, answer.json()["status"]) == (200, 89003001)


def test_no_room_for_more(client: coss.Client):
    url = client.http.base_url
    holders = [socket.create_connection((url.host, url.port)) for _ in range(2)]
    try:
        for holder in holders:
            holder.sendall(head(1 << 20))
        time.sleep(0.2)
        answer = talk(client, head(1 << 19))
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"retry-after" in answer
    finally:
        for holder in holders:
            holder.close()
    time.sleep(0.2)
    assert client.code("genRandom", {"len": 4}) == 200


def test_slow_clients(client: coss.Client):
    """Headers that do not end, bodies that do not come: closed after their time, room given back."""
    started = time.monotonic()
    assert talk(client, b"POST /coss/service/v1/genRandom HTTP/1.1\r\nHost: x\r\nX: ") == b""
    assert 0.5 < time.monotonic() - started < 3
    started = time.monotonic()
    assert b"89000001" in talk(client, head(1000) + b"{")
    assert time.monotonic() - started < 3
    assert talk(client, b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 70_000) == b""
    assert b"pdfseal_bytes_in_flight" in client.http.get("/metrics").content
    gauge = next(
        line for line in client.http.get("/metrics").text.splitlines() if line.startswith("pdfseal_bytes_in")
    )
    assert gauge.endswith(" 0")


def test_clients_that_leave(client: coss.Client):
    url = client.http.base_url
    for _ in range(20):
        with socket.create_connection((url.host, url.port)) as connection:
            connection.sendall(head(1000) + b'{"appId"')
    time.sleep(0.3)
    assert client.code("genRandom", {"len": 4}) == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods(client: coss.Client, method: str):
    assert client.http.request(method, client.base + "genRandom").status_code == 405


def test_health_and_figures(client: coss.Client):
    assert client.http.get("/healthz").text == "ok\n"
    assert client.http.get("/readyz").json() == {"ready": True}
    client.ok("getHashData", {"hashAlgo": "SM3", "inData": "x"})
    client.code("genRandom", {"len": 0})
    text = client.http.get("/metrics").text
    assert 'endpoint="getHashData",code="200"' in text
    assert 'endpoint="genRandom",code="89000001"' in text
    assert 'form="compact"' in text
    assert 'pdfseal_request_seconds_bucket{endpoint="getHashData"' in text


def test_request_identifiers(client: coss.Client):
    body = json.dumps(client.signed({"len": 4}))
    given = client.http.post(client.base + "genRandom", content=body, headers={"x-request-id": "abc123"})
    assert given.headers["x-request-id"] == "abc123"
    made = client.http.post(client.base + "genRandom", content=body, headers={"x-request-id": 'a"\\b'})
    assert len(made.headers["x-request-id"]) == 32


def test_logs_hold_no_secrets(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    with running(tmp_path, auth={"debug": True}) as client:
        new = {
            "userName": "欧阳测试",
            "idType": "SF",
            "idNumber": "110101199003070038",
            "mobile": "13700001111",
        }
        user_id = client.ok("addUser", new)["userId"]
        client.ok("queryUserInfo", {"userId": user_id})
        client.post("addUser", new | {"mobile": "13700001111x"})
        client.send("addUser", client.signed(new) | {"signature": b64(bytes(32))})
        coss.seal_pdf(client, "GM_SM2")
        coss.seal_pdf(client, "CMS_RSA")
        client.post("getPdfHash", pdf_hash_request(client, pdfFileStr=b64(coss.PDF)[:4000]))
    text = capfd.readouterr().err
    lines = coss.log_lines(text)
    assert len(lines) > 8
    assert {line["endpoint"] for line in lines if line["event"] == "request"} >= {"addUser", "composePdfSeal"}
    certificate = b64(coss.pki.certificate("sm2-signer").der)
    forbidden = [
        client.application.secure_code, coss.KEY.hex(), "欧阳测试", "110101199003070038", "13700001111",
        user_id, "张三", client.user.user_id, b64(coss.PDF)[:60], certificate[:60], "个人签章",
    ]  # fmt: skip
    assert not [secret for secret in forbidden if secret in text]


# -- the pool -------------------------------------------------------------------------------


def sleep_long() -> None:
    time.sleep(60)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_jobs_that_hang_or_die(tmp_path: Path):
    import asyncio

    from pdfseal.adapters.coss.codes import CossError

    async def play() -> None:
        pool = Pool(1, timeout_s=5.0)
        try:
            await pool.warm_up()
            for job in (sleep_long, die):
                with pytest.raises(CossError) as error:
                    await pool.run(job)
                assert error.value.code == 89000007
                assert await pool.run(os.getpid) != os.getpid()
        finally:
            pool.close()

    asyncio.run(play())


# -- the program ----------------------------------------------------------------------------


@dataclass
class Program:
    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def lines(self) -> list[dict[str, Any]]:
        return coss.log_lines(self.log.read_text(encoding="utf-8"))

    @property
    def workers(self) -> set[int]:
        return {line["worker"] for line in self.lines if line["event"] == "started"}


def write_config(folder: Path) -> Path:
    (folder / "registry.key").write_text(coss.KEY.hex(), encoding="ascii")
    path = folder / "service.toml"
    path.write_text(
        "[server]\nprocesses = 1\nstop_timeout_s = 10\n"
        f'[registry]\nurl = "sqlite:///{folder / "registry.db"}"\nkey_file = "registry.key"\n',
        encoding="utf-8",
    )
    return path


@contextmanager
def program(folder: Path, workers: int) -> Iterator[Program]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / f"log-{port}"
    arguments = ["serve", "--config", str(folder / "service.toml"), "--port", str(port)]
    arguments += ["--workers", str(workers)]
    with log.open("wb") as out:
        process = subprocess.Popen([*PDFSEAL, *arguments], stderr=out, start_new_session=True)
    found = Program(process, f"http://127.0.0.1:{port}", log)
    try:
        wait_for(lambda: len(found.workers) >= workers and answers(port))
        yield found
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Any, *, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def children(pid: int) -> set[int]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found |= {int(path.parent.name)} | children(int(path.parent.name))
    return found


def test_killed_under_load(tmp_path: Path):
    """kill -9 of a worker, then of the supervisor: no user that was answered is lost, none is half
    written, nothing stays behind, and the next start is clean."""
    write_config(tmp_path)
    registry = Registry.open(f"sqlite:///{tmp_path / 'registry.db'}", coss.KEY)
    application, user = coss.fill(registry)
    answered: list[str] = []
    stop = threading.Event()

    def load(index: int, url: str) -> None:
        client = coss.Client(None, registry, application, user)
        count = 0
        while not stop.is_set():
            count += 1
            fields = {"userName": f"用户{index}", "idType": "QT", "idNumber": f"{index}-{count}"}
            fields["mobile"] = "13700000000"
            try:
                with httpx.Client(base_url=url, timeout=10) as http:
                    client.http = http
                    body = json.dumps(client.signed(fields))
                    answer = http.post(client.base + "addUser", content=body).json()
            except (httpx.TransportError, json.JSONDecodeError):
                time.sleep(0.02)
                continue
            if answer["status"] == 200:
                answered.append(answer["data"]["userId"])

    with program(tmp_path, 2) as running_program:
        threads = [threading.Thread(target=load, args=(i, running_program.url)) for i in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(answered) > 20)
        victim = min(running_program.workers)
        os.kill(victim, signal.SIGKILL)
        before = len(answered)
        wait_for(lambda: len(running_program.workers) >= 3 and len(answered) > before + 20)
        everyone = children(running_program.process.pid)
        running_program.process.kill()
        wait_for(lambda: not any(map(alive, everyone)))  # workers and their processes end by themselves
        stop.set()
        for thread in threads:
            thread.join()
    stored = {one.user_id for one in registry.users(limit=100_000)}
    assert len(answered) > 40
    assert set(answered) <= stored
    with program(tmp_path, 1) as again, httpx.Client(base_url=again.url) as http:
        client = coss.Client(http, registry, application, user)
        assert client.ok("queryUserInfo", {"userId": answered[-1]})["msspId"] == answered[-1]
        assert client.ok("queryImage", {"userId": answered[-1]})["image"]
    registry.close()


def test_graceful_stop(tmp_path: Path):
    """SIGTERM: the request under way is answered, nothing stays behind, the status is 0."""
    write_config(tmp_path)
    registry = Registry.open(f"sqlite:///{tmp_path / 'registry.db'}", coss.KEY)
    application, user = coss.fill(registry)
    with program(tmp_path, 1) as running_program:
        url = httpx.URL(running_program.url)
        client = coss.Client(None, registry, application, user)
        body = json.dumps(client.signed(pdf_hash_request(client))).encode()
        request = (
            f"POST /coss/service/v1/getPdfHash HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        with socket.create_connection((url.host, url.port)) as connection:
            connection.sendall(request[:-100])
            time.sleep(0.3)
            everyone = children(running_program.process.pid)
            running_program.process.terminate()
            time.sleep(0.3)
            connection.sendall(request[-100:])
            received = b""
            while piece := connection.recv(65536):
                received += piece
        assert b'"status":200' in received[:2000]
        assert running_program.process.wait(15) in (0, -signal.SIGTERM)
        wait_for(lambda: not any(map(alive, everyone)), seconds=5)
        assert any(line["event"] == "stopped" for line in running_program.lines)
    registry.close()


def test_demonstration(tmp_path: Path):
    """Starts at once, and every printed curl line works."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*PDFSEAL, "serve", "--demo", str(tmp_path / "demo"), "--port", str(port)],
            stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if not line.strip() and len(lines) > 10:
                break
        commands = [line for line in lines if line.startswith("curl ")]
        assert len(commands) == 18
        wait_for(lambda: answers(port))
        for command in commands:
            done = subprocess.run(command, shell=True, capture_output=True, check=True)
            answer = json.loads(done.stdout)
            assert answer["status"] == 200, (command, answer)
            if "verifyPdfSeal" in command:
                assert answer["data"]["statusCode"] == "200"
    finally:
        process.terminate()
        process.communicate(timeout=15)


def test_administration(tmp_path: Path):
    """pdfseal app and pdfseal user: secrets are shown once, personal data masked."""
    path = str(write_config(tmp_path))

    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(main, [*arguments, "--config", path, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    added = run("app", "add", "HIS")["application"]
    assert len(added["secureCode"]) == 64
    listed = run("app", "list")["applications"]
    assert [one["appId"] for one in listed] == [added["appId"]]
    assert "secureCode" not in listed[0]
    assert run("app", "rotate", "HIS")["application"]["secureCode"] != added["secureCode"]
    assert run("app", "set", "HIS", "--signature-mode", "strict")["application"]["signatureMode"] == "strict"
    key = str(coss.pki.PKI / "sm2-signer.key.pem")
    cert = str(coss.pki.PKI / "sm2-signer.crt.pem")
    assert run("app", "maker", "HIS", "--cert", cert, "--key", key)["application"]["maker"]
    user = run(
        "user", "add", "张三", "--app", "HIS", "--id-number", "513436200005039279", "--mobile", "18745292611"
    )["user"]
    assert user["userId"] == coss.EXAMPLES["userId"]["expect"]
    assert user["idNumber"] == "*" * 14 + "9279"
    device = run("user", "cert", user["userId"], "--cert", cert)["deviceId"]
    shown = run("user", "show", user["userId"])["user"]
    assert shown["certificates"][0]["deviceId"] == device
    locked = run("user", "set", user["userId"], "--app", "HIS", "--status", "LOCKED")
    assert locked["user"]["status"] == "LOCKED"
    assert len(run("user", "list")["users"]) == 1
    done = CliRunner().invoke(main, ["app", "rotate", "nobody", "--config", path])
    assert done.exit_code == 2
    assert "nobody" in done.output
