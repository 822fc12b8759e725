"""Reading CMS SignedData: RFC 5652, and GM/T 0010, GB/T 35275 for SM2. Building is in `cms`.

    ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT SignedData }
    SignedData  ::= SEQUENCE {
        version          INTEGER,
        digestAlgorithms SET OF AlgorithmIdentifier,
        encapContentInfo SEQUENCE {
            eContentType OBJECT IDENTIFIER, eContent [0] EXPLICIT OCTET STRING OPTIONAL },
        certificates     [0] IMPLICIT SET OF Certificate OPTIONAL,
        crls             [1] IMPLICIT SET OPTIONAL,
        signerInfos      SET OF SignerInfo }
    SignerInfo  ::= SEQUENCE {
        version            INTEGER,
        sid                CHOICE { IssuerAndSerialNumber, [0] IMPLICIT SubjectKeyIdentifier },
        digestAlgorithm    AlgorithmIdentifier,
        signedAttrs        [0] IMPLICIT SET OF Attribute OPTIONAL,
        signatureAlgorithm AlgorithmIdentifier,
        signature          OCTET STRING,
        unsignedAttrs      [1] IMPLICIT SET OF Attribute OPTIONAL }
    Attribute   ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF ANY }

The signer is chosen once, in `read_cms`, and every later step uses that certificate. What
contradicts itself inside a readable container is a `problem`: it fails the check, with its
reason; only what cannot be read raises.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pdfseal import asn1
from pdfseal.asn1 import Node, Reading, malformed
from pdfseal.containers.base import ContainerCheck, DigestSpec
from pdfseal.crypto import schemes
from pdfseal.crypto.digests import DIGESTS, digest, digest_by_oid
from pdfseal.crypto.schemes import SignatureScheme
from pdfseal.errors import DocumentError
from pdfseal.pki.certificate import Certificate, name_text

DATA, SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
GM_DATA, GM_SIGNED_DATA = "1.2.156.10197.6.1.4.2.1", "1.2.156.10197.6.1.4.2.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"

CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
SIGNATURE_TIME_STAMP = "1.2.840.113549.1.9.16.2.14"

MAX_CERTIFICATES = 100
MAX_ATTRIBUTES = 100

Attributes = tuple[tuple[str, tuple[Node, ...]], ...]
Part = Literal["signer", "attributes", "signing_certificate", "signature"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A contradiction inside a readable CMS: in which part, and one sentence that says what."""

    part: Part
    message: str


@dataclass(frozen=True)
class CmsContainer:
    """A CMS that was read; see `base.Container`.

    `signed_attributes` is the DER SET OF that the signature covers, None if there are none.
    `content` is eContent. `imprint` is the messageImprint of a timestamp token, as algorithm
    and value. `problems` are contradictions found while reading.
    """

    kind: str
    scheme: SignatureScheme | None
    algorithm: str
    digest_algorithm: str
    signer: Certificate | None
    certificates: tuple[Certificate, ...]
    signing_time: datetime | None
    signature: bytes
    timestamp: bytes | None
    content_type: str
    content: bytes | None
    signed_attributes: bytes | None
    message_digest: bytes | None
    imprint: tuple[str, bytes] | None
    problems: tuple[Problem, ...]
    reading: Reading = field(repr=False, compare=False)

    def needed_digests(self) -> tuple[DigestSpec, ...]:
        """One digest; none if the signature covers the document itself and its signer is unknown."""
        if self.imprint is not None:
            return (DigestSpec(self.imprint[0]),)
        if self.signed_attributes is not None or self.content is not None:
            return (DigestSpec(_content_digest_algorithm(self.content, self.digest_algorithm)),)
        if self.scheme is None or self.signer is None:
            return ()
        return (DigestSpec(self.scheme.digest, schemes.digest_prefix(self.scheme, self.signer.public_key)),)

    def check(self, digests: Mapping[DigestSpec, bytes]) -> ContainerCheck:
        """See `base.Container.check`."""
        reasons = [problem.message for problem in self.problems]
        needed = self.needed_digests()
        document = digests.get(needed[0]) if needed else None
        digest_ok = None if document is None else self._digest_ok(document)
        if digest_ok is False:
            reasons.append("the signed digest is not the digest of this document")
        if not self._attributes_match_content():
            reasons.append("the messageDigest attribute is not the digest of the content inside")
        coherent = len(reasons) == (1 if digest_ok is False else 0)
        signature_ok = self._signature_ok(document)
        if not signature_ok:
            reasons.append("the signature value does not verify under the signer's key")
        if digest_ok and self.signed_attributes is None and self.content is None:
            digest_ok = signature_ok  # then the document's digest is what the signature is over
        return ContainerCheck(digest_ok, signature_ok and coherent, tuple(reasons))

    def stamps(self, signature: bytes) -> bool:
        """Whether this is a timestamp token over a signature value; over its base64 text is a leniency."""
        if self.imprint is None:
            return False
        algorithm, imprint = self.imprint
        if imprint == digest(algorithm, signature):
            return True
        if imprint != digest(algorithm, base64.b64encode(signature)):
            return False
        self.reading.allow("timestamp_over_base64", "messageImprint")
        return True

    def _digest_ok(self, document: bytes) -> bool:
        if self.imprint is not None:
            return document == self.imprint[1]
        if self.content is not None:
            algorithm = _content_digest_algorithm(self.content, self.digest_algorithm)
            return document in (self.content, digest(algorithm, self.content))
        return self.signed_attributes is None or document == self.message_digest

    def _attributes_match_content(self) -> bool:
        """Whether messageDigest is the digest of eContent, where there are both."""
        if self.content is None or self.signed_attributes is None:
            return True
        if self.message_digest == digest(self.digest_algorithm, self.content):
            return True
        # Some GM producers put the document's digest into both places.
        return self.message_digest == self.content and _is_digest(self.content, self.digest_algorithm)

    def _signature_ok(self, document: bytes | None) -> bool:
        if self.scheme is None or self.signer is None:
            return False
        key = self.signer.public_key
        message = self.signed_attributes if self.signed_attributes is not None else self.content
        if message is not None:
            return schemes.verify(self.scheme, key, message, self.signature)
        return document is not None and schemes.verify_digest(self.scheme, key, document, self.signature)


def _is_digest(content: bytes, digest_algorithm: str) -> bool:
    return len(content) in (DIGESTS["sha1"].size_bytes, DIGESTS[digest_algorithm].size_bytes)


def _content_digest_algorithm(content: bytes | None, digest_algorithm: str) -> str:
    """SHA-1 if eContent is as long as a SHA-1 (/adbe.pkcs7.sha1, ISO 32000-1 12.8.3.3), else the signer's."""
    return "sha1" if content is not None and len(content) == DIGESTS["sha1"].size_bytes else digest_algorithm


# -- reading --------------------------------------------------------------------------------


def read_cms(root: Node, *, candidates: Sequence[Certificate] = ()) -> CmsContainer:
    """Read a ContentInfo. `candidates` may be the signer's where no certificate inside is.

    DocumentError `container_malformed`, `asn1_malformed` or `limit_exceeded`.
    """
    reading = root.reading
    content_type, content, *_ = root.sequence("ContentInfo", least=2, most=2)
    if content_type.oid("contentType") not in (SIGNED_DATA, GM_SIGNED_DATA):
        raise _unreadable(f"the CMS content type {content_type.oid('contentType')} is not signedData")
    signed_data = content.expect(0xA0, "content").inner("content")
    version, algorithms, encapsulated, *rest = signed_data.sequence("SignedData", least=4, most=6)
    version.integer("SignedData version")
    algorithms.expect(asn1.SET, "digestAlgorithms")
    econtent_type, econtent = _read_encapsulated(encapsulated)
    certificates = _read_certificates([item for item in rest[:-1] if item.tag == 0xA0], reading)
    signer_infos = rest[-1].expect(asn1.SET, "signerInfos").children("signerInfos", most=100)
    if len(signer_infos) != 1:
        raise _unreadable(f"the CMS holds {len(signer_infos)} SignerInfo where exactly one is expected")
    return _read_signer_info(signer_infos[0], econtent_type, econtent, certificates, tuple(candidates))


def _unreadable(message: str) -> DocumentError:
    return DocumentError("container_malformed", message)


def _read_encapsulated(node: Node) -> tuple[str, bytes | None]:
    """eContentType and eContent. PKCS #7 v1.5 allows any type inside: its content octets then."""
    kind, *content = node.sequence("encapContentInfo", least=1, most=2)
    if not content:
        return kind.oid("eContentType"), None
    inner = content[0].expect(0xA0, "eContent").inner("eContent")
    if inner.tag & ~0x20 == asn1.OCTET_STRING:
        return kind.oid("eContentType"), inner.octets("eContent")
    return kind.oid("eContentType"), inner.content


def _read_certificates(sets: list[Node], reading: Reading) -> tuple[Certificate, ...]:
    """The X.509 certificates, each once; other kinds (attribute certificates) are left out."""
    found: dict[bytes, Certificate] = {}
    for collection in sets:
        _check_order(collection, "certificates")
        for raw in (item.raw for item in collection.children("certificates", most=MAX_CERTIFICATES)):
            if raw[0] != asn1.SEQUENCE:
                continue
            try:
                found.setdefault(raw, Certificate.from_der(raw, reading=reading))
            except DocumentError:
                # an unreadable stranger in the set is no reason to refuse the signer's own
                reading.allow("certificate_left_out", "certificates")
    return tuple(found.values())


def _read_signer_info(
    node: Node,
    content_type: str,
    content: bytes | None,
    certificates: tuple[Certificate, ...],
    outside: tuple[Certificate, ...],
) -> CmsContainer:
    reading, problems = node.reading, list[Problem]()
    _, sid, digest_node, *rest = node.sequence("SignerInfo", least=5, most=7)
    digest_oid = digest_node.sequence("digestAlgorithm", least=1, most=2)[0].oid("digestAlgorithm")
    digest_algorithm = digest_by_oid(digest_oid).name
    attributes_node = rest.pop(0) if rest[0].tag == 0xA0 else None
    if not 2 <= len(rest) <= 3 or any(item.tag != 0xA1 for item in rest[2:]):
        raise malformed("SignerInfo: signatureAlgorithm, signature and unsignedAttrs are expected")
    signature = rest[1].octets("signature")
    attributes = _read_attributes(attributes_node, "signedAttrs") if attributes_node else ()
    unsigned = _read_attributes(rest[2], "unsignedAttrs") if len(rest) == 3 else ()

    named = [
        (oid, value)
        for oid in (SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2)
        if (value := _single(attributes, oid, problems))
    ]
    inside = any(_answers(sid, certificate) for certificate in certificates)
    signer = _choose_signer(sid, certificates if inside else outside, named, problems)
    scheme, algorithm = _read_scheme(rest[0], signer, digest_algorithm, problems)
    _check_signature_form(scheme, signer, signature, reading, problems)
    is_timestamp = content_type == TST_INFO
    if attributes_node is not None:
        _check_content_type(attributes, content_type, scheme, reading, problems)
        _check_order(attributes_node, "signedAttrs")
        if not named and is_timestamp:  # RFC 3161, 2.4.2: it must be there
            message = "no signingCertificate attribute names the authority's certificate"
            problems.append(Problem("signing_certificate", message))
        elif not named:
            reading.allow("cms_missing_signing_certificate", "signedAttrs")
    elif is_timestamp:
        problems.append(Problem("attributes", "a timestamp token without signed attributes"))
    if not is_timestamp:
        _record_variant(attributes_node, content, digest_algorithm, reading)
    signing_time = _single(attributes, SIGNING_TIME, problems)
    message_digest = _single(attributes, MESSAGE_DIGEST, problems, required=attributes_node is not None)
    timestamps = [values[0].raw for oid, values in unsigned if oid == SIGNATURE_TIME_STAMP and values]
    return CmsContainer(
        kind="timestamp" if is_timestamp else "cms",
        scheme=scheme,
        algorithm=algorithm,
        digest_algorithm=digest_algorithm,
        signer=signer,
        certificates=certificates,
        signing_time=signing_time.time("signingTime") if signing_time else None,
        signature=signature,
        timestamp=timestamps[0] if timestamps else None,
        content_type=content_type,
        content=content,
        # RFC 5652, 5.4: the DER of the SET OF, not the implicit tag; the elements are as found
        signed_attributes=asn1.element(asn1.SET, attributes_node.content) if attributes_node else None,
        message_digest=message_digest.octets("messageDigest") if message_digest else None,
        imprint=_read_imprint(content, reading) if is_timestamp else None,
        problems=tuple(problems),
        reading=reading,
    )


def _check_order(collection: Node, where: str) -> None:
    """A SET OF in DER is sorted (X.690 11.6); honest producers forget it for certificates."""
    raws = [item.raw for item in collection.children(where)]
    if raws != sorted(raws):
        collection.reading.allow("set_of_unsorted", where)


def _read_attributes(node: Node, where: str) -> Attributes:
    found: list[tuple[str, tuple[Node, ...]]] = []
    for item in node.children(where, most=MAX_ATTRIBUTES):
        kind, values = item.sequence(where, least=2, most=2)
        found.append((kind.oid(where), values.expect(asn1.SET, where).children(where, most=MAX_ATTRIBUTES)))
    return tuple(found)


_NAMES = {
    CONTENT_TYPE: "contentType", MESSAGE_DIGEST: "messageDigest", SIGNING_TIME: "signingTime",
    SIGNING_CERTIFICATE: "signingCertificate", SIGNING_CERTIFICATE_V2: "signingCertificateV2",
}  # fmt: skip


def _single(
    attributes: Attributes, oid: str, problems: list[Problem], *, required: bool = False
) -> Node | None:
    """The value of an attribute that comes once with one value (RFC 5652, 11); else a problem."""
    values = [values for kind, values in attributes if kind == oid]
    if len(values) > 1 or any(len(each) != 1 for each in values):
        message = f"the signed attribute {_NAMES[oid]} does not come exactly once with one value"
        problems.append(Problem("attributes", message))
        return None
    if not values and required:
        problems.append(Problem("attributes", f"the signed attribute {_NAMES[oid]} is missing"))
    return values[0][0] if values else None


def _check_content_type(
    attributes: Attributes,
    content_type: str,
    scheme: SignatureScheme | None,
    reading: Reading,
    problems: list[Problem],
) -> None:
    node = _single(attributes, CONTENT_TYPE, problems, required=True)
    if node is None or (named := node.oid("contentType")) == content_type:
        return
    plain = {DATA, SIGNED_DATA, GM_DATA, GM_SIGNED_DATA}
    if scheme is not None and scheme.family == "sm2" and {named, content_type} <= plain:
        reading.allow("content_type_mismatch", "signedAttrs")
    else:
        message = f"the contentType attribute names {named}, the content is {content_type}"
        problems.append(Problem("attributes", message))


def _record_variant(
    attributes: Node | None, content: bytes | None, digest_algorithm: str, reading: Reading
) -> None:
    """Name what is signed, where it is not a SET of attributes over detached content."""
    if content is not None and _is_digest(content, digest_algorithm):
        reading.allow("cms_gm_digest_econtent", "eContent")
    if attributes is None:
        reading.allow("cms_gm_signs_content" if content is None else "cms_gm_signs_econtent", "SignerInfo")


def _read_scheme(
    node: Node, signer: Certificate | None, digest_algorithm: str, problems: list[Problem]
) -> tuple[SignatureScheme | None, str]:
    """The scheme, and its name or the OID found."""
    oid = node.sequence("signatureAlgorithm", least=1, most=2)[0].oid("signatureAlgorithm")
    if signer is None:
        return None, oid
    try:
        key = signer.public_key
    except DocumentError as error:
        message = f"the signer's certificate has no usable key: {error.message}"
        problems.append(Problem("signature", message))
        return None, oid
    try:
        scheme = schemes.scheme_of(node, key=key, digest=digest_algorithm)
    except DocumentError as error:
        if error.code != "container_malformed":
            raise
        problems.append(Problem("signature", error.message))
        return None, oid
    return scheme, scheme.name


def _check_signature_form(
    scheme: SignatureScheme | None,
    signer: Certificate | None,
    signature: bytes,
    reading: Reading,
    problems: list[Problem],
) -> None:
    """Record the leniencies that the signature value needs; a value that has no form is a problem."""
    if scheme is None or signer is None:
        return
    lenient = Reading()
    try:
        schemes.normalise_signature(scheme, signer.public_key, signature, reading=lenient)
    except DocumentError as error:
        problems.append(Problem("signature", error.message))
    for leniency in lenient.used:
        reading.allow(leniency, "signature")


def _read_imprint(content: bytes | None, reading: Reading) -> tuple[str, bytes]:
    """RFC 3161, 2.4.2:

    TSTInfo        ::= SEQUENCE { version INTEGER, policy OBJECT IDENTIFIER, messageImprint, … }
    MessageImprint ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, hashedMessage OCTET STRING }
    """
    if content is None:
        raise _unreadable("a timestamp token without TSTInfo")
    info = asn1.read(content, reading=reading, where="TSTInfo").sequence("TSTInfo", least=5, most=10)
    algorithm, value = info[2].sequence("messageImprint", least=2, most=2)
    oid = algorithm.sequence("messageImprint", least=1, most=2)[0].oid("messageImprint")
    return digest_by_oid(oid).name, value.octets("messageImprint")


# -- the signer -----------------------------------------------------------------------------


def _choose_signer(
    sid: Node, certificates: tuple[Certificate, ...], named: list[tuple[str, Node]], problems: list[Problem]
) -> Certificate | None:
    """The certificate that SignerIdentifier names, checked against the signingCertificate attributes.

    If several answer to the identifier, the attribute decides; without it that is a problem.
    """
    candidates = [certificate for certificate in certificates if _answers(sid, certificate)]
    if not candidates:
        message = "no certificate in the container answers to the signer identifier"
        problems.append(Problem("signer", message))
        return None
    fitting = [one for one in candidates if all(_names(oid, value, one) for oid, value in named)]
    if named and not fitting:
        message = "the signingCertificate attribute names another certificate than the signer's"
        problems.append(Problem("signing_certificate", message))
    if len(candidates) > 1 and not (named and fitting):
        message = "several certificates in the container answer to the signer identifier"
        problems.append(Problem("signer", message))
    return (fitting or candidates)[0]


def _answers(sid: Node, certificate: Certificate) -> bool:
    """IssuerAndSerialNumber ::= SEQUENCE { issuer Name, serialNumber INTEGER }, or [0] key identifier"""
    if sid.tag == 0x80:
        return certificate.subject_key_identifier == sid.content
    issuer, serial = sid.sequence("SignerIdentifier", least=2, most=2)
    if serial.raw != certificate.serial_raw:
        return False
    if issuer.raw == certificate.issuer_raw:
        return True
    if name_text(issuer, "SignerIdentifier") != certificate.issuer:
        return False
    sid.reading.allow("text_other_tag", "SignerIdentifier")  # the name was encoded again on the way
    return True


def _names(oid: str, attribute: Node, certificate: Certificate) -> bool:
    """Whether the first ESSCertID of a signingCertificate attribute is this certificate's."""
    algorithm, expected, issuer_serial = read_ess_cert_id(oid, attribute)
    if algorithm is None or certificate.fingerprint(algorithm) != expected:
        return False
    if issuer_serial is None:
        return True
    names, serial = issuer_serial.sequence("IssuerSerial", least=2, most=2)
    issuers = [name.inner("issuer").raw for name in names.sequence("issuer", most=10) if name.tag == 0xA4]
    return serial.raw == certificate.serial_raw and certificate.issuer_raw in issuers


def read_ess_cert_id(oid: str, attribute: Node) -> tuple[str | None, bytes, Node | None]:
    """Digest name (None if it is unknown), digest and IssuerSerial of the first ESSCertID.

    RFC 2634, 5.4 (SHA-1) and RFC 5035, 3 (version 2):

        SigningCertificateV2 ::= SEQUENCE { certs SEQUENCE OF ESSCertIDv2, policies SEQUENCE OPTIONAL }
        ESSCertID    ::= SEQUENCE { certHash OCTET STRING, IssuerSerial OPTIONAL }
        ESSCertIDv2  ::= SEQUENCE {
            hashAlgorithm AlgorithmIdentifier DEFAULT sha256,
            certHash OCTET STRING, issuerSerial IssuerSerial OPTIONAL }
        IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber INTEGER }
    """
    where = "signingCertificate"
    certs = attribute.sequence(where, least=1, most=2)[0].sequence(where, least=1, most=MAX_CERTIFICATES)
    items = list(certs[0].sequence(where, least=1, most=3))
    algorithm: str | None = "sha1" if oid == SIGNING_CERTIFICATE else "sha256"
    if items[0].tag == asn1.SEQUENCE and oid == SIGNING_CERTIFICATE_V2:
        written = items.pop(0).sequence(where, least=1, most=2)[0].oid(where)
        algorithm = next((item.name for item in DIGESTS.values() if item.oid == written), None)
        if algorithm == "sha256":
            attribute.reading.allow("explicit_default", "hashAlgorithm of ESSCertIDv2")
    if not 1 <= len(items) <= 2:
        raise malformed("signingCertificate: not an ESSCertID")
    return algorithm, items[0].octets(where), items[1] if len(items) > 1 else None
