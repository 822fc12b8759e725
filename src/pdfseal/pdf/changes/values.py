"""Comparing values, and finding references inside them. The parser bounded their depth and size."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pdfseal.pdf.syntax import Dictionary, Ref, Value, decode_text_string

_BOXES = frozenset({"Rect", "MediaBox", "CropBox", "BleedBox", "TrimBox", "ArtBox"})
_PRECISION = 1e-6
_MOST_POINTS = 20_000  # a page has 14,400 at most


def all_references(value: Value) -> Iterator[Ref]:
    """Every reference inside a value, in entries that stand there twice as well.

    The parser bounded its depth and size.
    """
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Ref):
            yield item
        elif isinstance(item, Dictionary):
            stack += [*item.values(), *item.earlier]
        elif isinstance(item, list):
            stack += item


def keys_leading_to(value: Value, number: int) -> Iterator[str]:
    """The entries inside a value that refer to an object; an empty name for what is in no dictionary."""
    stack: list[tuple[str, Value]] = [("", value)]
    while stack:
        key, item = stack.pop()
        if isinstance(item, Ref) and item.number == number:
            yield key
        elif isinstance(item, Dictionary):
            stack += [*item.items(), *zip(item.repeated, item.earlier, strict=True)]
        elif isinstance(item, list):
            stack += [(key, entry) for entry in item]


def alike(one: Value, other: Value) -> bool:
    """Equal with equal types: Python takes true for 1 and 1 for 1.0, readers of PDF do not."""
    stack: list[tuple[Value, Value]] = [(one, other)]
    while stack:
        a, b = stack.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, Dictionary) and isinstance(b, Dictionary):
            if a.keys() != b.keys():
                return False
            stack += [(a[key], b[key]) for key in a if not (key in _BOXES and _same_box(a[key], b[key]))]
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            stack += zip(a, b, strict=True)
        elif a != b:
            return False
    return True


def alike_in(key: str, one: Value, other: Value) -> bool:
    """The same for the values of an entry."""
    return (key in _BOXES and _same_box(one, other)) or alike(one, other)


def _same_box(one: Value, other: Value) -> bool:
    """The same place, to the digits that readers calculate with (annex C.2: single precision).

    Many write it again with no more, and whole numbers without a point.
    """
    if not isinstance(one, list) or not isinstance(other, list) or not len(one) == len(other) == 4:
        return False
    return all(
        isinstance(a, int | float)
        and isinstance(b, int | float)
        and not isinstance(a, bool)
        and not isinstance(b, bool)
        and math.isclose(a, b, rel_tol=_PRECISION)
        and abs(a) < _MOST_POINTS
        for a, b in zip(one, other, strict=True)
    )


def same_text(old: Value, new: Value) -> bool:
    """Equality in which strings are compared as the text that they say (7.9.2.2)."""
    if type(old) is bytes and type(new) is bytes:  # none that readers decrypt differently
        if old == new:
            return True
        said = decode_text_string(old)
        # readers differ on language codes, and on octets that are no text
        is_plain = b"\x1b" not in old + new and "\ufffd" not in said
        return is_plain and said == decode_text_string(new)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(same_text, old, new))
    if isinstance(old, Dictionary) and isinstance(new, Dictionary):
        return old.keys() == new.keys() and all(same_text(old[key], new[key]) for key in old)
    return type(old) is type(new) and old == new


def changed_keys(old: Dictionary, new: Dictionary) -> list[str]:
    both = old.keys() & new.keys()
    return [key for key in {**old, **new} if key not in both or not alike_in(key, old[key], new[key])]


def repeats(value: Value) -> bool:
    """Whether any dictionary in a value has an entry twice; the parser bounded depth and size."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Dictionary):
            if item.repeated:
                return True
            stack += item.values()
        elif isinstance(item, list):
            stack += item
    return False


def written_values(found: Dictionary, key: str) -> list[Value]:
    """What stands behind a key, each value where it stands there more than once."""
    twice = [item for name, item in zip(found.repeated, found.earlier, strict=True) if name == key]
    return [found[key], *twice] if key in found else []
