"""Who signs: a local key or an outside command, as options that several commands share."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any, TypeVar

import click

from pdfseal import CallerError, Certificate
from pdfseal.adapters.keys import CommandSigner, LocalSigner, check_key_matches, load_private_key
from pdfseal.crypto.signer import Signer
from pdfseal_cli.kinds import SECONDS
from pdfseal_cli.params import read_certificates, read_input, read_password

F = TypeVar("F", bound=Callable[..., Any])


def signer_options(command: F) -> F:
    """The key or the command, and the certificate that goes with it."""
    for option in reversed(
        (
            click.option("--key", help="Private key: PEM, DER or PKCS#12."),
            click.option("--password-file", help="File whose first line is the key's password."),
            click.option("--signer-command", help="Program: to-be-signed bytes in, signature out."),
            click.option("--signer-timeout", type=SECONDS, default=60, show_default=True, help="Seconds."),
            click.option("--cert", help="The signer's certificate; a PKCS#12 file brings its own."),
        )
    ):
        command = option(command)
    return command


def command_words(command: str) -> list[str]:
    """The program and arguments of --signer-command, as a shell would part them."""
    try:
        return shlex.split(command)
    except ValueError as error:
        raise CallerError("argument", f"--signer-command cannot be parted into words: {error}") from error


def signer_of(options: dict[str, Any]) -> tuple[Signer, tuple[Certificate, ...]]:
    """The signer, and its certificate with the chain. Raises `key_mismatch`."""
    if (options["key"] is None) == (options["signer_command"] is None):
        raise click.UsageError("say who signs: either --key KEY or --signer-command CMD")
    given = read_certificates((options["cert"],) if options["cert"] else (), "--cert")
    chain = read_certificates(options.get("chain", ()), "--chain")
    if options["signer_command"] is not None:
        if not given:
            raise click.UsageError("--signer-command goes with --cert CERT")
        words = command_words(options["signer_command"])
        return CommandSigner(words, options["signer_timeout"]), given + chain
    signer: LocalSigner = load_private_key(
        read_input(options["key"], "--key"), read_password(options["password_file"])
    )
    own = (signer.certificate,) if signer.certificate is not None and not given else ()
    if not given and not own:
        raise CallerError("argument", f"{options['key']} brings no certificate: add --cert CERT")
    certificates = given + own + chain + signer.chain
    check_key_matches(signer, certificates[0])
    return signer, certificates
