"""What a document promises to be (PDF/A), as far as sealing has to respect it.

Reference: ISO 19005-1, 6.1.12 (limits), 6.2.3.3 (device colours), 6.4 (no transparency), 6.7.11 (version
identification); ISO 19005-2, 6.1.13, 6.2.4.3, 6.2.10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pdfseal.errors import DocumentError
from pdfseal.pdf.document import Document
from pdfseal.pdf.filters import decode
from pdfseal.pdf.syntax import Name, Ref
from pdfseal.pdf.xref import InUse

_MAX_METADATA_BYTES = 4 << 20
_RGB = 3
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


@dataclass(frozen=True, slots=True)
class DrawingRules:
    """How a seal must be drawn in this document.

    `opaque`: without soft mask, blend mode or opacity. `calibrated`: with colours that mean the
    same on every device.
    """

    opaque: bool = False
    calibrated: bool = False


def drawing_rules(document: Document) -> DrawingRules:
    """ISO 19005-1, 6.4: part 1 forbids transparency. 19005-2, 6.2.10: later parts permit it where an output
    intent names the blending space. 6.2.3.3 and 6.2.4.3: DeviceRGB needs an output intent that is RGB.
    """
    part = pdfa_part(document)
    if part is None:
        return DrawingRules()
    components = _intended_components(document)
    return DrawingRules(opaque=part == 1 or components is None, calibrated=components != _RGB)


def longest_string(document: Document) -> int | None:
    """Bytes that a string may have, the hole of a signature included; parts 1, 2 and 3 say so."""
    return {1: 65_535, 2: 32_767, 3: 32_767}.get(pdfa_part(document) or 0)


def _intended_components(document: Document) -> int | None:
    """The number of colour components of the PDF/A output intent's profile; None where there is none."""
    for item in document.array(document.catalog.get("OutputIntents")) or []:
        intent = document.dictionary(item)
        if intent is None or document.resolve(intent.get("S")) != Name("GTS_PDFA1"):
            continue
        profile = document.dictionary(intent.get("DestOutputProfile"))
        count = document.resolve(profile.get("N")) if profile is not None else None
        if isinstance(count, int):
            return count
    return None
