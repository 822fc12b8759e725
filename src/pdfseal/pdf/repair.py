"""Rewriting a damaged file so that it can be sealed: only on request, and only where nothing is signed.

Law: a rewritten file is another file, and says so. One that carries a signature, or bytes that
look like one, is never rewritten: the signature would be lost. Nor is one with streams that cannot be
decoded: qpdf keeps their bytes, and readers show a page without its text.
"""

from __future__ import annotations

import io
import re
import zlib
from typing import Any

from pdfseal.errors import DocumentError, RefusedError
from pdfseal.pdf.limits import BYTES_PER_STEP_INFLATED, DEFAULT_LIMITS, Limits, Work
from pdfseal.pdf.source import CHUNK_BYTES, Source
from pdfseal.pdf.tolerance import looks_signed

_FLATE = ("/FlateDecode", "/Fl")
_BINARY = (
    "/DCTDecode",
    "/DCT",
    "/JPXDecode",
    "/JBIG2Decode",
    "/CCITTFaxDecode",
    "/CCF",
    "/LZWDecode",
    "/LZW",
)
_LONE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_NAMED = 10  # objects in a message


def rewrite(source: Source, password: str | None = None, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The document as qpdf reconstructs it, with sound cross-reference data.

    Holds the file in memory. Raises `repair_refused` where the file is signed, `pdf_damaged`
    where it cannot be reconstructed either, or has streams that cannot be decoded.
    """
    import pikepdf

    if source.size > limits.repair_bytes:
        raise limits.exceeded("repair_bytes", f"a file of {source.size} bytes is too large to repair")
    data = source.read(0, source.size)
    try:
        with pikepdf.open(
            io.BytesIO(data), password=password or "", attempt_recovery=True, suppress_warnings=True
        ) as pdf:
            if b"/ByteRange" in data or _is_signed(pdf):
                raise RefusedError(
                    "repair_refused", "the damaged PDF is signed, and repair would break its signatures"
                )
            if not len(pdf.pages):  # reading the pages also gives each an object of its own
                raise DocumentError("pdf_no_pages", "the PDF is damaged, and repair finds no page in it")
            _check_streams(pdf, Work(limits, source.size))
            pdf.trailer["/Size"] = 0  # qpdf fills it in where it is there, and leaves it out where it is not
            out = io.BytesIO()
            pdf.save(
                out, deterministic_id=not pdf.is_encrypted, encryption=True if pdf.is_encrypted else None
            )
            return out.getvalue()
    except pikepdf.PasswordError:
        raise RefusedError(
            "repair_refused", "the damaged PDF is encrypted and cannot be repaired without its password"
        ) from None
    except pikepdf.PdfError as error:
        reason = str(error).rsplit(": ", 1)[-1][:200]
        raise DocumentError("pdf_damaged", f"the PDF is damaged beyond repair: {reason}") from error


def repair_hint(error: DocumentError, source: Source) -> DocumentError:
    """The same error, saying whether a rewriting may help: never where the file looks signed."""
    if looks_signed(source):
        hint = "repair would break the signatures in it and is refused"
    else:
        hint = "repair may help: it rewrites the file"
    return DocumentError(error.code, f"{error.message} ({hint})")


def _is_signed(pdf: Any) -> bool:
    """Whether any object looks like a signature dictionary, compressed ones included."""
    import pikepdf

    return any(isinstance(item, pikepdf.Dictionary) and "/ByteRange" in item for item in pdf.objects)


def _check_streams(pdf: Any, work: Work) -> None:
    """Raises `pdf_damaged`, naming objects, where the data of streams is damaged as well."""
    import pikepdf

    streams = [item for item in pdf.objects if isinstance(item, pikepdf.Stream)]
    bad = [item.objgen[0] for item in streams if not _is_sound(item, work)]
    if bad:
        more = f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        raise DocumentError(
            "pdf_damaged",
            "the PDF is damaged beyond repair: streams cannot be decoded, as after a conversion of newlines: "
            f"objects {', '.join(map(str, bad[:_NAMED]))}{more}",
        )


def _is_sound(stream: Any, work: Work) -> bool:
    """False where the data is certainly damaged; filters that are not known here are not looked into."""
    import pikepdf

    found = stream.get("/Filter")
    filters = [str(one) for one in (found if isinstance(found, pikepdf.Array) else [found])]
    if filters[0] in _FLATE:
        return _inflates(stream.read_raw_bytes(), work)
    if filters[0] in _BINARY:
        data = stream.read_raw_bytes()
        return data.count(b"\r\n") < 4 or _LONE_LINE_FEED.search(data) is not None
    return True


def _inflates(data: bytes, work: Work) -> bool:
    """Whether deflated data is whole and its checksum, if there, is right; nothing is kept."""
    if not data:
        return True
    engine, checksum, rest = zlib.decompressobj(-zlib.MAX_WBITS), 1, data[2:]
    try:
        while not engine.eof:
            piece = engine.decompress(rest, CHUNK_BYTES)
            rest = engine.unconsumed_tail
            if not piece and not rest and not engine.eof:
                return False
            work.spend(len(piece) // BYTES_PER_STEP_INFLATED + 1)
            checksum = zlib.adler32(piece, checksum)
    except zlib.error:
        return False
    stated = engine.unused_data[:4]
    return len(stated) < 4 or int.from_bytes(stated, "big") == checksum
