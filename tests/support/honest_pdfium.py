"""What pdfium, the engine of Chrome and Edge, does to a document: opens, shows, fills in and appends.

It appends what it holds in memory: every object that it has read so far, streams compressed again.
Chrome itself saves without FPDF_INCREMENTAL, and so another file; who embeds pdfium may do better.
"""

from __future__ import annotations

import io
from typing import Any

import pypdfium2
import pypdfium2.raw

raw: Any = pypdfium2.raw

# Documents that pdfium cannot append to without changing or damaging something, by what it does to them.
LEFT_OUT = {
    "cross-reference streams without /Type and endobj, which qpdf too calls damaged": (
        "object streams", "xref-stream", "object-streams", "linearized-object-streams",
        "revision-stream-after-table", "revision-table-after-stream", "annots-in-object-stream",
        "producers/pdftex-report", "producers/xetex-contract",
    ),
    "generation 0 for objects of a generation above it": ("generation-numbers",),
    "appearances for annotations, not fields, that had none": (
        "annots-indirect", "annots-shared",
    ),
    "numbers of fonts with other values, rounded to 32 bits (/FontMatrix)": ("producers/chromium-discharge",),
}  # fmt: skip
# Documents with a field of their own that has no appearance, whatever ours have: pdfium draws that one.
UNDRAWN = ("acroform-direct", "acroform-indirect", "field-names-taken")


def takes(kind: str, *, drawn: bool) -> bool:
    """Whether a document of this kind is tried; `drawn`: one is wanted where nothing is left to draw."""
    return not any(kind in kinds for kinds in LEFT_OUT.values()) and not (drawn and kind in UNDRAWN)


def look_at(pdf: bytes) -> bytes:
    """Saved after the first page was shown, nothing filled in."""
    document = _opened(pdf)
    document[0].render(scale=0.3, may_draw_forms=True)
    return _saved(document)


def fill(pdf: bytes, name: str = "amount", value: str = "900") -> bytes:
    """Another value is typed in the place of the old one."""
    document = _opened(pdf)
    page = document[0]
    _click(document, page, name)
    raw.FORM_SelectAllText(document.formenv.raw, page.raw)
    for letter in value:
        raw.FORM_OnChar(document.formenv.raw, page.raw, ord(letter), 0)
    raw.FORM_ForceToKillFocus(document.formenv.raw)
    return _saved(document)


def check(pdf: bytes, name: str = "agreed") -> bytes:
    document = _opened(pdf)
    _click(document, document[0], name)
    raw.FORM_ForceToKillFocus(document.formenv.raw)
    return _saved(document)


def _opened(pdf: bytes) -> Any:
    document: Any = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    return document


def _click(document: Any, page: Any, name: str) -> None:
    forms = document.formenv.raw
    raw.FORM_OnAfterLoadPage(page.raw, forms)
    for index in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        widget = raw.FPDFPage_GetAnnot(page.raw, index)
        if _name(forms, widget) == name:
            box = raw.FS_RECTF()
            raw.FPDFAnnot_GetRect(widget, box)
            spot = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
            raw.FORM_OnLButtonDown(forms, page.raw, 0, *spot)
            raw.FORM_OnLButtonUp(forms, page.raw, 0, *spot)
            return
    raise LookupError(name)


def _name(forms: Any, widget: Any) -> str:
    buffer = (raw.FPDF_WCHAR * 64)()
    octets = raw.FPDFAnnot_GetFormFieldName(forms, widget, buffer, 128)
    return bytes(buffer)[: max(octets - 2, 0)].decode("utf-16-le")


def _saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out, flags=raw.FPDF_INCREMENTAL)
    return out.getvalue()
