"""What the registry gives out: frozen values. Secrets and personal data stay out of their repr."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pdfseal.pki.certificate import Certificate

UserStatus = Literal["NORMAL", "ACTIVE", "LOCKED", "DELETE"]
USER_STATUSES: tuple[UserStatus, ...] = ("NORMAL", "ACTIVE", "LOCKED", "DELETE")
CertificateUsage = Literal["SIGN", "AUTH"]
SignatureMode = Literal["compat", "strict"]

# Kinds of identity document: code -> what it is called. Users have the first four.
ID_TYPES = {
    "SF": "身份证", "GA": "港澳通行证", "HZ": "护照", "QT": "其它",
    "HK": "户口薄", "JR": "军人证", "WJ": "武警身份证", "BM": "边民出入境通行证", "HX": "回乡证",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes the electronic seals of an application 制章人: a certificate, and how it signs.

    Either `key_pem` (PKCS#8, unencrypted; it lies encrypted in the database) or `command`, an
    outside signer.
    """

    certificate: Certificate
    chain: tuple[Certificate, ...] = ()
    key_pem: str | None = field(default=None, repr=False)
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicationSettings:
    """What may differ from one application to the next. None: as the service's configuration says.

    `charset`: of the request signature, "utf-8" or "gbk".
    """

    signature_mode: SignatureMode | None = None
    charset: str = "utf-8"
    debug: bool | None = None
    replay_window_s: int | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """A business system that may call the service. `secure_code` is its HMAC key."""

    id: int
    app_id: str
    name: str
    secure_code: str = field(repr=False)
    settings: ApplicationSettings
    enabled: bool
    maker: Maker | None = field(repr=False)
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class NewUser:
    """What an application says about a user it adds."""

    name: str = field(repr=False)
    id_type: str
    id_number: str = field(repr=False)
    mobile: str = field(repr=False)
    department: str = ""
    unique_id: str | None = None
    requires_certificate: bool = True


@dataclass(frozen=True, slots=True)
class User:
    """A person. `user_id` is the MSSPID. Users are global; `unique_id` belongs to one application."""

    id: int
    user_id: str
    name: str = field(repr=False)
    id_type: str
    id_number: str = field(repr=False)
    mobile: str = field(repr=False)
    department: str
    telephone: str
    email: str
    job_number: str
    face_id: str
    status: UserStatus
    requires_certificate: bool
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class UserChange:
    """Fields to change; None leaves a field as it is."""

    status: UserStatus | None = None
    department: str | None = None
    mobile: str | None = field(default=None, repr=False)
    unique_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredCertificate:
    """A user's certificate on one device. `current` is False for those that were replaced."""

    id: int
    device_id: str
    usage: CertificateUsage
    certificate: Certificate
    chain: tuple[Certificate, ...]
    current: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A seal picture. `drawn` says that the service drew it because the user had none."""

    id: int
    data: bytes = field(repr=False)
    is_default: bool
    drawn: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class StoredSeal:
    """An electronic seal that was made for a user, a certificate and a picture."""

    id: int
    layout: str
    esid: str
    der: bytes = field(repr=False)
    valid_until: datetime
