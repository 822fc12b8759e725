"""Whether a certificate was revoked, by the CRLs and OCSP responses at hand.

    judge_chain(chain, data, at=moment, anchors…) -> one CertificateStatus a certificate

The rules, `at` being the moment at which the certificate had to be good (docs/trust.md):

    1. An answer counts only if its signature verifies under a key that may give it: the issuer's,
       a CRL issuer's with a path to the same anchor, or a responder's that the issuer certified
       for OCSP. That certificate must have been valid when the answer was made.
    2. The newest answer that counts decides. "Revoked" from before or at `at` is `revoked`; from
       after it, `revoked_later`. The earlier of revocationDate and invalidityDate is its date.
    3. "Not revoked" needs a fresh answer: made at or after `at` (then it is settled), or current
       at `at` by its nextUpdate. One that was made after the certificate expired counts only if it
       says that it still covers such certificates.
    4. Otherwise the status is `unknown`. What follows from that is the policy's choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Literal, TypeVar

from pdfseal import asn1
from pdfseal.crypto import schemes
from pdfseal.crypto.keys import PublicKey
from pdfseal.errors import DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.crl import RevocationList, Revoked
from pdfseal.pki.extensions import ALL_REASONS, OCSP_NO_CHECK
from pdfseal.pki.ocsp import OcspResponse
from pdfseal.pki.trust import TrustAnchors, validate_path

RevocationState = Literal["good", "revoked", "revoked_later", "unknown"]
Mode = Literal["off", "soft", "hard"]
MAX_SIGNER_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class RevocationData:
    """CRLs and OCSP responses, believed only as far as their signatures go."""

    crls: tuple[RevocationList, ...] = ()
    ocsps: tuple[OcspResponse, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.crls or self.ocsps)

    def plus(self, other: RevocationData) -> RevocationData:
        return RevocationData(
            tuple(dict.fromkeys((*self.crls, *other.crls))),
            tuple(dict.fromkeys((*self.ocsps, *other.ocsps))),
        )

    @classmethod
    def lenient(cls, crls: Sequence[bytes], ocsps: Sequence[bytes]) -> RevocationData:
        """From DER found in a document: what cannot be read is left out."""
        return cls(_readable(RevocationList.from_der, crls), _readable(OcspResponse.from_der, ocsps))


_T = TypeVar("_T")


def _readable(read: Callable[[bytes], _T], ders: Sequence[bytes]) -> tuple[_T, ...]:
    found: list[_T] = []
    for der in ders:
        try:
            found.append(read(der))
        except DocumentError:
            continue
    return tuple(found)


@dataclass(frozen=True, slots=True)
class RevocationPolicy:
    """What is asked of revocation.

    `mode`: "soft" lets `unknown` pass and reports it, "hard" does not, "off" does not look.
    `late`: how long after its nextUpdate an answer still counts as current.
    `without_next_update`: how long an answer without nextUpdate does.
    """

    mode: Mode = "soft"
    late: timedelta = timedelta(0)
    without_next_update: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """The judgement on one certificate. `source`: "crl", "ocsp" or "". `reason`: one sentence.

    `evidence` is the answer that decided (with its delta), `signers` the path of whoever signed
    it. `settled`: it was made at or after the moment asked about.
    """

    certificate: Certificate
    status: RevocationState
    source: str = ""
    reason: str = ""
    revoked: Revoked | None = None
    this_update: datetime | None = None
    next_update: datetime | None = None
    settled: bool = False
    evidence: tuple[RevocationList | OcspResponse, ...] = field(default=(), repr=False)
    signers: tuple[Certificate, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class _Answer:
    source: str
    revoked: Revoked | None
    this_update: datetime
    next_update: datetime | None
    covers_expired_since: datetime | None
    reasons: int
    evidence: tuple[RevocationList | OcspResponse, ...]
    signers: tuple[Certificate, ...]


def judge_chain(
    chain: Sequence[Certificate],
    data: RevocationData,
    *,
    at: datetime,
    untrusted: Sequence[Certificate] = (),
    policy: RevocationPolicy | None = None,
    allow_weak: bool = False,
) -> tuple[CertificateStatus, ...]:
    """Every certificate of a proven chain (leaf first) but its anchor, which nobody can revoke."""
    judge = _Judge(tuple(chain), data, tuple(untrusted), policy or RevocationPolicy(), allow_weak)
    return tuple(judge.certificate(one, issuer, at) for one, issuer in pairwise(chain))


@dataclass(slots=True)
class _Judge:
    chain: tuple[Certificate, ...]
    data: RevocationData
    untrusted: tuple[Certificate, ...]
    policy: RevocationPolicy
    allow_weak: bool
    problems: list[str] = field(default_factory=list)

    def certificate(self, certificate: Certificate, issuer: Certificate, at: datetime) -> CertificateStatus:
        self.problems = []
        try:
            answers = [*self._from_crls(certificate, issuer), *self._from_ocsps(certificate, issuer)]
        except DocumentError as error:
            answers, self.problems = [], [f"revocation data cannot be read: {error.message}"]
        answers.sort(key=lambda one: (one.this_update, one.revoked is not None), reverse=True)
        covered, newest = 0, None
        for answer in answers:
            if answer.revoked is not None:
                return _revoked(certificate, answer, at)
            if fault := self._staleness(answer, certificate, at):
                self.problems.append(fault)
                continue
            covered |= answer.reasons
            newest = newest or answer
            if covered == ALL_REASONS:
                return _good(certificate, newest, at)
        why = "; ".join(dict.fromkeys(self.problems)) or "no CRL and no OCSP response speaks of it"
        return CertificateStatus(certificate, "unknown", reason=f"{_name(certificate)}: {why}")

    def _staleness(self, answer: _Answer, certificate: Certificate, at: datetime) -> str:
        """Why an answer "not revoked" says nothing of the moment `at`, or ""."""
        what = f"the {_SOURCES[answer.source]} of {_iso(answer.this_update)}"
        if answer.this_update > certificate.not_after:
            since = answer.covers_expired_since
            if since is None or since > certificate.not_after:
                return f"{what} was made after the certificate expired"
        if answer.this_update >= at:
            return ""
        if answer.next_update is None:
            current = at - answer.this_update <= self.policy.without_next_update
            return "" if current else f"{what} names no nextUpdate and was too old at {_iso(at)}"
        if at > answer.next_update + self.policy.late:
            return f"{what} was out of date at {_iso(at)}: its nextUpdate is {_iso(answer.next_update)}"
        return ""

    # -- CRLs -------------------------------------------------------------------------------

    def _from_crls(self, certificate: Certificate, issuer: Certificate) -> Iterator[_Answer]:
        lists = [(one, mask) for one in self.data.crls if (mask := one.about(certificate))]
        signed = [
            (one, mask, signers)
            for one, mask in lists
            if (signers := self._crl_signers(one, issuer)) is not None
        ]
        deltas = [one for one in signed if one[0].base_number is not None]
        for one, mask, signers in signed:
            if one.base_number is not None:
                found = one.find(certificate)  # a delta alone can only speak of what it lists
                if found is not None and found.reason != "removeFromCRL":
                    yield _crl_answer(one, mask, signers, found)
                continue
            found = one.find(certificate)
            delta = max(
                (d for d in deltas if _is_delta_of(d[0], one)), key=lambda d: d[0].number or 0, default=None
            )
            if delta is None:
                yield _crl_answer(one, mask, signers, found)
                continue
            newer = delta[0].find(certificate)
            if newer is not None:
                found = None if newer.reason == "removeFromCRL" else newer
            yield _crl_answer(delta[0], mask & delta[1], (*signers, *delta[2]), found, one)

    def _crl_signers(self, crl: RevocationList, issuer: Certificate) -> tuple[Certificate, ...] | None:
        """The path of the certificate that signed the list, None if none may have (RFC 5280, 6.3.3 f)."""
        what = f"the CRL of {_iso(crl.this_update)} by {crl.issuer}"
        candidates = [
            one for one in (issuer, *self.chain, *self.untrusted) if crl.is_from(one.subject_raw, one.subject)
        ]
        wanted = crl.authority_key_identifier
        fitting = [
            one
            for one in dict.fromkeys(candidates)
            if wanted is None or one.subject_key_identifier in (None, wanted)
        ]
        for one in fitting[:MAX_SIGNER_CANDIDATES]:
            if not self._signed(crl.tbs_raw, crl.algorithm, crl.signature, one):
                continue
            if one == self.chain[-1]:
                return (one,)
            anchors = TrustAnchors((self.chain[-1],))
            between = (*self.chain, *self.untrusted)
            path = validate_path(
                one,
                anchors=anchors,
                untrusted=between,
                at=crl.this_update,
                purpose="crl",
                allow_weak=self.allow_weak,
            )
            if path.status == "trusted":
                return path.chain
            self.problems.append(f"{what} is not to be believed: {path.reason}")
            return None
        self.problems.append(f"no certificate at hand has signed {what}")
        return None

    # -- OCSP -------------------------------------------------------------------------------

    def _from_ocsps(self, certificate: Certificate, issuer: Certificate) -> Iterator[_Answer]:
        for response in self.data.ocsps:
            single = response.find(certificate, issuer)
            if single is None:
                continue
            signers = self._responder(response, issuer)
            if signers is None:
                continue
            if single.status == "unknown":
                self.problems.append("the OCSP responder does not know the certificate")
                continue
            yield _Answer(
                "ocsp", single.revoked, single.this_update, single.next_update, single.archive_cutoff,
                ALL_REASONS, (response,), signers,
            )  # fmt: skip

    def _responder(self, response: OcspResponse, issuer: Certificate) -> tuple[Certificate, ...] | None:
        """RFC 6960, 4.2.2.2: the issuer itself, or whom it certified to answer."""
        what = f"the OCSP response of {_iso(response.produced_at)}"
        for one in dict.fromkeys((issuer, *response.certificates[:MAX_SIGNER_CANDIDATES], *self.untrusted)):
            if not response.names(one):
                continue
            if not self._signed(response.tbs_raw, response.algorithm, response.signature, one):
                continue
            if one.public_key.spki == issuer.public_key.spki:
                return (issuer,)
            path = validate_path(
                one,
                anchors=TrustAnchors((issuer,)),
                at=response.produced_at,
                purpose="ocsp",
                allow_weak=self.allow_weak,
            )
            if path.status != "trusted":
                self.problems.append(f"{what} is not to be believed: {path.reason or path.status}")
                return None
            if OCSP_NO_CHECK not in one.extensions and self._is_revoked(one, issuer, response.produced_at):
                self.problems.append(f"{what} is not to be believed: its responder's certificate was revoked")
                return None
            return path.chain
        self.problems.append(f"no certificate at hand has signed {what}")
        return None

    def _is_revoked(self, responder: Certificate, issuer: Certificate, at: datetime) -> bool:
        """By the CRLs at hand; a responder of whom they do not speak passes."""
        lists = RevocationData(self.data.crls)
        judge = _Judge(self.chain, lists, self.untrusted, self.policy, self.allow_weak)
        return judge.certificate(responder, issuer, at).status == "revoked"

    def _signed(self, tbs: bytes, algorithm: bytes, signature: bytes, signer: Certificate) -> bool:
        weak, good = _check(tbs, algorithm, signature, signer)
        if weak and not self.allow_weak:
            self.problems.append(f"revocation data by {signer.subject} is signed with SHA-1")
            return False
        return good


def _check(tbs: bytes, algorithm: bytes, signature: bytes, signer: Certificate) -> tuple[bool, bool]:
    """(SHA-1 was used, the signature is good)."""
    try:
        key = signer.public_key
        scheme = schemes.scheme_of(asn1.read(algorithm), key=key)
        e = schemes.message_digest(scheme, key, tbs)
        return scheme.digest == "sha1", _verified(algorithm, key.spki, e, signature)
    except DocumentError:
        return False, False


@lru_cache(maxsize=4096)
def _verified(algorithm: bytes, spki: bytes, e: bytes, signature: bytes) -> bool:
    """One signature check over a digest, kept; the signed octets themselves may be megabytes."""
    key = PublicKey.from_spki(spki)
    return schemes.verify_digest(schemes.scheme_of(asn1.read(algorithm), key=key), key, e, signature)


def _is_delta_of(delta: RevocationList, complete: RevocationList) -> bool:
    """RFC 5280, 5.2.4 and 6.3.3 c."""
    if delta.base_number is None or delta.number is None or complete.number is None:
        return False
    return (
        delta.issuer_raw == complete.issuer_raw
        and delta.scope.raw == complete.scope.raw
        and delta.authority_key_identifier == complete.authority_key_identifier
        and delta.base_number <= complete.number < delta.number
    )


def _crl_answer(
    newest: RevocationList,
    mask: int,
    signers: tuple[Certificate, ...],
    found: Revoked | None,
    base: RevocationList | None = None,
) -> _Answer:
    return _Answer(
        "crl", found, newest.this_update, newest.next_update, newest.covers_expired_since, mask,
        (newest,) if base is None else (base, newest), tuple(dict.fromkeys(signers)),
    )  # fmt: skip


_SOURCES = {"crl": "CRL", "ocsp": "OCSP response"}


def _revoked(certificate: Certificate, answer: _Answer, at: datetime) -> CertificateStatus:
    assert answer.revoked is not None  # the caller looked
    since = min(answer.revoked.at, answer.revoked.invalid_since or answer.revoked.at)
    later = since > at
    reason = f"{_name(certificate)} was revoked on {_iso(answer.revoked.at)} ({answer.revoked.reason})"
    if since != answer.revoked.at:
        reason += f", its key in doubt since {_iso(since)}"
    if later:
        reason += f", after {_iso(at)}"
    return _status(certificate, "revoked_later" if later else "revoked", reason, answer, at)


def _good(certificate: Certificate, answer: _Answer, at: datetime) -> CertificateStatus:
    reason = (
        f"{_name(certificate)} is not revoked by the {_SOURCES[answer.source]} of {_iso(answer.this_update)}"
    )
    return _status(certificate, "good", reason, answer, at)


def _status(
    certificate: Certificate, status: RevocationState, reason: str, answer: _Answer, at: datetime
) -> CertificateStatus:
    return CertificateStatus(
        certificate, status, answer.source, reason, answer.revoked, answer.this_update, answer.next_update,
        answer.this_update >= at, answer.evidence, answer.signers,
    )  # fmt: skip


def _name(certificate: Certificate) -> str:
    return f"the certificate of {certificate.subject or certificate.serial_hex}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
