"""Forms and catalogs as customers send them: sealed, nothing lost, and pyHanko and pdfsig agree.

The files are those of fixtures/pdf_forms.py, and older ones of the same kind. tests/test_preservation.py
seals each twice; here other tools judge the signature, the form and the notes.
"""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

import pdfseal
from pdfseal import AtPoint, CallerError, IntoField, Point
from tests.support.oracles import pdfsig, pyhanko_status, qpdf_check
from tests.support.pki import PKI
from tests.support.preservation import check_preservation
from tests.support.sealing import WHEN, Sealed, seal, trust

SPOT = AtPoint(page=1, point=Point(200, 300))
NOTES = {
    "acroform-sig-flags.pdf": "(/NeedAppearances)",
    "xfa-static.pdf": "XFA form beside its fields",
    "portfolio.pdf": "portfolio",
    "usage-rights.pdf": "usage rights",
}
NEW_FIELD = (
    "acroform-direct.pdf", "acroform-indirect.pdf", "acroform-without-fields.pdf", "acroform-null.pdf",
    "acroform-dangling.pdf", "acroform-fields-indirect.pdf", "acroform-sig-flags.pdf", "annots-indirect.pdf",
    "annots-shared.pdf", "annots-with-holes.pdf", "annots-in-object-stream.pdf", "field-names-chinese.pdf",
    "field-names-taken.pdf", "inherited.pdf", "pdf-2-0.pdf", "portfolio.pdf", "usage-rights.pdf",
    "widget-without-page.pdf", "xfa-static.pdf",
)  # fmt: skip
EXISTING = {
    "field-names-chinese.pdf": ("甲方.盖章", 1),
    "field-names-taken.pdf": ("Signature2", 1),
    "widget-without-page.pdf": ("Reserved", 2),
}


def judge(original: bytes, sealed: Sealed, tmp_path: Path, page: int, name: str) -> None:
    kept = check_preservation(original, sealed.pdf, pages=[page])
    filled = [
        text for text in kept.changed if not text.endswith((": /AP, /F, /V changed", ": /AP, /V changed"))
    ]
    assert (kept.lost, filled) == ((), [])
    path = tmp_path / "sealed.pdf"
    path.write_bytes(sealed.pdf)
    assert qpdf_check(path).exit_code == 0
    # Not strict: one of the originals names a field that is not there.
    (status,) = pyhanko_status(path, [PKI / "p256-root.crt.pem"], at=WHEN, strict=False)
    assert (status.field, status.trusted, status.bottom_line) == (name, True, True), status.summary
    assert status.coverage == "ENTIRE_FILE"
    signed = [one.valid for one in pdfsig(path) if one.common_name]  # it lists empty fields, too
    assert signed == [True]
    report = pdfseal.verify(sealed.pdf, trust=trust("p256"), at=WHEN)
    assert report.verdict == "passed"
    assert [one.field for one in report.signatures] == [name]
    assert [box.page for box in report.signatures[0].boxes] == [page]
    with pikepdf.open(io.BytesIO(sealed.pdf)) as pdf:
        assert pdf.Root.AcroForm.SigFlags == 3
        shown = [
            number
            for number, one in enumerate(pdf.pages, 1)
            for annotation in one.obj.get("/Annots", [])
            if isinstance(annotation, pikepdf.Dictionary)
            and "/V" in annotation
            and annotation.get("/FT") == "/Sig"
        ]
        assert shown == [page]


@pytest.mark.parametrize("name", NEW_FIELD)
def test_a_new_field(pdfs: Path, tmp_path: Path, name: str):
    original = (pdfs / name).read_bytes()
    sealed = seal(original, placement=SPOT)
    judge(original, sealed, tmp_path, 1, sealed.prepared.field_name)
    wanted = NOTES.get(name)
    assert [wanted in note for note in sealed.prepared.notes] == ([True] if wanted else [])


@pytest.mark.parametrize("name", EXISTING)
def test_a_field_that_is_there(pdfs: Path, tmp_path: Path, name: str):
    original = (pdfs / name).read_bytes()
    field, page = EXISTING[name]
    judge(original, seal(original, placement=IntoField(field)), tmp_path, page, field)


def test_names_are_whole_names(pdfs: Path):
    original = (pdfs / "field-names-chinese.pdf").read_bytes()
    with pytest.raises(CallerError, match=r"signature fields are: '甲方\.盖章'"):
        seal(original, placement=IntoField("盖章"))
    with pytest.raises(CallerError) as caught:
        seal(original, placement=SPOT, field_name="甲方")
    assert caught.value.code == "field_exists"


def test_a_lock_of_a_parent_locks_its_kids(pdfs: Path):
    original = (pdfs / "field-names-chinese.pdf").read_bytes()
    locked = seal(original, placement=SPOT, lock=pdfseal.FieldLock("Include", ("甲方",))).pdf
    with pytest.raises(pdfseal.RefusedError, match=r"locks the field '甲方\.盖章'"):
        seal(locked, placement=IntoField("甲方.盖章"))


def test_a_dynamic_form_is_refused_and_says_what_to_do(pdfs: Path):
    with pytest.raises(pdfseal.RefusedError, match="print it to PDF first") as caught:
        seal((pdfs / "xfa-dynamic.pdf").read_bytes(), repair=True)
    assert caught.value.code == "dynamic_xfa"


def test_one_object_in_two_roles_keeps_both(pdfs: Path):
    """A hostile file: its form is the first page. What the seal writes to one must not undo the other."""
    original = (pdfs / "table.pdf").read_bytes()
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(original)) as pdf:
        pdf.Root.AcroForm = pdf.pages[0].obj
        pdf.save(out)
    report = pdfseal.verify(seal(out.getvalue(), placement=SPOT).pdf, trust=trust("p256"), at=WHEN)
    assert report.verdict == "passed"
