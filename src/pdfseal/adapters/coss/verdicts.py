"""What verifyPdfSeal answers: one entry a signature, in the manual's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pdfseal.adapters.coss.certificates import PATH_CODES
from pdfseal.adapters.coss.codes import MEANINGS, PATH_FAILED, SIGNATURE_WRONG, SUCCESS
from pdfseal.adapters.coss.jobs import Verified
from pdfseal.adapters.coss.service import beijing
from pdfseal.adapters.coss.wire import encode_base64
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.report import Finding

_DIGESTS = {"sha1": "SHA1", "sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512", "sm3": "SM3"}
_FAMILIES = {"rsa-pkcs1": "RSA", "rsa-pss": "RSAandMGF1", "ecdsa": "ECDSA", "sm2": "SM2"}


def verdict(found: Sequence[Verified]) -> dict[str, Any]:
    """The worst entry's code on top, in the sense of the first that failed; 89003019 for an unsigned file."""
    entries = [entry(one) for one in found]
    codes = [one["statusCode"] for one in entries if one["statusCode"] != str(SUCCESS)]
    fallback = str(SUCCESS) if entries else str(SIGNATURE_WRONG)
    return {"statusCode": codes[0] if codes else fallback, "message": entries}


def entry(one: Verified) -> dict[str, Any]:
    report = one.report
    problems = [finding for finding in report.findings if finding.severity != "info"]
    certificates = [certificate for der in one.certificates[:1] if (certificate := _load(der)) is not None]
    made: dict[str, Any] = {
        "statusCode": str(code_of(problems[0]) if problems else SUCCESS),
        "fieldName": report.field or "",
        "errInfos": [f"{MEANINGS[code_of(finding)]}: {finding.message}" for finding in problems],
        "signAlg": algorithm_words(report.algorithm),
        "sigValue": encode_base64(one.signature),
        "signDate": _sign_date(one),
        "signCerts": [encode_base64(der) for der in one.certificates],
        "commonName": certificates[0].common_name if certificates else "",
        "certDNs": [certificate.subject for certificate in certificates],
        "certSN": certificates[0].serial_hex if certificates else "",
        "extendsData": "",
        "isTss": one.stamped is not None,
        "pageNo": report.boxes[0].page if report.boxes else 0,
        "sealImg": "" if one.picture is None else encode_base64(one.picture),
    }
    if one.stamped is not None:
        made["timeStampDate"] = beijing(one.stamped)
    return made


def code_of(finding: Finding) -> int:
    """The manual's code for what was found."""
    parts = finding.code.split(".")
    if parts[0] == "trust" or parts[:2] == ["seal", "maker"]:
        return PATH_CODES.get(parts[-1], SIGNATURE_WRONG)
    if finding.code == "signed_outside_validity":
        return PATH_FAILED
    return SIGNATURE_WRONG


def algorithm_words(name: str | None) -> str:
    """`SM3WithSM2`, as this answer writes it; an OID that is not known stays as it is."""
    scheme = SCHEMES.get(name or "")
    if scheme is None:
        return name or ""
    return f"{_DIGESTS[scheme.digest]}With{_FAMILIES[scheme.family]}"


def _sign_date(one: Verified) -> str:
    if one.time_info is not None:
        return "#" + one.time_info.hex().upper()
    return "" if one.report.signing_time is None else beijing(one.report.signing_time)


def _load(der: bytes) -> Certificate | None:
    try:
        certificate = Certificate.from_der(der)
        _ = certificate.common_name, certificate.subject, certificate.serial_hex
        return certificate
    except (CallerError, DocumentError):
        return None
