"""Reading electronic seals and electronic seal signatures of either layout. Building is in `ses`.

The structures are written down in `ses2014`, `ses2020` and `ses_common`. Which of them bytes
are follows from their shape alone: a seal has two elements or four and more, TBS_Sign seven or
fewer, SES_Signature two or four and more. Version numbers decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from pdfseal import asn1
from pdfseal.asn1 import Node, Reading, malformed
from pdfseal.containers import ses2014, ses2020
from pdfseal.containers.base import ContainerCheck, DigestSpec
from pdfseal.containers.ses_common import TITLES, Layout, Seal, TbsSign
from pdfseal.containers.ses_parts import SignatureValue, read_signature
from pdfseal.crypto.digests import DIGESTS
from pdfseal.crypto.schemes import SignatureScheme
from pdfseal.errors import DocumentError
from pdfseal.pki.certificate import Certificate

MAX_BYTES = 32 << 20


def read_seal(data: bytes, *, reading: Reading | None = None) -> Seal:
    """Read a DER SESeal. DocumentError `container_malformed` or `limit_exceeded`."""
    with _unreadable_is_malformed():
        return _read_seal(_root(data, reading, "electronic seal"))


def read_tbs(data: bytes, *, reading: Reading | None = None) -> TbsSign:
    """Read a DER TBS_Sign. DocumentError `container_malformed` or `limit_exceeded`."""
    with _unreadable_is_malformed():
        return _read_tbs(_root(data, reading, "TBS_Sign"))


def read_ses(root: Node) -> SesContainer:
    """Read an SES_Signature. DocumentError `container_malformed` or `limit_exceeded`."""
    with _unreadable_is_malformed():
        return _read_ses(root)


@contextmanager
def _unreadable_is_malformed() -> Iterator[None]:
    try:
        yield
    except DocumentError as error:
        if error.code != "asn1_malformed":
            raise
        raise DocumentError("container_malformed", error.message) from error


def _root(data: bytes, reading: Reading | None, where: str) -> Node:
    if len(data) > MAX_BYTES:
        raise DocumentError("limit_exceeded", f"{where}: {len(data)} bytes, at most {MAX_BYTES} are read")
    return asn1.read(data, reading=reading, where=where)


def _read_seal(node: Node) -> Seal:
    items = node.sequence("electronic seal", least=2, most=5)
    if len(items) == 3:
        raise malformed("electronic seal: three elements belong to no layout")
    return ses2014.read_seal(node, items) if len(items) == 2 else ses2020.read_seal(node, items)


def _read_tbs(node: Node) -> TbsSign:
    items = node.sequence("TBS_Sign", least=5, most=7)
    layout: Layout = "ses2014" if len(items) == 7 else "ses2020"
    seal = _read_seal(items[1])
    if seal.layout != layout:
        node.reading.allow("ses_layout_mixed", "TBS_Sign")
    read = ses2014.read_tbs if layout == "ses2014" else ses2020.read_tbs
    return read(node, items, seal)


def _read_ses(root: Node) -> SesContainer:
    first, *rest = root.sequence("SES_Signature", least=2, most=5)
    if root.end - root.start > MAX_BYTES:
        raise DocumentError("limit_exceeded", f"SES_Signature: more than {MAX_BYTES} bytes")
    tbs = _read_tbs(first)
    if tbs.cert is not None and tbs.algorithm is not None and len(rest) == 1:
        signed = read_signature(tbs.cert, tbs.algorithm, rest[0], whose="the signer's")
        return SesContainer(tbs, signed, None, root.reading)
    if tbs.cert is None and len(rest) >= 3:
        signed = read_signature(rest[0], rest[1], rest[2], whose="the signer's")
        return SesContainer(tbs, signed, ses2020.read_timestamp(rest[3:], "timeStamp"), root.reading)
    raise malformed(f"SES_Signature: {1 + len(rest)} elements around a TBS_Sign of {TITLES[tbs.layout]}")


@dataclass(frozen=True, slots=True)
class SesContainer:
    """An SES_Signature that was read; see `base.Container`.

    `timestamp` is the DER of a token over `signature`; the layout of 2014 has none.
    """

    tbs: TbsSign
    signed: SignatureValue
    timestamp: bytes | None = field(repr=False)
    reading: Reading = field(repr=False, compare=False)

    @property
    def kind(self) -> str:
        return self.tbs.layout

    @property
    def seal(self) -> Seal:
        return self.tbs.seal

    @property
    def scheme(self) -> SignatureScheme | None:
        return self.signed.scheme

    @property
    def algorithm(self) -> str:
        return self.signed.algorithm

    @property
    def signer(self) -> Certificate | None:
        return self.signed.certificate

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The signer's, the maker's and those in the seal's list, as far as they can be read."""
        found = (self.signed.certificate, self.seal.maker.certificate, *self.seal.owners())
        return tuple(dict.fromkeys(one for one in found if one is not None))

    @property
    def signing_time(self) -> datetime | None:
        return self.tbs.signing_time

    @property
    def signature(self) -> bytes:
        return self.signed.value

    def needed_digests(self) -> tuple[DigestSpec, ...]:
        """The digests that dataHash may be, by its size: nothing in the structure names the algorithm.

        SM3 goes with SM2; with RSA and ECDSA both the scheme's own digest and SM3 are found.
        """
        names = ["sm3"]
        if self.scheme is not None and self.scheme.family != "sm2":
            names = [self.scheme.digest, "sha256", "sm3"]
        size = len(self.tbs.data_hash)
        return tuple(DigestSpec(name) for name in dict.fromkeys(names) if DIGESTS[name].size_bytes == size)

    def check(self, digests: Mapping[DigestSpec, bytes]) -> ContainerCheck:
        """See `base.Container.check`. What concerns the seal is in `ses_steps.verify_seal_steps`."""
        reasons = list(self.signed.problems)
        needed = self.needed_digests()
        given = [digests[spec] for spec in needed if spec in digests]
        digest_ok = self.tbs.data_hash in given if given or not needed else None
        if not needed:
            reasons.append(f"dataHash has {len(self.tbs.data_hash)} bytes, which no digest for this key has")
        elif digest_ok is False:
            reasons.append("dataHash is not the digest of this document")
        signature_ok = self.signed.covers(self.tbs.raw)
        if not signature_ok:
            reasons.append("the signature over TBS_Sign does not verify under the signer's key")
        return ContainerCheck(digest_ok, signature_ok, tuple(reasons))
