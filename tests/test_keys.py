from __future__ import annotations

import base64
import pickle
import sys
import time

import pytest

from pdfseal import asn1
from pdfseal.adapters import keyfiles
from pdfseal.adapters.keys import (
    CommandSigner,
    check_key_matches,
    decode_signature,
    generate_sm2,
    load_private_key,
    to_pem,
)
from pdfseal.crypto import schemes
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.errors import CallerError, OutsideError, PdfsealError
from tests.support.oracles import run
from tests.support.pki import FAMILIES, PKI, certificate, signer

PASSWORD = "密码 password".encode()


def code_of(call, *arguments, **options) -> str:
    with pytest.raises(PdfsealError) as caught:
        call(*arguments, **options)
    return caught.value.code


def openssl(*arguments, stdin: bytes | None = None) -> bytes:
    done = run("openssl", *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def assert_signs(loaded, family: str) -> None:
    scheme = schemes.default_scheme(loaded.public_key)
    signature = loaded.sign(b"message", scheme)
    assert schemes.verify(scheme, certificate(f"{family}-signer").public_key, b"message", signature)
    check_key_matches(loaded, certificate(f"{family}-signer"))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_forms_of_key_files(family, form):
    path = PKI / f"{family}-signer.key.pem"
    secret = f"pass:{PASSWORD.decode()}"
    files = [openssl("pkcs8", "-topk8", "-nocrypt", "-in", path, "-outform", form)]
    if family != "sm2":
        files.append(openssl("pkey", "-traditional", "-in", path, "-outform", form))  # PKCS#1, SEC 1
    else:
        files.append(openssl("ec", "-in", path, "-outform", form))
    for data in files:
        assert_signs(load_private_key(data), family)
        assert_signs(load_private_key(data, b"not needed"), family)
    for cipher in ("aes-256-cbc", "aes-192-cbc", "aes-128-cbc"):
        data = openssl("pkcs8", "-topk8", "-in", path, "-outform", form, "-v2", cipher, "-passout", secret)
        assert_signs(load_private_key(data, PASSWORD), family)
        assert code_of(load_private_key, data, b"wrong") == "wrong_password"
        assert code_of(load_private_key, data, b"") == "wrong_password"
        assert code_of(load_private_key, data) == "wrong_password"
    for prf in ("hmacWithSHA1", "hmacWithSHA512"):
        command = ["pkcs8", "-topk8", "-in", path, "-outform", form, "-v2", "aes-256-cbc", "-v2prf", prf]
        assert_signs(load_private_key(openssl(*command, "-passout", secret), PASSWORD), family)


def test_sm4_encrypted_key():
    path = PKI / "sm2-signer.key.pem"
    command = ["pkcs8", "-topk8", "-in", path, "-v2", "sm4-cbc", "-passout", "pass:secret"]
    assert_signs(load_private_key(openssl(*command), b"secret"), "sm2")


@pytest.mark.parametrize("family", ["rsa", "p256"])
def test_older_encryptions(family):
    """Scrypt, triple DES and `Proc-Type: 4,ENCRYPTED` are left to `cryptography`."""
    path = PKI / f"{family}-signer.key.pem"
    for options in (["-scrypt"], ["-v2", "des3"]):
        data = openssl("pkcs8", "-topk8", "-in", path, *options, "-passout", "pass:secret")
        assert_signs(load_private_key(data, b"secret"), family)
        assert code_of(load_private_key, data, b"wrong") == "wrong_password"
    data = openssl("pkey", "-traditional", "-aes256", "-in", path, "-passout", "pass:secret")
    assert b"Proc-Type" in data
    assert_signs(load_private_key(data, b"secret"), family)
    assert code_of(load_private_key, data, b"wrong") == "wrong_password"
    assert code_of(load_private_key, data) == "wrong_password"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory) -> dict[str, bytes]:
    """A PKCS#12 file of each family: key, certificate and intermediate."""
    folder = tmp_path_factory.mktemp("pkcs12")
    for family in FAMILIES:
        command = [
            "pkcs12",
            "-export",
            "-inkey",
            PKI / f"{family}-signer.key.pem",
            "-in",
            PKI / f"{family}-signer.crt.pem",
        ]
        command += ["-certfile", PKI / f"{family}-inter.crt.pem"]
        openssl(*command, "-passout", f"pass:{PASSWORD.decode()}", "-out", folder / family)
    return {family: (folder / family).read_bytes() for family in FAMILIES}


@pytest.mark.parametrize("family", FAMILIES)
def test_pkcs12(family, bundles):
    loaded = load_private_key(bundles[family], PASSWORD)
    assert_signs(loaded, family)
    assert loaded.certificate == certificate(f"{family}-signer")
    assert loaded.chain == (certificate(f"{family}-inter"),)
    assert code_of(load_private_key, bundles[family], b"wrong") == "wrong_password"
    assert code_of(load_private_key, bundles[family]) == "wrong_password"


def test_pkcs12_whose_mac_is_wrong(bundles):
    data = bytearray(bundles["sm2"])
    data[len(data) // 3] ^= 1  # inside the encrypted part: only the MAC can tell
    assert code_of(load_private_key, bytes(data), PASSWORD) == "wrong_password"


@pytest.mark.parametrize("family", ["sm2", "rsa"])
def test_pkcs12_variants(family, tmp_path):
    command = [
        "pkcs12",
        "-export",
        "-inkey",
        PKI / f"{family}-signer.key.pem",
        "-in",
        PKI / f"{family}-signer.crt.pem",
    ]
    variants = {
        "no-mac": ["-nomac"],
        "plain": ["-keypbe", "NONE", "-certpbe", "NONE"],
        "sha1": ["-macalg", "sha1"],
    }
    for name, options in variants.items():
        openssl(*command, *options, "-passout", "pass:secret", "-out", tmp_path / name)
        assert_signs(load_private_key((tmp_path / name).read_bytes(), b"secret"), family)
    openssl(*command, "-passout", "pass:", "-out", tmp_path / "empty")
    assert_signs(load_private_key((tmp_path / "empty").read_bytes(), b""), family)


def test_old_pkcs12_is_left_to_cryptography(tmp_path):
    command = ["pkcs12", "-export", "-inkey", PKI / "rsa-signer.key.pem", "-in", PKI / "rsa-signer.crt.pem"]
    options = ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-passout", "pass:secret"]
    openssl(*command, *options, "-out", tmp_path / "old")
    loaded = load_private_key((tmp_path / "old").read_bytes(), b"secret")
    assert_signs(loaded, "rsa")
    assert loaded.certificate == certificate("rsa-signer")
    assert code_of(load_private_key, (tmp_path / "old").read_bytes(), b"wrong") == "wrong_password"


def test_certificates_beside_the_key_in_pem():
    names = ["sm2-inter.crt.pem", "sm2-signer.key.pem", "sm2-signer.crt.pem"]
    loaded = load_private_key(b"".join((PKI / name).read_bytes() for name in names))
    assert loaded.certificate == certificate("sm2-signer")
    assert loaded.chain == (certificate("sm2-inter"),)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"nonsense", b"\x30\x00", (PKI / "rsa-root.crt.pem").read_bytes(), certificate("rsa-root").der,
        b"-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----\n",
        (PKI / "sm2-root.key.pem").read_bytes() + (PKI / "rsa-root.key.pem").read_bytes(),
        bytes(keyfiles.MAX_KEY_FILE_BYTES + 1),
    ],
)  # fmt: skip
def test_what_is_not_a_key(data):
    assert code_of(load_private_key, data) == "key_unreadable"
    assert code_of(load_private_key, data, b"secret") == "key_unreadable"


def test_an_sm2_key_beside_another_public_key_is_refused():
    der = bytearray(keyfiles.encode_sm2_private_key(5))
    der[-1] ^= 1
    assert code_of(load_private_key, bytes(der)) == "key_unreadable"
    for scalar in (0, 2**256 - 1):
        key = asn1.sequence(asn1.integer(1), asn1.octet_string(scalar.to_bytes(32)),
                            asn1.explicit(0, asn1.object_identifier("1.2.156.10197.1.301")))  # fmt: skip
        assert code_of(load_private_key, key) == "key_unreadable"


def test_a_key_derivation_without_end_is_refused():
    data = openssl(
        "pkcs8", "-topk8", "-in", PKI / "sm2-signer.key.pem", "-outform", "DER", "-v2", "aes-256-cbc",
        "-iter", "65536", "-passout", "pass:secret",
    )  # fmt: skip
    assert bytes.fromhex("0203010000") in data
    assert load_private_key(data, b"secret")
    hostile = data.replace(bytes.fromhex("0203010000"), bytes.fromhex("0203ffffff"))
    assert code_of(load_private_key, hostile, b"secret") == "key_unreadable"  # negative
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyfiles, "MAX_ITERATIONS", 65535)
        assert code_of(load_private_key, data, b"secret") == "key_unreadable"


def test_key_of_another_certificate():
    for family in FAMILIES:
        check_key_matches(signer(f"{family}-signer"), certificate(f"{family}-signer"))
        assert (
            code_of(check_key_matches, signer(f"{family}-signer"), certificate(f"{family}-root"))
            == "key_mismatch"
        )
        assert (
            code_of(check_key_matches, signer(f"{family}-signer"), certificate("sm2-tsa")) == "key_mismatch"
        )
    check_key_matches(CommandSigner(["true"]), certificate("sm2-signer"))  # unknown: compose will tell


def test_keys_do_not_show_in_repr():
    made = generate_sm2()
    assert str(made._secret) not in repr(made)
    assert "_secret" not in repr(made)


@pytest.mark.parametrize("family", FAMILIES)
def test_written_keys_are_read_by_openssl_and_by_us(family):
    pem = to_pem(signer(f"{family}-signer"))
    assert openssl("pkey", "-noout", "-check", stdin=pem).strip() == b"Key is valid"
    assert load_private_key(pem).public_key == signer(f"{family}-signer").public_key


def test_signing_refuses_schemes_that_do_not_fit():
    assert code_of(signer("rsa-signer").sign, b"", SCHEMES["sm2-sm3"]) == "unknown_scheme"
    assert code_of(signer("sm2-signer").sign, b"", SCHEMES["rsa-sha256"]) == "unknown_scheme"


# -- an outside command ---------------------------------------------------------------------

SCHEME = SCHEMES["sm2-sm3"]


def python(code: str, **options) -> CommandSigner:
    return CommandSigner([sys.executable, "-S", "-c", "import sys, os, time; " + code], **options)


def test_a_command_that_signs(tmp_path):
    script = tmp_path / "sign.sh"
    script.write_text(
        '#!/bin/sh\ncat > "$1/message"\n'
        f'openssl dgst "-$PDFSEAL_DIGEST" -sign "{PKI}/sm2-signer.key.pem" '
        '-sigopt distid:1234567812345678 "$1/message"\n'
    )
    script.chmod(0o700)
    signature = CommandSigner([str(script), str(tmp_path)]).sign(b"message", SCHEME)
    assert schemes.verify(SCHEME, certificate("sm2-signer").public_key, b"message", signature)


def test_it_sees_input_and_scheme():
    answer = python(
        "print((len(sys.stdin.buffer.read()), os.environ['PDFSEAL_SCHEME'], os.environ['PDFSEAL_DIGEST']))"
    )
    assert answer.sign(bytes(500_000), SCHEME) == b"(500000, 'sm2-sm3', 'sm3')\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["/nonexistent/signer"], "cannot be run"),
        (
            [sys.executable, "-c", "import sys; sys.stderr.write('PIN 错误\\nmore'); sys.exit(3)"],
            "status 3: PIN 错误",
        ),
        ([sys.executable, "-c", "pass"], "answered nothing"),
        ([sys.executable, "-c", "print('A' * 70000)"], "more than 65536 bytes"),
        (["sh", "-c", "kill -9 $$"], "status -9"),
    ],
)
def test_commands_that_fail(argv, message):
    with pytest.raises(OutsideError) as caught:
        CommandSigner(argv).sign(b"message", SCHEME)
    assert caught.value.code == "signer_failed"
    assert message in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(60)",
        "os.close(1); os.close(2); time.sleep(60)",
        "os.spawnvp(os.P_NOWAIT, 'sleep', ['sleep', '60'])",  # a grandchild keeps the pipe
    ],
)
def test_commands_that_take_too_long(code):
    start = time.monotonic()
    with pytest.raises(OutsideError, match="within"):
        python(code, timeout_s=0.5).sign(b"message", SCHEME)
    assert time.monotonic() - start < 5


def test_a_flood_is_stopped_at_once():
    start = time.monotonic()
    with pytest.raises(OutsideError, match="more than"):
        CommandSigner(["yes"], timeout_s=20).sign(b"message", SCHEME)
    assert time.monotonic() - start < 5


def test_a_command_is_a_list():
    for argv in ("sign me", [], ""):
        with pytest.raises(CallerError):
            CommandSigner(argv)  # type: ignore[arg-type]


def test_answers_in_several_forms():
    der = signer("sm2-signer").sign(b"message", SCHEME)
    raw = b"".join(number.integer("x").to_bytes(32) for number in asn1.read(der).children())
    rsa = signer("rsa-signer").sign(b"message", SCHEMES["rsa-sha256"])
    for signature in (der, raw, rsa):
        assert decode_signature(signature) == signature
        assert decode_signature(base64.b64encode(signature) + b"\n") == signature
        assert decode_signature(base64.encodebytes(signature)) == signature
        assert decode_signature(signature.hex().encode() + b"\r\n") == signature
        assert decode_signature(signature.hex().upper().encode()) == signature


def test_an_sm2_key_is_loaded_once_and_travels():
    """Loading costs as much as signing; what was loaded stays in this process."""
    signer = generate_sm2()
    scheme = SCHEMES["sm2-sm3"]
    first = signer.sign(b"a", scheme)
    loaded = vars(signer)["_sm2_sign"]
    assert signer.sign(b"b", scheme) != first
    assert vars(signer)["_sm2_sign"] is loaded
    again = pickle.loads(pickle.dumps(signer))
    assert "_sm2_sign" not in vars(again)
    assert again == signer
    assert schemes.verify(scheme, signer.public_key, b"c", again.sign(b"c", scheme))
