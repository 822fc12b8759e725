"""The whole judgement on a certificate: a path to an anchor, and its revocation.

    validate_certificate(certificate, anchors=…, at=…, data=…) -> Validation

Law: pure but for `fetch`, which is the caller's and absent by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from pdfseal.pki.certificate import Certificate
from pdfseal.pki.gather import Fetch, fetch_issuers, gather_revocation
from pdfseal.pki.revocation import (
    CertificateStatus,
    RevocationData,
    RevocationPolicy,
    RevocationState,
    judge_chain,
)
from pdfseal.pki.trust import PathResult, Purpose, Status, TrustAnchors, validate_path

MAX_ISSUER_FETCHES = 5
# What a path is said to be when its certificates differ: the first of these that any of them is.
_WORST_FIRST: tuple[RevocationState, ...] = ("revoked", "unknown", "revoked_later", "good")


@dataclass(frozen=True, slots=True)
class Validation:
    """A certificate judged. The first four are those of `PathResult`, with revocation counted in.

    `revocation`: not_checked, good, unknown, revoked, or revoked_later (good at the moment asked
    about). `certificates` says it of each certificate of the chain but the anchor. `data` and
    `untrusted` are what was used, with what was fetched; `problems` what could not be fetched.
    """

    status: Status
    chain: tuple[Certificate, ...]
    reason: str = ""
    revocation: Literal["not_checked", "good", "unknown", "revoked", "revoked_later"] = "not_checked"
    certificates: tuple[CertificateStatus, ...] = ()
    data: RevocationData = field(default_factory=RevocationData, repr=False)
    untrusted: tuple[Certificate, ...] = field(default=(), repr=False)
    problems: tuple[str, ...] = ()


def validate_certificate(
    certificate: Certificate,
    *,
    anchors: TrustAnchors,
    untrusted: Sequence[Certificate] = (),
    at: datetime,
    purpose: Purpose = "seal",
    data: RevocationData | None = None,
    policy: RevocationPolicy | None = None,
    fetch: Fetch | None = None,
    allow_weak: bool = False,
    policies: frozenset[str] = frozenset(),
) -> Validation:
    """Whether `certificate` might serve `purpose` at the moment `at`, not revoked by then.

    Arguments as of `trust.validate_path`. With `fetch`, missing intermediates and revocation data
    are asked for where the certificates say. With policy "soft" and neither data nor `fetch`,
    revocation is `not_checked`.
    """
    data, policy = data or RevocationData(), policy or RevocationPolicy()
    others, problems = tuple(untrusted), list[str]()
    for _ in range(MAX_ISSUER_FETCHES):
        path = validate_path(
            certificate, anchors=anchors, untrusted=others, at=at, purpose=purpose, allow_weak=allow_weak,
            policies=policies,
        )  # fmt: skip
        if path.status != "incomplete" or fetch is None:
            break
        found, failed = fetch_issuers(path.chain[-1], fetch)
        problems += failed
        if not set(found) - set(others):
            break
        others = tuple(dict.fromkeys((*others, *found)))
    result = Validation(
        path.status, path.chain, path.reason, "not_checked", (), data, others, tuple(problems)
    )
    # an expired or weak path is judged all the same, when it is a path: why it fails is worth knowing
    if policy.mode == "off" or not _is_path(path, anchors):
        return result
    return _with_revocation(result, at, policy, fetch, allow_weak)


def _is_path(path: PathResult, anchors: TrustAnchors) -> bool:
    return path.status in ("trusted", "expired", "weak_algorithm") and path.chain[-1] in anchors.certificates


def _with_revocation(
    result: Validation, at: datetime, policy: RevocationPolicy, fetch: Fetch | None, allow_weak: bool
) -> Validation:
    data, problems = result.data, result.problems
    if fetch is not None:
        gathered = gather_revocation(
            result.chain, data, fetch, at=at, untrusted=result.untrusted, policy=policy, allow_weak=allow_weak
        )
        data, problems = gathered.data, (*problems, *gathered.problems)
    if policy.mode == "soft" and not data and fetch is None:
        return result
    statuses = judge_chain(
        result.chain, data, at=at, untrusted=result.untrusted, policy=policy, allow_weak=allow_weak
    )
    worst: RevocationState = next(
        (word for word in _WORST_FIRST if any(one.status == word for one in statuses)), "good"
    )
    status, reason = result.status, result.reason
    first = next((one for one in statuses if one.status == worst), None)
    if worst == "revoked" and first is not None:
        status, reason = "revoked", first.reason
    elif worst == "unknown" and policy.mode == "hard" and status == "trusted" and first is not None:
        status, reason = "unknown_revocation", f"whether it was revoked is not known: {first.reason}"
    return replace(
        result,
        status=status,
        reason=reason,
        revocation=worst,
        certificates=statuses,
        data=data,
        problems=problems,
    )


@dataclass(frozen=True, slots=True)
class Validator:
    """Whom the caller trusts and what is at hand, to validate one certificate after the other with.

    `anchors` None: nobody was named, so nothing is validated. `untrusted` and `data` come from
    the caller and from the document alike.
    """

    anchors: TrustAnchors | None
    untrusted: tuple[Certificate, ...] = ()
    data: RevocationData = field(default_factory=RevocationData, repr=False)
    policy: RevocationPolicy = field(default_factory=RevocationPolicy)
    fetch: Fetch | None = field(default=None, repr=False)

    def validate(
        self,
        certificate: Certificate,
        *,
        at: datetime,
        purpose: Purpose,
        others: Sequence[Certificate] = (),
    ) -> Validation | None:
        """None without anchors. `others` stand in the path beside `untrusted`."""
        if self.anchors is None:
            return None
        return validate_certificate(
            certificate,
            anchors=self.anchors,
            untrusted=tuple(dict.fromkeys((*others, *self.untrusted))),
            at=at,
            purpose=purpose,
            data=self.data,
            policy=self.policy,
            fetch=self.fetch,
        )

    def knowing(self, certificates: Sequence[Certificate], data: RevocationData) -> Validator:
        """The same, with more at hand."""
        return replace(
            self,
            untrusted=tuple(dict.fromkeys((*self.untrusted, *certificates))),
            data=self.data.plus(data),
        )
