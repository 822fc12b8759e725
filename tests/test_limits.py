"""Hostile files cost little and say which bound they met; every bound can be set, by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from inspect import isfunction, signature

import pytest
from click.testing import CliRunner

import pdfseal
from pdfseal.containers import read_container
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pdf.document import Document
from pdfseal.pdf.limits import DEFAULT_LIMITS, Limits, Work
from pdfseal.pdf.signature import find_signatures
from pdfseal.pdf.source import BytesSource
from pdfseal_cli.limits import limits_of
from pdfseal_cli.main import main
from tests.conftest import FIXTURES
from tests.support import bombs
from tests.support.attacks import attack
from tests.support.contained import contained
from tests.support.longterm import World
from tests.support.sealing import WHEN, certificate, seal, trust
from tests.support.timestamps import stamper

MAX_CPU_S = 2.0
MAX_MEMORY_MB = 512 - 80  # what the interpreter and its libraries take is not counted
TENTH = Limits(work=DEFAULT_LIMITS.work // 10, work_per_byte=1)
PICTURE = (FIXTURES / "pictures" / "gradient-16bit-alpha.png").read_bytes()


def verify(data: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    return pdfseal.verify(data, trust=trust("p256"), at=WHEN, limits=limits).verdict


def inspect(data: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    return f"{len(pdfseal.inspect(data, limits=limits).revisions)} revisions"


def prepare(data: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    prepared = pdfseal.prepare(
        data,
        placement=pdfseal.AtPoint(page=1, point=pdfseal.Point(60, 60)),
        appearance=pdfseal.Appearance(picture=PICTURE),
        signer=certificate("p256-signer"),
        when=WHEN,
        limits=limits,
    )
    return "sealed" if prepared.appended else "nothing"


# ---- bombs -----------------------------------------------------------------------------------------

# Bomb -> what verify, inspect and prepare answer: a limit by its name, or the code of another error.
EXPECTED: dict[str, tuple[str, str, str]] = {
    "xref-stream-deflates-to-100-mb": ("decoded-bytes", "decoded-bytes", "decoded-bytes"),
    "xref-stream-just-within": ("work", "work", "work"),
    "deflate-in-deflate": ("decoded-bytes", "decoded-bytes", "decoded-bytes"),
    "hundred-filters": ("filters", "filters", "filters"),
    "other-filters": ("pdf_damaged", "pdf_damaged", "pdf_damaged"),
    "paeth-predictor": ("work", "work", "work"),
    "up-predictor": ("work", "work", "work"),
    "absurd-columns": ("pdf_damaged", "pdf_damaged", "pdf_damaged"),
    "wide-columns": ("work", "work", "work"),
    "absurd-widths": ("pdf_damaged", "pdf_damaged", "pdf_damaged"),
    "many-index-pairs": ("unsigned", "1 revisions", "pdf_damaged"),
    "huge-index": ("pdf_damaged", "pdf_damaged", "pdf_damaged"),
    "table-of-many-subsections": ("pdf_damaged", "pdf_damaged", "pdf_damaged"),
    "object-stream-of-many": ("unsigned", "1 revisions", "sealed"),
    "directory-without-an-end": ("work", "work", "work"),
    "object-streams-inside-each-other": ("pdf_damaged", "pdf_damaged", "pdf_damaged"),
    "array-of-many": ("work", "work", "work"),
    "dictionaries-in-an-array": ("work", "work", "work"),
    "many-large-objects": ("work", "work", "work"),
    "nested-arrays": ("nesting", "nesting", "nesting"),
    "nested-dictionaries": ("nesting", "nesting", "nesting"),
    "dictionary-of-one-key": ("work", "work", "work"),
    "escapes-in-a-string": ("work", "work", "work"),
    "parentheses-in-a-string": ("work", "work", "work"),
    "escapes-in-a-name": ("work", "work", "work"),
    "long-number": ("pdf_damaged", "pdf_damaged", "pdf_damaged"),
    "empty-comments": ("work", "work", "work"),
    "spaces": ("work", "work", "work"),
    "comments-after-numbers": ("work", "work", "work"),
    "objects-without-an-end": ("pdf_damaged", "pdf_damaged", "pdf_damaged"),
    "all-entries-at-one-object": ("work", "work", "work"),
    "page-tree-that-doubles": ("unsigned", "work", "work"),
    "pages-of-one-object": ("unsigned", "work", "sealed"),
    "pages-of-many-objects": ("unsigned", "1 revisions", "sealed"),
    "page-tree-cycle": ("unsigned", "pdf_damaged", "pdf_damaged"),
    "deep-page-tree": ("unsigned", "page-tree-depth", "page-tree-depth"),
    "chain-of-references": ("unsigned", "reference-hops", "pdf_damaged"),
    "million-fields-of-one-object": ("work", "work", "work"),
    "fields-that-share-their-kids": ("work", "work", "work"),
    "inline-kids-that-are-shared": ("work", "work", "work"),
    "deep-fields": ("field-depth", "field-depth", "field-depth"),
    "long-names-in-many-kids": ("work", "work", "work"),
    "signatures-in-object-streams": ("work", "work", "work"),
    "signatures-that-share-widgets": ("work", "work", "work"),
    "security-store-that-repeats": ("work", "1 revisions", "sealed"),
    "security-store-of-bombs": ("unsigned", "1 revisions", "sealed"),
    "metadata-of-60-mb": ("unsigned", "1 revisions", "sealed"),
    "huge-byte-range": ("failed", "1 revisions", "sealed"),
    "deeply-nested-der": ("failed", "1 revisions", "sealed"),
    "der-of-many-elements": ("failed", "1 revisions", "sealed"),
    "many-revisions": ("failed", "work", "sealed"),
    "chain-of-100-000-sections": ("sections", "sections", "sections"),
    "many-signatures-over-one-another": ("work", "work", "sealed"),
    "references-in-comments": ("failed", "2 revisions", "sealed"),
    "many-new-objects-that-are-referred-to": ("failed", "2 revisions", "sealed"),
    "numbers-that-never-are-references": ("failed", "2 revisions", "sealed"),
    "open-strings-before-later-bytes": ("failed", "2 revisions", "sealed"),
    "streams-without-an-end": ("failed", "2 revisions", "sealed"),
}
# Those that take the whole budget, under the limits that hold by default.
WORST = (
    "dictionary-of-one-key", "dictionaries-in-an-array", "many-large-objects", "all-entries-at-one-object",
    "signatures-that-share-widgets",
)  # fmt: skip


def test_every_bomb_is_expected():
    assert list(EXPECTED) == list(bombs.BOMBS)


@pytest.mark.parametrize("name", EXPECTED)
def test_bomb(name: str):
    """Under a tenth of the budget, so that all of them are tried quickly."""
    calls = [partial(call, limits=TENTH) for call in (verify, inspect, prepare)]
    costs, size = contained(calls, bombs.BOMBS[name].build)
    for cost, expected in zip(costs, EXPECTED[name], strict=True):
        assert expected in (_limit_of(cost.answer), cost.answer.partition(":")[0])
        assert cost.cpu_s < MAX_CPU_S / 2 + size * 1e-6
        assert cost.peak_mb < MAX_MEMORY_MB


@pytest.mark.parametrize("name", WORST)
def test_bomb_under_default_limits(name: str):
    (cost,), size = contained([verify], bombs.BOMBS[name].build)
    assert size < 160 << 10
    assert _limit_of(cost.answer) == "work"
    assert cost.cpu_s < 1.5 * MAX_CPU_S  # 1.4 s alone; a busy neighbour on the core counts, too
    assert cost.peak_mb < MAX_MEMORY_MB


def _limit_of(answer: str) -> str:
    match = re.search(r"^limit_exceeded: .*: the limit ([a-z-]+) is \d+ and can be raised$", answer)
    return match[1] if match else ""


# ---- each limit, met by an ordinary file -------------------------------------------------------------

MET_BY = {
    "decoded_bytes": ("object-streams.pdf", 50, verify),
    "nesting": ("table.pdf", 1, verify),
    "values": ("table.pdf", 3, verify),
    "filters": ("object-streams.pdf", 0, verify),
    "listed_objects": ("table.pdf", 5, verify),
    "packed_objects": ("object-streams.pdf", 1, verify),
    "sections": ("revisions.pdf", 1, verify),
    "pages": ("table.pdf", 2, inspect),
    "fields": ("field-names-taken.pdf", 1, verify),
    "work": ("table.pdf", 20, verify),
}


@pytest.mark.parametrize("name", MET_BY)
def test_a_limit_is_named_where_it_is_met(name: str):
    file, number, call = MET_BY[name]
    data = (FIXTURES / "pdf" / file).read_bytes()
    with pytest.raises(DocumentError) as caught:
        call(data, limits=replace(DEFAULT_LIMITS, work_per_byte=0, **{name: number}))
    assert caught.value.code == "limit_exceeded"
    assert _limit_of(f"limit_exceeded: {caught.value.message}") == name.replace("_", "-")


def test_limits_on_depth_and_size():
    tree = {
        1: bombs.CATALOG,
        2: b"<</Kids[4 0 R]>>",
        4: b"<</Kids[5 0 R]>>",
        5: b"<</Kids[3 0 R]>>",
        3: bombs.PAGE,
    }
    chain = {**bombs.BASE, 2: b"4 0 R", 4: b"5 0 R", 5: bombs.PAGES}
    large = {**bombs.BASE, 1: bombs.CATALOG[:-2] + b"/A(" + b"x" * 40_000 + b")>>"}
    for objects, limits, name in (
        (tree, Limits(page_tree_depth=1), "page-tree-depth"),
        (chain, Limits(reference_hops=2), "reference-hops"),
        (large, Limits(object_bytes=4096), "object-bytes"),
    ):
        data = bombs.plain(objects)
        assert inspect(data) == "1 revisions"
        with pytest.raises(DocumentError, match=f"the limit {name} is"):
            inspect(data, limits)


def test_the_limits_on_signatures():
    twice = attack("control-second-signature.pdf").data
    assert verify(twice, Limits(signatures=2)) != "unsigned"
    with pytest.raises(DocumentError, match="the limit signatures is 1 and can be raised"):
        verify(twice, Limits(signatures=1))


def test_a_raised_limit_lets_a_file_through():
    data = bombs.in_catalog(b"[" * 150 + b"]" * 150)
    with pytest.raises(DocumentError, match="the limit nesting is 100"):
        verify(data)
    assert verify(data, Limits(nesting=200)) == "unsigned"


# ---- who takes them ----------------------------------------------------------------------------------

ENOUGH = Limits(nesting=200)  # for what nests 150 deep, from the first step to the last


def compose_prepared(data: bytes, limits: Limits) -> bytes:
    made = seal(data, limits=ENOUGH)
    prepared = made.prepared
    value = read_container(find_signatures(_open(made.pdf))[0].contents).signature
    return pdfseal.compose_prepared(
        prepared.pdf_bytes(),
        prepared.hash_set_bytes,
        value,
        certificates=prepared.certificates,
        limits=limits,
    )


def attach_timestamp(data: bytes, limits: Limits) -> bytes:
    return pdfseal.attach_timestamp(seal(data, limits=ENOUGH).pdf, stamper("p256"), limits=limits)


def extend(data: bytes, limits: Limits) -> bytes:
    here = World("p256")
    return here.extended(here.sealed(data, limits=ENOUGH), "B-LTA", limits=limits)


def _open(data: bytes) -> Document:
    return Document.open(BytesSource(data), limits=ENOUGH)


TAKERS: dict[str, Callable[[bytes, Limits], object]] = {
    "verify": verify,
    "inspect": inspect,
    "prepare": prepare,
    "read_texts": lambda data, limits: pdfseal.read_texts(data, limits=limits).page(1),
    "locate": lambda data, limits: pdfseal.locate(data, "word", require_all=False, limits=limits),
    "compose_prepared": compose_prepared,
    "prepare_timestamp": lambda data, limits: pdfseal.prepare_timestamp(data, limits=limits),
    "timestamp_document": lambda data, limits: pdfseal.timestamp_document(
        data, authority=stamper("p256"), limits=limits
    ),
    "attach_timestamp": attach_timestamp,
    "extend": extend,
}


@pytest.mark.parametrize("name", TAKERS)
def test_whatever_reads_a_pdf_takes_limits(name: str):
    """Lowered, they refuse an ordinary file; raised, they let another through, at every step."""
    plain = (FIXTURES / "pdf" / "table.pdf").read_bytes()
    deep = bombs.in_catalog(b"[" * 150 + b"]" * 150)
    for data, few, enough in ((plain, Limits(values=3), DEFAULT_LIMITS), (deep, DEFAULT_LIMITS, ENOUGH)):
        with pytest.raises(DocumentError, match="can be raised") as caught:
            TAKERS[name](data, few)
        assert caught.value.code == "limit_exceeded"
        TAKERS[name](data, enough)


def test_everything_public_that_takes_a_pdf_takes_limits():
    takers = {name for name in pdfseal.__all__ if {"pdf", "limits"} & _parameters(getattr(pdfseal, name))}
    assert takers == set(TAKERS)


def _parameters(value: object) -> set[str]:
    return set(signature(value).parameters) if isfunction(value) else set()


def test_without_work_there_is_no_verdict():
    """Wherever the budget ends, on whatever way through the plan: the answer is whole, or there is none."""
    data = attack("control-form-filled.pdf").data
    whole = verify(data)
    answers = set()
    for work in range(0, 12_000, 60):
        try:
            answers.add(verify(data, Limits(work=work, work_per_byte=0)))
        except DocumentError as error:
            answers.add(_limit_of(f"{error.code}: {error.message}"))
    assert answers == {whole, "work"}


def test_values_that_were_forgotten_are_read_again():
    data = (FIXTURES / "pdf" / "object-streams.pdf").read_bytes()
    forgetful = Document.open(BytesSource(data), limits=Limits(kept_values=1))
    usual = Document.open(BytesSource(data))
    for _ in range(2):
        assert [page.dictionary for page in forgetful.pages()] == [page.dictionary for page in usual.pages()]
    assert all(forgetful.is_stream(number) == usual.is_stream(number) for number in usual.entries())


def test_states_share_the_budget_and_their_object_streams():
    data = (FIXTURES / "pdf" / "revision-stream-after-table.pdf").read_bytes()
    document = Document.open(BytesSource(data))
    earlier = document.with_sections(document.sections[1:])
    before = document.work.left
    assert list(earlier.pages())
    assert document.work.left < before


# ---- settings --------------------------------------------------------------------------------------


def test_settings_of_the_command_line():
    assert limits_of(()) == DEFAULT_LIMITS
    assert limits_of(("decoded-bytes=256MB", "pages=7")) == Limits(decoded_bytes=256 << 20, pages=7)
    assert limits_of(("object_bytes = 3 KiB",)) == Limits(object_bytes=3 << 10)
    assert limits_of(("store-bytes=1g",)).store_bytes == 1 << 30


@pytest.mark.parametrize(
    "text", ["pages", "pages=", "pages=-1", "pages=0", "sheets=3", "nesting=5000", "pages=1e3"]
)
def test_settings_that_are_none(text: str):
    with pytest.raises(CallerError) as caught:
        limits_of((text,))
    assert caught.value.code == "argument"


FILE, NOWHERE = str(FIXTURES / "pdf" / "table.pdf"), "http://127.0.0.1:9/"
ROOT, CERT, KEY = (
    str(FIXTURES / "pki" / name)
    for name in ("p256-root.crt.pem", "p256-signer.crt.pem", "p256-signer.key.pem")
)
LOOK = ("--caption", "x", "--at", "200,200", "-o", "out.pdf")
# Command -> how it ends without a bound that is too low.
COMMANDS: dict[tuple[str, ...], int] = {
    ("verify", FILE): 4,
    ("inspect", FILE): 0,
    ("locate", FILE, "--keyword", "1"): 0,
    ("prepare", FILE, "--cert", CERT, *LOOK): 0,
    ("sign", FILE, "--cert", CERT, "--key", KEY, *LOOK): 0,
    ("compose", FILE, "--to-be-signed", ROOT, "--cert", CERT, "--signature", "00", "-o", "out.pdf"): 1,
    ("extend", FILE, "--trust", ROOT, "-o", "out.pdf"): 1,
    ("timestamp", "stamp", FILE, "--tsa", NOWHERE, "-o", "out.pdf"): 6,
    ("timestamp", "stamp", FILE, "--signature", "F", "--tsa", NOWHERE, "-o", "out.pdf"): 1,
}


@pytest.mark.parametrize(("command", "code"), COMMANDS.items(), ids=[one[0] for one in COMMANDS])
def test_the_command_line_takes_limits(command: tuple[str, ...], code: int, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, [*command, "--limit", "pages=2", "--limit", "listed-objects=3"])
    assert done.exit_code == 5
    assert "the limit listed-objects is 3 and can be raised" in done.output
    assert not list(tmp_path.iterdir())
    assert CliRunner().invoke(main, [*command, "--limit", "listed-objects=3000"]).exit_code == code


def test_the_document_lists_every_limit():
    text = (FIXTURES.parent / "docs" / "limits.md").read_text(encoding="utf-8")
    for one in fields(Limits):
        assert f"| `{one.name.replace('_', '-')}` | {_written(one.default)} |" in text


def _written(number: object) -> str:
    assert isinstance(number, int)
    for power, unit in ((30, "GB"), (20, "MB")):
        if number % (1 << power) == 0:
            return f"{number >> power} {unit}"
    return f"{number:,}"


def test_work_is_never_given_back():
    work = Work(Limits(work=10, work_per_byte=2), 5)
    work.spend(20)
    for _ in range(2):
        with pytest.raises(DocumentError):
            work.spend(1)
        with pytest.raises(DocumentError):
            work.check()


def test_pages_that_are_walked_again_are_paid_for_once():
    document = Document.open(BytesSource((FIXTURES / "pdf" / "table.pdf").read_bytes()))
    assert len(list(document.pages())) == 3
    left = document.work.left
    for number in (1, 2, 3):
        assert document.page(number).number == number
    assert document.work.left == left
