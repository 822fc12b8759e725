from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from pdfseal import asn1
from pdfseal.asn1 import Reading
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pki.certificate import Certificate, name_text
from pdfseal.pki.describe import certificate_info
from pdfseal.pki.issue import encode_name
from tests.support.oracles import run
from tests.support.pki import FAMILIES, PKI, certificate, generate, issue

VECTORS = Path(__file__).parents[1] / "fixtures" / "vectors"
MANUAL = json.loads((VECTORS / "manual_certificates.json").read_text(encoding="utf-8"))["cases"]
NAMES = sorted(path.name.removesuffix(".crt.pem") for path in PKI.glob("*.crt.pem"))


@pytest.mark.parametrize("case", MANUAL, ids=lambda case: case["name"])
def test_the_manuals_certificates(case):
    found = Certificate.load(case["certificate"].encode())
    assert Certificate.load(base64.b64decode(case["certificate"])) == found
    for name, expected in case["expected"].items():
        value = getattr(found, name, None) or getattr(found.public_key, name)
        assert (value.isoformat() if isinstance(value, datetime) else value) == expected, name
    if case.get("get_cert_info"):
        assert certificate_info(found) == case["get_cert_info"]
    assert not found.leniencies
    assert found.key_usage == {"digitalSignature", "nonRepudiation"}
    assert not found.is_ca


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("sm2")])
def test_cryptography_agrees(name):
    ours, theirs = certificate(name), x509.load_pem_x509_certificate((PKI / f"{name}.crt.pem").read_bytes())
    assert ours.serial == theirs.serial_number
    assert (ours.not_before, ours.not_after) == (theirs.not_valid_before_utc, theirs.not_valid_after_utc)
    assert ours.fingerprint("sha256") == theirs.fingerprint(SHA256())
    assert ours.subject_raw == theirs.subject.public_bytes()
    assert ours.issuer_raw == theirs.issuer.public_bytes()
    assert ours.tbs_raw == theirs.tbs_certificate_bytes
    assert ours.signature == theirs.signature
    assert ours.common_name == theirs.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    extensions = theirs.extensions
    assert ours.is_ca is extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert ours.key_usage is not None
    assert ("keyCertSign" in ours.key_usage) is usage.key_cert_sign
    assert ("nonRepudiation" in ours.key_usage) is usage.content_commitment
    ski = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert ours.subject_key_identifier == ski
    aki = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert ours.authority_key_identifier == aki


@pytest.mark.parametrize("family", FAMILIES)
def test_who_signed_whom(family):
    root, inter, end = (certificate(f"{family}-{name}") for name in ("root", "inter", "signer"))
    assert root.is_signed_by(root)
    assert inter.is_signed_by(root)
    assert end.is_signed_by(inter)
    assert not end.is_signed_by(root)
    assert not root.is_signed_by(certificate(f"{family}-stranger-root"))
    assert not end.is_signed_by(certificate("rsa-root" if family != "rsa" else "p256-root"))
    assert end.common_name == "张三"
    assert end.subject == "C=CN,O=pdfseal 测试,CN=张三"
    assert not Certificate.from_der(end.der, reading=Reading(strict=True)).leniencies


def test_equality_hash_and_repr():
    one, two = certificate("sm2-signer"), Certificate.load((PKI / "sm2-signer.crt.pem").read_bytes())
    assert one == two
    assert len({one, two, certificate("sm2-root")}) == 2
    assert repr(one) == f"Certificate(serial {one.serial_hex})"


# -- loading --------------------------------------------------------------------------------


def test_forms_of_input(tmp_path):
    names = ["p256-signer", "p256-inter", "sm2-root"]
    expected = tuple(certificate(name) for name in names)
    bundle = "说明文字\n".encode() + b"\n".join((PKI / f"{name}.crt.pem").read_bytes() for name in names)
    assert Certificate.load_many(bundle) == expected
    assert Certificate.load_many(bundle.replace(b"\n", b"\r\n")) == expected
    assert Certificate.load_many(b"".join(one.der for one in expected)) == expected
    assert Certificate.load(b"  " + base64.encodebytes(expected[0].der)) == expected[0]
    path = tmp_path / "bundle.pem"
    path.write_bytes((PKI / "p256-signer.crt.pem").read_bytes() + (PKI / "p256-inter.crt.pem").read_bytes())
    for form in ("PEM", "DER"):
        made = run("openssl", "crl2pkcs7", "-nocrl", "-certfile", path, "-outform", form).stdout
        assert set(Certificate.load_many(made)) == set(expected[:2])


@pytest.mark.parametrize(
    "data",
    [
        b"", b"  ", b"not a certificate", b"\x30\x00", b"0", b"\xff\xfe",
        (PKI / "rsa-root.key.pem").read_bytes(),
        b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", certificate("rsa-root").der[:-1],
        certificate("rsa-root").der + b"\x00", b"MIIB", b"%PDF-1.7",
    ],
)  # fmt: skip
def test_what_is_not_a_certificate(data):
    with pytest.raises(CallerError) as caught:
        Certificate.load(data)
    assert caught.value.code == "certificate_unreadable"


def test_two_where_one_is_expected():
    with pytest.raises(CallerError, match="2 certificates"):
        Certificate.load(certificate("rsa-root").der + certificate("rsa-inter").der)


@given(st.data())
def test_damage_raises_nothing_but_our_errors(data):
    der = bytearray(certificate(data.draw(st.sampled_from(["sm2-signer", "rsa-tsa", "p384-root"]))).der)
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = Certificate.from_der(bytes(der))
        found.leniencies, found.public_key, found.authority_key_identifier, found.serial_hex  # noqa: B018
        found.is_signed_by(found)
    except DocumentError:
        pass
    with contextlib.suppress(CallerError):
        Certificate.load(bytes(der))


# -- leniency -------------------------------------------------------------------------------


def rebuilt(**changes: bytes) -> Certificate:
    """The SM2 signer's certificate with some fields replaced; its signature is void then."""
    names = ["version", "serial", "signature", "issuer", "validity", "subject", "spki", "extensions"]
    tbs, algorithm, signature = asn1.read(certificate("sm2-signer").der).children()
    fields = dict(zip(names, (child.raw for child in tbs.children()), strict=True)) | changes
    return Certificate.from_der(asn1.sequence(asn1.sequence(*fields.values()), algorithm.raw, signature.raw))


def extension(oid: str, value: bytes, *, critical: bytes = b"") -> bytes:
    return asn1.sequence(asn1.object_identifier(oid), critical, asn1.octet_string(value))


def extensions(*parts: bytes) -> bytes:
    return asn1.explicit(3, asn1.sequence(*parts))


NOT_A_CA = extension("2.5.29.19", asn1.sequence(asn1.boolean(False)))
USAGE = extension("2.5.29.15", bytes.fromhex("030206c0"), critical=asn1.boolean(False))


@pytest.mark.parametrize(
    ("leniency", "changes"),
    [
        ("explicit_default", {"extensions": extensions(USAGE)}),
        ("explicit_default", {"extensions": extensions(NOT_A_CA)}),
        ("integer_not_minimal", {"serial": bytes.fromhex("0203000001")}),
        ("time_without_zone", {"validity": asn1.sequence(
            asn1.element(asn1.UTC_TIME, b"200101000000"), asn1.utc_time(datetime(2030, 1, 1, tzinfo=UTC)))}),
        ("text_misencoded", {"subject": asn1.sequence(asn1.set_of(asn1.sequence(
            asn1.object_identifier("2.5.4.3"), asn1.element(asn1.UTF8_STRING, "张三".encode("gb18030")))))}),
        ("text_nul_padded", {"subject": asn1.sequence(asn1.set_of(asn1.sequence(
            asn1.object_identifier("2.5.4.3"), asn1.element(asn1.PRINTABLE_STRING, b"Zhang\x00\x00"))))}),
    ],
)  # fmt: skip
def test_leniencies_are_named_and_refused_when_strict(leniency, changes):
    found = rebuilt(**changes)
    assert list(found.leniencies) == [leniency]
    reading = Reading()
    Certificate.from_der(found.der, reading=reading)
    assert list(reading.used) == [leniency]
    with pytest.raises(DocumentError):
        Certificate.from_der(found.der, reading=Reading(strict=True))


def test_a_name_in_another_encoding_reads_rightly():
    name = asn1.sequence(
        *(
            asn1.set_of(asn1.sequence(asn1.object_identifier("2.5.4.3"), asn1.element(tag, text)))
            for tag, text in (
                (asn1.BMP_STRING, "张三".encode("utf-16-be")),
                (asn1.T61_STRING, "张三".encode("gb18030")),
            )
        )
    )
    assert name_text(asn1.read(name)) == "CN=张三,CN=张三"


def test_names_are_escaped_and_multivalued_rdns_joined():
    assert name_text(asn1.read(encode_name([("CN", 'A,B+"C"'), ("O", "#1 "), ("1.2.3.4", "x")]))) == (
        'CN=A\\,B\\+\\"C\\",O=\\#1\\ ,1.2.3.4=x'
    )
    pair = [asn1.sequence(asn1.object_identifier(f"2.5.4.{arc}"), asn1.utf8_string("x")) for arc in (3, 10)]
    assert name_text(asn1.read(asn1.sequence(asn1.set_of(*pair)))) == "CN=x+O=x"


def test_an_extension_that_comes_twice_is_refused():
    with pytest.raises(DocumentError, match="twice"):
        rebuilt(extensions=extensions(USAGE, USAGE)).extensions  # noqa: B018


def test_versions_and_fields_that_are_absent():
    plain = rebuilt(version=b"", extensions=b"")
    assert plain.extensions == {}
    assert (plain.key_usage, plain.ext_key_usage, plain.subject_key_identifier) == (None, None, None)
    assert not plain.is_ca
    assert rebuilt(subject=asn1.sequence()).common_name == ""


def test_negative_and_zero_serial_numbers():
    assert rebuilt(serial=asn1.integer(-2)).serial_hex == "FE"
    assert rebuilt(serial=asn1.integer(0)).serial_hex == "00"
    assert rebuilt(serial=asn1.integer(0x80)).serial_hex == "80"


def test_an_inner_algorithm_that_differs_is_seen():
    assert certificate("sm2-signer").signature_algorithms_agree
    other = asn1.sequence(asn1.object_identifier("1.2.840.113549.1.1.11"), asn1.null())
    assert not rebuilt(signature=other).signature_algorithms_agree


def test_a_key_off_the_curve_is_refused_when_it_is_asked_for():
    spki = bytearray(certificate("sm2-signer").public_key.spki)
    spki[-1] ^= 1
    with pytest.raises(DocumentError, match="not a point of the curve SM2"):
        rebuilt(spki=bytes(spki)).public_key  # noqa: B018
    with pytest.raises(CallerError):
        Certificate.load(rebuilt(spki=bytes(spki)).der)


@pytest.mark.parametrize("kind", ["sm2", "p521", "rsa2048"])
def test_what_we_issue_openssl_reads(kind, tmp_path):
    made = issue("张三", kind=kind, profile="timestamp", years=(2020, 2060), serial=2**150)
    (tmp_path / "c.der").write_bytes(made.certificate.der)
    command = ["openssl", "x509", "-inform", "DER", "-in", tmp_path / "c.der", "-noout", "-text"]
    text = run(*command).stdout.decode()
    assert "Time Stamping" in text
    assert "Jan  1 00:00:00 2060 GMT" in text
    assert generate(kind).public_key != made.certificate.public_key
