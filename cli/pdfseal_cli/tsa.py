"""Timestamp authorities as options that several commands share."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, TypeVar

import click

from pdfseal import CallerError
from pdfseal.adapters.tsa import TsaAddress, TsaClient, http_transport
from pdfseal_cli.kinds import SECONDS
from pdfseal_cli.params import read_anchors, read_password

F = TypeVar("F", bound=Callable[..., Any])


def tsa_options(command: F) -> F:
    """Which authorities are asked, and how."""
    for option in reversed(
        (
            click.option("--tsa", multiple=True, help="URL of a timestamp authority; repeat for fallbacks."),
            click.option("--tsa-user", help="User name for the authority (basic authentication, https)."),
            click.option("--tsa-password-file", help="File whose first line is that user's password."),
            click.option("--tsa-ca", help="PEM file of TLS roots, instead of the system's."),
            click.option("--tsa-trust", multiple=True, help="Take only tokens that lead to these anchors."),
            click.option("--tsa-request-policy", help="Policy (an OID) to ask for."),
            click.option("--tsa-digest", help="Digest of the imprint; by default what fits."),
            click.option("--tsa-timeout", type=SECONDS, default=10, show_default=True, help="Seconds."),
            click.option("--tsa-attempts", type=click.IntRange(1, 20), default=3, show_default=True),
        )
    ):
        command = option(command)
    return command


def tsa_client(options: dict[str, Any]) -> TsaClient:
    """The client that the options describe; a usage error without --tsa."""
    urls: tuple[str, ...] = options["tsa"]
    if not urls:
        raise click.UsageError("say which timestamp authority is asked: --tsa URL")
    if options["tsa_user"] is not None and len(urls) > 1:
        raise click.UsageError("--tsa-user goes with one --tsa: a password is for one authority")
    password = read_password(options["tsa_password_file"], "--tsa-password-file")
    if (password is None) != (options["tsa_user"] is None):
        raise click.UsageError("--tsa-user and --tsa-password-file go together")
    secret = password.decode("utf-8", "replace") if password is not None else None
    return TsaClient(
        [TsaAddress(url, options["tsa_user"], secret) for url in urls],
        transport=http_transport(tls=_tls(options["tsa_ca"])),
        policy=options["tsa_request_policy"],
        anchors=read_anchors(options["tsa_trust"], "--tsa-trust"),
        timeout_s=options["tsa_timeout"],
        attempts=options["tsa_attempts"],
    )


def _tls(path: str | None) -> ssl.SSLContext | None:
    if path is None:
        return None
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:  # ssl.SSLError is one
        message = f"--tsa-ca: {path} holds no TLS roots: {error}"
        raise CallerError("certificate_unreadable", message) from error
