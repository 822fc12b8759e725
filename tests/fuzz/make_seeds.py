"""Writes seeds/*.pdf: one small sealed file of every scheme and kind. `python -m tests.fuzz.make_seeds`

Signatures are random, so the files differ from run to run; the committed ones are the seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pdfseal
from tests.fuzz.seeds import FIXTURES, HERE
from tests.support.longterm import World
from tests.support.sealing import SCHEMES, WHEN, certificate, private_key
from tests.support.timestamps import stamper
from tests.test_ses_in_pdf import seal_once

DOT = (FIXTURES / "pictures" / "gradient-16bit-alpha.png").read_bytes()
BASES = ("table", "xref-stream", "object-streams", "hybrid", "linearized", "encrypted-aes256-empty-password")


def base(name: str) -> bytes:
    return (FIXTURES / "pdf" / f"{name}.pdf").read_bytes()


def small(pdf: bytes, family: str = "p256", **options: Any) -> bytes:
    """Sealed with a tiny picture, and no more room than the container needs."""
    prepared = pdfseal.prepare(
        pdf,
        placement=pdfseal.AtPoint(page=1, point=pdfseal.Point(60, 60)),
        appearance=pdfseal.Appearance(picture=DOT),
        signer=certificate(f"{family}-signer"),
        chain=[certificate(f"{family}-inter")],
        when=WHEN,
        timestamp=False,
        **options,
    )
    scheme = SCHEMES[prepared.signature_scheme]
    signature = private_key(f"{family}-signer").sign(prepared.hash_set_bytes, scheme)
    return pdfseal.compose(prepared, signature).applied_to(prepared.pdf_bytes())


def samples() -> Iterator[tuple[str, bytes]]:
    for family in ("p256", "rsa", "sm2"):
        yield f"cms-{family}", small(base("table"), family)
    for name in BASES[1:]:
        yield f"cms-on-{name}", small(base(name))
    for layout in ("ses2014", "ses2020"):
        yield layout, seal_once(base("table"), layout, "sm2")
    twice = small(small(base("object-streams")), "rsa")
    yield "twice", twice
    yield "twice-and-document-timestamp", pdfseal.timestamp_document(twice, authority=stamper("p256"))
    yield "document-timestamp", pdfseal.timestamp_document(base("table"), authority=stamper("p256"))
    yield "certified", small(base("table"), certify=2)


def long_term() -> Iterator[tuple[str, bytes]]:
    """A signature with its security store and document timestamp, and the root of its small world."""
    world = World("p256")
    yield "long-term.pdf", world.extended(world.sealed(base("xref-stream"), stamped=True), "B-LTA")
    yield "long-term-roots.pem", b"".join(one.pem for one in world.trust.certificates)


def main() -> None:
    folder = HERE / "seeds"
    folder.mkdir(exist_ok=True)
    for name, data in (*((f"{name}.pdf", data) for name, data in samples()), *long_term()):
        (folder / name).write_bytes(data)
        print(f"{name}  {len(data)} bytes")


if __name__ == "__main__":
    main()
