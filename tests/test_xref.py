"""Cross-reference data of every kind: each entry found by each way of looking, hostile data bounded."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path

import pytest

import pdfseal
from pdfseal.errors import DocumentError
from pdfseal.pdf.document import Document
from pdfseal.pdf.limits import Work
from pdfseal.pdf.source import BytesSource
from pdfseal.pdf.xref import Free, InUse, Packed, find_startxref, header_offset, read_chain
from tests.conftest import pdf_index

SOUND = [e["name"] for e in pdf_index() if e["expected"] == "seals" and "password" not in e]
HEAD = b"%PDF-1.7\n"
CATALOG = b"1 0 obj\n<</Type /Catalog /Pages 2 0 R>>\nendobj\n"


def document(data: bytes) -> Document:
    return Document.open(BytesSource(data))


def with_table(table: bytes, trailer: bytes = b"<</Root 1 0 R /Size 9>>", body: bytes = CATALOG) -> bytes:
    at = len(HEAD + body)
    return HEAD + body + b"xref\n" + table + b"trailer\n" + trailer + b"\nstartxref\n%d\n%%%%EOF\n" % at


def code(data: bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        document(data)
    assert "\n" not in caught.value.message
    return caught.value.code


# ---- sound files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOUND)
def test_bulk_and_single_lookup_agree(pdfs: Path, name: str):
    for section in document((pdfs / name).read_bytes()).sections:
        entries = section.entries()
        assert set(entries) == set(section.numbers())
        assert {number: section.lookup(number) for number in entries} == entries
        assert max(entries, default=0) == section.highest
        assert section.lookup(section.highest + 1) is None


@pytest.mark.parametrize("name", SOUND)
def test_every_object_is_where_the_entries_say(pdfs: Path, name: str):
    found = document((pdfs / name).read_bytes())
    for number, entry in found.entries().items():
        if isinstance(entry, InUse):
            assert found.indirect(number, entry)[0].number == number
        assert found.entry(number) == entry


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("table", ["table"]),
        ("xref-stream", ["stream"]),
        ("hybrid", ["table", "table"]),
        ("linearized", ["table", "table"]),
        ("revision-stream-after-table", ["stream", "table"]),
        ("revision-table-after-stream", ["table", "stream"]),
    ],
)
def test_kinds(pdfs: Path, name: str, kinds: list[str]):
    found = document((pdfs / f"{name}.pdf").read_bytes())
    assert [section.kind for section in found.sections] == kinds


def test_known_sections_are_not_read_again(pdfs: Path):
    source = BytesSource((pdfs / "revisions.pdf").read_bytes())
    _, sections = read_chain(source, source.size, 0, work=Work())
    _, again = read_chain(source, source.size, 0, sections, work=Work())
    assert all(one is other for one, other in zip(sections, again, strict=True))
    _, earlier = read_chain(source, sections[1].end + 40, 0, sections, work=Work())
    assert earlier == sections[1:]


# ---- layouts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [b"%010d 00000 n \n", b"%010d 00000 n\r\n", b"%010d 00000 n \r", b"%010d 00000 n\n", b"%d 0 n\n",
     b" %010d  00000  n  \n"],
    ids=ascii,
)  # fmt: skip
def test_entry_layouts(line: bytes):
    found = document(with_table(b"0 2\n0000000000 65535 f \n" + line % len(HEAD)))
    assert found.entry(1) == InUse(len(HEAD), 0)
    assert found.entry(0) == Free(65535)
    assert found.catalog["Pages"] == (2, 0)


@pytest.mark.parametrize(
    "head", [b"0 2\n", b"0 2 \n", b"0 2\r\n", b"0 2\r", b"0 2 ", b"\n0 2\n\n", b"0   2\n"], ids=ascii
)
def test_subsection_layouts(head: bytes):
    table = head + b"0000000000 65535 f \n" + b"%010d 00000 n \n" % len(HEAD)
    assert document(with_table(table)).entry(1) == InUse(len(HEAD), 0)


def test_one_odd_subsection_among_regular_ones():
    table = b"0 1\n0000000000 65535 f \n1 1\n%d 0 n\n7 1\n0000000012 00003 n \n" % len(HEAD)
    found = document(with_table(table))
    assert (found.entry(1), found.entry(7)) == (InUse(len(HEAD), 0), InUse(12, 3))
    assert found.sections[0].entries() == {0: Free(65535), 1: InUse(len(HEAD), 0), 7: InUse(12, 3)}


def test_many_subsections_are_looked_up_quickly():
    count = 20_000
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % (3 * n + 1, len(HEAD)) for n in range(count))
    start = time.process_time()
    found = document(with_table(rows))
    assert all(found.entry(3 * n + 1) == InUse(len(HEAD), 0) for n in range(count))
    assert time.process_time() - start < 2


def xref_stream(rows: bytes, extra: bytes, *, compress: bool = True) -> bytes:
    data = zlib.compress(rows, 9) if compress else rows
    filters = b"/Filter /FlateDecode" if compress else b""
    at = len(HEAD + CATALOG)
    stream = b"5 0 obj\n<</Type /XRef /Root 1 0 R %s %s /Length %d>>\nstream\n" % (extra, filters, len(data))
    return HEAD + CATALOG + stream + data + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % at


def test_stream_rows():
    rows = bytes([0, 0, 7, 1, 0, 9, 2, 0, 4])
    found = document(xref_stream(rows, b"/W [1 1 1] /Index [0 3] /Size 3"))
    assert [found.entry(n) for n in range(4)] == [Free(7), InUse(0, 9), Packed(0, 4), None]


def test_stream_without_a_type_column_and_with_wide_ones():
    rows = struct.pack(">QH", 0, 0) + struct.pack(">QH", len(HEAD), 0)
    found = document(xref_stream(rows, b"/W [0 8 2] /Size 2"))
    assert found.entry(1) == InUse(len(HEAD), 0)
    assert found.catalog["Pages"] == (2, 0)


def test_unknown_row_types_are_null():
    found = document(xref_stream(bytes([3, 1, 1, 255, 1, 1]), b"/W [1 1 1] /Size 2"))
    assert [found.entry(0), found.entry(1)] == [Free(1), Free(1)]


# ---- hostile data ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (b"/W [1 1 1] /Index [0 9999999]", "limit_exceeded"),
        (b"/W [1 1 1] /Index [9999999 1]", "limit_exceeded"),
        (b"/W [1 1 1] /Index [-1 3]", "pdf_damaged"),
        (b"/W [1 1 1] /Index [0]", "pdf_damaged"),
        (b"/W [1 1 1] /Index 5", "pdf_damaged"),
        (b"/W [1 1 1] /Size (x)", "pdf_damaged"),
        (b"/W [1 1] /Size 3", "pdf_damaged"),
        (b"/W [1 1 1 1] /Size 3", "pdf_damaged"),
        (b"/W [0 0 0] /Size 3", "pdf_damaged"),
        (b"/W [9 9 9] /Size 3", "pdf_damaged"),
        (b"/W [-1 1 1] /Size 3", "pdf_damaged"),
        (b"/W [1 (a) 1] /Size 3", "pdf_damaged"),
        (b"/Size 3", "pdf_damaged"),
    ],
    ids=ascii,
)
def test_hostile_streams(extra: bytes, expected: str):
    rows = bytes(12) if b"9999999" not in extra or b"[9" in extra else bytes(3 * 9_999_999)
    assert code(xref_stream(rows, extra)) == expected


def test_streams_that_expand_too_far_together():
    """Each section alone stays below the bound: the sum counts, and it is noticed before memory is gone."""
    bomb = zlib.compress(bytes(24 << 20), 9)
    out = bytearray(HEAD + CATALOG)
    previous = b""
    for _ in range(8):
        at = len(out)
        head = (
            b"5 0 obj\n<</Type /XRef /Root 1 0 R /W [1 4 1] /Index [0 1] /Size 2 %s /Filter /FlateDecode"
            % previous
        )
        out += head + b" /Length %d>>\nstream\n" % len(bomb) + bomb + b"\nendstream\nendobj\n"
        previous = b"/Prev %d" % at
    assert code(bytes(out) + b"startxref\n%d\n%%%%EOF\n" % at) == "limit_exceeded"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (b"", "pdf_damaged"),  # no /Root object is a later question
        (b"0 99999999\n", "limit_exceeded"),
        (b"8388607 2\n", "limit_exceeded"),
        (b"0 5\n0000000000 65535 f \n", "pdf_damaged"),
        (b"0 1\nxxxxxxxxxx yyyyy n \n", "pdf_damaged"),
        (b"0 1000000\n0000000000 65535 f \n", "pdf_damaged"),
        (b"-1 2\n", "pdf_damaged"),
        (b"0\n", "pdf_damaged"),
    ],
    ids=ascii,
)
def test_hostile_tables(table: bytes, expected: str):
    if not table:
        assert document(with_table(table)).entry(1) is None
    else:
        assert code(with_table(table)) == expected


@pytest.mark.parametrize(
    "trailer",
    [b"<<>>", b"<</Root 5>>", b"<</Root null>>", b"[]", b"5", b"<</Root 1 0 R /Prev (x)>>",
     b"<</Root 1 0 R /Prev true>>",
     b"<</Root 1 0 R /Prev -1>>", b"<</Root 1 0 R /Prev 99999999999>>", b"<</Root 1 0 R /XRefStm 3>>",
     b"<</Root 1 0 R /XRefStm -3>>", b"<</Root 1 0 R"],
    ids=ascii,
)  # fmt: skip
def test_hostile_trailers(trailer: bytes):
    assert code(with_table(b"0 1\n0000000000 65535 f \n", trailer)) == "pdf_damaged"


def test_long_chain_of_sections():
    """Ten thousand revisions are the limit; below it, looking objects up stays quick."""
    out = bytearray(with_table(b"0 2\n0000000000 65535 f \n%010d 00000 n \n" % len(HEAD)))
    previous = out.rindex(b"xref\n0 2")
    for number in range(3000):
        at = len(out)
        out += b"xref\n%d 1\n%010d 00000 n \ntrailer\n<</Root 1 0 R /Size 9 /Prev %d>>\n" % (
            number + 3,
            at,
            previous,
        )
        previous = at
    start = time.process_time()
    found = document(bytes(out) + b"startxref\n%d\n%%%%EOF\n" % previous)
    assert len(found.sections) == 3001
    assert all(found.entry(number) is not None for number in range(3, 3003))
    assert time.process_time() - start < 2


def test_startxref():
    assert find_startxref(BytesSource(b"startxref\n5\nstartxref 7 %%EOF"), 29) == 7
    for tail in (b"", b"startxref", b"startxref\n", b"startxref\nx", b"startxref 5" + b" " * 3000):
        with pytest.raises(DocumentError):
            find_startxref(BytesSource(tail), len(tail))


def test_header():
    assert header_offset(BytesSource(b"junk%PDF-1.4")) == 4
    assert header_offset(BytesSource(b"x" * 1024 + b"%PDF-1.4")) == 1024
    for data in (b"x", b"%PDF", b"x" * 1025 + b"%PDF-1.4"):
        with pytest.raises(DocumentError) as caught:
            header_offset(BytesSource(data))
        assert caught.value.code == "not_a_pdf"


def test_loop_is_named():
    data = with_table(b"0 1\n0000000000 65535 f \n", b"<</Root 1 0 R /Prev %d>>" % len(HEAD + CATALOG))
    with pytest.raises(pdfseal.DocumentError) as caught:
        document(data)
    assert "its own ancestor" in caught.value.message
