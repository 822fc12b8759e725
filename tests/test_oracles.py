"""Other people's programs accept what pdfseal seals: pyHanko, pdfsig, OpenSSL, qpdf.

Each kind of cross-reference data and each producer's document is sealed twice, the second time by
another scheme.
"""

from __future__ import annotations

import re
from itertools import cycle
from pathlib import Path

import pytest

import pdfseal
from tests.support.oracles import openssl_sm2_verify, openssl_verify, pdfsig, pyhanko_status, qpdf_check, run
from tests.support.sealing import FIXTURES, WHEN, certificate, private_key, seal

PKI = FIXTURES / "pki"
KINDS = (
    "table", "crlf", "cr-only", "xref-stream", "object-streams", "linearized",
    "linearized-object-streams", "revisions", "revision-stream-after-table", "revision-table-after-stream",
    "annots-in-object-stream", "acroform-indirect", "generation-numbers", "no-final-newline",
)  # fmt: skip
# What pyHanko does not read at all: hybrid files (by its policy), bytes before %PDF.
WITHOUT_PYHANKO = ("hybrid", "hybrid-one-section", "leading-junk")
# What it reads only when it is not strict: a generation above 0 that no free entry came before.
NOT_STRICT = {"generation-numbers"}
PRODUCERS = tuple(sorted(f"producers/{path.stem}" for path in (FIXTURES / "pdf" / "producers").glob("*.pdf")))

# (family, signature scheme), the first seal and the second
SCHEMES = [
    (("rsa", "rsa-sha256"), ("p256", "ecdsa-sha256")),
    (("p256", "ecdsa-sha256"), ("rsa", "rsa-pss-sha256")),
    (("p384", "ecdsa-sha384"), ("rsa", "rsa-sha512")),
    (("rsa", "rsa-pss-sha512"), ("p384", "ecdsa-sha384")),
]
PAIRS = list(zip((*KINDS, *PRODUCERS), cycle(SCHEMES)))


def roots(*families: str) -> list[bytes]:
    return [(PKI / f"{family}-root.crt.pem").read_bytes() for family in families]


def seal_twice(name: str, first: tuple[str, str], second: tuple[str, str]) -> tuple[bytes, bytes]:
    original = (FIXTURES / "pdf" / f"{name}.pdf").read_bytes()
    once = seal(original, family=first[0], signature_scheme=first[1]).pdf
    place = pdfseal.InRectangle(page=1, rect=pdfseal.Rect(100, 20, 160, 80), fit=pdfseal.Size(60, 60))
    return once, seal(once, family=second[0], signature_scheme=second[1], placement=place).pdf


@pytest.mark.parametrize(("name", "schemes"), PAIRS, ids=[name for name, _ in PAIRS])
def test_pyhanko_pdfsig_qpdf(tmp_path: Path, name: str, schemes: tuple[tuple[str, str], tuple[str, str]]):
    first, second = schemes
    once, twice = seal_twice(name, first, second)
    path = tmp_path / "sealed.pdf"
    for pdf, count in ((once, 1), (twice, 2)):
        path.write_bytes(pdf)
        assert qpdf_check(path).no_worse_than(qpdf_check(FIXTURES / "pdf" / f"{name}.pdf"))
        statuses = pyhanko_status(path, roots(first[0], second[0]), at=WHEN, strict=name not in NOT_STRICT)
        assert [status.bottom_line for status in statuses] == [True] * count, statuses
        assert statuses[-1].coverage == "ENTIRE_FILE"
        seen = pdfsig(path)
        assert [one.valid for one in seen] == [True] * count, seen
        assert seen[-1].whole_document


@pytest.mark.parametrize("name", WITHOUT_PYHANKO)
def test_pdfsig_and_qpdf_alone(tmp_path: Path, name: str):
    path = tmp_path / "sealed.pdf"
    path.write_bytes(seal_twice(name, *SCHEMES[0])[1])
    assert [one.valid for one in pdfsig(path)] == [True, True]
    assert qpdf_check(path).no_worse_than(qpdf_check(FIXTURES / "pdf" / f"{name}.pdf"))


def container(pdf: bytes) -> tuple[bytes, bytes]:
    """The container of the last signature, and the bytes that its /ByteRange covers; read without pdfseal."""
    a, b, c, d = (int(item) for item in re.findall(rb"/ByteRange ?\[(\d+) (\d+) (\d+) (\d+)\]", pdf)[-1])
    return bytes.fromhex(pdf[b + 1 : c - 1].decode()), pdf[a : a + b] + pdf[c : c + d]


@pytest.mark.parametrize(("family", "scheme"), [pair for pairs in SCHEMES for pair in pairs])
def test_openssl_cms_verifies_the_covered_bytes(tmp_path: Path, family: str, scheme: str):
    pdf = seal((FIXTURES / "pdf" / "table.pdf").read_bytes(), family=family, signature_scheme=scheme).pdf
    der, covered = container(pdf)
    (tmp_path / "cms.der").write_bytes(der)
    for content, accepted in ((covered, True), (covered + b"x", False)):
        (tmp_path / "content").write_bytes(content)
        done = run(
            "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", tmp_path / "cms.der",
            "-content", tmp_path / "content", "-CAfile", PKI / f"{family}-root.crt.pem",
            "-purpose", "any", "-attime", str(int(WHEN.timestamp())), "-out", tmp_path / "out",
        )  # fmt: skip
        assert (done.returncode == 0) == accepted, done.stderr.decode()


def test_openssl_verifies_sm2_over_the_to_be_signed():
    sealed = seal((FIXTURES / "pdf" / "table.pdf").read_bytes(), family="sm2")
    signature = signature_value(container(sealed.pdf)[0])
    path = PKI / "sm2-signer.crt.pem"
    assert openssl_sm2_verify(path, sealed.prepared.hash_set_bytes, signature)
    assert not openssl_sm2_verify(path, sealed.prepared.hash_set_bytes + b"\0", signature)
    assert not openssl_sm2_verify(path, sealed.prepared.hash_set_bytes, signature, user_id="87654321")


def test_openssl_verifies_ecdsa_over_the_to_be_signed():
    sealed = seal((FIXTURES / "pdf" / "table.pdf").read_bytes(), family="p256")
    signature = signature_value(container(sealed.pdf)[0])
    assert openssl_verify(PKI / "p256-signer.crt.pem", sealed.prepared.hash_set_bytes, signature, "-sha256")


def signature_value(der: bytes) -> bytes:
    """The signature of the one SignerInfo: the last OCTET STRING of the CMS, as OpenSSL lists it."""
    done = run("openssl", "asn1parse", "-inform", "DER", stdin=der.rstrip(b"\0"))
    lines = [line for line in done.stdout.decode().splitlines() if "OCTET STRING" in line]
    return bytes.fromhex(lines[-1].rpartition(":")[2])


def test_sm2_seal_is_accepted_by_us_and_only_unknown_to_pdfsig(tmp_path: Path):
    """No outside program at hand verifies SM2 in PDF: pdfsig must at least see one whole-file signature."""
    path = tmp_path / "sealed.pdf"
    path.write_bytes(seal((FIXTURES / "pdf" / "table.pdf").read_bytes(), family="sm2").pdf)
    seen = pdfsig(path)
    assert len(seen) == 1
    assert seen[0].whole_document
    assert qpdf_check(path).exit_code == 0


def test_outside_signature_made_by_openssl(tmp_path: Path):
    """The signer is the OpenSSL program: it signs the to-be-signed bytes with a key we never open."""
    prepared = pdfseal.prepare(
        (FIXTURES / "pdf" / "table.pdf").read_bytes(),
        placement=None,
        appearance=pdfseal.Appearance(None),
        signer=certificate("p256-signer"),
        chain=[certificate("p256-inter")],
        when=WHEN,
    )
    done = run(
        "openssl", "dgst", "-sha256", "-sign", PKI / "p256-signer.key.pem", stdin=prepared.hash_set_bytes
    )
    sealed = pdfseal.compose(prepared, done.stdout).applied_to(prepared.pdf_bytes())
    path = tmp_path / "sealed.pdf"
    path.write_bytes(sealed)
    assert [status.bottom_line for status in pyhanko_status(path, roots("p256"), at=WHEN)] == [True]
    assert private_key("p256-signer").public_key == certificate("p256-signer").public_key
