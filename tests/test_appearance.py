"""Pictures on pages: what is read, what is refused, what is written once, and how it looks."""

from __future__ import annotations

import io
import json
import random
import re
import struct
import time
import zlib
from datetime import UTC, datetime
from functools import cache

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

import pdfseal
from pdfseal import Appearance, AtPoint, CallerError, Caption, Point, QrCode, Rect, Size
from pdfseal.geometry import Matrix
from pdfseal.pdf.document import Document
from pdfseal.pdf.drawing.appearance import write_drawing, write_form
from pdfseal.pdf.drawing.artwork import arrange
from pdfseal.pdf.drawing.ink import handwriting, white_to_transparent
from pdfseal.pdf.drawing.picture import read_picture
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.source import BytesSource
from pdfseal.sealimage import PersonalSeal, seal_image
from tests.conftest import FIXTURES
from tests.support.oracles import render_pdfium
from tests.support.sealing import certificate, picture

INDEX = json.loads((FIXTURES / "pictures/index.json").read_text(encoding="utf-8"))["files"]
PLAIN = (FIXTURES / "pdf/table.pdf").read_bytes()
WHEN = datetime(2026, 6, 1, tzinfo=UTC)


def png(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", **options)
    return out.getvalue()


def code_of(data: bytes, **options: object) -> str:
    try:
        read_picture(data, **options)  # type: ignore[arg-type]
    except CallerError as error:
        return error.code
    return "ok"


# -- reading -----------------------------------------------------------------------------


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["name"])
def test_every_fixture_is_read_or_refused(entry):
    data = (FIXTURES / "pictures" / entry["name"]).read_bytes()
    assert code_of(data) == entry["expected"]
    if entry["expected"] == "ok":
        read = read_picture(data)
        assert [read.width_px, read.height_px] == entry["size"]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_with(extra: bytes, width: int = 8, height: int = 8) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = zlib.compress(b"".join(b"\0" * (width + 1) for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def many_frames(count: int, width: int = 8, height: int = 8) -> bytes:
    """A GIF whose frames are all the same."""
    frame = io.BytesIO()
    Image.new("P", (8, 8)).save(frame, "GIF")
    body = frame.getvalue()
    start = body.index(b"\x2c")
    screen = body[:6] + struct.pack("<HH", width, height) + body[10:start]
    return screen + body[start:-1] * count + b";"


@cache
def hostile() -> dict[str, tuple[bytes, str]]:
    jpeg = (FIXTURES / "pictures/seal-round-rgb.jpg").read_bytes()
    gif = (FIXTURES / "pictures/seal-round-transparent.gif").read_bytes()
    zeros = zlib.compress(bytes(100 << 20), 9)
    return {
        "text chunk bomb": (png_with(chunk(b"zTXt", b"Comment\0\0" + zeros)), "picture_unreadable"),
        "international text bomb": (
            png_with(chunk(b"iTXt", b"Comment\0\1\0\0\0" + zeros)), "picture_unreadable",
        ),
        "colour profile bomb": (png_with(chunk(b"iCCP", b"x\0\0" + zeros)), "any"),
        "20,000 text chunks": (png_with(chunk(b"tEXt", b"k\0" + b"v" * 4000) * 20_000), "any"),
        "50,000 frames": (many_frames(50_000), "ok"),
        "a GIF screen of 65,535 px": (many_frames(1, 65_535, 65_535), "picture_too_large"),
        "truncated JPEG": (jpeg[: len(jpeg) // 2], "picture_unreadable"),
        "JPEG header alone": (jpeg[:20], "picture_unreadable"),
        "truncated GIF": (gif[: len(gif) // 2], "picture_unreadable"),
        "checksum wrong": (png_with(b"")[:-20] + b"\0" * 20, "picture_unreadable"),
        "21 MB": (png_with(b"") + bytes(21 << 20), "picture_too_large"),
        "IDAT bomb": (png_with(b"", 4000, 4001), "picture_too_large"),
        "BMP of 2^31": (
            b"BM" + struct.pack("<IHHI", 100, 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, 2**30, 2**30, 1, 24, 0, 0, 0, 0, 0, 0), "picture_too_large",
        ),
        "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "picture_unreadable"),
    }  # fmt: skip


@pytest.mark.parametrize("name", list(hostile()))
def test_hostile_pictures(name):
    data, expected = hostile()[name]
    start = time.process_time()
    found = code_of(data)
    assert time.process_time() - start < 3
    assert found == expected or (
        expected == "any" and found in ("ok", "picture_unreadable", "picture_too_large")
    )


def test_damaged_bytes_give_coded_errors():
    dice = random.Random(4)
    for name in (
        "seal-round-alpha.png",
        "seal-round-progressive.jpg",
        "seal-round-transparent.gif",
        "seal-person.bmp",
    ):
        whole = picture(name)
        for _ in range(40):
            data = bytearray(whole)
            for _ in range(dice.randint(1, 8)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            code_of(bytes(data))  # anything but a coded error fails the test


def test_metadata_of_a_photo_stays_behind():
    exif = Image.Exif()
    exif[0x010F] = "Camera of Li Ming"
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", exif=exif, comment=b"written at home", dpi=(300, 300))
    read = read_picture(out.getvalue())
    assert read.jpeg
    assert b"Li Ming" not in read.samples
    assert b"at home" not in read.samples
    assert Image.open(io.BytesIO(read.samples)).getpixel((5, 5)) == Image.open(out).getpixel((5, 5))


# -- ink ---------------------------------------------------------------------------------


def on(colour: str, seal: Image.Image) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", seal.size, colour), seal).convert("RGB")


def test_white_becomes_transparent_without_a_fringe():
    """A seal scanned on white, cleared and laid on yellow, looks as if it had been made without white."""
    seal = Image.open(io.BytesIO(picture())).convert("RGBA")
    cleared = white_to_transparent(on("white", seal))
    assert cleared.getpixel((2, 2))[3] == 0
    for ground, bound in (("white", 4.0), ("#FFE680", 4.0), ("#4060A0", 8.0)):
        wrong = ImageChops.difference(on(ground, cleared), on(ground, seal))
        assert max(ImageStat.Stat(wrong).mean) < bound, ground
    steps = {level for _, level in cleared.getchannel("A").getcolors(256)}
    assert len(steps) > 50, "edges stay soft"


def test_white_threshold_is_checked():
    for threshold in (0, 256, -5):
        with pytest.raises(CallerError):
            white_to_transparent(Image.new("RGB", (4, 4)), threshold)


def photo() -> tuple[Image.Image, Image.Image]:
    """A photo of 李明 in blue ink on shaded, grainy paper on a dark table; and where the ink is."""
    name = Image.open(io.BytesIO(seal_image(PersonalSeal("李明", ending="", border_mm=0), dpi=500)))
    ink = Image.new("L", (900, 600), 0)
    ink.paste(name.getchannel("A"), (250, 100))
    width, height = ink.size
    shade = ImageChops.multiply(
        Image.linear_gradient("L").resize(ink.size).point(lambda level: 130 + level * 0.4),
        Image.linear_gradient("L").rotate(90).resize(ink.size).point(lambda level: 200 + level * 0.2),
    )
    noise = Image.frombytes("L", ink.size, random.Random(1).randbytes(width * height))
    grain = noise.point(lambda level: 108 + level * 40 // 255)
    soft = ink.filter(ImageFilter.GaussianBlur(1))
    channels = []
    for tint, level in zip((250, 245, 228), (28, 36, 92), strict=True):
        paper = shade.point(lambda value, tint=tint: value * tint / 255)
        channels.append(
            ImageChops.add(Image.composite(Image.new("L", ink.size, level), paper, soft), grain, 1, -128)
        )
    image = Image.merge("RGB", channels)
    ImageDraw.Draw(image).polygon([(0, 0), (width, 0), (width, 15), (0, 40)], fill=(60, 42, 30))
    return image, ink


def test_handwriting_keeps_the_ink_alone():
    image, ink = photo()
    written = handwriting(image)
    red, green, blue, _ = written.getpixel((0, 0))
    assert red < 60 and green < 70 and 70 < blue < 120  # noqa: PT018  the ink's own colour
    box = ink.getbbox()
    assert abs(written.width - (box[2] - box[0])) < 40, "cropped to the ink"
    placed = Image.new("L", (written.width + 40, written.height + 40), 0)
    placed.paste(written.getchannel("A"), (20, 20))
    truth = ink.crop(box)
    best = 0.0
    centre = (placed.width - truth.width) // 2, (placed.height - truth.height) // 2
    for dx in range(-6, 7, 2):
        for dy in range(-6, 7, 2):
            other = Image.new("L", placed.size, 0)
            other.paste(truth, (centre[0] + dx, centre[1] + dy))
            both = ImageStat.Stat(ImageChops.darker(placed, other)).sum[0]
            best = max(best, both / ImageStat.Stat(ImageChops.lighter(placed, other)).sum[0])
    assert best > 0.85, "intersection over union"


def test_handwriting_reads_as_a_picture_of_a_signature_s_size():
    read = read_picture(png(photo()[0]), handwritten=True)
    assert read.alpha is not None
    assert read.natural_size.height == pytest.approx(14 / 25.4 * 72, rel=0.01)


@pytest.mark.parametrize("colour", ["white", "#202020", "#C8C0B0"])
def test_paper_without_ink_is_refused(colour):
    assert code_of(png(Image.new("RGB", (300, 200), colour)), handwritten=True) == "picture_unreadable"


# -- writing -----------------------------------------------------------------------------


def prepared(**look: object) -> pdfseal.PreparedSeal:
    return pdfseal.prepare(
        PLAIN,
        placement=AtPoint(1, Point(200, 200)),
        appearance=Appearance(**look),  # type: ignore[arg-type]
        signer=certificate("p256-signer"),
        when=WHEN,
    )


def test_natural_size():
    assert prepared(picture=picture()).boxes[0].rect.width == pytest.approx(496 * 72 / 300)
    assert prepared(picture=picture("seal-person-125x156.png")).boxes[0].rect.height == pytest.approx(112.32)
    rect = prepared(picture=picture(), natural_size=Size(50, 40)).boxes[0].rect
    assert (rect.width, rect.height) == pytest.approx((50, 40))


def test_opacity_and_blend_mode():
    for look, expected in (
        ({}, (b"/Multiply", None)),
        ({"opacity": 40}, (b"/Multiply", 0.4)),
        ({"opacity": 40, "cover_text": True}, (b"/Normal", 0.4)),
        ({"cover_text": True}, None),
    ):
        with pikepdf.open(io.BytesIO(prepared(picture=picture(), **look).pdf_bytes())) as document:
            resources = document.pages[0].Annots[-1].AP.N.Resources
            state = resources.get("/ExtGState")
            if expected is None:
                assert state is None
                continue
            assert str(state.GS.BM).encode() == expected[0]
            assert (float(state.GS.ca) if "/ca" in state.GS else None) == expected[1]


def drawn(window: Rect) -> bytes:
    """The appended objects of a form of 100 x 50 pt that shows a window of a two-coloured picture."""
    image = Image.new("RGB", (200, 100), "red")
    image.paste("blue", (100, 0, 200, 100))
    revision = Revision(Document.open(BytesSource(PLAIN)))
    art = arrange(
        read_picture(png(image)), captions=[(Caption(("x",), "right"), ("国",))], code=QrCode("y", "left")
    )
    drawing = write_drawing(revision, art)
    write_form(revision, drawing, Size(100, 50), upright=Matrix(), window=window)
    return revision.build(b"0123456789abcdef").data


def test_equal_input_gives_equal_bytes():
    whole = Rect(0, 0, 1, 1)
    assert drawn(whole) == drawn(whole)
    assert drawn(whole) != drawn(Rect(0, 0, 0.5, 1))


def test_window_shows_its_part_alone(tmp_path):
    """The right half of a picture, drawn over the whole form."""
    image = Image.new("RGB", (200, 100), "red")
    image.paste((0, 0, 255), (100, 0, 200, 100))
    document = Document.open(BytesSource(PLAIN))
    revision = Revision(document)
    drawing = write_drawing(revision, arrange(read_picture(png(image))))
    form = write_form(
        revision, drawing, Size(100, 50), upright=Matrix(), multiply=False, window=Rect(0.5, 0, 1, 1)
    )
    with pikepdf.open(io.BytesIO(PLAIN + revision.build(bytes(16)).data)) as opened:
        page = opened.pages[0]
        page.Resources.XObject = pikepdf.Dictionary(Fm=opened.get_object(form.number, 0))
        page.Contents = opened.make_stream(b"1 0 0 1 100 100 cm /Fm Do")
        opened.save(tmp_path / "x.pdf")
    shown = render_pdfium(tmp_path / "x.pdf", 1, dpi=72)
    assert shown.getpixel((103, shown.height - 125)) == (0, 0, 255)
    assert shown.getpixel((197, shown.height - 125)) == (0, 0, 255)
    assert shown.getpixel((95, shown.height - 125)) == (255, 255, 255)
    assert shown.getpixel((205, shown.height - 125)) == (255, 255, 255)


def test_what_boxes_share_is_written_once():
    data = prepared(picture=picture(), captions=(Caption(("国", "医")),)).appended
    assert len(re.findall(rb"/Subtype /Image", data)) == 2  # picture and soft mask
    assert len(re.findall(rb"/FontFile3 \d", data)) == 1


def test_bad_sizes_are_refused():
    for size in (Size(0, 10), Size(float("nan"), 10), Size(-1, -1), Size(1e9, 1)):
        with pytest.raises(CallerError) as caught:
            prepared(picture=picture(), natural_size=size)
        assert caught.value.code == "argument"
    for opacity in (0, -1, 101, float("nan")):
        with pytest.raises(CallerError):
            prepared(picture=picture(), opacity=opacity)
