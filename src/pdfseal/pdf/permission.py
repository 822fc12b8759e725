"""What a signature permits to come after it: /P of its certification, and the fields that it locks.

    Document + signature dictionary + field -> Permission(certification, lock_permission, locks)

Reference: ISO 32000-2, 12.8.2.2 (DocMDP), 12.8.2.4 (FieldMDP), 12.7.5.5 (table 236: /Lock).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pdfseal.arguments import check_fields
from pdfseal.errors import CallerError
from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import Dictionary, Name, decode_text_string, text_string

Action = Literal["All", "Include", "Exclude"]
_NAMING: tuple[Action, ...] = ("Include", "Exclude")
_PERMISSIONS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class FieldLock:
    """The fields that a signature locks: all, those named, or all but those named.

    `permission` (1, 2 or 3; PDF 2.0): what else may come later, as in a certification.
    """

    action: Action
    names: tuple[str, ...] = ()
    permission: int | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.action == "All" and self.names:
            raise CallerError("argument", "a lock of all fields names none")
        if self.permission not in (None, *_PERMISSIONS):
            raise CallerError("argument", f"a lock permits 1, 2 or 3, not {self.permission}")

    def __str__(self) -> str:
        which = {"All": "all fields", "Include": "", "Exclude": "all fields but "}[self.action]
        limit = f" with /P {self.permission}" if self.permission is not None else ""
        return which + ", ".join(map(repr, self.names)) + limit

    def covers(self, name: str) -> bool:
        """Whether a field is locked. A name stands for the fields below it as well (12.8.2.4)."""
        named = any(name == one or name.startswith(one + ".") for one in self.names)
        return {"All": True, "Include": named, "Exclude": not named}[self.action]

    def entries(self) -> Dictionary:
        """What a /Lock dictionary and a FieldMDP transform say alike (tables 236 and 259)."""
        found = Dictionary({"Action": Name(self.action)})
        if self.action != "All":
            found["Fields"] = [text_string(name) for name in self.names]
        return found

    def dictionary(self) -> Dictionary:
        """A signature field's /Lock (table 236)."""
        lock = Dictionary({"Type": Name("SigFieldLock"), **self.entries()})
        if self.permission is not None:
            lock["P"] = self.permission
        return lock


@dataclass(frozen=True, slots=True)
class Permission:
    """`certification`: /P of a DocMDP transform; `lock_permission`: /P of the field's /Lock (PDF 2.0)."""

    certification: int | None = None
    lock_permission: int | None = None
    locks: tuple[FieldLock, ...] = ()

    @property
    def level(self) -> int | None:
        """The more restrictive /P of both; None where none is given."""
        return min((p for p in (self.certification, self.lock_permission) if p is not None), default=None)

    def locked(self, name: str) -> bool:
        return any(lock.covers(name) for lock in self.locks)


def read_permission(document: Document, signature: Dictionary, *fields: Dictionary) -> Permission:
    """The permission of a signature dictionary and of the fields that it is the value of.

    A /Lock may stand in any of these, in a field above, or in a widget below: all of them count.
    """
    locks = [
        lock for field in fields for lock in (*_locks_above(document, field), *_locks_below(document, field))
    ]
    stated = [stated_permission(document, lock) for lock in locks]
    # parameters that are not there lock everything, as does an action that is not known
    rules = [one or Dictionary() for one in _transforms(document, signature, "FieldMDP")]
    return Permission(
        docmdp_permission(document, signature),
        min((one for one in stated if one is not None), default=None),
        tuple(dict.fromkeys(read_lock(document, one) for one in (*rules, *locks))),
    )


def _locks_above(document: Document, field: Dictionary) -> Iterator[Dictionary]:
    found: Dictionary | None = field
    for _ in range(document.limits.field_depth):
        if found is None:
            return
        if (lock := document.dictionary(found.get("Lock"))) is not None:
            yield lock
        found = document.dictionary(found.get("Parent"))


def _locks_below(document: Document, field: Dictionary) -> Iterator[Dictionary]:
    for kid in document.array(field.get("Kids")) or []:
        widget = document.dictionary(kid)
        lock = document.dictionary(widget.get("Lock")) if widget is not None else None
        if lock is not None:
            yield lock


def docmdp_permission(document: Document, signature: Dictionary) -> int | None:
    """/P of a signature dictionary's DocMDP transform, the strictest of several.

    It is 2 where nothing is said (table 257), and 1 where what is said is none of the three.
    """
    found = []
    for parameters in _transforms(document, signature, "DocMDP"):
        said = parameters is not None and parameters.get("P") is not None
        stated = stated_permission(document, parameters) if parameters is not None else None
        found.append((stated or 1) if said else 2)
    return min(found, default=None)


def _transforms(document: Document, signature: Dictionary, method: str) -> Iterator[Dictionary | None]:
    """/TransformParams of the signature references of one method."""
    references = document.resolve(signature.get("Reference"))
    for item in references if isinstance(references, list) else [references]:
        reference = document.dictionary(item)
        if reference is not None and document.resolve(reference.get("TransformMethod")) == Name(method):
            yield document.dictionary(reference.get("TransformParams"))


def stated_permission(document: Document, parameters: Dictionary) -> int | None:
    """/P, where it is one of the three."""
    found = document.resolve(parameters.get("P"))
    return found if isinstance(found, int) and not isinstance(found, bool) and found in _PERMISSIONS else None


def read_lock(document: Document, parameters: Dictionary) -> FieldLock:
    """From a /Lock or from FieldMDP parameters; what is none of the known actions locks everything."""
    fields = document.array(parameters.get("Fields"))
    items = [document.resolve(item) for item in fields] if fields is not None else [None]
    texts = (decode_text_string(item) for item in items if isinstance(item, bytes))
    names = tuple(".".join(filter(None, text.split("."))) for text in texts)  # empty parts are none
    action = document.resolve(parameters.get("Action"))
    for known in _NAMING:
        if action == Name(known) and len(names) == len(items):
            return FieldLock(known, names)
    return FieldLock("All")
