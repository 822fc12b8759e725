"""Trailers, cross-reference streams and object streams of later revisions: what is allowed, and nothing else.

Each file is signed, and a later revision packs a font as it was. fixtures/attacks_on_streams.py has those
forms that fool a reader; here are all rules, one by one.
"""

from __future__ import annotations

import zlib

import pytest

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes import Changes, changes_since
from pdfseal.pdf.document import Document
from pdfseal.pdf.filters import decode
from pdfseal.pdf.limits import Work
from pdfseal.pdf.source import BytesSource
from pdfseal.pdf.syntax import Parser
from tests.support.attacks import attack

FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
SIGNED = attack("control-signed.pdf").data
HELD = b"5 0 " + FONT
KIND = "/Type /ObjStm /N 1 /First 4"
FLATE = f"{KIND} /Filter /FlateDecode"
ID = "/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]"
TRAILER = f"/Size 40 /Root 1 0 R {ID}"
PREVIOUS = int(SIGNED.rpartition(b"startxref\n")[2].split()[0])


def stream(entries: str, data: bytes, *, said: int | None = None, end: bytes = b"\nendstream") -> bytes:
    head = f"<< {entries} /Length {len(data) if said is None else said} >>\nstream\n"
    return head.encode("latin-1") + data + end


def revision(
    body: bytes,
    *,
    head: bytes = b"30 0 obj\n",
    packed: tuple[tuple[int, int], ...] = ((5, 0),),
    listing: str = "",
    trailer: str = TRAILER,
    coding: str = "",
    encode: bool = False,
) -> bytes:
    """Object stream 30, and cross-reference stream 31, which says what is packed in it."""
    at = len(SIGNED)
    out = SIGNED + head + body + b"\nendobj\n"
    rows = {30: (1, at, 0), 31: (1, len(out), 0)} | {number: (2, 30, place) for number, place in packed}
    data = b"".join(
        a.to_bytes(1, "big") + b.to_bytes(4, "big") + c.to_bytes(1, "big")
        for _, (a, b, c) in sorted(rows.items())
    )
    index = " ".join(f"{number} 1" for number in sorted(rows))
    shape = listing or f"/Type /XRef /W [1 4 1] /Index [{index}]"
    written = stream(f"{shape} {trailer} /Prev {PREVIOUS} {coding}", zlib.compress(data) if encode else data)
    return out + b"31 0 obj\n" + written + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(out)


def changes(pdf: bytes) -> Changes:
    return changes_since(Document.open(BytesSource(pdf)), len(SIGNED))


def rows(data: bytes, width: int, kind: int = 0) -> bytes:
    """Compressed, in rows behind a tag each."""
    parts = (data[at : at + width].ljust(width) for at in range(0, len(data), width))
    return zlib.compress(b"".join(bytes([kind]) + part for part in parts))


def flushed(data: bytes) -> bytes:
    engine = zlib.compressobj()
    return engine.compress(data) + engine.flush(zlib.Z_SYNC_FLUSH)


PARAMETERS = "<< /Predictor 12 /Columns 16 >>"
DEFLATED = zlib.compress(HELD)
GOOD = {
    "plain": stream(KIND, HELD),
    "deflated": stream(FLATE, DEFLATED),
    "in arrays": stream(
        f"{KIND} /Filter [/FlateDecode] /DecodeParms [{PARAMETERS}]", rows(HELD, 16)
    ),
    "with a predictor": stream(f"{FLATE} /DecodeParms {PARAMETERS}", rows(HELD, 16)),
    "parameters null": stream(f"{FLATE} /DecodeParms null", DEFLATED),
    "parameters null in an array": stream(f"{KIND} /Filter [/FlateDecode] /DecodeParms [null]", DEFLATED),
    "extends another": stream(f"{FLATE} /Extends 5 0 R", DEFLATED),
    "decoded length": stream(f"{FLATE} /DL {len(HELD)}", DEFLATED),
    "line end counted": stream(FLATE, DEFLATED + b"\r\n", end=b"endstream"),
    "flushed, not finished": stream(FLATE, flushed(HELD)),
    "written by Acrobat": f"<<{KIND}/Filter/FlateDecode/Length {len(DEFLATED)}>>stream\r\n".encode()
    + DEFLATED
    + b"\r\nendstream",
    "space around the object": stream("/Type /ObjStm /N 1 /First 6", b"5 0 \r\n " + FONT + b" \n"),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_what_writers_write(name: str):
    assert changes(revision(GOOD[name])).level == "none"


BAD = {
    "unknown entry": stream(f"{KIND} /Some 1", HELD),
    "entry twice": stream(f"{KIND} /N 1", HELD),
    "entry in numbers": stream("/Type /ObjStm /#4E 1 /First 4", HELD),
    "value in numbers": stream("/Type /ObjSt#6D /N 1 /First 4", HELD),
    "comment": stream(f"{KIND} %\n", HELD),
    "count of another type": stream("/Type /ObjStm /N 1.0 /First 4", HELD),
    "first as a reference": stream("/Type /ObjStm /N 1 /First 4 0 R", HELD),
    "length as a reference": f"<< {KIND} /Length 28 0 R >>\nstream\n".encode() + HELD + b"\nendstream",
    "length too short": stream(KIND, HELD + b"  x", said=len(HELD)),
    "length too long": stream(KIND, HELD, said=len(HELD) + 3),
    "length with a sign": stream(KIND, HELD, said=-1),
    "line end behind the word stream": stream(KIND, HELD).replace(b"stream\n", b"stream\r", 1),
    "space behind the word stream": stream(KIND, HELD).replace(b"stream\n", b"stream \n", 1),
    "endstream in it": stream("/Type /ObjStm /N 1 /First 4", HELD + b"\nendstream\n"),
    "endstream joined": stream(KIND, HELD, end=b"\nendstreamendobj"),
    "filter in short": stream(f"{KIND} /Filter /Fl", DEFLATED),
    "filter in short entry": stream(f"{KIND} /F /AHx", HELD),
    "filter twice": stream(f"{KIND} /Filter [/FlateDecode /FlateDecode]", zlib.compress(DEFLATED)),
    "filter crypt": stream(f"{KIND} /Filter /Crypt", HELD),
    "no filter": stream(f"{KIND} /Filter []", HELD),
    "other filter": stream(f"{KIND} /Filter /ASCIIHexDecode", HELD.hex().encode() + b">"),
    "parameters as a reference": stream(f"{FLATE} /DecodeParms 7 0 R", DEFLATED),
    "parameters in an array": stream(f"{FLATE} /DecodeParms [{PARAMETERS}]", rows(HELD, 16)),
    "parameters in no array": stream(
        f"{KIND} /Filter [/FlateDecode] /DecodeParms {PARAMETERS}", rows(HELD, 16)
    ),
    "harmless parameters in no array": stream(
        f"{KIND} /Filter [/FlateDecode] /DecodeParms << /Predictor 1 >>", DEFLATED
    ),
    "unknown parameter": stream(f"{FLATE} /DecodeParms << /EarlyChange 1 >>", DEFLATED),
    "parameter true": stream(f"{FLATE} /DecodeParms << /Predictor true >>", DEFLATED),
    "parameter twice": stream(f"{FLATE} /DecodeParms << /Predictor 1 /Predictor 1 >>", DEFLATED),
    "parameters in short": stream(f"{FLATE} /DP {PARAMETERS}", DEFLATED),
    "torn row": stream(f"{FLATE} /DecodeParms {PARAMETERS}", zlib.compress(b"\0" + HELD[:16] + b"\0 ")),
    "more behind its data": stream(FLATE, DEFLATED + b"more"),
    "data cut": stream(FLATE, DEFLATED[:-2]),
    "directory with zeros between": stream("/Type /ObjStm /N 1 /First 6", b"5 0 0 " + FONT),
    "directory with a comment": stream("/Type /ObjStm /N 1 /First 6", b"5 0 % " + FONT),
    "something before the object": stream("/Type /ObjStm /N 1 /First 4", b"5 2 1 " + FONT),
    "comment before the object": stream("/Type /ObjStm /N 1 /First 4", b"5 0 %\n" + FONT),
    "something behind the object": stream(KIND, HELD + b" null"),
    "word stream behind the object": stream(KIND, HELD + b"stream\n"),
    "comment behind the object": stream(KIND, HELD + b" %"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_nobody_writes(name: str):
    found = changes(revision(BAD[name]))
    assert found.level == "other"
    assert any("object stream 30" in change.reason for change in found.details)


@pytest.mark.parametrize("head", [b"30 0 obj%\n", b"30 %\n0 obj\n", b"30 0 obj\n%\n"])
def test_comments_before_the_dictionary(head: bytes):
    assert changes(revision(stream(KIND, HELD), head=head)).level == "other"


def two(directory: bytes, held: bytes) -> bytes:
    return stream(f"/Type /ObjStm /N 2 /First {len(directory)}", directory + held)


NEW = ((5, 0), (29, 1))


@pytest.mark.parametrize(
    ("directory", "held", "level"),
    [
        (b"5 0 29 %d " % len(FONT), FONT + b"<< >>", "none"),
        (b"5 0 29 %d " % (len(FONT) + 1), FONT + b" 7", "none"),
        (b"5 0 29 %d " % len(FONT), FONT + b"7", "none"),
        (b"5 0 29 %d " % (len(FONT) + 1), FONT + b"%7", "other"),
        (b"5 0 29 %d " % (len(FONT) + 2), FONT + b"7 8", "other"),
        (b"5 0 29 %d " % (len(FONT) - 27), FONT, "other"),
        (b"5 0 29 %d " % (len(FONT) + 2), FONT + b"7", "other"),
    ],
)
def test_one_object_behind_the_other(directory: bytes, held: bytes, level: str):
    assert changes(revision(two(directory, held), packed=NEW)).level == level


def test_words_that_touch():
    """29 is 7 and 28 is true for who counts bytes, and 7true for who reads words."""
    directory = b"5 0 29 %d 28 %d " % (len(FONT), len(FONT) + 1)
    body = stream(f"/Type /ObjStm /N 3 /First {len(directory)}", directory + FONT + b"7true")
    assert changes(revision(body, packed=((5, 0), (29, 1), (28, 2)))).level == "other"


def test_all_that_is_packed_is_listed():
    body = two(b"5 0 29 %d " % len(FONT), FONT + b"<< >>")
    assert changes(revision(body, packed=NEW)).level == "none"
    assert changes(revision(body)).level == "other"


def test_older_object_streams_are_held_to_the_rules_where_something_is_packed_in_them():
    """The stream is signed, and nobody needed it before."""
    odd = attack("control-signed.pdf").data
    assert changes(revision(stream(KIND, HELD))).level == "none"
    first = revision(stream(f"{KIND} /Some 1", HELD), packed=())
    at = first.rindex(b"31 0 obj")
    assert first.startswith(odd)
    second = first + b"32 0 obj\n" + stream(
        f"/Type /XRef /W [1 4 1] /Index [5 1 32 1] {TRAILER} /Prev {at}",
        b"\2\0\0\0\x1e\0" + b"\1" + len(first).to_bytes(4, "big") + b"\0",
    ) + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(first)  # fmt: skip
    found = changes_since(Document.open(BytesSource(second)), len(first))
    assert (found.level, "object stream 30" in found.details[0].reason) == ("other", True)


# ---- cross-reference streams -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "level"),
    [
        ({"coding": "/Filter /FlateDecode", "encode": True}, "none"),
        ({"coding": "/Filter [/FlateDecode] /DecodeParms [null]", "encode": True}, "none"),
        ({"trailer": f"{TRAILER} /DocChecksum /00FF /AdditionalStreams [/a+b 3 0 R]"}, "none"),
        ({"trailer": f"{TRAILER} /Info null"}, "none"),
        ({"trailer": f"{TRAILER} /Info null /Info null"}, "other"),
        ({"trailer": f"{TRAILER} /Root#00 1 0 R"}, "other"),
        ({"trailer": f"{TRAILER} /Extra#20 1"}, "other"),
        ({"trailer": f"{TRAILER} /\xe9 1"}, "other"),
        ({"trailer": f"{TRAILER} /N 1"}, "other"),
        ({"trailer": f"{TRAILER} /FFilter /AHx"}, "other"),
        ({"coding": "/Filter /FlateDecode /DecodeParms << /Some 1 >>", "encode": True}, "other"),
        ({"coding": "/Filter /Fl", "encode": True}, "other"),
    ],
)
def test_cross_reference_streams(arguments: dict[str, object], level: str):
    assert changes(revision(stream(KIND, HELD), **arguments)).level == level  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entries", "level"),
    [
        ("/Root 1 0 R", "none"),
        ("/Root 2 0 R", "other"),
        ("/Root 1 0 R /Encrypt 2 0 R", "other"),
        ("", "other"),
    ],
)
def test_what_looks_like_a_cross_reference_stream(entries: str, level: str):
    """PDFBox 1.8 leaves one behind in hybrid documents."""
    body = stream(f"/Type /XRef /W [1 1 1] /Index [0 0] /Size 1 {entries}", b"")
    assert changes(revision(body, packed=())).level == level


def test_number_of_another_object():
    later = revision(stream(KIND, HELD)).replace(b"31 0 obj", b"4 0 obj ").replace(b"30 1 31 1", b"30 1 29 1")
    assert changes(later).level == "other"


# ---- trailers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "level"),
    [
        ("", "none"),
        ("/DocChecksum /0123", "none"),
        ("/Info null", "none"),
        ("/Text (a\\) b)", "none"),
        ("/Root 1 0 R", "other"),
        ("/Root#00 1 0 R", "other"),
        ("/R\x00oot 1", "other"),
        ("/R\x80oot 1", "other"),
        ("% comment\n", "other"),
        ("/Some\x00 1", "other"),
        ("/Some\x0c1", "other"),
        ("/Filter /A /F /AHx", "other"),
        ("/Some << /A 1 /A 1 >>", "other"),
    ],
)
def test_trailers(entry: str, level: str):
    at = len(SIGNED)
    table = b"xref\n20 1\n%010d 00000 n \ntrailer\n" % at
    start = at + len(b"20 0 obj\nnull\nendobj\n")
    trailer = f"<< {TRAILER} /Prev {PREVIOUS} {entry} >>\nstartxref\n{start}\n%%EOF\n".encode("latin-1")
    try:
        found = changes(SIGNED + b"20 0 obj\nnull\nendobj\n" + table + trailer).level
    except DocumentError as error:
        found = error.code
    assert found == level or (found, level) == ("pdf_damaged", "other")


# ---- filters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entries",
    [
        "/DecodeParms 7 0 R",
        "/DecodeParms [<< /Predictor 12 >>]",
        "/DecodeParms /Name",
        "/DP << /Predictor 12 >>",
        "/F (elsewhere)",
    ],
)
def test_what_readers_decode_differently_is_not_decoded(entries: str):
    dictionary = Parser(f"<< /Filter /FlateDecode {entries} >>".encode()).value(0)[0]
    with pytest.raises(DocumentError, match="test: ") as caught:
        decode(DEFLATED, dictionary, where="test", work=Work(file_bytes=100))  # type: ignore[arg-type]
    assert caught.value.code == "pdf_damaged"


@pytest.mark.parametrize("kind", range(5))
def test_a_torn_row_is_decoded_as_far_as_it_goes(kind: int):
    """As pdfium, poppler and MuPDF do."""
    dictionary = Parser(f"<< /Filter /FlateDecode /DecodeParms {PARAMETERS} >>".encode()).value(0)[0]
    data = zlib.compress(b"\0" * 17 + bytes([kind]) + b"abc")
    found = decode(data, dictionary, where="test", work=Work(file_bytes=100))  # type: ignore[arg-type]
    assert len(found) == 19
