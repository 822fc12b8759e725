"""The frames of GB/T 38540-2020 and GM/T 0031-2025 around SES_SealInfo.

SESeal        ::= SEQUENCE {
    eSealInfo   SES_SealInfo,
    cert        OCTET STRING,
    signAlgID   OBJECT IDENTIFIER,
    signedValue BIT STRING,                            -- over the SES_SealInfo
    timeStamp   [0] EXPLICIT BIT STRING OPTIONAL }     -- GM/T 0031-2025: a token over signedValue
SES_Signature ::= SEQUENCE {
    toSign         TBS_Sign,
    cert           OCTET STRING,
    signatureAlgID OBJECT IDENTIFIER,
    signature      BIT STRING,                         -- over the TBS_Sign
    timeStamp      [0] EXPLICIT BIT STRING OPTIONAL }  -- a token over signature
TBS_Sign      ::= SEQUENCE {
    version      INTEGER,                              -- 4; 5 in GM/T 0031-2025
    eseal        SESeal,
    timeInfo     GeneralizedTime,
    dataHash     BIT STRING,
    propertyInfo IA5String,
    extDatas     [0] EXPLICIT ExtensionDatas OPTIONAL }
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pdfseal import asn1
from pdfseal.asn1 import Node, malformed
from pdfseal.containers.ses_common import (
    Seal,
    SealExtension,
    TbsSign,
    check_version,
    read_extensions,
    read_info,
    text,
    write_extensions,
)
from pdfseal.containers.ses_parts import der_octets, digest_octets, read_signature, read_time_info

VERSION = 4  # of the header and of TBS_Sign


def read_seal(node: Node, items: Sequence[Node]) -> Seal:
    """SESeal of four elements, five with a timestamp."""
    info, cert, algorithm, value, *rest = items
    return Seal(
        layout="ses2020",
        raw=node.raw,
        info=read_info(info, "ses2020"),
        info_raw=info.raw,
        signed_raw=info.raw,
        maker=read_signature(cert, algorithm, value, whose="the maker's"),
        timestamp=read_timestamp(rest, "timeStamp of the seal"),
        reading=node.reading,
    )


def write_seal(
    info: bytes,
    *,
    maker_certificate: bytes,
    algorithm_oid: str,
    signature: bytes,
    timestamp: bytes | None = None,
) -> bytes:
    """DER of SESeal; `info` is the DER SES_SealInfo that was signed."""
    return asn1.sequence(
        info,
        asn1.octet_string(maker_certificate),
        asn1.object_identifier(algorithm_oid),
        asn1.bit_string(signature),
        _write_timestamp(timestamp),
    )


def read_timestamp(rest: Sequence[Node], where: str) -> bytes | None:
    """DER of the timestamp token in [0] EXPLICIT BIT STRING, if it is there."""
    if not rest:
        return None
    if rest[0].tag != 0xA0:
        raise malformed(f"{where}: tag 0x{rest[0].tag:02x} where [0] is expected")
    return der_octets(rest[0].inner(where), where)


def _write_timestamp(timestamp: bytes | None) -> bytes:
    return b"" if timestamp is None else asn1.explicit(0, asn1.bit_string(timestamp))


def read_tbs(node: Node, items: Sequence[Node], seal: Seal) -> TbsSign:
    """TBS_Sign of five elements, six with extDatas, whose second was read as `seal`."""
    version, _, time_info, data_hash, property_info, *rest = items
    extensions: tuple[SealExtension, ...] = ()
    if rest and rest[0].tag == asn1.SEQUENCE:
        node.reading.allow("ext_data_untagged", "extDatas of TBS_Sign")
        extensions = read_extensions(rest[0])
    elif rest:
        extensions = read_extensions(rest[0].expect(0xA0, "extDatas").inner("extDatas"))
    number = version.integer("version", max_octets=8)
    return TbsSign(
        layout="ses2020",
        raw=node.raw,
        version=check_version(number, "ses2020", node.reading, "TBS_Sign"),
        seal=seal,
        time_info=time_info.raw,
        signing_time=read_time_info(time_info, generalized=True),
        data_hash=digest_octets(data_hash, "dataHash"),
        property_info=text(property_info, "propertyInfo", asn1.IA5_STRING),
        extensions=extensions,
    )


def write_tbs(
    *,
    seal: bytes,
    when: datetime,
    data_hash: bytes,
    property_info: str,
    extensions: Sequence[SealExtension] = (),
    version: int = VERSION,
) -> bytes:
    """DER of TBS_Sign."""
    return asn1.sequence(
        asn1.integer(version),
        seal,
        asn1.generalized_time(when),
        asn1.bit_string(data_hash),
        asn1.ia5_string(property_info),
        asn1.explicit(0, write_extensions(extensions)) if extensions else b"",
    )


def write_signature(
    tbs: bytes, *, certificate: bytes, algorithm_oid: str, signature: bytes, timestamp: bytes | None = None
) -> bytes:
    """DER of SES_Signature; `timestamp` is the DER of a token over `signature`."""
    return asn1.sequence(
        tbs,
        asn1.octet_string(certificate),
        asn1.object_identifier(algorithm_oid),
        asn1.bit_string(signature),
        _write_timestamp(timestamp),
    )
