"""Many digests over parts of one file, each byte read and hashed as seldom as possible.

Signatures cover the file from its start, all but one gap. So for each digest algorithm one
running digest goes along the file, and each signature takes a copy of it where its gap begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pdfseal.containers.base import DigestSpec
from pdfseal.crypto.digests import Hasher, new_hash
from pdfseal.pdf.source import Source, chunks

Piece = tuple[int, int]
_WORTH_THREADS_BYTES = 4 << 20
_MAX_THREADS = 4


@dataclass(frozen=True, slots=True)
class Job:
    """The digest `spec` over `pieces`, absolute (start, end), in order."""

    spec: DigestSpec
    pieces: tuple[Piece, ...]


def compute(source: Source, jobs: Iterable[Job]) -> dict[Job, bytes]:
    """The digest of every job."""
    by_spec: dict[DigestSpec, list[Job]] = {}
    for job in dict.fromkeys(jobs):
        by_spec.setdefault(job.spec, []).append(job)
    results: dict[Job, bytes] = {}
    if len(by_spec) == 1 or source.size < _WORTH_THREADS_BYTES:
        for spec, group in by_spec.items():
            results |= _along(source, spec, group)
        return results
    with ThreadPoolExecutor(max_workers=_MAX_THREADS) as pool:  # hashing releases the interpreter lock
        for part in pool.map(lambda item: _along(source, *item), by_spec.items()):
            results |= part
    return results


def _along(source: Source, spec: DigestSpec, group: list[Job]) -> dict[Job, bytes]:
    """One pass: jobs that begin at byte 0 share the running digest up to the end of their first piece."""
    results: dict[Job, bytes] = {}
    running = new_hash(spec.algorithm)
    running.update(spec.prefix)
    position = 0
    for job in sorted(group, key=lambda one: one.pieces[0][1]):
        first, *rest = job.pieces
        if first[0] == 0:
            _feed(running, source, position, first[1])
            position = first[1]
            branch = running.copy() if rest else running
        else:
            branch, rest = new_hash(spec.algorithm), [first, *rest]
            branch.update(spec.prefix)
        for start, stop in rest:
            _feed(branch, source, start, stop)
        results[job] = branch.digest()
    return results


def _feed(hasher: Hasher, source: Source, start: int, stop: int) -> None:
    for piece in chunks(source, start, stop):
        hasher.update(piece)
