"""The standards' verification of a seal and of a seal signature, step by step, each result apart.

GM/T 0031 and GB/T 38540 both ask, in this order: is the format right; is the signature over
TBS_Sign good; is the signer in the seal's list; is the maker's signature on the seal good; is
the seal valid. Paths, revocation and timestamps are judged elsewhere, by who knows the anchors:
the certificates are `container.signer` and `seal.maker.certificate`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pdfseal.containers.ses_common import TITLES, Seal
from pdfseal.containers.ses_reading import SesContainer
from pdfseal.errors import CallerError
from pdfseal.pki.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `ok` is None where it could not be judged or only informs. `message`: one sentence.

    Names: format, signature, signer_in_seal, maker_signature, seal_validity, seal_now, property_info.
    """

    name: str
    ok: bool | None
    message: str


def verify_seal_steps(
    subject: SesContainer | Seal, *, at_signing: datetime | None, now: datetime
) -> tuple[Step, ...]:
    """The steps of a seal signature, or of a seal alone, which has fewer.

    `at_signing` is when the seal was used, None if nobody knows; a seal alone is judged at
    `now`. Step seal_now is there only if the seal is not valid at `now`, and only informs.
    Step property_info is there only if propertyInfo is a ByteRange, `container.tbs.byte_range`;
    whether it is the document's is for the caller to compare. Times are aware.
    """
    if now.tzinfo is None or (at_signing is not None and at_signing.tzinfo is None):
        raise CallerError("argument", "the time to judge a seal at has no time zone")
    if isinstance(subject, Seal):
        return (_format(subject), _maker_signature(subject), _validity(subject, now))
    return tuple(_signature_steps(subject, at_signing, now))


def _signature_steps(container: SesContainer, at_signing: datetime | None, now: datetime) -> Iterator[Step]:
    seal = container.seal
    yield _format(container)
    signed = container.signed.covers(container.tbs.raw)
    yield Step(
        "signature",
        signed,
        "the signature over TBS_Sign is good"
        if signed
        else "; ".join(container.signed.problems) or "the signature over TBS_Sign does not verify",
    )
    yield _signer_in_seal(seal, container.signer)
    yield _maker_signature(seal)
    yield _validity(seal, at_signing)
    if not seal.in_force(now):
        before = now < seal.info.property.valid_from
        yield Step("seal_now", None, f"the seal is {'not valid yet' if before else 'expired'} at {_iso(now)}")
    if container.tbs.byte_range is not None:
        text = container.tbs.property_info
        yield Step("property_info", None, f"propertyInfo names the ByteRange {text}")


def _format(subject: SesContainer | Seal) -> Step:
    seal = subject if isinstance(subject, Seal) else subject.seal
    layout = seal.layout if isinstance(subject, Seal) else subject.tbs.layout
    message = f"readable in the layout of {TITLES[layout]}, version {seal.info.version} of the seal"
    used = ", ".join(seal.reading.used)
    return Step("format", True, message + (f", with the leniencies {used}" if used else ""))


def _signer_in_seal(seal: Seal, signer: Certificate | None) -> Step:
    name = "signer_in_seal"
    if signer is None:
        return Step(name, None, "the signer's certificate cannot be read")
    if not seal.names(signer):
        return Step(name, False, "the signer's certificate is not in the seal's list")
    how = "by a digest" if seal.info.property.digests else "as it is"
    return Step(name, True, f"the seal names the signer's certificate {how}")


def _maker_signature(seal: Seal) -> Step:
    if seal.maker_signature_ok():
        return Step("maker_signature", True, "the maker's signature on the seal is good")
    why = "; ".join(seal.maker.problems) or "the maker's signature on the seal does not verify"
    return Step("maker_signature", False, why)


def _validity(seal: Seal, at: datetime | None) -> Step:
    first, last = seal.info.property.valid_from, seal.info.property.valid_until
    span = f"the seal is valid from {_iso(first)} to {_iso(last)}"
    if at is None:
        return Step("seal_validity", None, f"{span}; when it was used is not known")
    return Step("seal_validity", seal.in_force(at), f"{span}, judged at {_iso(at)}")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


# -- facts for reports ----------------------------------------------------------------------


def certificate_facts(certificate: Certificate | None) -> dict[str, Any] | None:
    """A certificate as JSON values; `serial` is upper-case hexadecimal."""
    if certificate is None:
        return None
    return {
        "common_name": certificate.common_name,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial_hex,
        "not_before": _iso(certificate.not_before),
        "not_after": _iso(certificate.not_after),
        "sm3": certificate.fingerprint("sm3").hex(),
    }


def seal_facts(seal: Seal) -> dict[str, Any]:
    """What a seal says of itself, as JSON values. The picture's bytes are left out."""
    info, stated = seal.info, seal.info.property
    return {
        "layout": seal.layout,
        "standard": TITLES[seal.layout],
        "version": info.version,
        "vendor": info.vendor,
        "id": info.esid,
        "type": stated.type,
        "name": stated.name,
        "created": _iso(stated.created),
        "valid_from": _iso(stated.valid_from),
        "valid_until": _iso(stated.valid_until),
        "owners": {
            "certificates": len(stated.certificates),
            "readable": [certificate_facts(owner) for owner in seal.owners()],
            "digests": [{"type": one.type, "value": one.value.hex()} for one in stated.digests],
        },
        "picture": {
            "type": info.picture.type,
            "width_mm": info.picture.width_mm,
            "height_mm": info.picture.height_mm,
            "bytes": len(info.picture.data),
        },
        "extensions": [
            {"oid": one.oid, "critical": one.critical, "value": base64.b64encode(one.value).decode()}
            for one in info.extensions
        ],
        "maker": certificate_facts(seal.maker.certificate),
        "algorithm": seal.maker.algorithm,
        "timestamp": "not_checked" if seal.timestamp is not None else None,
        "leniencies": {name: list(places) for name, places in seal.reading.used.items()},
    }
