"""What later revisions can make the rules cost: bounded by the size of the file, whatever is in it."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pdfseal
from pdfseal.pdf.changes.references import _references
from tests.support.bombs import SIGNED_BASE, plain, signed, stream
from tests.support.sealing import WHEN

MAX_CPU_S = 2.0
GAP = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]*[\r\n])+"
REFERENCE = re.compile(
    rb"(?<![0-9])0*([1-9][0-9]{0,9})" + GAP + rb"([0-9]{1,5})" + GAP + rb"R(?![A-Za-z0-9])"
)


def revised(whole: bytes, objects: dict[int, bytes]) -> bytes:
    return plain(objects, b"/Prev %d" % whole.rindex(b"xref\n0 1\n"), before=whole)


def waiting() -> bytes:
    """arrays that all refer to the same 3,000 objects, which come later"""
    numbers = range(1000, 4000)
    array = b"[" + b" ".join(b"%d 0 R" % number for number in numbers) + b"]"
    whole = signed({**SIGNED_BASE, **dict.fromkeys(range(20, 30), array)})
    return revised(whole, dict.fromkeys(numbers, b"0"))


def numbers_before_comments() -> bytes:
    whole = signed({**SIGNED_BASE, 5: stream(b"1 %" * 20_000, deflate=False)})
    return revised(whole, dict.fromkeys([5, *range(50, 90)], b"0"))


def streams_before_comments() -> bytes:
    return revised(signed({**SIGNED_BASE, 5: b"<<>>%" * 12_000 + b"\n"}), {7: b"1"})


def lengths_before_comments() -> bytes:
    whole = signed({**SIGNED_BASE, 5: b"<</A[" + b"/Length%" * 8000 + b"\n]/Length 2>>stream\nab\nendstream"})
    return revised(whole, {7: b"1"})


@pytest.mark.parametrize(
    "build", [waiting, numbers_before_comments, streams_before_comments, lengths_before_comments]
)
def test_cost(build):
    start = time.process_time()
    answer = answer_of(build())
    assert answer == "failed" or "the limit work is" in answer
    assert time.process_time() - start < MAX_CPU_S


def answer_of(data: bytes) -> str:
    try:
        return pdfseal.verify(data, at=WHEN).verdict
    except pdfseal.DocumentError as error:
        return error.message


TOKENS = st.sampled_from(
    [b"7", b"12", b"0", b"00", b"R", b" ", b"\n", b"%", b"%x\n", b"% 7 0 R\n", b"/A", b"[", b"("]
)


@given(st.lists(TOKENS, max_size=25).map(b"".join), st.booleans())
def test_nothing_that_is_a_reference_is_overlooked(data: bytes, many: bool):
    numbers = frozenset([7, 12, *(range(100, 140) if many else ())])
    exact = {
        (match.start(1), int(match[1])) for match in REFERENCE.finditer(data) if int(match[1]) in numbers
    }
    assert exact <= set(_references(data, numbers))
