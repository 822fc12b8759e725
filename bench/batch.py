"""Rows of the night's run: sealed files a second and core, against pyHanko; and the batch as a whole."""

from __future__ import annotations

import io
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pdfseal
from bench.harness import Row, paired
from bench.inputs import FIXTURES, FOLDER, pdf_of_size
from pdfseal.adapters.batch import Item, Job, KeySource, SealOrder, Signing
from pdfseal.adapters.batch.local import usable_cores
from pdfseal.adapters.batch.work import carry_out
from pdfseal.api import make_plan
from pdfseal_cli.demo_pki import MAKER, make_identity, make_seal, now_utc

MEGABYTES = 200 / 1024
FILES = 1000
PICTURE = FIXTURES / "pictures" / "seal-round-palette.png"
PKI = FIXTURES / "pki"


def _certificate(name: str) -> pdfseal.Certificate:
    return pdfseal.Certificate.load((PKI / f"{name}.crt.pem").read_bytes())


def cms(family: str) -> Signing:
    """A signer of the test PKI, with its issuer, for CMS."""
    plan = make_plan(None, _certificate(f"{family}-signer"), [_certificate(f"{family}-inter")])
    return Signing(plan, KeySource(str(PKI / f"{family}-signer.key.pem")))


def ses(layout: Literal["ses2014", "ses2020"]) -> Signing:
    """An SM2 signer with an electronic seal, both made here."""
    folder = FOLDER / f"seal-{layout}"
    folder.mkdir(exist_ok=True)
    owner, maker = (make_identity(kind, folder, now_utc()) for kind in ("sm2", MAKER))
    seal = make_seal(layout, PICTURE.read_bytes(), 42, owner, maker, now_utc())
    plan = make_plan(None, owner.certificate, [owner.intermediate], seal=seal)
    return Signing(plan, KeySource(str(owner.key_path)))


def worker(path: Path, output: Path, signing: Signing) -> Callable[[], None]:
    """What a worker does with one file, from path to path, as `pdfseal batch seal` has it done."""
    job = Job(bytes(16), "seal", {"": signing})
    order = SealOrder(
        "", pdfseal.AtPoint(1, pdfseal.Point(200, 200), fit=pdfseal.Size(120, 120)), str(PICTURE),
        pdfseal.Appearance(), pdfseal.Wording(),
    )  # fmt: skip
    item = Item("x", str(path), str(output), order)

    def do() -> None:
        output.unlink(missing_ok=True)
        outcome = carry_out(job, item)
        if outcome.status != "done":
            raise RuntimeError(outcome.message)

    return do


def pyhanko(path: Path, output: Path) -> Callable[[], None]:
    """pyHanko from path to path: the same place and picture (decoded before), the signer loaded before."""
    from PIL import Image
    from pyhanko import stamp
    from pyhanko.pdf_utils.images import PdfImage
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    signer = signers.SimpleSigner.load(
        str(PKI / "p256-signer.key.pem"), str(PKI / "p256-signer.crt.pem"),
        ca_chain_files=(str(PKI / "p256-inter.crt.pem"),),
    )  # fmt: skip
    image = Image.open(PICTURE)
    image.load()

    def do() -> None:
        style = stamp.StaticStampStyle(background=PdfImage(image), border_width=0)
        spec = fields.SigFieldSpec("Signature1", on_page=0, box=(140, 140, 260, 260))
        metadata = signers.PdfSignatureMetadata(
            field_name="Signature1", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
        )
        sealer = signers.PdfSigner(metadata, signer=signer, stamp_style=style, new_field_spec=spec)
        with path.open("rb") as source:
            sealed = sealer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(source.read())))
        output.write_bytes(sealed.getbuffer())

    return do


def files_per_core() -> Iterator[Row]:
    """One core, warm, path to path: sealed files of 200 KB, P-256 against pyHanko; SM2 in CMS and seals."""
    path, out = pdf_of_size(MEGABYTES), FOLDER / "batch-out.pdf"
    peer = pyhanko(path, FOLDER / "batch-peer.pdf")
    yield paired("seal a 200 KB file, P-256", worker(path, out, cms("p256")), peer=peer, runs=15, batch=10,
                 aim_speedup=10, clock="cpu", note="peer: pyHanko, warm, same picture and place")  # fmt: skip
    for name, signing in (
        ("SM2, CMS", cms("sm2")), ("SM2, ses2014", ses("ses2014")), ("SM2, ses2020", ses("ses2020"))
    ):  # fmt: skip
        yield paired(f"seal a 200 KB file, {name}", worker(path, out, signing), peer=peer, runs=9, batch=10,
                     clock="cpu", note="peer: pyHanko with P-256; it has no SM2")  # fmt: skip


def batch_run() -> Iterator[Row]:
    """`pdfseal batch seal`, the whole program, all cores: files a second and core."""
    source, output = FOLDER / "batch-in", FOLDER / "batch-out"
    original = pdf_of_size(MEGABYTES)
    source.mkdir(exist_ok=True)
    for index in range(FILES):
        path = source / f"{index:05}.pdf"
        if not path.exists():
            path.hardlink_to(original)
    for family, name in (("p256", "P-256"), ("sm2", "SM2, CMS")):
        rates = [_rate(source, output, PKI / f"{family}-signer", PKI / f"{family}-inter") for _ in range(3)]
        rate = statistics.median(rates)
        yield Row(f"batch of {FILES} files of 200 KB, {name}", rate, unit="/s",
                  note=f"{usable_cores()} cores, flushed to disk",
                  spread=(max(rates) - min(rates)) / rate)  # fmt: skip
    shutil.rmtree(output, ignore_errors=True)


def _rate(source: Path, output: Path, signer: Path, issuer: Path) -> float:
    """Files a second of one run of the program, its start and the flush of the disk included."""
    shutil.rmtree(output, ignore_errors=True)
    program = "from pdfseal_cli.main import main; main(prog_name='pdfseal')"
    arguments = [
        "batch", "seal", str(source), "-o", str(output), "--json", "--at", "200,200", "--fit", "120,120",
        "--key", f"{signer}.key.pem", "--cert", f"{signer}.crt.pem", "--chain", f"{issuer}.crt.pem",
        "--image", str(PICTURE),
    ]  # fmt: skip
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, check=True)
    if json.loads(done.stdout)["done"] != FILES:
        raise RuntimeError("not every file was sealed")
    return FILES / (time.perf_counter() - start)


BATCH_ROWS = {"files-per-core": files_per_core, "batch": batch_run}
