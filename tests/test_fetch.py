"""The wire for revocation data, against servers that hang, drip, flood, redirect and lie."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from pdfseal.adapters import fetch as wire
from pdfseal.adapters.fetch import HttpFetch
from pdfseal.errors import OutsideError

Serve = Callable[[socket.socket, bytes], None]


@contextmanager
def server(serve: Serve) -> Iterator[str]:
    """A server on the loopback; `serve` gets each connection and its request."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the client goes away, as it should
            serve(connection, connection.recv(65536))

    def loop() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/ca.crl"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def answer(body: bytes, status: str = "200 OK", headers: str = "") -> Serve:
    def serve(connection: socket.socket, request: bytes) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)

    return serve


def _to(goal: str) -> Serve:
    return answer(b"", "302 Found", f"Location: {goal}\r\n")


def inside(**options) -> HttpFetch:
    return HttpFetch(**{"allow_private": True, "timeout_s": 0.5, **options})


def failure(fetch: HttpFetch, url: str) -> str:
    start = time.monotonic()
    with pytest.raises(OutsideError) as caught:
        fetch(url, kind="crl")
    assert caught.value.code == "fetch_failed"
    assert time.monotonic() - start < 2
    return caught.value.message


def test_get_and_post():
    seen: list[bytes] = []

    def serve(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        answer(b"bytes")(connection, request)

    with server(serve) as url:
        assert inside()(url, kind="crl") == b"bytes"
        assert inside()(url, kind="ocsp", body=b"request") == b"bytes"
    assert seen[0].startswith(b"GET /ca.crl HTTP/1.1\r\n")
    assert seen[1].startswith(b"POST ")
    assert b"application/ocsp-request" in seen[1]


def test_a_server_that_hangs():
    with server(lambda connection, request: time.sleep(3)) as url:
        assert "within 0.5 s" in failure(inside(), url)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_server_that_drips(head):
    """Each octet comes in time; the whole does not."""

    def serve(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head)
        for _ in range(40):
            connection.sendall(b"x")
            time.sleep(0.1)

    with server(serve) as url:
        assert "within 0.5 s" in failure(inside(), url)


def test_a_server_that_floods():
    def serve(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1024):
            connection.sendall(bytes(1 << 20))  # a gigabyte, if anybody takes it

    with server(serve) as url:
        assert "more than 1048576 bytes" in failure(inside(timeout_s=2, max_bytes=1 << 20), url)

    def promises(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")

    with server(promises) as url:
        assert "wants to send 1073741824 bytes" in failure(inside(), url)


def test_redirects():
    with server(answer(b"there")) as goal:
        with server(answer(b"", "302 Found", f"Location: {goal}\r\n")) as url:
            assert inside()(url, kind="crl") == b"there"
        with server(answer(b"", "302 Found", "Location: file:///etc/passwd\r\n")) as url:
            assert "only http and https" in failure(inside(), url)
    with server(answer(b"", "301 Moved", "Location: /again\r\n")) as url:
        assert "more than 3 redirects" in failure(inside(), url)
    with server(answer(b"", "302 Found")) as url:
        assert "leads nowhere" in failure(inside(), url)


def test_a_redirect_to_an_address_inside(monkeypatch):
    """The first host is outside, its redirect leads inside: each address is judged."""
    real = wire._is_outside
    judged: list[str] = []

    def once(address) -> bool:
        judged.append(str(address))
        return len(judged) == 1 or real(address)

    monkeypatch.setattr(wire, "_is_outside", once)
    with server(answer(b"secret")) as goal, server(_to(goal)) as url:
        message = failure(HttpFetch(timeout_s=1), url)
    assert "private address 127.0.0.1" in message
    assert len(judged) == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://10.0.0.1/", "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/", "http://[::ffff:10.0.0.1]/", "http://0.0.0.0/",
        "http://2130706433/", "http://[fd00::1]/", "http://100.64.0.1/", "http://[2002:7f00:1::]/",
        "http://224.0.0.1/",
    ],
)  # fmt: skip
def test_addresses_inside_are_refused(url):
    message = failure(HttpFetch(timeout_s=1), url)
    assert "private address" in message or "is not known" in message


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "file:///etc/passwd", "ldap://example.org/cn=x", "http://user:pw@example.org/",
        "http:///nohost", "http://example.org:99999/", "http://example.org/\r\nX: y", "javascript:1", "",
        "http://[::1/", "http://example.org:0/",
    ],
)  # fmt: skip
def test_urls_that_are_never_asked(url):
    failure(HttpFetch(timeout_s=1), url)


def test_errors_of_the_server():
    with server(answer(b"no", "404 Not Found")) as url:
        assert "answered 404" in failure(inside(), url)
    with server(lambda connection, request: connection.sendall(b"nonsense\r\n\r\n")) as url:
        failure(inside(), url)
    with server(lambda c, request: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234")) as url:
        assert "5 bytes too early" in failure(inside(), url)
    with server(lambda connection, request: None) as url:
        failure(inside(), url)
    failure(inside(), "http://127.0.0.1:1/")


def test_the_cache(tmp_path):
    count = 0

    def serve(connection: socket.socket, request: bytes) -> None:
        nonlocal count
        count += 1
        answer(b"%d" % count)(connection, request)

    with server(serve) as url:
        fetch = inside(cache_folder=tmp_path / "cache")
        assert [fetch(url, kind="crl") for _ in range(3)] == [b"1"] * 3
        assert fetch(url, kind="ocsp", body=b"a") == b"2"
        assert fetch(url, kind="ocsp", body=b"b") == b"3"
        assert inside(cache_folder=tmp_path / "cache", cache_s=0)(url, kind="crl") == b"4"
    assert fetch(url, kind="crl") == b"4"  # the server is gone
