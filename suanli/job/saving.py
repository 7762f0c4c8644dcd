"""Writes a gathered result into a folder, and nowhere else."""

import unicodedata
from collections.abc import Mapping
from pathlib import Path

from suanli.job.errors import JobError


class SaveError(JobError):
    """A file of the result that must not be written; nothing was."""


def save(out: str | Path, files: Mapping[str, bytes]) -> dict[Path, bytes]:
    """Write path to content below `out`; the paths that were written, with their content.

    Raises:
        SaveError: a path that leads out of the folder, or that no terminal should show.
    """
    folder = Path(out)
    for name in files:
        _require_plain(name)
    chosen = {folder / name: data for name, data in files.items()}
    root = folder.resolve()
    for path in chosen:
        # A link in the folder may lead out of it, too.
        if not path.resolve().is_relative_to(root):
            raise SaveError(
                f"{str(path)!r} is outside of {folder}, perhaps by a link: nothing was written;"
                " choose an empty folder with --out"
            )
    for path, data in chosen.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return chosen


def _require_plain(name: str) -> None:
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise SaveError(
            f"the result has a file {name[:200]!r}, with control characters in its name: nothing"
            " was written; run.files() in Python has its content"
        )
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise SaveError(
            f"the result has a file {name[:200]!r}, which is no path below a folder: nothing was"
            " written"
        )
