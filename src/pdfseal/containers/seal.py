"""Electronic seals as such: made in two steps, judged alone.

    draft = SealDraft(name="pdfseal 测试专用章", picture=png, owners=(certificate,), ...)
    to_be_signed = seal_to_be_signed(draft, maker=maker_certificate)
    seal = finish_seal(to_be_signed, signature, maker=maker_certificate)     DER SESeal

    report = verify_seal(read_seal(seal), anchors=anchors, at=now)

The maker 制章人 signs outside, as every signer here does. Time, identifier and picture are
arguments. Nothing here draws or looks into a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pdfseal import asn1
from pdfseal.asn1 import Reading
from pdfseal.containers import ses2014, ses2020
from pdfseal.containers.ses import choose_scheme
from pdfseal.containers.ses_common import (
    MAX_CERTIFICATES,
    MAX_EXTENSIONS,
    MAX_PICTURE_BYTES,
    TITLES,
    VERSIONS,
    CertificateDigest,
    Layout,
    Seal,
    SealExtension,
    SealInfo,
    SealPicture,
    SealProperty,
    write_info,
)
from pdfseal.containers.ses_reading import read_seal
from pdfseal.containers.ses_steps import Step, certificate_facts, seal_facts, verify_seal_steps
from pdfseal.crypto import schemes
from pdfseal.crypto.schemes import SignatureScheme
from pdfseal.errors import CallerError, DocumentError, RefusedError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.trust import PathResult, TrustAnchors, validate_path

__all__ = [
    "SealDraft", "SealExtension", "SealReport", "finish_seal", "picture_type", "read_seal", "seal_facts",
    "seal_to_be_signed", "verify_seal",
]  # fmt: skip

ORGANISATION, PERSON = 1, 2
MAX_SIDE_MM = 1000
MAX_NAME_CHARACTERS = 200

# What a file begins with -> the word for it in SES_ESPictrueInfo.
_PICTURE_TYPES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"), (b"GIF87a", "GIF"), (b"GIF89a", "GIF"), (b"\xff\xd8\xff", "JPG"),
    (b"BM", "BMP"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SealDraft:
    """A seal to be made.

    `layout`: "ses2014" or "ses2020". `type`: 1 organisation, 2 person, or the maker's own number.
    `picture`: a PNG, GIF, JPEG or BMP file. `owners`: the certificates that may seal with it;
    `as_digests` lists them by their SM3 digest (layout of 2020 only). `esid`: the identifier,
    unique to the seal. `vendor`: the maker's short name. All times are aware.
    """

    layout: Layout
    name: str
    type: int
    picture: bytes = field(repr=False)
    width_mm: int
    height_mm: int
    owners: tuple[Certificate, ...]
    created: datetime
    valid_from: datetime
    valid_until: datetime
    esid: str
    vendor: str
    as_digests: bool = False
    extensions: tuple[SealExtension, ...] = ()


def picture_type(picture: bytes) -> str:
    """The type of a picture by its first bytes. CallerError `picture_unreadable` for any other."""
    for start, name in _PICTURE_TYPES:
        if picture.startswith(start):
            return name
    raise CallerError("picture_unreadable", "the seal picture is not a PNG, GIF, JPEG or BMP")


def seal_to_be_signed(
    draft: SealDraft, *, maker: Certificate, scheme: SignatureScheme | str | None = None
) -> bytes:
    """What the maker signs; by the scheme `scheme`, or what goes with the maker's key.

    CallerError `argument`, `picture_unreadable`, `picture_too_large` or `unknown_scheme`;
    RefusedError `weak_algorithm`.
    """
    chosen = choose_scheme(maker, scheme)
    _check_draft(draft)
    info = write_info(_info(draft), draft.layout)
    if draft.layout == "ses2014":
        return ses2014.seal_to_be_signed(info, maker.der, chosen.oid)
    return info


def _info(draft: SealDraft) -> SealInfo:
    owners = tuple(dict.fromkeys(draft.owners))
    digests = tuple(CertificateDigest("SM3", owner.fingerprint("sm3")) for owner in owners)
    return SealInfo(
        version=VERSIONS[draft.layout][0],
        vendor=draft.vendor,
        esid=draft.esid,
        property=SealProperty(
            type=draft.type,
            name=draft.name,
            certificates=() if draft.as_digests else tuple(owner.der for owner in owners),
            digests=digests if draft.as_digests else (),
            created=draft.created,
            valid_from=draft.valid_from,
            valid_until=draft.valid_until,
        ),
        picture=SealPicture(picture_type(draft.picture), draft.picture, draft.width_mm, draft.height_mm),
        extensions=draft.extensions,
    )


def _check_draft(draft: SealDraft) -> None:
    if len(draft.picture) > MAX_PICTURE_BYTES:
        raise CallerError("picture_too_large", f"the seal picture has {len(draft.picture)} bytes")
    times = (draft.created, draft.valid_from, draft.valid_until)
    last_year = 2049 if draft.layout == "ses2014" else 9999  # UTCTime ends there
    complaints = (
        (draft.layout not in TITLES, f"{draft.layout!r} is not a layout: {', '.join(TITLES)}"),
        (not 0 < len(draft.name.strip()) <= MAX_NAME_CHARACTERS, "a seal's name has 1 to 200 characters"),
        (not _is_text(draft.name), "a seal's name is text; this one cannot be written in UTF-8"),
        (not 0 < draft.type < 1 << 31, f"{draft.type} is not a type of seal"),
        (not _is_word(draft.esid), "a seal's identifier has 1 to 200 printable ASCII characters"),
        (not _is_word(draft.vendor), "a vendor's identifier has 1 to 200 printable ASCII characters"),
        (
            not all(0 < side <= MAX_SIDE_MM for side in (draft.width_mm, draft.height_mm)),
            f"a seal is 1 to {MAX_SIDE_MM} mm wide and high, in whole mm",
        ),
        (not 0 < len(draft.owners) <= MAX_CERTIFICATES, f"a seal has 1 to {MAX_CERTIFICATES} owners"),
        (draft.as_digests and draft.layout == "ses2014", "GM/T 0031-2014 lists certificates, not digests"),
        (len(draft.extensions) > MAX_EXTENSIONS, f"a seal has at most {MAX_EXTENSIONS} extensions"),
        (any(time.tzinfo is None for time in times), "a time of the seal has no time zone"),
        (
            not all(1950 <= time.year <= last_year for time in times),
            f"the layout {draft.layout} has times from 1950 to {last_year}",
        ),
    )
    for is_wrong, message in complaints:
        if is_wrong:
            raise CallerError("argument", message)
    if draft.valid_from >= draft.valid_until:
        raise CallerError("argument", "the seal's validity ends before it begins")


def _is_text(text: str) -> bool:
    """Octets of the command line that are no text become lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _is_word(text: str) -> bool:
    return 0 < len(text) <= MAX_NAME_CHARACTERS and text.isascii() and text.isprintable()


def finish_seal(to_be_signed: bytes, signature: bytes, *, maker: Certificate) -> bytes:
    """The DER SESeal of what `seal_to_be_signed` gave and the maker's signature over it.

    CallerError `argument` if `to_be_signed` is something else; RefusedError `signature_invalid`,
    or `certificate_not_candidate` if it names another maker than `maker`.
    """
    is_2014, oid = _read_to_be_signed(to_be_signed, maker)
    key = maker.public_key
    for scheme in schemes.SCHEMES.values():
        usable = schemes.fits(scheme, key) and scheme.family != "rsa-pss" and scheme.digest != "sha1"
        if not usable or oid not in (None, scheme.oid):
            continue
        try:
            value = schemes.normalise_signature(scheme, key, signature, reading=Reading())
        except DocumentError as error:
            raise RefusedError("signature_invalid", f"the signature cannot be used: {error}") from error
        if schemes.verify(scheme, key, to_be_signed, value):
            if is_2014:
                return ses2014.write_seal(to_be_signed, value)
            return ses2020.write_seal(
                to_be_signed, maker_certificate=maker.der, algorithm_oid=scheme.oid, signature=value
            )
    who = maker.common_name or maker.serial_hex
    raise RefusedError("signature_invalid", f"the signature does not verify under the certificate of {who}")


def _read_to_be_signed(to_be_signed: bytes, maker: Certificate) -> tuple[bool, str | None]:
    """Whether it is the SEQUENCE { SES_SealInfo, cert, OID } of 2014, and its OID; else SES_SealInfo."""
    where = "the seal's to-be-signed bytes"
    try:
        items = asn1.read(to_be_signed, where=where).sequence(where, least=3, most=5)
        is_2014 = items[1].tag == asn1.OCTET_STRING
        cert = items[1].octets(where) if is_2014 else maker.der
        oid = items[2].oid(where) if is_2014 else None
    except DocumentError as error:
        raise CallerError("argument", f"the to-be-signed bytes are not those of a seal: {error}") from error
    if cert != maker.der:
        message = "the to-be-signed bytes name another maker than the certificate handed in"
        raise RefusedError("certificate_not_candidate", message)
    return is_2014, oid


# -- verifying ------------------------------------------------------------------------------

Verdict = Literal["passed", "failed", "indeterminate"]


@dataclass(frozen=True, slots=True)
class SealReport:
    """The judgement on a seal alone. `trust` is the maker's certificate path, None if not checked."""

    verdict: Verdict
    seal: Seal
    steps: tuple[Step, ...]
    trust: PathResult | None
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """JSON values, schema 1."""
        return {
            "schema": 1,
            "verdict": self.verdict,
            "at": self.at.isoformat(),
            "seal": seal_facts(self.seal),
            "steps": [{"name": step.name, "ok": step.ok, "message": step.message} for step in self.steps],
            "trust": {
                "status": self.trust.status if self.trust else "not_checked",
                "reason": self.trust.reason if self.trust else "",
                "chain": [certificate_facts(one) for one in self.trust.chain] if self.trust else [],
                "revocation": self.trust.revocation if self.trust else "not_checked",
            },
        }


def verify_seal(
    seal: Seal,
    *,
    anchors: TrustAnchors | None,
    untrusted: Sequence[Certificate] = (),
    at: datetime,
) -> SealReport:
    """Format, maker's signature, validity at `at` (aware), and the maker's path to one of `anchors`.

    `anchors` None leaves the path unchecked: the verdict is then at best `indeterminate`.
    """
    steps = verify_seal_steps(seal, at_signing=None, now=at)
    trust = None
    maker = seal.maker.certificate
    if anchors is not None and maker is not None:
        trust = validate_path(maker, anchors=anchors, untrusted=untrusted, at=at, purpose="maker")
    verdict: Verdict = "passed" if trust is not None and trust.status == "trusted" else "indeterminate"
    if any(step.ok is False for step in steps) or (trust and trust.status in ("revoked", "invalid")):
        verdict = "failed"
    return SealReport(verdict, seal, steps, trust, at)
