"""The door to private keys.

Law: the core never holds a private key. Whoever can sign implements this one method; local
keys and outside commands live in `pdfseal.adapters.keys`.
"""

from __future__ import annotations

from typing import Protocol

from pdfseal.crypto.schemes import SignatureScheme


class Signer(Protocol):
    """Something that signs."""

    def sign(self, to_be_signed: bytes, scheme: SignatureScheme) -> bytes:
        """The signature over the message `to_be_signed` (not over its digest).

        For SM2 and ECDSA as DER SEQUENCE { r, s } or raw r‖s; for RSA the octets of the
        signature. Raises OutsideError `signer_failed`.
        """
        ...
