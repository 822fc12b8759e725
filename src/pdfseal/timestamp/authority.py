"""A timestamp authority, without clock, counter or network: request bytes in, response bytes out.

    authority = TimestampAuthority(signer, certificate, chain=(intermediate,), policy="1.2.3")
    response = authority.answer(request, now=now, serial=serials.take)

Whatever the request is, the answer is a response: what cannot be granted is rejected with the
failInfo of RFC 3161, 2.4.2. The structures are written down in `request`, `token`, `response`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pdfseal import asn1
from pdfseal.asn1 import Reading
from pdfseal.containers.cms import TST_INFO, assemble, signed_attributes, with_issuers
from pdfseal.crypto import schemes
from pdfseal.crypto.digests import DIGESTS, digest
from pdfseal.crypto.schemes import SignatureScheme
from pdfseal.crypto.signer import Signer
from pdfseal.errors import CallerError, DocumentError, PdfsealError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.trust import TIME_STAMPING
from pdfseal.timestamp.request import TimestampRequest, check_policy, read_request
from pdfseal.timestamp.response import TimestampResponse

DEFAULT_POLICY = "1.2.3.4.1"  # what OpenSSL's sample configuration has: for tests and demonstrations
MAX_REQUEST_BYTES = 64 << 10
STRONG_DIGESTS = tuple(name for name in DIGESTS if name != "sha1")


class _Refusal(Exception):
    def __init__(self, fail_info: str, text: str) -> None:
        super().__init__(text)
        self.response = TimestampResponse("rejection", (fail_info,), (text,))


@dataclass(frozen=True)
class TimestampAuthority:
    """Who stamps, and how.

    `policy` is the OID under which tokens are issued unless a request asks for one of
    `more_policies`. `digests`: names of those accepted in requests. `accuracy`: what is promised,
    None for no promise. `scheme`: by default what fits the key.
    """

    signer: Signer = field(repr=False)
    certificate: Certificate
    chain: tuple[Certificate, ...] = ()
    policy: str = DEFAULT_POLICY
    more_policies: tuple[str, ...] = ()
    digests: tuple[str, ...] = STRONG_DIGESTS
    accuracy: timedelta | None = timedelta(seconds=1)
    scheme: SignatureScheme | None = None

    def __post_init__(self) -> None:
        """CallerError if the certificate is not a timestamp authority's or does not fit the scheme."""
        try:
            purposes = self.certificate.ext_key_usage
            chosen = self.scheme or schemes.default_scheme(self.certificate.public_key)
        except DocumentError as error:
            message = f"the certificate cannot be used: {error.message}"
            raise CallerError("certificate_unreadable", message) from error
        if purposes != frozenset({TIME_STAMPING}) or not self.certificate.extensions["2.5.29.37"][0]:
            name = self.certificate.common_name or self.certificate.serial_hex
            raise CallerError("argument", f"the certificate of {name} is not for timestamps alone")
        schemes.check_fits(chosen, self.certificate.public_key)
        schemes.refuse_weak(chosen)
        for oid in (self.policy, *self.more_policies):
            check_policy(oid)
        object.__setattr__(self, "scheme", chosen)

    def answer(self, request: bytes, *, now: datetime, serial: Callable[[], int]) -> bytes:
        """DER TimeStampResp for a DER request.

        `now`: aware. `serial` is asked once, and only when everything else is granted; each
        number that it gives must be new.
        """
        return self.respond(request, now=now, serial=serial).der

    def respond(self, request: bytes, *, now: datetime, serial: Callable[[], int]) -> TimestampResponse:
        """As `answer`, before it is encoded."""
        try:
            asked = self._read(request)
            self._check(asked, now)
            return TimestampResponse("granted", token=self._token(asked, now, serial()))
        except _Refusal as refusal:
            return refusal.response
        except PdfsealError:  # the signer or the counter; the client is not told more
            return TimestampResponse("rejection", ("systemFailure",), ("the authority cannot sign now",))

    def _read(self, request: bytes) -> TimestampRequest:
        if len(request) > MAX_REQUEST_BYTES or request[:1] != b"\x30":
            raise _Refusal("badDataFormat", "the request is not a TimeStampReq in DER")
        try:
            return read_request(request)
        except DocumentError as error:
            raise _Refusal("badDataFormat", f"the request cannot be read: {error.message}") from error

    def _check(self, asked: TimestampRequest, now: datetime) -> None:
        if asked.version != 1:
            raise _Refusal("badRequest", f"the request has version {asked.version}, not 1")
        if asked.algorithm is None or asked.algorithm not in self.digests:
            name = asked.algorithm or asked.algorithm_oid
            raise _Refusal("badAlg", f"the digest {name} is not accepted: {', '.join(self.digests)}")
        if len(asked.imprint) != DIGESTS[asked.algorithm].size_bytes:
            message = f"{len(asked.imprint)} bytes are not a digest by {asked.algorithm}"
            raise _Refusal("badDataFormat", message)
        if asked.policy not in (None, self.policy, *self.more_policies):
            raise _Refusal("unacceptedPolicy", f"the policy {asked.policy} is not accepted")
        if asked.extensions:
            message = f"extensions are not accepted: {', '.join(asked.extensions)}"
            raise _Refusal("unacceptedExtension", message)
        if now.tzinfo is None or not self.certificate.not_before <= now <= self.certificate.not_after:
            raise _Refusal("timeNotAvailable", "the authority's certificate is not valid at its own time")

    def _token(self, asked: TimestampRequest, now: datetime, serial: int) -> bytes:
        """The token, signed, and its signature checked: no token leaves that would not verify."""
        assert self.scheme is not None  # __post_init__ chose it
        info = self._tst_info(asked, now, serial)
        attributes = signed_attributes(TST_INFO, digest(self.scheme.digest, info), self.certificate)
        key = self.certificate.public_key
        signature = schemes.normalise_signature(
            self.scheme, key, self.signer.sign(attributes, self.scheme), reading=Reading()
        )
        if not schemes.verify(self.scheme, key, attributes, signature):
            raise _Refusal("systemFailure", "the authority's signer gave a signature that is wrong")
        bag = with_issuers(self.certificate, self.chain) if asked.cert_req else ()
        return assemble(
            attributes,
            signature,
            content_type=TST_INFO,
            scheme=self.scheme,
            signer=self.certificate,
            certificates=bag,
            content=info,
        )

    def _tst_info(self, asked: TimestampRequest, now: datetime, serial: int) -> bytes:
        tsa = asn1.explicit(4, self.certificate.subject_raw)
        return asn1.sequence(
            asn1.integer(1),
            asn1.object_identifier(asked.policy or self.policy),
            asked.message_imprint,
            asn1.integer(serial),
            write_gen_time(now),
            _write_accuracy(self.accuracy),
            asn1.integer(asked.nonce) if asked.nonce is not None else b"",
            asn1.explicit(0, tsa),
        )


def write_gen_time(moment: datetime) -> bytes:
    """GeneralizedTime in UTC; a fraction without trailing zeros (RFC 3161, 2.4.2)."""
    moment = moment.astimezone(UTC)
    fraction = f".{moment.microsecond:06d}".rstrip("0").rstrip(".")
    text = f"{moment.year:04d}{moment:%m%d%H%M%S}{fraction}Z"
    return asn1.element(asn1.GENERALIZED_TIME, text.encode("ascii"))


def _write_accuracy(accuracy: timedelta | None) -> bytes:
    if accuracy is None:
        return b""
    micros = round(accuracy.total_seconds() * 1_000_000)
    parts = [asn1.integer(micros // 1_000_000)] if micros >= 1_000_000 else []
    for tag, value in ((0x80, micros // 1000 % 1000), (0x81, micros % 1000)):
        if value:
            parts.append(bytes([tag]) + asn1.integer(value)[1:])
    return asn1.sequence(*parts)
