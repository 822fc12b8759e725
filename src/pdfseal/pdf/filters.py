"""Decoding of the streams that hold structure: cross-reference and object streams.

Law: only FlateDecode (with predictors) and no filter at all; output is bounded before it is
produced. What readers decode differently is not decoded. Content streams and pictures are none of
this module's business.

Reference: ISO 32000-2, 7.3.8.2 (stream dictionaries), 7.4.4 (FlateDecode) and 7.4.4.4 (predictors).
"""

from __future__ import annotations

import zlib
from itertools import accumulate, zip_longest

from pdfseal.pdf.limits import BYTES_PER_STEP_INFLATED, BYTES_PER_STEP_SUMMED, Work
from pdfseal.pdf.syntax import Dictionary, Name, Value, damaged

_ABBREVIATED = frozenset({"F", "DP"})  # some take them for /Filter and /DecodeParms, as in inline pictures
_LINE_ENDS = (b"", b"\n", b"\r", b"\r\n")
_FLUSHED = b"\0\0\xff\xff"  # a block without data (RFC 1951, 3.2.4), at which mobile Acrobat stops
_PREDICTORS = (1, *range(10, 16))


def decode(
    data: bytes,
    stream: Dictionary,
    *,
    where: str,
    work: Work,
    limit: int | None = None,
    strictly: bool = False,
    ended: bool = False,
) -> bytes:
    """The decoded data of a structure stream.

    `limit_exceeded` where it grows beyond `limit` bytes (`Limits.decoded_bytes` if absent), or costs
    more than there is left of `work`. `strictly`: it must end where its compressed data end, and its
    last row must be whole. `ended`: and these must say that they end.
    """
    limit = work.limits.decoded_bytes if limit is None else limit
    for filter_name, wanted in _filters(stream, where, work):
        if filter_name == Name("Crypt"):
            continue  # undone already (encryption.py)
        data = _inflate(data, limit, where, work, strictly, ended)
        work.spend(len(data) // BYTES_PER_STEP_INFLATED)
        if wanted is not None:
            data = _unpredict(data, wanted, where, work, strictly)
    return data


def _filters(stream: Dictionary, where: str, work: Work) -> list[tuple[Value, Dictionary | None]]:
    """Each filter with its parameters: one of each, or an array of each.

    Readers differ on what a lone dictionary means for an array of filters, on an array for a lone
    filter, and on whether references are followed.
    """
    if abbreviated := _ABBREVIATED & stream.keys():
        raise damaged(f"{where}: readers differ on /{min(abbreviated)} of a structure stream")
    filters, parameters = _as_list(stream.get("Filter")), _as_list(stream.get("DecodeParms"))
    if len(filters) > work.limits.filters:
        raise work.limits.exceeded("filters", f"{where} has {len(filters)} filters")
    as_arrays = {isinstance(stream.get(key), list) for key in ("Filter", "DecodeParms")}
    if len(as_arrays) == 2 and filters and any(_matters(one) for one in parameters):
        raise damaged(f"{where}: /DecodeParms does not fit /Filter, and readers differ")
    for index, name in enumerate(filters):
        if name not in (Name("FlateDecode"), Name("Fl")) and (index or name != Name("Crypt")):
            raise damaged(f"{where}: a structure stream with the filter {name!r} is not supported")
    found: list[tuple[Value, Dictionary | None]] = []
    for name, wanted in zip_longest(filters, parameters[: len(filters)]):
        if wanted is not None and not isinstance(wanted, Dictionary):
            raise damaged(f"{where}: /DecodeParms is {wanted!r}")
        found.append((name, wanted))
    return found


def _as_list(value: Value) -> list[Value]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _matters(parameters: Value) -> bool:
    """Whether it makes a difference that a reader overlooks these."""
    if isinstance(parameters, Dictionary):
        return parameters.get("Predictor", 1) != 1
    return parameters is not None


def _inflate(data: bytes, limit: int, where: str, work: Work, strictly: bool, ended: bool) -> bytes:
    engine = zlib.decompressobj()
    try:
        decoded = engine.decompress(data, limit + 1)
    except zlib.error as error:
        raise damaged(f"{where}: {error}") from error
    if len(decoded) > limit:
        raise work.limits.exceeded("decoded_bytes", f"{where} expands beyond {limit} bytes")
    flushed = data.endswith(_FLUSHED) and not ended
    if strictly and not (engine.unused_data in _LINE_ENDS if engine.eof else flushed):
        raise damaged(f"{where}: its data do not end where its compressed data end")
    return decoded


def _positive(parameters: Dictionary, key: str, default: int, most: int, where: str) -> int:
    value = parameters.get(key, default)
    if type(value) is not int or not 1 <= value <= most:
        raise damaged(f"{where}: /{key} is {value!r}")
    return value


def _unpredict(data: bytes, parameters: Dictionary, where: str, work: Work, strictly: bool) -> bytes:
    predictor = _positive(parameters, "Predictor", 1, 15, where)
    if predictor == 1:
        return data
    colors = _positive(parameters, "Colors", 1, 32, where)
    bits = _positive(parameters, "BitsPerComponent", 8, 16, where)
    columns = _positive(parameters, "Columns", 1, 1 << 16, where)
    if predictor not in _PREDICTORS or bits != 8:
        raise damaged(f"{where}: predictor {predictor} with {bits} bits is not supported here")
    width = columns * colors
    stride = width + 1
    whole = not len(data) % stride
    if strictly and not whole:
        raise damaged(f"{where}: its last row is not whole")
    if data and whole and set(data[::stride]) == {2}:  # what every producer writes: all rows "Up"
        work.spend(len(data) // BYTES_PER_STEP_SUMMED + width)
        return _undo_up(data, width)
    work.spend(len(data))
    return _undo_png(data, width, colors, where)


def _undo_up(data: bytes, width: int) -> bytes:
    """Column by column: each octet is the running sum of its column, modulo 256."""
    stride = width + 1
    rows = len(data) // stride
    out = bytearray(rows * width)
    for column in range(width):
        sums = accumulate(data[column + 1 :: stride])
        out[column::width] = bytes(total & 0xFF for total in sums)
    return bytes(out)


def _undo_png(data: bytes, width: int, pixel: int, where: str) -> bytes:
    out = bytearray()
    above = bytes(width)
    for start in range(0, len(data), width + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + width])
        if kind > 4:
            raise damaged(f"{where}: PNG row filter {kind}")
        for i in range(len(row)) if kind else ():
            left = row[i - pixel] if i >= pixel else 0
            corner = above[i - pixel] if i >= pixel else 0
            guess = (0, left, above[i], (left + above[i]) // 2, _paeth(left, above[i], corner))[kind]
            row[i] = (row[i] + guess) & 0xFF
        out += row
        above = bytes(row)
    return bytes(out)


def _paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    return min(
        (abs(estimate - left), 0, left), (abs(estimate - up), 1, up), (abs(estimate - corner), 2, corner)
    )[2]
