"""Characters and their boxes from pdfium, a page at a time.

    PdfiumPages(...).read(page) -> RawText(text, boxes, errors)

Law: pdfium finds and measures, and decides nothing else. Coordinates are user space as pdfium
gives them; `PageGeometry` maps them. pdfium is not safe to share between threads, so everything
here holds one lock. A page stays loaded until the next one is, because its fonts stay with it.

The calls for each character go through prototypes of our own that fill one buffer: what a
binding costs for each call would be more than what pdfium costs.
"""

from __future__ import annotations

import ctypes
import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from pdfseal.errors import CallerError, DocumentError
from pdfseal.pdf.source import Openable

MAX_PAGE_CHARS = 2_000_000
HIDDEN_MARK = "pdfsealHidden"  # the marked-content tag of what is not displayed; see text_layers
_NOT_SHOWN = 2 | 32  # annotation flags Hidden and NoView (ISO 32000-2, 12.5.3)
_BOX_BYTES = 16  # FS_RECTF: left, top, right, bottom as 32-bit floats
_BLANK_BOX = array("f", (0.0, 0.0, 0.0, 0.0))

_LOCK = threading.RLock()


@dataclass(frozen=True, slots=True)
class RawText:
    """One page. `boxes` holds left, top, right, bottom of each character in user space; `errors`
    marks characters that pdfium could only guess, because their font maps them to no Unicode value.
    Boxes span the advance width and the font's ascent and descent, and are right for any direction.
    """

    text: str = field(repr=False)
    boxes: array[float] = field(repr=False)
    errors: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Calls:
    """Entry points of pdfium by address, called with the interpreter's lock held."""

    unicode: Callable[[int, int], int]
    box: Callable[[int, int, int], int]
    error: Callable[[int, int], int]
    text_object: Callable[[int, int], int | None]

    @classmethod
    def bind(cls, raw: Any) -> _Calls:
        def at(function: Any, *signature: Any) -> Any:
            address = ctypes.cast(function, ctypes.c_void_p).value or 0
            return ctypes.PYFUNCTYPE(*signature)(address)

        page, index = ctypes.c_void_p, ctypes.c_int
        return cls(
            at(raw.FPDFText_GetUnicode, ctypes.c_uint, page, index),
            at(raw.FPDFText_GetLooseCharBox, ctypes.c_int, page, index, ctypes.c_void_p),
            at(raw.FPDFText_HasUnicodeMapError, ctypes.c_ubyte, page, index),
            at(raw.FPDFText_GetTextObject, ctypes.c_void_p, page, index),
        )


class PdfiumPages:
    """A document opened in pdfium. `openable` is a path or the bytes.

    `forms`: the document has a form, so that fields without an appearance get one. `marked`: what
    is not displayed carries HIDDEN_MARK and is left out.
    """

    def __init__(
        self, openable: Openable, *, password: str | None, forms: bool, marked: bool = False
    ) -> None:
        import pypdfium2
        import pypdfium2.raw

        self._raw: Any = pypdfium2.raw
        self._calls = _Calls.bind(self._raw)
        self._marked = marked
        self._loaded: Any = None
        with _LOCK:
            try:
                self._document: Any = pypdfium2.PdfDocument(openable, password=password)
            except pypdfium2.PdfiumError as error:
                reason = str(error).rstrip(".")
                if "assword" in reason:
                    raise CallerError("wrong_password", "the password does not open the document") from error
                raise DocumentError("pdf_damaged", f"pdfium cannot open the document: {reason}") from error
            # an XFA form cannot be run here, and pdfium's binding would say so on standard error
            if forms and self._document.get_formtype() == self._raw.FORMTYPE_ACRO_FORM:
                with suppress(pypdfium2.PdfiumError):  # a broken form still leaves the pages readable
                    self._document.init_forms()
            self.count = len(self._document)

    def close(self) -> None:
        """Give everything back to pdfium; harmless when repeated."""
        with _LOCK:
            self._unload()
            self._document.close()

    def read(self, number: int, *, annotated: bool) -> RawText:
        """The characters of page `number`, counted from 1. `annotated`: draw its annotations first."""
        raw = self._raw
        with _LOCK:
            self._load(number)
            if annotated:
                self._draw_annotations()
                self._unload()
                self._load(number)
            text_page = raw.FPDFText_LoadPage(self._loaded)
            if not text_page:
                raise DocumentError("pdf_damaged", f"pdfium cannot read the text of page {number}")
            try:
                return self._characters(text_page, number)
            finally:
                raw.FPDFText_ClosePage(text_page)

    def _load(self, number: int) -> None:
        page = self._raw.FPDF_LoadPage(self._document.raw, number - 1)
        self._unload()
        if not page:
            raise DocumentError("pdf_damaged", f"pdfium cannot load page {number}")
        self._loaded = page

    def _unload(self) -> None:
        if self._loaded is not None:
            self._raw.FPDF_ClosePage(self._loaded)
        self._loaded = None

    def _draw_annotations(self) -> None:
        """Make the shown annotations part of the loaded page's content, in pdfium's memory only."""
        raw, page = self._raw, self._loaded
        form = self._document.formenv
        if form is not None:
            raw.FORM_OnAfterLoadPage(page, form.raw)  # gives fields an appearance where they lack one
        for index in reversed(range(raw.FPDFPage_GetAnnotCount(page))):
            annotation = raw.FPDFPage_GetAnnot(page, index)
            if annotation:
                flags = raw.FPDFAnnot_GetFlags(annotation)
                raw.FPDFPage_CloseAnnot(annotation)
                if flags & _NOT_SHOWN:
                    raw.FPDFPage_RemoveAnnot(page, index)
        raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
        if form is not None:
            raw.FORM_OnBeforeClosePage(page, form.raw)

    def _characters(self, text_page: Any, number: int) -> RawText:
        count: int = max(0, self._raw.FPDFText_CountChars(text_page))
        if count > MAX_PAGE_CHARS:
            raise DocumentError(
                "limit_exceeded", f"page {number} has {count} characters, {MAX_PAGE_CHARS} are read"
            )
        handle = ctypes.cast(text_page, ctypes.c_void_p).value or 0
        boxes = array("f", bytes(count * _BOX_BYTES))
        start = boxes.buffer_info()[0]
        _run(
            map(
                self._calls.box,
                repeat(handle),
                range(count),
                range(start, start + count * _BOX_BYTES, _BOX_BYTES),
            )
        )
        errors = bytes(map(self._calls.error, repeat(handle), range(count)))
        text = self._text(text_page, handle, count)
        if self._marked:
            text = self._without_hidden(text, boxes, handle)
        return RawText(text, boxes, errors)

    def _text(self, text_page: Any, handle: int, count: int) -> str:
        """One character for each index: from one call, unless pdfium leaves some out there."""
        buffer = (ctypes.c_ushort * (2 * count + 2))()
        written = self._raw.FPDFText_GetText(text_page, 0, count, buffer)
        text = bytes(buffer)[: max(0, 2 * (written - 1))].decode("utf-16-le", "surrogatepass")
        if len(text) == count and "\0" not in text:
            return text
        values = map(self._calls.unicode, repeat(handle), range(count))
        return "".join(chr(value) if 0 < value < 0x110000 else "\ufffd" for value in values)

    def _without_hidden(self, text: str, boxes: array[float], handle: int) -> str:
        """Blanks in place of characters whose text object carries the mark."""
        known: dict[int, bool] = {}
        shown = list(text)
        for index in range(len(text)):
            found = self._calls.text_object(handle, index)
            if not found:
                continue
            if found not in known:
                known[found] = HIDDEN_MARK in self._marks(found)
            if known[found]:
                shown[index] = " "
                boxes[4 * index : 4 * index + 4] = _BLANK_BOX
        return "".join(shown)

    def _marks(self, address: int) -> Iterable[str]:
        raw = self._raw
        item = ctypes.cast(address, raw.FPDF_PAGEOBJECT)
        for index in range(raw.FPDFPageObj_CountMarks(item)):
            mark = raw.FPDFPageObj_GetMark(item, index)
            buffer, length = (ctypes.c_ushort * 64)(), ctypes.c_ulong()
            if raw.FPDFPageObjMark_GetName(mark, buffer, ctypes.sizeof(buffer), ctypes.byref(length)):
                yield bytes(buffer)[: max(0, length.value - 2)].decode("utf-16-le", "replace")


def _run(calls: Iterable[object]) -> None:
    deque(calls, maxlen=0)
