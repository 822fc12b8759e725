"""Timestamps put to documents: on a signature while it is composed, after it, or on the whole document.

    prepared = prepare_timestamp(source, ...)          an empty document timestamp in a new revision
    patch = compose_timestamp(prepared, token)         the token is the signature: ETSI.RFC3161

    stamped = stamp_signature(prepared, signature, authority, policy="best-effort")
    patch = compose(prepared, signature, timestamp=stamped.token)

    appended = attach_timestamp(source, authority)     for seals of GM/T 0031-2014: DSS, VRI, TS

Law: pure. An authority is a callable; that it fails never costs the seal, which can be composed
without it. No token goes into a document that is not over the right bytes and good in itself;
whether its authority is trusted is for whoever verifies.

Reference: ISO 32000-2, 12.8.5 (document timestamps), 12.8.4 (DSS); ETSI EN 319 142-1, 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from pdfseal.containers import Container, finish, read_container
from pdfseal.containers.base import TIMESTAMP_RESERVE_BYTES
from pdfseal.crypto.digests import digest
from pdfseal.errors import CallerError, DocumentError, OutsideError, RefusedError
from pdfseal.hashing import digest_prepared
from pdfseal.pdf.document import Document
from pdfseal.pdf.dss import Dss, Evidence, vri_key, write_dss
from pdfseal.pdf.field import SignatureEntry, append_signature, free_field_name
from pdfseal.pdf.limits import DEFAULT_LIMITS, Limits
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.second_reader import check_agreement
from pdfseal.pdf.signature import FoundSignature, find_signatures
from pdfseal.pdf.source import Source
from pdfseal.prepared import Patch, PreparedSeal
from pdfseal.sealing import fill_hole
from pdfseal.timestamp import Token, read_token, verify_token

FILTER, SUBFILTER = "Adobe.PPKLite", "ETSI.RFC3161"
SCHEME = "timestamp"

# (digest name, imprint) -> DER of a token or of a whole response
Stamper = Callable[[str, bytes], bytes]
StampPolicy = Literal["require", "best-effort"]


@dataclass(frozen=True, slots=True)
class Stamped:
    """What came of asking for a timestamp. `token` is None if it failed, and `reason` then says why."""

    policy: StampPolicy
    token: bytes | None = field(repr=False)
    reason: str = ""

    @property
    def status(self) -> Literal["stamped", "failed"]:
        return "failed" if self.token is None else "stamped"


# -- on a signature -------------------------------------------------------------------------


def stamp_signature(
    prepared: PreparedSeal,
    signature: bytes,
    authority: Stamper,
    *,
    policy: StampPolicy = "require",
    algorithm: str | None = None,
) -> Stamped:
    """A token over the signature value as the container will carry it.

    `algorithm` is the imprint's digest, by default the document's. With "best-effort" a failure
    of the authority is stated in the result; with "require" it is raised (OutsideError).
    Raises what `compose` raises for a signature that is not good.
    """
    name = algorithm or prepared.digest_algorithm
    value = value_to_stamp(prepared, signature)
    try:
        token = authority(name, digest(name, value))
        return Stamped(policy, check_token(token, value=value).der)
    except OutsideError as error:
        if policy == "require":
            raise
        return Stamped(policy, None, error.message)


def value_to_stamp(prepared: PreparedSeal, signature: bytes) -> bytes:
    """The signature value in the form in which the container carries it: DER for SM2 and ECDSA."""
    finished = finish(prepared.hash_set_bytes, signature, certificates=prepared.certificates)
    return read_container(finished.der).signature


def check_token(token: bytes, *, value: bytes | None = None, imprint: bytes | None = None) -> Token:
    """The token, if it is over `value` (or its imprint is `imprint`) and nothing is wrong with it.

    OutsideError `tsa_failed`: what an authority gave is of no use.
    """
    try:
        read = read_token(token)
    except DocumentError as error:
        raise OutsideError("tsa_failed", f"the timestamp cannot be read: {error.message}") from error
    result = verify_token(read, imprint=imprint)
    reasons = [check.reason for check in result.failures if check.name not in ("path", "strength")]
    if value is not None and not read.container.stamps(value):
        reasons.append("the token is over something else")
    if reasons or read.signer is None:
        why = "; ".join(reasons) or "it does not carry its authority's certificate"
        raise OutsideError("tsa_failed", f"the timestamp is not good: {why}")
    return read


# -- on the whole document ------------------------------------------------------------------


def prepare_timestamp(
    source: Source,
    *,
    algorithm: str,
    file_id: bytes,
    when: datetime,
    field_name: str | None = None,
    reserve: int | None = None,
    password: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> PreparedSeal:
    """An empty, invisible document timestamp in an appended revision; `hash_bytes` is the imprint.

    `reserve`: bytes for the token. `when` goes into the result alone: a document timestamp states
    no other time than its token's. A certified document never forbids it (table 257).
    """
    document = Document.open(source, password=password, limits=limits)
    check_agreement(document, password)
    security = document.security
    if security is not None and not (security.as_owner or security.may_annotate):
        raise RefusedError("forbidden_by_document", "the encrypted document forbids new form fields")
    name = free_field_name(document, field_name)
    appended = append_signature(
        Revision(document),
        field_name=name,
        entry=SignatureEntry(FILTER, SUBFILTER, None, type="DocTimeStamp"),
        boxes=(),
        hole_bytes=reserve or TIMESTAMP_RESERVE_BYTES,
        file_id=file_id,
    )
    imprint = digest_prepared(source, document.end, appended, algorithm)
    return PreparedSeal(
        base_length=document.end,
        appended=appended.data,
        byte_range=appended.byte_range,
        hole=appended.hole,
        field_name=name,
        boxes=(),
        scheme=SCHEME,
        signature_scheme="",
        digest_algorithm=algorithm,
        hash_bytes=imprint,
        hash_set_bytes=b"",
        hash_set_hash_bytes=b"",
        certificates=(),
        when=when.astimezone(UTC),
    )


def compose_timestamp(prepared: PreparedSeal, token: bytes) -> Patch:
    """The patch that puts the token (or the one in a whole response) into its place.

    OutsideError `tsa_failed` if it is not over this document or not good, `hole_too_small`.
    """
    if prepared.scheme != SCHEME:
        raise CallerError("argument", "what was prepared is a seal, not a document timestamp")
    read = check_token(token, imprint=prepared.hash_bytes)
    if read.algorithm != prepared.digest_algorithm:
        raise OutsideError("tsa_failed", f"the token holds a {read.algorithm} digest")
    return fill_hole(prepared.hole, read.der, prepared.total_length, prepared.appended)


# -- after a signature that has no place for one --------------------------------------------


def attach_timestamp(
    source: Source,
    authority: Stamper,
    *,
    file_id: bytes,
    field_name: str | None = None,
    algorithm: str | None = None,
    password: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """The appended revision that keeps a token over a signature's value in DSS, VRI, TS.

    `field_name` names the signature, None the newest. `algorithm` is the imprint's digest, by
    default that of the signature. OutsideError `tsa_failed`; RefusedError `not_prepared` if there
    is no such signature.
    """
    document = Document.open(source, password=password, limits=limits)
    check_agreement(document, password)
    found, container = find_signed(document, field_name)
    name = algorithm or (container.scheme.digest if container.scheme is not None else "sha256")
    token = authority(name, digest(name, container.signature))
    read = check_token(token, value=container.signature)
    revision = Revision(document)
    write_dss(revision, Dss(vri={vri_key(found.contents): Evidence(timestamp=read.der)}))
    return revision.build(file_id).data


def find_signed(document: Document, field_name: str | None) -> tuple[FoundSignature, Container]:
    """A signature by its field's name, or the newest that is no document timestamp, and its container."""
    for found in reversed(find_signatures(document)):
        if found.empty or field_name not in (None, found.field):
            continue
        container = read_container(found.contents)
        if container.kind != "timestamp":
            return found, container
    which = "no signature" if field_name is None else f"no signature in a field named {field_name!r}"
    raise RefusedError("not_prepared", f"the PDF holds {which} that could be stamped")
