"""Where a picture's ink is: what is white or clear around it is margin.

ink_window(artwork) -> Rect(0.04, 0.03, 0.97, 0.96), as shares of width and height
"""

from __future__ import annotations

import zlib
from io import BytesIO

from pdfseal.geometry import Rect
from pdfseal.pdf.drawing.artwork import Artwork, PicturePart
from pdfseal.pdf.drawing.picture import Picture

_WHITE = 245  # of 255: as light as this is paper; JPEG noise stays above it
_WHOLE = Rect(0.0, 0.0, 1.0, 1.0)


def ink_window(artwork: Artwork) -> Rect:
    """The part of an artwork that is not margin; all of it where it is more than one picture, or blank."""
    if len(artwork.parts) != 1 or not isinstance(artwork.parts[0], PicturePart):
        return _WHOLE
    return _picture_window(artwork.parts[0].picture)


def _picture_window(picture: Picture) -> Rect:
    from PIL import Image, ImageChops

    size = (picture.width_px, picture.height_px)
    if picture.jpeg:
        with Image.open(BytesIO(picture.samples), formats=("JPEG",)) as opened:
            image = opened.convert("RGB")
    else:
        mode = "L" if picture.gray else "RGB"
        image = Image.frombytes(mode, size, zlib.decompress(picture.samples)).convert("RGB")
    if picture.alpha is not None:
        alpha = Image.frombytes("L", size, zlib.decompress(picture.alpha))
        image = Image.composite(image, Image.new("RGB", size, "white"), alpha)
    red, green, blue = image.split()
    darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
    box = darkest.point([255 if level < _WHITE else 0 for level in range(256)]).getbbox()
    if box is None:
        return _WHOLE
    left, top, right, bottom = box
    width, height = size
    return Rect(left / width, 1 - bottom / height, right / width, 1 - top / height)
