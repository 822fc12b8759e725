"""`pdfseal timestamp serve`: a small HTTP timestamp authority; and what makes an authority of options."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from pdfseal import Certificate, OutsideError
from pdfseal.adapters.keys import load_private_key
from pdfseal.adapters.serials import SerialNumbers
from pdfseal.adapters.tsa_server import WORKERS, TsaServer
from pdfseal.crypto.digests import DIGESTS
from pdfseal.crypto.signer import Signer
from pdfseal.timestamp import DEFAULT_POLICY, TimestampAuthority
from pdfseal.timestamp.authority import STRONG_DIGESTS
from pdfseal_cli.demo_pki import KINDS, make_identity, now_utc
from pdfseal_cli.edge import guarded, note, print_json, say
from pdfseal_cli.kinds import FOLDER, OUTPUT, Number
from pdfseal_cli.params import json_option
from pdfseal_cli.signers import signer_of, signer_options

F = TypeVar("F", bound=Callable[..., Any])


def authority_options(command: F) -> F:
    """Key, certificates and policies of an authority."""
    for option in reversed(
        (
            click.option("--chain", multiple=True, help="Certificates between it and its root; repeatable."),
            click.option("--policy", default=DEFAULT_POLICY, show_default=True, help="OID of its policy."),
            click.option("--accept-policy", multiple=True, help="Further policies that requests may name."),
            click.option(
                "--accept-digest",
                type=click.Choice(list(DIGESTS)),
                multiple=True,
                help="Digests taken; all but SHA-1 by default.",
            ),
            click.option("--accuracy", type=Number(0, 86_400), default=1, show_default=True, help="Seconds."),
        )
    ):
        command = option(command)
    return signer_options(command)


def authority_of(options: dict[str, Any]) -> TimestampAuthority:
    """The authority that the options describe."""
    signer, certificates = signer_of(options)
    return _authority(signer, certificates, options)


def _authority(
    signer: Signer, certificates: tuple[Certificate, ...], options: dict[str, Any]
) -> TimestampAuthority:
    accuracy = timedelta(seconds=options["accuracy"])
    return TimestampAuthority(
        signer,
        certificates[0],
        certificates[1:],
        policy=options["policy"],
        more_policies=options["accept_policy"],
        digests=options["accept_digest"] or STRONG_DIGESTS,
        accuracy=accuracy if accuracy > timedelta() else None,
    )


@click.command()
@authority_options
@click.option("--demo", type=FOLDER, help="Make fresh test keys in this folder.")
@click.option("--demo-kind", type=click.Choice(KINDS), default="p256", show_default=True)
@click.option(
    "--serials", type=OUTPUT, default="timestamp-serials.sqlite", show_default=True, help="Its file."
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=3161, show_default=True, help="0: any.")
@click.option("--workers", type=click.IntRange(1, 1024), default=WORKERS, show_default=True)
@json_option
@guarded
def serve(**options: Any) -> None:
    """Answer timestamp requests over HTTP until interrupted. The URL goes to standard output."""
    authority, serials = _demo(options) if options["demo"] else (authority_of(options), options["serials"])
    counter = SerialNumbers(serials)
    counter.check()
    try:
        server = TsaServer(
            (options["host"], options["port"]), authority, counter.take, log=note, workers=options["workers"]
        )
    except OSError as error:
        place = f"{options['host']}:{options['port']}"
        raise OutsideError("port_unusable", f"cannot listen on {place}: {error.strerror}") from error
    # a signal must not interrupt an answer: it asks the loop to end, from another thread
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda *_: threading.Thread(target=server.shutdown).start())
    if options["as_json"]:
        print_json({"schema": 1, "url": server.url})
    else:
        say(server.url)
    with server:
        server.serve_forever(poll_interval=0.2)


def _demo(options: dict[str, Any]) -> tuple[TimestampAuthority, str]:
    """An authority with fresh keys, and its serial numbers, in the demonstration folder."""
    if any(options[name] for name in ("key", "signer_command", "cert", "chain")):
        raise click.UsageError("--demo makes its own keys: leave out --key, --signer-command and --cert")
    folder = Path(options["demo"])
    folder.mkdir(parents=True, exist_ok=True)
    made = make_identity(options["demo_kind"], folder, now_utc(), leaf="timestamp")
    note(f"fresh test keys in {folder}; the root is {folder}/{made.kind}-root.crt.pem")
    signer = load_private_key(made.key_path.read_bytes())
    authority = _authority(signer, (made.certificate, made.intermediate), options)
    return authority, str(folder / options["serials"])
