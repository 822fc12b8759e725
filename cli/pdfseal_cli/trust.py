"""Whom to trust and what is known of revocation, as options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from pdfseal import TrustAnchors
from pdfseal.adapters.fetch import HttpFetch
from pdfseal.adapters.system_store import system_anchors
from pdfseal_cli.kinds import FOLDER, Number
from pdfseal_cli.params import read_anchors, read_certificates, read_input

F = TypeVar("F", bound=Callable[..., Any])


def trust_options(command: F) -> F:
    """Anchors, intermediates, revocation data, and whether anything may be fetched."""
    for option in reversed(
        (
            click.option("--trust", multiple=True, help="Trust anchors: files or folders."),
            click.option("--trust-system", is_flag=True, help="Trust the roots of this machine as well."),
            click.option("--untrusted", multiple=True, help="More intermediate certificates; never anchors."),
            click.option("--crl", multiple=True, help="A CRL (DER or PEM); may be repeated."),
            click.option("--ocsp", multiple=True, help="An OCSP response (DER); may be repeated."),
            click.option("--fetch", is_flag=True, help="Ask where certificates say for what is missing."),
            click.option("--fetch-private", is_flag=True, help="With --fetch: private addresses as well."),
            click.option("--fetch-cache", type=FOLDER, help="With --fetch: keeps answers for an hour."),
            click.option("--fetch-timeout", type=Number(0.1, 600), default=10, show_default=True,
                         help="Seconds."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def anchors_of(options: dict[str, Any]) -> TrustAnchors | None:
    """None where nobody was named."""
    anchors = read_anchors(options["trust"])
    if not options["trust_system"]:
        return anchors
    named = anchors.certificates if anchors is not None else ()
    return TrustAnchors(tuple(dict.fromkeys((*named, *system_anchors().certificates))))


def trust_arguments(options: dict[str, Any]) -> dict[str, Any]:
    """The arguments `trust`, `untrusted`, `crls`, `ocsps` and `fetch` of the public verbs."""
    fetch = HttpFetch(
        timeout_s=options["fetch_timeout"],
        allow_private=options["fetch_private"],
        cache_folder=options["fetch_cache"],
    )
    return {
        "trust": anchors_of(options),
        "untrusted": read_certificates(options["untrusted"], "--untrusted"),
        "crls": [read_input(path, "--crl") for path in options["crl"]],
        "ocsps": [read_input(path, "--ocsp") for path in options["ocsp"]],
        "fetch": fetch if options["fetch"] else None,
    }
