"""PDF files that grow in one way: sparse ones of any size, and forms whose fields are filled in later."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def sparse_pdf(path: Path, megabytes: float) -> Path:
    """One page and a stream of zeros that takes no room on the disk."""
    size = int(megabytes * (1 << 20))
    head = _objects({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                     3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>"})  # fmt: skip
    with path.open("wb") as out:
        offsets = _write(out, b"%PDF-1.7\n", head)
        offsets[4] = out.tell()
        out.write(b"4 0 obj\n<</Length %d>>\nstream\n" % size)
        out.seek(size, os.SEEK_CUR)
        out.write(b"\nendstream\nendobj\n")
        out.write(_table(offsets, out.tell(), b"/Root 1 0 R/Size 5"))
    return path


def form_pdf(path: Path, fields: int) -> Path:
    """One page with text fields, numbered from 10."""
    kids = b" ".join(b"%d 0 R" % number for number in range(10, 10 + fields))
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[%s]>>>>" % kids,
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>/Annots[%s]>>" % kids,
    }
    bodies |= {number: _field(number, b"") for number in range(10, 10 + fields)}
    with path.open("wb") as out:
        offsets = _write(out, b"%PDF-1.7\n", _objects(bodies))
        out.write(_table(offsets, out.tell(), b"/Root 1 0 R/Size %d" % (10 + fields)))
    return path


def fill_in(data: bytes, count: int, trailer: bytes, previous: int) -> bytes:
    """A revision that gives the first `count` fields a value; what to append to `data`."""
    bodies = {number: _field(number, b"/V(filled in)") for number in range(10, 10 + count)}
    out = bytearray(b"\n")
    offsets = {}
    for number, body in _objects(bodies):
        offsets[number] = len(data) + len(out)
        out += body
    return bytes(out + _table(offsets, len(data) + len(out), trailer + b"/Prev %d" % previous))


def _field(number: int, value: bytes) -> bytes:
    return (
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(f%d)/Rect[10 10 90 20]/F 4/P 3 0 R/DA(/Helv 9 Tf)%s>>"
        % (number, value)
    )  # fmt: skip


def _objects(bodies: dict[int, bytes]) -> Iterator[tuple[int, bytes]]:
    for number in sorted(bodies):
        yield number, b"%d 0 obj\n%s\nendobj\n" % (number, bodies[number])


def _write(out: object, head: bytes, objects: Iterator[tuple[int, bytes]]) -> dict[int, int]:
    out.write(head)  # type: ignore[attr-defined]
    offsets = {}
    for number, body in objects:
        offsets[number] = out.tell()  # type: ignore[attr-defined]
        out.write(body)  # type: ignore[attr-defined]
    return offsets


def _table(offsets: dict[int, int], start: int, trailer: bytes) -> bytes:
    """Cross-reference table (ISO 32000-2, 7.5.4) in one subsection a run of numbers, and the trailer."""
    lines = [b"xref\n"]
    if min(offsets) == 1:
        lines.append(b"0 1\n0000000000 65535 f \n")
    numbers = sorted(offsets)
    while numbers:
        run = next((i for i in range(1, len(numbers)) if numbers[i] != numbers[i - 1] + 1), len(numbers))
        lines.append(b"%d %d\n" % (numbers[0], run))
        lines += [b"%010d 00000 n \n" % offsets[number] for number in numbers[:run]]
        numbers = numbers[run:]
    return b"".join(lines) + b"trailer\n<<%s>>\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)
