"""Signature schemes: one table keyed on OIDs, and what follows from a scheme and a key.

Everything that signs or verifies goes through here. SM2 runs on `crypto.sm2`, RSA and ECDSA
on `cryptography`, always over a digest, so that a document is hashed once, elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from pdfseal import asn1
from pdfseal.asn1 import Node, Reading, malformed
from pdfseal.crypto import sm2
from pdfseal.crypto.digests import DIGESTS, digest, digest_by_oid
from pdfseal.crypto.keys import EC_OID, SM2_OID, PublicKey, unsigned
from pdfseal.errors import CallerError, DocumentError, RefusedError

RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSA_PSS = "1.2.840.113549.1.1.10"
MGF1 = "1.2.840.113549.1.1.8"
SM2_WITH_SM3 = "1.2.156.10197.1.501"
SM2_SIGN = "1.2.156.10197.1.301.1"


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """How a signature is made. `family` is "rsa-pkcs1", "rsa-pss", "ecdsa" or "sm2".

    `salt_length` (bytes) is for RSA-PSS only.
    """

    name: str
    family: str
    digest: str
    oid: str
    salt_length: int | None = None


SCHEMES: dict[str, SignatureScheme] = {
    scheme.name: scheme
    for scheme in (
        SignatureScheme("sm2-sm3", "sm2", "sm3", SM2_WITH_SM3),  # GM/T 0006-2012
        SignatureScheme("rsa-sha256", "rsa-pkcs1", "sha256", "1.2.840.113549.1.1.11"),  # RFC 4055, 5
        SignatureScheme("rsa-sha384", "rsa-pkcs1", "sha384", "1.2.840.113549.1.1.12"),
        SignatureScheme("rsa-sha512", "rsa-pkcs1", "sha512", "1.2.840.113549.1.1.13"),
        SignatureScheme("rsa-pss-sha256", "rsa-pss", "sha256", RSA_PSS, 32),  # RFC 4055, 3
        SignatureScheme("rsa-pss-sha384", "rsa-pss", "sha384", RSA_PSS, 48),
        SignatureScheme("rsa-pss-sha512", "rsa-pss", "sha512", RSA_PSS, 64),
        SignatureScheme("ecdsa-sha256", "ecdsa", "sha256", "1.2.840.10045.4.3.2"),  # RFC 5758, 3.2
        SignatureScheme("ecdsa-sha384", "ecdsa", "sha384", "1.2.840.10045.4.3.3"),
        SignatureScheme("ecdsa-sha512", "ecdsa", "sha512", "1.2.840.10045.4.3.4"),
        # SHA-1: to verify on request, never to seal
        SignatureScheme("rsa-sha1", "rsa-pkcs1", "sha1", "1.2.840.113549.1.1.5"),
        SignatureScheme("rsa-pss-sha1", "rsa-pss", "sha1", RSA_PSS, 20),
        SignatureScheme("ecdsa-sha1", "ecdsa", "sha1", "1.2.840.10045.4.1"),
    )
}
_BY_OID = {scheme.oid: scheme for scheme in SCHEMES.values() if scheme.family != "rsa-pss"}
_BY_OID[SM2_SIGN] = SCHEMES["sm2-sm3"]
_BY_FAMILY = {(scheme.family, scheme.digest): scheme for scheme in SCHEMES.values()}
_FAMILIES = {"rsa": ("rsa-pkcs1", "rsa-pss"), "ec": ("ecdsa",), "sm2": ("sm2",)}
_DEFAULTS = {"P-256": "ecdsa-sha256", "P-384": "ecdsa-sha384", "P-521": "ecdsa-sha512", "SM2": "sm2-sm3"}

# OIDs that name a key or digest-less algorithm; the digest comes from beside them.
_BARE = {RSA_ENCRYPTION: "rsa-pkcs1", EC_OID: "ecdsa", SM2_OID: "sm2"}


def default_scheme(key: PublicKey) -> SignatureScheme:
    """The scheme to seal with when none is asked for. CallerError `unknown_scheme` for other keys."""
    name = "rsa-sha256" if key.kind == "rsa" else _DEFAULTS.get(key.curve or "")
    if name is None:
        raise CallerError("unknown_scheme", "the key is neither RSA, P-256, P-384, P-521 nor SM2")
    return SCHEMES[name]


def candidate_schemes(key: PublicKey, digest_size_bytes: int) -> tuple[SignatureScheme, ...]:
    """The schemes that fit `key`, with a digest of that size, and may be used to seal."""
    return tuple(
        scheme
        for scheme in SCHEMES.values()
        if fits(scheme, key)
        and scheme.digest != "sha1"
        and DIGESTS[scheme.digest].size_bytes == digest_size_bytes
    )


def fits(scheme: SignatureScheme, key: PublicKey) -> bool:
    """Whether a key of this kind can sign by `scheme`."""
    return scheme.family in _FAMILIES.get(key.kind, ())


def check_fits(scheme: SignatureScheme, key: PublicKey) -> None:
    """CallerError `unknown_scheme` if a key of this kind cannot sign by `scheme`."""
    if not fits(scheme, key):
        raise CallerError("unknown_scheme", f"{scheme.name} does not go with a key of kind {key.kind}")
    if scheme.salt_length is not None:
        room = (key.bits + 6) // 8 - DIGESTS[scheme.digest].size_bytes - 2  # RFC 8017, 9.1.1 step 3
        if scheme.salt_length > room:
            raise CallerError("unknown_scheme", f"a key of {key.bits} bits is too small for {scheme.name}")


def refuse_weak(scheme: SignatureScheme) -> None:
    """RefusedError `weak_algorithm` for what may be verified but never used to seal."""
    if scheme.digest == "sha1":
        raise RefusedError("weak_algorithm", f"{scheme.name} is too weak to seal with")


# -- algorithm identifiers ------------------------------------------------------------------


def algorithm_identifier(scheme: SignatureScheme, *, oid: str | None = None) -> bytes:
    """AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL }

    `oid` is for a place that wants another of the scheme's OIDs, as GM/T 0010 does.
    PKCS#1 v1.5 has NULL parameters (RFC 4055, 5), ECDSA and SM2 none, PSS all of its fields.
    """
    identifier = asn1.object_identifier(oid or scheme.oid)
    if scheme.family == "rsa-pkcs1":
        return asn1.sequence(identifier, asn1.null())
    if scheme.family == "rsa-pss":
        return asn1.sequence(identifier, _pss_parameters(scheme))
    return asn1.sequence(identifier)


def _pss_parameters(scheme: SignatureScheme) -> bytes:
    """RFC 4055, 3.1:

    RSASSA-PSS-params ::= SEQUENCE {
        hashAlgorithm    [0] AlgorithmIdentifier DEFAULT sha1,
        maskGenAlgorithm [1] AlgorithmIdentifier DEFAULT mgf1SHA1,
        saltLength       [2] INTEGER DEFAULT 20,
        trailerField     [3] INTEGER DEFAULT 1 }
    """
    hash_algorithm = asn1.sequence(asn1.object_identifier(DIGESTS[scheme.digest].oid), asn1.null())
    if scheme.digest == "sha1":
        return asn1.sequence()
    return asn1.sequence(
        asn1.explicit(0, hash_algorithm),
        asn1.explicit(1, asn1.sequence(asn1.object_identifier(MGF1), hash_algorithm)),
        asn1.explicit(2, asn1.integer(scheme.salt_length or 0)),
    )


def scheme_of(
    algorithm: Node, *, key: PublicKey, digest: str | None = None, reading: Reading | None = None
) -> SignatureScheme:
    """The scheme that `algorithm` (an AlgorithmIdentifier, or a bare OID as SES has it) names.

    `digest` is the name of the digest algorithm written beside it (SignerInfo), if any.
    DocumentError `container_malformed` if it is unknown, contradicts `digest`, or does not go
    with `key`.
    """
    parameters: list[Node] = []
    if algorithm.tag == asn1.OID:
        oid = algorithm.oid("signature algorithm")
    else:
        identifier, *parameters = algorithm.sequence("signature algorithm", least=1, most=2)
        oid = identifier.oid("signature algorithm")
    scheme = _BY_OID.get(oid)
    if oid == RSA_PSS:
        scheme = _read_pss(parameters)
    elif oid in _BARE:
        family = "sm2" if key.kind == "sm2" and oid == EC_OID else _BARE[oid]
        scheme = _BY_FAMILY.get((family, digest or ("sm3" if family == "sm2" else "")))
        if oid != RSA_ENCRYPTION:  # RFC 3370, 3.2 has rsaEncryption in a SignerInfo
            (reading or algorithm.reading).allow("cms_signature_algorithm", "signatureAlgorithm")
    if scheme is None:
        raise DocumentError("container_malformed", f"the signature algorithm {oid} is not known")
    if digest is not None and digest != scheme.digest:
        raise DocumentError("container_malformed", f"the algorithm {scheme.name} contradicts {digest}")
    if not fits(scheme, key):
        raise DocumentError("container_malformed", f"{scheme.name} does not go with a key of kind {key.kind}")
    return scheme


def _read_pss(parameters: list[Node]) -> SignatureScheme | None:
    """See `_pss_parameters`; None if MGF1 runs on another digest, which nobody does."""
    hash_oid, mask_oid, salt_length = DIGESTS["sha1"].oid, DIGESTS["sha1"].oid, 20
    for item in parameters[0].sequence("RSASSA-PSS-params", most=4) if parameters else ():
        value = item.inner("RSASSA-PSS-params")
        if item.tag == 0xA0:
            hash_oid = value.sequence("hashAlgorithm", least=1)[0].oid("hashAlgorithm")
        elif item.tag == 0xA1:
            generator, hash_algorithm = value.sequence("maskGenAlgorithm", least=2, most=2)
            if generator.oid("maskGenAlgorithm") != MGF1:
                return None
            mask_oid = hash_algorithm.sequence("maskGenAlgorithm", least=1)[0].oid("maskGenAlgorithm")
        elif item.tag == 0xA2:
            salt_length = value.integer("saltLength", max_octets=2)
        elif item.tag != 0xA3 or value.integer("trailerField") != 1:
            return None
    scheme = _BY_FAMILY.get(("rsa-pss", digest_by_oid(hash_oid).name))
    if scheme is None or mask_oid != hash_oid or salt_length < 0:
        return None
    return replace(scheme, salt_length=salt_length)


# -- digests and signatures -----------------------------------------------------------------


def digest_prefix(scheme: SignatureScheme, key: PublicKey) -> bytes:
    """What is hashed before the message: Z for SM2, nothing otherwise."""
    return sm2.z_value(key.point) if scheme.family == "sm2" and key.point else b""


def message_digest(scheme: SignatureScheme, key: PublicKey, message: bytes) -> bytes:
    """What the signature is computed over: e = SM3(Z ‖ message) for SM2, else the digest."""
    return digest(scheme.digest, digest_prefix(scheme, key) + message)


def verify(
    scheme: SignatureScheme,
    key: PublicKey,
    message: bytes,
    signature: bytes,
    *,
    reading: Reading | None = None,
) -> bool:
    """Whether `signature` (octets, not a BIT STRING) over `message` is good."""
    return verify_digest(scheme, key, message_digest(scheme, key, message), signature, reading=reading)


def verify_digest(
    scheme: SignatureScheme,
    key: PublicKey,
    digest: bytes,
    signature: bytes,
    *,
    reading: Reading | None = None,
) -> bool:
    """As `verify`, over the digest (for SM2 over e).

    A signature that cannot be parsed is a bad one; what a lenient `reading` allows is recorded
    there. CallerError `unknown_scheme` if the key does not fit the scheme, `argument` for a
    digest of the wrong size.
    """
    if not fits(scheme, key):
        raise CallerError("unknown_scheme", f"{scheme.name} does not go with a key of kind {key.kind}")
    if len(digest) != DIGESTS[scheme.digest].size_bytes:
        raise CallerError("argument", f"{len(digest)} bytes are not a digest by {scheme.digest}")
    if scheme.family == "sm2" and key.point:
        try:
            r, s = _split(key, signature, reading or Reading())
        except DocumentError:
            return False
        return sm2.verify(key.point, digest, r, s)
    return _verify_by_cryptography(scheme, key, digest, signature, reading or Reading())


def _verify_by_cryptography(
    scheme: SignatureScheme, key: PublicKey, digest: bytes, signature: bytes, reading: Reading
) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec

    prehashed, padding = cryptography_parameters(scheme)
    try:
        public_key = _cryptography_key(key)
        if scheme.family == "ecdsa":
            signature = normalise_signature(scheme, key, signature, reading=reading)
            public_key.verify(signature, digest, ec.ECDSA(prehashed))
        else:
            public_key.verify(signature, digest, padding, prehashed)
    except (InvalidSignature, ValueError, DocumentError):  # ValueError: a salt that the key has no room for
        return False
    return True


def cryptography_parameters(scheme: SignatureScheme) -> tuple[Any, Any]:
    """(Prehashed algorithm, RSA padding or None) as the `cryptography` package wants them."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, utils

    algorithm: hashes.HashAlgorithm = getattr(hashes, scheme.digest.upper())()
    if scheme.family == "rsa-pkcs1":
        return utils.Prehashed(algorithm), padding.PKCS1v15()
    if scheme.family == "rsa-pss":
        return utils.Prehashed(algorithm), padding.PSS(padding.MGF1(algorithm), scheme.salt_length or 0)
    return utils.Prehashed(algorithm), None


@lru_cache(maxsize=64)
def _cryptography_key(key: PublicKey) -> Any:
    """From the numbers: `cryptography` refuses some SubjectPublicKeyInfo that are honest."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if key.kind == "rsa":
        return rsa.RSAPublicNumbers(key.exponent, key.modulus).public_key()
    curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    return ec.EllipticCurvePublicKey.from_encoded_point(curves[key.curve or ""], key.point or b"")


def max_signature_size(scheme: SignatureScheme, key: PublicKey) -> int:
    """The most bytes that a signature by this key can take."""
    if key.curve_parameters is None:
        return (key.bits + 7) // 8
    number = asn1.element(asn1.INTEGER, bytes(key.curve_parameters.size_bytes + 1))
    return len(asn1.sequence(number, number))


def normalise_signature(
    scheme: SignatureScheme, key: PublicKey, signature: bytes, *, reading: Reading
) -> bytes:
    """The signature as a container carries it: DER SEQUENCE { r, s } for SM2 and ECDSA, RSA as it is.

    Raw r‖s and damaged INTEGERs are leniencies. DocumentError `asn1_malformed` for anything
    else, and for r or s outside 1 … n-1.
    """
    if key.curve_parameters is None:
        return signature
    r, s = _split(key, signature, reading)
    return asn1.sequence(asn1.integer(r), asn1.integer(s))


def _split(key: PublicKey, signature: bytes, reading: Reading) -> tuple[int, int]:
    """r and s, both known to be in 1 … n-1.   Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }"""
    curve = key.curve_parameters
    if curve is None:
        raise malformed("signature: the key has no curve")
    size = curve.size_bytes
    if len(signature) == 2 * size and not _looks_like_der(signature):
        reading.allow("signature_raw", "signature")
        r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
    else:
        node = asn1.read(signature, reading=reading, where="signature")
        numbers = node.sequence("signature", least=2, most=2)
        r, s = (unsigned(number, "signature", max_octets=size + 4) for number in numbers)
    if not (0 < r < curve.n and 0 < s < curve.n):
        raise malformed("signature: r or s is not in 1 … n-1")
    return r, s


def _looks_like_der(signature: bytes) -> bool:
    """Whether octets as long as a raw r‖s are a SEQUENCE of two INTEGERs all the same."""
    if signature[:1] != b"\x30":
        return False
    try:
        items = asn1.read(signature, where="signature").children(most=2)
    except DocumentError:
        return False
    return [item.tag for item in items] == [asn1.INTEGER, asn1.INTEGER]
