"""A second opinion on characters that pdfium could only guess: pdfminer's, through its font tables.

Law: pdfium measures, pdfminer only names. A character is taken over where pdfminer reads one at
the same place and knows what it is; what neither knows is unreadable and never guessed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, BinaryIO

from pdfseal.pdf.source import Openable, binary_stream
from pdfseal.pdf.text_fold import UNREADABLE
from pdfseal.pdf.text_pdfium import RawText

_CELL = 4.0  # points; places are looked up in a grid of this width
_NEAR = 0.35  # of a character's height


class SecondReader:
    """The same document in pdfminer; pages are found once and kept as pdfminer's page values."""

    def __init__(self, openable: Openable, password: str | None) -> None:
        self._openable = openable
        self._password = password or ""
        self._stream: BinaryIO | None = None
        self._pages: list[Any] = []

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = None

    def resolved(self, number: int, raw: RawText) -> str:
        """The page's text with each guessed character named by pdfminer, or UNREADABLE."""
        try:
            places = _grid(self._characters(number))
        except Exception:  # pdfminer raises anything on odd files; no second opinion then
            places = {}
        text = list(raw.text)
        for index in (i for i, flag in enumerate(raw.errors) if flag):
            if not text[index].isspace():
                text[index] = _named(places, *raw.boxes[4 * index : 4 * index + 4])
        return "".join(text)

    def _characters(self, number: int) -> Iterator[tuple[str, float, float]]:
        """Text and centre in user space of every character of a page."""
        from pdfminer.converter import PDFPageAggregator
        from pdfminer.layout import LTChar
        from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
        from pdfminer.pdfpage import PDFPage

        if self._stream is None:
            logging.getLogger("pdfminer").addHandler(logging.NullHandler())  # its remarks are not our output
            self._stream = binary_stream(self._openable)
            self._pages = list(
                PDFPage.get_pages(self._stream, password=self._password, check_extractable=False)
            )
        page = self._pages[number - 1]
        page.rotate = 0
        resources = PDFResourceManager()
        device = PDFPageAggregator(resources)
        PDFPageInterpreter(resources, device).process_page(page)
        left, bottom = float(page.mediabox[0]), float(page.mediabox[1])
        for item in _flat(device.get_result()):
            if isinstance(item, LTChar):
                yield item.get_text(), (item.x0 + item.x1) / 2 + left, (item.y0 + item.y1) / 2 + bottom


def _flat(item: Any) -> Iterator[Any]:
    stack = [item]
    while stack:
        one = stack.pop()
        yield one
        if hasattr(one, "_objs"):
            stack.extend(one._objs)


_Grid = dict[tuple[int, int], list[tuple[str, float, float]]]


def _grid(characters: Iterator[tuple[str, float, float]]) -> _Grid:
    places: _Grid = {}
    for text, x, y in characters:
        places.setdefault((int(x // _CELL), int(y // _CELL)), []).append((text, x, y))
    return places


def _named(places: _Grid, left: float, top: float, right: float, bottom: float) -> str:
    x, y = (left + right) / 2, (bottom + top) / 2
    reach = max(1.0, _NEAR * max(abs(top - bottom), abs(right - left)))
    steps = range(-int(reach // _CELL) - 1, int(reach // _CELL) + 2)
    near = [
        (abs(px - x) + abs(py - y), text)
        for dx in steps
        for dy in steps
        for text, px, py in places.get((int(x // _CELL) + dx, int(y // _CELL) + dy), ())
        if abs(px - x) <= reach and abs(py - y) <= reach
    ]
    text = min(near)[1] if near else ""
    return text if len(text) == 1 and text.isprintable() else UNREADABLE
