"""The HTTP client, the HTTP authority, and the serial numbers."""

from __future__ import annotations

import http.client
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from pdfseal.adapters.serials import BLOCK, SerialNumbers, random_serial
from pdfseal.adapters.tsa import (
    MAX_ANSWER_BYTES,
    QUERY,
    TransportError,
    TsaAddress,
    TsaClient,
    http_transport,
)
from pdfseal.adapters.tsa_server import TsaServer
from pdfseal.crypto.digests import digest
from pdfseal.errors import CallerError, OutsideError
from pdfseal.pki.trust import TrustAnchors
from pdfseal.timestamp import make_request, read_request, read_response, read_token
from tests.support.pki import certificate
from tests.support.timestamps import WHEN, authority

IMPRINT = digest("sha256", b"data")
ROOTS = TrustAnchors((certificate("p256-root"),))


def answer(
    request: bytes, *, family: str = "p256", change: Callable[[bytes], bytes] = lambda body: body
) -> bytes:
    return authority(family).answer(change(request), now=WHEN, serial=lambda: 1)


def client(*transports: Callable[..., bytes], **options: object) -> tuple[TsaClient, list[tuple[str, float]]]:
    """A client of one authority per transport, and what it did: (url, timeout) and (sleep, seconds)."""
    done: list[tuple[str, float]] = []
    urls = [f"https://tsa{index}.example/" for index in range(len(transports))]

    def transport(url, body, headers, timeout_s):
        done.append((url, timeout_s))
        assert headers["Content-Type"] == QUERY
        return transports[urls.index(url)](body)

    made = TsaClient(
        [TsaAddress(url) for url in urls],
        transport=transport,
        sleep=lambda seconds: done.append(("sleep", seconds)),
        **options,  # type: ignore[arg-type]
    )
    return made, done


def down(body: bytes) -> bytes:
    raise TransportError("connection refused", transient=True)


def forbidden(body: bytes) -> bytes:
    raise TransportError("HTTP status 403", transient=False)


# -- the client -----------------------------------------------------------------------------


def test_a_token_comes_back():
    made, done = client(answer, anchors=ROOTS, timeout_s=3)
    token = made.stamp("sha256", IMPRINT)
    assert (token.imprint, token.chain[-1]) == (IMPRINT, certificate("p256-root"))
    assert done == [("https://tsa0.example/", 3)]
    assert read_token(made("sha256", IMPRINT)).imprint == IMPRINT


def test_authorities_in_order_with_retries_and_growing_pauses():
    made, done = client(down, forbidden, answer, attempts=3, backoff_s=0.5)
    made.stamp("sha256", IMPRINT)
    assert [step[0] if step[0] != "sleep" else step for step in done] == [
        "https://tsa0.example/", ("sleep", 0.5), "https://tsa0.example/", ("sleep", 1.0),
        "https://tsa0.example/", "https://tsa1.example/", "https://tsa2.example/",
    ]  # fmt: skip


def test_recovers_at_the_second_attempt():
    state = iter([down, answer])
    made, _ = client(lambda body: next(state)(body))
    made.stamp("sha256", IMPRINT)


def test_a_callers_own_transport_may_raise_os_errors():
    def broken(body: bytes) -> bytes:
        raise ConnectionResetError("reset by peer")

    made, done = client(broken, answer, attempts=2)
    made.stamp("sha256", IMPRINT)
    assert len(done) == 4


def bent_request(**changes: object) -> Callable[[bytes], bytes]:
    """An authority that answers another request than the one it got."""

    def change(request: bytes) -> bytes:
        asked = read_request(request)
        parts = {"nonce": asked.nonce, "policy": asked.policy} | {"imprint": asked.imprint} | changes
        imprint = parts.pop("imprint")
        return make_request("sha256", imprint, cert_req=changes.get("cert_req", True), **{
            name: value for name, value in parts.items() if name != "cert_req"
        })  # fmt: skip

    return lambda body: answer(body, change=lambda request: change(request).der)


def flipped(body: bytes) -> bytes:
    return answer(body)[:-1] + bytes([answer(body)[-1] ^ 1])


NOT_BELIEVED = {
    "another nonce": (bent_request(nonce=5), "nonce"),
    "no nonce": (bent_request(nonce=None), "nonce"),
    "another imprint": (bent_request(imprint=bytes(32)), "not over this data"),
    "no certificate": (bent_request(cert_req=False), "no certificate"),
    "a wrong signature": (flipped, "does not verify"),
    "a refusal": (lambda body: answer(b"junk"), "badDataFormat"),
    "a page of HTML": (lambda body: b"<html>login</html>", "not a timestamp response"),
    "nothing": (lambda body: b"", "not a timestamp response"),
    "base64": (lambda body: __import__("base64").b64encode(answer(body)), "not a timestamp response"),
    "a bare token": (lambda body: read_response(answer(body)).token, "timestamp response"),
    "too much": (lambda body: answer(body) + bytes(MAX_ANSWER_BYTES), "larger"),
    "octets behind it": (lambda body: answer(body) + b"\x00", "octets after"),
    "another root": (lambda body: answer(body, family="rsa"), "not found"),
}


@pytest.mark.parametrize("name", NOT_BELIEVED)
def test_what_is_not_believed(name):
    transport, word = NOT_BELIEVED[name]
    made, _ = client(transport, anchors=ROOTS, attempts=1)
    with pytest.raises(OutsideError, match=word) as caught:
        made.stamp("sha256", IMPRINT)
    assert caught.value.code == "tsa_failed"
    good, _ = client(transport, answer, anchors=ROOTS, attempts=1)
    assert good.stamp("sha256", IMPRINT).imprint == IMPRINT


def test_policy_is_asked_for_and_compared():
    made, _ = client(bent_request(policy=None), policy="1.2.3", attempts=1)
    with pytest.raises(OutsideError, match="policy"):
        made.stamp("sha256", IMPRINT)


@pytest.mark.parametrize(
    "url", ["ftp://x/", "tsa.example", "http:///", "https://u:p@tsa.example/", "https://[", "http://x:99999/"]
)
def test_addresses_that_are_none(url):
    with pytest.raises(CallerError):
        TsaAddress(url)


def test_passwords_never_go_in_clear_or_into_messages():
    with pytest.raises(CallerError, match="in clear"):
        TsaAddress("http://tsa.example/", "user", "secret")
    address = TsaAddress("https://tsa.example/?token=secret", "user", "secret")
    assert address.headers["Authorization"] == "Basic dXNlcjpzZWNyZXQ="
    assert "secret" not in repr(address).replace("token=secret", "")
    made = TsaClient([address], transport=lambda *_: b"", attempts=1)
    with pytest.raises(OutsideError) as caught:
        made.stamp("sha256", IMPRINT)
    assert "secret" not in caught.value.message
    with pytest.raises(CallerError):
        TsaClient([])


# -- the wire -------------------------------------------------------------------------------


@contextmanager
def serving(server: HTTPServer) -> Iterator[str]:
    worker = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    worker.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        worker.join()
        server.server_close()


@contextmanager
def raw_server(
    behave: Callable[[BaseHTTPRequestHandler], None], *, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            behave(self)

        def do_GET(self) -> None:
            raise AssertionError("a redirect was followed")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with serving(server) as url:
        yield url.replace("http:", "https:") if tls is not None else url


def exchange(url: str, timeout_s: float = 5.0, **options: object) -> bytes:
    transport = http_transport(**options)  # type: ignore[arg-type]
    return transport(url, b"\x30\x00", TsaAddress(url).headers, timeout_s)


@pytest.mark.parametrize(
    ("status", "transient"), [(302, False), (403, False), (404, False), (429, True), (503, True)]
)
def test_http_statuses(status, transient):
    def behave(handler):
        handler.send_response(status)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with raw_server(behave) as url, pytest.raises(TransportError, match=str(status)) as caught:
        exchange(url)
    assert caught.value.transient is transient


def test_an_endless_answer_is_cut_off():
    def behave(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(40):
            handler.wfile.write(bytes(64 << 10))

    with raw_server(behave) as url, pytest.raises(TransportError, match="larger"):
        exchange(url)


@pytest.mark.parametrize("where", ["body", "headers", "nothing"])
def test_a_trickle_is_cut_off(where):
    stop = threading.Event()

    def behave(handler):
        if where == "body":
            handler.send_response(200)
            handler.end_headers()
        while where != "nothing" and not stop.wait(0.1):
            handler.wfile.write(b"x")
            handler.wfile.flush()
        stop.wait(5)

    with raw_server(behave) as url:
        start = time.monotonic()
        with pytest.raises(TransportError) as caught:
            exchange(url, timeout_s=0.5)
        assert caught.value.transient
        assert time.monotonic() - start < 2
        stop.set()


def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(TransportError) as caught:
            exchange(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert caught.value.transient


def test_tls_is_verified(tmp_path):
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    def behave(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"fine")

    with raw_server(behave, tls=context) as url:
        with pytest.raises(TransportError, match=r"self.signed") as caught:
            exchange(url)
        assert not caught.value.transient
        assert exchange(url, tls=ssl.create_default_context(cafile=str(cert))) == b"fine"


def test_basic_authentication_is_sent():
    seen = []

    def behave(handler):
        seen.append(handler.headers["Authorization"])
        handler.send_response(401)
        handler.end_headers()

    with raw_server(behave) as url:
        made = TsaClient([TsaAddress(url, "用户", "密码")], attempts=1)
        with pytest.raises(OutsideError, match="401"):
            made.stamp("sha256", IMPRINT)
    assert seen == ["Basic 55So5oi3OuWvhueggQ=="]


# -- the server -----------------------------------------------------------------------------


@pytest.fixture
def tsa(tmp_path) -> Iterator[str]:
    serials = SerialNumbers(tmp_path / "serials.sqlite")
    with serving(TsaServer(("127.0.0.1", 0), authority("p256"), serials.take, now=lambda: WHEN)) as url:
        yield url


def test_client_and_server(tsa):
    made = TsaClient([TsaAddress(tsa)], anchors=ROOTS)
    tokens = [made.stamp("sha256", digest("sha256", bytes([index]))) for index in range(3)]
    assert len({token.serial for token in tokens}) == 3
    with pytest.raises(OutsideError, match="badAlg"):
        made.stamp("sha1", bytes(20))


@pytest.mark.parametrize(
    ("method", "headers", "body", "status"),
    [
        ("GET", {}, None, 405),
        ("PUT", {}, b"x", 501),
        ("POST", {"Content-Type": "text/plain"}, b"x", 415),
        ("POST", {"Content-Type": QUERY, "Content-Length": "200000"}, b"", 413),
        ("POST", {"Content-Type": QUERY, "Content-Length": "-1"}, b"", 411),
        ("POST", {"Content-Type": QUERY, "Content-Length": "9" * 40}, b"", 413),
        ("POST", {"Content-Type": QUERY, "Transfer-Encoding": "chunked"}, None, 411),
        ("POST", {"Content-Type": QUERY + "; x=y"}, b"junk", 200),
    ],
)
def test_http_errors_of_the_server(tsa, method, headers, body, status):
    connection = http.client.HTTPConnection("127.0.0.1", int(tsa.rsplit(":", 1)[1].strip("/")), timeout=5)
    connection.request(method, "/", body=body, headers=headers)
    found = connection.getresponse()
    assert found.status == status
    if status == 200:
        assert read_response(found.read()).fail_info == ("badDataFormat",)
    connection.close()


def test_a_thousand_at_once(tmp_path):
    """1,000 requests on as many connections; the server runs as a process of its own."""
    script = (
        "import sys\n"
        "from pdfseal.adapters.serials import SerialNumbers\n"
        "from pdfseal.adapters.tsa_server import TsaServer\n"
        "from tests.support.timestamps import authority\n"
        f"serials = SerialNumbers({str(tmp_path / 's')!r})\n"
        "server = TsaServer(('127.0.0.1', 0), authority('p256'), serials.take)\n"
        "print(server.url, flush=True)\n"
        "server.serve_forever()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        port = int(url.rsplit(":", 1)[1].strip("/"))
        request = make_request("sha256", IMPRINT, nonce=3).der
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {QUERY}\r\n".encode()
        head += f"Content-Length: {len(request)}\r\n\r\n".encode()
        started = threading.Barrier(250)

        def ask(index: int) -> list[bytes]:
            started.wait(20)
            sockets = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(4)]
            for one in sockets:
                one.sendall(head + request)
            return [read_all(one) for one in sockets]

        with ThreadPoolExecutor(250) as pool:
            answers = [body for bodies in pool.map(ask, range(250)) for body in bodies]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
    assert len(answers) == 1000
    serials = {read_token(body.split(b"\r\n\r\n", 1)[1]).serial for body in answers}
    assert len(serials) == 1000


def read_all(connection: socket.socket) -> bytes:
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


# -- serial numbers -------------------------------------------------------------------------


def test_serials_across_instances_threads_and_restarts(tmp_path):
    path = tmp_path / "serials.sqlite"
    stores = [SerialNumbers(path) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(lambda index: stores[index % 4].take(), range(1000)))
    second = [SerialNumbers(path).take() for _ in range(3)]
    assert len({*first, *second}) == 1003
    assert all(0 < serial < 2**126 for serial in (*first, *second))
    assert SerialNumbers(tmp_path / "other.sqlite").take() not in first


def test_serials_across_processes(tmp_path):
    script = (
        "import sys\nfrom pdfseal.adapters.serials import SerialNumbers\n"
        "store = SerialNumbers(sys.argv[1])\nprint(*(store.take() for _ in range(200)))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "serials.sqlite")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    found = [number for process in processes for number in process.communicate()[0].split()]
    assert len(found) == len(set(found)) == 800


def test_a_block_costs_one_transaction(tmp_path):
    path = tmp_path / "serials.sqlite"
    store = SerialNumbers(path)
    for _ in range(BLOCK):
        store.take()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT counter FROM serials").fetchone() == (BLOCK,)
    connection.close()


def test_a_store_that_cannot_be_used(tmp_path, monkeypatch):
    broken = tmp_path / "broken"
    broken.write_bytes(b"no database" * 100)
    for path in (broken, tmp_path / "missing" / "serials", tmp_path):
        with pytest.raises(OutsideError) as caught:
            SerialNumbers(path).check()
        assert caught.value.code == "serial_store"
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    with pytest.raises(OutsideError, match="built without SQLite"):
        SerialNumbers(tmp_path / "serials").take()


def test_random_serials():
    found = {random_serial() for _ in range(100)}
    assert len(found) == 100
    assert all(0 < serial < 2**126 for serial in found)
