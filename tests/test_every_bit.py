"""Single bits of a PDF with an electronic seal: a flip is detected, named, or leaves /Contents as it was.

2,000 bits at random, the same on every run; PDFSEAL_ALL_BITS=1 tries every bit of the file.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

import pdfseal
from pdfseal.pdf.document import Document
from pdfseal.pdf.signature import find_signatures
from pdfseal.pdf.source import BytesSource
from tests.support.sealing import FIXTURES, certificate, trust
from tests.support.ses import LAYOUTS, WHEN
from tests.test_ses_in_pdf import seal_once


def judged(pdf: bytes) -> tuple[str, set[str]]:
    """The verdict, or the code of the error; and the findings' codes."""
    try:
        report = pdfseal.verify(pdf, trust=trust("sm2"), untrusted=[certificate("sm2-inter")], at=WHEN)
    except pdfseal.PdfsealError as error:
        return error.code, set()
    return report.verdict, {finding.code for one in report.signatures for finding in one.findings}


def contents(pdf: bytes) -> bytes:
    (found,) = find_signatures(Document.open(BytesSource(pdf)))
    return found.contents


@pytest.mark.parametrize("layout", LAYOUTS)
def test_single_bits(pdfs: Path, layout: str):
    honest = seal_once((FIXTURES / "pdf" / "table.pdf").read_bytes(), layout, "sm2")
    verdict, known = judged(honest)
    assert verdict == "passed"
    choose = random.Random(layout)
    every = range(8 * len(honest))
    positions = every if os.environ.get("PDFSEAL_ALL_BITS") else choose.sample(every, 2000)
    silent = []
    for position in positions:
        byte, bit = divmod(position, 8)
        flipped = bytearray(honest)
        flipped[byte] ^= 1 << bit
        verdict, codes = judged(bytes(flipped))
        if verdict != "passed" or any(code.startswith("leniency.") for code in codes - known):
            continue
        if contents(bytes(flipped)) != contents(honest):
            silent.append((byte, bit))
    assert not silent, "bits that change the container without a finding"
