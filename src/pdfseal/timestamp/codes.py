"""The result codes of verifyTS and the answers of getTSInfo, as the HTTP interface knows them.

    1 good    -1 signature    -2 data    -3 root not trusted    -4 not yet valid at genTime
    -5 certificate not found  -6 expired at genTime

What is malformed, and faults of extendedKeyUsage and ESSCertID, are -1.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from pdfseal.asn1 import BEIJING
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.trust import TrustAnchors
from pdfseal.timestamp.response import read_token
from pdfseal.timestamp.token import Token
from pdfseal.timestamp.verify import CheckName, TokenVerification, verify_token

GOOD, BAD_SIGNATURE, BAD_DATA, NOT_TRUSTED, NOT_YET_VALID, NO_CERTIFICATE, EXPIRED = 1, -1, -2, -3, -4, -5, -6

_SIGNATURE_CHECKS: tuple[CheckName, ...] = (
    "signer", "attributes", "signing_certificate", "signature", "usage",
)  # fmt: skip
_DATA_CHECKS: tuple[CheckName, ...] = ("imprint", "nonce", "policy")


def verify_code(
    token: bytes,
    data: bytes,
    *,
    anchors: TrustAnchors,
    certificates: Sequence[Certificate] = (),
    allow_weak: bool = False,
) -> int:
    """The code for a token or whole response over `data`; whatever cannot be read is -1.

    `certificates` are those that the service knows, for tokens that do not carry their own.
    """
    try:
        read = read_token(token, certificates=certificates)
    except DocumentError:
        return BAD_SIGNATURE
    result = verify_token(read, data=data, anchors=anchors, untrusted=certificates, allow_weak=allow_weak)
    return code_of(result)


def code_of(result: TokenVerification) -> int:
    """The first that applies, in the order -5, -1, -2, -4 or -6, -3."""
    failed = {check.name for check in result.failures}
    signer = result.token.signer
    if signer is None:
        return NO_CERTIFICATE
    if failed.intersection(_SIGNATURE_CHECKS):
        return BAD_SIGNATURE
    if failed.intersection(_DATA_CHECKS):
        return BAD_DATA
    if "time" in failed:
        return NOT_YET_VALID if result.token.gen_time < signer.not_before else EXPIRED
    if result.path is not None and result.path.status in ("not_yet_valid", "expired"):
        return NOT_YET_VALID if result.path.status == "not_yet_valid" else EXPIRED
    return GOOD if result.trusted else NOT_TRUSTED


def token_info(token: Token, kind: int) -> str:
    """1: genTime, `yyyyMMddHHmmss` in Beijing time. 2: the imprint, base64. 3: the authority's
    certificate, base64 of DER. 4: that certificate's serial number, upper-case hexadecimal.

    CallerError `argument` for another kind, `not_found` where 3 or 4 asks for an unknown certificate.
    """
    if kind == 1:
        return token.gen_time.astimezone(BEIJING).strftime("%Y%m%d%H%M%S")
    if kind == 2:
        return base64.b64encode(token.imprint).decode("ascii")
    if kind not in (3, 4):
        raise CallerError("argument", f"the kind of information is 1 to 4, not {kind}")
    if token.signer is None:
        raise CallerError("not_found", "the certificate of the timestamp authority is not known")
    if kind == 3:
        return base64.b64encode(token.signer.der).decode("ascii")
    return token.signer.serial_hex
