"""One call in a process of its own: what it answered, and what it cost in CPU time and memory."""

from __future__ import annotations

import os
import pickle
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pdfseal.errors import PdfsealError

_MOST_ADDRESS_SPACE = 2 << 30
_MOST_CPU_S = 60


@dataclass(frozen=True)
class Cost:
    """`answer`: what was returned, or the code and message of a PdfsealError, or what else was raised."""

    answer: str
    cpu_s: float
    peak_mb: int


def contained(calls: Sequence[Callable[[bytes], str]], build: Callable[[], bytes]) -> tuple[list[Cost], int]:
    """The cost of each call alone, and the size of the file.

    `peak_mb`: how far the process grew above what it began with, which is all that the tests' own
    process held by then and says nothing; the making of the file counts.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        try:
            _run(calls, build, writer)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        data = answers.read()
    os.waitpid(child, 0)
    assert data, "the process died: too much time or memory"
    costs, size = pickle.loads(data)
    return costs, size


def _run(calls: Sequence[Callable[[bytes], str]], build: Callable[[], bytes], writer: int) -> None:
    inherited_mb = _resident_mb()
    Path("/proc/self/clear_refs").write_text("5")  # forget the highest mark, which is inherited as well
    data = build()
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESS_SPACE, _MOST_ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU_S, _MOST_CPU_S))
    costs = [_measured(call, data, inherited_mb) for call in calls]
    os.write(writer, pickle.dumps((costs, len(data))))


def _resident_mb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() >> 20


def _measured(call: Callable[[bytes], str], data: bytes, inherited_mb: int) -> Cost:
    start = time.process_time()
    try:
        answer = call(data)
    except PdfsealError as error:
        answer = f"{error.code}: {error.message}"
    except BaseException as error:
        answer = f"unhandled {type(error).__name__}: {error}"
    cpu_s = time.process_time() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return Cost(answer[:400], cpu_s, peak_mb - inherited_mb)
