"""Step 7 of verification: what the signer's certificate was worth when it signed.

    validator = with_material(validator, store, holes)       what the document brings along
    standing = judge_signer(certificate, validator, ...)     -> Standing(trust, findings)

Law: the moment is the proven one where a timestamp proves one, else the moment of judgement; a
stated signing time is a claim. A document's certificates, CRLs and OCSP responses are material,
never anchors, and count only as far as their signatures do. Unknown revocation is information
with a soft policy and a warning with a hard one.

Reference: ETSI EN 319 102-1, 5.2.6 (X.509 certificate validation), 5.5 and 5.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pdfseal.containers.embedded import embedded_revocation
from pdfseal.errors import DocumentError
from pdfseal.pdf.dss import Dss
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.crl import Revoked
from pdfseal.pki.revocation import CertificateStatus, RevocationData
from pdfseal.pki.validation import Validation, Validator
from pdfseal.report import Finding, RevocationSeen, Severity, Trust

# RFC 3161, 4: revoked for these reasons, an authority's earlier timestamps stay good.
_HARMLESS = ("affiliationChanged", "superseded", "cessationOfOperation")


@dataclass(frozen=True, slots=True)
class Standing:
    """The report's trust part and what was found; `validation` is None where nobody is trusted."""

    trust: Trust
    findings: tuple[Finding, ...]
    validation: Validation | None = None


def with_material(validator: Validator, store: Dss, holes: Iterable[bytes]) -> Validator:
    """What the document brings: its security store, and what the signature containers in `holes` hold."""
    crls, ocsps = list(store.crls), list(store.ocsps)
    certificates = list(store.certificates)
    for entry in store.vri.values():
        crls += entry.crls
        ocsps += entry.ocsps
        certificates += entry.certificates
    for contents in holes:
        more_crls, more_ocsps = embedded_revocation(contents)
        crls += more_crls
        ocsps += more_ocsps
    data = RevocationData.lenient(tuple(dict.fromkeys(crls)), tuple(dict.fromkeys(ocsps)))
    return validator.knowing(_readable(certificates), data)


def _readable(ders: Sequence[bytes]) -> tuple[Certificate, ...]:
    found: list[Certificate] = []
    for der in dict.fromkeys(ders):
        try:
            found.append(Certificate.from_der(der))
        except DocumentError:
            continue
    return tuple(found)


def judge_signer(
    certificate: Certificate,
    validator: Validator,
    *,
    others: Sequence[Certificate],
    at: datetime,
    proven: bool,
    signing_time: datetime | None,
) -> Standing:
    """The certificate of a seal's owner. `at`: when it had to be good, `proven` by a timestamp or not."""
    validation = validator.validate(certificate, at=at, purpose="seal", others=others)
    if validation is None:
        message = "no trust anchors were given: whose certificate this is was not checked"
        return Standing(Trust("not_checked"), (Finding("trust_not_checked", "warning", message),))
    findings = [*_trouble(validation, proven, signing_time), *_remarks(validation)]
    return Standing(trust_of(validation), tuple(findings), validation)


def _trouble(validation: Validation, proven: bool, signing_time: datetime | None) -> Iterable[Finding]:
    status = validation.status
    if status == "trusted":
        return
    message = f"the signer's certificate is not trusted: {validation.reason}"
    if status == "revoked" and not proven and signing_time is not None:
        worst = next(one for one in validation.certificates if one.status == "revoked")
        if worst.revoked is not None and _since(worst.revoked) > signing_time:
            message += "; that is after the stated signing time, which no timestamp proves"
            yield Finding("trust.revoked_no_proof", "warning", message)
            return
    severity: Severity = "error" if status in ("revoked", "invalid") else "warning"
    yield Finding(f"trust.{status}", severity, message)


def _since(revoked: Revoked) -> datetime:
    return min(revoked.at, revoked.invalid_since or revoked.at)


def _remarks(validation: Validation) -> Iterable[Finding]:
    """What is worth knowing of revocation where it changes no verdict."""
    for one in validation.certificates:
        if one.status == "revoked_later":
            yield Finding("trust.revoked_later", "info", one.reason)
        elif one.status == "unknown" and validation.status == "trusted":
            yield Finding("trust.revocation_unknown", "info", f"not known whether revoked: {one.reason}")
    for problem in validation.problems:
        yield Finding("trust.fetch_failed", "info", problem)


def trust_of(validation: Validation) -> Trust:
    """The report's form."""
    return Trust(
        validation.status,
        tuple(one.subject for one in validation.chain),
        validation.revocation,
        validation.reason,
        tuple(map(_seen, validation.certificates)),
    )


def _seen(one: CertificateStatus) -> RevocationSeen:
    return RevocationSeen(
        one.certificate.subject, one.status, one.source, one.reason, one.this_update, one.next_update
    )


def for_timestamps(validation: Validation) -> Validation:
    """RFC 3161, 4: a key that may have been in other hands proves no time, whenever that was noticed."""
    for one in validation.certificates:
        if one.status == "revoked_later" and one.revoked and one.revoked.reason not in _HARMLESS:
            return replace(validation, status="revoked", reason=one.reason, revocation="revoked")
    return validation
