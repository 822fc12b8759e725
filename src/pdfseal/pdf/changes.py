"""What came after a signed revision, judged by rules that allow named kinds of change.

    before (as signed) + after (as it is now) -> Changes(level, details)

Law: everything is suspicious that no rule allows. The work is bounded by the objects that later
revisions wrote, never by the number of pages. A rule looks at one object as it was and as it
is, and names the level of the change; the highest level counts.

    none < ltv < signatures < form_filling < annotations < other

Reference: ISO 32000-2, 12.8.2.2 (DocMDP), 12.8.4.3 (DSS).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pdfseal.errors import DocumentError
from pdfseal.pdf.document import Document
from pdfseal.pdf.field import walk_fields
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value
from pdfseal.pdf.xref import Entry, InUse

Level = Literal["none", "ltv", "signatures", "form_filling", "annotations", "other"]
LEVELS: tuple[Level, ...] = ("none", "ltv", "signatures", "form_filling", "annotations", "other")
MAX_CHANGED_OBJECTS = 2_000_000
MAX_DETAILS = 50

# Keys of a field or widget that filling it in may change (12.7.4, 12.5.5).
_FILLING_KEYS = frozenset(
    {"V", "AP", "AS", "M", "F", "MK", "Rect", "P", "DV", "I", "DA", "Lock", "SV", "Type", "Subtype"}
)
_FILLABLE = frozenset({"V", "AP", "AS", "M", "I"})
_DSS_KEYS = frozenset({"Type", "VRI", "Certs", "CRLs", "OCSPs"})
# Objects that long-term validation and metadata updates may replace, and what they must be.
_LTV_ROLES = {
    "dss": frozenset({"dictionary", "array"}),
    "metadata": frozenset({"metadata"}),
    "info": frozenset({"dictionary"}),
}
_CATALOG_LTV_KEYS = frozenset({"DSS", "Extensions", "Metadata", "Version"})


@dataclass(frozen=True, slots=True)
class Change:
    """One object that a later revision wrote: its number, the level, and the reason in words."""

    number: int
    level: Level
    reason: str


@dataclass(frozen=True, slots=True)
class Changes:
    """All that came later. `details` holds the changes of the highest level, at most `MAX_DETAILS`."""

    level: Level
    details: tuple[Change, ...] = ()
    revisions: int = 0


def changes_since(document: Document, end: int) -> Changes:
    """What later revisions did to the document that the first `end` bytes were."""
    if end == document.end:
        return Changes("none")
    try:
        before = document.earlier(end)
    except DocumentError as error:
        return Changes("other", (Change(0, "other", f"the covered bytes are no document: {error.message}"),))
    count = len(document.sections) - len(before.sections)
    ours = [section.offset for section in document.sections]
    if count < 0 or ours[count:] != [section.offset for section in before.sections]:
        detail = Change(0, "other", "later cross-reference data does not build on the signed revision")
        return Changes("other", (detail,))
    if not count:
        detail = Change(0, "other", "bytes were appended that no cross-reference section accounts for")
        return Changes("other", (detail,), 0)
    found = list(_Judge(before, document).judge(count))
    level: Level = max((change.level for change in found), key=LEVELS.index, default="none")
    worst = [change for change in found if change.level == level and level != "none"]
    return Changes(level, tuple(worst[:MAX_DETAILS]), count)


@dataclass(slots=True)
class _Judge:
    """The rules, with the two states they compare."""

    before: Document
    after: Document
    # roles of existing objects, by number, found on the way from the catalog
    roles: dict[int, str] = field(default_factory=dict)
    fields_before: dict[int, Value] = field(default_factory=dict)

    def judge(self, count: int) -> Iterator[Change]:
        if self.before.root != self.after.root:
            yield Change(
                self.after.root.number, "other", "another document catalog took the place of the signed one"
            )
            return
        self._find_roles()
        numbers = sorted({n for section in self.after.sections[:count] for n in section.numbers()} - {0})
        if len(numbers) > MAX_CHANGED_OBJECTS:
            raise DocumentError(
                "limit_exceeded", f"later revisions list more than {MAX_CHANGED_OBJECTS} objects"
            )
        for number in numbers:
            try:
                yield from self._judge_object(number)
            except DocumentError as error:
                yield Change(number, "other", f"the object cannot be read: {error.message}")

    def _find_roles(self) -> None:
        """Objects of the signed revision that a seal or filling may touch, named by what they are."""
        before, catalog = self.before, self.before.catalog
        self.roles[before.root.number] = "catalog"
        self._role(catalog.get("AcroForm"), "form")
        form = before.dictionary(catalog.get("AcroForm")) or Dictionary()
        self._role(form.get("Fields"), "fields")
        self._role(catalog.get("DSS"), "dss")
        self._role(catalog.get("Metadata"), "metadata")
        self._role(before.trailer.get("Info"), "info")
        dss = before.dictionary(catalog.get("DSS")) or Dictionary()
        for key in _DSS_KEYS:
            self._role(dss.get(key), "dss")
        for kid, _, _, kind in walk_fields(before):
            if isinstance(kid, Ref):
                self.roles[kid.number] = "field"
                self.fields_before[kid.number] = kind

    def _role(self, value: Value, role: str) -> None:
        if isinstance(value, Ref):
            self.roles[value.number] = role

    def _judge_object(self, number: int) -> Iterator[Change]:
        old, new = self._value(self.before, number), self._value(self.after, number)
        if self._same(number, old, new):
            return
        if old is None:
            return  # a new object is judged where an existing one leads to it
        role = self.roles.get(number)
        if isinstance(old, Dictionary) and isinstance(new, Dictionary) and role in _DICTIONARY_RULES:
            yield from _DICTIONARY_RULES[role](self, number, old, new)
        elif role is not None and role in _LTV_ROLES and self._keeps_kind(number, role, old, new):
            yield Change(number, "ltv", f"the {role} object was updated")
        elif role == "fields" or self._is_annotation_array(number, old, new):
            yield from self._judge_array(number, _as_list(old), _as_list(new))
        else:
            yield Change(number, "other", "the object was replaced or removed")

    def _value(self, document: Document, number: int) -> Value:
        entry = document.entry(number)
        generation = entry.generation if isinstance(entry, InUse) else 0
        return document.object(Ref(number, generation))

    def _same(self, number: int, old: Value, new: Value) -> bool:
        """Whether the object is unchanged, the data of a stream included."""
        a, b = self.before.entry(number), self.after.entry(number)
        if a == b:
            return True
        if _generation(a) != _generation(b):
            return False  # what referred to the old generation finds nothing now
        if type(old) is not type(new) or old != new:
            return False
        if not isinstance(old, Dictionary) or "Length" not in old:
            return True
        if not isinstance(a, InUse) or not isinstance(b, InUse):
            return True  # what is packed is no stream
        if self.before.indirect(number, a)[0].body is None:
            return self.after.indirect(number, b)[0].body is None
        return self.before.stream_data(number, a)[1] == self.after.stream_data(number, b)[1]

    def _keeps_kind(self, number: int, role: str, old: Value, new: Value) -> bool:
        """Whether an object that may be updated is what its role says, before and after.

        A prepared file might name a content stream as its /Info.
        """
        kinds = {_kind(self.before, number, old), _kind(self.after, number, new)}
        return kinds <= _LTV_ROLES[role]

    # -- rules ----------------------------------------------------------------------------

    def _judge_catalog(self, number: int, old: Dictionary, new: Dictionary) -> Iterator[Change]:
        for key in _changed_keys(old, new):
            if key == "AcroForm":
                old_form = self.before.dictionary(old.get(key)) or Dictionary()
                new_form = self.after.dictionary(new.get(key))
                if new_form is None:
                    yield Change(number, "other", "the form was removed")
                else:
                    yield from self._judge_form(number, old_form, new_form)
            elif key in _CATALOG_LTV_KEYS and key in new:
                yield Change(number, "ltv", f"/{key} of the catalog was updated")
            else:
                yield Change(number, "other", f"/{key} of the catalog was changed")

    def _judge_form(self, number: int, old: Dictionary, new: Dictionary) -> Iterator[Change]:
        for key in _changed_keys(old, new):
            if key == "Fields":
                before = self.before.array(old.get(key)) or []
                after = self.after.array(new.get(key)) or []
                yield from self._judge_array(number, before, after)
            elif key == "SigFlags":
                yield Change(number, "signatures", "the form says that there are signatures")
            elif key in ("DR", "DA", "NeedAppearances"):
                yield Change(number, "form_filling", f"/{key} of the form was changed")
            else:
                yield Change(number, "other", f"/{key} of the form was changed")

    def _judge_plain(self, number: int, old: Dictionary, new: Dictionary) -> Iterator[Change]:
        """A page, or any other dictionary: nothing but its /Annots may grow.

        A stream is replaced as a whole, so it never gets here unchanged but for its dictionary.
        """
        if self._is_stream(Ref(number, 0)) or _is_stream_in(self.before, number):
            yield Change(number, "other", "a stream was replaced")
            return
        for key in _changed_keys(old, new):
            if key == "Annots":
                before = self.before.array(old.get(key)) or []
                after = self.after.array(new.get(key)) or []
                yield from self._judge_array(number, before, after)
            else:
                what = "a page" if old.get("Type") == Name("Page") else "an object"
                yield Change(number, "other", f"/{key} of {what} was changed")

    def _is_annotation_array(self, number: int, old: Value, new: Value) -> bool:
        """Whether an array object is the /Annots of the page that the added annotations name as theirs.

        An array of content streams must not pass for one.
        """
        if not isinstance(old, list) or not isinstance(new, list) or len(new) <= len(old):
            return False
        for item in new[len(old) :]:
            added = self.after.dictionary(item)
            page = self.before.dictionary(added.get("P")) if added else None
            reference = page.get("Annots") if page else None
            if not isinstance(reference, Ref) or reference.number != number:
                return False
        return True

    def _judge_array(self, number: int, old: list[Value], new: list[Value]) -> Iterator[Change]:
        """Fields or annotations may be added; none may be removed or exchanged."""
        if new[: len(old)] != old:
            yield Change(number, "other", "fields or annotations were removed or exchanged")
            return
        for item in new[len(old) :]:
            yield self._judge_addition(number, item)

    def _judge_addition(self, number: int, item: Value) -> Change:
        added = self.after.dictionary(item)
        if added is None:
            return Change(number, "other", "an entry was added that is no field or annotation")
        if isinstance(item, Ref) and self.before.entry(item.number) is not None:
            old_kind = self.fields_before.get(item.number)
            if old_kind != Name("Sig"):
                return Change(number, "other", f"the existing object {item.number} was given a second use")
            return Change(item.number, "signatures", "an existing signature field was placed")
        if self._is_stream(item):
            return Change(number, "other", "a stream was added where only dictionaries belong")
        kind = self.after.resolve(added.get("FT"))
        parent = self.after.dictionary(added.get("Parent"))
        if kind is None and parent is not None:
            kind = self.after.resolve(parent.get("FT"))
        target = item.number if isinstance(item, Ref) else number
        if kind == Name("Sig"):
            return Change(target, "signatures", "a signature field was added")
        if added.get("Subtype") is not None and kind is None:
            return Change(target, "annotations", "an annotation was added")
        return Change(target, "other", "a form field was added that is no signature field")

    def _is_stream(self, item: Value) -> bool:
        return isinstance(item, Ref) and _is_stream_in(self.after, item.number)

    def _judge_field(self, number: int, old: Dictionary, new: Dictionary) -> Iterator[Change]:
        kind = self.fields_before.get(number)
        changed = set(_changed_keys(old, new))
        if kind == Name("Sig"):
            if self.before.resolve(old.get("V")) is None and changed <= _FILLING_KEYS:
                yield Change(number, "signatures", "an empty signature field was signed")
            else:
                yield Change(number, "other", "a signed signature field was changed")
        elif changed <= _FILLABLE:
            yield Change(number, "form_filling", "a form field was filled in")
        else:
            keys = ", ".join(sorted("/" + key for key in changed))
            yield Change(number, "other", f"the form field's {keys} changed")


def _changed_keys(old: Dictionary, new: Dictionary) -> list[str]:
    return [key for key in {**old, **new} if key not in old or key not in new or old[key] != new[key]]


def _as_list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _is_stream_in(document: Document, number: int) -> bool:
    entry = document.entry(number)
    return isinstance(entry, InUse) and document.indirect(number, entry)[0].body is not None


def _generation(entry: Entry | None) -> int:
    return entry.generation if isinstance(entry, InUse) else 0


def _kind(document: Document, number: int, value: Value) -> str:
    if isinstance(value, list):
        return "array"
    if not isinstance(value, Dictionary):
        return "other"
    if not _is_stream_in(document, number):
        return "dictionary"
    return "metadata" if value.get("Type") == Name("Metadata") else "stream"


_DICTIONARY_RULES = {
    "catalog": _Judge._judge_catalog,
    "form": _Judge._judge_form,
    "field": _Judge._judge_field,
    None: _Judge._judge_plain,
}
