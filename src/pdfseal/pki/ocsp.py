"""OCSP: responses read and asked about one certificate, requests written. RFC 6960.

    OCSPResponse      ::= SEQUENCE {
        responseStatus ENUMERATED,
        responseBytes  [0] EXPLICIT SEQUENCE {
            responseType OBJECT IDENTIFIER, response OCTET STRING } OPTIONAL }
    BasicOCSPResponse ::= SEQUENCE {
        tbsResponseData ResponseData, signatureAlgorithm AlgorithmIdentifier, signature BIT STRING,
        certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
    ResponseData      ::= SEQUENCE {
        version            [0] EXPLICIT INTEGER DEFAULT v1,
        responderID        CHOICE { byName [1] EXPLICIT Name, byKey [2] EXPLICIT OCTET STRING },
        producedAt         GeneralizedTime,
        responses          SEQUENCE OF SingleResponse,
        responseExtensions [1] EXPLICIT Extensions OPTIONAL }
    SingleResponse    ::= SEQUENCE {
        certID CertID,
        certStatus CHOICE {
            good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL },
        thisUpdate GeneralizedTime,
        nextUpdate [0] EXPLICIT GeneralizedTime OPTIONAL,
        singleExtensions [1] EXPLICIT Extensions OPTIONAL }
    RevokedInfo       ::= SEQUENCE {
        revocationTime GeneralizedTime, revocationReason [0] EXPLICIT ENUMERATED OPTIONAL }
    CertID            ::= SEQUENCE {
        hashAlgorithm AlgorithmIdentifier, issuerNameHash OCTET STRING, issuerKeyHash OCTET STRING,
        serialNumber INTEGER }

Nothing here checks a signature: see `revocation`. Requests carry no nonce (RFC 5019): freshness
is judged by the times in the answer, so that answers can be cached and kept in documents.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pdfseal import asn1
from pdfseal.asn1 import Node, malformed
from pdfseal.crypto.digests import DIGESTS, digest, digest_by_oid
from pdfseal.crypto.keys import PublicKey
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate, der_blocks
from pdfseal.pki.crl import REASONS, Revoked

MAX_OCSP_BYTES = 1 << 20
MAX_RESPONSES = 1000

BASIC_RESPONSE = "1.3.6.1.5.5.7.48.1.1"
ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6"
STATUSES = {
    0: "successful", 1: "malformedRequest", 2: "internalError", 3: "tryLater", 5: "sigRequired",
    6: "unauthorized",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SingleResponse:
    """What a response says of one certificate. `status`: good, revoked or unknown.

    `archive_cutoff`: certificates that expired after it are still known to the responder.
    """

    digest_name: str
    issuer_name_hash: bytes = field(repr=False)
    issuer_key_hash: bytes = field(repr=False)
    serial: int
    status: str
    revoked: Revoked | None
    this_update: datetime
    next_update: datetime | None
    archive_cutoff: datetime | None

    def is_about(self, certificate: Certificate, issuer: Certificate) -> bool:
        """By serial number, issuer's name and issuer's key."""
        return (
            self.serial == certificate.serial
            and self.issuer_name_hash == digest(self.digest_name, certificate.issuer_raw)
            and self.issuer_key_hash == digest(self.digest_name, key_octets(issuer.public_key))
        )


@dataclass(frozen=True, slots=True)
class OcspResponse:
    """A successful basic response. Two are equal if their DER is.

    The responder is named by `responder_name` (DER) or `responder_key_hash` (SHA-1 of its key).
    """

    der: bytes = field(repr=False)
    responder_name: bytes | None = field(repr=False, compare=False)
    responder_key_hash: bytes | None = field(repr=False, compare=False)
    produced_at: datetime = field(compare=False)
    responses: tuple[SingleResponse, ...] = field(compare=False)
    certificates: tuple[Certificate, ...] = field(repr=False, compare=False)
    tbs_raw: bytes = field(repr=False, compare=False)
    algorithm: bytes = field(repr=False, compare=False)
    signature: bytes = field(repr=False, compare=False)

    @classmethod
    def from_der(cls, der: bytes) -> OcspResponse:
        """DocumentError `asn1_malformed`, `limit_exceeded`, or `revocation_refused` for an error answer."""
        if len(der) > MAX_OCSP_BYTES:
            raise DocumentError("limit_exceeded", f"an OCSP response of {len(der)} bytes")
        return _read(bytes(der))

    @classmethod
    def load_many(cls, data: bytes) -> tuple[OcspResponse, ...]:
        """The responses in DER, PEM or base64 input. CallerError `revocation_unreadable`."""
        try:
            found = tuple(cls.from_der(block) for block in der_blocks(data, (b"OCSP RESPONSE",)))
        except DocumentError as error:
            raise CallerError("revocation_unreadable", f"an OCSP response cannot be read: {error}") from error
        if not found:
            raise CallerError("revocation_unreadable", "the input holds no OCSP response")
        return found

    def find(self, certificate: Certificate, issuer: Certificate) -> SingleResponse | None:
        return next((one for one in self.responses if one.is_about(certificate, issuer)), None)

    def names(self, responder: Certificate) -> bool:
        """Whether the response says that this certificate's owner made it."""
        if self.responder_key_hash is not None:
            return self.responder_key_hash == digest("sha1", key_octets(responder.public_key))
        return self.responder_name == responder.subject_raw


def key_octets(key: PublicKey) -> bytes:
    """The octets of subjectPublicKey, without tag, length and unused bits (RFC 6960, 4.1.1)."""
    return asn1.read(key.spki).children()[1].bits("subjectPublicKey")


def write_request(certificate: Certificate, issuer: Certificate) -> bytes:
    """The DER OCSPRequest for one certificate, without a nonce (RFC 6960, 4.1.1).

        OCSPRequest ::= SEQUENCE { tbsRequest SEQUENCE {
            requestList SEQUENCE OF SEQUENCE { reqCert CertID } } }

    CertID is hashed with SHA-1, because responders look answers up by it (RFC 5019, 2.1.1).
    """
    return asn1.sequence(asn1.sequence(asn1.sequence(asn1.sequence(write_cert_id(certificate, issuer)))))


def write_cert_id(certificate: Certificate, issuer: Certificate, digest_name: str = "sha1") -> bytes:
    return asn1.sequence(
        asn1.sequence(asn1.object_identifier(DIGESTS[digest_name].oid), asn1.null()),
        asn1.octet_string(digest(digest_name, certificate.issuer_raw)),
        asn1.octet_string(digest(digest_name, key_octets(issuer.public_key))),
        certificate.serial_raw,
    )


# -- reading --------------------------------------------------------------------------------


def _read(der: bytes) -> OcspResponse:
    where = "OCSP response"
    status, *body = asn1.read(der, where=where).sequence(where, least=1, most=2)
    code = int.from_bytes(status.expect(0x0A, where).content)
    if code or not body:
        word = STATUSES.get(code, str(code))
        raise DocumentError("revocation_refused", f"the OCSP responder answered {word}")
    kind, response = body[0].expect(0xA0, where).inner(where).sequence(where, least=2, most=2)
    if kind.oid(where) != BASIC_RESPONSE:
        raise malformed(f"OCSP response of the unknown type {kind.oid(where)}")
    basic = asn1.read(response.octets(where), where=where)
    tbs, algorithm, signature, *certificates = basic.sequence(where, least=3, most=4)
    name, key_hash, produced_at, responses = _read_data(tbs)
    return OcspResponse(
        der=der,
        responder_name=name,
        responder_key_hash=key_hash,
        produced_at=produced_at,
        responses=responses,
        certificates=_read_certificates(certificates),
        tbs_raw=tbs.raw,
        algorithm=algorithm.raw,
        signature=signature.bits(where),
    )


def _read_certificates(nodes: list[Node]) -> tuple[Certificate, ...]:
    if not nodes:
        return ()
    listed = nodes[0].expect(0xA0, "certs").inner("certs").sequence("certs", most=20)
    return tuple(Certificate.from_der(item.raw) for item in listed)


def _read_data(
    tbs: Node,
) -> tuple[bytes | None, bytes | None, datetime, tuple[SingleResponse, ...]]:
    where = "ResponseData"
    items = list(tbs.sequence(where, least=3, most=5))
    if items[0].tag == 0xA0:
        items.pop(0)
    if len(items) < 3:
        raise malformed("ResponseData: fields are missing")
    responder, name, key_hash = items[0], None, None
    if responder.tag == 0xA1:
        name = responder.inner(where).raw
    elif responder.tag == 0xA2:
        key_hash = responder.inner(where).octets(where)
    else:
        raise malformed("ResponseData: the responder is not named")
    singles = items[2].sequence(where, most=MAX_RESPONSES)
    return name, key_hash, items[1].time("producedAt"), tuple(map(_read_single, singles))


def _read_single(node: Node) -> SingleResponse:
    where = "SingleResponse"
    cert_id, status, this_update, *rest = node.sequence(where, least=3, most=5)
    algorithm, name_hash, key_hash, serial = cert_id.sequence("CertID", least=4, most=4)
    word = {0x80: "good", 0xA1: "revoked", 0x82: "unknown"}.get(status.tag)
    if word is None:
        raise malformed(f"certStatus: tag 0x{status.tag:02x}")
    next_update = next((item.inner(where).time("nextUpdate") for item in rest if item.tag == 0xA0), None)
    cutoff, unknown = None, False
    for extensions in (item.inner(where) for item in rest if item.tag == 0xA1):
        for extension in extensions.sequence(where, most=50):
            identifier, *others = extension.sequence(where, least=2, most=3)
            if identifier.oid(where) == ARCHIVE_CUTOFF:
                cutoff = asn1.read(others[-1].octets(where), where=where).time("archiveCutoff")
            elif len(others) == 2 and others[0].boolean("critical"):
                unknown = True  # whatever it restricts, the answer is none then
    return SingleResponse(
        digest_name=digest_by_oid(algorithm.sequence("CertID", least=1)[0].oid("CertID")).name,
        issuer_name_hash=name_hash.octets("issuerNameHash"),
        issuer_key_hash=key_hash.octets("issuerKeyHash"),
        serial=serial.integer("serialNumber", max_octets=128),
        status="unknown" if unknown and word == "good" else word,
        revoked=_read_revoked(status) if word == "revoked" else None,
        this_update=this_update.time("thisUpdate"),
        next_update=next_update,
        archive_cutoff=cutoff,
    )


def _read_revoked(node: Node) -> Revoked:
    items = node.children("RevokedInfo", most=2)
    if not items:
        raise malformed("RevokedInfo: revocationTime is missing")
    moment, *reason = items
    code = 0
    if reason and reason[0].tag == 0xA0:
        code = int.from_bytes(reason[0].inner("revocationReason").expect(0x0A, "revocationReason").content)
    return Revoked(moment.time("revocationTime"), REASONS.get(code, "unspecified"))
