"""Fetching what is missing: revocation data and intermediate certificates from where certificates say.

Law: no wire here. `fetch` is a callable of the caller's (`adapters.fetch`), which bounds sizes,
times and addresses; without it nothing is ever fetched. What comes back is believed no more than
what came from anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Literal, Protocol

from pdfseal.errors import CallerError, DocumentError, OutsideError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.crl import RevocationList
from pdfseal.pki.extensions import (
    CA_ISSUERS_ACCESS,
    FRESHEST_CRL,
    OCSP_ACCESS,
    OCSP_NO_CHECK,
    access_urls,
    distribution_points,
)
from pdfseal.pki.ocsp import OcspResponse, write_request
from pdfseal.pki.revocation import CertificateStatus, RevocationData, RevocationPolicy, judge_chain

MAX_URLS = 4  # a certificate
MAX_FETCHES = 40  # a path, responders and CRL issuers included

Kind = Literal["crl", "ocsp", "certificate"]


class Fetch(Protocol):
    """The wire: the body at `url`, by GET, or by POST where there is a `body`.

    Raises OutsideError `fetch_failed`: unreachable, too slow, too large, not allowed.
    """

    def __call__(self, url: str, *, kind: Kind, body: bytes | None = None) -> bytes: ...


@dataclass(slots=True)
class Gathered:
    """What was fetched, and one sentence for each thing that failed."""

    data: RevocationData = field(default_factory=RevocationData)
    problems: list[str] = field(default_factory=list)
    fetches: int = 0


def gather_revocation(
    chain: Sequence[Certificate],
    data: RevocationData,
    fetch: Fetch,
    *,
    at: datetime,
    untrusted: Sequence[Certificate] = (),
    policy: RevocationPolicy | None = None,
    allow_weak: bool = False,
) -> Gathered:
    """Fetch for each certificate of a proven chain what `data` does not settle, OCSP before CRL."""
    gathered = Gathered(data)
    pending = list(pairwise(chain))
    done: set[Certificate] = set()
    while pending:
        certificate, issuer = pending.pop(0)
        if certificate in done or OCSP_NO_CHECK in certificate.extensions:
            continue
        done.add(certificate)
        status = _status(certificate, chain, gathered, at, untrusted, policy, allow_weak)
        sources = _sources(certificate, issuer, fetch, gathered)
        while status.status == "unknown" and (one := next(sources, None)) is not None:
            gathered.data = gathered.data.plus(one)
            status = _status(certificate, chain, gathered, at, untrusted, policy, allow_weak)
        # whoever vouches for it must be vouched for as well
        pending += [pair for pair in pairwise(status.signers) if pair[0] not in done]
    return gathered


def _status(
    certificate: Certificate,
    chain: Sequence[Certificate],
    gathered: Gathered,
    at: datetime,
    untrusted: Sequence[Certificate],
    policy: RevocationPolicy | None,
    allow_weak: bool,
) -> CertificateStatus:
    """The status of a certificate of the chain, or of one that its issuer certified to vouch for others."""
    path = tuple(chain)
    if certificate in path:
        path = path[path.index(certificate) :]
    else:
        above = next((i for i, one in enumerate(path) if one.subject_raw == certificate.issuer_raw), 0)
        path = (certificate, *path[above:])
    return judge_chain(path, gathered.data, at=at, untrusted=untrusted, policy=policy, allow_weak=allow_weak)[
        0
    ]


def _sources(
    certificate: Certificate, issuer: Certificate, fetch: Fetch, gathered: Gathered
) -> Iterator[RevocationData]:
    """One answer after the other, each fetched only when it is asked for."""
    for url in access_urls(certificate, OCSP_ACCESS)[:MAX_URLS]:
        body = _fetched(fetch, gathered, url, "ocsp", write_request(certificate, issuer))
        if body is not None and (response := _read_ocsp(body, url, gathered)) is not None:
            yield RevocationData(ocsps=(response,))
    points = (*distribution_points(certificate), *distribution_points(certificate, FRESHEST_CRL))
    for url in dict.fromkeys(url for point in points for url in point.urls[:MAX_URLS]):
        body = _fetched(fetch, gathered, url, "crl", None)
        if body is not None and (lists := _read_crls(body, url, gathered)):
            yield RevocationData(crls=lists)


def _fetched(fetch: Fetch, gathered: Gathered, url: str, kind: Kind, body: bytes | None) -> bytes | None:
    if gathered.fetches >= MAX_FETCHES:
        return None
    gathered.fetches += 1
    try:
        return fetch(url, kind=kind, body=body)
    except OutsideError as error:
        gathered.problems.append(error.message)
        return None


def _read_ocsp(body: bytes, url: str, gathered: Gathered) -> OcspResponse | None:
    try:
        return OcspResponse.from_der(body)
    except DocumentError as error:
        gathered.problems.append(f"{url}: {error.message}")
        return None


def _read_crls(body: bytes, url: str, gathered: Gathered) -> tuple[RevocationList, ...]:
    try:
        return RevocationList.load_many(body)
    except CallerError as error:
        gathered.problems.append(f"{url}: {error.message}")
        return ()


def fetch_issuers(certificate: Certificate, fetch: Fetch) -> tuple[tuple[Certificate, ...], tuple[str, ...]]:
    """The certificates that caIssuers of `certificate` leads to, and what failed."""
    found: list[Certificate] = []
    problems: list[str] = []
    for url in access_urls(certificate, CA_ISSUERS_ACCESS)[:MAX_URLS]:
        try:
            found += Certificate.load_many(fetch(url, kind="certificate"))
        except OutsideError as error:
            problems.append(error.message)
        except CallerError as error:
            problems.append(f"{url}: {error.message}")
    return tuple(found), tuple(problems)
