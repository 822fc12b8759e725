"""Real and odd documents for tests of honest files: a fixture, with a form appended to it by pyHanko.

The form comes in a revision of its own, so that the document below keeps the shape that it has:
hybrid, of inherited attributes, tagged, encrypted, as LibreOffice or TeX wrote it.
"""

from __future__ import annotations

import io
from functools import cache

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.support.sealing import FIXTURES

# By name in fixtures/pdf; fixtures/pdf/index.json says what is particular about each.
ODD = (
    "crlf", "cr-only", "xref-stream", "object-streams", "linearized-object-streams", "hybrid",
    "hybrid-one-section", "inherited", "rotations", "revisions", "revision-stream-after-table",
    "revision-table-after-stream", "acroform-direct", "acroform-indirect", "annots-indirect",
    "annots-in-object-stream", "annots-shared", "field-names-taken", "free-entries", "generation-numbers",
    "no-final-newline", "pdfa-1b", "dangling-reference", "page-boxes-reversed",
    "page-listed-twice", "encrypted-aes128-empty-password", "encrypted-aes256-empty-password",
)  # fmt: skip
PRODUCED = tuple(sorted(f"producers/{path.stem}" for path in (FIXTURES / "pdf" / "producers").glob("*.pdf")))
_TEXT = b"q 0 0 0 rg BT /Helv 10 Tf 2 5 Td (100) Tj ET Q"
_DEFAULT = generic.pdf_string("/Helv 10 Tf 0 g")


def name(text: str) -> generic.NameObject:
    return generic.NameObject("/" + text)


def numbers(*values: float) -> generic.ArrayObject:
    return generic.ArrayObject(map(generic.NumberObject, values))


def dictionary(**entries: generic.PdfObject) -> generic.DictionaryObject:
    return generic.DictionaryObject({name(key): value for key, value in entries.items()})


def form_stream(data: bytes, width: int = 100, height: int = 20) -> generic.StreamObject:
    """A form XObject."""
    entries = dictionary(Type=name("XObject"), Subtype=name("Form"), BBox=numbers(0, 0, width, height))
    return generic.StreamObject(entries, stream_data=data)


def writer_of(pdf: bytes) -> IncrementalPdfFileWriter:
    """pyHanko's incremental writer, the empty password given."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    if writer.prev.encrypted:
        writer.encrypt("")
    return writer


def written(writer: IncrementalPdfFileWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@cache
def fixture(stem: str, *, drawn: bool = False) -> bytes:
    """The fixture, and after it the fields `amount`, `note`, `colour`, `agreed` and `Reserved`.

    `drawn`: `colour` has an appearance, too.
    """
    writer = writer_of((FIXTURES / "pdf" / f"{stem}.pdf").read_bytes())
    page_ref, _ = writer.find_page_for_modification(0)[:2]
    page = page_ref.get_object()
    text = {"FT": name("Tx"), "V": generic.pdf_string("100"), "DA": _DEFAULT}
    states = dictionary(
        Yes=writer.add_object(form_stream(b"0 0 10 10 re f", 20)), Off=writer.add_object(form_stream(b"", 20))
    )
    colours = generic.ArrayObject(map(generic.pdf_string, ("red", "blue")))
    rows = {
        "amount": {**text, "AP": dictionary(N=writer.add_object(form_stream(_TEXT)))},
        "note": {**text, "AP": dictionary(N=writer.add_object(form_stream(_TEXT)))},
        "colour": {"FT": name("Ch"), "Ff": generic.NumberObject(1 << 17), "Opt": colours,
                   "V": generic.pdf_string("red"), "DA": _DEFAULT},
        "agreed": {"FT": name("Btn"), "V": name("Off"), "AS": name("Off"), "AP": dictionary(N=states)},
        "Reserved": {"FT": name("Sig")},
    }  # fmt: skip
    if drawn:
        rows["colour"]["AP"] = dictionary(N=writer.add_object(form_stream(_TEXT)))
    widgets = []
    for index, (title, entries) in enumerate(rows.items()):
        bottom = 100 + 30 * index
        widget = dictionary(
            Type=name("Annot"), Subtype=name("Widget"), T=generic.pdf_string(title),
            F=generic.NumberObject(4), Rect=numbers(100, bottom, 200, bottom + 20), P=page_ref, **entries,
        )  # fmt: skip
        widgets.append(writer.add_object(widget))
    _append(writer, page, "Annots", widgets)
    if "/AcroForm" in writer.root:
        form = writer.root["/AcroForm"]
    else:
        form = writer.root["/AcroForm"] = dictionary(Fields=generic.ArrayObject())
        writer.update_root()
    helvetica = dictionary(Type=name("Font"), Subtype=name("Type1"), BaseFont=name("Helvetica"))
    form["/DA"] = _DEFAULT
    form["/DR"] = dictionary(Font=dictionary(Helv=writer.add_object(helvetica)))
    writer.update_container(form)
    _append(writer, form, "Fields", widgets)
    return written(writer)


def _append(
    writer: IncrementalPdfFileWriter,
    holder: generic.DictionaryObject,
    key: str,
    items: list[generic.IndirectObject],
) -> None:
    try:
        array = holder["/" + key]
        array.extend(items)
        writer.update_container(array)
    except KeyError:
        holder["/" + key] = generic.ArrayObject(items)
        writer.update_container(holder)
