"""The same batch on Dask: a cluster of several processes on this machine, and a scheduler by its address."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

import pdfseal
from pdfseal.adapters.batch import Job
from pdfseal.adapters.batch.cluster import DaskEngine
from pdfseal.errors import OutsideError
from tests.support.batch import FIXTURES, LOOK, batch, failures, folder_of, journal_of, pdf, signer

pytest.importorskip("distributed", reason="the extra batch-dask is not installed")


def test_three_processes_do_what_the_local_engine_does(tmp_path):
    source = folder_of(tmp_path / "in", 60)
    (source / "bad.pdf").write_bytes(b"not a PDF")
    arguments = (
        "seal",
        source,
        "-o",
        tmp_path / "out",
        *signer("sm2"),
        *LOOK,
        "--dask",
        "local",
        "--workers",
        "3",
    )
    code, summary = batch(*arguments)
    assert (code, summary["done"], failures(summary)) == (1, 60, {"bad.pdf": "not_a_pdf"}), summary
    for path in sorted((tmp_path / "out").glob("*.pdf")):
        (one,) = pdfseal.verify(path).signatures
        assert (one.digest_ok, one.signature_ok, one.algorithm) == (True, True, "sm2-sm3")
    assert Counter(one["key"] for one in journal_of(tmp_path / "out")).most_common(1)[0][1] == 1
    code, summary = batch(*arguments[:-4])
    assert (code, summary["done"], summary["skipped"]) == (0, 0, 61), "the engine is not what is done"


def test_an_item_that_ends_its_workers_is_the_one_reported(tmp_path):
    source = folder_of(tmp_path / "in", 20)
    cert = FIXTURES / "pki" / "p256-signer.crt.pem"
    (tmp_path / "signers.toml").write_text(
        f"[bomb]\nsigner-command = '''sh -c \"kill -9 $PPID\"'''\ncert = '{cert}'\n", encoding="utf-8"
    )
    (source / "rows.csv").write_text(
        "file,signer\n" + "".join(f"{index:05}.pdf,{'bomb' if index == 5 else ''}\n" for index in range(20))
    )
    code, summary = batch(
        "seal", source / "rows.csv", "-o", tmp_path / "out", *signer(), *LOOK,
        "--signers", tmp_path / "signers.toml", "--dask", "local", "--workers", "2",
    )  # fmt: skip
    assert (code, summary["done"], failures(summary)) == (1, 19, {"00005.pdf": "worker_crashed"}), summary


def test_a_scheduler_by_its_address(tmp_path):
    source = folder_of(tmp_path / "in", 10)
    (source / "x.pdf").write_bytes(pdf())
    program = (
        "from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:\n"
        "        print(cluster.scheduler_address, flush=True)\n"
        "        input()\n"
    )
    (tmp_path / "cluster.py").write_text(program)
    cluster = subprocess.Popen(
        [sys.executable, tmp_path / "cluster.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        address = cluster.stdout.readline().strip()
        code, summary = batch("verify", source, "--dask", address)
        assert (code, summary["verdicts"]) == (4, {"unsigned": 11}), summary
    finally:
        cluster.communicate("\n", timeout=60)


def test_no_scheduler_at_the_address(monkeypatch):
    monkeypatch.setattr("pdfseal.adapters.batch.cluster.CONNECT_SECONDS", 0.2)
    with pytest.raises(OutsideError) as caught:
        list(DaskEngine("tcp://127.0.0.1:9").run(Job(bytes(16), "verify"), iter(())))
    assert caught.value.code == "worker_crashed"
