"""All full names by which a form leads to a field: a prepared form may have several ways to one.

A signature locks fields by name (12.8.2.4), so what is locked by any of them is locked.

Reference: ISO 32000-2, 12.7.4.2 (field names).
"""

from __future__ import annotations

from collections import defaultdict

from pdfseal.pdf.document import Document
from pdfseal.pdf.field import walk_fields
from pdfseal.pdf.limits import PER_FIELD
from pdfseal.pdf.syntax import Dictionary, Ref, damaged, decode_text_string

_MAX_WAYS = 1000
Parents = dict[int, set[int | None]]


def parents_of_fields(document: Document) -> Parents:
    """Field -> the fields whose /Kids list it; None stands for /Fields of the form itself."""
    form = document.dictionary(document.catalog.get("AcroForm"))
    found: Parents = defaultdict(set)
    for kid in document.array(form.get("Fields")) or [] if form is not None else []:
        if isinstance(kid, Ref):
            found[kid.number].add(None)
    for field, dictionary, _, _ in walk_fields(document):
        for kid in document.array(dictionary.get("Kids")) or []:
            if isinstance(kid, Ref) and isinstance(field, Ref):
                found[kid.number].add(field.number)
    return found


def names_of(document: Document, number: int, parents: Parents) -> frozenset[str]:
    """The names of one field, found upwards. DocumentError `pdf_damaged` where they are too many to tell."""
    names: set[str] = set()
    todo = [(number, "")]
    seen = set(todo)
    while todo:
        node, below = todo.pop()
        document.work.spend(PER_FIELD)
        dictionary = document.dictionary(Ref(node, 0)) or Dictionary()
        part = document.resolve(dictionary.get("T"))
        own = decode_text_string(part) if isinstance(part, bytes) else None
        full = below if own is None else f"{own}.{below}" if below else own
        for parent in parents.get(node, {None}):
            if parent is None:
                names.add(full)
            elif (parent, full) not in seen:
                seen.add((parent, full))
                todo.append((parent, full))
        if len(seen) > _MAX_WAYS:
            raise damaged("the form leads to a field in too many ways")
    return frozenset(names)
