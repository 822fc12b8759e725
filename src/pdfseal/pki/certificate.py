"""X.509 certificates, read leniently and on demand, never re-encoded.

`cryptography` refuses SM2 keys and some honest Chinese certificates, so a certificate here is
its DER plus a reader. What DER forbids and people write all the same is a named leniency.

    Certificate ::= SEQUENCE {
        tbsCertificate      TBSCertificate,
        signatureAlgorithm  AlgorithmIdentifier,
        signature           BIT STRING }
    TBSCertificate ::= SEQUENCE {
        version         [0] EXPLICIT INTEGER DEFAULT v1,
        serialNumber        INTEGER,
        signature           AlgorithmIdentifier,
        issuer              Name,
        validity            SEQUENCE { notBefore Time, notAfter Time },
        subject             Name,
        subjectPublicKeyInfo SubjectPublicKeyInfo,
        issuerUniqueID  [1] IMPLICIT BIT STRING OPTIONAL,
        subjectUniqueID [2] IMPLICIT BIT STRING OPTIONAL,
        extensions      [3] EXPLICIT SEQUENCE OF Extension OPTIONAL }

RFC 5280, 4.1.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache

from pdfseal import asn1
from pdfseal.arguments import checked
from pdfseal.asn1 import Node, Reading, malformed
from pdfseal.crypto import schemes
from pdfseal.crypto.digests import digest
from pdfseal.crypto.keys import PublicKey
from pdfseal.errors import CallerError, DocumentError

MAX_CERTIFICATE_BYTES = 1 << 20
MAX_CERTIFICATES = 4096

KEY_USAGES = (  # RFC 5280, 4.2.1.3, by bit
    "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
    "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
)  # fmt: skip

ATTRIBUTE_NAMES = {  # RFC 4519 and RFC 2985; SERIALNUMBER, GN, T and E as OpenSSL and Java write them
    "2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L",
    "2.5.4.8": "ST", "2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "T",
    "2.5.4.42": "GN", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "E",
}  # fmt: skip

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s(.*?)-----END \1-----", re.DOTALL)
_SIGNED_DATA = ("1.2.840.113549.1.7.2", "1.2.156.10197.6.1.4.2.2")


@dataclass(frozen=True)
class Certificate:
    """A certificate. Two are equal if their DER is.

    The properties raise DocumentError `asn1_malformed` where their part cannot be read.
    """

    der: bytes
    _reading: Reading = field(default_factory=Reading, compare=False, repr=False)

    def __repr__(self) -> str:
        return f"Certificate(serial {self.serial_hex})"

    @classmethod
    @checked
    def load(cls, data: bytes) -> Certificate:
        """The one certificate in `data`: DER, PEM or base64. CallerError `certificate_unreadable`."""
        found = cls.load_many(data)
        if len(found) != 1:
            raise CallerError("certificate_unreadable", f"{len(found)} certificates where one is expected")
        return found[0]

    @classmethod
    @checked
    def load_many(cls, data: bytes) -> tuple[Certificate, ...]:
        """All certificates in `data`: DER, PEM bundle, base64, or a PKCS#7 bundle of either form.

        CallerError `certificate_unreadable` if there are none or one cannot be read.
        """
        try:
            found = tuple(cls.from_der(der) for block in der_blocks(data) for der in _certificates_in(block))
            for certificate in found:
                certificate.leniencies  # noqa: B018  reads every part
                certificate.public_key  # noqa: B018
        except DocumentError as error:
            raise CallerError("certificate_unreadable", f"a certificate cannot be read: {error}") from error
        if not found:
            raise CallerError("certificate_unreadable", "the input holds no certificate")
        return found

    @classmethod
    def from_der(cls, der: bytes, *, reading: Reading | None = None) -> Certificate:
        """A certificate found inside something else: DocumentError if its frame cannot be read.

        Leniencies that it needs are recorded in `reading`, or refused there if it is strict.
        """
        if len(der) > MAX_CERTIFICATE_BYTES:
            raise DocumentError("limit_exceeded", f"a certificate of {len(der)} bytes")
        if reading is None:
            return _framed(bytes(der))
        certificate, leniencies = _read_whole(bytes(der))
        for leniency in leniencies:
            reading.allow(leniency, f"certificate {certificate.serial_hex}")
        return certificate

    @property
    def pem(self) -> bytes:
        """The certificate as PEM (RFC 7468)."""
        text = base64.b64encode(self.der)
        lines = [text[at : at + 64] for at in range(0, len(text), 64)]
        return b"\n".join([b"-----BEGIN CERTIFICATE-----", *lines, b"-----END CERTIFICATE-----", b""])

    # -- the frame ------------------------------------------------------------------------

    @cached_property
    def _parts(self) -> tuple[Node, ...]:
        root = asn1.read(self.der, reading=self._reading, where="certificate")
        return root.sequence("certificate", least=3, most=3)

    @cached_property
    def _fields(self) -> tuple[Node, ...]:
        """The fields of TBSCertificate from serialNumber on, whether version is written or not."""
        items = self._parts[0].sequence("tbsCertificate", least=6, most=10)
        items = items[1:] if items[0].tag == 0xA0 else items
        if len(items) < 6:
            raise malformed("tbsCertificate: fields are missing")
        return items

    @property
    def tbs_raw(self) -> bytes:
        """What the issuer signed, as found."""
        return self._parts[0].raw

    @property
    def signature_algorithm(self) -> Node:
        """Read anew, with a budget of its own: each look inside costs, and a certificate may live long."""
        return asn1.read(self._parts[1].raw, where="signatureAlgorithm")

    @property
    def signature_algorithms_agree(self) -> bool:
        """Whether the algorithm inside the signed part is the one outside (RFC 5280, 4.1.1.2)."""
        return self._fields[1].raw == self._parts[1].raw

    @cached_property
    def signature(self) -> bytes:
        return self._parts[2].bits("signature")

    # -- the fields -----------------------------------------------------------------------

    @property
    def serial_raw(self) -> bytes:
        """The INTEGER serialNumber as found."""
        return self._fields[0].raw

    @cached_property
    def serial(self) -> int:
        return self._fields[0].integer("serialNumber", max_octets=128)

    @cached_property
    def serial_hex(self) -> str:
        """The serial number in upper-case hex of whole octets, without a leading zero octet."""
        content = self._fields[0].content
        return (content.lstrip(b"\x00") or b"\x00").hex().upper()

    @property
    def issuer_raw(self) -> bytes:
        return self._fields[2].raw

    @property
    def subject_raw(self) -> bytes:
        return self._fields[4].raw

    @cached_property
    def issuer(self) -> str:
        """The issuer as text in encoded order, `C=CN,O=…,CN=…`."""
        return name_text(self._fields[2], "issuer")

    @cached_property
    def subject(self) -> str:
        """The subject as text in encoded order, `C=CN,O=…,CN=…,UID=…`."""
        return name_text(self._fields[4], "subject")

    @cached_property
    def common_name(self) -> str:
        """The last CN of the subject, or "" if there is none."""
        names = [text for oid, text in _name_attributes(self._fields[4], "subject") if oid == "2.5.4.3"]
        return names[-1] if names else ""

    @cached_property
    def _validity(self) -> tuple[datetime, datetime]:
        first, last = self._fields[3].sequence("validity", least=2, most=2)
        return first.time("notBefore"), last.time("notAfter")

    @property
    def not_before(self) -> datetime:
        """Aware, UTC."""
        return self._validity[0]

    @property
    def not_after(self) -> datetime:
        """Aware, UTC."""
        return self._validity[1]

    @cached_property
    def public_key(self) -> PublicKey:
        return PublicKey.from_spki(self._fields[5].raw, reading=self._reading)

    # -- extensions -----------------------------------------------------------------------

    @cached_property
    def extensions(self) -> dict[str, tuple[bool, bytes]]:
        """OID to (critical, the octets inside extnValue). DocumentError if one comes twice.

        Extension ::= SEQUENCE {
            extnID    OBJECT IDENTIFIER,
            critical  BOOLEAN DEFAULT FALSE,
            extnValue OCTET STRING }
        """
        found: dict[str, tuple[bool, bytes]] = {}
        for item in self._fields[6:]:
            if item.tag != 0xA3:
                continue
            for extension in item.inner("extensions").sequence("extensions", most=200):
                identifier, *rest = extension.sequence("extension", least=2, most=3)
                oid = identifier.oid("extnID")
                critical = len(rest) == 2 and rest[0].boolean("critical")
                if len(rest) == 2 and not critical:
                    self._reading.allow("explicit_default", f"critical of extension {oid}")
                if oid in found:
                    raise malformed(f"extensions: {oid} comes twice")
                found[oid] = critical, rest[-1].octets("extnValue")
        return found

    def _extension(self, oid: str, where: str) -> Node | None:
        if oid not in self.extensions:
            return None
        return asn1.read(self.extensions[oid][1], reading=self._reading, where=where)

    @cached_property
    def key_usage(self) -> frozenset[str] | None:
        """Names out of `KEY_USAGES`, or None without the extension."""
        node = self._extension("2.5.29.15", "keyUsage")
        if node is None:
            return None
        content = node.expect(asn1.BIT_STRING, "keyUsage").content[1:3]
        bits = int.from_bytes(content.ljust(2, b"\x00"))
        return frozenset(name for index, name in enumerate(KEY_USAGES) if bits >> (15 - index) & 1)

    @cached_property
    def ext_key_usage(self) -> frozenset[str] | None:
        """OIDs of the purposes, or None without the extension."""
        node = self._extension("2.5.29.37", "extKeyUsage")
        if node is None:
            return None
        return frozenset(purpose.oid("extKeyUsage") for purpose in node.sequence("extKeyUsage", most=200))

    @cached_property
    def is_ca(self) -> bool:
        """BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }"""
        node = self._extension("2.5.29.19", "basicConstraints")
        items = node.sequence("basicConstraints", most=2) if node else ()
        if not items or items[0].tag != asn1.BOOLEAN:
            return False
        if not items[0].boolean("cA"):
            self._reading.allow("explicit_default", "cA of basicConstraints")
            return False
        return True

    @cached_property
    def subject_key_identifier(self) -> bytes | None:
        node = self._extension("2.5.29.14", "subjectKeyIdentifier")
        return node.octets("subjectKeyIdentifier") if node else None

    @cached_property
    def authority_key_identifier(self) -> bytes | None:
        """The keyIdentifier [0] of the extension, if it is there."""
        node = self._extension("2.5.29.35", "authorityKeyIdentifier")
        items = node.sequence("authorityKeyIdentifier", most=3) if node else ()
        return items[0].content if items and items[0].tag == 0x80 else None

    # -- the whole ------------------------------------------------------------------------

    @cached_property
    def leniencies(self) -> dict[str, list[str]]:
        """The leniencies that a full reading needs: name to places (see `asn1.LENIENCIES`)."""
        _ = (self.serial, self.issuer, self.subject, self._validity, self.extensions, self.signature)
        _ = (self.key_usage, self.ext_key_usage, self.is_ca, self.subject_key_identifier)
        return self._reading.used

    @property
    def is_self_issued(self) -> bool:
        return self.issuer_raw == self.subject_raw

    def fingerprint(self, digest_name: str = "sha256") -> bytes:
        """The digest of the DER."""
        return digest(digest_name, self.der)

    def is_signed_by(self, issuer: Certificate) -> bool:
        """Whether the signature verifies under the key of `issuer`. Says nothing of names or dates."""
        try:
            scheme = schemes.scheme_of(self.signature_algorithm, key=issuer.public_key, reading=self._reading)
        except DocumentError:
            return False
        return schemes.verify(scheme, issuer.public_key, self.tbs_raw, self.signature, reading=self._reading)


def _framed(der: bytes) -> Certificate:
    certificate = Certificate(der)
    if not certificate._fields:  # reads the frame
        raise malformed("certificate: empty")
    return certificate


@lru_cache(maxsize=256)
def _read_whole(der: bytes) -> tuple[Certificate, tuple[str, ...]]:
    """A certificate with every part read, and the leniencies that this took.

    The same few authorities stand in every container, and reading them is most of the work there.
    """
    certificate = _framed(der)
    return certificate, tuple(certificate.leniencies)


# -- names ----------------------------------------------------------------------------------


def _name_attributes(name: Node, where: str) -> list[tuple[str, str]]:
    return [pair for rdn in _name_rdns(name, where) for pair in rdn]


def _name_rdns(name: Node, where: str) -> list[list[tuple[str, str]]]:
    """Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }   (RFC 5280, 4.1.2.4)"""
    rdns: list[list[tuple[str, str]]] = []
    for rdn in name.sequence(where, most=100):
        pairs: list[tuple[str, str]] = []
        for attribute in rdn.expect(asn1.SET, where).children(where, most=20):
            kind, value = attribute.sequence(where, least=2, most=2)
            text = value.text(where) if value.tag in asn1.STRING_TAGS else "#" + value.raw.hex()
            pairs.append((kind.oid(where), text))
        rdns.append(pairs)
    return rdns


def name_text(name: Node, where: str = "name") -> str:
    """A Name in encoded order, `C=CN,O=…,CN=…`; special characters escaped as in RFC 4514, 2.4."""
    return ",".join(
        "+".join(f"{ATTRIBUTE_NAMES.get(oid, oid)}={_escape(text)}" for oid, text in rdn)
        for rdn in _name_rdns(name, where)
    )


def _escape(text: str) -> str:
    escaped = re.sub(r'([,+"\\<>;])', r"\\\1", text).replace("\x00", "\\00")
    if escaped[:1] in ("#", " "):
        escaped = "\\" + escaped
    return escaped[:-1] + "\\ " if escaped.endswith(" ") and len(escaped) > 2 else escaped


# -- loading --------------------------------------------------------------------------------


_CERTIFICATE_LABELS = (b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE", b"PKCS7", b"CMS")


def der_blocks(data: bytes, wanted: tuple[bytes, ...] = _CERTIFICATE_LABELS) -> list[bytes]:
    """The DER structures in DER, PEM (with one of the `wanted` labels) or bare base64 input."""
    if b"-----BEGIN" in data:
        return [_decode_base64(match[2]) for match in _PEM.finditer(data) if match[1] in wanted]
    stripped = data.strip()
    if stripped[:1] != b"0" or re.fullmatch(rb"[A-Za-z0-9+/=\s]+", stripped):
        return [_decode_base64(stripped)] if stripped else []
    return [data]


def _decode_base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as error:
        raise malformed(f"not base64: {error}") from error


def _certificates_in(der: bytes) -> list[bytes]:
    """DER of each certificate: one, several in a row, or those of a PKCS#7 bundle."""
    found: list[bytes] = []
    position = 0
    reading = Reading()
    while position < len(der):
        node = asn1.read_prefix(der[position:], reading=reading, where="certificate")
        items = node.sequence("certificate", least=2)
        if items[0].tag == asn1.OID and items[0].oid("contentType") in _SIGNED_DATA:
            signed_data = items[1].inner("content").sequence("SignedData", least=3)
            for bundle in (item for item in signed_data if item.tag == 0xA0):
                found += [item.raw for item in bundle.children() if item.tag == asn1.SEQUENCE]
        else:
            found.append(node.raw)
        position += node.end
        if len(found) > MAX_CERTIFICATES:
            raise DocumentError("limit_exceeded", f"more than {MAX_CERTIFICATES} certificates")
    return found
