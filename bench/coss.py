"""The HTTP service: a 100 MB PDF against what must be done with its bytes, memory, and rates.

The floor is a server of twenty lines on a bare socket that receives the same request, and does
nothing but HMAC, base64 decoding, SM3, one copy, base64 encoding, and sending back.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pdfseal
from bench.harness import Row, paired
from bench.inputs import FIXTURES, FOLDER, pdf_of_size
from pdfseal.adapters.keys import load_private_key
from pdfseal.adapters.registry import NewUser, Registry
from pdfseal.crypto import schemes
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.pki.certificate import Certificate

_KEY = "ab" * 32
_USER = NewUser("张三", "SF", "513436200005039279", "18745292611")
_SECONDS = 3.0
_CONNECTIONS = 8

_FLOOR = """
import hashlib, hmac, os, re, socket, sys
import pybase64
from pdfseal.crypto.digests import new_hash
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
new_hash("sm3")
while True:
    connection, _ = listener.accept()
    while True:
        head = b""
        while b"\\r\\n\\r\\n" not in head:
            piece = connection.recv(65536)
            if not piece: break
            head += piece
        if not head: break
        end = head.index(b"\\r\\n\\r\\n") + 4
        size = int(re.search(rb"Content-Length: (\\d+)", head)[1])
        body = bytearray(size)
        body[: len(head) - end] = head[end:]
        view, at = memoryview(body), len(head) - end
        while at < size: at += connection.recv_into(view[at:])
        hmac.digest(b"key", body, hashlib.sha256)
        start = body.index(b'"pdfFileStr": "') + 15
        stop = body.index(b'"', start)
        pdf = pybase64.b64decode(view[start:stop])
        hasher = new_hash("sm3"); hasher.update(pdf); hasher.digest()
        text = pybase64.b64encode(pdf + bytes(30000))
        connection.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(text))
        connection.sendall(text)
    connection.close()
"""


class Peer:
    """A client that costs next to nothing: one connection, raw octets, the answer counted."""

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(1 << 20)

    def ask(self, request: bytes) -> bytes:
        """The first octets of the answer's body; the whole of it is received."""
        sender = threading.Thread(target=self._connection.sendall, args=(request,))
        if len(request) > 1 << 16:
            sender.start()
        else:
            self._connection.sendall(request)
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._connection.recv(65536)
        end = head.index(b"\r\n\r\n") + 4
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length is not None
        begin, left = head[end:], int(length[1]) - (len(head) - end)
        while left > 0:
            count = self._connection.recv_into(self._buffer, min(left, len(self._buffer)))
            begin, left = begin or bytes(self._buffer[:200]), left - count
        if sender.is_alive():
            sender.join()
        return begin[:200]


class Service:
    """A service of our own with one application and one user."""

    def __init__(self, folder: Path, processes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("registry.db*"):
            old.unlink()
        (folder / "registry.key").write_text(_KEY, encoding="ascii")
        self.port = _free_port()
        (folder / "service.toml").write_text(
            f'[server]\nport = {self.port}\nprocesses = {processes}\nlog_level = "warning"\n[registry]\n'
            f'url = "sqlite:///{folder.absolute() / "registry.db"}"\nkey_file = "registry.key"\n',
            encoding="utf-8",
        )
        registry = Registry.open(f"sqlite:///{folder.absolute() / 'registry.db'}", bytes.fromhex(_KEY))
        now = datetime.now(UTC)
        self.application = registry.add_application("bench", now=now)
        picture = (FIXTURES / "pictures" / "seal-person-125x156.png").read_bytes()
        self.user = registry.add_user(self.application, _USER, now=now, picture=picture)
        registry.add_certificate(self.user, certificate("sm2-signer"), now=now)
        registry.close()
        config = str(folder / "service.toml")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pdfseal_cli.main", "serve", "--config", config]
        )
        _wait(self.port)

    def request(self, name: str, fields: dict[str, Any]) -> bytes:
        body = {"version": "1.0", "appId": self.application.app_id, "signAlgo": "HMAC"} | fields
        parts = (
            f"{key}={json.dumps(value, separators=(',', ':')) if isinstance(value, dict) else value}"
            for key, value in sorted(body.items())
        )
        digest = hmac.digest(self.application.secure_code.encode(), "&".join(parts).encode(), hashlib.sha256)
        body["signature"] = base64.b64encode(digest).decode()
        wire = json.dumps(body).encode()
        head = f"POST /coss/service/v1/{name} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(wire)}\r\n\r\n"
        return head.encode() + wire

    def hash_request(self, pdf: bytes) -> bytes:
        return self.request(
            "getPdfHash",
            {
                "userId": self.user.user_id,
                "signSealType": "CMS_SM2",
                "pdfFileStr": base64.b64encode(pdf).decode(),
                "configureSealInfo": {"signType": "a", "signProvince": "b", "signName": "c"},
                "coordOfRuleInfo": {"left": 100, "bottom": 100, "right": 300, "top": 300},
            },
        )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def certificate(name: str) -> Certificate:
    return Certificate.load((FIXTURES / "pki" / f"{name}.crt.pem").read_bytes())


@contextmanager
def _service(processes: int) -> Iterator[Service]:
    service = Service(FOLDER / "coss", processes)
    try:
        yield service
    finally:
        service.stop()


@contextmanager
def _floor() -> Iterator[int]:
    port = _free_port()
    process = subprocess.Popen([sys.executable, "-c", _FLOOR, str(port)])
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def coss_large() -> Iterator[Row]:
    """getPdfHash of 100 MB, and the memory of all processes together above idle."""
    pdf = pdf_of_size(100).read_bytes()
    with _service(1) as service, _floor() as floor_port:
        request = service.hash_request(pdf)
        peer, floor = Peer(service.port), Peer(floor_port)
        answer = peer.ask(request)
        assert answer.startswith(b'{"status":200'), answer
        yield paired(
            "getPdfHash over HTTP, 100 MB, SM3", lambda: peer.ask(request), floor=lambda: floor.ask(request),
            aim_ratio=1.3, runs=7, note="floor: receive, HMAC, decode, SM3, copy, encode, send",
        )  # fmt: skip
        time.sleep(1)
        idle = _memory_mb(service.process.pid)
        peak = _peak_during(lambda: peer.ask(request), service.process.pid)
        share = (peak - idle) / (len(pdf) / (1 << 20))
        yield Row(
            "getPdfHash over HTTP, 100 MB, peak memory", peak - idle, aim="<= 4 x file", met=share <= 4,
            unit="MB", note=f"all processes together, {share:.2f} x the file above idle ({idle:.0f} MB)",
        )  # fmt: skip


def coss_rates() -> Iterator[Row]:
    """Requests a second of one worker, beside what the library does alone in one process."""
    plain, key = b"data", load_private_key((FIXTURES / "pki" / "sm2-signer.key.pem").read_bytes())
    signature = key.sign(plain, SCHEMES["sm2-sm3"])
    own = certificate("sm2-signer")
    small = pdf_of_size(0.2).read_bytes()
    b64 = base64.b64encode
    with _service(2) as service:
        verify = {
            "signAlg": "SM3withSM2", "plain": b64(plain).decode(), "signValue": b64(signature).decode(),
            "cert": b64(own.der).decode(),
        }  # fmt: skip
        cases: list[tuple[str, bytes, Callable[[], object] | None]] = [
            ("genRandom", service.request("genRandom", {"len": 16}), lambda: b64(os.urandom(16))),
            (
                "verifySign (SM2)",
                service.request("verifySign", verify),
                lambda: schemes.verify(
                    SCHEMES["sm2-sm3"], Certificate.load(own.der).public_key, plain, signature
                ),
            ),
            ("getPdfHash, 200 KB", service.hash_request(small), lambda: _prepare(small, own)),
        ]
        for name, request, alone in cases:
            rate, median_ms, slow_ms = _rate(service.port, request)
            library = _alone(alone) if alone is not None else None
            note = f"{_CONNECTIONS} connections; median {median_ms:.2f} ms, 99 % {slow_ms:.2f} ms"
            yield Row(f"{name}, one worker", rate, peer=library, unit="/s", note=f"{note}; peer: the library")


def _verify(der: bytes, plain: bytes, signature: bytes) -> bool:
    return schemes.verify(SCHEMES["sm2-sm3"], Certificate.load(der).public_key, plain, signature)


def _prepare(pdf: bytes, own: Certificate) -> object:
    return pdfseal.prepare(
        pdf,
        placement=pdfseal.InRectangle(1, pdfseal.Rect(100, 100, 300, 300)),
        appearance=pdfseal.Appearance((FIXTURES / "pictures" / "seal-person-125x156.png").read_bytes()),
        signer=own,
    ).pdf_bytes()


def _alone(action: Callable[[], object]) -> float:
    action()
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < 1:
        action()
        count += 1
    return count / (time.perf_counter() - started)


def _rate(port: int, request: bytes) -> tuple[float, float, float]:
    """(answers a second, median and 99th percentile in ms) in a closed loop."""
    times: list[float] = []
    Peer(port).ask(request)

    def loop() -> None:
        peer, end = Peer(port), time.perf_counter() + _SECONDS
        while (start := time.perf_counter()) < end:
            assert peer.ask(request).startswith(b'{"status":200')
            times.append(time.perf_counter() - start)

    threads = [threading.Thread(target=loop) for _ in range(_CONNECTIONS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    times.sort()
    return len(times) / elapsed, statistics.median(times) * 1000, times[int(len(times) * 0.99)] * 1000


# -- memory ---------------------------------------------------------------------------------


def _peak_during(action: Callable[[], object], root: int) -> float:
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            peak[0] = max(peak[0], _memory_mb(root))
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    action()
    done.set()
    watcher.join()
    return peak[0]


def _memory_mb(root: int) -> float:
    """Proportional memory of a process and its descendants, and their anonymous files in memory."""
    total = 0
    for pid in _family(root):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            found = re.search(r"Pss: +(\d+) kB", text)
            total += int(found[1]) * 1024 if found else 0
        with contextlib.suppress(OSError):
            for entry in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(entry.path).startswith("/memfd:pdfseal"):
                        total += os.stat(entry.path).st_blocks * 512
    return total / (1 << 20)


def _family(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = [root]
    for pid in found:  # grows while it is walked
        found += parents.get(pid, [])
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


COSS_ROWS = {"coss-large": coss_large, "coss-rates": coss_rates}
