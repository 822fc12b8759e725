"""What a signature locks when it is made, and what earlier signatures forbid to a later one."""

from __future__ import annotations

import io

import pikepdf
import pytest
from click import BadParameter

import pdfseal
from pdfseal import FieldLock
from pdfseal.errors import CallerError, RefusedError
from pdfseal_cli.kinds import LOCK
from tests.support import honest as steps
from tests.support.honest_matrix import say_pdfseal, say_pyhanko

AMOUNT = FieldLock("Include", (steps.AMOUNT,))


@pytest.mark.parametrize(
    ("lock", "amount", "note"),
    [
        (FieldLock("All"), False, False),
        (AMOUNT, False, True),
        (FieldLock("Exclude", (steps.AMOUNT,)), True, False),
    ],
)
def test_what_is_locked_may_not_be_filled_in(lock: FieldLock, amount: bool, note: bool):
    """Fields without an appearance of their own: pyHanko counts one that has as updated by any revision."""
    signed = steps.by_pdfseal(steps.document("bare"), lock=lock)
    for name, allowed in ((steps.AMOUNT, amount), (steps.NOTE, note)):
        filled = steps.fill_by_pyhanko(signed, name)
        assert say_pdfseal(filled, len(signed)).accepts is allowed
        assert say_pyhanko(filled, len(signed)).accepts is allowed


def test_the_lock_stands_in_the_field_and_in_the_signature():
    signed = steps.by_pdfseal(steps.document(), lock=AMOUNT)
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        field = pdf.Root.AcroForm.Fields[-1]
        assert field.Lock.is_indirect
        assert (field.Lock.Type, field.Lock.Action) == ("/SigFieldLock", "/Include")
        assert list(field.Lock.Fields) == ["amount"]
        (reference,) = field.V.Reference
        assert (reference.TransformMethod, reference.TransformParams.Action) == ("/FieldMDP", "/Include")


def test_a_locked_name_is_refused_to_later_signatures():
    everything = steps.by_pdfseal(steps.document(), lock=FieldLock("All"), field_name="First")
    with pytest.raises(RefusedError, match="'First' locks the field 'Signature1'") as caught:
        steps.by_pdfseal(everything)
    assert caught.value.code == "forbidden_by_document"
    with pytest.raises(RefusedError, match="'First' locks the field 'Reserved'"):
        steps.into_field(everything)
    one = steps.by_pdfseal(steps.document(), lock=AMOUNT)
    again = steps.by_pdfseal(one)
    assert say_pdfseal(again, len(one)).accepts


def test_certification_and_lock_together():
    signed = steps.by_pdfseal(steps.document(), certify=2, lock=AMOUNT, field_name="First")
    methods = [r["TransformMethod"] for r in steps.signatures(signed)[0].dictionary["Reference"]]
    assert sorted(map(str, methods)) == ["DocMDP", "FieldMDP"]
    allowed = steps.fill_by_pyhanko(signed, steps.NOTE)
    assert say_pdfseal(allowed, len(signed)).accepts
    with pytest.raises(RefusedError, match="certification in 'First' states /P 1"):
        steps.by_pdfseal(steps.by_pdfseal(steps.document(), certify=1, field_name="First"))


def test_a_field_with_its_own_lock_takes_no_other():
    into = pdfseal.IntoField("Reserved")
    with pytest.raises(
        CallerError, match=r"'Reserved' says itself .* locked, 'note': it cannot lock 'amount'"
    ):
        steps.by_pdfseal(steps.document("own lock"), placement=into, lock=AMOUNT)
    same = FieldLock("Include", (steps.NOTE,))
    assert steps.by_pdfseal(steps.document("own lock"), placement=into, lock=same)
    signed = steps.by_pdfseal(steps.document("own lock"), placement=pdfseal.IntoField("Reserved"))
    assert not say_pdfseal(steps.fill_by_pyhanko(signed, steps.NOTE), len(signed)).accepts
    assert say_pdfseal(steps.fill_by_pyhanko(signed), len(signed)).accepts


def test_p_of_a_lock_is_obeyed():
    """PDF 2.0: the /Lock of a signed field may state a /P of its own."""
    signed = steps.by_pdfseal(steps.document("lock with P 1"), placement=pdfseal.IntoField("Reserved"))
    with pytest.raises(RefusedError, match="'Reserved' states /P 1"):
        steps.by_pdfseal(signed)
    assert not say_pdfseal(steps.by_pyhanko(signed), len(signed)).accepts


@pytest.mark.parametrize("permission", [1, 2, 3])
def test_a_lock_may_limit_what_comes_later(permission: int):
    """/P of /Lock (table 236): as strict as a certification, for every signature; pyHanko agrees."""
    lock = FieldLock("Include", (steps.AMOUNT,), permission)
    signed = steps.by_pdfseal(steps.document("bare"), lock=lock, field_name="First")
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        assert int(pdf.Root.AcroForm.Fields[-1].Lock.P) == permission
        assert "/P" not in pdf.Root.AcroForm.Fields[-1].V.Reference[0].TransformParams
    filled = steps.fill_by_pyhanko(signed, steps.NOTE)
    assert say_pdfseal(filled, len(signed)).accepts is (permission > 1)
    assert say_pyhanko(filled, len(signed)).accepts is (permission > 1)
    if permission == 1:
        with pytest.raises(RefusedError, match="'First' states /P 1"):
            steps.by_pdfseal(signed)
    else:
        assert say_pdfseal(steps.by_pdfseal(signed), len(signed)).accepts


def test_a_lock_of_an_existing_field():
    """/P stands in the field: possible while nothing is signed, a change to what is signed later."""
    into = pdfseal.IntoField("Reserved")
    signed = steps.by_pdfseal(steps.document(), placement=into, lock=FieldLock("All", (), 1))
    assert steps.signatures(signed)[0].field == "Reserved"
    filled = steps.fill_by_pyhanko(signed, steps.NOTE)
    assert not say_pdfseal(filled, len(signed)).accepts
    with pytest.raises(RefusedError, match="'Reserved' states /P 1"):
        steps.by_pdfseal(signed)
    once = steps.by_pdfseal(steps.document())
    with pytest.raises(RefusedError, match="'Reserved' cannot get a lock with a /P any more"):
        steps.by_pdfseal(once, placement=into, lock=FieldLock("All", (), 1))
    twice = steps.by_pdfseal(once, placement=into, lock=AMOUNT)
    assert say_pdfseal(twice, len(once)).accepts
    assert say_pyhanko(twice, len(once)).accepts


def test_a_lock_permits_nothing_unknown():
    with pytest.raises(CallerError, match="a lock permits 1, 2 or 3, not 4"):
        FieldLock("All", (), 4)


@pytest.mark.parametrize(("certify", "wanted"), [(None, 2), (1, 2), (2, 0)])
def test_a_seed_value_demands_its_certification(certify: int | None, wanted: int):
    document = steps.document(f"seed {wanted}")
    with pytest.raises(RefusedError, match="/SV /MDP"):
        steps.by_pdfseal(document, placement=pdfseal.IntoField("Reserved"), certify=certify)
    sealed = steps.by_pdfseal(document, placement=pdfseal.IntoField("Reserved"), certify=wanted or None)
    assert say_pdfseal(sealed, len(sealed)).accepts


@pytest.mark.parametrize(
    ("text", "lock"),
    [
        ("all", FieldLock("All")),
        ("amount", AMOUNT),
        ("a, b", FieldLock("Include", ("a", "b"))),
        ("~amount,备注", FieldLock("Exclude", ("amount", "备注"))),
        ("1:all", FieldLock("All", (), 1)),
        ("2:~amount", FieldLock("Exclude", ("amount",), 2)),
        ("2:9:amount", FieldLock("Include", ("9:amount",), 2)),
        ("total:net", FieldLock("Include", ("total:net",))),
    ],
)
def test_the_option(text: str, lock: FieldLock):
    assert LOCK.convert(text, None, None) == lock


@pytest.mark.parametrize("text", ["", "~", "a,,b", ","])
def test_the_option_wants_names(text: str):
    with pytest.raises(BadParameter):
        LOCK.convert(text, None, None)


@pytest.mark.parametrize(
    "text", ["4:all", "9:all", "0:all", "12:amount", "ALL", "all,x", "x, All", "~all", "1:all,x"]
)
def test_the_option_is_no_field_by_mistake(text: str):
    with pytest.raises(BadParameter, match=r"1, 2 or 3|stands alone"):
        LOCK.convert(text, None, None)


@pytest.mark.parametrize(
    ("lock", "words"),
    [
        (FieldLock("All"), "all fields"),
        (FieldLock("Include", ("a", "b")), "'a', 'b'"),
        (FieldLock("Exclude", ("甲方",), 2), "all fields but '甲方' with /P 2"),
    ],
)
def test_a_lock_in_words(lock: FieldLock, words: str):
    assert str(lock) == words


@pytest.mark.parametrize(
    ("names", "missing"),
    [(("amount", "note"), ""), (("amoumt", "note"), "'amoumt'"), (("a", "am"), "'a', 'am'")],
)
def test_a_lock_that_names_no_field_is_noted(names: tuple[str, ...], missing: str):
    for action in ("Include", "Exclude"):
        seal = pdfseal.prepare(
            steps.document(),
            placement=None,
            signer=steps.certificate("p256-signer"),
            lock=FieldLock(action, names),
        )
        assert [note.rpartition(": ")[2] for note in seal.notes] == ([missing] if missing else [])
