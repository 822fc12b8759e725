"""A drawing to SVG 1.1: outlines only, no text, so that it looks the same everywhere.

Where ink is taken away again (carved or worn seals) the outlines become a luminance mask over one
coloured rectangle: white is ink, black is none, as in the PNG's alpha channel.
"""

from __future__ import annotations

from pdfseal.fonts import Path
from pdfseal.sealimage.shapes import Drawing, Shape


def to_svg(drawing: Drawing) -> bytes:
    width, height = _number(drawing.width_mm), _number(drawing.height_mm)
    colour = "#{:02X}{:02X}{:02X}".format(*drawing.colour)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" '
        f'viewBox="0 0 {width} {height}">\n'
    )
    masked = any(shape.erase for shape in drawing.shapes)
    flip = f'transform="matrix(1 0 0 -1 0 {height})" stroke-linejoin="round"'
    body = "".join(_path(shape, "#FFF" if masked else colour) for shape in drawing.shapes)
    if not masked:
        return f"{head}<g {flip}>\n{body}</g>\n</svg>\n".encode()
    box = f'x="0" y="0" width="{width}" height="{height}"'
    mask = f'<mask id="ink" maskUnits="userSpaceOnUse" {box}>\n<g {flip}>\n{body}</g>\n</mask>\n'
    return f'{head}{mask}<rect {box} fill="{colour}" mask="url(#ink)"/>\n</svg>\n'.encode()


def _path(shape: Shape, colour: str) -> str:
    if shape.erase:
        colour = "#000"
    fill = f'fill="{colour}"' if shape.fill else 'fill="none"'
    stroke = f' stroke="{colour}" stroke-width="{_number(shape.stroke_mm)}"' if shape.stroke_mm else ""
    share = f' opacity="{_number(shape.erase)}"' if 0 < shape.erase < 1 else ""
    return f'<path {fill}{stroke}{share} d="{_data(shape.path)}"/>\n'


def _data(path: Path) -> str:
    return "".join(kind + " ".join(map(_number, values)) for kind, values in path)


def _number(value: float) -> str:
    """Micrometres are enough."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
