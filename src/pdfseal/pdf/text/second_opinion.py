"""A second opinion on characters that pdfium could only guess: pdfminer's, through its font tables.

Law: pdfium measures, pdfminer only names. A character is taken over where pdfminer reads one at
the same place and knows what it is; what neither knows is unreadable and never guessed. Only a
page on which pdfium sees no character at all is read by pdfminer alone, by its font's widths.
"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Iterator
from typing import Any, BinaryIO

from pdfseal.pdf.source import Openable, binary_stream
from pdfseal.pdf.text.fold import UNREADABLE
from pdfseal.pdf.text.pdfium import RawText

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

    def whole(self, number: int) -> RawText | None:
        """The page by pdfminer alone, in the order it is drawn; None where it has nothing either."""
        try:
            found = [one for one in self._boxes(number) if len(one[0]) == 1]
        except Exception:  # as above
            return None
        if not found:
            return None
        text = "".join(one[0] if one[0].isprintable() else UNREADABLE for one in found)
        boxes = array("f")
        for _, left, bottom, right, top in found:
            boxes.extend((left, top, right, bottom))
        return RawText(text, boxes, bytes(len(text)))

    def _characters(self, number: int) -> Iterator[tuple[str, float, float]]:
        """Text and centre in user space of every character of a page."""
        for text, left, bottom, right, top in self._boxes(number):
            yield text, (left + right) / 2, (bottom + top) / 2

    def _boxes(self, number: int) -> Iterator[tuple[str, float, float, float, float]]:
        """Text and edges in user space of every character of a page."""
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
                yield item.get_text(), item.x0 + left, item.y0 + bottom, item.x1 + left, item.y1 + bottom


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
