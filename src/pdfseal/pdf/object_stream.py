"""Object streams: many objects in one compressed stream, each parsed when it is asked for.

Law: a stream that lists an object twice is damaged: readers disagree about which one counts, and a
verdict must not depend on the reader. Counts are bounded before anything is split or parsed.

Reference: ISO 32000-2, 7.5.7.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pdfseal.errors import DocumentError
from pdfseal.pdf.syntax import Dictionary, Name, Parser, Value, damaged

MAX_OBJECTS = 1_000_000
_MAX_DIRECTORY_BYTES = 24 * MAX_OBJECTS


@dataclass(frozen=True, slots=True)
class ObjectStream:
    """The decoded stream, and where each object in it begins."""

    decoded: bytes = field(repr=False)
    offsets: dict[int, int] = field(repr=False)

    def value(self, number: int) -> Value:
        """One object; null where the stream does not hold it."""
        offset = self.offsets.get(number)
        return None if offset is None else Parser(self.decoded).value(offset)[0]


def read_object_stream(stream: Dictionary, decoded: bytes, where: str) -> ObjectStream:
    """`N` pairs of object number and offset from `First`, then the objects."""
    count, first = stream.get("N"), stream.get("First")
    if not isinstance(count, int) or not isinstance(first, int) or not 0 <= first <= len(decoded):
        raise damaged(f"{where} has no usable /N and /First")
    if stream.get("Type") != Name("ObjStm") or not 0 <= count <= first:
        raise damaged(f"{where} is not an object stream")
    if count > MAX_OBJECTS or first > _MAX_DIRECTORY_BYTES:
        raise DocumentError("limit_exceeded", f"{where} lists more than {MAX_OBJECTS} objects")
    words = decoded[:first].split()[: 2 * count]
    if len(words) != 2 * count or not all(word.isdigit() and len(word) <= 10 for word in words):
        raise damaged(f"{where} has a damaged directory")
    offsets = {int(n): first + int(at) for n, at in zip(words[::2], words[1::2], strict=True)}
    if len(offsets) != count:
        raise damaged(f"{where} lists an object twice")
    return ObjectStream(decoded, offsets)
