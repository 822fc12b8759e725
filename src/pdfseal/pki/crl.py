"""Certificate revocation lists: read, and asked about one certificate. RFC 5280, 5 and 6.3.

    CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue BIT STRING }
    TBSCertList     ::= SEQUENCE {
        version             INTEGER OPTIONAL,
        signature           AlgorithmIdentifier,
        issuer              Name,
        thisUpdate          Time,
        nextUpdate          Time OPTIONAL,
        revokedCertificates SEQUENCE OF SEQUENCE {
            userCertificate    INTEGER,
            revocationDate     Time,
            crlEntryExtensions Extensions OPTIONAL } OPTIONAL,
        crlExtensions       [0] EXPLICIT Extensions OPTIONAL }
    IssuingDistributionPoint ::= SEQUENCE {
        distributionPoint          [0] DistributionPointName OPTIONAL,
        onlyContainsUserCerts      [1] BOOLEAN DEFAULT FALSE,
        onlyContainsCACerts        [2] BOOLEAN DEFAULT FALSE,
        onlySomeReasons            [3] ReasonFlags OPTIONAL,
        indirectCRL                [4] BOOLEAN DEFAULT FALSE,
        onlyContainsAttributeCerts [5] BOOLEAN DEFAULT FALSE }

A list may hold a million entries, so they are walked by their lengths and only the one that is
asked for is read. Nothing here checks a signature: see `revocation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pdfseal import asn1
from pdfseal.asn1 import Node, Reading, malformed
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate, der_blocks, name_text
from pdfseal.pki.extensions import (
    ALL_REASONS,
    CRL_DISTRIBUTION_POINTS,
    DistributionPoint,
    absolute_name,
    directory_names,
    distribution_points,
    read_point_name,
    reason_mask,
)

MAX_CRL_BYTES = 64 << 20
MAX_ENTRIES = 5_000_000

CRL_NUMBER, DELTA_CRL_INDICATOR, ISSUING_DISTRIBUTION_POINT = "2.5.29.20", "2.5.29.27", "2.5.29.28"
AUTHORITY_KEY_IDENTIFIER, EXPIRED_CERTS_ON_CRL = "2.5.29.35", "2.5.29.60"
REASON_CODE, INVALIDITY_DATE, CERTIFICATE_ISSUER = "2.5.29.21", "2.5.29.24", "2.5.29.29"
_KNOWN = {CRL_NUMBER, DELTA_CRL_INDICATOR, ISSUING_DISTRIBUTION_POINT, AUTHORITY_KEY_IDENTIFIER}

REASONS = {  # RFC 5280, 5.3.1
    0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
    5: "cessationOfOperation", 6: "certificateHold", 8: "removeFromCRL", 9: "privilegeWithdrawn",
    10: "aACompromise",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Revoked:
    """An entry: when, why (a word of `REASONS`), and since when the key may have been in other hands."""

    at: datetime
    reason: str = "unspecified"
    invalid_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a list is about, from its issuingDistributionPoint; without one about everything."""

    names: frozenset[bytes] = frozenset()
    only_users: bool = False
    only_authorities: bool = False
    only_attributes: bool = False
    reasons: int = ALL_REASONS
    indirect: bool = False
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A CRL. Two are equal if their DER is.

    `number` is cRLNumber; `base_number` makes it a delta on the complete list of that number or
    a later one. `covers_expired_since`: certificates that expired after it are still listed
    (expiredCertsOnCRL). `unknown_critical` names a critical extension that nobody here knows.
    """

    der: bytes = field(repr=False)
    issuer_raw: bytes = field(repr=False, compare=False)
    issuer: str = field(compare=False)
    this_update: datetime = field(compare=False)
    next_update: datetime | None = field(compare=False)
    number: int | None = field(compare=False)
    base_number: int | None = field(compare=False)
    scope: Scope = field(repr=False, compare=False)
    authority_key_identifier: bytes | None = field(repr=False, compare=False)
    covers_expired_since: datetime | None = field(repr=False, compare=False)
    unknown_critical: str | None = field(repr=False, compare=False)
    tbs_raw: bytes = field(repr=False, compare=False)
    algorithm: bytes = field(repr=False, compare=False)
    signature: bytes = field(repr=False, compare=False)
    _entries: tuple[int, int] = field(repr=False, compare=False)

    @classmethod
    def from_der(cls, der: bytes) -> RevocationList:
        """DocumentError `asn1_malformed` or `limit_exceeded`."""
        if len(der) > MAX_CRL_BYTES:
            raise DocumentError("limit_exceeded", f"a CRL of {len(der)} bytes")
        return _read(bytes(der))

    @classmethod
    def load_many(cls, data: bytes) -> tuple[RevocationList, ...]:
        """The lists in DER, PEM or base64 input. CallerError `revocation_unreadable`."""
        try:
            found = tuple(cls.from_der(block) for block in der_blocks(data, (b"X509 CRL", b"CRL")))
        except DocumentError as error:
            raise CallerError("revocation_unreadable", f"a CRL cannot be read: {error}") from error
        if not found:
            raise CallerError("revocation_unreadable", "the input holds no CRL")
        return found

    def is_from(self, name: bytes, text: str) -> bool:
        """Whether the list's issuer has that name, as DER or as text (names are encoded again on the way)."""
        return self.issuer_raw == name or self.issuer == text

    def about(self, certificate: Certificate) -> int:
        """For which reasons the list can speak of `certificate` (RFC 5280, 6.3.3 b): a mask, 0 for none."""
        scope = self.scope
        if self.unknown_critical is not None or scope.only_attributes:
            return 0
        if (scope.only_users and certificate.is_ca) or (scope.only_authorities and not certificate.is_ca):
            return 0
        points = distribution_points(certificate)
        mask = 0
        for point in points:
            mask |= self._about_point(point, certificate) if self._fits(point) else 0
        if not points or CRL_DISTRIBUTION_POINTS not in certificate.extensions:
            own = self.is_from(certificate.issuer_raw, certificate.issuer)
            mask = ALL_REASONS if own and not scope.names else 0
        elif not mask and not scope.names and self.is_from(certificate.issuer_raw, certificate.issuer):
            mask = ALL_REASONS  # the issuer's complete list, wherever it was found
        return mask & scope.reasons

    def _fits(self, point: DistributionPoint) -> bool:
        """Whether a name of the list's own point is one of the certificate's, where the list has names."""
        if not self.scope.names:
            return True
        issuers = {asn1.element(0xA4, name) for name in point.crl_issuers}
        return bool(self.scope.names & (point.names or issuers))

    def _about_point(self, point: DistributionPoint, certificate: Certificate) -> int:
        if point.crl_issuers:
            return point.reasons if self.scope.indirect and self.issuer_raw in point.crl_issuers else 0
        return point.reasons if self.is_from(certificate.issuer_raw, certificate.issuer) else 0

    def find(self, certificate: Certificate) -> Revoked | None:
        """The entry for `certificate`, None if it is not listed."""
        serials = {certificate.serial_raw, asn1.integer(certificate.serial)}
        start, stop = self._entries
        indirect = self.scope.indirect
        if not indirect and all(self.der.find(serial, start, stop) < 0 for serial in serials):
            return None
        issuer, is_own = self.issuer_raw, self.is_from(certificate.issuer_raw, certificate.issuer)
        for at, body, end in _walk(self.der, start, stop):
            if indirect:
                named = _certificate_issuer(self.der[at:end])
                if named is not None and named != issuer:
                    issuer = named
                    is_own = certificate.issuer_raw == named or certificate.issuer == name_text(
                        asn1.read(named), "certificateIssuer"
                    )
            if is_own and any(self.der.startswith(serial, body) for serial in serials):
                return _read_entry(self.der[at:end])
        return None


def _read(der: bytes) -> RevocationList:
    where = "CRL"
    reading = Reading()
    root = asn1.read(der, reading=reading, where=where)
    tbs, algorithm, signature = root.sequence(where, least=3, most=3)
    items = list(tbs.sequence("tbsCertList", least=3, most=7))
    if items[0].tag == asn1.INTEGER:
        items.pop(0)
    if len(items) < 3:
        raise malformed("tbsCertList: fields are missing")
    if items[0].raw != algorithm.raw:
        raise malformed("the CRL names two signature algorithms")
    issuer, this_update, rest = items[1], items[2].time("thisUpdate"), items[3:]
    next_update = rest.pop(0).time("nextUpdate") if rest and rest[0].tag in (0x17, 0x18) else None
    entries = rest.pop(0) if rest and rest[0].tag == asn1.SEQUENCE else None
    extensions = _extensions(rest[0].inner(where)) if rest and rest[0].tag == 0xA0 else {}
    critical = [oid for oid, (important, _) in extensions.items() if important and oid not in _KNOWN]
    return RevocationList(
        der=der,
        issuer_raw=issuer.raw,
        issuer=name_text(issuer, "CRL issuer"),
        this_update=this_update,
        next_update=next_update,
        number=_integer(extensions, CRL_NUMBER),
        base_number=_integer(extensions, DELTA_CRL_INDICATOR),
        scope=_read_scope(extensions, issuer.raw),
        authority_key_identifier=_key_identifier(extensions),
        covers_expired_since=_time(extensions, EXPIRED_CERTS_ON_CRL),
        unknown_critical=critical[0] if critical else None,
        tbs_raw=tbs.raw,
        algorithm=algorithm.raw,
        signature=signature.bits("CRL signature"),
        _entries=(entries.body, entries.stop) if entries else (0, 0),
    )


def _extensions(node: Node) -> dict[str, tuple[bool, bytes]]:
    found: dict[str, tuple[bool, bytes]] = {}
    for extension in node.sequence("extensions", most=100):
        identifier, *rest = extension.sequence("extension", least=2, most=3)
        critical = len(rest) == 2 and rest[0].boolean("critical")
        found[identifier.oid("extnID")] = critical, rest[-1].octets("extnValue")
    return found


def _integer(extensions: dict[str, tuple[bool, bytes]], oid: str) -> int | None:
    return asn1.read(extensions[oid][1], where=oid).integer(oid) if oid in extensions else None


def _time(extensions: dict[str, tuple[bool, bytes]], oid: str) -> datetime | None:
    return asn1.read(extensions[oid][1], where=oid).time(oid) if oid in extensions else None


def _key_identifier(extensions: dict[str, tuple[bool, bytes]]) -> bytes | None:
    if AUTHORITY_KEY_IDENTIFIER not in extensions:
        return None
    items = asn1.read(extensions[AUTHORITY_KEY_IDENTIFIER][1]).sequence("authorityKeyIdentifier", most=3)
    return items[0].content if items and items[0].tag == 0x80 else None


def _read_scope(extensions: dict[str, tuple[bool, bytes]], issuer: bytes) -> Scope:
    if ISSUING_DISTRIBUTION_POINT not in extensions:
        return Scope()
    where = "issuingDistributionPoint"
    raw = extensions[ISSUING_DISTRIBUTION_POINT][1]
    names, reasons, flags = frozenset[bytes](), ALL_REASONS, set[int]()
    for item in asn1.read(raw, where=where).sequence(where, most=6):
        if item.tag == 0xA0:
            full, relative = read_point_name(item)
            names = frozenset(name.raw for name in full)
            names |= {absolute_name(relative, issuer)} if relative is not None else frozenset()
        elif item.tag == 0x83:
            reasons = reason_mask(item)
        elif item.content not in (b"", b"\x00"):
            flags.add(item.tag)
    return Scope(names, 0x81 in flags, 0x82 in flags, 0x85 in flags, reasons, 0x84 in flags, raw)


# -- entries --------------------------------------------------------------------------------


def _walk(der: bytes, position: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """(start, first content octet, end) of each entry, by its length alone."""
    for _ in range(MAX_ENTRIES):
        if position >= stop:
            return
        if position + 2 > stop or der[position] != asn1.SEQUENCE:
            raise malformed(f"revokedCertificates: no entry at offset {position}")
        length, body = der[position + 1], position + 2
        if length & 0x80:
            count = length & 0x7F
            if not 0 < count <= 4:
                raise malformed(f"revokedCertificates: a length at offset {position}")
            length, body = int.from_bytes(der[body : body + count]), body + count
        if body + length > stop:
            raise malformed(f"revokedCertificates: an entry at offset {position} is cut off")
        yield position, body, body + length
        position = body + length
    raise DocumentError("limit_exceeded", f"a CRL with more than {MAX_ENTRIES} entries")


def _certificate_issuer(entry: bytes) -> bytes | None:
    """certificateIssuer ::= GeneralNames: from here on, entries are about that issuer (RFC 5280, 5.3.3)."""
    if b"\x55\x1d\x1d" not in entry:  # the OID 2.5.29.29
        return None
    items = asn1.read(entry, where="CRL entry").sequence("CRL entry", least=2, most=3)
    value = _extensions(items[2]).get(CERTIFICATE_ISSUER) if len(items) == 3 else None
    names = directory_names(asn1.read(value[1], where="certificateIssuer")) if value else frozenset()
    return next(iter(names), None)


def _read_entry(entry: bytes) -> Revoked:
    items = asn1.read(entry, where="CRL entry").sequence("CRL entry", least=2, most=3)
    extensions = _extensions(items[2]) if len(items) == 3 else {}
    reason = 0
    if REASON_CODE in extensions:
        reason = int.from_bytes(asn1.read(extensions[REASON_CODE][1]).expect(0x0A, "reasonCode").content)
    return Revoked(
        items[1].time("revocationDate"),
        REASONS.get(reason, "unspecified"),
        _time(extensions, INVALIDITY_DATE),
    )
