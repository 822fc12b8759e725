from __future__ import annotations

import pytest

from pdfseal import asn1
from pdfseal.asn1 import Reading
from pdfseal.crypto import schemes
from pdfseal.crypto.keys import PublicKey
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.errors import CallerError, DocumentError, PdfsealError
from tests.support.oracles import run
from tests.support.pki import PKI, certificate, generate, signer

FIT = {
    "sm2": ["sm2-sm3"],
    "rsa": [name for name in SCHEMES if name.startswith("rsa") and "sha1" not in name],
    "p256": ["ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"],
    "p384": ["ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"],
}
PAIRS = [(family, name) for family, names in FIT.items() for name in names]


def code_of(call, *arguments, **options) -> str:
    with pytest.raises(PdfsealError) as caught:
        call(*arguments, **options)
    return caught.value.code


@pytest.mark.parametrize(("family", "name"), PAIRS)
def test_sign_and_verify(family, name, tmp_path):
    key, scheme = certificate(f"{family}-signer").public_key, SCHEMES[name]
    signature = signer(f"{family}-signer").sign(b"message", scheme)
    assert schemes.verify(scheme, key, b"message", signature, reading=Reading(strict=True))
    assert not schemes.verify(scheme, key, b"massage", signature)
    assert not schemes.verify(scheme, key, b"message", signature[:-1])
    assert not schemes.verify(scheme, key, b"message", signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not schemes.verify(scheme, certificate(f"{family}-root").public_key, b"message", signature)
    assert len(signature) <= schemes.max_signature_size(scheme, key)
    digest = schemes.message_digest(scheme, key, b"message")
    assert schemes.verify_digest(scheme, key, digest, signature)
    assert code_of(schemes.verify_digest, scheme, key, digest[:-1], signature) == "argument"
    if family != "sm2":  # test_sm2 has its own
        assert openssl_accepts(tmp_path, family, scheme, b"message", signature)


def openssl_accepts(folder, family, scheme, message, signature) -> bool:
    (folder / "message").write_bytes(message)
    (folder / "signature").write_bytes(signature)
    key = run("openssl", "pkey", "-in", PKI / f"{family}-signer.key.pem", "-pubout").stdout
    (folder / "public.pem").write_bytes(key)
    options = []
    if scheme.family == "rsa-pss":
        options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
    command = ["openssl", "dgst", f"-{scheme.digest}", *options, "-verify", folder / "public.pem"]
    return run(*command, "-signature", folder / "signature", folder / "message").stdout == b"Verified OK\n"


@pytest.mark.parametrize(
    ("family", "name"), [*PAIRS, ("rsa", "rsa-sha1"), ("p256", "ecdsa-sha1"), ("rsa", "rsa-pss-sha1")]
)
def test_an_identifier_names_its_scheme(family, name):
    key, scheme = certificate(f"{family}-signer").public_key, SCHEMES[name]
    node = asn1.read(schemes.algorithm_identifier(scheme), reading=Reading(strict=True))
    assert (
        schemes.scheme_of(node, key=key) == schemes.scheme_of(node, key=key, digest=scheme.digest) == scheme
    )


def identifier(*oids: str) -> asn1.Node:
    return asn1.read(asn1.sequence(*map(asn1.object_identifier, oids)))


def test_other_spellings_of_an_algorithm():
    rsa, sm2_key, ec = (certificate(f"{family}-signer").public_key for family in ("rsa", "sm2", "p256"))
    node = identifier("1.2.840.113549.1.1.1")
    assert schemes.scheme_of(node, key=rsa, digest="sha384") == SCHEMES["rsa-sha384"]
    assert not node.reading.used
    for oids in (["1.2.156.10197.1.501"], ["1.2.156.10197.1.301.1"]):
        node = identifier(*oids)
        assert schemes.scheme_of(node, key=sm2_key, digest="sm3") == SCHEMES["sm2-sm3"]
        assert not node.reading.used
    for oids in (
        ["1.2.156.10197.1.301"],
        ["1.2.840.10045.2.1"],
        ["1.2.840.10045.2.1", "1.2.156.10197.1.301"],
    ):
        node = identifier(*oids)
        assert schemes.scheme_of(node, key=sm2_key, digest="sm3") == SCHEMES["sm2-sm3"]
        assert list(node.reading.used) == ["cms_signature_algorithm"]
    assert (
        schemes.scheme_of(identifier("1.2.840.10045.2.1"), key=ec, digest="sha512") == SCHEMES["ecdsa-sha512"]
    )
    bare = asn1.read(asn1.object_identifier("1.2.156.10197.1.501"))
    assert schemes.scheme_of(bare, key=sm2_key) == SCHEMES["sm2-sm3"]


@pytest.mark.parametrize(
    ("family", "oid", "digest"),
    [
        ("rsa", "1.2.840.113549.1.1.4", None),  # md5WithRSA
        ("rsa", "1.2.840.113549.1.1.1", None),  # rsaEncryption, no digest beside it
        ("rsa", "1.2.840.113549.1.1.1", "sm3"),
        ("rsa", "1.2.840.113549.1.1.11", "sha1"),  # contradicts
        ("sm2", "1.2.156.10197.1.501", "sha256"),
        ("p256", "1.2.156.10197.1.501", "sm3"),  # does not go with the key
        ("sm2", "1.2.840.10045.4.3.2", "sha256"),
        ("sm2", "1.2.840.113549.1.1.11", "sha256"),
        ("p256", "1.2.840.113549.1.1.10", "sha1"),
    ],
)
def test_what_scheme_of_refuses(family, oid, digest):
    key = certificate(f"{family}-signer").public_key
    assert code_of(schemes.scheme_of, identifier(oid), key=key, digest=digest) == "container_malformed"


@pytest.mark.parametrize("salt_length", [0, 20, 32, 100])
def test_pss_salt_lengths_of_others(salt_length, tmp_path):
    (tmp_path / "message").write_bytes(b"message")
    options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", f"rsa_pss_saltlen:{salt_length}"]
    made = run(
        "openssl", "dgst", "-sha256", *options, "-sign", PKI / "rsa-signer.key.pem", tmp_path / "message"
    )
    key = certificate("rsa-signer").public_key
    sha256 = asn1.sequence(asn1.object_identifier("2.16.840.1.101.3.4.2.1"))
    parameters = asn1.sequence(
        asn1.explicit(0, sha256),
        asn1.explicit(1, asn1.sequence(asn1.object_identifier(schemes.MGF1), sha256)),
        asn1.explicit(2, asn1.integer(salt_length)),
    )
    node = asn1.read(asn1.sequence(asn1.object_identifier(schemes.RSA_PSS), parameters))
    scheme = schemes.scheme_of(node, key=key, digest="sha256")
    assert scheme.salt_length == salt_length
    assert schemes.verify(scheme, key, b"message", made.stdout)
    other = schemes.scheme_of(asn1.read(schemes.algorithm_identifier(SCHEMES["rsa-pss-sha256"])), key=key)
    assert schemes.verify(other, key, b"message", made.stdout) is (salt_length == 32)


def test_pss_with_a_mask_by_another_digest_is_refused():
    sha256, sha1 = (
        asn1.sequence(asn1.object_identifier(oid)) for oid in ("2.16.840.1.101.3.4.2.1", "1.3.14.3.2.26")
    )
    mask = asn1.sequence(asn1.object_identifier(schemes.MGF1), sha1)
    parameters = asn1.sequence(asn1.explicit(0, sha256), asn1.explicit(1, mask))
    node = asn1.read(asn1.sequence(asn1.object_identifier(schemes.RSA_PSS), parameters))
    assert code_of(schemes.scheme_of, node, key=certificate("rsa-signer").public_key) == "container_malformed"


def test_sha1_is_verified_but_never_used_to_seal(tmp_path):
    (tmp_path / "message").write_bytes(b"message")
    made = run("openssl", "dgst", "-sha1", "-sign", PKI / "rsa-signer.key.pem", tmp_path / "message").stdout
    assert schemes.verify(SCHEMES["rsa-sha1"], certificate("rsa-signer").public_key, b"message", made)
    assert code_of(signer("rsa-signer").sign, b"message", SCHEMES["rsa-sha1"]) == "weak_algorithm"
    for name, scheme in SCHEMES.items():
        if "sha1" in name:
            assert code_of(schemes.refuse_weak, scheme) == "weak_algorithm"
        else:
            schemes.refuse_weak(scheme)


def test_defaults_and_fit():
    defaults = {"sm2": "sm2-sm3", "rsa": "rsa-sha256", "p256": "ecdsa-sha256", "p384": "ecdsa-sha384"}
    for family, name in defaults.items():
        key = certificate(f"{family}-signer").public_key
        assert schemes.default_scheme(key).name == name
        for other, names in FIT.items():
            for candidate in names:
                if (other == family) or {other, family} == {"p256", "p384"}:
                    schemes.check_fits(SCHEMES[candidate], key)
                else:
                    assert code_of(schemes.check_fits, SCHEMES[candidate], key) == "unknown_scheme"
    assert schemes.default_scheme(generate("p521").public_key).name == "ecdsa-sha512"
    small = generate("rsa1024")
    assert code_of(schemes.check_fits, SCHEMES["rsa-pss-sha512"], small.public_key) == "unknown_scheme"
    signature = small.sign(b"message", SCHEMES["rsa-pss-sha384"])
    assert schemes.verify(SCHEMES["rsa-pss-sha384"], small.public_key, b"message", signature)


def test_keys_of_other_kinds():
    ed25519 = asn1.sequence(asn1.sequence(asn1.object_identifier("1.3.101.112")), asn1.bit_string(bytes(32)))
    curve = asn1.sequence(*map(asn1.object_identifier, ("1.2.840.10045.2.1", "1.3.132.0.10")))  # secp256k1
    for spki in (ed25519, asn1.sequence(curve, asn1.bit_string(b"\x04" + bytes(64)))):
        key = PublicKey.from_spki(spki)
        assert (key.kind, key.bits, key.curve, key.spki) == ("other", 0, None, spki)
        assert code_of(schemes.default_scheme, key) == "unknown_scheme"
        assert code_of(schemes.verify, SCHEMES["ecdsa-sha256"], key, b"", b"") == "unknown_scheme"


@pytest.mark.parametrize("modulus", [0, 1, 2**511, 2**2047, -5])
def test_rsa_moduli_that_are_none(modulus):
    key = asn1.sequence(asn1.integer(modulus), asn1.integer(65537))
    algorithm = asn1.sequence(asn1.object_identifier("1.2.840.113549.1.1.1"), asn1.null())
    with pytest.raises(DocumentError):
        PublicKey.from_spki(asn1.sequence(algorithm, asn1.bit_string(key)))


def test_a_huge_rsa_key_is_refused():
    key = asn1.sequence(asn1.integer(2**16384 + 1), asn1.integer(65537))
    algorithm = asn1.sequence(asn1.object_identifier("1.2.840.113549.1.1.1"), asn1.null())
    assert code_of(PublicKey.from_spki, asn1.sequence(algorithm, asn1.bit_string(key))) in (
        "limit_exceeded", "asn1_malformed",
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "sm2"])
def test_raw_signatures_are_normalised(kind):
    key_pair = generate(kind)
    key, scheme = key_pair.public_key, schemes.default_scheme(key_pair.public_key)
    signature = key_pair.sign(b"message", scheme)
    size = key.curve_parameters.size_bytes
    numbers = asn1.read(signature).children()
    raw = b"".join(number.integer("x").to_bytes(size) for number in numbers)
    reading = Reading()
    assert schemes.normalise_signature(scheme, key, raw, reading=reading) == signature
    assert list(reading.used) == ["signature_raw"]
    assert schemes.verify(scheme, key, b"message", raw)
    assert schemes.normalise_signature(scheme, key, signature, reading=Reading(strict=True)) == signature
    for bad in (raw[:-1], raw + b"\x00", bytes(2 * size), b"\xff" * 2 * size, b"", b"\x30\x00"):
        with pytest.raises(DocumentError):
            schemes.normalise_signature(scheme, key, bad, reading=Reading())


def test_der_that_is_as_long_as_raw_is_read_as_der():
    key = generate("sm2").public_key
    scheme = SCHEMES["sm2-sm3"]
    der = asn1.sequence(asn1.integer(1 << 225), asn1.integer(1 << 225))
    assert len(der) == 64
    numbers = asn1.read(schemes.normalise_signature(scheme, key, der, reading=Reading())).children()
    assert numbers[0].integer("r") == 1 << 225


def test_errors_are_the_callers():
    key = certificate("rsa-signer").public_key
    with pytest.raises(CallerError):
        schemes.verify(SCHEMES["sm2-sm3"], key, b"", b"")
