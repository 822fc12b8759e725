"""An empty signature field that somebody else prepared: found, and its wishes obeyed.

    find_empty_field(document, "Party A") -> FieldTarget(page, rect, lock, seed)

Law: the field's own rules come first. What its seed value demands and this signature does not
give is refused, naming the entry; its /Lock becomes the signature's FieldMDP reference. A field
that an earlier signature locked is not filled.

Reference: ISO 32000-2, 12.7.5.5 (signature fields; tables 236, 237), 12.8.2.4 (FieldMDP).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pdfseal.errors import CallerError, RefusedError
from pdfseal.pdf.document import Document, Page
from pdfseal.pdf.field import FieldTarget, walk_fields, widget_rect
from pdfseal.pdf.permission import FieldLock, read_lock, stated_permission
from pdfseal.pdf.rights import check_not_locked
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value, decode_text_string

# Bits of a seed value dictionary's /Ff: which entries are demands and not proposals (table 237).
_FILTER, _SUBFILTER, _VERSION, _REASONS = 1, 2, 4, 8
_ADD_REVOCATION, _DIGEST, _LOCK, _APPEARANCE = 32, 64, 128, 256
_KNOWN_VERSION = 3  # of ISO 32000-2
# And of its /Cert (table 238); what cannot be compared here is refused where it is demanded.
_SUBJECT, _ISSUER = 1, 2
_UNKNOWN_OF_SIGNER = {"OID": 4, "SubjectDN": 8, "KeyUsage": 32, "URL": 64}
_MAX_ABOVE = 64  # fields above a field
_DIGEST_NAMES = {"sha1": "SHA1", "sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512", "sm3": "SM3"}


def find_empty_field(document: Document, name: str) -> FieldTarget:
    """The empty signature field of that full name.

    Raises `field_unusable` where there is none, `forbidden_by_document` where it is locked.
    """
    ref, field, kind = _find(document, name)
    if kind != Name("Sig"):
        raise CallerError("field_unusable", f"the field {name!r} is not a signature field")
    if _has_value(document, field):
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


def _has_value(document: Document, field: Dictionary) -> bool:
    """Its own, or that of a field above it (table 226: inheritable)."""
    above: Dictionary | None = field
    for _ in range(_MAX_ABOVE):
        if above is None:
            return False
        if document.resolve(above.get("V")) is not None:
            return True
        above = document.dictionary(above.get("Parent"))
    return False


def lock_of(document: Document, target: FieldTarget) -> FieldLock | None:
    """What the field's own /Lock says, to be repeated in the signature's references."""
    if target.lock is None:
        return None
    return replace(read_lock(document, target.lock), permission=stated_permission(document, target.lock))


@dataclass(frozen=True, slots=True)
class Given:
    """What a signature is, as far as a seed value may demand something of it.

    `digest` is the name of an algorithm; `certificates` are DER, the signer's first. `timestamp`: whether
    there is room for one.
    """

    filter: str
    subfilter: str
    digest: str
    reason: str | None
    certify: int | None
    lock: FieldLock | None
    timestamp: bool
    certificates: tuple[bytes, ...]


def check_seed(document: Document, target: FieldTarget, given: Given) -> None:
    """Whether a signature gives what the seed value demands. RefusedError `forbidden_by_document`."""
    seed = target.seed
    if seed is None:
        return
    demanded = _flags(document, seed)
    wishes: tuple[tuple[int, str, str | None], ...] = (
        (_FILTER, "Filter", given.filter),
        (_SUBFILTER, "SubFilter", given.subfilter),
        (_DIGEST, "DigestMethod", _DIGEST_NAMES.get(given.digest, given.digest)),
    )
    for bit, key, value in wishes:
        allowed = _texts(document, seed.get(key))
        if demanded & bit and allowed and value not in allowed:
            raise _demand(target, key, f"one of {', '.join(allowed)}", f"has {value or 'none'}")
    if demanded & _REASONS:
        _check_reason(target, _texts(document, seed.get("Reasons")), given.reason)
    if demands_timestamp(document, seed) and not given.timestamp:
        raise _demand(target, "TimeStamp", "a timestamp", "has no room for one")
    _check_further_demands(document, target, seed, demanded, given)
    _check_certification(document, target, seed, given.certify)
    _check_signer(document, target, seed, given.certificates)


def demands_timestamp(document: Document, seed: Value) -> bool:
    """Whether a seed value demands a timestamp: bit 1 of /Ff of its /TimeStamp (table 237)."""
    found = document.dictionary(seed) or Dictionary()
    wish = document.dictionary(found.get("TimeStamp"))
    return wish is not None and _flags(document, wish) & 1 == 1


def _check_reason(target: FieldTarget, allowed: list[str], reason: str | None) -> None:
    """Table 237: where reasons are demanded, none or a single period means that none is stated."""
    if allowed in ([], ["."]):
        if reason:
            raise _demand(target, "Reasons", "that no reason is stated", f"has {reason}")
    elif reason not in allowed:
        raise _demand(target, "Reasons", f"one of {', '.join(allowed)}", f"has {reason or 'none'}")


def _check_further_demands(
    document: Document, target: FieldTarget, seed: Dictionary, demanded: int, given: Given
) -> None:
    """What is either so or not so: the version, what is embedded, whether the document is locked."""
    version = document.resolve(seed.get("V"))
    if demanded & _VERSION and isinstance(version, int | float) and version > _KNOWN_VERSION:
        raise _demand(target, "V", f"a signer that knows version {version:g}", "comes from one that does not")
    if demanded & _ADD_REVOCATION and document.resolve(seed.get("AddRevInfo")) is True:
        raise _demand(target, "AddRevInfo", "revocation data inside the signature", "holds none")
    if demanded & _APPEARANCE and seed.get("AppearanceFilter") is not None:
        raise _demand(target, "AppearanceFilter", "an appearance by name", "brings its own")
    locked = given.lock is not None and given.lock.permission == 1
    wish = _texts(document, seed.get("LockDocument"))
    if demanded & _LOCK and wish in (["true"], ["false"]) and locked is not (wish == ["true"]):
        demand = "that the document is locked (/P 1)" if not locked else "that it is not locked"
        raise _demand(target, "LockDocument", demand, "locks it" if locked else "does not lock it")


def _check_signer(
    document: Document, target: FieldTarget, seed: Dictionary, certificates: tuple[bytes, ...]
) -> None:
    """/Cert of a seed value (table 238): the signers, or the issuers of signers, that may use the field."""
    wish = document.dictionary(seed.get("Cert"))
    if wish is None:
        return
    demanded = _flags(document, wish)
    listed = {key: document.array(wish.get(key)) for key in ("Subject", "Issuer")}
    who = {"Subject": (_SUBJECT, certificates[:1]), "Issuer": (_ISSUER, certificates[1:])}
    for key, (bit, ours) in who.items():
        allowed = [document.resolve(item) for item in listed[key] or []]
        if (
            demanded & bit
            and listed[key] is not None
            and not set(ours) & {a for a in allowed if isinstance(a, bytes)}
        ):
            kind = "certificate" if key == "Subject" else "issuer"
            raise _demand(target, f"Cert /{key}", f"one of {len(allowed)} {kind}s", "has none of them")
    for key, bit in _UNKNOWN_OF_SIGNER.items():
        if demanded & bit and wish.get(key) is not None:
            raise _demand(target, f"Cert /{key}", "a signer of a kind", "cannot be compared with it here")


def _flags(document: Document, dictionary: Dictionary) -> int:
    flags = document.resolve(dictionary.get("Ff"))
    return flags if isinstance(flags, int) else 0


def _demand(target: FieldTarget, entry: str, demand: str, given: str) -> RefusedError:
    return RefusedError(
        "forbidden_by_document",
        f"the field {target.name!r} demands by its /SV /{entry} {demand}, and this signature {given}",
    )


def _check_certification(
    document: Document, target: FieldTarget, seed: Dictionary, certify: int | None
) -> None:
    """/MDP of a seed value: 0 wants an approval, 1 to 3 a certification with that /P (table 237)."""
    wish = document.dictionary(seed.get("MDP"))
    wanted = document.resolve(wish.get("P")) if wish is not None else None
    if wanted not in (0, 1, 2, 3) or wanted == (certify or 0):
        return
    demand = f"a certification with /P {wanted}" if wanted else "no certification"
    raise _demand(target, "MDP", demand, f"is a certification with /P {certify}" if certify else "is none")


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
