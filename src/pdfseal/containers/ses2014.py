"""The frames of GM/T 0031-2014 around SES_SealInfo: SESeal, TBS_Sign, SES_Signature.

    SESeal        ::= SEQUENCE { esealInfo SES_SealInfo, signInfo SES_SignInfo }
    SES_SignInfo  ::= SEQUENCE {
        cert               OCTET STRING,
        signatureAlgorithm OBJECT IDENTIFIER,
        signData           BIT STRING }   -- over SEQUENCE { SES_SealInfo, cert, signatureAlgorithm }
    SES_Signature ::= SEQUENCE { toSign TBS_Sign, signature BIT STRING }   -- over the TBS_Sign
    TBS_Sign      ::= SEQUENCE {
        version            INTEGER,
        eseal              SESeal,
        timeInfo           BIT STRING,
        dataHash           BIT STRING,
        propertyInfo       IA5String,
        cert               OCTET STRING,
        signatureAlgorithm OBJECT IDENTIFIER }

Everything is signed, so a finished signature has no place for a timestamp.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pdfseal import asn1
from pdfseal.asn1 import Node
from pdfseal.containers.ses_common import Seal, TbsSign, check_version, read_info, text
from pdfseal.containers.ses_parts import digest_octets, read_signature, read_time_info

HEADER_VERSION, TBS_VERSION = 1, 2  # as BJCA writes them


def read_seal(node: Node, items: Sequence[Node]) -> Seal:
    """SESeal of two elements."""
    info, sign_info = items
    cert, algorithm, value = sign_info.sequence("signInfo", least=3, most=3)
    return Seal(
        layout="ses2014",
        raw=node.raw,
        info=read_info(info, "ses2014"),
        info_raw=info.raw,
        signed_raw=asn1.sequence(info.raw, cert.raw, algorithm.raw),
        maker=read_signature(cert, algorithm, value, whose="the maker's"),
        timestamp=None,
        reading=node.reading,
    )


def seal_to_be_signed(info: bytes, maker_certificate: bytes, algorithm_oid: str) -> bytes:
    """What the maker signs: SEQUENCE { SES_SealInfo, cert, signatureAlgorithm }, all DER."""
    return asn1.sequence(info, asn1.octet_string(maker_certificate), asn1.object_identifier(algorithm_oid))


def write_seal(to_be_signed: bytes, signature: bytes) -> bytes:
    """DER of SESeal from what the maker signed and the signature over it."""
    info, cert, algorithm = asn1.read(to_be_signed).children()
    return asn1.sequence(info.raw, asn1.sequence(cert.raw, algorithm.raw, asn1.bit_string(signature)))


def read_tbs(node: Node, items: Sequence[Node], seal: Seal) -> TbsSign:
    """TBS_Sign of seven elements, whose second was read as `seal`."""
    version, _, time_info, data_hash, property_info, cert, algorithm = items
    number = version.integer("version", max_octets=8)
    return TbsSign(
        layout="ses2014",
        raw=node.raw,
        version=check_version(number, "ses2014", node.reading, "TBS_Sign"),
        seal=seal,
        time_info=time_info.raw,
        signing_time=read_time_info(time_info, generalized=False),
        data_hash=digest_octets(data_hash, "dataHash"),
        property_info=text(property_info, "propertyInfo", asn1.IA5_STRING),
        cert=cert,
        algorithm=algorithm,
    )


def write_tbs(
    *,
    seal: bytes,
    when: datetime,
    data_hash: bytes,
    property_info: str,
    certificate: bytes,
    algorithm_oid: str,
    version: int = TBS_VERSION,
) -> bytes:
    """DER of TBS_Sign. timeInfo is the text `yyMMddHHmmssZ` (UTC) in a BIT STRING, as BJCA has it."""
    return asn1.sequence(
        asn1.integer(version),
        seal,
        asn1.bit_string(when.astimezone(UTC).strftime("%y%m%d%H%M%SZ").encode()),
        asn1.bit_string(data_hash),
        asn1.ia5_string(property_info),
        asn1.octet_string(certificate),
        asn1.object_identifier(algorithm_oid),
    )


def write_signature(tbs: bytes, signature: bytes) -> bytes:
    """DER of SES_Signature."""
    return asn1.sequence(tbs, asn1.bit_string(signature))
