"""Objects with two roles, and streams that readers end elsewhere: what was prepared before the seal
must not let the page change after it.

Each case seals a page made for the attack and appends one revision.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from pdfseal.pdf.changes import changes_since
from pdfseal.pdf.document import Document
from pdfseal.pdf.source import BytesSource
from tests.support.attacks import judge
from tests.support.sealing import seal

FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 200 50]/Resources<</Font<</F 6 0 R>>>>"
HONEST, FORGED = b"BT /F 20 Tf 10 10 Td (Pay 100) Tj ET", b"BT /F 20 Tf 10 10 Td (Pay 999) Tj ET"


def stream(data: bytes, entries: bytes = b"", *, length: int | None = -1) -> bytes:
    said = b"" if length is None else b"/Length %d" % (len(data) if length < 0 else length)
    return b"<<%s%s>>\nstream\n%s\nendstream" % (entries, said, data)


PAGE = (
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Annots[]"
    b"/Resources<</XObject 5 0 R/Font<</F 6 0 R>>>>>>"
)
OBJECTS = {
    1: b"<</Type/Catalog/Pages 2 0 R>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: PAGE,
    4: stream(HONEST),
    5: b"<</X 7 0 R>>",
    6: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    7: stream(HONEST, FORM),
}
NEW = {90: stream(FORGED, FORM)}


@dataclass(frozen=True)
class Case:
    """`objects` differ from `OBJECTS`; `later` are written after the seal, `edits` replace text in them."""

    name: str
    objects: dict[int, bytes]
    later: dict[int, bytes]
    edits: dict[int, tuple[bytes, bytes]]
    trailer: bytes = b""


def draw(name: bytes) -> bytes:
    return stream(b"q 1 0 0 1 50 100 cm /%s Do Q" % name)


def page_with(old: bytes, new: bytes) -> bytes:
    assert old in PAGE
    return PAGE.replace(old, new)


LAYERS = b"<</OCGs[9 0 R]/D<</%s[9 0 R]>>>>"
CASES = [
    Case(
        "picture-called-annots",
        {4: draw(b"Annots"), 5: b"<</Annots 7 0 R>>"},
        NEW,
        {5: (b"7 0 R", b"90 0 R")},
    ),
    Case(
        "layers-are-the-info",
        {
            1: b"<</Type/Catalog/Pages 2 0 R/OCProperties 8 0 R>>",
            8: LAYERS % b"OFF",
            9: b"<</Type/OCG/Name(a)>>",
        },
        {8: LAYERS % b"ON"},
        {},
        b"/Info 8 0 R",
    ),
    Case(
        "pages-are-the-info",
        {3: page_with(b"/Parent 2 0 R", b"")},
        {2: b"<</Type/Pages/Kids[91 0 R]/Count 1>>", 91: page_with(b"4 0 R", b"92 0 R"), 92: stream(FORGED)},
        {},
        b"/Info 2 0 R",
    ),
    Case(
        "catalog-is-the-info",
        {},
        {91: b"<</Type/Pages/Kids[]/Count 0>>"},
        {1: (b"/Pages 2", b"/Pages 91")},
        b"/Info 1 0 R",
    ),
    Case(
        "catalog-is-a-resource",
        {
            1: b"<</Type/Catalog/Pages 2 0 R/Metadata 7 0 R>>",
            3: page_with(b"XObject 5", b"XObject 1"),
            4: draw(b"Metadata"),
        },
        {90: stream(FORGED, FORM.replace(b"XObject", b"Metadata"))},
        {1: (b"/Metadata 7", b"/Metadata 90")},
    ),
    Case(
        "form-is-a-resource",
        {1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>", 4: draw(b"DR"), 5: b"<</Fields[]/DR 7 0 R>>"},
        NEW,
        {5: (b"/DR 7", b"/DR 90")},
    ),
    Case(
        "field-is-a-resource",
        {
            1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>",
            4: draw(b"AP"),
            5: b"<</FT/Tx/T(x)/AP 7 0 R>>",
        },
        NEW,
        {5: (b"/AP 7", b"/AP 90")},
    ),
    Case(
        "hidden-field-placed",
        {
            1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[8 0 R]>>>>",
            8: b"<</FT/Sig/T(x)/Type/Annot/Subtype/Widget/F 4/Rect[40 90 250 140]/P 3 0 R/AP<</N 9 0 R>>>>",
            9: stream(FORGED, FORM),
        },
        {},
        {3: (b"] /Resources", b" 8 0 R] /Resources")},
    ),
    Case(
        "annotation-that-claims-to-be-a-field",
        {},
        {90: b"<</FT/Sig/T(x)/Type/Annot/Subtype/Square/IC[1 0 0]/F 4/Rect[40 90 250 140]/P 3 0 R>>"},
        {3: (b"] /Resources", b" 90 0 R] /Resources")},
    ),
    Case(
        "signature-field-with-an-action",
        {},
        {90: b"<</FT/Sig/T(x)/Type/Annot/Subtype/Widget/A<</S/Named>>/F 4/Rect[40 90 250 140]/P 3 0 R>>"},
        {3: (b"] /Resources", b" 90 0 R] /Resources")},
    ),
    Case(
        "true-is-not-one",
        {8: stream(b"\xaa", b"/Subtype/Image/Width 8/Height 1/BitsPerComponent 1/ImageMask true")},
        {8: stream(b"\xaa", b"/Subtype/Image/Width 8/Height 1/BitsPerComponent 1/ImageMask 1")},
        {},
    ),
    Case("stream-without-length", {4: stream(HONEST, length=None)}, {4: stream(FORGED, length=None)}, {}),
    Case("stream-with-short-length", {4: stream(HONEST, length=9)}, {4: stream(FORGED, length=9)}, {}),
]


def written(objects: dict[int, bytes], start: int) -> tuple[bytes, dict[int, int]]:
    body, offsets = b"", {}
    for number, value in objects.items():
        offsets[number] = start + len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    return body, offsets


def pdf_of(objects: dict[int, bytes], trailer: bytes = b"", before: bytes = b"") -> bytes:
    """A PDF of these objects, or one revision more behind `before`."""
    head = before or b"%PDF-1.7\n"
    body, offsets = written(objects, len(head))
    table = b"" if before else b"0 1\n0000000000 65535 f \n"
    table += b"".join(b"%d 1\n%010d 00000 n \n" % (n, at) for n, at in sorted(offsets.items()))
    if before:
        trailer += b"/Prev " + re.findall(rb"startxref\s+(\d+)", before)[-1]
    size = max(100, *(number + 1 for number in offsets))
    end = b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        size, trailer, len(head) + len(body),
    )  # fmt: skip
    return head + body + b"xref\n" + table + end


def current(pdf: bytes, number: int) -> bytes:
    return re.findall(rb"(?<!\d)%d 0 obj\s(.*?)\s*endobj" % number, pdf, re.DOTALL)[-1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_page_cannot_change(case: Case):
    sealed = seal(pdf_of({**OBJECTS, **case.objects}, case.trailer)).pdf
    assert judge(sealed).verdict == "passed"
    later = dict(case.later)
    for number, (old, new) in case.edits.items():
        assert old in current(sealed, number)
        later[number] = current(sealed, number).replace(old, new)
    forged = pdf_of(later, case.trailer, sealed)
    changes = changes_since(Document.open(BytesSource(forged)), len(sealed))
    assert changes.level in ("annotations", "other")
    assert judge(forged).verdict == "failed"


def test_an_info_dictionary_may_still_be_updated():
    sealed = seal(pdf_of({**OBJECTS, 8: b"<</Title(a)>>"}, b"/Info 8 0 R")).pdf
    later = pdf_of({8: b"<</Title(b)>>"}, b"/Info 8 0 R", sealed)
    assert changes_since(Document.open(BytesSource(later)), len(sealed)).level == "ltv"
    assert judge(later).verdict == "passed"


def test_an_object_stream_that_was_not_there():
    """Signed cross-reference data says that object 5 is in stream 50, which comes only after the seal."""
    first = pdf_of({n: v for n, v in {**OBJECTS, 4: draw(b"X")}.items() if n != 5})
    rows = b"".join(
        b"\x01%s\x00\x00" % first.index(b"%d 0 obj" % n).to_bytes(4) if n != 5 else b"\x02\0\0\0\x32\0\0"
        for n in range(1, 8)
    )
    body = first[: first.rindex(b"xref\n0")]
    listing = stream(rows, b"/Type/XRef/W[1 4 2]/Index[1 7]/Size 61/Root 1 0 R")
    sealed = seal(body + b"60 0 obj\n" + listing + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(body)).pdf
    assert judge(sealed).verdict == "passed"
    later, offsets = written(
        {50: stream(b"5 0 <</X 90 0 R>>", b"/Type/ObjStm/N 1/First 4"), **NEW}, len(sealed)
    )
    rows = b"".join(b"\x01%s\x00\x00" % offsets[n].to_bytes(4) for n in (50, 90))
    entries = b"/Type/XRef/W[1 4 2]/Index[50 1 90 1]/Size 900/Root 1 0 R/Prev "
    listing = stream(rows, entries + re.findall(rb"startxref\s+(\d+)", sealed)[-1])
    at = len(sealed) + len(later)
    forged = sealed + later + b"899 0 obj\n" + listing + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % at
    assert changes_since(Document.open(BytesSource(forged)), len(sealed)).level == "other"
