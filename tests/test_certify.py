"""Certifications: pyHanko and pdfsig accept them, and what they forbid is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import pdfseal
from tests.support.oracles import pdfsig, pyhanko_status
from tests.support.sealing import FIXTURES, WHEN, seal, trust

CONTRACT = FIXTURES / "pdf" / "producers" / "libreoffice-contract.pdf"
ROOT = FIXTURES / "pki" / "p256-root.crt.pem"


@pytest.mark.parametrize("permission", [1, 2, 3])
def test_a_certification_is_accepted_by_others(tmp_path: Path, permission: int):
    certified = seal(CONTRACT.read_bytes(), certify=permission).pdf
    path = tmp_path / "certified.pdf"
    path.write_bytes(certified)
    assert pdfseal.verify(certified, trust=trust("p256"), at=WHEN).verdict == "passed"
    assert pdfseal.inspect(certified).certification == permission
    assert [one.bottom_line for one in pyhanko_status(path, [ROOT], at=WHEN)] == [True]
    assert [one.valid for one in pdfsig(path)] == [True]


def test_no_change_means_no_further_signature():
    certified = seal(CONTRACT.read_bytes(), certify=1).pdf
    with pytest.raises(pdfseal.RefusedError) as caught:
        seal(certified)
    assert caught.value.code == "forbidden_by_document"


@pytest.mark.parametrize("permission", [2, 3])
def test_a_further_signature_is_permitted_with_a_warning(permission: int):
    certified = seal(CONTRACT.read_bytes(), certify=permission).pdf
    second = seal(certified)
    assert any("certified" in note for note in second.prepared.notes)
    report = pdfseal.verify(second.pdf, trust=trust("p256"), at=WHEN)
    assert [one.verdict for one in report.signatures] == ["passed", "passed"]


def test_only_the_first_signature_certifies():
    with pytest.raises(pdfseal.RefusedError) as caught:
        seal(seal(CONTRACT.read_bytes()).pdf, certify=2)
    assert caught.value.code == "forbidden_by_document"


def test_a_permission_that_does_not_exist():
    with pytest.raises(pdfseal.CallerError) as caught:
        seal(CONTRACT.read_bytes(), certify=4)
    assert caught.value.code == "argument"
