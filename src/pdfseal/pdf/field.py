"""The signature field that is written: one dictionary with a hole, one widget, further stamps.

    Revision + SignatureEntry + boxes -> AppendedSignature(data, byte_range, hole)

Law: the original stays untouched, so everything here is a new object or a new version of the
catalog, the form, a page or an annotation array. `/ByteRange` covers all bytes but the hole.

Reference: ISO 32000-2, 12.7.5.5 (signature fields), 12.8.1 (signature dictionaries), 12.5.6.12
(stamps).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from weakref import WeakKeyDictionary

from pdfseal.errors import CallerError
from pdfseal.geometry import Rect
from pdfseal.pdf.document import Document, Page
from pdfseal.pdf.limits import CHARACTERS_PER_STEP, PER_FIELD
from pdfseal.pdf.permission import FieldLock
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.structure import StructureTree, tag_annotations
from pdfseal.pdf.syntax import (
    Dictionary,
    Name,
    Ref,
    Value,
    Verbatim,
    decode_text_string,
    serialise,
    text_string,
)

# 12.5.3: Print, and Locked; a stamp is ReadOnly and its contents are locked as well.
_WIDGET_FLAGS = 4 | 128
_NOT_SHOWN = 1 | 2 | 32  # Invisible, Hidden, NoView
_STAMP_FLAGS = 4 | 64 | 128 | 512
_SIGNATURES_EXIST, _APPEND_ONLY = 1, 2
_BLANK_BYTE_RANGE = b" " * 64

ByteRange = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class SignatureEntry:
    """What the signature dictionary says besides the signature itself (12.8.1, table 255).

    `type` is "Sig", or "DocTimeStamp", which states no time of its own: `when` is None.
    `lock`: the fields that it locks (12.8.2.4). `certify` is /P of a certification: 1 no change,
    2 form filling and signatures, 3 annotations too.
    """

    filter: str
    subfilter: str
    when: datetime | None
    name: str | None = None
    reason: str | None = None
    location: str | None = None
    contact: str | None = None
    type: str = "Sig"
    lock: FieldLock | None = None
    certify: int | None = None


@dataclass(frozen=True, slots=True)
class FieldBox:
    """One visible place: its page, the rectangle in user space, and the form XObject drawn there."""

    page: Page
    rect: Rect
    form: Ref


@dataclass(frozen=True, slots=True)
class FieldTarget:
    """An empty signature field that is in the document already; `pdf.existing_field` finds it.

    `rect` is its widget's rectangle in user space, None where it shows nothing. `lock` is its
    /Lock (table 236), `seed` its /SV (table 237).
    """

    name: str
    ref: Ref
    widget: Ref
    page: Page
    rect: Rect | None
    lock: Dictionary | None = field(default=None, repr=False)
    seed: Dictionary | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AppendedSignature:
    """The appended revision, with the hole still full of zeros.

    `byte_range` is `/ByteRange`; `hole` is where the hex string stands, `<` and `>` included:
    (offset of `<`, length in bytes), absolute.
    """

    data: bytes = field(repr=False)
    byte_range: ByteRange
    hole: tuple[int, int]


def append_signature(
    revision: Revision,
    *,
    field_name: str,
    entry: SignatureEntry,
    boxes: tuple[FieldBox, ...],
    hole_bytes: int,
    file_id: bytes,
    target: FieldTarget | None = None,
    structure: StructureTree | None = None,
) -> AppendedSignature:
    """Add a signature field with an empty signature of `hole_bytes` bytes, and finish the revision.

    The first box is the field's widget, further ones are locked stamps that show the same form;
    no box at all gives an invisible signature on the first page. With `target`, that existing
    field is filled instead of a new one. `structure`: of a tagged document, which what is added joins.
    """
    document = revision.document
    dictionary = _signature_dictionary(entry, hole_bytes)
    signature = revision.add(dictionary)
    annotations: list[tuple[Page, Ref]] = []
    if target is None:
        widget = _add_widget(revision, field_name, signature, boxes, entry.lock)
        annotations.append((boxes[0].page if boxes else document.page(1), widget))
        _extend_form(revision, widget)
    else:
        _fill_field(revision, target, signature, boxes[0] if boxes else None, entry.lock)
        _extend_form(revision, None)
    annotations += [
        (box.page, _add_stamp(revision, box, field_name, index)) for index, box in enumerate(boxes[1:], 2)
    ]
    if structure is not None:
        filled = [(target.page, target.widget)] if target is not None else []
        tag_annotations(revision, structure, [*filled, *annotations], entry.name or field_name)
    _extend_annotations(revision, annotations, tagged=structure is not None)
    if entry.certify is not None:
        _name_certification(revision, signature)
    appended = revision.build(file_id)

    at = appended.offsets[signature.number] - document.end
    range_at = appended.data.index(_BLANK_BYTE_RANGE, at)
    hole_at = appended.data.index(b"<0", range_at) + document.end
    hole = (hole_at, 2 * hole_bytes + 2)
    end = document.end + len(appended.data)
    after = hole[0] + hole[1]
    byte_range = (0, hole[0], after, end - after)
    text = serialise(list(byte_range)).ljust(len(_BLANK_BYTE_RANGE))
    data = appended.data[:range_at] + text + appended.data[range_at + len(text) :]
    return AppendedSignature(data, byte_range, hole)


def _signature_dictionary(entry: SignatureEntry, hole_bytes: int) -> Dictionary:
    """12.8.1, table 255. /ByteRange and /Contents stand before any text, so that they are found again."""
    dictionary = Dictionary(
        {"Type": Name(entry.type), "Filter": Name(entry.filter), "SubFilter": Name(entry.subfilter)}
    )
    dictionary["ByteRange"] = Verbatim(_BLANK_BYTE_RANGE)
    dictionary["Contents"] = Verbatim(b"<" + b"0" * (2 * hole_bytes) + b">")
    if entry.when is not None:
        dictionary["M"] = _date(entry.when).encode()
    words = {
        "Name": entry.name,
        "Reason": entry.reason,
        "Location": entry.location,
        "ContactInfo": entry.contact,
    }
    dictionary.update({key: text_string(text) for key, text in words.items() if text})
    references: list[Value] = []
    if entry.lock is not None:
        references.append(_reference("FieldMDP", entry.lock.entries()))
    if entry.certify is not None:
        references.append(_reference("DocMDP", Dictionary({"P": entry.certify})))
    if references:
        dictionary["Reference"] = references
    return dictionary


def _reference(method: str, parameters: Dictionary) -> Dictionary:
    """A signature reference dictionary (12.8.2, tables 256, 257 and 259)."""
    complete = Dictionary({"Type": Name("TransformParams"), **parameters, "V": Name("1.2")})
    return Dictionary({"Type": Name("SigRef"), "TransformMethod": Name(method), "TransformParams": complete})


def _name_certification(revision: Revision, signature: Ref) -> None:
    """12.8.6, table 263: the catalog's /Perms names the certifying signature."""
    catalog = revision.current(revision.document.root)
    assert isinstance(catalog, Dictionary)  # the document was read with one
    perms = Dictionary(revision.document.dictionary(catalog.get("Perms")) or {})
    perms["DocMDP"] = signature
    revision.put(revision.document.root, Dictionary({**catalog, "Perms": perms}))


def _date(moment: datetime) -> str:
    """7.9.4, with the offset of `moment` itself."""
    if moment.tzinfo is None:
        raise CallerError("argument", "`when` must carry a time zone")
    zone = moment.strftime("%z")
    return f"D:{moment.year:04d}{moment:%m%d%H%M%S}{zone[:3]}'{zone[3:5]}'"


def _add_widget(
    revision: Revision, field_name: str, signature: Ref, boxes: tuple[FieldBox, ...], lock: FieldLock | None
) -> Ref:
    page = boxes[0].page if boxes else revision.document.page(1)
    widget = Dictionary({"Type": Name("Annot"), "Subtype": Name("Widget"), "FT": Name("Sig")})
    widget |= {"T": text_string(field_name), "V": signature, "F": _WIDGET_FLAGS, "P": page.ref}
    if boxes:
        widget |= {"Rect": _rect(boxes[0].rect), "AP": Dictionary({"N": boxes[0].form})}
    else:
        widget |= {"Rect": [0, 0, 0, 0]}
    if lock is not None:  # table 235 wants it as an object of its own
        widget["Lock"] = revision.add(lock.dictionary())
    return revision.add(widget)


def _fill_field(
    revision: Revision, target: FieldTarget, signature: Ref, box: FieldBox | None, lock: FieldLock | None
) -> None:
    """The field's value, and its widget's appearance; all its other entries stay, /Rect above all.

    A lock's /P has its place in the field alone: then the field gets its /Lock.
    """
    document = revision.document
    field_dictionary = document.dictionary(target.ref)
    widget = document.dictionary(target.widget)
    assert field_dictionary is not None  # existing_field read both
    assert widget is not None
    flags = document.resolve(widget.get("F"))
    shown = Dictionary({"F": (flags if isinstance(flags, int) else 0) & ~_NOT_SHOWN | _WIDGET_FLAGS})
    if box is not None:
        shown["AP"] = Dictionary({"N": box.form})
    filled = Dictionary({"V": signature})
    if lock is not None and lock.permission is not None and target.lock is None:
        filled["Lock"] = revision.add(lock.dictionary())
    if target.widget == target.ref:
        revision.put(target.ref, Dictionary({**field_dictionary, **shown, **filled}))
        return
    revision.put(target.ref, Dictionary({**field_dictionary, **filled}))
    revision.put(target.widget, Dictionary({**widget, **shown}))


def _add_stamp(revision: Revision, box: FieldBox, field_name: str, index: int) -> Ref:
    stamp = Dictionary(
        {"Type": Name("Annot"), "Subtype": Name("Stamp"), "F": _STAMP_FLAGS, "P": box.page.ref}
    )
    stamp |= {
        "Rect": _rect(box.rect),
        "AP": Dictionary({"N": box.form}),
        "NM": text_string(f"{field_name}#{index}"),
    }
    return revision.add(stamp)


def _rect(rect: Rect) -> list[Value]:
    return [rect.left, rect.bottom, rect.right, rect.top]


def _extend_annotations(revision: Revision, annotations: list[tuple[Page, Ref]], *, tagged: bool) -> None:
    """Append to each page's /Annots, in the page itself: an array object may serve several pages.

    Where the document is `tagged`, a page that states no tab order gets that of its structure: a page with
    annotations must have it (ISO 14289-1, 7.18.3), and one without any may never have said so.
    """
    document = revision.document
    by_page: dict[Ref, tuple[Page, list[Value]]] = {}
    for page, annotation in annotations:
        by_page.setdefault(page.ref, (page, []))[1].append(annotation)
    for page, added in by_page.values():
        current = revision.current(page.ref)  # in a hostile file the form may be the same object
        own = current if isinstance(current, Dictionary) else page.dictionary
        existing = document.array(own.get("Annots")) or []
        changed = Dictionary({**own, "Annots": [*existing, *added]})
        if tagged:
            changed.setdefault("Tabs", Name("S"))
        revision.put(page.ref, changed)


def _extend_form(revision: Revision, widget: Ref | None) -> None:
    """Append a new field to /AcroForm /Fields, and set /SigFlags, again where they stand."""
    document = revision.document
    catalog = document.catalog
    old = catalog.get("AcroForm")
    form = Dictionary(document.dictionary(old) or {})
    before = dict(form)
    fields = form.get("Fields")
    existing = document.array(fields)
    if widget is None:
        pass
    elif isinstance(fields, Ref) and existing is not None:
        revision.put(_last_hop(document, fields), [*existing, widget])
    else:
        form["Fields"] = [*(existing or []), widget]
    flags = document.resolve(form.get("SigFlags"))
    wanted = (flags if isinstance(flags, int) else 0) | _SIGNATURES_EXIST | _APPEND_ONLY
    if flags != wanted:
        form["SigFlags"] = wanted
    if form == before:
        return
    if isinstance(old, Ref) and document.dictionary(old) is not None:
        revision.put(_last_hop(document, old), form)
        return
    value: Value = form if isinstance(old, Dictionary) else revision.add(form)
    revision.put(document.root, Dictionary({**catalog, "AcroForm": value}))


def _last_hop(document: Document, ref: Ref) -> Ref:
    """The reference whose object is the value itself and not a further reference."""
    target = document.object(ref)
    while isinstance(target, Ref):
        ref, target = target, document.object(target)
    return ref


# -- the form as it is ---------------------------------------------------------------------


FieldRow = tuple[Value, Dictionary, str, Value]
_walked: WeakKeyDictionary[Document, tuple[FieldRow, ...]] = WeakKeyDictionary()


def walk_fields(document: Document) -> Iterable[FieldRow]:
    """Every field: how it is referred to, its dictionary, its full name, its inherited /FT (12.7.4).

    A document never changes, so it is walked once, unless it is too large to be kept.
    """
    if (known := _walked.get(document)) is not None:
        return known
    rows, walk = [], _walk(document)
    for row in walk:
        rows.append(row)
        if document.forgetful:
            return chain(rows, walk)
    _walked[document] = tuple(rows)
    return rows


def _walk(document: Document) -> Iterator[FieldRow]:
    form = document.dictionary(document.catalog.get("AcroForm"))
    top = document.array(form.get("Fields")) if form is not None else None
    document.work.spend(len(top or []))
    stack: list[tuple[Value, str, Value, int]] = [(kid, "", None, 0) for kid in reversed(top or [])]
    seen: set[Ref] = set()
    count = 0
    while stack:
        kid, prefix, kind, depth = stack.pop()
        found = document.dictionary(kid)
        if found is None or (isinstance(kid, Ref) and kid in seen):
            continue
        if isinstance(kid, Ref):
            seen.add(kid)
        count += 1
        if count > document.limits.fields:
            raise document.limits.exceeded("fields", "the form has too many fields")
        if depth > document.limits.field_depth:
            raise document.limits.exceeded("field_depth", "the form's fields are nested too deeply")
        part = document.resolve(found.get("T"))
        own = decode_text_string(part) if isinstance(part, bytes) else None
        full = prefix if own is None else f"{prefix}.{own}" if prefix else own
        kind = document.resolve(found.get("FT")) or kind
        children = document.array(found.get("Kids")) or []
        document.work.spend(PER_FIELD + len(children) + len(full) // CHARACTERS_PER_STEP)
        yield kid, found, full, kind
        for child in reversed(children):
            stack.append((child, full, kind, depth + 1))


def widget_rect(document: Document, widget: Dictionary) -> Rect | None:
    """The /Rect of a widget in user space; None where it is malformed or has no area."""
    corners = [document.resolve(item) for item in document.array(widget.get("Rect")) or []]
    numbers = [float(c) for c in corners if isinstance(c, int | float) and not isinstance(c, bool)]
    if len(numbers) != 4:
        return None
    rect = Rect.of_corners(*numbers)
    return rect if rect.width > 0 and rect.height > 0 else None


def free_field_name(document: Document, wanted: str | None) -> str:
    """`wanted` if no field has that name, else an error; or the first free `Signature1`, `Signature2`, ..."""
    taken = {name for _, _, name, _ in walk_fields(document)}
    if wanted is not None:
        if not wanted or "." in wanted:
            raise CallerError("argument", "a field name must not be empty or contain a period")
        if wanted in taken:
            raise CallerError("field_exists", f"the document has a field named {wanted!r} already")
        return wanted
    count = 1
    while f"Signature{count}" in taken:
        count += 1
    return f"Signature{count}"
