"""Pages for people, and the OpenAPI document. None of them needs a build step or another host."""

from __future__ import annotations

import html
from importlib import resources

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from pdfseal.adapters.coss.codes import MEANINGS
from pdfseal.adapters.coss.config import Settings
from pdfseal.adapters.coss.description import ENDPOINTS, Described, Field, openapi

_SAFE = {
    "content-security-policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src 'self'; frame-src blob:; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def page_routes(settings: Settings) -> list[BaseRoute]:
    base = settings.server.base_path
    document, docs = openapi(base), _docs(base)
    page = _file("page.html").replace("{base}", html.escape(base, quote=True))

    async def index(_: Request) -> Response:
        return HTMLResponse(page, headers=_SAFE)

    async def describe(_: Request) -> Response:
        return JSONResponse(document)

    async def explain(_: Request) -> Response:
        return HTMLResponse(docs, headers=_SAFE)

    return [Route("/", index), Route("/openapi.json", describe), Route("/docs", explain)]


def _docs(base: str) -> str:
    sections = "".join(_section(base, one) for one in ENDPOINTS)
    contents = "".join(
        f'<li><a href="#{one.name}">{one.name}</a> {html.escape(one.title)}' for one in ENDPOINTS
    )
    codes = "".join(f"<tr><td>{code}<td>{html.escape(meaning)}" for code, meaning in MEANINGS.items())
    page = _file("docs.html")
    for mark, text in (("base", base), ("contents", contents), ("sections", sections), ("codes", codes)):
        page = page.replace("{" + mark + "}", text)
    return page


def _file(name: str) -> str:
    return resources.files("pdfseal.adapters.coss").joinpath(name).read_text(encoding="utf-8")


def _section(base: str, one: Described) -> str:
    rows = "".join(_row(field, "") for field in one.fields)
    codes = "".join(f"<li>{code} {html.escape(MEANINGS[code])}" for code in one.codes)
    return (
        f'<h2 id="{one.name}">{one.name}: {html.escape(one.title)}</h2><p><code>POST {base}/service/v1/'
        f"{one.name}</code>, section {one.section} of the manual. Answers: {html.escape(one.data)}.</p>"
        f"<table><tr><th>field<th>type<th>needed<th>meaning{rows}</table><ul>{codes}</ul>"
    )


def _row(field: Field, place: str) -> str:
    note = html.escape(field.note)
    note += f": {', '.join(field.words)}" if field.words else ""
    note += f" (at most {field.at_most} characters)" if field.at_most else ""
    name = f"{place}{field.name}"
    row = f"<tr><td><code>{name}</code><td>{field.kind}<td>{'yes' if field.required else ''}<td>{note}"
    return row + "".join(_row(inner, f"{name}.") for inner in field.inner)
