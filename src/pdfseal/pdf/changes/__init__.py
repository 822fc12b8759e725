"""What came after a signed revision, judged by rules that allow named kinds of change.

document + end of the signed bytes -> changes_since -> Changes(level, details)

judge        the rules
references   who refers to an object, and as what
rebuilding   what a reader would find that rebuilds cross-reference data
"""

from pdfseal.pdf.changes.judge import LEVELS, Change, Changes, Level, changes_since

__all__ = ["LEVELS", "Change", "Changes", "Level", "changes_since"]
