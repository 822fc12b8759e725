"""Answers in the interface's shape, and the writing of those too large to be held twice.

    {"status": 200, "message": "SUCCESS", "transId": …, "data": …}

A `LargeText` stands anywhere in the data for a base64 text that is produced while it is sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pdfseal.adapters.coss.codes import SUCCESS, CossError
from pdfseal.adapters.coss.uploads import Change, Upload, base64_length, base64_of
from pdfseal.adapters.coss.wire import Octets

_ABSENT: Any = object()


class LargeText:
    """The base64 text of an upload with changes, followed by `tail`.

    No dataclass: msgspec would write one by itself.
    """

    def __init__(self, upload: Upload, changes: tuple[Change, ...] = (), tail: bytes = b"") -> None:
        self.upload = upload
        self.changes = changes
        self.tail = tail

    @property
    def length(self) -> int:
        return base64_length(self.upload.size + len(self.tail))

    def pieces(self) -> Iterator[Octets]:
        return base64_of(self.upload, self.changes, self.tail)


@dataclass(frozen=True, slots=True)
class Answer:
    """Success. `extra`: more fields beside `data`, which the manual does not know."""

    data: Any = _ABSENT
    message: str = "SUCCESS"
    extra: dict[str, Any] = field(default_factory=dict)
    code: int = SUCCESS

    def fields(self, trans_id: str | None) -> dict[str, Any]:
        found: dict[str, Any] = {"status": self.code, "message": self.message}
        if trans_id is not None:
            found["transId"] = trans_id
        if self.data is not _ABSENT:
            found["data"] = self.data
        return found | self.extra


def failure(error: CossError, data: Any = None) -> Answer:
    return Answer(code=error.code, message=error.message, data=_ABSENT if data is None else data)


@dataclass(frozen=True, slots=True)
class Body:
    """An encoded answer: its length, and its pieces in order."""

    length: int
    pieces: Iterator[Octets]


def encode(answer: Answer, trans_id: str | None) -> Body:
    large: dict[str, LargeText] = {}

    def placeholder(value: Any) -> Any:
        if not isinstance(value, LargeText):
            raise NotImplementedError(f"an answer holds a {type(value).__name__}")
        mark = uuid.uuid4().hex
        large[mark] = value
        return mark

    rest = msgspec.json.encode(answer.fields(trans_id), enc_hook=placeholder)
    parts: list[bytes | LargeText] = []
    for mark, text in large.items():  # in the order in which they were met
        before, _, rest = rest.partition(mark.encode())
        parts += [before, text]
    parts.append(rest)
    length = sum(len(part) if isinstance(part, bytes) else part.length for part in parts)
    return Body(length, _pieces(parts))


def _pieces(parts: list[bytes | LargeText]) -> Iterator[Octets]:
    for part in parts:
        if isinstance(part, bytes):
            yield part
        else:
            yield from part.pieces()
