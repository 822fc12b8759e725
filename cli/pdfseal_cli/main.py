"""The program's root: the commands, and shell completion."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import click
from click.shell_completion import get_completion_class

import pdfseal
from pdfseal_cli.batch import batch
from pdfseal_cli.cert import cert
from pdfseal_cli.compose import compose
from pdfseal_cli.demo import demo
from pdfseal_cli.edge import USAGE, concluded, say
from pdfseal_cli.extend import extend
from pdfseal_cli.inspect import inspect
from pdfseal_cli.locate import locate
from pdfseal_cli.prepare import prepare, sign
from pdfseal_cli.seal import seal
from pdfseal_cli.seal_image import seal_image_group
from pdfseal_cli.timestamp import timestamp
from pdfseal_cli.verify import verify

# Commands that need the extra `server`: loaded when they are run, so that nothing else needs it.
_SERVER_COMMANDS = {
    "app": ("pdfseal_cli.app", "Applications that may call the service."),
    "serve": ("pdfseal_cli.serve", "Run the COSS-compatible HTTP service."),
    "user": ("pdfseal_cli.user", "Users, their certificates and seal pictures."),
}
_SERVER_PACKAGES = ("httptools", "httpx", "msgspec", "pybase64", "sqlalchemy", "starlette", "uvicorn")


class _ExtraMissing(click.ClickException):
    code, exit_code = "extra_missing", USAGE


class _Commands(click.Group):
    """A group that loads the commands of the service by name, and says wrong usage as other errors."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        given = sys.argv[1:] if args is None else list(args)
        program = partial(super().main, given, prog_name, complete_var, standalone_mode=False, **extra)
        if not standalone_mode:
            return program()
        sys.exit(concluded(program, as_json="--json" in given))

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_SERVER_COMMANDS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _SERVER_COMMANDS:
            return super().get_command(ctx, cmd_name)
        return click.Command(cmd_name, short_help=_SERVER_COMMANDS[cmd_name][1])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in _SERVER_COMMANDS:
            return args[0], _loaded(args[0]), args[1:]
        return super().resolve_command(ctx, args)


def _loaded(name: str) -> click.Command:
    try:
        module = importlib.import_module(_SERVER_COMMANDS[name][0])
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _SERVER_PACKAGES:
            raise
        hint = "pip install 'pdfseal[server]'"
        raise _ExtraMissing(f"pdfseal {name} needs the package {error.name}: {hint}") from error
    command: click.Command = module.command
    return command


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(pdfseal.__version__, prog_name="pdfseal")
def main() -> None:
    """Electronic seals on PDF files: prepare, sign outside, compose, verify.

    Lengths are points unless a suffix says mm; rectangles are left,bottom,right,top on the page
    as it is displayed, from its lower left corner; pages count from 1. A dash reads standard
    input; outputs are files.

    Exit codes: 0 passed or done, 1 failed or refused, 2 usage, 3 indeterminate, 4 unsigned,
    5 unreadable input, 6 outside world, 7 a defect of pdfseal.
    """


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL; evaluate it in the shell's start file."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    say(kind(main, {}, "pdfseal", "_PDFSEAL_COMPLETE").source())


for command in (
    locate,
    prepare,
    compose,
    sign,
    verify,
    inspect,
    extend,
    cert,
    seal,
    seal_image_group,
    timestamp,
    batch,
    demo,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
