"""Who calls: the application by its request signature, with lock-out and replay window.

Law: nothing works unsigned, and what is not yet authenticated costs a bounded amount of work:
at most the candidates of `signing`, none at all while locked out. A failure tells the client no
more than the code, except in debug mode: then it is told the strings that the service would have
signed, cut short, never a signature.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pdfseal.adapters.coss import signing
from pdfseal.adapters.coss.codes import (
    BAD_PARAMETER,
    BAD_SIGNATURE_OF_REQUEST,
    UNKNOWN_APPLICATION,
    CossError,
)
from pdfseal.adapters.coss.config import Auth
from pdfseal.adapters.coss.wire import Fields
from pdfseal.adapters.registry import Application, Registry

ALGORITHMS = ("HMAC", "HMACSHA256", "HMAC-SHA256")
_VERSION = re.compile(r"\d{1,3}(\.\d{1,3}){0,3}\Z")
_LARGE_BYTES = 256 << 10  # above that, HMACs run in a thread: hashing does not hold the interpreter
_MAX_TRACKED = 20_000
_MINUTE_S = 60.0
_DEBUG_VALUE_BYTES = 64


class RequestRefused(CossError):
    """A request whose signature is wrong. `hints`: for debug mode."""

    def __init__(self, detail: str = "", hints: tuple[str, ...] = ()) -> None:
        super().__init__(BAD_SIGNATURE_OF_REQUEST, detail)
        self.hints = hints


@dataclass(frozen=True, slots=True)
class Caller:
    application: Application
    match: signing.Match


@dataclass(slots=True)
class _Count:
    failures: int = 0
    until: float = 0.0


@dataclass
class Failures:
    """Failures in a window of time, for each key; the least recent keys are forgotten first."""

    limit: int
    window_s: float
    clock: Callable[[], float] = time.monotonic
    _counts: OrderedDict[object, _Count] = field(default_factory=OrderedDict)

    def note(self, key: object) -> None:
        now = self.clock()
        count = self._counts.get(key)
        if count is None or count.until <= now:
            count = self._counts[key] = _Count(0, now + self.window_s)
        count.failures += 1
        if count.failures == self.limit:
            count.until = now + self.window_s
        self._counts.move_to_end(key)
        while len(self._counts) > _MAX_TRACKED:
            self._counts.popitem(last=False)

    def blocked(self, key: object) -> bool:
        count = self._counts.get(key)
        return count is not None and count.failures >= self.limit and count.until > self.clock()

    def forget(self, key: object) -> None:
        self._counts.pop(key, None)


class Authenticator:
    """Each worker counts failures and remembers forms by itself; the replay window is shared."""

    def __init__(self, registry: Registry, settings: Auth) -> None:
        self._registry = registry
        self._settings = settings
        self._applications: dict[str, tuple[float, Application]] = {}
        self._forms: dict[str, signing.Form] = {}
        self._locked = Failures(settings.lock_after, settings.lock_s)
        self.addresses = Failures(settings.address_failures, _MINUTE_S)

    async def authenticate(self, fields: Fields, size: int, address: str) -> Caller:
        """89000001 for a missing appId, 89000003 for an unknown one, 89000005 for a wrong signature."""
        app_id = fields.text("appId", at_most=200)
        if fields.has("signAlgo"):
            fields.choice("signAlgo", ALGORITHMS)
        if fields.has("version") and not _VERSION.match(fields.text("version", at_most=16)):
            raise CossError(BAD_PARAMETER, "version: must be a version number such as 1.0")
        try:
            if not fields.has(signing.SIGNATURE):
                raise RequestRefused("signature: is missing")
            signature = fields.text(signing.SIGNATURE, at_most=200)
            application = await self._application(app_id)
            if application is None or not application.enabled:
                raise CossError(UNKNOWN_APPLICATION)
            if self._locked.blocked((address, app_id)):
                raise RequestRefused("too many requests with a wrong signature: locked out for some minutes")
            match = await self._verify(application, fields, signature, size)
            if match is None:
                self._locked.note((address, app_id))
                raise RequestRefused(hints=self._hints(application, fields))
        except CossError:
            self.addresses.note(address)
            raise
        self._locked.forget((address, app_id))
        self._forms[app_id] = match.form
        await self._check_replay(application, fields)
        return Caller(application, match)

    async def _application(self, app_id: str) -> Application | None:
        now = time.monotonic()
        known = self._applications.get(app_id)
        if known is not None and known[0] > now:
            return known[1]
        found = await asyncio.to_thread(self._registry.find_application, app_id)
        if found is None or found.app_id != app_id:
            self._applications.pop(app_id, None)
            return None
        self._applications[app_id] = now + self._settings.cache_s, found
        return found

    async def _verify(
        self, application: Application, fields: Fields, signature: str, size: int
    ) -> signing.Match | None:
        own = application.settings

        def verify() -> signing.Match | None:
            return signing.verify(
                fields,
                signature,
                application.secure_code,
                strict=(own.signature_mode or self._settings.mode) == "strict",
                charset=own.charset,
                first=self._forms.get(application.app_id),
            )

        return await asyncio.to_thread(verify) if size > _LARGE_BYTES else verify()

    def _hints(self, application: Application, fields: Fields) -> tuple[str, ...]:
        debug = application.settings.debug
        if not (self._settings.debug if debug is None else debug):
            return ()
        strings = (
            signing.string_to_sign(fields, form, longest_value=_DEBUG_VALUE_BYTES) for form in signing.FORMS
        )
        return tuple(dict.fromkeys(strings))[: signing.MAX_CANDIDATES]

    async def _check_replay(self, application: Application, fields: Fields) -> None:
        own = application.settings.replay_window_s
        window_s = self._settings.replay_window_s if own is None else own
        if not window_s:
            return
        trans_id = fields.text("transId", at_most=128)
        now = datetime.now(UTC)
        if not await asyncio.to_thread(
            self._registry.first_time, application, trans_id, now=now, window_s=window_s
        ):
            raise CossError(BAD_PARAMETER, "transId: was used by an earlier request")
