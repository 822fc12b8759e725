"""The shape of the house: import directions, pure core, sizes, error codes, exported names.

Only syntax trees are read, so these tests judge every module, also those no other test imports.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pdfseal
from pdfseal import errors
from tests.support import errors_doc
from tests.support.syntax_trees import (
    functions,
    imports,
    modules,
    own_module,
    raised_codes,
    string_constants,
)

ROOT = Path(__file__).parents[1]

# Room -> the rooms (or single modules) that it may import. All may import `errors`, `arguments`, themselves.
DIRECTIONS: dict[str, set[str]] = {
    "errors": set(),
    "arguments": set(),
    "geometry": set(),
    "asn1": set(),
    "crypto": {"asn1"},
    "pki": {"crypto", "asn1"},
    "containers": {"pki", "crypto", "asn1"},
    "timestamp": {"containers.cms", "pki", "crypto", "asn1"},
    "pdf": {"fonts", "geometry"},
    "placement": {"pdf", "geometry"},
    "fonts": {"geometry"},
    "sealimage": {"fonts", "geometry"},
    "report": {"geometry"},
    "report_words": set(),
    "report_html": {"report", "report_words"},
    "inspection": {"pdf"},
    "extending": {"asn1", "verification", "pdf", "containers", "timestamp", "pki", "report"},
    "stamping": {"sealing", "hashing", "prepared", "pdf", "containers", "timestamp", "crypto"},
    "prepared": {"placement", "pdf", "pki", "geometry"},
    "hashing": {"pdf", "crypto"},
    "sealing": {
        "hashing", "prepared", "placement", "pdf", "containers", "timestamp", "pki", "crypto", "asn1",
        "geometry", "sealimage",
    },
    "verification": {
        "pdf", "containers", "timestamp", "pki", "crypto", "asn1", "geometry", "report",
    },
}  # fmt: skip
CORE = set(DIRECTIONS)
# The facade is `pdfseal/__init__.py` and `api.py`: clock and randomness are filled in there, above the core.
FACADE = {"", "api"}
DIRECTIONS["facade"] = CORE | {"adapters"}
DIRECTIONS["adapters"] = CORE
DIRECTIONS["cli"] = CORE | {"adapters", "facade"}

# What the core must not touch, and the few modules that are the exceptions, each with its reason.
IMPURE_MODULES = {
    "io.open", "pathlib", "random", "secrets", "socket", "ssl", "subprocess", "tempfile", "shutil",
    "urllib", "http", "threading.Timer", "uuid", "getpass", "logging",
}  # fmt: skip
IMPURE_CALLS = {
    "open", "input", "print", "time.time", "time.time_ns", "datetime.now", "datetime.utcnow",
    "datetime.today", "date.today", "uuid4",
}  # fmt: skip
HARMLESS_IN_OS = {"PathLike", "fspath"}  # types and plain conversions; everything else in os is outside world
MAY_BE_IMPURE = {
    "pdfseal.pdf.source": "reads the document in chunks and writes files whole or not at all",
    "pdfseal.pdf.text.second_opinion": "keeps the remarks that pdfminer logs off standard error",
    "pdfseal.crypto.sm2": "reads PDFSEAL_SM2, which forces a backend in tests",
    "pdfseal.crypto.sm2_python": "gmssl signs with a random number of ours",
}

# Codes that nothing raises yet, each with the issue's words for when it will be.
RESERVED_CODES: dict[str, str] = {}

# What `import pdfseal` offers; the rest of the package is reached by its module.
EXPORTED = {
    "Appearance", "AtKeyword", "AtPoint", "BlockSeal", "Box", "CONTAINER_SCHEMES", "CallerError",
    "Caption", "Certificate", "DocumentError", "FieldLock", "Finding", "InRectangle", "Inspection",
    "InternalError", "IntoField", "Located", "Match", "MatchPart", "OutsideError", "OvalSeal",
    "PageTexts", "Patch", "PdfsealError", "PersonalSeal", "Point", "PreparedSeal", "QrCode", "Rect",
    "RefusedError", "Report", "RoundSeal", "Several", "SignatureReport", "Size", "Stamped", "Straddle",
    "TrustAnchors", "Wording", "__version__", "attach_timestamp", "compose", "compose_prepared",
    "compose_timestamp", "extend", "inspect", "locate", "mm_to_points", "points_to_mm", "prepare",
    "prepare_timestamp", "read_texts", "seal_image", "stamp_signature", "timestamp_document", "verify",
}  # fmt: skip

HEAVY = (
    "PIL", "asn1crypto", "click", "cryptography", "fontTools", "gmssl", "lxml", "pdfminer", "pdfplumber",
    "pikepdf", "pyhanko_certvalidator", "pypdfium2", "rich", "segno", "sqlalchemy", "starlette",
)  # fmt: skip

MAX_MODULE_LINES = 500
MAX_FUNCTION_LINES = 70


def room(module_name: str) -> str:
    """The room a module stands in: the first part below the package."""
    package, _, inner = module_name.partition(".")
    if package == "pdfseal_cli":
        return "cli"
    first = inner.partition(".")[0]
    return "facade" if first in FACADE else first


def allowed(importer: str, imported: str) -> bool:
    home, target = room(importer), room(imported)
    if target in (home, "errors", "arguments"):
        return True
    inner = imported.removeprefix("pdfseal.")
    return any(inner == entry or inner.startswith(entry + ".") for entry in DIRECTIONS[home]) or (
        target == "facade" and "facade" in DIRECTIONS[home]
    )


def test_every_room_is_known():
    unknown = {module.place for module in modules() if room(module.name) not in DIRECTIONS}
    assert not unknown, f"no import direction is written down for {sorted(unknown)}"


def test_import_directions():
    wrong = [
        f"{module.place}:{entry.line} imports {entry.target}"
        for module in modules()
        for entry in imports(module)
        if (target := own_module(entry.target)) and not allowed(module.name, target)
    ]
    assert not wrong, "\n".join(wrong)


def test_own_modules_are_never_imported_inside_functions():
    wrong = [
        f"{module.place}:{entry.line} imports {entry.target}"
        for module in modules()
        for entry in imports(module)
        if entry.in_function and own_module(entry.target)
    ]
    assert not wrong, "\n".join(wrong)


def test_imports_have_no_cycle():
    graph = {
        module.name: {
            target
            for entry in imports(module)
            if not entry.typing_only and (target := own_module(entry.target)) and target != module.name
        }
        for module in modules()
    }
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, "import cycle: " + " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            for target in sorted(graph[name]):
                walk(target, (*path, name))
            done.add(name)

    for name in graph:
        walk(name, ())


def test_the_core_is_pure():
    wrong = []
    for module in modules():
        if room(module.name) not in CORE or module.name in MAY_BE_IMPURE:
            continue
        for entry in imports(module):
            if any(entry.target == name or entry.target.startswith(name + ".") for name in IMPURE_MODULES):
                wrong.append(f"{module.place}:{entry.line} imports {entry.target}")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os":
                if node.attr not in HARMLESS_IN_OS:
                    wrong.append(f"{module.place}:{node.lineno} uses os.{node.attr}")
            elif isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if any(
                    called == name or (called.endswith("." + name) and "." in name) for name in IMPURE_CALLS
                ):
                    wrong.append(f"{module.place}:{node.lineno} calls {called}")
    assert not wrong, "\n".join(wrong)


def test_exceptions_are_still_needed():
    names = {module.name for module in modules()}
    gone = [name for name in MAY_BE_IMPURE if name not in names]
    assert not gone, f"MAY_BE_IMPURE lists modules that are not there: {gone}"


def test_modules_and_functions_are_small():
    big = [f"{m.place}: {m.lines} lines" for m in modules() if m.lines >= MAX_MODULE_LINES]
    big += [
        f"{module.place}:{line} {name}: {length} lines"
        for module in modules()
        for name, line, length in functions(module)
        if length > MAX_FUNCTION_LINES
    ]
    assert not big, "\n".join(big)


def test_error_codes_are_listed_under_their_class():
    section_of = errors_doc.codes_by_class()
    assert list(section_of) == list(errors.CODES), "each entry of CODES stands under a class comment"
    classes = frozenset(section_of.values()) | {"PdfsealError"}
    wrong = [
        f"{module.place}:{line} raises {name}({code!r}), which CODES lists as {section_of.get(code)}"
        for module in modules()
        for name, code, line in raised_codes(module, classes)
        if section_of.get(code) != name
    ]
    assert not wrong, "\n".join(wrong)


def test_every_error_code_is_used_or_reserved():
    used = set().union(*(string_constants(m) for m in modules() if m.name != "pdfseal.errors"))
    assert set(errors.CODES) - used == set(RESERVED_CODES)


def test_error_table_in_the_docs():
    assert errors_doc.DOC.read_text(encoding="utf-8") == errors_doc.render(), (
        "run: python -m tests.support.errors_doc"
    )


def test_exported_names():
    assert set(pdfseal.__all__) == EXPORTED
    missing = [name for name in pdfseal.__all__ if getattr(pdfseal, name, None) is None]
    assert not missing


def test_import_is_light():
    """`import pdfseal` loads no heavy third-party package: they are loaded on first use."""
    script = f"import sys, pdfseal; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == []
