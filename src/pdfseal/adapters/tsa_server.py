"""A small HTTP timestamp authority (RFC 3161, 3.4): POST application/timestamp-query.

    with TsaServer(("127.0.0.1", 0), authority, SerialNumbers("serials.sqlite").take) as server:
        server.serve_forever()

Made of the standard library, for tests, demonstrations and small houses. One request a
connection, a fixed number of workers, bounds on size and time; everything that is not an answer
of the authority is a plain HTTP error.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from pdfseal.adapters.tsa import QUERY, REPLY
from pdfseal.timestamp.authority import MAX_REQUEST_BYTES, TimestampAuthority

WORKERS = 32
_BACKLOG = 1024
_SOCKET_TIMEOUT_S, _WHOLE_TIMEOUT_S = 5.0, 15.0


def utc_now() -> datetime:
    """The time of this machine, to the millisecond."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class TsaServer(HTTPServer):
    """Answers for `authority`, with serial numbers from `serial` and the time from `now`.

    `log` gets one line a request: who asked, status, failInfo; never what was stamped.
    """

    request_queue_size = _BACKLOG
    allow_reuse_address = True

    def __init__(
        self,
        address: tuple[str, int],
        authority: TimestampAuthority,
        serial: Callable[[], int],
        *,
        now: Callable[[], datetime] = utc_now,
        log: Callable[[str], None] = lambda line: None,
        workers: int = WORKERS,
    ) -> None:
        self.authority, self.serial, self.now, self.log = authority, serial, now, log
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="tsa")
        self._room = threading.BoundedSemaphore(4 * workers)
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hand the connection to a worker. While all are busy, further ones wait in the kernel's queue."""
        self._room.acquire()
        self._workers.submit(self._work, request, client_address)

    def _work(self, request: socket.socket, client_address: Any) -> None:
        # a socket's own timeout starts anew with every octet that trickles in
        late = threading.Timer(_WHOLE_TIMEOUT_S, _cut, (request,))
        late.daemon = True
        late.start()
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass  # the client went away
        finally:
            late.cancel()
            self.shutdown_request(request)
            self._room.release()

    def server_close(self) -> None:
        super().server_close()
        self._workers.shutdown(wait=True, cancel_futures=True)


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: TsaServer
    server_version, sys_version = "pdfseal-tsa", ""
    protocol_version = "HTTP/1.1"
    timeout = _SOCKET_TIMEOUT_S

    def do_POST(self) -> None:
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        length = self.headers.get("Content-Length", "")
        if kind != QUERY:
            self._refuse(415, f"the content type must be {QUERY}")
        elif not (length.isascii() and length.isdecimal()):
            self._refuse(411, "Content-Length is missing")
        elif len(length) > 9 or int(length) > MAX_REQUEST_BYTES:
            self._refuse(413, f"at most {MAX_REQUEST_BYTES} bytes")
        else:
            self._answer(self.rfile.read(int(length)))

    def do_GET(self) -> None:
        self._refuse(405, "POST a timestamp request (RFC 3161)")

    def _answer(self, request: bytes) -> None:
        response = self.server.authority.respond(request, now=self.server.now(), serial=self.server.serial)
        body = response.der
        self._send(200, REPLY, body)
        self.server.log(f"{self.client_address[0]} {response.reason}")

    def _refuse(self, status: int, message: str) -> None:
        self._send(status, "text/plain; charset=utf-8", f"{message}\n".encode())
        self.server.log(f"{self.client_address[0]} HTTP {status}")

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.close_connection = True
        with contextlib.suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The server's own log says what is worth saying."""
