"""What the program imports is what pyproject.toml asks for: an empty clone must be able to run."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = {"pdfseal", "pdfseal_cli"}
# imported under the name of what another distribution brings along by design
BROUGHT_ALONG = {"pdfminer-six": "pdfplumber"}


def _imported() -> set[str]:
    """The packages that the program imports anywhere, itself or through uvicorn's httptools protocol."""
    names: set[str] = set()
    for folder in ("src", "cli"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    names.add(node.module)
    # uvicorn itself does not ask for the parser that this module of it imports
    if any(name.startswith("uvicorn.protocols.http.httptools") for name in names):
        names.add("httptools")
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names - OURS


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_import_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = {name: lines for name, lines in project["optional-dependencies"].items() if name != "test"}
    wanted = [*project["dependencies"], *(line for lines in extras.values() for line in lines)]
    declared = {_plain(re.split(r"[<>=!\[; ]", line, maxsplit=1)[0]) for line in wanted}
    distributions = packages_distributions()
    missing = set()
    for package in _imported():
        names = {_plain(name) for name in distributions.get(package, [package])}
        if not any(BROUGHT_ALONG.get(name, name) in declared for name in names):
            missing.add(package)
    assert not missing
