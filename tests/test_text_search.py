"""Folding, page texts, orders, keyword errors, bounds, and the command `locate`."""

from __future__ import annotations

import io
import json
import random
import threading
import time
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import CliRunner
from PIL import Image

import pdfseal
from pdfseal import CallerError
from pdfseal.pdf.text.fold import fold, fold_with_origins
from pdfseal_cli.locate import locate as locate_command
from tests.conftest import FIXTURES
from tests.support.pages import PageKind, document, saved

HAND_MADE = FIXTURES / "locate" / "hand-made"


def _file(name: str) -> str:
    return str(HAND_MADE / name)


# -- folding -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("甲方（盖章）：", "甲方(盖章):"),
        ("⽅⻚⻓", "方页长"),
        ("ﬃ", "ffi"),
        ("①㈱", "1(株)"),
        ("Ａ１", "A1"),
        ("a\u00a0b\u3000c\u200bd", "a b c d"),
        ("é", "e\u0301"),
        ("e\u0301", "e\u0301"),
        ("accep\u00ad", "accep-"),
        ("𠮷", "\ud842\udfb7"),
        ("", ""),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold_with_origins(text)[0] == folded


def test_folding_keeps_origins() -> None:
    folded, origins = fold_with_origins("oﬃce：")
    assert folded == "office:"
    assert list(origins) == [0, 1, 1, 1, 2, 3, 4]


def test_nothing_folds_to_nothing() -> None:
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x30000, 7)]))
    for char in every:
        assert len(fold(char)) >= 1
        assert fold(fold(char)) == fold(char)


# -- several keywords, orders, pages -------------------------------------------------------


def test_several_keywords_are_numbered_in_reading_order() -> None:
    found = pdfseal.locate(_file("lines-side-by-side.pdf"), ["日期", "签字"])
    assert [(match.number, match.keyword) for match in found] == [
        (1, "签字"),
        (2, "签字"),
        (3, "日期"),
        (4, "日期"),
    ]
    last = pdfseal.locate(_file("lines-side-by-side.pdf"), ["日期", "签字"], order="desc", nth=1)
    assert [(match.number, match.keyword) for match in last] == [(4, "日期"), (2, "签字")]


def test_orders() -> None:
    path = _file("reading-order.pdf")
    every = pdfseal.locate(path, "签字").matches
    assert pdfseal.locate(path, "签字", order="desc").matches == every[::-1]
    assert pdfseal.locate(path, "签字", order="asc", nth=2).matches == every[1:2]
    assert pdfseal.locate(path, "签字", order="desc", nth=1).matches == every[-1:]


def test_every_keyword_must_be_found() -> None:
    with pytest.raises(CallerError) as caught:
        pdfseal.locate(_file("plain.pdf"), ["盖章", "签字", "日期"], pages="all")
    assert caught.value.code == "keyword_not_found"
    assert caught.value.message == "'签字', '日期' are not on page 1"
    found = pdfseal.locate(_file("plain.pdf"), ["盖章", "签字"], require_all=False)
    assert [match.keyword for match in found] == ["盖章"]


def test_unreadable_text_is_named_where_a_keyword_is_missing() -> None:
    with pytest.raises(CallerError, match="on page 1 there is text whose font does not say"):
        pdfseal.locate(_file("missing-to-unicode.pdf"), "公章")
    found = pdfseal.locate(_file("missing-to-unicode.pdf"), "盖章")
    assert found.unreadable == ((1, 2),)


@pytest.mark.parametrize(
    ("keywords", "options", "code"),
    [
        ("", {}, "argument"),
        ("  \u3000", {}, "argument"),
        ([], {}, "argument"),
        ("字" * 1001, {}, "argument"),
        ("\ufffd", {}, "argument"),
        ("章\udce4", {}, "argument"),
        ("盖章", {"order": "up"}, "argument"),
        ("盖章", {"nth": 0}, "argument"),
        ("盖章", {"pages": "2"}, "page_out_of_range"),
        ("盖章", {"pages": "x"}, "argument"),
        ("盖章", {"order": "asc", "nth": 2}, "keyword_not_found"),
    ],
)
def test_bad_requests(keywords: Any, options: dict[str, Any], code: str) -> None:
    with pytest.raises(CallerError) as caught:
        pdfseal.locate(_file("plain.pdf"), keywords, **options)
    assert caught.value.code == code


def test_pages_are_read_once_and_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    with pdfseal.read_texts(document([PageKind()] * 7)) as texts:
        found = pdfseal.locate(
            texts, "x", pages="odd", require_all=False, progress=lambda a, b: told.append((a, b))
        )
        assert not found.matches
        assert texts.page(3) is texts.page(3)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_many_threads_read_at_once() -> None:
    found: list[int] = []

    def work() -> None:
        for _ in range(5):
            found.append(len(pdfseal.locate(_file("two-columns.pdf"), "签字")))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 30


# -- odd and hostile documents -------------------------------------------------------------


def _encrypted(password: str) -> bytes:
    with pikepdf.open(_file("plain.pdf")) as pdf:
        pdf.save(out := io.BytesIO(), encryption=pikepdf.Encryption(user=password, owner="o"))
    return out.getvalue()


def test_encrypted_documents() -> None:
    assert len(pdfseal.locate(_encrypted("secret"), "盖章", password="secret")) == 1
    with pytest.raises(CallerError) as caught:
        pdfseal.locate(_encrypted("secret"), "盖章", password="other")
    assert caught.value.code == "wrong_password"


def test_a_layered_encrypted_document() -> None:
    with pikepdf.open(_file("layer-off.pdf")) as pdf:
        pdf.save(out := io.BytesIO(), encryption=pikepdf.Encryption(user="u", owner="o"))
    assert len(pdfseal.locate(out.getvalue(), "图层签字", password="u")) == 1


def _page_with(content: bytes) -> bytes:
    with pikepdf.open(_file("plain.pdf")) as pdf:
        pdf.pages[0].Contents = pdf.make_stream(content)
        return saved(pdf)


def test_a_page_made_to_be_slow_is_searched_or_refused_in_time() -> None:
    letters = "".join(f"BT /G 9 Tf {x * 3} {y * 3} Td <7b7e> Tj ET\n" for x in range(150) for y in range(150))
    pdf = _page_with(letters.encode())
    start = time.perf_counter()
    assert _code(pdf, "签签签签签字") in ("", "limit_exceeded")
    assert time.perf_counter() - start < 20


def _code(pdf: str | bytes, keyword: str) -> str:
    """The code of the error, if there is one of ours."""
    try:
        pdfseal.locate(pdf, keyword, require_all=False)
    except pdfseal.PdfsealError as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    "name", ["plain.pdf", "form-field.pdf", "layer-nested.pdf", "type-3-font.pdf", "radicals.pdf"]
)
def test_damaged_documents_raise_only_our_errors(name: str) -> None:
    data, chance = (HAND_MADE / name).read_bytes(), random.Random(name)
    for _ in range(60):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 12)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        assert _code(bytes(damaged), "签字") != "internal"


def test_all_pdf_fixtures_can_be_searched_or_say_why_not() -> None:
    found = {_code(str(path), "签字") for path in (FIXTURES / "pdf").glob("*.pdf")}
    assert "" in found
    assert found <= {
        "", "pdf_empty", "not_a_pdf", "pdf_damaged", "pdf_no_pages", "pdf_encrypted", "pdf_ambiguous",
        "limit_exceeded", "wrong_password",
    }  # fmt: skip


# -- the command ---------------------------------------------------------------------------


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(locate_command, list(arguments))


def test_command_prints_the_contract() -> None:
    done = _run(_file("line-wrap.pdf"), "--keyword", "权代表签字", "--json")
    assert done.exit_code == 0
    rows = json.loads(done.stdout)
    assert [list(row) for row in rows] == [["match", "page", "left", "bottom", "right", "top", "text"]] * 2
    assert [(row["match"], row["page"], row["text"]) for row in rows] == [(1, 1, "权代"), (1, 1, "表签字")]
    assert rows[1]["left"] == pytest.approx(60, abs=0.5)


def test_command_draws_pictures(tmp_path: Path) -> None:
    one = _run(_file("rotate-90.pdf"), "--keyword", "签字", "--image", str(tmp_path / "one.png"))
    assert one.exit_code == 0
    assert one.stdout.splitlines()[-1] == str(tmp_path / "one.png")
    with Image.open(tmp_path / "one.png") as image:
        assert image.width > image.height  # the page is displayed in landscape
        red = image.convert("RGB").getpixel(
            (round((498 + 8) / 800 * image.width), round(136 / 600 * image.height))
        )
    assert red
    source = str(FIXTURES / "pdf" / "producers" / "xetex-contract.pdf")
    several = _run(source, "--keyword", "盖章", "--image", str(tmp_path / "out.png"))
    assert several.exit_code == 0
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out-2.png", "out-3.png"]


def test_command_errors() -> None:
    missing = _run(_file("plain.pdf"), "--keyword", "公章", "--pages", "1", "--json")
    assert missing.exit_code == 2
    assert json.loads(missing.stdout)["error"]["code"] == "keyword_not_found"
    assert "'公章' is not on page 1" in missing.stderr
    assert _run(_file("plain.pdf"), "--keyword", "").exit_code == 2
    assert _run(_file("plain.pdf"), "--keyword", "盖章", "--image", "/x/y.gif").exit_code == 2
    assert _run("no-such-file.pdf", "--keyword", "盖章").exit_code == 2
    noted = _run(_file("missing-to-unicode.pdf"), "--keyword", "盖章", "--json")
    assert noted.exit_code == 0
    assert "on page 1 there is text" in noted.stderr
    assert len(json.loads(noted.stdout)) == 1
