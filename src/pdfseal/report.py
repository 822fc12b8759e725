"""The verdict on a PDF as frozen values, and their JSON form (schema 1).

Law: a report states sub-results apart and one verdict on top. What was not checked says
`not_checked`; it never looks like a good result. Nothing here computes anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from pdfseal.errors import RefusedError
from pdfseal.geometry import Rect

Verdict = Literal["passed", "failed", "indeterminate", "unsigned"]
Severity = Literal["error", "warning", "info"]
SCHEMA = 1

# The worse one counts when several signatures are summed up.
_RANK: dict[str, int] = {"passed": 0, "indeterminate": 1, "failed": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation. `code` is stable, `message` one sentence.

    An `error` makes the signature fail, a `warning` leaves it indeterminate, `info` does neither.
    """

    code: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class Signer:
    """The signer's certificate in words. `serial` is upper-case hexadecimal."""

    common_name: str
    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class RevocationSeen:
    """What is known of one certificate. `status`: good, revoked, revoked_later, unknown.

    `source`: crl, ocsp or "". Times are those of the CRL or OCSP response that decided.
    """

    subject: str
    status: str
    source: str
    reason: str
    this_update: datetime | None
    next_update: datetime | None


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether the signer's certificate leads to an anchor of the caller.

    `status`: `pki.validation.Validation.status`, or `not_checked` where no anchors were given.
    `chain` holds subject names from the signer to the anchor that was proven. `revocation` sums
    up `certificates`, which has an entry for each certificate of the chain but the anchor.
    """

    status: str
    chain: tuple[str, ...] = ()
    revocation: str = "not_checked"
    reason: str = ""
    certificates: tuple[RevocationSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangesSeen:
    """What came after the signature: the level, whether it is allowed, and how many revisions it took."""

    level: str
    allowed: bool
    revisions: int = 0


@dataclass(frozen=True, slots=True)
class ReportedBox:
    """A visible place of the signature, in displayed page space."""

    page: int
    rect: Rect


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature.

    `digest_ok` and `signature_ok` are None where they could not be judged. `proven_time`: by when
    a timestamp proves that it existed.
    """

    field: str | None
    verdict: Verdict
    kind: str
    subfilter: str | None
    coverage: str
    digest_ok: bool | None
    signature_ok: bool | None
    changes: ChangesSeen
    algorithm: str | None
    signer: Signer | None
    signing_time: datetime | None
    timestamp: dict[str, Any] | None
    trust: Trust
    seal: dict[str, Any] | None
    boxes: tuple[ReportedBox, ...]
    findings: tuple[Finding, ...]
    reason: str | None = None
    location: str | None = None
    proven_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What identifies the file that was verified. Digests are lower-case hexadecimal."""

    sha256: str
    sm3: str
    size: int


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on one file."""

    verdict: Verdict
    file: FileFacts
    signatures: tuple[SignatureReport, ...] = field(default=())

    def require_valid(self) -> None:
        """Raise RefusedError `report_not_valid` unless the verdict is `passed`."""
        if self.verdict == "passed":
            return
        reasons = [
            f"{one.field or 'a signature'}: {finding.message}"
            for one in self.signatures
            for finding in one.findings
            if finding.severity != "info"
        ]
        detail = "; ".join(reasons[:3]) or "the document carries no signature"
        raise RefusedError("report_not_valid", f"the verdict is {self.verdict}: {detail}")

    def to_json(self) -> dict[str, Any]:
        """The JSON form, schema 1: see docs/report.md."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "file": {"sha256": self.file.sha256, "sm3": self.file.sm3, "size": self.file.size},
            "signatures": [_signature_json(one) for one in self.signatures],
        }


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """The verdict on one signature: any error fails it, any warning leaves it indeterminate."""
    severities = {finding.severity for finding in findings}
    if "error" in severities:
        return "failed"
    return "indeterminate" if "warning" in severities else "passed"


def sum_up(signatures: tuple[SignatureReport, ...]) -> Verdict:
    """The verdict on a file: the worst of its signatures, `unsigned` where there is none."""
    if not signatures:
        return "unsigned"
    return max((one.verdict for one in signatures), key=lambda verdict: _RANK[verdict])


# Sub-indications of ETSI EN 319 102-1, table 5, by the code of a finding; the first that fits counts.
_ETSI_FAILED = (
    ("digest_mismatch", "HASH_FAILURE"), ("signature_invalid", "SIG_CRYPTO_FAILURE"),
    ("trust.revoked", "REVOKED"), ("container_unreadable", "FORMAT_FAILURE"), ("empty", "FORMAT_FAILURE"),
    ("byte_range", "FORMAT_FAILURE"), ("gap_mismatch", "FORMAT_FAILURE"), ("contents_", "FORMAT_FAILURE"),
    ("partial_coverage", "FORMAT_FAILURE"),
)  # fmt: skip
_ETSI_INDETERMINATE = (
    ("trust.invalid", "CHAIN_CONSTRAINTS_FAILURE"), ("trust.untrusted_root", "NO_CERTIFICATE_CHAIN_FOUND"),
    ("trust.incomplete", "NO_CERTIFICATE_CHAIN_FOUND"), ("trust_not_checked", "NO_CERTIFICATE_CHAIN_FOUND"),
    ("trust.expired", "OUT_OF_BOUNDS_NO_POE"), ("trust.not_yet_valid", "NOT_YET_VALID"),
    ("trust.weak_algorithm", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"),
    ("trust.revoked_no_proof", "REVOKED_NO_POE"),
    ("trust.unknown_revocation", "TRY_LATER"), ("timestamp", "TIMESTAMP_ORDER_FAILURE"),
    ("signed_outside_validity", "OUT_OF_BOUNDS_NO_POE"),
)  # fmt: skip


def etsi_status(one: SignatureReport) -> tuple[str, str]:
    """Main indication and sub-indication as ETSI EN 319 102-1, 5.1.3 words them.

    What the standard has no word for, such as a forbidden later change, has no sub-indication.
    It calls a path that breaks a constraint INDETERMINATE, where we say `failed`.
    """
    if one.verdict == "passed":
        return "TOTAL-PASSED", ""
    bad = [finding.code for finding in one.findings if finding.severity == "error"]
    doubtful = [finding.code for finding in one.findings if finding.severity != "info"]
    if one.verdict == "failed":
        for prefix, word in _ETSI_FAILED:
            if any(code.startswith(prefix) for code in bad):
                return "TOTAL-FAILED", word
    for prefix, word in _ETSI_INDETERMINATE:
        if any(code.startswith(prefix) for code in doubtful):
            return "INDETERMINATE", word
    return ("TOTAL-FAILED", "") if one.verdict == "failed" else ("INDETERMINATE", "GENERIC")


def time_json(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with Z."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _signature_json(one: SignatureReport) -> dict[str, Any]:
    return {
        "field": one.field,
        "verdict": one.verdict,
        "etsi": dict(zip(("indication", "sub_indication"), etsi_status(one), strict=True)),
        "kind": one.kind,
        "subfilter": one.subfilter,
        "coverage": one.coverage,
        "digest_ok": one.digest_ok,
        "signature_ok": one.signature_ok,
        "changes": {
            "level": one.changes.level,
            "allowed": one.changes.allowed,
            "revisions": one.changes.revisions,
        },
        "algorithm": one.algorithm,
        "signer": None if one.signer is None else _signer_json(one.signer),
        "signing_time": time_json(one.signing_time),
        "proven_time": time_json(one.proven_time),
        "timestamp": one.timestamp,
        "trust": {
            "status": one.trust.status,
            "chain": list(one.trust.chain),
            "revocation": one.trust.revocation,
            "reason": one.trust.reason,
            "certificates": [_revocation_json(seen) for seen in one.trust.certificates],
        },
        "seal": one.seal,
        "boxes": [_box_json(box) for box in one.boxes],
        "reason": one.reason,
        "location": one.location,
        "findings": [
            {"code": finding.code, "severity": finding.severity, "message": finding.message}
            for finding in one.findings
        ],
    }


def _revocation_json(seen: RevocationSeen) -> dict[str, Any]:
    return {
        "subject": seen.subject,
        "status": seen.status,
        "source": seen.source,
        "reason": seen.reason,
        "this_update": time_json(seen.this_update),
        "next_update": time_json(seen.next_update),
    }


def _signer_json(signer: Signer) -> dict[str, Any]:
    return {
        "common_name": signer.common_name,
        "subject": signer.subject,
        "issuer": signer.issuer,
        "serial": signer.serial,
        "not_before": time_json(signer.not_before),
        "not_after": time_json(signer.not_after),
    }


def _box_json(box: ReportedBox) -> dict[str, Any]:
    edges = {edge: round(getattr(box.rect, edge), 3) for edge in ("left", "bottom", "right", "top")}
    return {"page": box.page} | edges
