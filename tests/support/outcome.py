"""What a call came to: for tests where either a value or a coded error is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pdfseal


def error_of(call: Callable[..., Any], *arguments: Any, **options: Any) -> pdfseal.PdfsealError | None:
    """The PdfsealError that a call raised, None where it returned; any other exception goes through."""
    try:
        call(*arguments, **options)
    except pdfseal.PdfsealError as error:
        return error
    return None


def code_of(call: Callable[..., Any], *arguments: Any, **options: Any) -> str | None:
    """The code of that error."""
    error = error_of(call, *arguments, **options)
    return None if error is None else error.code
