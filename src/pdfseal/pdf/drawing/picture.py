"""A seal picture: the bytes of a PNG, JPEG, GIF or BMP become samples ready to be written.

Law: a picture's header is not believed: sizes are checked before a pixel is decoded, and a
picture that does not decode to its end is refused. A JPEG that needs no change keeps its
compressed samples, without the metadata (a photo tells where it was taken). Equal input gives
equal bytes.

Reference: ISO 32000-2, 8.9.5 (image dictionaries), 11.6.5.2 (soft masks).
"""

from __future__ import annotations

import warnings
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from pdfseal.errors import CallerError
from pdfseal.geometry import MM_PER_INCH, POINTS_PER_INCH, Size
from pdfseal.pdf.drawing.ink import handwriting, white_to_transparent
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value

if TYPE_CHECKING:
    from PIL import Image

MAX_PICTURE_BYTES = 20 << 20
MAX_PICTURE_PIXELS = 16_000_000
DEFAULT_DPI = 100.0  # the natural size of a picture whose file says nothing
HANDWRITING_HEIGHT_MM = 14.0  # the natural height of a signature; a camera's dpi means nothing
FORMATS = ("PNG", "JPEG", "GIF", "BMP")
MAX_KEPT_PICTURES = 16
MAX_KEPT_PICTURE_BYTES = 1 << 20  # of the file; larger ones are decoded each time


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded seal picture: 8 bits a component, ready to be written.

    `samples` is Flate-compressed, or JPEG data where `jpeg` is true. `alpha` is the
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
        width, height = self.width_px * POINTS_PER_INCH, self.height_px * POINTS_PER_INCH
        return Size(width / self.dpi[0], height / self.dpi[1])


def read_picture(
    data: bytes, *, opaque: bool = False, clear_white: int | None = None, handwritten: bool = False
) -> Picture:
    """Decode a picture. `opaque` lays it on white, for files that may hold no transparency.

    `clear_white`: paper at least as white as this (1 to 255) becomes transparent. `handwritten`: it is
    a photo of handwriting, of which only the ink is wanted. The newest small pictures are kept: one
    seal goes on many documents, and its decoding is most of the work on a small one.
    Raises `picture_unreadable`, `picture_too_large`.
    """
    read = _read_kept if len(data) <= MAX_KEPT_PICTURE_BYTES else _read
    return read(bytes(data), opaque, clear_white, handwritten)


def _read(data: bytes, opaque: bool, clear_white: int | None, handwritten: bool) -> Picture:
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(data) > MAX_PICTURE_BYTES:
        raise _too_large(f"{len(data)} bytes, {MAX_PICTURE_BYTES} are allowed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures; the check below refuses them
            image: Image.Image = Image.open(BytesIO(data), formats=FORMATS)
        width, height = image.size
        if width * height > MAX_PICTURE_PIXELS:
            raise _too_large(f"{width} x {height} pixels, {MAX_PICTURE_PIXELS} are allowed")
        dpi = _dpi(image)
        upright = image.getexif().get(0x0112, 1) == 1
        image.load()
        plain = clear_white is None and not handwritten
        if plain and image.format == "JPEG" and image.mode in ("L", "RGB") and upright:
            return Picture(width, height, dpi, image.mode == "L", True, _without_metadata(data), None)
        if not upright:
            image = ImageOps.exif_transpose(image)
        if handwritten:
            image = handwriting(image)
            dpi = (image.height * MM_PER_INCH / HANDWRITING_HEIGHT_MM,) * 2
        elif clear_white is not None:
            image = white_to_transparent(image, clear_white)
        return _samples(image, dpi, opaque)
    except CallerError:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own check comes first where the bomb is large
        raise _too_large(f"more than the {MAX_PICTURE_PIXELS} pixels that are allowed") from error
    except UnidentifiedImageError as error:
        raise CallerError("picture_unreadable", "the picture is not a PNG, JPEG, GIF or BMP") from error
    except Exception as error:  # Pillow's decoders raise whatever they like on hostile input
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise CallerError("picture_unreadable", f"the picture cannot be decoded: {reason}") from error


_read_kept = lru_cache(MAX_KEPT_PICTURES)(_read)


def _too_large(what: str) -> CallerError:
    return CallerError("picture_too_large", f"the picture has {what}")


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


def _without_metadata(jpeg: bytes) -> bytes:
    """The JPEG without Exif, XMP, colour profile and comments (ITU-T T.81, B.1.1: marker segments).

    APP0 (JFIF) and APP14 (Adobe, says what the components are) stay. What does not parse stays, too.
    """
    kept, at = [jpeg[:2]], 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        marker, end = jpeg[at + 1], at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker == 0xDA:  # start of scan: the rest is samples
            break
        if not (0xE1 <= marker <= 0xEF and marker != 0xEE) and marker != 0xFE:
            kept.append(jpeg[at:end])
        at = end
    return b"".join([*kept, jpeg[at:]])


def _samples(image: Image.Image, dpi: tuple[float, float], opaque: bool) -> Picture:
    from PIL import Image

    if image.mode.startswith("I"):  # 16-bit gray: keep the high octet
        image = image.point(lambda level: level / 256).convert("L")
    alpha = None
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        if opaque:
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        elif image.getchannel("A").getextrema()[0] != 255:
            alpha = zlib.compress(image.getchannel("A").tobytes(), 6)
    gray = image.mode in ("1", "L")
    pixels = image.convert("L" if gray else "RGB").tobytes()
    return Picture(image.width, image.height, dpi, gray, False, zlib.compress(pixels, 6), alpha)


def write_picture(revision: Revision, picture: Picture) -> Ref:
    """Write the image XObject, with its soft mask where it has one."""
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
