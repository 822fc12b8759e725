"""Requests, responses, tokens and the authority, on their own; the manual's tokens."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdfseal import asn1
from pdfseal.asn1 import Reading
from pdfseal.crypto.digests import DIGESTS, digest
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.errors import CallerError, DocumentError, OutsideError
from pdfseal.pki.trust import TrustAnchors
from pdfseal.timestamp import (
    code_of,
    make_request,
    read_request,
    read_response,
    read_token,
    token_info,
    verify_code,
    verify_token,
)
from pdfseal.timestamp.authority import write_gen_time
from pdfseal.timestamp.response import FAILURES, TimestampResponse
from tests.support.pki import certificate, issue, signer
from tests.support.timestamps import WHEN, authority

MANUAL = Path(__file__).parents[1] / "fixtures" / "vectors" / "manual_timestamps.json"
DATA = "出院小结".encode()
FAMILIES = ("rsa", "p256", "p384", "sm2")


def anchors(family: str) -> TrustAnchors:
    return TrustAnchors((certificate(f"{family}-root"),))


def respond(family: str = "p256", *, data: bytes = DATA, name: str = "sha256", **request: object):
    asked = make_request(name, digest(name, data), **request)  # type: ignore[arg-type]
    return authority(family).respond(asked.der, now=WHEN, serial=lambda: 42)


# -- requests -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIGESTS)
def test_request_round_trip(name):
    made = make_request(name, digest(name, DATA), policy="1.2.156.1", nonce=2**63 + 1, cert_req=False)
    read = read_request(made.der, reading=Reading(strict=True))
    assert read == made
    assert (read.algorithm, read.message_imprint) == (name, made.message_imprint)
    for form in (pem(made.der, "TIMESTAMP REQUEST"), base64.encodebytes(made.der)):
        assert read_request(form) == made


def pem(der: bytes, label: str) -> bytes:
    return (
        f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(der) + f"-----END {label}-----\n".encode()
    )


def test_request_arguments():
    for arguments in (("md5", b""), ("sha256", b"short")):
        with pytest.raises(CallerError):
            make_request(*arguments)
    for policy in ("", "1", "3.1", "1.40", "1.2.x", "1..2"):
        with pytest.raises(CallerError):
            make_request("sha256", bytes(32), policy=policy)


def test_request_elements_in_another_order_are_refused():
    made = make_request("sha256", bytes(32), policy="1.2.3", nonce=5)
    version, imprint, policy, nonce, cert = asn1.read(made.der).children()
    swapped = asn1.sequence(version.raw, imprint.raw, nonce.raw, policy.raw, cert.raw)
    twice = asn1.sequence(version.raw, imprint.raw, nonce.raw, nonce.raw)
    for wrong in (swapped, twice, made.der + b"\x00", b"", b"\x30\x00", b"???"):
        with pytest.raises(DocumentError):
            read_request(wrong)


# -- responses ------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", FAILURES.values())
def test_refusal_round_trip(failure):
    refusal = TimestampResponse("rejection", (failure,), ("今天不行",))
    assert read_response(refusal.der, reading=Reading(strict=True)) == refusal
    assert not refusal.granted
    with pytest.raises(DocumentError, match=failure):
        read_token(refusal.der)


def test_token_in_every_form():
    response = respond()
    token = read_token(response.der)
    for form in (
        response.token, base64.b64encode(response.token), base64.encodebytes(response.token).rstrip(b"=\n"),
        pem(response.token, "PKCS7"), pem(response.der, "TIMESTAMP RESPONSE"), base64.b64encode(response.der),
    ):  # fmt: skip
        assert read_token(form) == token
    for wrong in (b"", b"no!", pem(response.token, "CMS") * 2, certificate("p256-tsa").der):
        with pytest.raises(DocumentError):
            read_token(wrong)


@given(st.data())
def test_damaged_tokens_never_crash(data):
    """A changed octet gives a coded error or a token that does not pass; never another exception."""
    der = bytearray(GRANTED)
    at = data.draw(st.integers(0, len(der) - 1))
    der[at] ^= data.draw(st.integers(1, 255))
    code = verify_code(bytes(der), DATA, anchors=anchors("p256"))
    assert code != 1 or at_harmless_place(bytes(der))


GRANTED = respond().token or b""


def at_harmless_place(der: bytes) -> bool:
    """Places that no signature covers: version numbers, digestAlgorithms, certificates not used."""
    return read_token(der).container.signed_attributes == read_token(GRANTED).container.signed_attributes


# -- the authority --------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", ["sha256", "sha512", "sm3"])
def test_granted(family, name):
    response = respond(family, name=name, nonce=77)
    token = read_token(response.der, reading=Reading(strict=True))
    result = verify_token(token, data=DATA, nonce=77, policy="1.2.3.4.1", anchors=anchors(family))
    assert result.trusted
    assert [one.subject for one in result.token.chain] == [
        certificate(f"{family}-{one}").subject for one in ("tsa", "inter", "root")
    ]
    assert (token.serial, token.nonce, token.algorithm, token.gen_time) == (42, 77, name, WHEN)
    assert (token.accuracy, token.ordering, token.extensions) == (timedelta(seconds=1), False, ())
    assert token.tsa == certificate(f"{family}-tsa").subject
    assert {check.name: check.ok for check in result.checks if check.ok is not True} == {}


def test_pss_and_other_schemes():
    for name in ("rsa-pss-sha256", "rsa-sha512", "rsa-pss-sha512"):
        made = authority("rsa", scheme=SCHEMES[name])
        answer = made.answer(make_request("sha256", bytes(32)).der, now=WHEN, serial=lambda: 1)
        token = read_token(answer)
        assert token.signature_algorithm == name
        assert verify_token(token, imprint=bytes(32), anchors=anchors("rsa")).trusted


def test_certificate_only_when_asked():
    token = read_token(respond(cert_req=False).der)
    assert (token.certificates, token.signer) == ((), None)
    assert code_of(verify_token(token, data=DATA, anchors=anchors("p256"))) == -5
    known = [certificate("p256-tsa"), certificate("p256-inter")]
    assert verify_code(respond(cert_req=False).der, DATA, anchors=anchors("p256"), certificates=known) == 1


SHA256_OID = bytes.fromhex("608648016503040201")
REFUSALS = {
    "sha1": ("badAlg", make_request("sha1", bytes(20)).der),
    "unknown digest": (
        "badAlg",
        make_request("sha256", bytes(32)).der.replace(SHA256_OID, SHA256_OID[:-1] + b"\x09"),
    ),
    "size of the imprint": (
        "badDataFormat",
        asn1.sequence(
            asn1.integer(1),
            asn1.sequence(
                asn1.sequence(asn1.object_identifier(DIGESTS["sha256"].oid)), asn1.octet_string(bytes(20))
            ),
        ),
    ),
    "version": (
        "badRequest", asn1.sequence(asn1.integer(2), make_request("sha256", bytes(32)).message_imprint),
    ),
    "not DER": ("badDataFormat", b"hello"),
    "base64 is not DER": ("badDataFormat", base64.b64encode(make_request("sha256", bytes(32)).der)),
    "trailing": ("badDataFormat", make_request("sha256", bytes(32)).der + b"\x00"),
    "empty": ("badDataFormat", b""),
    "large": ("badDataFormat", b"\x30" + bytes(100_000)),
    "policy": ("unacceptedPolicy", make_request("sha256", bytes(32), policy="1.2.3").der),
    "extension": (
        "unacceptedExtension",
        asn1.sequence(
            asn1.integer(1), make_request("sha256", bytes(32)).message_imprint,
            asn1.element(0xA0, asn1.sequence(asn1.object_identifier("1.2.3"), asn1.octet_string(b""))),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(name):
    failure, request = REFUSALS[name]
    asked: list[int] = []
    answer = authority("p256").answer(request, now=WHEN, serial=lambda: asked.append(1) or 1)
    response = read_response(answer, reading=Reading(strict=True))
    assert (response.status, response.fail_info, response.token) == ("rejection", (failure,), None)
    assert response.text
    assert not asked, "a refused request costs no serial number"


def test_refused_for_the_authoritys_own_reasons():
    request = make_request("sha256", bytes(32)).der

    def failing() -> int:
        raise OutsideError("serial_store", "/secret/path is full")

    made = authority("p256")
    response = made.respond(request, now=WHEN, serial=failing)
    assert response.fail_info == ("systemFailure",)
    assert "secret" not in response.reason
    late = made.respond(request, now=datetime(2060, 1, 1, tzinfo=UTC), serial=lambda: 1)
    assert late.fail_info == ("timeNotAvailable",)

    class Wrong:
        def sign(self, to_be_signed, scheme):
            return signer("p256-tsa").sign(b"something else", scheme)

    wrong = type(made)(Wrong(), made.certificate)
    assert wrong.respond(request, now=WHEN, serial=lambda: 1).fail_info == ("systemFailure",)


def test_more_policies_and_digests():
    made = authority("p256", more_policies=("1.2.3",), digests=("sm3",))
    asked = make_request("sm3", bytes(32), policy="1.2.3").der
    assert read_token(made.answer(asked, now=WHEN, serial=lambda: 1)).policy == "1.2.3"
    assert made.respond(make_request("sha256", bytes(32)).der, now=WHEN, serial=lambda: 1).fail_info == (
        "badAlg",
    )


def test_only_timestamp_certificates_make_an_authority():
    for name in ("p256-signer", "p256-root", "p256-wrong-usage"):
        with pytest.raises(CallerError):
            type(authority("p256"))(signer(name), certificate(name))
    with pytest.raises(CallerError):
        authority("p256", scheme=SCHEMES["rsa-sha256"])
    with pytest.raises(CallerError):
        authority("p256", policy="no OID")


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, b"20260601043000Z"), (120_000, b"20260601043000.12Z"), (1, b"20260601043000.000001Z")],
)
def test_gen_time_has_no_trailing_zeros(micros, text):
    moment = WHEN.replace(microsecond=micros)
    assert write_gen_time(moment.astimezone(asn1.BEIJING))[2:] == text
    answer = authority("p256").answer(make_request("sha256", bytes(32)).der, now=moment, serial=lambda: 1)
    assert read_token(answer, reading=Reading(strict=True)).gen_time == moment


@pytest.mark.parametrize("accuracy", [None, 1.0, 0.5, 0.0005, 2.001001])
def test_accuracy(accuracy):
    wanted = None if accuracy is None else timedelta(seconds=accuracy)
    made = authority("p256", accuracy=wanted)
    answer = made.answer(make_request("sha256", bytes(32)).der, now=WHEN, serial=lambda: 1)
    assert read_token(answer, reading=Reading(strict=True)).accuracy == wanted


# -- verification ---------------------------------------------------------------------------


def test_what_was_not_asked_is_never_true():
    token = read_token(respond().der)
    result = verify_token(token)
    assert result.sound
    assert not result.trusted
    assert {check.name for check in result.checks if check.ok is None} == {
        "imprint",
        "nonce",
        "policy",
        "path",
    }
    assert not verify_token(token, anchors=anchors("p256")).trusted, "a token over nothing in particular"
    assert not verify_token(token, data=DATA, anchors=TrustAnchors(())).trusted
    with pytest.raises(CallerError):
        verify_token(token, data=DATA, imprint=bytes(32))


def test_moment_of_judgement():
    token = read_token(respond().der)
    at = datetime(2051, 1, 1, tzinfo=UTC)
    assert verify_token(token, data=DATA, anchors=anchors("p256"), at=at).check("path").ok is False
    assert verify_token(token, data=DATA, anchors=anchors("p256")).trusted


def test_remembered_paths_do_not_outlive_their_dates():
    root = issue("根", profile="root", years=(2020, 2040))
    tsa = issue("时间戳", root, profile="timestamp", years=(2025, 2027))
    made = type(authority("p256"))(tsa.signer, tsa.certificate)
    trusted = TrustAnchors((root.certificate,))

    def at(year: int) -> str:
        token = read_token(made.answer(make_request("sha256", bytes(32)).der, now=WHEN, serial=lambda: 1))
        moment = datetime(year, 6, 1, tzinfo=UTC)
        path = verify_token(token, imprint=bytes(32), anchors=trusted, at=moment).path
        assert path is not None
        return path.status

    assert [at(year) for year in (2026, 2030, 2024, 2026)] == [
        "trusted",
        "expired",
        "not_yet_valid",
        "trusted",
    ]
    token = read_token(made.answer(make_request("sha256", bytes(32)).der, now=WHEN, serial=lambda: 1))
    other = TrustAnchors((certificate("p256-root"),))
    assert not verify_token(token, imprint=bytes(32), anchors=other).trusted
    assert verify_token(token, imprint=bytes(32), anchors=trusted).trusted


# -- the manual -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", json.loads(MANUAL.read_text())["cases"], ids=lambda case: case["name"])
def test_tokens_of_the_manual(case):
    token = read_token(case["token"].encode(), reading=Reading(strict=True))
    result = verify_token(token, data=case["data"].encode(), anchors=TrustAnchors(()))
    good = (
        "signer",
        "attributes",
        "signing_certificate",
        "signature",
        "imprint",
        "usage",
        "time",
        "strength",
    )
    assert [result.check(name).ok for name in good] == [True] * len(good)  # type: ignore[arg-type]
    assert result.sound
    assert not result.trusted
    # its root, Public Trust CA-2, is not published with the manual
    nobody = TrustAnchors((certificate("rsa-root"),))
    assert verify_code(case["token"].encode(), case["data"].encode(), anchors=nobody) == -3
    assert verify_code(case["token"].encode(), b"tesT", anchors=nobody) == -2
    assert (
        token_info(token, 1)
        == {"verifyTS": "20210701170320", "createAndGetTssInfo": "20210809164435"}[case["name"]]
    )
    assert base64.b64decode(token_info(token, 2)) == digest("sha256", b"test")
    assert base64.b64decode(token_info(token, 3)) == token.signer.der
    assert token_info(token, 4) == "1B4000000000000DD1D0"
    for kind in (0, 5):
        with pytest.raises(CallerError):
            token_info(token, kind)


def test_the_manuals_answer_needs_its_root_and_weak_keys():
    """The code is 1 where the authority's own certificate is an anchor and RSA-1024 is allowed."""
    case = json.loads(MANUAL.read_text())["cases"][0]
    token = read_token(case["token"].encode())
    trusted = TrustAnchors((token.signer,))
    assert verify_code(case["token"].encode(), b"test", anchors=trusted) == -3
    assert verify_code(case["token"].encode(), b"test", anchors=trusted, allow_weak=True) == 1
