"""CMS containers for tests: sealed as pdfseal does, and put together by hand with one part bent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pdfseal import asn1
from pdfseal.containers import cms_reading as names
from pdfseal.containers import finish, plan_cms, read_container
from pdfseal.containers.base import ContainerCheck
from pdfseal.containers.cms import CmsContainer, signed_attributes
from pdfseal.crypto.digests import digest
from pdfseal.crypto.schemes import default_scheme
from pdfseal.pki.certificate import Certificate
from tests.support.pki import NOW, Issued, certificate, signer

DOCUMENT = "%PDF-1.7 出院小结".encode() * 50
BYTE_RANGE = (0, 10, 20, 30)
GOOD = ContainerCheck(True, True)


def check(container, document: bytes = DOCUMENT) -> ContainerCheck:
    return container.check(
        {spec: digest(spec.algorithm, spec.prefix + document) for spec in container.needed_digests()}
    )


def seal(family: str, **options) -> tuple[bytes, Any]:
    """(to-be-signed, plan) of the committed signer of a family."""
    plan = plan_cms(certificate(f"{family}-signer"), chain=[certificate(f"{family}-inter")], **options)
    document_digest = digest(plan.digest_algorithm, DOCUMENT)
    return plan.to_be_signed(document_digest, byte_range=BYTE_RANGE, when=NOW), plan


def finished(family: str, *, timestamp: bytes | None = None, **options):
    to_be_signed, plan = seal(family, **options)
    signature = signer(f"{family}-signer").sign(to_be_signed, plan.signature_scheme)
    return finish(to_be_signed, signature, certificates=plan.certificates, timestamp=timestamp)


def raw_form(signature: bytes, size: int) -> bytes:
    return b"".join(number.integer("x").to_bytes(size) for number in asn1.read(signature).children())


def build(
    family: str = "sm2",
    *,
    attributes: Callable[[dict[str, bytes]], list[bytes] | None] | None = None,
    content: bytes | None = None,
    content_type: str | None = None,
    message: bytes | None = None,
    certificates: list[Certificate] | None = None,
    sid: bytes | None = None,
    algorithm: str | None = None,
    signature: Callable[[bytes], bytes] = lambda value: value,
    signer_infos: int = 1,
    digest_algorithm: str | None = None,
    sign_with: Issued | None = None,
) -> bytes:
    """A CMS put together by hand: each argument bends one part, the signature is good unless bent.

    `attributes` gets contentType, messageDigest and signingCertificate, and gives the signed
    attributes in the order wanted, or None for none. `message` is what is signed without attributes.
    """
    who = sign_with or Issued(certificate(f"{family}-signer"), signer(f"{family}-signer"))
    scheme = default_scheme(who.certificate.public_key)
    data_type = names.GM_DATA if family == "sm2" else names.DATA
    message_digest = digest(scheme.digest, DOCUMENT if content is None else content)
    items = asn1.read(
        signed_attributes(content_type or data_type, message_digest, who.certificate)
    ).children()
    short = {
        names.CONTENT_TYPE: "content_type",
        names.MESSAGE_DIGEST: "message_digest",
        names.SIGNING_CERTIFICATE_V2: "signing_certificate",
    }
    parts = {short[item.children()[0].oid("x")]: item.raw for item in items}
    chosen = attributes(parts) if attributes else sorted(parts.values())
    encoded = b""
    if chosen is not None:
        encoded = asn1.element(0xA0, b"".join(chosen))
        message = asn1.element(asn1.SET, b"".join(chosen))
    elif message is None:
        message = content if content is not None else DOCUMENT
    digest_identifier = asn1.sequence(asn1.object_identifier(digest_algorithm or "1.2.156.10197.1.401"))
    if family != "sm2":
        digest_identifier = asn1.sequence(asn1.object_identifier("2.16.840.1.101.3.4.2.1"))
    signer_info = asn1.sequence(
        asn1.integer(1),
        sid or asn1.sequence(who.certificate.issuer_raw, who.certificate.serial_raw),
        digest_identifier,
        encoded,
        asn1.sequence(asn1.object_identifier(algorithm or scheme.oid)),
        asn1.octet_string(signature(who.signer.sign(message, scheme))),
    )
    inner = asn1.explicit(0, asn1.octet_string(content)) if content is not None else b""
    given = [who.certificate] if certificates is None else certificates
    signed_data = asn1.sequence(
        asn1.integer(1),
        asn1.set_of(digest_identifier),
        asn1.sequence(asn1.object_identifier(content_type or data_type), inner),
        asn1.element(0xA0, b"".join(one.der for one in given)),
        asn1.set_of(*[signer_info] * signer_infos),
    )
    return asn1.sequence(asn1.object_identifier(names.SIGNED_DATA), asn1.explicit(0, signed_data))


def read_bent(**options) -> CmsContainer:
    container = read_container(build(**options))
    assert isinstance(container, CmsContainer)
    return container
