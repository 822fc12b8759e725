"""Certification paths to given anchors, at a given time.

Paths are built here, along signatures that verify, so that a heap of certificates with one
name costs a bounded number of verifications. Each path found is then judged: by RFC 5280, 6.1
(`rfc5280`), by its dates, by the strength of its algorithms. Revocation is judged on the path
that was found, in `revocation`; `validation` puts both together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal

from pdfseal.arguments import checked
from pdfseal.crypto import schemes
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.rfc5280 import path_fault, verified

Purpose = Literal["seal", "maker", "timestamp", "crl", "ocsp"]
Status = Literal[
    "trusted", "untrusted_root", "incomplete", "not_yet_valid", "expired", "revoked", "unknown_revocation",
    "weak_algorithm", "invalid",
]  # fmt: skip

MAX_PATH_LENGTH = 10
MAX_PATHS = 16
MAX_VERIFICATIONS = 200
MIN_RSA_BITS = 2048

TIME_STAMPING, OCSP_SIGNING = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"
# A critical extendedKeyUsage must hold one of these for a certificate to seal documents.
SEALING_PURPOSES = frozenset(
    {
        "2.5.29.37.0",  # anyExtendedKeyUsage
        "1.3.6.1.5.5.7.3.2",  # clientAuth: what many Chinese signing certificates carry
        "1.3.6.1.5.5.7.3.4",  # emailProtection
        "1.3.6.1.5.5.7.3.36",  # documentSigning, RFC 9336
        "1.3.6.1.4.1.311.10.3.12",  # Microsoft document signing
        "1.2.840.113583.1.1.5",  # Adobe authentic documents
    }
)
# The path's failures from the best to the worst, to choose what to report when several fail.
_SEVERITY: tuple[Status, ...] = ("expired", "not_yet_valid", "weak_algorithm", "invalid")


@dataclass(frozen=True, slots=True)
class TrustAnchors:
    """The certificates that are trusted because the caller says so. Nothing else ever is."""

    certificates: tuple[Certificate, ...]

    @classmethod
    @checked
    def load(cls, *data: bytes) -> TrustAnchors:
        """From DER, PEM bundles or PKCS#7 bundles. CallerError `certificate_unreadable`."""
        found = [certificate for one in data for certificate in Certificate.load_many(one)]
        return cls(tuple(dict.fromkeys(found)))


@dataclass(frozen=True, slots=True)
class PathResult:
    """The judgement on a certificate.

    `chain` runs from the certificate towards the anchor, each signed by the next; only with
    status "trusted" does it end in an anchor for certain and is proven. `reason` is one
    sentence, empty if trusted. `revocation` is "not_checked".
    """

    status: Status
    chain: tuple[Certificate, ...]
    reason: str = ""
    revocation: str = "not_checked"


def validate_path(
    certificate: Certificate,
    *,
    anchors: TrustAnchors,
    untrusted: Sequence[Certificate] = (),
    at: datetime,
    purpose: Purpose = "seal",
    allow_weak: bool = False,
    policies: frozenset[str] = frozenset(),
) -> PathResult:
    """Whether `certificate` may serve `purpose` at the moment `at` (aware), by a path to an anchor.

    `untrusted` may stand between, never at the end. `allow_weak` lets SHA-1 and RSA below 2,048
    bits pass. `policies`: OIDs of certificate policies of which the path must hold one. Whatever
    is wrong with the certificates is a status, not an exception.
    """
    if at.tzinfo is None:
        raise CallerError("argument", "the time to validate at has no time zone")
    try:
        usage = _usage_fault(certificate, purpose)
        search = _Search(anchors.certificates, tuple(dict.fromkeys(untrusted)))
        failures: list[PathResult] = []
        for chain in search.paths((certificate,)):
            result = _judge(chain, at, allow_weak, policies)
            if result.status == "trusted" and usage:
                return PathResult("invalid", chain, usage)
            if result.status == "trusted":
                return result
            failures.append(result)
    except DocumentError as error:
        return PathResult("invalid", (certificate,), f"a certificate cannot be read: {error}")
    if failures:
        return min(failures, key=lambda failure: _SEVERITY.index(failure.status))
    return search.why_none(certificate)


# -- building paths -------------------------------------------------------------------------


@dataclass
class _Search:
    """Depth first, along names and signatures, anchors before others."""

    anchors: tuple[Certificate, ...]
    untrusted: tuple[Certificate, ...]
    verifications: int = 0
    emitted: int = 0
    longest: tuple[Certificate, ...] = ()
    bad_signature: tuple[Certificate, Certificate] | None = field(default=None)

    def paths(self, chain: tuple[Certificate, ...]) -> Iterator[tuple[Certificate, ...]]:
        """Chains that end in an anchor, at most `MAX_PATHS`."""
        last = chain[-1]
        if len(chain) > len(self.longest):
            self.longest = chain
        if last in self.anchors:
            self.emitted += 1
            yield chain
            return
        if len(chain) >= MAX_PATH_LENGTH:
            return
        for issuer in (*self.anchors, *self.untrusted):
            if self.emitted >= MAX_PATHS or self.verifications >= MAX_VERIFICATIONS:
                return
            if issuer not in chain and _may_have_issued(issuer, last) and self._signed(last, issuer):
                yield from self.paths((*chain, issuer))

    def _signed(self, certificate: Certificate, issuer: Certificate) -> bool:
        self.verifications += 1
        good = _is_signed_by(certificate, issuer)
        if not good and self.bad_signature is None:
            self.bad_signature = certificate, issuer
        return good

    def why_none(self, certificate: Certificate) -> PathResult:
        """No chain ends in an anchor: how far did it get?"""
        chain = self.longest or (certificate,)
        last = chain[-1]
        name = last.subject or last.serial_hex
        if last.is_self_issued and _is_signed_by(last, last):
            return PathResult("untrusted_root", chain, f"the root {name} is not among the trust anchors")
        if self.bad_signature is not None and self.bad_signature[0] == last:
            issuer = self.bad_signature[1].subject
            return PathResult("invalid", chain, f"the signature of {issuer} on {name} does not verify")
        return PathResult("incomplete", chain, f"the issuer of {name} was not found: {last.issuer}")


def _may_have_issued(issuer: Certificate, certificate: Certificate) -> bool:
    """By name, and by key identifier where both carry one (RFC 5280, 4.2.1.1)."""
    if issuer.subject_raw != certificate.issuer_raw and issuer.subject != certificate.issuer:
        return False
    wanted, own = certificate.authority_key_identifier, issuer.subject_key_identifier
    return wanted is None or own is None or wanted == own


def _is_signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        spki = issuer.public_key.spki
        algorithm = certificate.signature_algorithm.raw
        return verified(certificate.tbs_raw, certificate.signature, algorithm, spki)
    except DocumentError:
        return False


# -- judging a path -------------------------------------------------------------------------


def _usage_fault(certificate: Certificate, purpose: Purpose) -> str:
    """Why the certificate may not serve `purpose`, or ""."""
    name = certificate.common_name or certificate.serial_hex
    usage = certificate.key_usage
    if purpose == "crl":
        no = usage is not None and "cRLSign" not in usage
        return f"the certificate of {name} is not for signing CRLs" if no else ""
    if usage is not None and not usage & {"digitalSignature", "nonRepudiation"}:
        return f"the certificate of {name} is not for signatures: {', '.join(sorted(usage))}"
    extended = certificate.ext_key_usage
    critical = extended is not None and certificate.extensions["2.5.29.37"][0]
    if purpose == "timestamp":
        if extended != frozenset({TIME_STAMPING}) or not critical:  # RFC 3161, 2.3
            return f"the certificate of {name} is not for timestamps alone"
    elif purpose == "ocsp":
        if extended is None or OCSP_SIGNING not in extended:  # RFC 6960, 4.2.2.2
            return f"the certificate of {name} is not for signing OCSP responses"
    elif extended is not None and critical and not extended & SEALING_PURPOSES:
        return f"the certificate of {name} is for other purposes only: {', '.join(sorted(extended))}"
    return ""


def _weakness(chain: tuple[Certificate, ...]) -> str:
    """What is too weak in a chain, or "". An anchor's own signature counts for nothing."""
    for certificate in chain:
        key = certificate.public_key
        if key.kind == "rsa" and key.bits < MIN_RSA_BITS:
            return f"the key of {certificate.subject} has only {key.bits} bits"
    for certificate, issuer in pairwise(chain):
        scheme = schemes.scheme_of(certificate.signature_algorithm, key=issuer.public_key)
        if scheme.digest == "sha1":
            return f"the certificate of {certificate.subject} is signed with {scheme.name}"
    return ""


def _judge(
    chain: tuple[Certificate, ...], at: datetime, allow_weak: bool, policies: frozenset[str]
) -> PathResult:
    for certificate in chain[:-1]:
        if not certificate.signature_algorithms_agree:
            reason = f"the certificate of {certificate.subject} names two signature algorithms"
            return PathResult("invalid", chain, reason)
    if len(chain) > 1 and (fault := path_fault(chain, policies)):
        return PathResult("invalid", chain, fault)
    # An anchor is trusted by fiat, its dates included (RFC 5280, 6.1.1 d), unless it is all there is.
    for certificate in chain[:-1] if len(chain) > 1 else chain:
        if at < certificate.not_before:
            return PathResult("not_yet_valid", chain, f"{_named(certificate)} is not valid before "
                              f"{_iso(certificate.not_before)}")  # fmt: skip
        if at > certificate.not_after:
            return PathResult("expired", chain, f"{_named(certificate)} expired on "
                              f"{_iso(certificate.not_after)}")  # fmt: skip
    if not allow_weak and (weakness := _weakness(chain)):
        return PathResult("weak_algorithm", chain, weakness)
    return PathResult("trusted", chain)


def _named(certificate: Certificate) -> str:
    return f"the certificate of {certificate.subject or certificate.serial_hex}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
