"""Step 8 of verification: timestamps, and what they prove about when a signature existed.

    judge_token(token, ...)  -> TimeVerdict       one token, its facts for the report, its findings
    earliest(proofs, end)    -> datetime | None   the proven time for a signature that covers to `end`

Law: a time is proven only by a token that passed every check, its path to a timestamp anchor of
the caller included. The path is judged at genTime; that the authority's certificate has expired
since is information. A token that is wrong is an error even where the signature is good: it was
tampered with, or belongs elsewhere.

Reference: RFC 3161; ETSI EN 319 102-1, 5.5 (signatures with time).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from pdfseal.asn1 import LENIENCIES, Reading
from pdfseal.containers.base import Container
from pdfseal.containers.cms_reading import CmsContainer
from pdfseal.errors import DocumentError
from pdfseal.pki.trust import PathResult
from pdfseal.pki.validation import Validator
from pdfseal.report import Finding, Severity, time_json
from pdfseal.timestamp import Check, Token, TokenVerification, read_token, token_of, verify_token
from pdfseal.verification.signer import for_timestamps

Place = Literal["signature", "security_store", "document"]


@dataclass(frozen=True, slots=True)
class TimeTrust:
    """Whom the caller trusts for time. A validator without anchors leaves it unchecked."""

    validator: Validator
    at: datetime
    strict: bool = False


@dataclass(frozen=True, slots=True)
class TimeVerdict:
    """`facts` for the report; `proven` is genTime if the token is trusted; `result` None if unreadable."""

    facts: dict[str, Any]
    findings: tuple[Finding, ...]
    proven: datetime | None = None
    result: TokenVerification | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """The first `covered_end` bytes of the file existed at `gen_time`."""

    gen_time: datetime
    covered_end: int


def earliest(proofs: Iterable[Proof], covered_end: int) -> datetime | None:
    """The earliest time at which a signature that covers up to `covered_end` is proven to have existed."""
    return min((proof.gen_time for proof in proofs if proof.covered_end > covered_end), default=None)


def judge_signature_token(
    der: bytes, container: Container, trust: TimeTrust, *, place: Place = "signature"
) -> TimeVerdict:
    """A token over the signature value of `container`."""
    try:
        token = read_token(der, certificates=container.certificates, reading=Reading(strict=trust.strict))
        over_it = token.container.stamps(container.signature)
    except DocumentError as error:
        finding = Finding("timestamp_unreadable", "error", f"the timestamp cannot be read: {error.message}")
        return TimeVerdict({"status": "invalid", "place": place, "reason": error.message}, (finding,))
    # `stamps` accepts the two forms in use; a third value fails the check
    return _judge(token, token.imprint if over_it else b"", trust, place)


def judge_document_timestamp(
    container: CmsContainer, contents: bytes, digest: bytes, trust: TimeTrust
) -> TimeVerdict:
    """A document timestamp, whose imprint should be `digest`, that of the ByteRange.

    `contents` are the octets of the hole.
    """
    try:
        token = token_of(container, contents)
    except DocumentError as error:
        finding = Finding("timestamp_unreadable", "error", f"the timestamp cannot be read: {error.message}")
        return TimeVerdict({"status": "invalid", "place": "document", "reason": error.message}, (finding,))
    return _judge(token, digest, trust, "document")


def _judge(token: Token, imprint: bytes, trust: TimeTrust, place: Place) -> TimeVerdict:
    validator = trust.validator
    plain = verify_token(token, imprint=imprint, anchors=validator.anchors, untrusted=validator.untrusted)
    result = _with_revocation(plain, validator)
    findings = list(_findings(result, trust, place))
    facts = _facts(result, place)
    return TimeVerdict(facts, tuple(findings), token.gen_time if result.trusted else None, result)


def _with_revocation(result: TokenVerification, validator: Validator) -> TokenVerification:
    """The same, with the path's revocation at genTime counted in (RFC 3161, 4)."""
    signer = result.token.signer
    if result.path is None or result.path.status not in ("trusted", "incomplete") or signer is None:
        return result
    validation = validator.validate(
        signer, at=result.token.gen_time, purpose="timestamp", others=result.token.certificates
    )
    if validation is None or (validation.status, validation.revocation) == (
        result.path.status,
        "not_checked",
    ):
        return result
    judged = for_timestamps(validation)
    path = PathResult(judged.status, judged.chain, judged.reason, judged.revocation)
    checked = Check("path", judged.status == "trusted", judged.reason)
    checks = tuple(checked if check.name == "path" else check for check in result.checks)
    chain = judged.chain if judged.status == "trusted" else ()
    return replace(result, path=path, checks=checks, token=replace(result.token, chain=chain))


def _status(result: TokenVerification) -> str:
    if not result.sound:
        return "invalid"
    if result.path is None:
        return "not_checked"
    if result.path.status == "trusted" and not result.trusted:
        return "weak_algorithm"
    return result.path.status


def _findings(result: TokenVerification, trust: TimeTrust, place: Place) -> Iterable[Finding]:
    status = _status(result)
    if status == "invalid":
        reasons = "; ".join(check.reason for check in result.failures if check.name != "path")
        yield Finding("timestamp_invalid", "error", f"the timestamp is wrong: {reasons}")
    elif status == "not_checked":
        message = "no trust anchors were given: whose timestamp this is was not checked"
        yield Finding("timestamp_trust_not_checked", "info", message)
    elif status != "trusted":
        severity: Severity = "error" if status == "revoked" else "warning"
        reasons = "; ".join(check.reason for check in result.failures)
        yield Finding(f"timestamp.{status}", severity, f"the timestamp proves no time: {reasons}")
    elif any(trust.at > one.not_after for one in result.token.chain):
        message = "the timestamp authority's certificate was valid at the stated time, and has expired since"
        yield Finding("timestamp.expired_since", "info", message)
    if place == "document":
        return  # its reading is the signature's own, and stated there
    for leniency, places in result.token.leniencies.items():
        shown = ", ".join(places[:3])
        yield Finding(f"leniency.{leniency}", "info", f"timestamp: {LENIENCIES[leniency]} ({shown})")


def _facts(result: TokenVerification, place: Place) -> dict[str, Any]:
    return {
        "status": _status(result),
        "place": place,
        **token_facts(result.token),
        "checks": {check.name: check.ok for check in result.checks},
        "reason": "; ".join(check.reason for check in result.failures),
    }


def token_facts(token: Token) -> dict[str, Any]:
    """What a token says, as JSON values; nothing of it is proven but a `chain` that is not empty."""
    signer = token.signer
    accuracy = token.accuracy.total_seconds() if token.accuracy is not None else None
    return {
        "gen_time": _time(token.gen_time),
        "accuracy_seconds": accuracy,
        "policy": token.policy,
        "serial": token.serial_hex,
        "nonce": None if token.nonce is None else str(token.nonce),  # beyond what a JSON number holds
        "ordering": token.ordering,
        "imprint_algorithm": token.algorithm,
        "imprint": token.imprint.hex(),
        "algorithm": token.signature_algorithm,
        "tsa": signer.subject if signer is not None else token.tsa,
        "tsa_serial": signer.serial_hex if signer is not None else None,
        "chain": [one.subject for one in token.chain],
        "leniencies": sorted(token.leniencies),
    }


def _time(moment: datetime) -> str | None:
    """ISO 8601 in UTC, with a fraction where the token states one."""
    if not moment.microsecond:
        return time_json(moment)
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}".rstrip("0") + "Z"
