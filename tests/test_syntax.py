"""PDF objects: what is written is read back; nothing makes the parser guess, crash or hang."""

from __future__ import annotations

import time

import pikepdf  # noqa: F401  (brings the codec `pdfdoc`)
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdfseal.errors import DocumentError
from pdfseal.pdf.limits import DEFAULT_LIMITS
from pdfseal.pdf.syntax import (
    Dictionary,
    Incomplete,
    Name,
    Parser,
    Real,
    Ref,
    Value,
    decode_text_string,
    number,
    serialise,
    text_string,
)
from tests.support.outcome import code_of

NAMES = st.text(st.characters(min_codepoint=1, max_codepoint=255), min_size=1, max_size=12).map(Name)
REALS = st.decimals(min_value=-(10**6), max_value=10**6, places=4).map(lambda d: Real(f"{d:.4f}".encode()))
SIMPLE = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**12), 10**12), REALS, NAMES, st.binary(max_size=30),
    st.builds(Ref, st.integers(1, 10**9), st.integers(0, 65535)),
)  # fmt: skip
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(NAMES.map(str), inner, max_size=5).map(Dictionary)
    ),
    max_leaves=12,
)


def parse(text: bytes) -> Value:
    return Parser(text).value(0)[0]


# ---- round trips -----------------------------------------------------------------------------------


@given(VALUES)
def test_written_values_are_read_back(value: Value):
    text = serialise(value)
    again, end = Parser(text).value(0)
    assert again == value
    assert end == len(text)
    assert serialise(again) == text


@given(VALUES, st.integers(0, 40))
def test_cut_objects_are_incomplete(value: Value, cut: int):
    """While bytes are missing the parser asks for more; it never takes a part for the whole."""
    text = b"7 0 obj\n" + serialise(value) + b"\nendobj\n" + b" " * 40
    whole = Parser(text).indirect()
    assert (whole.number, whole.generation, whole.value, whole.body) == (7, 0, value, None)
    short = text[: max(0, len(text) - 57 - cut)]
    try:
        found = Parser(short, final=False).indirect()
    except (Incomplete, DocumentError):
        return
    assert found.value == value


@given(st.text(max_size=30))
def test_text_strings(text: str):
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x1b", "")
    assert decode_text_string(text_string(text)) == text


def test_pdfdoc_encoding_is_that_of_qpdf():
    for octet in range(256):
        try:
            theirs = bytes([octet]).decode("pdfdoc")
        except UnicodeDecodeError:
            theirs = "\ufffd"
        assert decode_text_string(bytes([octet])) == theirs
        assert decode_text_string(text_string(chr(octet))) == chr(octet)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\x80mount", "\u2022mount"),
        (b"\xfe\xff\x00a\x00", "a"),  # half a character more
        (b"\xff\xfea\x00b", "a"),
        (b"\xfe\xff\x00\x1b\x00e\x00n\x00\x1b\x00a", "a"),  # in English
        (b"\xef\xbb\xbf\x1bdeCH\x1ba\xc3\xa9", "aé"),
    ],
)
def test_text_strings_as_readers_show_them(octets: bytes, text: str):
    assert decode_text_string(octets) == text


@given(st.floats(-1e6, 1e6))
def test_numbers_have_no_exponent(value: float):
    text = number(value)
    assert b"e" not in text
    assert float(text) == pytest.approx(value, abs=1e-5)


# ---- nothing but PdfsealError ----------------------------------------------------------------------


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes(data: bytes, final: bool):
    parser = Parser(data, final=final)
    for read in (parser.value, parser.indirect):
        try:
            code = code_of(read, 0)
        except Incomplete:
            assert not final, "all bytes are there, so none can be missing"
        else:
            assert code in (None, "pdf_damaged", "limit_exceeded")


TOKENS = (*rb"<< >> [ ] ( ) < > /A 1 0 R % \ obj stream true #4 - . 1_0_R".split(b" "), b" ", b"\n")


@given(st.lists(st.sampled_from(TOKENS)))
def test_any_tokens(tokens: list[bytes]):
    assert code_of(Parser(b"".join(tokens).replace(b"_", b" ")).value, 0) in (
        None,
        "pdf_damaged",
        "limit_exceeded",
    )


NO_VALUES = rb"<< <</A <</A_1 <</A_1> <<1_2>> [ [1 ( ((a) (\ < <4 <4x> > ] ) { } tru nul R + - . --1 endobj"


@pytest.mark.parametrize("text", [b"", b"9" * 100, *NO_VALUES.split(b" ")], ids=ascii)
def test_what_is_no_value(text: bytes):
    assert code_of(parse, text.replace(b"_", b" ")) == "pdf_damaged"


def test_a_reference_ends_at_a_delimiter():
    assert parse(b"1 0 RX") == 1
    assert parse(b"1 0 R/X") == Ref(1, 0)


BOMBS = {
    "nested arrays": b"[" * 10**6,
    "nested dictionaries": b"<</A" * 10**6,
    "parentheses": b"(" * 10**6,
    "comments": b"%\n" * 10**6,
    "comment gaps in a reference": b"1 " + b"%\n" * 10**6 + b"0 R",
    "many values": b"[" + b"0 " * 3_000_000 + b"]",
    "white space": b"1" + b" " * 3_000_000 + b"0 R",
    "one name": b"/" + b"A" * 3_000_000,
    "escapes": b"(" + b"\\" * 3_000_000,
    "digits": b"1" * 3_000_000,
    "open hexadecimal strings": b"[" + b"<41" * 500_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str):
    start = time.process_time()
    assert code_of(parse, BOMBS[name]) in (None, "pdf_damaged", "limit_exceeded")
    assert time.process_time() - start < 8  # 1.8 s at most where nothing else runs


def test_depth():
    deep = b"[" * DEFAULT_LIMITS.nesting + b"]" * DEFAULT_LIMITS.nesting
    assert isinstance(parse(deep), list)
    with pytest.raises(DocumentError) as caught:
        parse(b"[" + b"[" + deep + b"]" + b"]")
    assert caught.value.code == "limit_exceeded"


# ---- the letter of 7.2 and 7.3 ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"null", None),
        (b"true", True),
        (b"-12", -12),
        (b"+7", 7),
        (b"007", 7),
        (b".5", 0.5),
        (b"-.5", -0.5),
        (b"4.", 4.0),
        (b"/A#20B#2f", Name("A B/")),
        (b"/", Name("")),
        (b"/A#g", Name("A#g")),
        (b"()", b""),
        (b"(a(b)c)", b"a(b)c"),
        (b"(\\(\\)\\\\)", b"()\\"),
        (b"(\\n\\r\\t\\b\\f)", b"\n\r\t\b\f"),
        (b"(\\101\\1013\\7)", b"AA3\x07"),
        (b"(\\400)", b"\x00"),
        (b"(\\q)", b"q"),
        (b"(a\\\nb\\\r\nc\\\rd)", b"abcd"),
        (b"(a\rb\r\nc\nd)", b"a\nb\nc\nd"),
        (b"<>", b""),
        (b"<4>", b"\x40"),
        (b"< 4 1\n42 >", b"AB"),
        (b"[]", []),
        (b"[1 0 R 2]", [Ref(1, 0), 2]),
        (b"[1 0 2]", [1, 0, 2]),
        (b"[1%x\n0%\r\nR]", [Ref(1, 0)]),
        (b"[/A/B(c)<64>true[null]]", [Name("A"), Name("B"), b"c", b"d", True, [None]]),
        (b"<</A 1/B<</C 2>>>>", Dictionary({"A": 1, "B": Dictionary({"C": 2})})),
        (b" %comment\n 5", 5),
        (b"<</A<41>>>", Dictionary({"A": b"A"})),
    ],
    ids=ascii,
)
def test_values(text: bytes, value: Value):
    found = parse(text)
    assert found == value
    assert type(found) is type(value) or isinstance(found, Real)


def test_positions_of_values():
    text = b"  << /Contents <4142> /B [1 2] >>"
    found, end = Parser(text).value(0)
    assert isinstance(found, Dictionary)
    assert end == len(text)
    assert {key: text[slice(*span)] for key, span in found.spans.items()} == {
        "Contents": b"<4142>",
        "B": b"[1 2]",
    }


def test_repeated_keys_are_remembered():
    found = parse(b"<</A 1/B 2/A 3/#41 4>>")
    assert isinstance(found, Dictionary)
    assert (found["A"], found.repeated) == (4, ("A", "A"))


def test_streams():
    found = Parser(b"3 1 obj<</Length 2>>stream\r\nab\nendstream").indirect()
    assert (found.number, found.generation, found.body) == (3, 1, 28)
    assert Parser(b"3 1 obj[1]stream\n").indirect().body is None
    assert Parser(b"3%a\n1 obj 5 endobj").indirect().value == 5


def test_errors_name_the_place():
    with pytest.raises(DocumentError) as caught:
        Parser(b"[1 2 xref]", origin=1000).value(0)
    assert "byte 1005" in caught.value.message
