"""Small files that ask for much work or memory, made when needed: BOMBS, name -> Bomb(build, why).

Each is built to be read as far as possible: the header is right, the trailer is right, and what
costs stands where a reader must go.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
FORM_CATALOG = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields %s>>>>"
PAGES = b"<</Type/Pages/Count 1/Kids[3 0 R]>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]>>"
BASE: dict[int, bytes] = {1: CATALOG, 2: PAGES, 3: PAGE}
MUCH = 1_000_000
SEEDS = Path(__file__).parents[1] / "fuzz" / "seeds"


@dataclass(frozen=True)
class Bomb:
    """`build` makes the file, `why` says what it is."""

    build: Callable[[], bytes]
    why: str


BOMBS: dict[str, Bomb] = {}


def bomb(build: Callable[[], bytes]) -> Callable[[], bytes]:
    BOMBS[build.__name__.replace("_", "-")] = Bomb(build, build.__doc__ or "")
    return build


# ---- writing -----------------------------------------------------------------------------------------


def stream(data: bytes, entries: bytes = b"", *, deflate: bool = True) -> bytes:
    data = zlib.compress(data, 9) if deflate else data
    entries += b"/Filter/FlateDecode" if deflate else b""
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(data), data)


def object_stream(objects: Mapping[int, bytes]) -> bytes:
    head, body = [], []
    at = 0
    for number, text in objects.items():
        head.append(b"%d %d" % (number, at))
        body.append(text)
        at += len(text) + 1
    first = b" ".join(head) + b" "
    return stream(first + b" ".join(body), b"/Type/ObjStm/N %d/First %d" % (len(objects), len(first)))


def plain(objects: Mapping[int, bytes], trailer: bytes = b"", before: bytes = b"") -> bytes:
    """A file with a cross-reference table; `before` a file that this is a revision of."""
    out = bytearray(before or b"%PDF-1.7\n")
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    at = len(out)
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % item for item in offsets.items())
    out += b"xref\n0 1\n0000000000 65535 f \n" + rows
    size = max(objects) + 1
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, at)
    return bytes(out)


def packed(objects: Mapping[int, bytes], hidden: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """A file with a cross-reference stream, and `hidden` objects in one object stream."""
    container = max(*objects, *hidden) + 1
    places = {number: (container, place) for place, number in enumerate(hidden)}
    return placed({**objects, container: object_stream(hidden)}, places, trailer)


def placed(
    objects: Mapping[int, bytes], places: Mapping[int, tuple[int, int]], trailer: bytes = b""
) -> bytes:
    """A file with a cross-reference stream that says that other objects have places in object streams."""
    out = bytearray(b"%PDF-1.7\n")
    rows = {number: (2, *place) for number, place in places.items()}
    for number, body in objects.items():
        rows[number] = (1, len(out), 0)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    at, own = len(out), max(rows) + 1
    rows[own] = (1, at, 0)
    data = b"".join(
        kind.to_bytes(1, "big") + second.to_bytes(4, "big") + third.to_bytes(3, "big")
        for kind, second, third in (rows.get(number, (0, 0, 0)) for number in range(own + 1))
    )
    entries = b"/Type/XRef/W[1 4 3]/Size %d/Root 1 0 R%s" % (own + 1, trailer)
    out += b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (own, stream(data, entries), at)
    return bytes(out)


def xref_stream(entries: bytes, body: bytes) -> bytes:
    """BASE under a cross-reference stream that is given as it is."""
    out = bytearray(b"%PDF-1.7\n")
    for number, text in BASE.items():
        out += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    at = len(out)
    out += b"9 0 obj\n<</Type/XRef/Root 1 0 R%s/Length %d>>stream\n%s\nendstream\nendobj\n" % (
        entries, len(body), body,
    )  # fmt: skip
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % at


def squeezed(chunk: bytes, times: int) -> bytes:
    engine = zlib.compressobj(9)
    return b"".join(engine.compress(chunk) for _ in range(times)) + engine.flush()


def in_catalog(value: bytes) -> bytes:
    """A value where every reader passes: an entry of the catalog, which is packed."""
    return packed({2: PAGES, 3: PAGE}, {1: CATALOG[:-2] + b"/Bomb " + value + b">>"})


def signed(objects: Mapping[int, bytes], *, contents: bytes = b"00" * 64, trailer: bytes = b"") -> bytes:
    """Object 1 must lead to a field whose /V is object 9, which is written here: it covers the whole file."""
    value = b"<</Type/Sig/Filter/X/SubFilter/Y/Contents<%s>/ByteRange[%s]>>"
    draft = plain({**objects, 9: value % (contents, b"0" * 44)}, trailer)
    start = draft.index(b"/Contents<") + len(b"/Contents")
    end = start + len(contents) + 2
    numbers = b"0 %010d %010d %010d" % (start, end, len(draft) - end)
    return draft.replace(b"[" + b"0" * 44 + b"]", b"[" + numbers.ljust(44) + b"]")


SIGNED_BASE: dict[int, bytes] = {
    **BASE,
    1: FORM_CATALOG % b"[8 0 R]",
    8: b"<</FT/Sig/T(a)/V 9 0 R/Subtype/Widget/Type/Annot/Rect[0 0 9 9]/P 3 0 R>>",
}


# ---- streams -----------------------------------------------------------------------------------------


@bomb
def xref_stream_deflates_to_100_mb() -> bytes:
    """a cross-reference stream of 100 KB that inflates to 100 MB"""
    return xref_stream(b"/W[1 4 2]/Size 14000000/Filter/FlateDecode", squeezed(bytes(1 << 20), 100))


@bomb
def xref_stream_just_within() -> bytes:
    """a cross-reference stream of 60 MB of the smallest rows"""
    return xref_stream(b"/W[0 1 0]/Size 8000000/Filter/FlateDecode", squeezed(b"\x09" * (1 << 20), 60))


@bomb
def deflate_in_deflate() -> bytes:
    """a cross-reference stream deflated four times: 150 MB"""
    body = squeezed(bytes(1 << 20), 150)
    for _ in range(3):
        body = zlib.compress(body, 9)
    filters = b"[" + b"/FlateDecode" * 4 + b"]"
    return xref_stream(b"/W[1 4 2]/Size 10/Filter" + filters, body)


@bomb
def hundred_filters() -> bytes:
    """a hundred filters"""
    return xref_stream(b"/W[1 4 2]/Size 10/Filter[" + b"/FlateDecode" * 100 + b"]", b"x")


@bomb
def other_filters() -> bytes:
    """LZW, run lengths and ASCII, each of which expands"""
    return xref_stream(b"/W[1 4 2]/Size 10/Filter[/LZWDecode/RunLengthDecode/ASCII85Decode]", b"z" * 1000)


@bomb
def paeth_predictor() -> bytes:
    """60 MB under the slowest PNG predictor"""
    parameters = b"/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 5>>"
    return xref_stream(b"/W[1 4 0]/Size 10" + parameters, squeezed(b"\x04abcde" * (1 << 17), 80))


@bomb
def up_predictor() -> bytes:
    """60 MB under the usual PNG predictor, one column wide"""
    parameters = b"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 1>>"
    return xref_stream(b"/W[0 1 0]/Size 10" + parameters, squeezed(b"\x02\x00" * (1 << 19), 60))


@bomb
def absurd_columns() -> bytes:
    """a predictor with 2147483647 columns"""
    parameters = b"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 2147483647/Colors 32>>"
    return xref_stream(b"/W[1 4 2]/Size 10" + parameters, zlib.compress(b"\x02" * 100))


@bomb
def wide_columns() -> bytes:
    """a predictor with the most columns that are taken, many times over"""
    parameters = b"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 65536/Colors 32>>"
    return xref_stream(b"/W[1 4 2]/Size 10" + parameters, squeezed(b"\x02" * (1 << 20), 60))


@bomb
def absurd_widths() -> bytes:
    """/W with gigantic numbers"""
    return xref_stream(b"/W[99999999999 99999999999 99999999999]/Size 10", b"x" * 100)


@bomb
def many_index_pairs() -> bytes:
    """a cross-reference stream with 20,000 subsections"""
    index = b" ".join(b"%d 1" % (n % 1000) for n in range(20_000))
    return packed(BASE, {7: b"0"}, b"/Bomb[" + index + b"]/Index[" + index + b"]")


@bomb
def huge_index() -> bytes:
    """/Index that claims more than there is"""
    return xref_stream(b"/W[1 4 2]/Size 10/Index[0 8388607 0 8388607 0 8388607]", bytes(7 * 40))


@bomb
def table_of_many_subsections() -> bytes:
    """a table of 60,000 odd subsections"""
    out = plain(BASE)
    rows = b"".join(b"%d 1\n000000000 00000 f\n" % n for n in range(60_000))
    at = len(out)
    return out + b"xref\n" + rows + b"trailer\n<</Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % at


@bomb
def object_stream_of_many() -> bytes:
    """an object stream that lists a million objects in small space"""
    head = b"8 0 " + b"".join(b"%d 0 " % n for n in range(10, MUCH))
    body = head + b"<<>>"
    entries = b"/Type/ObjStm/N %d/First %d" % (MUCH - 9, len(head))
    return placed({**BASE, 1: CATALOG[:-2] + b"/AcroForm 8 0 R>>", 5: stream(body, entries)}, {8: (5, 0)})


@bomb
def directory_without_an_end() -> bytes:
    """an object stream of one object with a directory of 60 MB"""
    head = b"8 0 " + b"1 " * 30 * MUCH
    entries = b"/Type/ObjStm/N 1/First %d" % len(head)
    catalog = CATALOG[:-2] + b"/AcroForm 8 0 R>>"
    return placed({**BASE, 1: catalog, 5: stream(head + b"<<>>", entries)}, {8: (5, 0)})


@bomb
def object_streams_inside_each_other() -> bytes:
    """two object streams, the length of each packed in the other one"""
    text = b"<</Type/ObjStm/N 1/First 4/Extends %d 0 R/Length %d 0 R>>stream\n1 0 7\nendstream"
    return placed({10: text % (11, 2), 11: text % (10, 1)}, {1: (10, 0), 2: (11, 0)})


# ---- values ------------------------------------------------------------------------------------------


@bomb
def array_of_many() -> bytes:
    """an array of 5,000,000 numbers in an object stream"""
    return in_catalog(b"[" + b"1 " * 5 * MUCH + b"]")


@bomb
def dictionaries_in_an_array() -> bytes:
    """an array of 700,000 empty dictionaries"""
    return in_catalog(b"[" + b"<<>>" * 700_000 + b"]")


@bomb
def many_large_objects() -> bytes:
    """fields that lead to a hundred objects of 80,000 values each"""
    value = b"<</T(a)/B[" + b"<<>>" * 80_000 + b"]>>"
    fields = b"[" + b" ".join(b"%d 0 R" % n for n in range(10, 110)) + b"]"
    return packed({2: PAGES, 3: PAGE}, {1: FORM_CATALOG % fields} | dict.fromkeys(range(10, 110), value))


@bomb
def nested_arrays() -> bytes:
    """arrays nested a million deep"""
    return in_catalog(b"[" * MUCH + b"]" * MUCH)


@bomb
def nested_dictionaries() -> bytes:
    """dictionaries nested a million deep"""
    return in_catalog(b"<</A" * MUCH + b"/B" + b">>" * MUCH)


@bomb
def dictionary_of_one_key() -> bytes:
    """a dictionary that holds the same key a million times"""
    return in_catalog(b"<<" + b"/A 1" * MUCH + b">>")


@bomb
def escapes_in_a_string() -> bytes:
    """a string of 20,000,000 escapes"""
    return in_catalog(b"(" + b"\\\\" * 20 * MUCH + b")")


@bomb
def parentheses_in_a_string() -> bytes:
    """a string of 20,000,000 parentheses that never close"""
    return in_catalog(b"(" * 20 * MUCH)


@bomb
def escapes_in_a_name() -> bytes:
    """a name with 10,000,000 escapes"""
    return in_catalog(b"/" + b"#41" * 10 * MUCH)


@bomb
def long_number() -> bytes:
    """a number of 20,000,000 digits"""
    return in_catalog(b"1" * 20 * MUCH)


@bomb
def empty_comments() -> bytes:
    """8,000,000 comments without a word"""
    return in_catalog(b"%\n" * 8 * MUCH + b"1")


@bomb
def spaces() -> bytes:
    """60,000,000 spaces"""
    return in_catalog(b" " * 60 * MUCH + b"1")


@bomb
def comments_after_numbers() -> bytes:
    """numbers with comments behind them, each of which might be a reference"""
    return in_catalog(b"[" + (b"1 %" + b"x" * 200 + b"\n") * 60_000 + b"]")


@bomb
def objects_without_an_end() -> bytes:
    """2,000 objects of which each is a string that never ends, all of them fields"""
    fields = b"[" + b" ".join(b"%d 0 R" % n for n in range(10, 2010)) + b"]"
    objects = {**BASE, 1: FORM_CATALOG % fields} | dict.fromkeys(range(10, 2010), b"(")
    return plain(objects)


@bomb
def all_entries_at_one_object() -> bytes:
    """20,000 fields that an object stream all has at the place of one large object"""
    head = b" ".join(b"%d 0" % n for n in range(10, 20_010)) + b" "
    body = head + b"<</T(a)/B[" + b"1 " * 10_000 + b"]>>"
    entries = b"/Type/ObjStm/N 20000/First %d" % len(head)
    fields = b"[" + b" ".join(b"%d 0 R" % n for n in range(10, 20_010)) + b"]"
    objects = {2: PAGES, 3: PAGE, 5: stream(body, entries), 6: object_stream({1: FORM_CATALOG % fields})}
    return placed(objects, {1: (6, 0)} | {n: (5, n - 10) for n in range(10, 20_010)})


# ---- page trees --------------------------------------------------------------------------------------


@bomb
def page_tree_that_doubles() -> bytes:
    """forty levels of nodes that hold the next one twice, and no page"""
    nodes = {n: b"<</Type/Pages/Kids[%d 0 R %d 0 R]>>" % (n + 1, n + 1) for n in range(2, 42)}
    return plain({1: CATALOG, **nodes, 42: b"<</Type/Pages/Kids[]>>"})


@bomb
def pages_of_one_object() -> bytes:
    """a million pages that are one object"""
    thousand = b" ".join(b"%d 0 R" % 4 for _ in range(1000))
    return packed(
        {1: CATALOG, 3: PAGE},
        {2: b"<</Kids[" + thousand + b"]>>", 4: b"<</Kids[" + thousand.replace(b"4", b"3") + b"]>>"},
    )


@bomb
def pages_of_many_objects() -> bytes:
    """8,000 pages, each an object of a compressed stream"""
    kids = b" ".join(b"%d 0 R" % n for n in range(10, 8_010))
    return packed({1: CATALOG}, {2: b"<</Kids[" + kids + b"]>>"} | dict.fromkeys(range(10, 8_010), b"<<>>"))


@bomb
def page_tree_cycle() -> bytes:
    """a page tree whose last node holds the root"""
    return plain({1: CATALOG, 2: b"<</Kids[3 0 R]>>", 3: b"<</Kids[4 0 R]>>", 4: b"<</Kids[2 0 R]>>"})


@bomb
def deep_page_tree() -> bytes:
    """a page tree 20,000 levels deep"""
    nodes = {n: b"<</Kids[%d 0 R]>>" % (n + 1) for n in range(4, 20_000)}
    return packed({1: CATALOG}, {2: b"<</Kids[4 0 R]>>", **nodes, 20_000: PAGE})


@bomb
def chain_of_references() -> bytes:
    """every object is a reference to the next, the last to the first"""
    chain = {n: b"%d 0 R" % (n + 1) for n in range(2, 20_000)}
    return packed({1: CATALOG}, {**chain, 20_000: b"2 0 R"})


# ---- forms -------------------------------------------------------------------------------------------


@bomb
def million_fields_of_one_object() -> bytes:
    """a million fields that are one object"""
    return packed(
        {2: PAGES, 3: PAGE, 8: b"<</T(a)>>"}, {1: FORM_CATALOG % (b"[" + b"8 0 R " * 400_000 + b"]")}
    )


@bomb
def fields_that_share_their_kids() -> bytes:
    """2,000 fields that have the same 2,000 kids"""
    fields = b"[" + b" ".join(b"%d 0 R" % n for n in range(10, 2010)) + b"]"
    hidden = dict.fromkeys(range(10, 2010), b"<</T(a)/Kids 9 0 R>>")
    return packed({2: PAGES, 3: PAGE}, {1: FORM_CATALOG % fields, 9: fields, **hidden})


@bomb
def inline_kids_that_are_shared() -> bytes:
    """eight levels of kids, each with ten fields that are written out, and share the next level"""
    level = b"[" + b"<</Kids %d 0 R>>" * 10 + b"]"
    hidden = {n: level % ((n + 1,) * 10) for n in range(10, 18)}
    return packed({2: PAGES, 3: PAGE}, {1: FORM_CATALOG % b"10 0 R", **hidden, 18: b"[]"})


@bomb
def deep_fields() -> bytes:
    """fields nested 20,000 deep"""
    nodes = {n: b"<</Kids[%d 0 R]>>" % (n + 1) for n in range(10, 20_000)}
    return packed({2: PAGES, 3: PAGE}, {1: FORM_CATALOG % b"[10 0 R]", **nodes, 20_000: b"<<>>"})


@bomb
def long_names_in_many_kids() -> bytes:
    """a field with a name of 1 MB and 20,000 kids, each of which has that in its full name"""
    kids = b" ".join(b"%d 0 R" % n for n in range(10, 20_010))
    parent = b"<</T(" + b"a" * MUCH + b")/Kids[" + kids + b"]>>"
    hidden = {n: b"<</T(%d)/FT/Sig>>" % n for n in range(10, 20_010)}
    return packed({2: PAGES, 3: PAGE}, {1: FORM_CATALOG % b"[8 0 R]", 8: parent, **hidden})


@bomb
def signatures_in_object_streams() -> bytes:
    """6,000 signatures in an object stream, each with the same container"""
    fields = b"[" + b" ".join(b"%d 0 R" % n for n in range(10, 6010)) + b"]"
    contents = (
        (SEEDS / "cms-p256.pdf").read_bytes().split(b"/Contents <", 1)[1].split(b">", 1)[0].rstrip(b"0")
    )
    value = b"<</FT/Sig/T(a)/V<</Type/Sig/ByteRange[0 1 2 3]/Contents<" + contents + b">>>>>"
    return packed({2: PAGES, 3: PAGE}, {1: FORM_CATALOG % fields} | dict.fromkeys(range(10, 9010), value))


@bomb
def signatures_that_share_widgets() -> bytes:
    """500 signatures that have the same 2,000 kids, and a page listed a thousand times"""
    fields = b"[" + b" ".join(b"%d 0 R" % n for n in range(10, 510)) + b"]"
    kids = b"[" + b" ".join(b"%d 0 R" % n for n in range(1000, 3000)) + b"]"
    hidden = {n: b"<</FT/Sig/T(a)/V %d 0 R/Kids 9 0 R>>" % (n + 10_000) for n in range(10, 510)}
    hidden |= {n + 10_000: b"<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>" for n in range(10, 510)}
    hidden |= dict.fromkeys(range(1000, 3000), b"<</Rect[0 0 9 9]/Subtype/Widget>>")
    pages = {
        2: b"<</Kids[" + b"3 0 R " * 1000 + b"]>>",
        3: b"<</Annots 4 0 R>>",
        4: b"[" + b"3 0 R " * 5000 + b"]",
    }
    return packed({6: b"null"}, {1: FORM_CATALOG % fields, 9: kids, **pages, **hidden})


@bomb
def security_store_that_repeats() -> bytes:
    """a security store whose 5,000 entries all list the same 4,000 streams"""
    streams = b"[" + b"10 0 R " * 4000 + b"]"
    entries = b"".join(b"/E%d<</Cert 9 0 R/CRL 9 0 R>>" % n for n in range(5000))
    catalog = b"<</Type/Catalog/Pages 2 0 R/DSS<</VRI<<" + entries + b">>>>>>"
    return packed({2: PAGES, 3: PAGE, 10: stream(b"x" * 100)}, {1: catalog, 9: streams})


@bomb
def security_store_of_bombs() -> bytes:
    """a security store of 40 streams, each of which inflates to 30 MB"""
    body = squeezed(bytes(1 << 20), 30)
    entry = b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(body), body)
    listed = b"[" + b" ".join(b"%d 0 R" % n for n in range(10, 50)) + b"]"
    catalog = b"<</Type/Catalog/Pages 2 0 R/DSS<</Certs %s>>>>" % listed
    return plain({1: catalog, 2: PAGES, 3: PAGE} | dict.fromkeys(range(10, 50), entry))


@bomb
def metadata_of_60_mb() -> bytes:
    """metadata that inflates to 60 MB"""
    body = squeezed(b"pdfaid:part " * (1 << 17), 40)
    text = b"<</Type/Metadata/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(body), body)
    return plain({**BASE, 1: CATALOG[:-2] + b"/Metadata 5 0 R>>", 5: text})


# ---- signatures and revisions ------------------------------------------------------------------------


@bomb
def huge_byte_range() -> bytes:
    """/ByteRange with numbers of 60 digits"""
    value = b"<</Type/Sig/Filter/X/Contents<00>/ByteRange[0 " + b"9" * 30 + b" 1 " + b"9" * 60 + b"]>>"
    return plain({**SIGNED_BASE, 9: value})


@bomb
def deeply_nested_der() -> bytes:
    """a container of 8,000 nested sequences"""
    der = b""
    for _ in range(8000):
        size = len(der)
        length = bytes([size]) if size < 128 else b"\x83" + size.to_bytes(3, "big")
        der = b"\x30" + length + der
    return signed(SIGNED_BASE, contents=der.hex().encode())


@bomb
def der_of_many_elements() -> bytes:
    """a container of 15,000 empty elements"""
    inner = b"\x05\x00" * 15_000
    der = b"\x30\x82" + len(inner).to_bytes(2, "big") + inner
    return signed(SIGNED_BASE, contents=der.hex().encode())


@bomb
def many_revisions() -> bytes:
    """600 empty revisions after a signature"""
    out = signed(SIGNED_BASE)
    previous = out.rindex(b"xref\n0 1\n")
    for _ in range(600):
        out, previous = _empty_revision(out, previous), len(out)
    return out


@bomb
def chain_of_100_000_sections() -> bytes:
    """more revisions than are read"""
    first = plain(BASE)
    at, previous = len(first), first.rindex(b"xref\n0 1\n")
    pieces = [first]
    for _ in range(100_000):
        piece = _empty_revision(b"", previous, at)
        pieces.append(piece)
        previous, at = at, at + len(piece)
    return b"".join(pieces)


def _empty_revision(before: bytes, previous: int, at: int | None = None) -> bytes:
    at = len(before) if at is None else at
    tail = b"xref\n0 0\ntrailer\n<</Size 10/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    return before + tail % (previous, at)


@bomb
def many_signatures_over_one_another() -> bytes:
    """150 revisions that each add a signature"""
    out = signed(SIGNED_BASE)
    for index in range(150):
        number = 20 + 2 * index
        fields = b"[8 0 R " + b" ".join(b"%d 0 R" % n for n in range(20, number + 1, 2)) + b"]"
        previous = out.rindex(b"xref\n0 1\n")
        value = b"<</Type/Sig/Filter/X/Contents<00>/ByteRange[%s]>>" % (b"0" * 44)
        grown = plain(
            {
                1: FORM_CATALOG % fields,
                number: b"<</FT/Sig/T(%d)/V %d 0 R>>" % (number, number + 1),
                number + 1: value,
            },
            b"/Prev %d" % previous,
            before=out,
        )
        start = grown.index(b"/Contents<00>", len(out)) + len(b"/Contents")
        numbers = b"0 %010d %010d %010d" % (start, start + 4, len(grown) - start - 4)
        out = grown.replace(b"[" + b"0" * 44 + b"]", b"[" + numbers.ljust(44) + b"]")
    return out


@bomb
def references_in_comments() -> bytes:
    """a signed file full of what might be references, with comments that never end between them"""
    junk = b"1 %" * 4_000
    whole = signed({**SIGNED_BASE, 5: stream(junk, deflate=False)})
    return plain(
        {5: b"0"} | dict.fromkeys(range(50, 90), b"0"),
        b"/Prev %d" % whole.rindex(b"xref\n0 1\n"),
        before=whole,
    )


@bomb
def many_new_objects_that_are_referred_to() -> bytes:
    """a signed array of 3,000 references to objects that only a later revision brings"""
    waiting = b"[" + b" ".join(b"%d 0 R" % n for n in range(100, 1000)) + b"]"
    holders = dict.fromkeys(range(20, 24), waiting)
    whole = signed({**SIGNED_BASE, **holders})
    added = dict.fromkeys(range(100, 1000), b"0")
    return plain(added, b"/Prev %d" % whole.rindex(b"xref\n0 1\n"), before=whole)


@bomb
def numbers_that_never_are_references() -> bytes:
    """later revisions list one object, and its number stands everywhere"""
    whole = signed({**SIGNED_BASE, 5: stream(b"7 " * 20_000, deflate=False), 7: b"0"})
    return plain({7: b"1"}, b"/Prev %d" % whole.rindex(b"xref\n0 1\n"), before=whole)


@bomb
def open_strings_before_later_bytes() -> bytes:
    """1,000 signed objects that might go on behind the end of the signed part"""
    holders = dict.fromkeys(range(20, 1000), b"(\\")
    whole = signed({**SIGNED_BASE, **holders})
    return plain({7: b"1"}, b"/Prev %d" % whole.rindex(b"xref\n0 1\n"), before=whole)


@bomb
def streams_without_an_end() -> bytes:
    """1,000 signed streams whose /Length is wrong"""
    holders = dict.fromkeys(range(20, 1000), b"<</Length 9999999>>stream\n")
    whole = signed({**SIGNED_BASE, **holders}).replace(b"endstream", b"endstreem")
    return plain({7: b"1"}, b"/Prev %d" % whole.rindex(b"xref\n0 1\n"), before=whole)
