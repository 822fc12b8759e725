"""The machine's own trust store, for callers who ask for it: nothing else ever uses it."""

from __future__ import annotations

import ssl

from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.trust import TrustAnchors


def system_anchors() -> TrustAnchors:
    """The roots that OpenSSL finds on this machine. CallerError `not_found` if there are none.

    They were collected for web servers; whether they should vouch for seals is the caller's
    decision. Roots that cannot be read are left out.
    """
    found: list[Certificate] = []
    for der in ssl.create_default_context().get_ca_certs(binary_form=True):
        try:
            found.append(Certificate.from_der(der))
        except DocumentError:
            continue
    if not found:
        raise CallerError("not_found", "this machine has no trust store that OpenSSL finds")
    return TrustAnchors(tuple(dict.fromkeys(found)))
