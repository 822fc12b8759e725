"""How signatures are found and their coverage judged, down to single bits of a sealed file."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

import pdfseal
from pdfseal.geometry import Rect
from pdfseal.pdf.document import Document
from pdfseal.pdf.limits import Limits
from pdfseal.pdf.signature import FoundSignature, find_prepared, find_signatures
from pdfseal.pdf.source import BytesSource
from tests.support.attacks import attack, codes, judge
from tests.support.sealing import FIXTURES, seal


def found(pdf: bytes) -> tuple[FoundSignature, ...]:
    return find_signatures(Document.open(BytesSource(pdf)))


def plain() -> bytes:
    return (FIXTURES / "pdf" / "table.pdf").read_bytes()


# ---- what is found ---------------------------------------------------------------------------------


def test_one_signature():
    data = attack("control-signed.pdf").data
    (one,) = found(data)
    assert (one.field, one.subfilter, one.coverage, one.problems) == (
        "Signature1", "ETSI.CAdES.detached", "whole_file", (),
    )  # fmt: skip
    assert one.hole is not None
    assert data[one.hole[0] : one.hole[0] + 1] + data[one.hole[1] - 1 : one.hole[1]] == b"<>"
    assert one.byte_range == (0, one.hole[0], one.hole[1], len(data) - one.hole[1])


def test_order_and_coverage_of_three():
    pdf = plain()
    for _ in range(3):
        pdf = seal(pdf).pdf
    assert [(one.field, one.coverage) for one in found(pdf)] == [
        ("Signature1", "revision"),
        ("Signature2", "revision"),
        ("Signature3", "whole_file"),
    ]


def test_unknown_subfilter_is_found():
    data = attack("control-signed.pdf").data.replace(b"/ETSI.CAdES.detached", b"/Some.vendors.format")
    (one,) = found(data)
    assert one.subfilter == "Some.vendors.format"
    assert "digest_mismatch" in codes(judge(data))  # the name is signed too


def test_nothing_is_found_in_unsigned_files(pdfs):
    for name in ("table", "acroform-direct", "acroform-indirect", "object-streams", "linearized", "hybrid"):
        assert found((pdfs / f"{name}.pdf").read_bytes()) == ()


@pytest.mark.parametrize(
    "name",
    [
        "signature-taken-out-of-the-form", "only-signature-taken-out-of-the-form", "form-removed",
        "signed-field-emptied", "signature-without-a-field",
    ],
)  # fmt: skip
def test_signatures_outside_the_form_are_seen(name: str):
    outside = [one for one in found(attack(f"{name}.pdf").data) if one.field is None]
    assert len(outside) == 1
    assert outside[0].byte_range is not None


def test_boxes_of_all_fields_of_a_signature():
    """A second field cannot show something that the report does not name."""
    _, second = judge(attack("signature-of-two-fields.pdf").data).signatures
    assert second.field == "Second"
    assert [box.rect for box in second.boxes] == [Rect(200, 20, 280, 60), Rect(0, 0, 300, 200)]
    assert [one.code for one in second.findings] == ["several_fields"]


def test_boxes_of_widgets_at_any_depth():
    data = attack("control-widget-two-levels-below.pdf").data
    _, second = judge(data).signatures
    assert [box.rect for box in second.boxes] == [Rect(0, 0, 300, 200)]
    assert second.findings == ()
    with pytest.raises(pdfseal.DocumentError, match="field-depth"):
        pdfseal.verify(data, limits=Limits(field_depth=1))


def test_prepared_signature_is_the_empty_one():
    once = seal(plain()).pdf
    prepared = pdfseal.prepare(
        once,
        placement=None,
        appearance=pdfseal.Appearance(None),
        signer=(FIXTURES / "pki" / "p256-signer.crt.pem").read_bytes(),
    )
    one = find_prepared(Document.open(BytesSource(prepared.pdf_bytes())))
    assert one is not None
    assert (one.field, one.empty) == ("Signature2", True)
    assert find_prepared(Document.open(BytesSource(once))) is None


# ---- /ByteRange, number by number ------------------------------------------------------------------


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("change", [-2, -1, 1, 2, 10**6, -(10**6)])
def test_every_number_of_the_byte_range_counts(index: int, change: int):
    """Even if the signer had signed such a range, it would not be believed."""
    data = attack("control-signed.pdf").data
    match = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\] *", data)
    assert match is not None
    numbers = [int(number) for number in match.groups()]
    numbers[index] += change
    text = b"/ByteRange [%d %d %d %d]" % tuple(numbers)
    changed = data.replace(match[0], text.ljust(len(match[0])))
    assert len(changed) == len(data)
    assert judge(changed).verdict == "failed"


def test_changes_inside_the_hole():
    """Zeros at the end of the hole may be written in any case, nothing else may change there."""
    data = attack("control-signed.pdf").data
    (one,) = found(data)
    assert one.hole is not None
    inside = data[one.hole[0] + 1 : one.hole[1] - 1]
    upper = data.replace(inside, inside.upper())
    assert (judge(upper).verdict, found(upper)[0].contents) == ("passed", one.contents)
    padded = data[: one.hole[1] - 5] + b"4141" + data[one.hole[1] - 1 :]
    assert "leniency.padding_not_zero" in codes(judge(padded))
    strict = pdfseal.verify(padded, strict=True)
    assert strict.verdict == "failed"


# ---- every bit -------------------------------------------------------------------------------------


def test_single_bits_of_a_sealed_file():
    """A flipped bit is detected, or stands where nothing is signed and the report or this test names it.

    2,000 bits at random (the same on every run), and all of those around the hole.
    """
    data = attack("control-signed.pdf").data
    (honest,) = found(data)
    assert honest.hole is not None
    start = honest.hole[0] + 1
    unsigned = {start + 2 * at + digit for at in unsigned_octets(honest.contents) for digit in (0, 1)}
    choose = random.Random(2026)
    positions = [choose.randrange(8 * len(data)) for _ in range(2000)]
    for edge in honest.hole:
        positions += range(8 * (edge - 8), 8 * (edge + 8))
    passed = 0
    for position in positions:
        byte, bit = divmod(position, 8)
        flipped = bytearray(data)
        flipped[byte] ^= 1 << bit
        if verdict(bytes(flipped)) != "passed":
            continue
        passed += 1
        assert start <= byte < honest.hole[1] - 1
        same = found(bytes(flipped))[0].contents == honest.contents
        named = any(code.startswith("leniency.") for code in codes(judge(bytes(flipped))))
        assert same or named or byte in unsigned, f"bit {bit} of byte {byte} is not protected"
    assert passed, "the case of hexadecimal digits is free, so some bits are"


def unsigned_octets(contents: bytes) -> set[int]:
    """What no signature covers in CMS (RFC 5652, 5.4): the two versions and digestAlgorithms."""
    content_info = bytes.fromhex("300b06092a864886f70d010701")  # encapContentInfo, id-data
    signer_info_version = contents.rindex(b"\x02\x01\x01\x30\x65\x30\x51")  # then issuer and serial
    return {*range(23, contents.index(content_info)), *range(signer_info_version, signer_info_version + 3)}


def verdict(pdf: bytes) -> str:
    try:
        return judge(pdf).verdict
    except pdfseal.PdfsealError as error:
        return error.code


def test_second_seal_keeps_the_first_under_bit_flips_of_the_first():
    """A bit of the original breaks both seals, a bit of the second revision only the second."""
    once = seal(plain()).pdf
    twice = bytearray(seal(once).pdf)
    twice[len(once) + 30] ^= 1  # inside the second seal's picture or its length
    report = verdict_list(bytes(twice))
    assert report[1] == "failed"
    twice[100] ^= 1
    assert verdict_list(bytes(twice)) == ["failed", "failed"]


def verdict_list(pdf: bytes) -> list[str]:
    return [one.verdict for one in judge(pdf).signatures]


def test_values_are_frozen():
    (one,) = found(attack("control-signed.pdf").data)
    with pytest.raises(AttributeError):
        one.field = "other"  # type: ignore[misc]
    assert replace(one, field="other").field == "other"
