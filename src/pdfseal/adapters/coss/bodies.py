"""The reading of request bodies: bounded in size, in time, and in what all requests hold together.

Law: what is too large by its Content-Length, or finds no room, is turned away before a byte of
it is read. A body goes into one buffer of the right size: it is in memory once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pdfseal.adapters.coss.codes import BAD_PARAMETER, SERVICE_FAILED, TOO_LARGE, CossError
from pdfseal.adapters.coss.observe import Metrics

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_GROWTH_BYTES = 1 << 20


class TurnedAway(Exception):
    """A request that was answered by its headers alone: `status` is the one of HTTP."""

    def __init__(self, status: int, error: CossError) -> None:
        super().__init__(status)
        self.status = status
        self.error = error


class ClientLeft(Exception):
    """The client went away, or was too slow."""


class Room:
    """How many bytes of bodies may be in memory at once."""

    def __init__(self, limit: int, metrics: Metrics) -> None:
        self._limit = limit
        self._metrics = metrics

    def take(self, size: int) -> bool:
        if self._metrics.bytes_in_flight + size > self._limit:
            return False
        self._metrics.bytes_in_flight += size
        return True

    def give_back(self, size: int) -> None:
        self._metrics.bytes_in_flight -= size


class Reader:
    """Reads one body. `taken` is what has to be given back to the room."""

    def __init__(self, room: Room, *, most: int, timeout_s: float) -> None:
        self._room = room
        self._most = most
        self._timeout_s = timeout_s
        self.taken = 0

    async def read(self, receive: Receive, content_length: str | None) -> bytearray:
        """TurnedAway 413 or 503 before anything is read; 89003001 where a body without length grows too
        large; ClientLeft."""
        if content_length is None:
            return await self._read_growing(receive)
        size = int(content_length) if content_length.isdigit() else -1
        if size < 0:
            raise TurnedAway(400, CossError(BAD_PARAMETER, "Content-Length is not a number"))
        if size > self._most:
            raise TurnedAway(413, _too_large(self._most))
        if not self._take(size):
            raise TurnedAway(503, CossError(SERVICE_FAILED, "too many requests at once"))
        return await self._read_known(receive, size)

    async def _read_known(self, receive: Receive, size: int) -> bytearray:
        buffer, position = bytearray(size), 0
        async for piece in self._pieces(receive):
            end = position + len(piece)
            if end > size:
                raise CossError(BAD_PARAMETER, "the body is longer than its Content-Length")
            buffer[position:end] = piece
            position = end
        if position != size:
            raise ClientLeft
        return buffer

    async def _read_growing(self, receive: Receive) -> bytearray:
        buffer = bytearray()
        async for piece in self._pieces(receive):
            needed = len(buffer) + len(piece)
            if needed > self._most:
                raise _too_large(self._most)
            if needed > self.taken and not self._take(max(_GROWTH_BYTES, len(piece))):
                raise CossError(SERVICE_FAILED, "too many requests at once")
            buffer += piece
        return buffer

    def _take(self, size: int) -> bool:
        if not self._room.take(size):
            return False
        self.taken += size
        return True

    async def _pieces(self, receive: Receive) -> Any:
        """Each piece must come within the time allowed, and the whole at a rate above a crawl."""
        loop = asyncio.get_running_loop()
        started, received, more = loop.time(), 0, True
        while more:
            try:
                message = await asyncio.wait_for(receive(), self._timeout_s)
            except TimeoutError as error:
                raise ClientLeft from error
            if message["type"] == "http.disconnect":
                raise ClientLeft
            piece, more = message.get("body", b""), message.get("more_body", False)
            received += len(piece)
            elapsed = loop.time() - started
            if more and elapsed > self._timeout_s and received < elapsed * _LEAST_BYTES_A_SECOND:
                raise ClientLeft
            if piece:
                yield piece


_LEAST_BYTES_A_SECOND = 4096


def _too_large(most: int) -> CossError:
    return CossError(TOO_LARGE, f"the request has more than {most} bytes")
