"""Writes a gathered result into a folder, and nowhere else."""

import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from suanli.protocol import JobError


class SaveError(JobError):
    """A file of the result that must not be written; nothing was."""


def save(out: str | Path, files: Mapping[str, Iterable[bytes]]) -> list[Path]:
    """Write path to content, in pieces, below `out`; returns the paths that were written.

    Raises:
        SaveError: a path that leads out of the folder, or that no terminal should show.
    """
    folder = Path(out)
    for name in files:
        _require_plain(name)
    chosen = {folder / name: pieces for name, pieces in files.items()}
    root = folder.resolve()
    for path in chosen:
        # A link in the folder may lead out of it, too.
        if not path.resolve().is_relative_to(root):
            raise SaveError(
                f"{str(path)!r} is outside of {folder}, perhaps by a link: nothing was written;"
                " choose an empty folder with --out"
            )
    for path, pieces in chosen.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, pieces)
    return list(chosen)


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """All or nothing, for the pieces may fail to come."""
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            for piece in pieces:
                file.write(piece)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


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
