"""The HTTP application: read, authenticate, call the endpoint, shape the answer.

    POST {base}/service/v1/NAME     the interface
    GET  /healthz /readyz /metrics  for those who run it
    GET  / /openapi.json /docs      for those who use it

Law: HTTP 200 for every answer in the interface's shape; 413, 429 and 503 only where the body was
not read. Whatever was not foreseen is 89000007 without detail, and a line in the log.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pdfseal.adapters.coss import certificates, pdf_seals, signatures, timestamps, users
from pdfseal.adapters.coss.answers import Answer, Body, encode, failure
from pdfseal.adapters.coss.auth import RequestRefused
from pdfseal.adapters.coss.bodies import ClientLeft, Reader, Room, TurnedAway
from pdfseal.adapters.coss.codes import (
    BAD_PARAMETER,
    BAD_SIGNATURE_OF_REQUEST,
    SERVICE_FAILED,
    CossError,
    coss_error,
)
from pdfseal.adapters.coss.config import Settings, load
from pdfseal.adapters.coss.observe import Log, Metrics
from pdfseal.adapters.coss.pages import page_routes
from pdfseal.adapters.coss.pool import watch_parent
from pdfseal.adapters.coss.service import MIB, Call, Service
from pdfseal.adapters.coss.wire import Fields
from pdfseal.errors import PdfsealError

Endpoint = Callable[[Service, Call], Awaitable[Answer]]

ENDPOINTS: dict[str, Endpoint] = {
    "addUser": users.add_user,
    "updateUser": users.update_user,
    "queryUserInfo": users.query_user_info,
    "queryImage": users.query_image,
    "getCertInfo": certificates.get_cert_info,
    "queryCert": certificates.query_cert,
    "validationCert": certificates.validation_cert,
    "verifySign": signatures.verify_sign,
    "verifyEssSign": signatures.verify_ess_sign,
    "verifySignData": signatures.verify_sign_data,
    "getHashData": signatures.get_hash_data,
    "genRandom": signatures.gen_random,
    "createAndGetTssInfo": timestamps.create_timestamp,
    "getTSInfo": timestamps.get_timestamp_info,
    "verifyTS": timestamps.verify_timestamp,
    "getPdfHash": pdf_seals.get_pdf_hash,
    "composePdfSeal": pdf_seals.compose_pdf_seal,
    "verifyPdfSeal": pdf_seals.verify_pdf_seal,
}
_JSON = [(b"content-type", b"application/json;charset=UTF-8"), (b"cache-control", b"no-store")]
_LATER_S = 5


def from_environment() -> Starlette:
    """What uvicorn calls in each worker: the configuration is named by PDFSEAL_CONFIG."""
    watch_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))  # a supervisor that was killed
    return make_app(load(None))


def make_app(settings: Settings) -> Starlette:
    log, metrics = Log(settings.server.log_level), Metrics()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service = Service.open(settings)
        app.state.service = service
        warming = asyncio.create_task(service.pool.warm_up())
        log.write("info", "started", endpoints=len(ENDPOINTS), registry=service.registry.engine.dialect.name)
        try:
            yield
        finally:
            warming.cancel()
            service.close()
            log.write("info", "stopped")

    front = Front(settings, log, metrics)
    routes = [
        Route(
            f"{settings.server.base_path}/service/v1/{name}", front.endpoint(name, endpoint), methods=["POST"]
        )
        for name, endpoint in ENDPOINTS.items()
    ]
    routes += [
        Route("/healthz", lambda _: PlainTextResponse("ok\n")),
        Route("/readyz", _ready),
        Route(
            "/metrics", lambda _: PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")
        ),
    ]
    return Starlette(routes=[*routes, *page_routes(settings)], lifespan=lifespan)


async def _ready(request: Request) -> Response:
    service: Service = request.app.state.service
    try:
        await asyncio.to_thread(service.registry.ping)
    except PdfsealError:
        return JSONResponse({"ready": False, "registry": "unreachable"}, status_code=503)
    return JSONResponse({"ready": True})


class Front:
    """Turns an endpoint into an ASGI application."""

    def __init__(self, settings: Settings, log: Log, metrics: Metrics) -> None:
        self._settings = settings
        self._log = log
        self._metrics = metrics
        self._room = Room(settings.server.max_in_flight_mb * MIB, metrics)

    def endpoint(self, name: str, endpoint: Endpoint) -> Any:
        return _Asgi(self, name, endpoint)

    async def serve(self, name: str, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
        request = _Request(name, scope)
        server = self._settings.server
        reader = Reader(self._room, most=server.max_body_mb * MIB, timeout_s=server.body_timeout_s)
        self._metrics.requests_in_flight += 1
        try:
            answer = await self._answer(endpoint, request, reader, receive)
            await _send(send, request, encode(answer, request.trans_id), server.body_timeout_s)
        except ClientLeft:
            request.code = 0
            request.facts["outcome"] = "client left"
            late = failure(CossError(BAD_PARAMETER, "the body did not come"))
            await _send(send, request, encode(late, None), server.body_timeout_s)
        except TimeoutError:
            request.facts["outcome"] = "client did not take the answer"
            raise
        finally:
            if request.call is not None:
                request.call.close()
            self._room.give_back(reader.taken)
            self._metrics.requests_in_flight -= 1
            self._account(request)

    async def _answer(
        self, endpoint: Endpoint, request: _Request, reader: Reader, receive: Receive
    ) -> Answer:
        try:
            service: Service = request.scope["app"].state.service
            if service.authenticator.addresses.blocked(request.address):
                raise TurnedAway(
                    429, CossError(BAD_SIGNATURE_OF_REQUEST, "too many requests with a wrong signature")
                )
            data = await reader.read(receive, request.header(b"content-length"))
            request.received = len(data)
            fields = Fields.of(data)
            request.trans_id = fields.optional_text("transId", at_most=128)
            caller = await service.authenticator.authenticate(fields, len(data), request.address)
            request.facts |= {"app_id": caller.application.app_id, "form": caller.match.name}
            self._metrics.form(caller.match.name)
            request.call = Call(fields, caller.application)
            answer = await endpoint(service, request.call)
        except TurnedAway as turned:
            request.status, answer = turned.status, failure(turned.error)
            self._metrics.turned_away(str(turned.status))
        except RequestRefused as refused:
            answer = failure(refused, {"stringsToSign": list(refused.hints)} if refused.hints else None)
        except CossError as error:
            answer = self._failed(error, request)
        except PdfsealError as error:
            answer = self._failed(coss_error(error), request, error)
        except ClientLeft:
            raise
        except Exception as error:
            self._log.defect("defect", error, request=request.id, endpoint=request.name)
            answer = failure(CossError(SERVICE_FAILED))
        request.code = answer.code
        return answer

    def _failed(self, error: CossError, request: _Request, cause: BaseException | None = None) -> Answer:
        """The client of a service that failed is told the code alone; the log is told why."""
        if error.code != SERVICE_FAILED:
            return failure(error)
        reason = cause or error.__cause__
        self._log.write(
            "error", "failed", request=request.id, endpoint=request.name, detail=error.detail,
            cause=type(reason).__name__, our_code=getattr(reason, "code", None),
        )  # fmt: skip
        return failure(CossError(SERVICE_FAILED))

    def _account(self, request: _Request) -> None:
        seconds = time.perf_counter() - request.started
        self._metrics.request(request.name, request.code, seconds, request.received, request.sent)
        remarks = request.call.remarks if request.call is not None else {}
        self._log.write(
            "info", "request", request=request.id, endpoint=request.name, address=request.address,
            http=request.status, code=request.code, ms=round(seconds * 1000, 2),
            bytes_in=request.received, bytes_out=request.sent, **request.facts, **remarks,
        )  # fmt: skip


class _Asgi:
    """A class, so that Starlette takes it for an ASGI application and not for a function of a request."""

    def __init__(self, front: Front, name: str, endpoint: Endpoint) -> None:
        self._front = front
        self._name = name
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._front.serve(self._name, self._endpoint, scope, receive, send)


class _Request:
    """What is known of one request while it is served."""

    def __init__(self, name: str, scope: Scope) -> None:
        self.name = name
        self.scope = scope
        given = self.header(b"x-request-id") or ""
        self.id = given if given.isalnum() and len(given) <= 64 else uuid.uuid4().hex
        self.address: str = (scope.get("client") or ("unknown",))[0]
        self.started = time.perf_counter()
        self.trans_id: str | None = None
        self.call: Call | None = None
        self.status, self.code = 200, 0
        self.received = self.sent = 0
        self.facts: dict[str, object] = {}

    def header(self, name: bytes) -> str | None:
        for key, value in self.scope["headers"]:
            if key == name:
                return bytes(value).decode("latin-1")
        return None


async def _send(send: Send, request: _Request, body: Body, timeout_s: float) -> None:
    """A client that does not take its answer is given up: TimeoutError, and the connection is closed."""
    headers = [*_JSON, (b"content-length", str(body.length).encode()), (b"x-request-id", request.id.encode())]
    if request.status in (429, 503):
        headers.append((b"retry-after", str(_LATER_S).encode()))
    if request.status != 200 or request.code == 0:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": request.status, "headers": headers})
    for piece in body.pieces:
        message = {"type": "http.response.body", "body": bytes(piece), "more_body": True}
        await asyncio.wait_for(send(message), timeout_s)
        request.sent += len(piece)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
