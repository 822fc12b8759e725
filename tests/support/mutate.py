"""Damages DER in ways that parsers stumble over: bits, octets, lengths, and whole elements."""

from __future__ import annotations

from random import Random

from pdfseal import asn1
from pdfseal.errors import DocumentError

_LENGTHS = (
    b"\x00",
    b"\x80",
    b"\x7f",
    b"\x81\xff",
    b"\x82\x00\x01",
    b"\x84\x7f\xff\xff\xff",
    b"\x88" + b"\xff" * 8,
)
_TAGS = (
    0x00,
    0x01,
    0x02,
    0x03,
    0x04,
    0x05,
    0x06,
    0x0C,
    0x13,
    0x16,
    0x17,
    0x18,
    0x1E,
    0x24,
    0x30,
    0x31,
    0x80,
    0xA0,
)


def mutate(data: bytes, random: Random) -> bytes:
    """`data` with one to three kinds of damage."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        data = random.choice(_KINDS)(data, random)
    return data


def _flip_bit(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data)) if data else 0
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :] if data else data


def _put_octets(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(random.randrange(1, 9)) + data[at + random.randrange(9) :]


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _elements(data: bytes) -> list[asn1.Node]:
    """Every element that can be reached, contents of OCTET and BIT STRING left alone."""
    found: list[asn1.Node] = []
    try:
        todo = [asn1.read_prefix(data)]
        while todo and len(found) < 2000:
            node = todo.pop()
            found.append(node)
            if node.constructed:
                todo += node.children()
    except DocumentError:
        pass
    return found


def _replace(data: bytes, node: asn1.Node, raw: bytes) -> bytes:
    """Put `raw` in place of an element and mend the lengths around it, so that the frame stays whole."""
    for outer in sorted(_elements(data), key=lambda one: one.depth, reverse=True):
        if outer.start < node.start and node.end <= outer.end and outer.depth == node.depth - 1:
            content = data[outer.body : node.start] + raw + data[node.end : outer.stop]
            return _replace(data, outer, asn1.element(outer.tag, content))
    return raw


def _change_length(data: bytes, random: Random) -> bytes:
    if not (nodes := _elements(data)):
        return data
    node = random.choice(nodes)
    return data[: node.start + 1] + random.choice(_LENGTHS) + data[node.body :]


def _change_tag(data: bytes, random: Random) -> bytes:
    if not (nodes := _elements(data)):
        return data
    node = random.choice(nodes)
    return data[: node.start] + bytes([random.choice(_TAGS)]) + data[node.start + 1 :]


def _splice(data: bytes, random: Random) -> bytes:
    """An element replaced by another of the same data, by nothing, or by two of itself."""
    if len(nodes := _elements(data)) < 2:
        return data
    node, other = random.choice(nodes[1:]), random.choice(nodes)
    return _replace(data, node, random.choice((other.raw, b"", node.raw * 2)))


def _change_content(data: bytes, random: Random) -> bytes:
    """A primitive element with other content, under a length that fits."""
    nodes = [node for node in _elements(data)[1:] if not node.constructed]
    if not nodes:
        return data
    node = random.choice(nodes)
    content = random.choice(
        (b"", b"\x00", b"\xff" * 9, _flip_bit(node.content, random), random.randbytes(40))
    )
    return _replace(data, node, asn1.element(node.tag, content))


_KINDS = (
    _flip_bit,
    _put_octets,
    _cut,
    _change_length,
    _change_tag,
    _splice,
    _splice,
    _change_content,
    _change_content,
)
