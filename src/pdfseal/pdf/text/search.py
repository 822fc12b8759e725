"""Keywords in a document: which pages, which matches, in which order.

    search(texts, ["签字", "盖章"], pages="odd") -> Located(matches, unreadable)

Law: one pass over the pages for all keywords. Matches outside the page as displayed are none.
Numbers are given in reading order over all keywords, so that a picture with numbers on it, the
list and the n-th that a person asks for agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pdfseal.errors import CallerError
from pdfseal.geometry import Rect
from pdfseal.pdf.page_ranges import PageSelection, page_numbers
from pdfseal.pdf.text.fold import joined
from pdfseal.pdf.text.layout import Layout
from pdfseal.pdf.text.match import Keyword, Parts, find, may_hold
from pdfseal.pdf.text.pages import PageText, PageTexts

Order = Literal["all", "asc", "desc"]
ORDERS: tuple[Order, ...] = ("all", "asc", "desc")
MAX_KEYWORDS = 1_000
Progress = Callable[[int, int], None]  # pages done, pages to do


@dataclass(frozen=True, slots=True)
class MatchPart:
    """The part of a match that stands on one line: its box in displayed page space, its text."""

    rect: Rect
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """A keyword found. `number` counts from 1 in reading order; a wrapped match has several parts."""

    number: int
    keyword: str
    page: int
    parts: tuple[MatchPart, ...]

    @property
    def rect(self) -> Rect:
        """Where a seal goes: the last part."""
        return self.parts[-1].rect

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Located:
    """The matches, and the pages that have characters no reader could name: (page, how many)."""

    matches: tuple[Match, ...]
    unreadable: tuple[tuple[int, int], ...] = ()

    def __iter__(self) -> Iterator[Match]:
        return iter(self.matches)

    def __len__(self) -> int:
        return len(self.matches)


def search(
    texts: PageTexts,
    keywords: Sequence[str],
    *,
    pages: PageSelection = "all",
    order: Order = "all",
    nth: int | None = None,
    whole_word: bool = False,
    require_all: bool = True,
    progress: Progress | None = None,
) -> Located:
    """All matches, or with `nth` the n-th of each keyword, from the front (`asc`) or the back (`desc`).

    The result is in reading order, with `desc` in the opposite one. Every keyword must be found
    (`keyword_not_found`) unless `require_all` is False. Also raises `argument`, `page_out_of_range`.
    """
    wanted = _keywords(keywords)
    if order not in ORDERS:
        raise CallerError("argument", f"the order {order!r} is none of {', '.join(ORDERS)}")
    if nth is not None and nth < 1:
        raise CallerError("argument", f"matches are counted from 1, not from {nth}")
    numbers = page_numbers(pages, texts.count)
    found: list[Match] = []
    unreadable: list[tuple[int, int]] = []
    for done, number in enumerate(numbers, start=1):
        page = texts.page(number)
        if page.unreadable:
            unreadable.append((number, page.unreadable))
        found += _on_page(page, wanted, whole_word)
        if progress is not None:
            progress(done, len(numbers))
    numbered = [replace(match, number=number) for number, match in enumerate(found, start=1)]
    if require_all:
        _check_all_found(wanted, numbered, numbers, nth, unreadable)
    chosen = _chosen(numbered, wanted, order, nth)
    return Located(tuple(chosen), tuple(unreadable))


def _keywords(keywords: Sequence[str]) -> tuple[Keyword, ...]:
    if isinstance(keywords, str):
        keywords = (keywords,)
    if not 1 <= len(keywords) <= MAX_KEYWORDS:
        raise CallerError("argument", f"give 1 to {MAX_KEYWORDS} keywords, not {len(keywords)}")
    return tuple(Keyword.of(text) for text in dict.fromkeys(keywords))


def _on_page(page: PageText, keywords: Iterable[Keyword], whole_word: bool) -> list[Match]:
    layout: Layout | None = None
    found: list[Match] = []
    for keyword in keywords:
        if not may_hold(page.folded, keyword):
            continue
        layout = layout or Layout(page)
        matches = (_match(page, keyword, parts) for parts in find(layout, keyword, whole_word=whole_word))
        found += (match for match in matches if _displayed(match, page))
    return _in_reading_order(found)


def _match(page: PageText, keyword: Keyword, parts: Parts) -> Match:
    boxes = tuple(
        MatchPart(_around(page, part), joined("".join(page.text[i] for i in part))) for part in parts
    )
    if len(boxes) == 1:
        boxes = (replace(boxes[0], text=keyword.spelled(boxes[0].text)),)
    return Match(0, keyword.text, page.number, boxes)


def _around(page: PageText, indices: Sequence[int]) -> Rect:
    rects = [page.rect(index) for index in indices]
    return Rect(
        min(r.left for r in rects), min(r.bottom for r in rects),
        max(r.right for r in rects), max(r.top for r in rects),
    )  # fmt: skip


def _displayed(match: Match, page: PageText) -> bool:
    """Whether the middle of every part is on the page as it is displayed."""
    shown = page.geometry.displayed
    centres = [part.rect.centre for part in match.parts]
    return all(0 <= c.x <= shown.right and 0 <= c.y <= shown.top for c in centres)


def _in_reading_order(matches: list[Match]) -> list[Match]:
    """Lines from top to bottom, each from left to right."""
    lines: list[list[Match]] = []
    for match in sorted(matches, key=lambda match: -match.parts[0].rect.centre.y):
        first = match.parts[0].rect
        above = lines[-1][0].parts[0].rect if lines else None
        reach = 0.0 if above is None else 0.5 * min(above.height, first.height)
        if above is not None and above.centre.y - first.centre.y <= reach:
            lines[-1].append(match)
        else:
            lines.append([match])
    return [match for line in lines for match in sorted(line, key=lambda match: match.parts[0].rect.left)]


def _check_all_found(
    keywords: tuple[Keyword, ...],
    matches: list[Match],
    pages: tuple[int, ...],
    nth: int | None,
    unreadable: list[tuple[int, int]],
) -> None:
    counts = {keyword.text: sum(match.keyword == keyword.text for match in matches) for keyword in keywords}
    missing = [text for text, count in counts.items() if not count]
    if missing:
        words = ", ".join(f"{text!r}" for text in missing)
        message = f"{words} {'is' if len(missing) == 1 else 'are'} not on {show_pages(pages)}"
        if unreadable:
            blind = show_pages(tuple(page for page, _ in unreadable))
            message += f"; on {blind} there is text whose font does not say which characters it shows"
        raise CallerError("keyword_not_found", message)
    for text, count in counts.items():
        if nth is not None and count < nth:
            raise CallerError(
                "keyword_not_found",
                f"{text!r} is {count} times on {show_pages(pages)}, match {nth} was asked for",
            )


def _chosen(
    matches: list[Match], keywords: tuple[Keyword, ...], order: Order, nth: int | None
) -> list[Match]:
    ordered = matches[::-1] if order == "desc" else matches
    if nth is None:
        return ordered
    kept: set[int] = set()
    for keyword in keywords:
        own = [match.number for match in ordered if match.keyword == keyword.text]
        kept.update(own[nth - 1 : nth])
    return [match for match in ordered if match.number in kept]


def show_pages(numbers: Sequence[int]) -> str:
    """`page 3`, `pages 1-4, 7`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans[:20])
    return f"page{'s' if len(numbers) > 1 else ''} {shown}{', ...' if len(spans) > 20 else ''}"
