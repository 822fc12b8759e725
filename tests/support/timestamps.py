"""Timestamp authorities for tests, and what other people's verifiers say of timestamps."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

from pdfseal.stamping import Stamper
from pdfseal.timestamp import TimestampAuthority, make_request
from tests.support.oracles import load_certificates, run
from tests.support.pki import PKI, certificate, signer

WHEN = datetime(2026, 6, 1, 4, 30, tzinfo=UTC)


def authority(family: str, **options: object) -> TimestampAuthority:
    """The committed authority of a family."""
    chain = (certificate(f"{family}-inter"),)
    return TimestampAuthority(
        signer(f"{family}-tsa"),
        certificate(f"{family}-tsa"),
        chain,
        **options,  # type: ignore[arg-type]
    )


def stamper(family: str, *, now: datetime = WHEN, serial: int = 7, **options: object) -> Stamper:
    """An authority without network, as a callable (digest name, imprint) -> response."""
    made = authority(family, **options)

    def stamp(algorithm: str, imprint: bytes) -> bytes:
        return made.answer(make_request(algorithm, imprint, nonce=5).der, now=now, serial=lambda: serial)

    return stamp


def openssl_ts_verify(token: Path, data: Path, family: str, *options: str) -> bool:
    """`openssl ts -verify` of a whole response, or of a bare token with the option -token_in."""
    root = PKI / f"{family}-root.crt.pem"
    done = run(
        "openssl", "ts", "-verify", "-in", token, "-data", data, "-CAfile", root,
        "-attime", str(int(WHEN.timestamp())), *options,
    )  # fmt: skip
    return b"Verification: OK" in done.stdout


def validation_context(family: str, at: datetime) -> ValidationContext:
    roots = load_certificates((PKI / f"{family}-root.crt.pem").read_bytes())
    return ValidationContext(trust_roots=roots, allow_fetching=False, moment=at)


def pyhanko_timestamps(path: Path, family: str, *, at: datetime = WHEN) -> list[tuple[str, datetime, bool]]:
    """(where, time, good) of every signature timestamp and document timestamp."""
    found = []
    with path.open("rb") as stream:
        reader = PdfFileReader(stream)
        for embedded in reader.embedded_regular_signatures:
            status = validate_pdf_signature(
                embedded,
                signer_validation_context=validation_context(family, at),
                ts_validation_context=validation_context(family, at),
            )
            if status.timestamp_validity is not None:
                token = status.timestamp_validity
                good = status.bottom_line and token.valid and token.intact and token.trusted
                found.append(("signature", token.timestamp, good))
        for embedded in reader.embedded_timestamp_signatures:
            status = validate_pdf_timestamp(embedded, validation_context=validation_context(family, at))
            found.append(("document", status.timestamp, status.valid and status.intact and status.trusted))
    return found
