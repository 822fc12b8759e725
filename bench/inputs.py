"""Inputs of the benchmarks, generated once into bench-output/inputs (git ignores it)."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

FOLDER = Path("bench-output", "inputs")
FIXTURES = Path(__file__).parents[1] / "fixtures"


def made(name: str, make: Callable[[Path], None]) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / name
    if not path.exists():
        partial = path.with_suffix(".part")
        make(partial)
        partial.rename(path)
    return path


def pdf_of_size(megabytes: float) -> Path:
    """One page, and one stream of random bytes that makes up the size (as a scan or an image would)."""
    size = int(megabytes * (1 << 20))

    def make(path: Path) -> None:
        payload = random.Random(1).randbytes(size)
        _write(path, [_stream(payload)], pages=1)

    return made(f"size-{megabytes:g}MB.pdf", make)


def pdf_of_pages(count: int) -> Path:
    """Pages with a content stream each, in a page tree of 100 pages a node."""

    def make(path: Path) -> None:
        _write(path, [], pages=count)

    return made(f"pages-{count}.pdf", make)


def _stream(data: bytes) -> bytes:
    return b"<</Length %d>>\nstream\n" % len(data) + data + b"\nendstream"


def _write(path: Path, extra: list[bytes], *, pages: int) -> None:
    """A plain PDF with a cross-reference table: catalog, tree, pages, contents, then `extra`."""
    objects: dict[int, bytes] = {}
    groups = [range(start, min(start + 100, pages)) for start in range(0, pages, 100)]
    first_group, first_page = 3, 3 + len(groups)
    first_content = first_page + pages
    kids = b" ".join(b"%d 0 R" % (first_group + i) for i in range(len(groups)))
    objects[1] = b"<</Type/Catalog/Pages 2 0 R>>"
    objects[2] = b"<</Type/Pages/Kids[%s]/Count %d/MediaBox[0 0 595 842]>>" % (kids, pages)
    for index, group in enumerate(groups):
        kids = b" ".join(b"%d 0 R" % (first_page + i) for i in group)
        objects[first_group + index] = b"<</Type/Pages/Parent 2 0 R/Kids[%s]/Count %d>>" % (kids, len(group))
        for i in group:
            objects[first_page + i] = b"<</Type/Page/Parent %d 0 R/Resources<<>>/Contents %d 0 R>>" % (
                first_group + index,
                first_content + i,
            )
            objects[first_content + i] = _stream(b"q 1 0 0 RG %d 100 200 50 re S Q " % (50 + i % 300) * 8)
    for index, body in enumerate(extra):
        objects[first_content + pages + index] = body
    with path.open("wb") as out:
        out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for number in sorted(objects):
            offsets.append(out.tell())
            out.write(b"%d 0 obj\n" % number + objects[number] + b"\nendobj\n")
        start = out.tell()
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
        out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
        out.write(b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, start))
