"""Signature containers: read by content, never by /SubFilter; built apart from their signature.

container = read_container(contents)
check = container.check({spec: digest_of(document, spec) for spec in container.needed_digests()})

finished = finish(to_be_signed, signature, certificates=[signer, *chain])
"""

from __future__ import annotations

from collections.abc import Sequence

from pdfseal import asn1
from pdfseal.asn1 import Reading
from pdfseal.containers.base import Container, ContainerCheck, DigestSpec, Finished, Plan
from pdfseal.containers.cms import finish_cms, plan_cms, read_cms
from pdfseal.containers.ses import finish_ses, plan_ses, read_ses
from pdfseal.crypto import schemes
from pdfseal.crypto.schemes import SignatureScheme
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate

__all__ = [
    "Container", "ContainerCheck", "DigestSpec", "Finished", "Plan",
    "finish", "plan_cms", "plan_ses", "read_container", "to_be_signed_digest",
]  # fmt: skip


def read_container(contents: bytes, *, reading: Reading | None = None) -> Container:
    """Read the octets of a hole, zero padding and all.

    What it is follows from its first elements: an OID begins a CMS ContentInfo, a SEQUENCE that
    begins with an INTEGER an electronic seal signature.
    DocumentError `container_malformed` or `limit_exceeded`.
    """
    if not contents.strip(b"\x00"):
        raise DocumentError("container_malformed", "the signature is empty")
    try:
        root = asn1.read_prefix(contents, reading=reading, where="container")
        if contents[root.end :].strip(b"\x00"):
            root.reading.allow("padding_not_zero", "container")
        items = root.sequence("container", least=1)
        if items[0].tag == asn1.OID:
            return read_cms(root)
        inner = items[0].children("container", most=20) if items[0].tag == asn1.SEQUENCE else ()
        if inner and inner[0].tag == asn1.INTEGER:
            return read_ses(root)
    except DocumentError as error:
        if error.code != "asn1_malformed":
            raise
        raise DocumentError("container_malformed", error.message) from error
    raise DocumentError("container_malformed", "the signature container is of no known kind")


def finish(
    to_be_signed: bytes,
    signature: bytes,
    *,
    certificates: Sequence[Certificate],
    timestamp: bytes | None = None,
) -> Finished:
    """Put a signature into the container that `to_be_signed` is for, told by its first octet.

    `certificates` are candidates for the signer and its chain, `timestamp` is the DER of a token
    over the signature. RefusedError `certificate_not_candidate` or `signature_invalid`.
    """
    if to_be_signed[:1] == bytes([asn1.SET]):
        return finish_cms(to_be_signed, signature, certificates=certificates, timestamp=timestamp)
    if to_be_signed[:1] == bytes([asn1.SEQUENCE]):
        return finish_ses(to_be_signed, signature, certificates=certificates, timestamp=timestamp)
    raise CallerError("argument", "the to-be-signed bytes are neither signed attributes nor a TBS_Sign")


def to_be_signed_digest(to_be_signed: bytes, scheme: SignatureScheme, signer: Certificate) -> bytes:
    """What a signer that takes digests has to sign: e = SM3(Z ‖ to_be_signed) for SM2, else the digest."""
    return schemes.message_digest(scheme, signer.public_key, to_be_signed)
