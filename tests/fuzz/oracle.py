"""What must hold for every input of `verify`, however hostile.

    data -> Outcome(verdict | error code)    or AssertionError that says what did not hold

1. Nothing is raised but a PdfsealError that blames the document (or the caller).
2. A small file takes at most `MAX_CPU_SECONDS`.
3. A signature that passed covers bytes that somebody did sign: the digest over its /ByteRange is
   one of the seeds' signatures. Flipping what was signed can never pass.
4. Where every signature passed, qpdf, another reader, finds in the file as it is now the pages of
   the file as it was signed: as many, with the same content and the same boxes.
5. `inspect` and `prepare` raise and cost no more (tried on one input of eight); what was prepared has
   the input as its prefix, and qpdf opens it without repair.
"""

from __future__ import annotations

import hashlib
import io
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pikepdf

import pdfseal
from pdfseal.pdf.document import Document
from pdfseal.pdf.encryption import open_with_qpdf
from pdfseal.pdf.signature import covered_pieces, find_signatures
from pdfseal.pdf.source import BytesSource
from tests.fuzz.seeds import FIXTURES, seeds
from tests.support.sealing import WHEN, certificate, trust

MAX_CPU_SECONDS = 2.0
SMALL_BYTES = 128 << 10
HERE = Path(__file__).parent
PICTURE = (FIXTURES / "pictures" / "gradient-16bit-alpha.png").read_bytes()
_SHOWN = ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit")


@dataclass(frozen=True)
class Outcome:
    """The verdict, or the code of the error; and the CPU time it took."""

    answer: str
    cpu_seconds: float


@cache
def anchors() -> pdfseal.TrustAnchors:
    roots = [trust(family) for family in ("p256", "rsa", "sm2")]
    roots.append(pdfseal.TrustAnchors.load((HERE / "seeds" / "long-term-roots.pem").read_bytes()))
    return pdfseal.TrustAnchors(tuple(one for root in roots for one in root.certificates))


def judge(data: bytes) -> tuple[pdfseal.Report | None, Outcome]:
    """The report, None where the file cannot be read."""
    start = time.process_time()
    try:
        report = pdfseal.verify(
            data, trust=anchors(), untrusted=[certificate("sm2-inter")], at=WHEN, timestamp_trust=anchors()
        )
    except (pdfseal.DocumentError, pdfseal.CallerError) as error:  # a password is the caller's to give
        return None, Outcome(error.code, time.process_time() - start)
    return report, Outcome(report.verdict, time.process_time() - start)


def check(data: bytes) -> Outcome:
    """Judge one input and hold the answer against the rules above."""
    report, outcome = judge(data)
    if len(data) <= SMALL_BYTES:
        assert outcome.cpu_seconds <= MAX_CPU_SECONDS, f"took {outcome.cpu_seconds:.1f} s of CPU"
    if zlib.crc32(data) % 8 == 0:
        _check_others(data)
    if report is None or report.verdict not in ("passed", "indeterminate"):
        return outcome
    document = Document.open(BytesSource(data))
    found = find_signatures(document)
    for one, judged in zip(found, report.signatures, strict=True):
        if judged.verdict == "passed":
            assert one.byte_range is not None, "a signature passed that covers nothing"
            signed = _covered(data, one.byte_range)
            assert signed in signed_by_seeds(), f"{judged.field!r} passed over bytes that nobody signed"
    if report.verdict == "passed" and found[0].covered_end < len(data):
        _check_pages(data[: found[0].covered_end], data)
    return outcome


def _check_others(data: bytes) -> None:
    """Rule 5."""
    start = time.process_time()
    with suppress(pdfseal.DocumentError, pdfseal.CallerError):
        pdfseal.inspect(data)
    with suppress(pdfseal.DocumentError, pdfseal.CallerError):
        prepared = pdfseal.prepare(
            data,
            placement=pdfseal.AtPoint(page=1, point=pdfseal.Point(60, 60)),
            appearance=pdfseal.Appearance(picture=PICTURE),
            signer=certificate("p256-signer"),
            when=WHEN,
        ).pdf_bytes()
        assert prepared.startswith(data), "prepare changed what was there"
        with open_with_qpdf(BytesSource(prepared)):
            pass
    if len(data) <= SMALL_BYTES:
        took = time.process_time() - start
        assert took <= 2 * MAX_CPU_SECONDS, f"inspect and prepare took {took:.1f} s of CPU"


def _covered(data: bytes, byte_range: tuple[int, int, int, int]) -> bytes:
    return hashlib.sha256(b"".join(data[start:stop] for start, stop in covered_pieces(byte_range))).digest()


@cache
def signed_by_seeds() -> frozenset[bytes]:
    """SHA-256 over the ByteRange of every signature of the seeds."""
    digests = set()
    for data in seeds().values():
        try:
            found = find_signatures(Document.open(BytesSource(data)))
        except pdfseal.PdfsealError:
            continue
        digests |= {_covered(data, one.byte_range) for one in found if one.byte_range is not None}
    return frozenset(digests)


def _check_pages(signed: bytes, now: bytes) -> None:
    before, after = _pages(signed), _pages(now)
    if before is not None and after is not None:
        assert before == after, "passed, and another reader finds other pages than were signed"


def _pages(data: bytes) -> list[tuple[object, ...]] | None:
    """Content and boxes of each page as qpdf finds them; None where it cannot read the file."""
    try:
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True) as pdf:
            return [(_content(page), *(repr(page.obj.get(key)) for key in _SHOWN)) for page in pdf.pages]
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, RuntimeError, AttributeError, TypeError):
        return None


def _content(page: pikepdf.Page) -> bytes:
    contents = page.obj.get("/Contents")
    if contents is None:
        return b""
    streams = contents if isinstance(contents, pikepdf.Array) else [contents]
    return b"\n".join(map(_decoded, streams))


def _decoded(stream: pikepdf.Stream) -> bytes:
    """What is drawn, however it is compressed."""
    try:
        return bytes(stream.read_bytes())
    except pikepdf.PdfError:
        return bytes(stream.read_raw_bytes())
