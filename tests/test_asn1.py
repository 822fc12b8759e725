from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from pdfseal import asn1
from pdfseal.asn1 import LENIENCIES, Reading, decode_time
from pdfseal.errors import DocumentError


def strict() -> Reading:
    return Reading(strict=True)


def code_of(call, *arguments, **options) -> str:
    with pytest.raises(DocumentError) as caught:
        call(*arguments, **options)
    return caught.value.code


# -- writer and reader ----------------------------------------------------------------------


@given(st.integers(-(2**2000), 2**2000))
def test_integers(value: int):
    der = asn1.integer(value)
    assert der == core.Integer(value).dump()
    assert asn1.read(der, reading=strict()).integer("n") == value


@given(st.lists(st.integers(0, 2**70), min_size=1, max_size=12), st.integers(0, 2), st.integers(0, 39))
def test_object_identifiers(arcs: list[int], head: int, second: int):
    dotted = ".".join(map(str, [head, second, *arcs]))
    der = asn1.object_identifier(dotted)
    assert asn1.read(der, reading=strict()).oid("oid") == dotted
    assert core.ObjectIdentifier(dotted).dump() == der


@given(st.binary(max_size=300), st.text(max_size=50))
def test_strings(octets: bytes, text: str):
    text = text.rstrip("\x00")
    assert asn1.read(asn1.octet_string(octets), reading=strict()).octets("o") == octets
    assert asn1.read(asn1.bit_string(octets), reading=strict()).bits("b") == octets
    assert asn1.read(asn1.utf8_string(text), reading=strict()).text("t") == text


@given(st.recursive(st.binary(max_size=20), lambda inner: st.lists(inner, max_size=5), max_leaves=30))
def test_nested_structures(tree):
    def write(node) -> bytes:
        return asn1.octet_string(node) if isinstance(node, bytes) else asn1.sequence(*map(write, node))

    def read(node: asn1.Node):
        return node.octets("o") if node.tag == asn1.OCTET_STRING else [read(item) for item in node.children()]

    root = asn1.read(write(tree), reading=strict())
    assert read(root) == tree
    assert root.raw == write(tree)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2049, 12, 31)))
def test_times(moment: datetime):
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    for der in (asn1.utc_time(moment), asn1.generalized_time(moment)):
        assert asn1.read(der, reading=strict()).time("t") == moment


def test_set_of_is_sorted():
    assert asn1.set_of(b"\x02\x01\x05", b"\x02\x01\x03") == bytes.fromhex("3106020103020105")


# -- hostile input --------------------------------------------------------------------------


def walk(node: asn1.Node) -> None:
    node.raw, node.content  # noqa: B018
    for read in (
        node.boolean, node.integer, node.oid, node.octets, node.bits, node.text, node.time,
    ):  # fmt: skip
        with contextlib.suppress(DocumentError):
            read("x")
    if node.constructed:
        for child in node.children():
            walk(child)


@given(st.binary(max_size=200), st.booleans())
def test_any_octets_raise_nothing_but_document_errors(data: bytes, is_strict: bool):
    with contextlib.suppress(DocumentError):
        walk(asn1.read_prefix(data, reading=Reading(strict=is_strict)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "nothing"), ("30", "no length"), ("3003", "cut off"), ("3082", "length cut off"),
        ("30890000000000000000000000", "length of nine octets"), ("1f8101", "tag number above 30"),
        ("040100ff", "octets after the end"), ("0480010000", "indefinite length on a primitive"),
        ("3080020101", "indefinite length without end"), ("308002010100", "half an end"),
    ],
)  # fmt: skip
def test_malformed(data: str, reason: str):
    assert code_of(lambda: walk(asn1.read(bytes.fromhex(data)))) == "asn1_malformed", reason


def test_bounds():
    deep = b"\x30\x00"
    for _ in range(100):
        deep = asn1.sequence(deep)
    assert code_of(lambda: walk(asn1.read(deep))) == "limit_exceeded"
    assert code_of(lambda: walk(asn1.read(b"\x30\x80" * 1000))) == "limit_exceeded"
    wide = asn1.sequence(asn1.null() * 60_000)
    assert code_of(asn1.read(wide).children) == "limit_exceeded"
    assert code_of(asn1.read(wide).children, most=10) == "limit_exceeded"
    budget = asn1.read(asn1.sequence(asn1.null() * 100), reading=Reading(max_nodes=50))
    assert code_of(budget.children) == "limit_exceeded"


# -- leniencies -----------------------------------------------------------------------------

LENIENT = [
    ("ber_indefinite_length", "30800201010000", lambda node: node.children()[0].integer("x"), 1),
    ("ber_long_length", "02810101", lambda node: node.integer("x"), 1),
    ("ber_constructed_string", "2406040161040162", lambda node: node.octets("x"), b"ab"),
    ("boolean_not_ff", "010101", lambda node: node.boolean("x"), True),
    ("integer_not_minimal", "02020001", lambda node: node.integer("x"), 1),
    ("integer_not_minimal", "0202ff80", lambda node: node.integer("x"), -128),
    ("bit_string_unused_bits", "0303046180", lambda node: node.bits("x"), b"\x61\x80"),
    ("bit_string_lost_zeros", "03020061", lambda node: node.bits("x", length=3), b"a\x00\x00"),
    ("text_nul_padded", "0c03616200", lambda node: node.text("x"), "ab"),
    ("text_misencoded", "0c04d5c5c8fd", lambda node: node.text("x"), "张三"),
    ("text_misencoded", "1606e5bca0e4b889", lambda node: node.text("x"), "张三"),
    ("text_other_tag", "13026162", lambda node: node.text("x", tag=asn1.UTF8_STRING), "ab"),
]


@pytest.mark.parametrize(("name", "data", "read", "expected"), LENIENT)
def test_each_leniency_is_recorded_and_refused_when_strict(name, data, read, expected):
    reading = Reading()
    assert read(asn1.read(bytes.fromhex(data), reading=reading)) == expected
    assert list(reading.used) == [name]
    assert reading.used[name]  # says where
    assert code_of(lambda: read(asn1.read(bytes.fromhex(data), reading=strict()))) == "asn1_malformed"


def test_a_leniency_needs_a_name():
    with pytest.raises(KeyError):
        Reading().allow("anything_goes", "x")
    assert all(text.strip() for text in LENIENCIES.values())


BEIJING = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("text", "generalized", "expected", "leniencies"),
    [
        ("211028160000Z", False, datetime(2021, 10, 28, 16, tzinfo=UTC), []),
        ("500101000000Z", False, datetime(1950, 1, 1, tzinfo=UTC), []),
        ("20211108065316Z", True, datetime(2021, 11, 8, 6, 53, 16, tzinfo=UTC), []),
        ("20211108065316", True, datetime(2021, 11, 8, 6, 53, 16, tzinfo=BEIJING), ["time_without_zone"]),
        ("211111152728Z", True, datetime(2021, 11, 11, 15, 27, 28, tzinfo=UTC), ["time_two_digit_year"]),
        ("2110281600Z", False, datetime(2021, 10, 28, 16, tzinfo=UTC), ["time_with_offset"]),
        ("20211028160000Z", False, datetime(2021, 10, 28, 16, tzinfo=UTC), ["time_free_form"]),
        ("20211108145316+0800", True, datetime(2021, 11, 8, 6, 53, 16, tzinfo=UTC), ["time_with_offset"]),
        ("20211108011516-0530", True, datetime(2021, 11, 8, 6, 45, 16, tzinfo=UTC), ["time_with_offset"]),
        ("20211108065316.5Z", True, datetime(2021, 11, 8, 6, 53, 16, 500_000, UTC), ["time_with_offset"]),
    ],
)  # fmt: skip
def test_forms_of_time(text, generalized, expected, leniencies):
    reading = Reading()
    assert decode_time(text, generalized=generalized, reading=reading, where="t") == expected
    assert sorted(reading.used) == leniencies


@pytest.mark.parametrize(
    "text",
    [
        "", "Z", "2021", "20211308065316Z", "20211108065361Z", "20211108065316Z\n", "20211108065316+9900",
        "２０２１1108065316Z",
    ],
)  # fmt: skip
def test_what_is_not_a_time(text):
    assert code_of(decode_time, text, generalized=True, reading=Reading(), where="t") == "asn1_malformed"


def test_padding_is_cut_by_length_not_by_zeros():
    """One token in 256 ends in a zero octet of its own."""
    element = asn1.octet_string(b"ends in\x00\x00")
    assert asn1.without_padding(element + bytes(100)) == element
