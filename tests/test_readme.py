"""Every command that the READMEs and docs show is one that the program understands, with its options."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from pdfseal_cli.main import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKS = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def commands(page: Path) -> list[str]:
    """The `pdfseal …` lines of fenced blocks, continuation lines joined, comments cut off."""
    blocks = re.findall(r"```[a-z]*\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if re.match(r"\s*(?:\.venv/bin/)?pdfseal [a-z]", line)]


SHOWN = [(page.name, line) for page in PAGES for line in commands(page)]


@pytest.mark.parametrize(("page", "line"), SHOWN, ids=lambda value: value[:60])
def test_commands_exist_with_their_options(page: str, line: str):
    words = shlex.split(re.split(r"[|>&]| #", line)[0], comments=True)[1:]
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        _, found, words = command.resolve_command(context, words)
        assert found is not None, f"{page}: there is no such command in {line!r}"
        command = found
    parameters = command.get_params(click.Context(command))
    known = {name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"-h", "--help"}
    used = [word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    assert set(used) <= known, f"{page}: {set(used) - known} in {line!r}"


def test_there_are_commands_to_check():
    assert len(SHOWN) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    missing = [
        link for link in LINKS.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()
    ]
    assert not missing
