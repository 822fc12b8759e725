"""How later objects must be written, so that every reader takes the same tokens from them.

    document + number -> written_oddly -> whether some reader may read the object as another one

Readers forgive much, each in its own way: a name that ends in NUL, a number with two signs, a word
behind a dictionary. In bytes that came after a signature there is no need for any of it.

Reference: ISO 32000-2, 7.2.3 (character set), 7.3 (objects), 7.3.8.1 (the word stream).
"""

from __future__ import annotations

import re

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes.objects import ends_as_said, generation, object_of
from pdfseal.pdf.changes.values import all_references
from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import Ref, Value
from pdfseal.pdf.xref import InUse, Packed

# In names 0x80 and 0xFF are white space for pdfium.
_TOKENS = rb"""
    (?: SPACE | << | >> | \[ | \]
      | / (?: [!"$&'*-.0-9:;=?@A-Z\\^_`a-z|~\x81-\xFE] | \# (?!00) [0-9A-Fa-f]{2} )++ END
      | STRING
      | < [0-9A-Fa-f\t\n\f\r\ ]*+ >
      | [0-9]{1,7} [\t\n\r\ ]++ [0-9]{1,5} [\t\n\r\ ]++ R END
      | [+-]? (?: [0-9]{1,10} (?: \. [0-9]{0,32} )? | \. [0-9]{1,32} ) END
      | (?: true | false | null ) END
    )*+"""
_END = rb"(?= [\t\n\r\ ()<>\[\]/] | \Z )"
_NESTING = 4  # of parentheses that no backslash stands before


def _string(nesting: int) -> bytes:
    inner = b"|" + _string(nesting - 1) if nesting else b""
    return rb"\( (?: [^()\\]++ | \\ [\x00-\xFF] %s )*+ \)" % inner


_LATER = _TOKENS.replace(b"STRING", _string(_NESTING)).replace(b"END", _END)
_VALUE = _LATER.replace(b"SPACE", rb"[\t\n\r\ ]++")
# what was signed may have comments between its tokens, and its head be written with more space
_EARLIER = _LATER.replace(b"SPACE", rb"(?: [\t\n\f\r\ ] | % [^\r\n]*+ [\r\n] )++")
_PACKED, _PACKED_EARLIER = (re.compile(one, re.VERBOSE) for one in (_VALUE, _EARLIER))
_OBJECT = re.compile(
    rb"[0-9]{1,10} [ ] [0-9]{1,5} [ ] obj (?= [\t\n\r\ (<\[/] )"
    + _VALUE
    + rb"(?: endobj (?! [^\x00\t\n\f\r\ %] ) | (?P<stream> stream \r?\n ) )",
    re.VERBOSE,
)
_OBJECT_EARLIER = re.compile(
    rb"[\t\n\f\r\ ]*+ [0-9]{1,10} [\t\n\f\r\ ]++ [0-9]{1,5} [\t\n\f\r\ ]++ obj" + _EARLIER, re.VERBOSE
)
# some left out `endobj`
_BEHIND_EARLIER = re.compile(rb"endobj|stream[\t ]*+(?:\r\n|\n|\r)|[0-9]++[\t\n\r ]++[0-9]++[\t\n\r ]++obj")


def written_oddly(document: Document, number: int) -> bool:
    """Whether an object, as a state of a document has it, is not written as all readers read it.

    Raises DocumentError where the object cannot be read at all.
    """
    if isinstance(object_of(document, number), Ref):
        return True  # readers differ on how far they follow references
    entry = document.entry(number)
    if isinstance(entry, Packed):
        stream = document.object_stream(entry.stream)
        span = stream.span(number)
        return span is not None and _PACKED.fullmatch(stream.decoded, *span) is None
    if not isinstance(entry, InUse):
        return False
    start = entry.offset + document.base
    found = _OBJECT.match(document.source.read(start, document.reach(number, entry) - start))
    return found is None or (found["stream"] is not None and not ends_as_said(document, number, entry))


def leads_nowhere(before: Document, after: Document, number: int) -> set[Ref]:
    """The references that came into an object and lead to nothing that can be read."""
    old, new = (set(all_references(object_of(one, number))) for one in (before, after))
    return {ref for ref in new - old if not _is_there(after, ref)}


def lost_references(value: Value, document: Document) -> set[Ref]:
    """The references in a value that lead to nothing that can be read."""
    return {ref for ref in all_references(value) if not _is_there(document, ref)}


def _is_there(document: Document, ref: Ref) -> bool:
    entry = document.entry(ref.number)
    if not isinstance(entry, InUse | Packed) or generation(entry) != ref.generation:
        return False
    try:
        document.object(ref)
    except DocumentError:
        document.work.check()
        return False
    return True


def was_written_oddly(document: Document, number: int) -> bool:
    """The same of an object that was signed, by what readers take alike in files of all ages.

    Where it is written again, readers that read it differently see a change that others do not see.
    """
    entry = document.entry(number)
    if isinstance(entry, Packed):
        stream = document.object_stream(entry.stream)
        span = stream.span(number)
        return span is not None and _PACKED_EARLIER.fullmatch(stream.decoded, *span) is None
    if not isinstance(entry, InUse):
        return False
    start = entry.offset + document.base
    data = document.source.read(start, document.reach(number, entry) - start)
    found = _OBJECT_EARLIER.match(data)
    return found is None or _BEHIND_EARLIER.match(data, found.end()) is None
