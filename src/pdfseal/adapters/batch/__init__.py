"""Many files at once: sealed, stamped or verified in parallel, and continued where a run ended.

    job = Job(journal.batch_id, "seal", signers={"": signing}, output="sealed")
    with Journal.open("sealed/.pdfseal-batch.jsonl", description) as journal:
        summary = run(job, items, LocalEngine(workers=8), journal)

    values     Job, Item, Outcome: what is to be done, and what became of it
    work       one item, in whatever process
    local      worker processes of this machine; `worker` is what they run
    cluster    the same on Dask distributed
    journal    what is done, on disk
    runner     items -> engine -> journal, and the summary

Law: an output is written under its final name whole or not at all, and carries the batch's mark
for this item (`Item.mark`, the changing half of the PDF's /ID). The journal calls an item done only
after its output is on the disk. So after a crash at any moment each item is either in the journal,
or its output is there with its mark, or it was not done.
"""

from pdfseal.adapters.batch.journal import Journal
from pdfseal.adapters.batch.local import LocalEngine
from pdfseal.adapters.batch.runner import Engine, Summary, run
from pdfseal.adapters.batch.values import Item, Job, KeySource, Outcome, SealOrder, Signing

__all__ = [
    "Engine", "Item", "Job", "Journal", "KeySource", "LocalEngine", "Outcome", "SealOrder", "Signing",
    "Summary", "run",
]  # fmt: skip
