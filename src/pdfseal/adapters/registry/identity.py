"""Who a person is to the service: the MSSPID, and names for new things."""

from __future__ import annotations

import secrets
import uuid

from pdfseal.adapters.registry.vault import Vault
from pdfseal.crypto.digests import digest


def msspid(name: str, id_type: str, id_number: str, *, vault: Vault | None = None) -> str:
    """The user's identifier, 64 lower-case hexadecimal digits.

    SM3 over the UTF-8 text of the three, joined: what COSS computes. Identity numbers can be
    guessed, and so can this. With `vault` it is keyed instead: no guess can be checked without
    the registry's key, and no other COSS gives the same person the same identifier.
    """
    if vault is not None:
        return vault.index("user.msspid", name, id_type, id_number).hex()
    return digest("sm3", f"{name}{id_type}{id_number}".encode()).hex()


def new_app_id() -> str:
    return f"APP_{uuid.uuid4().hex.upper()}"


def new_secure_code() -> str:
    """256 bits in letters and digits that survive every configuration file."""
    return secrets.token_hex(32)


def new_device_id() -> str:
    return f"DEVICE_{uuid.uuid4()}"
