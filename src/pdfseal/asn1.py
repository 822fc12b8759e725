"""The one door to DER: a strict reader that keeps raw slices, and a small writer.

Law: bytes are never re-encoded on the way in. What is hashed or compared is a slice of the
input (`Node.raw`, `Node.content`). Whatever is not DER is refused, unless it is one of the
`LENIENCIES`: each has a name, is recorded in the `Reading` that met it, and is refused by a
strict `Reading`. Sizes, depth and node counts are bounded.

Reference: X.690 (BER, DER).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from pdfseal.errors import DocumentError

# Identifier octets (X.690 8.1.2) in the form they have on the wire.
BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
UTF8_STRING, NUMERIC_STRING, PRINTABLE_STRING, T61_STRING, IA5_STRING = 0x0C, 0x12, 0x13, 0x14, 0x16
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
VISIBLE_STRING, UNIVERSAL_STRING, BMP_STRING = 0x1A, 0x1C, 0x1E
SEQUENCE, SET = 0x30, 0x31
STRING_TAGS = frozenset(
    {UTF8_STRING, NUMERIC_STRING, PRINTABLE_STRING, T61_STRING, IA5_STRING}
    | {VISIBLE_STRING, UNIVERSAL_STRING, BMP_STRING}
)

MAX_NODES = 50_000
MAX_DEPTH = 64
BEIJING = timezone(timedelta(hours=8))

LENIENCIES: dict[str, str] = {
    "ber_indefinite_length": "an indefinite length (BER) where DER demands a definite one",
    "ber_long_length": "a length in more octets than needed",
    "ber_constructed_string": "a string in several pieces (BER)",
    "boolean_not_ff": "TRUE written as another value than FF",
    "explicit_default": "a DEFAULT value written out, such as `critical FALSE`",
    "set_of_unsorted": "a SET OF that is not in DER order",
    "integer_not_minimal": "an INTEGER with superfluous leading octets",
    "integer_negative": "an INTEGER that lost its leading zero octet and reads as negative",
    "bit_string_unused_bits": "a BIT STRING of whole octets that claims unused bits",
    "bit_string_lost_zeros": "a BIT STRING that lost trailing zero octets, padded again",
    "bit_string_as_octets": "an OCTET STRING where a BIT STRING is demanded",
    "signature_raw": "an SM2 or ECDSA signature as raw r||s instead of SEQUENCE { r, s }",
    "time_without_zone": "a time without Z, read as Beijing time",
    "time_two_digit_year": "a GeneralizedTime with a year of two digits",
    "time_with_offset": "a time with a zone offset or fraction where Z is demanded",
    "time_free_form": "a time in a free form",
    "time_other_type": "a UTCTime where a GeneralizedTime is demanded, or the reverse",
    "text_nul_padded": "a text padded with NUL octets",
    "text_misencoded": "a text whose octets are not in the encoding its tag names",
    "timestamp_over_base64": "a timestamp over the base64 text of a signature value",
    "text_other_tag": "a text with another string tag than the structure demands",
    "ext_data_untagged": "extDatas without its [0] tag",
    "ext_data_tagged": "extDatas under a [0] tag where the structure has none",
    "ses_version": "a version number that does not belong to the layout of the seal",
    "ses_layout_mixed": "an electronic seal that mixes the layouts of 2014 and 2020",
    "cert_list_type_3": "certListType 3 with plain certificates",
    "padding_not_zero": "non-zero octets after the container inside the hole",
    "content_type_mismatch": "the contentType attribute differs from eContentType",
    "cms_gm_signs_econtent": "the signature covers eContent without signed attributes",
    "cms_gm_digest_econtent": "eContent is the digest of the content, not the content",
    "cms_gm_signs_content": "the signature covers the document itself, without signed attributes",
    "cms_signature_algorithm": "the signature algorithm is written as another OID of its family",
    "certificate_left_out": "a certificate in the container that cannot be read, left out",
    "cms_missing_signing_certificate": "no signingCertificate attribute names the signer's certificate",
}


class Reading:
    """How one input is read: strict or lenient, which leniencies were used, what is left of the budget.

    `used` maps a leniency's name to the places where it was needed, in the order met.
    """

    def __init__(self, *, strict: bool = False, max_nodes: int = MAX_NODES) -> None:
        self.strict = strict
        self.used: dict[str, list[str]] = {}
        self._nodes_left = max_nodes

    def allow(self, leniency: str, where: str) -> None:
        """Record a leniency, or raise `asn1_malformed` in strict mode."""
        if leniency not in LENIENCIES:
            raise KeyError(leniency)
        if self.strict:
            raise malformed(f"{where}: {LENIENCIES[leniency]} (strict mode)")
        places = self.used.setdefault(leniency, [])
        if where not in places and len(places) < 16:
            places.append(where)

    def spend(self, nodes: int) -> None:
        self._nodes_left -= nodes
        if self._nodes_left < 0:
            raise DocumentError("limit_exceeded", "an ASN.1 structure has too many elements")


def malformed(message: str) -> DocumentError:
    return DocumentError("asn1_malformed", message)


@dataclass(frozen=True, slots=True)
class Node:
    """One tag-length-value: a window on `data`. `tag` is the identifier octet.

    `start` is the identifier octet, `body` the first content octet, `stop` one past the last
    content octet, `end` one past the whole (differs from `stop` by the end-of-contents octets
    of an indefinite length).
    """

    data: bytes = field(repr=False)
    tag: int
    start: int
    body: int
    stop: int
    end: int
    depth: int
    reading: Reading = field(repr=False, compare=False)

    @property
    def raw(self) -> bytes:
        """The whole element as found, header included."""
        return self.data[self.start : self.end]

    @property
    def content(self) -> bytes:
        """The content octets as found."""
        return self.data[self.body : self.stop]

    @property
    def constructed(self) -> bool:
        return bool(self.tag & 0x20)

    def children(self, where: str = "structure", *, most: int = 10_000) -> tuple[Node, ...]:
        """The elements inside a constructed element, at most `most` of them."""
        if not self.constructed:
            raise malformed(f"{where}: tag 0x{self.tag:02x} at offset {self.start} holds no elements")
        found: list[Node] = []
        position = self.body
        while position < self.stop:
            if len(found) >= most:
                raise DocumentError("limit_exceeded", f"{where}: more than {most} elements")
            node = _read(self.data, position, self.stop, self.depth + 1, self.reading)
            found.append(node)
            position = node.end
        return tuple(found)

    def expect(self, tag: int, where: str) -> Node:
        if self.tag != tag:
            raise malformed(f"{where}: tag 0x{self.tag:02x} where 0x{tag:02x} is expected")
        return self

    def sequence(self, where: str, *, least: int = 0, most: int = 10_000) -> tuple[Node, ...]:
        """Children of a SEQUENCE with at least `least` and at most `most` elements."""
        items = self.expect(SEQUENCE, where).children(where, most=most)
        if len(items) < least:
            raise malformed(f"{where}: {len(items)} elements where at least {least} are expected")
        return items

    def inner(self, where: str) -> Node:
        """The single element inside an EXPLICIT tag."""
        items = self.children(where, most=2)
        if len(items) != 1:
            raise malformed(f"{where}: an explicit tag must hold exactly one element")
        return items[0]

    def retagged(self, tag: int) -> bytes:
        """The element as found, under another identifier octet (X.690 8.14.3)."""
        return bytes([tag]) + self.data[self.start + 1 : self.end]

    # -- values -------------------------------------------------------------------------

    def boolean(self, where: str) -> bool:
        content = self.expect(BOOLEAN, where).content
        if len(content) != 1:
            raise malformed(f"{where}: a BOOLEAN of {len(content)} octets")
        if content not in (b"\x00", b"\xff"):
            self.reading.allow("boolean_not_ff", where)
        return content != b"\x00"

    def integer(self, where: str, *, max_octets: int = 1024) -> int:
        content = self.expect(INTEGER, where).content
        if not 0 < len(content) <= max_octets:
            raise malformed(f"{where}: an INTEGER of {len(content)} octets")
        if len(content) > 1 and (content[0], content[1] >> 7) in ((0, 0), (0xFF, 1)):
            self.reading.allow("integer_not_minimal", where)
        return int.from_bytes(content, "big", signed=True)

    def oid(self, where: str) -> str:
        return _decode_oid(self.expect(OID, where).content, where)

    def octets(self, where: str, *, tag: int = OCTET_STRING) -> bytes:
        """Content of an OCTET STRING (or of `tag`, an implicit one); pieces are joined (BER)."""
        if self.tag == tag | 0x20:
            self.reading.allow("ber_constructed_string", where)
            return b"".join(piece.octets(where) for piece in self.children(where))
        return self.expect(tag, where).content

    def bits(self, where: str, *, length: int | None = None) -> bytes:
        """Content of a BIT STRING as whole octets, padded again to `length` octets where it lost zeros."""
        content = self.expect(BIT_STRING, where).content
        if not content or content[0] > 7:
            raise malformed(f"{where}: a BIT STRING without a valid count of unused bits")
        if content[0]:
            self.reading.allow("bit_string_unused_bits", where)
        value = content[1:]
        if length is not None and len(value) < length:
            self.reading.allow("bit_string_lost_zeros", where)
            value = value.ljust(length, b"\x00")
        return value

    def text(self, where: str, *, tag: int | None = None) -> str:
        """A character string. `tag` is the one that the structure demands."""
        if self.tag not in STRING_TAGS:
            raise malformed(f"{where}: tag 0x{self.tag:02x} is not a character string")
        if tag is not None and self.tag != tag:
            self.reading.allow("text_other_tag", where)
        return decode_text(self.tag, self.content, self.reading, where)

    def time(self, where: str) -> datetime:
        """UTCTime or GeneralizedTime as an aware datetime in UTC."""
        if self.tag not in (UTC_TIME, GENERALIZED_TIME):
            raise malformed(f"{where}: tag 0x{self.tag:02x} is not a time")
        try:
            text = self.content.decode("ascii")
        except UnicodeDecodeError as error:
            raise malformed(f"{where}: a time that is not ASCII") from error
        return decode_time(text, generalized=self.tag == GENERALIZED_TIME, reading=self.reading, where=where)


def read(data: bytes, *, reading: Reading | None = None, where: str = "input") -> Node:
    """Read one element that fills `data` exactly."""
    node = read_prefix(data, reading=reading, where=where)
    if node.end != len(data):
        raise malformed(f"{where}: {len(data) - node.end} octets after the end of the structure")
    return node


def read_prefix(data: bytes, *, reading: Reading | None = None, where: str = "input") -> Node:
    """Read the element at the start of `data`; what follows it is left alone."""
    if not data:
        raise malformed(f"{where}: no octets")
    return _read(bytes(data), 0, len(data), 0, reading or Reading())


def without_padding(data: bytes, *, where: str = "input") -> bytes:
    """The element at the start of zero-padded octets, by its own length: it may end in a zero itself."""
    return read_prefix(data, where=where).raw


def _read(data: bytes, start: int, limit: int, depth: int, reading: Reading) -> Node:
    reading.spend(1)
    if depth > MAX_DEPTH:
        raise DocumentError("limit_exceeded", f"an ASN.1 structure is nested deeper than {MAX_DEPTH}")
    if start + 2 > limit:
        raise malformed(f"an element at offset {start} is cut off")
    tag, first = data[start], data[start + 1]
    if tag & 0x1F == 0x1F:
        raise malformed(f"a tag number above 30 at offset {start}")
    body = start + 2
    if first == 0x80:
        return _read_indefinite(data, tag, start, limit, depth, reading)
    length = first
    if first & 0x80:
        count = first & 0x7F
        if count > 8 or body + count > limit:
            raise malformed(f"a length at offset {start} is cut off or too long")
        length = int.from_bytes(data[body : body + count], "big")
        if length < 0x80 or data[body] == 0:
            reading.allow("ber_long_length", f"offset {start}")
        body += count
    if length > limit - body:
        raise malformed(f"an element at offset {start} claims {length} octets, {limit - body} are there")
    return Node(data, tag, start, body, body + length, body + length, depth, reading)


def _read_indefinite(data: bytes, tag: int, start: int, limit: int, depth: int, reading: Reading) -> Node:
    if not tag & 0x20:
        raise malformed(f"an indefinite length on a primitive element at offset {start}")
    reading.allow("ber_indefinite_length", f"offset {start}")
    position = start + 2
    while data[position : position + 2] != b"\x00\x00":
        position = _read(data, position, limit, depth + 1, reading).end
    if position + 2 > limit:
        raise malformed(f"an indefinite length at offset {start} has no end")
    return Node(data, tag, start, start + 2, position, position + 2, depth, reading)


def _decode_oid(content: bytes, where: str) -> str:
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise malformed(f"{where}: an object identifier that is empty, cut off or too long")
    arcs: list[int] = []
    value = 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    head = min(arcs[0] // 40, 2)
    return ".".join(map(str, [head, arcs[0] - 40 * head, *arcs[1:]]))


def decode_text(tag: int, content: bytes, reading: Reading, where: str) -> str:
    """The characters of a string type; octets in a wrong encoding are read as GB 18030, then Latin-1."""
    if content.endswith(b"\x00") and tag not in (BMP_STRING, UNIVERSAL_STRING):
        reading.allow("text_nul_padded", where)
        content = content.rstrip(b"\x00")
    encodings = {BMP_STRING: "utf-16-be", UNIVERSAL_STRING: "utf-32-be", UTF8_STRING: "utf-8"}
    encoding = encodings.get(tag, "ascii")
    if tag == T61_STRING:
        encoding = "latin-1" if all(octet < 0x80 for octet in content) else "gb18030"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        reading.allow("text_misencoded", where)
    for guess in ("utf-8", "gb18030"):
        try:
            return content.decode(guess)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


_TIME = re.compile(r"(\d{14}|\d{12}|\d{10})([.,]\d+)?(Z|[+-]\d{4})?", re.ASCII)


def decode_time(text: str, *, generalized: bool, reading: Reading, where: str) -> datetime:
    """The text of a UTCTime (RFC 5280 4.1.2.5.1) or GeneralizedTime (4.1.2.5.2) as UTC.

    Leniencies: no Z (Beijing time), a two-digit year in GeneralizedTime (twelve digits are read
    so), a four-digit year in UTCTime, no seconds, fractions, offsets.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise malformed(f"{where}: {text[:40]!r} is not a time")
    digits, fraction, zone = match.groups()
    if len(digits) < 14:
        if generalized:
            reading.allow("time_two_digit_year", where)
        digits = ("19" if int(digits[:2]) >= 50 else "20") + digits
    elif not generalized:
        reading.allow("time_free_form", where)
    if len(digits) == 12 or fraction or zone not in ("Z", None):
        reading.allow("time_with_offset", where)
    digits = digits.ljust(14, "0")
    try:
        month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(4, 14, 2))
        value = datetime(int(digits[:4]), month, day, hour, minute, second)
        value += timedelta(seconds=float("0." + fraction[1:9])) if fraction else timedelta()
        if zone is None:
            reading.allow("time_without_zone", where)
            return value.replace(tzinfo=BEIJING).astimezone(UTC)
        if zone == "Z":
            return value.replace(tzinfo=UTC)
        return value.replace(tzinfo=datetime.strptime(zone, "%z").tzinfo).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise malformed(f"{where}: {text[:40]!r} is not a time") from error


# -- writing ------------------------------------------------------------------------------


def element(tag: int, content: bytes) -> bytes:
    """One element with a definite, minimal length (X.690 10.1)."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def sequence(*parts: bytes) -> bytes:
    return element(SEQUENCE, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """SET OF in DER order (X.690 11.6)."""
    return element(SET, b"".join(sorted(parts)))


def explicit(number: int, part: bytes) -> bytes:
    return element(0xA0 | number, part)


def integer(value: int) -> bytes:
    length = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return element(INTEGER, value.to_bytes(length, "big", signed=True))


def boolean(value: bool) -> bytes:
    return element(BOOLEAN, b"\xff" if value else b"\x00")


def null() -> bytes:
    return b"\x05\x00"


def octet_string(value: bytes) -> bytes:
    return element(OCTET_STRING, value)


def bit_string(value: bytes) -> bytes:
    """A BIT STRING of whole octets."""
    return element(BIT_STRING, b"\x00" + value)


def object_identifier(dotted: str) -> bytes:
    arcs = [int(arc) for arc in dotted.split(".")]
    content = bytearray()
    for arc in [40 * arcs[0] + arcs[1], *arcs[2:]]:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return element(OID, bytes(content))


def utf8_string(text: str) -> bytes:
    return element(UTF8_STRING, text.encode("utf-8"))


def ia5_string(text: str) -> bytes:
    return element(IA5_STRING, text.encode("ascii"))


def printable_string(text: str) -> bytes:
    return element(PRINTABLE_STRING, text.encode("ascii"))


def utc_time(moment: datetime) -> bytes:
    """UTCTime `yyMMddHHmmssZ`, for years 1950 to 2049."""
    return element(UTC_TIME, moment.astimezone(UTC).strftime("%y%m%d%H%M%SZ").encode())


def generalized_time(moment: datetime) -> bytes:
    """GeneralizedTime `yyyyMMddHHmmssZ`, without fractions."""
    moment = moment.astimezone(UTC)
    return element(GENERALIZED_TIME, f"{moment.year:04d}{moment:%m%d%H%M%S}Z".encode())
