"""Repair: what is lost is named, and a file with unreadable streams is not rewritten into a sealed one."""

from __future__ import annotations

import re
import time
import zlib

import pytest

import pdfseal
from pdfseal.pdf.limits import Limits
from pdfseal.pdf.repair import rewrite
from pdfseal.pdf.source import BytesSource
from tests.support.sealing import FIXTURES, WHEN, seal, trust

CONTRACT = (FIXTURES / "pdf" / "producers" / "libreoffice-contract.pdf").read_bytes()
LONG_TEXT = b"BT /F1 12 Tf 20 150 Td (All that was agreed) Tj ET\n" * 50


def pdf_of(stream: bytes, entries: bytes = b"/Filter/FlateDecode") -> bytes:
    """A page with that content; its cross-reference data is missing."""
    return (
        b"%%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
        b"2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>\nendobj\n"
        b"4 0 obj\n<</Length %d%b>>\nstream\n%b\nendstream\nendobj\n"
        b"trailer\n<</Root 1 0 R>>\nstartxref\n0\n%%%%EOF\n" % (len(stream), entries, stream)
    )


def refusal(data: bytes, limits: Limits | None = None) -> pdfseal.PdfsealError:
    with pytest.raises(pdfseal.DocumentError) as caught:
        rewrite(BytesSource(data), limits=limits or Limits())
    return caught.value


@pytest.mark.parametrize(
    ("before", "after"), [(rb"(?<!\r)\n", b"\r\n"), (rb"\r\n?", b"\n")], ids=["to CRLF", "to LF"]
)
def test_converted_newlines(before: bytes, after: bytes):
    with pytest.raises(pdfseal.DocumentError) as caught:
        seal(re.sub(before, after, CONTRACT), repair=True)
    assert caught.value.code == "pdf_damaged"
    assert re.search(r"cannot be decoded.*: objects \d+(, \d+)+$", caught.value.message)


def test_newlines_that_were_converted_without_harm():
    """Nothing is compressed in this one."""
    plain = (FIXTURES / "pdf" / "table.pdf").read_bytes().replace(b"\n", b"\r\n")
    assert pdfseal.verify(seal(plain, repair=True).pdf, trust=trust("p256"), at=WHEN).verdict == "passed"


@pytest.mark.parametrize(
    ("stream", "sound"),
    [
        (zlib.compress(LONG_TEXT), True),
        (b"", True),
        (zlib.compress(LONG_TEXT)[:-4], True),  # without its checksum, as some producers write it
        (zlib.compress(LONG_TEXT)[:-9], False),
        (zlib.compress(LONG_TEXT)[:-4] + b"abcd", False),
        (b"\x00" * 40, False),
    ],
    ids=["whole", "empty", "no checksum", "cut", "wrong checksum", "no header"],
)
def test_what_is_sound(stream: bytes, sound: bool):
    if sound:
        assert rewrite(BytesSource(pdf_of(stream))).startswith(b"%PDF-")
    else:
        assert refusal(pdf_of(stream)).message.endswith(": objects 4")


def test_a_photograph_whose_newlines_were_converted():
    photograph = bytes(at * at % 251 for at in range(9000)) + b"\x0a\x0b" * 20
    entries = b"/Filter[/DCTDecode]"
    assert rewrite(BytesSource(pdf_of(photograph, entries)))
    converted = photograph.replace(b"\n", b"\r\n")
    assert refusal(pdf_of(converted, entries)).message.endswith(": objects 4")


def test_many_objects_are_counted():
    more = b"".join(
        b"%d 0 obj<</Length 3/Filter/Fl>>stream\nxyz\nendstream endobj\n" % n for n in range(5, 40)
    )
    data = pdf_of(b"xyz").replace(b"trailer", more + b"trailer")
    assert refusal(data).message.endswith("objects 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 26 more")


def test_a_bomb_is_bounded():
    start = time.perf_counter()
    error = refusal(pdf_of(zlib.compress(bytes(200_000_000))), Limits(work=100_000, work_per_byte=1))
    assert error.code == "limit_exceeded"
    assert time.perf_counter() - start < 2
