"""The same batch on a Dask cluster: a scheduler's address, or worker processes of this machine.

    DaskEngine("tcp://scheduler:8786")        DaskEngine(None, workers=8)

Law: workers find sources, outputs, keys and pictures under the same paths (a shared file system);
no key travels. The engine runs a task again when its worker dies; the mark on each output makes
that harmless. A chunk whose worker keeps dying is taken apart, and the one item that does it reported.

Needs the extra `batch-dask`.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from functools import lru_cache
from importlib import import_module
from itertools import islice
from typing import Any

from pdfseal.adapters.batch.values import Item, Job, Outcome
from pdfseal.adapters.batch.work import carry_out
from pdfseal.errors import CallerError, OutsideError

CHUNK_ITEMS = 16  # the scheduler spends about a millisecond on a task, whatever is in it
CHUNKS_PER_CORE = 2
CONNECT_SECONDS = 10


class DaskEngine:
    """`address` of a scheduler, or None for `workers` processes that are started here and ended after."""

    def __init__(self, address: str | None, *, workers: int = 1) -> None:
        self.address = address
        self.workers = workers

    def run(self, job: Job, items: Iterator[Item]) -> Iterator[Outcome]:
        """As `runner.Engine`. Raises `argument` where Dask is not installed, `worker_crashed`."""
        with ExitStack() as stack:
            client = self._connect(stack)
            cores = sum(client.nthreads().values()) or self.workers
            yield from _Flow(client, pickle.dumps(job, protocol=5), cores).run(items)

    def _connect(self, stack: ExitStack) -> Any:
        dask, distributed = _dask()
        try:
            if self.address is not None:
                return stack.enter_context(distributed.Client(self.address, timeout=CONNECT_SECONDS))
            stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": 0}))
            cluster = distributed.LocalCluster(
                n_workers=self.workers, threads_per_worker=1, processes=True, dashboard_address=None
            )
            return stack.enter_context(distributed.Client(stack.enter_context(cluster)))
        except (OSError, ValueError) as error:
            raise OutsideError("worker_crashed", f"no cluster at {self.address or 'this machine'}") from error


class _Flow:
    """Chunks on their way: as many as keep every core busy, and no more. Suspects go alone."""

    def __init__(self, client: Any, job: bytes, cores: int) -> None:
        self._client, self._job = client, job
        self._most = cores * CHUNKS_PER_CORE
        self._chunks: dict[Any, list[Item]] = {}
        self._suspects: deque[Item] = deque()

    def run(self, items: Iterator[Item]) -> Iterator[Outcome]:
        arriving = _dask()[1].as_completed()
        self._fill(items, arriving)
        while self._chunks:
            future = next(arriving)
            chunk = self._chunks.pop(future)
            yield from self._outcomes(future, chunk)
            self._fill(items, arriving)

    def _fill(self, items: Iterator[Item], arriving: Any) -> None:
        if self._suspects:
            if not self._chunks:
                self._submit([self._suspects.popleft()], arriving)
            return
        while len(self._chunks) < self._most and (chunk := list(islice(items, CHUNK_ITEMS))):
            self._submit(chunk, arriving)

    def _submit(self, chunk: list[Item], arriving: Any) -> None:
        future = self._client.submit(carry_out_all, self._job, chunk, pure=False)
        self._chunks[future] = chunk
        arriving.add(future)

    def _outcomes(self, future: Any, chunk: list[Item]) -> Iterator[Outcome]:
        if future.status == "finished":
            yield from future.result()
            return
        error = future.exception() if future.status == "error" else None
        if not isinstance(error, _dask()[1].KilledWorker):
            reason = f"{type(error).__name__}: {error}" if error else f"a task was {future.status}"
            raise OutsideError("worker_crashed", f"the cluster failed: {reason[:300]}")
        if len(chunk) == 1:
            message = f"{chunk[0].source}: the worker processes that tried it ended"
            yield Outcome(chunk[0].key, "failed", "worker_crashed", message)
        else:
            self._suspects.extend(chunk)


def _dask() -> tuple[Any, Any]:
    """The modules dask and distributed, imported when first used."""
    try:
        return import_module("dask"), import_module("distributed")
    except ImportError as error:
        raise CallerError("argument", "Dask is not installed: install pdfseal[batch-dask]") from error


def carry_out_all(job: bytes, items: list[Item]) -> list[Outcome]:
    """One task: a chunk of items, in order."""
    read = _read_job(job)
    return [carry_out(read, item) for item in items]


@lru_cache(maxsize=4)
def _read_job(data: bytes) -> Job:
    job: Job = pickle.loads(data)
    return job
