"""Pictures of pages for reports, by PDFium."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pdfseal.errors import DocumentError
from pdfseal.geometry import Rect
from pdfseal.report import Report
from pdfseal.report_html import PagePicture, SealPicture

PAGE_PIXELS, SEAL_PIXELS = 1100, 260  # the longer side
MAX_PAGES, MAX_SEALS = 12, 40


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a report shows of a document; `reason` says why pictures are missing, if they are."""

    pages: tuple[PagePicture, ...] = ()
    seals: tuple[SealPicture, ...] = ()
    reason: str = ""


def render_for_report(
    pdf: bytes | str | os.PathLike[str], report: Report, *, password: str | None = None
) -> Rendered:
    """The pages that carry seals, the first if none does, and each seal by itself.

    A document that PDFium cannot show gives no pictures and a reason: the verdict does not
    depend on it.
    """
    import pypdfium2

    try:
        document: Any = pypdfium2.PdfDocument(pdf if isinstance(pdf, bytes) else os.fspath(pdf), password)
    except (pypdfium2.PdfiumError, OSError) as error:
        return Rendered(reason=str(error))
    try:
        document.init_forms()
        return _render(document, report)
    except (pypdfium2.PdfiumError, DocumentError, ValueError, MemoryError) as error:
        return Rendered(reason=str(error))
    finally:
        document.close()


def _render(document: Any, report: Report) -> Rendered:
    numbers = sorted({box.page for one in report.signatures for box in one.boxes}) or [1]
    wanted = [number for number in numbers if 0 < number <= len(document)][:MAX_PAGES]
    pages = tuple(_page(document, number) for number in wanted)
    seals = []
    for index, one in enumerate(report.signatures[:MAX_SEALS]):
        for box in one.boxes[:1]:
            if 0 < box.page <= len(document):
                seals.append(SealPicture(index, _crop(document, box.page, box.rect)))
    return Rendered(pages, tuple(seals))


def _page(document: Any, number: int) -> PagePicture:
    page = document[number - 1]
    width, height = page.get_size()
    scale = PAGE_PIXELS / max(width, height)
    picture = page.render(scale=scale, may_draw_forms=True).to_pil()
    return PagePicture(number, width, height, _png(picture))


def _crop(document: Any, number: int, rect: Rect) -> bytes:
    """The place of a seal with a little of what is around it."""
    page = document[number - 1]
    width, height = page.get_size()
    scale = min(SEAL_PIXELS / max(rect.width, rect.height, 1.0), 8.0)
    margin = 0.04 * max(rect.width, rect.height)
    edges: Sequence[float] = (
        rect.left - margin, rect.bottom - margin, width - rect.right - margin, height - rect.top - margin,
    )  # fmt: skip
    crop = tuple(max(0.0, edge) for edge in edges)
    picture = page.render(scale=scale, may_draw_forms=True, crop=crop).to_pil()
    return _png(picture)


def _png(picture: Any) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").quantize(128).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
