"""Does every object of the original still resolve to its original value after sealing?

DESIGN law: the original is an exact prefix of every output, and nothing but the catalog, the AcroForm,
the sealed pages and their /Annots may resolve to something new. This check reads both files with pikepdf,
knows nothing of pdfseal, and follows no reference: objects are compared one by one in their written form.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf

Source = bytes | Path

# Keys that sealing may add or change, by the part of the file the object plays.
CATALOG_KEYS = frozenset({"/AcroForm", "/Perms"})
FORM_KEYS = frozenset({"/Fields", "/SigFlags", "/NeedAppearances"})
PAGE_KEYS = frozenset({"/Annots"})
# Of a tagged document, too: its structure tree gets an element for each annotation that is added.
TAGGED_PAGE_KEYS = PAGE_KEYS | {"/Tabs"}
STRUCTURE_KEYS = frozenset({"/K", "/ParentTree", "/ParentTreeNextKey"})
TRAILER_KEYS = ("/Root", "/Info", "/Encrypt")

REFERENCE = re.compile(rb"\b(\d{1,10}) (\d{1,5}) R\b")  # bounded: a hole is one long run of digits
MAX_NUMBER = 8_388_607  # ISO 32000-1, annex C


@dataclass(frozen=True)
class Preservation:
    """`lost` objects are null now, `changed` ones have another value; each entry is one sentence."""

    objects: int
    lost: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.lost and not self.changed


def check_preservation(
    original: Source, sealed: Source, *, pages: Iterable[int] = (1,), password: str = ""
) -> Preservation:
    """Compare every object of `original` with the same object of `sealed`.

    `pages` are the 1-based numbers of the pages that carry seals. Raises pikepdf's errors where a file
    cannot be read without recovery.
    """
    before, after = read_bytes(original), read_bytes(sealed)
    changed: list[str] = []
    lost: list[str] = []
    if after[: len(before)] != before:
        changed.append("the original is not a prefix of the sealed file")
    with pikepdf.explicit_conversion(), _open(before, password) as old, _open(after, password) as new:
        changed += _trailer_changes(old, new)
        allowed = _allowed_changes(old, frozenset(pages))
        objects = [item for item in old.objects if item is not None]
        for item in objects:
            number = item.objgen
            name = f"object {number[0]} {number[1]}"
            now = new.get_object(*number)
            if now is None:
                lost.append(f"{name} is null now")
            elif difference := _difference(item, now, allowed.get(number, frozenset())):
                changed.append(f"{name}: {difference}")
        changed += _dangling_changes(old, new, objects)
        return Preservation(len(objects), tuple(lost), tuple(changed))


def read_bytes(source: Source) -> bytes:
    return source if isinstance(source, bytes) else source.read_bytes()


def _open(data: bytes, password: str) -> pikepdf.Pdf:
    return pikepdf.open(
        io.BytesIO(data),
        password=password,
        attempt_recovery=False,
        inherit_page_attributes=False,
        suppress_warnings=True,
    )


def _parts(item: pikepdf.Object, *, data: bool = True) -> dict[str, bytes]:
    """Key -> written value of a dictionary or stream; anything else as one part."""
    if item._type_code in (pikepdf.ObjectType.dictionary, pikepdf.ObjectType.stream):
        parts = {str(key): _written(value) for key, value in item.items()}
        if data and item._type_code == pikepdf.ObjectType.stream:
            parts["stream data"] = item.read_raw_bytes()
        return parts
    return {"value": item.unparse(resolved=True)}


def _difference(old: pikepdf.Object, new: pikepdf.Object, allowed: frozenset[str]) -> str:
    if old._type_code != new._type_code:
        return f"was {old._type_code}, is {new._type_code}"
    before, after = _parts(old), _parts(new)
    keys = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} - allowed
    if keys == {"value"} and "items" in allowed and old._type_code == pikepdf.ObjectType.array:
        kept = [_written(value) for value in old]  # arrays may only grow at their end
        return "" if [_written(value) for value in new][: len(kept)] == kept else "array items changed"
    return f"{', '.join(sorted(keys))} changed" if keys else ""


def _allowed_changes(pdf: pikepdf.Pdf, pages: frozenset[int]) -> dict[tuple[int, int], frozenset[str]]:
    """Object -> the keys that may change in it; "items" stands for an array that may grow."""
    allowed: dict[tuple[int, int], frozenset[str]] = {pdf.Root.objgen: CATALOG_KEYS}
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        allowed[form.objgen] = FORM_KEYS
        fields = form.get("/Fields")
        if isinstance(fields, pikepdf.Array):
            allowed[fields.objgen] = frozenset({"items"})
    tree = _structure_tree(pdf)
    if tree is not None:
        allowed |= _allowed_in_structure(tree)
    for number, page in enumerate(_pages(pdf), 1):
        if number in pages:
            allowed[page.objgen] = PAGE_KEYS if tree is None else TAGGED_PAGE_KEYS
            annotations = page.get("/Annots")
            if isinstance(annotations, pikepdf.Array):
                allowed[annotations.objgen] = frozenset({"items"})
    allowed.pop((0, 0), None)  # direct objects have no number of their own
    return allowed


def _structure_tree(pdf: pikepdf.Pdf) -> pikepdf.Object | None:
    marks, tree = pdf.Root.get("/MarkInfo"), pdf.Root.get("/StructTreeRoot")
    marked = isinstance(marks, pikepdf.Dictionary) and bool(marks.get("/Marked", False))
    return tree if marked and isinstance(tree, pikepdf.Dictionary) else None


def _allowed_in_structure(tree: pikepdf.Object) -> dict[tuple[int, int], frozenset[str]]:
    """The root, the one element at its top, and the root of the parent tree; nothing deeper is touched."""
    allowed = {tree.objgen: STRUCTURE_KEYS}
    kids, numbers = tree.get("/K"), tree.get("/ParentTree")
    top = kids[0] if isinstance(kids, pikepdf.Array) and len(kids) == 1 else kids
    if isinstance(top, pikepdf.Dictionary):
        allowed[top.objgen] = frozenset({"/K"})
    if isinstance(numbers, pikepdf.Dictionary):
        allowed[numbers.objgen] = frozenset({"/Nums", "/Kids"})
    return allowed


def _pages(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """The page objects in order, without pikepdf's `.pages`, which changes the page tree."""
    stack = [pdf.Root.get("/Pages")]
    seen: set[tuple[int, int]] = set()
    while stack:
        node = stack.pop()
        if not isinstance(node, pikepdf.Dictionary):
            continue
        if "/Kids" not in node:
            yield node
        elif node.objgen not in seen:
            seen.add(node.objgen)
            stack.extend(reversed(list(node.Kids)))


def _trailer_changes(old: pikepdf.Pdf, new: pikepdf.Pdf) -> Iterator[str]:
    for key in TRAILER_KEYS:
        before, after = old.trailer.get(key), new.trailer.get(key)
        if _written(before) != _written(after):
            yield f"trailer {key} changed"
    before, after = old.trailer.get("/ID"), new.trailer.get("/ID")
    if isinstance(before, pikepdf.Array) and len(before) == 2:
        kept = isinstance(after, pikepdf.Array) and _written(before[0]) == _written(after[0])
        if not kept:
            yield "the first half of the trailer's /ID changed"


def _written(item: pikepdf.Object | None) -> bytes:
    """The written form of a value, references not followed; pikepdf gives null as None."""
    return b"null" if item is None else item.unparse()


def _dangling_changes(old: pikepdf.Pdf, new: pikepdf.Pdf, there: list[pikepdf.Object]) -> Iterator[str]:
    """References that led nowhere must not lead to an object of the seal now."""
    known = {item.objgen for item in there}
    named: set[tuple[int, int]] = set()
    for item in there:
        for text in _parts(item, data=False).values():
            named |= {(int(number), int(generation)) for number, generation in REFERENCE.findall(text)}
    for number in sorted(named - known):
        if number[0] <= MAX_NUMBER and new.get_object(*number) is not None:
            yield f"object {number[0]} {number[1]} was null, and is an object now"
