"""Breadth of reading: faults that files have in practice. What is read past, what is not, and what is sealed.

A second reader, qpdf without repair, agrees with everything that is sealed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pikepdf
import pytest

import pdfseal
from pdfseal.errors import PdfsealError
from pdfseal.pdf.tolerance import COUNTING, STARTXREF
from tests.conftest import FIXTURES
from tests.support import bombs
from tests.support.attacks import attack
from tests.support.outcome import error_of
from tests.support.sealing import WHEN, seal, trust

TABLE = (FIXTURES / "pdf" / "table.pdf").read_bytes()
STREAM = (FIXTURES / "pdf" / "xref-stream.pdf").read_bytes()
ENTRIES = re.search(rb"xref\n0 10\n(.*?)trailer", TABLE, re.DOTALL)
assert ENTRIES is not None
ROWS = ENTRIES[1]
DAMAGED_BUT_READ = "read"  # verify and inspect read it; sealing wants it repaired
SEALS, REFUSED = "seals", "refused"


def startxref(data: bytes, by: int) -> bytes:
    return re.sub(rb"startxref\n(\d+)", lambda match: b"startxref\n%d" % (int(match[1]) + by), data)


def rows_of_width(widths: bytes, row: Callable[[int, int], bytes], extra: bytes = b"") -> bytes:
    """Three objects under a cross-reference stream whose rows are given: number, offset -> octets."""
    out, offsets = bytearray(b"%PDF-1.7\n"), {}
    for number, body in bombs.BASE.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    offsets[4] = at = len(out)
    rows = b"".join(row(number, offsets.get(number, 0)) for number in range(1 if extra else 0, 5))
    entries = b"/Type/XRef/Size 5/Root 1 0 R/W[%s]%s" % (widths, extra)
    out += b"4 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (bombs.stream(rows, entries), at)
    return bytes(out)


def octets(*fields: tuple[int, int]) -> bytes:
    return b"".join(value.to_bytes(width, "big") for value, width in fields)


MAIL = b"-- \r\nThis message was scanned and found clean.\r\n"
CASES: dict[str, tuple[bytes, str]] = {
    "no %%EOF": (TABLE.replace(b"%%EOF\n", b""), SEALS),
    "no final line end": (TABLE.rstrip(b"\n"), SEALS),
    "%%EOF cut": (TABLE[:-4], SEALS),
    "a second %%EOF": (TABLE + b"%%EOF\n", SEALS),
    "a mail's head before it": (b"From: a gateway\r\n\r\n" + TABLE, SEALS),
    "too much before it": (b"x" * 2000 + TABLE, REFUSED),
    "a mail's foot behind it": (TABLE + 3 * MAIL, SEALS),
    "more behind it": (TABLE + 30 * MAIL, DAMAGED_BUT_READ),
    "too much behind it": (TABLE + 100 * MAIL, REFUSED),
    "/Size too small": (TABLE.replace(b"/Size 10", b"/Size 2"), SEALS),
    "/Size too large": (TABLE.replace(b"/Size 10", b"/Size 99999"), SEALS),
    "no /Size": (TABLE.replace(b"/Size 10", b""), DAMAGED_BUT_READ),
    "entries of 19 bytes": (TABLE.replace(ROWS, ROWS.replace(b" \n", b"\n")), SEALS),
    "entries that end in CR": (TABLE.replace(ROWS, ROWS.replace(b" \n", b"\r")), SEALS),
    "entries that end in CR LF": (TABLE.replace(ROWS, ROWS.replace(b" \n", b"\r\n")), SEALS),
    "entries of 21 bytes": (TABLE.replace(ROWS, ROWS.replace(b" \n", b" \r\n")), DAMAGED_BUT_READ),
    "object 0 of generation 0": (TABLE.replace(b"0000000000 65535 f", b"0000000000 00000 f"), SEALS),
    "object 0 in use": (TABLE.replace(b"0000000000 65535 f", b"0000000000 65535 n"), SEALS),
    "xref and its numbers on a line": (TABLE.replace(b"xref\n0 10\n", b"xref 0 10\n"), SEALS),
    "two CR before each LF": (TABLE.replace(b"xref\n0 10\n", b"xref\r\r\n0 10\r\r\n"), SEALS),
    "counted from 1": (TABLE.replace(b"xref\n0 10\n", b"xref\n1 10\n"), DAMAGED_BUT_READ),
    "counts one too many": (TABLE.replace(b"xref\n0 10\n", b"xref\n0 11\n"), REFUSED),
    "counts one too few": (TABLE.replace(b"xref\n0 10\n", b"xref\n0 9\n"), REFUSED),
    "startxref one too small": (startxref(TABLE, -1), SEALS),
    "startxref too small": (startxref(TABLE, -7), DAMAGED_BUT_READ),
    "startxref too large": (startxref(TABLE, 5), DAMAGED_BUT_READ),
    "startxref far too large": (startxref(TABLE, 900), DAMAGED_BUT_READ),
    "startxref of a stream too small": (startxref(STREAM, -5), DAMAGED_BUT_READ),
    "startxref of a stream too large": (startxref(STREAM, 6), DAMAGED_BUT_READ),
    "startxref out of all bounds": (startxref(TABLE, 5000), REFUSED),
    "no kinds in /W": (
        rows_of_width(b"0 4 0", lambda _, at: octets((at, 4)), b"/Index[1 4]"), SEALS,
    ),
    "offsets of 8 bytes": (
        rows_of_width(b"1 8 8", lambda n, at: octets((int(n > 0), 1), (at, 8), (0, 8))), SEALS,
    ),
    "no generations in /W": (
        rows_of_width(b"1 2 0", lambda n, at: octets((int(n > 0), 1), (at, 2))), SEALS,
    ),
    "offsets of 9 bytes": (
        rows_of_width(b"1 9 1", lambda n, at: octets((int(n > 0), 1), (at, 9), (0, 1))), REFUSED,
    ),
    "an object stream that extends itself": (
        bombs.placed(
            {2: bombs.PAGES, 3: bombs.PAGE, 5: bombs.object_stream({1: bombs.CATALOG}).replace(
                b"/Type/ObjStm", b"/Type/ObjStm/Extends 5 0 R"
            )},
            {1: (5, 0)},
        ), SEALS,
    ),
}  # fmt: skip


def sealed(data: bytes) -> bytes:
    return seal(data).pdf


@pytest.mark.parametrize("name", CASES)
def test_reading(name: str):
    data, expected = CASES[name]
    if expected == REFUSED:
        error = error_of(pdfseal.verify, data)
        assert error is not None
        assert error.code in ("pdf_damaged", "not_a_pdf")
        return
    assert pdfseal.verify(data).verdict == "unsigned"
    if expected == SEALS:
        made = sealed(data)
        assert made.startswith(data)
        assert pdfseal.verify(made, trust=trust("p256"), at=WHEN).verdict == "passed"
        assert opens_without_repair(made)
        return
    assert not opens_without_repair(data)
    error = error_of(sealed, data)
    assert error is not None
    assert error.code == "pdf_damaged"
    assert "repair may help" in error.message


def opens_without_repair(data: bytes) -> bool:
    try:
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False) as pdf:
            return len(pdf.pages) > 0
    except pikepdf.PdfError:
        return False


def test_what_was_read_past_is_said():
    assert pdfseal.inspect(startxref(TABLE, 5)).remarks == (STARTXREF,)
    assert pdfseal.inspect(CASES["counted from 1"][0]).remarks == (COUNTING,)
    assert pdfseal.inspect(TABLE).remarks == ()


def test_repair_helps_where_the_error_says_so():
    for name in ("no /Size", "startxref too large", "counts one too many", "more behind it"):
        made = seal(CASES[name][0], repair=True).pdf
        assert pdfseal.verify(made, trust=trust("p256"), at=WHEN).verdict == "passed"


@pytest.mark.parametrize("by", [-7, 5])
def test_nothing_is_read_past_in_a_file_that_looks_signed(by: int):
    whole = attack("control-signed.pdf").data
    at = whole.rindex(b"startxref")
    data = whole[:at] + startxref(whole[at:], by)
    error = error_of(pdfseal.verify, data)
    assert error is not None
    assert error.code == "pdf_damaged"
    error = error_of(sealed, data)
    assert error is not None
    assert "repair would break the signatures in it" in error.message


def test_two_sections_nearby_are_one_too_many():
    copy = TABLE[TABLE.index(b"xref\n0 10") : TABLE.index(b"startxref")]
    data = startxref(TABLE.replace(b"startxref", copy + b"startxref"), 5)
    assert isinstance(error_of(pdfseal.verify, data), PdfsealError)
    assert pdfseal.inspect(startxref(TABLE, 5)).pages == 3
