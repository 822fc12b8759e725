"""SM2 through the libcrypto that Python's `_hashlib` links, else the system's, by ctypes.

`EVP_PKEY_verify` and `EVP_PKEY_sign` over 32 octets are SM2 over e in OpenSSL 3. Keys go in
as DER, so no structure of OpenSSL is mirrored here. Each call makes its own EVP_PKEY_CTX, and
an EVP_PKEY is never changed after it is made: threads share them.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import weakref
from collections.abc import Callable
from functools import lru_cache

from pdfseal import asn1
from pdfseal.crypto.keys import SM2_CURVE, SM2_OID, PublicKey
from pdfseal.errors import InternalError

_P = ctypes.c_void_p
_SIZE = ctypes.c_size_t
_DER = [_P, ctypes.POINTER(ctypes.c_char_p), ctypes.c_long]

# name: (result, arguments)
_PROTOTYPES: dict[str, tuple[object, list[object]]] = {
    "d2i_PUBKEY": (_P, [*_DER]),
    "d2i_AutoPrivateKey": (_P, [*_DER]),
    "EVP_PKEY_free": (None, [_P]),
    "EVP_PKEY_CTX_new": (_P, [_P, _P]),
    "EVP_PKEY_CTX_free": (None, [_P]),
    "EVP_PKEY_verify_init": (ctypes.c_int, [_P]),
    "EVP_PKEY_verify": (ctypes.c_int, [_P, ctypes.c_char_p, _SIZE, ctypes.c_char_p, _SIZE]),
    "EVP_PKEY_sign_init": (ctypes.c_int, [_P]),
    "EVP_PKEY_sign": (ctypes.c_int, [_P, ctypes.c_char_p, ctypes.POINTER(_SIZE), ctypes.c_char_p, _SIZE]),
    "ERR_clear_error": (None, []),
    "OBJ_txt2nid": (ctypes.c_int, [ctypes.c_char_p]),
    "EC_GROUP_new_by_curve_name": (_P, [ctypes.c_int]),
    "EC_GROUP_free": (None, [_P]),
    "EC_POINT_new": (_P, [_P]),
    "EC_POINT_free": (None, [_P]),
    "EC_POINT_mul": (ctypes.c_int, [_P, _P, _P, _P, _P, _P]),
    "EC_POINT_point2oct": (_SIZE, [_P, _P, ctypes.c_int, ctypes.c_char_p, _SIZE, _P]),
    "BN_bin2bn": (_P, [ctypes.c_char_p, ctypes.c_int, _P]),
    "BN_clear_free": (None, [_P]),
}
_UNCOMPRESSED = 4
_MAX_SIGNATURE = 72  # SEQUENCE of two INTEGERs of at most 33 octets


class _Key:
    """Owns one EVP_PKEY."""

    def __init__(self, library: ctypes.CDLL, handle: int) -> None:
        self.handle = handle
        weakref.finalize(self, library.EVP_PKEY_free, handle)


class NativeSm2:
    """The backend "native"; see `sm2.Sm2Backend`."""

    name = "native"

    def __init__(self, library: ctypes.CDLL) -> None:
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(library, name)  # AttributeError: not a libcrypto with what we need
            function.restype, function.argtypes = result, arguments
        self._library = library
        self._public_key = lru_cache(maxsize=64)(self._load_public_key)

    def verify(self, point: bytes, e: bytes, r: int, s: int) -> bool:
        signature = asn1.sequence(asn1.integer(r), asn1.integer(s))
        library, key = self._library, self._public_key(point)
        context = library.EVP_PKEY_CTX_new(key.handle, None)
        try:
            if library.EVP_PKEY_verify_init(context) != 1:
                raise self._failure("EVP_PKEY_verify_init")
            good: bool = library.EVP_PKEY_verify(context, signature, len(signature), e, len(e)) == 1
        finally:
            library.EVP_PKEY_CTX_free(context)
        if not good:
            library.ERR_clear_error()  # Python's own ssl and hashlib share this thread's error queue
        return good

    def signer(self, private_scalar: int, point: bytes) -> Callable[[bytes], tuple[int, int]]:
        key = self._load_private_key(private_scalar, point)
        return lambda e: self._sign(key, e)

    def _sign(self, key: _Key, e: bytes) -> tuple[int, int]:
        library = self._library
        context = library.EVP_PKEY_CTX_new(key.handle, None)
        buffer, length = ctypes.create_string_buffer(_MAX_SIGNATURE), _SIZE(_MAX_SIGNATURE)
        try:
            if library.EVP_PKEY_sign_init(context) != 1:
                raise self._failure("EVP_PKEY_sign_init")
            if library.EVP_PKEY_sign(context, buffer, ctypes.byref(length), e, len(e)) != 1:
                raise self._failure("EVP_PKEY_sign")
        finally:
            library.EVP_PKEY_CTX_free(context)
        node = asn1.read(buffer.raw[: length.value], where="SM2 signature")
        r, s = node.sequence("SM2 signature", least=2, most=2)
        return r.integer("r"), s.integer("s")

    def public_point(self, private_scalar: int) -> bytes:
        library = self._library
        group = library.EC_GROUP_new_by_curve_name(library.OBJ_txt2nid(SM2_OID.encode()))
        if not group:
            raise self._failure("EC_GROUP_new_by_curve_name")
        point, scalar = library.EC_POINT_new(group), library.BN_bin2bn(private_scalar.to_bytes(32), 32, None)
        buffer = ctypes.create_string_buffer(65)
        try:
            if library.EC_POINT_mul(group, point, scalar, None, None, None) != 1:
                raise self._failure("EC_POINT_mul")
            if library.EC_POINT_point2oct(group, point, _UNCOMPRESSED, buffer, 65, None) != 65:
                raise self._failure("EC_POINT_point2oct")
        finally:
            library.BN_clear_free(scalar)
            library.EC_POINT_free(point)
            library.EC_GROUP_free(group)
        return buffer.raw

    def _load_public_key(self, point: bytes) -> _Key:
        return self._load(self._library.d2i_PUBKEY, PublicKey.from_point(SM2_CURVE, point).spki)

    def _load_private_key(self, private_scalar: int, point: bytes) -> _Key:
        """ECPrivateKey inside PrivateKeyInfo (RFC 5915, RFC 5958)."""
        private = asn1.octet_string(private_scalar.to_bytes(32))
        key = asn1.sequence(asn1.integer(1), private, asn1.explicit(1, asn1.bit_string(point)))
        algorithm = asn1.read(PublicKey.from_point(SM2_CURVE, point).spki).children()[0].raw
        info = asn1.sequence(asn1.integer(0), algorithm, asn1.octet_string(key))
        return self._load(self._library.d2i_AutoPrivateKey, info)

    def _load(self, decoder: object, der: bytes) -> _Key:
        handle = decoder(None, ctypes.byref(ctypes.c_char_p(der)), len(der))  # type: ignore[operator]
        if not handle:
            raise self._failure("reading an SM2 key")
        return _Key(self._library, handle)

    def _failure(self, what: str) -> InternalError:
        self._library.ERR_clear_error()
        return InternalError("internal", f"libcrypto: {what} failed")


def load() -> NativeSm2:
    """OSError or AttributeError if there is no libcrypto with what is needed."""
    try:
        import _hashlib  # its libcrypto is the one that is loaded already

        return NativeSm2(ctypes.CDLL(_hashlib.__file__))
    except (ImportError, AttributeError, OSError):
        return NativeSm2(ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3"))
