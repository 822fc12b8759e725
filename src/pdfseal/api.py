"""The public verbs: paths and bytes in, values out; the clock and random bytes are filled in here.

Law: no logic. Everything below takes time and randomness as arguments; this is the only module
of the library that asks the machine for them. An argument of another kind than its annotation says is
the caller's mistake, `argument`, and the message names it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from pdfseal import extending, inspection, sealing, stamping, verification
from pdfseal.arguments import checked
from pdfseal.containers.base import Plan
from pdfseal.containers.cms import plan_cms
from pdfseal.containers.ses import plan_ses
from pdfseal.containers.ses_reading import read_seal
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.errors import CallerError, DocumentError, RefusedError
from pdfseal.geometry import Size, mm_to_points
from pdfseal.pdf.document import Document
from pdfseal.pdf.limits import DEFAULT_LIMITS, Limits
from pdfseal.pdf.page_ranges import PageSelection
from pdfseal.pdf.permission import FieldLock
from pdfseal.pdf.repair import repair_hint, rewrite
from pdfseal.pdf.source import BytesSource, opened
from pdfseal.pdf.text.pages import PageTexts
from pdfseal.pdf.text.search import Located, Order, Progress, search
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.crl import RevocationList
from pdfseal.pki.gather import Fetch
from pdfseal.pki.ocsp import OcspResponse
from pdfseal.pki.revocation import Mode, RevocationData, RevocationPolicy
from pdfseal.pki.trust import TrustAnchors
from pdfseal.placement import Placement
from pdfseal.prepared import Patch, Pdf, PreparedSeal
from pdfseal.report import Report
from pdfseal.sealing import Appearance, Wording
from pdfseal.stamping import Stamped, Stamper, StampPolicy

CertificateLike = Certificate | bytes
CONTAINER_SCHEMES = ("cms", "ses2014", "ses2020")
EXTENSION_LEVELS = ("B-LT", "B-LTA")


@checked
def prepare(
    pdf: Pdf,
    *,
    placement: Placement | None,
    appearance: Appearance | None = None,
    signer: CertificateLike,
    chain: Sequence[CertificateLike] = (),
    scheme: str | None = None,
    seal: bytes | None = None,
    signature_scheme: str | None = None,
    subfilter: str | None = None,
    when: datetime | None = None,
    wording: Wording | None = None,
    field_name: str | None = None,
    reserve: int | None = None,
    certify: int | None = None,
    lock: FieldLock | None = None,
    timestamp: bool = True,
    password: str | None = None,
    repair: bool = False,
    allow_annotations: bool = False,
    texts: PageTexts | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> PreparedSeal:
    """Prepare a PDF for a signature that is made elsewhere, by whom `.hash_set_bytes` is signed.

    `signer` is the certificate of the outside key, `chain` what leads from it towards a root
    (Certificate values, DER or PEM). `seal` is an SESeal (DER) to seal with; its own picture is
    drawn at its own size unless `appearance` brings one. `scheme` names the container: "cms", or
    the seal's layout, "ses2014" or "ses2020"; it follows from `seal` if absent. `signature_scheme`
    names the algorithm ("rsa-pss-sha256", ...), by default what fits the key. `when`: aware,
    now if absent. `certify`: /P (1, 2 or 3) of a certification, for a first signature.
    `lock`: FieldLock("All"), or ("Include" or "Exclude", names): form fields that it locks.
    `reserve`: bytes for the container. `timestamp`: keep room for a token. `password` opens an
    encrypted PDF. `repair` rewrites a damaged one first, in memory, if it carries no signature.
    `allow_annotations` lets several boxes onto a signed PDF. `.notes` says what the caller should
    know of either. `texts`: what `read_texts` gave for the same PDF. `limits`: docs/limits.md.

    Raises CallerError, RefusedError, DocumentError (docs/errors.md).
    """
    plan = make_plan(scheme, signer, chain, signature_scheme, subfilter, seal)
    prepare_source = partial(
        sealing.prepare,
        placement=placement,
        appearance=_appearance(appearance, seal),
        plan=plan,
        when=when or datetime.now(UTC).replace(microsecond=0),
        file_id=os.urandom(16),
        wording=wording,
        field_name=field_name,
        reserve=reserve,
        certify=certify,
        lock=lock,
        timestamp=timestamp,
        password=password,
        allow_annotations=allow_annotations,
        texts=texts,
        limits=limits,
    )
    with opened(pdf) as source:
        try:
            return prepare_source(source).with_origin(pdf, source)
        except DocumentError as error:
            if error.code != "pdf_damaged":
                raise
            if not repair:
                raise repair_hint(error, source) from error
        rewritten = BytesSource(rewrite(source, password, limits))
    prepared = prepare_source(rewritten).with_origin(rewritten.data, rewritten)
    return replace(prepared, notes=(*prepared.notes, "the PDF was damaged and was rewritten before sealing"))


@checked
def read_texts(pdf: Pdf, *, password: str | None = None, limits: Limits = DEFAULT_LIMITS) -> PageTexts:
    """The texts of a PDF's pages, each read when first needed and then kept; close it after use.

    `limits`: docs/limits.md. Raises DocumentError, `wrong_password`.
    """
    with opened(pdf) as source:
        return PageTexts(Document.open(source, password=password, limits=limits), password)


@checked
def locate(
    pdf: Pdf | PageTexts,
    keywords: str | Sequence[str],
    *,
    pages: PageSelection = "all",
    order: Order = "all",
    nth: int | None = None,
    whole_word: bool = False,
    require_all: bool = True,
    password: str | None = None,
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Located:
    """Where keywords stand: `Located.matches`, boxes in displayed page space.

    `pdf` may be what `read_texts` gave: then pages that were read before are not read again.
    `order`: "all" or "asc" in reading order, "desc" the other way round; with `nth` only the n-th
    of each keyword, from that end. `require_all`: every keyword must be found. `progress` is called
    with pages done and pages to do. `Located.unreadable` lists pages with text that no reader can
    name. `limits`: docs/limits.md. Raises `keyword_not_found`, `page_out_of_range`, `argument`,
    DocumentError.
    """
    words = (keywords,) if isinstance(keywords, str) else tuple(keywords)
    find = partial(
        search,
        keywords=words,
        pages=pages,
        order=order,
        nth=nth,
        whole_word=whole_word,
        require_all=require_all,
        progress=progress,
    )
    if isinstance(pdf, PageTexts):
        return find(pdf)
    with read_texts(pdf, password=password, limits=limits) as texts:
        return find(texts)


def _appearance(appearance: Appearance | None, seal: bytes | None) -> Appearance:
    """The caller's; where it brings no picture, the seal's own at its size in mm."""
    given = appearance or Appearance(None)
    if given.picture is not None or seal is None:
        return given
    picture = read_seal(seal).info.picture
    size = Size(mm_to_points(picture.width_mm), mm_to_points(picture.height_mm))
    return replace(given, picture=picture.data, natural_size=given.natural_size or size)


@checked
def make_plan(
    scheme: str | None,
    signer: CertificateLike,
    chain: Sequence[CertificateLike] = (),
    signature_scheme: str | None = None,
    subfilter: str | None = None,
    seal: bytes | None = None,
) -> Plan:
    """The container to be built.

    Raises `unknown_scheme`, `certificate_unreadable`, `weak_algorithm`, `signer_not_in_seal`.
    """
    if scheme is not None and scheme not in CONTAINER_SCHEMES:
        raise CallerError(
            "unknown_scheme", f"{scheme!r} is no container scheme: {', '.join(CONTAINER_SCHEMES)}"
        )
    if signature_scheme is not None and signature_scheme not in SCHEMES:
        raise CallerError(
            "unknown_scheme", f"{signature_scheme!r} is no signature scheme: {', '.join(SCHEMES)}"
        )
    chosen = None if signature_scheme is None else SCHEMES[signature_scheme]
    certificate, others = _certificate(signer), tuple(map(_certificate, chain))
    if seal is None:
        if scheme not in (None, "cms"):
            raise CallerError("argument", f"the scheme {scheme} needs an electronic seal (SESeal)")
        return plan_cms(certificate, chain=others, scheme=chosen, subfilter=subfilter)
    plan = plan_ses(seal, certificate, chain=others, scheme=chosen)
    if scheme not in (None, plan.scheme_name):
        raise CallerError("argument", f"the seal's layout is {plan.scheme_name}, not {scheme}")
    return plan


@checked
def compose(prepared: PreparedSeal, signature: bytes, *, timestamp: bytes | None = None) -> Patch:
    """The patch that turns the prepared PDF into the sealed one; constant time at any file size.

    `signature`: what the outside signer returned for `prepared.hash_set_bytes` (SM2 and ECDSA:
    DER or raw r‖s). `Patch.write_in_place(path)`, `Patch.applied_to(bytes)`.
    Raises `signature_invalid`, `digest_mismatch`, `hole_too_small`.
    """
    return sealing.compose(prepared, signature, timestamp=timestamp)


@checked
def compose_prepared(
    pdf: Pdf,
    to_be_signed: bytes,
    signature: bytes,
    *,
    certificates: Sequence[CertificateLike],
    timestamp: bytes | None = None,
    password: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """The sealed PDF from the prepared one alone, without a PreparedSeal.

    `certificates`: candidates for the signer's, and its chain. Hashes the document again.
    `limits`: docs/limits.md.
    Raises `not_prepared`, `digest_mismatch`, `signature_invalid`, `certificate_not_candidate`.
    """
    with opened(pdf) as source:
        patch = sealing.compose_prepared(
            source,
            to_be_signed,
            signature,
            certificates=tuple(map(_certificate, certificates)),
            timestamp=timestamp,
            password=password,
            limits=limits,
        )
        return patch.applied_to(source.read(0, source.size))


@checked
def verify(
    pdf: Pdf,
    *,
    trust: TrustAnchors | None = None,
    timestamp_trust: TrustAnchors | None = None,
    untrusted: Sequence[CertificateLike] = (),
    at: datetime | None = None,
    strict: bool = False,
    password: str | None = None,
    crls: Sequence[bytes] = (),
    ocsps: Sequence[bytes] = (),
    revocation: Mode | RevocationPolicy = "soft",
    fetch: Fetch | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Report:
    """The verdict on a PDF and each of its signatures.

    `trust`: the only anchors; without them the best verdict is `indeterminate`. `timestamp_trust`:
    the anchors of timestamp authorities, where they are others. `untrusted`:
    more intermediate certificates. `at`: the moment of judgement, now if absent. `strict`
    refuses every named leniency. `crls`, `ocsps`: more revocation data (DER or PEM) beside what
    the document holds. `revocation`: "soft" lets an unknown status pass, "hard" does not, "off"
    does not look. `fetch` asks for what is missing (`adapters.fetch.HttpFetch`); absent, nothing
    is ever fetched. `limits` bound what the file may cost (docs/limits.md).
    `Report.require_valid()` raises unless it passed.
    """
    policy = verification.Policy(
        at=at or datetime.now(UTC),
        trust=trust,
        timestamp_trust=timestamp_trust,
        untrusted=tuple(map(_certificate, untrusted)),
        strict=strict,
        password=password,
        data=revocation_data(crls, ocsps),
        revocation=revocation_policy(revocation),
        fetch=fetch,
        limits=limits,
    )
    with opened(pdf) as source:
        return verification.verify(source, policy)


@checked
def revocation_data(crls: Sequence[bytes], ocsps: Sequence[bytes]) -> RevocationData:
    """CRLs and OCSP responses from files. Raises `revocation_unreadable`."""
    return RevocationData(
        tuple(one for data in crls for one in RevocationList.load_many(data)),
        tuple(one for data in ocsps for one in OcspResponse.load_many(data)),
    )


def revocation_policy(value: Mode | RevocationPolicy) -> RevocationPolicy:
    if isinstance(value, RevocationPolicy):
        return value
    if value not in ("off", "soft", "hard"):
        raise CallerError("argument", f"{value!r} is no revocation policy: off, soft, hard")
    return RevocationPolicy(value)


@checked
def stamp_signature(
    prepared: PreparedSeal,
    signature: bytes,
    authority: Stamper,
    *,
    policy: StampPolicy = "require",
    algorithm: str | None = None,
) -> Stamped:
    """Ask for a timestamp over a signature value, before `compose(..., timestamp=stamped.token)`.

    `authority`: a callable (digest name, imprint) -> token, such as `adapters.tsa.TsaClient`.
    `policy` "best-effort" states a failure in the result, "require" raises it (`tsa_failed`); the
    signature value is never lost. `algorithm`: digest of the imprint, the document's by default.
    """
    return stamping.stamp_signature(prepared, signature, authority, policy=policy, algorithm=algorithm)


@checked
def prepare_timestamp(
    pdf: Pdf,
    *,
    algorithm: str = "sha256",
    field_name: str | None = None,
    reserve: int | None = None,
    password: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> PreparedSeal:
    """Prepare a document timestamp (ISO 32000-2, 12.8.5): `hash_bytes` is the imprint to be stamped.

    `algorithm`: digest of the imprint. `reserve`: bytes for the token. `limits`: docs/limits.md.
    """
    with opened(pdf) as source:
        return stamping.prepare_timestamp(
            source,
            algorithm=algorithm,
            file_id=os.urandom(16),
            when=datetime.now(UTC),
            field_name=field_name,
            reserve=reserve,
            password=password,
            limits=limits,
        ).with_origin(pdf, source)


@checked
def compose_timestamp(prepared: PreparedSeal, token: bytes) -> Patch:
    """The patch that puts a token, or the one in a whole response, into a prepared document timestamp.

    Raises `tsa_failed` for a token that is not over this document or not good, `hole_too_small`.
    """
    return stamping.compose_timestamp(prepared, token)


@checked
def timestamp_document(
    pdf: Pdf,
    *,
    authority: Stamper,
    algorithm: str = "sha256",
    password: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """The PDF with a document timestamp by `authority`; earlier signatures stay as they are.

    `limits`: docs/limits.md.
    """
    prepared = prepare_timestamp(pdf, algorithm=algorithm, password=password, limits=limits)
    patch = compose_timestamp(prepared, authority(algorithm, prepared.hash_bytes))
    return patch.applied_to(prepared.pdf_bytes())


@checked
def attach_timestamp(
    pdf: Pdf,
    authority: Stamper,
    *,
    field_name: str | None = None,
    password: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """The PDF with a timestamp for a signature that is in it already, kept in the security store.

    For seals of GM/T 0031-2014, which have no place of their own for one. `field_name` names the
    signature, None the newest. `limits`: docs/limits.md. Raises `tsa_failed`, `not_prepared`.
    """
    with opened(pdf) as source:
        appended = stamping.attach_timestamp(
            source,
            authority,
            file_id=os.urandom(16),
            field_name=field_name,
            password=password,
            limits=limits,
        )
        return source.read(0, source.size) + appended


@checked
def inspect(
    pdf: Pdf, *, password: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> inspection.Inspection:
    """The revisions of a PDF, what each changed, its signatures and its own rules. Nothing is verified."""
    with opened(pdf) as source:
        return inspection.inspect(source, password=password, limits=limits)


def _certificate(value: CertificateLike) -> Certificate:
    return value if isinstance(value, Certificate) else Certificate.load(value)


@checked
def extend(
    pdf: Pdf,
    *,
    level: str = "B-LT",
    trust: TrustAnchors,
    timestamp_trust: TrustAnchors | None = None,
    untrusted: Sequence[CertificateLike] = (),
    crls: Sequence[bytes] = (),
    ocsps: Sequence[bytes] = (),
    fetch: Fetch | None = None,
    authority: Stamper | None = None,
    algorithm: str = "sha256",
    at: datetime | None = None,
    password: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """The PDF with what a verifier will need in ten years (ETSI EN 319 142-1, 6.3), seals alike.

    "B-LT" keeps certificates and revocation data in the document; "B-LTA" puts a document
    timestamp by `authority` over them, and renews an earlier one. A signature whose time nothing
    proves gets a document timestamp first. `at`: the moment of judgement, now if absent.
    `limits`: docs/limits.md, of the PDF as given and of what is made of it.
    Raises `evidence_missing`, `time_not_proven`, `report_not_valid`, `tsa_failed`, `fetch_failed`.
    """
    if level not in EXTENSION_LEVELS:
        raise CallerError("argument", f"{level!r} is no level to extend to: {', '.join(EXTENSION_LEVELS)}")
    policy = verification.Policy(
        at=at or datetime.now(UTC),
        trust=trust,
        timestamp_trust=timestamp_trust,
        untrusted=tuple(map(_certificate, untrusted)),
        password=password,
        data=revocation_data(crls, ocsps),
        fetch=fetch,
        limits=limits,
    )
    stamped = partial(_stamped, authority=authority, algorithm=algorithm, password=password, limits=limits)
    with opened(pdf) as source:
        report = extending.check_extensible(source, policy)
        data = source.read(0, source.size)
    if not extending.time_is_proven(report):
        data = stamped(data)
    evidence = extending.collect_evidence(BytesSource(data), policy)
    data += extending.append_evidence(
        BytesSource(data), evidence, file_id=os.urandom(16), password=password, limits=limits
    )
    return stamped(data) if level == "B-LTA" else data


def _stamped(
    data: bytes, *, authority: Stamper | None, algorithm: str, password: str | None, limits: Limits
) -> bytes:
    if authority is None:
        raise RefusedError("time_not_proven", "this level needs a timestamp: name a timestamp authority")
    return timestamp_document(
        data, authority=authority, algorithm=algorithm, password=password, limits=limits
    )
