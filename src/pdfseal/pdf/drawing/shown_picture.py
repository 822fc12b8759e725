"""The picture that a signature's appearance shows, as a file of its own.

Law: only what is plainly there: the first image of the widget's normal appearance, JPEG as it is,
or 8-bit gray or RGB samples as PNG. Everything else is no picture, never an error: the appearance
proves nothing and decides nothing.

Reference: ISO 32000-2, 12.5.5 (appearance streams), 8.9.5 (image dictionaries).
"""

from __future__ import annotations

from io import BytesIO

from pdfseal.errors import DocumentError
from pdfseal.pdf.document import Document
from pdfseal.pdf.drawing.picture import MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS
from pdfseal.pdf.filters import decode
from pdfseal.pdf.signature import FoundSignature
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value
from pdfseal.pdf.xref import InUse

_MAX_DEPTH = 4  # forms inside forms
_MAX_OBJECTS = 64


def shown_picture(document: Document, found: FoundSignature) -> bytes | None:
    """A PNG or JPEG file, or None."""
    if found.widget is None:
        return None
    try:
        appearance = document.dictionary(found.widget.get("AP"))
        normal = appearance.get("N") if appearance is not None else None
        return _first_image(document, normal, _MAX_DEPTH)
    except DocumentError:
        return None


def _stream(document: Document, value: Value) -> tuple[Dictionary, bytes] | None:
    if not isinstance(value, Ref):
        return None
    entry = document.entry(value.number)
    if not isinstance(entry, InUse):
        return None
    return document.stream_data(value.number, entry, limit=MAX_PICTURE_BYTES)


def _first_image(document: Document, value: Value, depth: int) -> bytes | None:
    form = document.dictionary(value)
    if form is None or depth == 0:
        return None
    if form.get("Subtype") == Name("Image"):
        return _image(document, value)
    resources = document.dictionary(form.get("Resources"))
    objects = document.dictionary(resources.get("XObject")) if resources is not None else None
    for item in list((objects or {}).values())[:_MAX_OBJECTS]:
        if (picture := _first_image(document, item, depth - 1)) is not None:
            return picture
    return None


def _image(document: Document, value: Value) -> bytes | None:
    from PIL import Image

    stream = _stream(document, value)
    if stream is None:
        return None
    dictionary, data = stream
    if dictionary.get("Filter") == Name("DCTDecode"):
        return data
    samples = _samples(document, value)
    if samples is None:
        return None
    mode, size, pixels = samples
    image = Image.frombytes(mode, size, pixels)
    mask = _samples(document, dictionary.get("SMask"))
    if mask is not None and mask[0] == "L" and mask[1] == size:
        image = image.convert("RGB")
        image.putalpha(Image.frombytes("L", size, mask[2]))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _samples(document: Document, value: Value) -> tuple[str, tuple[int, int], bytes] | None:
    """(mode, size in pixels, samples) of an image with 8 bits a component in a device colour space."""
    stream = _stream(document, value)
    if stream is None:
        return None
    dictionary, data = stream
    width, height = dictionary.get("Width"), dictionary.get("Height")
    space = document.resolve(dictionary.get("ColorSpace"))
    mode = {"DeviceRGB": "RGB", "DeviceGray": "L"}.get(str(space)) if isinstance(space, Name) else None
    if mode is None or dictionary.get("BitsPerComponent") != 8:
        return None
    if not (isinstance(width, int) and isinstance(height, int) and 0 < width * height <= MAX_PICTURE_PIXELS):
        return None
    needed = width * height * len(mode)
    pixels = decode(data, dictionary, where="seal picture", work=document.work, limit=needed)
    return (mode, (width, height), pixels) if len(pixels) == needed else None
