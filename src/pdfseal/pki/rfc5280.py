"""RFC 5280, 6.1 on one path, whatever the time: constraints, names, policies, critical extensions.

By `pyhanko-certvalidator`, with our own signature check plugged in because it knows no SM2. The
dates of a path are judged in `trust`: so a verdict here holds for ever and is kept.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from functools import lru_cache
from typing import Any

from pdfseal import asn1
from pdfseal.crypto import schemes
from pdfseal.crypto.keys import PublicKey
from pdfseal.errors import DocumentError, InternalError
from pdfseal.pki.certificate import Certificate


@lru_cache(maxsize=4096)
def verified(signed: bytes, signature: bytes, algorithm: bytes, spki: bytes) -> bool:
    """One signature check. Paths repeat the same few checks for every document."""
    key = PublicKey.from_spki(spki)
    scheme = schemes.scheme_of(asn1.read(algorithm), key=key)
    return schemes.verify(scheme, key, signed, signature)


@lru_cache(maxsize=1024)
def path_fault(chain: tuple[Certificate, ...], policies: frozenset[str]) -> str:
    """Why a chain of two or more (leaf first, anchor last) is no valid path, or "".

    `policies`: the path must be valid under one of these OIDs; empty asks for none.
    """
    from asn1crypto import x509
    from pyhanko_certvalidator import errors
    from pyhanko_certvalidator.authority import CertTrustAnchor
    from pyhanko_certvalidator.context import ValidationContext
    from pyhanko_certvalidator.path import ValidationPath
    from pyhanko_certvalidator.policy_decl import DisallowWeakAlgorithmsPolicy, PKIXValidationParams
    from pyhanko_certvalidator.validate import async_validate_path

    weak_passes: Any = DisallowWeakAlgorithmsPolicy  # untyped
    parameters = PKIXValidationParams(user_initial_policy_set=policies, initial_explicit_policy=True)
    try:
        leaf, *between, anchor = (x509.Certificate.load(one.der, strict=True) for one in chain)
        path = ValidationPath(CertTrustAnchor(anchor), between[::-1], leaf)
        context = ValidationContext(
            trust_roots=[anchor],
            other_certs=between,
            moment=max(one.not_before for one in chain[:-1]),
            time_tolerance=timedelta(0),
            signature_validator=_signature_validator(),
            # judged by `trust`, for all kinds of key alike
            algorithm_usage_policy=weak_passes(frozenset(), rsa_key_size_threshold=0),
        )
        _run(async_validate_path(context, path, parameters if policies else None))
    except (errors.ExpiredError, errors.NotYetValidError):
        return ""  # the validities have no moment in common, so no date is good: `trust` will say so
    except errors.ValidationError as error:
        return error.failure_msg
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError, DocumentError) as error:
        return f"a certificate of the path cannot be judged: {error}"  # asn1crypto reads lazily
    return ""


def _signature_validator() -> Any:
    """Our signature check in the form that pyhanko-certvalidator takes."""
    from cryptography.exceptions import InvalidSignature
    from pyhanko_certvalidator.sig_validate import DEFAULT_VALIDATION_CONTEXT, SignatureValidator

    class Validator(SignatureValidator):
        def validate_signature(
            self,
            signature: bytes,
            signed_data: bytes,
            public_key_info: Any,
            signature_algorithm: Any,
            context: Any = DEFAULT_VALIDATION_CONTEXT,
        ) -> None:
            algorithm, spki = signature_algorithm.dump(), public_key_info.dump()
            try:
                good = verified(bytes(signed_data), bytes(signature), algorithm, spki)
            except DocumentError as error:
                raise InvalidSignature(str(error)) from error
            if not good:
                raise InvalidSignature

    return Validator()


def _run(coroutine: Coroutine[Any, Any, object]) -> None:
    """Drive a coroutine that never waits: nothing is fetched, so no event loop is needed or touched."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise InternalError("internal", "path validation waited for something, though nothing may be fetched")
