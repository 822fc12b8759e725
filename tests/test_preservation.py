"""Every fixture is sealed twice or refused with its code, and no object of the original is lost or changed.

pikepdf and qpdf judge. The first tests judge the judge: it must notice what it is there to notice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pdfseal
from tests.conftest import pdf_index
from tests.support.oracles import qpdf_check
from tests.support.preservation import check_preservation
from tests.support.sealing import seal, trust

SEALED = [entry for entry in pdf_index() if entry["expected"] == "seals"]
LOCKED = [entry for entry in pdf_index() if entry.get("password")]
REFUSED = [entry for entry in pdf_index() if entry["expected"] != "seals"]


def by_name(entry: dict[str, Any]) -> str:
    return entry["name"]


def append_object(original: bytes, number: int, body: str) -> bytes:
    """A careless revision: object `number` written over, with a table of one entry."""
    offset = len(original)
    written = f"{number} 0 obj\n{body}\nendobj\n".encode()
    previous = int(original.rpartition(b"startxref\n")[2].split()[0])
    identifier = original.rpartition(b"/ID ")[2].partition(b"]")[0].decode() + "]"
    trailer = f"<< /Size 31 /Root 1 0 R /ID {identifier} /Prev {previous} >>"
    table = f"xref\n{number} 1\n{offset:010d} 00000 n \ntrailer\n{trailer}\n"
    end = f"startxref\n{offset + len(written)}\n%%EOF\n"
    return original + written + (table + end).encode()


@pytest.mark.parametrize(
    ("name", "number", "body", "complaint"),
    [
        ("size-too-small.pdf", 30, "<< /Type /Annot >>", "object 30 0: "),
        ("dangling-reference.pdf", 10, "<< /Type /Annot >>", "object 1 0: /Outlines changed"),
        ("table.pdf", 9, "null", "object 9 0 is null now"),
        ("table.pdf", 1, "<< /Type /Catalog /Pages 2 0 R /Lang (zh) >>", "object 1 0: /Lang changed"),
        ("annots-indirect.pdf", 10, "[12 0 R 11 0 R]", "object 10 0: array items changed"),
    ],
)
def test_the_check_notices(pdfs: Path, name: str, number: int, body: str, complaint: str):
    original = (pdfs / name).read_bytes()
    result = check_preservation(original, append_object(original, number, body))
    assert any(text.startswith(complaint) for text in result.lost + result.changed)


def test_the_check_allows_what_a_seal_does(pdfs: Path):
    original = (pdfs / "annots-indirect.pdf").read_bytes()
    assert check_preservation(original, append_object(original, 10, "[11 0 R 12 0 R]")).ok


def test_the_check_notices_a_changed_byte(pdfs: Path):
    original = (pdfs / "table.pdf").read_bytes()
    assert not check_preservation(original, original.replace(b"Helvetica", b"Helvetico")).ok


@pytest.mark.parametrize("entry", SEALED, ids=by_name)
def test_two_seals_preserve_every_object(pdfs: Path, tmp_path: Path, entry: dict[str, Any]):
    path, password = pdfs / entry["name"], entry.get("password", "")
    original = path.read_bytes()
    once = seal(original, password=password).pdf
    twice = seal(once, password=password).pdf
    for before, after in ((original, once), (once, twice)):
        result = check_preservation(before, after, password=password)
        assert result.ok, result
    sealed = tmp_path / "twice.pdf"
    sealed.write_bytes(twice)
    assert qpdf_check(sealed, password=password).no_worse_than(qpdf_check(path, password=password))
    report = pdfseal.verify(twice, trust=trust("p256"), password=password)
    assert [report.verdict, *(signature.verdict for signature in report.signatures)] == ["passed"] * 3


@pytest.mark.parametrize("password", [None, "", "wrong"])
@pytest.mark.parametrize("entry", LOCKED, ids=by_name)
def test_locked_files_need_their_password(pdfs: Path, entry: dict[str, Any], password: str | None):
    with pytest.raises(pdfseal.CallerError) as caught:
        seal((pdfs / entry["name"]).read_bytes(), password=password)
    assert caught.value.code == "wrong_password"


@pytest.mark.parametrize("entry", REFUSED, ids=by_name)
def test_refused_with_its_code(pdfs: Path, entry: dict[str, Any]):
    with pytest.raises(pdfseal.PdfsealError) as caught:
        seal((pdfs / entry["name"]).read_bytes())
    assert caught.value.code == entry["expected"]
    assert "\n" not in caught.value.message
