"""`pdfseal app`: the applications that may call the service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from pdfseal import Certificate
from pdfseal.adapters.keys import check_key_matches, load_private_key, to_pem
from pdfseal.adapters.registry import Application, ApplicationSettings, Maker, new_master_key
from pdfseal_cli.edge import guarded, print_json, say
from pdfseal_cli.params import json_option, read_certificates, read_input, read_password, read_pdf_password
from pdfseal_cli.registry import config_option, now, opened_registry, the_application


@click.group("app")
def command() -> None:
    """Applications that may call the service: their secure codes, seal makers and settings."""


@command.command("key")
def key() -> None:
    """Print a fresh key for a registry: for PDFSEAL_REGISTRY_KEY, or the file registry.key_file."""
    say(new_master_key())


@command.command("add")
@click.argument("name")
@click.option("--app-id", help="An identifier that clients use already; else a fresh one.")
@click.option(
    "--secure-code-file", help="File with a secure code that clients use already; else a fresh one."
)
@config_option
@json_option
@guarded
def add(
    name: str, app_id: str | None, secure_code_file: str | None, config_path: str | None, as_json: bool
) -> None:
    """Add the application NAME; prints its appId and secureCode, the latter for the only time."""
    code = read_pdf_password(secure_code_file, "--secure-code-file")
    with opened_registry(config_path) as registry:
        made = registry.add_application(name, now=now(), app_id=app_id, secure_code=code)
    _show(made, as_json, secure_code=made.secure_code)


@command.command("rotate")
@click.argument("name")
@config_option
@json_option
@guarded
def rotate(name: str, config_path: str | None, as_json: bool) -> None:
    """Give the application NAME (or appId) a fresh secure code; the old one ends within seconds."""
    with opened_registry(config_path) as registry:
        found = the_application(registry, name)
        code = registry.rotate(found, now=now())
    _show(found, as_json, secure_code=code)


@command.command("list")
@config_option
@json_option
@guarded
def list_all(config_path: str | None, as_json: bool) -> None:
    """List the applications, without their secure codes."""
    with opened_registry(config_path) as registry:
        found = registry.applications()
    if as_json:
        print_json({"schema": 1, "applications": [_facts(one) for one in found]})
        return
    for one in found:
        maker = one.maker.certificate.common_name if one.maker else "no seal maker"
        say(f"{one.app_id}  {'enabled ' if one.enabled else 'disabled'}  {one.name}  ({maker})")


@command.command("set")
@click.argument("name")
@click.option("--signature-mode", type=click.Choice(["compat", "strict", "default"]))
@click.option("--charset", type=click.Choice(["utf-8", "gbk"]))
@click.option("--debug/--no-debug", default=None)
@click.option(
    "--replay-window", type=click.IntRange(0), help="Seconds in which a transId may not come again."
)
@click.option("--enable/--disable", "enabled", default=None)
@config_option
@json_option
@guarded
def set_settings(
    name: str, enabled: bool | None, config_path: str | None, as_json: bool, **given: Any
) -> None:
    """Change settings of the application NAME (or appId)."""
    with opened_registry(config_path) as registry:
        found = the_application(registry, name)
        settings = found.settings
        if given["signature_mode"] is not None:
            mode = given["signature_mode"]
            settings = replace(settings, signature_mode=None if mode == "default" else mode)
        if given["charset"] is not None:
            settings = replace(settings, charset=given["charset"])
        if given["debug"] is not None:
            settings = replace(settings, debug=given["debug"])
        if given["replay_window"] is not None:
            settings = replace(settings, replay_window_s=given["replay_window"])
        if settings != found.settings:
            registry.set_settings(found, settings, now=now())
        if enabled is not None:
            registry.enable(found, enabled, now=now())
        found = the_application(registry, found.app_id)
    _show(found, as_json)


@command.command("maker")
@click.argument("name")
@click.option("--cert", required=True, help="The seal maker's certificate; more in the file are its chain.")
@click.option("--key", "key_path", help="Its private key, PEM or PKCS#12; it is stored encrypted.")
@click.option("--password-file")
@click.option("--signer-command", help="A program that signs instead: its words, parted by spaces.")
@config_option
@json_option
@guarded
def maker(
    name: str, cert: str, key_path: str | None, password_file: str | None, signer_command: str | None,
    config_path: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Bind the maker of electronic seals to the application NAME: what appName names in getPdfHash."""
    if (key_path is None) == (signer_command is None):
        raise click.UsageError("say how the maker signs: --key or --signer-command")
    certificate, *chain = read_certificates((cert,), "--cert")
    pem = None
    if key_path is not None:
        signer = load_private_key(read_input(key_path, "--key"), read_password(password_file))
        check_key_matches(signer, certificate)
        pem = to_pem(signer).decode("ascii")
    bound = Maker(certificate, tuple(chain), pem, tuple((signer_command or "").split()))
    with opened_registry(config_path) as registry:
        found = the_application(registry, name)
        registry.bind_maker(found, bound, now=now())
        found = the_application(registry, found.app_id)
    _show(found, as_json)


def _facts(application: Application) -> dict[str, Any]:
    maker_certificate: Certificate | None = application.maker.certificate if application.maker else None
    settings: ApplicationSettings = application.settings
    return {
        "appId": application.app_id,
        "name": application.name,
        "enabled": application.enabled,
        "signatureMode": settings.signature_mode or "default",
        "charset": settings.charset,
        "maker": None if maker_certificate is None else maker_certificate.subject,
    }


def _show(application: Application, as_json: bool, *, secure_code: str | None = None) -> None:
    facts = _facts(application) | ({} if secure_code is None else {"secureCode": secure_code})
    if as_json:
        print_json({"schema": 1, "application": facts})
        return
    for name, value in facts.items():
        say(f"{name}: {value}")
