"""Which character follows which on a page, judged by where they stand.

Law: geometry decides, drawing order only helps: a producer may draw a line in any order and in
any number of operators. `q` follows `p` on a line when nothing visible stands between them, and
over a line wrap when `p` ends its line, `q` begins the next one, and both are in one column.
Whatever the direction of writing, everything is computed as if it ran to the right: a `Frame`
turns the page for one direction.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

from pdfseal.errors import DocumentError
from pdfseal.pdf.text.fold import BLANK, fold
from pdfseal.pdf.text.pages import PageText

# All in ems, the width of an ideograph.
TIGHT_GAP = 0.65  # characters nearer than this belong together
_WORD_GAP = 0.85  # and so do words of Latin and other small letters
WIDE_GAP = 4.0  # farther than this they never do
_SPACED_GAP = 4.0  # what blanks that are typed may bridge
_SEGMENT_GAP = 1.2  # a larger gap parts a line into segments: columns, table cells
# and so does a smaller one that is not tight, where the gap on the character's other side is so much smaller
_GUTTER_SHARE, _GUTTER_EMS = 0.5, 0.15
_LINE_PITCH = (0.7, 2.75)  # distance of two lines of one paragraph
_INDENT = 4.0
_DOUBLE = 0.3  # the same character twice within this is a fake bold double
MAX_STEPS = 30_000_000  # character comparisons on one page

Direction = tuple[int, int]
RIGHT: Direction = (1, 0)


@dataclass(frozen=True, slots=True)
class Step:
    """How a character follows another. `gap` is the free space between them in ems, along the line.

    `wide`: too much for one word, unless all its gaps are like it.
    """

    kind: Literal["line", "wrap"]
    gap: float = 0.0
    wide: bool = False

    @property
    def tight(self) -> bool:
        return self.kind == "line" and not self.wide


class Numbers(Protocol):
    """One number for each character."""

    def __getitem__(self, index: int, /) -> float: ...


class _Negative:
    """The same numbers with the other sign, without a copy: most pages are asked about few characters."""

    def __init__(self, values: Numbers) -> None:
        self._values = values

    def __getitem__(self, index: int, /) -> float:
        return -self._values[index]


@dataclass(frozen=True)
class Frame:
    """All characters as if writing ran to the right; upper and lower edge grow downward."""

    start: Numbers
    end: Numbers
    upper: Numbers
    lower: Numbers
    letters: str
    # answers that are asked for again: (question, character, step)
    known: dict[tuple[str, int, int], int] = field(default_factory=dict)

    def middle(self, index: int) -> float:
        """Where the character's middle is across the line."""
        return (self.upper[index] + self.lower[index]) / 2

    def centre(self, index: int) -> float:
        return (self.start[index] + self.end[index]) / 2

    def height(self, index: int) -> float:
        return self.lower[index] - self.upper[index]

    @cached_property
    def _by_middle(self) -> tuple[list[int], list[float]]:
        visible = (index for index, letter in enumerate(self.letters) if letter != BLANK)
        order = sorted(visible, key=self.middle)
        return order, [self.middle(index) for index in order]

    def between(self, above: float, below: float) -> list[int]:
        """The visible characters whose middle is between two heights."""
        order, middles = self._by_middle
        return order[bisect_left(middles, above) : bisect_right(middles, below)]


class Layout:
    """Neighbourhood questions about one page."""

    def __init__(self, page: PageText) -> None:
        self.page = page
        self.letters = (
            page.folded if isinstance(page.origins, range) else "".join(fold(c)[0] for c in page.text)
        )
        self._edges = page.edges()
        self._frames: dict[Direction, Frame] = {}
        self._directions: dict[int, Direction] = {}
        self._steps = 0

    def drawn_after(self, index: int) -> int | None:
        """The next visible character in drawing order."""
        return self._drawn(index, 1)

    def _drawn(self, index: int, step: int) -> int | None:
        index += step
        while 0 <= index < len(self.letters):
            if self.letters[index] != BLANK:
                return index
            index += step
        return None

    # -- directions -----------------------------------------------------------------------

    def direction(self, index: int) -> Direction:
        """The direction of writing at a character, by its nearest neighbour in drawing order."""
        if index not in self._directions:
            self._directions[index] = self._direction(index)
        return self._directions[index]

    def _direction(self, index: int) -> Direction:
        left, bottom, right, top = self._edges
        best, found = 2.5, RIGHT  # a neighbour farther away tells nothing
        for step in (1, -1):
            other = self._drawn(index, step)
            if other is None:
                continue
            dx = step * (left[other] + right[other] - left[index] - right[index]) / 2
            dy = step * (bottom[other] + top[other] - bottom[index] - top[index]) / 2
            em = max(right[index] - left[index], top[index] - bottom[index], 0.1)
            distance = max(abs(dx), abs(dy)) / em
            if 0.05 < distance < best and min(abs(dx), abs(dy)) < 0.6 * max(abs(dx), abs(dy)):
                best = distance
                found = ((1 if dx > 0 else -1), 0) if abs(dx) >= abs(dy) else (0, (1 if dy > 0 else -1))
        return found

    def frame(self, direction: Direction) -> Frame:
        if direction not in self._frames:
            left, bottom, right, top = self._edges
            down, up, back, forth = map(_Negative, (bottom, top, right, left))
            turned: dict[Direction, tuple[Numbers, Numbers, Numbers, Numbers]] = {
                (1, 0): (left, right, up, down),
                (-1, 0): (back, forth, bottom, top),
                (0, 1): (bottom, top, left, right),
                (0, -1): (up, down, back, forth),
            }
            self._frames[direction] = Frame(*turned[direction], self.letters)
        return self._frames[direction]

    def em(self, frame: Frame, index: int) -> float:
        """The width of an ideograph at a character's size; for other letters their full height."""
        width, height = frame.end[index] - frame.start[index], frame.height(index)
        return max(width if self._is_wide(index) and width > 0.5 * height else height, 0.1)

    def _is_wide(self, index: int) -> bool:
        """Whether a character is an ideograph or a mark as wide as one."""
        return self.page.text[index] >= "\u2e80"

    # -- who follows whom -----------------------------------------------------------------

    def step(self, p: int, q: int) -> Step | None:
        """How `q` follows `p`, None where it does not."""
        if q == p + 1 and self._one_glyph(p, q):
            return Step("line")
        direction = self.direction(p)
        directions = [direction] if direction in (RIGHT, (0, -1)) else [direction, RIGHT]
        if self.direction(q) not in directions:
            directions.append(self.direction(q))
        for one in directions:
            found = self._on_line(self.frame(one), p, q)
            if found is not None:
                return found
        if self._slanted(p, q):
            return Step("line")
        return self._over_wrap(self.frame(direction), p, q)

    def followed_by(self, p: int, q: int) -> bool:
        """Whether `q`, drawn after `p`, also stands right after it, so that nothing else can."""
        if self.letters[q] == "-" or self.is_double(p, q):
            return False
        direction = self.direction(p)
        step = self._on_line(self.frame(RIGHT if direction[0] else direction), p, q)
        return step is not None and step.tight

    def one_line_below(self, p: int, q: int) -> bool:
        """Whether `q` stands where the line after that of `p` may be."""
        frame = self.frame(self.direction(p))
        pitch = frame.middle(q) - frame.middle(p)
        em = min(self.em(frame, p), self.em(frame, q))
        return _LINE_PITCH[0] * em <= pitch <= _LINE_PITCH[1] * em and frame.start[q] < frame.end[p]

    def distance(self, p: int, q: int) -> float:
        left, bottom, right, top = self._edges
        return abs(left[p] + right[p] - left[q] - right[q]) + abs(bottom[p] + top[p] - bottom[q] - top[q])

    def is_double(self, p: int, q: int) -> bool:
        """Whether the same character was drawn twice at almost the same place."""
        if self.letters[p] != self.letters[q]:
            return False
        left, bottom, right, top = self._edges
        reach = _DOUBLE * max(right[p] - left[p], top[p] - bottom[p])
        return abs(left[p] - left[q]) < reach and abs(bottom[p] - bottom[q]) < reach

    def _one_glyph(self, p: int, q: int) -> bool:
        """Whether one glyph shows both characters, as a ligature does."""
        boxes = self.page.user_boxes
        return boxes[4 * p : 4 * p + 4] == boxes[4 * q : 4 * q + 4]

    def _on_line(self, frame: Frame, p: int, q: int) -> Step | None:
        em = max(self.em(frame, p), self.em(frame, q))
        gap = frame.start[q] - frame.end[p]
        if (
            not -0.7 * em <= gap <= (WIDE_GAP + _SPACED_GAP) * em
            or frame.centre(q) - frame.centre(p) < 0.1 * em
        ):
            return None
        if not self._aligned(frame, p, q) or self._blocked(frame, p, q, gap, em):
            return None
        free = (gap - self._typed_blanks(frame, p, q, em)) / em
        return Step("line", free, free > self._word_gap(p, q)) if free <= WIDE_GAP else None

    def _word_gap(self, p: int, q: int) -> float:
        return TIGHT_GAP if self._is_wide(p) or self._is_wide(q) else _WORD_GAP

    def _aligned(self, frame: Frame, p: int, q: int) -> bool:
        """Whether two characters stand on one line, at sizes that go together."""
        hp, hq = frame.height(p), frame.height(q)
        larger = max(hp, hq)
        return abs(frame.middle(p) - frame.middle(q)) <= 0.35 * larger and min(hp, hq) >= 0.3 * larger

    def _blocked(self, frame: Frame, p: int, q: int, gap: float, em: float) -> bool:
        """Whether something visible stands between the two."""
        if gap < 0.1 * em:
            return False
        after = self.drawn_after(p)
        while after is not None and after < q and (self.is_double(p, after) or self.is_double(q, after)):
            after = self.drawn_after(after)
        if after == q:
            return False
        low, high = frame.centre(p), frame.centre(q)
        return any(
            low < frame.centre(k) < high and not self.is_double(p, k) and not self.is_double(q, k)
            for k in self._row(frame, p)
        )

    def _typed_blanks(self, frame: Frame, p: int, q: int, em: float) -> float:
        """The width of the blanks that are characters of the page, drawn between the two."""
        if not p < q <= p + 64:
            return 0.0
        between = range(p + 1, q)
        if any(self.letters[k] != BLANK for k in between):
            return 0.0
        return min(sum(frame.end[k] - frame.start[k] for k in between), _SPACED_GAP * em)

    def _slanted(self, p: int, q: int) -> bool:
        """Whether `q` stands next to `p` at an angle: drawn next, and near."""
        if self.drawn_after(p) != q:
            return False
        left, bottom, right, top = self._edges
        dx = abs(left[p] + right[p] - left[q] - right[q]) / 2
        dy = abs(bottom[p] + top[p] - bottom[q] - top[q]) / 2
        em = max(right[p] - left[p], top[p] - bottom[p], right[q] - left[q], top[q] - bottom[q])
        return min(dx, dy) > 0.15 * em and dx < 0.9 * em and dy < 0.9 * em and self._overlap(p, q)

    def _overlap(self, p: int, q: int) -> bool:
        left, bottom, right, top = self._edges
        return left[p] < right[q] and left[q] < right[p] and bottom[p] < top[q] and bottom[q] < top[p]

    def _over_wrap(self, frame: Frame, p: int, q: int) -> Step | None:
        if not self.one_line_below(p, q):
            return None
        em = max(self.em(frame, p), self.em(frame, q))
        if min(frame.height(p), frame.height(q)) < 0.6 * max(frame.height(p), frame.height(q)):
            return None
        last = self._hyphenated(frame, p, em)
        if not self._ends_segment(frame, last, 1) or not self._ends_segment(frame, q, -1):
            return None
        first, end = self._segment(frame, p, -1), self._segment(frame, q, 1)
        if not self._one_column(frame, (first, last), (q, end), em) or self._line_between(frame, p, q, em):
            return None
        return Step("wrap")

    def _hyphenated(self, frame: Frame, p: int, em: float) -> int:
        """The hyphen that ends the line after `p`, else `p` itself."""
        after = self.neighbour(frame, p, 1, TIGHT_GAP)
        return after if after is not None and self.letters[after] == "-" else p

    def _one_column(self, frame: Frame, upper: tuple[int, int], lower: tuple[int, int], em: float) -> bool:
        """Whether two segments, given by first and last character, are lines of one paragraph."""
        left, right = frame.start[upper[0]], frame.end[upper[1]]
        below_left, below_right = frame.start[lower[0]], frame.end[lower[1]]
        if below_left >= right or below_right <= left:
            return False
        return (
            abs(below_left - left) <= _INDENT * em
            or abs(below_right - right) <= em
            or abs(below_left + below_right - left - right) <= 2 * em
        )

    def _line_between(self, frame: Frame, p: int, q: int, em: float) -> bool:
        """Whether another line of the column runs between the lines of `p` and `q`."""
        above, below = frame.middle(p) + 0.4 * em, frame.middle(q) - 0.4 * em
        if below - above < 0.4 * em:
            return False
        left, right = frame.start[q], frame.end[p]
        between = frame.between(above, below)
        self.count_steps(len(between))
        return any(frame.start[k] < right and frame.end[k] > left for k in between)

    def neighbour(self, frame: Frame, index: int, step: int, reach: float) -> int | None:
        """The nearest visible character after (1) or before (-1) one on its line, within `reach` ems."""
        centre, em = frame.centre(index), self.em(frame, index)
        found, nearest = None, reach * em
        for k in self._row(frame, index):
            if (frame.centre(k) - centre) * step <= 0:
                continue
            gap = frame.start[k] - frame.end[index] if step > 0 else frame.start[index] - frame.end[k]
            if gap <= nearest and not self.is_double(index, k):
                found, nearest = k, gap
        return found

    def _ends_segment(self, frame: Frame, index: int, step: int) -> bool:
        """Whether a segment of a line ends with (1) or begins with (-1) a character."""
        key = ("ends", index, step)
        if key not in frame.known:
            frame.known[key] = self._judge_end(frame, index, step)
        return bool(frame.known[key])

    def _judge_end(self, frame: Frame, index: int, step: int) -> bool:
        after = self.neighbour(frame, index, step, _SEGMENT_GAP)
        if after is None:
            return True
        before = self.neighbour(frame, index, -step, _SEGMENT_GAP)
        inner = None if before is None else self._gap(frame, index, before, -step)
        return self._parts(index, after, self._gap(frame, index, after, step), inner)

    def _gap(self, frame: Frame, index: int, other: int, step: int) -> float:
        """The free space from a character to one after (1) or before (-1) it, in ems."""
        free = frame.start[other] - frame.end[index] if step > 0 else frame.start[index] - frame.end[other]
        return free / self.em(frame, index)

    def _parts(self, index: int, other: int, gap: float, inner: float | None) -> bool:
        """Whether the gap between two characters parts a line, given the gap before it."""
        if gap > _SEGMENT_GAP:
            return True
        return (
            gap > self._word_gap(index, other)
            and inner is not None
            and inner < _GUTTER_SHARE * gap - _GUTTER_EMS
        )

    def _segment(self, frame: Frame, index: int, step: int) -> int:
        """The last (1) or first (-1) character of the segment of a line."""
        key = ("segment", index, step)
        if key not in frame.known:
            frame.known[key] = self._find_segment(frame, index, step)
        return frame.known[key]

    def _find_segment(self, frame: Frame, index: int, step: int) -> int:
        row = sorted(self._row(frame, index), key=frame.centre, reverse=step < 0)
        end = index
        inner: float | None = None
        for k in row:
            if (frame.centre(k) - frame.centre(end)) * step <= 0:
                continue
            gap = self._gap(frame, end, k, step)
            if self._parts(end, k, gap, inner):
                break
            end, inner = k, gap
        return end

    # -- bounds ---------------------------------------------------------------------------

    def count_steps(self, count: int) -> None:
        """Raises `limit_exceeded` on a page made to be slow."""
        self._steps += count
        if self._steps > MAX_STEPS:
            raise DocumentError(
                "limit_exceeded", f"page {self.page.number} is too dense to be searched within bounds"
            )

    def _row(self, frame: Frame, index: int) -> list[int]:
        """The visible characters on the line of one."""
        # sizes that go together differ by 1 : 0.3, and middles by 0.35 of the larger
        reach = 1.2 * frame.height(index)
        near = frame.between(frame.middle(index) - reach, frame.middle(index) + reach)
        self.count_steps(len(near))
        return [k for k in near if self._aligned(frame, index, k)]
