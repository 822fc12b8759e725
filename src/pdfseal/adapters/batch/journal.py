"""What is done, on disk: one JSON line an item, after a line that names the batch.

    {"pdfseal_batch": 1, "id": "9f…", "started": "2026-…Z", "description": {…}}
    {"key": "a/b.pdf", "status": "done", "output": "sealed/a/b.pdf", "bytes": 200000, "milliseconds": 1.6}
    {"key": "c.pdf", "status": "failed", "code": "pdf_damaged", "message": "…", "milliseconds": 0.3}

Law: an item is called done only after its output is on the disk: before a group of lines is
written, the file system of the outputs is flushed, then the journal itself. A last line without its
newline is what a crash left of it, and is cut off; anything else that is no line of a journal is
`journal_unreadable`. The lock on the journal is shared with the workers: it lasts until the last
process of a run is gone, so that two runs never work at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from pdfseal.adapters.batch.values import Outcome
from pdfseal.errors import CallerError, OutsideError

SCHEMA = 1
_BEGINNING = b'{"pdfseal_batch": '  # of every journal, also of one that a crash left with less than a line
GROUP_ITEMS = 1000
GROUP_SECONDS = 1.0
LOCK_SECONDS = 30.0  # how long the workers of a killed run may still be at their last item


class Journal:
    """An open journal. `done` and `failed` hold the keys that earlier runs left; use as a context."""

    def __init__(self, path: str, descriptor: int, header: dict[str, Any]) -> None:
        self.path = path
        self.descriptor = descriptor
        self.batch_id = bytes.fromhex(header["id"])
        self.description: dict[str, Any] = header["description"]
        self.done: set[str] = set()
        self.failed: set[str] = set()
        self._group: list[Outcome] = []
        self._group_began = time.monotonic()
        self._outputs: str | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._pending: Future[None] | None = None

    @classmethod
    def open(cls, path: str, description: dict[str, Any], *, batch_id: bytes) -> Journal:
        """Begin a journal, or continue the one that is there.

        `description` says what the batch does, as JSON values and without secrets; continuing needs
        an equal one. `batch_id`: 16 random bytes, for a new one. Raises `journal_unreadable`,
        `journal_mismatch`, `journal_busy`, `file_system`.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise OutsideError("file_system", f"{path}: {error.strerror}") from error
        try:
            _lock(path, descriptor)
            lines = _whole_lines(path, descriptor)
            header = next(lines, None)
            if header is None:
                header = json.loads(json.dumps(_header(description, batch_id)))
                _append(path, descriptor, [header])
            _check_header(path, header, description)
            journal = cls(path, descriptor, header)
            journal._replay(lines)
        except BaseException:
            os.close(descriptor)
            raise
        return journal

    def _replay(self, lines: Iterator[dict[str, Any]]) -> None:
        for line in lines:
            try:
                outcome = Outcome.from_json(line)
            except (TypeError, ValueError) as error:
                raise CallerError("journal_unreadable", f"{self.path}: a line is no outcome") from error
            done = outcome.status == "done"
            (self.done if done else self.failed).add(outcome.key)
            (self.failed if done else self.done).discard(outcome.key)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *details: object) -> None:
        try:
            self.commit()
        finally:
            self._writer.shutdown()
            os.close(self.descriptor)

    def add(self, outcome: Outcome) -> None:
        """Note an outcome; it is on the disk after the next group, at the latest after `commit`."""
        if not self._group:
            self._group_began = time.monotonic()
        self._group.append(outcome)
        if outcome.output is not None:
            self._outputs = outcome.output
        if len(self._group) >= GROUP_ITEMS or time.monotonic() - self._group_began >= GROUP_SECONDS:
            self._write_group()

    def commit(self) -> None:
        """Everything noted is on the disk when this returns. Raises `file_system`."""
        self._write_group()
        if self._pending is not None:
            self._pending.result()

    def _write_group(self) -> None:
        """Hand the group to the writer, after the one before: flushing takes its time."""
        if self._pending is not None:
            self._pending.result()
        group, self._group = self._group, []
        if group:
            lines = [outcome.to_json() for outcome in group]
            self._pending = self._writer.submit(_flush, self.path, self.descriptor, self._outputs, lines)


def read(path: str) -> tuple[dict[str, Any], dict[str, Outcome]]:
    """Header and the newest outcome of each item, also of a batch that is running. For looking at it."""
    outcomes: dict[str, Outcome] = {}
    try:
        with open(path, "rb") as file:
            lines = _parsed(path, (line for line in file if line.endswith(b"\n")))
            header = next(lines, None)
            if header is None or header.get("pdfseal_batch") != SCHEMA:
                raise CallerError("journal_unreadable", f"{path} is no journal of a batch")
            for line in lines:
                outcome = Outcome.from_json(line)
                outcomes[outcome.key] = outcome
    except FileNotFoundError as error:
        raise CallerError("not_found", f"{path}: there is no such file") from error
    except OSError as error:
        raise OutsideError("file_system", f"{path}: {error.strerror}") from error
    except (TypeError, ValueError) as error:
        raise CallerError("journal_unreadable", f"{path}: a line is no outcome") from error
    return header, outcomes


def _header(description: dict[str, Any], batch_id: bytes) -> dict[str, Any]:
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"pdfseal_batch": SCHEMA, "id": batch_id.hex(), "started": started, "description": description}


def _check_header(path: str, header: dict[str, Any], description: dict[str, Any]) -> None:
    known = header.get("pdfseal_batch") == SCHEMA and isinstance(header.get("description"), dict)
    try:
        known = known and len(bytes.fromhex(header["id"])) == 16
    except (KeyError, TypeError, ValueError):
        known = False
    if not known:
        raise CallerError("journal_unreadable", f"{path} is no journal of a batch of a known version")
    before, now = header["description"], json.loads(json.dumps(description))
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            was, wanted = (json.dumps(one.get(name), ensure_ascii=False) for one in (before, now))
            raise CallerError(
                "journal_mismatch",
                f"{path} is of a batch whose {name} is {was[:200]}, not {wanted[:200]}: "
                "give the same options to continue it, or name another journal and output",
            )


def _lock(path: str, descriptor: int) -> None:
    """An exclusive lock on the open file, which processes that inherit it share."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise CallerError("journal_busy", f"another run works with {path}") from error
            time.sleep(0.1)
        except OSError as error:
            raise OutsideError("file_system", f"{path} cannot be locked: {error.strerror}") from error


def _whole_lines(path: str, descriptor: int) -> Iterator[dict[str, Any]]:
    """The lines as values; a torn last one is cut off the file."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        length = 0

        def whole() -> Iterator[bytes]:
            nonlocal length
            for line in file:
                if not line.endswith(b"\n"):
                    if not length and not line.startswith(_BEGINNING[: len(line)]):
                        raise CallerError("journal_unreadable", f"{path} is no journal of a batch")
                    os.ftruncate(descriptor, length)
                    return
                length += len(line)
                yield line

        yield from _parsed(path, whole())


def _parsed(path: str, lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CallerError("journal_unreadable", f"{path}: line {number} is not JSON") from error
        if not isinstance(value, dict):
            raise CallerError("journal_unreadable", f"{path}: line {number} is not a JSON object")
        yield value


def _flush(path: str, descriptor: int, outputs: str | None, lines: list[dict[str, Any]]) -> None:
    if outputs is not None:
        _sync_file_system(os.path.dirname(outputs) or ".")
    _append(path, descriptor, lines)


def _append(path: str, descriptor: int, lines: list[dict[str, Any]]) -> None:
    """Names that are not UTF-8 go as lone surrogates, escaped."""
    data = b"".join(json.dumps(line).encode("ascii") + b"\n" for line in lines)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except OSError as error:
        raise OutsideError("file_system", f"the journal {path}: {error.strerror}") from error


def _sync_file_system(folder: str) -> None:
    """syncfs(2) where the C library has it: one flush for all outputs, instead of two for each."""
    flush: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "syncfs", None)
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if flush is not None and flush(descriptor) == 0:
                return
        finally:
            os.close(descriptor)
    os.sync()
