"""What the layouts of electronic seals share: the values, and the seal's information SES_SealInfo.

GM/T 0031-2014 ("ses2014"), GB/T 38540-2020 ("ses2020"), and GM/T 0031-2025, which is the
layout of 2020 with version 5 and a timestamp in the seal. The frames around SES_SealInfo are in
`ses2014` and `ses2020`. The layout of a structure follows from its shape, never from a version
number; `raw` and `info_raw` are slices of what was read, and what is hashed is one of them.

    SES_SealInfo ::= SEQUENCE {
        header   SES_Header,
        esID     IA5String,
        property SES_ESPropertyInfo,
        picture  SES_ESPictrueInfo,
        extDatas ExtensionDatas OPTIONAL }
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pdfseal import asn1
from pdfseal.asn1 import Node, Reading, malformed
from pdfseal.containers.ses_parts import SignatureValue, read_time
from pdfseal.errors import DocumentError
from pdfseal.pki.certificate import Certificate

Layout = Literal["ses2014", "ses2020"]
TITLES: dict[Layout, str] = {"ses2014": "GM/T 0031-2014", "ses2020": "GB/T 38540-2020"}

MAX_PICTURE_BYTES = 8 << 20
MAX_CERTIFICATES = 1000
MAX_OWNERS_READ = 100
MAX_EXTENSIONS = 100
MAX_TEXT_BYTES = 4096
IDENTIFIER = "ES"

# The versions that each layout carries by its standard; the first is what is written. BJCA's
# TBS_Sign of 2014 has version 2 around a seal of version 1.
VERSIONS: dict[Layout, tuple[int, ...]] = {"ses2014": (1, 2), "ses2020": (4, 5)}

_TIME_TAGS: dict[Layout, int] = {"ses2014": asn1.UTC_TIME, "ses2020": asn1.GENERALIZED_TIME}
# What a CertDigestObj may be the digest by, told by its size: its type is free text.
_DIGESTS_BY_SIZE = {32: ("sm3", "sha256"), 48: ("sha384",), 64: ("sha512",)}


@dataclass(frozen=True, slots=True)
class CertificateDigest:
    """CertDigestObj ::= SEQUENCE { type PrintableString, value OCTET STRING }"""

    type: str
    value: bytes


@dataclass(frozen=True, slots=True)
class SealProperty:
    """SES_ESPropertyInfo ::= SEQUENCE {
        type         INTEGER,                -- 1 organisation, 2 person, or the maker's own number
        name         UTF8String,
        certListType INTEGER,                -- in the layout of 2020 only: 1 certs, 2 certDigestList
        certList     SES_CertList,
        createDate   UTCTime,                -- GeneralizedTime in the layout of 2020
        validStart   UTCTime,
        validEnd     UTCTime }
    SES_CertList ::= CHOICE {
        certs          SEQUENCE OF OCTET STRING,
        certDigestList SEQUENCE OF CertDigestObj }   -- in the layout of 2020 only

    `certificates` holds DER as found. The times are aware, UTC.
    """

    type: int
    name: str
    certificates: tuple[bytes, ...] = field(repr=False)
    digests: tuple[CertificateDigest, ...]
    created: datetime
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class SealPicture:
    """SES_ESPictrueInfo ::= SEQUENCE { type IA5String, data OCTET STRING, width INTEGER, height INTEGER }

    `type` is a word such as GIF, PNG, JPG, BMP or SVG.
    """

    type: str
    data: bytes = field(repr=False)
    width_mm: int
    height_mm: int


@dataclass(frozen=True, slots=True)
class SealExtension:
    """ExtensionDatas ::= SEQUENCE OF ExtData
    ExtData ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
    """

    oid: str
    critical: bool
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealInfo:
    """SES_SealInfo, `version` and `vendor` from its header, `esid` the seal's unique identifier.

    SES_Header ::= SEQUENCE { ID IA5String, version INTEGER, Vid IA5String }   -- ID is ES
    """

    version: int
    vendor: str
    esid: str
    property: SealProperty
    picture: SealPicture
    extensions: tuple[SealExtension, ...] = ()


@dataclass(frozen=True, slots=True)
class Seal:
    """An electronic seal (SESeal) that was read.

    `signed_raw` is what the maker's signature covers: SEQUENCE { SES_SealInfo, cert, algorithm }
    in the layout of 2014, SES_SealInfo in that of 2020. `timestamp` is the DER of a token over
    the maker's signature (GM/T 0031-2025).
    """

    layout: Layout
    raw: bytes = field(repr=False)
    info: SealInfo
    info_raw: bytes = field(repr=False)
    signed_raw: bytes = field(repr=False)
    maker: SignatureValue
    timestamp: bytes | None = field(repr=False)
    reading: Reading = field(repr=False, compare=False)

    def names(self, certificate: Certificate) -> bool:
        """Whether the seal's list has this certificate, as it is or by a digest of it."""
        digests = {listed.value for listed in self.info.property.digests}
        return certificate.der in self.info.property.certificates or any(
            certificate.fingerprint(name) in digests
            for size in {len(value) for value in digests}
            for name in _DIGESTS_BY_SIZE.get(size, ())
        )

    def in_force(self, at: datetime) -> bool:
        """Whether `at` (aware) is inside the seal's validity, both ends included."""
        return self.info.property.valid_from <= at <= self.info.property.valid_until

    def maker_signature_ok(self) -> bool:
        """Whether the maker's signature is good under the key of the maker's certificate in the seal."""
        return self.maker.covers(self.signed_raw)

    def owners(self) -> tuple[Certificate, ...]:
        """Those of the first 100 certificates in the list that can be read; a list of digests has none."""
        found = []
        for der in self.info.property.certificates[:MAX_OWNERS_READ]:
            certificate = Certificate(der)
            try:
                certificate.leniencies, certificate.public_key  # noqa: B018  reads every part
            except DocumentError:
                continue
            found.append(certificate)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class TbsSign:
    """TBS_Sign: what the seal's owner signs, `raw` as found. See `ses2014` and `ses2020`.

    `time_info` is the element as found, `signing_time` what it was read as. `byte_range` is
    propertyInfo where that is four integers. `cert` and `algorithm` are inside TBS_Sign in the
    layout of 2014 only.
    """

    layout: Layout
    raw: bytes = field(repr=False)
    version: int
    seal: Seal
    time_info: bytes = field(repr=False)
    signing_time: datetime | None
    data_hash: bytes
    property_info: str
    extensions: tuple[SealExtension, ...] = ()
    cert: Node | None = field(default=None, repr=False)
    algorithm: Node | None = field(default=None, repr=False)

    @property
    def byte_range(self) -> tuple[int, int, int, int] | None:
        """propertyInfo as a /ByteRange: `a,b,c,d`; None if it says anything else."""
        parts = self.property_info.strip("[] ").replace(",", " ").split()
        if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
            return None
        return int(parts[0]), int(parts[1]), int(parts[2]), int(parts[3])


# -- reading --------------------------------------------------------------------------------


def check_version(version: int, layout: Layout, reading: Reading, where: str) -> int:
    """The version as it is; one that the layout does not have by its standard is a leniency."""
    if version not in VERSIONS[layout]:
        reading.allow("ses_version", where)
    return version


def read_info(node: Node, layout: Layout) -> SealInfo:
    """SES_SealInfo, inside a seal of `layout`. DocumentError `asn1_malformed` or `limit_exceeded`."""
    header, esid, properties, picture, *rest = node.sequence("esealInfo", least=4, most=5)
    identifier, version, vendor = header.sequence("header", least=3, most=3)
    if text(identifier, "ID", asn1.IA5_STRING) != IDENTIFIER:
        raise malformed("header: the identifier of an electronic seal is not ES")
    return SealInfo(
        version=check_version(version.integer("version", max_octets=8), layout, node.reading, "header"),
        vendor=text(vendor, "Vid", asn1.IA5_STRING),
        esid=text(esid, "esID", asn1.IA5_STRING),
        property=_read_property(properties, layout),
        picture=_read_picture(picture),
        extensions=_read_seal_extensions(rest),
    )


def text(node: Node, where: str, tag: int) -> str:
    """A character string of bounded size."""
    if node.stop - node.body > MAX_TEXT_BYTES:
        raise DocumentError("limit_exceeded", f"{where}: a text of {node.stop - node.body} octets")
    return node.text(where, tag=tag)


def _read_property(node: Node, layout: Layout) -> SealProperty:
    kind, name, *rest = node.sequence("property", least=6, most=7)
    list_type = rest.pop(0) if rest[0].tag == asn1.INTEGER else None
    if len(rest) != 4:
        raise malformed(f"property: {len(rest)} elements from certList on where 4 are expected")
    if (list_type is None) != (layout == "ses2014"):
        node.reading.allow("ses_layout_mixed", "property")
    cert_list, *times = rest
    certificates, digests = _read_cert_list(cert_list, list_type)
    created, valid_from, valid_until = (
        read_time(moment, _TIME_TAGS[layout], where)
        for moment, where in zip(times, ("createDate", "validStart", "validEnd"), strict=True)
    )
    return SealProperty(
        type=kind.integer("type", max_octets=8),
        name=text(name, "name", asn1.UTF8_STRING),
        certificates=certificates,
        digests=digests,
        created=created,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def _read_cert_list(
    node: Node, list_type: Node | None
) -> tuple[tuple[bytes, ...], tuple[CertificateDigest, ...]]:
    """SES_CertList, chosen by its elements; certListType has to agree."""
    items = node.sequence("certList", most=MAX_CERTIFICATES)
    is_digests = bool(items) and items[0].tag == asn1.SEQUENCE
    if list_type is None and is_digests:
        node.reading.allow("ses_layout_mixed", "certList")
    elif list_type is not None and items:
        number = list_type.integer("certListType", max_octets=8)
        if number == 3 and not is_digests:
            node.reading.allow("cert_list_type_3", "certListType")
        elif number != (2 if is_digests else 1):
            raise malformed(f"certList: certListType {number} does not go with what the list holds")
    if not is_digests:
        return tuple(item.octets("certList") for item in items), ()
    pairs = [item.sequence("certDigestList", least=2, most=2) for item in items]
    return (), tuple(
        CertificateDigest(text(kind, "certDigestList", asn1.PRINTABLE_STRING), value.octets("certDigestList"))
        for kind, value in pairs
    )


def _read_picture(node: Node) -> SealPicture:
    kind, data, width, height = node.sequence("picture", least=4, most=4)
    if data.stop - data.body > MAX_PICTURE_BYTES:
        raise DocumentError("limit_exceeded", f"the seal's picture has {data.stop - data.body} bytes")
    size = [side.integer("picture size", max_octets=4) for side in (width, height)]
    if min(size) < 0:
        raise malformed("picture: a negative width or height")
    return SealPicture(text(kind, "picture type", asn1.IA5_STRING), data.octets("picture data"), *size)


def _read_seal_extensions(rest: Sequence[Node]) -> tuple[SealExtension, ...]:
    """extDatas of SES_SealInfo, which has no tag there."""
    if not rest:
        return ()
    if rest[0].tag == 0xA0:
        rest[0].reading.allow("ext_data_tagged", "extDatas")
        return read_extensions(rest[0].inner("extDatas"))
    return read_extensions(rest[0])


def read_extensions(node: Node) -> tuple[SealExtension, ...]:
    """ExtensionDatas."""
    found = []
    for item in node.sequence("extDatas", most=MAX_EXTENSIONS):
        identifier, *critical, value = item.sequence("extDatas", least=2, most=3)
        is_critical = bool(critical) and critical[0].boolean("extDatas critical")
        if critical and not is_critical:
            node.reading.allow("explicit_default", "critical of extDatas")
        found.append(SealExtension(identifier.oid("extnID"), is_critical, value.octets("extnValue")))
    return tuple(found)


# -- writing --------------------------------------------------------------------------------


def write_info(info: SealInfo, layout: Layout) -> bytes:
    """DER of SES_SealInfo."""
    header = asn1.sequence(
        asn1.ia5_string(IDENTIFIER), asn1.integer(info.version), asn1.ia5_string(info.vendor)
    )
    picture = asn1.sequence(
        asn1.ia5_string(info.picture.type),
        asn1.octet_string(info.picture.data),
        asn1.integer(info.picture.width_mm),
        asn1.integer(info.picture.height_mm),
    )
    extensions = (write_extensions(info.extensions),) if info.extensions else ()
    properties = _write_property(info.property, layout)
    return asn1.sequence(header, asn1.ia5_string(info.esid), properties, picture, *extensions)


def _write_property(value: SealProperty, layout: Layout) -> bytes:
    write_time = asn1.utc_time if layout == "ses2014" else asn1.generalized_time
    list_type = b"" if layout == "ses2014" else asn1.integer(2 if value.digests else 1)
    cert_list = [asn1.octet_string(der) for der in value.certificates] + [
        asn1.sequence(asn1.printable_string(listed.type), asn1.octet_string(listed.value))
        for listed in value.digests
    ]
    return asn1.sequence(
        asn1.integer(value.type),
        asn1.utf8_string(value.name),
        list_type,
        asn1.sequence(*cert_list),
        write_time(value.created),
        write_time(value.valid_from),
        write_time(value.valid_until),
    )


def write_extensions(extensions: Sequence[SealExtension]) -> bytes:
    """DER of ExtensionDatas."""
    return asn1.sequence(
        *(
            asn1.sequence(
                asn1.object_identifier(one.oid),
                asn1.boolean(True) if one.critical else b"",
                asn1.octet_string(one.value),
            )
            for one in extensions
        )
    )
