"""One item of a batch, in whatever process: sealed, stamped or verified, and nothing raised.

    carry_out(job, item) -> Outcome

Law: whatever happens to an item is its Outcome. An output is never overwritten: it is this
item's from an earlier run (its mark says so), or somebody else's and an error.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from pdfseal import sealing, stamping, verification
from pdfseal.adapters.batch.values import Item, Job, KeySource, Outcome, SealOrder, Signing
from pdfseal.adapters.keys import CommandSigner, load_private_key
from pdfseal.adapters.tsa import TsaAddress, TsaClient
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.crypto.signer import Signer
from pdfseal.errors import CallerError, InternalError, OutsideError, PdfsealError
from pdfseal.pdf.document import Document
from pdfseal.pdf.source import opened, write_atomically
from pdfseal.prepared import Patch, PreparedSeal
from pdfseal.sealing import Appearance

MAX_FILE_BYTES = 64 << 20  # of a key, password or picture file
STAMP_DIGEST = "sha256"
MAX_FINDINGS = 20  # of one item, in the journal


def carry_out(job: Job, item: Item) -> Outcome:
    """Do one item. Raises nothing but what ends the process."""
    start = time.perf_counter()
    try:
        outcome = _ACTIONS[job.action](job, item)
    except Exception as caught:
        error = _as_pdfseal_error(caught)
        outcome = Outcome(item.key, "failed", error.code, error.message)
    return replace(outcome, milliseconds=round((time.perf_counter() - start) * 1000, 3))


def _as_pdfseal_error(error: Exception) -> PdfsealError:
    if isinstance(error, PdfsealError):
        return error
    if isinstance(error, MemoryError):
        return OutsideError("file_system", "the machine ran out of memory")
    if isinstance(error, OSError):
        return OutsideError("file_system", f"{error.filename or 'a file'}: {error.strerror or error}")
    return InternalError("internal", f"an unforeseen {type(error).__name__}: {str(error)[:200]}")


# -- seal ---------------------------------------------------------------------------------


def _seal(job: Job, item: Item) -> Outcome:
    if item.order is None or item.output is None or item.order.signer not in job.signers:
        raise CallerError("argument", "the item does not say how, by whom or whereto it is sealed")
    if _is_done(item, job, item.order.password):
        return _written(item, found=True)
    signing, order = job.signers[item.order.signer], item.order
    with opened(item.source) as source:
        prepared = sealing.prepare(
            source,
            placement=order.placement,
            appearance=_appearance(order, signing),
            plan=signing.plan,
            when=order.when or datetime.now(UTC).replace(microsecond=0),
            file_id=item.mark(job.batch_id),
            wording=order.wording,
            field_name=order.field_name,
            reserve=order.reserve,
            certify=order.certify,
            lock=order.lock,
            allow_annotations=order.allow_annotations,
            timestamp=bool(job.tsa),
            password=order.password,
            limits=job.limits,
        ).with_origin(item.source, source)
    signature = _signer(signing.key).sign(prepared.hash_set_bytes, SCHEMES[prepared.signature_scheme])
    token = stamping.stamp_signature(prepared, signature, _authority(job.tsa)).token if job.tsa else None
    return _write_patched(job, item, prepared, sealing.compose(prepared, signature, timestamp=token))


def _appearance(order: SealOrder, signing: Signing) -> Appearance:
    """The order's own picture, else that of the signer's electronic seal."""
    if order.picture is not None:
        return replace(order.appearance, picture=_read_file(order.picture))
    size = order.appearance.natural_size or signing.natural_size
    return replace(order.appearance, picture=signing.picture, natural_size=size)


# -- stamp --------------------------------------------------------------------------------


def _stamp(job: Job, item: Item) -> Outcome:
    """A document timestamp, in an appended revision."""
    if item.output is None or not job.tsa:
        raise CallerError("argument", "the item does not say whereto it is stamped, or the batch by whom")
    password = item.order.password if item.order else None
    if _is_done(item, job, password):
        return _written(item, found=True)
    with opened(item.source) as source:
        prepared = stamping.prepare_timestamp(
            source,
            algorithm=STAMP_DIGEST,
            file_id=item.mark(job.batch_id),
            when=datetime.now(UTC).replace(microsecond=0),
            password=password,
            limits=job.limits,
        ).with_origin(item.source, source)
    token = _authority(job.tsa)(STAMP_DIGEST, prepared.hash_bytes)
    return _write_patched(job, item, prepared, stamping.compose_timestamp(prepared, token))


@lru_cache(maxsize=16)
def _authority(addresses: tuple[str, ...]) -> TsaClient:
    return TsaClient([TsaAddress(address) for address in addresses])


# -- outputs ------------------------------------------------------------------------------


def _write_patched(job: Job, item: Item, prepared: PreparedSeal, patch: Patch) -> Outcome:
    assert item.output is not None
    _into_folder(item.output, lambda path: prepared.write(path, patch=patch, sync=job.sync))
    return _written(item)


def _is_done(item: Item, job: Job, password: str | None) -> bool:
    """Whether the output is there with the mark of this item. Raises `output_exists` for any other.

    An empty file is what a crash of the machine leaves of a file that never reached the disk.
    """
    assert item.output is not None
    try:
        if not os.lstat(item.output).st_size:
            return False
    except FileNotFoundError:
        return False
    try:
        with opened(item.output) as source:
            found = Document.open(source, password=password, limits=job.limits).trailer.get("ID")
    except PdfsealError:
        found = None
    if isinstance(found, list) and found[1:] == [item.mark(job.batch_id)]:
        return True
    raise CallerError("output_exists", f"{item.output} is there already, and is not of this batch")


def _written(item: Item, *, found: bool = False) -> Outcome:
    assert item.output is not None
    size = os.stat(item.output).st_size
    return Outcome(item.key, "done", output=item.output, bytes=size, found=found)


def _into_folder(path: str, write: Callable[[str], None]) -> None:
    """Write a file, and make its folder first where it is missing."""
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
    write(path)


@lru_cache(maxsize=64)
def _signer(key: KeySource) -> Signer:
    """The key, loaded once a process."""
    if key.path is None:
        return CommandSigner(key.command, key.timeout_s)
    password = None
    if key.password_file is not None:
        password = _read_file(key.password_file).split(b"\n", 1)[0].rstrip(b"\r")
    return load_private_key(_read_file(key.path), password)


@lru_cache(maxsize=64)
def _read_file(path: str) -> bytes:
    """A small file, read once a process. Raises `not_found`, `file_system`, `argument`."""
    with opened(path) as source:
        if source.size > MAX_FILE_BYTES:
            raise CallerError("argument", f"{path} is larger than {MAX_FILE_BYTES} bytes")
        return source.read(0, source.size)


# -- verify -------------------------------------------------------------------------------


def _verify(job: Job, item: Item) -> Outcome:
    assert job.policy is not None
    with opened(item.source) as source:
        report = verification.verify(source, job.policy)
        size = source.size
    if item.output is not None:
        text = json.dumps(report.to_json() | {"path": item.source}, ensure_ascii=False, indent=1)
        data = text.encode("utf-8", "backslashreplace")
        _into_folder(item.output, lambda path: _write_bytes(path, data, job.sync))
    codes = dict.fromkeys(finding.code for one in report.signatures for finding in one.findings)
    return Outcome(
        item.key, "done", output=item.output, bytes=size, verdict=report.verdict,
        findings=tuple(codes)[:MAX_FINDINGS],
    )  # fmt: skip


def _write_bytes(path: str, data: bytes, sync: bool) -> None:
    def fill(out: object) -> None:
        out.write(data)  # type: ignore[attr-defined]

    write_atomically(path, fill, sync=sync)


_ACTIONS: dict[str, Callable[[Job, Item], Outcome]] = {"seal": _seal, "stamp": _stamp, "verify": _verify}
