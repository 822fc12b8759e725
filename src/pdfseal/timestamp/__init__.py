"""Timestamps by RFC 3161 (and RFC 5816): requests, responses, tokens, their verification, an authority.

    request = make_request("sha256", digest, nonce=nonce)
    ... the answer of an authority ...
    token = read_token(answer)
    result = verify_token(token, imprint=digest, nonce=nonce, anchors=anchors)

Law: pure. Time, nonces and serial numbers are arguments; the network is in `adapters.tsa`.
"""

from __future__ import annotations

from pdfseal.timestamp.authority import DEFAULT_POLICY, TimestampAuthority
from pdfseal.timestamp.codes import code_of, token_info, verify_code
from pdfseal.timestamp.request import TimestampRequest, make_request, read_request
from pdfseal.timestamp.response import TimestampResponse, read_response, read_token
from pdfseal.timestamp.token import Token, token_of
from pdfseal.timestamp.verify import Check, TokenVerification, verify_token

__all__ = [
    "DEFAULT_POLICY", "Check", "TimestampAuthority", "TimestampRequest", "TimestampResponse", "Token",
    "TokenVerification", "code_of", "make_request", "read_request", "read_response", "read_token",
    "token_info", "token_of", "verify_code", "verify_token",
]  # fmt: skip
