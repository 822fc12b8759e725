"""What the commands of the registry share: opening it as the service's configuration says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from pdfseal import CallerError
from pdfseal.adapters.coss.config import load, master_key
from pdfseal.adapters.registry import Application, Registry, User

config_option = click.option(
    "--config", "config_path", help="The service's TOML file; else the variable PDFSEAL_CONFIG."
)


@contextmanager
def opened_registry(config_path: str | None) -> Iterator[Registry]:
    settings = load(config_path)
    registry = Registry.open(
        settings.registry.url, master_key(settings), keyed_ids=settings.registry.keyed_ids
    )
    try:
        yield registry
    finally:
        registry.close()


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def the_application(registry: Registry, name: str) -> Application:
    found = registry.find_application(name)
    if found is None:
        raise CallerError("not_found", f"the registry has no application {name!r}")
    return found


def the_user(registry: Registry, user_id: str) -> User:
    found = registry.find_user(user_id)
    if found is None:
        raise CallerError("not_found", f"the registry has no user {user_id!r}")
    return found


def masked(text: str, *, shown: int = 4) -> str:
    """The last characters, the rest as asterisks."""
    return "*" * max(0, len(text) - shown) + text[-shown:] if len(text) > shown else "*" * len(text)
