"""Folders as tar archives, of bounded size, from people and from miners."""

from __future__ import annotations

import asyncio
import os
import stat
import tarfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath

from suanli.base.text import plain
from suanli.lease.errors import LeaseError
from suanli.lease.wire import PIECE


def require_small(folder: Path, most: int) -> None:
    """Raises LeaseError: there is no such folder, or it has more than `most` bytes."""
    if not folder.is_dir():
        raise LeaseError(f"there is no folder {folder} to upload")
    size = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
    if size > most:
        raise LeaseError(f"{folder} has {size:,} bytes, the room takes {most:,}: leave some out")


async def packed(folder: Path) -> AsyncIterator[bytes]:
    """What is below a folder, as an archive in pieces. Raises LeaseError."""
    command = "tar", "-c", "-f", "-", "-C", str(folder), "."
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    except OSError as error:
        raise LeaseError(f"tar can't be started, which packs {folder}: {error}") from error
    assert process.stdout is not None
    try:
        while data := await process.stdout.read(PIECE):
            yield data
    finally:
        if process.returncode is None and not process.stdout.at_eof():
            process.kill()
        code = await process.wait()
    if code > 1:  # 1: a file changed while it was read
        raise LeaseError(f"{folder} can't be packed: see what tar says above")


def unpack(archive: Path, folder: Path) -> None:
    """Into a folder, nothing outside it.

    Raises:
        LeaseError: a miner's archive is damaged, or wants to leave the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:") as found:
            found.extractall(folder, filter=_inside)
    except (tarfile.TarError, OSError, ValueError) as error:
        raise LeaseError(f"what the miner sent can't be unpacked: {error}") from error


def _inside(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """Nothing is written through a link. `data_filter` follows links itself, and in Pythons before
    3.11.13 and 3.12.11 loses sight of those that are longer than a path may be."""
    _require_no_link(member.name, folder, whole=not member.issym())
    if member.islnk():
        _require_no_link(member.linkname, folder, whole=True)
    return tarfile.data_filter(member, folder)


def _require_no_link(name: str, folder: str, *, whole: bool) -> None:
    """Raises LeaseError, OSError."""
    parts = PurePosixPath(name.lstrip("/")).parts
    if ".." in parts:
        raise LeaseError(f"what the miner sent leads out of the folder: {plain(name[:80])}")
    path = folder
    for part in parts if whole else parts[:-1]:
        path = os.path.join(path, part)
        try:
            mode = os.lstat(path).st_mode
        except FileNotFoundError:
            return
        if stat.S_ISLNK(mode):
            raise LeaseError(f"what the miner sent is written through a link: {plain(name[:80])}")
