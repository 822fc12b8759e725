"""Finding keywords in 500 pages of Chinese text, against pdfium alone and against pdfplumber."""

from __future__ import annotations

import logging
import random
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pdfseal
from bench.harness import Row, paired
from bench.inputs import made, pdf_of_pages
from pdfseal.fonts import bundled
from pdfseal.pdf.document import Document
from pdfseal.pdf.drawing.font import write_font
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.source import opened
from pdfseal.pdf.syntax import Dictionary, Name, Ref

PAGES, LINES, LETTERS = 500, 28, 36
KEYWORD, OTHER = "甲方（盖章）", "法定代表人"


def chinese_pages(count: int = PAGES, *, embedded: bool = True) -> Path:
    """Pages of 1,000 letters out of 1,500, with both keywords on each; the font embedded (CFF) or not."""

    def make(path: Path) -> None:
        with opened(str(pdf_of_pages(count))) as source:
            revision = Revision(Document.open(source))
            encode, font = _embedded(revision) if embedded else _reader_font(revision)
            chance = random.Random(7)
            for page in revision.document.pages():
                text = "".join(encode(line, 790 - 27 * i) for i, line in enumerate(_lines(chance)))
                data = zlib.compress(text.encode("latin-1"))
                content = revision.add_stream(Dictionary({"Filter": Name("FlateDecode")}), data)
                resources = Dictionary({"Font": Dictionary({"F": font})})
                revision.put(
                    page.ref, Dictionary({**page.dictionary, "Resources": resources, "Contents": content})
                )
            path.write_bytes(source.read(0, source.size) + revision.build(bytes(16)).data)

    return made(f"chinese-{count}-{'embedded' if embedded else 'reader'}.pdf", make)


def _letters() -> str:
    """1,500 ideographs that the bundled font has."""
    level_1 = (bytes((0xB0 + i // 94, 0xA1 + i % 94)).decode("gb2312", "ignore") for i in range(3700))
    return "".join(random.Random(3).sample(sorted(set(filter(None, level_1))), 1500))


def _lines(chance: random.Random) -> Iterator[str]:
    letters = _letters()
    for i in range(LINES):
        line = "".join(chance.choices(letters, k=LETTERS))
        yield line[:9] + (KEYWORD if i == 20 else OTHER if i == 10 else "") + line[9:30]


def _embedded(revision: Revision) -> tuple[Any, Ref]:
    font = write_font(revision, bundled("song"), _letters() + KEYWORD + OTHER)
    return lambda line, y: f"BT /F 13 Tf 60 {y} Td {font.encoded(line).decode()} Tj ET\n", font.ref


def _reader_font(revision: Revision) -> tuple[Any, Ref]:
    system = Dictionary({"Registry": b"Adobe", "Ordering": b"GB1", "Supplement": 4})
    descriptor = Dictionary({"Type": Name("FontDescriptor"), "FontName": Name("STSong-Light"), "Flags": 6})
    descriptor |= {"FontBBox": [-25, -254, 1000, 880], "Ascent": 880, "Descent": -120, "CapHeight": 880}
    descriptor |= {"ItalicAngle": 0, "StemV": 93}
    descendant = Dictionary({"Type": Name("Font"), "Subtype": Name("CIDFontType0"), "CIDSystemInfo": system})
    descendant |= {"BaseFont": Name("STSong-Light"), "DW": 1000, "FontDescriptor": revision.add(descriptor)}
    font = Dictionary({"Type": Name("Font"), "Subtype": Name("Type0"), "BaseFont": Name("STSong-Light")})
    font |= {"Encoding": Name("UniGB-UCS2-H"), "DescendantFonts": [revision.add(descendant)]}
    return lambda line, y: f"BT /F 13 Tf 60 {y} Td <{line.encode('utf-16-be').hex()}> Tj ET\n", revision.add(
        font
    )


def raw_pdfium(path: Path) -> int:
    """The floor: every page and its text page loaded, one page open until the next, nothing read."""
    import pypdfium2
    import pypdfium2.raw as raw

    document: Any = pypdfium2.PdfDocument(str(path))
    previous, total = None, 0
    for index in range(len(document)):
        page = raw.FPDF_LoadPage(document.raw, index)
        text_page = raw.FPDFText_LoadPage(page)
        total += raw.FPDFText_CountChars(text_page)
        raw.FPDFText_ClosePage(text_page)
        if previous is not None:
            raw.FPDF_ClosePage(previous)
        previous = page
    raw.FPDF_ClosePage(previous)
    document.close()
    return total


def locate(path: Path, keyword: str = KEYWORD, pages: str = "all") -> None:
    found = pdfseal.locate(str(path), keyword, pages=pages)
    assert found.matches


def text_rows() -> Iterator[Row]:
    for embedded, kind in ((True, "embedded CFF"), (False, "reader's font")):
        path = chinese_pages(embedded=embedded)
        yield paired(
            f"keyword, {PAGES} CJK pages, {kind}",
            lambda path=path: locate(path),
            floor=lambda path=path: raw_pdfium(path),
            runs=5,
            aim_ratio=1.25,
            clock="cpu",
            note="a match on every page; floor: pdfium's text pages alone",
        )
    path = chinese_pages()
    with pdfseal.read_texts(str(path)) as texts:
        pdfseal.locate(texts, KEYWORD)
        yield paired(
            "keyword, second one in the same texts",
            lambda: pdfseal.locate(texts, OTHER),
            peer=lambda: locate(path, OTHER),
            runs=5,
            aim_speedup=10,
            clock="cpu",
            note="peer: the first keyword, with reading",
        )
    yield paired(
        "keyword, 10 CJK pages",
        lambda: locate(path, pages="1-10"),
        peer=lambda: _pdfplumber(path, 10),
        clock="cpu",
        runs=3,
        note="peer: pdfplumber's characters of these pages",
    )


def _pdfplumber(path: Path, pages: int) -> None:
    import pdfplumber

    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    with pdfplumber.open(path, pages=list(range(1, pages + 1))) as pdf:
        for page in pdf.pages:
            assert page.chars


TEXT_ROWS = {"text": text_rows}
