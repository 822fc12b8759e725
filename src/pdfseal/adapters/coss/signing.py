"""The string that a client signs (manual, 2.5.3), in all the ways in which clients write it.

k=v joined by &, by ASCII order of the names, without `signature` and without empty values;
HMAC-SHA256 under the secure code. Real clients differ:

    nested values   compact JSON | the wire's own slice | Java's {a=1, b=[x, y]} | Python's repr
    empty values    left out | kept: "" as `k=`, and null as `None` where Python writes
    top-level true, false, numbers   as on the wire | as Python writes them (only with its repr)
    the end         plain | with one more &

A `Form` is one choice of the first three; each has both endings, which cost nothing: the state
of the HMAC is copied and fed one octet. Forms that write the same octets are one candidate, and
at most `MAX_CANDIDATES` are computed: states are copied where two forms first differ, so that a
large value goes through each state once. No form leaves a value of the request unsigned.

Law: the plainest form comes first. `strict` knows only that one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from pdfseal.adapters.coss.codes import BAD_PARAMETER, CossError
from pdfseal.adapters.coss.wire import MAX_DEPTH, MAX_SMALL_FIELD_BYTES, Fields, Octets, string_of

MAX_CANDIDATES = 8
SIGNATURE = "signature"
_VALUES = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write the string. `nested`: compact, wire, java or python."""

    nested: str = "compact"
    keeps_empty: bool = False
    python_literals: bool = False

    @property
    def name(self) -> str:
        parts = [self.nested]
        parts += ["keeps empty values"] if self.keeps_empty else []
        parts += ["Python literals"] if self.python_literals else []
        return ", ".join(parts)


PLAIN = Form()
FORMS: tuple[Form, ...] = (
    PLAIN,
    Form("wire"),
    Form("java"),
    Form("python", python_literals=True),
    Form(keeps_empty=True),
    Form("wire", keeps_empty=True),
    Form("java", keeps_empty=True),
    Form("python", keeps_empty=True, python_literals=True),
    Form("python"),
    Form("python", keeps_empty=True),
)


@dataclass(frozen=True, slots=True)
class Match:
    """What verified: the form and whether the string ended with &."""

    form: Form
    trailing: bool

    @property
    def name(self) -> str:
        return self.form.name + (", trailing &" if self.trailing else "")


def verify(
    fields: Fields,
    signature: str,
    secret: str,
    *,
    strict: bool,
    charset: str = "utf-8",
    first: Form | None = None,
) -> Match | None:
    """The form under which the request's signature is right, or None.

    `first` is tried alone before the rest: what matched the last time costs one HMAC.
    """
    given = _decode_signature(signature)
    if len(given) != hashlib.sha256().digest_size:
        return None
    key = secret.encode()
    if strict:
        return _try(fields, (PLAIN,), given, key, charset, strict=True)
    remembered = first or PLAIN
    found = _try(fields, (remembered,), given, key, charset)
    if found is not None:
        return found
    return _try(fields, FORMS, given, key, charset)


def _try(
    fields: Fields, forms: Sequence[Form], given: bytes, key: bytes, charset: str, *, strict: bool = False
) -> Match | None:
    """Every candidate is compared in constant time, and all of them whether one matched or not."""
    found: Match | None = None
    for state, members in _states(fields, forms, key, charset):
        if hmac.compare_digest(state.digest(), given):
            found = found or Match(members[0], False)
        state.update(b"&")
        if hmac.compare_digest(state.digest(), given) and not strict:
            found = found or Match(members[0], True)
    return found


def _states(
    fields: Fields, forms: Sequence[Form], key: bytes, charset: str
) -> list[tuple[hmac.HMAC, tuple[Form, ...]]]:
    """One HMAC for each different string, without its ending, and the forms that write it."""
    groups = [_Group(hmac.new(key, digestmod=hashlib.sha256), tuple(forms), True)]
    for name in sorted(name for name in fields.raw if name != SIGNATURE):
        value = fields.raw[name]
        groups = [after for group in groups for after in group.fed(name, value, charset)]
        groups.sort(key=lambda group: FORMS.index(group.forms[0]))
        del groups[MAX_CANDIDATES:]
    return [(group.state, group.forms) for group in groups]


@dataclass(frozen=True, slots=True)
class _Group:
    """The forms that have written the same octets so far."""

    state: hmac.HMAC
    forms: tuple[Form, ...]
    empty: bool

    def fed(self, name: str, value: memoryview, charset: str) -> list[_Group]:
        """The same after one more value; several groups where the forms write it differently."""
        parted: dict[bytes | None, list[Form]] = {}
        texts: dict[bytes | None, Octets | None] = {}
        for form in self.forms:
            text = written(name, value, form, charset)
            # A string is written in one way by all forms: it is not looked into to find that out.
            mark = None if text is None else b"" if _is_filled_string(value) else bytes(text)
            parted.setdefault(mark, []).append(form)
            texts[mark] = text
        states = [self.state.copy() for _ in range(len(parted) - 1)] + [self.state]
        return [
            self._after(state, name, texts[mark], tuple(forms), charset)
            for state, (mark, forms) in zip(states, parted.items(), strict=True)
        ]

    def _after(
        self, state: hmac.HMAC, name: str, text: Octets | None, forms: tuple[Form, ...], charset: str
    ) -> _Group:
        if text is None:
            return _Group(state, forms, self.empty)
        state.update(("" if self.empty else "&").encode() + f"{name}=".encode(charset, "replace"))
        state.update(text)
        return _Group(state, forms, False)


def _is_filled_string(value: memoryview) -> bool:
    return bytes(value[:1]) == b'"' and len(value) > 2


def written(name: str, value: memoryview, form: Form, charset: str = "utf-8") -> Octets | None:
    """How a form writes a value; None where it is left out."""
    start = bytes(value[:1])
    if start == b'"':
        if len(value) == 2:
            return b"" if form.keeps_empty else None
        return Fields({name: value}).slice(name) if charset == "utf-8" else _recoded(value, name, charset)
    if start == b"n":
        return b"None" if form.keeps_empty and form.nested == "python" else None
    if start in (b"{", b"["):
        return _nested(value, name, form.nested, charset)
    return repr(_python(value, name)).encode() if form.python_literals else value


def _recoded(value: memoryview, name: str, charset: str) -> bytes:
    return string_of(value, name).encode(charset, "replace")


def _nested(value: memoryview, name: str, how: str, charset: str) -> bytes:
    if len(value) > MAX_SMALL_FIELD_BYTES // 16:
        raise CossError(BAD_PARAMETER, f"{name}: the nested value is too large")
    if how == "wire":
        return (
            bytes(value) if charset == "utf-8" else str(value, "utf-8", "replace").encode(charset, "replace")
        )
    if how == "python":
        text = repr(_python(value, name))
    else:
        text = _rewritten(value, name, _compact if how == "compact" else _java, MAX_DEPTH)
    return text.encode(charset, "replace")


def _python(value: memoryview, name: str) -> Any:
    try:
        return json.loads(bytes(value))
    except (ValueError, RecursionError) as error:
        raise CossError(BAD_PARAMETER, f"{name} is not JSON in UTF-8") from error


@dataclass(frozen=True, slots=True)
class _Manner:
    """How objects, arrays and strings are written; numbers and literals stay as they are."""

    between: str
    is_to: str
    quoted: bool


_compact = _Manner(",", ":", True)
_java = _Manner(", ", "=", False)


def _rewritten(value: memoryview, name: str, manner: _Manner, depth: int) -> str:
    """Members keep the order in which they were sent."""
    start = bytes(value[:1])
    if depth == 0:
        raise CossError(BAD_PARAMETER, f"{name} is nested too deeply")
    try:
        if start == b"{":
            members = (
                _string(key, manner) + manner.is_to + _rewritten(memoryview(item), name, manner, depth - 1)
                for key, item in _MEMBERS.decode(value).items()
            )
            return "{" + manner.between.join(members) + "}"
        if start == b"[":
            items = (_rewritten(memoryview(item), name, manner, depth - 1) for item in _VALUES.decode(value))
            return "[" + manner.between.join(items) + "]"
    except msgspec.DecodeError as error:
        raise CossError(BAD_PARAMETER, f"{name} is not JSON in UTF-8") from error
    return _string(string_of(value, name), manner) if start == b'"' else str(value, "ascii")


def _string(text: str, manner: _Manner) -> str:
    return json.dumps(text, ensure_ascii=False) if manner.quoted else text


def _decode_signature(text: str) -> bytes:
    """32 octets, or something that no HMAC is equal to."""
    try:
        return base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


# -- the client's side, and debugging -------------------------------------------------------


def string_to_sign(fields: Fields, form: Form = PLAIN, *, longest_value: int | None = None) -> str:
    """The whole string; values above `longest_value` octets are cut, which is told in their place."""
    parts = []
    for name in sorted(name for name in fields.raw if name != SIGNATURE):
        text = written(name, fields.raw[name], form)
        if text is None:
            continue
        if longest_value is not None and len(text) > longest_value:
            parts.append(f"{name}={str(text[:longest_value], 'utf-8', 'replace')}…({len(text)} bytes)")
        else:
            parts.append(f"{name}={str(text, 'utf-8', 'replace')}")
    return "&".join(parts)


def sign(fields: Fields, secret: str) -> str:
    """The signature in the plainest form, base64."""
    message = string_to_sign(fields).encode()
    return base64.b64encode(hmac.digest(secret.encode(), message, hashlib.sha256)).decode("ascii")
