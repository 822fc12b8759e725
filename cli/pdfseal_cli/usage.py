"""Options that would not count: what goes with what, and what excludes what, for all commands at once.

Law: an option is never silently ignored. A rule counts in a command that has all its options, and
for what stands on the command line alone: defaults are nobody's wish.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import click
from click.core import ParameterSource

_LOCATED = ("rect", "at", "keyword", "straddle")


@dataclass(frozen=True, slots=True)
class Needs:
    """Each of `options` counts only together with one of `others`; in these commands, or in all."""

    options: tuple[str, ...]
    others: tuple[str, ...]
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Excludes:
    """At most one of `options`."""

    options: tuple[str, ...]


RULES: tuple[Needs | Excludes, ...] = (
    # where the seal goes
    Needs(("page", "unit", "size", "fit"), _LOCATED),
    Needs(("origin",), ("rect", "at")),
    Needs(("order", "nth", "whole_word", "position", "offset"), ("keyword",)),
    Needs(("along", "first_share", "last_share", "pages_per_seal", "keep_margins"), ("straddle",)),
    Excludes(("size", "fit")),
    # how it looks
    Excludes(("image", "seal")),
    Needs(("caption_side", "caption_size", "caption_colour", "font"), ("captions",)),
    Needs(("qr_side", "qr_size"), ("qr",)),
    Needs(("picture_size", "clear_white", "handwriting"), ("image", "seal"), ("prepare", "sign")),
    # who signs, and what
    Excludes(("seal", "subfilter")),
    Needs(("password_file",), ("key",)),
    Needs(("signer_timeout",), ("signer_command",)),
    Needs(("cert", "chain", "pdf_password_file", "limit"), ("to_be_signed",), ("compose",)),
    # whom is asked and trusted
    Needs(
        (
            "tsa_user", "tsa_password_file", "tsa_ca", "tsa_trust", "tsa_request_policy", "tsa_digest",
            "tsa_timeout", "tsa_attempts", "tsa_policy",
        ),
        ("tsa",),
    ),
    Needs(("token",), ("field_name",), ("stamp",)),
    Excludes(("token", "tsa")),
    Excludes(("config_path", "demo_folder")),
    Needs(("fetch_private", "fetch_cache", "fetch_timeout"), ("fetch",)),
    # the rest
    Needs(("output",), ("extract",), ("inspect",)),
    Needs(("demo_kind",), ("demo",)),
    Needs(("retry_failed",), ("journal", "output"), ("verify",)),
    Excludes(("item_timeout", "dask")),
)  # fmt: skip


# What may name a file to read, and so may be a dash for standard input.
_READ = (
    "file", "files", "prepared", "request_file", "token", "cert", "chain", "owner", "key", "password_file",
    "pdf_password_file", "image", "font", "seal", "session", "to_be_signed", "signature", "timestamp",
    "trust", "untrusted", "timestamp_trust", "crl", "ocsp", "tsa_trust", "tsa_password_file", "signers",
)  # fmt: skip


def check_usage(context: click.Context) -> None:
    """Raises UsageError for the first option given that would not count."""
    named = [value for name in _READ for value in _texts(context.params.get(name))]
    if named.count("-") > 1:
        raise click.UsageError("only one input can be standard input", context)
    for rule in RULES:
        if isinstance(rule, Excludes):
            given = list(_given(context, rule.options))
            if len(given) > 1:
                raise click.UsageError(f"{' and '.join(given)} exclude each other", context)
        elif not rule.commands or context.command.name in rule.commands:
            _check_needs(context, rule)


def _texts(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def written_as(name: str) -> str:
    """A parameter of the running command as a person writes it: --option or ARGUMENT."""
    context = click.get_current_context()
    found = next(one for one in context.command.params if one.name == name)
    return found.opts[0] if isinstance(found, click.Option) else found.human_readable_name


def is_given(name: str) -> bool:
    """Whether an option of the running command stands on the command line."""
    return any(_given(click.get_current_context(), (name,)))


def _check_needs(context: click.Context, rule: Needs) -> None:
    known = _names(context, rule.others)
    if known and not any(_given(context, rule.others)):
        for name in _given(context, rule.options):
            raise click.UsageError(f"{name} goes with {' or '.join(known)}", context)


def _given(context: click.Context, options: Iterable[str]) -> Iterator[str]:
    for name in options:
        if context.get_parameter_source(name) in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT):
            yield from _names(context, (name,))


def _names(context: click.Context, options: Iterable[str]) -> list[str]:
    """As they are written, of those options that the command has."""
    found = {one.name: one.opts[0] for one in context.command.params if isinstance(one, click.Option)}
    return [found[name] for name in options if name in found]
