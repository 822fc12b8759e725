"""Drawn seals, judged on their pixels: even spacing, nothing overlaps, what is centred is centred."""

from __future__ import annotations

import io
import math
import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from PIL import Image, ImageChops, ImageStat

from pdfseal import BlockSeal, CallerError, OvalSeal, PersonalSeal, RoundSeal, fonts, seal_image
from pdfseal.fonts import Typeface, bundled
from pdfseal.sealimage import Seal, draw, to_png, to_svg
from pdfseal.sealimage.seals import lay_out
from pdfseal.sealimage.shapes import Drawing, Shape
from pdfseal_cli.main import main

DPI = 150
NAME = "内蒙古自治区呼和浩特市新城区海拉尔东路街道办事处社区卫生服务中心医疗服务管理有限责任公司"
SANS = Path(fonts.__file__).with_name("sans.otf").read_bytes()


def picture(seal: Seal, **options: object) -> Image.Image:
    return Image.open(io.BytesIO(seal_image(seal, **({"dpi": DPI} | options))))  # type: ignore[arg-type]


def alpha(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).getchannel("A")


def ink_of(shape: Shape, seal: Seal, dpi: float = DPI) -> Image.Image:
    """One shape alone."""
    return alpha(to_png(Drawing(*seal.size_mm, (0, 0, 0), (shape,)), dpi))


def total(image: Image.Image) -> float:
    return ImageStat.Stat(image).sum[0] / 255


def centroid(image: Image.Image) -> tuple[float, float]:
    """Centre of the ink in px from the picture's centre, y upward."""
    xs = ys = mass = 0.0
    data = image.tobytes()
    for y in range(image.height):
        row = data[y * image.width : (y + 1) * image.width]
        weight = sum(row)
        mass += weight
        ys += weight * (y + 0.5)
        xs += sum(value * (x + 0.5) for x, value in enumerate(row) if value)
    return xs / mass - image.width / 2, image.height / 2 - ys / mass


def arc_angles(seal: RoundSeal) -> list[float]:
    """Clockwise angles in degrees from the top of the centroids of the arc's letters."""
    letters = lay_out(seal, bundled("song"), 1.0)
    points = [centroid(ink_of(shape, seal)) for shape in letters[: len(seal.text)]]
    return [math.degrees(math.atan2(x, y)) for x, y in points]


@pytest.mark.parametrize("count", [4, 8, 12, 18, 26, 40])
def test_arc_text_is_even_and_symmetric(count):
    """One character repeated: every step between neighbours is the same, the whole stands upright."""
    angles = arc_angles(RoundSeal("田" * count, star=False, border_mm=0))
    steps = [two - one for one, two in pairwise(angles)]
    assert max(steps) - min(steps) < 0.35
    assert abs(angles[0] + angles[-1]) < 0.3
    assert angles[-1] - angles[0] < 320, "no gap at the bottom"


def test_arc_of_real_names_is_even():
    angles = arc_angles(RoundSeal("清江市第三人民医院", star=False, border_mm=0))
    steps = [two - one for one, two in pairwise(angles)]
    assert max(steps) / min(steps) < 1.25  # what the characters' own shapes make of equal steps


@pytest.mark.parametrize("count", [4, 12, 18, 26, 40])
def test_parts_do_not_overlap(count):
    """Border, letters, star, line and code: together they cover what they cover one by one."""
    seal = RoundSeal(NAME[:count], line="合同专用章", code="1501020012345")
    shapes = lay_out(seal, bundled("song"), 1.0)
    alone = sum(total(ink_of(shape, seal)) for shape in shapes)
    together = total(alpha(to_png(Drawing(*seal.size_mm, (0, 0, 0), shapes), DPI)))
    assert alone - together < 0.001 * together


@pytest.mark.parametrize(
    "seal",
    [
        OvalSeal("清江市蓝海贸易有限公司", "91320401MA1ABCDE2X"),
        OvalSeal(NAME[:24], "91320401MA1ABCDE2X", serial="(2)"),
        BlockSeal(("清江市第三人民医院", "病案复印专用", "2026年11月24日"), 50, 24),
        PersonalSeal("诸葛三日"),
    ],
    ids=["oval", "oval-long", "block", "personal"],
)
def test_parts_of_other_kinds_do_not_overlap(seal):
    shapes = lay_out(seal, bundled("song"), 1.0)
    alone = sum(total(ink_of(shape, seal)) for shape in shapes)
    together = total(alpha(to_png(Drawing(*seal.size_mm, (0, 0, 0), shapes), DPI)))
    assert alone - together < 0.001 * together


def test_star_is_centred_and_a_third_of_the_diameter():
    seal = RoundSeal("清江医院", border_mm=0)
    star = ink_of(lay_out(seal, bundled("song"), 1.0)[-1], seal, dpi=600)
    x, y = centroid(star)
    assert abs(x) < 0.5
    assert abs(y) < 0.5
    box = star.getbbox()
    assert (box[2] - box[0]) / 600 * 25.4 == pytest.approx(14 * math.sin(math.radians(72)), abs=0.15)


def test_ground_is_transparent_and_ink_has_one_colour():
    image = picture(RoundSeal("清江医院"), colour="#123456")
    assert image.mode == "RGBA"
    for point in [(0, 0), (image.width - 1, 0), (image.width // 2, image.height * 3 // 4)]:
        assert image.getpixel(point)[3] == 0
    assert image.convert("RGB").getcolors() == [(image.width * image.height, (0x12, 0x34, 0x56))]
    assert image.getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize(("dpi", "px"), [(96, 159), (300, 496), (600, 992)])
def test_size_in_millimetres(dpi, px):
    image = picture(RoundSeal("清江医院"), dpi=dpi)
    assert image.size == (px, px)
    assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.02)
    box = image.getchannel("A").getbbox()
    assert box == (0, 0, px, px), "the border touches the edges of the picture"


def test_name_seal_reads_from_the_right_column_down():
    """李明之印: each character stands in its quarter, compared with a seal that holds it alone there."""
    for name, columns in [
        ("李明", ["李明", "之印"]), ("王小明", ["王小", "明印"]), ("欧阳小明", ["欧阳", "小明"]),
    ]:  # fmt: skip
        seal = PersonalSeal(name)
        shapes = lay_out(seal, bundled("song"), 1.0)[1:]
        text = "".join(columns)
        for index, character in enumerate(text):
            x, y = centroid(ink_of(shapes[index], seal))
            assert (x > 0) == (index < 2), character
            assert (y > 0) == (index % 2 == 0), character
        glyphs = [len(bundled("song").glyph(character).path) for character in text]
        assert [len(shape.path) for shape in shapes] == glyphs


def test_carved_seal_is_the_reverse():
    image = picture(PersonalSeal("李明", carved=True)).getchannel("A")
    assert total(image) > 0.6 * image.width * image.height
    assert (
        total(picture(PersonalSeal("李明", border_mm=0)).getchannel("A")) < 0.4 * image.width * image.height
    )


def test_borderless():
    image = picture(BlockSeal(("作废",), border_mm=0)).getchannel("A")
    box = image.getbbox()
    assert box[0] > 5
    assert box[3] < image.height - 3


def test_worn_look_is_the_seed_s_alone():
    seal = RoundSeal("清江市第三人民医院")
    fresh, one, again, other = (seal_image(seal, dpi=DPI, worn=seed) for seed in (None, 7, 7, 8))
    assert one == again
    assert one != other
    assert 0.5 < total(alpha(one)) / total(alpha(fresh)) < 0.97
    assert ImageChops.subtract(alpha(one), alpha(fresh)).getextrema()[1] <= 2, "wear never adds ink"


def test_svg_has_outlines_only_and_its_size():
    svg = seal_image(RoundSeal("清江医院"), format="svg").decode()
    assert 'width="42mm" height="42mm" viewBox="0 0 42 42"' in svg
    assert set(re.findall(r"<(\w+)", svg)) == {"svg", "g", "path"}


@pytest.mark.skipif(
    shutil.which("rsvg-convert") is None, reason="librsvg judges the SVG where it is installed"
)
@pytest.mark.parametrize(
    ("seal", "worn"),
    [
        (RoundSeal(NAME[:18], line="财务专用章"), None),
        (RoundSeal(NAME[:18]), 5),
        (PersonalSeal("李明", carved=True), None),
    ],
)
def test_svg_and_png_agree(seal, worn, tmp_path):
    drawing = draw(replace(seal), worn=worn)
    (tmp_path / "seal.svg").write_bytes(to_svg(drawing))
    command = ["rsvg-convert", "-d", "300", "-p", "300", "seal.svg", "-o", "seal.png"]
    subprocess.run(command, cwd=tmp_path, check=True)
    mine = alpha(to_png(drawing, 300))
    theirs = Image.open(tmp_path / "seal.png").convert("RGBA").getchannel("A").crop((0, 0, *mine.size))
    assert ImageStat.Stat(ImageChops.difference(mine, theirs)).mean[0] < 2


@pytest.mark.parametrize(
    ("seal", "options", "code"),
    [
        (RoundSeal(""), {}, "argument"),
        (RoundSeal("田" * 61), {}, "argument"),
        (RoundSeal("清江\n医院"), {}, "argument"),
        (RoundSeal("清江医院", diameter_mm=4), {}, "argument"),
        (RoundSeal("清江医院", diameter_mm=math.nan), {}, "argument"),
        (RoundSeal("清江医院", diameter_mm=math.inf), {}, "argument"),
        (RoundSeal("清江医院", border_mm=-1), {}, "argument"),
        (RoundSeal("清江医院", border_mm=20), {}, "argument"),
        (RoundSeal(NAME[:40], line="清江市第三人民医院合同专用章清江市第三人民"), {}, "argument"),
        (OvalSeal("清江医院", width_mm=40, height_mm=10), {}, "argument"),
        (PersonalSeal("李"), {}, "argument"),
        (PersonalSeal("买买提吐尔逊"), {}, "argument"),
        (PersonalSeal("欧阳明", ending="之印"), {}, "argument"),
        (BlockSeal(()), {}, "argument"),
        (BlockSeal(("清江医院",)), {"dpi": 10}, "argument"),
        (BlockSeal(("清江医院",)), {"dpi": math.nan}, "argument"),
        (BlockSeal(("清江医院",)), {"colour": "reddish"}, "argument"),
        (BlockSeal(("清江医院",)), {"weight": -1}, "argument"),
        (BlockSeal(("清江医院",)), {"format": "gif"}, "argument"),
        (RoundSeal("清江医院", diameter_mm=200), {"dpi": 2400}, "picture_too_large"),
        (RoundSeal("𠮷野家株式会社"), {}, "glyph_missing"),
        (RoundSeal("清江医院"), {"font": SANS}, "glyph_missing"),
        (RoundSeal("清江医院"), {"font": b"not a font"}, "font_unreadable"),
        (RoundSeal("清江医院"), {"font": SANS[:3000]}, "font_unreadable"),
        (RoundSeal("清江医院"), {"font": b""}, "font_unreadable"),
    ],
)
def test_refused(seal, options, code):
    with pytest.raises(CallerError) as caught:
        seal_image(seal, **options)
    assert caught.value.code == code


def test_missing_glyph_is_named():
    with pytest.raises(CallerError, match=r"'𠮷' \(U\+20BB7\)"):
        seal_image(RoundSeal("𠮷野家株式会社"))


def test_font_that_forbids_embedding_is_refused():
    font = TTFont(io.BytesIO(SANS))
    font["OS/2"].fsType = 2
    out = io.BytesIO()
    font.save(out)
    with pytest.raises(CallerError, match="must not be embedded"):
        Typeface.load(out.getvalue())


def truetype_square() -> bytes:
    """A TrueType font of 2048 units with one character 田: a square of quadratic curves."""
    builder = FontBuilder(2048, isTTF=True)
    builder.setupGlyphOrder([".notdef", "tian"])
    builder.setupCharacterMap({ord("田"): "tian"})
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.qCurveTo((0, 1024), (0, 2048))
    pen.lineTo((2048, 2048))
    pen.lineTo((2048, 0))
    pen.closePath()
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "tian": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (2048, 0), "tian": (2048, 0)})
    builder.setupHorizontalHeader(ascent=1802, descent=-246)
    builder.setupNameTable({"familyName": "Square", "styleName": "Regular", "psName": "Square-Regular"})
    builder.setupOS2(fsType=0)
    builder.setupPost()
    out = io.BytesIO()
    builder.save(out)
    return out.getvalue()


def test_truetype_outlines_are_read():
    glyph = Typeface.load(truetype_square()).glyph("田")
    assert glyph.advance == 1000
    assert glyph.bounds == (0, 0, 1000, 1000)
    image = picture(PersonalSeal("田田", ending="", border_mm=0), font=truetype_square()).getchannel("A")
    assert total(image) > 0.7 * image.width * image.height


def test_bundled_font_has_the_characters_of_gb_2312():
    song = bundled("song")
    missing = [
        character
        for high in range(0xB0, 0xF8)
        for low in range(0xA1, 0xFF)
        if (character := bytes([high, low]).decode("gb2312", "ignore")) and not song.has(character)
    ]
    assert not missing
    assert all(map(song.has, "喆堃淼昇祎翀" + "國貿會醫" + "（）〔〕·—“”Ⅲ①"))


def test_command(tmp_path):
    runner = CliRunner()
    out = tmp_path / "seal.png"
    done = runner.invoke(
        main, ["seal-image", "round", "清江市第三人民医院", "--line", "出院专用章", "-o", str(out), "--json"]
    )
    assert done.exit_code == 0, done.output
    assert '"size_px": [\n  496,\n  496\n ]' in done.output
    assert out.read_bytes() == seal_image(RoundSeal("清江市第三人民医院", line="出院专用章"))
    for arguments in (
        ["oval", "清江医院", "--number", "123"], ["personal", "王小明", "--side", "18mm"],
        ["block", "已审核", "--border", "0"],
        ["block", "骑缝专用", "--downward", "--width", "14mm", "--height", "42mm"],
    ):  # fmt: skip
        done = runner.invoke(main, ["seal-image", *arguments, "-o", str(tmp_path / "seal.svg")])
        assert done.exit_code == 0, done.output
    done = runner.invoke(main, ["seal-image", "round", "清江医院", "-o", str(tmp_path / "seal.jpg")])
    assert done.exit_code == 2
    assert "[argument]" in done.output
