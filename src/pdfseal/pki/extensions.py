"""Where a certificate says its status can be asked for, and the names that this takes.

CRLDistributionPoints ::= SEQUENCE OF DistributionPoint                         RFC 5280, 4.2.1.13
DistributionPoint     ::= SEQUENCE {
    distributionPoint [0] DistributionPointName OPTIONAL,
    reasons           [1] IMPLICIT BIT STRING OPTIONAL,
    cRLIssuer         [2] IMPLICIT GeneralNames OPTIONAL }
DistributionPointName ::= CHOICE {
    fullName                [0] IMPLICIT GeneralNames,
    nameRelativeToCRLIssuer [1] IMPLICIT SET OF AttributeTypeAndValue }
AuthorityInfoAccess   ::= SEQUENCE OF SEQUENCE {                                 RFC 5280, 4.2.2.1
    accessMethod OBJECT IDENTIFIER, accessLocation GeneralName }
"""

from __future__ import annotations

from dataclasses import dataclass

from pdfseal import asn1
from pdfseal.asn1 import Node, malformed
from pdfseal.errors import DocumentError
from pdfseal.pki.certificate import Certificate

CRL_DISTRIBUTION_POINTS, FRESHEST_CRL = "2.5.29.31", "2.5.29.46"
AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1"
OCSP_ACCESS, CA_ISSUERS_ACCESS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5"

_URI, _DIRECTORY_NAME = 0x86, 0xA4
_MAX_NAMES = 50
ALL_REASONS = 0b0111_1111_1000_0000  # ReasonFlags: bits 1 to 8 of sixteen; bit 0 is unused


@dataclass(frozen=True, slots=True)
class DistributionPoint:
    """`names` are GeneralNames as found; `urls` those of them that are http or https URLs.

    `reasons` is a mask within `ALL_REASONS`. `crl_issuers` holds DER Names of an indirect CRL's
    issuer, empty where the certificate's issuer signs the list itself.
    """

    names: frozenset[bytes]
    urls: tuple[str, ...]
    reasons: int
    crl_issuers: frozenset[bytes]


def distribution_points(
    certificate: Certificate, oid: str = CRL_DISTRIBUTION_POINTS
) -> tuple[DistributionPoint, ...]:
    """The points of cRLDistributionPoints or freshestCRL; none if the extension cannot be read."""
    if oid not in certificate.extensions:
        return ()
    try:
        node = asn1.read(certificate.extensions[oid][1], where="cRLDistributionPoints")
        points = node.sequence("cRLDistributionPoints", most=_MAX_NAMES)
        return tuple(_read_point(point, certificate.issuer_raw) for point in points)
    except DocumentError:
        return ()


def _read_point(point: Node, certificate_issuer: bytes) -> DistributionPoint:
    names: tuple[Node, ...] = ()
    relative: Node | None = None
    reasons, issuers = ALL_REASONS, frozenset[bytes]()
    for item in point.sequence("distribution point", most=3):
        if item.tag == 0xA0:
            names, relative = read_point_name(item)
        elif item.tag == 0x81:
            reasons = reason_mask(item)
        elif item.tag == 0xA2:
            issuers = directory_names(item)
    raw = frozenset(name.raw for name in names)
    if relative is not None:
        raw |= {absolute_name(relative, next(iter(issuers), certificate_issuer))}
    return DistributionPoint(raw, http_urls(names), reasons, issuers)


def read_point_name(node: Node) -> tuple[tuple[Node, ...], Node | None]:
    """A DistributionPointName: its full names, or its relative one."""
    choice = node.inner("distribution point name")
    if choice.tag == 0xA0:
        return choice.children("distribution point name", most=_MAX_NAMES), None
    if choice.tag == 0xA1:
        return (), choice
    raise malformed(f"distribution point name: tag 0x{choice.tag:02x}")


def absolute_name(relative: Node, issuer: bytes) -> bytes:
    """A name relative to the CRL's issuer (a DER Name) as the GeneralName that it stands for."""
    rdns = asn1.read(issuer).content + relative.retagged(asn1.SET)
    return asn1.element(_DIRECTORY_NAME, asn1.sequence(rdns))


def reason_mask(node: Node) -> int:
    """ReasonFlags ::= BIT STRING { unused (0), keyCompromise (1), … aACompromise (8) }"""
    octets = node.content[1:3].ljust(2, b"\x00")
    return int.from_bytes(octets) & ALL_REASONS


def directory_names(node: Node) -> frozenset[bytes]:
    """The DER Names among GeneralNames."""
    names = node.children("names", most=_MAX_NAMES)
    return frozenset(name.inner("name").raw for name in names if name.tag == _DIRECTORY_NAME)


def http_urls(names: tuple[Node, ...]) -> tuple[str, ...]:
    found = (name.content.decode("latin-1") for name in names if name.tag == _URI)
    return tuple(url for url in found if url.lower().startswith(("http://", "https://")))


def access_urls(certificate: Certificate, method: str) -> tuple[str, ...]:
    """The http or https URLs of authorityInfoAccess for `method`; none if it cannot be read."""
    if AUTHORITY_INFO_ACCESS not in certificate.extensions:
        return ()
    where = "authorityInfoAccess"
    try:
        node = asn1.read(certificate.extensions[AUTHORITY_INFO_ACCESS][1], where=where)
        locations: list[Node] = []
        for description in node.sequence(where, most=_MAX_NAMES):
            kind, location = description.sequence(where, least=2, most=2)
            if kind.oid(where) == method:
                locations.append(location)
    except DocumentError:
        return ()
    return http_urls(tuple(locations))
