"""A rule and a document give boxes on pages.

Law: everything given and got is in displayed page space. A box that would leave its page is moved
back inside and says so; one that is larger than the page is an error.
"""

from __future__ import annotations

from collections.abc import Callable

from pdfseal.errors import CallerError, DocumentError
from pdfseal.geometry import Point, Rect, Size
from pdfseal.pdf.document import Document, Page
from pdfseal.pdf.existing_field import find_empty_field
from pdfseal.pdf.page_ranges import PageSelection, page_numbers
from pdfseal.pdf.text.pages import PageTexts
from pdfseal.pdf.text.search import search
from pdfseal.placement.rules import (
    POSITIONS,
    WHOLE,
    AtKeyword,
    AtPoint,
    Box,
    InRectangle,
    IntoField,
    PlacedBox,
    Placement,
    Several,
    Straddle,
)
from pdfseal.placement.straddle import check_straddle, straddle
from pdfseal.placement.units import (
    check_finite,
    check_sizes,
    check_unit,
    distance,
    rect_to_points,
    size_for,
    to_points,
)

MAX_BOXES = 20_000


def resolve(
    placement: Placement,
    document: Document,
    natural: Size,
    *,
    ink: Callable[[], Rect] = lambda: WHOLE,
    texts: PageTexts | None = None,
    password: str | None = None,
) -> tuple[PlacedBox, ...]:
    """The boxes of a rule, at least one; that of an existing field first.

    `natural` is the picture's own size in points, `ink` gives the part of it that is not margin.
    `texts`: the document's page texts where the caller has them; keywords are looked up in them.
    Raises `page_out_of_range`, `keyword_not_found`, `field_unusable`, `box_too_large`,
    `box_outside_page`, `argument`, `limit_exceeded`.
    """
    rules = placement.placements if isinstance(placement, Several) else (placement,)
    if not rules:
        raise CallerError("argument", "the placement is empty: it names no place")
    work = _Resolving(document, natural, ink, texts, password)
    try:
        placed = [box for rule in rules for box in work.resolve(rule)]
    finally:
        work.close()
    if len(placed) > MAX_BOXES:
        raise DocumentError(
            "limit_exceeded", f"the placement has {len(placed)} boxes, {MAX_BOXES} are allowed"
        )
    if sum(box.target is not None for box in placed) > 1:
        raise CallerError("argument", "one signature fills one field: name a single field")
    return tuple(sorted(placed, key=lambda item: item.target is None))


class _Resolving:
    """What the rules of one placement share: the pages, and the text that is read at most once."""

    def __init__(
        self,
        document: Document,
        natural: Size,
        ink: Callable[[], Rect],
        texts: PageTexts | None,
        password: str | None,
    ) -> None:
        self._document = document
        self._natural = natural
        self._ink = ink
        self._texts = texts
        self._own_texts: PageTexts | None = None
        self._password = password
        self._pages: list[Page] | None = None

    def close(self) -> None:
        if self._own_texts is not None:
            self._own_texts.close()

    def resolve(self, rule: InRectangle | AtPoint | AtKeyword | IntoField | Straddle) -> list[PlacedBox]:
        match rule:
            case InRectangle():
                return self._in_rectangle(rule)
            case AtPoint():
                return self._at_point(rule)
            case AtKeyword():
                return self._at_keyword(rule)
            case IntoField():
                return [self._into_field(rule)]
            case Straddle():
                check_straddle(rule)
                pages = self._chosen(rule.page)
                return straddle(rule, pages, self._natural, self._ink() if rule.trim else WHOLE)

    # -- rules ----------------------------------------------------------------------------

    def _in_rectangle(self, rule: InRectangle) -> list[PlacedBox]:
        check_unit(rule.unit, rule.origin)
        check_sizes(rule.size, rule.fit)
        check_finite(rule.rect.left, rule.rect.bottom, rule.rect.right, rule.rect.top)
        placed = []
        for page in self._chosen(rule.page):
            shown = page.geometry.displayed
            rect = rect_to_points(rule.rect, shown, rule.unit, rule.origin)
            _check_touches(rect, page, shown)
            size = size_for(self._natural, rule.size, rule.fit, shown, rule.unit)
            placed.append(_placed(page, Rect.around(rect.centre, size)))
        return placed

    def _at_point(self, rule: AtPoint) -> list[PlacedBox]:
        check_unit(rule.unit, rule.origin)
        check_sizes(rule.size, rule.fit)
        check_finite(rule.point.x, rule.point.y)
        placed = []
        for page in self._chosen(rule.page):
            shown = page.geometry.displayed
            point = to_points(rule.point, shown, rule.unit, rule.origin)
            _check_touches(Rect.around(point, Size(0, 0)), page, shown)
            size = size_for(self._natural, rule.size, rule.fit, shown, rule.unit)
            placed.append(_placed(page, Rect.around(point, size)))
        return placed

    def _at_keyword(self, rule: AtKeyword) -> list[PlacedBox]:
        check_unit(rule.unit)
        check_sizes(rule.size, rule.fit)
        check_finite(rule.offset.x, rule.offset.y)
        if rule.position not in POSITIONS:
            raise CallerError("argument", f"the position {rule.position!r} is none of {', '.join(POSITIONS)}")
        one_each = rule.order != "all" or rule.nth is not None
        found = search(
            self._text(),
            (rule.keyword,) if isinstance(rule.keyword, str) else rule.keyword,
            pages=rule.page,
            order=rule.order,
            nth=(rule.nth or 1) if one_each else None,
            whole_word=rule.whole_word,
        )
        placed = []
        for match in found.matches:
            page = self._all()[match.page - 1]
            shown = page.geometry.displayed
            size = size_for(self._natural, rule.size, rule.fit, shown, rule.unit)
            offset = distance(rule.offset, shown, rule.unit)
            placed.append(_placed(page, _beside(match.rect, size, rule.position).moved(offset.x, -offset.y)))
        return placed

    def _into_field(self, rule: IntoField) -> PlacedBox:
        target = find_empty_field(self._document, rule.name)
        if target.rect is None:
            return PlacedBox(Box(target.page.number, Rect(0.0, 0.0, 0.0, 0.0)), target.page, target)
        rect = target.page.geometry.rect_to_displayed(target.rect)
        size = self._natural.fitted_into(rect.size)
        x, y = rect.width / size.width / 2, rect.height / size.height / 2
        window = Rect(0.5 - x, 0.5 - y, 0.5 + x, 0.5 + y)
        return PlacedBox(Box(target.page.number, rect, window=window), target.page, target)

    # -- pages and text -------------------------------------------------------------------

    def _all(self) -> list[Page]:
        if self._pages is None:
            self._pages = list(self._document.pages())
            if not self._pages:
                raise DocumentError("pdf_no_pages", "the document has no page")
        return self._pages

    def _page(self, number: int) -> Page:
        return self._document.page(number)

    def _chosen(self, selection: PageSelection) -> list[Page]:
        if isinstance(selection, int):
            return [self._page(selection)]  # without walking through all of a long document
        pages = self._all()
        return [pages[number - 1] for number in page_numbers(selection, len(pages))]

    def _text(self) -> PageTexts:
        if self._texts is not None:
            return self._texts
        if self._own_texts is None:
            self._own_texts = PageTexts(self._document, self._password)
        return self._own_texts


def _beside(match: Rect, size: Size, position: str) -> Rect:
    centre = match.centre
    if position == "right":
        centre = Point(match.right + size.width / 2, centre.y)
    elif position == "bottom":
        centre = Point(centre.x, match.bottom - size.height / 2)
    return Rect.around(centre, size)


def _placed(page: Page, wanted: Rect) -> PlacedBox:
    """The box, moved back into its page if it would leave it."""
    displayed = page.geometry.displayed
    if wanted.width > displayed.width or wanted.height > displayed.height:
        raise CallerError(
            "box_too_large",
            f"a seal of {wanted.width:g} x {wanted.height:g} pt does not fit page {page.number} "
            f"of {displayed.width:g} x {displayed.height:g} pt",
        )
    rect = wanted.moved_inside(displayed)
    return PlacedBox(Box(page.number, rect, moved=rect != wanted), page)


def _check_touches(rect: Rect, page: Page, displayed: Rect) -> None:
    """The rectangle, which may be a point, must have something in common with the page."""
    apart_x = rect.left > displayed.right or rect.right < displayed.left
    if apart_x or rect.bottom > displayed.top or rect.top < displayed.bottom:
        raise CallerError(
            "box_outside_page",
            f"the place {_show(rect)} is outside page {page.number}, displayed as {_show(displayed)}",
        )


def _show(rect: Rect) -> str:
    return f"{rect.left:g},{rect.bottom:g},{rect.right:g},{rect.top:g}"
