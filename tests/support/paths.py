"""The path cases of fixtures/pki/paths, and OpenSSL as their second judge."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pdfseal.pki.certificate import Certificate
from pdfseal.pki.crl import RevocationList
from pdfseal.pki.ocsp import OcspResponse
from pdfseal.pki.revocation import RevocationData, RevocationPolicy
from pdfseal.pki.trust import TrustAnchors
from pdfseal.pki.validation import Validation, validate_certificate
from tests.support.oracles import run

PATHS = Path(__file__).parents[2] / "fixtures" / "pki" / "paths"


@cache
def cases() -> list[dict[str, Any]]:
    return json.loads((PATHS / "index.json").read_text(encoding="utf-8"))["cases"]


def rows() -> list[tuple[str, dict[str, Any]]]:
    """Every case with every family that it is meant for."""
    return [(family, case) for case in cases() for family in case["families"]]


@cache
def certificate(family: str, name: str) -> Certificate:
    return Certificate.load((PATHS / family / f"{name}.crt").read_bytes())


def crl(family: str, name: str) -> RevocationList:
    return RevocationList.from_der((PATHS / family / f"{name}.crl").read_bytes())


def ocsp(family: str, name: str) -> OcspResponse:
    return OcspResponse.from_der((PATHS / family / f"{name}.ocsp").read_bytes())


def moment(case: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(case["at"]).replace(tzinfo=UTC)


def judge(family: str, case: dict[str, Any], **options: Any) -> Validation:
    """What pdfseal says of a case."""
    certificates = {
        key: tuple(certificate(family, name) for name in case[key]) for key in ("untrusted", "anchors")
    }
    return validate_certificate(
        certificate(family, case["leaf"]),
        anchors=TrustAnchors(certificates["anchors"]),
        untrusted=certificates["untrusted"],
        at=moment(case),
        purpose=case["purpose"],
        data=RevocationData(
            tuple(crl(family, name) for name in case["crls"]),
            tuple(ocsp(family, name) for name in case["ocsps"]),
        ),
        policy=RevocationPolicy(mode=case["mode"]),
        policies=frozenset(case["policies"]),
        **options,
    )


def openssl(family: str, case: dict[str, Any]) -> tuple[bool, str]:
    """Whether `openssl verify` accepts the leaf of a case, and its words."""
    folder = PATHS / family

    def joined(names: list[str], suffix: str, target: Path) -> Path:
        target.write_bytes(b"".join((folder / f"{name}{suffix}").read_bytes() for name in names))
        return target

    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        command: list[str | Path] = ["openssl", "verify", "-no-CAstore", "-no-CApath", "-no_check_time"]
        command[-1:] = ["-attime", str(int(moment(case).timestamp()))]
        command += ["-CAfile", joined(case["anchors"], ".crt", place / "anchors.pem")]
        if case["untrusted"]:
            command += ["-untrusted", joined(case["untrusted"], ".crt", place / "untrusted.pem")]
        if case["crls"]:
            lists = place / "crls.pem"
            for name in case["crls"]:
                done = run("openssl", "crl", "-inform", "DER", "-in", folder / f"{name}.crl")
                with lists.open("ab") as file:
                    file.write(done.stdout)
            command += ["-CRLfile", lists]
        if family == "sm2":
            command += ["-vfyopt", "distid:1234567812345678"]
        done = run(*command, *case["openssl_options"], folder / f"{case['leaf']}.crt")
        return done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")
