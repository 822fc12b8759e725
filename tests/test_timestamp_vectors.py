"""Every vector of fixtures/timestamps gives its code, and OpenSSL agrees where it can judge."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pdfseal.asn1 import Reading
from pdfseal.errors import DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.trust import TrustAnchors
from pdfseal.timestamp import code_of, read_token, verify_code, verify_token
from pdfseal.timestamp.codes import BAD_SIGNATURE
from tests.support.oracles import run

VECTORS = Path(__file__).parents[1] / "fixtures" / "timestamps" / "vectors.json"
FILE = json.loads(VECTORS.read_text(encoding="utf-8"))
CASES = {f"{entry['family']}-{entry['name']}": entry for entry in FILE["vectors"]}

# What OpenSSL 3.0 judges otherwise, and why.
OPENSSL_ACCEPTS = {
    "no-content-type": "it does not look at the contentType attribute",
    "content-type-data": "it does not look at the contentType attribute",
    "content-type-twice": "it does not look at the contentType attribute",
    "gen-time-nonsense": "it does not look whether genTime is a time",
    "info-trailing": "it does not look behind TSTInfo",
    "info-indefinite": "it reads BER everywhere",
    "accuracy-negative": "it takes any INTEGER",
    "trailing": "it does not look behind the token",
    "imprint-sha1": "it takes SHA-1",
    "rsa-1024": "at its lowest security level it takes short keys",
}
OPENSSL_REFUSES = {
    "gm-content-info": "it does not know the OID",
    "bag-clone-beside": "it looks the signer up twice, by two rules, and finds two",
    "validity-last-second": "it takes notAfter as already over; RFC 5280, 4.1.2.5 includes it",
    "key-usage-more": "it refuses every further bit of keyUsage",
    "scheme-rsa-pss-sha256": "its PKCS #7 verifier knows no RSA-PSS",
    "scheme-rsa-pss-sha512": "its PKCS #7 verifier knows no RSA-PSS",
}
WHOLE_RESPONSES = ("good-response", "rejection", "rejection-with-token", "granted-without-token")
NEEDS_A_REQUEST = ("nonce-other", "nonce-missing", "policy-other")


@cache
def anchors(name: str) -> TrustAnchors:
    return TrustAnchors.load(base64.b64decode(FILE["anchors"][name]))


def inputs(case: dict[str, Any]) -> dict[str, Any]:
    known = [Certificate.load(base64.b64decode(one)) for one in case.get("known", [])]
    return {
        "token": base64.b64decode(case["token"]),
        "data": case.get("data", FILE["data"]).encode(),
        "anchors": anchors(f"{case['family']}-{case.get('anchor', 'root')}"),
        "known": known,
        "allow_weak": case.get("allow_weak", False),
    }


def code(case: dict[str, Any], *, strict: bool = False) -> int:
    """The code by the plan itself, with nonce and policy compared."""
    given = inputs(case)
    try:
        token = read_token(given["token"], certificates=given["known"], reading=Reading(strict=strict))
    except DocumentError as error:
        return BAD_SIGNATURE if error.code in ("container_malformed", "limit_exceeded") else 0
    result = verify_token(
        token,
        data=given["data"],
        nonce=case.get("nonce"),
        policy=case.get("policy"),
        anchors=given["anchors"],
        untrusted=given["known"],
        allow_weak=given["allow_weak"],
    )
    assert result.trusted == (code_of(result) == 1)
    assert bool(result.token.chain) == (result.path is not None and result.path.status == "trusted")
    if result.token.chain:
        assert result.token.chain[-1] in given["anchors"].certificates
    return code_of(result)


@pytest.mark.parametrize("name", CASES)
def test_code(name):
    case = CASES[name]
    assert code(case) == case["code"], case["reason"]
    assert code(case, strict=True) == case.get("strict", case["code"]), case["reason"]
    if "nonce" not in case and "policy" not in case:
        given = inputs(case)
        found = verify_code(
            given["token"], given["data"], anchors=given["anchors"], certificates=given["known"],
            allow_weak=given["allow_weak"],
        )  # fmt: skip
        assert found == case["code"]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "leniencies" in case])
def test_leniencies_are_named(name):
    assert sorted(read_token(inputs(CASES[name])["token"]).leniencies) == CASES[name]["leniencies"]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["code"] == 1])
def test_good_tokens_need_no_other_leniency(name):
    used = set(read_token(inputs(CASES[name])["token"]).leniencies)
    assert used == set(CASES[name].get("leniencies", []))


def test_every_code_for_every_family():
    for family in ("rsa", "p256", "sm2"):
        found = {case["code"] for case in CASES.values() if case["family"] == family}
        assert found == {1, -1, -2, -3, -4, -5, -6}


def judged_by_openssl(case: dict[str, Any]) -> bool:
    """SM2 is unknown to `openssl ts`; requests and whole responses are judged in test_timestamp_openssl."""
    return case["family"] != "sm2" and case["name"] not in (*WHOLE_RESPONSES, *NEEDS_A_REQUEST)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if judged_by_openssl(case)])
def test_openssl_agrees(name, tmp_path):
    case = CASES[name]
    title = case["name"]
    given = inputs(case)
    token, root, data = tmp_path / "token.der", tmp_path / "root.pem", tmp_path / "data"
    token.write_bytes(given["token"])
    data.write_bytes(given["data"])
    root.write_bytes(given["anchors"].certificates[0].pem)
    # OpenSSL judges the path at one moment, not at genTime
    moment = gen_time(given["token"])
    untrusted = []
    if given["known"]:
        (tmp_path / "known.pem").write_bytes(b"".join(one.pem for one in given["known"]))
        untrusted = ["-untrusted", tmp_path / "known.pem"]
    done = run(
        "openssl", "ts", "-verify", "-token_in", "-in", token, "-data", data, "-CAfile", root,
        "-attime", moment, "-auth_level", "0", *untrusted,
    )  # fmt: skip
    expected = (case["code"] == 1 or title in OPENSSL_ACCEPTS) and title not in OPENSSL_REFUSES
    assert (b"Verification: OK" in done.stdout) == expected, done.stderr.decode()


def gen_time(token: bytes) -> str:
    try:
        return str(int(read_token(token).gen_time.timestamp()))
    except DocumentError:
        return "1780288200"  # what the vectors have unless their point is another


def test_ten_megabytes_are_refused_quickly():
    case = CASES["p256-good"]
    big = inputs(case)["token"] + bytes(10 << 20)
    assert verify_code(big, b"", anchors=anchors("p256-root")) == BAD_SIGNATURE
    with pytest.raises(DocumentError) as caught:
        read_token(b"\x30\x84\x00\xa0\x00\x00" + bytes(10 << 20))
    assert caught.value.code == "limit_exceeded"
    many = b"\x30\x83\x0f\x42\x40" + b"\x05\x00" * 500_000
    with pytest.raises(DocumentError):
        read_token(many)
