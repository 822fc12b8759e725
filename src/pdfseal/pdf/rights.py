"""What the document permits to be done to it now: by its encryption, its certification, earlier signatures.

    check_signing_allowed(document)          before any further signature
    check_not_locked(document, name)         before one in a field of that name
    strictest(document)                      (/P, who states it)

Law: what forbids is named, by its field.

Reference: ISO 32000-2, 7.6.4.2 (table 22), 12.8.2.2 (DocMDP), 12.8.2.4 (FieldMDP), 12.7.5.5 (table 236).
"""

from __future__ import annotations

from collections.abc import Iterator

from pdfseal.errors import RefusedError
from pdfseal.pdf.document import Document
from pdfseal.pdf.field import walk_fields
from pdfseal.pdf.permission import FieldLock, Permission, docmdp_permission, read_permission
from pdfseal.pdf.syntax import Dictionary, Name


def check_signing_allowed(document: Document) -> None:
    """Whether any further signature may come at all. RefusedError `forbidden_by_document`."""
    security = document.security
    if security is not None and not (security.as_owner or security.may_annotate):
        raise _forbidden(
            "the encrypted document forbids annotations and filling in forms without the owner's password"
        )
    permission, who = strictest(document)
    if permission == 1:
        raise _forbidden(f"{who} states /P 1: no further change is permitted")


def check_not_locked(document: Document, name: str) -> None:
    """12.8.2.4: what a signature that is there locks, no further one may change; a new field is a change."""
    for signed, permission in _permissions(document):
        if permission.locked(name):
            raise _forbidden(f"the signature in {signed!r} locks the field {name!r} (FieldMDP)")


def lock_notes(document: Document, lock: FieldLock | None) -> tuple[str, ...]:
    """A lock may name fields that are yet to come, and may also be mistyped."""
    there = [name for _, _, name, _ in walk_fields(document)] if lock is not None else []
    names = lock.names if lock is not None else ()
    missing = [name for name in names if not any(f"{one}.".startswith(f"{name}.") for one in there)]
    if not missing:
        return ()
    return (f"the lock names what is no field of the document: {', '.join(map(repr, missing))}",)


def strictest(document: Document) -> tuple[int | None, str]:
    """The most restrictive /P of the certification and of the /Lock of signed fields; who states it."""
    found = [
        (one.lock_permission, f"the signature in {name!r}")
        for name, one in _permissions(document)
        if one.lock_permission
    ]
    if (certified := certification_level(document)) is not None:
        found.append((certified, _certified_by(document)))
    return min(found, default=(None, ""))


def certification_level(document: Document) -> int | None:
    """/P of the document's certification (12.8.2.2), None where it is not certified."""
    perms = document.dictionary(document.catalog.get("Perms"))
    certification = document.dictionary(perms.get("DocMDP")) if perms else None
    return None if certification is None else docmdp_permission(document, certification)


def has_usage_rights(document: Document) -> bool:
    """Whether a reader's extra features were enabled by a signature in /Perms (12.8.2.3, deprecated)."""
    perms = document.dictionary(document.catalog.get("Perms"))
    return perms is not None and ("UR3" in perms or "UR" in perms)


def _certified_by(document: Document) -> str:
    perms = document.dictionary(document.catalog.get("Perms")) or Dictionary()
    certification = document.dictionary(perms.get("DocMDP"))
    for _, field, name, kind in walk_fields(document):
        if kind == Name("Sig") and document.dictionary(field.get("V")) is certification:
            return f"the certification in {name!r}"
    return "the certification"


def _permissions(document: Document) -> Iterator[tuple[str, Permission]]:
    """What each signature that is there permits, with the name of its field."""
    for _, field, name, kind in walk_fields(document):
        signature = document.dictionary(field.get("V")) if kind == Name("Sig") else None
        if signature is not None:
            yield name, read_permission(document, signature, field)


def _forbidden(message: str) -> RefusedError:
    return RefusedError("forbidden_by_document", message)
