"""`pdfseal user`: users, their certificates and seal pictures, for those who run the service."""

from __future__ import annotations

from typing import Any

import click

from pdfseal.adapters.registry import NewUser, User, UserChange
from pdfseal_cli.edge import guarded, print_json, say
from pdfseal_cli.params import json_option, read_certificates, read_input
from pdfseal_cli.registry import config_option, masked, now, opened_registry, the_application, the_user


@click.group("user")
def command() -> None:
    """Users, their certificates and seal pictures. Personal data is shown masked."""


@command.command("add")
@click.argument("name")
@click.option("--app", "application", required=True, help="The application that knows the user.")
@click.option("--id-type", type=click.Choice(["SF", "GA", "HZ", "QT"]), default="SF", show_default=True)
@click.option("--id-number", required=True)
@click.option("--mobile", required=True)
@click.option("--department", default="")
@click.option("--unique-id")
@click.option("--image", help="Seal picture.")
@config_option
@json_option
@guarded
def add(
    name: str, application: str, id_type: str, id_number: str, mobile: str, department: str,
    unique_id: str | None, image: str | None, config_path: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Add the user NAME; prints the userId (MSSPID)."""
    picture = read_input(image, "--image") if image else None
    new = NewUser(name, id_type, id_number, mobile, department, unique_id)
    with opened_registry(config_path) as registry:
        user = registry.add_user(the_application(registry, application), new, now=now(), picture=picture)
    _show(user, as_json)


@command.command("list")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
@config_option
@json_option
@guarded
def list_all(limit: int, config_path: str | None, as_json: bool) -> None:
    """List users, masked."""
    with opened_registry(config_path) as registry:
        found = registry.users(limit=limit)
    if as_json:
        print_json({"schema": 1, "users": [_facts(one) for one in found]})
        return
    for one in found:
        say(f"{one.user_id}  {one.status:8}  {masked(one.name, shown=1)}  {masked(one.id_number)}")


@command.command("show")
@click.argument("user_id")
@config_option
@json_option
@guarded
def show(user_id: str, config_path: str | None, as_json: bool) -> None:
    """Show one user, masked, with certificates."""
    with opened_registry(config_path) as registry:
        user = the_user(registry, user_id)
        stored = registry.certificates(user, history=True)
        picture = registry.picture(user)
    facts = _facts(user) | {
        "picture": picture is not None,
        "certificates": [
            {
                "deviceId": one.device_id,
                "usage": one.usage,
                "current": one.current,
                "algorithm": one.certificate.public_key.kind,
                "serial": one.certificate.serial_hex,
                "notAfter": one.certificate.not_after.isoformat(),
            }
            for one in stored
        ],
    }
    if as_json:
        print_json({"schema": 1, "user": facts})
        return
    for name, value in facts.items():
        say(f"{name}: {value}")


@command.command("set")
@click.argument("user_id")
@click.option("--app", "application", required=True, help="The application whose unique id is meant.")
@click.option("--status", type=click.Choice(["ACTIVE", "LOCKED", "DELETE"]))
@click.option("--department")
@click.option("--mobile")
@click.option("--unique-id")
@click.option("--image", help="New seal picture.")
@config_option
@json_option
@guarded
def set_user(
    user_id: str, application: str, image: str | None, config_path: str | None, as_json: bool, **given: Any
) -> None:
    """Change a user; what is not named stays."""
    picture = read_input(image, "--image") if image else None
    with opened_registry(config_path) as registry:
        user = the_user(registry, user_id)
        owner = the_application(registry, application)
        registry.update_user(owner, user, UserChange(**given), now=now(), picture=picture)
        user = the_user(registry, user_id)
    _show(user, as_json)


@command.command("cert")
@click.argument("user_id")
@click.option("--cert", required=True, help="The certificate; more in the file are its chain.")
@click.option("--chain", multiple=True, help="Certificates that lead to the root.")
@click.option("--usage", type=click.Choice(["SIGN", "AUTH"]), default="SIGN", show_default=True)
@click.option("--device-id", help="The device that holds the key; else a fresh identifier.")
@config_option
@json_option
@guarded
def cert(
    user_id: str, cert: str, chain: tuple[str, ...], usage: Any, device_id: str | None,
    config_path: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Register a certificate of the user; prints the device identifier."""
    certificate, *more = read_certificates((cert,), "--cert")
    others = (*more, *read_certificates(chain, "--chain"))
    with opened_registry(config_path) as registry:
        user = the_user(registry, user_id)
        device = registry.add_certificate(
            user, certificate, now=now(), chain=others, usage=usage, device_id=device_id
        )
    if as_json:
        print_json({"schema": 1, "deviceId": device})
    else:
        say(device)


def _facts(user: User) -> dict[str, Any]:
    return {
        "userId": user.user_id,
        "name": masked(user.name, shown=1),
        "idType": user.id_type,
        "idNumber": masked(user.id_number),
        "mobile": masked(user.mobile),
        "department": user.department,
        "status": user.status,
    }


def _show(user: User, as_json: bool) -> None:
    if as_json:
        print_json({"schema": 1, "user": _facts(user)})
        return
    for name, value in _facts(user).items():
        say(f"{name}: {value}")
