"""What a file is made of: its revisions, what each changed, its signatures and its own rules.

Law: pure, and no judgement: signatures are located, not verified. `verification` judges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pdfseal.errors import CallerError, DocumentError
from pdfseal.pdf.changes import Change, History
from pdfseal.pdf.conformance import pdfa_part
from pdfseal.pdf.document import Document
from pdfseal.pdf.field import walk_fields
from pdfseal.pdf.limits import DEFAULT_LIMITS, Limits
from pdfseal.pdf.rights import certification_level
from pdfseal.pdf.signature import FoundSignature, find_signatures
from pdfseal.pdf.source import Source
from pdfseal.pdf.syntax import Name
from pdfseal.pdf.xref import Section

_END_OF_FILE = re.compile(rb"startxref\s+\d+\s+%%EOF(?:\r\n|\r|\n)?")
_END_WINDOW_BYTES = 4096
_SHOWN_CHANGES = 20


@dataclass(frozen=True, slots=True)
class RevisionFacts:
    """One state of the file: its bytes run from 0 to `end`; `start` is where this revision was appended.

    `objects`: how many objects it wrote. `level` and `changes`: what it did to the state before
    it, by the rules of `pdf.changes`; None for the first. `signature`: the field whose signature
    covers exactly this revision.
    """

    number: int
    start: int
    end: int
    kind: str
    objects: int
    level: str | None
    changes: tuple[Change, ...]
    signature: str | None
    modified: str | None


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """Where a signature is: its field, dictionary entries, covered bytes, and the revision it closes."""

    field: str | None
    filter: str | None
    subfilter: str | None
    coverage: str
    covered_end: int
    empty: bool
    reason: str | None
    modified: str | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """All of it. `certification`: /P of a DocMDP certification; `pdfa_part`: what the metadata claims.
    `remarks`: faults of the file that were read past.
    """

    size: int
    pages: int
    encrypted: bool
    pdfa_part: int | None
    certification: int | None
    revisions: tuple[RevisionFacts, ...]
    signatures: tuple[SignatureFacts, ...]
    empty_fields: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The JSON form, schema 1."""
        return {
            "schema": 1,
            "size": self.size,
            "pages": self.pages,
            "encrypted": self.encrypted,
            "pdfa_part": self.pdfa_part,
            "certification": self.certification,
            "revisions": [_revision_json(one) for one in self.revisions],
            "signatures": [_slots_json(one) for one in self.signatures],
            "empty_fields": list(self.empty_fields),
            "remarks": list(self.remarks),
        }


def inspect(source: Source, *, password: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Inspection:
    """Raises DocumentError for what cannot be read, `wrong_password` for an encrypted file."""
    document = Document.open(source, password=password, limits=limits)
    signatures = find_signatures(document)
    return Inspection(
        size=source.size,
        pages=sum(1 for _ in document.pages()),
        encrypted=document.encrypted,
        pdfa_part=pdfa_part(document),
        certification=certification_level(document),
        revisions=tuple(_revisions(document, signatures)),
        signatures=tuple(_signature_facts(document, one) for one in signatures),
        empty_fields=tuple(
            name
            for _, field, name, kind in walk_fields(document)
            if kind == Name("Sig") and document.resolve(field.get("V")) is None
        ),
        remarks=document.remarks,
    )


def extract_length(inspection: Inspection, number: int) -> int:
    """How many bytes of the file revision `number` (1-based, oldest first) was."""
    if not 1 <= number <= len(inspection.revisions):
        raise CallerError(
            "argument", f"there is no revision {number}: the file has {len(inspection.revisions)}"
        )
    return inspection.revisions[number - 1].end


def _revisions(document: Document, signatures: tuple[FoundSignature, ...]) -> Iterator[RevisionFacts]:
    closed_by = {one.covered_end: one for one in signatures if one.coverage in ("whole_file", "revision")}
    groups = _grouped(document)
    ends = [_end_of(document, sections) for sections in groups]
    history = History(document, ends[:-1])
    steps = {step.end: step.changes for step in history.steps}
    for number, (sections, start, end) in enumerate(zip(groups, [0, *ends], ends, strict=False), start=1):
        # a revision that begins at no state of the document has no step: what is said of its beginning counts
        changes = steps.get(end) or history.since(start) if start else None
        signature = closed_by.get(end)
        yield RevisionFacts(
            number=number,
            start=start,
            end=end,
            kind="hybrid" if any(section.hybrid for section in sections) else sections[0].kind,
            objects=len({n for section in sections for n in section.numbers()} - {0}),
            level=changes.level if changes else None,
            changes=changes.details[:_SHOWN_CHANGES] if changes else (),
            signature=signature.field if signature else None,
            modified=signature.text("M", document) if signature else None,
        )


def _grouped(document: Document) -> list[list[Section]]:
    """Sections by revision, oldest first. A linearized file's two sections are one revision."""
    oldest_first = list(reversed(document.sections))
    groups: list[list[Section]] = []
    for section in oldest_first:
        if groups and section.offset < groups[-1][-1].offset:
            groups[-1].append(section)
        else:
            groups.append([section])
    return groups


def _end_of(document: Document, sections: list[Section]) -> int:
    """Behind the %%EOF line that follows the revision's last section; the file's end for the newest."""
    if document.sections[0] in sections:
        return document.end
    last = max(section.end for section in sections)
    match = _END_OF_FILE.search(document.source.read(last, _END_WINDOW_BYTES))
    if match is None:
        raise DocumentError(
            "pdf_damaged", f"the revision whose cross-reference ends at byte {last} has no %%EOF"
        )
    return last + match.end()


def _signature_facts(document: Document, one: FoundSignature) -> SignatureFacts:
    return SignatureFacts(
        one.field, one.filter, one.subfilter, one.coverage, one.covered_end, one.empty,
        one.text("Reason", document), one.text("M", document),
    )  # fmt: skip


def _revision_json(one: RevisionFacts) -> dict[str, Any]:
    changes = [{"object": c.number, "level": c.level, "reason": c.reason} for c in one.changes]
    return _slots_json(one) | {"changes": changes}


def _slots_json(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}
