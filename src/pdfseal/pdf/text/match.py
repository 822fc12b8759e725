"""A keyword on a page: chains of characters that follow one another.

    find(layout, Keyword.of("签字"), whole_word=False) -> (((3, 4),), ((17,), (18,)))

Law: a match is a chain, one character of the keyword after the other, where each step is a
neighbour on the line or a wrap to the next. Wide gaps are allowed only where they are even:
letter-spacing is one word, two columns are not. Matches never share a character; what was drawn
twice for a bold look is one match.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice

from pdfseal.errors import CallerError
from pdfseal.pdf.text.fold import BLANK, UNREADABLE, fold
from pdfseal.pdf.text.layout import WIDE_GAP, Layout, Step

MAX_KEYWORD_CHARS = 1_000
# So many places of one character are compared with each other; with more, drawing order alone decides.
_MANY_PLACES = 3_000
_NEAREST = 16  # of these places, so many are looked at more closely
_MOST_TRIED = 8  # chains from one place
_EVEN_EMS, _EVEN_SHARE = 0.3, 0.25

Parts = tuple[tuple[int, ...], ...]  # character indices, one tuple for each line


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword and its folded letters without blanks."""

    text: str
    letters: str

    @classmethod
    def of(cls, text: str) -> Keyword:
        """Raises `argument` for one without a visible character, or too long, or not text."""
        letters = fold(text).replace(BLANK, "")
        if not letters:
            raise CallerError("argument", "a keyword is empty: it has no visible character")
        if len(text) > MAX_KEYWORD_CHARS:
            raise CallerError(
                "argument", f"a keyword has {len(text)} characters, {MAX_KEYWORD_CHARS} are allowed"
            )
        if UNREADABLE in letters or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise CallerError("argument", f"the keyword {text!r} holds a character that is no text")
        return cls(text, letters)

    def spelled(self, page_text: str) -> str:
        """The text of the page with blanks where the keyword has them."""
        spelled, used = "", 0
        for char in self.text.strip():
            if fold(char) == BLANK:
                spelled += " " if not spelled.endswith(" ") else ""
            elif used < len(page_text):
                spelled += page_text[used]
                used += 1
        return (spelled + page_text[used:]).strip()


def may_hold(folded: str, keyword: Keyword) -> bool:
    """Whether all letters of the keyword are on the page at all: a quick no for most pages."""
    return all(letter in folded for letter in set(keyword.letters))


def find(layout: Layout, keyword: Keyword, *, whole_word: bool = False) -> tuple[Parts, ...]:
    """The matches on a page, in drawing order."""
    chains = _Chains(layout, keyword.letters)
    found: list[Parts] = []
    used: set[int] = set()
    for first in chains.places[keyword.letters[0]]:
        start = layout.page.origins[first]
        if start in used or any(layout.is_double(start, one[0][0]) for one in found):
            continue
        for chain, steps in islice(chains.from_place(first), _MOST_TRIED):
            if not used.isdisjoint(chain) or not _even(layout, chain, steps):
                continue
            if whole_word and not _stands_alone(layout, chain):
                continue
            used.update(chain)
            found.append(_parts(chain, steps))
            break
    return tuple(found)


Link = tuple[int, Step | None]  # the folded character that follows, and how


class _Chains:
    """All chains of a page that spell the letters, the likeliest first."""

    def __init__(self, layout: Layout, letters: str) -> None:
        self.places = {letter: _places(layout.page.folded, letter) for letter in set(letters)}
        self._layout = layout
        self._letters = letters
        self._dead: set[tuple[int, int]] = set()  # (letters so far, place): nothing leads on from there

    def from_place(self, first: int) -> Iterator[tuple[list[int], list[Step | None]]]:
        """Chains that begin at one folded character; without recursion, dead ends visited once."""
        origins, last = self._layout.page.origins, len(self._letters) - 1
        path: list[Link] = [(first, None)]
        choices = [iter(self._following(first, 1))] if last else []
        if not last:
            yield [origins[first]], []
        complete = [False]  # for each place on the path, whether a chain went through it
        while choices:
            link = next(choices[-1], None)
            if link is None:
                choices.pop()
                at, _ = path.pop()
                if not complete.pop():
                    self._dead.add((len(path), at))
                continue
            if len(path) == last:
                complete = [True] * len(complete)
                links = [*path, link]
                yield [origins[place] for place, _ in links], [step for _, step in links[1:]]
            elif (len(path), link[0]) not in self._dead:
                path.append(link)
                complete.append(False)
                choices.append(iter(self._following(link[0], len(path))))

    def _following(self, at: int, count: int) -> list[Link]:
        """The successors of a folded character, the nearest on its line first, wide gaps last."""
        layout, letter = self._layout, self._letters[count]
        folded, origins = layout.page.folded, layout.page.origins
        here, after = origins[at], at + 1
        while after < len(folded) and folded[after] == BLANK:
            after += 1
        found: list[tuple[float, Link]] = []
        if after < len(folded) and folded[after] == letter:
            # two parts of one character, such as a ligature, are no step apart
            step = None if origins[after] == here else layout.step(here, origins[after])
            if (step is None and origins[after] == here) or (step is not None and step.tight):
                return [(after, step)]
        elif after < len(folded) and layout.followed_by(here, origins[after]):
            return []
        places = self.places[letter]
        if len(places) > _MANY_PLACES:
            places = [after] if after in places else []
        layout.count_steps(len(places))
        near = nsmallest(_NEAREST, places, key=lambda place: layout.distance(here, origins[place]))
        near += [place for place in places if layout.one_line_below(here, origins[place])]
        for place in dict.fromkeys(near):
            if origins[place] != here and (step := layout.step(here, origins[place])) is not None:
                rank = step.gap if step.tight else WIDE_GAP if step.kind == "wrap" else WIDE_GAP + step.gap
                found.append((rank, (place, step)))
        found.sort(key=lambda item: item[0])
        kept: list[Link] = []
        for _, link in found:
            if not any(layout.is_double(origins[link[0]], origins[other]) for other, _ in kept):
                kept.append(link)
        return kept


def _places(folded: str, letter: str) -> list[int]:
    found, at = [], folded.find(letter)
    while at >= 0:
        found.append(at)
        at = folded.find(letter, at + 1)
    return found


def _even(layout: Layout, chain: list[int], steps: list[Step | None]) -> bool:
    """Whether the wide gaps of a match are even, line by line."""
    line: list[tuple[int, int, Step]] = []
    for index, step in enumerate([*steps, Step("wrap")]):
        if step is None:
            continue
        if step.kind == "line":
            line.append((chain[index], chain[index + 1], step))
            continue
        if not _even_line(layout, line):
            return False
        line = []
    return True


def _even_line(layout: Layout, line: list[tuple[int, int, Step]]) -> bool:
    if not any(step.wide for _, _, step in line):
        return True
    gaps = [step.gap for _, _, step in line]
    if len(gaps) > 1:
        return _alike(min(gaps), max(gaps))
    p, q, _ = line[0]
    frame = layout.frame(layout.direction(p))
    for index, step in ((p, -1), (q, 1)):
        other = layout.neighbour(frame, index, step, WIDE_GAP)
        if other is None or not layout.letters[other].isalnum():
            continue
        pair = (other, index) if step < 0 else (index, other)
        if not _alike((frame.start[pair[1]] - frame.end[pair[0]]) / layout.em(frame, index), gaps[0]):
            return False
    return True


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= max(_EVEN_EMS, _EVEN_SHARE * max(one, other))


def _stands_alone(layout: Layout, chain: list[int]) -> bool:
    """Whether no letter or digit touches the match before its first or after its last character."""
    for index, step in ((chain[0], -1), (chain[-1], 1)):
        other = layout.neighbour(layout.frame(layout.direction(index)), index, step, 0.15)
        if other is not None and layout.letters[other].isalnum():
            return False
    return True


def _parts(chain: list[int], steps: list[Step | None]) -> Parts:
    parts = [[chain[0]]]
    for index, step in zip(chain[1:], steps, strict=True):
        if step is None:
            continue
        if step.kind == "wrap":
            parts.append([])
        parts[-1].append(index)
    return tuple(map(tuple, parts))
