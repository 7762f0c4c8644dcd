"""Writes what a program left into a folder of its owner's, and nowhere else."""

import os
import secrets
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from suanli.base.errors import SuanliError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class SaveError(SuanliError):
    """A file of the result that must not be written; nothing was."""


def save(out: str | Path, files: Mapping[str, Iterable[bytes]]) -> list[Path]:
    """Write path to content, in pieces, below `out`; returns the paths that were written.

    A link below `out` is neither followed nor replaced: it may lead anywhere.

    Raises:
        SaveError: a path that leads out of the folder or over a link, a folder or a file that
            stands in its way, or that no terminal should show.
    """
    folder = Path(out)
    if not files:
        return []
    for name in files:
        _require_plain(name)
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(os.open(folder, _FOLDER)) as root:
        fine: set[str] = set()
        for name in files:
            _require_free(root, folder, name, fine)
        for name, pieces in files.items():
            with _made(root, name.split("/")[:-1]) as parent:
                _write(parent, name.rpartition("/")[2], pieces)
    return [folder / name for name in files]


def _require_free(root: int, folder: Path, name: str, fine: set[str]) -> None:
    """`fine`: folders on the way to other names, known to be no links."""
    parts = name.split("/")
    for count in range(1, len(parts) + 1):
        path = "/".join(parts[:count])
        if path in fine:
            continue
        try:
            mode = os.stat(path, dir_fd=root, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
        if stat.S_ISLNK(mode):
            raise _in_the_way(folder / path, "is a link, which may lead anywhere")
        if count < len(parts):
            if not stat.S_ISDIR(mode):
                raise _in_the_way(folder / path, "is no folder, and the result has one there")
            fine.add(path)
        elif stat.S_ISDIR(mode):
            raise _in_the_way(folder / path, "is a folder, and the result has a file there")


def _in_the_way(path: Path, why: str) -> SaveError:
    return SaveError(f"{str(path)!r} {why}: nothing was written; choose an empty folder with --out")


@contextmanager
def _made(root: int, names: list[str]) -> Iterator[int]:
    """The folder below `root`, made if it is missing; a link put there meanwhile is an error."""
    here = os.dup(root)
    try:
        for name in names:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=here)
            below = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


@contextmanager
def _opened(handle: int) -> Iterator[int]:
    try:
        yield handle
    finally:
        os.close(handle)


def _write(parent: int, name: str, pieces: Iterable[bytes]) -> None:
    """All or nothing, for the pieces may fail to come."""
    part = f".{secrets.token_hex(8)}.part"
    try:
        with open(os.open(part, _NEW_FILE, 0o666, dir_fd=parent), "wb") as file:
            for piece in pieces:
                file.write(piece)
        os.replace(part, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=parent)
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
