"""Readers that rebuild cross-reference data find what it does not list: in appended bytes that is no good.

pdfium, the judge here, rebuilds at an entry of 19 bytes.
"""

from __future__ import annotations

import re
import time

import pypdfium2
import pytest

from pdfseal.pdf.changes import changes_since
from pdfseal.pdf.changes.rebuilding import Strays
from pdfseal.pdf.document import Document
from pdfseal.pdf.source import BytesSource
from tests.support.attacks import judge
from tests.support.sealing import seal
from tests.test_changes_two_roles import FORGED, OBJECTS, current, pdf_of, stream

HIDDEN = b"4 0 obj\n" + stream(FORGED) + b"\nendobj\n"


def level(pdf: bytes, end: int) -> str:
    return changes_since(Document.open(BytesSource(pdf)), end).level


def text(pdf: bytes) -> str:
    return pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()


def updated(sealed: bytes, hidden: bytes = b"") -> bytes:
    """A harmless revision behind `hidden`, and what is hidden is listed nowhere."""
    catalog = current(sealed, 1).replace(b"/Pages", b"/Version /1.7 /Pages")
    return pdf_of({1: catalog}, b"", sealed + hidden)


def shortened(pdf: bytes, start: int) -> bytes:
    return pdf[:start] + pdf[start:].replace(b" 00000 n \n", b" 00000 n\n")


def test_an_object_that_nothing_lists():
    sealed = seal(pdf_of(OBJECTS)).pdf
    assert level(updated(sealed), len(sealed)) == "ltv"
    forged = shortened(updated(sealed, HIDDEN), len(sealed))
    assert "Pay 100" in text(sealed)
    assert "Pay 999" in text(forged)
    assert judge(forged).verdict == "failed"
    # the same without the defect: the next program that touches the file may rebuild it
    assert level(updated(sealed, HIDDEN), len(sealed)) == "other"


def test_an_object_hidden_before_the_seal():
    """The signer's file brings the object, a later revision may bring the defect: any is one too many."""
    whole = pdf_of(OBJECTS)
    table = whole.rindex(b"xref\n0")
    tail = re.sub(rb"startxref\n\d+", b"startxref\n%d" % (table + len(HIDDEN)), whole[table:])
    sealed = seal(whole[:table] + HIDDEN + tail).pdf
    assert judge(sealed).verdict == "passed"
    assert level(updated(sealed), len(sealed)) == "other"
    assert level(shortened(updated(sealed), len(sealed)), len(sealed)) == "other"


def test_a_second_trailer():
    sealed = seal(pdf_of(OBJECTS)).pdf
    assert level(updated(sealed) + b"trailer<</Root 90 0 R>>\n", len(sealed)) == "other"


@pytest.mark.parametrize("name", ["table", "xref-stream", "object-streams", "hybrid", "linearized"])
def test_honest_files_have_no_strays(pdfs, name: str):
    sealed = seal(seal((pdfs / f"{name}.pdf").read_bytes()).pdf).pdf
    assert Strays(Document.open(BytesSource(sealed)), 0).after(0) is None


def test_many_pieces_are_not_irregular():
    """A form with hundreds of changed fields has hundreds of subsections."""
    filler = {number: b"<</N %d>>" % number for number in range(200, 1400, 2)}
    sealed = seal(pdf_of({**OBJECTS, **filler})).pdf
    later = pdf_of(filler, b"", sealed)
    assert level(later, len(sealed)) == "none"


def test_windows_do_not_cut_words(monkeypatch):
    sealed = seal(pdf_of(OBJECTS)).pdf
    forged = updated(sealed, HIDDEN)
    whole = Document.open(BytesSource(forged))
    for size in (7, 64, 100, 1000):
        monkeypatch.setattr("pdfseal.pdf.changes.rebuilding._WINDOW_BYTES", size)
        assert Strays(whole, len(sealed)).after(0) == len(sealed)


@pytest.mark.parametrize("filler", [b" " * 60, b"\r%" * 30, b"1 " * 30, b"0" * 62])
def test_hostile_space_costs_nothing(filler: bytes):
    sealed = seal(pdf_of(OBJECTS)).pdf
    forged = updated(sealed, (b"1" + filler + b"obj\n") * 2000)
    start = time.perf_counter()
    level(forged, len(sealed))
    assert time.perf_counter() - start < 2
