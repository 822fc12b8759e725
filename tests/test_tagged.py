"""Tagged PDFs: a seal joins the structure tree, both ways; what is not understood is left alone."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pdfseal
from tests.support import honest as steps
from tests.support.honest_matrix import say_pdfseal, say_pyhanko
from tests.support.oracles import qpdf_check
from tests.support.preservation import check_preservation
from tests.support.sealing import FIXTURES

PRODUCERS = FIXTURES / "pdf" / "producers"
SPOT = steps.SPOT


def tagged(shape: str) -> bytes:
    """A small tagged document; `shape` says what its structure tree is like."""
    out = io.BytesIO()
    with pikepdf.open(FIXTURES / "pdf" / "table.pdf") as pdf:
        page = pdf.pages[0].obj
        D, N = pikepdf.Dictionary, pikepdf.Name
        root = pdf.make_indirect(D(Type=N.StructTreeRoot))
        top = pdf.make_indirect(D(Type=N.StructElem, S=N.Document, P=root))
        text = pdf.make_indirect(D(Type=N.StructElem, S=N.P, P=top, Pg=page, K=0))
        page.StructParents = 0
        top.K, root.K = pikepdf.Array([text]), pikepdf.Array([top])
        pairs = pikepdf.Array([0, pdf.make_indirect(pikepdf.Array([text]))])
        root.ParentTree = pdf.make_indirect(D(Nums=pairs))
        root.ParentTreeNextKey = 1
        if shape == "single kids":
            top.K, root.K = text, top
        if shape == "no document element":
            root.K = pikepdf.Array([text, text])
        if shape == "a paragraph on top":
            root.K = text
        if shape == "kids in the parent tree":
            leaf = pdf.make_indirect(D(Nums=pairs, Limits=[0, 0]))
            root.ParentTree = D(Kids=[pdf.make_indirect(D(Kids=[leaf], Limits=[0, 0]))])
        if shape == "next key too low":
            root.ParentTree.Nums = pikepdf.Array([0, pairs[1], 7, text])
        if shape == "no next key":
            del root.ParentTreeNextKey
        if shape == "no parent tree":
            del root.ParentTree, root.ParentTreeNextKey
        if shape == "a type of its own":
            top.S, root.RoleMap = N.Workbook, D(Workbook=N.Book, Book=N.Document, Loop=N.Loop)
        if shape == "no kids":
            del root.K
        if shape == "kids array apart":
            top.K = pdf.make_indirect(pikepdf.Array([text]))
        if shape == "keys are words":
            root.ParentTree.Nums = pikepdf.Array([pikepdf.String("a"), text])
        if shape == "parent tree is the page":
            root.ParentTree = page
        if shape == "root is the page":
            root = page
        if shape == "root is a stream":
            root = pdf.make_stream(b"q Q", Type=N.StructTreeRoot)
        if shape == "parent tree is endless":
            node = pdf.make_indirect(D())
            node.Kids = pikepdf.Array([node])
            root.ParentTree = node
        if shape == "top is the content":
            content = page.Contents
            content.S = N.Document
            root.K = content
        pdf.Root.StructTreeRoot, pdf.Root.MarkInfo = root, D(Marked=shape != "not marked")
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


GOOD = (
    "plain", "single kids", "no document element", "a paragraph on top", "kids in the parent tree",
    "next key too low", "no next key", "no parent tree", "no kids", "kids array apart", "top is the content",
    "a type of its own",
)  # fmt: skip
ODD = {
    "keys are words": "keys that are no numbers",
    "parent tree is the page": "its parent tree is none",
    "root is the page": "its root is none",
    "root is a stream": "its root is none",
    "parent tree is endless": "too deep",
}


def prepared(pdf: bytes, placement: object = SPOT) -> pdfseal.PreparedSeal:
    return pdfseal.prepare(
        pdf,
        placement=placement,  # type: ignore[arg-type]
        appearance=pdfseal.Appearance(picture=steps.picture("gradient-16bit-alpha.png")),
        signer=steps.certificate("p256-signer"),
        wording=pdfseal.Wording(name="甲方医院"),
        allow_annotations=True,
    )


def parent_tree(node: pikepdf.Object) -> dict[int, pikepdf.Object]:
    found = {}
    for kid in node.get("/Kids", []):
        low, high = kid.Limits
        inner = parent_tree(kid)
        assert min(inner) == low
        assert max(inner) == high
        found |= inner
    pairs = list(node.get("/Nums", []))
    return found | {int(key): value for key, value in zip(pairs[::2], pairs[1::2], strict=True)}


def elements(node: pikepdf.Object) -> list[pikepdf.Object]:
    """Every structure element below a node, found downwards."""
    kids = node.get("/K", [])
    found = []
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            found += [kid, *elements(kid)]
    return found


def check_tagged(sealed: bytes, count: int) -> None:
    """Both ways: from the annotation by /StructParent to its element, and from the root down to it."""
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        tree = pdf.Root.StructTreeRoot
        numbers = parent_tree(tree.ParentTree)
        assert max(numbers) < tree.ParentTreeNextKey
        below = {element.objgen for element in elements(tree)}
        new = [a for page in pdf.pages for a in page.obj.get("/Annots", []) if "/StructParent" in a]
        drawn = [a for a in new if a.get("/FT") == "/Sig" or a.Subtype == "/Stamp"]
        assert len(drawn) == count
        assert len({int(a.StructParent) for a in new}) == len(new)
        for annotation in drawn:
            element = numbers[int(annotation.StructParent)]
            assert element.objgen in below
            assert element.K.Obj.objgen == annotation.objgen
            assert {element.Pg.objgen, element.K.Pg.objgen} == {annotation.P.objgen}
            assert ("/Form" if annotation.Subtype == "/Widget" else "/Annot") == element.S
            assert str(annotation.Contents) == str(element.Alt)
            assert str(element.Alt) in ("Electronic seal of 甲方医院", "电子印章：甲方医院")
            assert annotation.Subtype == "/Stamp" or annotation.Contents == annotation.TU
            assert annotation.P.Tabs == "/S"
            siblings = [kid for kid in element.P.K if isinstance(kid, pikepdf.Dictionary)]
            assert element.objgen in {kid.objgen for kid in siblings}


@pytest.mark.parametrize("shape", GOOD)
def test_the_seal_joins_the_structure(shape: str, tmp_path: Path):
    original = tagged(shape)
    seal = prepared(original)
    assert seal.notes == ()
    check_tagged(seal.pdf_bytes(), 1)
    assert check_preservation(original, seal.pdf_bytes()).ok
    path = tmp_path / "sealed.pdf"
    path.write_bytes(seal.pdf_bytes())
    assert qpdf_check(path).exit_code == 0


def test_several_boxes_join_one_by_one():
    spots = [pdfseal.AtPoint(page=1, point=pdfseal.Point(100, y)) for y in (100, 300, 500)]
    check_tagged(prepared(tagged("plain"), pdfseal.Several(tuple(spots))).pdf_bytes(), 3)


def test_the_order_of_new_elements_and_keys():
    sealed = prepared(tagged("next key too low")).pdf_bytes()
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        assert sorted(parent_tree(pdf.Root.StructTreeRoot.ParentTree)) == [0, 7, 8]
        assert [str(one.S) for one in elements(pdf.Root.StructTreeRoot)] == ["/Document", "/P", "/Form"]


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(1, 500), max_size=12), st.data())
def test_any_parent_tree_keeps_its_keys(keys: set[int], data: st.DataObject):
    """A number tree of any shape (7.9.7), whatever /ParentTreeNextKey says."""
    known = [0, *sorted(keys)]
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(tagged("plain"))) as pdf:
        tree = pdf.Root.StructTreeRoot
        text = tree.K[0].K[0]

        def node(part: list[int], top: bool = False) -> pikepdf.Object:
            entries = {} if top else {"Limits": [part[0], part[-1]]}
            cut = data.draw(st.integers(0, len(part) - 1))
            if cut:
                return pdf.make_indirect(
                    pikepdf.Dictionary(Kids=[node(part[:cut]), node(part[cut:])], **entries)
                )
            pairs = [item for key in part for item in (key, text)]
            return pdf.make_indirect(pikepdf.Dictionary(Nums=pikepdf.Array(pairs), **entries))

        tree.ParentTree = node(known, top=True)
        tree.ParentTreeNextKey = data.draw(st.sampled_from([-1, 0, known[-1] + 1, known[-1] + 9]))
        pdf.save(out)
    sealed = prepared(out.getvalue()).pdf_bytes()
    check_tagged(sealed, 1)
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        assert set(known) < set(parent_tree(pdf.Root.StructTreeRoot.ParentTree))


@pytest.mark.parametrize(("before", "after"), [(None, "/S"), ("/R", "/R"), ("/S", "/S")])
def test_the_tab_order(before: str | None, after: str):
    """ISO 14289-1, 7.18.3, for the page with the seal; what an author chose stays."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(tagged("plain"))) as pdf:
        if before is not None:
            pdf.pages[0].obj.Tabs = pikepdf.Name(before)
        pdf.save(out)
    with pikepdf.open(io.BytesIO(prepared(out.getvalue()).pdf_bytes())) as pdf:
        assert pdf.pages[0].obj.Tabs == after
        assert all("/Tabs" not in page.obj for page in list(pdf.pages)[1:])


def test_a_type_of_its_own_is_looked_up():
    """Excel calls the element of the whole document Workbook."""
    with pikepdf.open(io.BytesIO(prepared(tagged("a type of its own")).pdf_bytes())) as pdf:
        assert [str(one.S) for one in pdf.Root.StructTreeRoot.K] == ["/Workbook"]
        assert [str(one.S) for one in pdf.Root.StructTreeRoot.K[0].K] == ["/P", "/Form"]


@pytest.mark.parametrize(
    ("language", "words"), [("zh-CN", "电子印章：甲方医院"), ("en", "Electronic seal of")]
)
def test_what_is_read_out_is_in_the_language_of_the_document(language: str, words: str):
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(tagged("plain"))) as pdf:
        pdf.Root.Lang = pikepdf.String(language)
        pdf.save(out)
    with pikepdf.open(io.BytesIO(prepared(out.getvalue()).pdf_bytes())) as pdf:
        assert str(pdf.Root.AcroForm.Fields[0].TU).startswith(words)


@pytest.mark.parametrize("kind", ["tagged", "untagged"])
def test_a_field_that_is_there(kind: str):
    """One that has its element keeps it, with its words; stamps beside it join."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(tagged("next key too low"))) as pdf:
        page, tree = pdf.pages[0].obj, pdf.Root.StructTreeRoot
        field = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Sig, F=4, P=page,
                T=pikepdf.String("A"), TU=pikepdf.String("Sign here"), Rect=[50, 50, 150, 150],
            )
        )  # fmt: skip
        page.Annots, pdf.Root.AcroForm = pikepdf.Array([field]), pikepdf.Dictionary(Fields=[field])
        if kind == "tagged":
            content = pikepdf.Dictionary(Type=pikepdf.Name.OBJR, Obj=field)
            element = pikepdf.Dictionary(
                Type=pikepdf.Name.StructElem, S=pikepdf.Name.Form, P=tree.K[0], Pg=page, K=content
            )
            tree.K[0].K.append(pdf.make_indirect(element))
            tree.ParentTree.Nums.extend([9, tree.K[0].K[-1]])
            field.StructParent = 9
        pdf.save(out)
    into = pdfseal.IntoField("A")
    for placement, stamps in ((into, 0), (pdfseal.Several((into, SPOT)), 1)):
        with pikepdf.open(io.BytesIO(prepared(out.getvalue(), placement).pdf_bytes())) as pdf:
            field, tree = pdf.Root.AcroForm.Fields[0], pdf.Root.StructTreeRoot
            assert str(field.TU) == "Sign here"
            assert parent_tree(tree.ParentTree)[int(field.StructParent)].K.Obj.objgen == field.objgen
            kinds = [str(one.S) for one in elements(tree)]
            assert kinds == ["/Document", "/P", "/Form"] + ["/Annot"] * stamps


@pytest.mark.parametrize("shape", ODD)
def test_what_is_not_understood_is_left_alone(shape: str):
    original = tagged(shape)
    seal = prepared(original)
    assert ODD[shape] in seal.notes[0]
    with pikepdf.open(io.BytesIO(original)) as before, pikepdf.open(io.BytesIO(seal.pdf_bytes())) as after:
        number = before.Root.StructTreeRoot.objgen
        assert after.Root.StructTreeRoot.objgen == number
        assert "/StructParent" not in after.Root.AcroForm.Fields[0]
        assert after.pages[0].obj.Contents.read_bytes() == before.pages[0].obj.Contents.read_bytes()


def test_an_unmarked_document_is_not_tagged():
    with pikepdf.open(io.BytesIO(prepared(tagged("not marked")).pdf_bytes())) as pdf:
        field = pdf.Root.AcroForm.Fields[0]
        assert not {"/StructParent", "/TU"} & field.keys()
        assert "/Tabs" not in pdf.pages[0].obj


@pytest.mark.parametrize("name", ["chromium-discharge.pdf", "libreoffice-contract-pdfa1.pdf"])
def test_documents_of_producers(name: str, tmp_path: Path):
    original = (PRODUCERS / name).read_bytes()
    with pikepdf.open(io.BytesIO(original)) as pdf:
        was_tagged = bool(pdf.Root.get("/MarkInfo", {}).get("/Marked", False))
    seal = prepared(original)
    if was_tagged:
        check_tagged(seal.pdf_bytes(), 1)
    assert check_preservation(original, seal.pdf_bytes()).ok
    path = tmp_path / name
    path.write_bytes(seal.pdf_bytes())
    assert qpdf_check(path).exit_code == 0


def test_a_signed_document_keeps_its_structure():
    """pyHanko, too, takes no change to the structure tree after signing."""
    once = steps.by_pdfseal(tagged("plain"))
    assert say_pdfseal(once, len(once)).accepts
    again = prepared(once)
    assert "left out of its structure tree" in again.notes[0]
    twice = steps.by_pdfseal(once)
    assert say_pdfseal(twice, len(once)).accepts
    assert say_pyhanko(twice, len(once)).accepts
    with pikepdf.open(io.BytesIO(twice)) as pdf:
        assert sum("/StructParent" in one for one in pdf.Root.AcroForm.Fields) == 1
