"""Long-term validation: what a verifier will need later goes into the document while it can be had.

    evidence = collect_evidence(source, policy)        -> Dss, of every signature in the document
    appended = append_evidence(source, evidence, ...)  an incremental update (B-LT)
    ... a document timestamp over it (B-LTA): `stamping`; later again, before the last one fades

Law: pure but for the policy's `fetch`. Nothing is appended unless every certificate of every
signature, seal maker and timestamp leads to an anchor and is known not to have been revoked when
it mattered: half of the evidence would look like all of it. Electronic seals are kept the same way.

Reference: ETSI EN 319 142-1, 6.3 (B-LT, B-LTA); ISO 32000-2, 12.8.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pdfseal import asn1
from pdfseal.containers import Container, read_container
from pdfseal.containers.ses_reading import SesContainer
from pdfseal.errors import RefusedError
from pdfseal.pdf.document import Document
from pdfseal.pdf.dss import Dss, Evidence, read_dss, vri_key, write_dss
from pdfseal.pdf.limits import DEFAULT_LIMITS, Limits
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.second_reader import check_agreement
from pdfseal.pdf.signature import FoundSignature, find_signatures
from pdfseal.pdf.source import Source
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.revocation import CertificateStatus, RevocationPolicy, judge_chain
from pdfseal.pki.trust import Purpose
from pdfseal.pki.validation import Validation, Validator
from pdfseal.report import Report, SignatureReport
from pdfseal.timestamp import read_token
from pdfseal.verification import Policy, verify
from pdfseal.verification.signer import with_material


@dataclass(frozen=True, slots=True)
class _Target:
    """A certificate that must still be believed later. `who` is for messages."""

    who: str
    certificate: Certificate
    purpose: Purpose
    at: datetime
    others: tuple[Certificate, ...]


def check_extensible(source: Source, policy: Policy) -> Report:
    """The report on a document that may be extended. RefusedError `not_prepared` or `report_not_valid`."""
    # what must be known of revocation is asked when the evidence is collected, and once is enough
    report = verify(source, replace(policy, fetch=None, revocation=RevocationPolicy()))
    if report.verdict == "unsigned":
        raise RefusedError("not_prepared", "the PDF holds no signature whose evidence could be kept")
    if report.verdict == "failed":
        report.require_valid()
    return report


def time_is_proven(report: Report) -> bool:
    """Whether a timestamp proves the time of every signature that is none itself."""
    return all(one.proven_time is not None for one in report.signatures if one.kind != "timestamp")


def collect_evidence(source: Source, policy: Policy) -> Dss:
    """Certificates, CRLs and OCSP responses for every signature; those in the document count too.

    RefusedError `evidence_missing` names the first certificate for which something lacks.
    """
    report = check_extensible(source, policy)
    document = Document.open(source, password=policy.password, limits=policy.limits)
    found = find_signatures(document)
    store = read_dss(document)
    validator = with_material(policy.validator, store, (one.contents for one in found))
    validator = replace(validator, policy=RevocationPolicy("hard"))
    vri: dict[str, Evidence] = {}
    for signature, judged in zip(found, report.signatures, strict=True):
        if signature.empty:
            continue
        validations: list[Validation] = []
        for target in _targets(signature, judged, store, policy.at):
            validation = _validate(target, validator, policy)
            validator = validator.knowing(validation.untrusted, validation.data)  # fetched once is enough
            validations.append(validation)
        vri[vri_key(signature.contents)] = _evidence(validations)
    return Dss(vri=vri)


def _targets(
    signature: FoundSignature, judged: SignatureReport, store: Dss, now: datetime
) -> Iterator[_Target]:
    container = read_container(signature.contents)
    name = judged.field or "a signature"
    at = judged.proven_time or now
    others = container.certificates
    if container.kind == "timestamp":
        yield from _token_target(name, asn1.without_padding(signature.contents, where="timestamp"), others)
        return
    if container.signer is not None:
        yield _Target(f"the signer of {name}", container.signer, "seal", at, others)
    if isinstance(container, SesContainer) and container.seal.maker.certificate is not None:
        yield _Target(
            f"the maker of the seal of {name}", container.seal.maker.certificate, "maker", at, others
        )
    token = _token(container, signature, store)
    if token is not None:
        yield from _token_target(name, token, others)


def _token(container: Container, signature: FoundSignature, store: Dss) -> bytes | None:
    return container.timestamp if container.timestamp is not None else store.timestamp_of(signature.contents)


def _token_target(name: str, der: bytes, others: Sequence[Certificate]) -> Iterator[_Target]:
    token = read_token(der, certificates=others)
    if token.signer is not None:
        certificates = (*token.certificates, *others)
        yield _Target(f"the timestamp of {name}", token.signer, "timestamp", token.gen_time, certificates)


def _validate(target: _Target, validator: Validator, policy: Policy) -> Validation:
    if target.purpose == "timestamp" and policy.timestamp_trust is not None:
        validator = replace(validator, anchors=policy.timestamp_trust)
    validation = validator.validate(
        target.certificate, at=target.at, purpose=target.purpose, others=target.others
    )
    if validation is None:
        raise RefusedError("evidence_missing", "say whom you trust: evidence is kept for a path to an anchor")
    if validation.status != "trusted":
        tried = f" ({'; '.join(validation.problems[:3])})" if validation.problems else ""
        raise RefusedError("evidence_missing", f"{target.who}: {validation.reason}{tried}")
    return validation


def _evidence(validations: Sequence[Validation]) -> Evidence:
    certificates: dict[bytes, None] = {}
    crls: dict[bytes, None] = {}
    ocsps: dict[bytes, None] = {}
    for validation in validations:
        certificates |= dict.fromkeys(one.der for one in validation.chain)
        for status in _with_vouchers(validation):
            certificates |= dict.fromkeys(one.der for one in status.signers)
            for answer in status.evidence:
                (crls if status.source == "crl" else ocsps)[answer.der] = None
    return Evidence(tuple(certificates), tuple(crls), tuple(ocsps))


def _with_vouchers(validation: Validation) -> Iterator[CertificateStatus]:
    """What decided about the chain, and what is known of those who signed that."""
    for status in validation.certificates:
        yield status
        chain = (*status.signers, *validation.chain[-1:])
        if len(status.signers) > 1 and status.this_update is not None:
            yield from judge_chain(
                chain, validation.data, at=status.this_update, untrusted=validation.untrusted
            )


def append_evidence(
    source: Source,
    evidence: Dss,
    *,
    file_id: bytes,
    password: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """The appended revision; empty if the document holds all of it already."""
    document = Document.open(source, password=password, limits=limits)
    check_agreement(document, password)
    revision = Revision(document)
    return revision.build(file_id).data if write_dss(revision, evidence) else b""
