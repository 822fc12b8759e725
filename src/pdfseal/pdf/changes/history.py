"""What came after each of several moments in the growth of one file.

    document + ends -> History -> since(end) -> Changes

The file grows in steps, from the end of one signed revision to the end of the next. Each step is
judged once, and what came after a signature is what all steps behind it did: the work grows with
what was written, not with the number of signatures times that. A step that tampers with a later
signature counts against the earlier ones, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

from pdfseal.errors import DocumentError
from pdfseal.pdf.changes.doubts import doubts_about
from pdfseal.pdf.changes.judge import Judge
from pdfseal.pdf.changes.levels import Change, Changes
from pdfseal.pdf.changes.live import Live
from pdfseal.pdf.changes.objects import information
from pdfseal.pdf.changes.rebuilding import Strays
from pdfseal.pdf.changes.references import References
from pdfseal.pdf.changes.sections import fault, reaches_end, says_length, stream_numbers
from pdfseal.pdf.changes.state import State
from pdfseal.pdf.changes.values import alike
from pdfseal.pdf.changes.writing import leads_nowhere, lost_references, was_written_oddly, written_oddly
from pdfseal.pdf.document import Document
from pdfseal.pdf.syntax import WHITESPACE, Dictionary, Value
from pdfseal.pdf.xref import InUse, Packed, Section

_MAX_TRAILING_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Step:
    """The part of the file from byte `start` to byte `end`, and what it did to the document before it."""

    start: int
    end: int
    changes: Changes


class History:
    """The growth of a file behind each of `ends`, which are lengths in bytes that it once had.

    Raises DocumentError `limit_exceeded`; an end that closes no revision is answered by `since`.
    """

    def __init__(self, document: Document, ends: Iterable[int]) -> None:
        self._document = document
        self._refused: dict[int, Changes] = {}
        good = []
        for end in sorted({end for end in ends if end != document.end}):
            if (reason := _refusal(document, end)) is None:
                good.append(end)
            else:
                self._refused[end] = Changes.of([Change(0, "other", reason)], 0)
        self.steps = tuple(_steps(document, good)) if good else ()
        self._since: dict[int, Changes] = {document.end: Changes("none")}
        for step in reversed(self.steps):
            self._since[step.start] = step.changes.followed_by(self._since[step.end])

    def since(self, end: int) -> Changes:
        """What later revisions did to the document that the first `end` bytes were, one of the ends."""
        return self._refused.get(end) or self._since[end]


def changes_since(document: Document, end: int) -> Changes:
    """The same for one moment."""
    return History(document, [end]).since(end)


def _refusal(document: Document, end: int) -> str | None:
    """Why the first `end` bytes are no earlier state of the document; None where they are one."""
    try:
        before = document.earlier(end)
    except DocumentError as error:
        return f"the covered bytes are no document: {error.message}"
    count = len(document.sections) - len(before.sections)
    ours = [section.offset for section in document.sections]
    if count < 0 or ours[count:] != [section.offset for section in before.sections]:
        return "later cross-reference data does not build on the signed revision"
    return None


def _steps(document: Document, ends: list[int]) -> Iterator[Step]:
    """The steps between the ends, and from the last of them to the end of the file, in order."""
    old = State.of(document.earlier(ends[0]))
    listed = _listed(document, document.sections[: len(document.sections) - len(old.document.sections)])
    if len(listed) > document.limits.changed_objects:
        raise document.limits.exceeded("changed_objects", "later revisions list too many objects")
    strays = Strays(document, ends[0])
    asked_about = {*listed, *stream_numbers(old.document.sections), *old.kids_of(listed)}
    growth = _Growth(References(document, asked_about), strays, Live(old.document))
    doubts = list(doubts_about(growth.live, strays.listing))
    for start, end in pairwise([*ends, document.end]):
        new = State.of(document if end == document.end else document.earlier(end))
        sections = new.document.sections[: len(new.document.sections) - len(old.document.sections)]
        found = growth.judge(old, new, sections)
        yield Step(start, end, Changes.of(chain(doubts, found), len(sections)))
        old, doubts = new, []


def _written_oddly(old: Document, new: Document, numbers: list[int]) -> Iterator[Change]:
    for number in numbers:
        try:
            odd = written_oddly(new, number) or was_written_oddly(old, number)
            lost = leads_nowhere(old, new, number)
        except DocumentError:
            continue  # the judge says so
        if odd:
            yield Change(number, "other", "the object is not written as all readers read it")
        if lost:  # some readers rebuild where they find nothing
            yield Change(
                number, "other", f"the object refers to object {min(lost).number}, which is not there"
            )


def _listed(document: Document, sections: tuple[Section, ...]) -> list[int]:
    """Object numbers with an entry in any of the sections, in order."""
    return sorted({number for section in sections for number in document.listing(section)} - {0})


@dataclass(slots=True)
class _Growth:
    """What is kept up from step to step."""

    references: References
    strays: Strays
    live: Live
    looked_at: list[int] | None = None  # the objects of the last step; None before the first

    def judge(self, old: State, new: State, sections: tuple[Section, ...]) -> Iterator[Change]:
        """The changes from one state to the next, which `sections` describe.

        1. what the file's length or its last bytes mean to other readers
        2. what applies to the document as a whole: its encryption and information
        3. what was there: it ends before the new bytes begin, and stands where it stood
        4. what is new, object by object: how it is written, and what it does
        5. what other readers would find: strays, and cross-reference data that they read differently
        """
        start, end = old.document.end, new.document.end
        # 1.
        if end > start and any(says_length(new.document, one) for one in (end, new.document.source.size)):
            yield Change(0, "other", "the file grew to the length that its first object says: readers differ")
        if not sections:
            # a mail gateway's or an editor's last line is no change
            if not (_only_white_space(new.document, start) and reaches_end(new.document)):
                yield Change(0, "other", "bytes were appended that no cross-reference section accounts for")
            return
        # 2.
        if any(_differs_in_encryption(one.trailer, old.document, new.document) for one in sections):
            yield Change(0, "other", "the encryption of the document was changed")
        lost = lost_references(old.document.trailer, old.document)  # as it has been
        if any(lost_references(section.trailer, new.document) - lost for section in sections):
            yield Change(0, "other", "a later trailer refers to an object that is not there")
        if not _same_information(old.document, new.document):
            yield Change(0, "ltv", "the document's information was updated")
        # 3.
        if (over := self.live.reaching_over(self.looked_at)) is not None:
            yield Change(over, "other", "the object cannot be read to its end within the signed bytes")
        if (number := self._listed_oddly(new.document, sections)) is not None:
            reason = "a later section lists the object under another generation, or where it was before"
            yield Change(number, "other", reason)
        # 4.
        numbers = _listed(new.document, sections)
        yield from _written_oddly(old.document, new.document, numbers)
        yield from Judge(old, new, self.live, self.references, numbers).judge()
        # 5.
        if (stray := self.strays.after(start)) is not None and stray < end:
            yield Change(0, "other", f"byte {stray} begins an object or trailer that nothing leads to")
        kinds = old.document.sections[0].kind, sections[0].kind
        if kinds == ("stream", "table") and any(self.live.packed.values()):
            # poppler rebuilds the one, at any reference that leads nowhere, and not the other
            yield Change(0, "other", "a table follows cross-reference streams: some readers lose objects")
        known = old.document.trailer.get("Size")
        if (wrong := fault(sections, new.document, known if isinstance(known, int) else 0)) is not None:
            yield Change(0, "other", f"readers differ on later cross-reference data: {wrong}")
        self.live.advance(new.document, numbers)
        self.looked_at = numbers

    def _listed_oddly(self, document: Document, sections: tuple[Section, ...]) -> int | None:
        """An object that readers may find in another place than before, though its bytes are not new.

        7.5.4: the number of an object in use is not given out again before it was freed. And an entry
        for bytes that were there is none for those who read the older entry as it is.
        """
        start = self.live.document.end - document.base
        for section in sections:
            for number in section.hybrid.entries() if section.hybrid is not None else ():
                if isinstance(self.live.entry(number), InUse | Packed):
                    return number  # for readers that pass over /XRefStm it is what the table says
            for number, entry in document.listing(section).items():
                if not isinstance(entry, InUse):
                    continue
                old = self.live.entry(number)
                if entry.offset < start or (isinstance(old, InUse) and entry.generation != old.generation):
                    return number
        return None


def _same_information(before: Document, after: Document) -> bool:
    try:
        return alike(*(one.resolve(information(one)) for one in (before, after)))
    except DocumentError:
        after.work.check()
        return False  # the judge says what cannot be read, where it is new


def _differs_in_encryption(trailer: Dictionary, before: Document, after: Document) -> bool:
    """The key is made from /Encrypt and the first half of /ID (7.6.4.3)."""
    if trailer.get("Encrypt") != before.trailer.get("Encrypt"):
        return True
    # what a trailer refers to, no signed object leads to
    if not alike(*(_to_the_ground(one, one.trailer.get("Encrypt")) for one in (before, after))):
        return True
    ids = [before.array(one.get("ID")) or [None] for one in (trailer, before.trailer)]
    return before.encrypted and not alike(ids[0][0], ids[1][0])


def _to_the_ground(document: Document, value: Value, depth: int = 4) -> Value:
    """A value with what its references lead to in their places; deeper than `depth` there are none."""
    document.work.spend(1)
    found = document.resolve(value) if depth else None
    if isinstance(found, Dictionary):
        return Dictionary({key: _to_the_ground(document, one, depth - 1) for key, one in found.items()})
    if isinstance(found, list):
        return [_to_the_ground(document, one, depth - 1) for one in found]
    return found


def _only_white_space(document: Document, start: int) -> bool:
    length = document.end - start
    return length <= _MAX_TRAILING_BYTES and not document.source.read(start, length).strip(WHITESPACE)
