"""Object streams: many objects in one compressed stream, each parsed when it is asked for.

Law: a stream that lists an object twice is damaged: readers disagree about which one counts, and a
verdict must not depend on the reader. Counts are bounded before anything is split or parsed.

Reference: ISO 32000-2, 7.5.7.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from pdfseal.pdf.limits import PER_VALUE, Work
from pdfseal.pdf.syntax import Dictionary, Name, Parser, Value, damaged
from pdfseal.pdf.xref import MAX_OBJECT_NUMBER

_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class ObjectStream:
    """The decoded stream, and where each object in it begins."""

    decoded: bytes = field(repr=False)
    offsets: dict[int, int] = field(repr=False)
    numbers: tuple[int, ...] = field(repr=False)
    starts: tuple[int, ...] = field(repr=False)  # in order
    regular: bool  # its directory is numbers and white space alone, in order
    work: Work = field(repr=False)

    def stands(self, number: int, place: int) -> bool:
        """Whether an object stands at a place of the directory, in a stream that all readers read alike.

        Some look for the number, others count to the place.
        """
        return self.regular and 0 <= place < len(self.numbers) and self.numbers[place] == number

    def span(self, number: int) -> tuple[int, int] | None:
        """Where an object begins in the decoded stream and the next one does; None for one not there."""
        start = self.offsets.get(number)
        if start is None:
            return None
        index = bisect_right(self.starts, start)
        return start, self.starts[index] if index < len(self.starts) else len(self.decoded)

    def value(self, number: int) -> tuple[Value, int]:
        """One object, null where the stream does not hold it; and how many values it is made of."""
        offset = self.offsets.get(number)
        if offset is None:
            return None, 0
        parser = Parser(self.decoded, work=self.work)
        return parser.value(offset)[0], parser.items


def read_object_stream(stream: Dictionary, decoded: bytes, where: str, work: Work) -> ObjectStream:
    """`N` pairs of object number and offset from `First`, then the objects."""
    count, first = stream.get("N"), stream.get("First")
    if not isinstance(count, int) or not isinstance(first, int) or not 0 <= first <= len(decoded):
        raise damaged(f"{where} has no usable /N and /First")
    if stream.get("Type") != Name("ObjStm") or not 0 <= count <= first:
        raise damaged(f"{where} is not an object stream")
    if count > work.limits.packed_objects:
        raise work.limits.exceeded("packed_objects", f"{where} lists {count} objects")
    work.spend(PER_VALUE * count)
    words = decoded[:first].split(maxsplit=2 * count)[: 2 * count]  # more may follow, and is ignored
    if len(words) != 2 * count or not all(word.isdigit() and len(word) <= _MOST_DIGITS for word in words):
        raise damaged(f"{where} has a damaged directory")
    offsets = {int(n): first + int(at) for n, at in zip(words[::2], words[1::2], strict=True)}
    if len(offsets) != count:
        raise damaged(f"{where} lists an object twice")
    starts = list(offsets.values())
    regular = (
        len(decoded[:first].split()) == 2 * count
        and not decoded[:first].translate(None, delete=b"0123456789\x00\t\n\f\r ")
        and starts == sorted(set(starts))
        and max(offsets, default=0) <= MAX_OBJECT_NUMBER
    )
    return ObjectStream(decoded, offsets, tuple(offsets), tuple(sorted(starts)), regular, work)
