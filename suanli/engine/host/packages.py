"""Runtimes of other versions: the code of a worker and the wasmtime it takes, in a folder.

A package is pinned by its digest, that of its list (`package.json`), which says what it runs and
has the digest of each file. It lies in the folder of all packages of this user, by its digest, and
is never changed there. Workers import from it; a daemon reads its list.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from suanli.engine import wire
from suanli.engine.errors import EngineUnavailable
from suanli.engine.host.installed import IMPORTED, InstalledRuntime
from suanli.engine.runtime import Runtime, show_runtime

_log = logging.getLogger(__name__)

LIST = "package.json"
LEAVING = ".leaving"
"""After a package's name: a file that says that nothing new is to be run by it."""
HERE = f"{sys.platform}-{platform.machine()}"
_HEX = frozenset("0123456789abcdef")
_CACHES = "__pycache__"


class BadPackage(EngineUnavailable):
    """It is damaged, or no package."""


@dataclass(frozen=True)
class RuntimePackage:
    """`digest`: of its list. `version` and `wasmtime`: whose code it has. `form`: of what its
    workers say and hear. `files`: sizes and sha2-256 digests, by path."""

    folder: Path
    digest: bytes
    version: str
    wasmtime: str
    form: int
    machine: str
    runtimes: tuple[InstalledRuntime, ...]
    files: Mapping[str, tuple[int, str]] = field(repr=False, hash=False)

    @property
    def ids(self) -> tuple[bytes, ...]:
        return tuple(runtime.id for runtime in self.runtimes)

    @property
    def size(self) -> int:
        return sum(size for size, _ in self.files.values())

    @property
    def is_leaving(self) -> bool:
        return mark_of(self).exists()

    def require_usable(self) -> None:
        """Raises EngineUnavailable where its workers could not be talked to, or not be run."""
        if self.form != wire.FORM:
            raise EngineUnavailable(
                f"workers of the runtimes of {self} speak form {self.form}, this version of suanli"
                f" form {wire.FORM}: run what needs them by a version that speaks theirs"
            )
        if self.machine != HERE:
            raise EngineUnavailable(f"the runtimes of {self} are for {self.machine}, not {HERE}")

    def verify(self) -> None:
        """Raises BadPackage if a file is not as it was when the package was added."""
        for name, (size, digest) in self.files.items():
            try:
                content = (self.folder / name).read_bytes()
            except OSError as error:
                raise self._damaged(str(error)) from error
            if len(content) != size or hashlib.sha256(content).hexdigest() != digest:
                raise self._damaged(f"{name} was changed")
        more = {str(path.relative_to(self.folder)) for path in _files(self.folder)}
        if more := more - self.files.keys() - {LIST}:
            raise self._damaged(f"{min(more)} is not of it")

    def _damaged(self, why: str) -> BadPackage:
        return BadPackage(
            f"the runtimes of {self} are damaged ({why}): remove {self.folder} and add them again"
        )

    def __str__(self) -> str:
        return f"suanli {self.version} with wasmtime {self.wasmtime}"


def packages_folder() -> Path:
    """`$SUANLI_RUNTIMES`, or else in the user's data folder."""
    if named := os.environ.get("SUANLI_RUNTIMES"):
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "suanli" / "runtimes"


def mark_of(package: RuntimePackage) -> Path:
    return package.folder.with_name(package.folder.name + LEAVING)


def packages(root: Path | None = None) -> list[RuntimePackage]:
    """Those in the folder of packages, the newest versions of wasmtime and suanli first. What is
    none is told of in the log."""
    root, found = root or packages_folder(), []
    if root.is_dir() and (status := root.stat()).st_mode & 0o022 | (status.st_uid != os.geteuid()):
        _log.warning("%s must be yours and writable by nobody else: no runtime in it is run", root)
        return []
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        if len(folder.name) == 64 and _HEX.issuperset(folder.name):
            try:
                found.append(read(folder))
            except BadPackage as error:
                _log.warning("%s", error)
    return sorted(found, key=_newness, reverse=True)


def read(folder: Path) -> RuntimePackage:
    """What a package's list says; its other files are not looked at. Raises BadPackage."""
    try:
        content = (folder / LIST).read_bytes()
    except OSError as error:
        raise BadPackage(f"{folder} is no package of runtimes: {error}") from error
    if hashlib.sha256(content).hexdigest() != folder.name:
        raise BadPackage(f"{folder} is damaged ({LIST} was changed): remove it and add it again")
    return parsed(folder, content)


def parsed(folder: Path, content: bytes) -> RuntimePackage:
    """Of the list of a package that is, or will be, in this folder. Raises BadPackage."""
    folders = tuple(folder / name for name in IMPORTED)
    try:
        body = json.loads(content)
        version, wasmtime = str(body["version"]), str(body["wasmtime"])
        label = f"suanli {version}, wasmtime {wasmtime}"
        runtimes = tuple(_runtime(one, folders, label) for one in body["runtimes"])
        files = {_plain(name): (int(size), str(sha)) for name, (size, sha) in body["files"].items()}
        digest = hashlib.sha256(content).digest()
        form, machine = int(body["form"]), str(body["machine"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadPackage(f"no list of a package of runtimes: {error!r}") from error
    return RuntimePackage(folder, digest, version, wasmtime, form, machine, runtimes, files)


def listing(package: RuntimePackage) -> bytes:
    """What `parsed` reads."""
    body = {
        "form": package.form,
        "version": package.version,
        "wasmtime": package.wasmtime,
        "machine": package.machine,
        "runtimes": [
            {"id": one.id.hex(), "name": one.name, "features": list(one.features)}
            for one in package.runtimes
        ],
        "files": {name: list(about) for name, about in sorted(package.files.items())},
    }
    return json.dumps(body, indent=1).encode()


def found_in(runtime: bytes, root: Path | None = None) -> InstalledRuntime | None:
    """That of a package here which has this id, verified; None if none has.

    Raises:
        EngineUnavailable: those that have it are damaged, or can't be run here.
    """
    failed: EngineUnavailable | None = None
    for package in packages(root):
        for one in package.runtimes:
            if one.id == runtime:
                try:
                    package.require_usable()
                    _verified(package)
                    one.check_host()
                    return one
                except EngineUnavailable as error:
                    failed = failed or error
    if failed is not None:
        raise failed
    return None


@cache
def _verified(package: RuntimePackage) -> None:
    """Once for each process: it takes a tenth of a second."""
    package.verify()


def _runtime(body: Mapping[str, Any], folders: tuple[Path, ...], label: str) -> InstalledRuntime:
    id_ = bytes.fromhex(body["id"])
    if len(id_) != 32:
        raise ValueError(f"{show_runtime(id_)} is no runtime id")
    features = tuple(map(str, body["features"]))
    return InstalledRuntime(id_, Runtime(body["name"]), features, folders, label)


def _plain(name: str) -> str:
    """Raises ValueError for what is no path below one of the packages."""
    parts = PurePosixPath(name).parts
    if len(parts) < 2 or parts[0] not in IMPORTED or str(PurePosixPath(*parts)) != name:
        raise ValueError(f"{name!r} is no file of a package")
    if any(part in ("..", _CACHES) for part in parts):
        raise ValueError(f"{name!r} is no file of a package")
    return name


def _files(folder: Path) -> Iterator[Path]:
    """But for what Python compiled, which depends on its version."""
    for path in folder.rglob("*"):
        if not path.is_dir() and path.parent.name != _CACHES:
            yield path


def _newness(package: RuntimePackage) -> tuple[list[int], list[int], bytes]:
    return _numbers(package.wasmtime), _numbers(package.version), package.digest


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]
