"""What came after a signed revision, judged by rules that allow named kinds of change.

    document + ends of the signed revisions -> History -> since(end) -> Changes(level, details)

    history      the steps in which the file grew, and what came after each
    live         the objects of each state
    judge        the rules, for one step
    state        a document at the end of a revision, and its fields
    roles        what an object is, and whether it is that alone
    appearances  whether what a widget shows stays inside its rectangle
    references   who refers to an object
    names        by which names a field is known
    sections     cross-reference data that all readers read alike, with
    structure_streams    its trailers and streams, and object streams
    rebuilding   what a reader would find that rebuilds cross-reference data
    levels       the answer: how far the changes go

Law: everything is suspicious that no rule allows. The work is bounded by the objects that later
revisions wrote, never by the number of pages.
"""

from pdfseal.pdf.changes.history import History, Step, changes_since
from pdfseal.pdf.changes.levels import EVERY_FIELD, LEVELS, MAX_DETAILS, Change, Changes, Level

__all__ = [
    "EVERY_FIELD", "LEVELS", "MAX_DETAILS", "Change", "Changes", "History", "Level", "Step", "changes_since",
]  # fmt: skip
