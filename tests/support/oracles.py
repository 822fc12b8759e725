"""Other people's tools as judges: qpdf, poppler, pyHanko, OpenSSL, PDFium.

Thin wrappers: each runs one tool and gives a small value. None of them uses pdfseal. A tool that is not
installed fails the test that asked for it; `make test` installs them all.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pypdfium2
from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

SM2_DEFAULT_ID = "1234567812345678"
TIMEOUT_S = 60


def run(*command: str | Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [str(part) for part in command], input=stdin, capture_output=True, timeout=TIMEOUT_S, check=False
    )


# ---- qpdf ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class QpdfCheck:
    """`exit_code`: 0 sound, 3 warnings, 2 errors. `complaints`: without file name, numbers as #."""

    exit_code: int
    complaints: tuple[str, ...]

    @property
    def severity(self) -> int:
        return {0: 0, 3: 1}.get(self.exit_code, 2)

    def no_worse_than(self, before: QpdfCheck) -> bool:
        """Not more severe, and no kind of complaint that was not there before."""
        return self.severity <= before.severity and set(self.complaints) <= set(before.complaints)


def qpdf_check(path: Path, *, password: str = "") -> QpdfCheck:
    done = run("qpdf", "--check", f"--password={password}", path)
    text = (done.stdout + done.stderr).decode("utf-8", "replace").replace(str(path), "FILE")
    lines = [line for line in text.splitlines() if re.match(r"WARNING|ERROR|FILE|qpdf:", line)]
    return QpdfCheck(done.returncode, tuple(re.sub(r"\d+", "#", line) for line in lines))


# ---- poppler ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PdfsigSignature:
    """One signature as pdfsig sees it; `validation` is its sentence, such as "Signature is Valid."."""

    field: str
    common_name: str
    hash_algorithm: str
    subfilter: str
    whole_document: bool
    validation: str

    @property
    def valid(self) -> bool:
        return self.validation == "Signature is Valid."


def pdfsig(path: Path) -> list[PdfsigSignature]:
    """The signatures, certificates not judged (`-nocert`): only digest and signature value are."""
    text = run("pdfsig", "-nocert", path).stdout.decode("utf-8", "replace")
    found = []
    for block in re.split(r"^Signature #\d+:\n", text, flags=re.MULTILINE)[1:]:
        facts = dict(re.findall(r"^\s+- ([^:\n]+): ?(.*)$", block, flags=re.MULTILINE))
        found.append(
            PdfsigSignature(
                field=facts.get("Signature Field Name", ""),
                common_name=facts.get("Signer Certificate Common Name", ""),
                hash_algorithm=facts.get("Signing Hash Algorithm", ""),
                subfilter=facts.get("Signature Type", ""),
                whole_document="Total document signed" in block and "Not total" not in block,
                validation=facts.get("Signature Validation", ""),
            )
        )
    return found


def render_poppler(path: Path, page: int = 1, *, dpi: int = 72, password: str = "") -> Image.Image:
    """One page (1-based) by pdftoppm, as RGB."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "page")
        options = ["-upw", password] if password else []
        done = run(
            "pdftoppm", "-cropbox", "-png", "-singlefile", "-r", str(dpi), *options,
            "-f", str(page), "-l", str(page), path, target,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        with Image.open(target.with_suffix(".png")) as image:
            return image.convert("RGB")


# ---- PDFium ----------------------------------------------------------------------------------------


def render_pdfium(path: Path, page: int = 1, *, dpi: int = 72, password: str | None = None) -> Image.Image:
    """One page (1-based) by PDFium, forms and annotations drawn, as RGB."""
    document = pypdfium2.PdfDocument(path, password=password)
    try:
        document.init_forms()
        return document[page - 1].render(scale=dpi / 72, may_draw_forms=True).to_pil().convert("RGB")
    finally:
        document.close()


# ---- pyHanko ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PyhankoStatus:
    """`coverage` and `modification` are the names of pyHanko's enumeration members."""

    field: str
    intact: bool
    valid: bool
    trusted: bool
    coverage: str
    modification: str
    bottom_line: bool
    summary: str


def load_certificates(data: bytes) -> list[asn1_x509.Certificate]:
    """Certificates of a PEM bundle, or one in DER."""
    if not pem.detect(data):
        return [asn1_x509.Certificate.load(data)]
    return [asn1_x509.Certificate.load(der) for _, _, der in pem.unarmor(data, multiple=True)]


def pyhanko_status(
    path: Path,
    roots: Iterable[bytes | Path],
    *,
    at: datetime | None = None,
    password: str | None = None,
    strict: bool = True,
) -> list[PyhankoStatus]:
    """Every signature, oldest first; `roots` (PEM or DER) are the only anchors, nothing is fetched.

    `strict=False` reads files that are slightly wrong, such as in /Size. SM2 is unknown to pyHanko.
    """
    anchors = [
        certificate
        for root in roots
        for certificate in load_certificates(root if isinstance(root, bytes) else root.read_bytes())
    ]
    statuses = []
    with path.open("rb") as stream:
        reader = PdfFileReader(stream, strict=strict)
        if password is not None:
            reader.decrypt(password)
        for embedded in reader.embedded_regular_signatures:
            context = ValidationContext(trust_roots=anchors, allow_fetching=False, moment=at)
            status = validate_pdf_signature(embedded, signer_validation_context=context)
            level = status.modification_level
            statuses.append(
                PyhankoStatus(
                    field=embedded.field_name,
                    intact=status.intact,
                    valid=status.valid,
                    trusted=status.trusted,
                    coverage=status.coverage.name,
                    modification=level.name if level is not None else "NOT_JUDGED",
                    bottom_line=status.bottom_line,
                    summary=status.summary(),
                )
            )
    return statuses


# ---- OpenSSL ---------------------------------------------------------------------------------------


def openssl_public_key(certificate: Path) -> bytes:
    """PEM of the certificate's public key."""
    done = run("openssl", "x509", "-in", certificate, "-pubkey", "-noout")
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def openssl_verify(certificate: Path, message: bytes, signature: bytes, *options: str) -> bool:
    """`openssl dgst -verify`: `signature` is DER for SM2 and ECDSA; `options` such as "-sha256"."""
    with tempfile.TemporaryDirectory() as folder:
        key, value = Path(folder, "key.pem"), Path(folder, "signature")
        key.write_bytes(openssl_public_key(certificate))
        value.write_bytes(signature)
        done = run("openssl", "dgst", *options, "-verify", key, "-signature", value, stdin=message)
    return done.returncode == 0 and b"Verified OK" in done.stdout


def openssl_sm2_verify(
    certificate: Path, message: bytes, signature: bytes, *, user_id: str = SM2_DEFAULT_ID
) -> bool:
    """SM2 with SM3 over `message`, Z computed by OpenSSL with `user_id` (GB/T 32918.2)."""
    return openssl_verify(certificate, message, signature, "-sm3", "-sigopt", f"distid:{user_id}")
