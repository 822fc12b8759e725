"""A small world for long-term validation: an authority, its responders, signers, a timestamp authority.

The signer's and the responders' certificates end in 2027, the authority's in 2030; only the roots last.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pdfseal
from pdfseal.containers.seal import SealDraft, finish_seal, seal_to_be_signed
from pdfseal.crypto.schemes import SCHEMES, default_scheme
from pdfseal.errors import OutsideError
from pdfseal.pki.crl import Revoked
from pdfseal.pki.issue import PROFILES, Profile
from pdfseal.pki.issue_revocation import authority_access, crl_points, issue_crl, issue_ocsp
from pdfseal.timestamp import TimestampAuthority, make_request
from tests.support.pki import Issued, issue
from tests.support.sealing import picture

SEALED = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
EXTENDED = SEALED + timedelta(days=3)
TEN_YEARS_ON = datetime(2036, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
URL = "http://pki.pdfseal.invalid/"
_SHORT, _LONG = (2025, 2027), (2020, 2060)


def _with(profile: str, *extensions: tuple[str, bool, bytes]) -> Profile:
    plain = PROFILES[profile]
    return Profile(
        plain.key_usage, plain.is_ca, plain.path_length, plain.ext_key_usage, (*plain.extensions, *extensions)
    )


@dataclass
class World:
    """`revoked`: what the authority has revoked so far, by name. `stopped`: nobody answers any more."""

    family: str
    revoked: dict[str, Revoked] = field(default_factory=dict)
    stopped: bool = False

    def __post_init__(self) -> None:
        kind = self.family
        self.root = issue(f"长期根 {kind}", kind=kind, profile=_with("root"), years=_LONG, serial=1)
        ca_points = crl_points(URL + "root.crl")
        self.ca = issue("长期 CA", self.root, kind=kind, serial=2, years=(2020, 2030),
                        profile=_with("root", ca_points))  # fmt: skip
        asked = authority_access(ocsp_url=URL + "ocsp"), crl_points(URL + "ca.crl")
        self.responder = issue("响应者", self.ca, kind=kind, serial=3, years=_SHORT, profile=_with("ocsp"))
        self.signer = issue(
            "张三", self.ca, kind=kind, serial=4, years=_SHORT, profile=_with("signer", *asked)
        )
        self.maker = issue(
            "制章人", self.ca, kind=kind, serial=5, years=_SHORT, profile=_with("signer", *asked)
        )
        tsa_points = _with("timestamp", crl_points(URL + "ca.crl"))
        self.tsa = issue("时间戳", self.ca, kind=kind, serial=6, years=_SHORT, profile=tsa_points)
        self.now = SEALED
        self.asked: list[str] = []
        self._serials = itertools.count(1000)

    @property
    def trust(self) -> pdfseal.TrustAnchors:
        return pdfseal.TrustAnchors((self.root.certificate,))

    @property
    def by_name(self) -> dict[str, Issued]:
        return {"signer": self.signer, "maker": self.maker, "tsa": self.tsa, "ca": self.ca}

    def fetch(self, url: str, *, kind: str, body: bytes | None = None) -> bytes:
        """The responders, at the world's clock."""
        name = url.rsplit("/", 1)[1]
        self.asked.append(name)
        if self.stopped:
            raise OutsideError("fetch_failed", f"{url}: nobody there")
        if name == "root.crl":
            return self.crl("root", "ca").der
        if name == "ca.crl":
            return self.crl("ca", "signer", "maker", "tsa").der
        who = next(
            n for n in ("signer", "maker") if body and self.by_name[n].certificate.serial_raw == body[-3:]
        )
        return issue_ocsp(
            self.by_name[who].certificate, self.ca.certificate,
            self.responder.certificate, self.responder.signer,
            revoked=self.revoked.get(who), this_update=self.now, next_update=self.now + 7 * DAY,
        ).der  # fmt: skip

    def crl(self, issuer: str, *names: str):
        by = self.root if issuer == "root" else self.ca
        entries = [(self.by_name[n].certificate, self.revoked[n]) for n in names if n in self.revoked]
        return issue_crl(
            by.certificate, by.signer, entries,
            this_update=self.now, next_update=self.now + 30 * DAY, number=next(self._serials),
        )  # fmt: skip

    def stamp(self, algorithm: str, imprint: bytes) -> bytes:
        authority = TimestampAuthority(self.tsa.signer, self.tsa.certificate, (self.ca.certificate,))
        request = make_request(algorithm, imprint)
        return authority.answer(request.der, now=self.now, serial=lambda: next(self._serials))

    def seal_value(self, layout: str) -> bytes:
        draft = SealDraft(
            layout=layout, name="长期章", type=1, picture=picture(), width_mm=40, height_mm=40,  # type: ignore[arg-type]
            owners=(self.signer.certificate,), created=SEALED - DAY, valid_from=SEALED - DAY,
            valid_until=SEALED + 365 * DAY, esid="3f0e6e0c-6a64-4c3e-9b0a-0d5f4f9d7c12", vendor="PDFSEAL",
        )  # fmt: skip
        to_be_signed = seal_to_be_signed(draft, maker=self.maker.certificate)
        scheme = default_scheme(self.maker.certificate.public_key)
        signature = self.maker.signer.sign(to_be_signed, scheme)
        return finish_seal(to_be_signed, signature, maker=self.maker.certificate)

    def sealed(self, pdf: bytes, scheme: str = "cms", *, stamped: bool = False, **options) -> bytes:
        electronic = self.seal_value(scheme) if scheme != "cms" else None
        prepared = pdfseal.prepare(
            pdf,
            placement=pdfseal.InRectangle(
                page=1, rect=pdfseal.Rect(20, 20, 120, 120), fit=pdfseal.Size(60, 60)
            ),
            appearance=pdfseal.Appearance(picture=picture()),
            signer=self.signer.certificate,
            chain=[self.ca.certificate],
            scheme=scheme,
            seal=electronic,
            when=SEALED,
            **options,
        )
        signature = self.signer.signer.sign(prepared.hash_set_bytes, SCHEMES[prepared.signature_scheme])
        token = pdfseal.stamp_signature(prepared, signature, self.stamp).token if stamped else None
        patch = pdfseal.compose(prepared, signature, timestamp=token)
        return patch.applied_to(prepared.pdf_bytes())

    def extended(self, pdf: bytes, level: str, **options) -> bytes:
        self.now = options.pop("now", EXTENDED)
        options = {"trust": self.trust, "fetch": self.fetch, "authority": self.stamp, "at": self.now,
                   "untrusted": [self.ca.certificate], **options}  # fmt: skip
        return pdfseal.extend(pdf, level=level, **options)

    def verified(self, pdf: bytes, at: datetime, **options) -> pdfseal.Report:
        return pdfseal.verify(pdf, trust=self.trust, at=at, **options)
