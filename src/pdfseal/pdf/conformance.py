"""What a document promises to be (PDF/A), as far as sealing has to respect it.

Reference: ISO 19005-1, 6.4 (PDF/A-1 forbids transparency), 6.7.11 (version identification).
"""

from __future__ import annotations

import re

from pdfseal.errors import DocumentError
from pdfseal.pdf.document import Document
from pdfseal.pdf.filters import decode
from pdfseal.pdf.syntax import Ref
from pdfseal.pdf.xref import InUse

_MAX_METADATA_BYTES = 4 << 20
_PART = re.compile(rb"""pdfaid:part(?:>|\s*=\s*["'])\s*(\d)""")


def pdfa_part(document: Document) -> int | None:
    """The PDF/A part that the document's metadata claims, None where it claims none."""
    ref = document.catalog.get("Metadata")
    entry = document.entry(ref.number) if isinstance(ref, Ref) else None
    if not isinstance(entry, InUse) or not isinstance(ref, Ref):
        return None
    try:
        stream, data = document.stream_data(ref.number, entry, limit=_MAX_METADATA_BYTES)
        text = decode(data, stream, where="the metadata", work=document.work, limit=_MAX_METADATA_BYTES)
    except DocumentError:
        return None  # metadata that cannot be read claims nothing
    match = _PART.search(text)
    return int(match[1]) if match else None


def forbids_transparency(document: Document) -> bool:
    """Whether the seal must be drawn without soft mask, blend mode or opacity."""
    return pdfa_part(document) == 1
