"""The one door to the bytes of a PDF, and the one way an output file comes to be.

Law: a file is read in chunks and never held whole; an output is written beside its place,
flushed to the disk, and renamed, so that nobody ever sees half a file. No other module below
the adapters touches the file system.
"""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from pdfseal.errors import CallerError, DocumentError, OutsideError

CHUNK_BYTES = 1 << 20
_AHEAD_BYTES = 32 << 10
WINDOW_BYTES = 4 << 20
WINDOW_OVERLAP_BYTES = 256  # a reference with white space and comments; longer ones are padding


class Source(Protocol):
    """Random access to immutable bytes."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end."""
        ...


@dataclass(frozen=True, slots=True)
class BytesSource:
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file opened once and read by position; `stamp` tells whether it changed since."""

    path: str
    descriptor: int
    size: int
    stamp: tuple[int, int, int]

    def read(self, offset: int, length: int) -> bytes:
        try:
            return os.pread(self.descriptor, length, offset)
        except OSError as error:
            raise OutsideError("file_system", f"{self.path}: {error.strerror}") from error

    def changed(self) -> bool:
        """Whether the file was written to since it was opened."""
        return _stamp(os.fstat(self.descriptor)) != self.stamp


class ReadAhead:
    """A source for whoever goes forward through it in small steps: it reads more than is asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._start = 0
        self._data = b""

    @property
    def size(self) -> int:
        return self._source.size

    def read(self, offset: int, length: int) -> bytes:
        data, at = self.view(offset, length)
        return data[at : at + length]

    def view(self, offset: int, length: int) -> tuple[bytes, int]:
        """Bytes that hold the `length` bytes from `offset`, not copied, and where in them these begin."""
        at = offset - self._start
        if at < 0 or at + length > len(self._data):
            self._start, at = offset, 0
            self._data = self._source.read(offset, max(length, _AHEAD_BYTES))
        return self._data, at


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


@contextmanager
def opened(pdf: bytes | bytearray | memoryview | str | os.PathLike[str]) -> Iterator[Source]:
    """Bytes as they are, or a file by its path.

    Raises `not_found` for a path that is not a file, `file_system` where it cannot be read,
    `pdf_empty` for no bytes at all.
    """
    if isinstance(pdf, bytes | bytearray | memoryview):
        if not len(pdf):
            raise DocumentError("pdf_empty", "the PDF is empty: it has no bytes")
        yield BytesSource(bytes(pdf))
        return
    path = os.fspath(pdf)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not hold us
    except FileNotFoundError as error:
        raise CallerError("not_found", f"{path}: there is no such file") from error
    except OSError as error:
        raise OutsideError("file_system", f"{path}: {error.strerror}") from error
    except ValueError as error:  # a NUL in it
        raise CallerError("not_found", f"{path!r} is no path of a file: {error}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            kind = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise CallerError("not_found", f"{path} is {kind}, not a PDF file")
        if not status.st_size:
            raise DocumentError("pdf_empty", f"{path} is empty: it has no bytes")
        yield FileSource(path, descriptor, status.st_size, _stamp(status))
    finally:
        os.close(descriptor)


def is_file_of(source: Source, path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to the very file that a source reads."""
    if not isinstance(source, FileSource):
        return False
    try:
        return os.path.samestat(os.stat(path), os.fstat(source.descriptor))
    except OSError:
        return False


Openable = str | bytes


def openable(source: Source) -> Openable:
    """What another library can open for itself: the path of a file, or the bytes.

    Libraries resolve links first, and a file in memory (/proc/…/fd/…) has no path then.
    """
    if isinstance(source, FileSource) and os.path.exists(os.path.realpath(source.path)):
        return source.path
    return source.read(0, source.size)


def binary_stream(what: Openable) -> BinaryIO:
    """A stream of its own over an `openable`; the caller closes it. Raises `file_system`."""
    if isinstance(what, bytes):
        return io.BytesIO(what)
    try:
        return open(what, "rb")
    except OSError as error:
        raise OutsideError("file_system", f"{what}: {error.strerror}") from error


def overlapping(source: Source, start: int, end: int) -> Iterator[bytes]:
    """The bytes in windows of `WINDOW_BYTES`, which overlap, so that no short word is cut."""
    for at in range(start, end, WINDOW_BYTES):
        yield source.read(at, min(WINDOW_BYTES + WINDOW_OVERLAP_BYTES, end - at))


def chunks(source: Source, start: int, stop: int) -> Iterator[bytes]:
    """The bytes `start` to `stop` in pieces of at most `CHUNK_BYTES`."""
    while start < stop:
        piece = source.read(start, min(CHUNK_BYTES, stop - start))
        if not piece:
            raise OutsideError("file_system", f"the input ended at byte {start}, {stop} were promised")
        yield piece
        start += len(piece)


def copy_into(source: Source, out: BinaryIO, length: int) -> None:
    """Copy the first `length` bytes, by the kernel where both sides are files."""
    done = 0
    if isinstance(source, FileSource) and hasattr(os, "copy_file_range"):
        out.flush()
        try:
            while done < length:
                count = os.copy_file_range(source.descriptor, out.fileno(), length - done, offset_src=done)
                if not count:
                    break
                done += count
        except OSError:  # another file system, or a kernel that cannot: the plain way takes over
            pass
        out.seek(done)  # the kernel moved the descriptor behind the buffer's back
    for piece in chunks(source, done, length):
        out.write(piece)


Fill = Callable[[BinaryIO], None]


def write_atomically(path: str | os.PathLike[str], fill: Fill, *, sync: bool = True) -> None:
    """Write a file whole or not at all: beside its place, flushed to disk, renamed.

    `fill` gets the open file; whatever it raises leaves an existing file at `path` untouched
    and nothing beside it. A link is followed: the file it leads to is replaced. What is there and
    is no regular file (a device, a pipe) is refused: a rename would put a file in its place.
    """
    write_together([(path, fill)], sync=sync)


def write_together(files: Sequence[tuple[str | os.PathLike[str], Fill]], *, sync: bool = True) -> None:
    """Write several files as `write_atomically` does: none is renamed before all are whole."""
    staged: list[tuple[Path, Path]] = []
    try:
        for path, fill in files:
            staged.append(_staged(path, fill, sync))
        while staged:
            temporary, target = staged[0]
            with _naming(target):
                os.replace(temporary, target)
                del staged[0]
                if sync:
                    _sync_directory(target.parent)
    finally:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)


def _staged(path: str | os.PathLike[str], fill: Fill, sync: bool) -> tuple[Path, Path]:
    """The file, whole, beside its place; and its place."""
    target = _target(path)
    with (
        _naming(target),
        tempfile.NamedTemporaryFile(
            "wb", dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".part", delete=False
        ) as out,
    ):
        temporary = Path(out.name)
        try:
            fill(cast(BinaryIO, out.file))
            out.flush()
            os.chmod(temporary, _mode_for(target))
            if sync:
                os.fsync(out.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return temporary, target


def _target(path: str | os.PathLike[str]) -> Path:
    try:
        target = Path(os.path.realpath(path))
    except ValueError as error:
        raise CallerError("argument", f"{os.fspath(path)!r} is no path of a file: {error}") from error
    if (target.exists() and not target.is_file()) or os.fspath(path).endswith(os.sep):
        raise OutsideError("file_system", f"{os.fspath(path)} is not a regular file and cannot be replaced")
    return target


@contextmanager
def _naming(target: Path) -> Iterator[None]:
    """Raises `file_system` with the file's name."""
    try:
        yield
    except OSError as error:
        raise OutsideError("file_system", f"{target}: {error.strerror or error}") from error


def _mode_for(target: Path) -> int:
    """Permissions of the file that is replaced, else what `open` would have given."""
    try:
        return target.stat().st_mode & 0o7777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def patch_in_place(
    path: str | os.PathLike[str],
    offset: int,
    data: bytes,
    *,
    check: Callable[[Source], None],
    sync: bool = True,
) -> None:
    """Overwrite `data` at `offset` of an existing file; its length does not change.

    `check` gets the file before anything is written, and raises where it is another one.
    """
    name = os.fspath(path)
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            check(FileSource(name, descriptor, status.st_size, _stamp(status)))
            view = memoryview(data)
            while view:
                count = os.pwrite(descriptor, view, offset)
                view, offset = view[count:], offset + count
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OutsideError("file_system", f"{name}: {error.strerror}") from error
