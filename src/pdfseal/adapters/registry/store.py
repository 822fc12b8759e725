"""The registry: applications, users, certificates, pictures, seals, in one database.

    registry = Registry.open("sqlite:///registry.db", read_master_key(text))
    application = registry.add_application("HIS")
    user = registry.add_user(application, NewUser("张三", "SF", "5134…", "187…"), now=now)

Law: every method is one transaction: all of it happens or nothing. Time is an argument. Nothing
here knows HTTP or the COSS codes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from pdfseal.adapters.registry import records, schema
from pdfseal.adapters.registry.database import open_engine, reading, writing
from pdfseal.adapters.registry.identity import msspid, new_app_id, new_device_id, new_secure_code
from pdfseal.adapters.registry.migrations import migrate
from pdfseal.adapters.registry.values import (
    Application,
    ApplicationSettings,
    CertificateUsage,
    Maker,
    NewUser,
    StoredCertificate,
    StoredPicture,
    StoredSeal,
    User,
    UserChange,
)
from pdfseal.adapters.registry.vault import Vault
from pdfseal.errors import CallerError
from pdfseal.pki.certificate import Certificate

_KEY_CHECK = "key_check"


@dataclass(frozen=True)
class Registry:
    """`keyed_ids`: new users get a keyed MSSPID instead of the one that COSS computes."""

    engine: Engine
    vault: Vault = field(repr=False)
    keyed_ids: bool = False

    @classmethod
    def open(cls, url: str, master_key: bytes, *, keyed_ids: bool = False) -> Registry:
        """Connect, bring the schema up to date, and check that the key is the one it was made with.

        CallerError `configuration` or `extra_missing`; OutsideError `database`.
        """
        registry = cls(open_engine(url), Vault.of(master_key), keyed_ids)
        try:
            migrate(registry.engine)
            registry._check_key()
        except BaseException:
            registry.close()
            raise
        return registry

    def close(self) -> None:
        self.engine.dispose()

    def ping(self) -> None:
        """OutsideError `database` unless the database answers."""
        with reading(self.engine) as connection:
            connection.exec_driver_sql("SELECT 1")

    def _check_key(self) -> None:
        expected = self.vault.index(_KEY_CHECK)
        try:
            with writing(self.engine) as connection:
                query = select(schema.facts.c.value).where(schema.facts.c.name == _KEY_CHECK)
                found = connection.execute(query).scalar()
                if found is None:
                    connection.execute(insert(schema.facts).values(name=_KEY_CHECK, value=expected))
                    found = expected
        except IntegrityError:  # another process wrote it at the same moment
            return self._check_key()
        if bytes(found) != expected:
            raise CallerError("configuration", "the registry was made with another key than the one given")

    # -- applications -----------------------------------------------------------------------

    def add_application(
        self,
        name: str,
        *,
        now: datetime,
        app_id: str | None = None,
        secure_code: str | None = None,
        settings: ApplicationSettings | None = None,
        maker: Maker | None = None,
    ) -> Application:
        """A new application with fresh identifier and secure code. CallerError `record_exists`."""
        if not 0 < len(name.strip()) <= 200:
            raise CallerError("argument", "an application's name has 1 to 200 characters")
        code = secure_code or new_secure_code()
        row: dict[str, Any] = {
            "app_id": app_id or new_app_id(),
            "name": name,
            "secure_code": self.vault.encrypt(records.SECURE_CODE, code),
            "settings": records.settings_text(settings or ApplicationSettings()),
            "enabled": True,
            "maker": records.maker_blob(maker, self.vault),
            "created": now,
            "updated": now,
        }
        try:
            with writing(self.engine) as connection:
                connection.execute(insert(schema.applications).values(row))
        except IntegrityError as error:
            raise CallerError("record_exists", f"there is an application {name!r} already") from error
        found = self.find_application(row["app_id"])
        assert found is not None
        return found

    def find_application(self, app_id_or_name: str) -> Application | None:
        """By its identifier, or by its name."""
        table = schema.applications
        condition = (table.c.app_id == app_id_or_name) | (table.c.name == app_id_or_name)
        with reading(self.engine) as connection:
            found = connection.execute(select(table).where(condition)).all()
        rows = sorted(found, key=lambda row: row.app_id != app_id_or_name)  # the identifier wins over a name
        return records.application_of(rows[0], self.vault) if rows else None

    def applications(self) -> tuple[Application, ...]:
        with reading(self.engine) as connection:
            rows = connection.execute(select(schema.applications).order_by(schema.applications.c.id)).all()
        return tuple(records.application_of(row, self.vault) for row in rows)

    def rotate(self, application: Application, *, now: datetime, secure_code: str | None = None) -> str:
        """A fresh secure code; the old one is worth nothing from then on."""
        code = secure_code or new_secure_code()
        self._change(application, now, secure_code=self.vault.encrypt(records.SECURE_CODE, code))
        return code

    def bind_maker(self, application: Application, maker: Maker | None, *, now: datetime) -> None:
        """Who makes the electronic seals of this application; None: nobody."""
        self._change(application, now, maker=records.maker_blob(maker, self.vault))

    def set_settings(self, application: Application, settings: ApplicationSettings, *, now: datetime) -> None:
        self._change(application, now, settings=records.settings_text(settings))

    def enable(self, application: Application, enabled: bool, *, now: datetime) -> None:
        self._change(application, now, enabled=enabled)

    def _change(self, application: Application, now: datetime, **columns: Any) -> None:
        table = schema.applications
        with writing(self.engine) as connection:
            connection.execute(
                update(table).where(table.c.id == application.id).values(**columns, updated=now)
            )

    # -- users ------------------------------------------------------------------------------

    def add_user(
        self,
        application: Application,
        new: NewUser,
        *,
        now: datetime,
        picture: bytes | None = None,
        drawn: bool = False,
    ) -> User:
        """Add a user, or make one that another application added known to this one.

        CallerError `user_exists` if this application knows the user, `identity_taken` if another
        person has that document, `unique_id_taken`.
        """
        user_id = msspid(new.name, new.id_type, new.id_number, vault=self.vault if self.keyed_ids else None)
        for attempt in (1, 2):
            try:
                with writing(self.engine) as connection:
                    self._add_user(connection, application, new, user_id, now, picture, drawn)
                break
            except IntegrityError:  # PostgreSQL: another process was faster, and now there is a row to see
                if attempt == 2:
                    raise CallerError("user_exists", "the user was added by another request") from None
        found = self.find_user(user_id)
        assert found is not None
        return found

    def _add_user(
        self, connection: Connection, application: Application, new: NewUser, user_id: str, now: datetime,
        picture: bytes | None, drawn: bool,
    ) -> None:  # fmt: skip
        users, members = schema.users, schema.memberships
        index = records.id_number_index(self.vault, new.id_type, new.id_number)
        row = connection.execute(
            select(users.c.id, users.c.user_id).where(
                (users.c.id_number_index == index) | (users.c.user_id == user_id)
            )
        ).first()
        if row is None:
            values = records.user_row(new, user_id, self.vault) | {"created": now, "updated": now}
            inserted = connection.execute(insert(users).values(values)).inserted_primary_key
            number = int(inserted[0])  # type: ignore[index]  # an insert of one row gives its key
            if picture is not None:
                self._insert_picture(connection, number, picture, drawn, now)
        elif row.user_id != user_id:
            raise CallerError("identity_taken", "another person has this identity document")
        else:
            number = row.id
            known = (members.c.application == application.id) & (members.c.member == number)
            if connection.execute(select(members.c.member).where(known)).first() is not None:
                raise CallerError("user_exists", "the application has this user already")
        self._check_unique_id(connection, application, new.unique_id, number)
        connection.execute(
            insert(members).values(
                application=application.id, member=number, unique_id=new.unique_id, created=now
            )
        )

    def _check_unique_id(
        self, connection: Connection, application: Application, unique_id: str | None, owner: int
    ) -> None:
        members = schema.memberships
        if unique_id is None:
            return
        taken = (
            (members.c.application == application.id)
            & (members.c.unique_id == unique_id)
            & (members.c.member != owner)
        )
        if connection.execute(select(members.c.member).where(taken)).first() is not None:
            raise CallerError("unique_id_taken", "another user of the application has this unique id")

    def find_user(self, user_id: str) -> User | None:
        return self._user(schema.users.c.user_id == user_id)

    def find_user_by_document(self, id_type: str, id_number: str) -> User | None:
        index = records.id_number_index(self.vault, id_type, id_number)
        return self._user(schema.users.c.id_number_index == index)

    def find_user_by_unique_id(self, application: Application, unique_id: str) -> User | None:
        members = schema.memberships
        owner = select(members.c.member).where(
            (members.c.application == application.id) & (members.c.unique_id == unique_id)
        )
        return self._user(schema.users.c.id == owner.scalar_subquery())

    def users(self, *, limit: int = 1000) -> tuple[User, ...]:
        query = select(schema.users).order_by(schema.users.c.id).limit(limit)
        with reading(self.engine) as connection:
            rows = connection.execute(query).all()
        return tuple(records.user_of(row, self.vault) for row in rows)

    def _user(self, condition: Any) -> User | None:
        with reading(self.engine) as connection:
            row = connection.execute(select(schema.users).where(condition)).first()
        return None if row is None else records.user_of(row, self.vault)

    def update_user(
        self,
        application: Application,
        user: User,
        change: UserChange,
        *,
        now: datetime,
        picture: bytes | None = None,
    ) -> None:
        """CallerError `unique_id_taken`."""
        users, members = schema.users, schema.memberships
        columns: dict[str, Any] = {"updated": now}
        if change.status is not None:
            columns["status"] = change.status
        if change.department is not None:
            columns["department"] = change.department
        if change.mobile is not None:
            columns |= records.mobile_columns(change.mobile, self.vault)
        mine = (members.c.application == application.id) & (members.c.member == user.id)
        try:
            with writing(self.engine) as connection:
                connection.execute(update(users).where(users.c.id == user.id).values(columns))
                if change.unique_id is not None:
                    self._check_unique_id(connection, application, change.unique_id, user.id)
                    changed = connection.execute(
                        update(members).where(mine).values(unique_id=change.unique_id)
                    )
                    if not changed.rowcount:
                        connection.execute(
                            insert(members).values(
                                application=application.id, member=user.id,
                                unique_id=change.unique_id, created=now,
                            )
                        )  # fmt: skip
                if picture is not None:
                    self._insert_picture(connection, user.id, picture, False, now)
        except IntegrityError as error:
            raise CallerError("unique_id_taken", "another user has this unique id") from error

    # -- pictures ---------------------------------------------------------------------------

    def add_picture(self, user: User, data: bytes, *, now: datetime, drawn: bool = False) -> None:
        """A new picture, which becomes the default; the earlier ones stay."""
        with writing(self.engine) as connection:
            self._insert_picture(connection, user.id, data, drawn, now)

    def _insert_picture(
        self, connection: Connection, owner: int, data: bytes, drawn: bool, now: datetime
    ) -> None:
        table = schema.pictures
        connection.execute(update(table).where(table.c.owner == owner).values(is_default=False))
        connection.execute(
            insert(table).values(owner=owner, data=data, is_default=True, drawn=drawn, created=now)
        )

    def picture(self, user: User) -> StoredPicture | None:
        """The default seal picture."""
        table = schema.pictures
        query = (
            select(table).where((table.c.owner == user.id) & table.c.is_default).order_by(table.c.id.desc())
        )
        with reading(self.engine) as connection:
            row = connection.execute(query.limit(1)).first()
        return None if row is None else records.picture_of(row)

    # -- certificates -----------------------------------------------------------------------

    def add_certificate(
        self,
        user: User,
        certificate: Certificate,
        *,
        now: datetime,
        chain: tuple[Certificate, ...] = (),
        usage: CertificateUsage = "SIGN",
        device_id: str | None = None,
    ) -> str:
        """A certificate on a device, whose identifier is returned.

        It takes the place of the current one of that device, usage and kind of key; that one
        stays as history. Several devices may hold one certificate.
        """
        table = schema.certificates
        device = device_id or new_device_id()
        with writing(self.engine) as connection:
            mine = (table.c.owner == user.id) & (table.c.device_id == device) & (table.c.usage == usage)
            for row in connection.execute(select(table).where(mine & table.c.current)).all():
                kind = records.certificate_of(row).certificate.public_key.kind
                if kind == certificate.public_key.kind:
                    connection.execute(update(table).where(table.c.id == row.id).values(current=False))
            connection.execute(
                insert(table).values(
                    owner=user.id, device_id=device, usage=usage, der=certificate.der,
                    chain=b"".join(one.der for one in chain), current=True, created=now,
                )
            )  # fmt: skip
        return device

    def certificates(
        self,
        user: User,
        *,
        usage: CertificateUsage | None = None,
        device_id: str | None = None,
        history: bool = False,
    ) -> tuple[StoredCertificate, ...]:
        """The newest first; without `history` only those in use."""
        table = schema.certificates
        condition: Any = table.c.owner == user.id
        if not history:
            condition &= table.c.current
        if usage is not None:
            condition &= table.c.usage == usage
        if device_id is not None:
            condition &= table.c.device_id == device_id
        with reading(self.engine) as connection:
            rows = connection.execute(select(table).where(condition).order_by(table.c.id.desc())).all()
        return tuple(records.certificate_of(row) for row in rows)

    # -- electronic seals -------------------------------------------------------------------

    def find_seal(self, fingerprint: bytes, *, valid_at: datetime) -> StoredSeal | None:
        """The seal made for what `seal_fingerprint` names, if it is still valid."""
        table = schema.seals
        with reading(self.engine) as connection:
            row = connection.execute(select(table).where(table.c.fingerprint == fingerprint)).first()
        return None if row is None or row.valid_until <= valid_at else records.seal_of(row)

    def keep_seal(
        self, fingerprint: bytes, *, layout: str, esid: str, der: bytes, valid_until: datetime, now: datetime
    ) -> None:
        """Keep a seal in place of the one with the same fingerprint."""
        table = schema.seals
        row = {
            "fingerprint": fingerprint, "layout": layout, "esid": esid, "der": der,
            "valid_until": valid_until, "created": now,
        }  # fmt: skip
        try:
            with writing(self.engine) as connection:
                connection.execute(delete(table).where(table.c.fingerprint == fingerprint))
                connection.execute(insert(table).values(row))
        except IntegrityError:  # another worker made the same seal at the same moment: either one will do
            return

    # -- transaction numbers ----------------------------------------------------------------

    def first_time(self, application: Application, trans_id: str, *, now: datetime, window_s: int) -> bool:
        """Whether this transaction number was not seen within the window; it is remembered."""
        table = schema.transactions
        number = trans_id if len(trans_id) <= 64 else hashlib.sha256(trans_id.encode()).hexdigest()
        row = {
            "application": application.id, "trans_id": number,
            "forget_after": now + timedelta(seconds=window_s),
        }  # fmt: skip
        try:
            with writing(self.engine) as connection:
                connection.execute(delete(table).where(table.c.forget_after < now))
                connection.execute(insert(table).values(row))
        except IntegrityError:
            return False
        return True


def seal_fingerprint(layout: str, owner: Certificate, maker: Certificate, picture: bytes, name: str) -> bytes:
    """What makes two electronic seals the same: layout, owner, maker, picture, name."""
    parts = (layout.encode(), owner.der, maker.der, picture, name.encode())
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8) + part)
    return state.digest()
