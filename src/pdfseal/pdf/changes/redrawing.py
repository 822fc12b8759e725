"""What the form says for all fields: fonts and other resources, how text looks, whether readers draw it anew.

    redraws(before, after, "DR", old, new) -> why something else is shown than before, None where nothing is

With these entries readers draw what has no appearance of its own, or all of it, and not only fields that
people fill in: captions of pushbuttons, fields that are read-only, text annotations. These must go on
showing what they showed.

Reference: ISO 32000-2, 12.7.3 (form), 12.7.4.3 (variable text: /DA and /DR), 12.5.6.6 (free text),
12.5.6.19 (table 192: /MK).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pdfseal.pdf.changes.levels import EVERY_FIELD, Change
from pdfseal.pdf.changes.objects import information, object_of
from pdfseal.pdf.changes.values import alike, all_references, keys_leading_to, repeats
from pdfseal.pdf.document import Document
from pdfseal.pdf.field import walk_fields
from pdfseal.pdf.filters import decode
from pdfseal.pdf.limits import PER_FIELD, PER_KID
from pdfseal.pdf.syntax import Dictionary, Name, Parser, Ref, Value, decode_text_string
from pdfseal.pdf.xref import InUse

FORM_RESOURCES = frozenset({"DR", "DA", "NeedAppearances"})
_PUSHBUTTON = 1 << 16  # table 229
_CATEGORIES_PER_STEP = 16
_NAME = re.compile(rb"/([^\x00\t\n\f\r ()<>\[\]{}/%]*)")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_SETS_FONT = re.compile(rb"/.*\bTf\b", re.DOTALL)
_TEXT_FONTS = frozenset({"Helvetica", "Helvetica-Bold", "Helvetica-BoldOblique", "Helvetica-Oblique"})
_STANDARD_KEYS = frozenset({"Type", "Subtype", "BaseFont", "Encoding", "Name"})
_PICTURE = re.compile(rb"\b(?:Do|BI|sh)\b")


def redraws(before: Document, after: Document, key: str, old: Value, new: Value) -> str | None:
    """Why a change of /DR, /DA or /NeedAppearances of the form shows something else than before."""
    if key == "DR":
        return _regrown(before, after, old, new)
    was, now = before.resolve(old), after.resolve(new)
    if alike(was, now):
        return None
    if key == "DA":
        return _restyled(before, was, now)
    if not isinstance(now, bool | None):
        return "/NeedAppearances of the form is neither true nor false"
    if (was is True) is not (now is True) and any(_changes_face(before, one) for one in _shown(before)):
        return "/NeedAppearances of the form was changed, and a pushbutton shows something else then"
    return None


def judge_redrawing(
    before: Document, after: Document, number: int, key: str, old: Value, new: Value
) -> Change:
    """The change of one of these entries of the form, or of an object that it leads to."""
    if (wrong := redraws(before, after, key, old, new)) is not None:
        return Change(number, "other", wrong)
    return Change(number, "form_filling", f"/{key} of the form was changed", frozenset({EVERY_FIELD}))


def judge_resources(before: Document, after: Document, number: int) -> Change:
    """The change of an object for which `is_resources_of_form` holds."""
    old, new = (_form(one).get("DR") for one in (before, after))
    return judge_redrawing(before, after, number, "DR", old, new)


def is_resources_of_form(
    before: Document, after: Document, number: int, leading: Callable[[int], list[tuple[int, set[str]]]]
) -> bool:
    """Whether an object is the form's /DR or a category of it, was that alone, and still is.

    `leading` gives the signed objects that refer to one, and the entries in which they do.
    """
    place = _place(before, number)
    if place is None or place != _place(after, number):
        return False
    if before.is_stream(number) or after.is_stream(number):
        return False
    if any(isinstance(one, Ref) and one.number == number for one in (before.root, information(before))):
        return False  # what a trailer leads to
    ways = {before.root.number: "AcroForm"}
    form = before.catalog.get("AcroForm")
    if isinstance(form, Ref):
        ways[form.number] = "DR"
    resources = _form(before).get("DR")
    if isinstance(resources, Ref):
        ways[resources.number] = place
    return all(
        entries == {ways.get(holder)} and [*keys_leading_to(object_of(before, holder), number)] == [place]
        for holder, entries in leading(number)
    )


def _form(document: Document) -> Dictionary:
    return document.dictionary(document.catalog.get("AcroForm")) or Dictionary()


def _place(document: Document, number: int) -> str | None:
    """The one entry in which the form's resources refer to an object: /DR itself, or a category in it."""
    form = _form(document)
    resources = document.dictionary(form.get("DR")) or Dictionary()
    document.work.spend(len(resources) // _CATEGORIES_PER_STEP)
    rows = [("DR", form.get("DR")), *resources.items()]
    keys = [key for key, value in rows if isinstance(value, Ref) and value.number == number]
    return keys[0] if len(keys) == 1 else None


# -- /DR ----------------------------------------------------------------------------------


def _regrown(before: Document, after: Document, old: Value, new: Value) -> str | None:
    """Nothing in it may be exchanged, and what is new must be new to everything that is signed.

    A text whose font is missing is shown in one of the reader's own, until there is one of that name.
    """
    exchanged = "/DR of the form was exchanged"
    was, now = before.resolve(old), _plain(after, new)
    if not isinstance(was, Dictionary | None) or not isinstance(now, Dictionary):
        return None if alike(was, now) else exchanged
    was, added = was or Dictionary(), set[str]()
    for category in {**was, **now}:
        one, other = before.resolve(was.get(category)), _plain(after, now.get(category))
        if isinstance(one, Dictionary | None) and isinstance(other, Dictionary):
            known = {name: value for name, value in (one or {}).items() if before.resolve(value) is not None}
            if not all(_same(before, after, value, other.get(name)) for name, value in known.items()):
                return exchanged
            fresh = other.keys() - known.keys()
            added |= {name for name in fresh if not _is_standard(after, other[name])}
        elif one is not None and not alike(one, other):
            return exchanged
    if added and not added.isdisjoint(_names_in_use(before)):
        return "a name came into /DR of the form that signed fields or annotations use already"
    first = before.dictionary(was.get("Font")) is None and after.dictionary(now.get("Font")) is not None
    if first and any(_waits_for_fonts(before, one) for one in _shown(before)):
        return "fonts came into /DR of the form, and signed annotations show their text only then"
    return None


def _is_standard(document: Document, value: Value) -> bool:
    """Whether a font is one that readers have for text, and take where there is none of its name (9.6.2.2).

    Form fillers add those that /DA names and /DR forgot.
    """
    font = _plain(document, value)
    if not isinstance(font, Dictionary) or not font.keys() <= _STANDARD_KEYS:
        return False
    base, encoding = document.resolve(font.get("BaseFont")), document.resolve(font.get("Encoding"))
    known = base in _TEXT_FONTS and font.get("Subtype") == Name("Type1")
    return known and encoding in (None, Name("WinAnsiEncoding"))


def _waits_for_fonts(document: Document, annotation: Dictionary) -> bool:
    """pdfium draws a text annotation without an appearance where /DR has fonts, whatever they are."""
    is_text = document.resolve(annotation.get("Subtype")) == Name("FreeText")
    return is_text and "N" not in (document.dictionary(annotation.get("AP")) or ())


def _plain(document: Document, value: Value) -> Value:
    """What a value is or leads to; null for a stream, or where readers differ about an entry."""
    for _ in range(document.limits.reference_hops):
        if not isinstance(value, Ref):
            break
        if document.is_stream(value.number):
            return None
        value = document.object(value)
    return None if isinstance(value, Ref) or repeats(value) else value


def _same(before: Document, after: Document, old: Value, new: Value) -> bool:
    """Whether this is the same resource, or says the same; what it refers to is judged by itself."""
    if alike(old, new):
        return True
    one, other = _plain(before, old), _plain(after, new)
    return one is not None and alike(one, other)


def _names_in_use(document: Document) -> set[str]:
    """All names in the /DA of the form, of its fields, and of annotations and what stands above them."""
    texts = {_text(document, _form(document))}
    texts.update(_text(document, field) for _, field, _, _ in walk_fields(document))
    for annotation in _shown(document):
        texts.update(_text(document, one) for one in _upwards(document, annotation))
    return set().union(*map(_names, texts))


def _text(document: Document, found: Dictionary) -> bytes:
    """/DA; some readers take a name for a string."""
    value = document.resolve(found.get("DA"))
    return value.encode("latin-1") if isinstance(value, Name) else value if isinstance(value, bytes) else b""


def _names(text: bytes) -> set[str]:
    """All that any reader may take for a name: with its escapes or without, up to a delimiter or a space."""
    found = {*_NAME.findall(text), *(word.partition(b"/")[2] for word in text.split() if b"/" in word)}
    found |= {_ESCAPED.sub(lambda octet: bytes([int(octet[1], 16)]), one) for one in found}
    return {one.decode("latin-1") for one in found}


# -- /DA ----------------------------------------------------------------------------------


def _restyled(before: Document, was: Value, now: Value) -> str | None:
    if was is not None or not isinstance(now, bytes):
        return "/DA of the form was exchanged"
    if any(_is_variable(before, one) and not _has_style(before, one) for one in _shown(before)):
        return "/DA came into the form, and signed fields or annotations have none of their own"
    return None


def _is_variable(document: Document, annotation: Dictionary) -> bool:
    """Whether readers draw the text of an annotation by /DA."""
    kind = document.resolve(annotation.get("Subtype"))
    field = _inherited(document, annotation, "FT")
    return kind == Name("FreeText") or (kind == Name("Widget") and field not in (None, Name("Sig")))


def _has_style(document: Document, annotation: Dictionary) -> bool:
    """Whether it has a /DA of its own, or from its field; readers pass over one without a font."""
    texts = (_text(document, one) for one in _upwards(document, annotation) if "DA" in one)
    return _SETS_FONT.search(next(texts, b"")) is not None


# -- /NeedAppearances ---------------------------------------------------------------------


def _changes_face(document: Document, widget: Dictionary) -> bool:
    """Whether a pushbutton has an appearance, and /MK says something else.

    What it shows is compared by its text and pictures, not by how they look.
    """
    if _inherited(document, widget, "FT") != Name("Btn") or document.resolve(widget.get("AP")) is None:
        return False
    flags = _inherited(document, widget, "Ff")
    if flags is None or (isinstance(flags, int) and not flags & _PUSHBUTTON):
        return False
    said = document.dictionary(widget.get("MK")) or Dictionary()
    caption, icon = document.resolve(said.get("CA")), said.get("I")
    found = _stream(document, (document.dictionary(widget.get("AP")) or Dictionary()).get("N"))
    if found is None or not isinstance(caption, bytes | None):
        return True
    stream, data = found
    resources = document.dictionary(stream.get("Resources")) or Dictionary()
    pictures = set(all_references(document.resolve(resources.get("XObject"))))
    has_icon = document.resolve(icon) is not None
    if has_icon is not bool(_PICTURE.search(data)) or (has_icon and icon not in pictures):
        return True
    return _words(decode_text_string(caption or b"")) != _words(_shown_text(document, data))


def _stream(document: Document, value: Value) -> tuple[Dictionary, bytes] | None:
    """Dictionary and decoded data of the stream that a reference names."""
    entry = document.entry(value.number) if isinstance(value, Ref) else None
    if not isinstance(value, Ref) or not isinstance(entry, InUse) or not document.is_stream(value.number):
        return None
    stream, data = document.stream_data(value.number, entry)
    where = "the appearance of a pushbutton"
    return stream, decode(data, stream, where=where, work=document.work)


def _shown_text(document: Document, data: bytes) -> str:
    """All literal strings of a content stream (9.4.3)."""
    strings, at, parser = [], data.find(b"("), Parser(data, work=document.work)
    while at >= 0:
        string, end = parser.value(at)
        strings.append(decode_text_string(string) if isinstance(string, bytes) else "")
        at = data.find(b"(", end)
    return "".join(strings)


def _words(text: str) -> str:
    return "".join(text.split())


# -- what is shown ------------------------------------------------------------------------


def _shown(document: Document) -> Iterator[Dictionary]:
    """The annotations of all pages, widgets included."""
    for page in document.pages():
        annotations = document.array(page.dictionary.get("Annots")) or []
        document.work.spend(PER_FIELD * len(annotations))
        yield from (one for item in annotations if (one := document.dictionary(item)) is not None)


def _upwards(document: Document, annotation: Dictionary) -> Iterator[Dictionary]:
    """A widget and the fields above it, by /Parent."""
    found: Dictionary | None = annotation
    for _ in range(document.limits.field_depth):
        if found is None:
            break
        yield found
        document.work.spend(PER_KID)
        found = document.dictionary(found.get("Parent"))


def _inherited(document: Document, widget: Dictionary, key: str) -> Value:
    values = (one[key] for one in _upwards(document, widget) if key in one)
    return document.resolve(next(values, None))
