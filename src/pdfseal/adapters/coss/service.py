"""What the endpoints share: settings, registry, trust, the timestamp authority, the pool, the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from pdfseal.adapters.coss.answers import Answer
from pdfseal.adapters.coss.auth import Authenticator
from pdfseal.adapters.coss.config import Settings, Timestamp, master_key, read_file
from pdfseal.adapters.coss.pool import Pool
from pdfseal.adapters.coss.uploads import Upload
from pdfseal.adapters.coss.wire import Fields
from pdfseal.adapters.keys import check_key_matches, load_private_key
from pdfseal.adapters.registry import Application, Registry
from pdfseal.adapters.serials import SerialNumbers
from pdfseal.errors import CallerError, PdfsealError
from pdfseal.pki.certificate import Certificate
from pdfseal.pki.crl import RevocationList
from pdfseal.pki.revocation import RevocationData
from pdfseal.pki.trust import TrustAnchors
from pdfseal.timestamp import DEFAULT_POLICY, TimestampAuthority

BEIJING = timezone(timedelta(hours=8))
MIB = 1 << 20


@dataclass(frozen=True)
class Authority:
    """The service's own timestamp authority, and its serial numbers."""

    issuer: TimestampAuthority
    serials: SerialNumbers

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        return (self.issuer.certificate, *self.issuer.chain)


@dataclass(frozen=True)
class Service:
    """One for each worker."""

    settings: Settings
    registry: Registry
    authenticator: Authenticator
    pool: Pool
    anchors: TrustAnchors
    timestamp_anchors: TrustAnchors
    intermediates: tuple[Certificate, ...]
    revocation: RevocationData
    authority: Authority | None

    @classmethod
    def open(cls, settings: Settings) -> Service:
        """Read every file and connect. CallerError `configuration` names what is wrong."""
        trust = settings.trust
        anchors = TrustAnchors(_certificates(trust.anchors, "trust.anchors"))
        stamps = _certificates(trust.timestamp_anchors, "trust.timestamp_anchors")
        intermediates = _certificates(trust.intermediates, "trust.intermediates")
        revocation = _crls(trust.crls)
        authority = _authority(settings.timestamp)
        registry = Registry.open(
            settings.registry.url, master_key(settings), keyed_ids=settings.registry.keyed_ids
        )
        return cls(
            settings=settings,
            registry=registry,
            authenticator=Authenticator(registry, settings.auth),
            pool=Pool(settings.server.processes, timeout_s=settings.server.job_timeout_s),
            anchors=anchors,
            timestamp_anchors=TrustAnchors(stamps) if stamps else anchors,
            intermediates=intermediates,
            revocation=revocation,
            authority=authority,
        )

    def close(self) -> None:
        self.pool.close()
        self.registry.close()

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0)


@dataclass
class Call:
    """One authenticated request. `uploads` are closed when the answer was sent."""

    fields: Fields
    application: Application
    uploads: list[Upload] = field(default_factory=list)
    remarks: dict[str, object] = field(default_factory=dict)  # for the log: no personal data

    def upload(self, name: str, *, at_most: int) -> Upload:
        found = Upload.of(self.fields.slice(name), name, at_most=at_most)
        self.uploads.append(found)
        return found

    def close(self) -> None:
        for upload in self.uploads:
            upload.close()


def beijing(moment: datetime) -> str:
    """`yyyy-MM-dd HH:mm:ss` in Beijing time."""
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def done(data: object = None) -> Answer:
    return Answer() if data is None else Answer(data)


def _certificates(paths: tuple[str, ...], where: str) -> tuple[Certificate, ...]:
    found: list[Certificate] = []
    for path in paths:
        try:
            found += Certificate.load_many(read_file(path, where))
        except CallerError as error:
            raise CallerError("configuration", f"{where}: {path}: {error.message}") from error
    return tuple(dict.fromkeys(found))


def _crls(paths: tuple[str, ...]) -> RevocationData:
    data = RevocationData()
    for path in paths:
        try:
            data = data.plus(RevocationData(crls=RevocationList.load_many(read_file(path, "trust.crls"))))
        except PdfsealError as error:
            raise CallerError("configuration", f"trust.crls: {path}: {error.message}") from error
    return data


def _authority(settings: Timestamp) -> Authority | None:
    if not settings.certificate and not settings.key:
        if settings.in_seals:
            raise CallerError("configuration", "timestamp.in_seals needs timestamp.certificate and .key")
        return None
    try:
        password = (
            read_file(settings.password_file, "timestamp.password_file") if settings.password_file else None
        )
        signer = load_private_key(
            read_file(settings.key, "timestamp.key"), password and password.split(b"\n", 1)[0]
        )
        certificate, *more = Certificate.load_many(read_file(settings.certificate, "timestamp.certificate"))
        check_key_matches(signer, certificate)
        chain = (*more, *_certificates(settings.chain, "timestamp.chain"))
        issuer = TimestampAuthority(signer, certificate, chain, policy=settings.policy or DEFAULT_POLICY)
    except PdfsealError as error:
        raise CallerError("configuration", f"timestamp: {error.message}") from error
    return Authority(issuer, SerialNumbers(settings.serials))
