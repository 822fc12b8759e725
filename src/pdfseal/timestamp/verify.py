"""Verification of a timestamp token: a numbered plan, each result apart.

    token = read_token(answer)
    result = verify_token(token, data=document, nonce=request.nonce, anchors=anchors)
    result.trusted, result.checks, result.token.chain

The plan; the blocks below carry the numbers:

    1. Format: a readable CMS with exactly one SignerInfo and a TSTInfo of version 1 (`read_token`).
    2. Signer: one certificate answers to the signer identifier, and serves every later step.
    3. Signed attributes: contentType is id-ct-TSTInfo, messageDigest the digest of the TSTInfo.
    4. signingCertificate (ESSCertID, version 1 or 2) names that certificate by its digest.
    5. Signature value.
    6. Imprint: the token is over the data.
    7. Nonce, 8. policy: as asked.
    9. Usage: extendedKeyUsage is critical and timeStamping alone; keyUsage allows signatures.
   10. Time: genTime is inside the certificate's validity.
   11. Strength: neither imprint nor signature rest on SHA-1.
   12. Path: from the certificate to an anchor of the caller, at genTime.

Law: the token's certificates are never anchors. A check that was not asked for is None, never
true. What is wrong is a result, not an exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from pdfseal.containers.cms import Part
from pdfseal.crypto import schemes
from pdfseal.crypto.digests import digest
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.trust import TIME_STAMPING, PathResult, TrustAnchors, validate_path
from pdfseal.timestamp.token import Token

CheckName = Literal[
    "signer", "attributes", "signing_certificate", "signature", "imprint", "nonce", "policy", "usage", "time",
    "strength", "path",
]  # fmt: skip
_NOT_PATH = frozenset({"path", "strength"})


@dataclass(frozen=True, slots=True)
class Check:
    """One step: `ok` is None where it was not asked for. `reason`: one sentence, empty if ok."""

    name: CheckName
    ok: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TokenVerification:
    """The results on one token. `path` is None where no anchors were given or no signer was found.

    `token` is the token that was verified, with the proven chain where there is one.
    """

    token: Token
    checks: tuple[Check, ...]
    path: PathResult | None

    def check(self, name: CheckName) -> Check:
        return next(check for check in self.checks if check.name == name)

    @property
    def failures(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.ok is False)

    @property
    def sound(self) -> bool:
        """Nothing is wrong with the token itself; says nothing of who issued it."""
        return not {check.name for check in self.failures} - _NOT_PATH

    @property
    def trusted(self) -> bool:
        """Nothing failed, the imprint was compared, and the path to an anchor was proven."""
        return not self.failures and bool(self.check("imprint").ok and self.check("path").ok)


def verify_token(
    token: Token,
    *,
    data: bytes | None = None,
    imprint: bytes | None = None,
    nonce: int | None = None,
    policy: str | None = None,
    anchors: TrustAnchors | None = None,
    untrusted: Sequence[Certificate] = (),
    at: datetime | None = None,
    allow_weak: bool = False,
) -> TokenVerification:
    """Run the plan.

    `data` is what should have been stamped, or `imprint` its digest by `token.algorithm`; neither
    leaves that check open. `nonce` and `policy` are what was asked for, None if nothing was.
    `untrusted` may stand in the path beside the token's own certificates. `at` is the moment at
    which the path is judged: genTime if None. `allow_weak` lets SHA-1 and short RSA keys pass.
    """
    if data is not None and imprint is not None:
        raise CallerError("argument", "give the data or its digest, not both")
    expected = digest(token.algorithm, data) if data is not None else imprint
    checks = [*_cms_checks(token), *_content_checks(token, expected, nonce, policy)]
    path: PathResult | None = None
    if token.signer is not None:
        checks += [_usage(token.signer), _time(token.signer, token.gen_time)]
        checks.append(_strength(token, allow_weak))
        if anchors is not None:
            others = tuple(dict.fromkeys((*token.certificates, *untrusted)))
            moment = (at or token.gen_time).replace(microsecond=0)  # certificates count in seconds
            path = validate_path(
                token.signer,
                anchors=anchors,
                untrusted=others,
                at=moment,
                purpose="timestamp",
                allow_weak=allow_weak,
            )
    else:
        absent = "the authority's certificate was not found"
        checks += [Check("usage", None, absent), Check("time", None, absent), Check("strength", None, absent)]
    checks.append(_path_check(path, anchors))
    proven = path.chain if path is not None and path.status == "trusted" else ()
    return TokenVerification(replace(token, chain=proven), tuple(checks), path)


def _cms_checks(token: Token) -> Iterator[Check]:
    container = token.container
    # 2. Signer
    yield _part(token, "signer")
    # 3. Signed attributes
    attributes = _part(token, "attributes")
    content = container.content or b""
    if attributes.ok and container.message_digest != digest(container.digest_algorithm, content):
        reason = "the messageDigest attribute is not the digest of the TSTInfo"
        attributes = Check("attributes", False, reason)
    yield attributes
    # 4. signingCertificate
    yield _part(token, "signing_certificate")
    # 5. Signature value
    value = _part(token, "signature")
    if value.ok and not _signature_verifies(token):
        value = Check("signature", False, "the signature does not verify under the authority's certificate")
    yield value


def _part(token: Token, part: Part) -> Check:
    reasons = [problem.message for problem in token.container.problems if problem.part == part]
    return Check(part, not reasons, "; ".join(reasons))


def _signature_verifies(token: Token) -> bool:
    container = token.container
    if container.scheme is None or container.signer is None or container.signed_attributes is None:
        return False
    key = container.signer.public_key
    return schemes.verify(container.scheme, key, container.signed_attributes, container.signature)


def _content_checks(
    token: Token, expected: bytes | None, nonce: int | None, policy: str | None
) -> Iterator[Check]:
    # 6. Imprint
    yield _compared("imprint", token.imprint, expected, "the token is not over this data")
    # 7. Nonce
    yield _compared("nonce", token.nonce, nonce, f"the token's nonce is {token.nonce}, asked for was {nonce}")
    # 8. Policy
    reason = f"the token's policy is {token.policy}, asked for was {policy}"
    yield _compared("policy", token.policy, policy, reason)


def _compared(name: CheckName, found: object, asked: object, reason: str) -> Check:
    if asked is None:
        return Check(name, None, "nothing to compare it with was given")
    return Check(name, True) if found == asked else Check(name, False, reason)


def _usage(certificate: Certificate) -> Check:
    # 9. Usage (RFC 3161, 2.3)
    try:
        purposes, usage = certificate.ext_key_usage, certificate.key_usage
        if purposes is None:
            reason = "the authority's certificate has no extendedKeyUsage"
        elif purposes != frozenset({TIME_STAMPING}):
            reason = "the authority's certificate is not for timestamps alone"
        elif not certificate.extensions["2.5.29.37"][0]:
            reason = "extendedKeyUsage of the authority's certificate is not critical"
        elif usage is not None and not usage & {"digitalSignature", "nonRepudiation"}:
            reason = "keyUsage of the authority's certificate does not allow signatures"
        else:
            return Check("usage", True)
    except DocumentError as error:
        reason = f"the authority's certificate cannot be read: {error.message}"
    return Check("usage", False, reason)


def _time(certificate: Certificate, gen_time: datetime) -> Check:
    # 10. Time
    try:
        first, last = certificate.not_before, certificate.not_after
    except DocumentError as error:
        return Check("time", False, f"the authority's certificate cannot be read: {error.message}")
    if first <= gen_time.replace(microsecond=0) <= last:
        return Check("time", True)
    when = "before the authority's certificate was valid" if gen_time < first else "after it had expired"
    return Check("time", False, f"genTime {gen_time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} is {when}")


def _strength(token: Token, allow_weak: bool) -> Check:
    # 11. Strength; that of keys and certificates belongs to the path
    scheme = token.container.scheme
    weak = token.algorithm == "sha1" or (scheme is not None and scheme.digest == "sha1")
    return Check("strength", not weak or allow_weak, "" if not weak or allow_weak else "the token uses SHA-1")


# 12. Path


def _path_check(path: PathResult | None, anchors: TrustAnchors | None) -> Check:
    if path is None:
        return Check("path", None, "no trust anchors were given" if anchors is None else "no certificate")
    return Check("path", path.status == "trusted", path.reason)
