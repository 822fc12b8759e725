"""Rewriting a damaged file so that it can be sealed: only on request, and only where nothing is signed.

Law: a rewritten file is another file, and says so. One that carries a signature, or bytes that
look like one, is never rewritten: the signature would be lost.
"""

from __future__ import annotations

import io
from typing import Any

from pdfseal.errors import DocumentError, RefusedError
from pdfseal.pdf.limits import DEFAULT_LIMITS, Limits
from pdfseal.pdf.source import Source
from pdfseal.pdf.tolerance import looks_signed


def rewrite(source: Source, password: str | None = None, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The document as qpdf reconstructs it, with sound cross-reference data.

    Holds the file in memory. Raises `repair_refused` where the file is signed, `pdf_damaged`
    where it cannot be reconstructed either.
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
