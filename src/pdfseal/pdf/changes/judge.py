"""The rules: one object as it was and as it is -> the level of the change.

Law: everything is suspicious that no rule allows. Only objects that a later revision lists are
looked at; a new object is judged where one that was there leads to it.

Reference: ISO 32000-2, 12.7.4 (fields), 12.8.2.2 (DocMDP), 12.8.4.3 (DSS).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes.appearances import is_clipped, may_be_states, stays_inside
from pdfseal.pdf.changes.field_rules import FieldRules
from pdfseal.pdf.changes.levels import Change
from pdfseal.pdf.changes.live import Live
from pdfseal.pdf.changes.objects import (
    as_dictionary,
    as_list,
    ends_as_said,
    generation,
    object_kind,
    object_of,
)
from pdfseal.pdf.changes.redrawing import (
    FORM_RESOURCES,
    is_resources_of_form,
    judge_redrawing,
    judge_resources,
)
from pdfseal.pdf.changes.references import References
from pdfseal.pdf.changes.roles import Roles
from pdfseal.pdf.changes.state import State
from pdfseal.pdf.changes.values import alike, alike_in, changed_keys, repeats, same_text
from pdfseal.pdf.document import INHERITED, Document
from pdfseal.pdf.encryption import Doubtful
from pdfseal.pdf.filters import decode
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value
from pdfseal.pdf.xref import InUse, Packed

_CATALOG_TEXTS = frozenset({"PageLabels", "Lang"})  # text strings, written again by some tools

# Objects that long-term validation and metadata updates may replace, and what they must be.
_LTV_ROLES = {
    "dss": frozenset({"dictionary", "array"}),
    "metadata": frozenset({"metadata"}),
    "info": frozenset({"dictionary"}),
}
# A stream whose data are the same however they are written, and the entries that say how.
_PLAIN_FILTERS = (None, Name("FlateDecode"), [Name("FlateDecode")])
_OFTEN_PLAIN = (Name("Metadata"), Name("XRef"))
_CODING_KEYS = frozenset({"Filter", "Length"})
_CATALOG_LTV_KEYS = frozenset({"DSS", "Extensions", "Metadata", "Version"})


@dataclass(slots=True)
class Judge:
    """One step: the two states it leads from and to, and the numbers that it lists."""

    old: State
    new: State
    live: Live
    references: References
    numbers: list[int]
    roles: Roles = field(init=False)
    field_rules: FieldRules = field(init=False)
    # effective attributes of each page, by number, once for each place in the tree; None until asked for
    inherited: dict[int, list[Dictionary]] | None = None

    def __post_init__(self) -> None:
        self.roles = Roles(self.before, self.live, self.references, self.old.fields)
        self.field_rules = FieldRules(self.old, self.new, self.live, self.references)

    @property
    def before(self) -> Document:
        return self.old.document

    @property
    def after(self) -> Document:
        return self.new.document

    def judge(self) -> Iterator[Change]:
        if self.before.root != self.after.root:
            yield Change(
                self.after.root.number, "other", "another document catalog took the place of the signed one"
            )
            return
        for number in self.numbers:
            try:
                yield from self._judge_object(number)
            except DocumentError as error:
                yield Change(number, "other", f"the object cannot be read: {error.message}")
        try:
            yield from self.field_rules.new_fields()
        except DocumentError as error:
            yield Change(0, "other", f"a new form field cannot be read: {error.message}")

    def _judge_object(self, number: int) -> Iterator[Change]:
        before, after = self.before.entry(number), self.after.entry(number)
        if before == after:
            return
        if isinstance(after, Packed) and not self._stands(number, after):
            yield Change(number, "other", "readers differ on which object of its object stream this one is")
            return
        old, new = object_of(self.before, number), object_of(self.after, number)
        if number == self._encryption and not alike(old, new):
            yield Change(number, "other", "the encryption of the document was changed")
            return
        if repeats(new) or (repeats(old) and self.roles.of(number) != "info"):
            yield Change(number, "other", "the object holds an entry twice, and readers differ about it")
            return
        if self._same(number, old, new):
            return
        if old is None:  # a new object is judged where an existing one leads to it
            if self.live.awaits(number) or self.references.referrers(self.live, number):
                yield Change(number, "other", "signed objects refer to this object, which was not there")
            return
        role = self.roles.of(number)
        if not self.roles.serves_only(number, role):
            yield Change(number, "other", f"the {role} object serves other objects too, and was replaced")
        elif role in _LTV_ROLES:
            yield self._judge_update(number, role, old, new)
        elif self.before.is_stream(number) or self.after.is_stream(number):
            yield self._judge_stream(number, new)
        elif role is None and is_resources_of_form(self.before, self.after, number, self.roles.leading):
            yield judge_resources(self.before, self.after, number)
        elif role is None and may_be_states(old, new) and (names := self._filled_appearance(number)):
            yield self._judge_states(number, names)
        elif isinstance(old, Dictionary) and isinstance(new, Dictionary) and role in _DICTIONARY_RULES:
            yield from _DICTIONARY_RULES[role](self, number, old, new)
        elif role == "fields" or self._is_annotation_array(number, old, new):
            yield from self._judge_array(number, as_list(old), as_list(new))
        else:
            yield Change(number, "other", "the object was replaced or removed")

    def _judge_stream(self, number: int, new: Value) -> Change:
        """Some form fillers write the appearance of a field again under its old number (12.7.4.3)."""
        names = self._filled_appearance(number)
        drawn = new if isinstance(new, Dictionary) else Dictionary()
        is_form = drawn.get("Subtype") == Name("Form") and drawn.get("Type") in (None, Name("XObject"))
        is_form = is_form and is_clipped(self.after, drawn)
        is_alone = number not in self.live.packed  # and no object stream as well
        # the states of a button are drawn once, and filling in chooses one
        is_alone &= all(self.old.kind(one) != Name("Btn") for one in self._widgets_showing(number))
        streams = self.before.is_stream(number) and self.after.is_stream(number)
        if names and is_form and is_alone and streams:
            return Change(number, "form_filling", "the appearance of a form field was drawn anew", names)
        return Change(number, "other", "a stream was replaced or removed")

    def _filled_appearance(self, number: int) -> frozenset[str]:
        """The names of the field whose appearance an object is, where it is that alone and no signature."""
        widgets = self._widgets_showing(number)
        owners = {self.old.fields[widget][1] for widget in widgets}
        names = (name for widget in widgets for name in self.old.names(widget))
        return frozenset(names) if len(owners) == 1 else frozenset()

    def _widgets_showing(self, number: int, levels: int = 3) -> frozenset[int]:
        """The widgets of which an object is the appearance, or part of it; none if it is anything else too.

        /AP leads to a stream, by a dictionary of appearances and one of states if they are objects of their
        own (12.5.5).
        """
        found = frozenset[int]()
        for holder in self.references.referrers(self.live, number):
            above, role = frozenset[int](), self.roles.of(holder)
            if role == "field" and self.old.is_filled_in(holder):
                above = frozenset({holder} if self.live.entries_leading(holder, number) == {"AP"} else ())
            elif role is None and levels > 1 and not self.before.is_stream(holder):
                above = self._widgets_showing(holder, levels - 1)
            if not above:
                return frozenset()
            found |= above
        return found

    def _judge_states(self, number: int, names: frozenset[str]) -> Change:
        """The dictionary of a widget's appearances, or of those of its states, that was written again."""
        shown = self._widgets_showing(number)
        if not all(self._may_be_drawn(widget) for widget in shown):
            return Change(number, "other", "a button was drawn anew in the state that it is in")
        widgets = [object_of(self.after, widget) for widget in shown]
        if all(isinstance(one, Dictionary) and stays_inside(self.after, one) for one in widgets):
            return Change(number, "form_filling", "the appearances of a form field were exchanged", names)
        return Change(number, "other", "a form field shows more than its place")

    def _may_be_drawn(self, widget: int) -> bool:
        """Whether filling in draws a widget anew: a button comes to be in another state."""
        states = [one.get("AS") for one in map(as_dictionary, self._both(widget))]
        return self.old.kind(widget) != Name("Btn") or not alike(*states)

    def _both(self, number: int) -> tuple[Value, Value]:
        return object_of(self.before, number), object_of(self.after, number)

    def _stands(self, number: int, entry: Packed) -> bool:
        return self.after.object_stream(entry.stream).stands(number, entry.place)

    @property
    def _encryption(self) -> int | None:
        reference = self.before.trailer.get("Encrypt")
        return reference.number if isinstance(reference, Ref) else None

    def _same(self, number: int, old: Value, new: Value) -> bool:
        """Whether an object that was written again is unchanged, the data of a stream included."""
        a, b = self.before.entry(number), self.after.entry(number)
        if generation(a) != generation(b):
            return False  # what referred to the old generation finds nothing now
        streams = self.before.is_stream(number), self.after.is_stream(number)
        if not any(streams) or not isinstance(a, InUse) or not isinstance(b, InUse):
            return alike(old, new)  # what is packed is no stream
        if not all(streams) or not (
            ends_as_said(self.before, number, a) and ends_as_said(self.after, number, b)
        ):
            return False
        one, other = self.before.stream_data(number, a), self.after.stream_data(number, b)
        return (alike(old, new) and one[1] == other[1]) or self._recoded(number, one, other)

    def _recoded(self, number: int, old: tuple[Dictionary, bytes], new: tuple[Dictionary, bytes]) -> bool:
        """Whether the same data were compressed, or compressed again: pdfium does when it saves a change."""
        entries, data = [], []
        same = old[1] == new[1] and alike(old[0].get("Filter"), new[0].get("Filter"))
        for stream, coded in (old, new):
            plainly = stream.get("Filter") in _PLAIN_FILTERS and "DecodeParms" not in stream
            if not plainly or None in stream.values() or isinstance(coded, Doubtful):
                return False
            if self.before.encrypted and stream.get("Type") in _OFTEN_PLAIN:
                return False  # readers differ on whether it is encrypted
            entries.append(Dictionary({key: one for key, one in stream.items() if key not in _CODING_KEYS}))
            if not same:  # but for their length, in octets of another ciphertext
                where, work = f"object {number}", self.after.work
                data.append(decode(coded, stream, where=where, work=work, strictly=True, ended=True))
        return alike(*entries) and (same or data[0] == data[1])

    def _judge_update(self, number: int, role: str, old: Value, new: Value) -> Change:
        """An object that long-term validation or metadata may replace: it must be that and nothing else.

        A prepared file might name a content stream as its /Metadata, or its resources as /Info.
        """
        kinds = {object_kind(self.before, number, old), object_kind(self.after, number, new)}
        if not kinds <= _LTV_ROLES[role]:
            return Change(number, "other", f"the {role} object was replaced by something else")
        return Change(number, "ltv", f"the {role} object was updated")

    # -- rules ----------------------------------------------------------------------------

    def _judge_catalog(self, number: int, old: Dictionary, new: Dictionary) -> Iterator[Change]:
        for key in changed_keys(old, new):
            if key == "AcroForm":
                old_form = self.before.dictionary(old.get(key)) or Dictionary()
                new_form = self.after.dictionary(new.get(key))
                if new_form is None:
                    yield Change(number, "other", "the form was removed")
                else:
                    yield from self._judge_form(number, old_form, new_form)
            elif key in _CATALOG_TEXTS and same_text(old.get(key), new.get(key)):
                continue  # the same words in another encoding
            elif key in _CATALOG_LTV_KEYS and key in new:
                yield Change(number, "ltv", f"/{key} of the catalog was updated")
            else:
                yield Change(number, "other", f"/{key} of the catalog was changed")

    def _judge_form(self, number: int, old: Dictionary, new: Dictionary) -> Iterator[Change]:
        for key in changed_keys(old, new):
            if key == "Fields":
                yield from self._judge_arrays(number, old.get(key), new.get(key))
            elif key == "SigFlags":
                yield Change(number, "ltv", "the form says that there are signatures")
            elif key in FORM_RESOURCES:  # with these every field is drawn anew
                yield judge_redrawing(self.before, self.after, number, key, old.get(key), new.get(key))
            else:
                yield Change(number, "other", f"/{key} of the form was changed")

    def _judge_plain(self, number: int, old: Dictionary, new: Dictionary) -> Iterator[Change]:
        """A page, or any other dictionary: nothing but its /Annots may grow."""
        for key in changed_keys(old, new):
            if key == "Annots":
                yield from self._judge_arrays(number, old.get(key), new.get(key))
            elif key in INHERITED and key not in old and self._was_inherited(number, key, old, new[key]):
                continue  # the page says itself now what it had from the tree (7.7.3.4)
            else:
                what = "a page" if old.get("Type") == Name("Page") else "an object"
                yield Change(number, "other", f"/{key} of {what} was changed")

    def _was_inherited(self, number: int, key: str, page: Dictionary, value: Value) -> bool:
        """Whether a page had a value before, wherever the tree lists it and whichever way one reads it.

        Some readers come down the tree, others go up by /Parent.
        """
        if self.inherited is None:
            self.inherited = {}
            for one in self.before.pages():
                self.inherited.setdefault(one.ref.number, []).append(one.attributes)
        above = self.before.dictionary(page.get("Parent"))
        ways = [attributes.get(key) for attributes in self.inherited.get(number, ())]
        if not ways or above is None:
            return False
        ways.append(self.old.above(None, above, key)[1])
        now = self.after.resolve(value)
        return all(alike_in(key, self.before.resolve(way), now) for way in ways)

    def _is_annotation_array(self, number: int, old: Value, new: Value) -> bool:
        """Whether an array object is the /Annots of pages and nothing else.

        An array of content streams must not pass for one. Where the holder does not say that it is a
        page, what is added must name it as the page that it stands on.
        """
        if not isinstance(old, list) or not isinstance(new, list) or len(new) <= len(old):
            return False
        if old and isinstance(self.before.resolve(old[0]), Name):  # a colour space begins so
            return False
        holders, untyped = self.references.referrers(self.live, number), False
        for holder in holders:
            value = object_of(self.before, holder)
            if not isinstance(value, Dictionary) or value.get("Type") not in (None, Name("Page")):
                return False
            if self.live.entries_leading(holder, number) != {"Annots"}:
                return False
            untyped = untyped or "Type" not in value
        for item in new[len(old) :]:
            added = self.after.dictionary(item)
            if added is not None and "P" not in added and holders and not untyped:
                continue
            page = self.before.dictionary(added.get("P")) if added else None
            reference = page.get("Annots") if page else None
            if not isinstance(reference, Ref) or reference.number != number:
                return False
        return True

    def _judge_arrays(self, number: int, old: Value, new: Value) -> Iterator[Change]:
        """An entry that is an array or absent; a stream there would be a resource of that name."""
        before, after = self.before.resolve(old), self.after.resolve(new)
        if not isinstance(before, list | None) or not isinstance(after, list | None):
            yield Change(number, "other", "what should be an array of fields or annotations is none")
        else:
            yield from self._judge_array(number, before or [], after or [])
            if before and isinstance(self.before.resolve(before[0]), Name):  # a colour space begins so
                yield Change(number, "other", "what should be an array of fields or annotations is none")

    def _judge_array(self, number: int, old: list[Value], new: list[Value]) -> Iterator[Change]:
        """Fields or annotations may be added; none may be removed or exchanged."""
        if not alike(new[: len(old)], old):
            yield Change(number, "other", "fields or annotations were removed or exchanged")
            return
        for item in new[len(old) :]:
            yield self.field_rules.addition(number, item)

    def _judge_field(self, number: int, old: Dictionary, new: Dictionary) -> Iterator[Change]:
        return self.field_rules.field(number, old, new)


_DICTIONARY_RULES = {
    "catalog": Judge._judge_catalog,
    "form": Judge._judge_form,
    "field": Judge._judge_field,
    None: Judge._judge_plain,
}
