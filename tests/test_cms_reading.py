from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdfseal import asn1
from pdfseal.asn1 import Reading
from pdfseal.containers import cms_reading as names
from pdfseal.containers import read_container
from pdfseal.containers.base import ContainerCheck
from pdfseal.containers.cms import attribute, signed_attributes
from pdfseal.crypto.digests import digest
from pdfseal.errors import DocumentError, PdfsealError
from pdfseal.pki.certificate import Certificate
from tests.support.cms import DOCUMENT, GOOD, build, check, finished, raw_form, read_bent, seal
from tests.support.pki import certificate, issue


def code_of(call, *arguments, **options) -> str:
    with pytest.raises(PdfsealError) as caught:
        call(*arguments, **options)
    return caught.value.code


# -- reading what others write, and attacks -------------------------------------------------


NO_ATTRIBUTES: dict[str, Any] = {"attributes": lambda parts: None}
DIGEST_OF_DOCUMENT = digest("sm3", DOCUMENT)


@pytest.mark.parametrize("algorithm", ["1.2.156.10197.1.301.1", "1.2.156.10197.1.501"])
@pytest.mark.parametrize(
    ("options", "leniencies"),
    [
        ({}, []),
        (NO_ATTRIBUTES, ["cms_gm_signs_content"]),
        (
            {**NO_ATTRIBUTES, "content": DIGEST_OF_DOCUMENT},
            ["cms_gm_digest_econtent", "cms_gm_signs_econtent"],
        ),
        ({**NO_ATTRIBUTES, "content": DOCUMENT}, ["cms_gm_signs_econtent"]),
        ({"content": DIGEST_OF_DOCUMENT}, ["cms_gm_digest_econtent"]),
        ({"content": DOCUMENT}, []),
    ],
    ids=["attributes", "content", "digest-econtent", "econtent", "attributes-over-digest", "enveloping"],
)
def test_the_variants_of_sm2_cms(options, leniencies, algorithm):
    container = read_bent(algorithm=algorithm, **options)
    assert check(container) == GOOD
    assert sorted(container.reading.used) == leniencies
    changed = check(container, DOCUMENT + b" ")
    assert changed.digest_ok is False
    assert changed.reasons
    bent = read_bent(
        algorithm=algorithm, signature=lambda value: value[:-1] + bytes([value[-1] ^ 1]), **options
    )
    assert check(bent).signature_ok is False
    if leniencies:
        with pytest.raises(DocumentError):
            read_container(build(algorithm=algorithm, **options), reading=Reading(strict=True))


def test_econtent_that_is_another_digest():
    container = read_bent(**NO_ATTRIBUTES, content=digest("sm3", b"another"))
    assert check(container) == ContainerCheck(
        False, True, ("the signed digest is not the digest of this document",)
    )


def test_both_places_may_hold_the_digest_of_the_document():
    own = attribute(names.MESSAGE_DIGEST, asn1.octet_string(DIGEST_OF_DOCUMENT))
    container = read_bent(
        content=DIGEST_OF_DOCUMENT,
        attributes=lambda parts: sorted([parts["content_type"], parts["signing_certificate"], own]),
    )
    assert check(container) == GOOD


def test_the_content_type_attribute_may_differ_for_sm2_alone():
    for family, good in (("sm2", True), ("rsa", False)):
        other = attribute(names.CONTENT_TYPE, asn1.object_identifier(
            names.DATA if family == "sm2" else names.GM_DATA))  # fmt: skip
        container = read_bent(family=family, attributes=lambda parts, other=other: sorted(
            [parts["message_digest"], parts["signing_certificate"], other]))  # fmt: skip
        assert check(container).signature_ok is good
        assert ("content_type_mismatch" in container.reading.used) is good


def test_a_missing_signing_certificate_attribute_is_a_leniency():
    container = read_bent(attributes=lambda parts: sorted([parts["content_type"], parts["message_digest"]]))
    assert check(container) == GOOD
    assert list(container.reading.used) == ["cms_missing_signing_certificate"]


def other_signing_certificate(who: Certificate) -> bytes:
    items = asn1.read(signed_attributes(names.GM_DATA, bytes(32), who)).children()
    return next(item.raw for item in items if item.children()[0].oid("x") == names.SIGNING_CERTIFICATE_V2)


def having(*wanted: str, more: tuple[bytes, ...] = ()) -> dict[str, Any]:
    """Signed attributes: some of the usual ones, and others."""
    return {"attributes": lambda parts: sorted([*(parts[name] for name in wanted), *more])}


ALL = ("content_type", "message_digest", "signing_certificate")
OTHER_DIGEST = attribute(names.MESSAGE_DIGEST, asn1.octet_string(bytes(32)))
TWO_DIGESTS = asn1.sequence(
    asn1.object_identifier(names.MESSAGE_DIGEST),
    asn1.set_of(asn1.octet_string(DIGEST_OF_DOCUMENT), asn1.octet_string(bytes(32))),
)
TIMESTAMP_TYPE = attribute(names.CONTENT_TYPE, asn1.object_identifier(names.TST_INFO))
SIGNER, STRANGER = certificate("sm2-signer"), certificate("sm2-tsa")
NAMES_STRANGER = other_signing_certificate(STRANGER)
IDENTIFIES_STRANGER = asn1.sequence(STRANGER.issuer_raw, STRANGER.serial_raw)

ATTACKS: dict[str, tuple[dict[str, Any], str]] = {
    "message-digest-twice": (having(*ALL, more=(OTHER_DIGEST,)), "messageDigest does not come exactly once"),
    "message-digest-with-two-values": (
        having("content_type", "signing_certificate", more=(TWO_DIGESTS,)),
        "messageDigest does not come exactly once",
    ),
    "content-type-twice": (having(*ALL, "content_type"), "contentType does not come exactly once"),
    "signing-certificate-twice": (
        having(*ALL, more=(NAMES_STRANGER,)),
        "signingCertificateV2 does not come exactly once",
    ),
    "no-message-digest": (having("content_type", "signing_certificate"), "messageDigest is missing"),
    "no-content-type": (having("message_digest", "signing_certificate"), "contentType is missing"),
    "content-type-of-a-timestamp": (
        having("message_digest", "signing_certificate", more=(TIMESTAMP_TYPE,)),
        "contentType attribute names",
    ),
    "signing-certificate-of-another": (
        having("content_type", "message_digest", more=(NAMES_STRANGER,)),
        "names another certificate",
    ),
    "signer-not-in-the-set": ({"certificates": [STRANGER]}, "no certificate in the container answers"),
    "no-certificates": ({"certificates": []}, "no certificate in the container answers"),
    "signer-identifier-of-another": (
        {"sid": IDENTIFIES_STRANGER, "certificates": [STRANGER, SIGNER]},
        "names another certificate",
    ),
    "unknown-signature-algorithm": ({"algorithm": "1.2.840.113549.1.1.4"}, "is not known"),
    "signature-algorithm-of-another-key": ({"algorithm": "1.2.840.113549.1.1.11"}, "contradicts"),
    "content-and-message-digest-differ": (
        {"content": DOCUMENT, **having("content_type", "signing_certificate", more=(OTHER_DIGEST,))},
        "messageDigest attribute is not the digest of the content",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_fail_the_check_with_their_reason(name):
    options, reason = ATTACKS[name]
    container = read_bent(**options)
    result = check(container)
    assert result.signature_ok is False
    assert any(reason in text for text in result.reasons), result.reasons


@pytest.mark.parametrize("count", [0, 2])
def test_exactly_one_signer_info(count):
    assert code_of(read_container, build(signer_infos=count)) == "container_malformed"


def test_injected_certificates():
    """Strangers in the set change nothing: the signer is who the identifier and the attribute name."""
    crowd = [certificate(name) for name in ("rsa-signer", "sm2-tsa", "sm2-stranger-root", "sm2-signer")]
    container = read_bent(certificates=crowd)
    assert container.signer == certificate("sm2-signer")
    assert check(container) == GOOD


def test_an_injected_certificate_with_issuer_and_serial_of_the_signer():
    root = issue("根", kind="sm2", profile="root")
    honest = issue("张三", root, kind="sm2", serial=5)
    impostor = issue("李四", root, kind="sm2", serial=5)
    for crowd in ([honest, impostor], [impostor, honest]):
        certificates = [one.certificate for one in crowd]
        container = read_bent(sign_with=honest, certificates=certificates)
        assert container.signer == honest.certificate  # signingCertificateV2 decides
        assert check(container) == GOOD
        nameless = read_bent(
            sign_with=honest, certificates=certificates,
            attributes=lambda parts: sorted([parts["content_type"], parts["message_digest"]]),
        )  # fmt: skip
        assert check(nameless).signature_ok is False
        assert any("several certificates" in reason for reason in check(nameless).reasons)


def test_signer_by_key_identifier():
    identifier = asn1.element(0x80, certificate("sm2-signer").subject_key_identifier or b"")
    container = read_bent(sid=identifier, certificates=[certificate("sm2-inter"), certificate("sm2-signer")])
    assert container.signer == certificate("sm2-signer")
    assert check(container) == GOOD


def test_an_issuer_name_that_was_encoded_again():
    who = certificate("sm2-signer")
    again = who.issuer_raw.replace(b"\x13\x02CN", b"\x0c\x02CN")
    assert again != who.issuer_raw
    container = read_bent(sid=asn1.sequence(again, who.serial_raw))
    assert check(container) == GOOD
    assert "text_other_tag" in container.reading.used


def test_a_signer_whose_key_is_off_the_curve():
    who = certificate("sm2-signer")
    point = who.public_key.point or b""
    damaged = Certificate.from_der(who.der.replace(point, point[:-1] + bytes([point[-1] ^ 1])))
    result = check(read_bent(certificates=[damaged]))
    assert result.signature_ok is False
    assert any("no usable key" in reason for reason in result.reasons)


def test_unsorted_sets_and_ber():
    container = read_bent(attributes=lambda parts: sorted(parts.values(), reverse=True),
                          certificates=[certificate("sm2-signer"), certificate("sm2-inter")])  # fmt: skip
    assert check(container) == GOOD  # signed as found, so hashed as found
    assert "set_of_unsorted" in container.reading.used
    der = finished("rsa").der
    outer = asn1.read(der).children()
    ber = b"\x30\x80" + outer[0].raw + b"\xa0\x80" + outer[1].content + b"\x00\x00\x00\x00"
    again = read_container(ber.ljust(8000, b"\x00"))
    assert check(again) == GOOD
    assert list(again.reading.used) == ["ber_indefinite_length"]
    assert code_of(read_container, ber, reading=Reading(strict=True)) == "container_malformed"


def test_padding():
    der = finished("p256").der
    assert check(read_container(der + bytes(100), reading=Reading(strict=True))) == GOOD
    container = read_container(der + b"\x00\x01")
    assert list(container.reading.used) == ["padding_not_zero"]


def test_raw_signature_in_a_container():
    container = read_bent(signature=lambda value: raw_form(value, 32))
    assert check(container) == GOOD
    assert list(container.reading.used) == ["signature_raw"]
    assert len(container.signature) == 64  # as found: a timestamp is over these octets
    zero = read_bent(signature=lambda value: bytes(64))
    assert check(zero).signature_ok is False


@pytest.mark.parametrize(
    "contents",
    [b"", bytes(100), b"\x30", b"\x30\x00", b"\x04\x01a", b"\x30\x03\x02\x01\x01", b"%PDF", b"\x30\x80",
     asn1.sequence(asn1.object_identifier("1.2.840.113549.1.7.3"), asn1.explicit(0, asn1.sequence()))],
)  # fmt: skip
def test_what_is_no_container(contents):
    assert code_of(read_container, contents) == "container_malformed"


def test_too_many_certificates():
    many = [certificate("sm2-tsa")] * 101
    assert code_of(read_container, build(certificates=many)) == "limit_exceeded"


def test_an_unreadable_certificate_is_left_out():
    broken = Certificate(asn1.sequence(asn1.null(), asn1.null(), asn1.null()))
    container = read_bent(certificates=[broken, certificate("sm2-signer")])
    assert check(container) == GOOD
    assert "certificate_left_out" in container.reading.used


@given(st.data())
def test_damage_never_passes_and_raises_nothing_but_document_errors(data):
    der = bytearray(DAMAGED[data.draw(st.sampled_from(sorted(DAMAGED)))])
    position = data.draw(st.integers(0, len(der) - 1))
    der[position] ^= data.draw(st.integers(1, 255))
    try:
        container = read_container(bytes(der))
    except DocumentError:
        return
    result = check(container)
    if result == GOOD:  # then only what no one signs was hit: version, certificates beside the signer's, …
        assert container.signer in map(certificate, ("sm2-signer", "rsa-signer"))
        assert container.signed_attributes is not None
        assert any(container.signed_attributes == seal(family)[0] for family in ("sm2", "rsa"))


DAMAGED = {family: finished(family).der for family in ("sm2", "rsa")}
