"""The registry on SQLite and on PostgreSQL: records, encryption, migrations, many processes at once."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect

from pdfseal import CallerError, OutsideError
from pdfseal.adapters.registry import (
    ApplicationSettings,
    Maker,
    NewUser,
    Registry,
    UserChange,
    msspid,
    new_master_key,
    read_master_key,
    schema,
    seal_fingerprint,
)
from pdfseal.adapters.registry.migrations import MIGRATIONS, Migration, migrate
from pdfseal.adapters.registry.vault import Vault
from tests.support import pki, postgres

KEY = b"k" * 32
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ZHANG = NewUser("张三", "SF", "513436200005039279", "18745292611", "QT", "u1")
MANUAL = "548a43ae04f109a2c8c812c95673579a03afd8512d7fc85f9abdc9de7066b2af"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres.running() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'registry.db'}"
        return
    base = request.getfixturevalue("server")
    name = re.sub(r"\W", "_", tmp_path.name.lower())
    admin = Registry.open(base, KEY)
    with admin.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
            f'CREATE DATABASE "{name}"'
        )
    admin.close()
    yield base.rpartition("/")[0] + "/" + name


@pytest.fixture
def registry(url: str) -> Iterator[Registry]:
    found = Registry.open(url, KEY)
    yield found
    found.close()


def test_applications(registry: Registry):
    made = registry.add_application("HIS", now=NOW)
    assert re.fullmatch(r"APP_[0-9A-F]{32}", made.app_id)
    assert len(made.secure_code) == 64
    assert registry.find_application(made.app_id) == registry.find_application("HIS") == made
    assert registry.find_application("nobody") is None
    with pytest.raises(CallerError) as error:
        registry.add_application("HIS", now=NOW)
    assert error.value.code == "record_exists"
    code = registry.rotate(made, now=NOW + timedelta(hours=1))
    after = registry.find_application(made.app_id)
    assert after is not None
    assert after.secure_code == code != made.secure_code
    assert after.updated == NOW + timedelta(hours=1)
    settings = ApplicationSettings("strict", "gbk", debug=True, replay_window_s=60)
    registry.set_settings(made, settings, now=NOW)
    registry.enable(made, False, now=NOW)
    key = (pki.PKI / "sm2-signer.key.pem").read_text()
    maker = Maker(pki.certificate("sm2-signer"), (pki.certificate("sm2-inter"),), key)
    registry.bind_maker(made, maker, now=NOW)
    (listed,) = registry.applications()
    assert (listed.settings, listed.enabled, listed.maker) == (settings, False, maker)
    kept = registry.add_application("EMR", now=NOW, app_id="APP_OLD", secure_code="old")
    assert (kept.app_id, kept.secure_code) == ("APP_OLD", "old")


def test_users_are_global_and_unique_ids_are_not(registry: Registry):
    his, emr = registry.add_application("HIS", now=NOW), registry.add_application("EMR", now=NOW)
    user = registry.add_user(his, ZHANG, now=NOW, picture=b"picture")
    assert user.user_id == MANUAL == msspid("张三", "SF", "513436200005039279")
    same = registry.add_user(emr, NewUser("张三", "SF", "513436200005039279", "1", unique_id="e1"), now=NOW)
    assert same == user
    assert registry.find_user_by_unique_id(his, "u1") == registry.find_user_by_unique_id(emr, "e1") == user
    assert registry.find_user_by_unique_id(emr, "u1") is None
    assert registry.find_user_by_document("SF", "513436200005039279") == user
    assert registry.find_user_by_document("HZ", "513436200005039279") is None
    for new, code in (
        (ZHANG, "user_exists"),
        (NewUser("李四", "SF", "513436200005039279", "1"), "identity_taken"),
        (NewUser("李四", "SF", "110101199003070038", "1", unique_id="u1"), "unique_id_taken"),
    ):
        with pytest.raises(CallerError) as error:
            registry.add_user(his, new, now=NOW)
        assert error.value.code == code
    other = registry.add_user(emr, NewUser("李四", "SF", "11010119900307003x", "1", unique_id="u1"), now=NOW)
    assert registry.find_user_by_document("SF", "11010119900307003X") == other
    assert [one.user_id for one in registry.users()] == [user.user_id, other.user_id]


def test_keyed_identifiers(url: str):
    registry = Registry.open(url, KEY, keyed_ids=True)
    user = registry.add_user(registry.add_application("HIS", now=NOW), ZHANG, now=NOW)
    registry.close()
    assert re.fullmatch(r"[0-9a-f]{64}", user.user_id)
    assert user.user_id != MANUAL
    assert user.user_id != msspid("张三", "SF", "513436200005039279", vault=Vault.of(b"j" * 32))


def test_changes_pictures_and_certificates(registry: Registry):
    his = registry.add_application("HIS", now=NOW)
    user = registry.add_user(his, ZHANG, now=NOW, picture=b"drawn", drawn=True)
    first = registry.picture(user)
    assert first is not None
    assert (first.data, first.drawn, first.is_default) == (b"drawn", True, True)
    change = UserChange("LOCKED", "测试部", "13700000000", "u2")
    registry.update_user(his, user, change, now=NOW + timedelta(1), picture=b"own")
    changed = registry.find_user_by_unique_id(his, "u2")
    assert changed is not None
    assert (changed.status, changed.department, changed.mobile) == ("LOCKED", "测试部", "13700000000")
    assert changed.updated == NOW + timedelta(1)
    second = registry.picture(user)
    assert second is not None
    assert (second.data, second.drawn) == (b"own", False)
    old, new = pki.certificate("sm2-expired"), pki.certificate("sm2-signer")
    device = registry.add_certificate(user, old, now=NOW)
    registry.add_certificate(user, new, now=NOW, chain=(pki.certificate("sm2-inter"),), device_id=device)
    registry.add_certificate(user, pki.certificate("rsa-signer"), now=NOW, device_id=device)
    registry.add_certificate(user, new, now=NOW, usage="AUTH", device_id="DEVICE_2")
    current = registry.certificates(user, usage="SIGN")
    assert [one.certificate for one in current] == [pki.certificate("rsa-signer"), new]
    assert current[1].chain == (pki.certificate("sm2-inter"),)
    assert len(registry.certificates(user, history=True)) == 4
    assert [one.usage for one in registry.certificates(user, device_id="DEVICE_2")] == ["AUTH"]


def test_seals_are_kept_until_they_end(registry: Registry):
    certificate = pki.certificate("sm2-signer")
    mark = seal_fingerprint("ses2014", certificate, certificate, b"picture", "张三")
    assert mark != seal_fingerprint("ses2020", certificate, certificate, b"picture", "张三")
    end = NOW + timedelta(days=10)
    for der in (b"one", b"two"):
        registry.keep_seal(mark, layout="ses2014", esid="e", der=der, valid_until=end, now=NOW)
    found = registry.find_seal(mark, valid_at=NOW)
    assert found is not None
    assert (found.der, found.valid_until) == (b"two", end)
    assert registry.find_seal(mark, valid_at=end) is None


def test_transaction_numbers(registry: Registry):
    his = registry.add_application("HIS", now=NOW)
    long = "t" * 128
    for number in ("t1", long):
        assert registry.first_time(his, number, now=NOW, window_s=60)
        assert not registry.first_time(his, number, now=NOW + timedelta(seconds=59), window_s=60)
        assert registry.first_time(his, number, now=NOW + timedelta(seconds=121), window_s=60)


def test_nothing_personal_lies_open(registry: Registry, url: str, tmp_path: Path):
    his = registry.add_application("HIS", now=NOW)
    registry.add_user(his, ZHANG, now=NOW)
    secrets = [his.secure_code, "513436200005039279", "18745292611", "张三"]
    with registry.engine.connect() as connection:
        rows = [
            bytes(value) if isinstance(value, memoryview) else value
            for table in schema.metadata.tables.values()
            for row in connection.execute(table.select())
            for value in row
        ]
    stored = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in rows)
    if url.startswith("sqlite"):
        stored += b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in secrets:
        assert secret.encode() not in stored
    assert secrets[0] not in repr(his)
    assert not any(secret in repr(registry.users()) for secret in secrets)


def test_the_key_is_checked(url: str):
    Registry.open(url, KEY).close()
    with pytest.raises(CallerError, match="another key") as error:
        Registry.open(url, b"j" * 32)
    assert error.value.code == "configuration"


def test_schema_is_what_the_migrations_make(registry: Registry):
    found = inspect(registry.engine)
    for table in schema.metadata.tables.values():
        assert {column["name"] for column in found.get_columns(table.name)} == set(table.columns.keys())
    assert set(found.get_table_names()) == {*schema.metadata.tables, "registry_versions"}


def test_migrations_run_once_and_whole(url: str):
    registry = Registry.open(url, KEY)
    newest = MIGRATIONS[-1].version
    assert migrate(registry.engine) == newest
    broken = Migration(newest + 1, "broken", ("CREATE TABLE half (id {id})", "CREATE TABLE half (id {id})"))
    with pytest.raises(OutsideError) as error:
        migrate(registry.engine, (*MIGRATIONS, broken))
    assert error.value.code == "database"
    assert "half" not in inspect(registry.engine).get_table_names()
    added = Migration(newest + 1, "added", ("ALTER TABLE users ADD COLUMN nick VARCHAR(10)",))
    assert migrate(registry.engine, (*MIGRATIONS, added)) == newest + 1
    assert "nick" in {column["name"] for column in inspect(registry.engine).get_columns("users")}
    registry.close()
    with pytest.raises(OutsideError, match="schema version"):
        Registry.open(url, KEY)


def _open(url: str) -> int:
    registry = Registry.open(url, KEY)
    found = len(registry.applications())
    registry.close()
    return found


def test_many_processes_start_at_once(url: str):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_open, [url] * 6) == [0] * 6


def test_many_add_the_same_user_at_once(registry: Registry):
    his = registry.add_application("HIS", now=NOW)

    def add(index: int) -> str:
        try:
            number = f"{index % 5:018d}"
            return registry.add_user(his, NewUser(f"人{index % 5}", "SF", number, "1"), now=NOW).user_id
        except CallerError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(add, range(40)))
    assert sum(result != "user_exists" for result in results) == 5
    assert len(registry.users()) == 5


@pytest.mark.parametrize("url", ["mysql://x/y", "no url", "sqlite:////nowhere/at/all/registry.db"])
def test_what_cannot_be_opened(url: str):
    with pytest.raises((CallerError, OutsideError)) as error:
        Registry.open(url, KEY)
    assert error.value.code in ("configuration", "database")


def test_a_server_that_is_not_there():
    with pytest.raises(OutsideError) as error:
        Registry.open("postgresql://user:hidden@127.0.0.1:1/db", KEY)
    assert error.value.code == "database"
    assert "hidden" not in error.value.message


def test_keys_and_columns():
    assert len(read_master_key(new_master_key())) == 32
    assert read_master_key(KEY.hex()) == KEY
    for text in ("", "short", "x" * 64, "A" * 44):
        with pytest.raises(CallerError):
            read_master_key(text)
    vault = Vault.of(KEY)
    blob = vault.encrypt("a", "文")
    assert vault.decrypt("a", blob) == "文"
    assert blob != vault.encrypt("a", "文")
    for column, data in (("b", blob), ("a", blob[:-1]), ("a", b""), ("a", b"\x02" + blob[1:])):
        with pytest.raises(OutsideError):
            vault.decrypt(column, data)
    with pytest.raises(CallerError):
        Vault.of(b"short")
