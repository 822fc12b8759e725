"""Files in and out: read by position, written whole or not at all, even when the process is killed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import pytest

import pdfseal
from pdfseal import OutsideError
from pdfseal.pdf.source import (
    CHUNK_BYTES,
    BytesSource,
    FileSource,
    chunks,
    copy_into,
    opened,
    patch_in_place,
    write_atomically,
    write_together,
)
from tests.support.outcome import code_of

DATA = bytes(range(256)) * 20_000  # 5 MB, several chunks


def put(data: bytes):
    def fill(out: BinaryIO) -> None:
        out.write(data)

    return fill


def read_all(pdf: bytes | str | Path) -> bytes:
    with opened(pdf) as source:
        return source.read(0, source.size)


# ---- reading ---------------------------------------------------------------------------------------


def test_bytes_and_file_are_the_same(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    for pdf in (DATA, bytearray(DATA), memoryview(DATA), str(path), path):
        with opened(pdf) as source:  # type: ignore[arg-type]
            assert source.size == len(DATA)
            assert source.read(0, 10) == DATA[:10]
            assert source.read(len(DATA) - 3, 10) == DATA[-3:]
            assert source.read(len(DATA), 10) == b""
            assert b"".join(chunks(source, 5, len(DATA) - 5)) == DATA[5:-5]
            assert max(map(len, chunks(source, 0, len(DATA)))) == CHUNK_BYTES


def test_what_is_no_file(tmp_path: Path):
    assert code_of(read_all, tmp_path / "missing") == "not_found"
    assert code_of(read_all, tmp_path) == "not_found"
    assert code_of(read_all, tmp_path / "missing" / "deeper") == "not_found"
    assert code_of(read_all, "/dev/zero") == "not_found"
    assert code_of(read_all, b"") == "pdf_empty"
    (tmp_path / "empty").touch()
    assert code_of(read_all, tmp_path / "empty") == "pdf_empty"
    (tmp_path / "file").write_text("x")
    assert code_of(read_all, tmp_path / "file" / "below") == "file_system"


def test_a_pipe_does_not_block(tmp_path: Path):
    """Opening a pipe that nobody writes to would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    assert code_of(read_all, tmp_path / "pipe") == "not_found"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_no_permission(tmp_path: Path):
    path = tmp_path / "secret"
    path.write_bytes(b"x")
    path.chmod(0)
    assert code_of(read_all, path) == "file_system"


def test_shortened_while_it_is_read(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    with opened(path) as source:
        os.truncate(path, 100)
        assert code_of(list, chunks(source, 0, len(DATA))) == "file_system"
        assert isinstance(source, FileSource)
        assert source.changed()


# ---- writing ---------------------------------------------------------------------------------------


def test_written_whole(tmp_path: Path):
    path = tmp_path / "out"
    write_atomically(path, put(b"one"))
    write_atomically(path, put(b"two"), sync=False)
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["out"]


def test_permissions(tmp_path: Path):
    path = tmp_path / "out"
    before = os.umask(0o027)
    try:
        write_atomically(path, put(b"one"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        write_atomically(path, put(b"two"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    "failure", [ValueError("x"), KeyboardInterrupt(), OSError(28, "No space left on device")]
)
def test_failure_leaves_what_was_there(tmp_path: Path, failure: BaseException):
    path = tmp_path / "out"
    path.write_bytes(b"before")

    def fill(out: BinaryIO) -> None:
        out.write(b"half of it")
        raise failure

    expected = pdfseal.OutsideError if isinstance(failure, OSError) else type(failure)
    with pytest.raises(expected):
        write_atomically(path, fill)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["out"]


def test_nowhere_to_write(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "missing" / "out", tmp_path / "file" / "out", tmp_path):
        assert code_of(write_atomically, place, put(b"x")) == "file_system"
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_is_followed(tmp_path: Path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"before")
    link.symlink_to(real)
    write_atomically(link, put(b"after"))
    assert link.is_symlink()
    assert real.read_bytes() == b"after"
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "new")
    write_atomically(dangling, put(b"new"))
    assert (tmp_path / "new").read_bytes() == b"new"


def test_devices_and_pipes_are_not_replaced(tmp_path: Path):
    """As root a rename onto /dev/null would put a file in its place; a pipe is as good for the test."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert code_of(write_atomically, pipe, put(b"x")) == "file_system"
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_long_and_odd_names(tmp_path: Path):
    for name in ("合" * 80, "a b'\"$(x)\n.pdf", "-o", "x" * 255):
        write_atomically(tmp_path / name, put(b"x"))
        assert (tmp_path / name).read_bytes() == b"x"


@pytest.mark.parametrize("kind", ["bytes", "file"])
@pytest.mark.parametrize("length", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, len(DATA)])
def test_copies(tmp_path: Path, kind: str, length: int):
    (tmp_path / "in").write_bytes(DATA)
    with opened(DATA if kind == "bytes" else tmp_path / "in") as source, open(tmp_path / "out", "wb") as out:
        out.write(b"")
        copy_into(source, out, length)
        out.write(b"tail")
    assert (tmp_path / "out").read_bytes() == DATA[:length] + b"tail"


def test_patch_in_place(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    seen: list[bytes] = []
    patch_in_place(path, 3, b"abc", check=lambda source: seen.append(source.read(0, source.size)))
    assert (seen, path.read_bytes()) == ([b"0123456789"], b"012abc6789")
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(OutsideError):
            patch_in_place(place, 0, b"x", check=seen.append)

    def another(source: object) -> None:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        patch_in_place(path, 3, b"xyz", check=another)
    assert path.read_bytes() == b"012abc6789"


def test_several_files_or_none(tmp_path: Path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"before")

    def good(out: BinaryIO) -> None:
        out.write(b"after")

    def bad(out: BinaryIO) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OutsideError, match=f"{two}: No space left"):
        write_together([(one, good), (two, bad)])
    assert (os.listdir(tmp_path), one.read_bytes()) == (["one"], b"before")
    write_together([(one, good), (two, good)])
    assert one.read_bytes() == two.read_bytes() == b"after"
    assert sorted(os.listdir(tmp_path)) == ["one", "two"]


def test_a_path_that_is_none():
    assert code_of(pdfseal.verify, "a\0b") == "not_found"
    assert code_of(write_together, [("a\0b", print)]) == "argument"


WRITER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
from pdfseal.pdf.source import write_atomically
def fill(out):
    while True:
        out.write(bytes(1 << 20))
        print("more", flush=True)
write_atomically(sys.argv[1], fill)
"""


def test_killed_while_writing(tmp_path: Path):
    """kill -9: a .part file may stay, the output is what it was."""
    path = tmp_path / "out.pdf"
    path.write_bytes(b"before")
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    assert path.read_bytes() == b"before"
    left = [name for name in os.listdir(tmp_path) if name != "out.pdf"]
    assert all(name.startswith(".out.pdf.") and name.endswith(".part") for name in left)


def test_interrupted_while_writing(tmp_path: Path):
    """Ctrl-C: nothing stays."""
    path = tmp_path / "out.pdf"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    process.communicate(timeout=10)
    assert time.monotonic() - start < 10
    assert os.listdir(tmp_path) == []


def test_bytes_source_is_a_value():
    assert BytesSource(b"ab") == BytesSource(b"ab")
