"""Changes that a fuzzer of bytes would rarely find: to tokens, to revisions, to DER inside a hole.

    mutate(data, random) -> other data

Each is one small step; the fuzzer combines them. All randomness comes from the given generator.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable

_OBJECT = re.compile(rb"(?<![0-9])(\d{1,6}) (\d{1,3}) obj\b(.*?)\bendobj", re.S)
_HOLE = re.compile(rb"/Contents\s*<([0-9A-Fa-f]{64,})>")
_NUMBER = re.compile(rb"(?<![0-9A-Za-z#])-?\d{1,10}(?![0-9A-Za-z])")
_NAME = re.compile(rb"/[A-Za-z0-9]+")
_REFERENCE = re.compile(rb"\d{1,6} \d{1,3} R")
_FLATE = re.compile(rb"/FlateDecode.{0,200}?>>\s*stream\r?\n(.*?)\r?\nendstream", re.S)
_STARTXREF = re.compile(rb"startxref\s+(\d+)")
_ROOT = re.compile(rb"/Root\s+(\d+ \d+ R)")
NAMES = (
    b"/Type /Catalog /Pages /Page /Kids /Count /Parent /Annots /Contents /Resources /MediaBox /AcroForm "
    b"/Fields /SigFlags /FT /Sig /Tx /V /T /AP /N /Rect /P /F /Subtype /Widget /ByteRange /Filter /SubFilter "
    b"/Reference /TransformMethod /DocMDP /FieldMDP /TransformParams /Action /Include /Exclude /All /Lock "
    b"/DSS /VRI /Certs /CRLs /OCSPs /Metadata /Extensions /Perms /ObjStm /XRef /First /Index /W /Prev "
    b"/XRefStm /Length /DecodeParms /Predictor /Columns /Extends /Size /Root /Info /ID /Encrypt /CF /StmF "
    b"/StrF /Identity /FlateDecode /LZWDecode /ASCII85Decode /RunLengthDecode /Names /OpenAction"
).split()
NUMBERS = (b"0", b"1", b"-1", b"2", b"3", b"7", b"65535", b"2147483647", b"4294967296", b"9999999999", b"1e9")
VALUES = (b"null", b"true", b"[]", b"<<>>", b"()", b"<>", b"1 0 R", b"99 0 R", b"[0 0 612 792]", b"(x)")

Mutation = Callable[[bytes, random.Random], bytes]


def _replaced(data: bytes, pattern: re.Pattern[bytes], new: bytes, rnd: random.Random) -> bytes:
    """One match exchanged; mostly in its place, so that what stands behind is still where it was."""
    found = list(pattern.finditer(data))
    if rnd.random() < 0.9:
        found = [match for match in found if len(match[0]) >= len(new)]
    if not found:
        return data
    match = rnd.choice(found)
    return data[: match.start()] + new.ljust(len(match[0])) + data[match.end() :]


def flip(data: bytes, rnd: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rnd.choice((1, 1, 2, 8))):
        changed[rnd.randrange(len(changed))] ^= 1 << rnd.randrange(8)
    return bytes(changed)


def cut(data: bytes, rnd: random.Random) -> bytes:
    start = rnd.randrange(len(data))
    return data[:start] + data[start + rnd.choice((1, 2, 16, 300, len(data))) :]


def repeat(data: bytes, rnd: random.Random) -> bytes:
    start = rnd.randrange(len(data))
    piece = data[start : start + rnd.choice((1, 4, 40, 400))]
    at = rnd.choice((start, rnd.randrange(len(data)), len(data)))
    return data[:at] + piece * rnd.choice((1, 1, 2, 50)) + data[at:]


def number(data: bytes, rnd: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data
    match = rnd.choice(found)
    nearby = b"%d" % (int(match[0]) + rnd.choice((-256, -20, -2, -1, 1, 2, 20, 256)))
    new = rnd.choice((*NUMBERS, nearby, nearby, nearby))
    if rnd.random() < 0.9:  # in its place, see _replaced
        new = new[: len(match[0])].rjust(len(match[0]), b"0")
    return data[: match.start()] + new + data[match.end() :]


def name(data: bytes, rnd: random.Random) -> bytes:
    return _replaced(data, _NAME, rnd.choice(NAMES), rnd)


def reference(data: bytes, rnd: random.Random) -> bytes:
    found = _REFERENCE.findall(data) or [b"1 0 R"]
    return _replaced(data, _REFERENCE, rnd.choice((*VALUES, rnd.choice(found), rnd.choice(found))), rnd)


def der(data: bytes, rnd: random.Random) -> bytes:
    """One or a few bytes of a container, or one of its lengths."""
    found = list(_HOLE.finditer(data))
    if not found:
        return data
    match = rnd.choice(found)
    container = bytearray.fromhex(match[1].decode()[: len(match[1]) // 2 * 2])
    used = max(len(bytes(container).rstrip(b"\0")), 1)
    for _ in range(rnd.choice((1, 1, 2, 4))):
        container[rnd.randrange(used)] = rnd.choice(
            (0, 1, 0x30, 0x31, 0x7F, 0x80, 0x82, 0xA0, 0xFF, rnd.randrange(256))
        )
    return data[: match.start(1)] + bytes(container).hex().upper().encode() + data[match.end(1) :]


def stream(data: bytes, rnd: random.Random) -> bytes:
    """What a compressed stream expands to, changed; padded to its old length where it fits."""
    found = list(_FLATE.finditer(data))
    if not found:
        return data
    match = rnd.choice(found)
    try:
        plain = zlib.decompress(match[1])[: 1 << 20]
    except zlib.error:
        return data
    packed = zlib.compress(rnd.choice((flip, cut, repeat, number))(plain or b" ", rnd) or b" ", 9)
    return data[: match.start(1)] + packed.ljust(len(match[1]), b"\0") + data[match.end(1) :]


def revision(data: bytes, rnd: random.Random) -> bytes:
    """A later revision by the book, with one to three objects that were there, changed."""
    objects, starts, roots = list(_OBJECT.finditer(data)), _STARTXREF.findall(data), _ROOT.findall(data)
    if not objects or not starts:
        return data
    written: dict[int, bytes] = {}
    for _ in range(rnd.choice((1, 1, 2, 3))):
        match = rnd.choice(objects)
        body = match[3]
        for _ in range(rnd.choice((0, 1, 1, 2))):
            body = rnd.choice((number, name, reference, reference, flip))(body or b" ", rnd)
        if rnd.random() < 0.2:
            body = rnd.choice(objects)[3]
        written[rnd.choice((int(match[1]), int(match[1]), rnd.randrange(1, 40)))] = body
    return data + _revision(data, written, roots[-1] if roots else b"1 0 R", starts[-1], rnd)


def _revision(
    data: bytes, written: dict[int, bytes], root: bytes, previous: bytes, rnd: random.Random
) -> bytes:
    out, offsets = bytearray(b"\n"), {}
    for n, body in sorted(written.items()):
        offsets[n] = len(data) + len(out)
        out += b"%d 0 obj%sendobj\n" % (n, body)
    start = len(data) + len(out)
    if rnd.random() < 0.7:
        out += b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % row for row in offsets.items())
        out += b"trailer\n<< /Size 60 /Root %s /Prev %s >>\n" % (root, previous)
    else:
        n = rnd.choice((90, 59, min(offsets)))
        rows = b"".join(b"\x01" + at.to_bytes(4, "big") + b"\0" for at in (*offsets.values(), start))
        index = b" ".join(b"%d 1" % one for one in (*offsets, n))
        out += b"%d 0 obj\n<< /Type /XRef /W [1 4 1] /Index [%s] /Size 100 /Root %s" % (n, index, root)
        out += b" /Prev %s /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (previous, len(rows), rows)
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start


# DEEP keeps the structure whole most of the time, and so reaches the rules about revisions and containers.
MUTATIONS: tuple[Mutation, ...] = (flip, cut, repeat, number, name, reference, stream)
DEEP: tuple[Mutation, ...] = (number, reference, name, stream, der, revision, revision, revision)


def mutate(data: bytes, rnd: random.Random, most: int = 128 << 10) -> bytes:
    """One to four changes; an input that grew too large is cut."""
    kinds = MUTATIONS if rnd.random() < 0.2 else DEEP
    for _ in range(rnd.choice((1, 1, 2, 3))):
        data = rnd.choice(kinds)(data or b"%PDF-1.7\n", rnd)
    return data[:most]
