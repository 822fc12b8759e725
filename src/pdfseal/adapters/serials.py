"""Serial numbers for a timestamp authority: never the same twice, across processes and restarts.

The store is one SQLite file with one row. Python carries SQLite, so a timestamp authority needs
none of the optional packages; a Python that was built without it gets an error that says so.

A serial number is `epoch * 2^64 + counter`. The epoch is random, drawn when the file is made: a
lost file, or a second authority with a file of its own, does not repeat numbers either. Numbers
are taken from the file in blocks, so that one in `BLOCK` costs a transaction; a process that
ends leaves a gap, which RFC 3161 allows.
"""

from __future__ import annotations

import os
import threading
from contextlib import closing
from typing import TYPE_CHECKING

from pdfseal.errors import OutsideError

if TYPE_CHECKING:
    import sqlite3

BLOCK = 64
_EPOCH_BITS = 62  # positive, and together with 64 bits far below the 160 that clients must accept
_BUSY_TIMEOUT_S = 10.0


class SerialNumbers:
    """Serial numbers from the SQLite file `path`, which is made if it is not there. Threads may share it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._lock = threading.Lock()
        self._next = self._end = 0

    def take(self) -> int:
        """A new number, positive and below 2^126. OutsideError `serial_store` if the file cannot be used."""
        with self._lock:
            if self._next == self._end:
                self._next = self._reserve(BLOCK)
                self._end = self._next + BLOCK
            self._next += 1
            return self._next - 1

    def check(self) -> None:
        """OutsideError `serial_store` now rather than at the first request."""
        with self._lock:
            self._reserve(0)

    def _reserve(self, count: int) -> int:
        """The first of `count` numbers, which from now on belong to this process."""
        try:
            import sqlite3
        except ImportError as error:
            message = "this Python was built without SQLite (module sqlite3), which keeps the serial numbers"
            raise OutsideError("serial_store", message) from error
        try:
            with closing(sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as store:
                return _reserve_in(store, count)
        except sqlite3.Error as error:
            message = f"the serial numbers in {self._path} cannot be used: {error}"
            raise OutsideError("serial_store", message) from error


def _reserve_in(store: sqlite3.Connection, count: int) -> int:
    store.execute("PRAGMA synchronous = FULL")  # a number that was given out must survive a power cut
    store.execute("BEGIN IMMEDIATE")
    store.execute(
        "CREATE TABLE IF NOT EXISTS serials ("
        "only INTEGER PRIMARY KEY CHECK (only = 1), epoch INTEGER NOT NULL, counter INTEGER NOT NULL)"
    )
    epoch = int.from_bytes(os.urandom(8)) >> (64 - _EPOCH_BITS) | 1
    store.execute("INSERT OR IGNORE INTO serials VALUES (1, ?, 0)", (epoch,))
    epoch, counter = store.execute("SELECT epoch, counter FROM serials").fetchone()
    store.execute("UPDATE serials SET counter = counter + ?", (count,))
    store.execute("COMMIT")
    return int(epoch) << 64 | int(counter)


def random_serial() -> int:
    """A number that needs no store: 126 random bits, for a token made now and then by hand."""
    return int.from_bytes(os.urandom(16)) >> 2 | 1
