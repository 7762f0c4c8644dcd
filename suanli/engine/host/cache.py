"""Compiled modules on disk, for all processes of one user.

Machine code is trusted blindly by whoever loads it, so every entry is authenticated with a key
that only this user can read, and a directory that others can write to is not used. Trouble with
the disk costs compilations, never a task.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import os
import secrets
import stat
import struct
import tempfile
from pathlib import Path

_log = logging.getLogger(__name__)

_HEAD = struct.Struct("<32sQ")
_KEY_BYTES = 32


def default_folder() -> Path:
    """`$XDG_CACHE_HOME/suanli/modules`, by default under `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "suanli" / "modules"


class ModuleCache:
    """Machine code by digest of module and runtime id; the least recently used goes first."""

    def __init__(self, folder: Path, runtime: bytes, max_bytes: int = 1 << 30) -> None:
        self._folder, self._runtime, self._max_bytes = folder, runtime, max_bytes
        self._key = b""
        try:
            self._key = self._open()
        except OSError as error:
            _log.warning("no cache of compiled modules: %s", error)

    def get(self, module: bytes) -> tuple[bytes, int] | None:
        """Artefact and bytes of memory at start, or None. `module` is a digest."""
        if not self._key:
            return None
        path = self._path(module)
        try:
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        if len(content) < _HEAD.size:
            return None
        mac, memory = _HEAD.unpack_from(content)
        artefact = content[_HEAD.size :]
        if not hmac.compare_digest(mac, self._mac(module, memory, artefact)):
            _log.warning("%s is damaged or not ours: compiling anew", path)
            return None
        return artefact, memory

    def put(self, module: bytes, artefact: bytes, memory: int) -> None:
        if not self._key:
            return
        content = _HEAD.pack(self._mac(module, memory, artefact), memory) + artefact
        try:
            _write_atomically(self._path(module), content)
            self._evict()
        except OSError as error:
            _log.warning("can't keep a compiled module: %s", error)

    def _path(self, module: bytes) -> Path:
        return self._folder / f"{module.hex()}-{self._runtime.hex()[:16]}.bin"

    def _mac(self, module: bytes, memory: int, artefact: bytes) -> bytes:
        head = self._runtime + module + memory.to_bytes(8, "little")
        return hmac.digest(self._key, head + artefact, hashlib.sha256)

    def _evict(self) -> None:
        entries = []
        for path in self._folder.glob("*.bin"):
            # Another process may have evicted it just now.
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                entries.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._max_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size

    def _open(self) -> bytes:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = self._folder.stat()
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o022:
            raise PermissionError(f"{self._folder} must be yours and writable by nobody else")
        path = self._folder / "key"
        with contextlib.suppress(FileNotFoundError):
            return _checked_key(path)
        # Of several processes that make a key at once, one wins, and all read the winner's.
        fd, made = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
            with contextlib.suppress(FileExistsError):
                os.link(made, path)
        finally:
            os.unlink(made)
        return _checked_key(path)


def _checked_key(path: Path) -> bytes:
    key = path.read_bytes()
    status = path.stat()
    if len(key) != _KEY_BYTES or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise PermissionError(f"{path} is not a private key of yours; remove the folder")
    return key


def _write_atomically(path: Path, content: bytes) -> None:
    fd, made = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
        os.replace(made, path)
    except BaseException:
        os.unlink(made)
        raise
