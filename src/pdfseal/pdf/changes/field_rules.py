"""The rules for form fields and annotations: those that were added, and those that were there.

    an entry of /Fields or /Annots that is new -> addition -> Change
    a field as it was and as it is             -> field -> Change, Change, ...

Reference: ISO 32000-2, 12.5 (annotations), 12.7.4 (fields), 12.7.5.5 (signature fields), 12.8.5 (document
timestamps).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pdfseal.pdf.changes.annotations import annotation_fault
from pdfseal.pdf.changes.appearances import has_area, stays_inside
from pdfseal.pdf.changes.levels import Change
from pdfseal.pdf.changes.live import Live
from pdfseal.pdf.changes.names import is_partial_name
from pdfseal.pdf.changes.objects import as_list, generation, object_of
from pdfseal.pdf.changes.references import References
from pdfseal.pdf.changes.state import State
from pdfseal.pdf.changes.values import alike, changed_keys
from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value

# Keys of a field or widget that signing may change (12.7.4, 12.5.5), that filling in may, and of texts alone.
_SIGNING_KEYS = frozenset(
    {"V", "AP", "AS", "M", "F", "MK", "Rect", "P", "DV", "I", "DA", "Lock", "SV", "Type", "Subtype"}
)
_FILLABLE = frozenset({"V", "AP", "AS", "M", "I", "F", "Ff", "MK", "BS"})
_FILLABLE_TEXT = _FILLABLE | {"RV", "DS", "DA", "Q"}
_TEXTS = (Name("Tx"), Name("Ch"))
# What these entries of a field may be: never a dictionary, which might be a font or another resource.
_KINDS = {
    "M": bytes, "AS": Name, "I": list, "F": int, "Ff": int, "DA": bytes, "Rect": list, "Q": int,
    "RV": bytes, "DS": bytes,
}  # fmt: skip
# The bits that filling in may set: to be printed (table 167), not to be changed (table 227).
_FLAGS = {"F": 4, "Ff": 1}
# What a dictionary has that is a font, a pattern, a page, a choice of layers: no field to be filled in.
_FOREIGN = frozenset(
    {"BaseFont", "CharProcs", "DescendantFonts", "Encoding", "FontDescriptor", "FontMatrix", "FunctionType"}
    | {"MediaBox", "OCGs", "PatternType", "Resources", "ShadingType", "VE"}
)
# A document timestamp says nothing of what is shown, and anybody can have one made.
_STAMPING_KEYS = frozenset({"V", "M", "P"})
# What an empty signature field may hold: nothing that any reader draws, a border for example.
_EMPTY_KEYS = frozenset(
    {"FT", "T", "TU", "TM", "Type", "Subtype", "Rect", "F", "P", "Ff", "SV", "Lock", "StructParent"}
)
# What makes a widget show or do something, an appearance where it has a place.
_SHOWN_KEYS = ("MK", "A", "AA")
# What a field or widget may hold that comes to say so by /Type and /Subtype: no page, no layer.
_OWN_KEYS = _EMPTY_KEYS | {
    "A",
    "AA",
    "AP",
    "AS",
    "BS",
    "Border",
    "C",
    "DA",
    "DV",
    "H",
    "Kids",
    "Lang",
    "M",
    "MK",
}
_OWN_KEYS |= {"NM", "Parent", "Q", "V"}
# What says how text looks, and not which.
_LOOKS = frozenset({"MK", "DA", "Q", "F", "Ff", "BS"})
_NOT_SEEN = 2 | 32  # hidden, or not viewed (table 167)
_READ_ONLY = 1  # table 227
_APPEARANCE_KEYS = frozenset({"N", "R", "D"})
_COLOURS = frozenset({"R", "BC", "BG"})


@dataclass(slots=True)
class FieldRules:
    """Of one step."""

    old: State
    new: State
    live: Live
    references: References

    @property
    def before(self) -> Document:
        return self.old.document

    @property
    def after(self) -> Document:
        return self.new.document

    # -- what was added ---------------------------------------------------------------------

    def new_fields(self) -> Iterator[Change]:
        """What the form came to lead to, by the /Kids of new fields as well (12.7.4)."""
        for number in sorted(self.new.fields.keys() - self.old.fields.keys()):
            if self.old.has(number):
                yield Change(number, "other", "an existing object became a form field")
                continue
            yield self.addition(number, Ref(number, generation(self.after.entry(number))))
            added = object_of(self.after, number)
            kids = self.after.array(added.get("Kids")) if isinstance(added, Dictionary) else None
            if not all(isinstance(kid, Ref) for kid in kids or []):
                yield Change(number, "other", "a field was added that holds another field")

    def addition(self, number: int, item: Value) -> Change:
        """A new item of /Fields or /Annots in object `number`."""
        added = self.after.object(item) if isinstance(item, Ref) else item
        if not isinstance(added, Dictionary):
            return Change(number, "other", "an entry was added that is no field or annotation")
        target = item.number if isinstance(item, Ref) else number
        if self.after.resolve(added.get("Subtype")) not in (None, Name("Widget")):
            return self._annotation(target, item, added)
        if isinstance(item, Ref) and self.old.has(item.number):
            return self._placing(number, item, added)
        if isinstance(item, Ref) and self.after.is_stream(item.number):
            return Change(number, "other", "a stream was added where only dictionaries belong")
        kind = self.new.inherited(added, "FT")
        if kind == Name("Sig"):
            return self._signature_field(target, item, added)
        what = (
            "a form field was added that is no signature field" if kind else "a widget of no field was added"
        )
        return Change(target, "other", what)

    def _annotation(self, number: int, item: Value, added: Dictionary) -> Change:
        if self.new.is_in_form(item):
            return Change(number, "other", "an annotation was added that is a form field as well")
        wrong = annotation_fault(self.after, added)
        return Change(number, "other" if wrong else "annotations", wrong or "an annotation was added")

    def _placing(self, number: int, item: Ref, widget: Dictionary) -> Change:
        """An existing object comes to stand among the fields or annotations as well."""
        if self.old.kind(item.number) != Name("Sig"):
            return Change(number, "other", f"the existing object {item.number} was given a second use")
        signature = self._new_signature(item, widget)
        if self._shows(widget) and (signature is None or self._is_timestamp(signature)):
            return Change(item.number, "other", "an existing signature field was placed, and shows something")
        if (wrong := self._shows_too_much(item, widget)) is not None:
            return Change(item.number, "other", wrong)
        return Change(item.number, "signatures", "an existing signature field was placed")

    def _signature_field(self, number: int, item: Value, widget: Dictionary) -> Change:
        signature = self._new_signature(item, widget)
        if signature is None and self.new.inherited(widget, "V") is not None:
            return Change(number, "other", "a field was added for a signature that was there or is none")
        in_no_place = signature is not None and not has_area(self.after, widget.get("Rect"))
        silent = {"V", "AP"} if in_no_place else {"V"}
        shows_more = bool(set(widget) - _EMPTY_KEYS - silent)
        if signature is None and ("Parent" in widget or shows_more):
            reason = "a signature field was added that shows something unsigned"
            return Change(number, "annotations", reason)
        if (wrong := self._shows_too_much(item, widget)) is not None:
            return Change(number, "other", wrong)
        if signature is None:
            return Change(number, "signatures", "an empty signature field was added")
        if self._is_timestamp(signature):
            if self._shows(widget):
                return Change(number, "annotations", "a document timestamp was added that shows something")
            if not shows_more and self._is_token(signature):
                return Change(number, "ltv", "a document timestamp was added")
        names = frozenset({self.new.fields[item.number][1]} if isinstance(item, Ref) else ())
        return Change(number, "signatures", "a signature field was added", names)

    def _shows(self, widget: Dictionary) -> bool:
        """PDFBox gives what is invisible an appearance, too: in no place (12.5.5)."""
        drawn = "AP" in widget and has_area(self.after, widget.get("Rect"))
        return drawn or any(key in widget for key in _SHOWN_KEYS)

    def _shows_too_much(self, item: Value, widget: Dictionary) -> str | None:
        """What a signature field shows, or does, beside a signature.

        pdfium takes fields of one name for one field (12.7.4.2), and shows the value of a text field in the
        place of any other of its name, one that stands among the annotations alone included.
        """
        if not isinstance(item, Ref) or not self.new.is_in_form(item):
            return "a signature field was added that the form does not lead to"
        if "A" in widget or "AA" in widget:
            return "a signature field was added that acts"
        if "T" in widget and not is_partial_name(self.after.resolve(widget["T"])):
            return "a signature field was added with a name that readers read differently"
        if self.old.has_namesake(self.new, item.number) or self.old.misnamed():
            return "a signature field was added that may have the name of a field of another kind"
        return None if stays_inside(self.after, widget) else "a signature field shows more than its place"

    def _is_timestamp(self, signature: Dictionary) -> bool:
        """Whether a signature calls itself a document timestamp (12.8.5): it states when, not who or what."""
        kind, how = (self.after.resolve(signature.get(key)) for key in ("Type", "SubFilter"))
        return kind == Name("DocTimeStamp") or how == Name("ETSI.RFC3161")

    def _is_token(self, signature: Dictionary) -> bool:
        """Whether it says so in both ways, so that its container must be a token to be valid."""
        kind, how = (self.after.resolve(signature.get(key)) for key in ("Type", "SubFilter"))
        return kind == Name("DocTimeStamp") and how == Name("ETSI.RFC3161")

    def _new_signature(self, item: Value, widget: Dictionary) -> Dictionary | None:
        """The signature that a later revision brought, where a field or widget belongs to it.

        It must be new by every reference on the way to it, so that it is no older signature. The form must
        lead to the widget, and to the field that has this value as to a signature field, so that the
        signature is found and judged by itself.
        """
        holder, value = self.new.above(item, widget, "V")
        if not (self.new.is_in_form(item) and self.new.is_in_form(holder, Name("Sig"))):
            return None
        for _ in range(self.after.limits.reference_hops):
            if not isinstance(value, Ref) or self.old.has(value.number):
                break
            value = self.after.object(value)
        return value if isinstance(value, Dictionary) else None

    # -- what was there ---------------------------------------------------------------------

    def field(self, number: int, old: Dictionary, new: Dictionary) -> Iterator[Change]:
        """A field or widget that was written again."""
        kind = self.old.kind(number)
        changed = set(changed_keys(old, new))
        if (wrong := self._misfilled(changed, old, new, kind)) is not None:
            yield Change(number, "other", f"/{wrong} of a form field became something else")
        elif self._has_fields_below(number, old):
            yield Change(number, "other", "what several form fields inherit was changed")
        elif self.old.is_misnamed(number):
            yield Change(number, "other", "a form field was changed whose name readers read differently")
        elif kind == Name("Sig"):
            yield self._signing(number, old, new, changed)
        elif not changed <= (_FILLABLE_TEXT if kind in _TEXTS else _FILLABLE):
            keys = ", ".join(sorted("/" + key for key in changed))
            yield Change(number, "other", f"the form field's {keys} changed")
        elif self.old.is_pushbutton(number):
            yield Change(number, "other", "a pushbutton was changed, which nobody fills in")
        elif changed & {"AP", "AS"} and not self.old.is_filled_in(number):
            yield Change(number, "other", "what is no field to be filled in was given another appearance")
        elif changed & _LOOKS and not self._may_look_otherwise(number, changed, old, new):
            yield Change(number, "other", "a form field that was not filled in was given another look")
        elif kind == Name("Btn") and "AP" in changed and not changed & {"AS", "V"}:
            yield Change(number, "other", "a button was given another appearance for the state that it is in")
        elif changed & {"AP", "AS"} and not stays_inside(self.after, new):
            yield Change(number, "other", "a form field shows more than its place")
        else:
            yield Change(number, "form_filling", "a form field was filled in", self.old.names(number))

    def _signing(self, number: int, old: Dictionary, new: Dictionary, changed: set[str]) -> Change:
        if self.old.inherited(old, "V") is not None:
            return Change(number, "other", "a signed signature field was changed")
        signature = self._new_signature(Ref(number, 0), new)
        if signature is None or not changed <= _SIGNING_KEYS:
            return Change(number, "other", "an empty signature field was changed")
        if not stays_inside(self.after, new):
            return Change(number, "other", "a signature field shows more than its place")
        if "Rect" in changed and has_area(self.before, old.get("Rect")):
            return Change(number, "other", "an empty signature field was moved")
        for key in changed & {"Lock", "SV"} & old.keys():  # what its author demands of whoever signs here
            if not alike(self.before.resolve(old[key]), self.after.resolve(new.get(key))):
                return Change(number, "other", f"/{key} of an empty signature field was changed")
        names = self.old.names(number)
        if not self._is_timestamp(signature):
            return Change(number, "signatures", "an empty signature field was signed", names)
        if not changed <= _STAMPING_KEYS | ({"AP"} if not self._shows(new) else set()):
            return Change(number, "other", "a document timestamp changed what an existing field shows")
        if self._is_token(signature) and not self._shows(new):
            return Change(number, "ltv", "a document timestamp was put into an empty field", names)
        return Change(number, "signatures", "an empty signature field was signed", names)

    def _has_fields_below(self, number: int, old: Dictionary) -> bool:
        """Whether other fields inherit what this one says (12.7.4.1): they have names of their own."""
        todo, seen = [(number, old)], {number}
        while todo:
            above, dictionary = todo.pop()
            for kid in (*(self.before.array(dictionary.get("Kids")) or []), *self._adopting(above)):
                below = self.before.dictionary(kid)
                if below is not None and below.get("T") not in (None, b""):
                    return True
                if below is not None and isinstance(kid, Ref) and kid.number not in seen:
                    seen.add(kid.number)
                    todo.append((kid.number, below))
        return False

    def _adopting(self, number: int) -> Iterator[Ref]:
        """What says that a field is above it."""
        for holder in self.references.referrers(self.live, number):
            if "Parent" in self.live.entries_leading(holder, number):
                yield Ref(holder, generation(self.before.entry(holder)))

    def _may_look_otherwise(self, number: int, changed: set[str], old: Dictionary, new: Dictionary) -> bool:
        """Whether somebody filled a field in, so that its colours or the size of its text may be others."""
        flags = self.old.inherited(old, "Ff")
        is_open = not (isinstance(flags, int) and flags & _READ_ONLY)
        seen = self.before.resolve(old.get("F"))
        is_seen = not (isinstance(seen, int) and seen & _NOT_SEEN)
        filled = bool(changed & {"V", "AP", "AS"}) and "AP" in new
        return is_open and is_seen and filled and self.old.is_filled_in(number)

    def _misfilled(self, changed: set[str], old: Dictionary, new: Dictionary, kind: Value) -> str | None:
        """A changed entry that is not of its kind: the field might be a dictionary of resources as well."""
        if foreign := _FOREIGN & old.keys():
            return min(foreign)
        for key, only in (("Type", "Annot"), ("Subtype", "Widget")):
            if key in changed and (key in old or new.get(key) != Name(only) or not old.keys() <= _OWN_KEYS):
                return key
        for key, kinds in _KINDS.items():
            if key in changed and key in new and not isinstance(self.after.resolve(new[key]), kinds):
                return key
        if "P" in changed and not self._is_page(old, new):
            return "P"
        if kind != Name("Sig"):
            for key, flag in _FLAGS.items():
                if key in changed and not self._only_sets(flag, key, old, new):
                    return key
            if "BS" in changed and not self._is_default_border(old, new):
                return "BS"
        if "MK" in changed and kind != Name("Sig") and not self._is_frame(old.get("MK"), new.get("MK")):
            return "MK"
        for key in changed & {"AP", "V", "MK"} & new.keys():
            value = new[key]
            found = self.after.dictionary(value)
            if isinstance(value, Ref) and self.after.is_stream(value.number):
                return key
            if key == "V" and found is not None and kind != Name("Sig"):
                return key
            if key == "AP" and (found is None or not _APPEARANCE_KEYS.issuperset(found)):
                return key
        return None

    def _is_page(self, old: Dictionary, new: Dictionary) -> bool:
        """Whether /P is a page's place and not, for example, a policy of visibility."""
        page = self.after.dictionary(new.get("P"))
        return isinstance(old.get("P"), Ref | None) and page is not None and page.get("Type") == Name("Page")

    def _is_frame(self, old: Value, new: Value) -> bool:
        """Whether /MK (table 192) says a rotation and colours, and no caption but the one it said.

        pdf.js writes it anew, with the colours in another space.
        """
        before, after = (
            self.before.dictionary(old) or Dictionary(),
            self.after.dictionary(new) or Dictionary(),
        )
        captions = {key: one for key, one in after.items() if key not in _COLOURS}
        numbers = [part for key in _COLOURS & after.keys() for part in as_list(after[key]) or [after[key]]]
        return all(isinstance(one, int | float) for one in numbers) and all(
            key in before and alike(before[key], one) for key, one in captions.items()
        )

    def _only_sets(self, flag: int, key: str, old: Dictionary, new: Dictionary) -> bool:
        """Whether no more than one bit was set, of what was said here or above, nothing being 0."""
        before, after = self.old.inherited(old, key) or 0, self.after.resolve(new.get(key))
        return isinstance(before, int) and type(after) is int and after in (before, before | flag)

    def _is_default_border(self, old: Dictionary, new: Dictionary) -> bool:
        """MuPDF says what goes without saying: a solid border of one point (table 168)."""
        said = Dictionary({"W": 1, "S": Name("S")})
        return not old.keys() & {"BS", "Border"} and alike(self.after.resolve(new.get("BS")), said)
