"""The edge: results to standard output, errors to one sentence and an exit code.

    0 passed or done   1 failed or refused   2 usage   3 indeterminate   4 unsigned
    5 unreadable input   6 outside world (network, signer command, file system)   7 our fault

Law: nothing but a command's result goes to standard output. With --json an error is a result
too: `{"schema": 1, "error": {"code", "message"}}`. A result that standard output does not take is
an error of the outside world. A traceback appears only under PDFSEAL_DEBUG.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from typing import Any, ParamSpec

import click

from pdfseal.errors import CallerError, DocumentError, InternalError, OutsideError, PdfsealError, RefusedError
from pdfseal_cli.usage import check_usage

DONE, FAILED, USAGE, INDETERMINATE, UNSIGNED, UNREADABLE, OUTSIDE, OURS = range(8)

# The most specific class first.
_EXIT_CODES: tuple[tuple[type[PdfsealError], int], ...] = (
    (RefusedError, FAILED),
    (CallerError, USAGE),
    (DocumentError, UNREADABLE),
    (OutsideError, OUTSIDE),
    (InternalError, OURS),
)
VERDICT_CODES = {"passed": DONE, "failed": FAILED, "indeterminate": INDETERMINATE, "unsigned": UNSIGNED}

# What a terminal obeys instead of showing it: controls, ends of lines, turns of direction (Unicode annex 9).
_CONTROLS = r"\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_COMMANDS_BUT_LINES = re.compile(f"[{_CONTROLS}]")
_COMMANDS = re.compile(f"[{_CONTROLS}\n]")

P = ParamSpec("P")


class OutputLost(OutsideError):
    """Standard output does not take the result."""

    nobody_reads = False

    @classmethod
    def of(cls, error: OSError) -> OutputLost:
        lost = cls("file_system", f"standard output: {error.strerror or error}")
        lost.nobody_reads = isinstance(error, BrokenPipeError)
        return lost


def exit_code(error: PdfsealError) -> int:
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), OURS)


def error_json(error: PdfsealError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message}


def as_pdfseal_error(error: Exception) -> PdfsealError:
    """Anything unforeseen is our fault, and says so without its innards."""
    if isinstance(error, PdfsealError):
        return error
    if isinstance(error, MemoryError):
        return OutsideError("file_system", "the machine ran out of memory")
    if isinstance(error, OSError):
        return OutsideError("file_system", f"{error.filename or 'the system'}: {error.strerror or error}")
    return InternalError(
        "internal", f"an unforeseen {type(error).__name__}; set PDFSEAL_DEBUG=1 to see where"
    )


def guarded(command: Callable[P, int | None]) -> Callable[P, None]:
    """Run a command's body; exit with its code, or with the code of the error it raised.

    The body takes `as_json` among its arguments. Options that would not count are refused first.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        _speak_any_text()
        try:
            check_usage(click.get_current_context())
            code = command(*args, **kwargs) or DONE
        except click.ClickException:
            raise
        except OutputLost as lost:
            code = _output_lost(lost)
        except Exception as caught:
            code = _failed(caught, as_json=bool(kwargs.get("as_json")))
        sys.exit(code)

    return run


def _failed(caught: Exception, *, as_json: bool) -> int:
    error = as_pdfseal_error(caught)
    if os.environ.get("PDFSEAL_DEBUG"):
        traceback.print_exception(caught)
    _say_error(error.code, error.message, as_json=as_json)
    return exit_code(error)


def concluded(program: Callable[[], Any], *, as_json: bool) -> int:
    """The exit code of the whole program; wrong usage is one sentence with a code, as other errors are."""
    try:
        code = program()
        return code if isinstance(code, int) else DONE
    except click.Abort:
        _complain("pdfseal: interrupted")
        return FAILED
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        if context is not None:
            _complain(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n")
        _say_error(getattr(error, "code", "argument"), error.format_message(), as_json=as_json)
        return error.exit_code
    except OutputLost as lost:
        return _output_lost(lost)
    except OSError as error:  # from the help, which is click's
        return _output_lost(OutputLost.of(error))


def _say_error(code: str, message: str, *, as_json: bool) -> None:
    _complain(f"pdfseal: {_COMMANDS_BUT_LINES.sub(_shown, message)} [{code}]")
    if as_json:
        try:
            print_json({"schema": 1, "error": {"code": code, "message": message}})
        except OutputLost as lost:
            _output_lost(lost)


def _shown(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _output_lost(error: OutputLost) -> int:
    """The result reached nobody. Where its reader has gone, as `| head` does, there is no one to tell."""
    if not error.nobody_reads:
        _complain(f"pdfseal: {error.message} [{error.code}]")
    with contextlib.suppress(OSError):  # what is left of it must not fail once more at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OUTSIDE


def _complain(text: str) -> None:
    """To standard error, which may be lost as well."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def _speak_any_text() -> None:
    """Names of files need not be text in the terminal's encoding; what is not is shown with backslashes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: Any) -> None:
    """One JSON value on standard output, with Chinese as it is; octets of names that are no text escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    plain = _COMMANDS_BUT_LINES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    say(plain.encode("utf-8", "backslashreplace"))


def printable(text: str) -> str:
    """Text that came from a file, as one line of which a terminal obeys nothing.

    A field's name with an escape sequence could wipe out the verdict and write another.
    """
    return _COMMANDS.sub(_shown, text)


def say_plainly(line: str) -> None:
    """A line of a result that holds text from a file. Raises OutputLost."""
    say(printable(line))


def say(text: str | bytes) -> None:
    """A line of a command's result. Raises OutputLost."""
    try:
        click.echo(text)
    except OSError as error:
        raise OutputLost.of(error) from error


def note(message: str) -> None:
    """A remark on standard error."""
    _complain(f"note: {message}")
