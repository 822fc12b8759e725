"""`pdfseal demo`: the main job on a real contract, with every scheme and outside signers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import click

import pdfseal
from pdfseal import Appearance, AtPoint, Point, Report, Size, TrustAnchors, Wording
from pdfseal.adapters.keys import CommandSigner
from pdfseal.crypto.schemes import SCHEMES
from pdfseal_cli.demo_pki import KINDS, Identity, make_identity, now_utc
from pdfseal_cli.edge import guarded, print_json
from pdfseal_cli.params import json_option

_PAGE = 3
_PARTY_A, _PARTY_B = Point(205, 385), Point(435, 385)  # beside 甲方（盖章） and 乙方（盖章）
_RENDER_DPI = 110


@dataclass(frozen=True, slots=True)
class Step:
    """One file of the demonstration and the verdict on it."""

    name: str
    what: str
    report: Report
    expected: str

    @property
    def as_expected(self) -> bool:
        return self.report.verdict == self.expected


@click.command()
@click.argument("folder", default="pdfseal-demo", type=click.Path(file_okay=False))
@json_option
@guarded
def demo(folder: str, as_json: bool) -> int:
    """Seal a contract in every scheme, twice each, verify, render, tamper; all into FOLDER."""
    target = Path(folder)
    (target / "pki").mkdir(parents=True, exist_ok=True)
    _say(as_json, f"making keys and certificates in {target}/pki: {', '.join(KINDS)}")
    identities = {kind: make_identity(kind, target / "pki", now_utc()) for kind in KINDS}
    trust = TrustAnchors(tuple(one.root for one in identities.values()))
    (target / "pki" / "roots.pem").write_bytes(b"".join(one.root.pem for one in identities.values()))
    steps = []
    for step in _steps(target, identities, trust):
        steps.append(step)
        _say(as_json, f"{step.name}: {step.what}: {click.style(step.report.verdict, bold=True)}")
    picture = _render(target / "contract-sm2.pdf", target / "contract-sm2-page3.png")
    _say(as_json, f"{picture.name}: page {_PAGE} as a reader shows it")
    _say(as_json, f"\ntry: pdfseal verify {target}/contract-sm2.pdf --trust {target}/pki/roots.pem")
    if as_json:
        rows = [
            {"file": s.name, "what": s.what, "verdict": s.report.verdict, "expected": s.expected}
            for s in steps
        ]
        print_json({"schema": 1, "folder": str(target), "files": rows})
    return 0 if all(step.as_expected for step in steps) else 7


def _say(quiet: bool, text: str) -> None:
    if not quiet:
        click.echo(text)


def _steps(target: Path, identities: dict[str, Identity], trust: TrustAnchors) -> Iterator[Step]:
    original = _bundled("contract.pdf")
    (target / "contract.pdf").write_bytes(original)
    for index, kind in enumerate(KINDS):
        first, second = identities[kind], identities[KINDS[(index + 1) % len(KINDS)]]
        path = target / f"contract-{kind}.pdf"
        _seal(target / "contract.pdf", path, first, _PARTY_A, "company-seal.png", Size(119, 119))
        yield _judge(path, f"party A sealed with {kind}", trust, "passed")
        _seal(path, path, second, _PARTY_B, "person-seal.png", Size(60, 75))
        yield _judge(path, f"party B sealed with {second.kind}, after party A", trust, "passed")
    tampered = bytearray((target / "contract-sm2.pdf").read_bytes())
    tampered[len(original) // 2] ^= 1
    path = target / "contract-sm2-tampered.pdf"
    path.write_bytes(tampered)
    yield _judge(path, "one bit of the contract flipped", trust, "failed")


def _seal(source: Path, output: Path, identity: Identity, centre: Point, picture: str, size: Size) -> None:
    """Prepare here, sign in another process, compose here: this process never opens the key."""
    prepared = pdfseal.prepare(
        str(source),
        placement=AtPoint(_PAGE, centre, fit=size),
        appearance=Appearance(_bundled(picture)),
        signer=identity.certificate,
        chain=(identity.intermediate,),
        wording=Wording(reason="签署合同"),
    )
    outside = CommandSigner([sys.executable, "-m", "pdfseal_cli.outside_signer", str(identity.key_path)])
    signature = outside.sign(prepared.hash_set_bytes, SCHEMES[prepared.signature_scheme])
    prepared.write(output, patch=pdfseal.compose(prepared, signature))


def _judge(path: Path, what: str, trust: TrustAnchors, expected: str) -> Step:
    return Step(path.name, what, pdfseal.verify(str(path), trust=trust), expected)


def _bundled(name: str) -> bytes:
    return (resources.files("pdfseal_cli") / "data" / name).read_bytes()


def _render(pdf: Path, picture: Path) -> Path:
    import pypdfium2

    document: Any = pypdfium2.PdfDocument(str(pdf))
    try:
        document.init_forms()
        document[_PAGE - 1].render(scale=_RENDER_DPI / 72, may_draw_forms=True).to_pil().save(picture)
    finally:
        document.close()
    return picture
