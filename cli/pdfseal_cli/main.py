"""The program's root: the commands, and shell completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

import pdfseal
from pdfseal_cli.batch import batch
from pdfseal_cli.compose import compose
from pdfseal_cli.demo import demo
from pdfseal_cli.inspect import inspect
from pdfseal_cli.prepare import prepare, sign
from pdfseal_cli.seal import seal
from pdfseal_cli.seal_image import seal_image_group
from pdfseal_cli.timestamp import timestamp
from pdfseal_cli.verify import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(pdfseal.__version__, prog_name="pdfseal")
def main() -> None:
    """Electronic seals on PDF files: prepare, sign outside, compose, verify.

    Lengths are points unless a suffix says mm; rectangles are left,bottom,right,top on the page
    as it is displayed, from its lower left corner; pages count from 1. A dash reads standard
    input.

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
    click.echo(kind(main, {}, "pdfseal", "_PDFSEAL_COMPLETE").source())


for command in (prepare, compose, sign, verify, inspect, seal, seal_image_group, timestamp, batch, demo):
    main.add_command(command)
