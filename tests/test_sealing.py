"""Prepare and compose: what is refused and with which code, what equal arguments give, what is written."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import pdfseal
from pdfseal import (
    Appearance,
    AtPoint,
    CallerError,
    InRectangle,
    Point,
    Rect,
    RefusedError,
    Size,
    Wording,
    sealing,
)
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.pdf.source import BytesSource, opened
from pdfseal.sealing import check_prepared
from pdfseal.sealing import prepare as prepare_core
from tests.support.attacks import attack
from tests.support.sealing import FIXTURES, WHEN, certificate, picture, private_key, seal, trust

FILE_ID = bytes(range(16))
PLACE = InRectangle(1, Rect(20, 20, 80, 80), fit=Size(60, 60))


def pdf(name: str = "table") -> bytes:
    return (FIXTURES / "pdf" / f"{name}.pdf").read_bytes()


def prepare(data: bytes | None = None, **options: object) -> pdfseal.PreparedSeal:
    wanted: dict[str, object] = {
        "placement": PLACE,
        "appearance": Appearance(picture()),
        "signer": certificate("p256-signer"),
        "chain": [certificate("p256-inter")],
        "when": WHEN,
    }
    return pdfseal.prepare(pdf() if data is None else data, **(wanted | options))  # type: ignore[arg-type]


def sign(prepared: pdfseal.PreparedSeal, who: str = "p256-signer") -> bytes:
    return private_key(who).sign(prepared.hash_set_bytes, SCHEMES[prepared.signature_scheme])


def refused(code: str, call: object, *arguments: object, **options: object) -> pdfseal.PdfsealError:
    with pytest.raises(pdfseal.PdfsealError) as caught:
        call(*arguments, **options)  # type: ignore[operator]
    assert caught.value.code == code, caught.value.message
    assert "\n" not in caught.value.message
    return caught.value


# ---- arguments that are refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("page_out_of_range", {"placement": InRectangle(99, Rect(0, 0, 9, 9))}),
        ("page_out_of_range", {"placement": InRectangle(0, Rect(0, 0, 9, 9))}),
        ("page_out_of_range", {"placement": InRectangle(-1, Rect(0, 0, 9, 9))}),
        ("box_outside_page", {"placement": InRectangle(1, Rect(600, 20, 700, 80))}),
        ("box_outside_page", {"placement": AtPoint(1, Point(10, -5))}),
        ("box_too_large", {"placement": AtPoint(1, Point(100, 100), size=Size(700, 10))}),
        ("argument", {"placement": AtPoint(1, Point(100, 100), size=Size(0, 10))}),
        ("argument", {"placement": AtPoint(1, Point(100, 100), fit=Size(-5, 10))}),
        ("argument", {"placement": AtPoint(1, Point(float("nan"), 100))}),
        ("argument", {"placement": AtPoint(1, Point(100, float("inf")))}),
        ("argument", {"placement": AtPoint(1, Point(100, 100), size=Size(float("inf"), 10))}),
        ("argument", {"appearance": Appearance(picture(), opacity=0)}),
        ("argument", {"appearance": Appearance(picture(), opacity=101)}),
        ("argument", {"appearance": Appearance(picture(), opacity=float("nan"))}),
        ("argument", {"appearance": Appearance(None)}),
        ("argument", {"reserve": 0}),
        ("argument", {"reserve": -1}),
        ("argument", {"reserve": 1 << 30}),
        ("argument", {"field_name": ""}),
        ("argument", {"field_name": "a.b"}),
        ("argument", {"when": WHEN.replace(tzinfo=None)}),
        ("unknown_scheme", {"scheme": "xades"}),
        ("unknown_scheme", {"signature_scheme": "rsa-md5"}),
        ("unknown_scheme", {"signature_scheme": "sm2-sm3"}),
        ("unknown_scheme", {"signature_scheme": "rsa-sha256"}),
        ("weak_algorithm", {"signature_scheme": "ecdsa-sha1"}),
        ("certificate_unreadable", {"signer": b"no certificate"}),
        ("certificate_unreadable", {"chain": [b""]}),
        ("picture_unreadable", {"appearance": Appearance(b"")}),
        ("picture_unreadable", {"appearance": Appearance(b"GIF89a")}),
    ],
    ids=str,
)
def test_arguments(code: str, options: dict[str, object]):
    refused(code, prepare, **options)


@pytest.mark.parametrize(
    ("name", "code"),
    [("bomb-50000x50000.png", "picture_too_large"), ("truncated.png", "picture_unreadable"),
     ("not-a-picture.png", "picture_unreadable"), ("empty.png", "picture_unreadable"),
     ("zero-width.png", "picture_unreadable"), ("seal.tiff", "picture_unreadable")],
)  # fmt: skip
def test_pictures(name: str, code: str):
    refused(code, prepare, appearance=Appearance(picture(name)))


def test_field_names(pdfs: Path):
    once = prepare(field_name="甲方")
    assert once.field_name == "甲方"
    refused("field_exists", prepare, once.pdf_bytes(), field_name="甲方")
    assert prepare(pdf("field-names-taken")).field_name not in ("Signature1", "Signature2")


def test_certified_documents():
    """12.8.2.2: P 1 forbids a further signature, P 2 and 3 do not."""
    refused("forbidden_by_document", prepare, attack("control-certified.pdf").data)
    certified = attack("control-docmdp-2-form-filled.pdf").data
    report = pdfseal.verify(seal(certified).pdf, trust=trust("p256"))
    assert [one.verdict for one in report.signatures] == ["passed", "passed"]


# ---- signatures that are refused -------------------------------------------------------------------


def test_signature_of_another_key():
    prepared = prepare()
    stranger = private_key("p256-inter").sign(prepared.hash_set_bytes, SCHEMES["ecdsa-sha256"])
    refused("signature_invalid", pdfseal.compose, prepared, stranger)


@pytest.mark.parametrize(
    "garbage", [b"", b"\0", b"garbage", b"\x30\x06\x02\x01\x01\x02\x01\x01", bytes(64), bytes(10**6)]
)
def test_signature_is_garbage(garbage: bytes):
    refused("signature_invalid", pdfseal.compose, prepare(), garbage)


@pytest.mark.parametrize("family", ["rsa", "p256", "p384", "sm2"])
def test_signature_with_one_bit_flipped(family: str):
    prepared = prepare(signer=certificate(f"{family}-signer"), chain=[certificate(f"{family}-inter")])
    signature = bytearray(sign(prepared, f"{family}-signer"))
    pdfseal.compose(prepared, bytes(signature))
    signature[-5] ^= 1
    refused("signature_invalid", pdfseal.compose, prepared, bytes(signature))


def test_signature_over_another_document():
    one, two = prepare(), prepare(pdf("crlf"))
    refused("signature_invalid", pdfseal.compose, one, sign(two))


def test_digest_of_another_document():
    one, two = prepare(), prepare(pdf("crlf"))
    mixed = replace(one, hash_set_bytes=two.hash_set_bytes)
    refused("digest_mismatch", pdfseal.compose, mixed, sign(two))
    certificates = [certificate("p256-signer")]
    arguments = (one.pdf_bytes(), two.hash_set_bytes, sign(two))
    refused("digest_mismatch", pdfseal.compose_prepared, *arguments, certificates=certificates)


def test_prepared_pdf_changed_before_compose():
    prepared = prepare()
    changed = prepared.pdf_bytes().replace(b"Li Ming", b"Li Ning", 1)
    arguments = (changed, prepared.hash_set_bytes, sign(prepared))
    refused(
        "digest_mismatch", pdfseal.compose_prepared, *arguments, certificates=[certificate("p256-signer")]
    )


def test_no_candidate():
    prepared = prepare()
    arguments = (prepared.pdf_bytes(), prepared.hash_set_bytes, sign(prepared))
    for candidates in ([], [certificate("p256-inter"), certificate("rsa-signer")]):
        refused("certificate_not_candidate", pdfseal.compose_prepared, *arguments, certificates=candidates)


def test_hole_too_small_names_the_bytes_needed():
    prepared = prepare(reserve=100)
    error = refused("hole_too_small", pdfseal.compose, prepared, sign(prepared))
    needed = int(re.findall(r"\d+", error.message)[0])
    again = prepare(reserve=needed + 6)  # the length of an ECDSA signature varies
    assert pdfseal.verify(compose(again), trust=trust("p256")).verdict == "passed"


def compose(prepared: pdfseal.PreparedSeal, who: str = "p256-signer") -> bytes:
    return pdfseal.compose(prepared, sign(prepared, who)).applied_to(prepared.pdf_bytes())


def test_hole_not_empty():
    prepared = prepare()
    sealed = compose(prepared)
    arguments = (sealed, prepared.hash_set_bytes, sign(prepared))
    refused("hole_not_empty", pdfseal.compose_prepared, *arguments, certificates=[certificate("p256-signer")])
    refused("hole_not_empty", check_prepared, prepared, BytesSource(sealed))


def test_not_prepared():
    prepared = prepare()
    for other in (
        pdf(),
        pdf("object-streams"),
        attack("form-removed.pdf").data,
        prepared.pdf_bytes() + b"\n",
    ):
        arguments = (other, prepared.hash_set_bytes, sign(prepared))
        certificates = [certificate("p256-signer")]
        refused("not_prepared", pdfseal.compose_prepared, *arguments, certificates=certificates)
        refused("not_prepared", check_prepared, prepared, BytesSource(other))


@pytest.mark.parametrize(
    "wrong", [b"", b"\x31\x00", b"\x31\x80\x00\x00", b"\x30\x03\x02\x01\x01", b"text", bytes(100)]
)
def test_to_be_signed_is_garbage(wrong: bytes):
    prepared = prepare()
    with pytest.raises(pdfseal.PdfsealError) as caught:
        pdfseal.compose_prepared(
            prepared.pdf_bytes(), wrong, sign(prepared), certificates=[certificate("p256-signer")]
        )
    assert caught.value.code in ("argument", "container_malformed")


# ---- what is given ---------------------------------------------------------------------------------


def core(data: bytes, **options: object) -> pdfseal.PreparedSeal:
    plan = pdfseal.api.make_plan("cms", certificate("p256-signer"), [certificate("p256-inter")])
    wanted: dict[str, object] = {
        "placement": PLACE, "appearance": Appearance(picture()), "plan": plan, "when": WHEN,
        "file_id": FILE_ID,
    }  # fmt: skip
    return prepare_core(BytesSource(data), **(wanted | options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["table", "xref-stream", "object-streams", "hybrid", "producers/xetex-contract"]
)
def test_equal_arguments_give_equal_bytes(name: str):
    assert core(pdf(name)) == core(pdf(name))


def test_what_differs():
    one = core(pdf())
    assert one.appended != core(pdf(), file_id=bytes(16)).appended
    assert one.hash_bytes != core(pdf(), wording=Wording(reason="other")).hash_bytes


@pytest.mark.parametrize("family", ["rsa", "p256", "p384", "sm2"])
def test_compose_and_compose_prepared_agree(family: str):
    prepared = prepare(signer=certificate(f"{family}-signer"), chain=[certificate(f"{family}-inter")])
    signature = sign(prepared, f"{family}-signer")
    sealed = pdfseal.compose(prepared, signature).applied_to(prepared.pdf_bytes())
    assert sealed == pdfseal.compose_prepared(
        prepared.pdf_bytes(), prepared.hash_set_bytes, signature, certificates=prepared.certificates
    )


@pytest.mark.parametrize("family", ["p256", "p384", "sm2"])
def test_raw_signatures_are_accepted(family: str):
    """r and s side by side, as tokens and signing servers return them."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    prepared = prepare(signer=certificate(f"{family}-signer"), chain=[certificate(f"{family}-inter")])
    r, s = decode_dss_signature(sign(prepared, f"{family}-signer"))
    size = 48 if family == "p384" else 32
    raw = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    sealed = pdfseal.compose(prepared, raw).applied_to(prepared.pdf_bytes())
    assert pdfseal.verify(sealed, trust=trust(family)).verdict == "passed"


def test_the_original_is_a_prefix():
    for name in ("table", "no-final-newline", "cr-only", "leading-junk", "trailing-zeros"):
        assert prepare(pdf(name)).pdf_bytes().startswith(pdf(name))


def test_the_hole_and_the_byte_range():
    prepared = prepare(reserve=2000)
    start, length = prepared.hole
    whole = prepared.pdf_bytes()
    assert length == 2 * 2000 + 2
    assert whole[start : start + length] == b"<" + b"0" * 4000 + b">"
    assert prepared.byte_range == (0, start, start + length, len(whole) - start - length)
    patch = pdfseal.compose(prepared, sign(prepared))
    assert (patch.offset, len(patch.data)) == (start + 1, 4000)


def test_wording_is_written_and_reported():
    words = Wording(name="李明", reason="合同 (第2页)\\", location="北京", contact="tel. 1")
    report = pdfseal.verify(compose(prepare(wording=words)))
    assert (report.signatures[0].reason, report.signatures[0].location) == (words.reason, words.location)


def test_invisible_seal():
    prepared = prepare(placement=None, appearance=Appearance(None))
    assert prepared.boxes == ()
    report = pdfseal.verify(compose(prepared), trust=trust("p256"))
    assert (report.verdict, report.signatures[0].boxes) == ("passed", ())


def test_box_is_moved_back_inside_and_says_so():
    prepared = prepare(placement=AtPoint(1, Point(590, 5), size=Size(60, 60)))
    assert prepared.boxes == (pdfseal.Box(1, Rect(535, 0, 595, 60), moved=True),)
    assert prepared.notes == ("the box on page 1 was moved back inside the page",)


def test_corners_in_any_order_and_points():
    """A rectangle without area is its centre point; the natural size is the picture's."""
    point = prepare(placement=InRectangle(1, Rect(100, 100, 100, 100), size=Size(20, 10))).boxes[0].rect
    assert point == Rect(90, 95, 110, 105)
    swapped = Rect.of_corners(80, 80, 20, 20)
    assert prepare(placement=InRectangle(1, swapped, fit=Size(60, 60))).boxes == prepare().boxes


def test_natural_size():
    """125 x 156 px at 100 dpi are 90 x 112.32 pt: the worked example of the manual."""
    prepared = prepare(
        placement=AtPoint(1, Point(200, 200)), appearance=Appearance(picture("seal-person-125x156.png"))
    )
    assert prepared.boxes[0].rect.size.width == pytest.approx(90)
    assert prepared.boxes[0].rect.size.height == pytest.approx(112.32)


# ---- through files ---------------------------------------------------------------------------------


def test_source_changed(tmp_path: Path):
    path = tmp_path / "original.pdf"
    path.write_bytes(pdf())
    prepared = prepare(str(path))  # type: ignore[arg-type]
    path.write_bytes(pdf().replace(b"Li Ming", b"Li Ning"))
    refused("source_changed", prepared.write, tmp_path / "out.pdf")
    refused("source_changed", prepared.pdf_bytes)
    path.write_bytes(pdf() + b"\n")
    refused("source_changed", prepared.write, tmp_path / "out.pdf")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["original.pdf"]


def test_in_place(tmp_path: Path):
    path = tmp_path / "prepared.pdf"
    prepared = prepare()
    prepared.write(path)
    pdfseal.compose(prepared, sign(prepared)).write_in_place(path)
    assert pdfseal.verify(str(path), trust=trust("p256")).verdict == "passed"


def test_a_patch_goes_into_no_other_file(tmp_path: Path):
    """A file of the same length, another preparation of the same PDF, a sealed one: nothing is written."""
    prepared, again = prepare(), prepare()
    patch = pdfseal.compose(prepared, sign(prepared))
    sealed_otherwise = bytearray(compose(prepared))
    sealed_otherwise[patch.offset + 7] ^= 1
    for other, code in (
        (b"x" * prepared.total_length, "not_prepared"),
        (again.pdf_bytes(), "not_prepared"),
        (pdf(), "not_prepared"),
        (bytes(sealed_otherwise), "hole_not_empty"),
    ):
        path = tmp_path / "other.pdf"
        path.write_bytes(other)
        refused(code, patch.write_in_place, path)
        refused(code, patch.applied_to, other)
        refused(code, patch.write, BytesSource(other), tmp_path / "out.pdf")
        assert path.read_bytes() == other
    refused("not_prepared", again.write, tmp_path / "out.pdf", patch=patch)
    stateless = sealing.compose_prepared(
        BytesSource(again.pdf_bytes()), again.hash_set_bytes, sign(again), certificates=again.certificates
    )
    refused("not_prepared", stateless.applied_to, prepared.pdf_bytes())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["other.pdf"]


def test_an_interrupted_patch_is_written_again(tmp_path: Path):
    prepared, path = prepare(), tmp_path / "prepared.pdf"
    patch = pdfseal.compose(prepared, sign(prepared))
    half = bytearray(prepared.pdf_bytes())
    half[patch.offset : patch.offset + 900] = patch.data[:900]
    path.write_bytes(half)
    for _ in range(2):
        patch.write_in_place(path)
        assert path.read_bytes() == patch.applied_to(prepared.pdf_bytes())


def test_the_original_is_overwritten_on_request_alone(tmp_path: Path):
    path, link, hard = (tmp_path / name for name in ("in.pdf", "link.pdf", "hard.pdf"))
    path.write_bytes(pdf())
    link.symlink_to(path)
    hard.hardlink_to(path)
    prepared = prepare(str(path))  # type: ignore[arg-type]
    patch = pdfseal.compose(prepared, sign(prepared))
    for output in (path, link, hard):
        refused("output_exists_as_input", prepared.write, output)
        refused("output_exists_as_input", prepared.write, output, patch=patch)
    assert path.read_bytes() == pdf()
    prepared.write(link, patch=patch, in_place=True)
    assert link.is_symlink()
    assert pdfseal.verify(str(path), trust=trust("p256")).verdict == "passed"
    path.write_bytes(prepared.pdf_bytes(pdf()))
    with opened(path) as source:
        refused("output_exists_as_input", patch.write, source, link)


def test_errors_have_the_right_class():
    assert isinstance(refused("signature_invalid", pdfseal.compose, prepare(), b"x"), RefusedError)
    assert isinstance(refused("argument", prepare, reserve=0), CallerError)
    assert isinstance(refused("pdf_empty", prepare, b""), pdfseal.DocumentError)
    assert isinstance(refused("not_a_pdf", prepare, b"text"), pdfseal.DocumentError)
