"""The manual's words for where and how a seal goes, as our placements: decided here, in one place.

coordOfRuleInfo     edges in pt; page 0 is every page, no page the first; edges in any order
keywordsOfRuleInfo  wins over coordinates; position 1 centre, 2 below, 3 right of the match
                    (default 1); search 0 all, 1 the n-th from the end, 2 from the beginning
                    (default 2)
signWidth, -Height  the largest size: the picture keeps its own if it fits
opacityOfEffect     per cent, 0 and absent are 100
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Literal

from pdfseal.adapters.coss.codes import BAD_PARAMETER, CossError
from pdfseal.adapters.coss.wire import Fields
from pdfseal.geometry import Point, Rect, Size
from pdfseal.placement import AtKeyword, Box, InRectangle, Placement
from pdfseal.sealing import Appearance, Wording

MAX_LENGTH_PT = 14_400.0  # the largest page that PDF 1.7 knows
MAX_WORDING = 200
MAX_KEYWORD = 200

Position = Literal["center", "bottom", "right"]
_POSITIONS: dict[str, Position] = {
    "1": "center", "CENTER": "center", "2": "bottom", "BOTTOM": "bottom", "3": "right", "RIGHT": "right",
}  # fmt: skip
Order = Literal["all", "desc", "asc"]
_ORDERS: dict[str, Order] = {"0": "all", "ALL": "all", "1": "desc", "DESC": "desc", "2": "asc", "ASC": "asc"}


@dataclass(frozen=True, slots=True)
class SealType:
    """`keys`: the kind of the signer's key. `layout`: of the electronic seal, None for plain CMS.

    `needs_maker`: appName must name an application with a seal maker. Without that need, CMS is
    made where there is no maker.
    """

    name: str
    keys: str
    layout: Literal["ses2014", "ses2020"] | None
    needs_maker: bool = False


# BJCA_SM2 is what the manual's example shows: a TBS_Sign of GM/T 0031-2014. The names of the next
# two are ours, the manual gives none; the last three are ours altogether.
SEAL_TYPES: dict[str, SealType] = {
    one.name: one
    for one in (
        SealType("BJCA_SM2", "sm2", "ses2014"),
        SealType("GM_SM2", "sm2", "ses2014", needs_maker=True),
        SealType("GB_SM2", "sm2", "ses2020", needs_maker=True),
        SealType("CMS_SM2", "sm2", None),
        SealType("CMS_RSA", "rsa", None),
        SealType("CMS_ECDSA", "ec", None),
    )
}


def seal_type(fields: Fields) -> SealType:
    return SEAL_TYPES[fields.choice("signSealType", tuple(SEAL_TYPES), default="BJCA_SM2")]


def wording(fields: Fields) -> Wording:
    info = fields.object("configureSealInfo")
    if info is None:
        raise CossError(BAD_PARAMETER, "configureSealInfo: is missing")
    kind = info.text("signType", at_most=MAX_WORDING)
    province = info.text("signProvince", at_most=MAX_WORDING)
    name = info.text("signName", at_most=MAX_WORDING)
    return Wording(name=name, reason=kind, location=province, contact=name)


def appearance(fields: Fields, picture: bytes) -> Appearance:
    opacity = fields.integer("opacityOfEffect", default=0, least=0, at_most=100)
    return Appearance(picture, opacity=float(opacity or 100), cover_text=fields.flag("coverTextOfEffect"))


def placement(fields: Fields) -> Placement:
    fit = _fit(fields)
    keywords = fields.object("keywordsOfRuleInfo")
    if keywords is not None and keywords.has("keyWord"):
        return _at_keyword(keywords, fit)
    coordinates = fields.object("coordOfRuleInfo")
    if coordinates is not None:
        return _in_rectangle(coordinates, fit)
    if keywords is not None:
        raise CossError(BAD_PARAMETER, "keywordsOfRuleInfo.keyWord: is missing")
    raise CossError(BAD_PARAMETER, "coordOfRuleInfo or keywordsOfRuleInfo: one must be given")


def _fit(fields: Fields) -> Size | None:
    sides = []
    for name in ("signWidth", "signHeight"):
        value = fields.number(name, at_most=MAX_LENGTH_PT)
        if value is not None and value <= 0:
            raise CossError(BAD_PARAMETER, f"{name}: must be more than 0")
        sides.append(value)
    if sides == [None, None]:
        return None
    return Size(sides[0] or MAX_LENGTH_PT, sides[1] or MAX_LENGTH_PT)


def _in_rectangle(fields: Fields, fit: Size | None) -> InRectangle:
    edges = []
    for name in ("left", "bottom", "right", "top"):
        value = fields.number(name, least=-MAX_LENGTH_PT, at_most=MAX_LENGTH_PT)
        if value is None:
            raise CossError(BAD_PARAMETER, f"{fields.place}{name}: is missing")
        edges.append(value)
    page = fields.integer("pageNo", default=1, least=0, at_most=1_000_000)
    return InRectangle(page or "all", Rect.of_corners(*edges), fit=fit)


def _at_keyword(fields: Fields, fit: Size | None) -> AtKeyword:
    order = _word(fields, "signKeywordsSearch", _ORDERS, "asc")
    nth = fields.integer("keywordNum", least=1, at_most=1_000_000)
    if order == "all" and nth not in (None, 1):
        raise CossError(BAD_PARAMETER, f"{fields.place}keywordNum: must be 1 where all are sealed")
    x = fields.number("coordinateX", default=0.0, least=0.0, at_most=MAX_LENGTH_PT)
    y = fields.number("coordinateY", default=0.0, least=0.0, at_most=MAX_LENGTH_PT)
    return AtKeyword(
        fields.text("keyWord", at_most=MAX_KEYWORD),
        order=order,
        nth=None if order == "all" else nth or 1,
        position=_word(fields, "signKeywordsPosition", _POSITIONS, "center"),
        offset=Point(x or 0.0, y or 0.0),
        fit=fit,
    )


def _word(fields: Fields, name: str, words: dict[str, Any], default: Any) -> Any:
    """A digit, written as a number of any kind, or a word in any case."""
    text = fields.optional_text(name, at_most=32)
    if text is None:
        return default
    key = text.strip().upper()
    key = key.partition(".")[0] if key.replace("0", "").endswith(".") else key  # 1.0 is 1
    if key not in words:
        raise CossError(BAD_PARAMETER, f"{fields.place}{name}: must be one of {', '.join(words)}")
    return words[key]


# -- the answer's rectangles ----------------------------------------------------------------


def rectangle_bean(box: Box) -> dict[str, Any]:
    """The box in the manual's float32 arithmetic: its worked example is met to the last digit."""
    left, bottom, right, top = (
        _float32(value) for value in (box.rect.left, box.rect.bottom, box.rect.right, box.rect.top)
    )
    return {
        "left": _shortest(left),
        "top": _shortest(top),
        "right": _shortest(right),
        "bottom": _shortest(bottom),
        "pageNo": box.page,
        "width": _shortest(_float32(right - left)),
        "height": _shortest(_float32(top - bottom)),
    }


def _float32(value: float) -> float:
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded


def _shortest(value: float) -> float:
    """The number with the fewest digits that is this float32, as Java writes it."""
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if _float32(float(text)) == value:
            return float(text)
    return value
