"""The service's configuration: one TOML file, then the environment, checked before anything starts.

    [server]
    port = 8759
    [registry]
    url = "postgresql://pdfseal@db/pdfseal"
    key_file = "/run/secrets/registry-key"

Every entry has a variable `PDFSEAL_SECTION_ENTRY`, such as PDFSEAL_REGISTRY_URL, which wins over
the file. What is not known, of the wrong type or out of range is an error that names it; the
registry's key never stands in the file itself.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_type_hints

from pdfseal.adapters.registry import read_master_key
from pdfseal.errors import CallerError

CONFIG_VARIABLE = "PDFSEAL_CONFIG"
KEY_VARIABLE = "PDFSEAL_REGISTRY_KEY"


@dataclass(frozen=True, slots=True)
class Server:
    """Times in seconds, sizes in MiB. `processes`: those that handle PDFs, for each worker; 0: by CPUs.

    `trusted_proxies`: addresses whose X-Forwarded-For is believed, parted by commas, or `*`.
    """

    host: str = "127.0.0.1"
    port: int = 8759
    base_path: str = "/coss"
    workers: int = 1
    processes: int = 0
    header_timeout_s: int = 10
    body_timeout_s: int = 20
    job_timeout_s: int = 120
    stop_timeout_s: int = 30
    max_connections: int = 1000
    max_body_mb: int = 300
    max_in_flight_mb: int = 1200
    trusted_proxies: str = "127.0.0.1"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """`url`: sqlite:///PATH or postgresql://… The key: this file, or the variable PDFSEAL_REGISTRY_KEY."""

    url: str = "sqlite:///pdfseal-registry.db"
    key_file: str = ""
    keyed_ids: bool = False


@dataclass(frozen=True, slots=True)
class Auth:
    """`lock_after` failures of one application from one address lock it out there for `lock_s`.

    `address_failures`: failures a minute after which an address is not served at all.
    `replay_window_s`: how long a transId may not come again; 0: it may.
    """

    mode: Literal["compat", "strict"] = "compat"
    debug: bool = False
    lock_after: int = 10
    lock_s: int = 300
    address_failures: int = 60
    replay_window_s: int = 0
    cache_s: int = 5


@dataclass(frozen=True, slots=True)
class Trust:
    """Files with certificates: anchors for signatures and seals, for timestamps, and what stands between.

    `allow_weak` lets RSA below 2,048 bits and SHA-1 pass in timestamps and certificates.
    """

    anchors: tuple[str, ...] = ()
    timestamp_anchors: tuple[str, ...] = ()
    intermediates: tuple[str, ...] = ()
    crls: tuple[str, ...] = ()
    require_crl: bool = False
    allow_weak: bool = False


@dataclass(frozen=True, slots=True)
class Timestamp:
    """The service's own authority. `in_seals`: composePdfSeal stamps what brings no tssSignValue."""

    certificate: str = ""
    key: str = ""
    password_file: str = ""
    chain: tuple[str, ...] = ()
    policy: str = ""
    serials: str = "pdfseal-timestamps.serials"
    in_seals: bool = False


@dataclass(frozen=True, slots=True)
class Seals:
    """Electronic seals that are made for users. `draw_missing`: a name seal for users without a picture."""

    vendor: str = "PDFSEAL"
    valid_days: int = 365
    draw_missing: bool = True
    max_pdf_mb: int = 200
    max_picture_kb: int = 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything. Values are checked; files are read later, by who needs them."""

    server: Server = field(default_factory=Server)
    registry: RegistrySettings = field(default_factory=RegistrySettings)
    auth: Auth = field(default_factory=Auth)
    trust: Trust = field(default_factory=Trust)
    timestamp: Timestamp = field(default_factory=Timestamp)
    seals: Seals = field(default_factory=Seals)


_SECTIONS = {one.name: one for one in fields(Settings)}
_AT_LEAST_ZERO = {"processes", "replay_window_s", "cache_s"}


def load(path: str | os.PathLike[str] | None, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file, if there is one, and of the environment. CallerError `configuration`."""
    variables = os.environ if environment is None else environment
    path = path or variables.get(CONFIG_VARIABLE)
    table = _read(path) if path else {}
    settings = Settings()
    for name, value in table.items():
        if name not in _SECTIONS:
            raise _wrong(f"[{name}]", f"is no section: {', '.join(_SECTIONS)}")
        if not isinstance(value, dict):
            raise _wrong(name, "is an entry outside a section")
    for name in _SECTIONS:
        section = getattr(settings, name)
        found = dict(table.get(name, {}))
        for entry in fields(section):
            variable = f"PDFSEAL_{name}_{entry.name}".upper()
            if variable in variables:
                found[entry.name] = _from_text(variables[variable], type(getattr(section, entry.name)))
        settings = replace(settings, **{name: _section(name, section, found)})
    return _resolved(settings, Path(path).parent if path else Path())


def _read(path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise CallerError("configuration", f"{path}: {(error.strerror or '').lower()}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CallerError("configuration", f"{path}: {error}") from error


def _section(name: str, defaults: Any, found: dict[str, Any]) -> Any:
    hints = get_type_hints(type(defaults))
    for entry, value in found.items():
        where = f"{name}.{entry}"
        if entry not in hints:
            if (name, entry) == ("registry", "key"):
                raise _wrong(where, f"does not belong here: use registry.key_file or {KEY_VARIABLE}")
            raise _wrong(where, f"is not known: {', '.join(hints)}")
        found[entry] = _checked(where, value, getattr(defaults, entry), hints[entry])
    return replace(defaults, **found)


def _checked(where: str, value: Any, default: Any, hint: Any) -> Any:
    entry = where.partition(".")[2]
    if isinstance(default, tuple):
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise _wrong(where, "must be a list of texts")
        return tuple(items)
    if type(value) is not type(default):
        words = {int: "a whole number", bool: "true or false", str: "a text"}
        raise _wrong(where, f"must be {words[type(default)]}")
    if isinstance(value, int) and not isinstance(value, bool):
        least = 0 if entry in _AT_LEAST_ZERO else 1
        most = 65535 if entry == "port" else 1 << 31
        if not least <= value <= most:
            raise _wrong(where, f"must be from {least} to {most}")
    choices = getattr(hint, "__args__", ())
    if choices and value not in choices:
        raise _wrong(where, f"must be one of {', '.join(choices)}")
    return value


def _from_text(text: str, kind: type) -> Any:
    """The value of a variable, as far as its text tells; `_checked` complains about the rest."""
    if kind is tuple:
        return [part for part in text.split(os.pathsep) if part]
    if kind is int and text.strip().lstrip("-").isdigit():
        return int(text)
    if kind is bool and text.strip().lower() in ("true", "1", "yes", "false", "0", "no"):
        return text.strip().lower() in ("true", "1", "yes")
    return text


def _resolved(settings: Settings, folder: Path) -> Settings:
    """Paths are relative to the configuration file."""

    def path(text: str) -> str:
        return str(folder / text) if text else ""

    def paths(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(path, texts))

    base = "/" + settings.server.base_path.strip("/")
    trust, stamp = settings.trust, settings.timestamp
    return replace(
        settings,
        server=replace(settings.server, base_path="" if base == "/" else base),
        registry=replace(settings.registry, key_file=path(settings.registry.key_file)),
        trust=replace(
            trust,
            anchors=paths(trust.anchors),
            timestamp_anchors=paths(trust.timestamp_anchors),
            intermediates=paths(trust.intermediates),
            crls=paths(trust.crls),
        ),
        timestamp=replace(
            stamp,
            certificate=path(stamp.certificate),
            key=path(stamp.key),
            password_file=path(stamp.password_file),
            chain=paths(stamp.chain),
            serials=path(stamp.serials),
        ),
    )


def master_key(settings: Settings, environment: Mapping[str, str] | None = None) -> bytes:
    """The registry's key, from the environment or its file. CallerError `configuration`."""
    variables = os.environ if environment is None else environment
    if variables.get(KEY_VARIABLE):
        return read_master_key(variables[KEY_VARIABLE])
    if not settings.registry.key_file:
        raise CallerError(
            "configuration",
            f"the registry has no key: set {KEY_VARIABLE} or registry.key_file (pdfseal app key makes one)",
        )
    return read_master_key(read_file(settings.registry.key_file, "registry.key_file").decode("latin-1"))


def read_file(path: str, where: str) -> bytes:
    """A file that an entry names. CallerError `configuration`."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise _wrong(where, f"{path}: {(error.strerror or '').lower()}") from error


def _wrong(where: str, why: str) -> CallerError:
    return CallerError("configuration", f"{where} {why}")
