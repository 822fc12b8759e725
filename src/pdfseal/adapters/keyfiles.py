"""Private keys as files carry them: PKCS#8, PKCS#1, SEC 1 and PKCS#12, encrypted or not.

`cryptography` reads RSA and NIST keys but refuses SM2, so the frames are read here with our
own reader; what is inside goes to `cryptography` or, for SM2, stays here. Old encryptions
(PBES1, RC2) are left to `cryptography`, which means RSA and NIST keys only.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from pdfseal import asn1
from pdfseal.asn1 import Node, malformed
from pdfseal.crypto import sm2
from pdfseal.crypto.keys import EC_OID, SM2_CURVE, SM2_OID, PublicKey
from pdfseal.errors import CallerError, DocumentError

MAX_KEY_FILE_BYTES = 1 << 20
MAX_ITERATIONS = 10_000_000

PBES2, PBKDF2 = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12"
DATA, ENCRYPTED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.6"
KEY_BAG, SHROUDED_KEY_BAG, CERT_BAG = (f"1.2.840.113549.1.12.10.1.{number}" for number in (1, 2, 3))
X509_CERTIFICATE = "1.2.840.113549.1.9.22.1"

_PRFS = {  # RFC 8018, B.1.2
    "1.2.840.113549.2.7": "sha1", "1.2.840.113549.2.9": "sha256",
    "1.2.840.113549.2.10": "sha384", "1.2.840.113549.2.11": "sha512",
}  # fmt: skip
_CIPHERS = {  # OID: (name, key size in bytes); RFC 8018, B.2; GM/T 0006 for SM4-CBC
    "2.16.840.1.101.3.4.1.2": ("AES", 16), "2.16.840.1.101.3.4.1.22": ("AES", 24),
    "2.16.840.1.101.3.4.1.42": ("AES", 32), "1.2.156.10197.1.104.2": ("SM4", 16),
}  # fmt: skip
_MAC_DIGESTS = {
    "1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """`secret` is the scalar of an SM2 key, or the `cryptography` private key of any other."""

    public_key: PublicKey
    secret: Any


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file holds; `certificates` are DER, in the order found."""

    key: PrivateKey
    certificates: tuple[bytes, ...] = ()


class _OtherEncryptionError(Exception):
    """The encryption is not PBES2 with PBKDF2: `cryptography` may know it."""


def wrong_password(password: bytes | None) -> CallerError:
    why = "the password is wrong" if password is not None else "it is encrypted and no password was given"
    return CallerError("wrong_password", f"the private key cannot be opened: {why}")


def unreadable(why: object) -> CallerError:
    return CallerError("key_unreadable", f"the private key cannot be read: {why}")


def read_key_file(der: bytes, password: bytes | None) -> KeyFile:
    """Read DER of any of the forms; told apart by their first elements.

    CallerError `key_unreadable` or `wrong_password`.
    """
    if len(der) > MAX_KEY_FILE_BYTES:
        raise unreadable(f"{len(der)} bytes are too many")
    try:
        items = asn1.read(der, where="private key").sequence("private key", least=2)
        tags = [item.tag for item in items[:2]]
        if tags == [asn1.SEQUENCE, asn1.OCTET_STRING]:
            return KeyFile(_read_encrypted(der, items, password))
        if tags == [asn1.INTEGER, asn1.SEQUENCE] and items[0].integer("version") == 3:
            return _read_pfx(der, items, password)
        if tags == [asn1.INTEGER, asn1.SEQUENCE]:
            return KeyFile(_read_private_key_info(der))
        if tags == [asn1.INTEGER, asn1.OCTET_STRING]:
            return KeyFile(_read_ec_private_key(der, items))
        return KeyFile(_by_cryptography(der))  # PKCS#1 RSAPrivateKey
    except DocumentError as error:
        raise unreadable(error) from error


# -- unencrypted keys -----------------------------------------------------------------------


def _read_private_key_info(der: bytes) -> PrivateKey:
    """RFC 5208, 5:

    PrivateKeyInfo ::= SEQUENCE { version, privateKeyAlgorithm, privateKey OCTET STRING, … }
    """
    _, algorithm, key, *_ = asn1.read(der).sequence("PrivateKeyInfo", least=3, most=5)
    oids = [item.oid("algorithm") for item in algorithm.sequence("algorithm", most=2) if item.tag == asn1.OID]
    if SM2_OID in oids:
        inner = asn1.read(key.octets("privateKey"), where="ECPrivateKey")
        return _sm2_key(inner.sequence("ECPrivateKey", least=2))
    return _by_cryptography(der)


def _read_ec_private_key(der: bytes, items: tuple[Node, ...]) -> PrivateKey:
    """RFC 5915, 3:

    ECPrivateKey ::= SEQUENCE {
        version INTEGER, privateKey OCTET STRING,
        parameters [0] EXPLICIT OBJECT IDENTIFIER OPTIONAL, publicKey [1] EXPLICIT BIT STRING OPTIONAL }
    """
    curves = [item.inner("parameters").oid("parameters") for item in items[2:] if item.tag == 0xA0]
    return _sm2_key(items) if curves == [SM2_OID] else _by_cryptography(der)


def _sm2_key(items: tuple[Node, ...]) -> PrivateKey:
    """An ECPrivateKey on the SM2 curve. A public key beside the private one has to be its own."""
    scalar = int.from_bytes(items[1].octets("privateKey"))
    point = sm2.public_point(scalar)
    for item in items[2:]:
        if item.tag == 0xA1 and item.inner("publicKey").bits("publicKey") != point:
            raise unreadable("its public key is not the private key's")
    return PrivateKey(PublicKey.from_point(SM2_CURVE, point), scalar)


def _by_cryptography(der: bytes, password: bytes | None = None) -> PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        return _wrap(serialization.load_der_private_key(der, password))
    except (UnsupportedAlgorithm, TypeError) as error:
        raise unreadable(error) from error
    except ValueError as error:
        raise (wrong_password(password) if password is not None else unreadable(error)) from error


def _wrap(key: Any) -> PrivateKey:
    """A `cryptography` private key with our view of its public half."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise unreadable("it is neither RSA nor elliptic-curve")
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PrivateKey(PublicKey.from_spki(spki), key)


def from_pem_legacy(pem: bytes, password: bytes | None) -> KeyFile:
    """A PEM block with `Proc-Type: 4,ENCRYPTED`, which only `cryptography` reads."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    if password is None:
        raise wrong_password(None)
    try:
        return KeyFile(_wrap(serialization.load_pem_private_key(pem, password)))
    except UnsupportedAlgorithm as error:
        raise unreadable(error) from error
    except ValueError as error:
        raise wrong_password(password) from error


# -- encrypted keys -------------------------------------------------------------------------


def _read_encrypted(der: bytes, items: tuple[Node, ...], password: bytes | None) -> PrivateKey:
    """RFC 5208, 6:

    EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm, encryptedData OCTET STRING }
    """
    if password is None:
        raise wrong_password(None)
    try:
        plain = _decrypt(items[0], items[1].octets("encryptedData"), password)
    except _OtherEncryptionError:
        return _by_cryptography(der, password)
    try:
        return _read_private_key_info(plain)
    except DocumentError as error:  # one wrong password in 256 leaves padding that looks right
        raise wrong_password(password) from error


def _decrypt(algorithm: Node, encrypted: bytes, password: bytes) -> bytes:
    """PBES2 (RFC 8018, A.4):

    AlgorithmIdentifier { PBES2, SEQUENCE {
        keyDerivationFunc AlgorithmIdentifier { PBKDF2, PBKDF2-params },
        encryptionScheme  AlgorithmIdentifier { cipher, iv OCTET STRING } } }
    """
    where = "PBES2"
    scheme, *parameters = algorithm.sequence(where, least=1, most=2)
    if scheme.oid(where) != PBES2 or not parameters:
        raise _OtherEncryptionError
    derivation, encryption = parameters[0].sequence(where, least=2, most=2)
    function, pbkdf2 = derivation.sequence(where, least=2, most=2)
    cipher, iv = encryption.sequence(where, least=2, most=2)
    if function.oid(where) != PBKDF2 or cipher.oid(where) not in _CIPHERS:
        raise _OtherEncryptionError
    name, key_size = _CIPHERS[cipher.oid(where)]
    return _decrypt_cbc(name, _derive(pbkdf2, password, key_size), iv.octets(where), encrypted, password)


def _derive(parameters: Node, password: bytes, key_size: int) -> bytes:
    """RFC 8018, A.2:

    PBKDF2-params ::= SEQUENCE {
        salt OCTET STRING, iterationCount INTEGER, keyLength INTEGER OPTIONAL,
        prf AlgorithmIdentifier DEFAULT hmacWithSHA1 }
    """
    where = "PBKDF2"
    salt, iterations, *rest = parameters.sequence(where, least=2, most=4)
    prf = "sha1"
    for item in rest:
        if item.tag == asn1.SEQUENCE:
            prf = _PRFS.get(item.sequence(where, least=1)[0].oid(where), "")
    if not prf:
        raise _OtherEncryptionError
    count = _iterations(iterations)
    return hashlib.pbkdf2_hmac(prf, password, salt.octets(where), count, key_size)


def _iterations(node: Node) -> int:
    count = node.integer("iterations", max_octets=8)
    if not 0 < count <= MAX_ITERATIONS:
        raise DocumentError("limit_exceeded", f"{count} iterations to derive a key")
    return count


def _decrypt_cbc(name: str, key: bytes, iv: bytes, encrypted: bytes, password: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    if len(iv) != 16 or not encrypted or len(encrypted) % 16:
        raise malformed("PBES2: not whole blocks")
    decryptor = Cipher(getattr(algorithms, name)(key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(128).unpadder()
    try:
        padded = decryptor.update(encrypted) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise wrong_password(password) from error


# -- PKCS#12 --------------------------------------------------------------------------------


def _read_pfx(der: bytes, items: tuple[Node, ...], password: bytes | None) -> KeyFile:
    """RFC 7292, 4:

    PFX ::= SEQUENCE { version INTEGER (3), authSafe ContentInfo, macData MacData OPTIONAL }
    AuthenticatedSafe ::= SEQUENCE OF ContentInfo      -- Data or EncryptedData
    """
    secret = password if password is not None else b""
    kind, content = items[1].sequence("authSafe", least=2, most=2)
    if kind.oid("authSafe") != DATA:
        raise unreadable("a PKCS#12 file with public-key integrity")
    safe = content.inner("authSafe").octets("authSafe")
    try:
        if len(items) > 2:
            _check_mac(items[2], safe, secret, password)
        bags: list[Node] = []
        for info in asn1.read(safe, where="AuthenticatedSafe").sequence("AuthenticatedSafe", most=100):
            bags += asn1.read(_safe_contents(info, secret), where="SafeContents").sequence("SafeContents")
        return _from_bags(bags, secret)
    except _OtherEncryptionError:
        return _pfx_by_cryptography(der, password)


def _safe_contents(info: Node, password: bytes) -> bytes:
    """The octets of one SafeContents.

    EncryptedData ::= SEQUENCE { version, SEQUENCE {
        contentType, contentEncryptionAlgorithm, encryptedContent [0] IMPLICIT OCTET STRING } }
    """
    kind, content = info.sequence("ContentInfo", least=2, most=2)
    if kind.oid("contentType") == DATA:
        return content.inner("content").octets("content")
    if kind.oid("contentType") != ENCRYPTED_DATA:
        raise _OtherEncryptionError
    _, encrypted = content.inner("EncryptedData").sequence("EncryptedData", least=2, most=3)
    _, algorithm, octets = encrypted.sequence("encryptedContentInfo", least=3, most=3)
    return _decrypt(algorithm, octets.octets("encryptedContent", tag=0x80), password)


def _from_bags(bags: list[Node], password: bytes) -> KeyFile:
    """SafeBag ::= SEQUENCE { bagId OBJECT IDENTIFIER, bagValue [0] EXPLICIT ANY, … }  (RFC 7292, 4.2)"""
    keys: list[PrivateKey] = []
    certificates: list[bytes] = []
    for bag in bags:
        identifier, value, *_ = bag.sequence("SafeBag", least=2, most=3)
        oid, inner = identifier.oid("bagId"), value.inner("bagValue")
        if oid == KEY_BAG:
            keys.append(_read_private_key_info(inner.raw))
        elif oid == SHROUDED_KEY_BAG:
            parts = inner.sequence("EncryptedPrivateKeyInfo", least=2, most=2)
            keys.append(_read_encrypted(inner.raw, parts, password))
        elif oid == CERT_BAG:
            kind, certificate = inner.sequence("CertBag", least=2, most=2)
            if kind.oid("CertBag") == X509_CERTIFICATE:
                certificates.append(certificate.inner("CertBag").octets("CertBag"))
    if len(keys) != 1:
        raise unreadable(f"the PKCS#12 file holds {len(keys)} private keys")
    return KeyFile(keys[0], tuple(certificates))


def _check_mac(mac_data: Node, safe: bytes, secret: bytes, password: bytes | None) -> None:
    """RFC 7292, 4:

    MacData ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }
    """
    info, salt, *rest = mac_data.sequence("MacData", least=2, most=3)
    algorithm, expected = info.sequence("DigestInfo", least=2, most=2)
    name = _MAC_DIGESTS.get(algorithm.sequence("DigestInfo", least=1)[0].oid("DigestInfo"))
    if name is None:
        raise _OtherEncryptionError
    iterations = _iterations(rest[0]) if rest else 1
    key = pkcs12_kdf(name, secret, salt.octets("macSalt"), iterations, purpose=3)
    if not hmac.compare_digest(hmac.digest(key, safe, name), expected.octets("DigestInfo")):
        raise wrong_password(password)


def pkcs12_kdf(name: str, password: bytes, salt: bytes, iterations: int, *, purpose: int) -> bytes:
    """As many octets as the digest has (RFC 7292, B.2). `password` is UTF-8; purpose 3 is MAC."""
    block = hashlib.new(name).block_size
    text = (password.decode("utf-8", "replace") + "\x00").encode("utf-16-be")

    def fill(value: bytes) -> bytes:
        length = -(-len(value) // block) * block
        return (value * (length // len(value) + 1))[:length] if value else b""

    state = bytes([purpose]) * block + fill(salt) + fill(text)
    for _ in range(iterations):
        state = hashlib.new(name, state).digest()
    return state


def _pfx_by_cryptography(der: bytes, password: bytes | None) -> KeyFile:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

    try:
        bundle = pkcs12.load_pkcs12(der, password)
    except UnsupportedAlgorithm as error:
        raise unreadable(error) from error
    except ValueError as error:
        raise wrong_password(password) from error
    if bundle.key is None:
        raise unreadable("the PKCS#12 file holds no private key")
    found = [item.certificate for item in (bundle.cert, *bundle.additional_certs) if item]
    return KeyFile(_wrap(bundle.key), tuple(certificate.public_bytes(Encoding.DER) for certificate in found))


def encode_sm2_private_key(scalar: int) -> bytes:
    """PrivateKeyInfo of an SM2 key, as OpenSSL 3 writes it."""
    public = PublicKey.from_point(SM2_CURVE, sm2.public_point(scalar))
    private = asn1.octet_string(scalar.to_bytes(32))
    key = asn1.sequence(asn1.integer(1), private, asn1.explicit(1, asn1.bit_string(public.point or b"")))
    algorithm = asn1.sequence(asn1.object_identifier(EC_OID), asn1.object_identifier(SM2_OID))
    return asn1.sequence(asn1.integer(0), algorithm, asn1.octet_string(key))
