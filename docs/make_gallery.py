"""Writes docs/gallery.md and its pictures: `python docs/make_gallery.py` (or `make gallery`).

Everything shown was drawn or sealed by pdfseal when this ran; pages are rendered by PDFium.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from io import BytesIO
from pathlib import Path
from random import Random

import pypdfium2
from PIL import Image, ImageChops, ImageFilter

import pdfseal
from pdfseal import (
    Appearance,
    AtPoint,
    BlockSeal,
    Caption,
    Certificate,
    OvalSeal,
    PersonalSeal,
    Point,
    QrCode,
    RoundSeal,
    Wording,
)
from pdfseal.pdf.drawing.ink import handwriting
from pdfseal.sealimage import Seal, seal_image

HERE = Path(__file__).parent
OUT = HERE / "gallery"
DPI = 180
WHEN = datetime(2026, 6, 1, 4, 30, tzinfo=UTC)
SIGNER = HERE.parent / "fixtures/pki/p256-signer.crt.pem"
LONG = "内蒙古自治区呼和浩特市新城区海拉尔东路街道办事处社区卫生服务中心医疗服务管理有限公司"
HOSPITAL = RoundSeal("清江市第三人民医院", line="出院专用章", code="3204010012345")


@dataclass(frozen=True)
class Shown:
    """A picture of the gallery. `how` is the call that made it."""

    name: str
    how: str
    seal: Seal
    colour: str = "red"
    worn: int | None = None


ROUND = [
    Shown("round-4", "4 characters", RoundSeal("清江医院")),
    Shown("round-8", "8, with a line", RoundSeal("江苏清江药业公司", line="合同专用章")),
    Shown("round-12", "12, with a code", RoundSeal("北京市朝阳区人民政府办公", code="1101050012345")),
    Shown("round-18", "18, line and code",
          RoundSeal("深圳市前海蓝海智慧供应链管理服务有限", line="财务专用章", code="4403010012345")),
    Shown("round-26", "26",
          RoundSeal("中国（上海）自由贸易试验区临港新片区国际商务服务中心", code="3101150012345")),
    Shown("round-40", "40", RoundSeal(LONG[:40], line="合同专用章", code="1501020012345")),
    Shown("round-two-rings", "a second ring",
          RoundSeal("清江市第三人民医院", "出院专用章", inner_border_mm=0.3)),
    Shown("round-no-star", "without a star", RoundSeal("清江市蓝海贸易有限公司", line="仓库", star=False)),
    Shown("round-worn", "worn, seed 7", HOSPITAL, worn=7),
]  # fmt: skip
OVAL = [
    Shown("oval", "tax number and line", OvalSeal("清江市蓝海贸易有限公司", "91320401MA1ABCDE2X")),
    Shown("oval-long", "a long name, serial number",
          OvalSeal("中国（上海）自由贸易试验区临港商务服务有限公司", "91310115MA1ABCDE2X", serial="(2)")),
    Shown("oval-blue", "blue, without a number", OvalSeal("清江市第三人民医院", line="收费专用章"), "blue"),
]  # fmt: skip
PERSONAL = [
    Shown("personal-2", "李明", PersonalSeal("李明")),
    Shown("personal-3", "王小明", PersonalSeal("王小明")),
    Shown("personal-4", "欧阳一一", PersonalSeal("欧阳一一")),
    Shown("personal-3-alone", 'ending=""', PersonalSeal("王小明", ending="")),
    Shown("personal-carved", "carved=True", PersonalSeal("李明", carved=True)),
    Shown("personal-carved-worn", "carved, worn", PersonalSeal("诸葛三日", carved=True), worn=3),
]
BLOCK = [
    Shown("block-1", "one line", BlockSeal(("已审核",))),
    Shown(
        "block-3", "three lines", BlockSeal(("清江市第三人民医院", "病案复印专用", "2026年11月24日"), 50, 24)
    ),
    Shown("block-downward", "downward", BlockSeal(("骑缝专用",), 14, 42, downward=True)),
    Shown("block-borderless", "borderless, black", BlockSeal(("作废",), 36, 16, border_mm=0), "black"),
]


def save(image: Image.Image, name: str) -> str:
    """A small PNG on white; the path as the page links it."""
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    flat.quantize(48, dither=Image.Dither.NONE).save(OUT / f"{name}.png", optimize=True)
    return f"gallery/{name}.png"


def seals(shown: list[Shown], columns: int) -> str:
    """A table of drawn seals."""
    cells = []
    for item in shown:
        data = seal_image(item.seal, dpi=DPI, colour=item.colour, worn=item.worn)
        path = save(Image.open(BytesIO(data)), item.name)
        cells.append(
            f'<td align="center"><img src="{path}" width="{item.seal.size_mm[0] * 5:g}"><br>{item.how}</td>'
        )
    rows = [cells[at : at + columns] for at in range(0, len(cells), columns)]
    return "<table>\n" + "".join(f"<tr>{''.join(row)}</tr>\n" for row in rows) + "</table>\n"


def page(name: str, appearance: Appearance, centre: Point, crop: tuple[float, float, float, float]) -> str:
    """Part of page 3 of the demonstration's contract, sealed; `crop` in points from the lower left."""
    prepared = pdfseal.prepare(
        resources.files("pdfseal_cli").joinpath("data/contract.pdf").read_bytes(),
        placement=AtPoint(3, centre),
        appearance=appearance,
        signer=Certificate.load(SIGNER.read_bytes()),
        wording=Wording(name="清江市第三人民医院", reason="出院小结已审核"),
        when=WHEN,
    )
    document = pypdfium2.PdfDocument(prepared.pdf_bytes())
    document.init_forms()
    scale = DPI / 72
    image = document[2].render(scale=scale, may_draw_forms=True).to_pil().convert("RGB")
    left, bottom, right, top = (value * scale for value in crop)
    return save(
        image.crop((round(left), round(image.height - top), round(right), round(image.height - bottom))), name
    )


def photo() -> Image.Image:
    """A "photo": a name in blue ink on shaded, grainy paper."""
    drawn = seal_image(BlockSeal(("李明远",), 46, 22, border_mm=0), dpi=360, weight=0.3)
    ink = Image.new("L", (900, 640), 0)
    ink.paste(Image.open(BytesIO(drawn)).getchannel("A").rotate(6, expand=True), (130, 110))
    shade = Image.linear_gradient("L").rotate(60).resize(ink.size).point(lambda level: 120 + level * 0.45)
    noise = Image.frombytes("L", ink.size, Random(1).randbytes(ink.width * ink.height))
    grain = noise.point(lambda level: 112 + level * 32 // 255)
    soft = ink.filter(ImageFilter.GaussianBlur(1))
    channels = []
    for tint, level in zip((250, 244, 226), (30, 40, 110), strict=True):
        paper = shade.point(lambda value, tint=tint: value * tint / 255)
        inked = Image.composite(Image.new("L", ink.size, level), paper, soft)
        channels.append(ImageChops.add(inked, grain, 1, -128))
    return Image.merge("RGB", channels)


def pages() -> str:
    stamp = seal_image(HOSPITAL)
    words = Caption(("{name}", "{date}", "原因：{reason}"))
    near, party = (70.0, 290.0, 535.0, 480.0), Point(205, 385)
    taken = photo()
    before = save(taken.resize((450, 320)), "handwriting-photo")
    signature = BytesIO()
    handwriting(taken).save(signature, "PNG", dpi=(500, 500))
    shots = [
        ("page-multiplied", "Multiplied onto the page (the default): what lies below stays readable.",
         Appearance(stamp), party),
        ("page-covering", "`cover_text=True`, `opacity=55`.", Appearance(stamp, 55, True), party),
        ("page-caption", 'Text that can be copied: `Caption(("{name}", "{date}", "原因：{reason}"))`.',
         Appearance(stamp, captions=(words,)), party),
        ("page-code", "A QR code: `QrCode(\"https://example.org/42\", \"below\", side_mm=13)`.",
         Appearance(stamp, code=QrCode("https://example.org/42", "below", 13)), Point(205, 375)),
        ("page-signature", "The signature from the photo above, `handwriting=True`, its date on the right.",
         Appearance(signature.getvalue(), captions=(Caption(("{date:yyyy-MM-dd}",), "right"),)), party),
    ]  # fmt: skip
    text = f'Handwriting, photographed:\n\n<img src="{before}" width="300">\n\n'
    for name, words_below, look, centre in shots:
        path = page(name, look, centre, near)
        text += f'{words_below}\n\n<img src="{path}" width="620">\n\n'
    return text


def main() -> int:
    OUT.mkdir(exist_ok=True)
    parts = [
        "# Gallery\n\nWritten by `make gallery`: every picture here is output of pdfseal.\n"
        "All names and numbers are invented.\n",
        "## Round: company seals\n\n"
        "`pdfseal seal-image round 清江市第三人民医院 --line 出院专用章 --code 3204010012345 -o seal.png`\n\n"
        + seals(ROUND, 3),
        "## Oval: invoice seals\n\n"
        "`pdfseal seal-image oval 清江市蓝海贸易有限公司 --number 91320401MA1ABCDE2X -o seal.svg`\n\n"
        + seals(OVAL, 3),
        "## Personal\n\n`pdfseal seal-image personal 李明 -o seal.png`\n\n" + seals(PERSONAL, 6),
        "## Rectangular and borderless\n\n`pdfseal seal-image block 已审核 -o seal.png`\n\n"
        + seals(BLOCK, 4),
        "## On a page\n\n" + pages(),
    ]
    (HERE / "gallery.md").write_text("\n".join(parts), encoding="utf-8")
    size = sum(path.stat().st_size for path in OUT.iterdir())
    print(f"wrote gallery.md and {len(list(OUT.iterdir()))} pictures, {size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
