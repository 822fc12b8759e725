"""What came after a signature: every attack sample gets its verdict, honest changes get theirs.

The samples are data (fixtures/attacks, made by fixtures/make_attacks.py). Two files have the same flaw
only where two rules catch it.
"""

from __future__ import annotations

import re

import pypdfium2
import pytest

import pdfseal
from pdfseal.pdf.changes import changes_since
from pdfseal.pdf.changes.live import Live
from pdfseal.pdf.changes.references import References
from pdfseal.pdf.document import Document
from pdfseal.pdf.source import BytesSource
from tests.support.attacks import Attack, attack, attacks, codes, judge
from tests.support.sealing import FIXTURES, WHEN, seal, trust
from tests.test_changes_two_roles import NEW, OBJECTS, PAGE, draw, pdf_of, stream


def by_name(one: Attack) -> str:
    return one.name.removesuffix(".pdf")


@pytest.mark.parametrize("one", attacks(), ids=by_name)
def test_verdict(one: Attack):
    report = judge(one.data)
    assert report.verdict == one.verdict, one.reason
    assert set(one.findings) <= codes(report), one.reason


@pytest.mark.parametrize("one", attacks(), ids=by_name)
def test_no_attack_passes(one: Attack):
    assert one.name.startswith("control-") == (one.verdict == "passed")


@pytest.mark.parametrize("one", attacks(), ids=by_name)
def test_every_error_says_what_and_where(one: Attack):
    for signature in judge(one.data).signatures:
        for finding in signature.findings:
            assert "\n" not in finding.message
            assert len(finding.message) < 400


def document(pdf: bytes) -> Document:
    return Document.open(BytesSource(pdf))


HIDDEN = b"\n04 0 obj\n"  # see fixtures/attacks_on_sections.py
NOT_HIDDEN = b"\n30 0 obj\n"  # as the table has it
FOUND_AS_HIDDEN_ALONE = {"size-is-one-and-row-0.pdf"}
HIDING = [one for one in attacks() if HIDDEN in one.data and one.name not in FOUND_AS_HIDDEN_ALONE]


def signed_end(pdf: bytes) -> int:
    _, _, start, length = re.findall(rb"\d+", re.findall(rb"/ByteRange (\[[0-9 ]+\])", pdf)[0])
    return int(start) + int(length)


@pytest.mark.parametrize("one", HIDING, ids=by_name)
def test_defects_of_sections_count_where_nothing_hides(one: Attack):
    """What hides is found by another rule: a reader that rebuilds may still find what this one forgets."""
    sample = one.data.replace(HIDDEN, NOT_HIDDEN)
    end = signed_end(sample)
    assert changes_since(document(sample), end).level == "other"
    assert changes_since(document(pdf_of({20: b"null"}, b"", sample[:end])), end).level == "none"


def test_a_change_names_its_object():
    sample = attack("content-stream-replaced.pdf").data
    signed_end = len(attack("control-signed.pdf").data)
    changes = changes_since(document(sample), signed_end)
    assert (changes.level, changes.revisions) == ("other", 1)
    assert [change.number for change in changes.details] == [4]


def test_nothing_came_later():
    sample = attack("control-signed.pdf").data
    assert changes_since(document(sample), len(sample)).level == "none"


# ---- who refers to an object -----------------------------------------------------------------------


def referrers(pdf: bytes, number: int, among: tuple[int, ...] = ()) -> set[int]:
    whole = document(pdf)
    return References(whole, {number, *among}).referrers(Live(whole), number)


MANY = tuple(range(1000, 1040))  # more than are searched for one by one


@pytest.mark.parametrize("among", [(), MANY], ids=["few", "many"])
def test_referrers(among: tuple[int, ...]):
    sample = attack("control-signed.pdf").data
    assert referrers(sample, 3, among) == {2, 7, 8}
    assert referrers(sample, 9, among) == {8}
    assert referrers(sample, 5, among) == {3}
    assert referrers(sample, 99, among) == set()


@pytest.mark.parametrize("among", [(), MANY], ids=["few", "many"])
def test_referrers_in_object_streams(pdfs, among: tuple[int, ...]):
    sample = (pdfs / "object-streams.pdf").read_bytes()
    assert referrers(sample, 3, among) == {4, 6, 8}


def test_what_looks_like_a_reference_is_none():
    """Text of a content stream that reads `99 0 R` is not a reference, so a later object 99 is no attack."""
    first = seal(attack("control-signed.pdf").data.replace(b"(Pay 100 yuan)", b"(99 0 R yuan )"))
    assert referrers(first.pdf, 99) == set()


def test_references_with_odd_space():
    sample = attack("dangling-reference-with-comment-filled.pdf").data
    assert referrers(sample, 99) == {3}


WINDOW_BYTES = 4 << 20  # the file is searched in pieces of this size


@pytest.mark.parametrize("gap", [1, 300], ids=["narrow", "wide"])
@pytest.mark.parametrize("before", [1, 2, 3, 5])
def test_references_across_the_edge_of_a_window(before: int, gap: int):
    """The page refers to what a later revision brings, and `before` bytes of that stand before the edge."""
    reference = b"90" + b" " * gap + b"0 R"
    named = {3: PAGE.replace(b"/XObject 5 0 R", b"/XObject<</X %s>>" % reference), 4: draw(b"X")}

    def padded(size: int) -> bytes:
        return pdf_of({8: stream(b"x" * size)} | OBJECTS | named)

    edge = WINDOW_BYTES - before - padded(0).index(reference)
    sealed = seal(padded(edge - len(str(edge)) + 1)).pdf
    assert sealed.index(reference) == WINDOW_BYTES - before
    filled = pdf_of(NEW, b"", sealed)
    assert ("Pay 999" in text(sealed), "Pay 999" in text(filled)) == (False, True)
    assert judge(sealed).verdict == "passed"
    assert judge(filled).verdict == "failed"


def text(pdf: bytes) -> str:
    return pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()


def test_two_seals_by_pdfseal_are_signatures_only(pdfs):
    """On every kind of cross-reference data the second seal is seen as a signature, nothing worse."""
    for name in ("table", "xref-stream", "object-streams", "hybrid", "linearized", "dangling-reference"):
        once = seal((pdfs / f"{name}.pdf").read_bytes()).pdf
        changes = changes_since(document(seal(once).pdf), len(once))
        assert changes.level == "signatures", (name, changes)


@pytest.mark.parametrize("tail", [b"\n", b"\r\n\r\n", b"\x00" * 512])
def test_white_space_behind_the_end_is_no_change(tail: bytes):
    sealed = seal((FIXTURES / "pdf" / "table.pdf").read_bytes()).pdf
    report = pdfseal.verify(sealed + tail, trust=trust("p256"), at=WHEN)
    assert (report.verdict, report.signatures[0].coverage) == ("passed", "revision")
    assert pdfseal.verify(sealed + tail + b"x", trust=trust("p256"), at=WHEN).verdict == "failed"
