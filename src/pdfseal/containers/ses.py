"""Electronic seal signatures to seal with (SES_Signature), in the layout of the seal itself.

    plan = plan_ses(seal, signer)
    to_be_signed = plan.to_be_signed(digest, byte_range=..., when=...)      DER TBS_Sign
    finished = finish_ses(to_be_signed, signature, certificates=[signer])   DER SES_Signature

Nothing is kept between the halves. No signature is made that would not verify: the signer must
be in the seal's list, the seal in force, and its maker's signature good, when planning and
again when finishing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pdfseal.asn1 import Reading
from pdfseal.containers import ses2014, ses2020
from pdfseal.containers.base import Finished, reserve_bytes
from pdfseal.containers.cms import check_token
from pdfseal.containers.ses_common import Seal, TbsSign
from pdfseal.containers.ses_reading import SesContainer, read_seal, read_ses, read_tbs
from pdfseal.crypto import schemes
from pdfseal.crypto.digests import DIGESTS
from pdfseal.crypto.schemes import SCHEMES, SignatureScheme
from pdfseal.errors import CallerError, DocumentError, RefusedError
from pdfseal.pki.certificate import Certificate

__all__ = ["SesContainer", "SesPlan", "finish_ses", "plan_ses", "read_seal", "read_ses"]

FILTER, SUBFILTER = "pdfseal.GMPkiLite", "GM.sm2seal"

_WIDEST_RANGE = (0, 10**15, 10**15, 10**15)


@dataclass(frozen=True, slots=True)
class SesPlan:
    """An SES_Signature that will be built; see `base.Plan`. The signer's certificate comes first."""

    seal: Seal
    signature_scheme: SignatureScheme
    signer: Certificate
    certificates: tuple[Certificate, ...]
    filter: str = FILTER
    subfilter: str = SUBFILTER

    @property
    def scheme_name(self) -> str:
        return self.seal.layout

    @property
    def digest_algorithm(self) -> str:
        return self.signature_scheme.digest

    def reserve(self, *, timestamp: bool) -> int:
        """The most bytes that the finished container takes, rounded up to 1 KiB.

        No room is kept for a timestamp in the layout of 2014, which has no place for one.
        """
        empty = bytes(DIGESTS[self.digest_algorithm].size_bytes)
        largest = bytes(schemes.max_signature_size(self.signature_scheme, self.signer.public_key))
        tbs = self._tbs(empty, _WIDEST_RANGE, datetime(2000, 1, 1, tzinfo=UTC))
        container = _write(self.seal.layout, tbs, self.signer, self.signature_scheme, largest, None)
        return reserve_bytes(len(container), timestamp=timestamp and self.seal.layout == "ses2020")

    def to_be_signed(
        self, document_digest: bytes, *, byte_range: tuple[int, int, int, int], when: datetime
    ) -> bytes:
        """The DER TBS_Sign. RefusedError `seal_not_in_force` if the seal is not valid at `when`."""
        if len(document_digest) != DIGESTS[self.digest_algorithm].size_bytes:
            message = f"{len(document_digest)} bytes are not a digest by {self.digest_algorithm}"
            raise CallerError("argument", message)
        _check_in_force(self.seal, when)
        return self._tbs(document_digest, byte_range, when)

    def _tbs(self, document_digest: bytes, byte_range: tuple[int, int, int, int], when: datetime) -> bytes:
        property_info = ",".join(map(str, byte_range))
        if self.seal.layout == "ses2020":
            return ses2020.write_tbs(
                seal=self.seal.raw, when=when, data_hash=document_digest, property_info=property_info
            )
        return ses2014.write_tbs(
            seal=self.seal.raw,
            when=when,
            data_hash=document_digest,
            property_info=property_info,
            certificate=self.signer.der,
            algorithm_oid=self.signature_scheme.oid,
        )


def plan_ses(
    seal: bytes,
    signer: Certificate,
    *,
    chain: Sequence[Certificate] = (),
    scheme: SignatureScheme | str | None = None,
) -> SesPlan:
    """Plan a signature with the DER SESeal `seal`. Without `scheme` the signer's key decides.

    DocumentError if the seal cannot be read, CallerError `unknown_scheme`, RefusedError
    `signer_not_in_seal`, `seal_invalid` or `weak_algorithm`. That the seal is in force is
    checked when the time is known, in `SesPlan.to_be_signed`.
    """
    stamp = read_seal(seal)
    try:
        chosen = choose_scheme(signer, scheme)
    except DocumentError as error:
        raise CallerError("certificate_unreadable", f"the certificate has no usable key: {error}") from error
    _check_usable(stamp, signer)
    others = tuple(dict.fromkeys(certificate for certificate in chain if certificate != signer))
    return SesPlan(stamp, chosen, signer, (signer, *others))


def choose_scheme(certificate: Certificate, scheme: SignatureScheme | str | None) -> SignatureScheme:
    """The scheme to sign with, for a structure that names its algorithm by a bare OID.

    CallerError `unknown_scheme` if it is not known, does not go with the key, or has parameters
    (RSA-PSS); RefusedError `weak_algorithm`.
    """
    if isinstance(scheme, str):
        if scheme not in SCHEMES:
            raise CallerError("unknown_scheme", f"{scheme!r} is not a signature scheme: {', '.join(SCHEMES)}")
        scheme = SCHEMES[scheme]
    chosen = scheme or schemes.default_scheme(certificate.public_key)
    schemes.check_fits(chosen, certificate.public_key)
    schemes.refuse_weak(chosen)
    if chosen.family == "rsa-pss":
        raise CallerError("unknown_scheme", "an electronic seal has no place for the parameters of RSA-PSS")
    return chosen


def _check_usable(seal: Seal, signer: Certificate) -> None:
    name = seal.info.property.name
    if not seal.maker_signature_ok():
        why = "; ".join(seal.maker.problems) or "it does not verify"
        raise RefusedError("seal_invalid", f"the maker's signature on the seal {name!r} is bad: {why}")
    if not seal.names(signer):
        who = signer.common_name or signer.serial_hex
        raise RefusedError("signer_not_in_seal", f"the seal {name!r} does not name the certificate of {who}")


def _check_in_force(seal: Seal, when: datetime) -> None:
    if when.tzinfo is None:
        raise CallerError("argument", "the time of sealing has no time zone")
    if not seal.in_force(when):
        first, last = seal.info.property.valid_from, seal.info.property.valid_until
        raise RefusedError(
            "seal_not_in_force",
            f"the seal {seal.info.property.name!r} is valid from {first.isoformat()} to {last.isoformat()}, "
            f"not at {when.isoformat()}",
        )


# -- the second half ------------------------------------------------------------------------


def finish_ses(
    to_be_signed: bytes,
    signature: bytes,
    *,
    certificates: Sequence[Certificate],
    timestamp: bytes | None = None,
) -> Finished:
    """Build the SES_Signature of a DER TBS_Sign and its signature.

    TBS_Sign of 2014 holds the signer's certificate. For that of 2020 `certificates` are
    candidates: the signer's is the one that the seal names and under which the signature
    verifies. `timestamp` is the DER of a token over the signature as the container carries it.

    RefusedError `certificate_not_candidate`, `signature_invalid`, `signer_not_in_seal`,
    `seal_not_in_force`, `seal_invalid`, `timestamp_has_no_place` or `digest_mismatch` (the token
    is over something else); DocumentError if `to_be_signed` is no TBS_Sign.
    """
    tbs = read_tbs(to_be_signed)
    if timestamp is not None and tbs.layout == "ses2014":
        raise RefusedError(
            "timestamp_has_no_place",
            "a signature of GM/T 0031-2014 has no place for a timestamp: add it to the document afterwards",
        )
    options = _signer_of_2014(tbs) if tbs.layout == "ses2014" else _candidates_of_2020(tbs, certificates)
    signer, scheme, value = _choose(tbs, signature, options)
    _check_usable(tbs.seal, signer)
    if tbs.signing_time is None:
        raise DocumentError("container_malformed", "the to-be-signed bytes state no time that can be read")
    _check_in_force(tbs.seal, tbs.signing_time)
    if timestamp is not None:
        check_token(timestamp, value)
    der = _write(tbs.layout, tbs.raw, signer, scheme, value, timestamp)
    return Finished(der, tbs.data_hash, scheme.digest, signer)


def _write(
    layout: str,
    tbs: bytes,
    signer: Certificate,
    scheme: SignatureScheme,
    signature: bytes,
    timestamp: bytes | None,
) -> bytes:
    if layout == "ses2014":
        return ses2014.write_signature(tbs, signature)
    return ses2020.write_signature(
        tbs, certificate=signer.der, algorithm_oid=scheme.oid, signature=signature, timestamp=timestamp
    )


_Option = tuple[Certificate, SignatureScheme]


def _signer_of_2014(tbs: TbsSign) -> list[_Option]:
    if tbs.cert is None or tbs.algorithm is None:
        return []
    try:
        signer = Certificate.from_der(tbs.cert.octets("cert"))
        return [(signer, schemes.scheme_of(tbs.algorithm, key=signer.public_key))]
    except DocumentError as error:
        message = f"the signer's certificate in TBS_Sign cannot be used: {error}"
        raise DocumentError("container_malformed", message) from error


def _candidates_of_2020(tbs: TbsSign, certificates: Sequence[Certificate]) -> list[_Option]:
    """Each candidate that the seal names, with the schemes of its key whose digest is as long as dataHash."""
    return [
        (certificate, scheme)
        for certificate in dict.fromkeys(certificates)
        if tbs.seal.names(certificate)
        for scheme in schemes.candidate_schemes(certificate.public_key, len(tbs.data_hash))
        if scheme.family != "rsa-pss"
    ]


def _choose(
    tbs: TbsSign, signature: bytes, options: Sequence[_Option]
) -> tuple[Certificate, SignatureScheme, bytes]:
    """The certificate and scheme under which `signature` verifies, and the signature in its DER form."""
    if not options:
        raise RefusedError(
            "certificate_not_candidate", "the seal names none of the certificates handed in as the signer's"
        )
    why = "it does not verify under the signer's certificate"
    for signer, scheme in options:
        schemes.refuse_weak(scheme)
        key = signer.public_key
        try:
            value = schemes.normalise_signature(scheme, key, signature, reading=Reading())
        except DocumentError as error:
            why = error.message
            continue
        if schemes.verify(scheme, key, tbs.raw, value):
            return signer, scheme, value
    raise RefusedError("signature_invalid", f"the signature over TBS_Sign is not good: {why}")
