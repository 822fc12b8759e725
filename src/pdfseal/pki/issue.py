"""Issues certificates for tests and the demonstration. A certification authority needs more.

Pure: serial number, dates and keys are arguments, and the issuer signs through `Signer`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pdfseal import asn1
from pdfseal.crypto import schemes
from pdfseal.crypto.keys import PublicKey
from pdfseal.crypto.signer import Signer
from pdfseal.pki.certificate import ATTRIBUTE_NAMES, KEY_USAGES, Certificate

TIME_STAMPING, OCSP_SIGNING = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"
OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5"
_ATTRIBUTE_OIDS = {name: oid for oid, name in ATTRIBUTE_NAMES.items()}

Name = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a certificate is for. `path_length` is for authorities; None sets no limit.

    `extensions` are further ones: (OID, critical, DER of the value).
    """

    key_usage: tuple[str, ...]
    is_ca: bool = False
    path_length: int | None = None
    ext_key_usage: tuple[str, ...] = ()
    extensions: tuple[tuple[str, bool, bytes], ...] = ()


PROFILES: dict[str, Profile] = {
    "root": Profile(("keyCertSign", "cRLSign"), is_ca=True),
    "intermediate": Profile(("keyCertSign", "cRLSign"), is_ca=True, path_length=0),
    "signer": Profile(("digitalSignature", "nonRepudiation")),
    "encryption": Profile(("keyEncipherment", "dataEncipherment")),
    "timestamp": Profile(("digitalSignature",), ext_key_usage=(TIME_STAMPING,)),
    "ocsp": Profile(
        ("digitalSignature",),
        ext_key_usage=(OCSP_SIGNING,),
        extensions=((OCSP_NO_CHECK, False, asn1.null()),),
    ),
    "crl": Profile(("cRLSign",)),
}


def issue_certificate(
    *,
    subject: Name,
    public_key: PublicKey,
    signer: Signer,
    issuer: Certificate | None,
    issuer_key: PublicKey | None = None,
    profile: Profile,
    serial: int,
    not_before: datetime,
    not_after: datetime,
) -> Certificate:
    """A certificate (RFC 5280, 4.1). `issuer` None makes it self-signed.

    `subject` is a list such as [("C", "CN"), ("CN", "张三")], in encoded order. `signer` holds the
    issuer's key.
    """
    key = issuer.public_key if issuer else issuer_key or public_key
    scheme = schemes.default_scheme(key)
    algorithm = schemes.algorithm_identifier(scheme)
    name = encode_name(subject)
    tbs = asn1.sequence(
        asn1.explicit(0, asn1.integer(2)),
        asn1.integer(serial),
        algorithm,
        issuer.subject_raw if issuer else name,
        asn1.sequence(encode_time(not_before), encode_time(not_after)),
        name,
        public_key.spki,
        asn1.explicit(3, _extensions(profile, public_key, key)),
    )
    return Certificate.from_der(asn1.sequence(tbs, algorithm, asn1.bit_string(signer.sign(tbs, scheme))))


def encode_name(name: Name) -> bytes:
    """Name (RFC 5280, 4.1.2.4): C and SERIALNUMBER as PrintableString, E and DC as IA5String, else UTF-8."""
    rdns = []
    for short, text in name:
        kinds = {"C": asn1.printable_string, "SERIALNUMBER": asn1.printable_string}
        encode = kinds.get(short, asn1.ia5_string if short in ("E", "DC") else asn1.utf8_string)
        oid = asn1.object_identifier(_ATTRIBUTE_OIDS.get(short, short))
        rdns.append(asn1.set_of(asn1.sequence(oid, encode(text))))
    return asn1.sequence(*rdns)


def encode_time(moment: datetime) -> bytes:
    """Time: UTCTime until 2049, GeneralizedTime afterwards (RFC 5280, 4.1.2.5)."""
    return asn1.utc_time(moment) if moment.year < 2050 else asn1.generalized_time(moment)


def _extensions(profile: Profile, public_key: PublicKey, issuer_key: PublicKey) -> bytes:
    constraints = asn1.sequence()
    if profile.is_ca:
        limit = [] if profile.path_length is None else [asn1.integer(profile.path_length)]
        constraints = asn1.sequence(asn1.boolean(True), *limit)
    parts = [
        encode_extension("2.5.29.35", asn1.sequence(asn1.element(0x80, key_identifier(issuer_key)))),
        encode_extension("2.5.29.14", asn1.octet_string(key_identifier(public_key))),
        encode_extension("2.5.29.19", constraints, critical=True),
        encode_extension("2.5.29.15", _key_usage(profile.key_usage), critical=True),
    ]
    if profile.ext_key_usage:  # critical, as RFC 3161, 2.3 demands of timestamp authorities
        purposes = asn1.sequence(*map(asn1.object_identifier, profile.ext_key_usage))
        parts.append(encode_extension("2.5.29.37", purposes, critical=True))
    parts += [encode_extension(oid, value, critical=critical) for oid, critical, value in profile.extensions]
    return asn1.sequence(*parts)


def encode_extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = asn1.boolean(True) if critical else b""
    return asn1.sequence(asn1.object_identifier(oid), flag, asn1.octet_string(value))


def _key_usage(names: Sequence[str]) -> bytes:
    """A named bit list without trailing zero bits (X.690 11.2.2)."""
    positions = [KEY_USAGES.index(name) for name in names]
    value = sum(1 << (15 - position) for position in positions).to_bytes(2)
    octets = value[: max(positions) // 8 + 1]
    return asn1.element(asn1.BIT_STRING, bytes([7 - max(positions) % 8]) + octets)


def key_identifier(key: PublicKey) -> bytes:
    """SHA-1 over the octets of subjectPublicKey: a name, not a safeguard (RFC 5280, 4.2.1.2)."""
    bits = asn1.read(key.spki).children()[1].bits("subjectPublicKey")
    return hashlib.sha1(bits, usedforsecurity=False).digest()
