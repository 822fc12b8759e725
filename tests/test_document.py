"""Documents: structure that lies, and files that were damaged anywhere, never crash or hang the reader."""

from __future__ import annotations

import random
import time
import zlib
from pathlib import Path

import pytest

import pdfseal
from pdfseal.errors import DocumentError
from pdfseal.pdf.document import Document
from pdfseal.pdf.signature import find_signatures
from pdfseal.pdf.source import BytesSource
from pdfseal.pdf.syntax import Ref
from tests.conftest import FIXTURES, pdf_index
from tests.support.attacks import attack
from tests.support.outcome import error_of

SLOW_S = 2.0


def document(data: bytes) -> Document:
    return Document.open(BytesSource(data))


def build(objects: dict[int, bytes], trailer: bytes = b"") -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    at = len(out)
    out += b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % item for item in offsets.items())
    return bytes(out) + b"trailer\n<</Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (trailer, at)


CATALOG = b"<</Type /Catalog /Pages 2 0 R>>"
PAGE = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 100 200]>>"


# ---- damaged files ---------------------------------------------------------------------------------


def use(data: bytes) -> None:
    """All that reads a document: nothing but PdfsealError, within the time, and never a good verdict."""
    start = time.process_time()
    for read in (walk, verify):
        error = error_of(read, data)
        if error is not None:
            assert error.code != "internal", error.message
            assert "\n" not in error.message
    assert time.process_time() - start < SLOW_S


def walk(data: bytes) -> None:
    opened = document(data)
    for _ in opened.pages():
        pass
    find_signatures(opened)


def verify(data: bytes) -> None:
    assert pdfseal.verify(data).verdict != "passed"


SMALL = [
    "table",
    "xref-stream",
    "object-streams",
    "hybrid",
    "revisions",
    "linearized-object-streams",
    "acroform-direct",
]


@pytest.mark.parametrize("name", SMALL)
def test_flipped_bits(name: str):
    data = (FIXTURES / "pdf" / f"{name}.pdf").read_bytes()
    choose = random.Random(name)
    for _ in range(250):
        changed = bytearray(data)
        for _ in range(choose.choice((1, 1, 2, 8))):
            changed[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
        use(bytes(changed))


@pytest.mark.parametrize("name", SMALL)
def test_bytes_cut_out_doubled_and_moved(name: str):
    data = (FIXTURES / "pdf" / f"{name}.pdf").read_bytes()
    choose = random.Random(name)
    for _ in range(120):
        start = choose.randrange(len(data))
        end = min(len(data), start + choose.choice((1, 2, 7, 60, 500)))
        at = choose.randrange(len(data))
        for changed in (data[:start] + data[end:], data[:at] + data[start:end] + data[at:]):
            use(changed)


def test_truncated_everywhere():
    """A sealed file cut after every byte: refused, or unsigned, or failed."""
    data = attack("control-signed.pdf").data
    hole = data.index(b"/Contents <") + 20
    for end in (*range(1, hole), *range(hole, hole + 4096, 64), *range(hole + 4096, len(data))):
        use(data[:end])


def test_numbers_replaced_everywhere():
    """Offsets, lengths, counts and object numbers, each replaced by awkward ones."""
    data = (FIXTURES / "pdf" / "acroform-indirect.pdf").read_bytes()
    choose = random.Random(1)
    starts = [
        at for at in range(1, len(data)) if data[at : at + 1].isdigit() and not data[at - 1 : at].isdigit()
    ]
    for at in choose.sample(starts, min(120, len(starts))):
        end = at
        while data[end : end + 1].isdigit():
            end += 1
        for text in (b"0", b"-1", b"1", b"65536", b"4294967296", b"9" * 25, b"1.5", b"null", b"[]", b"1 0 R"):
            use(data[:at] + text + data[end:])


@pytest.mark.parametrize("entry", pdf_index(), ids=lambda entry: entry["name"])
def test_every_fixture_is_read_or_refused_in_time(pdfs: Path, entry: dict[str, object]):
    use((pdfs / str(entry["name"])).read_bytes())


def test_page_counts(pdfs: Path):
    for entry in pdf_index():
        if entry["expected"] == "seals" and "password" not in entry:
            found = document((pdfs / entry["name"]).read_bytes())
            assert sum(1 for _ in found.pages()) == entry["pages"], entry["name"]


# ---- page trees that lie ---------------------------------------------------------------------------


def test_page_numbers(pdfs: Path):
    found = document((pdfs / "table.pdf").read_bytes())
    assert [found.page(number).ref for number in (1, 2, 3)] == [Ref(4, 0), Ref(6, 0), Ref(8, 0)]
    for number in (0, -1, 4, 99):
        with pytest.raises(pdfseal.CallerError) as caught:
            found.page(number)
        assert caught.value.code == "page_out_of_range"
        assert "3 pages" in caught.value.message


def test_tree_without_pages():
    found = document(build({1: CATALOG, 2: b"<</Type /Pages /Kids [] /Count 5>>"}))
    with pytest.raises(DocumentError) as caught:
        found.page(1)
    assert caught.value.code == "pdf_no_pages"


@pytest.mark.parametrize(
    "objects",
    [
        {2: b"<</Kids [2 0 R]>>"},
        {2: b"<</Kids [3 0 R]>>", 3: b"<</Kids [2 0 R]>>"},
        {2: b"<</Kids [3 0 R 3 0 R]>>", 3: b"<</Kids [4 0 R]>>", 4: b"<</Kids [3 0 R]>>"},
    ],
    ids=["itself", "two", "three"],
)
def test_tree_that_contains_itself(objects: dict[int, bytes]):
    with pytest.raises(DocumentError) as caught:
        list(document(build({1: CATALOG} | objects)).pages())
    assert caught.value.code == "pdf_damaged"


def test_tree_that_doubles_at_every_level():
    """Thirty objects that stand for a thousand million pages: bounded, and lazily so."""
    objects = (
        {1: CATALOG} | {n: b"<</Kids [%d 0 R %d 0 R]>>" % (n + 1, n + 1) for n in range(2, 32)} | {32: PAGE}
    )
    found = document(build(objects))
    start = time.process_time()
    assert found.page(1000).number == 1000
    assert time.process_time() - start < SLOW_S


def test_deep_tree():
    objects = {1: CATALOG} | {n: b"<</Kids [%d 0 R]>>" % (n + 1) for n in range(2, 500)} | {500: PAGE}
    with pytest.raises(DocumentError) as caught:
        list(document(build(objects)).pages())
    assert caught.value.code == "limit_exceeded"


def test_kids_that_are_no_pages():
    kids = b"<</Kids [null 5 (x) 9 0 R [3 0 R] 3 0 R]>>"
    assert [page.ref for page in document(build({1: CATALOG, 2: kids, 3: PAGE})).pages()] == [Ref(3, 0)]


def test_reference_chains():
    chain = {n: b"%d 0 R" % (n + 1) for n in range(10, 20)} | {20: PAGE}
    found = document(build({1: CATALOG, 2: b"<</Kids [10 0 R]>>"} | chain))
    assert found.page(1).geometry.displayed.top == 200
    loop = document(build({1: CATALOG, 2: b"<</Kids [10 0 R]>>", 10: b"11 0 R", 11: b"10 0 R"}))
    with pytest.raises(DocumentError):
        list(loop.pages())


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        (b"/MediaBox [0 0 100 200]", (100, 200)),
        (b"/MediaBox [100 200 0 0]", (100, 200)),
        (b"/MediaBox [0 0 100 200] /Rotate 90", (200, 100)),
        (b"/MediaBox [0 0 100 200] /Rotate -90", (200, 100)),
        (b"/MediaBox [0 0 100 200] /Rotate 450.0", (200, 100)),
        (b"/MediaBox [0 0 100 200] /Rotate 45", (100, 200)),
        (b"/MediaBox [0 0 100 200] /Rotate (x)", (100, 200)),
        (b"/MediaBox [0 0 100 200] /UserUnit 2", (200, 400)),
        (b"/MediaBox [0 0 100 200] /UserUnit 0", (100, 200)),
        (b"/MediaBox [0 0 100 200] /UserUnit true", (100, 200)),
        (b"/MediaBox [0 0 100 200] /CropBox [10 10 50 60]", (40, 50)),
        (b"/MediaBox [0 0 100 200] /CropBox [-10 -10 500 600]", (100, 200)),
        (b"/MediaBox [0 0 100 200] /CropBox [300 300 400 400]", (100, 200)),
        (b"/MediaBox [0 0 100 200] /CropBox [0 0 0 0]", (100, 200)),
        (b"/MediaBox [0 0]", (612, 792)),
        (b"/MediaBox [0 0 (a) 5]", (612, 792)),
        (b"/MediaBox null", (612, 792)),
        (b"", (612, 792)),
        (b"/MediaBox [0 0 9 0 R 200]", (100, 200)),
    ],
    ids=ascii,
)
def test_page_boxes(attributes: bytes, size: tuple[float, float]):
    objects = {1: CATALOG, 2: b"<</Kids [3 0 R]>>", 3: b"<</Type /Page %s>>" % attributes, 9: b"100"}
    displayed = document(build(objects)).page(1).geometry.displayed
    assert (displayed.width, displayed.height) == pytest.approx(size)


# ---- object streams --------------------------------------------------------------------------------


def packed(directory: bytes, objects: bytes, count: int, extra: bytes = b"") -> Document:
    """A document whose object 3 is in object stream 5, at place 0."""
    data = zlib.compress(directory + objects)
    head = b"<</Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d %s>>" % (
        count, len(directory), len(data), extra,
    )  # fmt: skip
    out = bytearray(b"%PDF-1.7\n")
    rows = bytearray(bytes(4))
    for number, body in ((1, CATALOG), (5, head + b"\nstream\n" + data + b"\nendstream")):
        rows += bytes([1]) + len(out).to_bytes(2, "big") + b"\0"
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    rows += bytes([2, 0, 5, 0])
    at = len(out)
    stream = b"<</Type /XRef /Root 1 0 R /W [1 2 1] /Index [0 2 5 1 3 1] /Size 6 /Length %d>>" % len(rows)
    out += (
        b"6 0 obj\n" + stream + b"\nstream\n" + rows + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % at
    )
    return document(bytes(out))


def test_object_stream():
    assert packed(b"3 0 4 3 ", b"42 (four)", 2).object(Ref(3, 0)) == 42
    assert packed(b"4 0 ", b"42", 1).object(Ref(3, 0)) is None
    assert packed(b"3 0 ", b"42", 1).object(Ref(3, 1)) is None


@pytest.mark.parametrize(
    ("directory", "objects", "count", "expected"),
    [
        (b"3 0 3 3 ", b"42 43", 2, "pdf_damaged"),
        (b"3 ", b"42", 1, "pdf_damaged"),
        (b"3 x ", b"42", 1, "pdf_damaged"),
        (b"3 0 ", b"42", 99, "pdf_damaged"),
        (b"3 0 ", b"42", -1, "pdf_damaged"),
        (b"3 99 ", b"42", 1, "pdf_damaged"),
        (b"3 0 ", b"", 1, "pdf_damaged"),
        (b"1 0 " * 8_000_000, b"1", 8_000_000, "limit_exceeded"),
        (b"3 0 ", b"[" + b"0 " * 3_000_000 + b"]", 1, "limit_exceeded"),
        (b"3 0 ", bytes(70 << 20), 1, "limit_exceeded"),
    ],
    ids=["twice", "odd", "letters", "too many", "negative", "offset", "no objects", "bomb of pairs",
         "bomb of values", "bomb of bytes"],
)  # fmt: skip
def test_hostile_object_streams(directory: bytes, objects: bytes, count: int, expected: str):
    found = packed(directory, objects, count)
    start = time.process_time()
    with pytest.raises(DocumentError) as caught:
        found.object(Ref(3, 0))
    assert caught.value.code == expected
    assert time.process_time() - start < 4 * SLOW_S  # 1.9 s at most where nothing else runs


def test_earlier_state(pdfs: Path):
    data = (pdfs / "revisions.pdf").read_bytes()
    first = data.index(b"%%EOF") + 6
    now = document(data)
    before = now.earlier(first)
    assert len(before.sections) < len(now.sections)
    assert before.highest_number <= now.highest_number
