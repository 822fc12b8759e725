"""Electronic seals for tests, made with pdfseal itself, and the outside tools that judge them."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fixtures.ses_forge import BYTE_RANGE, DOCUMENT, Party, party
from pdfseal.containers.base import Container, ContainerCheck
from pdfseal.containers.seal import SealDraft, finish_seal, seal_to_be_signed
from pdfseal.containers.ses import SesPlan, finish_ses, plan_ses
from pdfseal.crypto.digests import digest
from pdfseal.crypto.keys import PublicKey

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "fixtures" / "ses"
PICTURE = (ROOT / "fixtures" / "pictures" / "seal-person-125x156.png").read_bytes()
LAYOUTS = ("ses2014", "ses2020")
FAMILIES = ("sm2", "rsa", "p256")
WHEN = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
RANGE = tuple(map(int, BYTE_RANGE.split(",")))


def samples() -> list[dict[str, Any]]:
    return json.loads((SAMPLES / "index.json").read_text(encoding="utf-8"))["files"]


def draft(layout: str, *owners: Party, **changes: Any) -> SealDraft:
    plain = SealDraft(
        layout=layout,  # type: ignore[arg-type]
        name="pdfseal 测试专用章",
        type=1,
        picture=PICTURE,
        width_mm=32,
        height_mm=40,
        owners=tuple(owner.certificate for owner in owners),
        created=datetime(2024, 1, 1, tzinfo=UTC),
        valid_from=datetime(2024, 1, 1, tzinfo=UTC),
        valid_until=datetime(2030, 1, 1, tzinfo=UTC),
        esid="3f0e6e0c-6a64-4c3e-9b0a-0d5f4f9d7c11",
        vendor="PDFSEAL",
    )
    return replace(plain, **changes)


@cache
def who(name: str) -> Party:
    return party(name)


def make_seal(layout: str, family: str = "sm2", **changes: Any) -> bytes:
    maker = who(f"{family}-maker")
    to_be_signed = seal_to_be_signed(
        draft(layout, who(f"{family}-signer"), **changes), maker=maker.certificate
    )
    return finish_seal(to_be_signed, maker.sign(to_be_signed), maker=maker.certificate)


def make_plan(layout: str, family: str = "sm2", **changes: Any) -> SesPlan:
    return plan_ses(make_seal(layout, family, **changes), who(f"{family}-signer").certificate)


def sign(plan: SesPlan, document: bytes = DOCUMENT, *, when: datetime = WHEN) -> bytes:
    """DER SES_Signature over `document`."""
    hashed = digest(plan.digest_algorithm, document)
    tbs = plan.to_be_signed(hashed, byte_range=RANGE, when=when)  # type: ignore[arg-type]
    family = {"sm2": "sm2", "rsa": "rsa", "ec": "p256"}[plan.signer.public_key.kind]
    signature = who(f"{family}-signer").sign(tbs)
    return finish_ses(tbs, signature, certificates=plan.certificates).der


def check(container: Container, document: bytes = DOCUMENT) -> ContainerCheck:
    return container.check({spec: digest(spec.algorithm, document) for spec in container.needed_digests()})


# -- judges ---------------------------------------------------------------------------------


def openssl_accepts(folder: Path, key: PublicKey, digest_name: str, message: bytes, signature: bytes) -> bool:
    """`openssl dgst -verify`; SM2 with the default id."""
    body = base64.encodebytes(key.spki).decode()
    (folder / "key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\n")
    (folder / "message").write_bytes(message)
    (folder / "signature").write_bytes(signature)
    options = ["-sigopt", "distid:1234567812345678"] if key.kind == "sm2" else []
    command = ["openssl", "dgst", f"-{digest_name}", "-verify", "key.pem", "-signature", "signature"]
    done = subprocess.run([*command, *options, "message"], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0 and b"Verified OK" in done.stdout


BOUNCY_CASTLE = Path("/usr/share/java/bcprov.jar")  # Debian: libbcprov-java
WHY_NO_BOUNCY_CASTLE = (
    "no Java compiler (Debian: default-jdk-headless)"
    if shutil.which("javac") is None
    else "no BouncyCastle (Debian: libbcprov-java)"
    if not BOUNCY_CASTLE.is_file()
    else ""
)


def bouncy_castle_says(files: list[Path]) -> dict[str, list[str]]:
    """File name to: layout, signature good, seal good, esID, propertyInfo, dataHash in hex."""
    program = ROOT / "tests" / "oracles" / "VerifySes.java"
    command = ["java", "-cp", str(BOUNCY_CASTLE), str(program), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
