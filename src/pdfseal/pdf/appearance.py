"""A seal picture becomes a form XObject.

    bytes of a PNG, JPEG, GIF or BMP -> Picture -> image XObject (+ soft mask) -> form XObject

Law: a picture's header is not believed: sizes are checked before a pixel is decoded, and a
picture that does not decode to its end is refused. A JPEG that needs no change is kept byte for
byte. Equal input gives equal bytes.

Reference: ISO 32000-2, 8.9.5 (image dictionaries), 8.10 (form XObjects), 11.6.5.2 (soft masks),
12.5.5 (appearance streams).
"""

from __future__ import annotations

import warnings
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from pdfseal.errors import CallerError
from pdfseal.geometry import POINTS_PER_INCH, Matrix, Size
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.syntax import Dictionary, Name, Real, Ref, Value, number

if TYPE_CHECKING:
    from PIL import Image

MAX_PICTURE_BYTES = 20 << 20
MAX_PICTURE_PIXELS = 16_000_000
DEFAULT_DPI = 100.0  # the natural size of a picture whose file says nothing
FORMATS = ("PNG", "JPEG", "GIF", "BMP")


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded seal picture: 8 bits a component, ready to be written.

    `samples` is Flate-compressed, or the JPEG file itself where `jpeg` is true. `alpha` is the
    Flate-compressed opacity of each pixel, None where the picture is opaque.
    """

    width_px: int
    height_px: int
    dpi: tuple[float, float]
    gray: bool
    jpeg: bool
    samples: bytes = field(repr=False)
    alpha: bytes | None = field(repr=False)

    @property
    def natural_size(self) -> Size:
        """Width and height in points at the picture's own resolution."""
        return Size(
            self.width_px * POINTS_PER_INCH / self.dpi[0], self.height_px * POINTS_PER_INCH / self.dpi[1]
        )


def read_picture(data: bytes, *, opaque: bool = False) -> Picture:
    """Decode a picture. `opaque` lays it on white, for files that may hold no transparency.

    Raises `picture_unreadable`, `picture_too_large`.
    """
    from PIL import Image, ImageOps

    if len(data) > MAX_PICTURE_BYTES:
        raise CallerError(
            "picture_too_large", f"the picture has {len(data)} bytes, {MAX_PICTURE_BYTES} are allowed"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures; the check below refuses them
            image: Image.Image = Image.open(BytesIO(data), formats=FORMATS)
        width, height = image.size
        if width * height > MAX_PICTURE_PIXELS:
            raise CallerError(
                "picture_too_large",
                f"the picture has {width} x {height} pixels, {MAX_PICTURE_PIXELS} are allowed",
            )
        dpi = _dpi(image)
        upright = image.getexif().get(0x0112, 1) == 1
        image.load()
        if image.format == "JPEG" and image.mode in ("L", "RGB") and upright:
            return Picture(width, height, dpi, image.mode == "L", True, data, None)
        if not upright:
            image = ImageOps.exif_transpose(image)
        return _samples(image, dpi, opaque)
    except CallerError:
        raise
    except Exception as error:  # Pillow's decoders raise whatever they like on hostile input
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise CallerError("picture_unreadable", f"the picture cannot be decoded: {reason}") from error


def _dpi(image: Image.Image) -> tuple[float, float]:
    """Resolution in pixels an inch; DEFAULT_DPI where the file gives none or a senseless one."""
    value = image.info.get("dpi")
    if not isinstance(value, tuple) or len(value) != 2:
        return DEFAULT_DPI, DEFAULT_DPI
    x, y = float(value[0]), float(value[1])
    if not (10.0 <= x <= 10_000.0 and 10.0 <= y <= 10_000.0):
        return DEFAULT_DPI, DEFAULT_DPI
    # PNG counts pixels a metre: 300 dpi comes back as 299.9994
    return (round(x) if abs(x - round(x)) < 0.02 else x), (round(y) if abs(y - round(y)) < 0.02 else y)


def _samples(image: Image.Image, dpi: tuple[float, float], opaque: bool) -> Picture:
    from PIL import Image

    if image.mode.startswith("I"):  # 16-bit gray: keep the high octet
        image = image.point(lambda level: level / 256).convert("L")
    if image.mode == "LA" or "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        if opaque:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image)
        transparent = alpha.getextrema()[0] != 255 and not opaque
    else:
        alpha, transparent = None, False
    gray = image.mode in ("1", "L")
    pixels = image.convert("L" if gray else "RGB").tobytes()
    return Picture(
        image.width, image.height, dpi, gray, False, zlib.compress(pixels, 6),
        zlib.compress(alpha.tobytes(), 6) if alpha is not None and transparent else None,
    )  # fmt: skip


# -- writing ------------------------------------------------------------------------------


def write_form(
    revision: Revision,
    picture: Picture,
    size: Size,
    *,
    upright: Matrix,
    opacity: float = 1.0,
    multiply: bool = True,
) -> Ref:
    """Write the picture as a form XObject of `size` (user space units), turned by `upright`.

    `opacity` is 0 to 1. `multiply` darkens the page instead of covering it, so that text under
    the seal stays readable. With opacity 1 and no multiply nothing transparent is written.
    """
    image = _write_image(revision, picture)
    state = Dictionary({"Type": Name("ExtGState"), "BM": Name("Multiply" if multiply else "Normal")})
    if opacity < 1.0:
        state["ca"] = _real(opacity)
    resources = Dictionary({"XObject": Dictionary({"Im": image})})
    paint = b"/Im Do"
    if multiply or opacity < 1.0:
        resources["ExtGState"] = Dictionary({"GS": state})
        paint = b"/GS gs /Im Do"
    content = b"q %s 0 0 %s 0 0 cm %s Q" % (number(size.width), number(size.height), paint)
    form = Dictionary({"Type": Name("XObject"), "Subtype": Name("Form"), "FormType": 1})
    form["BBox"] = [0, 0, _real(size.width), _real(size.height)]
    if upright != Matrix():
        form["Matrix"] = [
            _real(v) for v in (upright.a, upright.b, upright.c, upright.d, upright.e, upright.f)
        ]
    form["Resources"] = resources
    return revision.add_stream(form, content)


def _write_image(revision: Revision, picture: Picture) -> Ref:
    image = _image_dictionary(picture, "DeviceGray" if picture.gray else "DeviceRGB")
    image["Filter"] = Name("DCTDecode" if picture.jpeg else "FlateDecode")
    if picture.alpha is not None:
        mask = _image_dictionary(picture, "DeviceGray")
        mask["Filter"] = Name("FlateDecode")
        image["SMask"] = revision.add_stream(mask, picture.alpha)
    return revision.add_stream(image, picture.samples)


def _image_dictionary(picture: Picture, space: str) -> Dictionary:
    entries: dict[str, Value] = {
        "Type": Name("XObject"),
        "Subtype": Name("Image"),
        "Width": picture.width_px,
        "Height": picture.height_px,
        "ColorSpace": Name(space),
        "BitsPerComponent": 8,
    }
    return Dictionary(entries)


def _real(value: float) -> Value:
    text = number(value)
    return Real(text) if b"." in text else int(text)
