"""What an annotation that was added may be where annotations are permitted: a comment, and nothing that acts.

Reference: ISO 32000-2, 12.5.6 (types of annotations), 12.6.3 (trigger events), 12.8.2.2.2 (/P 3: annotation
creation, deletion and modification).
"""

from __future__ import annotations

from pdfseal.pdf.changes.appearances import stays_inside
from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import Dictionary, Name

_COMMENTS = frozenset(
    {"Text", "Link", "FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine", "Highlight", "Underline"}
    | {"Squiggly", "StrikeOut", "Caret", "Stamp", "Ink", "Popup", "FileAttachment"}
)
_OF_FIELDS = frozenset({"FT", "Ff", "V", "DV", "Kids"})
_ACTIONS = frozenset({"URI", "GoTo"})  # what a link may do when somebody clicks on it


def annotation_fault(document: Document, added: Dictionary) -> str | None:
    """Why an annotation is no comment, None for one that is."""
    kind = document.resolve(added.get("Subtype"))
    if not isinstance(kind, Name) or kind not in _COMMENTS:
        name = kind if isinstance(kind, Name) else "of no kind"
        return f"an annotation was added that is no comment: {name}"
    if not stays_inside(document, added):
        return "an annotation was added that shows more than its place"
    if _OF_FIELDS & added.keys():
        return "an annotation was added that claims to be a form field"
    if "AA" in added or "PA" in added:
        return "an annotation was added that acts by itself"
    action = document.dictionary(added.get("A"))
    if "A" not in added:
        return None
    if action is None or not _only_leads(document, action):
        return "an annotation was added that does more than lead somewhere"
    return None


def _only_leads(document: Document, action: Dictionary) -> bool:
    kind, target = document.resolve(action.get("S")), document.resolve(action.get("URI"))
    runs = isinstance(target, bytes) and target.strip().lower().startswith(b"javascript")
    return isinstance(kind, Name) and kind in _ACTIONS and "Next" not in action and not runs
