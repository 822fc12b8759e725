"""The text of a document's pages: characters with their boxes, read once and kept.

    PageTexts.of(document).page(1) -> PageText(text, boxes in displayed page space, unreadable)

Law: what is displayed is text, form fields and annotations included, hidden layers not. A
character that no reader can name is counted as unreadable and never guessed. A caller may hold a
PageTexts and hand it to several searches: each page is read from the file once.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType

from pdfseal.errors import CallerError, DocumentError
from pdfseal.geometry import Matrix, PageGeometry, Rect
from pdfseal.pdf.document import Document, Page
from pdfseal.pdf.source import openable
from pdfseal.pdf.syntax import Name
from pdfseal.pdf.text.fold import UNREADABLE, fold_with_origins
from pdfseal.pdf.text.layers import marked_copy
from pdfseal.pdf.text.pdfium import PdfiumPages
from pdfseal.pdf.text.second_opinion import SecondReader

MAX_KEPT_CHARS = 20_000_000  # about 400 MB of text and boxes
_WITHOUT_TEXT = (Name("Link"), Name("Popup"))


@dataclass(frozen=True)
class PageText:
    """The characters of one page, in the order in which they are drawn.

    `unreadable`: how many characters no reader could name; they are U+FFFD in `text`.
    """

    number: int
    geometry: PageGeometry = field(repr=False)
    text: str = field(repr=False)
    user_boxes: array[float] = field(repr=False)
    unreadable: int

    @cached_property
    def _folded(self) -> tuple[str, range | list[int]]:
        return fold_with_origins(self.text)

    @property
    def folded(self) -> str:
        """The text as the matching sees it."""
        return self._folded[0]

    @property
    def origins(self) -> range | list[int]:
        """For each character of `folded` the index of the character it came from."""
        return self._folded[1]

    def edges(self) -> Edges:
        """Left, bottom, right and top of all characters in displayed page space; not kept."""
        return _displayed(self.user_boxes, self.geometry.to_displayed)

    def rect(self, index: int) -> Rect:
        """The box of one character in displayed page space."""
        left, top, right, bottom = self.user_boxes[4 * index : 4 * index + 4]
        return self.geometry.rect_to_displayed(Rect(left, bottom, right, top))


Edges = tuple[Sequence[float], Sequence[float], Sequence[float], Sequence[float]]


def _displayed(raw: array[float], matrix: Matrix) -> Edges:
    """All boxes through a matrix that turns by a multiple of 90 degrees."""
    lefts, tops, rights, bottoms = raw[0::4], raw[1::4], raw[2::4], raw[3::4]
    if matrix.b == 0.0:
        xs, ys = (lefts, rights), (bottoms, tops)
        x_share, y_share = matrix.a, matrix.d
    else:
        xs, ys = (bottoms, tops), (lefts, rights)
        x_share, y_share = matrix.c, matrix.b
    if x_share < 0:
        xs = xs[::-1]
    if y_share < 0:
        ys = ys[::-1]
    e, f = matrix.e, matrix.f
    if x_share == y_share == 1.0 and e == f == 0.0:
        return xs[0], ys[0], xs[1], ys[1]
    return (
        [x_share * value + e for value in xs[0]],
        [y_share * value + f for value in ys[0]],
        [x_share * value + e for value in xs[1]],
        [y_share * value + f for value in ys[1]],
    )


class PageTexts:
    """The texts of a document's pages, each read when first asked for. Close it, or use `with`."""

    def __init__(self, document: Document, password: str | None = None) -> None:
        """Raises `pdf_damaged`, `wrong_password`, `pdf_ambiguous` where two readers count differently."""
        self._pages = tuple((page.geometry, _draws_annotations(document, page)) for page in document.pages())
        if not self._pages:
            raise DocumentError("pdf_no_pages", "the document has no page")
        copy = marked_copy(document, password)
        self._openable = openable(document.source) if copy is None else copy
        self._password = password if copy is None else None
        self._forms = document.dictionary(document.catalog.get("AcroForm")) is not None
        self._marked = copy is not None
        self._reader: PdfiumPages | None = None
        self._second: SecondReader | None = None
        self._kept: dict[int, PageText] = {}
        self._kept_chars = 0
        self._open()

    @property
    def count(self) -> int:
        """How many pages there are."""
        return len(self._pages)

    def page(self, number: int) -> PageText:
        """The text of a page, counted from 1. Raises `page_out_of_range`, `pdf_damaged`, `limit_exceeded`."""
        if number not in self._kept:
            if not 1 <= number <= self.count:
                raise CallerError(
                    "page_out_of_range", f"page {number} does not exist: the document has {self.count} pages"
                )
            found = self._read(number)
            if self._kept_chars + len(found.text) > MAX_KEPT_CHARS:
                return found
            self._kept[number] = found
            self._kept_chars += len(found.text)
        return self._kept[number]

    def close(self) -> None:
        """Give the readers back; pages that were read stay available."""
        if self._reader is not None:
            self._reader.close()
        if self._second is not None:
            self._second.close()
        self._reader = self._second = None

    def __enter__(self) -> PageTexts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_second"):
            self.close()

    def _open(self) -> PdfiumPages:
        if self._reader is None:
            self._reader = PdfiumPages(
                self._openable, password=self._password, forms=self._forms, marked=self._marked
            )
            if self._reader.count != self.count:
                raise DocumentError(
                    "pdf_ambiguous",
                    f"two readers count {self.count} and {self._reader.count} pages in this file",
                )
        return self._reader

    def _read(self, number: int) -> PageText:
        geometry, annotated = self._pages[number - 1]
        raw = self._open().read(number, annotated=annotated)
        if not raw.text.strip():
            # pdfium drops the characters of a font that is neither embedded nor on this machine
            raw = self._second_reader().whole(number) or raw
        text = self._second_reader().resolved(number, raw) if 1 in raw.errors else raw.text
        return PageText(number, geometry, text, raw.boxes, text.count(UNREADABLE))

    def _second_reader(self) -> SecondReader:
        if self._second is None:
            self._second = SecondReader(self._openable, self._password)
        return self._second


def _draws_annotations(document: Document, page: Page) -> bool:
    """Whether the page has annotations that may show text."""
    for item in document.array(page.dictionary.get("Annots")) or []:
        annotation = document.dictionary(item)
        if annotation is not None and document.resolve(annotation.get("Subtype")) not in _WITHOUT_TEXT:
            return True
    return False
