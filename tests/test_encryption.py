"""Every kind of encryption of the standard: opened, read, sealed; qpdf and pyHanko read the result."""

from __future__ import annotations

import io
import re
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.pdf_utils.reader import PdfFileReader

import pdfseal
from pdfseal.errors import CallerError, DocumentError
from pdfseal.pdf.changes.values import alike
from pdfseal.pdf.document import Document
from pdfseal.pdf.encryption import Doubtful, Security, Vectors
from pdfseal.pdf.source import BytesSource
from pdfseal.pdf.syntax import Dictionary, Name, Ref, serialise
from pdfseal.pdf.xref import InUse
from tests.conftest import FIXTURES
from tests.support.oracles import pyhanko_status, qpdf_check
from tests.support.sealing import WHEN, seal, trust

WEAK = "--allow-weak-crypto"
# Name -> options of qpdf behind --encrypt USER OWNER, and what strings and streams are encrypted with.
KINDS = {
    "rc4-40": ("40", "rc4"),
    "rc4-128": ("128 --use-aes=n", "rc4"),
    "rc4-128-crypt-filters": ("128 --use-aes=n --force-V4", "rc4"),
    "rc4-128-plain-metadata": ("128 --use-aes=n --force-V4 --cleartext-metadata", "rc4"),
    "aes-128": ("128 --use-aes=y", "aes128"),
    "aes-128-plain-metadata": ("128 --use-aes=y --cleartext-metadata", "aes128"),
    "aes-256-revision-5": ("256 --force-R5", "aes256"),
    "aes-256-revision-6": ("256", "aes256"),
    "aes-256-plain-metadata": ("256 --cleartext-metadata", "aes256"),
}
ROOT = FIXTURES / "pki" / "p256-root.crt.pem"
PLAIN_TEXT = b"2 w 20 20 100 100 re S"
TEXT = zlib.compress(PLAIN_TEXT)
USER, OWNER = "user-secret", "owner-secret"


def encrypted(
    name: str, folder: Path, *, user: str = USER, source: str = "table", packed: bool = False
) -> bytes:
    options, _ = KINDS[name]
    made = folder / f"{name}.pdf"
    streams = ["--object-streams=generate"] if packed else []
    command = ["qpdf", WEAK, *streams, "--encrypt", user, OWNER, *options.split(), "--"]
    subprocess.run([*command, FIXTURES / "pdf" / f"{source}.pdf", made], check=True, capture_output=True)
    return made.read_bytes()


def check_sealed(data: bytes, folder: Path, password: str | None) -> None:
    """Seals twice; ours, qpdf and pyHanko agree about the result."""
    once = seal(data, password=password)
    twice = seal(once.pdf, password=password)
    assert twice.pdf.startswith(data)
    report = pdfseal.verify(twice.pdf, trust=trust("p256"), at=WHEN, password=password)
    assert report.verdict == "passed"
    assert len(report.signatures) == 2
    made = folder / "sealed.pdf"
    made.write_bytes(twice.pdf)
    assert qpdf_check(made, password=password or "").exit_code == 0
    if not pyhanko_opens(data, password):
        assert b"/R 5" in data  # the revision of Acrobat 9, which nobody should use
        return
    statuses = pyhanko_status(made, [ROOT], at=WHEN, password=password or "", strict=False)
    assert [one.bottom_line for one in statuses] == [True, True]


def pyhanko_opens(data: bytes, password: str | None) -> bool:
    reader = PdfFileReader(io.BytesIO(data), strict=False)
    return reader.decrypt(password or "").status != AuthStatus.FAILED


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("packed", [False, True])
def test_sealed_with_the_users_password(name: str, packed: bool, tmp_path: Path):
    data = encrypted(name, tmp_path, packed=packed)
    document = Document.open(BytesSource(data), password=USER)
    assert document.security is not None
    assert {document.security.strings, document.security.streams} == {KINDS[name][1]}
    assert not document.security.as_owner
    check_sealed(data, tmp_path, USER)


@pytest.mark.parametrize("name", KINDS)
def test_the_other_passwords(name: str, tmp_path: Path):
    data = encrypted(name, tmp_path)
    owner = Document.open(BytesSource(data), password=OWNER)
    assert owner.security is not None
    assert owner.security.as_owner
    assert seal(data, password=OWNER).pdf.startswith(data)
    for wrong in (None, "", "wrong"):
        with pytest.raises(CallerError) as caught:
            Document.open(BytesSource(data), password=wrong)
        assert caught.value.code == "wrong_password"
    nobody = encrypted(name, tmp_path, user="")
    assert pdfseal.verify(nobody).verdict == "unsigned"
    check_sealed(nobody, tmp_path, None)


@pytest.mark.parametrize(
    "name", ["aes-128-plain-metadata", "aes-256-plain-metadata", "rc4-128-plain-metadata"]
)
def test_plain_metadata_is_read(name: str, tmp_path: Path):
    data = encrypted(name, tmp_path, source="pdfa-1b")
    document = Document.open(BytesSource(data), password=USER)
    assert document.security is not None
    assert not document.security.encrypt_metadata
    assert pdfseal.inspect(data, password=USER).pdfa_part == 1
    sealed = seal(data, password=USER).pdf
    assert pdfseal.inspect(sealed, password=USER).pdfa_part == 1


# ---- crypt filters, by hand: qpdf writes none of these ----------------------------------------------


def by_hand(folder: Path, strings: str, streams: str, kind: str = "aes-128") -> bytes:
    """A file of five objects; `strings` and `streams` name the crypt filter: Identity or StdCF."""
    data = encrypted(kind, folder, user="")
    document = Document.open(BytesSource(data))
    security, method = document.security, KINDS[kind][1]
    assert security is not None
    with pikepdf.open(io.BytesIO(data)) as pdf:
        entries = pdf.trailer.Encrypt.unparse(resolved=True)
        identifier = pdf.trailer.ID.unparse(resolved=True)
    entries = entries.replace(b"/StmF /StdCF", b"/StmF /%s" % streams.encode())
    entries = entries.replace(b"/StrF /StdCF", b"/StrF /%s" % strings.encode())
    writer = replace(
        security,
        strings="none" if strings == "Identity" else method,
        streams="none" if streams == "Identity" else method,
    )
    return _file(writer, entries, identifier)


def _file(writer: Security, entries: bytes, identifier: bytes) -> bytes:
    vectors = Vectors(b"the same each time")
    default, filters = Name("FlateDecode"), [Name("Crypt"), Name("FlateDecode")]
    identity = Dictionary({"Type": Name("CryptFilterDecodeParms"), "Name": Name("Identity")})
    standard = Dictionary({"Type": Name("CryptFilterDecodeParms"), "Name": Name("StdCF")})
    page = Dictionary(
        {"Type": Name("Page"), "Parent": Ref(2, 0), "MediaBox": [0, 0, 300, 400], "Contents": Ref(4, 0)}
    )
    objects: dict[int, tuple[Dictionary, bytes | None]] = {
        1: (Dictionary({"Type": Name("Catalog"), "Pages": Ref(2, 0), "Lang": b"zh-CN"}), None),
        2: (Dictionary({"Type": Name("Pages"), "Count": 1, "Kids": [Ref(3, 0)]}), None),
        3: (page, None),
        4: (Dictionary({"Filter": default}), TEXT),
        5: (Dictionary({"Filter": filters, "DecodeParms": [identity, None]}), TEXT),
        6: (Dictionary({"Filter": filters, "DecodeParms": [standard, None]}), TEXT),
        7: (Dictionary({"Filter": filters}), TEXT),
    }
    out, rows = bytearray(b"%PDF-1.7\n"), b""
    for number, (dictionary, body) in objects.items():
        ref = Ref(number, 0)
        written = writer.encrypt_value(ref, dictionary, vectors)
        rows += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n" % number
        if body is None:
            out += serialise(written)
        else:
            assert isinstance(written, Dictionary)
            octets = writer.encrypt_stream(ref, dictionary, body, vectors)
            out += (
                serialise(Dictionary({**written, "Length": len(octets)}))
                + b"\nstream\n"
                + octets
                + b"\nendstream"
            )
        out += b"\nendobj\n"
    at = len(out)
    out += b"xref\n0 8\n0000000000 65535 f \n" + rows
    out += b"trailer\n<</Size 8/Root 1 0 R/ID %s/Encrypt %s>>\nstartxref\n%d\n%%%%EOF\n" % (
        identifier,
        entries,
        at,
    )
    return bytes(out)


@pytest.mark.parametrize("strings", ["Identity", "StdCF"])
@pytest.mark.parametrize("streams", ["Identity", "StdCF"])
def test_crypt_filters(strings: str, streams: str, tmp_path: Path):
    data = by_hand(tmp_path, strings, streams)
    document = Document.open(BytesSource(data))
    assert document.catalog["Lang"] == b"zh-CN"
    with pikepdf.open(io.BytesIO(data)) as other:
        for number in (4, 5, 7):
            entry = document.entry(number)
            assert isinstance(entry, InUse)
            assert bytes(document.stream_data(number, entry)[1]) == TEXT
            if number != 7:  # /Crypt without a name is Identity (table 14), and qpdf takes /StrF there
                assert other.get_object(number, 0).read_bytes() == PLAIN_TEXT
    check_sealed(data, tmp_path, None)


def test_a_stream_with_its_own_crypt_filter(tmp_path: Path):
    """Streams are plain, but for the one that names /StdCF."""
    data = by_hand(tmp_path, "StdCF", "Identity")
    document = Document.open(BytesSource(data))
    entry = document.entry(6)
    assert isinstance(entry, InUse)
    assert bytes(document.stream_data(6, entry)[1]) == TEXT
    assert document.indirect(6, entry)[0].body is not None
    with pikepdf.open(io.BytesIO(data)) as other:
        assert other.get_object(6, 0).read_bytes() == PLAIN_TEXT


def test_a_crypt_filter_that_is_not_there(tmp_path: Path):
    data = by_hand(tmp_path, "StdCF", "StdCF").replace(b"/Name /StdCF", b"/Name /Other")
    document = Document.open(BytesSource(data))
    entry = document.entry(6)
    assert isinstance(entry, InUse)
    with pytest.raises(DocumentError) as caught:
        document.stream_data(6, entry)
    assert caught.value.code == "pdf_encrypted"


@pytest.mark.parametrize("instead", [b"/CF 5", b"/CF << /StdCF 5 >>", b"/CF << /StdCF [/CFM] >>"])
def test_crypt_filters_that_are_none(instead: bytes, tmp_path: Path):
    """The fuzzer's find: an AttributeError. Where nothing is encrypted by name, nothing is missing."""
    data = re.sub(rb"/CF <<.*?>> *>>", instead, by_hand(tmp_path, "StdCF", "StdCF"), flags=re.DOTALL)
    assert instead in data
    with pytest.raises(DocumentError) as caught:
        Document.open(BytesSource(data)).pages().__next__()
    assert caught.value.code == "pdf_encrypted"


# ---- octets that are no ciphertext by the book -------------------------------------------------------

KEY, REF = bytes(range(16)), Ref(4, 0)
AES = Security(
    KEY, strings="aes128", streams="aes128", encrypt_metadata=True, as_owner=True, may_annotate=True
)


def ciphertext(blocks: bytes) -> bytes:
    """The AES ciphertext of whole blocks, without the padding."""
    sealed = AES.encrypt_stream(REF, Dictionary(), blocks, Vectors(b"x"))
    return sealed[: 16 + len(blocks)]


A, B = b"sixteen octets a", b"sixteen octets b"
ODD = {
    "shorter than a vector": (b"x" * 9, b""),
    "a vector alone": (b"x" * 16, b""),
    "half a block more": (ciphertext(A + B) + b"x" * 8, A + B),
    "no padding": (ciphertext(A + B), A + B),
    "padding that says zero": (ciphertext(A + B[:-1] + b"\0"), A + B[:-1] + b"\0"),
    "padding of other octets": (ciphertext(A + b"0123456789abc\x01\x02\x03"), A + b"0123456789abc"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_ciphertext_is_equal_to_nothing_else(name: str):
    """Readers decrypt the whole blocks, and differ on the rest: what they show is no reason to be equal."""
    octets, plain = ODD[name]
    for found, again in (
        (AES.decrypt_stream(REF, Dictionary(), octets), AES.decrypt_stream(REF, Dictionary(), octets)),
        (AES.decrypt_value(REF, octets), AES.decrypt_value(REF, octets)),
    ):
        assert isinstance(found, Doubtful)
        assert bytes(found) == plain
        assert found == again
        assert hash(found) == hash(again)
        assert found != plain
        assert plain != found
        assert found != Doubtful(plain, octets + b"x")
        assert not alike([found], [Doubtful(plain, octets + b"x")])
        assert not alike([found], [plain])
    assert AES.encrypt_value(REF, AES.decrypt_value(REF, octets), Vectors(b"y")) == octets


def test_ciphertext_by_the_book_is_equal_whatever_its_vector():
    one, other = (AES.encrypt_stream(REF, Dictionary(), A, Vectors(seed)) for seed in (b"x", b"y"))
    assert one != other
    assert AES.decrypt_stream(REF, Dictionary(), one) == AES.decrypt_stream(REF, Dictionary(), other) == A
    for entries in (
        {"Filter": Ref(9, 0)},
        {"Filter": [Name("FlateDecode"), Name("Crypt")]},
        {"Type": Ref(9, 0)},
    ):
        stream = Dictionary(entries)  # some readers take the octets as they are
        assert AES.decrypt_stream(REF, stream, one) != AES.decrypt_stream(REF, stream, other)


@pytest.mark.parametrize("length", [9, 16, 40, 48])
def test_other_readers_decrypt_the_whole_blocks(length: int, tmp_path: Path):
    """qpdf reads what we read, and perhaps more of the last block."""
    data = by_hand(tmp_path, "StdCF", "StdCF")
    document = Document.open(BytesSource(data))
    security, entry = document.security, document.entry(4)
    assert security is not None
    assert isinstance(entry, InUse)
    octets = security.encrypt_stream(Ref(4, 0), Dictionary(), A + B, Vectors(b"x"))[:length]
    _, _, start = document.indirect(4, entry)
    end = data.index(b"endobj", start)
    new = b"4 0 obj\n<</Length %d>>\nstream\n%s\nendstream\n" % (length, octets)
    changed = data[:start] + new.ljust(end - start) + data[end:]
    ours = bytes(Document.open(BytesSource(changed)).stream_data(4, entry)[1])
    assert ours == (A + B)[: max(0, length // 16 * 16 - 16)]
    with pikepdf.open(io.BytesIO(changed)) as other:
        assert other.get_object(4, 0).read_raw_bytes().startswith(ours)
