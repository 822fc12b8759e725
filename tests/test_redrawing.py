"""What the form says for all fields may change where nothing that is signed comes to show something else."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import pytest

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes.levels import EVERY_FIELD
from pdfseal.pdf.changes.live import Live
from pdfseal.pdf.changes.redrawing import (
    FORM_RESOURCES,
    is_resources_of_form,
    judge_redrawing,
    judge_resources,
    redraws,
)
from pdfseal.pdf.changes.references import References
from pdfseal.pdf.document import Document
from pdfseal.pdf.limits import Limits
from pdfseal.pdf.source import BytesSource
from tests.test_changes_two_roles import pdf_of, stream

ROOT = b"<</Type/Catalog/Pages 2 0 R/AcroForm 4 0 R>>"
FONTS = b"/DR<</Font<</F1 5 0 R>>>>"
MORE = b"/DR<</Font<</F1 5 0 R/F9 30 0 R>>>>"
STYLE, MISSING = b"/DA(/F1 12 Tf 0 g)", b"/DA(/F9 12 Tf 0 g)"
BOX = b"/Rect[0 0 9 9]"
TEXT, FREE = b"/Subtype/Widget/FT/Tx/T(a)" + BOX, b"/Subtype/FreeText/Contents(100)" + BOX
BUTTON = b"/Subtype/Widget/FT/Btn/Ff 65536/T(a)" + BOX
ASKS = b"/NeedAppearances true"


FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Other>>"
STANDARD = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/Name/F9>>"
DRAWN_BY_ITSELF = STANDARD.replace(b"/WinAnsiEncoding", b"<</Differences[49/nine]>>")
OBJECTS = {
    1: ROOT,
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Annots[7 0 R]>>",
    5: FONT,
}


@dataclass(frozen=True)
class Case:
    """A form, the annotation that is signed, and what the form becomes. `shows`: something else then."""

    name: str
    form: bytes
    annotation: bytes
    later: bytes
    shows: str = ""
    objects: dict[int, bytes] = field(default_factory=dict)
    added: dict[int, bytes] = field(default_factory=dict)

    def states(self) -> tuple[Document, Document]:
        kids = b"" if b"FreeText" in self.annotation else b"7 0 R"
        form, later = (b"<</Fields[%s]%s>>" % (kids, one) for one in (self.form, self.later))
        objects = {**OBJECTS, 4: form, 7: b"<<%s>>" % self.annotation, **self.objects}
        old = pdf_of(objects)
        after = Document.open(BytesSource(pdf_of({4: later, 30: FONT, **self.added}, b"", old)))
        return after.earlier(len(old)), after

    def reasons(self) -> set[str]:
        before, after = self.states()
        old, new = (one.dictionary(one.catalog["AcroForm"]) or {} for one in (before, after))
        found = (redraws(before, after, key, old.get(key), new.get(key)) for key in FORM_RESOURCES)
        return {reason for reason in found if reason}


USED, CAME, FIRST = "use already", "have none of their own", "only then"
BY_KID = {7: b"<</Kids[8 0 R]/T(a)%s>>" % MISSING, 8: b"<</Parent 7 0 R%s>>" % TEXT}
ODD = b"/DR<</Font<</F1 5 0 R>>/Encoding<</E 31 0 R>>>>"
ESCAPED = ODD.replace(b"/E ", b"/F#2339 ")
APART = {40: b"<</Font 41 0 R>>", 41: b"<</F1 5 0 R>>"}
GROWN = {40: b"<</Font 41 0 R/XObject<<>>>>", 41: b"<</F1 5 0 R/F9 30 0 R>>"}
ON_PAGE = {3: OBJECTS[3].replace(b"7 0 R", b"8 0 R")}
BY_FIELD = {7: b"<</Kids[8 0 R]%s>>" % STYLE, 8: b"<</Parent 7 0 R%s>>" % TEXT, **ON_PAGE}
TWICE = b"<</Font<<>>/Font<</F1 5 0 R>>>>"
X33, X34 = b"/DR<</XObject<</X 33 0 R>>>>", b"/DR<</XObject<</X 34 0 R>>>>"
CASES = [
    Case("font added", FONTS, TEXT + STYLE, MORE),
    Case("first font", b"", TEXT + STYLE, b"/DR<</Font<</F2 30 0 R>>>>"),
    Case("first font, used", b"", TEXT + STYLE, FONTS, USED),
    Case("used by a field", FONTS, TEXT + MISSING, MORE, USED),
    Case("used by a text annotation", FONTS, FREE + MISSING, MORE, USED),
    Case("used by a field above", FONTS, TEXT, MORE, USED, BY_KID),
    Case("used by the form", FONTS + MISSING, TEXT + STYLE, MORE + MISSING, USED),
    Case("used with an escape", FONTS, TEXT + b"/DA(/F#39 9 Tf)", MORE, USED),
    Case("used with what some take for no escape", FONTS, TEXT + b"/DA(/F#39 9 Tf)", ESCAPED, USED),
    Case("used behind a delimiter", FONTS, TEXT + b"/DA(/F9\\(x 9 Tf)", MORE, USED),
    Case("used in a name", FONTS, TEXT + b"/DA/#2FF9#209#20Tf", MORE, USED),
    Case("a standard font, used", FONTS, TEXT + MISSING, MORE, "", {}, {30: STANDARD}),
    Case("its glyphs exchanged, used", FONTS, TEXT + MISSING, MORE, USED, {}, {30: DRAWN_BY_ITSELF}),
    Case("another category, used", FONTS, TEXT + b"/DA(/E gs)", ODD, USED),
    Case("another category", FONTS, TEXT + STYLE, ODD),
    Case("null before", b"/DR<</Font<</F1 5 0 R/F9 null>>>>", TEXT + MISSING, MORE, USED),
    Case("an array comes", FONTS, TEXT, FONTS.replace(b"/Font", b"/ProcSet[/PDF]/Font")),
    Case("exchanged", FONTS, TEXT, b"/DR<</Font<</F1 32 0 R>>>>", "exchanged", {}, {32: b"<</Type/Font>>"}),
    Case("the same anew", FONTS, TEXT, b"/DR<</Font<</F1 30 0 R>>>>"),
    Case("a stream for another", X33, TEXT, X34, "exchanged", {33: stream(b"a")}, {34: stream(b"b")}),
    Case("removed", FONTS, TEXT, b"", "exchanged"),
    Case("category removed", FONTS, TEXT, b"/DR<<>>", "exchanged"),
    Case("font removed", MORE, TEXT, FONTS, "exchanged", {30: FONT}),
    Case("no dictionary before", b"/DR[1]", TEXT, FONTS, "exchanged"),
    Case("no dictionary after", b"", TEXT, b"/DR[1]", "exchanged"),
    Case("a category no dictionary", FONTS, TEXT, b"/DR<</Font[/F1]>>", "exchanged"),
    Case("written by itself", FONTS, TEXT + STYLE, b"/DR 40 0 R", "", {}, GROWN),
    Case("written by itself, used", FONTS, TEXT + MISSING, b"/DR 40 0 R", USED, {}, GROWN),
    Case("written twice", FONTS, TEXT, b"/DR 35 0 R", "exchanged", {}, {35: TWICE}),
    Case("a stream", FONTS, TEXT, b"/DR 35 0 R", "exchanged", {}, {35: stream(b"", FONTS[5:-2])}),
    Case("leads nowhere", FONTS, TEXT, b"/DR 98 0 R", "exchanged"),
    Case("text waits for fonts", b"", FREE, b"/DR<</Font<<>>>>", FIRST),
    Case("text has its appearance", b"", FREE + b"/AP<</N 5 0 R>>", b"/DR<</Font<<>>>>"),
    Case("style comes", FONTS, TEXT + STYLE, FONTS + STYLE),
    Case("style comes to a field without", FONTS, TEXT, FONTS + STYLE, CAME),
    Case("style comes to a style without a font", FONTS, TEXT + b"/DA(0 g)", FONTS + STYLE, CAME),
    Case("style comes to a text annotation", FONTS, FREE, FONTS + STYLE, CAME),
    Case("style from above", FONTS, TEXT, FONTS + STYLE, "", BY_FIELD),
    Case("style comes to a signature", FONTS, TEXT.replace(b"/Tx", b"/Sig"), FONTS + STYLE),
    Case("style exchanged", STYLE, TEXT + STYLE, MISSING, "exchanged"),
    Case("style removed", STYLE, TEXT + STYLE, b"", "exchanged"),
    Case("style no string", b"", TEXT + STYLE, b"/DA/F1", "exchanged"),
    Case("style written by itself", STYLE, TEXT, b"/DA 35 0 R", "", {}, {35: STYLE[3:]}),
    Case("fields drawn anew", b"", TEXT, ASKS),
    Case("fields drawn anew by a number", b"", TEXT, b"/NeedAppearances 1", "neither"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_the_form_says(case: Case):
    reasons = case.reasons()
    assert len(reasons) == bool(case.shows), reasons
    assert all(case.shows in reason for reason in reasons)


SAYS = b"BT /F1 9 Tf (Pay ) Tj 3 0 Td (\\061\\0600) Tj ET"
PICTURE = b"/Resources<</XObject<</I 38 0 R>>>>"


@pytest.mark.parametrize(
    ("said", "drawn", "same"),
    [
        (b"/CA(Pay 100)", stream(SAYS), True),
        (b"/CA<FEFF0050006100790020003100300030>", stream(SAYS), True),
        (b"/CA(Pay 100)", stream(zlib.compress(SAYS), b"/Filter/FlateDecode"), True),
        (b"/CA(Pay 900)", stream(SAYS), False),
        (b"/CA(Pay)", stream(SAYS), False),
        (b"/CA/Pay#20100", stream(SAYS), False),
        (b"", stream(SAYS), False),
        (b"", stream(b"0 0 9 9 re f"), True),
        (b"/CA(Pay 100)", stream(SAYS + b"/I Do", PICTURE), False),
        (b"/CA(Pay 100)/I 38 0 R", stream(SAYS + b"/I Do", PICTURE), True),
        (b"/CA(Pay 100)/I 39 0 R", stream(SAYS + b"/I Do", PICTURE), False),
        (b"/CA(Pay 100)/I 38 0 R", stream(SAYS), False),
        (b"/CA(Pay 100)", b"<</On 38 0 R>>", False),
    ],
)
def test_pushbuttons_drawn_anew(said: bytes, drawn: bytes, same: bool):
    parts = {37: drawn, 38: stream(b"a"), 39: stream(b"b")}
    button = b"%s/AP<</N 37 0 R>>/MK<<%s>>" % (BUTTON, said)
    for old, new in ((b"", ASKS), (ASKS, b"")):
        assert Case("", old, button, new, "", parts).reasons() is not same
        assert not Case("", old, BUTTON + b"/MK<<%s>>" % said, new).reasons()  # no appearance
        assert not Case("", old, button.replace(b"/Ff 65536", b""), new, "", parts).reasons()  # a check box


def test_an_appearance_that_nobody_decodes():
    button = BUTTON + b"/AP<</N 37 0 R>>/MK<</CA(Pay 100)>>"
    for drawn in (stream(b"", b"/Filter/LZWDecode"), stream(b"(Pay 100")):
        with pytest.raises(DocumentError):
            Case("", b"", button, ASKS, "", {37: drawn}).reasons()


def test_the_change():
    before, after = Case("", FONTS, TEXT + MISSING, MORE).states()
    old, new = (one.dictionary(one.catalog["AcroForm"]) or {} for one in (before, after))
    bad = judge_redrawing(before, after, 4, "DR", old["DR"], new["DR"])
    assert (bad.number, bad.level) == (4, "other")
    good = judge_redrawing(before, after, 4, "DR", old["DR"], old["DR"])
    assert (good.level, good.fields) == ("form_filling", {EVERY_FIELD})


IN_FORM, IN_CATALOG = b"/DR<</Font 41 0 R>>", {1: ROOT.replace(b"4 0 R", b"<</Fields[7 0 R]/DR 40 0 R>>")}


@pytest.mark.parametrize(
    ("form", "objects", "later", "number", "only"),
    [
        (b"/DR 40 0 R", {}, GROWN, 40, True),
        (b"/DR 40 0 R", {}, GROWN, 41, True),
        (b"/DR 40 0 R", {}, GROWN, 5, False),
        (IN_FORM, {40: b"<<>>"}, GROWN, 41, True),
        (b"", IN_CATALOG, GROWN, 40, True),
        (b"", IN_CATALOG, GROWN, 41, True),
        (b"/DR 40 0 R", {3: OBJECTS[3].replace(b"/Annots", b"/Resources 40 0 R/Annots")}, GROWN, 40, False),
        (b"/DR 40 0 R", {42: b"[41 0 R]"}, GROWN, 41, False),
        (b"/DR 40 0 R", {40: b"<</Font 41 0 R/XObject 41 0 R>>"}, {}, 41, False),
        (b"/DR 40 0 R/Q 41 0 R", {}, GROWN, 41, False),
        (b"/DR<</Font 41 0 R/A<</B 41 0 R>>>>", {}, GROWN, 41, False),
        (b"/DR 40 0 R", {}, {40: b"<</XObject 41 0 R>>"}, 41, False),
        (b"/DR 40 0 R", {}, {40: stream(b"", b"/Font 41 0 R")}, 40, False),
    ],
)
def test_resources_by_themselves(
    form: bytes, objects: dict[int, bytes], later: dict[int, bytes], number: int, only: bool
):
    case = Case("", form, TEXT + STYLE, form, "", {**APART, **objects}, later)
    before, after = case.states()
    live, references = Live(before), References(after, [number])
    leading = [(one, live.entries_leading(one, number)) for one in references.referrers(live, number)]
    assert leading
    assert is_resources_of_form(before, after, number, lambda _: leading) is only
    if only:
        assert judge_resources(before, after, number).level == "form_filling"
        used = Case("", form, TEXT + MISSING, form, "", case.objects, later)
        assert judge_resources(*used.states(), number).level == ("other" if later else "form_filling")


def test_what_a_trailer_leads_to_is_no_resource():
    """A catalog that is the form's /DR: no object but the form leads to it."""
    before, after = Case("", b"/DR 1 0 R", FREE, b"/DR 1 0 R").states()
    assert not is_resources_of_form(before, after, 1, lambda _: [(4, {"DR"})])


def test_many_annotations_cost_work():
    annotations = b"/Annots[" + b"7 0 R " * 1000
    case = Case("", FONTS, TEXT, MORE, "", {3: OBJECTS[3].replace(b"/Annots[", annotations)})
    before, after = case.states()
    tight = Document.open(after.source, limits=Limits(work=9_000, work_per_byte=0))
    state = tight.earlier(before.end)
    with pytest.raises(DocumentError, match="work"):
        redraws(state, tight, "NeedAppearances", None, True)
