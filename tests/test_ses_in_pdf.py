"""Electronic seals on a PDF: prepared, signed outside, composed, one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from pdfseal import sealing
from pdfseal.asn1 import Reading
from pdfseal.containers import read_container
from pdfseal.crypto.digests import new_hash
from pdfseal.pdf.document import Document
from pdfseal.pdf.signature import covered_pieces, find_signatures
from pdfseal.pdf.source import chunks, opened
from pdfseal.sealing import Appearance
from tests.support.ses import FAMILIES, LAYOUTS, WHEN, make_plan, who


def seal_once(pdf: bytes, layout: str, family: str) -> bytes:
    with opened(pdf) as source:
        prepared = sealing.prepare(
            source,
            placement=None,
            appearance=Appearance(None),
            plan=make_plan(layout, family),
            when=WHEN,
            file_id=bytes(16),
        ).with_origin(pdf, source)
    signature = who(f"{family}-signer").sign(prepared.hash_set_bytes)
    patch = sealing.compose(prepared, signature)
    sealed = bytearray(prepared.pdf_bytes())
    sealed[patch.offset : patch.offset + len(patch.data)] = patch.data
    return bytes(sealed)


@pytest.mark.parametrize("family", FAMILIES)
def test_seals_of_both_layouts_on_one_document(pdfs: Path, family):
    pdf = (pdfs / "table.pdf").read_bytes()
    for layout in LAYOUTS:
        pdf = seal_once(pdf, layout, family)
    with opened(pdf) as source:
        found = find_signatures(Document.open(source))
        assert len(found) == len(LAYOUTS)
        for signature, layout in zip(found, LAYOUTS, strict=True):
            container = read_container(signature.contents, reading=Reading(strict=True))
            assert container.kind == layout
            assert container.tbs.byte_range == tuple(signature.byte_range)
            digests = {}
            for spec in container.needed_digests():
                state = new_hash(spec.algorithm)
                for start, stop in covered_pieces(signature.byte_range):
                    for piece in chunks(source, start, stop):
                        state.update(piece)
                digests[spec] = state.digest()
            result = container.check(digests)
            assert (result.digest_ok, result.signature_ok, result.reasons) == (True, True, ())
