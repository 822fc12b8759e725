"""The values that stand between the steps: a PreparedSeal before the signature, a Patch after it.

    prepare -> PreparedSeal --(signed outside)--> compose -> Patch

Law: frozen, and complete without the original: a session file carries a PreparedSeal to another
process or another day. It holds no secret.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, BinaryIO

from pdfseal.arguments import checked
from pdfseal.errors import CallerError, PdfsealError, RefusedError
from pdfseal.geometry import Rect
from pdfseal.pdf.source import (
    BytesSource,
    FileSource,
    Source,
    copy_into,
    is_file_of,
    opened,
    patch_in_place,
    write_atomically,
    write_together,
)
from pdfseal.pki.certificate import Certificate
from pdfseal.placement import WHOLE, Box

SESSION_SCHEMA = 1
Pdf = bytes | bytearray | memoryview | str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the original is, for `write` and `pdf_bytes`; `stamp` tells whether a file changed since."""

    pdf: Pdf = field(repr=False)
    stamp: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class PreparedSeal:
    """A prepared PDF, without the original: what was appended, and what is to be signed.

    `base_length`: bytes of the original. `byte_range`: `/ByteRange`. `hole`: (offset of `<`,
    length in bytes with both brackets) in the prepared PDF. `hash_bytes`: the digest over the
    ByteRange by `digest_algorithm`. `hash_set_bytes`: what the outside signer signs, and
    `hash_set_hash_bytes` its digest by `signature_scheme` (for SM2 that is e). `timestamp_demanded`: the
    field asks for one. `certificates`:
    the signer's, then its chain. `when`: UTC. `notes`: what the caller should know.
    """

    base_length: int
    appended: bytes = field(repr=False)
    byte_range: tuple[int, int, int, int]
    hole: tuple[int, int]
    field_name: str
    boxes: tuple[Box, ...]
    scheme: str
    signature_scheme: str
    digest_algorithm: str
    hash_bytes: bytes = field(repr=False)
    hash_set_bytes: bytes = field(repr=False)
    hash_set_hash_bytes: bytes = field(repr=False)
    certificates: tuple[Certificate, ...] = field(repr=False)
    when: datetime
    notes: tuple[str, ...] = ()
    timestamp_demanded: bool = False
    origin: Origin | None = field(default=None, repr=False, compare=False)

    @property
    def total_length(self) -> int:
        """Bytes of the prepared and of the sealed PDF."""
        return self.base_length + len(self.appended)

    # -- the prepared PDF -----------------------------------------------------------------

    @checked
    def pdf_bytes(self, pdf: Pdf | None = None) -> bytes:
        """The whole prepared PDF. `pdf` is the original where this value came from a session file."""
        with self._original(pdf) as source:
            return source.read(0, self.base_length) + self.appended

    @checked
    def write(
        self,
        path: str | os.PathLike[str],
        pdf: Pdf | None = None,
        *,
        patch: Patch | None = None,
        beside: Mapping[str, bytes] | None = None,
        in_place: bool = False,
        sync: bool = True,
    ) -> None:
        """Write the prepared PDF, or with its `patch` the sealed one, whole or not at all.

        `beside`: more files by their paths, such as the session; none is there before all are whole.
        `in_place` lets it take the place of the original. `sync` False leaves flushing to the system.
        Raises `source_changed`, `output_exists_as_input`, `not_prepared` for a patch of another seal,
        `file_system`.
        """
        if patch is not None and not patch.fits(self):
            raise RefusedError("not_prepared", "the patch was made for another prepared PDF")
        with self._original(pdf) as source:
            if not in_place:
                _refuse_own_file(source, path)

            def fill(out: BinaryIO) -> None:
                copy_into(source, out, self.base_length)
                out.write(self.appended)
                if patch is not None:
                    out.seek(patch.offset)
                    out.write(patch.data)

            more = [(name, partial(_write, data)) for name, data in (beside or {}).items()]
            write_together([*more, (path, fill)], sync=sync)

    def _original(self, pdf: Pdf | None) -> _Original:
        if pdf is None and self.origin is None:
            raise CallerError(
                "argument", "this PreparedSeal came from a session file: hand in the original PDF"
            )
        return _Original(self, pdf)

    # -- the session file -----------------------------------------------------------------

    def to_json(self) -> str:
        """The session file's text (schema 1)."""
        return json.dumps(
            {
                "pdfseal_session": SESSION_SCHEMA,
                "base_length": self.base_length,
                "appended": _b64(self.appended),
                "byte_range": list(self.byte_range),
                "hole": list(self.hole),
                "field_name": self.field_name,
                "boxes": [box_to_json(box) for box in self.boxes],
                "scheme": self.scheme,
                "signature_scheme": self.signature_scheme,
                "digest_algorithm": self.digest_algorithm,
                "hash_bytes": _b64(self.hash_bytes),
                "hash_set_bytes": _b64(self.hash_set_bytes),
                "hash_set_hash_bytes": _b64(self.hash_set_hash_bytes),
                "certificates": [_b64(certificate.der) for certificate in self.certificates],
                "when": self.when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "notes": list(self.notes),
                "timestamp_demanded": self.timestamp_demanded,
            },
            ensure_ascii=False,
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> PreparedSeal:
        """Read a session file. Raises `session_unreadable` for anything that is not one."""
        try:
            value = json.loads(text)
            schema = _integer(value["pdfseal_session"])
            if schema != SESSION_SCHEMA:
                raise ValueError(f"it has schema {schema}, not {SESSION_SCHEMA}")
            found = cls(
                base_length=_integer(value["base_length"]),
                appended=_unb64(value["appended"]),
                byte_range=_integers(value["byte_range"], 4),  # type: ignore[arg-type]
                hole=_integers(value["hole"], 2),  # type: ignore[arg-type]
                field_name=str(value["field_name"]),
                boxes=tuple(_box_from_json(box) for box in _list(value["boxes"])),
                scheme=str(value["scheme"]),
                signature_scheme=str(value["signature_scheme"]),
                digest_algorithm=str(value["digest_algorithm"]),
                hash_bytes=_unb64(value["hash_bytes"]),
                hash_set_bytes=_unb64(value["hash_set_bytes"]),
                hash_set_hash_bytes=_unb64(value["hash_set_hash_bytes"]),
                certificates=tuple(Certificate.load(_unb64(one)) for one in _list(value["certificates"])),
                when=datetime.strptime(value["when"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
                notes=tuple(str(note) for note in _list(value["notes"])),
                timestamp_demanded=_boolean(value["timestamp_demanded"]),
            )
            found._check_positions()
            return found
        except KeyError as error:
            raise CallerError("session_unreadable", f"the session file has no {error}") from error
        except (TypeError, ValueError, RecursionError, PdfsealError) as error:
            reason = str(error)[:200]
            raise CallerError("session_unreadable", f"the session file cannot be read: {reason}") from error

    def _check_positions(self) -> None:
        """The hole lies in what was appended, full of zeros, and /ByteRange leaves out nothing else.

        A patch is written where the hole is said to be: it must not be sent anywhere else.
        """
        (start, length), end = self.hole, self.total_length
        at = start - self.base_length
        if self.base_length <= 0 or at < 0 or length < 2 or start + length > end:
            raise ValueError("the hole is outside the appended bytes")
        if self.appended[at : at + length] != b"<" + b"0" * (length - 2) + b">":
            raise ValueError("the appended bytes hold no empty signature where the hole should be")
        if self.byte_range != (0, start, start + length, end - start - length):
            raise ValueError("/ByteRange does not fit the hole")

    def with_origin(self, pdf: Pdf, source: Source) -> PreparedSeal:
        """The same, knowing where its original is."""
        stamp = source.stamp if isinstance(source, FileSource) else None
        return replace(self, origin=Origin(pdf, stamp))


class _Original:
    """The original, opened; refuses one that cannot be what was prepared."""

    def __init__(self, prepared: PreparedSeal, pdf: Pdf | None) -> None:
        self._prepared = prepared
        self._stamp = None
        if pdf is None and prepared.origin is not None:
            pdf, self._stamp = prepared.origin.pdf, prepared.origin.stamp
        assert pdf is not None  # PreparedSeal._original checked
        self._manager = opened(pdf)

    def __enter__(self) -> Source:
        source = self._manager.__enter__()
        changed = source.size != self._prepared.base_length
        if isinstance(source, FileSource) and self._stamp is not None:
            changed = changed or source.stamp != self._stamp
        if changed:
            self._manager.__exit__(None, None, None)
            raise RefusedError(
                "source_changed", "the original PDF changed since it was prepared: prepare again"
            )
        return source

    def __exit__(self, *details: Any) -> None:
        self._manager.__exit__(*details)


@dataclass(frozen=True, slots=True)
class Patch:
    """Bytes to write at an offset of the prepared PDF; the file keeps its length.

    `size` is that of the prepared PDF, `tail` what it ends with, the empty hole included: a patch
    goes into no other file. The tail holds the identifier of its preparation; what stands before it
    is not read again, so that patching takes constant time.
    """

    offset: int
    data: bytes = field(repr=False)
    size: int
    tail: bytes = field(repr=False)

    def fits(self, prepared: PreparedSeal) -> bool:
        """Whether it is a patch for this prepared PDF."""
        return self.size == prepared.total_length and prepared.appended.endswith(self.tail)

    def check(self, prepared: Source) -> None:
        """Whether a file is the prepared PDF that the patch was made for. Raises what its writers raise."""
        hole = self.offset - 1, len(self.data) + 2
        check_tail(prepared, self.size, self.tail, hole, filling=self.data)

    @checked
    def applied_to(self, prepared: bytes) -> bytes:
        """The sealed PDF from the prepared one, in memory. Raises `not_prepared`, `hole_not_empty`."""
        self.check(BytesSource(prepared))
        return prepared[: self.offset] + self.data + prepared[self.offset + len(self.data) :]

    @checked
    def write_in_place(self, path: str | os.PathLike[str], *, sync: bool = True) -> None:
        """Turn the prepared file itself into the sealed one; what an interruption left may be written again.

        Raises `not_prepared` for any other file, `hole_not_empty` for one that is sealed, `file_system`.
        """
        patch_in_place(path, self.offset, self.data, check=self.check, sync=sync)

    @checked
    def write(self, prepared: Source, path: str | os.PathLike[str], *, sync: bool = True) -> None:
        """Write the sealed PDF beside the prepared one, whole or not at all.

        Raises `not_prepared`, `hole_not_empty`, `output_exists_as_input`, `file_system`.
        """
        self.check(prepared)
        _refuse_own_file(prepared, path)

        def fill(out: BinaryIO) -> None:
            copy_into(prepared, out, prepared.size)
            out.seek(self.offset)
            out.write(self.data)

        write_atomically(path, fill, sync=sync)


def check_tail(
    source: Source, size: int, tail: bytes, hole: tuple[int, int], *, filling: bytes = b""
) -> None:
    """Whether a file is the prepared PDF of that size that ends so, its hole still empty. Constant time.

    The hole may hold `filling`, or as much of it as an interrupted writer left.
    Raises `not_prepared`, `hole_not_empty`.
    """
    if source.size != size:
        raise RefusedError("not_prepared", f"the file has {source.size} bytes, the prepared PDF has {size}")
    found = source.read(size - len(tail), len(tail))
    if found == tail:
        return
    start = hole[0] - (size - len(tail)) + 1
    end = start + hole[1] - 2
    if found[:start] + tail[start:end] + found[end:] != tail:
        raise RefusedError("not_prepared", "the file is not the PDF that was prepared")
    digits = zip(found[start:end], tail[start:end], filling or tail[start:end], strict=True)
    if any(digit not in (empty, full) for digit, empty, full in digits):
        raise RefusedError("hole_not_empty", "the file holds a signature already")


def _write(data: bytes, out: BinaryIO) -> None:
    out.write(data)


def _refuse_own_file(source: Source, path: str | os.PathLike[str]) -> None:
    if is_file_of(source, path):
        raise CallerError(
            "output_exists_as_input",
            f"{os.fspath(path)} is the file that is read: name another output, or ask for it in place",
        )


def box_to_json(box: Box) -> dict[str, Any]:
    """`{"page", "left", "bottom", "right", "top"}`, points, displayed page space."""
    rect = box.rect
    found = {"page": box.page} | {
        edge: round(getattr(rect, edge), 3) for edge in ("left", "bottom", "right", "top")
    }
    found |= {"moved": True} if box.moved else {}
    if box.window != WHOLE:  # a slice, or room around the picture: shares of its width and height
        window = box.window
        found["window"] = [round(v, 6) for v in (window.left, window.bottom, window.right, window.top)]
    return found


def _box_from_json(value: dict[str, Any]) -> Box:
    edges = [float(value[edge]) for edge in ("left", "bottom", "right", "top")]
    window = [float(share) for share in value.get("window", (0.0, 0.0, 1.0, 1.0))]
    if not all(map(math.isfinite, edges + window)):
        raise ValueError("a box is not finite")
    return Box(_integer(value["page"]), Rect(*edges), bool(value.get("moved", False)), Rect(*window))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from error


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r} is not an integer")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a list is expected")
    return value


def _integers(value: list[object], count: int) -> tuple[int, ...]:
    if len(value) != count:
        raise ValueError(f"{count} integers are expected")
    return tuple(_integer(item) for item in value)
