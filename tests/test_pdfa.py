"""Sealing keeps PDF/A: colours, transparency and the widget, by the clauses of ISO 19005."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

import pdfseal
from tests.support import honest as steps
from tests.support.oracles import render_pdfium, render_poppler
from tests.support.sealing import FIXTURES

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>{}</pdfaid:part><pdfaid:conformance>B
</pdfaid:conformance></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def archived(part: int | None, components: int | None) -> bytes:
    """A document that claims a part of PDF/A, with an output intent of so many colour components."""
    out = io.BytesIO()
    with pikepdf.open(FIXTURES / "pdf" / "table.pdf") as pdf:
        if part is not None:
            metadata = XMP.format(part).encode()
            pdf.Root.Metadata = pdf.make_stream(
                metadata, Type=pikepdf.Name.Metadata, Subtype=pikepdf.Name.XML
            )
        if components is not None:
            profile = pdf.make_stream(b"", N=components)
            name = pikepdf.Name.GTS_PDFA1
            intent = pikepdf.Dictionary(Type=pikepdf.Name.OutputIntent, S=name, DestOutputProfile=profile)
            pdf.Root.OutputIntents = pikepdf.Array([intent])
        pdf.save(out)
    return out.getvalue()


def sealed(pdf: bytes) -> bytes:
    return pdfseal.prepare(
        pdf,
        placement=steps.SPOT,
        appearance=pdfseal.Appearance(
            picture=steps.picture("seal-round-alpha.png"), captions=(pdfseal.Caption(("2026-06-01",)),)
        ),
        signer=steps.certificate("p256-signer"),
    ).pdf_bytes()


def form(pdf: pikepdf.Pdf) -> pikepdf.Object:
    return pdf.Root.AcroForm.Fields[0].AP.N


@pytest.mark.parametrize(
    ("part", "components", "opaque", "calibrated"),
    [
        (None, None, False, False),
        (None, 4, False, False),  # an output intent without the claim binds nobody
        (1, 3, True, False),
        (1, 4, True, True),
        (1, None, True, True),
        (2, 3, False, False),
        (2, 4, False, True),
        (2, None, True, True),
        (3, 1, False, True),
    ],
)
def test_drawing_rules(part: int | None, components: int | None, opaque: bool, calibrated: bool):
    with pikepdf.open(io.BytesIO(sealed(archived(part, components)))) as pdf:
        resources = form(pdf).Resources
        assert ("/ExtGState" not in resources) is opaque  # 6.4; 6.2.10 of part 2
        assert all("/SMask" not in one for one in resources.XObject.values()) is opaque
        assert ("/ColorSpace" in resources) is calibrated  # 6.2.3.3; 6.2.4.3 of part 2
        for font in resources.Font.values():  # 6.3.4: embedded
            assert "/FontFile3" in font.DescendantFonts[0].FontDescriptor


@pytest.mark.parametrize("part", [1, 2])
def test_the_widget(part: int):
    """6.5.2, 6.5.3: printed, never hidden, one normal appearance, no actions; 6.6.1, 6.9."""
    with pikepdf.open(io.BytesIO(sealed(archived(part, None)))) as pdf:
        widget = pdf.Root.AcroForm.Fields[0]
        assert int(widget.F) & 4
        assert not int(widget.F) & (1 | 2 | 32)
        assert list(widget.AP) == ["/N"]
        assert not {"/A", "/AA", "/CA", "/C", "/IC"} & widget.keys()
        assert "/NeedAppearances" not in pdf.Root.AcroForm


@pytest.mark.parametrize("render", [render_pdfium, render_poppler])
def test_calibrated_colours_look_the_same(tmp_path: Path, render):
    pictures = []
    for name, components in (("device", 3), ("calibrated", 4)):
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(sealed(archived(1, components)))
        pictures.append(render(path).tobytes())
    difference = sum(abs(a - b) for a, b in zip(*pictures, strict=True)) / len(pictures[0])
    assert 0 <= difference < 0.6


@pytest.mark.parametrize(
    ("part", "reserve", "longest"),
    [(1, 65_535, None), (1, 65_536, 65_535), (2, 32_767, None), (3, 32_768, 32_767), (None, 70_000, None)],
)
def test_a_signature_that_is_longer_than_a_string_may_be(part: int | None, reserve: int, longest: int | None):
    """6.1.12; 6.1.13 of part 2."""
    seal = pdfseal.prepare(
        archived(part, 3),
        placement=None,
        signer=steps.certificate("p256-signer"),
        reserve=reserve,
    )
    assert [f"at most {longest} bytes" in note for note in seal.notes] == ([True] if longest else [])
