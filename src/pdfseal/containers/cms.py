"""CMS SignedData to seal with: PAdES baseline for RSA and ECDSA, GM/T 0010 (GB/T 35275) for SM2.

Building falls into two halves with the outside signer between them: `CmsPlan.to_be_signed`
gives the DER SET OF signed attributes, `finish_cms` turns those bytes and the signature into
the container. Nothing is kept in between; the attributes themselves say which certificate
they are for. The structures are written down in `cms_reading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pdfseal import asn1
from pdfseal.asn1 import Reading, malformed
from pdfseal.containers.base import Finished, reserve_bytes
from pdfseal.containers.cms_reading import (
    CONTENT_TYPE,
    DATA,
    GM_DATA,
    GM_SIGNED_DATA,
    MESSAGE_DIGEST,
    SIGNATURE_TIME_STAMP,
    SIGNED_DATA,
    SIGNING_CERTIFICATE_V2,
    TST_INFO,
    CmsContainer,
    Part,
    read_cms,
    read_ess_cert_id,
)
from pdfseal.crypto import schemes
from pdfseal.crypto.digests import DIGESTS
from pdfseal.crypto.schemes import SCHEMES, SM2_SIGN, SignatureScheme
from pdfseal.errors import CallerError, DocumentError, RefusedError
from pdfseal.pki.certificate import Certificate

__all__ = [
    "SIGNATURE_TIME_STAMP", "TST_INFO", "CmsContainer", "CmsPlan", "Part", "assemble", "attribute",
    "check_token", "finish_cms", "plan_cms", "read_cms", "signed_attributes", "with_issuers",
]  # fmt: skip

FILTER = "Adobe.PPKLite"
PADES, GM_CMS, PKCS7 = "ETSI.CAdES.detached", "GM.sm2cms.detached", "adbe.pkcs7.detached"


@dataclass(frozen=True, slots=True)
class CmsPlan:
    """A CMS that will be built; see `base.Plan`. `certificates` is the signer's, then its issuers."""

    subfilter: str
    signature_scheme: SignatureScheme
    signer: Certificate
    certificates: tuple[Certificate, ...]
    scheme_name: str = "cms"
    filter: str = FILTER

    @property
    def digest_algorithm(self) -> str:
        return self.signature_scheme.digest

    def reserve(self, *, timestamp: bool) -> int:
        """The most bytes that the finished container takes, rounded up to 1 KiB."""
        largest = bytes(schemes.max_signature_size(self.signature_scheme, self.signer.public_key))
        attributes = self._attributes(bytes(DIGESTS[self.digest_algorithm].size_bytes))
        container = assemble(
            attributes,
            largest,
            content_type=self._content_type,
            scheme=self.signature_scheme,
            signer=self.signer,
            certificates=self.certificates,
        )
        return reserve_bytes(len(container), timestamp=timestamp)

    def to_be_signed(
        self, document_digest: bytes, *, byte_range: tuple[int, int, int, int], when: datetime
    ) -> bytes:
        """The DER SET OF signed attributes. Neither the ByteRange nor the time is in a PAdES CMS."""
        name = self.digest_algorithm
        if len(document_digest) != DIGESTS[name].size_bytes:
            raise CallerError("argument", f"{len(document_digest)} bytes are not a digest by {name}")
        return self._attributes(document_digest)

    @property
    def _content_type(self) -> str:
        return _content_type(self.signature_scheme)

    def _attributes(self, document_digest: bytes) -> bytes:
        return signed_attributes(self._content_type, document_digest, self.signer)


def plan_cms(
    signer: Certificate,
    *,
    chain: Sequence[Certificate] = (),
    digest: str | None = None,
    scheme: SignatureScheme | str | None = None,
    subfilter: str | None = None,
) -> CmsPlan:
    """Plan a CMS for `signer`. Without `scheme` its key decides; `digest` names another SHA-2.

    Of `chain` the issuers of the signer go into the container, roots left out.
    CallerError `unknown_scheme` if the key does not fit, `argument` for a contradiction,
    RefusedError `weak_algorithm`.
    """
    try:
        key = signer.public_key
    except DocumentError as error:
        raise CallerError("certificate_unreadable", f"the certificate has no usable key: {error}") from error
    if isinstance(scheme, str):
        if scheme not in SCHEMES:
            raise CallerError("unknown_scheme", f"{scheme!r} is not a signature scheme: {', '.join(SCHEMES)}")
        scheme = SCHEMES[scheme]
    if scheme is None:
        scheme = schemes.default_scheme(key)
        if digest not in (None, scheme.digest):
            scheme = SCHEMES.get(f"{scheme.name.rpartition('-')[0]}-{digest}")
    if scheme is None or digest not in (None, scheme.digest):
        raise CallerError("argument", f"the digest {digest} does not go with this key or scheme")
    schemes.check_fits(scheme, key)
    schemes.refuse_weak(scheme)
    choices = (GM_CMS, PKCS7) if scheme.family == "sm2" else (PADES, PKCS7)
    if subfilter is not None and subfilter not in choices:
        raise CallerError("argument", f"the subfilter {subfilter} is not one of {' and '.join(choices)}")
    return CmsPlan(subfilter or choices[0], scheme, signer, with_issuers(signer, chain))


def _content_type(scheme: SignatureScheme) -> str:
    return GM_DATA if scheme.family == "sm2" else DATA


# -- the two halves -------------------------------------------------------------------------


def signed_attributes(
    content_type: str, message_digest: bytes, signer: Certificate, *, more: Iterable[bytes] = ()
) -> bytes:
    """The DER SET OF contentType, messageDigest, signingCertificateV2 and `more` (DER Attributes).

    The certificate's digest is SHA-256, left out as the DEFAULT that it is; SM3 for an SM2
    certificate, written out (RFC 5035, 3; ETSI EN 319 122-1, 5.2.2.3).
    """
    is_sm2 = signer.public_key.kind == "sm2"
    ess_digest = "sm3" if is_sm2 else "sha256"
    hash_algorithm = _digest_identifier(ess_digest) if is_sm2 else b""
    general_names = asn1.sequence(asn1.explicit(4, signer.issuer_raw))
    ess_cert_id = asn1.sequence(
        hash_algorithm,
        asn1.octet_string(signer.fingerprint(ess_digest)),
        asn1.sequence(general_names, signer.serial_raw),
    )
    return asn1.set_of(
        attribute(CONTENT_TYPE, asn1.object_identifier(content_type)),
        attribute(MESSAGE_DIGEST, asn1.octet_string(message_digest)),
        attribute(SIGNING_CERTIFICATE_V2, asn1.sequence(asn1.sequence(ess_cert_id))),
        *more,
    )


def attribute(oid: str, value: bytes) -> bytes:
    """Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF ANY }"""
    return asn1.sequence(asn1.object_identifier(oid), asn1.set_of(value))


def assemble(
    attributes: bytes,
    signature: bytes,
    *,
    content_type: str,
    scheme: SignatureScheme,
    signer: Certificate,
    certificates: Iterable[Certificate],
    content: bytes | None = None,
    timestamp: bytes | None = None,
) -> bytes:
    """The DER ContentInfo. `attributes` is the SET OF that was signed, `content` the eContent if any.

    SM2 gets the OIDs of GM/T 0010. Nothing is verified here.
    """
    is_sm2 = scheme.family == "sm2"
    digest_algorithm = _digest_identifier(scheme.digest)
    algorithm = schemes.algorithm_identifier(scheme, oid=SM2_SIGN if is_sm2 else None)
    unsigned = b""
    if timestamp is not None:
        unsigned = asn1.element(0xA1, attribute(SIGNATURE_TIME_STAMP, timestamp))
    signer_info = asn1.sequence(
        asn1.integer(1),
        asn1.sequence(signer.issuer_raw, signer.serial_raw),
        digest_algorithm,
        b"\xa0" + attributes[1:],  # [0] IMPLICIT in place of the SET tag; the rest as it was signed
        algorithm,
        asn1.octet_string(signature),
        unsigned,
    )
    encapsulated = asn1.explicit(0, asn1.octet_string(content)) if content is not None else b""
    bag = b"".join(sorted(dict.fromkeys(one.der for one in certificates)))
    is_plain = content_type in (DATA, GM_DATA)
    signed_data = asn1.sequence(
        asn1.integer(1 if is_plain else 3),  # RFC 5652, 5.1
        asn1.set_of(digest_algorithm),
        asn1.sequence(asn1.object_identifier(content_type), encapsulated),
        asn1.element(0xA0, bag) if bag else b"",
        asn1.set_of(signer_info),
    )
    outer = GM_SIGNED_DATA if is_sm2 and is_plain else SIGNED_DATA
    return asn1.sequence(asn1.object_identifier(outer), asn1.explicit(0, signed_data))


def _digest_identifier(name: str) -> bytes:
    """AlgorithmIdentifier of a digest, without parameters (RFC 5754, 2)."""
    return asn1.sequence(asn1.object_identifier(DIGESTS[name].oid))


def finish_cms(
    to_be_signed: bytes,
    signature: bytes,
    *,
    certificates: Sequence[Certificate],
    timestamp: bytes | None = None,
) -> Finished:
    """Build the CMS of a SET OF signed attributes and its signature.

    `certificates` are candidates: the signer's is the one that the attributes name, and those
    that issued it or one another go in as well. RefusedError `certificate_not_candidate` or
    `signature_invalid`; DocumentError `container_malformed` if `to_be_signed` is no such SET.
    """
    content_type, message_digest, signer = _read_to_be_signed(to_be_signed, certificates)
    scheme, normalised = _find_scheme(to_be_signed, signature, signer, len(message_digest))
    if content_type != _content_type(scheme):
        raise _no_attributes("the contentType does not go with the signer's key")
    if timestamp is not None:
        check_token(timestamp, normalised)
    der = assemble(
        to_be_signed,
        normalised,
        content_type=content_type,
        scheme=scheme,
        signer=signer,
        certificates=with_issuers(signer, certificates),
        timestamp=timestamp,
    )
    return Finished(der, message_digest, scheme.digest, signer)


def _read_to_be_signed(
    to_be_signed: bytes, certificates: Sequence[Certificate]
) -> tuple[str, bytes, Certificate]:
    """contentType, messageDigest, and the candidate that signingCertificateV2 names."""
    found: dict[str, asn1.Node] = {}
    try:
        where = "to-be-signed"
        root = asn1.read(to_be_signed, reading=Reading(strict=True), where=where).expect(asn1.SET, where)
        for item in root.children(where, most=100):
            kind, values = item.sequence(where, least=2, most=2)
            if kind.oid(where) in found:
                raise malformed(f"the attribute {kind.oid(where)} comes twice")
            found[kind.oid(where)] = values.expect(asn1.SET, where).inner(where)
        content_type = found[CONTENT_TYPE].oid(where)
        message_digest = found[MESSAGE_DIGEST].octets(where)
        name, expected, _ = read_ess_cert_id(SIGNING_CERTIFICATE_V2, found[SIGNING_CERTIFICATE_V2])
    except KeyError as error:
        raise _no_attributes(f"the attribute {error} is missing") from error
    except DocumentError as error:
        raise _no_attributes(error.message) from error
    for certificate in certificates:
        if name is not None and certificate.fingerprint(name) == expected:
            return content_type, message_digest, certificate
    raise RefusedError(
        "certificate_not_candidate", "no certificate handed in is the one that the signed attributes name"
    )


def _no_attributes(why: str) -> DocumentError:
    message = f"the to-be-signed bytes are not a SET of signed attributes: {why}"
    return DocumentError("container_malformed", message)


def _find_scheme(
    to_be_signed: bytes, signature: bytes, signer: Certificate, digest_size: int
) -> tuple[SignatureScheme, bytes]:
    """The scheme under which `signature` verifies, and the signature as the container carries it.

    The attributes name no algorithm, but the key and the digest's size leave two for RSA
    (PKCS#1 v1.5 and PSS) and one for all others.
    """
    key = signer.public_key
    for scheme in schemes.candidate_schemes(key, digest_size):
        try:
            normalised = schemes.normalise_signature(scheme, key, signature, reading=Reading())
        except DocumentError as error:
            raise RefusedError("signature_invalid", f"the signature value cannot be used: {error}") from error
        if schemes.verify(scheme, key, to_be_signed, normalised):
            return scheme, normalised
    raise RefusedError(
        "signature_invalid",
        f"the signature does not verify under the certificate of {signer.common_name or signer.serial_hex}",
    )


def check_token(timestamp: bytes, signature: bytes) -> None:
    """CallerError or RefusedError unless `timestamp` is a token over `signature`. It is not verified."""
    try:
        token = read_cms(asn1.read(timestamp, where="timestamp token"))
    except DocumentError as error:
        raise CallerError("argument", f"the timestamp is not a timestamp token: {error}") from error
    if token.imprint is None:
        raise CallerError("argument", "the timestamp is a CMS, but not a timestamp token")
    if not token.stamps(signature):
        raise RefusedError("digest_mismatch", "the timestamp token is not over this signature")


def with_issuers(signer: Certificate, candidates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """`signer`, then those candidates that by name issued it, or issued one already taken.

    Roots stay out: a verifier that trusts one has it, and no other believes it.
    """
    taken = [signer]
    left = [one for one in dict.fromkeys(candidates) if one != signer and not one.is_self_issued]
    for certificate in taken:  # grows while it is walked
        issuers = [one for one in left if one.subject_raw == certificate.issuer_raw]
        left = [one for one in left if one not in issuers]
        taken += issuers
    return tuple(taken)
