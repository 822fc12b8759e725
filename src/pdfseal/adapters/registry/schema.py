"""The tables as SQLAlchemy knows them. `migrations` makes them; a test holds the two equal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware datetime as whole seconds since 1970: the same in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else int(value.timestamp())

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)


_ID = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

facts = Table(
    "registry_facts", metadata, Column("name", String(64), primary_key=True), Column("value", LargeBinary)
)
applications = Table(
    "applications", metadata,
    Column("id", _ID, primary_key=True),
    Column("app_id", String(64)),
    Column("name", String(200)),
    Column("secure_code", LargeBinary),
    Column("settings", Text),
    Column("enabled", Boolean),
    Column("maker", LargeBinary),
    Column("created", Moment),
    Column("updated", Moment),
)  # fmt: skip
users = Table(
    "users", metadata,
    Column("id", _ID, primary_key=True),
    Column("user_id", String(64)),
    Column("name", LargeBinary),
    Column("id_type", String(2)),
    Column("id_number", LargeBinary),
    Column("id_number_index", LargeBinary),
    Column("mobile", LargeBinary),
    Column("mobile_index", LargeBinary),
    Column("department", String(64)),
    Column("telephone", LargeBinary),
    Column("email", LargeBinary),
    Column("job_number", String(64)),
    Column("face_id", String(64)),
    Column("status", String(8)),
    Column("requires_certificate", Boolean),
    Column("created", Moment),
    Column("updated", Moment),
)  # fmt: skip
memberships = Table(
    "memberships", metadata,
    Column("application", _ID, primary_key=True),
    Column("member", _ID, primary_key=True),
    Column("unique_id", String(64)),
    Column("created", Moment),
)  # fmt: skip
certificates = Table(
    "certificates", metadata,
    Column("id", _ID, primary_key=True),
    Column("owner", _ID),
    Column("device_id", String(64)),
    Column("usage", String(4)),
    Column("der", LargeBinary),
    Column("chain", LargeBinary),
    Column("current", Boolean),
    Column("created", Moment),
)  # fmt: skip
pictures = Table(
    "pictures", metadata,
    Column("id", _ID, primary_key=True),
    Column("owner", _ID),
    Column("data", LargeBinary),
    Column("is_default", Boolean),
    Column("drawn", Boolean),
    Column("created", Moment),
)  # fmt: skip
seals = Table(
    "seals", metadata,
    Column("id", _ID, primary_key=True),
    Column("fingerprint", LargeBinary),
    Column("layout", String(16)),
    Column("esid", String(64)),
    Column("der", LargeBinary),
    Column("valid_until", Moment),
    Column("created", Moment),
)  # fmt: skip
transactions = Table(
    "transactions", metadata,
    Column("application", _ID, primary_key=True),
    Column("trans_id", String(128), primary_key=True),
    Column("forget_after", Moment),
)  # fmt: skip
