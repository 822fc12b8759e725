"""Text as the matching sees it: compatibility forms and CJK radicals folded, whitespace blank.

    fold("⽅（盖章）ﬁ") == "方(盖章)fi"

Law: keyword and page go through the same folding, so that what looks alike to a person is alike.
Folding is NFKD, which compares like NFKC and keeps one character's parts apart, and the CJK
Radicals Supplement, which Unicode leaves alone but producers write for whole characters. A
character beyond U+FFFF folds to its two surrogates, as pdfium gives them. Letter case is kept.
Nothing ever folds to nothing: whitespace and invisible characters become a blank, which the
matching passes over.

Reference: UAX #15 (normalisation), EquivalentUnifiedIdeograph.txt of the Unicode database.
"""

from __future__ import annotations

import unicodedata

# Radical and unified ideograph in turn.
_RADICAL_PAIRS = (
    "⺁厂⺂乛⺃乚⺄乙⺅亻⺆冂⺇𠘨⺈刀⺉刂⺊卜⺋㔾⺌小⺍小⺎兀⺏尣⺐尢⺑𡯂⺒巳⺓幺⺔彑⺕彐⺖忄⺗心⺘扌"
    "⺙攵⺛旡⺜日⺝月⺞歺⺠民⺡氵⺢氺⺣灬⺤爫⺥爫⺦丬⺧牛⺨犭⺩王⺪𤴔⺫目⺬示⺭礻⺮𥫗⺯糹⺰纟⺱罓⺲罒"
    "⺳㓁⺴冗⺵𦉫⺶羊⺷𦍌⺸𦍋⺹耂⺺肀⺻聿⺼肉⺽𦥑⺾艹⺿艹⻀艹⻁虎⻂衤⻃覀⻄西⻅见⻆角⻇𧢲⻈讠⻉贝⻊𧾷"
    "⻋车⻌辶⻍辶⻎辶⻏邑⻐钅⻑長⻒镸⻓长⻔门⻕𨸏⻖阝⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻞𩙿⻟飠⻠饣⻡𩠐⻢马"
    "⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀"
)
_RADICALS = dict(zip(_RADICAL_PAIRS[::2], _RADICAL_PAIRS[1::2], strict=True))
# pdfium's signs for a hyphen at the end of a line
_HYPHENS = dict.fromkeys("\x02\ufffe\u2010\u2011\u00ad", "-")
BLANK = " "
UNREADABLE = "\ufffd"


class _Fold(dict[str, str]):
    """Remembers what each character folds to."""

    def __missing__(self, char: str) -> str:
        plain = _RADICALS.get(char) or _HYPHENS.get(char) or unicodedata.normalize("NFKD", char)
        plain = "".join(_units(_RADICALS.get(one, one)) for one in plain if not _is_blank(one)) or BLANK
        if len(self) < 1 << 16:
            self[char] = plain
        return plain


def _units(char: str) -> str:
    """The UTF-16 code units of a character."""
    code = ord(char) - 0x10000
    return char if code < 0 else chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))


def joined(text: str) -> str:
    """Text whose surrogates are characters again; a lone one becomes UNREADABLE."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_blank(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cf", "Cc")


_FOLD = _Fold()


def fold(text: str) -> str:
    """The folded text; one character may become several, never none."""
    return "".join(map(_FOLD.__getitem__, text))


def fold_with_origins(text: str) -> tuple[str, range | list[int]]:
    """The folded text, and for each of its characters the index in `text` it came from."""
    changed = [(char, _FOLD[char]) for char in set(text) if _FOLD[char] != char]
    if all(len(plain) == 1 for _, plain in changed):
        # the usual page: one letter for one, and few kinds of letters that change at all; what a letter
        # becomes is plain itself, so that the order of replacing does not matter
        for char, plain in changed:
            text = text.replace(char, plain)
        return text, range(len(text))
    parts = list(map(_FOLD.__getitem__, text))
    return "".join(parts), [index for index, part in enumerate(parts) for _ in part]
