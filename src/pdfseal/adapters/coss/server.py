"""uvicorn, set up: workers, graceful stop, and connections that cannot be kept open by saying nothing."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Mapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pdfseal.adapters.coss import app
from pdfseal.adapters.coss.config import CONFIG_VARIABLE, load
from pdfseal.adapters.coss.service import Service
from pdfseal.errors import OutsideError

MAX_HEAD_BYTES = 64 << 10
HEADER_TIMEOUT_VARIABLE = "PDFSEAL_SERVER_HEADER_TIMEOUT_S"
_KEEP_ALIVE_S = 60
_UPGRADE = re.compile(rb"\r\nUpgrade:[^\r\n]*", re.IGNORECASE)
APPLICATION = f"{app.__name__}:{app.from_environment.__name__}"  # workers import it by name


class GuardedProtocol(HttpToolsProtocol):
    """Closes a connection whose request line and headers take too long or grow too large.

    Heads are collected whole before they are parsed. An `Upgrade` header is taken out: Java's own
    client offers HTTP/2 with every request, and the parser would skip the body of such a one.
    """

    _timer: asyncio.TimerHandle | None = None
    _head = b""
    _awaits_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        if self._awaits_head:
            if self._timer is None:  # a further request on this connection
                self._unset_keepalive_if_required()
                self._start_timer()
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                if len(self._head) > MAX_HEAD_BYTES:
                    self.transport.close()
                return
            self._stop_timer()
            data, self._head = _UPGRADE.sub(b"", self._head[:end]) + self._head[end:], b""
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._awaits_head = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._awaits_head = True
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        seconds = float(os.environ.get(HEADER_TIMEOUT_VARIABLE, "10"))
        self._timer = self.loop.call_later(seconds, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def serve(config_path: str | None, variables: Mapping[str, str], *, check_only: bool = False) -> None:
    """Run until SIGTERM or SIGINT; requests under way are finished within `stop_timeout_s`.

    `variables` go before the environment; workers find them, and the configuration, in theirs.
    CallerError `configuration` and OutsideError before anything is started.
    """
    os.environ.update(variables)
    if config_path is not None:
        os.environ[CONFIG_VARIABLE] = os.path.abspath(config_path)
    settings = load(None)
    server = settings.server
    check_port(server.host, server.port)
    Service.open(settings).close()  # reads every file, migrates the schema, checks the registry's key
    if check_only:
        return
    os.environ[HEADER_TIMEOUT_VARIABLE] = str(server.header_timeout_s)
    options: dict[str, Any] = {
        "factory": True,
        "host": server.host,
        "port": server.port,
        "http": GuardedProtocol,
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": True,
        "forwarded_allow_ips": server.trusted_proxies,
        "limit_concurrency": server.max_connections,
        "timeout_keep_alive": _KEEP_ALIVE_S,
        "timeout_graceful_shutdown": server.stop_timeout_s,
        "lifespan": "on",
    }
    uvicorn.run(APPLICATION, workers=server.workers, **options)


def check_port(host: str, port: int) -> None:
    """OutsideError `port_unusable`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise OutsideError("port_unusable", f"{host}:{port}: {error.strerror or error}") from error
