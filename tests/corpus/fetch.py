"""Fetches the source distributions whose test PDF files make the corpus: `python -m tests.corpus.fetch`.

pip fetches them by name and version into a folder that git ignores; only their PDF files are unpacked.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

DOWNLOADS = Path(__file__).parent / "downloads"
DISTRIBUTIONS = ("pikepdf==10.18.0", "pypdf==7.1.0")


def fetch(distribution: str, folder: Path = DOWNLOADS) -> Path:
    """The source archive of `distribution` ("name==version"), fetched unless it is there."""
    archive = folder / f"{distribution.replace('==', '-')}.tar.gz"
    if not archive.exists():
        print(f"fetching the source distribution of {distribution}", flush=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += [
            "--no-deps",
            "--no-binary",
            distribution.partition("==")[0],
            "--dest",
            str(folder),
            distribution,
        ]
        subprocess.run(command, check=True)
    return archive


def unpack(archive: Path) -> int:
    """Unpack the PDF files beside the archive; gives their number."""
    count = 0
    with tarfile.open(archive) as content:
        for item in content:
            data = content.extractfile(item) if item.name.endswith(".pdf") else None
            if data is None or ".." in Path(item.name).parts:  # a folder, a link out, or a path out
                continue
            target = archive.parent / item.name.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data.read())
            count += 1
    return count


def main() -> None:
    DOWNLOADS.mkdir(exist_ok=True)
    for distribution in DISTRIBUTIONS:
        count = unpack(fetch(distribution))
        print(f"{distribution}: {count} PDF files")


if __name__ == "__main__":
    main()
