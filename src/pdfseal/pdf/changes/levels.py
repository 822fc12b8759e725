"""How far a change goes, and the changes of a part of the file's growth.

    none < ltv < signatures < form_filling < annotations < other

Reference: ISO 32000-2, 12.8.2.2 (DocMDP), 12.8.4.3 (DSS).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["none", "ltv", "signatures", "form_filling", "annotations", "other"]
LEVELS: tuple[Level, ...] = ("none", "ltv", "signatures", "form_filling", "annotations", "other")
MAX_DETAILS = 50
EVERY_FIELD = "*"  # among the names of changed fields: all of them are drawn anew


@dataclass(frozen=True, slots=True)
class Change:
    """One object that a later revision wrote: its number, the level, and the reason in words.

    `fields`: the full names of the field whose value or appearance it changed, where it was there before.
    """

    number: int
    level: Level
    reason: str
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Changes:
    """All that came later. `details` holds the changes of the highest level, at most `MAX_DETAILS`.

    `revisions` counts cross-reference sections; `fields` are the names of the fields that were there
    and were filled in or signed.
    """

    level: Level
    details: tuple[Change, ...] = ()
    revisions: int = 0
    fields: frozenset[str] = frozenset()

    @classmethod
    def of(cls, found: Iterable[Change], revisions: int) -> Changes:
        """The changes of one step, summed up."""
        seen = list(dict.fromkeys(found))  # a field may be come upon among the fields and the annotations
        level: Level = max((change.level for change in seen), key=LEVELS.index, default="none")
        worst = [change for change in seen if change.level == level and level != "none"]
        names = frozenset(name for change in seen for name in change.fields)
        return cls(level, tuple(worst[:MAX_DETAILS]), revisions, names)

    def followed_by(self, later: Changes) -> Changes:
        """These changes and those of a later step, as one."""
        mine, theirs = LEVELS.index(self.level), LEVELS.index(later.level)
        details = (self.details if mine >= theirs else ()) + (later.details if theirs >= mine else ())
        return Changes(
            LEVELS[max(mine, theirs)],
            details[:MAX_DETAILS],
            self.revisions + later.revisions,
            self.fields | later.fields,
        )
