"""The appended revision: the original a prefix, new numbers above the old, its section of the right kind."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

from pdfseal.pdf.document import Document
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.source import BytesSource
from pdfseal.pdf.syntax import Dictionary, Name, Ref
from tests.conftest import pdf_index

SOUND = [e["name"] for e in pdf_index() if e["expected"] == "seals" and "password" not in e]
FILE_ID = bytes(range(16))


def document(data: bytes) -> Document:
    return Document.open(BytesSource(data))


def appended(data: bytes) -> tuple[bytes, Ref, Ref]:
    """A new value, a new stream, and object 1 written again as it is."""
    before = document(data)
    revision = Revision(before)
    value = revision.add(Dictionary({"Text": "甲".encode("utf-16-be"), "Real": 0.25, "Name": Name("a b")}))
    stream = revision.add_stream(Dictionary({"Type": Name("Test")}), b"stream data\r\n")
    revision.put(before.root, before.catalog)
    return data + revision.build(FILE_ID).data, value, stream


@pytest.mark.parametrize("name", SOUND)
def test_read_back_by_us_and_by_qpdf(pdfs: Path, name: str):
    original = (pdfs / name).read_bytes()
    data, value, stream = appended(original)
    assert data.startswith(original)
    after = document(data)
    found = after.object(value)
    assert isinstance(found, Dictionary)
    assert (found["Text"], found["Real"], found["Name"]) == ("甲".encode("utf-16-be"), 0.25, Name("a b"))
    entry = after.entry(stream.number)
    assert after.stream_data(stream.number, entry)[1] == b"stream data\r\n"  # type: ignore[arg-type]
    assert after.catalog == document(original).catalog
    with pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True) as other:
        assert other.get_object(*stream).read_raw_bytes() == b"stream data\r\n"
        assert str(other.get_object(*value).Name) == "/a b"


@pytest.mark.parametrize("name", SOUND)
def test_the_section_is_of_the_kind_of_the_newest(pdfs: Path, name: str):
    original = (pdfs / name).read_bytes()
    before, after = document(original), document(appended(original)[0])
    assert after.sections[0].kind == before.sections[0].kind
    assert after.sections[1:] == before.sections or len(after.sections) == len(before.sections) + 1
    assert after.trailer["Prev"] == before.startxref
    assert after.trailer["Size"] == after.highest_number + 1
    assert after.root == before.root


@pytest.mark.parametrize("name", SOUND)
def test_new_numbers_are_above_all_old_ones(pdfs: Path, name: str):
    original = (pdfs / name).read_bytes()
    before = document(original)
    highest = max(number for section in before.sections for number in section.numbers())
    _, value, stream = appended(original)
    assert min(value.number, stream.number) > highest


def test_size_is_not_believed_when_it_is_too_small(pdfs: Path):
    original = (pdfs / "size-too-small.pdf").read_bytes()
    before = document(original)
    size = before.trailer["Size"]
    assert isinstance(size, int)
    assert before.highest_number >= size
    assert appended(original)[1].number == before.highest_number + 1


def test_size_keeps_dangling_references_empty(pdfs: Path):
    """/Size 11 leaves room for object 10, which /Outlines names and which is not there."""
    assert appended((pdfs / "dangling-reference.pdf").read_bytes())[1].number == 11


@pytest.mark.parametrize("size", [b"99999999999", b"-5", b"0", b"(x)", b"2147483647"])
def test_nonsense_sizes(pdfs: Path, size: bytes):
    original = (pdfs / "table.pdf").read_bytes().replace(b"/Size 10", b"/Size " + size)
    before = document(original)
    assert before.highest_number == 9
    assert appended(original)[1].number == 10


def test_file_identifier(pdfs: Path):
    """The first half stays, the second becomes the caller's; where there was none both are the caller's."""
    original = (pdfs / "table.pdf").read_bytes()
    first = bytes.fromhex("00112233445566778899aabbccddeeff")
    assert document(appended(original)[0]).trailer["ID"] == [first, FILE_ID]
    without = original.replace(b"/ID [", b"/XX [")
    assert document(appended(without)[0]).trailer["ID"] == [FILE_ID, FILE_ID]


def test_trailer_entries_are_kept_and_section_entries_are_not(pdfs: Path):
    original = (pdfs / "xref-stream.pdf").read_bytes()
    trailer = document(appended(original)[0]).trailer
    assert trailer["W"] != document(original).trailer["W"] or trailer["Index"]
    assert "Filter" not in trailer
    assert "DecodeParms" not in trailer


def test_missing_final_newline(pdfs: Path):
    original = (pdfs / "no-final-newline.pdf").read_bytes()
    data = appended(original)[0]
    assert data[len(original) : len(original) + 1] == b"\n"


def test_equal_input_gives_equal_bytes(pdfs: Path):
    original = (pdfs / "object-streams.pdf").read_bytes()
    assert appended(original) == appended(original)


def test_no_number_left(pdfs: Path):
    data = (pdfs / "table.pdf").read_bytes()
    at = data.index(b"xref\n")
    full = data[:at] + data[at:].replace(b"trailer", b"8388607 1\n0000000000 00000 f \ntrailer")
    with pytest.raises(Exception, match="no object number left"):
        appended(full)
