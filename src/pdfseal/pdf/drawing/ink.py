"""Ink on paper: what is white becomes transparent, a photo of a signature becomes clean ink.

Law: soft edges stay soft. A pixel on the edge of a stroke is a mixture of ink and paper; it becomes
ink of that share, not a pale pixel, so that no white fringe shows on a coloured page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pdfseal.errors import CallerError

if TYPE_CHECKING:
    from PIL import Image

WHITE_THRESHOLD = 240  # of 255: as white as this, or whiter, is paper
_SOFTNESS = 96  # levels from clear paper down to full ink
_MAX_PHOTO_SIDE = 2400  # px: more does not make a signature better
_COARSE = 8  # the paper's shading is measured on a picture so many times smaller
_LEAST_CONTRAST = 40  # levels between paper and the darkest ink


def white_to_transparent(image: Image.Image, threshold: int = WHITE_THRESHOLD) -> Image.Image:
    """RGBA in which paper of at least `threshold` (1 to 255) in all channels is clear, edges graded."""
    from PIL import Image, ImageChops

    if not 1 <= threshold <= 255:
        raise CallerError("argument", f"the white threshold is 1 to 255, not {threshold}")
    rgba = image.convert("RGBA")
    red, green, blue, old = rgba.split()
    darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
    full = max(0, threshold - _SOFTNESS)
    alpha = darkest.point([_ramp(level, threshold, full) for level in range(256)])
    channels = [_without_paper(channel, alpha) for channel in (red, green, blue)]
    return Image.merge("RGBA", [*channels, ImageChops.multiply(alpha, old)])


def _ramp(level: int, clear: int, full: int) -> int:
    """Opacity of a brightness: 0 from `clear` upward, 255 from `full` downward, even between them."""
    return max(0, min(255, round(255 * (clear - level) / max(1, clear - full))))


def _without_paper(channel: Image.Image, alpha: Image.Image) -> Image.Image:
    """The ink's own level where ink of share alpha on white paper looks like `channel`."""
    from PIL import ImageMath

    def unmixed(e: dict[str, Any]) -> Any:
        share = e["max"](e["a"], 1)
        return e["max"](255 - (255 - e["c"]) * 255 / share, 0)

    return ImageMath.lambda_eval(lambda e: unmixed({**e, "max": e["max"]}), c=channel, a=alpha).convert("L")  # type: ignore[no-any-return]


def handwriting(image: Image.Image) -> Image.Image:
    """RGBA of the ink alone, cropped, from a photo or scan of handwriting on light paper.

    Shading of the paper, grain and what lies dark at the picture's edges (a table, a shadow) go;
    the ink gets one colour, its own. Raises `picture_unreadable` where there is no ink.
    """
    from PIL import Image, ImageChops, ImageFilter, ImageStat

    photo = _on_white(image)
    if max(photo.size) > _MAX_PHOTO_SIDE:
        photo.thumbnail((_MAX_PHOTO_SIDE, _MAX_PHOTO_SIDE), Image.Resampling.LANCZOS, reducing_gap=2)
    red, green, _ = photo.split()
    even = _evened(ImageChops.darker(red, green)).filter(ImageFilter.MedianFilter(3))
    paper, ink = _levels(even)
    if paper - ink < _LEAST_CONTRAST:
        raise CallerError("picture_unreadable", "no ink can be told from the paper in the picture")
    clear, full = round(paper - 0.30 * (paper - ink)), round(paper - 0.62 * (paper - ink))
    alpha = even.point([_ramp(level, clear, full) for level in range(256)])
    alpha = _without_specks(_without_frame(alpha))
    box = _above(alpha, 96).getbbox()
    if box is None:
        raise CallerError("picture_unreadable", "no ink is left in the picture")
    margin = max(2, max(box[2] - box[0], box[3] - box[1]) // 50)
    box = (
        max(0, box[0] - margin), max(0, box[1] - margin),
        min(alpha.width, box[2] + margin), min(alpha.height, box[3] + margin),
    )  # fmt: skip
    alpha, photo = alpha.crop(box), photo.crop(box)
    solid = _above(alpha, 220)
    colour = tuple(round(level) for level in ImageStat.Stat(photo, solid if solid.getbbox() else None).mean)
    written = Image.new("RGBA", alpha.size, (*colour, 0))
    written.putalpha(alpha)
    return written


def _above(gray: Image.Image, bound: int) -> Image.Image:
    """255 where the level is above `bound`, 0 elsewhere."""
    return gray.point([255 if level > bound else 0 for level in range(256)])


def _on_white(image: Image.Image) -> Image.Image:
    from PIL import Image

    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def _evened(gray: Image.Image) -> Image.Image:
    """The brightness in proportion to the paper around it, which becomes 255."""
    from PIL import Image, ImageFilter, ImageMath

    size = (max(1, gray.width // _COARSE), max(1, gray.height // _COARSE))
    coarse = gray.resize(size, Image.Resampling.BOX)
    reach = max(3, min(size) // 12 | 1)
    paper = coarse.filter(ImageFilter.MaxFilter(reach)).filter(ImageFilter.GaussianBlur(reach))
    shading = paper.resize(gray.size, Image.Resampling.BICUBIC)

    def share(e: dict[str, Any]) -> Any:
        return e["min"](e["g"] * 255 / e["max"](e["s"], 1), 255)

    return ImageMath.lambda_eval(share, g=gray, s=shading).convert("L")  # type: ignore[no-any-return]


def _levels(even: Image.Image) -> tuple[int, int]:
    """The paper's usual level, and that of the ink: the darkest thousandth."""
    counts = even.histogram()
    total = sum(counts)

    def percentile(share: float) -> int:
        seen = 0
        for level, count in enumerate(counts):
            seen += count
            if seen >= share * total:
                return level
        return 255

    return percentile(0.5), percentile(0.001)


def _without_frame(alpha: Image.Image) -> Image.Image:
    """Without what is dark and touches the picture's edge: the table, a finger, the paper's rim."""
    from PIL import Image, ImageDraw, ImageFilter

    size = (max(1, alpha.width // _COARSE), max(1, alpha.height // _COARSE))
    coarse = _above(alpha.resize(size, Image.Resampling.BOX), 60)
    last_x, last_y = size[0] - 1, size[1] - 1
    edge = [(x, y) for x in range(size[0]) for y in (0, last_y)] + [
        (x, y) for y in range(size[1]) for x in (0, last_x)
    ]
    for point in edge:
        if coarse.getpixel(point) == 255:
            ImageDraw.floodfill(coarse, point, 128)
    frame = coarse.point([255 if level == 128 else 0 for level in range(256)])
    frame = frame.filter(ImageFilter.MaxFilter(3))
    cleaned = alpha.copy()
    cleaned.paste(0, mask=frame.resize(alpha.size, Image.Resampling.NEAREST))
    return cleaned


def _without_specks(alpha: Image.Image) -> Image.Image:
    """Without grains and the rims of shadows: pale ink stays only where solid ink is close."""
    from PIL import Image, ImageFilter

    size = (max(1, alpha.width // _COARSE), max(1, alpha.height // _COARSE))
    solid = _above(_above(alpha, 200).resize(size, Image.Resampling.BOX), 16)
    near = solid.filter(ImageFilter.MaxFilter(3)).resize(alpha.size, Image.Resampling.NEAREST)
    cleaned = Image.new("L", alpha.size, 0)
    cleaned.paste(alpha, mask=near)
    return cleaned
