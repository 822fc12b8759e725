"""`pdfseal batch`: folders, lists and CSV files; what fails is an item's, never the batch's."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

import pdfseal
from pdfseal.adapters.batch import Journal
from pdfseal.errors import CallerError
from tests.support.batch import (
    FIXTURES,
    LOOK,
    PROGRAM,
    batch,
    failures,
    folder_of,
    journal_of,
    pdf,
    signer,
    start,
)
from tests.support.oracles import pdfsig

TRUST = FIXTURES / "pki" / "p256-root.crt.pem"
AT = "2026-06-01"
CONTRACT = FIXTURES.parent / "cli" / "pdfseal_cli" / "data" / "contract.pdf"


def seal(source: Path, output: Path, *more: str | Path, by: tuple[str, ...] | None = None, **options):
    return batch("seal", source, "-o", output, *(signer() if by is None else by), *LOOK, *more, **options)


# -- what comes of it ------------------------------------------------------------------------


def test_a_folder_is_sealed_and_its_originals_stay(tmp_path):
    source, output = folder_of(tmp_path / "in", 5), tmp_path / "in" / "sealed"
    (source / "sub").mkdir()
    (source / "sub" / "X.PDF").write_bytes(pdf())
    (source / "notes.txt").write_text("not a PDF")
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    code, summary = seal(source, output, "--workers", "2")
    assert (code, summary["done"], summary["failed"], summary["total"]) == (0, 6, 0, 6)
    assert {path: path.read_bytes() for path in before} == before
    for path in [output / "00003.pdf", output / "sub" / "X.PDF"]:
        assert [one.verdict for one in pdfseal.verify(path).signatures] == ["indeterminate"]
        assert path.read_bytes().startswith(before[source / path.relative_to(output)])
        assert [one.valid for one in pdfsig(path)] == [True]
    code, summary = seal(source, output, "--workers", "2")
    assert (code, summary["done"], summary["skipped"]) == (0, 0, 6), (
        "the output folder is no input, nothing is redone"
    )


def test_verdicts_and_reports(tmp_path):
    source, sealed, reports = folder_of(tmp_path / "in", 3), tmp_path / "sealed", tmp_path / "reports"
    seal(source, sealed)
    torn = bytearray((sealed / "00001.pdf").read_bytes())
    torn[50] ^= 1
    (sealed / "00001.pdf").write_bytes(torn)
    (sealed / "junk.pdf").write_bytes(b"junk")
    (sealed / "plain.pdf").write_bytes(pdf())
    code, summary = batch("verify", sealed, "-o", reports, "--trust", TRUST, "--at", AT)
    assert code == 1
    assert summary["verdicts"] == {"passed": 2, "failed": 1, "unsigned": 1}
    assert failures(summary) == {"junk.pdf": "not_a_pdf"}
    assert json.loads((reports / "00000.pdf.json").read_text())["verdict"] == "passed"
    code, summary = batch("verify", source)
    assert (code, summary["verdicts"]) == (4, {"unsigned": 3})


def test_named_signers_and_a_row_overrides_the_command(tmp_path):
    folder_of(tmp_path / "in", 3)
    output = tmp_path / "out"
    for family in ("sm2", "rsa"):
        for part in ("signer.key.pem", "signer.crt.pem"):
            (tmp_path / f"{family}-{part}").write_bytes((FIXTURES / "pki" / f"{family}-{part}").read_bytes())
    (tmp_path / "signers.toml").write_text(
        "".join(f'[{f}]\nkey = "{f}-signer.key.pem"\ncert = "{f}-signer.crt.pem"\n' for f in ("sm2", "rsa"))
    )
    rows = tmp_path / "in" / "rows.csv"
    rows.write_text(
        "file,output,signer,rect,reason,cover-text\n"
        '00000.pdf,甲/一.pdf,sm2,"100,100,200,200",同意,yes\n'
        "00001.pdf,,rsa,,,no\n"
        "00002.pdf,,,,,\n"
    )
    code, summary = seal(rows, output, "--signers", tmp_path / "signers.toml")
    assert (code, summary["done"]) == (0, 3), summary
    kinds = {}
    for path in output.rglob("*.pdf"):
        (one,) = pdfseal.verify(path).signatures
        kinds[path.name] = one.algorithm
    assert kinds == {"一.pdf": "sm2-sm3", "00001.pdf": "rsa-sha256", "00002.pdf": "ecdsa-sha256"}
    (box,) = pdfseal.verify(output / "甲" / "一.pdf").signatures[0].boxes
    assert box.rect.centre == pdfseal.Point(150, 150)
    assert [one.valid for one in pdfsig(output / "00001.pdf")] == [True]


def test_hostile_values_are_errors_of_their_rows(tmp_path):
    source, output = folder_of(tmp_path / "in", 4), tmp_path / "out"
    (source / "pipe.pdf").unlink(missing_ok=True)
    os.mkfifo(source / "pipe.pdf")
    (source / "empty.pdf").write_bytes(b"")
    rows = source / "rows.csv"
    rows.write_bytes(
        b"file,output,page,rect,at,opacity,signer,image,cover-text\n"
        b"00000.pdf,good.pdf,1,,,50,,,\n"
        b'00001.pdf,o1,1,"1,2",,,,,\n'  # no rectangle
        b"00001.pdf,,99999999999999999999,,,,,,\n"
        b'"x1.pdf",,1,,"nan,inf",,,,\n'
        b"x2.pdf,../../escaped.pdf,,,,,,,\n"
        b"x3.pdf,/tmp/escaped.pdf,,,,,,,\n"
        b"x4.pdf,,,,,1000,,,\n"
        b"x5.pdf,,,,,,nobody,,\n"
        b"x6.pdf,,,,,,,nothing.png,\n"
        b"x7.pdf,,,,,,,,perhaps\n"
        b"x8.pdf,,1,,--help,,,,\n"
        b"missing.pdf,,,,,,,,\n"
        b"empty.pdf,,,,,,,,\n"
        b"pipe.pdf,,,,,,,,\n"
        b".,,,,,,,,\n"
        b"a\x00b.pdf,,,,,,,,\n"
        b"\xff\xfe.pdf,,,,,,,,\n"
        b"too,many,,,,,,,,,,,\n"
        + b"x" * 9000 + b".pdf,,,,,,,,\n"
        b"00002.pdf,good.pdf,,,,,,,\n"  # the output of another row
        b"00003.pdf,last.pdf,,,,,,,\n"
    )  # fmt: skip
    for name in ("x1.pdf", "x4.pdf", "x6.pdf", "x8.pdf"):
        (source / name).write_bytes(pdf())
    code, summary = seal(rows, output)
    assert code == 1
    done = [one["key"] for one in journal_of(output) if one["status"] == "done"]
    assert sorted(done) == ["00000.pdf -> good.pdf", "00003.pdf -> last.pdf"]
    found = failures(summary)
    expected = {
        "00001.pdf -> o1": "argument", "00001.pdf": "argument", "x1.pdf": "argument",
        "x2.pdf -> ../../escaped.pdf": "argument", "x3.pdf -> /tmp/escaped.pdf": "argument",
        "x4.pdf": "argument", "x5.pdf": "argument", "x6.pdf": "not_found", "x7.pdf": "argument",
        "x8.pdf": "argument", "missing.pdf": "not_found", "empty.pdf": "pdf_empty", "pipe.pdf": "not_found",
        ".": "argument", "a\0b.pdf": "argument", "\udcff\udcfe.pdf": "not_found",
        "00002.pdf -> good.pdf": "output_exists", "line 19": "argument", "line 20": "argument",
    }  # fmt: skip
    assert {key: found.get(key) for key in expected} == expected
    assert summary["failed"] == 19
    assert sorted(path.name for path in output.iterdir()) == [".pdfseal-batch.jsonl", "good.pdf", "last.pdf"]
    assert not (tmp_path / "escaped.pdf").exists()
    assert "pdfseal_batch" in (output / ".pdfseal-batch.jsonl").read_text()


@pytest.mark.parametrize("head", ["", "path,page", "file,colour", "file,file", "file,key"])
def test_a_csv_without_a_usable_head_is_refused(tmp_path, head):
    rows = tmp_path / "rows.csv"
    rows.write_text(head + "\nx.pdf,1\n")
    code, answer = seal(rows, tmp_path / "out")
    assert (code, answer["error"]["code"]) == (2, "argument")


def test_a_list_in_another_encoding(tmp_path):
    source = folder_of(tmp_path / "in", 1)
    (source / "00000.pdf").rename(source / "合同.pdf")
    (tmp_path / "in" / "list.txt").write_bytes("合同.pdf\r\n\r\n合同.pdf\r\n".encode("gb18030"))
    code, summary = seal(source / "list.txt", tmp_path / "out", "--encoding", "gb18030")
    assert (code, summary["done"], failures(summary)) == (1, 1, {"合同.pdf (again)": "argument"})
    assert (tmp_path / "out" / "合同.pdf").exists()


def test_a_row_may_place_by_keyword_and_over_edges(tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "file,output,keyword,straddle,pages,caption,size\n"
        f'{CONTRACT},keyword.pdf,甲方（盖章）,,,,"20mm,20mm"\n'
        f'{CONTRACT},straddle.pdf,,right,all,,"40mm,40mm"\n'
        f"{CONTRACT},nothing.pdf,不存在的字,,,,\n"
        f"{CONTRACT},caption.pdf,,,,日期 {{date}},\n",
        encoding="utf-8",
    )
    code, summary = seal(rows, tmp_path / "out")
    assert (code, summary["done"]) == (1, 3), summary
    assert failures(summary) == {f"{CONTRACT} -> nothing.pdf": "keyword_not_found"}
    reports = {path.name: pdfseal.verify(path).signatures[0] for path in (tmp_path / "out").glob("*.pdf")}
    assert [box.page for box in reports["keyword.pdf"].boxes] == [3]
    assert [box.page for box in reports["caption.pdf"].boxes] == [1]
    assert reports["straddle.pdf"].boxes[0].rect.right == pytest.approx(595.3, abs=0.1)


def test_one_pdf_is_no_list(tmp_path):
    (tmp_path / "one.pdf").write_bytes(pdf())
    code, answer = seal(tmp_path / "one.pdf", tmp_path / "out")
    assert (code, answer["error"]["code"]) == (2, "argument")
    assert "one.pdf is a PDF: name a folder" in answer["error"]["message"]
    code, answer = seal(folder_of(tmp_path / "in", 1), tmp_path / "out", "--signer-command", "false")
    assert (code, answer["error"]["code"]) == (2, "argument")
    assert not (tmp_path / "out").exists()


def test_a_row_chooses_between_size_and_fit(tmp_path):
    source = folder_of(tmp_path / "in", 3)
    (source / "rows.csv").write_text(
        'file,size,fit\n00000.pdf,"50,50",\n00001.pdf,,"30,30"\n00002.pdf,"50,50","30,30"\n'
    )
    code, summary = seal(source / "rows.csv", tmp_path / "out")  # LOOK has a --fit
    assert (code, failures(summary)) == (1, {"00002.pdf": "argument"})
    (box,) = pdfseal.verify(tmp_path / "out" / "00000.pdf").signatures[0].boxes
    assert (box.rect.width, box.rect.height) == pytest.approx((50, 50), abs=0.1)


@pytest.mark.parametrize("action", ["seal", "verify"])
def test_a_path_with_a_nul_is_an_error_of_its_line(tmp_path, action):
    source = folder_of(tmp_path / "in", 1)
    (source / "list").write_bytes(b"00000.pdf\na\0b.pdf\n")
    if action == "seal":
        code, summary = seal(source / "list", tmp_path / "out")
        assert code == 1
    else:
        code, summary = batch("verify", source / "list")
        assert code == 5
    assert (summary["done"], failures(summary)) == (1, {"a\0b.pdf": "argument"})


def test_locks_in_a_batch(tmp_path):
    source = folder_of(tmp_path / "in", 1)
    assert seal(source, tmp_path / "out", "--lock", "2:all")[0] == 0
    assert seal(source, tmp_path / "out", "--lock", "2:all")[1]["skipped"] == 1
    assert seal(source, tmp_path / "out", "--lock", "1:all")[1]["error"]["code"] == "journal_mismatch"


# -- what goes wrong outside -----------------------------------------------------------------


def test_what_is_there_already_is_never_overwritten(tmp_path):
    source, output = folder_of(tmp_path / "in", 2), tmp_path / "out"
    output.mkdir()
    (output / "00000.pdf").write_bytes(b"somebody else's")
    code, summary = seal(source, output)
    assert (code, failures(summary)) == (1, {"00000.pdf": "output_exists"})
    assert (output / "00000.pdf").read_bytes() == b"somebody else's"
    code, answer = seal(source, source)
    assert (code, answer["error"]["code"]) == (2, "output_exists_as_input")


def test_a_full_disk_is_an_error_of_the_item(tmp_path):
    source, output = folder_of(tmp_path / "in", 3), tmp_path / "out"
    (source / "00001.pdf").write_bytes(pdf(400_000))

    def full() -> None:  # no file may grow beyond this: writing more fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    code, summary = seal(source, output, preexec_fn=full)
    assert (code, summary["done"], failures(summary)) == (1, 2, {"00001.pdf": "file_system"})
    assert sorted(path.name for path in output.iterdir()) == [
        ".pdfseal-batch.jsonl",
        "00000.pdf",
        "00002.pdf",
    ]
    code, summary = seal(source, output)
    assert (code, summary["done"], summary["skipped"]) == (0, 0, 3), (
        "what failed is tried again on request only"
    )
    code, summary = seal(source, output, "--retry-failed")
    assert (code, summary["done"], summary["skipped"]) == (0, 1, 2)


def _signers(tmp_path: Path, **commands: str) -> tuple[str | Path, ...]:
    """A TOML file of outside signers."""
    cert = FIXTURES / "pki" / "p256-signer.crt.pem"
    path = tmp_path / "signers.toml"
    path.write_text(
        "".join(
            f"[{name}]\nsigner-command = '''{line}'''\ncert = '{cert}'\n" for name, line in commands.items()
        )
    )
    return "--signers", path


def test_a_worker_that_dies_or_hangs_is_replaced_and_its_item_reported(tmp_path):
    source, output = folder_of(tmp_path / "in", 12), tmp_path / "out"
    names = {3: "bomb", 7: "sleeper", 8: "bomb"}
    rows = ["file,signer", *(f"{index:05}.pdf,{names.get(index, '')}" for index in range(12))]
    (source / "rows.csv").write_text("\n".join(rows))
    signers = _signers(tmp_path, bomb="""sh -c "kill -9 $PPID" """, sleeper="sleep 60")
    code, summary = seal(source / "rows.csv", output, *signers, "--workers", "2", "--item-timeout", "2")
    assert (code, summary["done"]) == (1, 9)
    assert failures(summary) == dict.fromkeys(("00003.pdf", "00007.pdf", "00008.pdf"), "worker_crashed")
    messages = {one["key"]: one["message"] for one in summary["failures"]}
    assert "by signal 9" in messages["00003.pdf"]
    assert "within 2 s" in messages["00007.pdf"]
    assert len(journal_of(output)) == 12


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_after_what_was_begun(tmp_path, number):
    source, output = folder_of(tmp_path / "in", 16), tmp_path / "out"
    key = FIXTURES / "pki" / "p256-signer.key.pem"
    slow = f"sh -c \"sleep 0.1; exec openssl dgst -sha256 -sign '{key}'\""
    by = ("--signer-command", slow, "--cert", str(FIXTURES / "pki" / "p256-signer.crt.pem"))
    arguments = ("seal", source, "-o", output, *by, *LOOK, "--workers", "2", "--json")
    process = start(*arguments)
    _wait(lambda: len(list(output.glob("*.pdf"))) >= 2)
    process.send_signal(number)
    text, complaint = process.communicate(timeout=60)
    summary = json.loads(text)
    assert (process.returncode, summary["stopped"]) == (6, True), complaint
    assert 2 <= summary["done"] < 16
    names = sorted(path.name for path in output.glob("*.pdf"))
    assert sorted(one["key"] for one in journal_of(output)) == names, "the journal says what is there"
    code, rest = batch(*arguments[:-1])
    assert "error" not in rest, rest
    assert (code, rest["skipped"], rest["done"]) == (0, len(names), 16 - len(names)), rest


def _wait(until, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_report_replaces_nothing_but_a_report(tmp_path):
    source, report = folder_of(tmp_path / "in", 2), tmp_path / "report.json"
    assert seal(source, tmp_path / "out", "--report", report)[0] == 0
    assert json.loads(report.read_text())["done"] == 2
    code, _ = seal(source, tmp_path / "out", "--report", report)
    assert (code, json.loads(report.read_text())["skipped"]) == (0, 2)
    journal = tmp_path / "out" / ".pdfseal-batch.jsonl"
    for taken in (source / "00001.pdf", tmp_path / "out" / "00001.pdf", journal):
        before = taken.read_bytes()
        code, answer = seal(source, tmp_path / "out", "--report", taken)
        assert (code, answer["error"]["code"]) == (2, "output_exists")
        assert taken.read_bytes() == before
    code, answer = seal(source, tmp_path / "none", "--report", tmp_path / "missing" / "report.json")
    assert (code, answer["error"]["code"], journal_of(tmp_path / "out") != []) == (6, "file_system", True)
    assert not list((tmp_path / "none").glob("*.pdf")), "found out before anything was sealed"


# -- the journal -----------------------------------------------------------------------------


def test_the_journal_holds_no_secret(tmp_path):
    from cryptography.hazmat.primitives import serialization

    source, output = folder_of(tmp_path / "in", 2), tmp_path / "out"
    key = serialization.load_pem_private_key((FIXTURES / "pki" / "p256-signer.key.pem").read_bytes(), None)
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open-sesame"),
        )
    )
    (tmp_path / "password").write_text("open-sesame\n")
    (tmp_path / "pdf-password").write_text("another-secret\n")
    by = ("--key", str(tmp_path / "key.pem"), "--password-file", str(tmp_path / "password"), *signer()[2:])
    code, summary = seal(source, output, "--pdf-password-file", tmp_path / "pdf-password", by=by)
    assert (code, summary["done"]) == (0, 2)
    text = (output / ".pdfseal-batch.jsonl").read_text()
    assert "sesame" not in text
    assert "another-secret" not in text
    (tmp_path / "password").write_text("wrong\n")
    code, answer = seal(source, tmp_path / "out2", by=by)
    assert (code, answer["error"]["code"]) == (2, "wrong_password"), (
        "a key that does not open stops the batch"
    )


def test_other_options_do_not_continue_a_batch(tmp_path):
    source, output = folder_of(tmp_path / "in", 1), tmp_path / "out"
    seal(source, output)
    code, answer = seal(source, output, "--reason", "另外")
    assert (code, answer["error"]["code"]) == (2, "journal_mismatch")
    assert "reason" in answer["error"]["message"]
    code, summary = seal(source, output, "--workers", "1")
    assert (code, summary["skipped"]) == (0, 1), "the number of workers is not what is done"


def test_a_torn_last_line_is_cut_off_and_other_damage_refused(tmp_path):
    path, description = tmp_path / "journal", {"action": "seal"}
    with Journal.open(str(path), description, batch_id=bytes(16)):
        pass
    line = b'{"key": "a", "status": "done"}\n'
    path.write_bytes(path.read_bytes() + line + b'{"key": "b", "sta')
    with Journal.open(str(path), description, batch_id=bytes(range(16))) as journal:
        assert (journal.done, journal.batch_id) == ({"a"}, bytes(16))
    assert path.read_bytes().endswith(line)
    whole = path.read_bytes()
    for damage in (
        b"\0\0\n",
        b"[]\n",
        b'{"key": 1, "status": "done"}\n',
        b'{"key": "a", "status": "done", "x": 1}\n',
    ):
        path.write_bytes(whole + damage)
        with pytest.raises(CallerError) as caught:
            Journal.open(str(path), description, batch_id=bytes(16))
        assert caught.value.code == "journal_unreadable"
    for other in (b"a key without an end of its line", b"{}", b'{"pdfseal_session": 1'):
        path.write_bytes(other)
        with pytest.raises(CallerError) as caught:
            Journal.open(str(path), description, batch_id=bytes(16))
        assert (caught.value.code, path.read_bytes()) == ("journal_unreadable", other), "nothing is cut off"
    path.write_bytes(b'{"pdfseal_ba')
    Journal.open(str(path), description, batch_id=bytes(16)).__exit__()
    path.write_bytes(b'{"pdfseal_batch": 2}\n')
    with pytest.raises(CallerError) as caught:
        Journal.open(str(path), description, batch_id=bytes(16))
    assert caught.value.code == "journal_unreadable"


def test_two_runs_never_work_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("pdfseal.adapters.batch.journal.LOCK_SECONDS", 0.2)
    path = str(tmp_path / "journal")
    with Journal.open(path, {}, batch_id=bytes(16)):
        with pytest.raises(CallerError) as caught:
            Journal.open(path, {}, batch_id=bytes(16))
        assert caught.value.code == "journal_busy"
    with Journal.open(path, {}, batch_id=bytes(16)):
        pass


def test_status_of_a_journal(tmp_path):
    source, output = folder_of(tmp_path / "in", 2), tmp_path / "out"
    (source / "bad.pdf").write_bytes(b"bad")
    seal(source, output)
    code, answer = batch("status", output / ".pdfseal-batch.jsonl", "--failed")
    assert (code, answer["done"], answer["failed"]) == (0, 2, 1)
    assert [(one["key"], one["code"]) for one in answer["items"]] == [("bad.pdf", "not_a_pdf")]


# -- timestamps ------------------------------------------------------------------------------


def test_limits(tmp_path):
    """What met a bound is tried again under another one, with the same journal."""
    source, sealed, low = folder_of(tmp_path / "in", 2), tmp_path / "sealed", ("--limit", "listed-objects=3")
    stamp = ("stamp", source, "-o", tmp_path / "stamped", "--tsa", "http://127.0.0.1:9/")
    for summary in (seal(source, sealed, *low), batch(*stamp, *low), batch("verify", source, *low)):
        assert failures(summary[1]) == {"00000.pdf": "limit_exceeded", "00001.pdf": "limit_exceeded"}
    code, summary = seal(source, sealed, "--limit", "listed-objects=30", "--retry-failed")
    assert (code, summary["done"]) == (0, 2)
    assert set(failures(batch(*stamp, "--retry-failed")[1]).values()) == {"tsa_failed"}
    assert batch("verify", source)[0] == 4


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """The address of `pdfseal timestamp serve`, in a process of its own."""
    pki, serials = FIXTURES / "pki", tmp_path_factory.mktemp("tsa") / "serials.sqlite"
    process = subprocess.Popen(
        [
            *PROGRAM, "timestamp", "serve", "--port", "0", "--serials", serials,
            "--key", pki / "p256-tsa.key.pem", "--cert", pki / "p256-tsa.crt.pem",
            "--chain", pki / "p256-inter.crt.pem",
        ],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield process.stdout.readline().strip()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)


def test_stamped_and_sealed_with_a_token(tmp_path, authority):
    source, stamped, sealed = folder_of(tmp_path / "in", 4), tmp_path / "stamped", tmp_path / "sealed"
    code, summary = batch("stamp", source, "-o", stamped, "--tsa", authority)
    assert (code, summary["done"]) == (0, 4), summary
    code, summary = seal(stamped, sealed, "--tsa", authority)
    assert (code, summary["done"]) == (0, 4), summary
    kinds = [(one.kind, one.timestamp is not None) for one in pdfseal.verify(sealed / "00002.pdf").signatures]
    assert kinds[0][0] == "timestamp"
    assert kinds[1] == ("cms", True)
    code, summary = batch("stamp", source, "-o", tmp_path / "none", "--tsa", "http://127.0.0.1:9/")
    assert (code, set(failures(summary).values())) == (1, {"tsa_failed"})
    code, summary = batch("stamp", source, "-o", stamped, "--tsa", authority)
    assert (code, summary["skipped"]) == (0, 4)
