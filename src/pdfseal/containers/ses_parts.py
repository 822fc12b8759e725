"""Parts of an electronic seal where real data strays from DER: bit strings, times, signatures.

Law: a deviation is read only under its name in `asn1.LENIENCIES`, recorded in the element's
`Reading`. What cannot be read at all raises; a signature that contradicts its certificate is a
`problem`, and then covers nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from pdfseal import asn1
from pdfseal.asn1 import Node, Reading
from pdfseal.containers.cms_reading import read_cms
from pdfseal.crypto import schemes
from pdfseal.crypto.digests import DIGESTS
from pdfseal.crypto.keys import PublicKey
from pdfseal.crypto.schemes import SignatureScheme
from pdfseal.errors import DocumentError
from pdfseal.pki.certificate import Certificate

MAX_LOST_ZEROS = 4  # octets; a writer that drops trailing zeros drops one of 256 once, four never
MAX_TIME_BYTES = 64

_DIGEST_SIZES = sorted({digest.size_bytes for digest in DIGESTS.values()})

# 2021-11-11 15:27:28 and its like: any separators, an optional fraction and zone
_FREE_TIME = re.compile(
    r"(\d{4})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})\D{1,2}(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)


# -- bit strings ----------------------------------------------------------------------------


def bit_string(node: Node, where: str) -> bytes:
    """Octets of a BIT STRING; an OCTET STRING in its place is a leniency."""
    if node.tag == asn1.OCTET_STRING:
        node.reading.allow("bit_string_as_octets", where)
        return node.content
    return node.bits(where)


def digest_octets(node: Node, where: str) -> bytes:
    """A digest in a BIT STRING, padded again to the size of a digest where it lost trailing zeros."""
    value = bit_string(node, where)
    size = next((size for size in _DIGEST_SIZES if size >= len(value)), 0)
    return _restore(value, size, node.reading, where)


def der_octets(node: Node, where: str) -> bytes:
    """DER in a BIT STRING, padded again to the length that its own header demands."""
    value = bit_string(node, where)
    return _restore(value, _der_size(value), node.reading, where)


def _signature_octets(node: Node, where: str, key: PublicKey | None) -> bytes:
    """As `der_octets`; an RSA signature has the length of the modulus."""
    value = bit_string(node, where)
    if key is not None and key.kind == "rsa":
        return _restore(value, (key.bits + 7) // 8, node.reading, where)
    is_der = value[:1] == b"\x30" and value[2:3] == b"\x02"  # else raw r‖s, which has no header
    return _restore(value, _der_size(value) if is_der else 0, node.reading, where)


def _restore(value: bytes, size: int, reading: Reading, where: str) -> bytes:
    if not 0 < size - len(value) <= MAX_LOST_ZEROS:
        return value
    reading.allow("bit_string_lost_zeros", where)
    return value.ljust(size, b"\x00")


def _der_size(value: bytes) -> int:
    """Octets that the header at the start of `value` demands, 0 if there is none."""
    if len(value) < 2 or value[1] == 0x80:
        return 0
    if value[1] < 0x80:
        return 2 + value[1]
    count = value[1] & 0x7F
    return 2 + count + int.from_bytes(value[2 : 2 + count]) if count <= 4 else 0


# -- times ----------------------------------------------------------------------------------


def read_time(node: Node, tag: int, where: str) -> datetime:
    """A time under the tag that the layout demands, or, as a leniency, under the other one."""
    moment = node.time(where)
    if node.tag != tag:
        node.reading.allow("time_other_type", where)
    return moment


def read_time_info(node: Node, *, generalized: bool) -> datetime | None:
    """timeInfo: GeneralizedTime in the layout of 2020, a BIT STRING in that of 2014.

    The BIT STRING holds a DER time, a timestamp token (its genTime is taken as a claim, the
    token is not verified), or text such as `211111152728Z`, as BJCA writes it. Anything else
    is read as a leniency, and gives None where no time can be made out.
    """
    where, reading = "timeInfo", node.reading
    if node.tag in (asn1.GENERALIZED_TIME, asn1.UTC_TIME):
        try:
            moment = node.time(where)
        except DocumentError:
            if reading.strict:
                raise
            return _free_time(node.content, reading, where)
        if not generalized or node.tag != asn1.GENERALIZED_TIME:
            reading.allow("time_other_type", where)
        return moment
    if generalized:
        reading.allow("time_free_form", where)
    body = node.text(where).encode() if node.tag in asn1.STRING_TAGS else bit_string(node, where)
    try:
        return _time_in_bits(body, reading, where)
    except DocumentError:
        if reading.strict:
            raise
        return _free_time(body, reading, where)


def _time_in_bits(body: bytes, reading: Reading, where: str) -> datetime:
    if body[:1] == bytes([asn1.SEQUENCE]):
        return _token_time(body)
    if body[:1] in (bytes([asn1.UTC_TIME]), bytes([asn1.GENERALIZED_TIME])):
        return asn1.read(body, reading=reading, where=where).time(where)
    text = body[:MAX_TIME_BYTES].decode("latin-1")
    return asn1.decode_time(text, generalized=False, reading=reading, where=where)


def _token_time(token: bytes) -> datetime:
    """RFC 3161, 2.4.2: TSTInfo ::= SEQUENCE { version, policy, messageImprint, serialNumber, genTime, … }"""
    content = read_cms(asn1.read(token, where="timeInfo")).content
    info = asn1.read(content or b"", where="TSTInfo").sequence("TSTInfo", least=5)
    return info[4].time("genTime")


def _free_time(body: bytes, reading: Reading, where: str) -> datetime | None:
    reading.allow("time_free_form", where)
    match = _FREE_TIME.fullmatch(body[:MAX_TIME_BYTES].decode("utf-8", "replace").strip(" \x00"))
    if match is None:
        return None
    year, *rest, zone = match.groups()
    digits = year + "".join(part.rjust(2, "0") for part in rest) + (zone or "").replace(":", "")
    try:
        return asn1.decode_time(digits, generalized=True, reading=reading, where=where)
    except DocumentError:
        return None


# -- signatures -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignatureValue:
    """A signature beside the certificate and algorithm that it is under.

    `algorithm` is the scheme's name, or the OID found where the scheme is not known.
    `problems` says why the signature cannot be checked at all, one sentence each.
    """

    certificate_der: bytes = field(repr=False)
    certificate: Certificate | None
    algorithm: str
    scheme: SignatureScheme | None
    value: bytes = field(repr=False)
    problems: tuple[str, ...] = ()

    def covers(self, message: bytes) -> bool:
        """Whether this is a good signature over `message`, under its own certificate's key."""
        if self.certificate is None or self.scheme is None or self.problems:
            return False
        return schemes.verify(self.scheme, self.certificate.public_key, message, self.value)


def read_signature(cert: Node, algorithm: Node, value: Node, *, whose: str) -> SignatureValue:
    """cert OCTET STRING, algorithm OBJECT IDENTIFIER, value BIT STRING, wherever the layout has them.

    `whose` ("the maker's", "the signer's") is for messages and for places in `Reading.used`.
    """
    reading, problems = cert.reading, list[str]()
    der, oid = cert.octets(f"{whose} certificate"), algorithm.oid(f"{whose} signature algorithm")
    certificate, key = _read_certificate(der, reading, whose, problems)
    scheme = None
    if key is not None:
        try:
            scheme = schemes.scheme_of(algorithm, key=key, reading=reading)
        except DocumentError as error:
            if error.code != "container_malformed":
                raise
            problems.append(f"{whose} signature cannot be checked: {error.message}")
    octets = _signature_octets(value, f"{whose} signature", key)
    if scheme is not None and key is not None:
        _check_form(scheme, key, octets, reading, whose, problems)
    return SignatureValue(der, certificate, scheme.name if scheme else oid, scheme, octets, tuple(problems))


def _read_certificate(
    der: bytes, reading: Reading, whose: str, problems: list[str]
) -> tuple[Certificate | None, PublicKey | None]:
    """The certificate and its key, each None where it cannot be read. Strict mode's refusals are raised."""
    certificate = None
    try:
        certificate = Certificate.from_der(der)
        _, key = certificate.leniencies, certificate.public_key  # reads every part
    except DocumentError as error:
        problems.append(f"{whose} certificate cannot be read: {error.message}")
        return None, None
    for leniency in certificate.leniencies:
        reading.allow(leniency, f"{whose} certificate")
    return certificate, key


def _check_form(
    scheme: SignatureScheme, key: PublicKey, value: bytes, reading: Reading, whose: str, problems: list[str]
) -> None:
    """Record the leniencies that the signature value needs; one without form is a problem."""
    lenient = Reading()
    try:
        schemes.normalise_signature(scheme, key, value, reading=lenient)
    except DocumentError as error:
        problems.append(f"{whose} signature has no valid form: {error.message}")
    for leniency in lenient.used:
        reading.allow(leniency, f"{whose} signature")
