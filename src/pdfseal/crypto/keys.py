"""Public keys, read leniently from a SubjectPublicKeyInfo by our own reader.

`cryptography` refuses SM2 keys, so nothing here depends on it. Points are checked against
their curve's equation here; whoever gets a `PublicKey` need not check again.
"""

from __future__ import annotations

from dataclasses import dataclass

from pdfseal import asn1
from pdfseal.asn1 import Node, Reading, malformed
from pdfseal.errors import DocumentError

RSA_OIDS = frozenset({"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"})  # rsaEncryption, id-RSASSA-PSS
EC_OID = "1.2.840.10045.2.1"
SM2_OID = "1.2.156.10197.1.301"
MAX_RSA_BITS = 16_384


@dataclass(frozen=True, slots=True)
class Curve:
    """y² = x³ + ax + b over the prime field of order `p`; `n` is the order of the group."""

    name: str
    oid: str
    size_bytes: int
    p: int
    a: int
    b: int
    n: int

    def contains(self, x: int, y: int) -> bool:
        """Whether (x, y) is an affine point of the curve (SEC 1, 3.2.2.1; cofactor 1)."""
        if not (0 <= x < self.p and 0 <= y < self.p):
            return False
        return (y * y - (x * x * x + self.a * x + self.b)) % self.p == 0


def _nist(name: str, oid: str, size_bytes: int, p: int, b: str, n: str) -> Curve:
    return Curve(name, oid, size_bytes, p, p - 3, int(b, 16), int(n, 16))


# NIST curves: FIPS 186-4 D.1.2. SM2: GB/T 32918.5-2017, clause 3.
SM2_CURVE = _nist(
    "SM2", SM2_OID, 32, 2**256 - 2**224 - 2**96 + 2**64 - 1,
    "28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93",
    "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123",
)  # fmt: skip
CURVES: dict[str, Curve] = {
    curve.oid: curve
    for curve in (
        _nist(
            "P-256", "1.2.840.10045.3.1.7", 32, 2**256 - 2**224 + 2**192 + 2**96 - 1,
            "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B",
            "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
        ),
        _nist(
            "P-384", "1.3.132.0.34", 48, 2**384 - 2**128 - 2**96 + 2**32 - 1,
            "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875A"
            "C656398D8A2ED19D2A85C8EDD3EC2AEF",
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF"
            "581A0DB248B0A77AECEC196ACCC52973",
        ),
        _nist(
            "P-521", "1.3.132.0.35", 66, 2**521 - 1,
            "0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF1"
            "09E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B50"
            "3F00",
            "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
            "FFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E9138"
            "6409",
        ),
        SM2_CURVE,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key.

    `spki` is the DER SubjectPublicKeyInfo as found. `kind` is "rsa", "ec", "sm2" or "other".
    `bits` is the size of the modulus or field, 0 for "other". For EC and SM2 `curve` is the
    curve and `point` the uncompressed point, 04 ‖ x ‖ y; for RSA there are `modulus` and
    `exponent`.
    """

    spki: bytes
    kind: str
    bits: int
    curve_parameters: Curve | None = None
    point: bytes | None = None
    modulus: int = 0
    exponent: int = 0

    @property
    def curve(self) -> str | None:
        """ "P-256", "P-384", "P-521", "SM2", or None for other keys."""
        return self.curve_parameters.name if self.curve_parameters else None

    @classmethod
    def from_spki(cls, der: bytes, *, reading: Reading | None = None) -> PublicKey:
        """Read a DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7).

            SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }

        DocumentError `asn1_malformed` if it cannot be read or its point is not on the curve.
        An unknown algorithm or curve gives kind "other".
        """
        node = asn1.read(der, reading=reading, where="SubjectPublicKeyInfo")
        algorithm, key = node.sequence("SubjectPublicKeyInfo", least=2, most=2)
        identifier, *parameters = algorithm.sequence("key algorithm", least=1, most=2)
        oid = identifier.oid("key algorithm")
        value = key.bits("subjectPublicKey")
        if oid in RSA_OIDS:
            return _read_rsa(node, value)
        curve = CURVES[SM2_OID] if oid == SM2_OID else None
        if oid == EC_OID and parameters and parameters[0].tag == asn1.OID:
            curve = CURVES.get(parameters[0].oid("curve"))
        if curve is None:
            return cls(node.raw, "other", 0)
        return cls.from_point(curve, value, spki=node.raw)

    @classmethod
    def from_point(cls, curve: Curve, point: bytes, *, spki: bytes | None = None) -> PublicKey:
        """The key of an uncompressed point; `spki` is composed when it is not given."""
        size = curve.size_bytes
        if len(point) != 1 + 2 * size or point[0] != 4:
            raise malformed(f"the public key is not an uncompressed point of {curve.name}")
        if not curve.contains(int.from_bytes(point[1 : 1 + size]), int.from_bytes(point[1 + size :])):
            raise malformed(f"the public key is not a point of the curve {curve.name}")
        if spki is None:
            identifiers = (asn1.object_identifier(EC_OID), asn1.object_identifier(curve.oid))
            spki = asn1.sequence(asn1.sequence(*identifiers), asn1.bit_string(point))
        kind = "sm2" if curve.oid == SM2_OID else "ec"
        return cls(spki, kind, curve.p.bit_length(), curve, bytes(point))


def _read_rsa(spki: Node, value: bytes) -> PublicKey:
    """RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }   (RFC 8017 A.1.1)"""
    where = "RSAPublicKey"
    numbers = asn1.read(value, reading=spki.reading, where=where).sequence(where, least=2, most=2)
    modulus, exponent = (unsigned(number, where, max_octets=MAX_RSA_BITS // 8 + 1) for number in numbers)
    if modulus.bit_length() > MAX_RSA_BITS or exponent.bit_length() > 64:
        raise DocumentError("limit_exceeded", f"an RSA key of {modulus.bit_length()} bits")
    if modulus.bit_length() < 512 or exponent < 3 or not modulus & exponent & 1:
        raise malformed("the RSA public key is not a key")
    return PublicKey(spki.raw, "rsa", modulus.bit_length(), None, None, modulus, exponent)


def unsigned(node: Node, where: str, *, max_octets: int) -> int:
    """An INTEGER that cannot be negative; one that lost its leading zero octet is read as unsigned."""
    value = node.integer(where, max_octets=max_octets)
    if value < 0:
        node.reading.allow("integer_negative", where)
        value = int.from_bytes(node.content)
    return value
