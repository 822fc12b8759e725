"""Words beside a seal: filled in, drawn, found again by other people's tools."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
import segno
from PIL import Image

import pdfseal
from pdfseal import Appearance, AtPoint, CallerError, Caption, Point, QrCode, Wording
from pdfseal.pdf.drawing.caption import date_text, fill
from tests.support.oracles import render_pdfium, render_poppler, run
from tests.support.sealing import FIXTURES, WHEN, certificate, picture

WORDS = {"name": "清江市第三人民医院", "reason": None, "location": "{date}", "contact": ""}
MOMENT = datetime(2026, 3, 5, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{name}", "清江市第三人民医院"),
        ("签章人：{name}　{date}", "签章人：清江市第三人民医院 2026年03月05日"),
        ("{date:yyyy-MM-dd HH:mm:ss}", "2026-03-05 07:08:09"),
        ("{date:yyyy年M月d日 H时}", "2026年3月5日 7时"),
        ("{date:yy/MM/dd}", "26/03/05"),
        ("原因：{reason}", ""),  # nothing to say: the line goes
        ("{reason}{name}", "清江市第三人民医院"),
        ("{location}", "{date}"),  # a value is not a template
        ("{{name}}", "{name}"),
        ("a\tb\nc", "a b c"),
        ("没有", "没有"),
    ],
)
def test_templates(template, expected):
    assert fill(template, WORDS, MOMENT).replace("　", " ") == expected


@pytest.mark.parametrize(
    "template", ["{nobody}", "{name.__class__}", "{", "}", "{name!r}", "{name:x}", "{}", "x" * 201]
)
def test_templates_refused(template):
    with pytest.raises(CallerError) as caught:
        fill(template, WORDS, MOMENT)
    assert caught.value.code == "argument"


def test_dates_are_beijing_time_by_default():
    late = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    assert Caption(("{date}",)).filled({}, late) == ("2027年01月01日",)
    assert Caption(("{date}",), utc_offset_minutes=0).filled({}, late) == ("2026年12月31日",)
    assert date_text(MOMENT, "yyyyMMddHHmmss") == "20260305070809"


def sealed(pdf: str, target: Path, page: int = 1, **look: object) -> Path:
    """A prepared file with the seal at 200,200 of a page."""
    prepared = pdfseal.prepare(
        str(FIXTURES / "pdf" / pdf),
        placement=AtPoint(page, Point(200, 200)),
        appearance=Appearance(**look),  # type: ignore[arg-type]
        signer=certificate("p256-signer"),
        when=WHEN,
        wording=Wording(name="清江市第三人民医院", reason="出院小结，已审核"),
    )
    target.write_bytes(prepared.pdf_bytes())
    return target


LINES = ("{name}", "{date}", "原因：{reason}", "Sealed (A-1) — “ok”")


@pytest.mark.parametrize(
    "pdf", ["table.pdf", "xref-stream.pdf", "encrypted-aes256-empty-password.pdf", "pdfa-1b.pdf"]
)
@pytest.mark.parametrize("side", ["below", "above", "right", "left"])
def test_text_is_found_by_poppler(pdf, side, tmp_path):
    path = sealed(pdf, tmp_path / "x.pdf", picture=picture(), captions=(Caption(LINES, side),))
    done = run("pdftotext", "-layout", path, "-")
    assert done.returncode == 0
    text = done.stdout.decode()
    places = [
        text.index(line)
        for line in ("清江市第三人民医院", "2026年06月01日", "原因：出院小结，已审核", "Sealed (A-1) — “ok”")
    ]
    assert places == sorted(places)
    assert run("qpdf", "--check", path).returncode == 0
    fonts = [
        line.split() for line in run("pdffonts", path).stdout.decode().splitlines() if "pdfsealSong" in line
    ]
    assert [line[-5:-2] for line in fonts] == [["yes", "yes", "yes"]]  # embedded, subset, Unicode


def dark(image: Image.Image, box: tuple[float, float, float, float], dpi: int, height: float) -> float:
    """Share of dark pixels in a box of points (left, bottom, right, top)."""
    left, bottom, right, top = (value * dpi / 72 for value in box)
    page = height * dpi / 72
    part = image.crop((round(left), round(page - top), round(right), round(page - bottom))).convert("L")
    return sum(part.histogram()[:128]) / (part.width * part.height)


@pytest.mark.parametrize("render", [render_pdfium, render_poppler])
def test_text_is_drawn(render, tmp_path):
    """Two lines of 20 pt alone: ink within their box, none around it; the box is as wide as ten ems."""
    caption = Caption(("清江市第三人民医院章", "国国国国国国国国国国"), font_size=20)
    prepared = pdfseal.prepare(
        str(FIXTURES / "pdf/table.pdf"),
        placement=AtPoint(1, Point(200, 200)),
        appearance=Appearance(captions=(caption,)),
        signer=certificate("p256-signer"),
        when=WHEN,
    )
    rect = prepared.boxes[0].rect
    assert (rect.width, rect.height) == pytest.approx((200, 46))
    path = tmp_path / "x.pdf"
    path.write_bytes(prepared.pdf_bytes())
    image = render(path, 1, dpi=144)
    height = image.height / 2
    assert 0.08 < dark(image, (100, 177, 300, 223), 144, height) < 0.5
    for half in ((100, 177, 300, 197), (100, 203, 300, 223)):
        assert dark(image, half, 144, height) > 0.08
    assert dark(image, (60, 150, 340, 176), 144, height) == 0
    assert dark(image, (60, 224, 340, 250), 144, height) == 0
    assert dark(image, (301, 170, 340, 230), 144, height) == 0


def test_only_the_characters_used_are_embedded(tmp_path):
    path = sealed("table.pdf", tmp_path / "x.pdf", captions=(Caption(("国国国", "医")),))
    with pikepdf.open(path) as document:
        font = document.pages[0].Annots[-1].AP.N.Resources.Font.F1
        descendant = font.DescendantFonts[0]
        assert [int(value) for value in descendant.W[1]] == [1000, 1000]
        assert bytes(descendant.FontDescriptor.CIDSet.read_bytes()) == b"\xe0"
        assert len(descendant.FontDescriptor.FontFile3.read_raw_bytes()) < 1500
        assert b"<0001> <533B>\n<0002> <56FD>" in font.ToUnicode.read_bytes()


def test_missing_glyph_is_an_error_that_names_it(tmp_path):
    with pytest.raises(CallerError, match="U\\+20BB7") as caught:
        sealed("table.pdf", tmp_path / "x.pdf", captions=(Caption(("𠮷野家",)),))
    assert caught.value.code == "glyph_missing"


@pytest.mark.parametrize(
    "caption",
    [
        Caption(()),
        Caption(("x",) * 13),
        Caption(("x",), font_size=0),
        Caption(("x",), font_size=float("nan")),
        Caption(("x",), colour="red"),
        Caption(("x",), side="behind"),  # type: ignore[arg-type]
        Caption(("x",), utc_offset_minutes=100_000),
    ],
)
def test_captions_refused(caption, tmp_path):
    with pytest.raises(CallerError) as caught:
        sealed("table.pdf", tmp_path / "x.pdf", picture=picture(), captions=(caption,))
    assert caught.value.code == "argument"


@pytest.mark.parametrize(
    "text", ["https://example.org/seal/42", "清江市第三人民医院：第42号", "0123456789" * 20]
)
def test_qr_code_is_drawn_module_by_module(text, tmp_path):
    path = sealed("table.pdf", tmp_path / "x.pdf", code=QrCode(text, side_mm=40))
    mode = None if text.isascii() else "byte"
    rows = [
        list(row)
        for row in segno.make_qr(text, error="m", boost_error=False, encoding="utf-8", mode=mode).matrix
    ]
    image = render_pdfium(path, 1, dpi=288).convert("L")
    module = 40 / 25.4 * 72 / len(rows)
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            across = 200 + (x + 0.5 - len(rows) / 2) * module
            up = 200 + (len(rows) / 2 - y - 0.5) * module
            level = image.getpixel((int(across * 4), int(image.height - up * 4)))
            assert (level < 128) == bool(is_dark), (x, y)


def test_qr_code_is_read_by_a_scanner(tmp_path):
    scanner = pytest.importorskip("zxingcpp", reason="zxing-cpp reads the code where it is installed")
    text = "https://例子.example/验证?id=42"
    path = sealed("table.pdf", tmp_path / "x.pdf", picture=picture(), code=QrCode(text))
    assert [found.text for found in scanner.read_barcodes(render_poppler(path, 1, dpi=200))] == [text]


@pytest.mark.parametrize(
    "code",
    [
        QrCode(""),
        QrCode("x" * 1001),
        QrCode("x", side_mm=1),
        QrCode("x", "under"),
        QrCode("x", side_mm=float("nan")),
    ],
)
def test_qr_codes_refused(code, tmp_path):
    with pytest.raises(CallerError) as caught:
        sealed("table.pdf", tmp_path / "x.pdf", code=code)
    assert caught.value.code == "argument"


def test_nothing_to_show_is_refused(tmp_path):
    with pytest.raises(CallerError) as caught:
        sealed("table.pdf", tmp_path / "x.pdf")
    assert caught.value.code == "argument"
    with pytest.raises(CallerError):
        sealed("table.pdf", tmp_path / "x.pdf", captions=(Caption(("{location}",)),))


def test_pdfa_1_has_no_transparency(tmp_path):
    """Picture on white, text and code in plain colours: no soft mask, no graphics state."""
    path = sealed(
        "pdfa-1b.pdf",
        tmp_path / "x.pdf",
        picture=picture(),
        captions=(Caption(LINES),),
        code=QrCode("x"),
        opacity=50,
    )
    with pikepdf.open(path) as document:
        form = document.pages[0].Annots[-1].AP.N
        assert "/ExtGState" not in form.Resources
        image = form.Resources.XObject.Im1
        assert "/SMask" not in image
        assert image.read_bytes()[:3] == b"\xff\xff\xff"
        descriptor = form.Resources.Font.F1.DescendantFonts[0].FontDescriptor
        assert "/CIDSet" in descriptor
        assert descriptor.FontFile3.read_bytes()[:1] == b"\x01"  # CFF version 1
