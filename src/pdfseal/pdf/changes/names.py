"""All full names by which a form leads to its fields: a prepared form may have several ways to one.

A signature locks fields by name (12.8.2.4), so what is locked by any of them is locked.

Reference: ISO 32000-2, 12.7.4.2 (field names).
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict

from pdfseal.pdf.document import Document
from pdfseal.pdf.limits import PER_FIELD
from pdfseal.pdf.syntax import Dictionary, Ref, Value, damaged, decode_text_string

_MAX_WAYS = 200_000
Names = dict[int, set[str]]


def names_of_fields(document: Document) -> Names:
    """By object number, every name of a field, by every way down. DocumentError where they are too many."""
    form = document.dictionary(document.catalog.get("AcroForm")) or Dictionary()
    todo: list[tuple[Value, str, int]] = [(kid, "", 0) for kid in document.array(form.get("Fields")) or []]
    found: Names = defaultdict(set)
    seen: set[tuple[int, str]] = set()
    while todo:
        kid, prefix, depth = todo.pop()
        document.work.spend(PER_FIELD)
        dictionary = document.dictionary(kid)
        if dictionary is None or depth > document.limits.field_depth:
            continue
        full = _joined(prefix, _own_name(document, dictionary))
        if isinstance(kid, Ref):
            if (kid.number, full) in seen:
                continue
            seen.add((kid.number, full))
            found[kid.number].add(full)
        if len(seen) > _MAX_WAYS:
            raise damaged("the form leads to its fields in too many ways")
        todo += [(child, full, depth + 1) for child in document.array(dictionary.get("Kids")) or []]
    return found


def name_upwards(document: Document, number: int) -> str:
    """The name that readers find who go up by /Parent."""
    name, dictionary = "", document.dictionary(Ref(number, 0))
    for _ in range(document.limits.field_depth):
        if dictionary is None:
            break
        own = _own_name(document, dictionary)
        name = name if own is None else _joined(own, name or None)
        dictionary = document.dictionary(dictionary.get("Parent"))
    return name


def plain_name(name: str) -> str:
    """The same for all names that readers take for one: pdfium passes over empty parts, as in `amount.`"""
    shown = "".join(character for character in name if not _is_control(character))
    return ".".join(part for part in shown.split(".") if part)


def is_partial_name(value: Value) -> bool:
    """Whether this is what the /T of one field may be: text without a period (12.7.4.2)."""
    text = decode_text_string(value) if isinstance(value, bytes) and is_name(value) else ""
    return text != "" and text == plain_name(text) and "." not in text


def is_name(value: Value) -> bool:
    """Whether all readers take the same text from a /T, but for controls: see `plain_name`.

    Some drop octets that are no text, and half of an escape; some take a name or a stream for text.
    """
    text = decode_text_string(value) if isinstance(value, bytes) else "\ufffd"
    return "\ufffd" not in text and "\x1b" not in text


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc"


def _own_name(document: Document, dictionary: Dictionary) -> str | None:
    part = document.resolve(dictionary.get("T"))
    return decode_text_string(part) if isinstance(part, bytes) else None


def _joined(prefix: str, own: str | None) -> str:
    return prefix if own is None else f"{prefix}.{own}" if prefix else own
