"""What in the first signed bytes is harmless as long as the file does not grow.

    Live + Listing -> doubts_about -> Change, Change, ...

Every reader shows the signed bytes as it reads them. Where readers read them differently, a later
revision that looks harmless may make another reader show what it had not shown before.
"""

from __future__ import annotations

from collections.abc import Iterator

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes.levels import Change
from pdfseal.pdf.changes.live import Live
from pdfseal.pdf.changes.rebuilding import Listing, hidden_object
from pdfseal.pdf.changes.sections import begins_in_front, lists_twice, says_length
from pdfseal.pdf.document import Document
from pdfseal.pdf.xref import Packed


def doubts_about(first: Live, listing: Listing) -> Iterator[Change]:
    """`first` is the state that was signed first, `listing` that of the whole file."""
    document = first.document
    listed, wrong = listing.survey(document.end)
    if wrong is not None:
        yield Change(
            wrong, "other", "the file grew, and the object's entry leads to an object of another number"
        )
    if (hidden := hidden_object(document, listing, listed)) is not None:
        yield Change(0, "other", f"the file grew, and byte {hidden} of what was signed hides another object")
    if (number := first.read_differently()) is not None:
        yield Change(number, "other", "the file grew, and readers find different references in this object")
    if (number := _misplaced(document)) is not None:
        reason = "the file grew, and readers differ on which object of its object stream this one is"
        yield Change(number, "other", reason)
    if listing.backwards is not None:
        reason = "the file grew, and a newer section leads to an earlier place or generation"
        yield Change(listing.backwards, "other", reason)
    if says_length(document, document.end) and not begins_in_front(document):
        yield Change(0, "other", "the file grew, and was as long before as its first object says")
    if lists_twice(listing.sections):
        yield Change(0, "other", "the file grew, and its cross-reference data lists an object twice")


def _misplaced(document: Document) -> int | None:
    """A packed object not at the place that its entry says: some readers look there, others search."""
    for number, entry in document.entries().items():
        if not isinstance(entry, Packed):
            continue
        try:
            if not document.object_stream(entry.stream).stands(number, entry.place):
                return number
        except DocumentError:
            continue  # of a stream that is not there: see Live.awaits
    return None
