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
from dataclasses import dataclass, field
from pathlib import Path

_log = logging.getLogger(__name__)

_HEAD = struct.Struct("<32sQ?")
_KEY_BYTES = 32
_RATE = "rate"
_SLOW = 4 << 20
"""Bytes of an entry from which on making it took a second or more."""
_LARGE = 64 << 20
"""Bytes of an entry from which on it competes for room with other large ones only."""


@dataclass(frozen=True)
class LibraryEntry:
    """A compiled module, or if `rejected` is not empty, why it can't run anywhere."""

    artefact: bytes = field(default=b"", repr=False)
    memory: int = 0
    """Bytes it has when it starts."""
    rejected: str = ""


def default_folder() -> Path:
    """`$XDG_CACHE_HOME/suanli/modules`, by default under `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "suanli" / "modules"


class ModuleCache:
    """Entries by digest of module and runtime id; the least recently used goes first.

    Large ones have `large_bytes` of their own, the others `max_bytes`: one interpreter does not
    drive out a thousand small programs, nor they it.
    """

    def __init__(
        self,
        folder: Path,
        runtime: bytes,
        max_bytes: int = 1 << 30,
        large_bytes: int = 2 << 30,
    ) -> None:
        self._folder, self._runtime = folder, runtime
        self._max_bytes, self._large_bytes = max_bytes, large_bytes
        self._key = b""
        try:
            self._key = self._open()
        except OSError as error:
            _log.warning("no cache of compiled modules: %s", error)

    def get(self, module: bytes) -> LibraryEntry | None:
        """`module` is a digest."""
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
        mac, memory, fine = _HEAD.unpack_from(content)
        rest = content[_HEAD.size :]
        if not hmac.compare_digest(mac, self._mac(module, memory, fine, rest)):
            _log.warning("%s is damaged or not ours: compiling anew", path)
            return None
        return LibraryEntry(rest, memory) if fine else LibraryEntry(rejected=rest.decode())

    def put(self, module: bytes, entry: LibraryEntry) -> None:
        if not self._key:
            return
        fine, rest = not entry.rejected, entry.artefact or entry.rejected.encode()
        mac = self._mac(module, entry.memory, fine, rest)
        content = _HEAD.pack(mac, entry.memory, fine) + rest
        try:
            _write_atomically(self._path(module), content)
            self._evict()
        except OSError as error:
            _log.warning("can't keep a compiled module: %s", error)

    def latest(self) -> list[tuple[int, bytes]]:
        """Modules that took long to compile, by digest: when each was last used, and which."""
        found = []
        for path in self._folder.glob(f"*-{self._runtime.hex()[:16]}.bin") if self._key else ():
            with contextlib.suppress(FileNotFoundError, ValueError):
                status = path.stat()
                if status.st_size >= _SLOW:
                    found.append((status.st_mtime_ns, bytes.fromhex(path.name.partition("-")[0])))
        return found

    @property
    def rate(self) -> int:
        """Bytes of a module that were compiled a second, here and last; 0: that was not noted."""
        try:
            return int((self._folder / _RATE).read_text())
        except (OSError, ValueError):
            return 0

    def note_rate(self, rate: int) -> None:
        with contextlib.suppress(OSError):  # it is only an estimate
            _write_atomically(self._folder / _RATE, str(rate).encode())

    def _path(self, module: bytes) -> Path:
        return self._folder / f"{module.hex()}-{self._runtime.hex()[:16]}.bin"

    def _mac(self, module: bytes, memory: int, fine: bool, rest: bytes) -> bytes:
        head = self._runtime + module + memory.to_bytes(8, "little") + bytes([fine])
        return hmac.digest(self._key, head + rest, hashlib.sha256)

    def _evict(self) -> None:
        entries = []
        for path in self._folder.glob("*.bin"):
            # Another process may have evicted it just now.
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                entries.append((status.st_mtime_ns, status.st_size, path))
        for large, most in ((False, self._max_bytes), (True, self._large_bytes)):
            _keep_latest([entry for entry in entries if (entry[1] >= _LARGE) == large], most)

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


def _keep_latest(entries: list[tuple[int, int, Path]], most: int) -> None:
    """Of (time, bytes, path), remove the oldest until the others have `most` bytes together."""
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= most:
            return
        path.unlink(missing_ok=True)
        total -= size


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
