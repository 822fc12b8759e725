"""Verify: what was signed, by whom, when, whether it was changed since, and why we believe so.

The plan, for each signature; the blocks below carry the numbers:

    1. Find every signature in every revision, unknown SubFilters included.
    2. ByteRange: four integers, inside the file, its gap exactly this dictionary's /Contents.
    3. Container: decide by content, parse.
    4. Digest over the ByteRange.
    5. Signature value.
    6. SES only: signer in the seal's list, the maker's signature, the seal's validity.
    7. Signer's certificate: path to an anchor of the caller, time, key usage, revocation.
    8. Timestamp.
    9. What came after the signed revision.
   10. Verdict.

Law: pure. Sub-results stay apart, one verdict on top. Embedded certificates are never anchors.
What is not built or not asked for says `not_checked`. Raises only for input that cannot be read
as a PDF at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pdfseal.asn1 import LENIENCIES, Reading
from pdfseal.containers import read_container
from pdfseal.containers.base import Container, DigestSpec
from pdfseal.containers.cms import CmsContainer
from pdfseal.containers.ses_reading import SesContainer
from pdfseal.errors import DocumentError
from pdfseal.pdf.changes import EVERY_FIELD, MAX_DETAILS, History
from pdfseal.pdf.document import Document
from pdfseal.pdf.dss import Dss, read_dss
from pdfseal.pdf.limits import DEFAULT_LIMITS, Limits
from pdfseal.pdf.permission import docmdp_permission, read_permission
from pdfseal.pdf.signature import FoundSignature, covered_pieces, displayed_boxes, find_signatures
from pdfseal.pdf.source import Source
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.gather import Fetch
from pdfseal.pki.revocation import RevocationData, RevocationPolicy
from pdfseal.pki.trust import PathResult, TrustAnchors
from pdfseal.pki.validation import Validator
from pdfseal.report import (
    ChangesSeen,
    FileFacts,
    Finding,
    Report,
    ReportedBox,
    Severity,
    SignatureReport,
    Signer,
    Trust,
    sum_up,
    verdict_of,
)
from pdfseal.verification.digesting import Job, compute
from pdfseal.verification.seal import judge_seal
from pdfseal.verification.signer import judge_signer, with_material
from pdfseal.verification.timestamps import (
    Place,
    Proof,
    TimeTrust,
    TimeVerdict,
    earliest,
    judge_document_timestamp,
    judge_signature_token,
)

_CLOCK_TOLERANCE = timedelta(hours=1)  # of the signer's clock, which nobody set
_TIMESTAMP_SUBFILTER = "ETSI.RFC3161"  # 12.8.5
_ALLOWED_LEVELS = ("none", "ltv", "signatures", "form_filling")
# 12.8.2.2.2: what each /P of a certification permits.
_ALLOWED_BY_DOCMDP = {
    1: ("none", "ltv"),
    2: ("none", "ltv", "signatures", "form_filling"),
    3: ("none", "ltv", "signatures", "form_filling", "annotations"),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What the caller asks for.

    `trust`: the only certificates that are anchors; None leaves trust unchecked. `timestamp_trust`:
    the anchors of timestamp authorities, by default the same. `untrusted`: more certificates that
    may stand between. `at`: the moment of judgement, aware. `strict` refuses every named leniency.
    `password` opens an encrypted document. `data`: CRLs and OCSP responses beside those of the
    document, `revocation` what is asked of them, `fetch` where to ask for what is missing. `limits`
    bound what reading the document may cost.
    """

    at: datetime
    trust: TrustAnchors | None = None
    timestamp_trust: TrustAnchors | None = None
    untrusted: tuple[Certificate, ...] = ()
    strict: bool = False
    password: str | None = None
    data: RevocationData = field(default_factory=RevocationData, repr=False)
    revocation: RevocationPolicy = field(default_factory=RevocationPolicy)
    fetch: Fetch | None = field(default=None, repr=False)
    limits: Limits = DEFAULT_LIMITS

    @property
    def validator(self) -> Validator:
        return Validator(self.trust, self.untrusted, self.data, self.revocation, self.fetch)

    def for_time(self, validator: Validator) -> TimeTrust:
        """The same material, under the anchors of timestamp authorities where they are others."""
        anchors = self.trust if self.timestamp_trust is None else self.timestamp_trust
        return TimeTrust(replace(validator, anchors=anchors), self.at, self.strict)


@dataclass(slots=True)
class _Case:
    """One signature while the plan runs over it."""

    found: FoundSignature
    findings: list[Finding] = field(default_factory=list)
    container: Container | None = None
    digest_ok: bool | None = None
    signature_ok: bool | None = None
    timestamp: TimeVerdict | None = None
    proven_time: datetime | None = None

    def note(self, code: str, severity: Severity, message: str) -> None:
        self.findings.append(Finding(code, severity, message))


def verify(source: Source, policy: Policy) -> Report:
    """The verdict on a PDF and on each of its signatures."""
    document = Document.open(source, password=policy.password, limits=policy.limits)
    # 1. Find every signature
    cases = [_Case(found) for found in find_signatures(document)]
    for case in cases:
        _judge_byte_range(case)
        _read_container(case, policy)
    _judge_certifications(document, cases)
    digests = _digest_all(source, cases)
    for case in cases:
        _check_container(case, digests)
    store = _read_store(document, cases)
    validator = with_material(policy.validator, store, (case.found.contents for case in cases))
    _judge_timestamps(store, cases, digests, policy.for_time(validator))
    history = History(document, (case.found.covered_end for case in cases if _covers_revision(case)))
    reports = tuple(
        _report(document, history, case, boxes, policy, validator)
        for case, boxes in zip(cases, _boxes(document, cases), strict=True)
    )
    document.work.check()  # what could not be looked at for want of work is no finding: there is no verdict
    return Report(
        verdict=sum_up(reports),
        file=FileFacts(
            sha256=digests[_file_job(source, "sha256")].hex(),
            sm3=digests[_file_job(source, "sm3")].hex(),
            size=source.size,
        ),
        signatures=reports,
    )


def _judge_byte_range(case: _Case) -> None:
    # 2. ByteRange
    found = case.found
    for code, message in found.problems:
        case.note(code, "error", message)
    if found.coverage == "partial" and not found.problems:
        case.note(
            "partial_coverage",
            "error",
            "the signature covers neither the whole file nor a whole revision of it",
        )
    if found.field is None:
        case.note(
            "not_in_form", "error", "the signature is in the file, but no field of the form leads to it"
        )
    if found.field_count > 1:
        message = f"the signature is the value of {found.field_count} fields; the first of them is named here"
        case.note("several_fields", "warning", message)


def _judge_certifications(document: Document, cases: Sequence[_Case]) -> None:
    # 12.8.2.2.1: one signature certifies a document, the first
    for case in cases[1:]:
        if docmdp_permission(document, case.found.dictionary) is not None:
            message = "the signature says that it certifies the document, and it is not the first one"
            case.note("certification_not_first", "warning", message)


def _read_container(case: _Case, policy: Policy) -> None:
    # 3. Container
    found = case.found
    if found.empty:
        case.note("empty", "error", "the signature field was prepared and never signed: its hole is empty")
        return
    try:
        case.container = read_container(found.contents, reading=Reading(strict=policy.strict))
    except DocumentError as error:
        case.note("container_unreadable", "error", f"the signature container cannot be read: {error.message}")


def _file_job(source: Source, algorithm: str) -> Job:
    return Job(DigestSpec(algorithm), ((0, source.size),))


def _jobs(case: _Case) -> dict[DigestSpec, Job]:
    if case.container is None or case.found.byte_range is None:
        return {}
    pieces = covered_pieces(case.found.byte_range)
    return {spec: Job(spec, pieces) for spec in case.container.needed_digests()}


def _digest_all(source: Source, cases: Sequence[_Case]) -> dict[Job, bytes]:
    """Every digest that is needed, the file's own included, in one pass for each algorithm."""
    jobs = [job for case in cases for job in _jobs(case).values()]
    return compute(source, [*jobs, _file_job(source, "sha256"), _file_job(source, "sm3")])


def _check_container(case: _Case, digests: dict[Job, bytes]) -> None:
    if case.container is None or case.found.byte_range is None:
        return
    # 4. Digest over the ByteRange, 5. Signature value
    check = case.container.check({spec: digests[job] for spec, job in _jobs(case).items()})
    case.digest_ok, case.signature_ok = check.digest_ok, check.signature_ok
    if check.digest_ok is False:
        case.note(
            "digest_mismatch",
            "error",
            "the signed bytes were changed: their digest is not the one that was signed",
        )
    if not check.signature_ok:
        case.note(
            "signature_invalid",
            "error",
            "the signature value is wrong: " + ("; ".join(check.reasons) or "it does not verify"),
        )
    for leniency, places in case.container.reading.used.items():
        case.note(f"leniency.{leniency}", "info", f"{LENIENCIES[leniency]} ({', '.join(places[:3])})")
    if case.container.scheme is not None and case.container.scheme.digest == "sha1":
        case.note(
            "weak_algorithm",
            "warning",
            f"{case.container.algorithm} uses SHA-1, for which collisions can be made",
        )


def _judge_timestamps(
    store: Dss, cases: Sequence[_Case], digests: dict[Job, bytes], trust: TimeTrust
) -> None:
    # 8. Timestamps; what those of the whole document prove holds for every signature they cover
    proofs: list[Proof] = []
    for case in cases:
        if case.found.subfilter == _TIMESTAMP_SUBFILTER and case.container and not _is_timestamp(case):
            # step 9 lets a timestamp come where no signature may
            message = "/SubFilter says that the signature is a timestamp, and its container is none"
            case.note("timestamp_false", "error", message)
    for case in filter(_is_timestamp, cases):
        if case.found.subfilter != _TIMESTAMP_SUBFILTER:
            # step 9 goes by what it is called, and lets the signature of a person show what it likes
            message = f"the signature is a timestamp, and /SubFilter does not say so: {case.found.subfilter}"
            case.note("timestamp_undeclared", "warning", message)
        digest = next((digests[job] for job in _jobs(case).values()), b"")
        assert isinstance(case.container, CmsContainer)  # its kind says so
        case.timestamp = judge_document_timestamp(case.container, case.found.contents, digest, trust)
        # what is wrong with digest or signature was noted in steps 4 and 5
        wrong_already = case.digest_ok is False or case.signature_ok is False
        case.findings += () if wrong_already else case.timestamp.findings
        if case.timestamp.proven is not None and _covers_revision(case):
            proofs.append(Proof(case.timestamp.proven, case.found.covered_end))
    for case in cases:
        if case.container is None or case.container.kind == "timestamp":
            continue
        # a seal of GM/T 0031-2014 has no place for its token but the security store
        own_token = case.container.timestamp
        token = own_token if own_token is not None else store.timestamp_of(case.found.contents)
        place: Place = "signature" if own_token is not None else "security_store"
        if token is not None:
            case.timestamp = judge_signature_token(token, case.container, trust, place=place)
            case.findings += case.timestamp.findings
        own = case.timestamp.proven if case.timestamp is not None else None
        later = earliest(proofs, case.found.covered_end)
        case.proven_time = min((one for one in (own, later) if one is not None), default=None)


def _is_timestamp(case: _Case) -> bool:
    return case.container is not None and case.container.kind == "timestamp"


def _read_store(document: Document, cases: Sequence[_Case]) -> Dss:
    try:
        return read_dss(document)
    except DocumentError as error:
        for case in cases:
            case.note("security_store_unreadable", "warning", f"the security store: {error.message}")
        return Dss()


def _report(
    document: Document,
    history: History,
    case: _Case,
    boxes: tuple[ReportedBox, ...],
    policy: Policy,
    validator: Validator,
) -> SignatureReport:
    found, container = case.found, case.container
    signing_time = _signing_time(document, case)
    # 6. SES only
    seal = _judge_seal(case, policy, validator, signing_time)
    # 7. Signer's certificate
    trust = _judge_trust(case, policy, validator, signing_time)
    # 8. Timestamp: judged before, because the proven time is when the certificate had to be valid
    timestamp = case.timestamp.facts if case.timestamp is not None else None
    # 9. What came after
    changes = _judge_changes(document, history, case)
    # 10. Verdict
    findings = tuple(case.findings)
    return SignatureReport(
        field=found.field,
        verdict=verdict_of(findings),
        kind=container.kind if container is not None else "unknown",
        subfilter=found.subfilter,
        coverage=found.coverage,
        digest_ok=case.digest_ok,
        signature_ok=case.signature_ok,
        changes=changes,
        algorithm=container.algorithm if container is not None else None,
        signer=_signer(case),
        signing_time=signing_time,
        timestamp=timestamp,
        trust=trust,
        seal=seal,
        boxes=boxes,
        findings=findings,
        reason=found.text("Reason", document),
        location=found.text("Location", document),
        proven_time=case.proven_time,
    )


def _judge_seal(
    case: _Case, policy: Policy, validator: Validator, signing_time: datetime | None
) -> dict[str, Any] | None:
    if not isinstance(case.container, SesContainer):
        return None
    verdict = judge_seal(
        case.container,
        byte_range=case.found.byte_range,
        validator=validator,
        signing_time=signing_time,
        used_at=case.proven_time or policy.at,
        at=policy.at,
    )
    case.findings += verdict.findings
    return verdict.facts


def _judge_trust(case: _Case, policy: Policy, validator: Validator, signing_time: datetime | None) -> Trust:
    certificate = case.container.signer if case.container is not None else None
    if case.container is None or certificate is None:
        return Trust("not_checked")
    if case.container.kind == "timestamp":
        return _trust_of_timestamp(case)
    standing = judge_signer(
        certificate,
        validator,
        others=case.container.certificates,
        at=case.proven_time or policy.at,
        proven=case.proven_time is not None,
        signing_time=signing_time,
    )
    case.findings += standing.findings
    if standing.validation is None:
        return standing.trust
    if signing_time is not None and not certificate.not_before <= signing_time <= certificate.not_after:
        case.note(
            "signed_outside_validity",
            "warning" if case.container.kind == "cms" else "error",
            "the stated signing time is outside the validity of the signer's certificate",
        )
    proven = case.proven_time
    if proven is not None and signing_time is not None and signing_time > proven + _CLOCK_TOLERANCE:
        message = "the stated signing time is later than the time that a timestamp proves"
        case.note("signing_time_contradicted", "warning", message)
    return standing.trust


def _trust_of_timestamp(case: _Case) -> Trust:
    """The path of a document timestamp was judged with the token."""
    path = case.timestamp.result.path if case.timestamp is not None and case.timestamp.result else None
    if path is None:
        message = "no trust anchors were given: whose timestamp this is was not checked"
        case.note("trust_not_checked", "warning", message)
        return Trust("not_checked")
    return _trust_of(path)


def _trust_of(path: PathResult) -> Trust:
    return Trust(path.status, tuple(one.subject for one in path.chain), path.revocation, path.reason)


def _covers_revision(case: _Case) -> bool:
    return case.found.coverage in ("whole_file", "revision")


def _judge_changes(document: Document, history: History, case: _Case) -> ChangesSeen:
    if not _covers_revision(case):
        return ChangesSeen("other", False)
    changes = history.since(case.found.covered_end)
    permission = read_permission(document, case.found.dictionary, *case.found.owners)
    level = permission.level
    allowed = changes.level in (_ALLOWED_LEVELS if level is None else _ALLOWED_BY_DOCMDP[level])
    for change in dict.fromkeys(changes.details):
        severity: Severity = "info" if allowed else "error"
        case.note(
            f"changes.{change.level}", severity, f"after signing: {change.reason} (object {change.number})"
        )
    if not allowed and level is not None:
        case.note("changes.docmdp", "error", f"the signature permits only /P {level} to come later")
    broken = sorted(filter(permission.locked, changes.fields - {EVERY_FIELD}))
    if EVERY_FIELD in changes.fields and any(lock.action == "All" for lock in permission.locks):
        broken.append("*")  # what draws every field anew draws the locked ones anew
    for name in broken[:MAX_DETAILS]:
        message = f"the signature locks the field {name!r}, which was filled in or signed later"
        case.note("changes.fieldmdp", "error", message)
    allowed = allowed and not broken
    return ChangesSeen(changes.level, allowed, changes.revisions)


def _signing_time(document: Document, case: _Case) -> datetime | None:
    """What a document timestamp proves or claims; else the signed time, else /M, a claim of the file."""
    if case.timestamp is not None and case.timestamp.result and _is_timestamp(case):
        return case.timestamp.result.token.gen_time
    if case.container is not None and case.container.signing_time is not None:
        return case.container.signing_time
    text = case.found.text("M", document)
    return parse_pdf_date(text) if text else None


def parse_pdf_date(text: str) -> datetime | None:
    """A PDF date (ISO 32000-2, 7.9.4) as an aware datetime; None for anything else or without a zone."""
    digits = text.removeprefix("D:")
    try:
        moment = datetime.strptime(digits[:14], "%Y%m%d%H%M%S")
        zone = digits[14:].replace("'", "")
        if zone in ("Z", "Z0000"):
            zone = "+0000"
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5] or 0))
        sign = {"+": 1, "-": -1}[zone[0]]
        return datetime.fromisoformat(f"{moment.isoformat()}+00:00") - sign * offset
    except (ValueError, IndexError, KeyError, OverflowError):
        return None


def _signer(case: _Case) -> Signer | None:
    certificate = case.container.signer if case.container is not None else None
    if certificate is None:
        return None
    return Signer(
        certificate.common_name, certificate.subject, certificate.issuer, certificate.serial_hex,
        certificate.not_before, certificate.not_after,
    )  # fmt: skip


def _boxes(document: Document, cases: Sequence[_Case]) -> list[tuple[ReportedBox, ...]]:
    try:
        shown = displayed_boxes(document, (case.found for case in cases))
    except DocumentError as error:
        for case in cases:
            message = f"where the seal is shown cannot be read: {error.message}"
            case.note("boxes_unreadable", "info", message)
        return [()] * len(cases)
    return [tuple(ReportedBox(page, rect) for page, rect in boxes) for boxes in shown]
