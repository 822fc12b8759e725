"""Signatures over data (manual, 3.4.4 and 3.4.9.3), digests (3.4.9.2), random numbers (3.4.9.1)."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pdfseal.adapters.coss.answers import Answer
from pdfseal.adapters.coss.certificates import certificate_in
from pdfseal.adapters.coss.codes import (
    BAD_PARAMETER,
    CERTIFICATE_DOES_NOT_FIT,
    CERTIFICATE_UNREADABLE,
    SIGNATURE_WRONG,
    CossError,
)
from pdfseal.adapters.coss.service import Call, Service, done
from pdfseal.adapters.coss.wire import decode_base64, encode_base64
from pdfseal.crypto import schemes
from pdfseal.crypto.digests import DIGESTS, digest
from pdfseal.crypto.keys import PublicKey
from pdfseal.crypto.schemes import SCHEMES, SignatureScheme
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate

MAX_DATA_BYTES = 16 << 20
MAX_RANDOM_BYTES = 4096
MAX_SIGNATURE_BYTES = 4096
ALGORITHMS = {
    "SM3withSM2": SCHEMES["sm2-sm3"],
    "SHA256withRSA": SCHEMES["rsa-sha256"],
    "SHA1withRSA": SCHEMES["rsa-sha1"],
}
_HASHES = {"SHA1": "sha1", "SHA256": "sha256", "SM3": "sm3"}
_PARTS, _IMAGE = "````", "[`~]"


async def gen_random(service: Service, call: Call) -> Answer:
    count = call.fields.integer("len", least=1, at_most=MAX_RANDOM_BYTES)
    if count is None:
        raise CossError(BAD_PARAMETER, "len: is missing")
    return Answer(message=encode_base64(os.urandom(count)))


async def get_hash_data(service: Service, call: Call) -> Answer:
    """The digest of the text of inData as it was sent: the manual's own example does not decode it."""
    fields = call.fields
    name = _HASHES[fields.choice("hashAlgo", tuple(_HASHES))]
    text = bytes(fields.slice("inData"))
    prefix = b""
    if fields.flag("containPubKey") and name == "sm3":
        if not fields.has("cert"):
            raise CossError(BAD_PARAMETER, "cert: is missing, containPubKey needs it")
        key = certificate_in(fields, "cert").public_key
        if key.kind != "sm2":
            raise CossError(CERTIFICATE_DOES_NOT_FIT)
        prefix = schemes.digest_prefix(SCHEMES["sm2-sm3"], key)
    return done(encode_base64(digest(name, prefix + text)))


async def verify_sign(service: Service, call: Call) -> Answer:
    fields = call.fields
    scheme = ALGORITHMS[fields.choice("signAlg", ("SM3withSM2",))]
    plain = fields.octets("plain", at_most=MAX_DATA_BYTES)
    signature = fields.octets("signValue", at_most=MAX_SIGNATURE_BYTES)
    key = _key(certificate_in(fields, "cert"), scheme)
    if not schemes.verify(scheme, key, plain, signature):
        raise CossError(SIGNATURE_WRONG)
    return done()


async def verify_ess_sign(service: Service, call: Call) -> Answer:
    fields = call.fields
    fields.choice("signAlg", ("SM3withSM2",))
    plain = fields.octets("plain", at_most=MAX_DATA_BYTES)
    if not _web_seal_ok(call, plain, fields.text("signValue", at_most=8 << 20)):
        raise CossError(SIGNATURE_WRONG)
    return done()


async def verify_sign_data(service: Service, call: Call) -> Answer:
    """A wrong signature is an answer here: data is false."""
    fields = call.fields
    kind = fields.choice("inDataType", ("DATA", "HASH", "WEB_SEAL"))
    scheme = ALGORITHMS[fields.choice("signAlg", tuple(ALGORITHMS))]
    data = fields.octets("inData", at_most=MAX_DATA_BYTES)
    certificate = certificate_in(fields, "cert")
    if kind == "WEB_SEAL":
        value = fields.text("signValue", at_most=8 << 20)
        return done(_web_seal_ok(call, data, value, certificate))
    key = _key(certificate, scheme)
    signature = fields.octets("signValue", at_most=MAX_SIGNATURE_BYTES)
    if kind == "DATA":
        return done(schemes.verify(scheme, key, data, signature))
    if len(data) != DIGESTS[scheme.digest].size_bytes:
        raise CossError(BAD_PARAMETER, f"inData: is not a digest by {scheme.digest.upper()}")
    return done(schemes.verify_digest(scheme, key, data, signature))


def _key(certificate: Certificate, scheme: SignatureScheme) -> PublicKey:
    if not schemes.fits(scheme, certificate.public_key):
        raise CossError(CERTIFICATE_DOES_NOT_FIT)
    return certificate.public_key


# -- the web seal ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WebSeal:
    """signature ```` public key ```` certificate ```` unix time ```` (empty) ```` [`~][`~] picture [`~]

    The first three and the picture are base64, the public key is a SubjectPublicKeyInfo.
    """

    signature: bytes
    public_key: bytes
    certificate: Certificate
    time_s: int
    picture: bytes


def read_web_seal(text: str) -> WebSeal:
    """89000001 where the layout is another, 89003020 and 89003021 for its parts."""
    parts = text.strip().split(_PARTS)
    if len(parts) < 5 or not parts[3].strip().isdigit() or len(parts[3]) > 15:
        raise CossError(BAD_PARAMETER, "signValue: is not signature, key, certificate, time and picture")
    name = "signValue"
    signature = decode_base64(parts[0].encode(), name, at_most=MAX_SIGNATURE_BYTES)
    public_key = decode_base64(parts[1].encode(), name, at_most=MAX_SIGNATURE_BYTES)
    try:
        certificate = Certificate.load(decode_base64(parts[2].encode(), name, at_most=1 << 20))
    except CallerError as error:
        raise CossError(CERTIFICATE_UNREADABLE, name) from error
    picture = parts[-1].replace(_IMAGE, "").strip()
    return WebSeal(
        signature, public_key, certificate, int(parts[3]),
        decode_base64(picture.encode(), name, at_most=4 << 20) if picture else b"",
    )  # fmt: skip


def _web_seal_ok(call: Call, plain: bytes, text: str, certificate: Certificate | None = None) -> bool:
    """The signature over the plain octets, by a key that is the certificate's (and that of the request).

    What the manual's own sample signs is not known: it does not verify.
    """
    seal = read_web_seal(text)
    call.remarks |= {"web_seal_picture_bytes": len(seal.picture), "web_seal_time_s": seal.time_s}
    scheme = SCHEMES["sm2-sm3"]
    try:
        stated = PublicKey.from_spki(seal.public_key)
        own = seal.certificate.public_key
    except DocumentError as error:
        raise CossError(CERTIFICATE_UNREADABLE, "signValue") from error
    if not schemes.fits(scheme, own) or (stated.curve, stated.point) != (own.curve, own.point):
        return False
    if certificate is not None and certificate != seal.certificate:
        return False
    return schemes.verify(scheme, own, plain, seal.signature)
