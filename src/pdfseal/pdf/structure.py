"""Tagged PDFs: an annotation that is added gets its place in the structure tree.

    read_structure(document) -> StructureTree | None      None where the document is not tagged
    tag_annotations(revision, tree, [(page, annotation), ...], owner)

Each annotation becomes an element (Form for a widget, Annot for a stamp) that is the last child of
the document's element, holds a reference to the annotation (OBJR), and is found again by the
annotation's /StructParent in the parent tree. So a screen reader comes to the seal, and what was
PDF/UA or PDF/A level A stays that.

Law: a tree that is not understood is left alone. Nothing of it is walked but the way to its last
leaf, whatever its size.

Reference: ISO 32000-2, 14.7 (logical structure), 14.7.5 (objects as content), 7.9.7 (number trees);
ISO 14289-1, 7.18 (annotations).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pdfseal.errors import DocumentError
from pdfseal.pdf.document import Document, Page
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value, decode_text_string, text_string

_MAX_TREE_DEPTH = 32
_MAX_ROLES = 16
_MAX_KEY = 2**30  # leaves room below what a reader can count to
# Elements that group others: what has no such one at its top gets new elements beside it (14.8.4.3).
_GROUPING = frozenset({"Document", "Part", "Art", "Sect", "Div"})


@dataclass(frozen=True, slots=True)
class StructureTree:
    """`root` is the StructTreeRoot, `top` the element that new ones become children of, maybe `root` itself.

    `numbers` is the root of the parent tree, `numbers_ref` its number where it has one.
    """

    root: Ref
    top: Ref
    next_key: int
    numbers: Dictionary = field(repr=False)
    numbers_ref: Ref | None


class Unusable(Exception):
    """The document is tagged, and its structure tree is not as the standard has it. Says why."""


def read_structure(document: Document) -> StructureTree | None:
    """The structure tree of a tagged document. Raises Unusable."""
    marks = document.dictionary(document.catalog.get("MarkInfo"))
    root = document.catalog.get("StructTreeRoot")
    if marks is None or document.resolve(marks.get("Marked")) is not True or root is None:
        return None
    try:
        tree = _plain(document, root)
        if not isinstance(root, Ref) or tree is None or tree.get("Type") != Name("StructTreeRoot"):
            raise Unusable("its root is none")
        reference = tree.get("ParentTree")
        numbers = _plain(document, reference)
        if reference is not None and (numbers is None or not _is_number_tree(numbers)):
            raise Unusable("its parent tree is none")
        claimed = document.resolve(tree.get("ParentTreeNextKey"))
        known = claimed if isinstance(claimed, int) and not isinstance(claimed, bool) else 0
        key = max(0, known, _highest_key(document, numbers or Dictionary()) + 1)
        if key > _MAX_KEY:
            raise Unusable("its parent tree has no key left")
        ref = reference if isinstance(reference, Ref) else None
        return StructureTree(root, _top(document, root, tree), key, numbers or Dictionary(), ref)
    except DocumentError as error:
        raise Unusable(error.message) from error


def tag_annotations(
    revision: Revision, tree: StructureTree, annotations: Sequence[tuple[Page, Ref]], owner: str
) -> None:
    """Give each annotation of the revision its element, where it has none; `owner` is whose seal it is.

    What is read out for it is /TU of a widget (ISO 14289-1, 7.18.1), /Contents of any annotation that
    shows no text (ISO 19005-1, 6.8.6); words that a field has already stay.
    """
    alternate = text_string(_alternate(revision.document, owner))
    elements: list[Ref] = []
    for page, annotation in annotations:
        drawn = revision.current(annotation)
        assert isinstance(drawn, Dictionary)  # this revision wrote it
        if "StructParent" in drawn:
            continue
        widget = drawn.get("Subtype") == Name("Widget")
        words = Dictionary({"TU": alternate} if widget else {}) | {"Contents": alternate}
        key = tree.next_key + len(elements)
        revision.put(annotation, Dictionary({**words, **drawn, "StructParent": key}))
        content = Dictionary({"Type": Name("OBJR"), "Obj": annotation, "Pg": page.ref})
        element = Dictionary({"Type": Name("StructElem"), "S": Name("Form" if widget else "Annot")})
        element |= {"P": tree.top, "Pg": page.ref, "K": content, "Alt": alternate}
        elements.append(revision.add(element))
    if elements:
        _add_children(revision, tree.top, elements)
        _add_keys(revision, tree, elements)


def _alternate(document: Document, owner: str) -> str:
    """In the document's language, as far as we speak it (14.9.2)."""
    language = document.resolve(document.catalog.get("Lang"))
    chinese = isinstance(language, bytes) and decode_text_string(language).lower().startswith("zh")
    return f"电子印章：{owner}" if chinese else f"Electronic seal of {owner}"


def _plain(document: Document, value: Value) -> Dictionary | None:
    """A dictionary that can be written again: the reference leads there at once, and it is no stream."""
    found = document.object(value) if isinstance(value, Ref) else value
    if isinstance(value, Ref) and document.is_stream(value.number):
        return None
    return found if isinstance(found, Dictionary) else None


def _is_number_tree(node: Dictionary) -> bool:
    """Chromium writes /Type /ParentTree, which the standard does not know."""
    if node.get("Type") not in (None, Name("ParentTree")) or {"S", "Count"} & node.keys():
        return False
    return not node or "Nums" in node or "Kids" in node


def _top(document: Document, root: Ref, tree: Dictionary) -> Ref:
    """The one element of the whole document, where there is one; else the root of the tree."""
    kids = tree.get("K")
    resolved = document.resolve(kids)
    items = resolved if isinstance(resolved, list) else [kids]
    if len(items) != 1 or not isinstance(items[0], Ref):
        return root
    only = _plain(document, items[0])
    if only is None or only.get("Type") not in (None, Name("StructElem")):
        return root
    kind = only.get("S")
    return items[0] if _role(document, tree, kind) in _GROUPING else root


def _role(document: Document, tree: Dictionary, kind: Value) -> Value:
    """The standard type that the tree's role map gives a type of the producer's own (14.7.3)."""
    roles = document.dictionary(tree.get("RoleMap")) or Dictionary()
    for _ in range(_MAX_ROLES):
        mapped = document.resolve(roles.get(kind)) if isinstance(kind, Name) else None
        if not isinstance(mapped, Name) or kind in _GROUPING:
            break
        kind = mapped
    return kind


def _highest_key(document: Document, node: Dictionary) -> int:
    """The last key of a number tree, -1 where it is empty: it stands in the last leaf (7.9.7)."""
    for _ in range(_MAX_TREE_DEPTH):
        kids = document.array(node.get("Kids"))
        if not kids:
            break
        last = document.dictionary(kids[-1])
        if last is None:
            raise Unusable("its parent tree breaks off")
        node = last
    else:
        raise Unusable("its parent tree is too deep")
    pairs = document.array(node.get("Nums")) or []
    keys = [document.resolve(key) for key in pairs[::2]]
    if len(pairs) % 2 or not all(isinstance(key, int) and not isinstance(key, bool) for key in keys):
        raise Unusable("its parent tree has keys that are no numbers")
    return max((key for key in keys if isinstance(key, int)), default=-1)


def _add_children(revision: Revision, parent: Ref, elements: list[Ref]) -> None:
    old = revision.current(parent)
    assert isinstance(old, Dictionary)  # read_structure looked
    kids = old.get("K")
    resolved = revision.document.resolve(kids)
    before: list[Value] = resolved if isinstance(resolved, list) else [] if resolved is None else [kids]
    revision.put(parent, Dictionary({**old, "K": [*before, *elements]}))


def _add_keys(revision: Revision, tree: StructureTree, elements: list[Ref]) -> None:
    """Append to the root of the parent tree: a pair where it is a leaf itself, else a leaf of its own."""
    keys = range(tree.next_key, tree.next_key + len(elements))
    pairs: list[Value] = [item for pair in zip(keys, elements, strict=True) for item in pair]
    written = tree.numbers if tree.numbers_ref is None else revision.current(tree.numbers_ref)
    assert isinstance(written, Dictionary)  # read_structure looked
    numbers = Dictionary(written)
    kids = revision.document.array(numbers.get("Kids"))
    if kids:
        leaf = Dictionary({"Limits": [keys[0], keys[-1]], "Nums": pairs})
        numbers["Kids"] = [*kids, revision.add(leaf)]
    else:
        numbers["Nums"] = [*(revision.document.array(numbers.get("Nums")) or []), *pairs]
    root = revision.current(tree.root)
    assert isinstance(root, Dictionary)  # read_structure looked
    changed = Dictionary({**root, "ParentTreeNextKey": keys[-1] + 1})
    if tree.numbers_ref is None:
        changed["ParentTree"] = numbers
    else:
        revision.put(tree.numbers_ref, numbers)
    revision.put(tree.root, changed)
