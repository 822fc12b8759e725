"""Shared by all tests: where the fixtures are, and hypothesis steady: same examples on every run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# HYPOTHESIS_PROFILE=default looks for new examples; deadlines would only judge the machine's load.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fixtures"


def pdf_index() -> list[dict[str, Any]]:
    """The entries of fixtures/pdf/index.json: name, reason, expected, pages (password)."""
    return json.loads((FIXTURES / "pdf" / "index.json").read_text(encoding="utf-8"))["files"]


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder of committed vectors: pdf/, pictures/, pki/, ..."""
    return FIXTURES


@pytest.fixture(scope="session")
def pdfs() -> Path:
    """The folder of committed PDF files."""
    return FIXTURES / "pdf"
