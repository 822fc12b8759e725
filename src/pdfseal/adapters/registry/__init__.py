"""The registry of the service: who may call it, who may seal, with what.

Needs the extra `server` (SQLAlchemy). Secrets, names, identity and telephone numbers lie
encrypted in the database; see `vault`.
"""

from __future__ import annotations

from pdfseal.adapters.registry.identity import msspid
from pdfseal.adapters.registry.store import Registry, seal_fingerprint
from pdfseal.adapters.registry.values import (
    ID_TYPES,
    USER_STATUSES,
    Application,
    ApplicationSettings,
    Maker,
    NewUser,
    StoredCertificate,
    StoredPicture,
    StoredSeal,
    User,
    UserChange,
)
from pdfseal.adapters.registry.vault import new_master_key, read_master_key

__all__ = [
    "ID_TYPES", "USER_STATUSES", "Application", "ApplicationSettings", "Maker", "NewUser", "Registry",
    "StoredCertificate", "StoredPicture", "StoredSeal", "User", "UserChange", "msspid", "new_master_key",
    "read_master_key", "seal_fingerprint",
]  # fmt: skip
