"""A few characters of a typeface become an embedded font.

    Typeface + the characters used -> CID-keyed CFF with these glyphs -> Type 0 font, ToUnicode

Law: only the outlines that are used are embedded, CIDs count the characters in code point order,
and equal characters give equal bytes. Every glyph has its character in /ToUnicode, so that the
text can be copied and searched.

Reference: ISO 32000-2, 9.7 (composite fonts), 9.8.3 (CIDSet), 9.9 (CIDFontType0C), 9.10.3 (ToUnicode);
Adobe Technical Notes 5176 (CFF) and 5177 (Type 2 charstrings).
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from pdfseal.fonts import Glyph, Path, Typeface
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value

_SYMBOLIC = 4  # table 121: the characters are not those of the standard Latin set
_BLOCK = 100  # entries that a bfchar block may have


@dataclass(frozen=True, slots=True)
class EmbeddedFont:
    """A font in the file: `ref` is the Type 0 font, `cids` says which code each character has."""

    ref: Ref
    cids: dict[str, int] = field(repr=False)

    def encoded(self, text: str) -> bytes:
        """The operand of Tj: two octets for each character."""
        return b"<" + b"".join(b"%04X" % self.cids[character] for character in text) + b">"


def write_font(revision: Revision, typeface: Typeface, characters: str) -> EmbeddedFont:
    """Embed the glyphs of `characters`. Raises `glyph_missing`, `font_unreadable`."""
    used = sorted(set(characters))
    glyphs = [typeface.glyph(character) for character in used]
    name = f"{_tag(typeface.name, used)}+{typeface.name}"
    program = revision.add_stream(
        Dictionary({"Subtype": Name("CIDFontType0C"), "Filter": Name("FlateDecode")}),
        zlib.compress(_cid_keyed_cff(name, glyphs), 9),
    )
    descriptor = revision.add(_descriptor(revision, typeface, name, glyphs, program))
    widths: list[Value] = [round(glyph.advance) for glyph in glyphs]
    system = Dictionary({"Registry": b"Adobe", "Ordering": b"Identity", "Supplement": 0})
    descendant = Dictionary(
        {
            "Type": Name("Font"),
            "Subtype": Name("CIDFontType0"),
            "BaseFont": Name(name),
            "CIDSystemInfo": system,
            "FontDescriptor": descriptor,
            "DW": 1000,
            "W": [1, widths],
        }
    )
    font = Dictionary(
        {
            "Type": Name("Font"),
            "Subtype": Name("Type0"),
            "BaseFont": Name(f"{name}-Identity-H"),
            "Encoding": Name("Identity-H"),
            "DescendantFonts": [revision.add(descendant)],
            "ToUnicode": _deflated(revision, _to_unicode(used)),
        }
    )
    return EmbeddedFont(revision.add(font), {character: cid for cid, character in enumerate(used, 1)})


def _descriptor(
    revision: Revision, typeface: Typeface, name: str, glyphs: list[Glyph], program: Ref
) -> Dictionary:
    boxes = [glyph.bounds for glyph in glyphs if glyph.bounds is not None] or [(0.0, 0.0, 0.0, 0.0)]
    left, bottom = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, top = max(box[2] for box in boxes), max(box[3] for box in boxes)
    present = bytearray((len(glyphs) + 8) // 8)
    for cid in range(len(glyphs) + 1):
        present[cid // 8] |= 0x80 >> cid % 8
    return Dictionary(
        {
            "Type": Name("FontDescriptor"),
            "FontName": Name(name),
            "Flags": _SYMBOLIC,
            "FontBBox": [round(left), round(bottom), round(right), round(top)],
            "ItalicAngle": 0,
            "Ascent": round(typeface.ascent),
            "Descent": round(typeface.descent),
            "CapHeight": 700,
            "StemV": 80,
            "CIDSet": _deflated(revision, bytes(present)),  # PDF/A-1 asks for it (ISO 19005-1, 6.3.5)
            "FontFile3": program,
        }
    )


def _deflated(revision: Revision, data: bytes) -> Ref:
    return revision.add_stream(Dictionary({"Filter": Name("FlateDecode")}), zlib.compress(data, 9))


def _tag(name: str, used: list[str]) -> str:
    """9.9.2: six capitals that tell one subset from another."""
    digest = hashlib.sha256("\0".join([name, *used]).encode("utf-8", "surrogatepass")).digest()
    return "".join(chr(ord("A") + octet % 26) for octet in digest[:6])


def _to_unicode(used: list[str]) -> bytes:
    lines = [
        "/CIDInit /ProcSet findresource begin", "12 dict begin", "begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def", "/CMapType 2 def",
        "1 begincodespacerange", "<0000> <FFFF>", "endcodespacerange",
    ]  # fmt: skip
    for start in range(0, len(used), _BLOCK):
        block = used[start : start + _BLOCK]
        lines.append(f"{len(block)} beginbfchar")
        lines += [
            f"<{cid:04X}> <{character.encode('utf-16-be').hex().upper()}>"
            for cid, character in enumerate(block, start + 1)
        ]
        lines.append("endbfchar")
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines).encode()


def _cid_keyed_cff(name: str, glyphs: list[Glyph]) -> bytes:
    """A CFF font program with ROS Adobe-Identity-0: .notdef, then the glyphs as CID 1, 2, ..."""
    from fontTools import cffLib
    from fontTools.ttLib import TTFont

    shared: Any = cffLib.GlobalSubrsIndex()
    private: Any = cffLib.PrivateDict()
    private.rawDict.update(defaultWidthX=0, nominalWidthX=0)
    part: Any = cffLib.FontDict()
    part.FontName = name.partition("+")[2]
    part.Private = private
    top: Any = cffLib.TopDict()
    top.ROS = ("Adobe", "Identity", 0)
    top.CIDCount = len(glyphs) + 1
    top.charset = [".notdef", *(f"cid{cid:05d}" for cid in range(1, len(glyphs) + 1))]
    top.FDArray = cffLib.FDArrayIndex()
    top.FDArray.append(part)
    top.FDSelect = cffLib.FDSelect()
    top.FDSelect.gidArray = [0] * (len(glyphs) + 1)
    strings: Any = cffLib.CharStrings(None, top.charset, shared, None, top.FDSelect, top.FDArray)
    for key, path, advance in [(".notdef", (), 1000.0)] + [
        (f"cid{cid:05d}", glyph.path, glyph.advance) for cid, glyph in enumerate(glyphs, 1)
    ]:
        strings[key] = _charstring(path, advance, private, shared)
        strings[key].fdSelectIndex = 0
    top.CharStrings = strings
    fonts: Any = cffLib.CFFFontSet()
    fonts.major, fonts.minor = 1, 0
    fonts.strings = cffLib.IndexedStrings()
    fonts.GlobalSubrs = shared
    fonts.otFont = None
    fonts.fontNames = [name]
    fonts.topDictIndex = cffLib.TopDictIndex()
    top.strings, top.GlobalSubrs = fonts.strings, shared
    fonts.topDictIndex.append(top)
    out = BytesIO()
    fonts.compile(out, TTFont(), isCFF2=False)
    return out.getvalue()


def _charstring(path: Path, advance: float, private: Any, shared: Any) -> Any:
    """A Type 2 charstring in whole thousandths of the em."""
    from fontTools.pens.t2CharStringPen import T2CharStringPen

    pen: Any = T2CharStringPen(round(advance), None)
    for kind, values in path:
        points = list(zip(values[0::2], values[1::2], strict=True))
        if kind == "M":
            pen.moveTo(points[0])
        elif kind == "L":
            pen.lineTo(points[0])
        elif kind == "C":
            pen.curveTo(*points)
        else:
            pen.closePath()
    return pen.getCharString(private, shared)
