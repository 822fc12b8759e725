"""A PostgreSQL server of our own, from Debian's package, for as long as the tests run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_INSTALL = ("apt-get", "-qq", "install", "--no-install-recommends", "-y", "postgresql")


def find_programs() -> Path:
    """The folder of initdb and postgres; installed where we may. Skips, with the reason, where not."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(_INSTALL, capture_output=True, env=environment, timeout=300, check=False)
        if done.returncode:
            pytest.skip("PostgreSQL is not there, and apt-get could not install it")
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    return found[-1].parent


@contextmanager
def running() -> Iterator[str]:
    """The URL of a fresh server. PostgreSQL refuses to run as root: then it runs as `postgres`."""
    programs = find_programs()
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="pdfseal-postgres-"))
    if user is not None:
        shutil.chown(folder, user)
    data, log = folder / "data", folder / "log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(*command: str) -> None:
        subprocess.run(command, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, timeout=60)

    try:
        run(str(programs / "initdb"), "-D", str(data), "-U", "pdfseal", "-A", "trust", "-E", "UTF8", "-N")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=50"
        run(str(programs / "pg_ctl"), "-D", str(data), "-l", str(log), "-o", options, "-w", "start")
        try:
            yield f"postgresql://pdfseal@127.0.0.1:{port}/postgres"
        finally:
            run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
            time.sleep(0.1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
