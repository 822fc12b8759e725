"""The edge: results to standard output, errors to one sentence and an exit code.

    0 passed or done   1 failed or refused   2 usage   3 indeterminate   4 unsigned
    5 unreadable input   6 outside world (network, signer command, file system)   7 our fault

Law: nothing but a command's result goes to standard output. With --json an error is a result
too: `{"schema": 1, "error": {"code", "message"}}`. A traceback appears only under PDFSEAL_DEBUG.
"""

from __future__ import annotations

import functools
import io
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, ParamSpec

import click

from pdfseal.errors import CallerError, DocumentError, InternalError, OutsideError, PdfsealError, RefusedError

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

P = ParamSpec("P")


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
    return InternalError(
        "internal", f"an unforeseen {type(error).__name__}; set PDFSEAL_DEBUG=1 to see where"
    )


def guarded(command: Callable[P, int | None]) -> Callable[P, None]:
    """Run a command's body; exit with its code, or with the code of the error it raised.

    The body takes `as_json` among its arguments.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        _speak_any_text()
        try:
            code = command(*args, **kwargs) or DONE
        except click.ClickException:
            raise
        except BrokenPipeError:  # whoever read the result has gone, as `| head` does: no one to tell
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = OUTSIDE
        except Exception as caught:
            error = as_pdfseal_error(caught)
            if os.environ.get("PDFSEAL_DEBUG"):
                traceback.print_exc()
            if kwargs.get("as_json"):
                print_json({"schema": 1, "error": error_json(error)})
            click.echo(f"pdfseal: {error.message} [{error.code}]", err=True)
            code = exit_code(error)
        sys.exit(code)

    return run


def _speak_any_text() -> None:
    """Names of files need not be text in the terminal's encoding; what is not is shown with backslashes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: Any) -> None:
    """One JSON value on standard output, with Chinese as it is; octets of names that are no text escaped."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace"))


def note(message: str) -> None:
    """A remark on standard error."""
    click.echo(f"note: {message}", err=True)
