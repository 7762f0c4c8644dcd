"""Room on the disk that is kept for what must be written down, whoever fills the rest."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from suanli.store import free_bytes

KEPT = 8 << 20
"""Bytes that blobs leave free: the databases' logs grow to about 4 MiB each."""
BALLAST = 4 << 20
"""Bytes of a file that is given up when others have taken that, too."""
LOW = 1 << 20
"""Bytes free at which it is."""


class Ballast:
    """A file in the daemon's folder that holds nothing but room."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / "ballast"

    def tend(self) -> bool:
        """Give it up if the disk is full, restore it once there is room for it beside the rest;
        whether it was given up now."""
        free = free_bytes(self._folder)
        if free < LOW:
            return self._give_up()
        if not self._path.exists() and free > KEPT + BALLAST:
            self._fill()
        return False

    def _give_up(self) -> bool:
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def _fill(self) -> None:
        part = self._path.with_suffix(".new")
        with suppress(OSError):  # next time
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.posix_fallocate(handle, 0, BALLAST)
            finally:
                os.close(handle)
            part.replace(self._path)
