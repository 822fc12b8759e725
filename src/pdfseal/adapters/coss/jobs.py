"""What processes of the pool do: everything that reads a PDF or a picture.

Law: module-level functions of values that can be pickled. A PDF comes as a path into the memory
of the process that received it; what goes back is small: what to append, what to change.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime

from pdfseal import sealing, stamping
from pdfseal.adapters.coss.uploads import Change
from pdfseal.containers import read_container
from pdfseal.containers.base import Container, Plan
from pdfseal.containers.cms import plan_cms
from pdfseal.containers.ses import plan_ses
from pdfseal.containers.ses_reading import SesContainer
from pdfseal.errors import DocumentError, PdfsealError
from pdfseal.geometry import points_to_mm
from pdfseal.pdf.document import Document
from pdfseal.pdf.drawing.picture import read_picture
from pdfseal.pdf.drawing.shown_picture import shown_picture
from pdfseal.pdf.dss import read_dss
from pdfseal.pdf.signature import find_signatures
from pdfseal.pdf.source import BytesSource, opened
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.trust import TrustAnchors
from pdfseal.placement import Box, Placement
from pdfseal.report import SignatureReport
from pdfseal.sealimage import PersonalSeal, seal_image
from pdfseal.sealing import Appearance, Wording
from pdfseal.timestamp import read_token
from pdfseal.verification import Policy, verify

DRAWN_DPI = 100.0  # the natural size of a picture that says nothing: what is drawn fits that


@dataclass(frozen=True, slots=True)
class PrepareTask:
    """`seal`: DER of the electronic seal to seal with, None for CMS."""

    path: str
    placement: Placement
    appearance: Appearance = field(repr=False)
    signer: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    seal: bytes | None = field(repr=False)
    wording: Wording = field(repr=False)
    when: datetime


@dataclass(frozen=True, slots=True)
class Prepared:
    """What getPdfHash answers. The prepared PDF is the original followed by `appended`."""

    appended: bytes = field(repr=False)
    hash_bytes: bytes
    hash_set_bytes: bytes = field(repr=False)
    hash_set_hash_bytes: bytes
    boxes: tuple[Box, ...]


def prepare(task: PrepareTask) -> Prepared:
    with opened(task.path) as source:
        done = sealing.prepare(
            source,
            placement=task.placement,
            appearance=task.appearance,
            plan=_plan(task),
            when=task.when,
            file_id=os.urandom(16),
            wording=task.wording,
        )
    return Prepared(done.appended, done.hash_bytes, done.hash_set_bytes, done.hash_set_hash_bytes, done.boxes)


def _plan(task: PrepareTask) -> Plan:
    signer = Certificate.load(task.signer)
    chain = tuple(map(Certificate.load, task.chain))
    return plan_cms(signer, chain=chain) if task.seal is None else plan_ses(task.seal, signer, chain=chain)


@dataclass(frozen=True, slots=True)
class ComposeTask:
    """`timestamp`: DER of a token, put where the container has a place for it, else behind the seal."""

    path: str
    to_be_signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    timestamp: bytes | None = field(repr=False)
    timestamp_behind: bool


@dataclass(frozen=True, slots=True)
class Composed:
    """The sealed PDF is the prepared one with `change`, followed by `tail`."""

    change: Change
    tail: bytes


def compose(task: ComposeTask) -> Composed:
    with opened(task.path) as source:
        patch = sealing.compose_prepared(
            source,
            task.to_be_signed,
            task.signature,
            certificates=tuple(map(Certificate.load, task.certificates)),
            timestamp=None if task.timestamp_behind else task.timestamp,
        )
        change, tail = Change(patch.offset, patch.data), b""
        if task.timestamp_behind and task.timestamp is not None:
            sealed = BytesSource(patch.applied_to(source.read(0, source.size)))
            token = task.timestamp
            tail = stamping.attach_timestamp(sealed, lambda _name, _imprint: token, file_id=os.urandom(16))
    return Composed(change, tail)


# -- verification ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VerifyTask:
    path: str
    anchors: tuple[bytes, ...] = field(repr=False)
    timestamp_anchors: tuple[bytes, ...] = field(repr=False)
    untrusted: tuple[bytes, ...] = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """One signature: the report on it, and what the report leaves out.

    `time_info`: the DER of the signing time in a seal signature of 2014. `stamped`: genTime of
    its timestamp. `picture`: a picture file.
    """

    report: SignatureReport
    signature: bytes = field(default=b"", repr=False)
    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    time_info: bytes | None = None
    stamped: datetime | None = None
    picture: bytes | None = field(default=None, repr=False)


def verify_all(task: VerifyTask) -> tuple[Verified, ...]:
    policy = Policy(
        at=task.at,
        trust=TrustAnchors(tuple(map(Certificate.load, task.anchors))),
        timestamp_trust=TrustAnchors(tuple(map(Certificate.load, task.timestamp_anchors))),
        untrusted=tuple(map(Certificate.load, task.untrusted)),
    )
    with opened(task.path) as source:
        report = verify(source, policy)
        document = Document.open(source)
        kept = read_dss(document)
        found = []
        for one, signature in zip(report.signatures, find_signatures(document), strict=True):
            container = _container(signature.contents)
            picture = _seal_picture(container) or shown_picture(document, signature)
            if container is None:
                found.append(Verified(one, picture=picture))
                continue
            token = container.timestamp or kept.timestamp_of(signature.contents)
            signer = (container.signer.der,) if container.signer is not None else ()
            others = tuple(c.der for c in container.certificates if c.der not in signer)
            found.append(
                Verified(
                    one, container.signature, signer + others, _time_info(container),
                    container.signing_time if container.kind == "timestamp" else _gen_time(token), picture,
                )
            )  # fmt: skip
    return tuple(found)


def _container(contents: bytes) -> Container | None:
    try:
        return read_container(contents)
    except DocumentError:
        return None


def _seal_picture(container: Container | None) -> bytes | None:
    return container.seal.info.picture.data if isinstance(container, SesContainer) else None


def _time_info(container: Container) -> bytes | None:
    if isinstance(container, SesContainer) and container.kind == "ses2014":
        return container.tbs.time_info
    return None


def _gen_time(token: bytes | None) -> datetime | None:
    try:
        return None if token is None else read_token(token).gen_time
    except PdfsealError:
        return None


# -- pictures -------------------------------------------------------------------------------


def measure_picture(data: bytes) -> tuple[float, float]:
    """Natural width and height in mm. Raises `picture_unreadable`, `picture_too_large`."""
    size = read_picture(data).natural_size
    return points_to_mm(size.width), points_to_mm(size.height)


def draw_name_seal(name: str) -> bytes:
    """A square seal with a person's name, as PNG. Raises `argument`, `glyph_missing`."""
    return seal_image(PersonalSeal(name), dpi=DRAWN_DPI * 3)
