"""What is of another kind than a call asks for is the caller's mistake, and the message names it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pdfseal
from pdfseal import (
    Appearance,
    AtKeyword,
    AtPoint,
    Caption,
    Certificate,
    FieldLock,
    InRectangle,
    IntoField,
    Patch,
    Point,
    RoundSeal,
    Several,
    Straddle,
    TrustAnchors,
    Wording,
)
from pdfseal.adapters.fetch import HttpFetch
from pdfseal.adapters.keys import CommandSigner, load_private_key
from pdfseal.adapters.tsa import TsaAddress, TsaClient
from pdfseal.pdf.limits import Limits
from tests.support.sealing import FIXTURES, certificate, picture

PDF = (FIXTURES / "pdf" / "table.pdf").read_bytes()
NAIVE = datetime.datetime(2026, 1, 1)
NAN = float("nan")


def prepare(**options: Any) -> pdfseal.PreparedSeal:
    wanted = {"placement": None, "signer": certificate("p256-signer")}
    return pdfseal.prepare(PDF, **(wanted | options))


def at(*values: Any) -> pdfseal.PreparedSeal:
    return prepare(placement=AtPoint(*values), appearance=Appearance(picture()))


def verify(**options: Any) -> pdfseal.Report:
    return pdfseal.verify(PDF, **options)


WRONG: dict[str, Callable[[], Any]] = {
    "verify: pdf must be bytes, bytearray, memoryview, str or PathLike, not None": lambda: pdfseal.verify(
        None
    ),
    "verify: trust must be TrustAnchors or None, not str": lambda: verify(trust="root.pem"),
    "verify: trust.certificates must be a sequence of Certificate, not Certificate": lambda: verify(
        trust=TrustAnchors(certificate("p256-root"))
    ),
    "verify: trust.certificates[0] must be Certificate, not bytes": lambda: verify(
        trust=TrustAnchors([b"x"])
    ),
    "verify: limits must be Limits, not dict": lambda: verify(limits={}),
    "verify: at must be a datetime with a time zone or None, not one without": lambda: verify(at=NAIVE),
    "verify: crls must be a sequence of bytes, not bytes": lambda: verify(crls=b"crl"),
    "verify: password must be str or None, not bytes": lambda: verify(password=b"secret"),
    "verify: strict must be bool, not int": lambda: verify(strict=1),
    "verify: fetch must be callable or None, not str": lambda: verify(fetch="http"),
    "verify: revocation must be 'off', 'soft', 'hard' or RevocationPolicy, not 'hardest'": lambda: verify(
        revocation="hardest"
    ),
    "TrustAnchors.load: data must be bytes, not str": lambda: TrustAnchors.load("root.pem"),
    "TrustAnchors.load: data must be bytes, not list": lambda: TrustAnchors.load([b"root"]),
    "TrustAnchors.load: data must be bytes, not PosixPath": lambda: TrustAnchors.load(b"", Path("root.pem")),
    "Certificate.load: data must be bytes, not None": lambda: Certificate.load(None),
    "prepare: signer must be Certificate or bytes, not str": lambda: prepare(signer="signer.pem"),
    "prepare: chain must be a sequence of Certificate or bytes, not bytes": lambda: prepare(chain=b"chain"),
    "prepare: chain[1] must be Certificate or bytes, not str": lambda: prepare(chain=[b"x", "y"]),
    "prepare: lock must be FieldLock or None, not str": lambda: prepare(lock="all"),
    "prepare: when must be a datetime with a time zone or None, not str": lambda: prepare(when="2026"),
    "prepare: certify must be int or None, not True": lambda: prepare(certify=True),
    "prepare: reserve must be int or None, not 1.5": lambda: prepare(reserve=1.5),
    "prepare: repair must be bool, not str": lambda: prepare(repair="no"),
    "prepare: wording.reason must be str or None, not int": lambda: prepare(wording=Wording(reason=5)),
    "prepare: appearance must be Appearance or None, not bytes": lambda: prepare(appearance=picture()),
    "prepare: appearance.picture must be bytes or None, not str": lambda: prepare(
        appearance=Appearance("a.png")
    ),
    "prepare: appearance.captions[0].lines must be a sequence of str, not str": lambda: prepare(
        appearance=Appearance(None, captions=(Caption("text"),))
    ),
    "prepare: placement must be InRectangle, AtPoint, AtKeyword, ": lambda: prepare(placement="page 1"),
    "prepare: placement.page must be str, int or a sequence of int, not 1.5": lambda: at(1.5, Point(1, 1)),
    "prepare: placement.page[1] must be int, not 2.5": lambda: at((1, 2.5), Point(1, 1)),
    "prepare: placement.point must be Point, not tuple": lambda: at(1, (1, 1)),
    "prepare: placement.point.x must be a finite number, not nan": lambda: at(1, Point(NAN, 1)),
    "prepare: placement.placements[0].point.y must be a finite number, not str": lambda: prepare(
        placement=Several((AtPoint(1, Point(1, "1")),))
    ),
    "prepare: placement.rect must be Rect, not tuple": lambda: prepare(
        placement=InRectangle(1, (1, 2, 3, 4))
    ),
    "prepare: placement.name must be str, not None": lambda: prepare(placement=IntoField(None)),
    "prepare: placement.keyword must be str or a sequence of str, not None": lambda: prepare(
        placement=AtKeyword(None)
    ),
    "prepare: placement.edge must be 'right', 'left', 'top' or 'bottom', not 'middle'": lambda: prepare(
        placement=Straddle("middle")
    ),
    "compose: signature must be bytes, not None": lambda: pdfseal.compose(prepare(), None),
    "compose: prepared must be PreparedSeal, not bytes": lambda: pdfseal.compose(PDF, b""),
    "compose_prepared: certificates must be a sequence of": lambda: pdfseal.compose_prepared(
        PDF, b"", b"", certificates=certificate("p256-signer")
    ),
    "PreparedSeal.write: path must be str or PathLike, not None": lambda: prepare().write(None),
    "PreparedSeal.write: patch must be Patch or None, not bytes": lambda: prepare().write("x", patch=b""),
    "Patch.applied_to: prepared must be bytes, not str": lambda: Patch(1, b"", 9, b"").applied_to("a.pdf"),
    "locate: keywords[1] must be str, not int": lambda: pdfseal.locate(PDF, ["a", 1]),
    "locate: order must be 'all', 'asc' or 'desc', not 'up'": lambda: pdfseal.locate(PDF, "a", order="up"),
    "locate: nth must be int or None, not str": lambda: pdfseal.locate(PDF, "a", nth="1"),
    "inspect: pdf must be": lambda: pdfseal.inspect(5),
    "extend: trust must be TrustAnchors, not None": lambda: pdfseal.extend(PDF, trust=None),
    "timestamp_document: authority must be callable, not str": lambda: pdfseal.timestamp_document(
        PDF, authority="http://tsa.example/"
    ),
    "seal_image: seal must be RoundSeal, OvalSeal, ": lambda: pdfseal.seal_image("公章"),
    "seal_image: seal.text must be str, not None": lambda: pdfseal.seal_image(RoundSeal(None)),
    "seal_image: dpi must be a finite number, not str": lambda: pdfseal.seal_image(
        RoundSeal("公章"), dpi="300"
    ),
    "FieldLock: action must be 'All', 'Include' or 'Exclude', not 'Foo'": lambda: FieldLock("Foo", ()),
    "FieldLock: names must be a sequence of str, not str": lambda: FieldLock("Include", "金额"),
    "a lock of all fields names none": lambda: FieldLock("All", ("金额",)),
    "the limit pages cannot be -1": lambda: Limits(pages=-1),
    "the limit nesting cannot be 1000": lambda: Limits(nesting=1000),
    "Limits: pages must be int, not str": lambda: Limits(pages="9"),
    "load_private_key: data must be bytes, not str": lambda: load_private_key("key.pem"),
    "CommandSigner: argv[0] must be str, not bytes": lambda: CommandSigner([b"sign"]),
    "CommandSigner: timeout_s must be a finite number, not nan": lambda: CommandSigner(["sign"], NAN),
    "a signer command cannot have 1e+300 seconds": lambda: CommandSigner(["sign"], 1e300),
    "a signer command cannot have -1 seconds": lambda: CommandSigner(["sign"], -1),
    "HttpFetch: timeout_s must be a finite number, not str": lambda: HttpFetch(timeout_s="10"),
    "TsaAddress: url must be str, not None": lambda: TsaAddress(None),
    "TsaClient: authorities must be a sequence of TsaAddress, not str": lambda: TsaClient(
        "http://tsa.example/"
    ),
    "an authority cannot have -1 seconds to answer": lambda: TsaClient(
        [TsaAddress("http://tsa.example/")], timeout_s=-1
    ),
}


@pytest.mark.parametrize(("words", "call"), WRONG.items(), ids=WRONG.keys())
def test_wrong_kinds(words: str, call: Callable[[], Any]):
    with pytest.raises(pdfseal.CallerError) as caught:
        call()
    assert caught.value.code == "argument"
    assert caught.value.message.startswith(words)


def test_what_fits():
    """Octets of every kind as a document, lists where tuples are written, whole numbers as lengths."""
    assert {pdfseal.verify(kind(PDF)).verdict for kind in (bytes, bytearray, memoryview)} == {"unsigned"}
    assert at([1, 2], Point(100, 100)).boxes[1].page == 2
    assert prepare(appearance=Appearance(None, captions=[Caption(["text"])]), placement=None).boxes == ()


def test_missing_arguments_are_as_in_any_function():
    with pytest.raises(TypeError, match="missing a required argument: 'signature'"):
        pdfseal.compose(prepare())


def test_every_annotation_can_be_read():
    for name in pdfseal.__all__:
        function = getattr(pdfseal, name)
        if hasattr(function, "__wrapped__"):
            assert pdfseal.arguments._hints(function.__wrapped__)
