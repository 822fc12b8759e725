"""An empty signature field that somebody else prepared: found, and its wishes obeyed.

    find_empty_field(document, "Party A") -> FieldTarget(page, rect, lock, seed)

Law: the field's own rules come first. What its seed value demands and this signature does not
give is refused, naming the entry; its /Lock becomes the signature's FieldMDP reference. A field
that an earlier signature locked is not filled.

Reference: ISO 32000-2, 12.7.5.5 (signature fields; tables 236, 237), 12.8.2.4 (FieldMDP).
"""

from __future__ import annotations

from pdfseal.errors import CallerError, RefusedError
from pdfseal.pdf.document import Document, Page
from pdfseal.pdf.field import FieldTarget, walk_fields, widget_rect
from pdfseal.pdf.permission import FieldLock, read_lock
from pdfseal.pdf.rights import check_not_locked
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value, decode_text_string

# Bits of a seed value dictionary's /Ff: which entries are demands and not proposals (table 237).
_FILTER, _SUBFILTER, _REASONS, _DIGEST = 1, 2, 8, 64
_DIGEST_NAMES = {"sha1": "SHA1", "sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512", "sm3": "SM3"}


def find_empty_field(document: Document, name: str) -> FieldTarget:
    """The empty signature field of that full name.

    Raises `field_unusable` where there is none, `forbidden_by_document` where it is locked.
    """
    ref, field, kind = _find(document, name)
    if kind != Name("Sig"):
        raise CallerError("field_unusable", f"the field {name!r} is not a signature field")
    if document.resolve(field.get("V")) is not None:
        raise CallerError("field_unusable", f"the signature field {name!r} holds a signature already")
    check_not_locked(document, name)
    widget_ref, widget = _widget(document, ref, field, name)
    page = _page_of(document, widget_ref, widget)
    return FieldTarget(
        name,
        ref,
        widget_ref,
        page,
        widget_rect(document, widget),
        document.dictionary(field.get("Lock")),
        document.dictionary(field.get("SV")),
    )


def lock_of(document: Document, target: FieldTarget) -> FieldLock | None:
    """What the field's own /Lock says, to be repeated in the signature's references."""
    return None if target.lock is None else read_lock(document, target.lock)


def check_seed(
    document: Document,
    target: FieldTarget,
    *,
    filter: str,
    subfilter: str,
    digest: str,
    reason: str | None,
    certify: int | None,
) -> None:
    """Whether a signature gives what the seed value demands. RefusedError `forbidden_by_document`."""
    seed = target.seed
    if seed is None:
        return
    flags = document.resolve(seed.get("Ff"))
    demanded = flags if isinstance(flags, int) else 0
    wishes: tuple[tuple[int, str, str | None], ...] = (
        (_FILTER, "Filter", filter),
        (_SUBFILTER, "SubFilter", subfilter),
        (_DIGEST, "DigestMethod", _DIGEST_NAMES.get(digest, digest)),
        (_REASONS, "Reasons", reason),
    )
    for bit, key, given in wishes:
        allowed = _texts(document, seed.get(key))
        if demanded & bit and allowed and given not in allowed:
            raise RefusedError(
                "forbidden_by_document",
                f"the field {target.name!r} demands by its /SV /{key} one of {', '.join(allowed)}, "
                f"and this signature has {given or 'none'}",
            )
    _check_certification(document, target, seed, certify)


def _check_certification(
    document: Document, target: FieldTarget, seed: Dictionary, certify: int | None
) -> None:
    """/MDP of a seed value: 0 wants an approval, 1 to 3 a certification with that /P (table 237)."""
    wish = document.dictionary(seed.get("MDP"))
    wanted = document.resolve(wish.get("P")) if wish is not None else None
    if wanted not in (0, 1, 2, 3) or wanted == (certify or 0):
        return
    demand = f"a certification with /P {wanted}" if wanted else "no certification"
    given = f"a certification with /P {certify}" if certify else "none"
    raise RefusedError(
        "forbidden_by_document",
        f"the field {target.name!r} demands by its /SV /MDP {demand}, and this signature is {given}",
    )


def _texts(document: Document, value: Value) -> list[str]:
    """Names and text strings, alone or in an array."""
    resolved = document.resolve(value)
    found = []
    for item in resolved if isinstance(resolved, list) else [resolved]:
        one = document.resolve(item)
        if isinstance(one, Name):
            found.append(str(one))
        elif isinstance(one, bytes):
            found.append(decode_text_string(one))
    return found


def _find(document: Document, name: str) -> tuple[Ref, Dictionary, Value]:
    names = []
    for kid, field, full, kind in walk_fields(document):
        if full == name:
            if not isinstance(kid, Ref):
                raise CallerError("field_unusable", f"the field {name!r} has no object number of its own")
            return kid, field, kind
        if kind == Name("Sig") and full:
            names.append(full)
    known = ", ".join(repr(one) for one in dict.fromkeys(names)) or "none"
    raise CallerError("field_unusable", f"there is no field {name!r}; signature fields are: {known}")


def _widget(document: Document, ref: Ref, field: Dictionary, name: str) -> tuple[Ref, Dictionary]:
    """The field itself, or the one kid that shows it."""
    kids = document.array(field.get("Kids")) or []
    if not kids:
        return ref, field
    kid = document.dictionary(kids[0])
    if len(kids) != 1 or not isinstance(kids[0], Ref) or kid is None:
        raise CallerError("field_unusable", f"the signature field {name!r} has not exactly one widget")
    return kids[0], kid


def _page_of(document: Document, ref: Ref, widget: Dictionary) -> Page:
    """The page whose /Annots lists the widget; /P alone is a claim and only the fallback."""
    claimed = None
    for page in document.pages():
        if ref in (document.array(page.dictionary.get("Annots")) or []):
            return page
        if page.ref == widget.get("P"):
            claimed = page
    return claimed or document.page(1)
