"""Timestamp requests, written and read.

RFC 3161, 2.4.1:

    TimeStampReq ::= SEQUENCE {
        version        INTEGER { v1(1) },
        messageImprint MessageImprint,
        reqPolicy      OBJECT IDENTIFIER OPTIONAL,
        nonce          INTEGER OPTIONAL,
        certReq        BOOLEAN DEFAULT FALSE,
        extensions     [0] IMPLICIT SEQUENCE OF Extension OPTIONAL }
    MessageImprint ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, hashedMessage OCTET STRING }
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pdfseal import asn1
from pdfseal.asn1 import Node, Reading, malformed
from pdfseal.crypto.digests import DIGESTS
from pdfseal.errors import CallerError, DocumentError
from pdfseal.timestamp.armour import unarmour

_NAMES = {digest.oid: digest.name for digest in DIGESTS.values()}


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    """What an authority is asked for.

    `algorithm_oid` and `imprint`: the digest of what is to be stamped. `policy`: an OID.
    `cert_req`: whether the token shall carry the authority's certificate. `extensions`: OIDs.
    `imprint_raw`: the MessageImprint as it was read, which the answer repeats octet for octet.
    """

    algorithm_oid: str
    imprint: bytes
    policy: str | None = None
    nonce: int | None = None
    cert_req: bool = True
    version: int = 1
    extensions: tuple[str, ...] = ()
    imprint_raw: bytes = field(default=b"", repr=False, compare=False)

    @property
    def algorithm(self) -> str | None:
        """The digest's name, None for one that is not in `crypto.digests.DIGESTS`."""
        return _NAMES.get(self.algorithm_oid)

    @property
    def message_imprint(self) -> bytes:
        """DER MessageImprint."""
        return self.imprint_raw or write_imprint(self.algorithm_oid, self.imprint)

    @property
    def der(self) -> bytes:
        """DER TimeStampReq. Extensions are not written."""
        return asn1.sequence(
            asn1.integer(self.version),
            self.message_imprint,
            asn1.object_identifier(self.policy) if self.policy else b"",
            asn1.integer(self.nonce) if self.nonce is not None else b"",
            asn1.boolean(True) if self.cert_req else b"",
        )


def make_request(
    algorithm: str,
    imprint: bytes,
    *,
    policy: str | None = None,
    nonce: int | None = None,
    cert_req: bool = True,
) -> TimestampRequest:
    """A request for a token over data whose digest by `algorithm` is `imprint`. CallerError `argument`."""
    if algorithm not in DIGESTS:
        raise CallerError("argument", f"{algorithm!r} is not a digest: {', '.join(DIGESTS)}")
    if len(imprint) != DIGESTS[algorithm].size_bytes:
        raise CallerError("argument", f"{len(imprint)} bytes are not a digest by {algorithm}")
    if policy is not None:
        check_policy(policy)
    return TimestampRequest(DIGESTS[algorithm].oid, imprint, policy, nonce, cert_req)


def check_policy(policy: str) -> None:
    """CallerError `argument` unless `policy` is an object identifier."""
    arcs = policy.split(".")
    good = len(arcs) >= 2 and all(arc.isascii() and arc.isdecimal() and len(arc) <= 40 for arc in arcs)
    if not good or int(arcs[0]) > 2 or (int(arcs[0]) < 2 and int(arcs[1]) > 39):
        raise CallerError("argument", f"{policy!r} is not an object identifier such as 1.2.3.4")


def write_imprint(algorithm_oid: str, imprint: bytes) -> bytes:
    """DER MessageImprint. The NULL parameters are what most authorities expect (RFC 5754, 2)."""
    algorithm = asn1.sequence(asn1.object_identifier(algorithm_oid), asn1.null())
    return asn1.sequence(algorithm, asn1.octet_string(imprint))


def read_request(data: bytes, *, reading: Reading | None = None) -> TimestampRequest:
    """Read a request: DER, PEM or base64. DocumentError `asn1_malformed` or `limit_exceeded`.

    What an authority may dislike (version, algorithm, policy, extensions) is read, not judged.
    """
    where = "timestamp request"
    try:
        der = unarmour(data, where)
    except DocumentError as error:
        if error.code != "container_malformed":
            raise
        raise malformed(error.message) from error
    version, imprint, *rest = asn1.read(der, reading=reading, where=where).sequence(where, least=2, most=6)
    algorithm, value = imprint.sequence("messageImprint", least=2, most=2)
    found = _optional(rest, (asn1.OID, asn1.INTEGER, asn1.BOOLEAN, 0xA0))
    cert_req = asn1.BOOLEAN in found and found[asn1.BOOLEAN].boolean("certReq")
    if asn1.BOOLEAN in found and not cert_req:
        found[asn1.BOOLEAN].reading.allow("explicit_default", "certReq")
    return TimestampRequest(
        algorithm_oid=algorithm.sequence("hashAlgorithm", least=1, most=2)[0].oid("hashAlgorithm"),
        imprint=value.octets("hashedMessage"),
        policy=found[asn1.OID].oid("reqPolicy") if asn1.OID in found else None,
        nonce=found[asn1.INTEGER].integer("nonce") if asn1.INTEGER in found else None,
        cert_req=cert_req,
        version=version.integer("version", max_octets=8),
        extensions=_extension_oids(found[0xA0]) if 0xA0 in found else (),
        imprint_raw=imprint.raw,
    )


def _optional(items: list[Node], order: tuple[int, ...]) -> dict[int, Node]:
    """OPTIONAL elements by their tags, which must come in this order, each once."""
    tags = [item.tag for item in items]
    if tags != [tag for tag in order if tag in tags]:
        raise malformed("timestamp request: elements that do not belong there, or in another order")
    return dict(zip(tags, items, strict=True))


def _extension_oids(node: Node) -> tuple[str, ...]:
    return tuple(
        extension.sequence("extension", least=2, most=3)[0].oid("extnID")
        for extension in node.children("extensions", most=100)
    )
