"""Timestamps judged by others: OpenSSL in both directions, rfc3161-client, pyHanko."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import tsp as asn1_tsp
from cryptography import x509
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from pdfseal.asn1 import Reading
from pdfseal.crypto.digests import digest
from pdfseal.pki.trust import TrustAnchors
from pdfseal.timestamp import make_request, read_request, read_response, read_token, verify_token
from tests.support.oracles import openssl_sm2_verify, run
from tests.support.pki import PKI, certificate
from tests.support.timestamps import WHEN, authority, openssl_ts_verify, validation_context

DATA = "手术记录".encode()
POLICY = "1.2.3.4.1"

CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {pki}/{family}-tsa.crt.pem
certs = {pki}/{family}-inter.crt.pem
signer_key = {folder}/key.pem
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500
ordering = {ordering}
tsa_name = yes
ess_cert_id_chain = {chain}
ess_cert_id_alg = {ess}
"""


def answer(family: str, name: str = "sha256", **request: object) -> bytes:
    asked = make_request(name, digest(name, DATA), **request)  # type: ignore[arg-type]
    return authority(family).answer(asked.der, now=WHEN, serial=lambda: 4711)


# -- OpenSSL --------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["rsa", "p256", "p384"])
@pytest.mark.parametrize("name", ["sha256", "sha512"])
def test_openssl_accepts_our_tokens(family, name, tmp_path):
    response, data, token = tmp_path / "r.tsr", tmp_path / "data", tmp_path / "token.der"
    response.write_bytes(answer(family, name, nonce=99))
    data.write_bytes(DATA)
    assert openssl_ts_verify(response, data, family)
    token.write_bytes(read_token(response.read_bytes()).der)
    assert openssl_ts_verify(token, data, family, "-token_in")
    data.write_bytes(DATA + b" ")
    assert not openssl_ts_verify(response, data, family)


@pytest.mark.parametrize("options", [[], ["-cert"], ["-no_nonce"], ["-tspolicy", POLICY, "-cert"]])
@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_openssl_asks_and_we_answer(options, name, tmp_path):
    data, query, reply = tmp_path / "data", tmp_path / "q.tsq", tmp_path / "r.tsr"
    data.write_bytes(DATA)
    run("openssl", "ts", "-query", "-data", data, f"-{name}", "-out", query, *options)
    asked = read_request(query.read_bytes(), reading=Reading(strict=True))
    assert (asked.algorithm, asked.imprint) == (name, digest(name, DATA))
    assert (asked.nonce is None, asked.cert_req) == ("-no_nonce" in options, "-cert" in options)
    reply.write_bytes(authority("p256").answer(query.read_bytes(), now=WHEN, serial=lambda: 1))
    known = [] if asked.cert_req else ["-untrusted", PKI / "p256-tsa.crt.pem"]
    chain = tmp_path / "chain.pem"
    if known:
        chain.write_bytes(certificate("p256-tsa").pem + certificate("p256-inter").pem)
        known = ["-untrusted", chain]
    done = run(
        "openssl", "ts", "-verify", "-in", reply, "-queryfile", query, "-CAfile", PKI / "p256-root.crt.pem",
        "-attime", str(int(WHEN.timestamp())), *known,
    )  # fmt: skip
    assert b"Verification: OK" in done.stdout, done.stderr.decode()


def openssl_reply(query: bytes, family: str, folder: Path, **options: str) -> bytes:
    (folder / "q.tsq").write_bytes(query)
    (folder / "serial").write_text("1F\n")
    key = (PKI / f"{family}-tsa.key.pem").read_bytes()
    (folder / "key.pem").write_bytes(key[key.index(b"-----BEGIN") :])
    chosen = {"digest": "sha256", "ordering": "no", "chain": "no", "ess": "sha256"} | options
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder, pki=PKI, family=family, **chosen))
    reply = folder / "r.tsr"
    done = run(
        "openssl",
        "ts",
        "-reply",
        "-config",
        folder / "tsa.cnf",
        "-queryfile",
        folder / "q.tsq",
        "-out",
        reply,
    )
    assert reply.exists(), done.stderr.decode()
    return reply.read_bytes()


@pytest.mark.parametrize("family", ["rsa", "p256"])
@pytest.mark.parametrize(
    "options",
    [{}, {"digest": "sha512"}, {"ordering": "yes"}, {"chain": "yes"}, {"ess": "sha1"}, {"ess": "sha512"}],
    ids=str,
)
def test_we_ask_and_openssl_answers(family, options, tmp_path):
    asked = make_request("sha256", digest("sha256", DATA), nonce=2**63 + 7, policy=POLICY)
    reply = openssl_reply(asked.der, family, tmp_path, **options)
    token = read_token(reply)
    result = verify_token(
        token,
        data=DATA,
        nonce=asked.nonce,
        policy=POLICY,
        anchors=TrustAnchors((certificate(f"{family}-root"),)),
    )
    assert result.trusted, result.failures
    assert token.ordering == (options.get("ordering") == "yes")
    assert (token.serial, token.accuracy.total_seconds()) == (0x20, 1.5)
    # it names the authority's certificate and its issuers in the order in which it found them
    assert set(token.leniencies) <= {"set_of_unsorted"}


def test_openssl_refuses_and_we_understand(tmp_path):
    for request, failure in (
        (make_request("sm3", bytes(32)), "badAlg"),
        (make_request("sha256", bytes(32), policy="1.2.9"), "unacceptedPolicy"),
    ):
        response = read_response(openssl_reply(request.der, "p256", tmp_path))
        assert (response.status, response.fail_info, response.granted) == ("rejection", (failure,), False)


def test_openssl_reads_our_refusals(tmp_path):
    reply = tmp_path / "r.tsr"
    reply.write_bytes(answer("p256", policy="1.2.9"))
    text = run("openssl", "ts", "-reply", "-in", reply, "-text").stdout.decode()
    assert "Rejected" in text
    assert "the requested TSA policy is not supported by the TSA" in text


@pytest.mark.parametrize("name", ["sm3", "sha256"])
def test_sm2_attributes_verify_with_openssl(name):
    token = read_token(answer("sm2", name), reading=Reading(strict=True))
    container = token.container
    assert container.signed_attributes is not None
    tsa = PKI / "sm2-tsa.crt.pem"
    assert openssl_sm2_verify(tsa, container.signed_attributes, container.signature)
    assert not openssl_sm2_verify(tsa, container.signed_attributes + b"\x00", container.signature)


# -- rfc3161-client -------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["rsa", "p256", "p384"])
def test_rfc3161_client_accepts_our_tokens(family):
    root = x509.load_pem_x509_certificate((PKI / f"{family}-root.crt.pem").read_bytes())
    verifier = VerifierBuilder().add_root_certificate(root).nonce(99).build()
    response = decode_timestamp_response(answer(family, "sha512", nonce=99))
    assert verifier.verify(response, hashlib.sha512(DATA).digest())
    assert response.tst_info.serial_number == 4711


# -- pyHanko --------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["rsa", "p256"])
def test_pyhanko_accepts_our_tokens(family):
    request = asn1_tsp.TimeStampReq.load(make_request("sha256", digest("sha256", DATA), nonce=99).der)
    response = asn1_tsp.TimeStampResp.load(answer(family, nonce=99))
    assert response["status"]["status"].native == "granted"
    assert request["nonce"].native == 99
    token = asn1_cms.ContentInfo.load(read_token(answer(family, nonce=99)).der)
    status = asyncio.run(
        validate_tst_signed_data(
            token["content"], validation_context(family, WHEN), lambda name: digest(name, DATA)
        )
    )
    assert status["intact"]
    assert status["valid"]
    assert status["trust_problem_indic"] is None
