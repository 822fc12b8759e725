"""Which pages a person means: `all`, `odd`, `even`, `1-3,6-10`, `5-` (to the last page).

Law: pages are counted from 1. A page that does not exist is an error and never ignored.
"""

from __future__ import annotations

import re

from pdfseal.errors import CallerError

_SPAN = re.compile(r"(\d{1,7})(?:(-)(\d{1,7})?)?")
_WORDS = {"all": (1, 1), "odd": (1, 2), "even": (2, 2)}

PageSelection = str | int | tuple[int, ...]


def page_numbers(selection: PageSelection, count: int) -> tuple[int, ...]:
    """The chosen pages of a document of `count` pages, ascending, each once.

    `selection` is a text as above, one number, or a tuple of numbers. Raises `argument` for text that
    is none of these or chooses nothing, `page_out_of_range` for a page that is not there.
    """
    if isinstance(selection, str):
        chosen = _of_text(selection.strip().lower(), count)
    else:
        chosen = set((selection,) if isinstance(selection, int) else selection)
    if not chosen:
        raise CallerError("argument", f"no page of {count} is chosen by {selection!r}")
    for number in (min(chosen), max(chosen)):
        if not 1 <= number <= count:
            raise CallerError(
                "page_out_of_range", f"page {number} does not exist: the document has {count} pages"
            )
    return tuple(sorted(chosen))


def _of_text(text: str, count: int) -> set[int]:
    if text in _WORDS:
        start, step = _WORDS[text]
        return set(range(start, count + 1, step))
    chosen: set[int] = set()
    for part in text.split(","):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise CallerError(
                "argument", f"{text!r} names no pages: write all, odd, even, or numbers such as 1-3,6-10"
            )
        first = int(match[1])
        last = int(match[3]) if match[3] else count if match[2] else first
        if last < first and match[3]:
            raise CallerError("argument", f"the page range {part.strip()!r} runs backwards")
        # the ends are enough to notice a page that is not there, and keep a huge range small
        chosen |= set(range(first, min(last, count) + 1)) | {first, last}
    return chosen
