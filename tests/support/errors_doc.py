"""docs/errors.md is the table of `pdfseal.errors.CODES`, and nothing else.

`python -m tests.support.errors_doc` writes it; tests/test_architecture.py holds it equal.
"""

from __future__ import annotations

import re
from pathlib import Path

from pdfseal import errors

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs" / "errors.md"

HEAD = """\
# Error codes

Whose fault it is is a type, what went wrong is a stable code. A code may be added; none is renamed or
given a second meaning. Written from `pdfseal.errors.CODES` by `python -m tests.support.errors_doc`.
"""


def codes_by_class() -> dict[str, str]:
    """Code -> name of the error class, read from the section comments inside `CODES`."""
    source = Path(errors.__file__).read_text(encoding="utf-8")
    table = source.partition("CODES: dict[str, str] = {\n")[2].partition("\n}\n")[0]
    found: dict[str, str] = {}
    section = ""
    for line in table.splitlines():
        if heading := re.fullmatch(r" {4}# (\w+Error)", line):
            section = heading[1]
        elif entry := re.match(r' {4}"(\w+)":', line):
            found[entry[1]] = section
    return found


def render() -> str:
    sections: dict[str, list[str]] = {}
    for code, section in codes_by_class().items():
        sections.setdefault(section, []).append(code)
    parts = [HEAD]
    for section, codes in sections.items():
        purpose = (getattr(errors, section).__doc__ or "").strip()
        rows = "\n".join(f"| `{code}` | {errors.CODES[code]} |" for code in codes)
        parts.append(f"## {section}\n\n{purpose}\n\n| code | meaning |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    DOC.parent.mkdir(exist_ok=True)
    DOC.write_text(render(), encoding="utf-8")
    print(f"wrote {DOC.relative_to(ROOT)}: {len(errors.CODES)} codes")
