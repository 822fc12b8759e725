"""SES_Signature of GM/T 0031-2014: what is written, what a vendor wrote, who accepts it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fixtures.ses_forge import DOCUMENT, make_token
from pdfseal import asn1
from pdfseal.asn1 import Reading
from pdfseal.containers import finish, read_container, ses2014
from pdfseal.containers.ses import plan_ses, read_seal
from pdfseal.containers.ses_common import write_info
from pdfseal.containers.ses_steps import verify_seal_steps
from pdfseal.crypto.digests import digest
from pdfseal.errors import CallerError, DocumentError, RefusedError
from pdfseal.pki.certificate import Certificate
from tests.support import ses
from tests.support.ses import FAMILIES, RANGE, WHEN, check, make_plan, make_seal, sign, who

MANUAL = json.loads((ses.ROOT / "fixtures" / "vectors" / "manual_tbs_sign.json").read_text(encoding="utf-8"))


def strict(data: bytes):
    return read_container(data, reading=Reading(strict=True))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_signature_reads_strictly_and_verifies(family):
    container = strict(sign(make_plan("ses2014", family)))
    result = check(container)
    assert (result.digest_ok, result.signature_ok, result.reasons) == (True, True, ())
    assert (container.kind, container.signing_time) == ("ses2014", WHEN)
    assert container.signer == who(f"{family}-signer").certificate
    assert container.tbs.byte_range == RANGE
    assert container.timestamp is None
    steps = {step.name: step.ok for step in verify_seal_steps(container, at_signing=WHEN, now=WHEN)}
    assert steps == {
        "format": True, "signature": True, "signer_in_seal": True, "maker_signature": True,
        "seal_validity": True, "property_info": None,
    }  # fmt: skip


def test_another_document_is_refused():
    result = check(strict(sign(make_plan("ses2014"))), b"another document")
    assert (result.digest_ok, result.signature_ok) == (False, True)
    assert "dataHash is not the digest of this document" in result.reasons


def test_without_digests_nothing_is_said_of_the_document():
    container = strict(sign(make_plan("ses2014")))
    assert container.check({}).digest_ok is None


@pytest.mark.parametrize("family", FAMILIES)
def test_parse_and_build_give_the_same_bytes(family):
    data = sign(make_plan("ses2014", family))
    tbs, signed = strict(data).tbs, strict(data).signed
    seal = tbs.seal
    info = write_info(seal.info, "ses2014")
    assert info == seal.info_raw
    covered = ses2014.seal_to_be_signed(info, seal.maker.certificate_der, seal.maker.scheme.oid)
    assert covered == seal.signed_raw
    assert ses2014.write_seal(covered, seal.maker.value) == seal.raw
    written = ses2014.write_tbs(
        seal=seal.raw,
        when=tbs.signing_time,
        data_hash=tbs.data_hash,
        property_info=tbs.property_info,
        certificate=signed.certificate_der,
        algorithm_oid=signed.scheme.oid,
        version=tbs.version,
    )
    assert written == tbs.raw
    assert ses2014.write_signature(written, signed.value) == data


@pytest.mark.parametrize("family", FAMILIES)
def test_openssl_accepts_both_signatures(family, tmp_path):
    container = strict(sign(make_plan("ses2014", family)))
    name = container.scheme.digest
    for part, message in (
        (container.signed, container.tbs.raw),
        (container.seal.maker, container.seal.signed_raw),
    ):
        key = part.certificate.public_key
        assert ses.openssl_accepts(tmp_path, key, name, message, part.value)
        assert not ses.openssl_accepts(tmp_path, key, name, message + b"\0", part.value)


@pytest.mark.skipif(ses.WHY_NO_BOUNCY_CASTLE != "", reason=ses.WHY_NO_BOUNCY_CASTLE)
def test_bouncy_castle_accepts_both_layouts(tmp_path):
    files = {}
    for layout in ses.LAYOUTS:
        for family in FAMILIES:
            path = tmp_path / f"{layout}-{family}"
            plan = make_plan(layout, family)
            path.write_bytes(sign(plan))
            files[path] = [
                layout,
                "true",
                "true",
                plan.seal.info.esid,
                ",".join(map(str, RANGE)),
                digest(plan.digest_algorithm, DOCUMENT).hex(),
            ]
            wrong = tmp_path / f"{layout}-{family}-wrong"
            wrong.write_bytes(path.read_bytes().replace(b"PDFSEAL", b"PDFSEAM"))
            files[wrong] = [layout, "false", "false", *files[path][3:]]
    assert ses.bouncy_castle_says(list(files)) == {path.name: facts for path, facts in files.items()}


# -- the manual's fragment ------------------------------------------------------------------


def test_the_vendors_fragment_is_what_we_would_write():
    """Head, tail and every length of BJCA's TBS_Sign, with fillers where the manual elides."""
    case = MANUAL["cases"][0]
    head = base64.b64decode(case["head"][: len(case["head"]) // 4 * 4])
    characters = case["tail"][case["tail_from_character"] :]
    tail = base64.b64decode(characters)
    certificate = Certificate.load(base64.b64decode(case["certificate"]))
    listed = asn1.sequence(bytes(1044))  # 1,048 bytes: the list's one certificate is not the signer's
    template = read_seal(make_seal("ses2014")).info
    info = replace(
        template,
        vendor="BJCA",
        esid=case["esid"],
        property=replace(template.property, type=case["type"], name=case["name"], certificates=(listed,)),
    )
    seal = asn1.sequence(_fill(write_info(info, "ses2014"), 0x917 + 4), asn1.sequence(bytes(1137)))
    tbs = ses2014.write_tbs(
        seal=seal,
        when=datetime(2021, 11, 11, 15, 27, 28, tzinfo=UTC),
        data_hash=bytes(32),
        property_info=",".join(map(str, RANGE)),
        certificate=certificate.der,
        algorithm_oid="1.2.156.10197.1.501",
    )
    assert tbs[: len(head)] == head
    assert tbs.endswith(tail)
    assert bytes.fromhex(case["time_info"]) in tbs


def _fill(info: bytes, size: int) -> bytes:
    """SES_SealInfo grown or cut at its end to `size` bytes: the manual elides what is there."""
    content = asn1.read(info).content[: size - 4].ljust(size - 4, b"\0")
    return asn1.sequence(content)


# -- planning and finishing -----------------------------------------------------------------


def test_the_plan_says_what_prepare_needs():
    plan = make_plan("ses2014")
    assert (plan.scheme_name, plan.filter, plan.subfilter) == ("ses2014", "pdfseal.GMPkiLite", "GM.sm2seal")
    assert (plan.digest_algorithm, plan.signature_scheme.name) == ("sm3", "sm2-sm3")
    assert plan.certificates[0] == plan.signer
    assert make_plan("ses2014", "rsa").digest_algorithm == "sha256"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_reserve_is_enough_and_not_much_more(family):
    plan = make_plan("ses2014", family)
    size = len(sign(plan))
    assert size <= plan.reserve(timestamp=False) < size + 1200
    assert plan.reserve(timestamp=True) == plan.reserve(timestamp=False)  # it has no place for a token


def test_finish_takes_the_signer_from_the_tbs():
    plan = make_plan("ses2014")
    tbs = plan.to_be_signed(digest("sm3", DOCUMENT), byte_range=RANGE, when=WHEN)
    finished = finish(tbs, who("sm2-signer").sign(tbs), certificates=())
    assert (finished.signer, finished.digest_algorithm) == (plan.signer, "sm3")
    assert finished.document_digest == digest("sm3", DOCUMENT)


def test_a_raw_signature_is_written_as_der():
    plan = make_plan("ses2014")
    tbs = plan.to_be_signed(digest("sm3", DOCUMENT), byte_range=RANGE, when=WHEN)
    numbers = asn1.read(who("sm2-signer").sign(tbs)).children()
    raw = b"".join(number.content[-32:].rjust(32, b"\0") for number in numbers)
    assert check(strict(finish(tbs, raw, certificates=()).der)).signature_ok


@pytest.mark.parametrize(
    "signature", [b"", b"\0" * 64, b"\x30\x06\x02\x01\x01\x02\x01\x01", bytes(range(70))]
)
def test_finish_refuses_a_bad_signature(signature):
    plan = make_plan("ses2014")
    tbs = plan.to_be_signed(digest("sm3", DOCUMENT), byte_range=RANGE, when=WHEN)
    with pytest.raises(RefusedError) as caught:
        finish(tbs, signature, certificates=plan.certificates)
    assert caught.value.code == "signature_invalid"


def test_a_timestamp_has_no_place():
    plan = make_plan("ses2014")
    tbs = plan.to_be_signed(digest("sm3", DOCUMENT), byte_range=RANGE, when=WHEN)
    signature = who("sm2-signer").sign(tbs)
    with pytest.raises(RefusedError) as caught:
        finish(tbs, signature, certificates=(), timestamp=make_token(who("sm2-tsa"), signature))
    assert caught.value.code == "timestamp_has_no_place"


@pytest.mark.parametrize("layout", ses.LAYOUTS)
def test_a_signer_outside_the_list_is_refused(layout):
    with pytest.raises(RefusedError) as caught:
        plan_ses(make_seal(layout), who("sm2-expired").certificate)
    assert caught.value.code == "signer_not_in_seal"


@pytest.mark.parametrize("layout", ses.LAYOUTS)
def test_a_forged_seal_is_refused(layout):
    forged = make_seal(layout).replace(b"PDFSEAL", b"PDFSEAM")
    with pytest.raises(RefusedError) as caught:
        plan_ses(forged, who("sm2-signer").certificate)
    assert caught.value.code == "seal_invalid"


@pytest.mark.parametrize("layout", ses.LAYOUTS)
@pytest.mark.parametrize("year", [2023, 2031])
def test_a_seal_that_is_not_in_force_is_refused(layout, year):
    plan = make_plan(layout)
    with pytest.raises(RefusedError) as caught:
        plan.to_be_signed(bytes(32), byte_range=RANGE, when=datetime(year, 6, 1, tzinfo=UTC))
    assert caught.value.code == "seal_not_in_force"
    for when in (plan.seal.info.property.valid_from, plan.seal.info.property.valid_until):
        assert plan.to_be_signed(bytes(32), byte_range=RANGE, when=when)  # both ends belong to it


def test_finish_checks_again_what_the_plan_checked():
    """A TBS_Sign need not come from our own plan."""
    plan, signer = make_plan("ses2014"), who("sm2-signer")
    made = {
        "data_hash": bytes(32),
        "property_info": "",
        "certificate": signer.certificate.der,
        "algorithm_oid": "1.2.156.10197.1.501",
    }
    seal = plan.seal.raw
    forged, late = seal.replace(b"PDFSEAL", b"PDFSEAM"), datetime(2031, 1, 1, tzinfo=UTC)
    for data, when, code in ((forged, WHEN, "seal_invalid"), (seal, late, "seal_not_in_force")):
        tbs = ses2014.write_tbs(seal=data, when=when, **made)
        with pytest.raises(RefusedError) as caught:
            finish(tbs, signer.sign(tbs), certificates=())
        assert caught.value.code == code


def test_callers_mistakes():
    plan, signer = make_plan("ses2014"), who("sm2-signer").certificate
    mistakes = [
        ("argument", lambda: plan.to_be_signed(bytes(20), byte_range=RANGE, when=WHEN)),
        ("argument", lambda: plan.to_be_signed(bytes(32), byte_range=RANGE, when=WHEN.replace(tzinfo=None))),
        ("unknown_scheme", lambda: plan_ses(plan.seal.raw, signer, scheme="sm9")),
        ("unknown_scheme", lambda: plan_ses(plan.seal.raw, signer, scheme="rsa-sha256")),
    ]
    rsa = make_seal("ses2014", "rsa"), who("rsa-signer").certificate
    mistakes += [
        ("unknown_scheme", lambda: plan_ses(*rsa, scheme="rsa-pss-sha256")),
        ("weak_algorithm", lambda: plan_ses(*rsa, scheme="rsa-sha1")),
    ]
    for code, call in mistakes:
        with pytest.raises(CallerError) as caught:
            call()
        assert caught.value.code == code
    with pytest.raises(DocumentError):
        plan_ses(b"\x30\x03\x02\x01\x01", signer)
