"""Existing signature fields are filled as their owner wished; several boxes respect what is signed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

import pdfseal
from pdfseal import AtPoint, CallerError, IntoField, Point, RefusedError, Several, Size, Straddle
from tests.conftest import FIXTURES
from tests.support.oracles import pdfsig, pyhanko_status
from tests.support.pages import PageKind, document, ink, pdfium_pages, prepared, saved, upright
from tests.support.sealing import WHEN, seal, trust

PLAIN = PageKind()
KIND = PageKind(media=(0, 0, 400, 500), crop=(20, 30, 380, 480), rotate=90)


def _with_field(
    kind: PageKind = PLAIN, *, split: bool = False, rect: Any = (50, 60, 250, 160), **more: Any
) -> bytes:
    """Two pages, and on the second an empty signature field `Party A`; `split`: the widget is its kid."""
    with pikepdf.open(io.BytesIO(document([kind, kind]))) as pdf:
        page = pdf.pages[1].obj
        widget = Dictionary(Type=Name.Annot, Subtype=Name.Widget, Rect=Array(list(rect)), F=4, P=page)
        field = Dictionary(FT=Name.Sig, T=String("Party A"), **more)
        if split:
            field = pdf.make_indirect(field)
            widget.Parent = field
            widget = pdf.make_indirect(widget)
            field.Kids = Array([widget])
        else:
            field = widget = pdf.make_indirect(Dictionary({**dict(widget.items()), **dict(field.items())}))
        page.Annots = Array([widget])
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
        return saved(pdf)


@pytest.mark.parametrize("split", [False, True])
def test_the_field_is_filled_where_it_is(split: bool) -> None:
    sealed = seal(_with_field(split=split), placement=IntoField("Party A"))
    assert sealed.prepared.field_name == "Party A"
    assert [(box.page, box.rect) for box in sealed.prepared.boxes] == [(2, pdfseal.Rect(50, 60, 250, 160))]
    with pikepdf.open(io.BytesIO(sealed.pdf)) as pdf:
        assert len(pdf.Root.AcroForm.Fields) == 1
        assert len(pdf.pages[1].obj.Annots) == 1
        assert "/Annots" not in pdf.pages[0].obj
        widget = pdf.pages[1].obj.Annots[0]
        assert [float(v) for v in widget.Rect] == [50, 60, 250, 160]
        assert pdf.Root.AcroForm.Fields[0].V.Type == Name.Sig
        assert int(widget.F) & 4
        assert int(pdf.Root.AcroForm.SigFlags) == 3
    report = pdfseal.verify(sealed.pdf, trust=trust("p256"))
    assert report.verdict == "passed"
    assert [(box.page, box.rect) for box in report.signatures[0].boxes] == [
        (2, pdfseal.Rect(50, 60, 250, 160))
    ]


def test_the_picture_keeps_its_shape_in_the_field() -> None:
    made = prepared(_with_field(KIND, rect=(100, 100, 140, 300)), IntoField("Party A"))
    page = pdfium_pages(made.pdf_bytes(), [KIND.displayed] * 2)[1]
    # displayed: x = y - 30, y = 380 - x; the field is 200 x 40 there, the marker 40 x 20 in its middle
    wanted = (2 * (170 - 20), 2 * (100 - 10), 2 * (170 + 20), 2 * (100 + 10))
    assert max(abs(a - b) for a, b in zip(ink(page), wanted, strict=True)) <= 1
    assert upright(page)
    large = prepared(_with_field(rect=(50, 60, 70, 260)), IntoField("Party A"))
    left, _, right, _ = ink(pdfium_pages(large.pdf_bytes(), [PageKind().displayed] * 2)[1])
    assert (left, right) == pytest.approx((100, 140), abs=1)


def test_an_invisible_field() -> None:
    sealed = seal(_with_field(rect=(0, 0, 0, 0)), placement=IntoField("Party A"))
    assert pdfseal.verify(sealed.pdf, trust=trust("p256")).verdict == "passed"
    assert sealed.prepared.appended.count(b"/Subtype /Image") == 0


def test_a_field_and_further_boxes(tmp_path: Path) -> None:
    rule = Several((Straddle(size=Size(60, 60)), IntoField("Party A")))
    sealed = seal(_with_field(), placement=rule)
    assert [box.page for box in sealed.prepared.boxes] == [2, 1, 2]
    assert sealed.prepared.appended.count(b"/Subtype /Stamp") == 2
    assert pdfseal.verify(sealed.pdf, trust=trust("p256")).verdict == "passed"
    path = tmp_path / "sealed.pdf"
    path.write_bytes(sealed.pdf)
    assert len(pdfsig(path)) == 1


@pytest.mark.parametrize("split", [False, True])
def test_outside_judges_accept_the_filled_field(split: bool, tmp_path: Path) -> None:
    lock = Dictionary(Type=Name.SigFieldLock, Action=Name.All)
    path = tmp_path / "sealed.pdf"
    path.write_bytes(seal(_with_field(split=split, Lock=lock), placement=IntoField("Party A")).pdf)
    if not split:  # poppler looks for the signature in the widget and not in its field
        assert [(one.field, one.valid, one.whole_document) for one in pdfsig(path)] == [
            ("Party A", True, True)
        ]
    statuses = pyhanko_status(path, [FIXTURES / "pki" / "p256-root.crt.pem"], at=WHEN)
    assert [(one.field, one.bottom_line, one.coverage) for one in statuses] == [
        ("Party A", True, "ENTIRE_FILE")
    ]


def test_the_lock_takes_effect() -> None:
    lock = Dictionary(Type=Name.SigFieldLock, Action=Name.Include, Fields=Array([String("amount")]))
    sealed = seal(_with_field(Lock=lock), placement=IntoField("Party A"))
    with pikepdf.open(io.BytesIO(sealed.pdf)) as pdf:
        field = pdf.Root.AcroForm.Fields[0]
        assert field.Lock.Action == Name.Include
        reference = field.V.Reference[0]
        assert reference.TransformMethod == Name.FieldMDP
        assert str(reference.TransformParams.Fields[0]) == "amount"
    with pytest.raises(RefusedError, match=r"locks the field 'amount' \(FieldMDP\)"):
        seal(_second_field(sealed.pdf, "amount"), placement=IntoField("amount"))


def _second_field(pdf_bytes: bytes, name: str) -> bytes:
    """The same file with one more empty signature field; rewriting does not matter to this question."""
    with pikepdf.open(io.BytesIO(pdf_bytes)) as pdf:
        page = pdf.pages[0].obj
        widget = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String(name), Rect=[9, 9, 99, 99]
        )
        widget = pdf.make_indirect(widget)
        page.Annots = Array([widget])
        pdf.Root.AcroForm.Fields.append(widget)
        return saved(pdf)


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({"Ff": 1, "Filter": Name("/Entrust.PPKEF")}, "/SV /Filter"),
        ({"Ff": 2, "SubFilter": Array([Name("/adbe.pkcs7.sha1")])}, "/SV /SubFilter"),
        ({"Ff": 64, "DigestMethod": Array([String("SHA512")])}, "/SV /DigestMethod"),
        ({"Ff": 8, "Reasons": Array([String("approved")])}, "/SV /Reasons"),
    ],
)
def test_demands_of_the_seed_value(seed: dict[str, Any], message: str) -> None:
    with pytest.raises(RefusedError, match=message) as caught:
        seal(_with_field(SV=Dictionary(**seed)), placement=IntoField("Party A"))
    assert caught.value.code == "forbidden_by_document"
    proposed = seal(_with_field(SV=Dictionary(**(seed | {"Ff": 0}))), placement=IntoField("Party A"))
    assert b"/SV" in proposed.pdf


def test_a_demand_that_is_met() -> None:
    seed = Dictionary(Ff=8, Reasons=Array([String("approved")]))
    wording = pdfseal.Wording(reason="approved")
    assert seal(_with_field(SV=seed), placement=IntoField("Party A"), wording=wording).prepared.boxes


def test_fields_that_cannot_be_filled() -> None:
    cases = (
        (_with_field(), "Party B", "there is no field 'Party B'; signature fields are: 'Party A'"),
        (document([PageKind()]), "x", "signature fields are: none"),
        (seal(_with_field(), placement=IntoField("Party A")).pdf, "Party A", "holds a signature already"),
        (_text_field(), "amount", "is not a signature field"),
    )
    for pdf, name, message in cases:
        with pytest.raises(CallerError, match=message) as caught:
            seal(pdf, placement=IntoField(name))
        assert caught.value.code == "field_unusable"
    with pytest.raises(CallerError, match="cannot be named 'other'"):
        seal(_with_field(), placement=IntoField("Party A"), field_name="other")
    with pytest.raises(CallerError, match="name a single field"):
        seal(_with_field(), placement=Several((IntoField("Party A"), IntoField("Party A"))))


def _text_field() -> bytes:
    with pikepdf.open(io.BytesIO(document([PageKind()]))) as pdf:
        field = pdf.make_indirect(Dictionary(FT=Name.Tx, T=String("amount")))
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
        return saved(pdf)


# -- several boxes and earlier signatures (law 7) ------------------------------------------

PAGES = document([PageKind()] * 3)
EVERYWHERE = AtPoint("all", Point(100, 100), size=Size(40, 40))


def test_one_signature_covers_all_boxes(tmp_path: Path) -> None:
    sealed = seal(PAGES, placement=EVERYWHERE)
    assert sealed.prepared.notes == ()
    path = tmp_path / "sealed.pdf"
    path.write_bytes(sealed.pdf)
    assert len(pdfsig(path)) == 1
    with pikepdf.open(path) as pdf:
        annotations = [page.obj.Annots[0] for page in pdf.pages]
        assert [str(one.Subtype) for one in annotations] == ["/Widget", "/Stamp", "/Stamp"]
        # printed, read-only, locked, contents locked
        assert [int(one.F) for one in annotations] == [4 | 128, 4 | 64 | 128 | 512, 4 | 64 | 128 | 512]
        assert len({one.AP.N.objgen for one in annotations}) == 1


def test_several_boxes_on_a_signed_document_need_permission() -> None:
    signed = seal(PAGES).pdf
    with pytest.raises(RefusedError) as caught:
        seal(signed, placement=EVERYWHERE)
    assert caught.value.code == "annotations_on_signed"
    allowed = seal(signed, placement=EVERYWHERE, allow_annotations=True)
    assert any("signed before" in note for note in allowed.prepared.notes)
    report = pdfseal.verify(allowed.pdf, trust=trust("p256"))
    assert all(one.digest_ok and one.signature_ok for one in report.signatures)
    assert [one.changes.level for one in report.signatures] == ["annotations", "none"]
    assert seal(signed, placement=AtPoint(2, Point(100, 100))).prepared.notes == ()


@pytest.mark.parametrize("level", [1, 2, 3])
def test_certified_documents(level: int) -> None:
    with pikepdf.open(io.BytesIO(PAGES)) as pdf:
        parameters = Dictionary(Type=Name.TransformParams, P=level, V=Name("/1.2"))
        reference = Dictionary(Type=Name.SigRef, TransformMethod=Name.DocMDP, TransformParams=parameters)
        pdf.Root.Perms = Dictionary(
            DocMDP=pdf.make_indirect(Dictionary(Type=Name.Sig, Reference=Array([reference])))
        )
        certified = saved(pdf)
    if level == 3:
        assert len(seal(certified, placement=EVERYWHERE, allow_annotations=True).prepared.boxes) == 3
        return
    with pytest.raises(RefusedError, match=f"certification states /P {level}"):
        seal(certified, placement=EVERYWHERE, allow_annotations=True)


def test_a_value_that_is_inherited_fills_the_field() -> None:
    """Table 226: a field without /V has that of the field above it."""
    with pikepdf.open(io.BytesIO(_with_field(split=True))) as pdf:
        field = pdf.Root.AcroForm.Fields[0]
        field.T = String("Parties")
        field.V = pdf.make_indirect(Dictionary(Type=Name.Sig, Filter=Name("/Adobe.PPKLite")))
        field.Kids[0].T = String("A")
        original = saved(pdf)
    with pytest.raises(CallerError, match=r"'Parties\.A' holds a signature already"):
        seal(original, placement=IntoField("Parties.A"))
