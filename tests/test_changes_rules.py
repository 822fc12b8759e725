"""The rules for fields: appearances that stay in their place, names that are one, timestamps."""

from __future__ import annotations

import io

import pytest
from asn1crypto import tsp
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers, timestamps

from pdfseal.pdf.changes.appearances import is_clipped, stays_inside
from pdfseal.pdf.changes.names import plain_name
from pdfseal.pdf.changes.values import alike, changed_keys, same_text
from pdfseal.pdf.document import Document
from pdfseal.pdf.encryption import Doubtful
from pdfseal.pdf.source import BytesSource
from pdfseal.pdf.syntax import Dictionary, Name, Parser, Ref, Value
from tests.support.attacks import attack, judge
from tests.support.timestamps import WHEN, authority


@pytest.fixture(scope="module")
def document() -> Document:
    return Document.open(BytesSource(attack("control-signed.pdf").data))


IDENTITY: list[Value] = [1, 0, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("box", "matrix", "clipped"),
    [
        ([0, 0, 100, 20], None, True),
        ([100, 20, 0, 0], IDENTITY, True),
        ([-3000, -3000, 3000, 3000.5], None, True),
        ([500, 700, 600, 712], [0, 1, -1, 0, 0, 0], True),
        ([0, 0, 100, 20], [0.7, 0.7, -0.7, 0.7, 0, 0], True),
        ([0, 0, 0, 0], None, True),  # an invisible signature
        (None, None, False),
        ([0, 0, 100], None, False),
        ([0, 0, 100, True], None, False),
        ([0, 0, 100, Name("a")], None, False),
        ([0, 0, 100, 20], [1, 0, 0], False),
        ([0, 0, 100, 20], [0, 0, 0, 0, 0, 0], False),
        ([0, 0, 100, 20], [1, 0, 0, 1, 10**9, 0], False),
        ([0, 0, 100, 20], [10**400, 0, 0, 1, 0, 0], False),
        ([0, 0, 0.00001, 0.00001], None, False),
        ([50000, 0, 50001, 20], None, False),
        ([0, 0, 0, 0], [1, 0, 0, 1, 50000, 0], False),
    ],
)
def test_boxes_that_readers_clip_to(
    document: Document, box: Value, matrix: list[Value] | None, clipped: bool
):
    form = Dictionary({"BBox": box} if box is not None else {})
    if matrix is not None:
        form["Matrix"] = matrix
    assert is_clipped(document, form) is clipped


def test_what_is_no_stream_stays_nowhere(document: Document):
    place = {"Rect": [0, 0, 100, 20]}
    for states in (Dictionary({"On": Dictionary()}), Dictionary({"On": Ref(3, 0)}), Dictionary({"On": 5})):
        shown = Dictionary({**place, "AP": Dictionary({"N": states})})
        assert stays_inside(document, shown) is (states["On"] == 5)  # no dictionary: nothing is there
    assert stays_inside(document, Dictionary({**place, "AP": Dictionary({"N": Ref(99, 0)})}))
    assert not stays_inside(document, Dictionary({"AP": Dictionary()}))
    assert stays_inside(document, Dictionary(place))


@pytest.mark.parametrize(
    ("name", "plain"), [("a.b", "a.b"), ("a.", "a"), (".a..b", "a.b"), ("", ""), ("...", "")]
)
def test_names_without_empty_parts(name: str, plain: str):
    assert plain_name(name) == plain


def test_texts_that_nobody_can_read_are_not_the_same():
    assert same_text(b"zh", b"\xfe\xff\0z\0h")
    assert not same_text(Doubtful(b"zh", b"1"), b"zh")
    assert not same_text(Doubtful(b"zh", b"1"), Doubtful(b"zh", b"2"))
    assert same_text(Doubtful(b"zh", b"1"), Doubtful(b"zh", b"1"))


class Authority(timestamps.TimeStamper):
    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        answer = authority("p256").answer(req.dump(), now=WHEN, serial=lambda: 9)
        return tsp.TimeStampResp.load(answer)


def test_pyhanko_may_put_a_timestamp_into_an_empty_field():
    first = attack("signature-takes-the-lock-away.pdf").data
    first = first[: first.index(b"%%EOF") + 6]  # with an empty field that has a place on the page
    writer = IncrementalPdfFileWriter(io.BytesIO(first), strict=False)
    filled = signers.PdfTimeStamper(Authority(), field_name="Second").timestamp_pdf(writer, "sha256")
    report = judge(filled.getvalue())
    assert (report.verdict, report.signatures[0].changes.level) == ("passed", "ltv")


@pytest.mark.parametrize(
    ("key", "old", "new", "same"),
    [
        ("MediaBox", b"595.303937007874", b"595.30396", True),  # pdfium writes single precision
        ("MediaBox", b"792.00", b"792", True),  # pypdf, whole numbers
        ("Rect", b"595.3039", b"595.31", False),
        ("Rect", b"1000000000.0", b"1000000400.0", False),
        ("Rect", b"1", b"true", False),
        ("Matrix", b"595.303937007874", b"595.30396", False),
        ("Differences", b"48.99999", b"49.0", False),
    ],
)
def test_boxes_that_readers_cannot_tell_apart(key: str, old: bytes, new: bytes, same: bool):
    one, other = (Parser(b"<</%s [0 0 9 %s]>>" % (key.encode(), text)).value(0)[0] for text in (old, new))
    assert alike(one, other) is same
    assert isinstance(one, Dictionary)
    assert isinstance(other, Dictionary)
    assert changed_keys(one, other) == ([] if same else [key])
