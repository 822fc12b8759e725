"""Step 6 of verification: the electronic seal inside a signature, judged in the standards' order.

Law: each step of `containers.ses_steps` becomes a finding or a good result, none is merged. The
maker's certificate is judged against the caller's anchors like any other.

Reference: GB/T 38540-2020, clause 7 (verification), GM/T 0031-2014, clause 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pdfseal.containers.ses_reading import SesContainer
from pdfseal.containers.ses_steps import Step, seal_facts, verify_seal_steps
from pdfseal.pki.validation import Validator
from pdfseal.report import Finding, Severity

ByteRange = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class SealVerdict:
    """The seal's facts for the report, its steps and maker's trust among them, and what was found."""

    facts: dict[str, Any]
    findings: tuple[Finding, ...]


def judge_seal(
    container: SesContainer,
    *,
    byte_range: ByteRange | None,
    validator: Validator,
    signing_time: datetime | None,
    used_at: datetime,
    at: datetime,
) -> SealVerdict:
    """Format, signer in the list, the maker's signature and certificate, validity, propertyInfo.

    `used_at`: when the seal was used, as far as that is proven: the maker's certificate had to be
    good then. `at`: the moment of judgement.
    """
    steps = [
        _with_byte_range(step, container, byte_range)
        for step in verify_seal_steps(container, at_signing=signing_time, now=at)
    ]
    findings = [finding for step in steps if (finding := _finding(step)) is not None]
    facts = seal_facts(container.seal)
    facts["steps"] = [{"name": step.name, "ok": step.ok, "message": step.message} for step in steps]
    facts["maker_trust"], trouble = _maker_trust(container, validator, used_at)
    findings += trouble
    if container.seal.timestamp is not None:
        findings.append(
            Finding(
                "seal.timestamp_not_checked", "info", "the seal carries a timestamp, which was not checked"
            )
        )
    return SealVerdict(facts, tuple(findings))


def _with_byte_range(step: Step, container: SesContainer, byte_range: ByteRange | None) -> Step:
    """propertyInfo that is four integers must be the document's own /ByteRange (DESIGN of seals in PDF)."""
    if step.name != "property_info" or byte_range is None:
        return step
    stated = container.tbs.byte_range
    if stated == byte_range:
        return Step(step.name, True, step.message)
    return Step(step.name, False, f"{step.message}, the document's is {','.join(map(str, byte_range))}")


def _finding(step: Step) -> Finding | None:
    """A failed step is an error, one that could not be judged a warning; the signature itself is step 5's."""
    if step.ok is False and step.name != "signature":
        return Finding(f"seal.{step.name}", "error", step.message)
    if step.ok is None:
        severity: Severity = "info" if step.name in ("seal_now", "property_info") else "warning"
        return Finding(f"seal.{step.name}", severity, step.message)
    return None


def _maker_trust(
    container: SesContainer, validator: Validator, at: datetime
) -> tuple[dict[str, Any], list[Finding]]:
    maker = container.seal.maker.certificate
    if maker is None:
        return {"status": "invalid"}, [
            Finding("seal.maker_unreadable", "error", "the maker's certificate cannot be read")
        ]
    result = validator.validate(maker, others=container.certificates, at=at, purpose="maker")
    if result is None:
        return {"status": "not_checked"}, []
    facts = {
        "status": result.status,
        "chain": [one.subject for one in result.chain],
        "revocation": result.revocation,
        "reason": result.reason,
    }
    if result.status == "trusted":
        return facts, []
    severity: Severity = "error" if result.status in ("revoked", "invalid") else "warning"
    message = f"the certificate of the seal's maker is not trusted: {result.reason}"
    return facts, [Finding(f"seal.maker.{result.status}", severity, message)]
