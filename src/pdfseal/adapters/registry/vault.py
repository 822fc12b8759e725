"""Encryption of single columns, and the blind indexes by which encrypted columns are looked up.

    blob = vault.encrypt("user.mobile", "18745292611")     another blob every time
    vault.decrypt("user.mobile", blob)
    vault.index("user.id_number", "SF", "5134…")           the same 32 bytes every time

AES-256-GCM (NIST SP 800-38D) with a random nonce; the column's name is authenticated, so that a
blob cannot be moved to another column. An index is HMAC-SHA256 under a key of its own: without
the key, numbers cannot be guessed by trying.

Law: one master key of 32 bytes, which is never stored in the database.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass, field

from pdfseal.errors import CallerError, OutsideError

MASTER_KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Vault:
    """The keys derived from the master key. Raises CallerError `configuration` for a wrong length."""

    _encryption: bytes = field(repr=False)
    _indexing: bytes = field(repr=False)

    @classmethod
    def of(cls, master: bytes) -> Vault:
        if len(master) != MASTER_KEY_BYTES:
            raise CallerError(
                "configuration", f"the registry's key has {len(master)} bytes, {MASTER_KEY_BYTES} are needed"
            )
        return cls(_derive(master, "encrypt columns"), _derive(master, "index columns"))

    def encrypt(self, column: str, text: str) -> bytes:
        """The text as version ‖ nonce ‖ ciphertext ‖ tag."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + AESGCM(self._encryption).encrypt(nonce, text.encode(), column.encode())

    def decrypt(self, column: str, blob: bytes) -> str:
        """OutsideError `database` where the blob is not of this column or was made with another key."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce, body = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
        try:
            if blob[:1] != _VERSION:
                raise InvalidTag
            return AESGCM(self._encryption).decrypt(nonce, body, column.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise OutsideError("database", f"{column} cannot be decrypted: wrong key or damaged") from error

    def index(self, column: str, *parts: str) -> bytes:
        """32 bytes that are equal for equal parts, and say nothing without the key."""
        message = b"\x00".join(part.encode() for part in (column, *parts))
        return hmac.digest(self._indexing, message, hashlib.sha256)


def new_master_key() -> str:
    """A fresh master key as base64 text."""
    return base64.b64encode(os.urandom(MASTER_KEY_BYTES)).decode("ascii")


def read_master_key(text: str) -> bytes:
    """A master key written as base64 or hexadecimal. Raises CallerError `configuration`."""
    compact = "".join(text.split())
    try:
        if len(compact) == 2 * MASTER_KEY_BYTES:
            return bytes.fromhex(compact)
        key = base64.b64decode(compact, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise CallerError(
            "configuration", f"the registry's key must be {MASTER_KEY_BYTES} bytes, in base64 or hexadecimal"
        )
    return key


def _derive(master: bytes, purpose: str) -> bytes:
    return hmac.digest(master, f"pdfseal registry, version 1: {purpose}".encode(), hashlib.sha256)
