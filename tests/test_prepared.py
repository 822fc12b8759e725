"""The session file: everything survives it, and nothing hostile in it is believed."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

import pdfseal
from pdfseal import PreparedSeal
from tests.support.sealing import FIXTURES, WHEN, certificate, picture, private_key


@cache
def prepared(family: str = "p256") -> PreparedSeal:
    return pdfseal.prepare(
        (FIXTURES / "pdf" / "table.pdf").read_bytes(),
        placement=pdfseal.AtPoint(1, pdfseal.Point(590, 40), size=pdfseal.Size(60, 60)),
        appearance=pdfseal.Appearance(picture()),
        signer=certificate(f"{family}-signer"),
        chain=[certificate(f"{family}-inter")],
        when=WHEN,
    )


@pytest.mark.parametrize("family", ["rsa", "p256", "p384", "sm2"])
def test_round_trip(family: str):
    before = prepared(family)
    after = PreparedSeal.from_json(before.to_json())
    assert after == before
    assert PreparedSeal.from_json(before.to_json().encode()) == before
    assert after.to_json() == before.to_json()
    assert (after.boxes[0].moved, after.notes) == (True, before.notes)


def test_another_process_composes():
    """The session and the prepared PDF are enough; the original is not needed."""
    session = PreparedSeal.from_json(prepared().to_json())
    signature = private_key("p256-signer").sign(session.hash_set_bytes, pdfseal.api.SCHEMES["ecdsa-sha256"])
    sealed = pdfseal.compose(session, signature).applied_to(prepared().pdf_bytes())
    assert pdfseal.verify(sealed).signatures[0].signature_ok


def test_the_original_is_asked_for():
    session = PreparedSeal.from_json(prepared().to_json())
    with pytest.raises(pdfseal.CallerError) as caught:
        session.pdf_bytes()
    assert caught.value.code == "argument"
    original = (FIXTURES / "pdf" / "table.pdf").read_bytes()
    assert session.pdf_bytes(original) == prepared().pdf_bytes()
    with pytest.raises(pdfseal.RefusedError) as changed:
        session.pdf_bytes(original + b"\n")
    assert changed.value.code == "source_changed"


def test_it_holds_no_secret():
    text = prepared().to_json()
    secret = private_key("p256-signer")._secret.private_numbers().private_value
    assert str(secret) not in text
    assert f"{secret:064x}" not in text
    assert "PRIVATE" not in text


def test_repr_is_short():
    """No appended bytes or digests in logs."""
    assert len(repr(prepared())) < 800


# ---- hostile text ----------------------------------------------------------------------------------


def unreadable(text: str | bytes) -> str:
    with pytest.raises(pdfseal.CallerError) as caught:
        PreparedSeal.from_json(text)
    assert caught.value.code == "session_unreadable"
    assert len(caught.value.message) < 300
    return caught.value.message


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "5", '"text"', "{}", '{"pdfseal_session": 1}', '{"pdfseal_session": null}',
     "[" * 100_000, b"\xff\xfe", b"%PDF-1.7", '{"pdfseal_session": {"a": 1}}', "NaN"],
    ids=lambda text: repr(text)[:30],
)  # fmt: skip
def test_not_a_session(text: str | bytes):
    unreadable(text)


def test_another_version():
    assert "99" in unreadable(json.dumps(json.loads(prepared().to_json()) | {"pdfseal_session": 99}))


def fields() -> list[str]:
    return list(json.loads(prepared().to_json()))


def with_field(name: str, value: Any) -> str:
    return json.dumps(json.loads(prepared().to_json()) | {name: value})


@pytest.mark.parametrize("name", fields())
def test_missing_field(name: str):
    value = json.loads(prepared().to_json())
    del value[name]
    unreadable(json.dumps(value))


WRONG: list[Any] = [None, -1, 1.5, 10**30, "x", [], [1], {}, {"a": 1}, [None], [[1, 2]], "\ud800", ["x", 1]]
TEXTS = {"field_name", "scheme", "signature_scheme", "digest_algorithm"}


@pytest.mark.parametrize("name", fields())
@pytest.mark.parametrize("value", WRONG, ids=ascii)
def test_field_of_another_kind(name: str, value: Any):
    """Nothing but CallerError, whatever stands there; texts may be any text."""
    text = with_field(name, value)
    may_be_empty = name in ("boxes", "certificates") and value == []
    if may_be_empty or name in TEXTS or (name == "notes" and isinstance(value, list)):
        PreparedSeal.from_json(text)
    else:
        unreadable(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hole", [0, 100]),
        ("hole", [10**12, 100]),
        ("hole", [-50, 100]),
        ("hole", [100, -100]),
        ("hole", [5, 2]),
        ("base_length", 0),
        ("base_length", -5),
        ("base_length", 10**15),
        ("byte_range", [0, 1, 2, 3]),
        ("byte_range", [0, 0, 0, 0]),
        ("byte_range", [-1, 2, 3, 4]),
        ("appended", ""),
        ("appended", "QUJD"),
    ],
)
def test_positions_that_do_not_fit_each_other(name: str, value: Any):
    """The patch goes where the hole is: a session must not send it anywhere else."""
    unreadable(with_field(name, value))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_boxes_are_finite(value: str):
    text = (
        prepared()
        .to_json()
        .replace('"left": 535.0', f'"left": {value}')
        .replace('"left": 535', f'"left": {value}')
    )
    assert value in text
    unreadable(text)


def test_certificates_are_certificates():
    unreadable(with_field("certificates", ["QUJD"]))
