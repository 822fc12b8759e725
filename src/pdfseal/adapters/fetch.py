"""The wire for CRLs, OCSP responses and missing certificates: bounded in every direction.

    fetch = HttpFetch(cache_folder="cache")
    report = pdfseal.verify(pdf, trust=anchors, fetch=fetch)

Law: the addresses come out of certificates and documents, so they are hostile. Only http and
https; no credentials in URLs; a host that resolves to an address inside (loopback, private,
link-local, …) is refused unless `allow_private`, at every redirect anew, and the connection goes
to the very address that was checked. Size and whole duration are bounded. Proxies and cookies
are unknown here.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import os
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import SplitResult, urljoin, urlsplit

from pdfseal.arguments import check_fields
from pdfseal.errors import OutsideError
from pdfseal.pdf.source import write_atomically
from pdfseal.pki.gather import Kind

_CONTENT_TYPES = {"ocsp": "application/ocsp-request", "crl": "", "certificate": ""}
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class HttpFetch:
    """A `pki.gather.Fetch`.

    `timeout_s`: for the whole exchange, redirects included (looking up a host name excluded).
    `max_bytes`: of a CRL; OCSP responses and certificates may have 1 MiB. `cache_folder`: keeps
    answers for `cache_s` seconds.
    """

    timeout_s: float = 10.0
    max_bytes: int = 32 << 20
    max_redirects: int = 3
    allow_private: bool = False
    cache_folder: str | os.PathLike[str] | None = None
    cache_s: float = 3600.0

    def __post_init__(self) -> None:
        check_fields(self)

    def __call__(self, url: str, *, kind: Kind, body: bytes | None = None) -> bytes:
        """The answer's body. OutsideError `fetch_failed`."""
        cached = self._cached(url, body)
        if cached is not None:
            return cached
        limit = self.max_bytes if kind == "crl" else 1 << 20
        deadline = time.monotonic() + self.timeout_s
        answer = self._follow(url, kind, body, limit, deadline)
        self._keep(url, body, answer)
        return answer

    def _follow(self, url: str, kind: Kind, body: bytes | None, limit: int, deadline: float) -> bytes:
        for _ in range(self.max_redirects + 1):
            where, answer = self._exchange(url, kind, body, limit, deadline)
            if where is None:
                return answer
            url = urljoin(url, where)
        raise _failed(url, f"more than {self.max_redirects} redirects")

    def _exchange(
        self, url: str, kind: Kind, body: bytes | None, limit: int, deadline: float
    ) -> tuple[str | None, bytes]:
        """(Location, b"") for a redirect, else (None, body)."""
        parts = _checked(url)
        address = self._address(parts, url)
        left = deadline - time.monotonic()
        if left <= 0:
            raise _failed(url, f"no answer within {self.timeout_s:g} s")
        connection = _Pinned(parts, address, left)
        # a server may send one octet a second for ever: the whole exchange is cut at the deadline
        watchdog = threading.Timer(left, _cut, (connection,))
        watchdog.daemon = True
        watchdog.start()
        try:
            result = self._ask(connection, parts, kind, body, limit, url)
            if time.monotonic() >= deadline:  # what was cut off looks like the end of the answer
                raise _failed(url, f"no answer within {self.timeout_s:g} s")
            return result
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            late = time.monotonic() >= deadline  # then the socket was taken away under the reader
            why = f"no answer within {self.timeout_s:g} s" if late else str(error) or type(error).__name__
            raise _failed(url, why) from error
        finally:
            watchdog.cancel()
            connection.close()
            if connection.wire is not None:
                connection.wire.close()

    def _ask(
        self, connection: http.client.HTTPConnection, parts: SplitResult, kind: Kind, body: bytes | None,
        limit: int, url: str,
    ) -> tuple[str | None, bytes]:  # fmt: skip
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"User-Agent": "pdfseal", "Accept": "*/*", "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = _CONTENT_TYPES[kind]
        connection.request("GET" if body is None else "POST", target, body=body, headers=headers)
        with connection.getresponse() as response:
            if response.status in _REDIRECTS:
                where = response.getheader("Location")
                if not where:
                    raise _failed(url, "a redirect that leads nowhere")
                return where, b""
            if response.status != 200:
                raise _failed(url, f"the server answered {response.status}")
            return None, _read(response, limit, url)

    def _address(self, parts: SplitResult, url: str) -> tuple[str, int]:
        """An address of the host that may be connected to."""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname or ""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise _failed(url, f"the host {host} is not known") from error
        for *_, where in found:
            address = ipaddress.ip_address(str(where[0]).partition("%")[0])
            if not self.allow_private and not _is_outside(address):
                raise _failed(url, f"the host {host} has the private address {address}, which is not allowed")
        return str(found[0][4][0]), port

    # -- the cache --------------------------------------------------------------------------

    def _cache_file(self, url: str, body: bytes | None) -> Path | None:
        if self.cache_folder is None:
            return None
        name = hashlib.sha256(url.encode() + b"\x00" + (body or b"")).hexdigest()
        return Path(self.cache_folder, name)

    def _cached(self, url: str, body: bytes | None) -> bytes | None:
        file = self._cache_file(url, body)
        try:
            if file is None or time.time() - file.stat().st_mtime > self.cache_s:
                return None
            return file.read_bytes()
        except OSError:
            return None

    def _keep(self, url: str, body: bytes | None, answer: bytes) -> None:
        file = self._cache_file(url, body)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)

            def fill(out: BinaryIO) -> None:
                out.write(answer)

            write_atomically(file, fill, sync=False)


def _read(response: http.client.HTTPResponse, limit: int, url: str) -> bytes:
    if response.length is not None and response.length > limit:
        raise _failed(url, f"the server wants to send {response.length} bytes, {limit} are allowed")
    received = bytearray()
    while piece := response.read(_CHUNK_BYTES):
        received += piece
        if len(received) > limit:
            raise _failed(url, f"the server sends more than {limit} bytes")
    if response.length:
        raise _failed(url, f"the answer ended {response.length} bytes too early")
    return bytes(received)


def _failed(url: str, why: str) -> OutsideError:
    return OutsideError("fetch_failed", f"{url[:200]}: {why}")


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _failed(url, "not a URL") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise _failed(url, "only http and https URLs are fetched")
    if parts.username is not None or any(ord(char) <= 32 or ord(char) > 126 for char in url):
        raise _failed(url, "a URL with credentials or odd characters is not fetched")
    return parts


def _is_outside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the public network, also behind the forms that wrap an IPv4 one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name resolves to by now."""

    def __init__(self, parts: SplitResult, address: tuple[str, int], timeout_s: float) -> None:
        super().__init__(parts.hostname or "", address[1], timeout=timeout_s)
        self._address = address
        # http.client hands its socket on to the response; this one stays known, to be cut off
        self.wire: socket.socket | None = None
        self._secure = parts.scheme == "https"
        if self._secure:
            self.default_port = 443

    def connect(self) -> None:
        self.sock = self.wire = socket.create_connection(self._address, timeout=self.timeout)
        if self._secure:
            context = ssl.create_default_context()
            secured = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = self.wire = secured
            secured.do_handshake()


def _cut(connection: _Pinned) -> None:
    try:
        if connection.wire is not None:
            connection.wire.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
