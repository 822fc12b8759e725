"""Bounds on what one document may cost: each has a name, a default, and can be set by the caller.

    Limits(pages=10_000)           frozen; what is not named keeps its default
    Work(limits, size)             what is left of the budget for CPU time, counted without a clock

Law: the same file under the same limits is always answered in the same way, on every machine.
Work is counted in steps of about a microsecond; a document may take `Limits.work` of them, and
`Limits.work_per_byte` more for each byte of the file. What runs over any bound is `limit_exceeded`,
with the bound's name.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from pdfseal.arguments import check_fields
from pdfseal.errors import CallerError, DocumentError

# Steps; measured on one core of 2020 (docs/limits.md says how).
PER_VALUE = 2
PER_ROW = 3  # of cross-reference data
PER_SECTION = 40
PER_KID = 4  # of a field, or a node of the page tree
PER_PAGE = 8  # more, once in each state of the document
PER_FIELD = 8
PER_SIGNATURE = 2_000  # its container, certificates and path
PER_DECRYPTED_VALUE = 12
CHARACTERS_PER_STEP = 32  # of the names of fields
BYTES_PER_STEP_SCANNED = 64
BYTES_PER_STEP_COMMENTED = 128
BYTES_PER_STEP_INFLATED = 256
BYTES_PER_STEP_SUMMED = 8  # a predictor that is undone column by column


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds. Sizes in bytes, everything else counted.

    `decoded_bytes`: what all cross-reference streams together, and all object streams together,
    expand to. `object_bytes`: one object as it is written. `values`: those in one object, nested
    ones included. `kept_values`: when more were parsed they are forgotten, and parsed again when
    needed: no error. `listed_objects`: entries of one cross-reference section. `packed_objects`:
    those of one object stream. `sections`: of cross-reference data, about one for each revision.
    `reference_hops`: references that lead to references. `changed_objects`: listed by revisions
    after the first signature. `work`: steps of about a microsecond, for a file of any size;
    `work_per_byte` more of them for each byte of the file. `repair_bytes`: of a file that is repaired.
    """

    decoded_bytes: int = 64 << 20
    object_bytes: int = 64 << 20
    nesting: int = 100
    values: int = 1_000_000
    kept_values: int = 1_000_000
    filters: int = 4
    listed_objects: int = 2_000_000
    packed_objects: int = 1_000_000
    sections: int = 10_000
    pages: int = 1_000_000
    page_tree_depth: int = 256
    reference_hops: int = 32
    fields: int = 100_000
    field_depth: int = 64
    signatures: int = 10_000
    changed_objects: int = 2_000_000
    store_streams: int = 5_000
    store_stream_bytes: int = 32 << 20
    store_bytes: int = 128 << 20
    repair_bytes: int = 1 << 30
    work: int = 1_000_000
    work_per_byte: int = 4

    def __post_init__(self) -> None:
        """Raises `argument` for a bound that no file could keep, and a depth that Python has not."""
        check_fields(self)
        for name, number in ((one.name, getattr(self, one.name)) for one in fields(self)):
            if number < 0 or (name in _RECURSIVE and number > _MOST_RECURSION):
                raise CallerError("argument", f"the limit {name} cannot be {number}")

    def exceeded(self, name: str, what: str) -> DocumentError:
        """The error for a bound that was met: which, how much it is, and that it may be raised."""
        limit = getattr(self, name)
        return DocumentError(
            "limit_exceeded", f"{what}: the limit {name.replace('_', '-')} is {limit} and can be raised"
        )

    def with_settings(self, settings: dict[str, int]) -> Limits:
        """These limits with some of them set, by name. Raises `argument`."""
        known = {field.name for field in fields(self)}
        wanted = {name.replace("-", "_"): number for name, number in settings.items()}
        for name, number in wanted.items():
            if name not in known:
                names = ", ".join(sorted(one.replace("_", "-") for one in known))
                raise CallerError("argument", f"{name!r} is no limit; there are {names}")
            if number < 1:
                raise CallerError("argument", f"the limit {name} cannot be {number}")
        return replace(self, **wanted)


_RECURSIVE = ("nesting",)  # the parser calls itself for what is nested
_MOST_RECURSION = 200
DEFAULT_LIMITS = Limits()


class Work:
    """The budget of one document, shared by all its states. It only ever shrinks."""

    __slots__ = ("left", "limits")

    def __init__(self, limits: Limits = DEFAULT_LIMITS, file_bytes: int = 0) -> None:
        self.limits = limits
        self.left = limits.work + limits.work_per_byte * file_bytes

    def spend(self, steps: int) -> None:
        """Raises `limit_exceeded` where less is left, now and ever after."""
        self.left -= steps
        if self.left < 0:
            raise self.exhausted()

    def check(self) -> None:
        """Raises `limit_exceeded` if the budget was overrun, perhaps where nobody reported it."""
        if self.left < 0:
            raise self.exhausted()

    def exhausted(self) -> DocumentError:
        return self.limits.exceeded("work", "the file takes too much work for its size")
