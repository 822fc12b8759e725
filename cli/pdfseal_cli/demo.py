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
from pdfseal import Appearance, AtPoint, Point, Report, TrustAnchors, Wording
from pdfseal.adapters.keys import CommandSigner
from pdfseal.containers.ses_common import Layout
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.sealimage import PersonalSeal, RoundSeal, seal_image
from pdfseal_cli.demo_pki import KINDS, MAKER, Identity, make_identity, make_seal, now_utc
from pdfseal_cli.edge import guarded, print_json, say
from pdfseal_cli.kinds import FOLDER
from pdfseal_cli.params import json_option

_PAGE = 3
_PARTY_A, _PARTY_B = Point(205, 385), Point(435, 385)  # beside 甲方（盖章） and 乙方（盖章）
_SEAL_MM = 40
_RENDER_DPI = 110
_LAYOUTS: tuple[Layout, ...] = ("ses2014", "ses2020")
# How party A seals, and then party B.
_PAIRS = {"ses2014": "rsa", "ses2020": "p256", "sm2": "rsa", "rsa": "p256", "p256": "sm2"}


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


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demonstration works with."""

    folder: Path
    identities: dict[str, Identity]
    trust: TrustAnchors
    company: bytes
    person: bytes
    seals: dict[str, bytes]


@click.command()
@click.argument("folder", default="pdfseal-demo", type=FOLDER)
@json_option
@guarded
def demo(folder: str, as_json: bool) -> int:
    """Seal a contract in every scheme, twice each, verify, render, tamper; all into FOLDER."""
    stage = _set_up(Path(folder), as_json)
    steps = []
    for step in _steps(stage):
        steps.append(step)
        _say(as_json, f"{step.name}: {step.what}: {click.style(step.report.verdict, bold=True)}")
    picture = _render(stage.folder / "contract-ses2020.pdf", stage.folder / "contract-ses2020-page3.png")
    _say(as_json, f"{picture.name}: page {_PAGE} as a reader shows it")
    pki = f"--trust {folder}/pki/roots.pem --untrusted {folder}/pki/intermediates.pem"
    _say(as_json, f"\ntry: pdfseal verify {folder}/contract-ses2020.pdf {pki}")
    if as_json:
        rows = [
            {"file": s.name, "what": s.what, "verdict": s.report.verdict, "expected": s.expected}
            for s in steps
        ]
        print_json({"schema": 1, "folder": folder, "files": rows})
    return 0 if all(step.as_expected for step in steps) else 7


def _set_up(folder: Path, quiet: bool) -> Stage:
    """Keys, certificates, drawn seals and the electronic seals made from them."""
    (folder / "pki").mkdir(parents=True, exist_ok=True)
    _say(quiet, f"making keys and certificates in {folder}/pki: {', '.join((*KINDS, MAKER))}")
    identities = {kind: make_identity(kind, folder / "pki", now_utc()) for kind in (*KINDS, MAKER)}
    roots = [one.root for one in identities.values()]
    (folder / "pki" / "roots.pem").write_bytes(b"".join(root.pem for root in roots))
    between = [one.intermediate for one in identities.values()]
    (folder / "pki" / "intermediates.pem").write_bytes(b"".join(one.pem for one in between))
    company = seal_image(RoundSeal("清江市第三人民医院", line="合同专用章", diameter_mm=_SEAL_MM))
    (folder / "company-seal.png").write_bytes(company)
    seals: dict[str, bytes] = {}
    for layout in _LAYOUTS:
        seals[layout] = make_seal(layout, company, _SEAL_MM, identities["sm2"], identities[MAKER], now_utc())
        (folder / f"company-{layout}.seal").write_bytes(seals[layout])
        _say(quiet, f"company-{layout}.seal: an electronic seal of {layout[3:]}, signed by its maker")
    person = seal_image(PersonalSeal("张三"))
    return Stage(folder, identities, TrustAnchors(tuple(roots)), company, person, seals)


def _say(quiet: bool, text: str) -> None:
    if not quiet:
        say(text)


def _steps(stage: Stage) -> Iterator[Step]:
    original = _bundled("contract.pdf")
    contract = stage.folder / "contract.pdf"
    contract.write_bytes(original)
    for scheme, other in _PAIRS.items():
        kind = "sm2" if scheme in _LAYOUTS else scheme
        path = stage.folder / f"contract-{scheme}.pdf"
        _seal(contract, path, stage.identities[kind], _PARTY_A, stage.company, stage.seals.get(scheme))
        yield _judge(stage, path, f"party A sealed with {scheme}", "passed")
        _seal(path, path, stage.identities[other], _PARTY_B, stage.person, None)
        yield _judge(stage, path, f"party B sealed with {other}, after party A", "passed")
    tampered = bytearray((stage.folder / "contract-ses2020.pdf").read_bytes())
    tampered[len(original) // 2] ^= 1
    path = stage.folder / "contract-ses2020-tampered.pdf"
    path.write_bytes(tampered)
    yield _judge(stage, path, "one bit of the contract flipped", "failed")


def _seal(
    source: Path, output: Path, identity: Identity, centre: Point, picture: bytes, electronic: bytes | None
) -> None:
    """Prepare here, sign in another process, compose here: this process never opens the key."""
    prepared = pdfseal.prepare(
        str(source),
        placement=AtPoint(_PAGE, centre),
        appearance=Appearance(None if electronic is not None else picture),
        seal=electronic,
        signer=identity.certificate,
        chain=(identity.intermediate,),
        wording=Wording(reason="签署合同"),
    )
    outside = CommandSigner([sys.executable, "-m", "pdfseal_cli.outside_signer", str(identity.key_path)])
    signature = outside.sign(prepared.hash_set_bytes, SCHEMES[prepared.signature_scheme])
    patch = pdfseal.compose(prepared, signature)
    prepared.write(output, patch=patch, in_place=source == output)


def _judge(stage: Stage, path: Path, what: str, expected: str) -> Step:
    """SES_Signature brings no intermediate certificates: the verifier has them from the authority."""
    untrusted = tuple(one.intermediate for one in stage.identities.values())
    return Step(path.name, what, pdfseal.verify(str(path), trust=stage.trust, untrusted=untrusted), expected)


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
