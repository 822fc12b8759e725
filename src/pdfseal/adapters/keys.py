"""Signers: local keys, and an outside command.

    signer = load_private_key(Path("signer.key.pem").read_bytes(), b"password")
    signature = signer.sign(prepared.to_be_signed, prepared.signature_scheme)

Both are `crypto.signer.Signer`. The core never sees a private key.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, Any

from pdfseal import asn1
from pdfseal.adapters import keyfiles
from pdfseal.arguments import check_fields, checked
from pdfseal.crypto import schemes, sm2
from pdfseal.crypto.keys import SM2_CURVE, PublicKey
from pdfseal.crypto.schemes import SignatureScheme
from pdfseal.errors import CallerError, DocumentError, OutsideError
from pdfseal.pki.certificate import Certificate

MAX_OUTPUT_BYTES = 64 * 1024

_KEY_PEM = re.compile(
    rb"-----BEGIN ((?:ENCRYPTED |RSA |EC |SM2 )?PRIVATE KEY)-----\s(.*?)-----END \1-----", re.DOTALL
)


@dataclass(frozen=True)
class LocalSigner:
    """A private key in this process.

    `certificate` is the key's own where the key file carries it, `chain` what else it carries.
    """

    public_key: PublicKey
    _secret: Any = field(repr=False, compare=False)
    certificate: Certificate | None = None
    chain: tuple[Certificate, ...] = ()

    def sign(self, to_be_signed: bytes, scheme: SignatureScheme) -> bytes:
        """DER SEQUENCE { r, s } or the octets of an RSA signature.

        CallerError `unknown_scheme` if the key does not fit, RefusedError `weak_algorithm`.
        """
        schemes.check_fits(scheme, self.public_key)
        schemes.refuse_weak(scheme)
        digest = schemes.message_digest(scheme, self.public_key, to_be_signed)
        if scheme.family == "sm2":
            r, s = self._sm2_sign(digest)
            return asn1.sequence(asn1.integer(r), asn1.integer(s))
        prehashed, padding = schemes.cryptography_parameters(scheme)
        if padding is not None:
            rsa_signature: bytes = self._secret.sign(digest, padding, prehashed)
            return rsa_signature
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

        signature: bytes = self._secret.sign(digest, ECDSA(prehashed))
        return signature

    @cached_property
    def _sm2_sign(self) -> Callable[[bytes], tuple[int, int]]:
        """The key is loaded once: reading it costs as much as signing."""
        point = self.public_key.point
        assert point is not None  # the scheme fits the key
        return sm2.signer(self._secret, point)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_sm2_sign"}


@checked
def load_private_key(data: bytes, password: bytes | None = None) -> LocalSigner:
    """A key file: PEM or DER of PKCS#8 (encrypted or not), PKCS#1, SEC 1, or PKCS#12.

    Certificates beside the key in PEM or PKCS#12 are kept. CallerError `key_unreadable` or
    `wrong_password`; a password that is not needed is ignored.
    """
    certificates: tuple[Certificate, ...] = ()
    if b"-----BEGIN" in data:
        found = _read_pem(data, password)
        if b"-----BEGIN CERTIFICATE-----" in data:
            certificates = Certificate.load_many(data)
    else:
        found = keyfiles.read_key_file(data, password)
        certificates = tuple(Certificate.load(der) for der in found.certificates)
    public_key = found.key.public_key
    own = [certificate for certificate in certificates if _same_key(certificate.public_key, public_key)][:1]
    chain = tuple(certificate for certificate in certificates if certificate not in own)
    return LocalSigner(public_key, found.key.secret, own[0] if own else None, chain)


def _read_pem(data: bytes, password: bytes | None) -> keyfiles.KeyFile:
    blocks = list(_KEY_PEM.finditer(data))
    if len(blocks) != 1:
        raise keyfiles.unreadable(f"the PEM file holds {len(blocks)} private keys")
    if b"Proc-Type:" in blocks[0][2]:
        return keyfiles.from_pem_legacy(blocks[0][0] + b"\n", password)
    try:
        der = base64.b64decode(b"".join(blocks[0][2].split()), validate=True)
    except binascii.Error as error:
        raise keyfiles.unreadable(f"not base64: {error}") from error
    return keyfiles.read_key_file(der, password)


def generate_sm2() -> LocalSigner:
    """A fresh SM2 key, from the operating system's randomness."""
    scalar = 1 + int.from_bytes(os.urandom(40)) % (SM2_CURVE.n - 2)  # 1 … n-2, bias below 2^-64
    return LocalSigner(PublicKey.from_point(SM2_CURVE, sm2.public_point(scalar)), scalar)


def to_pem(signer: LocalSigner) -> bytes:
    """The key as unencrypted PKCS#8 PEM: for test and demonstration keys."""
    if signer.public_key.kind == "sm2":
        der = keyfiles.encode_sm2_private_key(signer._secret)
    else:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        der = signer._secret.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    text = base64.encodebytes(der).replace(b"\n", b"")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN PRIVATE KEY-----", *lines, b"-----END PRIVATE KEY-----", b""])


def check_key_matches(signer: object, certificate: Certificate) -> None:
    """CallerError `key_mismatch` if the signer's public key is known and is not the certificate's."""
    public_key = getattr(signer, "public_key", None)
    if isinstance(public_key, PublicKey) and not _same_key(public_key, certificate.public_key):
        name = certificate.common_name or certificate.serial_hex
        raise CallerError("key_mismatch", f"the private key does not belong to the certificate of {name}")


def _same_key(one: PublicKey, other: PublicKey) -> bool:
    """By value: two encodings of one key are the same key."""
    if one.kind == "rsa" == other.kind:
        return (one.modulus, one.exponent) == (other.modulus, other.exponent)
    return one.point is not None and (one.curve, one.point) == (other.curve, other.point)


# -- an outside command ---------------------------------------------------------------------


@dataclass(frozen=True)
class CommandSigner:
    """A program that signs: to-be-signed on standard input, signature on standard output.

    `argv` is run as it is, without a shell. PDFSEAL_SCHEME and PDFSEAL_DIGEST in its
    environment name the scheme and its digest. The answer is DER, raw octets, or either of
    them as hex or base64 text, 64 KiB at most.
    """

    argv: tuple[str, ...]
    timeout_s: float = 60.0
    public_key: PublicKey | None = None

    def __init__(
        self, argv: Sequence[str], timeout_s: float = 60.0, public_key: PublicKey | None = None
    ) -> None:
        if isinstance(argv, str) or not argv:
            raise CallerError("argument", "the signer command must be a list of a program and its arguments")
        object.__setattr__(self, "argv", tuple(argv))
        object.__setattr__(self, "timeout_s", timeout_s)
        object.__setattr__(self, "public_key", public_key)
        check_fields(self)
        if not 0 < timeout_s <= threading.TIMEOUT_MAX:
            raise CallerError("argument", f"a signer command cannot have {timeout_s:g} seconds")

    def sign(self, to_be_signed: bytes, scheme: SignatureScheme) -> bytes:
        """OutsideError `signer_failed` if the command cannot be run, fails, is late or answers nothing."""
        environment = {**os.environ, "PDFSEAL_SCHEME": scheme.name, "PDFSEAL_DIGEST": scheme.digest}
        status, output, complaint = self._run(to_be_signed, environment)
        if len(output) > MAX_OUTPUT_BYTES:
            raise self._failure(f"answered more than {MAX_OUTPUT_BYTES} bytes")
        if status != 0:
            lines = complaint.decode("utf-8", "replace").strip().splitlines()
            raise self._failure(f"ended with status {status}" + (f": {lines[0][:200]}" if lines else ""))
        signature = decode_signature(output)
        if not signature:
            raise self._failure("answered nothing")
        return signature

    def _run(self, to_be_signed: bytes, environment: dict[str, str]) -> tuple[int, bytes, bytes]:
        """(exit status, standard output, standard error), each output cut off one byte above the limit."""
        with tempfile.TemporaryFile() as stdin:  # a pipe could block while the command does not read
            stdin.write(to_be_signed)
            stdin.seek(0)
            try:
                process = subprocess.Popen(
                    self.argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    env=environment, start_new_session=True,
                )  # fmt: skip
            except (OSError, ValueError) as error:  # ValueError: a NUL in a word
                raise self._failure(f"cannot be run: {getattr(error, 'strerror', error)}") from error
        outputs: dict[str, bytes] = {}
        readers = [
            threading.Thread(target=_drain, args=(process, stream, outputs, name), daemon=True)
            for name, stream in (("stdout", process.stdout), ("stderr", process.stderr))
        ]
        for reader in readers:
            reader.start()
        deadline = time.monotonic() + self.timeout_s
        try:
            for reader in readers:
                reader.join(max(0.0, deadline - time.monotonic()))
            if any(reader.is_alive() for reader in readers):
                raise self._failure(f"did not answer within {self.timeout_s:g} s")
            status = process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise self._failure(f"did not end within {self.timeout_s:g} s") from error
        finally:
            _kill(process)
            for reader in readers:  # the pipes are closed now
                reader.join(1)
        return status, outputs.get("stdout", b""), outputs.get("stderr", b"")

    def _failure(self, what: str) -> OutsideError:
        return OutsideError("signer_failed", f"the signer command {self.argv[0]!r} {what}")


def _drain(process: subprocess.Popen[bytes], stream: IO[bytes], outputs: dict[str, bytes], name: str) -> None:
    with stream:
        outputs[name] = stream.read(MAX_OUTPUT_BYTES + 1)
        if len(outputs[name]) > MAX_OUTPUT_BYTES:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the command and what it started; its process group is its own (start_new_session)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def decode_signature(output: bytes) -> bytes:
    """A signer's answer as octets: DER and binary as they are, hex or base64 text decoded.

    A binary signature of 64 octets or more made of nothing but such characters has a chance
    below 2^-120.
    """
    if output[:1] == b"\x30":
        try:
            items = asn1.read(output).children(most=2)
            if all(item.tag == asn1.INTEGER for item in items):
                return output
        except DocumentError:
            pass
    text = b"".join(output.split())
    if re.fullmatch(rb"(?:[0-9A-Fa-f]{2})+", text):
        return bytes.fromhex(text.decode("ascii"))
    if re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", text) and len(text) % 4 == 0:
        return base64.b64decode(text)
    return output
