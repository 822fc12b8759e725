"""The rows: what a doctor waits for, and what a night's run costs."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pdfseal
from bench.harness import Row, child_peak_mb, child_wall_ms, paired
from bench.inputs import FIXTURES, FOLDER, pdf_of_pages, pdf_of_size
from pdfseal.adapters.keys import LocalSigner, load_private_key
from pdfseal.crypto import schemes
from pdfseal.crypto.digests import new_hash
from pdfseal.crypto.schemes import SCHEMES

WHEN = datetime(2026, 6, 1, tzinfo=UTC)
CHUNK = 1 << 20


def _certificate(name: str) -> pdfseal.Certificate:
    return pdfseal.Certificate.load((FIXTURES / "pki" / f"{name}.crt.pem").read_bytes())


def _key(name: str) -> LocalSigner:
    return load_private_key((FIXTURES / "pki" / f"{name}.key.pem").read_bytes())


def _trust(family: str) -> pdfseal.TrustAnchors:
    return pdfseal.TrustAnchors((_certificate(f"{family}-root"),))


def _prepare(path: Path | bytes, family: str) -> pdfseal.PreparedSeal:
    return pdfseal.prepare(
        path,
        placement=pdfseal.AtPoint(1, pdfseal.Point(200, 200), fit=pdfseal.Size(120, 120)),
        appearance=pdfseal.Appearance((FIXTURES / "pictures" / "seal-round-palette.png").read_bytes()),
        signer=_certificate(f"{family}-signer"),
        chain=(_certificate(f"{family}-inter"),),
        when=WHEN,
    )


def _sign(prepared: pdfseal.PreparedSeal, family: str) -> bytes:
    return _key(f"{family}-signer").sign(prepared.hash_set_bytes, SCHEMES[prepared.signature_scheme])


def _sealed(path: Path, family: str, output: Path) -> Path:
    prepared = _prepare(path, family)
    prepared.write(output, patch=pdfseal.compose(prepared, _sign(prepared, family)), sync=False)
    return output


def _hash_file(path: Path, *names: str) -> None:
    """The floor of everything that judges bytes: each digest in a thread of its own, as ours does."""

    def one(name: str) -> bytes:
        hasher = new_hash(name)
        with path.open("rb", buffering=0) as file:
            while piece := file.read(CHUNK):
                hasher.update(piece)
        return hasher.digest()

    if len(names) == 1:
        one(names[0])
        return
    with ThreadPoolExecutor() as pool:
        list(pool.map(one, names))


def prepare_large() -> Iterator[Row]:
    """prepare and write 100 MB against hashing and copying the file once."""
    path, out = pdf_of_size(100), FOLDER / "out.pdf"
    for family, digest in (("p256", "sha256"), ("sm2", "sm3")):

        def floor(digest: str = digest) -> None:
            _hash_file(path, digest)
            shutil.copyfile(path, out)

        def ours(family: str = family) -> None:
            _prepare(path, family).write(out, sync=False)

        yield paired(
            f"prepare + write, 100 MB, {digest}", ours, floor=floor, aim_ratio=1.25,
            note="floor: hash + copy; neither side flushes to disk",
        )  # fmt: skip


def compose() -> Iterator[Row]:
    """compose into the prepared file, at two sizes; and the stateless way against the hash."""
    for megabytes in (0.1, 100):
        path = FOLDER / f"prepared-{megabytes:g}.pdf"
        prepared = _prepare(pdf_of_size(megabytes), "sm2")
        prepared.write(path, sync=False)
        signature = _sign(prepared, "sm2")

        def ours(
            prepared: pdfseal.PreparedSeal = prepared, signature: bytes = signature, path: Path = path
        ) -> None:
            pdfseal.compose(prepared, signature).write_in_place(path, sync=False)

        yield paired(f"compose in place, {megabytes:g} MB", ours, aim_ms=10, note="without fsync")
    prepared = _prepare(pdf_of_size(100), "sm2")
    path = FOLDER / "prepared-stateless.pdf"
    prepared.write(path, sync=False)
    signature = _sign(prepared, "sm2")

    def stateless() -> None:
        from pdfseal import sealing
        from pdfseal.pdf.source import opened

        with opened(path) as source:
            sealing.compose_prepared(
                source, prepared.hash_set_bytes, signature, certificates=prepared.certificates
            )

    yield paired(
        "compose_prepared, 100 MB, sm3", stateless, floor=lambda: _hash_file(path, "sm3"), aim_ratio=1.2
    )


def verify_large() -> Iterator[Row]:
    """verify one signature of 100 MB against the digests that a report states."""
    for family in ("p256", "sm2"):
        path = _sealed(pdf_of_size(100), family, FOLDER / f"sealed-100-{family}.pdf")
        trust = _trust(family)

        def ours(path: Path = path, trust: pdfseal.TrustAnchors = trust) -> None:
            pdfseal.verify(path, trust=trust, at=WHEN).require_valid()

        yield paired(
            f"verify 1 signature, 100 MB, {family}", ours, aim_ratio=1.2,
            floor=lambda path=path: _hash_file(path, "sha256", "sm3"),
            note="floor: SHA-256 and SM3 of the file, in two threads",
        )  # fmt: skip


def verify_path() -> Iterator[Row]:
    """verify a small file with a path of three certificates and revocation data, above its digest."""
    from pdfseal.crypto.digests import digest

    data = (FIXTURES / "pdf" / "producers" / "libreoffice-contract.pdf").read_bytes()
    for family in ("sm2", "p256"):
        prepared = _prepare(data, family)
        sealed = pdfseal.compose(prepared, _sign(prepared, family)).applied_to(prepared.pdf_bytes())
        trust = _trust(family)

        def ours(sealed: bytes = sealed, trust: pdfseal.TrustAnchors = trust) -> None:
            pdfseal.verify(sealed, trust=trust, at=WHEN).require_valid()

        def floor(sealed: bytes = sealed) -> None:
            digest("sha256", sealed)
            digest("sm3", sealed)

        row = paired(f"verify, path of three cached, {family}", ours, floor=floor, runs=21, batch=5)
        above = row.ours - (row.floor or 0)
        yield Row(
            row.name, above, aim="<= 2 ms above the digests", met=above <= 2, note="of a 130 KB contract"
        )


def verify_pages() -> Iterator[Row]:
    """verify two signatures on 5,000 pages against pyHanko, CPU time."""
    first = _sealed(pdf_of_pages(5000), "p256", FOLDER / "pages-1.pdf")
    path = _sealed(first, "rsa", FOLDER / "pages-2.pdf")
    trust = pdfseal.TrustAnchors((_certificate("p256-root"), _certificate("rsa-root")))

    def ours() -> None:
        pdfseal.verify(path, trust=trust, at=WHEN).require_valid()

    def pyhanko() -> None:
        from pyhanko.pdf_utils.reader import PdfFileReader
        from pyhanko.sign.validation import validate_pdf_signature
        from pyhanko_certvalidator import ValidationContext

        roots = [_asn1(one) for one in trust.certificates]
        with path.open("rb") as file:
            for signature in PdfFileReader(file).embedded_signatures:
                status = validate_pdf_signature(signature, ValidationContext(trust_roots=roots, moment=WHEN))
                if not status.bottom_line:
                    raise RuntimeError("pyHanko does not accept the file")

    yield paired(
        "verify 2 signatures, 5,000 pages", ours, peer=pyhanko, runs=7, aim_speedup=20, clock="cpu",
        note="peer: pyHanko, same verdict",
    )  # fmt: skip


def verify_many() -> Iterator[Row]:
    """verify many signatures in one file: each must not cost more for the others that are there."""
    data, kept = pdf_of_pages(10).read_bytes(), {}
    for count in range(1, 201):
        prepared = _prepare(data, "p256")
        patch = pdfseal.compose(prepared, _sign(prepared, "p256"))
        data = patch.applied_to(prepared.pdf_bytes())
        if count in (20, 200):
            kept[count] = data
    trust = _trust("p256")

    def verify(pdf: bytes, times: int = 1) -> None:
        for _ in range(times):
            pdfseal.verify(pdf, trust=trust, at=WHEN).require_valid()

    yield paired(
        "verify 200 signatures in one file", lambda: verify(kept[200]), floor=lambda: verify(kept[20], 10),
        runs=5, aim_ratio=1.25, clock="cpu", note="floor: 20 signatures in one file, ten times",
    )  # fmt: skip


def _asn1(certificate: pdfseal.Certificate) -> Any:
    from asn1crypto import x509

    return x509.Certificate.load(certificate.der)


def prepare_small() -> Iterator[Row]:
    """prepare, sign and compose a real 130 KB contract in memory, against pyHanko."""
    data = (FIXTURES / "pdf" / "producers" / "libreoffice-contract.pdf").read_bytes()
    yield paired("prepare, 130 KB contract", lambda: _prepare(data, "p256"), aim_ms=10, runs=21)

    def ours() -> None:
        prepared = _prepare(data, "p256")
        pdfseal.compose(prepared, _sign(prepared, "p256")).applied_to(prepared.pdf_bytes())

    yield paired("seal, 130 KB contract, P-256", ours, peer=_pyhanko_sealer(data), runs=11, aim_speedup=1,
                 note="peer: pyHanko, visible field with the same picture")  # fmt: skip


def _pyhanko_sealer(data: bytes) -> Any:
    """pyHanko sealing the same document with the same picture and key."""
    import io

    from pyhanko import stamp
    from pyhanko.pdf_utils.images import PdfImage
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    signer = signers.SimpleSigner.load(
        str(FIXTURES / "pki" / "p256-signer.key.pem"), str(FIXTURES / "pki" / "p256-signer.crt.pem")
    )
    picture = FIXTURES / "pictures" / "seal-round-palette.png"

    def seal() -> None:
        writer = IncrementalPdfFileWriter(io.BytesIO(data))
        spec = fields.SigFieldSpec("Signature1", on_page=0, box=(140, 140, 260, 260))
        signers.PdfSigner(
            signers.PdfSignatureMetadata(field_name="Signature1", md_algorithm="sha256"),
            signer=signer,
            stamp_style=stamp.StaticStampStyle(background=PdfImage(str(picture)), border_width=0),
            new_field_spec=spec,
        ).sign_pdf(writer)

    return seal


def memory() -> Iterator[Row]:
    """Peak memory of the whole command on 100 MB above that on 100 KB."""
    peaks = []
    for megabytes in (0.1, 100):
        arguments = [
            "sign", str(pdf_of_size(megabytes)), "-o", str(FOLDER / "out.pdf"), "--at", "200,200",
            "--key", str(FIXTURES / "pki" / "sm2-signer.key.pem"),
            "--cert", str(FIXTURES / "pki" / "sm2-signer.crt.pem"),
            "--image", str(FIXTURES / "pictures" / "seal-round-palette.png"),
        ]  # fmt: skip
        program = "import sys; from pdfseal_cli.main import main; sys.argv[0] = 'pdfseal'; main()"
        peaks.append(statistics.median(child_peak_mb("-c", program, *arguments) for _ in range(3)))
    yield Row(
        "pdfseal sign: memory at 100 MB above 100 KB", peaks[1] - peaks[0], unit="MiB",
        aim="<= 64 MiB", met=peaks[1] - peaks[0] <= 64, note=f"peak {peaks[1]:.0f} MiB",
    )  # fmt: skip


def import_time() -> Iterator[Row]:
    """`import pdfseal` in a fresh process, above an empty one."""
    own, empty, peer = [], [], []
    for _ in range(9):
        empty.append(child_wall_ms("-c", "pass"))
        own.append(child_wall_ms("-c", "import pdfseal"))
        peer.append(child_wall_ms("-c", "import pyhanko.sign.signers, pyhanko.sign.validation"))
    base = statistics.median(empty)
    ours, theirs = statistics.median(own) - base, statistics.median(peer) - base
    yield Row("import pdfseal", ours, peer=theirs, ratio=theirs / ours,
              aim="<= 250 ms", met=ours <= 250, note="above an empty interpreter; peer: pyHanko",
              spread=(max(own) - min(own)) / ours)  # fmt: skip


def sm2_verify() -> Iterator[Row]:
    """Our whole SM2 verification, digest included, against the one library call in it."""
    from pdfseal import asn1
    from pdfseal.crypto import sm2_native

    scheme, key = SCHEMES["sm2-sm3"], _certificate("sm2-signer").public_key
    message = b"to be signed" * 20
    signature = _key("sm2-signer").sign(message, scheme)
    e = schemes.message_digest(scheme, key, message)
    native = sm2_native.load()
    library, handle = native._library, native._public_key(key.point or b"").handle
    context = library.EVP_PKEY_CTX_new(handle, None)
    library.EVP_PKEY_verify_init(context)
    der = asn1.read(signature).raw

    def raw() -> None:
        if library.EVP_PKEY_verify(context, der, len(der), e, len(e)) != 1:
            raise RuntimeError("the library does not accept the signature")

    def ours() -> None:
        if not schemes.verify(scheme, key, message, signature):
            raise RuntimeError("the signature does not verify")

    yield paired("SM2 verify", ours, floor=raw, aim_ratio=1.3, runs=15, batch=50,
                 note="floor: EVP_PKEY_verify alone")  # fmt: skip


ROWS = {
    "prepare-large": prepare_large,
    "compose": compose,
    "verify-large": verify_large,
    "verify-path": verify_path,
    "verify-pages": verify_pages,
    "verify-many": verify_many,
    "prepare-small": prepare_small,
    "memory": memory,
    "import": import_time,
    "sm2": sm2_verify,
}


def quiet() -> None:
    """pyHanko speaks through logging; the table should not be interrupted."""
    import logging

    logging.disable(logging.CRITICAL)
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
