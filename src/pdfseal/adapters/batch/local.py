"""Worker processes of this machine: each item goes to one of them, and one that dies is replaced.

Law: a worker has few items in hand and does them in order, so that when it dies the first
unanswered one was its last, and is reported; the others go to other workers. An item that takes too
long costs its worker's life. Nothing is waited for without a limit.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator

from pdfseal.adapters.batch.values import Item, Job, Outcome
from pdfseal.adapters.batch.worker import write_frame
from pdfseal.errors import CallerError, OutsideError

IN_HAND = 3  # items a worker has: one to work on, the others so that it never waits
START_SECONDS = 60.0
_PIECE = 1 << 16
_WORKER = "from pdfseal.adapters.batch.worker import main; main()"


def usable_cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalEngine:
    """`workers` processes; an item may take `item_seconds`. `inherited`: descriptors they share."""

    def __init__(self, workers: int, *, item_seconds: float = 600.0, inherited: tuple[int, ...] = ()) -> None:
        if workers < 1 or not item_seconds > 0:
            raise CallerError("argument", "a batch needs at least one worker, and time for each item")
        self.workers = workers
        self.item_seconds = item_seconds
        self.inherited = inherited

    def run(self, job: Job, items: Iterator[Item]) -> Iterator[Outcome]:
        """The outcomes as they come, each item's exactly once. Raises `worker_crashed` if none starts."""
        backlog: deque[Item] = deque()  # what a dead worker had in hand
        with selectors.DefaultSelector() as selector:
            crew = [_Worker(job, self.inherited) for _ in range(self.workers)]
            try:
                for worker in crew:
                    selector.register(worker.answers, selectors.EVENT_READ, worker)
                while self._hand_out(crew, backlog, items):
                    for key, _ in selector.select(timeout=1.0):
                        yield from key.data.read()
                    for index, worker in enumerate(crew):
                        if not worker.late(self.item_seconds) and not worker.ended:
                            continue
                        yield from worker.last_words(self.item_seconds)
                        backlog.extend(worker.in_hand)
                        selector.unregister(worker.answers)
                        worker.close()
                        crew[index] = _Worker(job, self.inherited)
                        selector.register(crew[index].answers, selectors.EVENT_READ, crew[index])
            finally:
                for worker in crew:
                    worker.close()

    @staticmethod
    def _hand_out(crew: list[_Worker], backlog: deque[Item], items: Iterator[Item]) -> bool:
        """Fill every hand; whether anything is left to wait for."""
        for count in range(1, IN_HAND + 1):  # everybody gets a first item before anybody a second
            for worker in crew:
                while len(worker.in_hand) < count and not worker.ended:
                    item = backlog.popleft() if backlog else next(items, None)
                    if item is None:
                        return any(one.in_hand for one in crew)
                    worker.send(item)
        return True


class _Worker:
    """One process, and the items it has in hand, in order."""

    def __init__(self, job: Job, inherited: tuple[int, ...]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=inherited,
            start_new_session=True,  # an interrupt from the terminal is for the parent
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._items, self.answers = self.process.stdin, self.process.stdout
        self.in_hand: deque[Item] = deque()
        self.ended = False
        self._ready = False
        self._text = b""
        self._since = time.monotonic()
        self._write(write_frame(job))

    def send(self, item: Item) -> None:
        if not self.in_hand and self._ready:
            self._since = time.monotonic()
        self.in_hand.append(item)
        self._write(write_frame(item))

    def _write(self, data: bytes) -> None:
        try:
            self._items.write(data)
            self._items.flush()
        except BrokenPipeError:
            self.ended = True

    def read(self) -> Iterator[Outcome]:
        """What it has answered since; nothing to read means that it ended."""
        piece = os.read(self.answers.fileno(), _PIECE)
        self.ended = self.ended or not piece
        *lines, self._text = (self._text + piece).split(b"\n")
        for line in lines:
            self._since = time.monotonic()
            if self._ready:
                outcome = Outcome.from_json(json.loads(line))
                self.in_hand.popleft()
                yield outcome
            self._ready = True

    def late(self, item_seconds: float) -> bool:
        limit = item_seconds if self._ready else max(START_SECONDS, item_seconds)
        return bool(self.in_hand) and time.monotonic() - self._since > limit

    def last_words(self, item_seconds: float) -> Iterator[Outcome]:
        """It ended, or is late and is ended: the rest of its answers, then the item it was at, as failed."""
        late, self.ended = not self.ended, False
        self.process.kill()
        status = self.process.wait()
        answered = False
        while not self.ended:
            for outcome in self.read():
                answered = True
                yield outcome
        if not self._ready:
            raise OutsideError("worker_crashed", "a worker process cannot be started")
        if not self.in_hand or (late and answered):
            return
        item = self.in_hand.popleft()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        said = f"did not end within {item_seconds:g} s" if late else f"its worker process ended {how}"
        yield Outcome(item.key, "failed", "worker_crashed", f"{item.source}: {said}")

    def close(self) -> None:
        """End the process; it has nothing in hand, or what it had is to be done elsewhere."""
        with contextlib.suppress(BrokenPipeError):
            self._items.close()
        if self.in_hand:
            self.process.kill()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.answers.close()
