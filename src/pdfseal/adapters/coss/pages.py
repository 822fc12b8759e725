"""Pages for people, and the OpenAPI document."""

from __future__ import annotations

from starlette.routing import BaseRoute

from pdfseal.adapters.coss.config import Settings


def page_routes(settings: Settings) -> list[BaseRoute]:
    return []
