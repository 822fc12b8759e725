"""Seals made in two steps and judged alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from pdfseal import asn1
from pdfseal.asn1 import Reading
from pdfseal.containers.seal import (
    SealExtension,
    finish_seal,
    picture_type,
    read_seal,
    seal_to_be_signed,
    verify_seal,
)
from pdfseal.containers.ses_common import MAX_PICTURE_BYTES
from pdfseal.errors import CallerError, DocumentError, RefusedError
from pdfseal.pki.trust import TrustAnchors
from tests.support import ses
from tests.support.ses import FAMILIES, LAYOUTS, PICTURE, WHEN, draft, make_seal, who

ANCHORS = TrustAnchors(tuple(who(f"{family}-root").certificate for family in FAMILIES))
BETWEEN = tuple(who(f"{family}-inter").certificate for family in FAMILIES)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_seal_is_made_read_strictly_and_passes(layout, family):
    extension = SealExtension("2.25.7001", True, b"note")
    made = draft(layout, who(f"{family}-signer"), extensions=(extension,))
    maker = who(f"{family}-maker")
    to_be_signed = seal_to_be_signed(made, maker=maker.certificate)
    data = finish_seal(to_be_signed, maker.sign(to_be_signed), maker=maker.certificate)
    seal = read_seal(data, reading=Reading(strict=True))
    assert seal.layout == layout
    assert (seal.info.esid, seal.info.vendor, seal.info.extensions) == (made.esid, made.vendor, (extension,))
    stated = seal.info.property
    assert (stated.name, stated.type, stated.created) == (made.name, made.type, made.created)
    assert (stated.valid_from, stated.valid_until) == (made.valid_from, made.valid_until)
    picture = seal.info.picture
    assert (picture.type, picture.data, picture.width_mm, picture.height_mm) == ("PNG", PICTURE, 32, 40)
    assert seal.owners() == (who(f"{family}-signer").certificate,)
    report = verify_seal(seal, anchors=ANCHORS, untrusted=BETWEEN, at=WHEN)
    assert report.verdict == "passed"
    assert report.trust.chain[-1] in ANCHORS.certificates


@pytest.mark.parametrize("layout", LAYOUTS)
def test_openssl_accepts_the_makers_signature(layout, tmp_path):
    maker = who("sm2-maker").certificate
    to_be_signed = seal_to_be_signed(draft(layout, who("sm2-signer")), maker=maker)
    seal = read_seal(finish_seal(to_be_signed, who("sm2-maker").sign(to_be_signed), maker=maker))
    assert seal.signed_raw == to_be_signed
    assert ses.openssl_accepts(tmp_path, maker.public_key, "sm3", to_be_signed, seal.maker.value)


def test_owners_by_digest():
    seal = read_seal(make_seal("ses2020", as_digests=True), reading=Reading(strict=True))
    assert seal.info.property.certificates == ()
    assert seal.names(who("sm2-signer").certificate)
    assert not seal.names(who("sm2-expired").certificate)


def test_the_report_as_json():
    report = verify_seal(read_seal(make_seal("ses2020")), anchors=ANCHORS, untrusted=BETWEEN, at=WHEN)
    shown = json.loads(json.dumps(report.to_json(), ensure_ascii=False))
    assert (shown["schema"], shown["verdict"]) == (1, "passed")
    assert [step["name"] for step in shown["steps"]] == ["format", "maker_signature", "seal_validity"]
    assert shown["trust"]["status"] == "trusted"
    assert shown["seal"]["name"] == "pdfseal 测试专用章"
    assert shown["seal"]["owners"]["readable"][0]["common_name"] == "张三"
    assert shown["seal"]["picture"]["bytes"] == len(PICTURE)


def test_verdicts():
    good, forged = make_seal("ses2014"), make_seal("ses2014").replace(b"PDFSEAL", b"PDFSEAM")
    late = datetime(2031, 1, 1, tzinfo=UTC)
    stranger = TrustAnchors((who("sm2-stranger-root").certificate,))
    assert verify_seal(read_seal(good), anchors=None, at=WHEN).verdict == "indeterminate"
    assert (
        verify_seal(read_seal(good), anchors=stranger, untrusted=BETWEEN, at=WHEN).verdict == "indeterminate"
    )
    assert verify_seal(read_seal(good), anchors=ANCHORS, untrusted=BETWEEN, at=late).verdict == "failed"
    report = verify_seal(read_seal(forged), anchors=ANCHORS, untrusted=BETWEEN, at=WHEN)
    assert report.verdict == "failed"
    assert [step.name for step in report.steps if step.ok is False] == ["maker_signature"]


def test_the_maker_is_never_trusted_by_itself():
    seal = read_seal(make_seal("ses2020"))
    report = verify_seal(seal, anchors=TrustAnchors(()), untrusted=(who("sm2-root").certificate,), at=WHEN)
    assert report.verdict == "indeterminate"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_finish_refuses_a_bad_signature_and_another_maker(layout):
    maker, other = who("sm2-maker"), who("sm2-signer")
    to_be_signed = seal_to_be_signed(draft(layout, other), maker=maker.certificate)
    for signature in (b"", bytes(64), other.sign(to_be_signed), maker.sign(b"another")):
        with pytest.raises(RefusedError) as caught:
            finish_seal(to_be_signed, signature, maker=maker.certificate)
        assert caught.value.code == "signature_invalid"
    with pytest.raises(RefusedError) as caught:
        finish_seal(to_be_signed, maker.sign(to_be_signed), maker=other.certificate)
    expected = "certificate_not_candidate" if layout == "ses2014" else "signature_invalid"
    assert caught.value.code == expected


def test_finish_of_something_else():
    with pytest.raises(CallerError) as caught:
        finish_seal(b"%PDF", b"", maker=who("sm2-maker").certificate)
    assert caught.value.code == "argument"


WRONG = [
    ({"name": " "}, "argument"),
    ({"name": "章" * 201}, "argument"),
    ({"type": 0}, "argument"),
    ({"esid": "标识"}, "argument"),
    ({"vendor": ""}, "argument"),
    ({"width_mm": 0}, "argument"),
    ({"height_mm": 1001}, "argument"),
    ({"owners": ()}, "argument"),
    ({"layout": "ses2019"}, "argument"),
    ({"layout": "ses2014", "as_digests": True}, "argument"),
    ({"layout": "ses2014", "valid_until": datetime(2050, 1, 1, tzinfo=UTC)}, "argument"),
    ({"created": datetime(2024, 1, 1)}, "argument"),
    ({"valid_until": datetime(2023, 1, 1, tzinfo=UTC)}, "argument"),
    ({"picture": b"<svg/>"}, "picture_unreadable"),
    ({"picture": b"\x89PNG\r\n\x1a\n" + bytes(MAX_PICTURE_BYTES)}, "picture_too_large"),
]


@pytest.mark.parametrize(("changes", "code"), WRONG, ids=lambda value: str(value)[:40])
def test_drafts_that_are_refused(changes, code):
    changes = {"layout": "ses2020", **changes}
    with pytest.raises(CallerError) as caught:
        seal_to_be_signed(
            draft(changes.pop("layout"), who("sm2-signer"), **changes), maker=who("sm2-maker").certificate
        )
    assert caught.value.code == code


def test_more_owners_than_a_seal_may_have():
    crowd = draft("ses2020", *[who("sm2-signer")] * 1001)
    with pytest.raises(CallerError):
        seal_to_be_signed(crowd, maker=who("sm2-maker").certificate)


@pytest.mark.parametrize(
    ("file", "expected"),
    [("seal-person.bmp", "BMP"), ("seal-round-transparent.gif", "GIF"), ("seal-round-rgb.jpg", "JPG")],
)
def test_picture_types(file, expected):
    assert picture_type((ses.ROOT / "fixtures" / "pictures" / file).read_bytes()) == expected


def test_no_seal():
    for data in (b"", b"\x30\x00", b"%PDF-1.7", asn1.sequence(asn1.null(), asn1.null(), asn1.null())):
        with pytest.raises(DocumentError) as caught:
            read_seal(data)
        assert caught.value.code == "container_malformed"
