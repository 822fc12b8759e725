"""What honest people do to a document: sign it, fill it in, timestamp it, annotate it, with three tools.

Each step is a function from a PDF to a longer one that begins with it. tests/support/honest_matrix.py
puts them together.
"""

from __future__ import annotations

import io
from functools import cache

import pikepdf
import pypdf
import pypdf.annotations
from asn1crypto import x509 as asn1_x509
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, fields, signers
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm, SigFieldSpec
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import dss
from pyhanko_certvalidator.registry import SimpleCertificateStore

import pdfseal
from pdfseal.crypto.schemes import SCHEMES
from pdfseal.pdf.document import Document
from pdfseal.pdf.signature import FoundSignature, find_signatures
from pdfseal.pdf.source import BytesSource
from tests.support.honest_documents import ODD, PRODUCED, fixture, form_stream
from tests.support.pki import PKI
from tests.support.sealing import FIXTURES, WHEN, certificate, picture, private_key
from tests.support.timestamps import stamper
from tests.test_ses_in_pdf import seal_once

AMOUNT, NOTE = "amount", "note"

# ---- the documents ---------------------------------------------------------------------------------

_XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta><?xpacket end="w"?>'
)
_APPEARANCE = b"q 0 0 0 rg BT /Helv 10 Tf 2 5 Td (%s) Tj ET Q"


@cache
def document(kind: str = "plain", *, drawn: bool = False) -> bytes:
    """A form: text fields `amount`, `note`, a choice `colour`, a checkbox `agreed`, an empty `Reserved`.

    `colour` has no appearance unless `drawn`.
    """
    if kind in (*ODD, *PRODUCED):
        return fixture(kind, drawn=drawn)
    out = io.BytesIO()
    with pikepdf.open(FIXTURES / "pdf" / "table.pdf") as pdf:
        page = pdf.pages[0].obj
        helvetica = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
        )
        widgets = [
            _text(pdf, AMOUNT, 500),
            _text(pdf, NOTE, 530),
            _choice(pdf, drawn=drawn),
            _checkbox(pdf),
            _reserved(pdf),
        ]
        for widget in widgets:
            widget.P = page
        page.Annots = pikepdf.Array(widgets)
        pdf.Root.AcroForm = pikepdf.Dictionary(
            Fields=pikepdf.Array(widgets),
            DA=pikepdf.String("/Helv 10 Tf 0 g"),
            DR=pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=helvetica)),
        )
        _shape_fields(pdf, kind)
        if kind == "texts":
            pdf.Root.Lang = pikepdf.String("zh-CN")
            pdf.Root.PageLabels = pikepdf.Dictionary(Nums=[0, pikepdf.Dictionary(P=pikepdf.String("第一页"))])
            pdf.docinfo.Title = pikepdf.String("出院小结")
        if kind == "xmp":
            with pdf.open_metadata() as metadata:
                metadata["dc:title"] = "出院小结"
        modes = pikepdf.ObjectStreamMode
        packed = modes.generate if kind == "object streams" else modes.disable
        lock = pikepdf.Encryption(owner="owner", user="", R=6) if kind == "encrypted" else None
        options = {"encryption": lock} if lock else {}
        pdf.save(
            out, object_stream_mode=packed, linearize=kind == "linearized", compress_streams=False,
            **options,  # type: ignore[arg-type]
        )  # fmt: skip
    return out.getvalue()


OWN = ("plain", "object streams", "linearized", "texts", "xmp", "encrypted")
KINDS = (*OWN, *ODD, *PRODUCED)


def _shape_fields(pdf: pikepdf.Pdf, kind: str) -> None:
    """Documents for a few tests only: without appearances, and with a reserved field that has wishes."""
    reserved = pdf.Root.AcroForm.Fields[-1]
    if kind == "bare":
        for field in pdf.Root.AcroForm.Fields:
            if "/AP" in field:
                del field["/AP"]
    if kind == "own lock":
        reserved.Lock = pikepdf.Dictionary(Action=pikepdf.Name.Include, Fields=[pikepdf.String(NOTE)])
    if kind == "lock with P 1":
        reserved.Lock = pikepdf.Dictionary(Action=pikepdf.Name.Include, Fields=[pikepdf.String(NOTE)], P=1)
    if kind.startswith("seed "):
        reserved.SV = pikepdf.Dictionary(MDP=pikepdf.Dictionary(P=int(kind.removeprefix("seed "))))


def _widget(pdf: pikepdf.Pdf, name: str, bottom: int, **entries: object) -> pikepdf.Object:
    return pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, T=pikepdf.String(name), F=4,
            Rect=[100, bottom, 200, bottom + 20], **entries,
        )
    )  # fmt: skip


def _stream(pdf: pikepdf.Pdf, data: bytes) -> pikepdf.Object:
    return pdf.make_stream(
        data, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=pikepdf.Array([0, 0, 100, 20])
    )


def _text(pdf: pikepdf.Pdf, name: str, bottom: int) -> pikepdf.Object:
    shown = pikepdf.Dictionary(N=_stream(pdf, _APPEARANCE % b"100"))
    value, style = pikepdf.String("100"), pikepdf.String("/Helv 10 Tf 0 g")
    return _widget(pdf, name, bottom, FT=pikepdf.Name.Tx, V=value, DA=style, AP=shown)


def _choice(pdf: pikepdf.Pdf, *, drawn: bool) -> pikepdf.Object:
    options, style = pikepdf.Array(["red", "blue"]), pikepdf.String("/Helv 10 Tf 0 g")
    shown = {"AP": pikepdf.Dictionary(N=_stream(pdf, _APPEARANCE % b"red"))} if drawn else {}
    return _widget(
        pdf, "colour", 620, FT=pikepdf.Name.Ch, Ff=1 << 17, Opt=options, V=pikepdf.String("red"), DA=style,
        **shown,
    )  # fmt: skip


def _checkbox(pdf: pikepdf.Pdf) -> pikepdf.Object:
    states = pikepdf.Dictionary(Yes=_stream(pdf, b"0 0 10 10 re f"), Off=_stream(pdf, b""))
    off = pikepdf.Name.Off
    return _widget(pdf, "agreed", 560, FT=pikepdf.Name.Btn, V=off, AS=off, AP=pikepdf.Dictionary(N=states))


def _reserved(pdf: pikepdf.Pdf) -> pikepdf.Object:
    return _widget(pdf, "Reserved", 590, FT=pikepdf.Name.Sig)


def signatures(pdf: bytes) -> tuple[FoundSignature, ...]:
    return find_signatures(Document.open(BytesSource(pdf)))


# ---- signing ---------------------------------------------------------------------------------------


SPOT = pdfseal.AtPoint(page=1, point=pdfseal.Point(300, 300))
TWO_SPOTS = pdfseal.Several((SPOT, pdfseal.AtPoint(page=1, point=pdfseal.Point(300, 400))))


def by_pdfseal(
    pdf: bytes,
    family: str = "p256",
    *,
    placement: pdfseal.placement.Placement | None = SPOT,
    certify: int | None = None,
    **options: object,
) -> bytes:
    prepared = pdfseal.prepare(
        pdf,
        placement=placement,
        appearance=pdfseal.Appearance(picture=picture("gradient-16bit-alpha.png")),
        signer=certificate(f"{family}-signer"),
        chain=[certificate(f"{family}-inter")],
        when=WHEN,
        certify=certify,
        **options,  # type: ignore[arg-type]
    )
    signature = private_key(f"{family}-signer").sign(
        prepared.hash_set_bytes, SCHEMES[prepared.signature_scheme]
    )
    return pdfseal.compose(prepared, signature).applied_to(prepared.pdf_bytes())


def seal_by_pdfseal(pdf: bytes, layout: str) -> bytes:
    return seal_once(pdf, layout, "sm2")


def into_field(pdf: bytes, family: str = "p256") -> bytes:
    return by_pdfseal(pdf, family, placement=pdfseal.IntoField("Reserved"))


@cache
def _signer() -> SimpleSigner:
    key = (PKI / "p256-signer.key.pem").read_bytes()
    return SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate("p256-signer").der),
        signing_key=load_private_key_from_pemder_data(key[key.index(b"-----BEGIN") :], passphrase=None),
        cert_registry=SimpleCertificateStore.from_certs(
            [asn1_x509.Certificate.load(certificate("p256-inter").der)]
        ),
    )


def _writer(pdf: bytes) -> IncrementalPdfFileWriter:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    if writer.prev.encrypted:
        writer.encrypt("")
    return writer


def _written(writer: IncrementalPdfFileWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def by_pyhanko(
    pdf: bytes,
    name: str = "Other",
    *,
    box: tuple[int, int, int, int] | None = None,
    certify: int | None = None,
    lock: FieldMDPSpec | None = None,
) -> bytes:
    writer = _writer(pdf)
    if name != "Reserved":
        spec = SigFieldSpec(name, on_page=0, box=box, field_mdp_spec=lock)
        fields.append_signature_field(writer, spec)
    metadata = PdfSignatureMetadata(
        field_name=name,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=certify is not None,
        docmdp_permissions=MDPPerm(certify) if certify else MDPPerm.FILL_FORMS,
    )
    out = signers.sign_pdf(writer, metadata, signer=_signer(), output=io.BytesIO())
    return bytes(out.getbuffer())


# ---- timestamps and the security store -------------------------------------------------------------


def timestamp_by_pdfseal(pdf: bytes) -> bytes:
    return pdfseal.timestamp_document(pdf, authority=stamper("p256"))


def timestamp_by_pyhanko(pdf: bytes) -> bytes:
    key = (PKI / "rsa-tsa.key.pem").read_bytes()
    authority = DummyTimeStamper(
        asn1_x509.Certificate.load(certificate("rsa-tsa").der),
        load_private_key_from_pemder_data(key[key.index(b"-----BEGIN") :], passphrase=None),
        fixed_dt=WHEN,
    )
    out = signers.PdfTimeStamper(authority).timestamp_pdf(_writer(pdf), "sha256", output=io.BytesIO())
    return bytes(out.getbuffer())


def store_by_pyhanko(pdf: bytes) -> bytes:
    writer = _writer(pdf)
    certs = [asn1_x509.Certificate.load(certificate("p256-inter").der)]
    dss.DocumentSecurityStore.supply_dss_in_writer(writer, sig_contents=None, certs=certs)
    return _written(writer)


# ---- filling, annotating, metadata, nothing --------------------------------------------------------


def _field(writer: IncrementalPdfFileWriter, name: str) -> generic.DictionaryObject:
    for entry in writer.root["/AcroForm"]["/Fields"]:
        field = entry.get_object()
        if field["/T"] == name:
            return field
    raise LookupError(name)


def fill_by_pyhanko(pdf: bytes, name: str = AMOUNT, *, in_place: bool = False) -> bytes:
    """/V and a new appearance; or the old appearance written again under its number."""
    writer = _writer(pdf)
    field = _field(writer, name)
    field["/V"] = generic.pdf_string("900 元")
    if in_place:
        drawn = field["/AP"]["/N"]
        drawn._data = _APPEARANCE % b"900"
        drawn._encoded_data = None
        writer.mark_update(field["/AP"].raw_get("/N"))
    else:
        box = generic.ArrayObject(map(generic.NumberObject, (0, 0, 100, 20)))
        drawn = generic.StreamObject(stream_data=_APPEARANCE % b"900")
        drawn["/Type"], drawn["/Subtype"] = generic.NameObject("/XObject"), generic.NameObject("/Form")
        drawn["/BBox"] = box
        field["/AP"] = generic.DictionaryObject({generic.NameObject("/N"): writer.add_object(drawn)})
    writer.update_container(field)
    return _written(writer)


def check_by_pyhanko(pdf: bytes) -> bytes:
    writer = _writer(pdf)
    field = _field(writer, "agreed")
    field["/V"] = field["/AS"] = generic.NameObject("/Yes")
    writer.update_container(field)
    return _written(writer)


def choose_by_pyhanko(pdf: bytes) -> bytes:
    """Another option of a choice field, and an appearance, where there was none."""
    writer = _writer(pdf)
    field = _field(writer, "colour")
    field["/V"] = generic.pdf_string("blue")
    drawn = writer.add_object(form_stream(_APPEARANCE % b"blue"))
    field["/AP"] = generic.DictionaryObject({generic.NameObject("/N"): drawn})
    writer.update_container(field)
    return _written(writer)


def need_appearances_by_pyhanko(pdf: bytes) -> bytes:
    """A value without an appearance, and the flag that asks readers to draw it."""
    writer = _writer(pdf)
    field = _field(writer, AMOUNT)
    field["/V"] = generic.pdf_string("900")
    writer.update_container(field)
    form = writer.root["/AcroForm"]
    form["/NeedAppearances"] = generic.BooleanObject(True)
    writer.update_container(form)
    return _written(writer)


def _pypdf(pdf: bytes) -> pypdf.PdfWriter:
    return pypdf.PdfWriter(io.BytesIO(pdf), incremental=True)


def _pypdf_written(writer: pypdf.PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def fill_by_pypdf(pdf: bytes, name: str = AMOUNT, value: str = "900", *, ask: bool = False) -> bytes:
    """`ask`: readers are asked to draw the form themselves (/NeedAppearances), as pypdf does by default."""
    writer = _pypdf(pdf)
    writer.update_page_form_field_values(writer.pages[0], {name: value}, auto_regenerate=ask)
    return _pypdf_written(writer)


def annotate_by_pyhanko(pdf: bytes) -> bytes:
    writer = _writer(pdf)
    page = writer.find_page_for_modification(0)[0].get_object()
    rect = generic.ArrayObject(map(generic.NumberObject, (300, 600, 320, 620)))
    note = generic.DictionaryObject(
        {
            generic.NameObject("/Type"): generic.NameObject("/Annot"),
            generic.NameObject("/Subtype"): generic.NameObject("/Text"),
            generic.NameObject("/Rect"): rect,
            generic.NameObject("/Contents"): generic.pdf_string("see page 2"),
        }
    )
    page["/Annots"].append(writer.add_object(note))
    writer.update_container(page["/Annots"])
    return _written(writer)


def annotate_by_pypdf(pdf: bytes) -> bytes:
    writer = _pypdf(pdf)
    writer.add_annotation(0, pypdf.annotations.Text(rect=(300, 600, 320, 620), text="see page 2"))
    return _pypdf_written(writer)


def information_by_pyhanko(pdf: bytes) -> bytes:
    writer = _writer(pdf)
    info = generic.DictionaryObject({generic.NameObject("/Title"): generic.pdf_string("archived")})
    writer.set_info(writer.add_object(info))
    return _written(writer)


def information_by_pypdf(pdf: bytes) -> bytes:
    writer = _pypdf(pdf)
    writer.add_metadata({"/Title": "archived"})
    return _pypdf_written(writer)


def xmp_by_pyhanko(pdf: bytes) -> bytes:
    """A new metadata stream in the place of the old one, or the first one."""
    writer = _writer(pdf)
    packet = generic.StreamObject(stream_data=_XMP)
    packet["/Type"], packet["/Subtype"] = generic.NameObject("/Metadata"), generic.NameObject("/XML")
    writer.root["/Metadata"] = writer.add_object(packet)
    writer.update_root()
    return _written(writer)


def nothing_by_pypdf(pdf: bytes) -> bytes:
    """pypdf saves what it would write of an untouched document."""
    return _pypdf_written(_pypdf(pdf))


def nothing_by_pyhanko(pdf: bytes) -> bytes:
    """The catalog written again as it was."""
    writer = _writer(pdf)
    writer.update_root()
    return _written(writer)


def line_at_the_end(pdf: bytes) -> bytes:
    return pdf + b"\r\n"
