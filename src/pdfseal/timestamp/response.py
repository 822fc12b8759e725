"""Timestamp responses, and tokens in whatever form they come.

    response = read_response(answer)          status, failInfo, text, and the token's DER if granted
    token = read_token(answer_or_token)       a whole response or a bare token; DER, PEM or base64

RFC 3161, 2.4.2:

    TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken ContentInfo OPTIONAL }
    PKIStatusInfo ::= SEQUENCE {
        status       INTEGER,
        statusString SEQUENCE OF UTF8String OPTIONAL,
        failInfo     BIT STRING OPTIONAL }
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pdfseal import asn1
from pdfseal.asn1 import Node, Reading, malformed
from pdfseal.containers.cms import read_cms
from pdfseal.errors import DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.timestamp.armour import unarmour
from pdfseal.timestamp.token import Token, token_of

STATUSES = (
    "granted", "grantedWithMods", "rejection", "waiting", "revocationWarning", "revocationNotification",
)  # fmt: skip
FAILURES = {  # bits of PKIFailureInfo
    0: "badAlg", 2: "badRequest", 5: "badDataFormat", 14: "timeNotAvailable", 15: "unacceptedPolicy",
    16: "unacceptedExtension", 17: "addInfoNotAvailable", 25: "systemFailure",
}  # fmt: skip
_BITS = {name: bit for bit, name in FAILURES.items()}


@dataclass(frozen=True, slots=True)
class TimestampResponse:
    """What an authority answered.

    `status` is one of `STATUSES`, `fail_info` names out of `FAILURES` (`bitN` for others), `text`
    what it says in words. `token` is DER, there if and only if the request was granted.
    """

    status: str
    fail_info: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    token: bytes | None = field(default=None, repr=False)

    @property
    def granted(self) -> bool:
        return self.token is not None

    @property
    def reason(self) -> str:
        """Status, failInfo and text in one phrase, for messages."""
        parts = [self.status, *self.fail_info, *self.text]
        shown = ("".join(char if char.isprintable() else "?" for char in part[:200]) for part in parts)
        return ", ".join(shown)

    @property
    def der(self) -> bytes:
        """DER TimeStampResp."""
        texts = asn1.sequence(*map(asn1.utf8_string, self.text)) if self.text else b""
        status = asn1.sequence(asn1.integer(STATUSES.index(self.status)), texts, _fail_info(self.fail_info))
        return asn1.sequence(status, self.token or b"")


def _fail_info(names: Sequence[str]) -> bytes:
    """A named bit list without trailing zero bits (X.690 11.2.2)."""
    if not names:
        return b""
    bits = [_BITS[name] for name in names]
    octets = bytearray(max(bits) // 8 + 1)
    for bit in bits:
        octets[bit // 8] |= 0x80 >> bit % 8
    return asn1.element(asn1.BIT_STRING, bytes([7 - max(bits) % 8]) + bytes(octets))


def read_response(data: bytes, *, reading: Reading | None = None) -> TimestampResponse:
    """Read a TimeStampResp: DER, PEM or base64. DocumentError `container_malformed`, `limit_exceeded`."""
    der = unarmour(data, "timestamp response")
    try:
        return _read_response(asn1.read(der, reading=reading, where="timestamp response"))
    except DocumentError as error:
        raise _as_container(error) from error


def read_token(
    data: bytes, *, certificates: Sequence[Certificate] = (), reading: Reading | None = None
) -> Token:
    """Read a token: bare or in a whole response; DER, PEM or base64.

    `certificates` may be the authority's where the token does not carry its own (certReq was
    FALSE). DocumentError `container_malformed` or `limit_exceeded`.
    """
    der = unarmour(data, "timestamp token")
    try:
        root = asn1.read(der, reading=reading, where="timestamp token")
        first = root.sequence("timestamp token", least=1, most=2)[0]
        if first.tag == asn1.SEQUENCE:
            response = _read_response(root)
            if response.token is None:
                raise malformed(f"timestamp response: it holds no token: {response.reason}")
            der = response.token
            root = asn1.read(der, reading=root.reading, where="timestamp token")
        return token_of(read_cms(root, candidates=certificates), der)
    except DocumentError as error:
        raise _as_container(error) from error


def _as_container(error: DocumentError) -> DocumentError:
    return DocumentError("container_malformed", error.message) if error.code == "asn1_malformed" else error


def _read_response(root: Node) -> TimestampResponse:
    info, *tokens = root.sequence("timestamp response", least=1, most=2)
    number, *rest = info.sequence("timestamp response: PKIStatusInfo", least=1, most=3)
    value = number.integer("status", max_octets=4)
    if not 0 <= value < len(STATUSES):
        raise malformed(f"timestamp response: the status {value} is not known")
    text: tuple[str, ...] = ()
    if rest and rest[0].tag == asn1.SEQUENCE:
        pieces = rest.pop(0).children("statusString", most=20)
        text = tuple(piece.text("statusString", tag=asn1.UTF8_STRING) for piece in pieces)
    failures = _read_fail_info(rest.pop(0)) if rest else ()
    if rest:
        raise malformed("timestamp response: PKIStatusInfo holds something else")
    if (value <= 1) != bool(tokens):  # RFC 3161, 2.4.2: a token goes with granted and grantedWithMods alone
        state = "with" if tokens else "without"
        raise malformed(f"timestamp response: the status {STATUSES[value]} comes {state} a token")
    return TimestampResponse(STATUSES[value], failures, text, tokens[0].raw if tokens else None)


def _read_fail_info(node: Node) -> tuple[str, ...]:
    content = node.expect(asn1.BIT_STRING, "failInfo").content
    if not 0 < len(content) <= 9 or content[0] > 7:
        raise malformed("timestamp response: failInfo is not a list of bits")
    set_bits = [bit for bit in range(8 * (len(content) - 1)) if content[1 + bit // 8] & 0x80 >> bit % 8]
    return tuple(FAILURES.get(bit, f"bit{bit}") for bit in set_bits)
