"""Timestamp authorities over HTTP (RFC 3161, 3.4): several in order, patient, and believed in nothing.

    client = TsaClient([TsaAddress("https://tsa.example/"), TsaAddress("https://second.example/")])
    token = client.stamp("sha256", digest)          a Token; every check but the path's was made

The wire is one callable, `Transport`; the default speaks HTTP with the standard library, so that
no optional package is needed. An answer counts only if it is a token over this imprint, with
this nonce and policy, whose signature and signingCertificate are good; with `anchors`, only if
its path is proven as well.
"""

from __future__ import annotations

import base64
import http.client
import os
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pdfseal.arguments import check_fields
from pdfseal.errors import CallerError, DocumentError, OutsideError
from pdfseal.pki.trust import TrustAnchors
from pdfseal.timestamp.request import TimestampRequest, make_request
from pdfseal.timestamp.response import read_response, read_token
from pdfseal.timestamp.token import Token
from pdfseal.timestamp.verify import verify_token

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
MAX_ANSWER_BYTES = 1 << 20
NONCE_BYTES = 8
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

# (url, request body, headers, seconds for the whole exchange) -> answer body
Transport = Callable[[str, bytes, Mapping[str, str], float], bytes]


class TransportError(Exception):
    """The exchange failed. `transient`: it may succeed when tried again."""

    def __init__(self, message: str, *, transient: bool) -> None:
        super().__init__(message)
        self.transient = transient


@dataclass(frozen=True, slots=True)
class TsaAddress:
    """Where an authority is. User name and password (basic authentication) go over https only."""

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """CallerError `argument` for what is no http or https URL, or would send a password in clear."""
        check_fields(self)
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise CallerError("argument", "the address of the timestamp authority is not a URL") from error
        if parts.scheme not in ("http", "https") or not host:
            raise CallerError("argument", f"{self.shown!r} is not an http or https URL")
        if parts.username is not None or parts.password is not None:
            raise CallerError("argument", "give user name and password apart from the authority's URL")
        if self.username is not None and parts.scheme == "http" and host not in _LOOPBACK:
            raise CallerError("argument", f"a password is not sent in clear: {self.shown} must be https")

    @property
    def shown(self) -> str:
        """The URL without what may be secret in it, for messages."""
        return self.url.split("?")[0].rpartition("@")[2] if "@" in self.url else self.url.split("?")[0]

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Content-Type": QUERY, "Accept": REPLY}
        if self.username is not None:
            secret = f"{self.username}:{self.password or ''}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(secret).decode("ascii")
        return headers


def http_transport(*, tls: ssl.SSLContext | None = None) -> Transport:
    """The default wire. TLS certificates are verified (`tls` brings other roots); redirects are refused."""
    context = tls or ssl.create_default_context()
    opener = urllib.request.build_opener(_NoRedirect(), urllib.request.HTTPSHandler(context=context))

    def exchange(request: urllib.request.Request, timeout_s: float) -> bytes:
        try:
            with opener.open(request, timeout=timeout_s) as answer:
                return _read_all(answer)
        except urllib.error.HTTPError as error:
            error.close()
            transient = error.code in (408, 425, 429) or error.code >= 500
            raise TransportError(f"HTTP status {error.code}", transient=transient) from error
        except ssl.SSLCertVerificationError as error:
            raise TransportError(f"TLS: {error.verify_message}", transient=False) from error
        except urllib.error.URLError as error:
            unverified = isinstance(error.reason, ssl.SSLCertVerificationError)
            raise TransportError(f"{error.reason}", transient=not unverified) from error
        except (OSError, http.client.HTTPException) as error:
            raise TransportError(f"{error}" or type(error).__name__, transient=True) from error

    def send(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> bytes:
        request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
        return _within(timeout_s, lambda: exchange(request, timeout_s))

    return send


def _within(timeout_s: float, exchange: Callable[[], bytes]) -> bytes:
    """Bound the whole exchange: a socket's own timeout starts anew with every octet that trickles in."""
    outcome: list[bytes | Exception] = []

    def run() -> None:
        try:
            outcome.append(exchange())
        except Exception as error:
            outcome.append(error)

    worker = threading.Thread(target=run, daemon=True, name="tsa-exchange")
    worker.start()
    worker.join(timeout_s)
    if not outcome:
        raise TransportError(f"no whole answer within {timeout_s:g} s", transient=True)
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the request, and perhaps a password, to a place nobody named."""

    def redirect_request(self, *details: Any, **more: Any) -> None:
        return None


def _read_all(answer: Any) -> bytes:
    body: bytes = answer.read(MAX_ANSWER_BYTES + 1)
    if len(body) > MAX_ANSWER_BYTES:
        raise _too_large()
    return body


def _too_large() -> TransportError:
    return TransportError(f"the answer is larger than {MAX_ANSWER_BYTES} bytes", transient=False)


@dataclass(frozen=True)
class TsaClient:
    """Asks the authorities in order until one gives a token that passes.

    `attempts` at each authority for failures that may pass by themselves, with pauses of
    `backoff_s`, doubled each time. `timeout_s`: for one exchange. `policy`: an OID to ask for.
    `anchors`: roots of the authorities; with them a token is taken only if its path is proven.
    """

    authorities: Sequence[TsaAddress]
    transport: Transport = field(default_factory=http_transport, repr=False)
    policy: str | None = None
    anchors: TrustAnchors | None = None
    timeout_s: float = 10.0
    attempts: int = 3
    backoff_s: float = 0.5
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    new_nonce: Callable[[], int] = field(default=lambda: int.from_bytes(os.urandom(NONCE_BYTES)), repr=False)

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.authorities or self.attempts < 1:
            raise CallerError("argument", "name at least one timestamp authority, and one attempt at it")
        if not 0 < self.timeout_s <= threading.TIMEOUT_MAX:
            raise CallerError("argument", f"an authority cannot have {self.timeout_s:g} seconds to answer")

    def __call__(self, algorithm: str, imprint: bytes) -> bytes:
        """DER of a token over the digest `imprint` by `algorithm`."""
        return self.stamp(algorithm, imprint).der

    def stamp(self, algorithm: str, imprint: bytes) -> Token:
        """A token over the digest `imprint` by `algorithm`.

        OutsideError `tsa_failed` names what went wrong at each authority.
        """
        reasons = []
        for address in self.authorities:
            request = make_request(algorithm, imprint, policy=self.policy, nonce=self.new_nonce())
            try:
                return self._check(request, self._exchange(address, request.der))
            except (TransportError, DocumentError, _NotBelieved) as error:
                reasons.append(f"{address.shown}: {error}")
        raise OutsideError("tsa_failed", "no timestamp was given: " + "; ".join(reasons))

    def _exchange(self, address: TsaAddress, body: bytes) -> bytes:
        for attempt in range(1, self.attempts + 1):
            try:
                answer = self.transport(address.url, body, address.headers, self.timeout_s)
            except TransportError as error:
                if not error.transient or attempt == self.attempts:
                    raise
            except OSError as error:  # from a transport of the caller's
                if attempt == self.attempts:
                    raise TransportError(str(error), transient=True) from error
            else:
                if len(answer) > MAX_ANSWER_BYTES:
                    raise _too_large()
                return answer
            self.sleep(self.backoff_s * 2 ** (attempt - 1))
        raise TransportError("no attempt was made", transient=False)

    def _check(self, request: TimestampRequest, answer: bytes) -> Token:
        """The token in the answer, after everything that can be checked was."""
        if answer[:1] != b"\x30":
            raise _NotBelieved("the answer is not a timestamp response")
        response = read_response(answer)
        if response.token is None:
            raise _NotBelieved(f"the request was refused: {response.reason}")
        token = read_token(response.token)
        if token.algorithm != request.algorithm:
            raise _NotBelieved(f"the token is over a {token.algorithm} digest, not {request.algorithm}")
        result = verify_token(
            token,
            imprint=request.imprint,
            nonce=request.nonce,
            policy=request.policy,
            anchors=self.anchors,
        )
        if result.failures or token.signer is None:
            why = "; ".join(check.reason for check in result.failures)
            raise _NotBelieved(f"the token is not good: {why or 'its certificate is not in it'}")
        return result.token


class _NotBelieved(Exception):
    """An answer that is not what was asked for."""
