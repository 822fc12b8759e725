"""Encrypted documents: strings and streams are decrypted when read and encrypted when written.

    qpdf (through pikepdf) checks the password and derives the file key; the rest is here.

Law: the file key never leaves this module's `Security`. `/Contents` of a signature, the
cross-reference data and the encryption dictionary itself are never encrypted. Initialisation
vectors are derived from the random bytes that the caller gives, never repeated.

Reference: ISO 32000-2, 7.6 (encryption), algorithms 1 and 1.A.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pdfseal.errors import CallerError, DocumentError
from pdfseal.pdf.source import FileSource, Source, binary_stream
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value

if TYPE_CHECKING:
    import pikepdf

Method = Literal["none", "rc4", "aes128", "aes256"]
_METHODS: dict[str, Method] = {"none": "none", "rc4": "rc4", "aes": "aes128", "aesv3": "aes256"}
_BY_CFM: dict[str, Method] = {"/None": "none", "/V2": "rc4", "/AESV2": "aes128", "/AESV3": "aes256"}
_BLOCK = 16


class Doubtful(bytes):
    """What most readers decrypt where not all agree: as a string or stream it equals only the same `raw`.

    Octets that are no ciphertext, or padding by no book, would otherwise pass for others that say the same.
    """

    raw: bytes

    def __new__(cls, plain: bytes, raw: bytes) -> Doubtful:
        made = super().__new__(cls, plain)
        made.raw = raw
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Doubtful) and self.raw == other.raw

    def __ne__(self, other: object) -> bool:  # that of bytes would compare the plain text
        return not self == other

    def __hash__(self) -> int:
        return hash(self.raw)


@dataclass(frozen=True, slots=True)
class Security:
    """How this document is encrypted, with the file key that a password opened.

    `named`: the crypt filters of the document, which a stream's own /Crypt may choose (7.6.6).
    `as_owner`: the owner's password was given, and the permissions do not bind.
    """

    key: bytes = field(repr=False)
    strings: Method
    streams: Method
    encrypt_metadata: bool
    as_owner: bool
    may_annotate: bool
    named: Mapping[str, Method] = field(default_factory=dict)

    def decrypt_value(self, ref: Ref, value: Value) -> Value:
        """All strings of an object; those of a Dictionary in place. A signature's /Contents stays."""
        if isinstance(value, bytes):
            return _decrypt(self.strings, self._object_key(self.strings, ref), value)
        if isinstance(value, list):
            return [self.decrypt_value(ref, item) for item in value]
        if isinstance(value, Dictionary):
            for key, item in value.items():
                if not (key == "Contents" and "ByteRange" in value):
                    value[key] = self.decrypt_value(ref, item)
        return value

    def decrypt_stream(self, ref: Ref, stream: Dictionary, data: bytes) -> bytes:
        """The data of a stream, still encoded by its filters."""
        method = self._stream_method(stream)
        plain = _decrypt(method, self._object_key(method, ref), data)
        return plain if method == "none" or _is_plain_to_all(stream) else Doubtful(plain, data)

    def encrypt_value(self, ref: Ref, value: Value, vectors: Vectors) -> Value:
        """A copy of the value with its strings encrypted for the object `ref`."""
        if isinstance(value, Doubtful):
            return value.raw  # as it was
        if isinstance(value, bytes):
            return _encrypt(self.strings, self._object_key(self.strings, ref), value, vectors)
        if isinstance(value, list):
            return [self.encrypt_value(ref, item, vectors) for item in value]
        if isinstance(value, Dictionary):
            return Dictionary({key: self.encrypt_value(ref, item, vectors) for key, item in value.items()})
        return value

    def encrypt_stream(self, ref: Ref, stream: Dictionary, data: bytes, vectors: Vectors) -> bytes:
        method = self._stream_method(stream)
        return _encrypt(method, self._object_key(method, ref), data, vectors)

    def _stream_method(self, stream: Dictionary) -> Method:
        kind = stream.get("Type")
        if kind == Name("XRef") or (kind == Name("Metadata") and not self.encrypt_metadata):
            return "none"
        if _first(stream.get("Filter")) != Name("Crypt"):
            return self.streams
        chosen = _first(stream.get("DecodeParms"))
        name = chosen.get("Name", "Identity") if isinstance(chosen, Dictionary) else "Identity"
        if name == "Identity":
            return "none"
        if not isinstance(name, Name) or name not in self.named:
            raise DocumentError(
                "pdf_encrypted", f"a stream names the crypt filter {name!r}, which is not there"
            )
        return self.named[name]

    def _object_key(self, method: Method, ref: Ref) -> bytes:
        """Algorithm 1: the file key, salted with object and generation number; AES-256 uses it as it is."""
        if method in ("none", "aes256"):
            return self.key
        salted = self.key + ref.number.to_bytes(4, "little")[:3] + ref.generation.to_bytes(4, "little")[:2]
        if method == "aes128":
            salted += b"sAlT"
        return hashlib.md5(salted, usedforsecurity=False).digest()[: min(len(self.key) + 5, 16)]


def _first(value: Value) -> Value:
    return (value[0] if value else None) if isinstance(value, list) else value


def _is_plain_to_all(stream: Dictionary) -> bool:
    """Whether no reader can take a stream for one with a filter of its own, which many do not look for."""
    filters = stream.get("Filter")
    items = filters if isinstance(filters, list) else [filters]
    return Name("Crypt") not in items and not any(
        isinstance(one, Ref) for one in (stream.get("Type"), filters, *items)
    )


class Vectors:
    """Initialisation vectors that never repeat, derived from the caller's random bytes."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._count = 0

    def next(self) -> bytes:
        self._count += 1
        return hashlib.sha256(b"pdfseal iv" + self._seed + self._count.to_bytes(8, "big")).digest()[:_BLOCK]


def _cipher(method: Method, key: bytes, vector: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if method == "rc4":
        from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4

        return Cipher(ARC4(key), None)
    return Cipher(algorithms.AES(key), modes.CBC(vector))


def _decrypt(method: Method, key: bytes, data: bytes) -> bytes:
    if method == "none" or not data:
        return data
    if method == "rc4":
        return bytes(_cipher(method, key, b"").decryptor().update(data))
    whole = len(data) - len(data) % _BLOCK  # readers decrypt the whole blocks, and differ on the rest
    if whole < 2 * _BLOCK:
        return Doubtful(b"", data)
    plain = bytes(_cipher(method, key, data[:_BLOCK]).decryptor().update(data[_BLOCK:whole]))
    count = plain[-1]
    if whole != len(data) or not 1 <= count <= _BLOCK:
        return Doubtful(plain, data)
    padded = plain.endswith(bytes([count]) * count)  # most readers look at the last octet alone
    return plain[:-count] if padded else Doubtful(plain[:-count], data)


def _encrypt(method: Method, key: bytes, data: bytes, vectors: Vectors) -> bytes:
    if method == "none":
        return data
    if method == "rc4":
        return bytes(_cipher(method, key, b"").encryptor().update(data))
    padding = _BLOCK - len(data) % _BLOCK
    vector = vectors.next()
    return vector + bytes(_cipher(method, key, vector).encryptor().update(data + bytes([padding]) * padding))


# -- opening -------------------------------------------------------------------------------


def open_security(source: Source, password: str | None) -> Security:
    """The key, by the user's or owner's password; the empty one is tried where none is given.

    Raises `wrong_password`, or `pdf_encrypted` for a handler that qpdf does not know.
    """
    import pikepdf

    try:
        with open_with_qpdf(source, password) as pdf:
            if not pdf.is_encrypted:
                message = "its cross-reference sections disagree on whether it is encrypted"
                raise DocumentError("pdf_encrypted", f"the PDF cannot be opened: {message}")
            found = pdf.encryption
            return Security(
                key=bytes(found.encryption_key),
                strings=_method(found.string_method) if found.V >= 4 else "rc4",
                streams=_method(found.stream_method) if found.V >= 4 else "rc4",
                encrypt_metadata=bool(pdf.trailer.Encrypt.get("/EncryptMetadata", True)),
                as_owner=pdf.owner_password_matched,
                may_annotate=pdf.allow.modify_annotation or pdf.allow.modify_form,
                named=_named(pdf.trailer.Encrypt),
            )
    except pikepdf.PasswordError as error:
        what = "needs a password" if password is None else "does not open with the password given"
        raise CallerError("wrong_password", f"the PDF is encrypted and {what}") from error
    except pikepdf.PdfError as error:
        reason = str(error).rsplit(": ", 1)[-1][:200]
        raise DocumentError("pdf_encrypted", f"the encrypted PDF cannot be opened: {reason}") from error


def _named(encryption: Any) -> dict[str, Method]:
    """The crypt filters that /CF defines, by name; those with an unknown method are left out."""
    import pikepdf

    filters = encryption.get("/CF")
    rows = filters.items() if isinstance(filters, pikepdf.Dictionary) else ()
    methods = {
        str(name).removeprefix("/"): _BY_CFM.get(str(one.get("/CFM", "/None")))
        for name, one in rows
        if isinstance(one, pikepdf.Dictionary)
    }
    return {name: method for name, method in methods.items() if method is not None}


def _method(found: pikepdf.EncryptionMethod) -> Method:
    method = _METHODS.get(found.name)
    if method is None:
        raise DocumentError("pdf_encrypted", f"the encryption method {found.name!r} is not supported")
    return method


@contextmanager
def open_with_qpdf(source: Source, password: str | None = None) -> Iterator[pikepdf.Pdf]:
    """qpdf's view of the file, without repair; a file is read as a stream, never held whole.

    pikepdf is not given the path: it refuses names that are no text in the system's encoding.
    """
    import pikepdf

    what = source.path if isinstance(source, FileSource) else source.read(0, source.size)
    with (
        binary_stream(what) as stream,
        pikepdf.open(
            stream,
            password=password or "",
            attempt_recovery=False,
            inherit_page_attributes=False,
            suppress_warnings=True,
            access_mode=pikepdf.AccessMode.stream,
        ) as pdf,
    ):
        yield pdf
