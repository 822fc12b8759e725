"""SES_Signature of GB/T 38540-2020, and of GM/T 0031-2025, which shares its layout."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from fixtures.ses_forge import DOCUMENT, make_token
from pdfseal import asn1
from pdfseal.asn1 import Reading
from pdfseal.containers import finish, read_container, ses2020
from pdfseal.containers.cms import read_cms
from pdfseal.containers.ses_common import write_info
from pdfseal.containers.ses_steps import verify_seal_steps
from pdfseal.crypto.digests import digest
from pdfseal.errors import CallerError, DocumentError, RefusedError
from tests.support import ses
from tests.support.ses import FAMILIES, RANGE, WHEN, check, make_plan, sign, who
from tests.test_ses2014 import MANUAL, strict


def tbs_and_signature(plan):
    tbs = plan.to_be_signed(digest("sm3", DOCUMENT), byte_range=RANGE, when=WHEN)
    return tbs, who("sm2-signer").sign(tbs)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("as_digests", [False, True])
def test_a_signature_reads_strictly_and_verifies(family, as_digests):
    container = strict(sign(make_plan("ses2020", family, as_digests=as_digests)))
    result = check(container)
    assert (result.digest_ok, result.signature_ok, result.reasons) == (True, True, ())
    assert (container.kind, container.signing_time) == ("ses2020", WHEN)
    assert container.signer == who(f"{family}-signer").certificate
    assert who(f"{family}-maker").certificate in container.certificates
    steps = {step.name: step.ok for step in verify_seal_steps(container, at_signing=WHEN, now=WHEN)}
    assert all(ok for name, ok in steps.items() if name != "property_info")
    assert bool(container.seal.info.property.digests) == as_digests
    assert list(steps) == [
        "format", "signature", "signer_in_seal", "maker_signature", "seal_validity", "property_info",
    ]  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("as_digests", [False, True])
def test_parse_and_build_give_the_same_bytes(family, as_digests):
    data = sign(make_plan("ses2020", family, as_digests=as_digests))
    _round_trip(data)


@pytest.mark.parametrize("name", ["ses2020-timestamp.der", "ses2025.der", "ses2020-digests.der"])
def test_samples_parse_and_build_to_the_same_bytes(name):
    _round_trip((ses.SAMPLES / name).read_bytes())


def _round_trip(data: bytes) -> None:
    container = strict(data)
    tbs, signed = container.tbs, container.signed
    seal = tbs.seal
    info = write_info(seal.info, "ses2020")
    assert info == seal.info_raw == seal.signed_raw
    written = ses2020.write_seal(
        info,
        maker_certificate=seal.maker.certificate_der,
        algorithm_oid=seal.maker.scheme.oid,
        signature=seal.maker.value,
        timestamp=seal.timestamp,
    )
    assert written == seal.raw
    written = ses2020.write_tbs(
        seal=seal.raw,
        when=tbs.signing_time,
        data_hash=tbs.data_hash,
        property_info=tbs.property_info,
        extensions=tbs.extensions,
        version=tbs.version,
    )
    assert written == tbs.raw
    written = ses2020.write_signature(
        tbs.raw,
        certificate=signed.certificate_der,
        algorithm_oid=signed.scheme.oid,
        signature=signed.value,
        timestamp=container.timestamp,
    )
    assert written == data


@pytest.mark.parametrize("family", FAMILIES)
def test_openssl_accepts_both_signatures(family, tmp_path):
    container = strict(sign(make_plan("ses2020", family)))
    name = container.scheme.digest
    for part, message in (
        (container.signed, container.tbs.raw),
        (container.seal.maker, container.seal.info_raw),
    ):
        key = part.certificate.public_key
        assert ses.openssl_accepts(tmp_path, key, name, message, part.value)
        assert not ses.openssl_accepts(tmp_path, key, name, message + b"\0", part.value)


def test_the_vendors_fragment_is_what_we_would_write():
    """Head, tail and every length of BJCA's TBS_Sign; its seal is elided in the manual."""
    case = MANUAL["cases"][1]
    head = base64.b64decode(case["head"])
    tail = base64.b64decode(case["tail"])
    header = asn1.sequence(asn1.ia5_string("ES"), asn1.integer(4), asn1.ia5_string("BJCA"))
    esid = asn1.ia5_string("c58e34cb-69b3-4d6c-b016-3e18" + "?" * 8)
    info = asn1.sequence(header, esid, bytes(0x920 - len(header) - len(esid)))
    signed_value = tail[: tail.index(b"\x18\x0f20211108065316Z")]  # the end of the maker's signature
    rest = bytes(0xD94 - len(info) - len(signed_value)) + signed_value
    end = tail.index(b"\x03\x21\x00") + 3
    tbs = ses2020.write_tbs(
        seal=asn1.sequence(info, rest),
        when=datetime.fromisoformat(case["when"]),
        data_hash=tail[end : end + 32],
        property_info=case["property_info"],
    )
    visible = head.index(b"c58e34cb") + 28  # from there on the manual's text is garbled
    assert tbs[:visible] == head[:visible]
    assert tbs.endswith(tail)


# -- planning and finishing -----------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_the_reserve_is_enough_and_not_much_more(family):
    plan = make_plan("ses2020", family)
    size = len(sign(plan))
    assert size <= plan.reserve(timestamp=False) < size + 1200
    assert plan.reserve(timestamp=True) == plan.reserve(timestamp=False) + 8192


def test_finish_chooses_the_signer_among_candidates():
    plan = make_plan("ses2020")
    tbs, signature = tbs_and_signature(plan)
    strangers = [who(name).certificate for name in ("sm2-inter", "rsa-signer", "sm2-expired")]
    finished = finish(tbs, signature, certificates=[*strangers, plan.signer])
    assert finished.signer == plan.signer
    assert check(strict(finished.der)).signature_ok


def test_of_several_owners_the_one_whose_signature_it_is():
    owners = tuple(who(name).certificate for name in ("sm2-expired", "sm2-signer", "sm2-tsa"))
    plan = make_plan("ses2020", owners=owners)
    tbs, signature = tbs_and_signature(plan)
    assert finish(tbs, signature, certificates=owners).signer == who("sm2-signer").certificate


@pytest.mark.parametrize("names", [(), ("sm2-expired",), ("rsa-signer", "sm2-inter")])
def test_finish_without_a_candidate_of_the_seals_list(names):
    tbs, signature = tbs_and_signature(make_plan("ses2020"))
    with pytest.raises(RefusedError) as caught:
        finish(tbs, signature, certificates=[who(name).certificate for name in names])
    assert caught.value.code == "certificate_not_candidate"


@pytest.mark.parametrize("signature", [b"", b"\0" * 64, bytes(range(70))])
def test_finish_refuses_a_bad_signature(signature):
    plan = make_plan("ses2020")
    tbs, _ = tbs_and_signature(plan)
    with pytest.raises(RefusedError) as caught:
        finish(tbs, signature, certificates=plan.certificates)
    assert caught.value.code == "signature_invalid"


def test_a_timestamp_goes_in():
    plan = make_plan("ses2020")
    tbs, signature = tbs_and_signature(plan)
    token = make_token(who("sm2-tsa"), signature)
    container = strict(finish(tbs, signature, certificates=plan.certificates, timestamp=token).der)
    assert container.timestamp == token
    assert check(container).signature_ok
    algorithm, imprint = read_cms(asn1.read(container.timestamp)).imprint
    assert imprint == digest(algorithm, container.signature)


def test_a_timestamp_over_something_else_is_refused():
    plan = make_plan("ses2020")
    tbs, signature = tbs_and_signature(plan)
    for timestamp, error, code in (
        (make_token(who("sm2-tsa"), b"another"), RefusedError, "digest_mismatch"),
        (b"\x30\x00", CallerError, "argument"),
    ):
        with pytest.raises(error) as caught:
            finish(tbs, signature, certificates=plan.certificates, timestamp=timestamp)
        assert caught.value.code == code


def test_finish_of_no_tbs():
    with pytest.raises(DocumentError) as caught:
        finish(asn1.sequence(asn1.integer(4)), b"", certificates=())
    assert caught.value.code == "container_malformed"
    with pytest.raises(CallerError):
        finish(b"%PDF", b"", certificates=())


# -- verification, step by step -------------------------------------------------------------


def failing(container, *, at_signing=WHEN, now=WHEN):
    return [
        step.name for step in verify_seal_steps(container, at_signing=at_signing, now=now) if step.ok is False
    ]


@pytest.mark.parametrize("layout", ses.LAYOUTS)
def test_each_part_that_is_changed_fails_its_own_step(layout):
    data = sign(make_plan(layout))
    assert failing(strict(data)) == []
    changed = read_container(data.replace(b"PDFSEAL", b"PDFSEAM"))  # inside SES_SealInfo
    assert failing(changed) == ["signature", "maker_signature"]
    changed = read_container(data.replace(b"0,104375", b"0,104376"))  # propertyInfo
    assert failing(changed) == ["signature"]
    assert changed.tbs.byte_range == (0, 104376, *RANGE[2:])


def test_validity_is_judged_at_signing_and_expiry_now_only_informs():
    container = strict(sign(make_plan("ses2020")))
    late = datetime(2031, 1, 1, tzinfo=UTC)
    steps = {step.name: step for step in verify_seal_steps(container, at_signing=WHEN, now=late)}
    assert steps["seal_validity"].ok is True
    assert steps["seal_now"].ok is None
    assert "expired" in steps["seal_now"].message
    steps = {step.name: step for step in verify_seal_steps(container, at_signing=late, now=late)}
    assert steps["seal_validity"].ok is False
    steps = {step.name: step for step in verify_seal_steps(container, at_signing=None, now=WHEN)}
    assert steps["seal_validity"].ok is None
    with pytest.raises(CallerError):
        verify_seal_steps(container, at_signing=None, now=late.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0,104375,209641,6841", (0, 104375, 209641, 6841)),
        ("[0 10 20 30]", (0, 10, 20, 30)),
        ("0,1,2", None),
        ("0,1,2,-3", None),
        ("0,1,2,9999999999999999999999", None),
        ("/Doc_0/Signs/Sign_0/Signature.xml", None),
        ("", None),
    ],
)
def test_property_info_as_a_byte_range(text, expected):
    seal = make_plan("ses2020").seal
    data = ses2020.write_tbs(seal=seal.raw, when=WHEN, data_hash=bytes(32), property_info=text)
    signature = who("sm2-signer").sign(data)
    finished = finish(data, signature, certificates=[who("sm2-signer").certificate])
    container = read_container(finished.der, reading=Reading(strict=True))
    assert container.tbs.byte_range == expected
    names = [step.name for step in verify_seal_steps(container, at_signing=WHEN, now=WHEN)]
    assert ("property_info" in names) == (expected is not None)
