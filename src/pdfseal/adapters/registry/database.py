"""The engine: SQLite in WAL mode by default, PostgreSQL by URL, and errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from pdfseal.errors import CallerError, OutsideError

BUSY_TIMEOUT_S = 15.0
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "sqlite": "sqlite"}


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///PATH` or `postgresql://…`. Nothing is connected yet.

    CallerError `configuration` for anything else, `extra_missing` without PostgreSQL's driver.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise CallerError("configuration", "registry.url is not a database URL") from error
    driver = _DRIVERS.get(parsed.drivername.partition("+")[0])
    if driver is None:
        raise CallerError(
            "configuration", f"registry.url: {parsed.drivername!r} is neither sqlite nor postgresql"
        )
    try:
        if driver == "sqlite":
            engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S}, hide_parameters=True)
            _teach_sqlite(engine)
        else:
            engine = create_engine(
                parsed.set(drivername=driver), pool_pre_ping=True, hide_parameters=True,
                connect_args={"connect_timeout": int(BUSY_TIMEOUT_S)},
            )  # fmt: skip
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise CallerError(
            "extra_missing", "PostgreSQL needs a driver: pip install 'pdfseal[postgresql]'"
        ) from error
    return engine


def _teach_sqlite(engine: Engine) -> None:
    """WAL, foreign keys, full durability, and transactions that begin when we say so.

    A transaction that will write takes the lock at its beginning: one that reads first and
    writes later could not wait for another writer, it would fail.
    """

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # pysqlite begins nothing by itself
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads. OutsideError `database`."""
    with _in_our_words(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: everything or nothing. OutsideError `database`; IntegrityError as it is."""
    with (
        _in_our_words(),
        engine.connect().execution_options(writing=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Messages of drivers can carry values and passwords: only the kind of error is told."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise OutsideError(
            "database", f"the registry's database failed: {type(error.orig).__name__}"
        ) from error
    except SQLAlchemyError as error:
        raise OutsideError("database", f"the registry's database failed: {type(error).__name__}") from error
