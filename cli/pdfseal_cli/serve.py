"""`pdfseal serve`: the COSS-compatible HTTP service, and its demonstration."""

from __future__ import annotations

import click

from pdfseal.adapters.coss.config import Settings
from pdfseal.adapters.coss.server import serve
from pdfseal_cli.edge import guarded
from pdfseal_cli.params import json_option
from pdfseal_cli.serve_demo import make_demo


@click.command("serve")
@click.option(
    "--config", "config_path", help="TOML file; see docs/coss.md. Else the variable PDFSEAL_CONFIG."
)
@click.option(
    "--demo",
    "demo_folder",
    is_flag=False,
    flag_value="pdfseal-serve-demo",
    default=None,
    metavar="[FOLDER]",
    help="Start with a demonstration application, user, seal and authority.",
)
@click.option("--host", help="Overrides server.host.")
@click.option("--port", type=click.IntRange(1, 65535), help="Overrides server.port.")
@click.option("--workers", type=click.IntRange(1, 64), help="Overrides server.workers.")
@click.option("--check", is_flag=True, help="Read the configuration, say what is wrong, and end.")
@json_option
@guarded
def command(
    config_path: str | None,
    demo_folder: str | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    check: bool,
    as_json: bool,
) -> None:
    """Run the COSS-compatible HTTP service.

    Without a configuration it listens on 127.0.0.1:8759 and keeps its registry in
    pdfseal-registry.db; the registry's key is in the variable PDFSEAL_REGISTRY_KEY.
    """
    overrides = {"HOST": host, "PORT": port, "WORKERS": workers}
    variables = {
        f"PDFSEAL_SERVER_{name}": str(value) for name, value in overrides.items() if value is not None
    }
    if demo_folder is not None:
        config_path = make_demo(
            demo_folder, host or "127.0.0.1", port or Settings().server.port, say=not as_json
        )
    serve(config_path, variables, check_only=check)
