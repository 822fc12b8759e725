"""A document at the end of a revision, and its fields as the form leads to them.

Reference: ISO 32000-2, 12.7.4 (fields), 12.7.5 (kinds of fields).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from pdfseal.pdf.changes.appearances import is_box
from pdfseal.pdf.changes.names import Names, is_name, name_upwards, names_of_fields, plain_name
from pdfseal.pdf.changes.objects import object_of
from pdfseal.pdf.document import Document
from pdfseal.pdf.field import walk_fields
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value

_MAX_FIELD_DEPTH = 64
_FILLED_KINDS = (Name("Tx"), Name("Ch"), Name("Btn"))
_PUSHBUTTON = 1 << 16  # table 229: it keeps no value


@dataclass(slots=True)
class State:
    """`fields`: the kind and full name of each, by object number."""

    document: Document
    fields: dict[int, tuple[Value, str]] = field(repr=False)
    _names: Names | None = None
    # fields that are no signature fields, by the last part of their names; and all names of those asked about
    _by_last: dict[str, list[tuple[int, str]]] | None = None
    _named: dict[str, set[str]] = field(default_factory=dict)
    _misnamed: bool | None = None

    @classmethod
    def of(cls, document: Document) -> State:
        rows = list(walk_fields(document))
        fields = {kid.number: (kind, name) for kid, _, name, kind in rows if isinstance(kid, Ref)}
        return cls(document, fields)

    def kids_of(self, numbers: Iterable[int]) -> Iterator[int]:
        """The fields and widgets right below those of these objects that are fields."""
        for number in numbers:
            dictionary = object_of(self.document, number) if number in self.fields else None
            if isinstance(dictionary, Dictionary):
                kids = self.document.array(dictionary.get("Kids")) or []
                yield from (kid.number for kid in kids if isinstance(kid, Ref))

    def kind(self, number: int) -> Value:
        return self.fields.get(number, (None, ""))[0]

    def is_in_form(self, item: Value, kind: Name | None = None) -> bool:
        """Whether the form leads to this object, as to a field of that kind if one is given."""
        found = self.fields.get(item.number) if isinstance(item, Ref) else None
        return found is not None and kind in (None, found[0])

    def has(self, number: int) -> bool:
        """Whether there is an object of this number."""
        return object_of(self.document, number) is not None

    def names(self, number: int) -> frozenset[str]:
        """All names of a field, by which a lock may mean it."""
        if self._names is None:
            self._names = names_of_fields(self.document)
        found = {*self._names.get(number, ()), name_upwards(self.document, number)}
        return frozenset(found.union(map(plain_name, found)))

    def has_namesake(self, later: State, number: int) -> bool:
        """Whether a field of another kind has a name of a later state's signature field, as pdfium reads."""
        likely = later.fields[number][1], name_upwards(later.document, number)
        if not any(self._others(_last(name)) for name in likely):
            return False  # whatever leads to a field, its name ends in its own part
        return any(name in self._others(_last(name)) for name in map(plain_name, later.names(number)))

    def is_misnamed(self, number: int) -> bool:
        """Whether a field, or one above it, has a name that readers read differently."""
        widget = object_of(self.document, number)
        for _ in range(_MAX_FIELD_DEPTH):
            if not isinstance(widget, Dictionary):
                return False
            if "T" in widget and not is_name(self.document.resolve(widget["T"])):
                return True
            widget = self.document.dictionary(widget.get("Parent"))
        return True

    def misnamed(self) -> bool:
        """Whether any field is."""
        if self._misnamed is None:
            rows = walk_fields(self.document)
            own = (self.document.resolve(row["T"]) for _, row, _, _ in rows if "T" in row)
            self._misnamed = not all(map(is_name, own))
        return self._misnamed

    def _others(self, last: str) -> set[str]:
        """All plain names of the fields that are no signature fields and of which one ends so."""
        if self._by_last is None:
            self._by_last = defaultdict(list)
            for kid, dictionary, name, kind in walk_fields(self.document):
                kinds = kind, self.inherited(dictionary, "FT")
                if any(one not in (None, Name("Sig")) for one in kinds):
                    number = kid.number if isinstance(kid, Ref) else 0
                    ends = {_last(name)}  # the same whatever leads to it, if it has a part of its own
                    if "T" not in dictionary:
                        ends.add(_last(name_upwards(self.document, number)))
                    for end in ends:
                        self._by_last[end].append((number, name))
        rows = self._by_last.pop(last, [])
        if rows:
            names = chain.from_iterable((name, *self.names(number)) for number, name in rows)
            self._named[last] = set(map(plain_name, names))
        return self._named.get(last, set())

    def above(self, item: Value, widget: Dictionary, key: str) -> tuple[Value, Value]:
        """A field or widget, or the next field above it, that has an entry; and the entry itself."""
        for _ in range(_MAX_FIELD_DEPTH):
            if key in widget:
                return item, widget[key]
            item = widget.get("Parent")
            parent = self.document.dictionary(item)
            if parent is None:
                break
            widget = parent
        return None, None

    def inherited(self, widget: Dictionary, key: str) -> Value:
        """What the entry is or leads to."""
        return self.document.resolve(self.above(None, widget, key)[1])

    def is_filled_in(self, number: int) -> bool:
        """Whether an object is the widget of a field that people fill in (12.7.5).

        A stamp that the form lists, or a pushbutton, shows what it shows for good.
        """
        widget, kind = object_of(self.document, number), self.kind(number)
        if not isinstance(widget, Dictionary) or widget.get("Subtype") != Name("Widget"):
            return False
        if kind not in _FILLED_KINDS or self.inherited(widget, "FT") != kind:
            return False
        return is_box(self.document, widget.get("Rect")) and not self.is_pushbutton(number)

    def is_pushbutton(self, number: int) -> bool:
        """Whether a field keeps no value, or may keep none."""
        widget = object_of(self.document, number)
        flags = self.inherited(widget, "Ff") if isinstance(widget, Dictionary) else None
        may_be = flags is not None and not (isinstance(flags, int) and not flags & _PUSHBUTTON)
        return self.kind(number) == Name("Btn") and may_be


def _last(name: str) -> str:
    """The last part of a name that is not empty."""
    return plain_name(name).rpartition(".")[2]
