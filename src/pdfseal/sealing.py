"""Prepare and compose: a PDF becomes a prepared one, and with a signature value a sealed one.

    source + placement + appearance + plan -> prepare          -> PreparedSeal
    PreparedSeal + signature value         -> compose          -> Patch(offset, data)
    prepared PDF + to-be-signed + signature -> compose_prepared -> Patch(offset, data)

Law: pure. Time, names and random bytes are arguments; nothing here knows a private key. Neither
way of composing gives out a seal that would not verify: the signature value, the digest that
was signed and the room in the hole are checked first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from pdfseal.containers import finish, to_be_signed_digest
from pdfseal.containers.base import Finished, Plan
from pdfseal.errors import CallerError, RefusedError
from pdfseal.geometry import Matrix, Rect, Size
from pdfseal.hashing import digest_of, digest_prepared
from pdfseal.pdf.conformance import DrawingRules, drawing_rules, longest_string
from pdfseal.pdf.document import Document
from pdfseal.pdf.drawing.appearance import Drawing, write_drawing, write_form
from pdfseal.pdf.drawing.artwork import Artwork, arrange
from pdfseal.pdf.drawing.caption import Caption, QrCode
from pdfseal.pdf.drawing.margins import ink_window
from pdfseal.pdf.drawing.picture import read_picture
from pdfseal.pdf.existing_field import Given, check_seed, demands_timestamp, lock_of
from pdfseal.pdf.field import (
    AppendedSignature,
    FieldBox,
    FieldTarget,
    SignatureEntry,
    append_signature,
    free_field_name,
)
from pdfseal.pdf.limits import DEFAULT_LIMITS, Limits
from pdfseal.pdf.permission import FieldLock
from pdfseal.pdf.presentation import check_pages_are_shown, presentation_notes
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.rights import (
    certification_level,
    check_not_locked,
    check_signing_allowed,
    has_usage_rights,
    lock_notes,
    strictest,
)
from pdfseal.pdf.second_reader import check_agreement
from pdfseal.pdf.signature import find_prepared, find_signatures
from pdfseal.pdf.source import Source
from pdfseal.pdf.structure import StructureTree, Unusable, read_structure
from pdfseal.pdf.syntax import Ref
from pdfseal.pdf.text.pages import PageTexts
from pdfseal.pki.certificate import Certificate
from pdfseal.placement import PlacedBox, Placement, resolve
from pdfseal.prepared import Patch, PreparedSeal, check_tail

MAX_HOLE_BYTES = 8 << 20
_SHORT_STRING = 32_767  # bytes that every PDF/A permits


@dataclass(frozen=True, slots=True)
class Appearance:
    """How the seal looks. `picture` is a PNG, JPEG, GIF or BMP file, None for none.

    `opacity` is 0 to 100 per cent. `cover_text` draws the seal on top of the page; without it
    the page shines through (multiplied), so that text below stays readable. `natural_size`
    (points) overrides what the picture says of its own size. `clear_white` (1 to 255, usually
    240) makes paper at least that white transparent. `handwriting` takes the ink alone from a
    photo or scan of a signature. `captions` and `code` stand beside the picture, or alone.
    """

    picture: bytes | None = field(default=None, repr=False)
    opacity: float = 100.0
    cover_text: bool = False
    natural_size: Size | None = None
    clear_white: int | None = None
    handwriting: bool = False
    captions: tuple[Caption, ...] = ()
    code: QrCode | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """What the signature dictionary says in words (ISO 32000-2, table 255)."""

    name: str | None = None
    reason: str | None = None
    location: str | None = None
    contact: str | None = None


def prepare(
    source: Source,
    *,
    placement: Placement | None,
    appearance: Appearance,
    plan: Plan,
    when: datetime,
    file_id: bytes,
    wording: Wording | None = None,
    field_name: str | None = None,
    reserve: int | None = None,
    timestamp: bool = True,
    password: str | None = None,
    allow_annotations: bool = False,
    certify: int | None = None,
    lock: FieldLock | None = None,
    texts: PageTexts | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> PreparedSeal:
    """Reserve a signature field in an appended revision and say what is to be signed.

    `placement` None makes an invisible seal. `file_id`: 16 bytes, random or derived. `reserve`
    overrides the bytes kept for the container; `timestamp` keeps room for a token. `password`
    opens an encrypted document (the empty one is tried where none is given). `allow_annotations`
    lets several boxes onto a document that is signed already. `certify` makes it a certification
    that permits later changes up to /P 1, 2 or 3; it must be the first signature. `lock`: the form
    fields that no later revision may change. `texts`: its page texts, if read.
    Raises CallerError, RefusedError and DocumentError; nothing is written anywhere.
    """
    document = Document.open(source, password=password, limits=limits)
    check_signing_allowed(document)
    check_agreement(document, password)
    check_pages_are_shown(document)
    _check_certify(document, certify)
    hole_bytes = _hole_bytes(plan, reserve, timestamp)
    words = wording or Wording()
    if words.name is None:
        words = replace(words, name=plan.signer.common_name or None)
    rules = drawing_rules(document)
    artwork = _artwork(appearance, words, when, rules) if placement is not None else None
    placed: tuple[PlacedBox, ...] = ()
    if placement is not None and artwork is not None:
        find_ink = partial(ink_window, artwork)
        placed = resolve(placement, document, artwork.size, ink=find_ink, texts=texts, password=password)
    target = placed[0].target if placed else None
    name = _field_name(document, field_name, target)
    check_not_locked(document, name)
    notes = _moved(placed) + _check_stamps(document, len(placed), allow_annotations)
    structure, remark = _structure(document)
    notes += (*_document_notes(document, target, hole_bytes), *lock_notes(document, lock), *remark)
    revision = Revision(document)
    appended = append_signature(
        revision,
        field_name=name,
        entry=_entry(plan, when, words, document, target, certify, lock, timestamp),
        boxes=_draw(revision, artwork, placed, appearance, rules),
        hole_bytes=hole_bytes,
        file_id=file_id,
        target=target,
        structure=structure,
    )
    digest = digest_prepared(source, document.end, appended, plan.digest_algorithm)
    prepared = _prepared(document, appended, plan, digest, when, name, placed, notes)
    demanded = target is not None and demands_timestamp(document, target.seed)
    return replace(prepared, timestamp_demanded=True) if demanded else prepared


def _prepared(
    document: Document,
    appended: AppendedSignature,
    plan: Plan,
    digest: bytes,
    when: datetime,
    name: str,
    placed: tuple[PlacedBox, ...],
    notes: tuple[str, ...],
) -> PreparedSeal:
    """What was appended, with what is to be signed for it."""
    to_be_signed = plan.to_be_signed(digest, byte_range=appended.byte_range, when=when)
    return PreparedSeal(
        base_length=document.end,
        appended=appended.data,
        byte_range=appended.byte_range,
        hole=appended.hole,
        field_name=name,
        boxes=tuple(item.box for item in placed),
        scheme=plan.scheme_name,
        signature_scheme=plan.signature_scheme.name,
        digest_algorithm=plan.digest_algorithm,
        hash_bytes=digest,
        hash_set_bytes=to_be_signed,
        hash_set_hash_bytes=to_be_signed_digest(to_be_signed, plan.signature_scheme, plan.signer),
        certificates=plan.certificates,
        when=when.astimezone(UTC),
        notes=notes,
    )


def compose(prepared: PreparedSeal, signature: bytes, *, timestamp: bytes | None = None) -> Patch:
    """The patch that turns the prepared PDF into the sealed one. Constant time, whatever the file's size.

    Raises `signature_invalid`, `certificate_not_candidate`, `digest_mismatch`, `hole_too_small`,
    `forbidden_by_document` where the field demands a timestamp and there is none.
    """
    _check_timestamp(prepared.timestamp_demanded, timestamp)
    finished = finish(
        prepared.hash_set_bytes, signature, certificates=prepared.certificates, timestamp=timestamp
    )
    _check_digest(finished, prepared.digest_algorithm, prepared.hash_bytes)
    return fill_hole(prepared.hole, finished.der, prepared.total_length, prepared.appended)


def check_prepared(prepared: PreparedSeal, source: Source) -> None:
    """Whether a file is the prepared PDF of this value, its hole still empty. Constant time.

    The original part is not hashed again: use `compose_prepared` where it may have changed.
    Raises `not_prepared`, `hole_not_empty`.
    """
    check_tail(source, prepared.total_length, prepared.appended, prepared.hole)


def check_original(prepared: PreparedSeal, source: Source) -> None:
    """Whether the original part of the prepared PDF is still what was prepared, by its digest.

    Raises `digest_mismatch`.
    """
    if digest_of(source, prepared.byte_range, prepared.digest_algorithm) != prepared.hash_bytes:
        raise RefusedError("digest_mismatch", "the prepared PDF was changed since it was prepared")


def compose_prepared(
    source: Source,
    to_be_signed: bytes,
    signature: bytes,
    *,
    certificates: tuple[Certificate, ...],
    timestamp: bytes | None = None,
    password: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Patch:
    """The same from the prepared PDF alone: find its empty hole, hash again, compare, fill.

    `certificates` are the candidates: CMS attributes name the signer's only by its digest.
    Raises `not_prepared`, `hole_not_empty` and what `compose` raises.
    """
    document = Document.open(source, password=password, limits=limits)
    found = find_prepared(document)
    if found is None and any(
        not one.empty and one.coverage == "whole_file" for one in find_signatures(document)
    ):
        raise RefusedError("hole_not_empty", "the newest signature of the PDF is in place already")
    if found is None or found.byte_range is None or found.hole is None:
        raise RefusedError(
            "not_prepared", "the PDF holds no prepared, empty signature that covers the whole file"
        )
    demanded = any(demands_timestamp(document, owner.get("SV")) for owner in found.owners)
    _check_timestamp(demanded, timestamp)
    finished = finish(to_be_signed, signature, certificates=certificates, timestamp=timestamp)
    digest = digest_of(source, found.byte_range, finished.digest_algorithm)
    _check_digest(finished, finished.digest_algorithm, digest)
    start, end = found.hole
    tail = source.read(start, source.size - start)
    return fill_hole((start, end - start), finished.der, source.size, tail)


def _check_timestamp(demanded: bool, timestamp: bytes | None) -> None:
    """Table 237, /TimeStamp: the demand of a field is kept until its signature is there."""
    if demanded and timestamp is None:
        raise RefusedError(
            "forbidden_by_document", "the field demands by its /SV /TimeStamp a timestamp, and there is none"
        )


# -- parts ---------------------------------------------------------------------------------


def _hole_bytes(plan: Plan, reserve: int | None, timestamp: bool) -> int:
    hole = plan.reserve(timestamp=timestamp) if reserve is None else reserve
    if not 0 < hole <= MAX_HOLE_BYTES:
        raise CallerError("argument", f"the reserve must be 1 to {MAX_HOLE_BYTES} bytes, not {hole}")
    return hole


def _field_name(document: Document, wanted: str | None, target: FieldTarget | None) -> str:
    if target is None:
        return free_field_name(document, wanted)
    if wanted not in (None, target.name):
        raise CallerError(
            "argument", f"the seal goes into the field {target.name!r}: it cannot be named {wanted!r}"
        )
    return target.name


def _moved(placed: tuple[PlacedBox, ...]) -> tuple[str, ...]:
    return tuple(
        f"the box on page {item.box.page} was moved back inside the page" for item in placed if item.box.moved
    )


def _check_stamps(document: Document, count: int, allow_annotations: bool) -> tuple[str, ...]:
    """Several boxes are annotations: what earlier signatures say to that, and what the caller should know."""
    if count < 2:
        return ()
    level, who = strictest(document)
    if level in (1, 2):
        raise RefusedError(
            "forbidden_by_document",
            f"{who} states /P {level}: it permits no annotations, and {count} boxes need {count - 1} of them",
        )
    if not _is_signed(document):
        return ()
    if not allow_annotations:
        raise RefusedError(
            "annotations_on_signed",
            f"the document is signed, and {count} boxes add annotations, which some verifiers call "
            "a forbidden change to the earlier signatures: use one box, or allow annotations",
        )
    return (
        "the document was signed before: verifiers, this one among them, may call the added stamps "
        "a forbidden change to it",
    )


def _is_signed(document: Document) -> bool:
    return any(not one.empty for one in find_signatures(document))


def _document_notes(document: Document, target: FieldTarget | None, hole_bytes: int) -> tuple[str, ...]:
    """What the caller should know of a document that can be sealed."""
    notes: tuple[str, ...] = ()
    if target is None and certification_level(document) is not None:
        notes += (
            "the document is certified: some verifiers accept a further signature only in a field "
            "that was there when it was certified",
        )
    if has_usage_rights(document):
        notes += ("the document has usage rights (/UR3), which end for some readers once it is changed",)
    if hole_bytes > _SHORT_STRING and hole_bytes > (longest := longest_string(document) or hole_bytes):
        notes += (
            f"the document claims PDF/A, where a string has at most {longest} bytes: the {hole_bytes} "
            "reserved for the signature are more (a smaller seal picture or reserve helps)",
        )
    return notes + presentation_notes(document, new_field=target is None)


def _structure(document: Document) -> tuple[StructureTree | None, tuple[str, ...]]:
    """The structure tree that the seal joins, and what the caller should know where it cannot."""
    try:
        tree = read_structure(document)
    except Unusable as reason:
        return None, (f"the document is tagged, and its structure tree was left alone: {reason}",)
    if tree is not None and _is_signed(document):
        return None, (
            "the document is tagged and signed: the seal was left out of its structure tree, "
            "whose change would break the earlier signatures",
        )
    return tree, ()


def _check_certify(document: Document, certify: int | None) -> None:
    """12.8.2.2.1: a document is certified once, by its first signature."""
    if certify is None:
        return
    if certify not in (1, 2, 3):
        raise CallerError("argument", f"a certification permits 1, 2 or 3, not {certify}")
    if find_signatures(document):
        raise RefusedError(
            "forbidden_by_document", "the document is signed already: only its first signature can certify it"
        )


def _entry(
    plan: Plan,
    when: datetime,
    words: Wording,
    document: Document,
    target: FieldTarget | None,
    certify: int | None,
    lock: FieldLock | None,
    timestamp: bool,
) -> SignatureEntry:
    if target is not None:
        own = lock_of(document, target)
        if lock is not None and own is not None and lock != own:
            raise CallerError(
                "argument",
                f"the field {target.name!r} says itself what is locked, {own}: it cannot lock {lock}",
            )
        if own is None and lock is not None and lock.permission and _is_signed(document):
            raise RefusedError(
                "forbidden_by_document",
                f"the document is signed: the field {target.name!r} cannot get a lock with a /P any more",
            )
        lock = lock or own
        check_seed(document, target, _given(plan, words, certify, lock, timestamp))
    return SignatureEntry(
        plan.filter, plan.subfilter, when, words.name, words.reason, words.location, words.contact,
        lock=lock, certify=certify,
    )  # fmt: skip


def _given(plan: Plan, words: Wording, certify: int | None, lock: FieldLock | None, timestamp: bool) -> Given:
    issuers = tuple(one.der for one in plan.certificates if one != plan.signer)
    return Given(
        plan.filter, plan.subfilter, plan.digest_algorithm, words.reason, certify, lock, timestamp,
        certificates=(plan.signer.der, *issuers),
    )  # fmt: skip


def _draw(
    revision: Revision,
    artwork: Artwork | None,
    placed: tuple[PlacedBox, ...],
    appearance: Appearance,
    rules: DrawingRules,
) -> tuple[FieldBox, ...]:
    """Each box with its form XObject; boxes of one size and window on pages turned alike share one."""
    shown = [item for item in placed if item.target is None or item.target.rect is not None]
    if artwork is None or not shown:
        return ()
    if len(shown) < len(placed):
        raise CallerError(
            "field_unusable", "the field shows nothing: it cannot go together with further boxes"
        )
    if not 0 < appearance.opacity <= 100:
        raise CallerError(
            "argument", f"the opacity must be above 0 and at most 100 per cent, not {appearance.opacity:g}"
        )
    drawing = write_drawing(revision, artwork)
    shared: dict[tuple[Matrix, Size, Rect], Ref] = {}
    boxes = []
    for item in shown:
        key = (item.page.geometry.upright, item.box.rect.size, item.box.window)
        if key not in shared:
            shared[key] = _form(revision, drawing, item, appearance, rules)
        user_rect = item.target.rect if item.target is not None else None
        boxes.append(
            FieldBox(item.page, user_rect or item.page.geometry.rect_to_user(item.box.rect), shared[key])
        )
    return tuple(boxes)


def _artwork(appearance: Appearance, words: Wording, when: datetime, rules: DrawingRules) -> Artwork:
    """Picture, captions and QR code, arranged; nothing is written yet."""
    picture = None
    if appearance.picture is not None:
        picture = read_picture(
            appearance.picture,
            opaque=rules.opaque,
            clear_white=appearance.clear_white,
            handwritten=appearance.handwriting,
        )
    return arrange(
        picture,
        natural_size=appearance.natural_size,
        captions=[(caption, caption.filled(asdict(words), when)) for caption in appearance.captions],
        code=appearance.code,
    )


def _form(
    revision: Revision, drawing: Drawing, item: PlacedBox, appearance: Appearance, rules: DrawingRules
) -> Ref:
    return write_form(
        revision,
        drawing,
        item.box.rect.size,
        upright=item.page.geometry.upright,
        opacity=1.0 if rules.opaque else appearance.opacity / 100,
        multiply=not (rules.opaque or appearance.cover_text),
        calibrated=rules.calibrated,
        window=item.box.window,
    )


def _check_digest(finished: Finished, algorithm: str, digest: bytes) -> None:
    if finished.digest_algorithm != algorithm or finished.document_digest != digest:
        raise RefusedError(
            "digest_mismatch",
            f"what was signed states the {finished.digest_algorithm} digest "
            f"{finished.document_digest.hex()}, the document's {algorithm} digest is {digest.hex()}",
        )


def fill_hole(hole: tuple[int, int], container: bytes, size: int, tail: bytes) -> Patch:
    """The hole's hex string: the container, then zeros. RefusedError `hole_too_small`.

    `size` and `tail` tell the prepared PDF from others.
    """
    room = (hole[1] - 2) // 2
    if len(container) > room:
        raise RefusedError(
            "hole_too_small",
            f"the container needs {len(container)} bytes and {room} are reserved: prepare again with more",
        )
    return Patch(hole[0] + 1, container.hex().upper().encode().ljust(2 * room, b"0"), size, tail)
