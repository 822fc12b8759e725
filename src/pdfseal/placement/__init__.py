"""Where the seal goes: a rule and a document give boxes on pages.

    InRectangle(page=1, rect=Rect(...), fit=Size(150, 120)) + Document -> (PlacedBox(Box(page, rect)), ...)

    InRectangle, AtPoint   a rectangle or point, on one page or many
    AtKeyword              where a text stands
    IntoField              an empty signature field that is there already
    Straddle               骑缝, over the edges of several pages
    Several                more than one of these under one signature

Law: everything a caller gives or gets is in displayed page space (`pdfseal.geometry`): points,
origin at the lower left of the page as displayed, y upward, unless a rule names another unit or
origin.
"""

from pdfseal.placement.resolving import resolve
from pdfseal.placement.rules import (
    WHOLE,
    AtKeyword,
    AtPoint,
    Box,
    InRectangle,
    IntoField,
    PlacedBox,
    Placement,
    Several,
    Straddle,
)

__all__ = [
    "WHOLE",
    "AtKeyword",
    "AtPoint",
    "Box",
    "InRectangle",
    "IntoField",
    "PlacedBox",
    "Placement",
    "Several",
    "Straddle",
    "resolve",
]
