"""Processes that do what is heavy or touches hostile input: PDFs, pictures.

A job is a module-level function and its arguments, all of which can be pickled. A job that takes
too long is ended with its process; one whose process died, by its own fault or a neighbour's, is
tried once more. Processes end when the worker that started them does, however it ended.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ParamSpec, TypeVar

from pdfseal.adapters.coss.codes import SERVICE_FAILED, CossError

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """`processes` of them, started when first needed."""

    def __init__(self, processes: int, *, timeout_s: float) -> None:
        self._processes = processes or max(1, len(os.sched_getaffinity(0)))
        self._timeout_s = timeout_s
        self._executor = self._make()

    def _make(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._processes, multiprocessing.get_context("spawn"), initializer=die_with_parent
        )

    async def run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The job's result; whatever it raises is raised here. 89000007 if it could not be done in time."""
        for attempt in (1, 2):
            executor = self._executor
            try:
                future = asyncio.wrap_future(executor.submit(job, *args, **kwargs))
            except RuntimeError as error:  # broken, or replaced at this moment
                future = asyncio.get_running_loop().create_future()
                future.set_exception(BrokenProcessPool(str(error)))
            done, _ = await asyncio.wait((future,), timeout=self._timeout_s)
            if not done:
                self._replace(executor)
                raise CossError(SERVICE_FAILED)
            if not isinstance(future.exception(), BrokenProcessPool):
                return future.result()
            self._replace(executor)
            if attempt == 2:
                raise CossError(SERVICE_FAILED)
        raise AssertionError("unreachable")

    async def warm_up(self) -> None:
        """Start the processes and let them import what they need."""
        await asyncio.gather(*(self.run(_ready) for _ in range(self._processes)))

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        """Jobs that ran in the same pool see it broken, and are tried again in the new one."""
        if self._executor is broken:
            self._executor = self._make()
            _kill(broken)

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def _kill(executor: ProcessPoolExecutor) -> None:
    processes: dict[int, Any] = dict(getattr(executor, "_processes", None) or {})
    for process in processes.values():
        process.kill()
    executor.shutdown(wait=False, cancel_futures=True)


def _ready() -> int:
    return os.getpid()


def die_with_parent() -> None:
    """End this process when its parent is gone, also when that was killed; leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watch_parent(lambda: os._exit(1))


def watch_parent(then: Callable[[], object]) -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        then()

    threading.Thread(target=wait, name="watch-parent", daemon=True).start()
