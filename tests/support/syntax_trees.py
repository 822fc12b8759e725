"""The source of pdfseal and pdfseal_cli as syntax trees: modules, imports, functions, raised codes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {"pdfseal": ROOT / "src" / "pdfseal", "pdfseal_cli": ROOT / "cli" / "pdfseal_cli"}


@dataclass(frozen=True)
class Module:
    """One source file. `name` is its import name; a package's `__init__` has the package's name."""

    name: str
    path: Path
    tree: ast.Module
    lines: int

    @property
    def place(self) -> str:
        return str(self.path.relative_to(ROOT))


@dataclass(frozen=True)
class Import:
    """One import of `target`, a dotted name: a module, or a name inside one."""

    target: str
    line: int
    in_function: bool
    typing_only: bool


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            inner = path.relative_to(folder).with_suffix("").parts
            parts = [package, *(part for part in inner if part != "__init__")]
            text = path.read_text(encoding="utf-8")
            found.append(Module(".".join(parts), path, ast.parse(text, str(path)), text.count("\n")))
    return tuple(found)


@cache
def imports(module: Module) -> tuple[Import, ...]:
    """Every import of the module, relative ones resolved; each imported name counts by itself."""
    return tuple(_imports(module, module.tree, in_function=False, typing_only=False))


def _imports(module: Module, node: ast.AST, *, in_function: bool, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        for target in _targets(module, child):
            yield Import(target, child.lineno, in_function, typing_only)  # type: ignore[attr-defined]
        yield from _imports(
            module,
            child,
            in_function=in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda),
            typing_only=typing_only
            or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)),
        )


def _targets(module: Module, node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        package = module.name.split(".") if module.path.name == "__init__.py" else module.name.split(".")[:-1]
        base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [base])])
    return [f"{base}.{alias.name}" for alias in node.names]


def own_module(target: str) -> str | None:
    """The module of ours that an import of `target` loads, or None for other people's."""
    names = {module.name for module in modules()}
    while target:
        if target in names:
            return target
        target = target.rpartition(".")[0]
    return None


def functions(module: Module) -> Iterator[tuple[str, int, int]]:
    """(name, line, length in lines) of each function."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def raised_codes(module: Module, classes: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    """(class, code, line) of each `SomeError("code", ...)` whose code is written out."""
    for node in ast.walk(module.tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        if name in classes and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield name, first.value, node.lineno


def string_constants(module: Module) -> set[str]:
    return {
        node.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
