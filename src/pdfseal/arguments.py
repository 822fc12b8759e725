"""What callers hand in, held against the annotations of what they call.

    @checked
    def verify(pdf: Pdf, *, trust: TrustAnchors | None = None) -> Report: ...

    verify("a.pdf", trust="root.pem")   CallerError: verify: trust must be TrustAnchors or None, not str

Law: the annotations are the rule, and the only one. Values are looked into: the items of sequences,
the fields of dataclasses. A number is finite, and no truth value; a time has a zone; a text is no
sequence of texts. What an annotation cannot say is checked where it matters.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import types
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from pdfseal.errors import CallerError

P = ParamSpec("P")
R = TypeVar("R")

_WORDS = {type(None): "None", float: "a finite number", datetime: "a datetime with a time zone"}


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """The same function; CallerError `argument` for an argument that is not what its annotation says."""
    signature = inspect.signature(function)
    name = function.__qualname__

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        hints = _hints(function)
        for parameter, value in signature.bind(*args, **kwargs).arguments.items():
            if parameter in hints:
                many = signature.parameters[parameter].kind is inspect.Parameter.VAR_POSITIONAL
                for one in value if many else (value,):
                    _refuse(_fault(one, hints[parameter], f"{name}: {parameter}"))
        return function(*args, **kwargs)

    return call


def check_fields(value: Any) -> None:
    """The same for the fields of a dataclass, for its `__post_init__`."""
    _refuse(_field_fault(value, f"{type(value).__name__}: "))


def _refuse(fault: str | None) -> None:
    if fault is not None:
        raise CallerError("argument", fault)


@functools.lru_cache(maxsize=256)
def _hints(described: Hashable) -> dict[str, Any]:
    return get_type_hints(described)


def _field_fault(value: Any, where: str) -> str | None:
    kind: Any = type(value)
    hints = _hints(kind)
    faults = (
        _fault(getattr(value, one.name), hints[one.name], where + one.name)
        for one in dataclasses.fields(value)
        if one.init and not one.name.startswith("_")
    )
    return next((fault for fault in faults if fault is not None), None)


def _fault(value: Any, hint: Any, where: str) -> str | None:
    """What is wrong with a value, in a sentence; None for nothing."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _union_fault(value, hint, where)
    if origin is Literal:
        fits = any(value == one and type(value) is type(one) for one in get_args(hint))
        return None if fits else f"{where} must be {_words(hint)}, not {value!r:.60}"
    if origin is not None and issubclass(origin, Sequence):
        return _sequence_fault(value, hint, where)
    if not _is(value, origin or hint):
        return f"{where} must be {_words(hint)}, not {_kind(value)}"
    return _field_fault(value, where + ".") if dataclasses.is_dataclass(value) else None


def _union_fault(value: Any, hint: Any, where: str) -> str | None:
    faults = [_fault(value, one, where) for one in get_args(hint)]
    if None in faults:
        return None
    inside = [fault for fault in faults if fault is not None and not fault.startswith(f"{where} must be ")]
    if inside:
        return inside[0]
    choice = isinstance(value, str) and any(get_origin(one) is Literal for one in get_args(hint))
    return f"{where} must be {_words(hint)}, not {f'{value!r:.60}' if choice else _kind(value)}"


def _sequence_fault(value: Any, hint: Any, where: str) -> str | None:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray | memoryview):
        return f"{where} must be {_words(hint)}, not {_kind(value)}"
    item = get_args(hint)[0]
    faults = (_fault(one, item, f"{where}[{index}]") for index, one in enumerate(value))
    return next((fault for fault in faults if fault is not None), None)


def _is(value: Any, kind: Any) -> bool:
    if kind is Any:
        return True
    if kind is Callable:
        return callable(value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is datetime:
        return isinstance(value, datetime) and value.tzinfo is not None
    if getattr(kind, "_is_protocol", False):
        return all(hasattr(value, name) for name in vars(kind) if name == "__call__" or name[0] != "_")
    return not isinstance(kind, type) or isinstance(value, kind)


def _words(hint: Any) -> str:
    """What an annotation asks for."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType, Literal):
        words = list(_alternatives(hint))
        return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    if origin is not None and issubclass(origin, Sequence):
        return f"a sequence of {_words(inner[0])}"
    if origin is Callable or getattr(hint, "_is_protocol", False):
        return "callable"
    if origin is not None and issubclass(origin, Mapping):
        return "a mapping"
    return _WORDS.get(hint) or str(getattr(origin or hint, "__name__", hint))


def _alternatives(hint: Any) -> Iterator[str]:
    for one in get_args(hint):
        if get_origin(hint) is Literal:
            yield repr(one)
        elif get_origin(one) is Literal:
            yield from _alternatives(one)
        else:
            yield _words(one)


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, datetime):
        return "one without"
    return type(value).__name__
