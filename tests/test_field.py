"""The signature field that is written: names, flags, form and annotations, as other readers see them."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pikepdf
import pytest

import pdfseal
from pdfseal import Wording
from pdfseal.pdf.document import Document
from pdfseal.pdf.field import walk_fields
from pdfseal.pdf.source import BytesSource
from tests.support.attacks import attack
from tests.support.outcome import code_of
from tests.support.sealing import FIXTURES, WHEN, certificate, picture

PLACE = pdfseal.InRectangle(2, pdfseal.Rect(20, 20, 80, 80), fit=pdfseal.Size(60, 60))


def prepare(data: bytes, **options: object) -> pdfseal.PreparedSeal:
    wanted: dict[str, object] = {
        "placement": PLACE,
        "appearance": pdfseal.Appearance(picture()),
        "signer": certificate("p256-signer"),
        "when": WHEN,
    }
    return pdfseal.prepare(data, **(wanted | options))  # type: ignore[arg-type]


def pdf(name: str = "table") -> bytes:
    return (FIXTURES / "pdf" / f"{name}.pdf").read_bytes()


def opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data), attempt_recovery=False)


def fields(data: bytes) -> dict[str, str]:
    """Full name -> /FT of every field."""
    return {name: str(kind) for _, _, name, kind in walk_fields(Document.open(BytesSource(data)))}


# ---- what is written -------------------------------------------------------------------------------


KINDS = (
    "table", "xref-stream", "object-streams", "acroform-direct", "acroform-indirect", "annots-indirect",
    "annots-shared", "annots-in-object-stream",
)  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_as_qpdf_sees_it(name: str):
    prepared = prepare(pdf(name), wording=Wording(reason="合同", location="Beijing", contact="1"))
    with opened(prepared.pdf_bytes()) as found:
        form = found.Root.AcroForm
        widget = form.Fields[-1]
        assert int(form.SigFlags) & 3 == 3
        assert (str(widget.FT), str(widget.Subtype), str(widget.T)) == (
            "/Sig",
            "/Widget",
            prepared.field_name,
        )
        assert int(widget.F) == 132
        assert [round(float(edge), 3) for edge in widget.Rect] == [20, 20, 80, 80]
        page = found.pages[1].obj
        assert widget.P.objgen == page.objgen
        assert page.Annots[-1].objgen == widget.objgen
        assert str(widget.AP.N.Subtype) == "/Form"
        value = widget.V
        assert (str(value.Type), str(value.SubFilter)) == ("/Sig", "/ETSI.CAdES.detached")
        assert (str(value.Reason), str(value.Location), str(value.ContactInfo)) == ("合同", "Beijing", "1")
        assert str(value.Name) == certificate("p256-signer").common_name
        assert str(value.M) == "D:20260601043000+00'00'"
        assert tuple(int(number) for number in value.ByteRange) == prepared.byte_range


def test_existing_annotations_and_fields_stay_in_front():
    for name in ("annots-indirect", "annots-shared", "acroform-direct"):
        with opened(pdf(name)) as before, opened(prepare(pdf(name), placement=None).pdf_bytes()) as after:
            old = before.pages[0].obj.get("/Annots", pikepdf.Array())
            new = after.pages[0].obj.Annots
            assert [one.unparse() for one in new][: len(old)] == [one.unparse() for one in old]
            assert len(new) == len(old) + 1


def test_shared_annotation_arrays_are_parted():
    """One array object serves two pages: the seal must appear on its own page only."""
    with opened(prepare(pdf("annots-shared")).pdf_bytes()) as found:
        counts = [len(page.obj.get("/Annots", [])) for page in found.pages]
    with opened(pdf("annots-shared")) as found:
        before = [len(page.obj.get("/Annots", [])) for page in found.pages]
    assert [now - then for now, then in zip(counts, before, strict=True)] == [0, 1, 0]


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (UTC, "D:20260601043000+00'00'"),
        (timezone(timedelta(hours=8)), "D:20260601123000+08'00'"),
        (timezone(-timedelta(hours=3, minutes=30)), "D:20260601010000-03'30'"),
    ],
)
def test_dates(zone: timezone, text: str):
    assert f"({text})".encode() in prepare(pdf(), when=WHEN.astimezone(zone)).appended


def test_years_of_four_digits():
    assert (
        b"(D:09990102030405+00'00')" in prepare(pdf(), when=datetime(999, 1, 2, 3, 4, 5, tzinfo=UTC)).appended
    )


@pytest.mark.parametrize(
    "text", ["(", ")", "\\", "a(b)c\\", "\r\n", "%", "<>", "\x00", "é", "合同", "😀", "x" * 5000]
)
def test_any_wording(text: str):
    prepared = prepare(pdf(), wording=Wording(reason=text, location=text))
    (one,) = pdfseal.verify(prepared.pdf_bytes()).signatures
    assert (one.reason, one.location) == (text, text)


def test_wording_that_is_no_text():
    assert code_of(prepare, pdf(), wording=Wording(reason="\ud800")) == "argument"
    assert code_of(prepare, pdf(), field_name="\udcba") == "argument"


def test_byte_range_has_room_for_large_files():
    """The width is fixed before the numbers are known: four numbers of twelve digits fit."""
    match = re.search(rb"/ByteRange ?\[[^\]]*\] *", prepare(pdf()).appended)
    assert match is not None
    assert len(match[0]) >= len(b"/ByteRange [0 999999999999 999999999999 999999999999]")


# ---- names -----------------------------------------------------------------------------------------


def test_free_names():
    data = pdf()
    for number in (1, 2, 3):
        prepared = prepare(data)
        assert prepared.field_name == f"Signature{number}"
        data = prepared.pdf_bytes()
    assert [name for name, kind in fields(data).items() if kind == "Sig"] == [
        "Signature1",
        "Signature2",
        "Signature3",
    ]


def test_taken_names_of_nested_fields():
    taken = fields(pdf("field-names-taken"))
    prepared = prepare(pdf("field-names-taken"))
    assert prepared.field_name not in taken
    for name in taken:
        if name and "." not in name:
            assert code_of(prepare, pdf("field-names-taken"), field_name=name) == "field_exists"


@pytest.mark.parametrize("name", ["甲方 公章", "a" * 200, "(x)", "签章\\1"])
def test_given_names(name: str):
    prepared = prepare(pdf(), field_name=name)
    assert list(fields(prepared.pdf_bytes())) == [name]
    assert pdfseal.verify(prepared.pdf_bytes()).signatures[0].field == name


# ---- forms that lie --------------------------------------------------------------------------------


def with_form(form: bytes, *objects: bytes) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    bodies = [
        b"<</Type /Catalog /Pages 2 0 R /AcroForm %s>>" % form,
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 200 200]>>",
        *objects,
    ]
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(out) + b"trailer\n<</Root 1 0 R /Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, at)


ONE_PAGE = pdfseal.InRectangle(1, pdfseal.Rect(20, 20, 80, 80), fit=pdfseal.Size(60, 60))


@pytest.mark.parametrize(
    ("form", "objects"),
    [
        (b"null", ()),
        (b"5", ()),
        (b"[]", ()),
        (b"<<>>", ()),
        (b"<</Fields null>>", ()),
        (b"<</Fields 5>>", ()),
        (b"<</Fields [null 5 (x) 99 0 R]>>", ()),
        (b"99 0 R", ()),
        (b"4 0 R", (b"5 0 R", b"<</Fields 6 0 R>>", b"7 0 R", b"[]")),
        (b"<</Fields [] /SigFlags (x)>>", ()),
        (b"<</Fields [4 0 R]>>", (b"<</T 5 /FT /Sig /V 5>>",)),
        (b"<</Fields [4 0 R]>>", (b"<</T (a) /Kids [4 0 R]>>",)),
        (b"<</Fields [4 0 R 4 0 R]>>", (b"<</T (a) /Kids [5 0 R]>>", b"<</T (b) /Kids [4 0 R 5 0 R]>>")),
    ],
    ids=str,
)
def test_odd_forms_are_sealed_or_refused(tmp_path: Path, form: bytes, objects: tuple[bytes, ...]):
    data = with_form(form, *objects)
    prepared = prepare(data, placement=ONE_PAGE)
    report = pdfseal.verify(prepared.pdf_bytes())
    assert [one.field for one in report.signatures if one.coverage == "whole_file"] == [prepared.field_name]


def test_too_many_and_too_deep_fields():
    deep = [b"<</T (a) /Kids [%d 0 R]>>" % (number + 1) for number in range(4, 104)]
    assert code_of(prepare, with_form(b"<</Fields [4 0 R]>>", *deep), placement=ONE_PAGE) == "limit_exceeded"
    assert code_of(
        prepare, with_form(b"<</Fields [%s]>>" % (b"<</T (a)>>" * 100_001)), placement=ONE_PAGE
    ) == ("limit_exceeded")


# ---- what forbids signing --------------------------------------------------------------------------


def test_certification():
    assert (
        code_of(prepare, attack("control-certified.pdf").data, placement=ONE_PAGE) == "forbidden_by_document"
    )
    assert code_of(prepare, attack("control-docmdp-2-form-filled.pdf").data, placement=ONE_PAGE) is None


def test_form_of_a_signed_file_keeps_its_fields():
    data = attack("control-second-signature.pdf").data
    assert fields(prepare(data, placement=ONE_PAGE).pdf_bytes()) == {
        "amount": "Tx", "Signature1": "Sig", "Signature2": "Sig", "Signature3": "Sig",
    }  # fmt: skip
