"""What is to be done, and what became of it: the values that travel to workers and back.

Law: frozen, and without secrets but for the password of an encrypted document: keys and their
passwords are named by path, and each worker reads them itself. An Outcome is all that reaches the
journal, and holds none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pdfseal.containers.base import Plan
from pdfseal.geometry import Size
from pdfseal.pdf.limits import DEFAULT_LIMITS, Limits
from pdfseal.pdf.permission import FieldLock
from pdfseal.placement import Placement
from pdfseal.sealing import Appearance, Wording
from pdfseal.verification import Policy

Action = Literal["seal", "stamp", "verify"]


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a private key is: a file (with the file that holds its password), or a signer command."""

    path: str | None = None
    password_file: str | None = None
    command: tuple[str, ...] = ()
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Signing:
    """One signer: the container that is built, its key, and the seal's own picture where it has one."""

    plan: Plan
    key: KeySource
    picture: bytes | None = field(default=None, repr=False)
    natural_size: Size | None = None


@dataclass(frozen=True, slots=True)
class SealOrder:
    """How one document is sealed. `picture` is a path; `appearance` has everything but the picture."""

    signer: str
    placement: Placement | None
    picture: str | None
    appearance: Appearance
    wording: Wording
    when: datetime | None = None
    field_name: str | None = None
    reserve: int | None = None
    certify: int | None = None
    lock: FieldLock | None = None
    allow_annotations: bool = False
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    """One document. `key` names it in the journal, and stays the same from run to run.

    `source` and `output` are paths; `output` None writes nothing. `order` None is for the actions
    that need none. `error`, (code, message), says why the item cannot even be begun.
    """

    key: str
    source: str
    output: str | None = None
    order: SealOrder | None = None
    error: tuple[str, str] | None = None

    def mark(self, batch_id: bytes) -> bytes:
        """16 bytes that stand for this item of this batch; the changing half of its output's /ID."""
        name = f"{self.key}\0{self.output}".encode("utf-8", "surrogateescape")
        return hashlib.sha256(batch_id + name).digest()[:16]


@dataclass(frozen=True, slots=True)
class Job:
    """What all items have in common; goes to every worker once.

    `batch_id`: 16 random bytes, from the journal. `tsa`: addresses of timestamp authorities; sealing
    with them puts a token on each signature. `sync`: flush each output to the disk at once,
    instead of all of them before the journal is written (where the workers are other machines).
    `limits` bound what each file may cost; of a verification, those of the `policy` do.
    """

    batch_id: bytes
    action: Action
    signers: Mapping[str, Signing] = field(default_factory=dict, repr=False)
    policy: Policy | None = None
    tsa: tuple[str, ...] = ()
    sync: bool = False
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item. `status` "done" or "failed" with `code` and `message`.

    `verdict`: of a verification, which is done whatever the verdict. `found`: the output was there
    already, written by a run that ended before it could say so. `milliseconds` of work.
    """

    key: str
    status: Literal["done", "failed"]
    code: str | None = None
    message: str | None = None
    output: str | None = None
    bytes: int = 0
    milliseconds: float = 0.0
    verdict: str | None = None
    findings: tuple[str, ...] = ()
    found: bool = False

    def to_json(self) -> dict[str, Any]:
        """One line of the journal; what says nothing is left out."""
        every = {name: getattr(self, name) for name in self.__slots__}
        every["findings"] = list(self.findings)
        return {name: value for name, value in every.items() if value not in (None, [], False)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Outcome:
        """ValueError or TypeError for anything that `to_json` did not write."""
        if not isinstance(value.get("key"), str) or value.get("status") not in ("done", "failed"):
            raise ValueError("not an outcome")
        return cls(**(value | {"findings": tuple(value.get("findings", ()))}))
