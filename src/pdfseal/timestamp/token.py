"""Timestamp tokens, read: a CMS around a TSTInfo.

RFC 3161, 2.4.2:

    TSTInfo ::= SEQUENCE {
        version        INTEGER { v1(1) },
        policy         OBJECT IDENTIFIER,
        messageImprint MessageImprint,
        serialNumber   INTEGER,
        genTime        GeneralizedTime,
        accuracy       Accuracy OPTIONAL,
        ordering       BOOLEAN DEFAULT FALSE,
        nonce          INTEGER OPTIONAL,
        tsa            [0] EXPLICIT GeneralName OPTIONAL,
        extensions     [1] IMPLICIT SEQUENCE OF Extension OPTIONAL }
    Accuracy ::= SEQUENCE {
        seconds INTEGER OPTIONAL, millis [0] INTEGER (1..999) OPTIONAL, micros [1] INTEGER (1..999) OPTIONAL }

Law: a token is read without belief. What it says is a claim until `verify` has proven it. The
CMS around may be BER, as old authorities write it (named leniencies); TSTInfo may not, because
it is what was signed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pdfseal import asn1
from pdfseal.asn1 import Node, Reading, malformed
from pdfseal.containers.cms import CmsContainer
from pdfseal.errors import DocumentError
from pdfseal.pki.certificate import Certificate, name_text

_GEN_TIME = re.compile(rb"(\d{14})(?:\.(\d{0,5}[1-9]))?Z")
_BER = frozenset({"ber_indefinite_length", "ber_long_length", "ber_constructed_string"})
_TAIL = (asn1.SEQUENCE, asn1.BOOLEAN, asn1.INTEGER, 0xA0, 0xA1)


@dataclass(frozen=True)
class Token:
    """A timestamp token.

    `algorithm` and `imprint`: the digest of what was stamped. `gen_time`: aware, UTC;
    `accuracy`: how far off it may be, None if not stated. `serial`: the token's number, which
    may be negative. `tsa`: the name that the token gives the authority, a claim. `extensions`:
    OIDs. `signer`: the authority's certificate, None if no certificate at hand is it. `chain`:
    the path from it to an anchor, only where `verify_token` has proven one.
    """

    der: bytes = field(repr=False)
    policy: str
    algorithm: str
    imprint: bytes
    serial: int
    gen_time: datetime
    accuracy: timedelta | None
    ordering: bool
    nonce: int | None
    tsa: str | None
    extensions: tuple[str, ...]
    container: CmsContainer = field(repr=False, compare=False)
    chain: tuple[Certificate, ...] = ()

    @property
    def signer(self) -> Certificate | None:
        return self.container.signer

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """What the token brings along: never anchors."""
        return self.container.certificates

    @property
    def signature_algorithm(self) -> str:
        """The scheme's name, or the OID found."""
        return self.container.algorithm

    @property
    def leniencies(self) -> dict[str, list[str]]:
        """Leniencies that reading it took, with the places (see `asn1.LENIENCIES`)."""
        return self.container.reading.used

    @property
    def serial_hex(self) -> str:
        """The token's number in upper-case hexadecimal, with a minus sign where it is negative."""
        return f"{self.serial:X}"


def token_of(container: CmsContainer, der: bytes) -> Token:
    """The token in a CMS whose content is a TSTInfo. DocumentError `container_malformed`."""
    if container.kind != "timestamp" or container.content is None or container.imprint is None:
        raise DocumentError("container_malformed", "the CMS is not a timestamp token: it holds no TSTInfo")
    reading = Reading(strict=container.reading.strict)
    try:
        info = asn1.read(container.content, reading=reading, where="TSTInfo")
        token = _read_info(info, container, der)
    except DocumentError as error:
        if error.code != "asn1_malformed":
            raise
        raise DocumentError("container_malformed", error.message) from error
    if _BER & set(reading.used):
        raise DocumentError("container_malformed", "TSTInfo is BER where DER is demanded")
    for leniency, places in reading.used.items():
        for place in places:
            container.reading.allow(leniency, place)
    return token


def _read_info(info: Node, container: CmsContainer, der: bytes) -> Token:
    version, policy, _, serial, gen_time, *rest = info.sequence("TSTInfo", least=5, most=10)
    if (number := version.integer("version", max_octets=8)) != 1:
        raise malformed(f"TSTInfo: version {number} is not known")
    tags = [item.tag for item in rest]
    if tags != [tag for tag in _TAIL if tag in tags]:
        raise malformed("TSTInfo: elements that do not belong there, or in another order")
    found = dict(zip(tags, rest, strict=True))
    ordering = asn1.BOOLEAN in found and found[asn1.BOOLEAN].boolean("ordering")
    if asn1.BOOLEAN in found and not ordering:
        info.reading.allow("explicit_default", "ordering")
    algorithm, imprint = container.imprint or ("", b"")
    return Token(
        der=der,
        policy=policy.oid("policy"),
        algorithm=algorithm,
        imprint=imprint,
        serial=serial.integer("serialNumber"),
        gen_time=_read_gen_time(gen_time),
        accuracy=_read_accuracy(found[asn1.SEQUENCE]) if asn1.SEQUENCE in found else None,
        ordering=ordering,
        nonce=found[asn1.INTEGER].integer("nonce") if asn1.INTEGER in found else None,
        tsa=_general_name(found[0xA0].inner("tsa")) if 0xA0 in found else None,
        extensions=_extension_oids(found[0xA1]) if 0xA1 in found else (),
        container=container,
    )


def _read_gen_time(node: Node) -> datetime:
    """UTC with Z; a fraction without trailing zeros is DER (RFC 3161, 2.4.2). Else leniently."""
    match = _GEN_TIME.fullmatch(node.expect(asn1.GENERALIZED_TIME, "genTime").content)
    if match is None:
        return node.time("genTime")
    digits, fraction = match[1].decode(), (match[2] or b"").decode()
    try:
        moment = datetime.strptime(digits, "%Y%m%d%H%M%S")
        return moment.replace(microsecond=int(fraction.ljust(6, "0")), tzinfo=UTC)
    except ValueError as error:
        raise malformed(f"genTime: {digits} is not a time") from error


def _read_accuracy(node: Node) -> timedelta:
    amount = timedelta()
    units = {asn1.INTEGER: "seconds", 0x80: "milliseconds", 0x81: "microseconds"}
    for item in node.sequence("accuracy", most=3):
        value = int.from_bytes(item.content[:8], "big", signed=True)
        if item.tag not in units or len(item.content) > 5 or value < 0:
            raise malformed("accuracy: not made of seconds, millis and micros")
        amount += timedelta(**{units[item.tag]: value})
    return amount


def _general_name(node: Node) -> str:
    """GeneralName ::= CHOICE { …, directoryName [4] Name, URI [6] IA5String, … }   (RFC 5280, 4.2.1.6)"""
    if node.tag == 0xA4:
        return name_text(node.inner("tsa"), "tsa")
    if node.tag in (0x81, 0x82, 0x86):
        return asn1.decode_text(asn1.IA5_STRING, node.content, node.reading, "tsa")
    return "#" + node.raw.hex()


def _extension_oids(node: Node) -> tuple[str, ...]:
    return tuple(
        extension.sequence("extension", least=2, most=3)[0].oid("extnID")
        for extension in node.children("extensions", most=100)
    )
