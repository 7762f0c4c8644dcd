"""Packages of runtimes are kept of this version, packed into a file, added, and taken away."""

from __future__ import annotations

import compileall
import hashlib
import logging
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from suanli.base.version import VERSION
from suanli.engine import wire
from suanli.engine.errors import EngineUnavailable
from suanli.engine.host.holders import RuntimeHolder
from suanli.engine.host.installed import IMPORTED, all_own, own_folders
from suanli.engine.host.packages import (
    HERE,
    LIST,
    BadPackage,
    RuntimePackage,
    listing,
    mark_of,
    packages,
    packages_folder,
    parsed,
)
from suanli.engine.host.packages import read as read_package
from suanli.engine.runtime import WASMTIME, check_version

log = logging.getLogger(__name__)
_OURS = ("__init__.py", "base/__init__.py", "base/errors.py", "base/version.py")
_ENGINE, _GUEST = "engine/*.py", "engine/guest/**/*.py"
"""What a worker loads of `suanli`, which `tests/suanli/engine/test_walls.py` holds."""
_LARGEST = 1 << 30
"""Bytes of a package."""
_LONGEST_LIST = 16 << 20


def keep(root: Path | None = None) -> RuntimePackage:
    """This version's own runtimes, as a package: the next version finds it. Copied once, and anew
    if the copy was damaged.

    Raises:
        EngineUnavailable: there is no engine here.
        OSError: no room, or no right to write there.
    """
    check_version()
    root, (suanli, wasmtime) = root or packages_folder(), own_folders()
    ids = {one.id for one in all_own()}
    for package in packages(root):
        usable = (package.form, package.machine) == (wire.FORM, HERE)
        if usable and ids <= set(package.ids):
            try:
                package.verify()
            except BadPackage:
                log.warning("the runtimes kept of %s were damaged: they are kept anew", package)
                remove(package)
            else:
                return package
    sources = {f"{IMPORTED[0]}/{path.relative_to(suanli)}": path for path in _ours(suanli)}
    sources |= {f"{IMPORTED[1]}/{path.relative_to(wasmtime)}": path for path in _theirs(wasmtime)}
    contents = {name: path.read_bytes() for name, path in sources.items()}
    files = {name: _about(content) for name, content in contents.items()}
    made = RuntimePackage(root, b"", VERSION, WASMTIME, wire.FORM, HERE, tuple(all_own()), files)
    return _put(root, listing(made), lambda name, _: contents[name])


def hold(role: str, data: Path, tell: Callable[[str], None]) -> None:
    """Before anything is promised that another version may have to end: this version's runtimes are
    kept for it, and no package goes that what works in the folder `data` may need. `tell` hears
    why that can't be: it is no reason not to begin."""
    try:
        RuntimeHolder(role, str(data.absolute())).register()
        keep()
    except (OSError, EngineUnavailable) as error:
        tell(
            f"this version's runtimes can't be kept for the next one: {error}; before another"
            " version is installed, see that `suanli runtime keep` works"
        )


def pack(package: RuntimePackage, file: Path) -> None:
    """Into a file that another machine can add. Raises BadPackage, and OSError."""
    package.verify()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in (LIST, *sorted(package.files)):
            archive.write(package.folder / name, name)


def add(file: Path, digest: bytes, root: Path | None = None) -> RuntimePackage:
    """What was packed into a file, if its list has this digest.

    Raises:
        BadPackage: it is another one, or damaged.
        EngineUnavailable: this version can't run it.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            content = _entry(archive, LIST, _LONGEST_LIST)
            found = hashlib.sha256(content).digest()
            if found != digest:
                raise BadPackage(f"{file} has the digest {found.hex()}, not {digest.hex()}")
            return _put(
                root or packages_folder(), content, lambda name, size: _entry(archive, name, size)
            )
    except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError) as error:
        raise BadPackage(f"{file} is no package of runtimes: {error}") from error


def leave(package: RuntimePackage) -> None:
    """Nothing new is to be run by it."""
    mark_of(package).touch()


def stay(package: RuntimePackage) -> None:
    """What `leave` did is undone."""
    mark_of(package).unlink(missing_ok=True)


def leaves_since(package: RuntimePackage) -> float:
    """Unix time of `leave`. Raises OSError: it is not leaving."""
    return mark_of(package).stat().st_mtime


def remove(package: RuntimePackage) -> None:
    """Whoever runs something by it sees to that before."""
    gone = Path(tempfile.mkdtemp(prefix=".gone-", dir=package.folder.parent))
    with suppress(FileNotFoundError):
        package.folder.rename(gone / "package")  # at once, as others see it
    shutil.rmtree(gone, ignore_errors=True)
    stay(package)


def _put(root: Path, content: bytes, read: Callable[[str, int], bytes]) -> RuntimePackage:
    """`read`: a file of it, by name and size."""
    folder = root / hashlib.sha256(content).hexdigest()
    package = parsed(folder, content)
    package.require_usable()
    if package.size > _LARGEST:
        raise BadPackage(f"a package of runtimes has at most {_LARGEST:,} bytes")
    if damaged := folder.exists():
        with suppress(BadPackage):
            read_package(folder).verify()
            stay(package)
            return package
    with _draft(root) as draft:
        for name, about in package.files.items():
            data = read(name, about[0])
            if _about(data) != about:
                raise BadPackage(f"{name} is not what the package's list says")
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (draft / LIST).write_bytes(content)
        # A worker can't write, and would compile at each start.
        compileall.compile_dir(draft, quiet=2)
        if damaged:
            remove(package)
        with suppress(OSError):  # another process was quicker
            draft.rename(folder)
    if not folder.is_dir():
        raise EngineUnavailable(f"{folder} can't be made")
    return package


@contextmanager
def _draft(root: Path) -> Iterator[Path]:
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _entry(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise BadPackage(f"{name} is larger than the package's list says")
    return content


def _about(content: bytes) -> tuple[int, str]:
    return len(content), hashlib.sha256(content).hexdigest()


def _ours(suanli: Path) -> Iterator[Path]:
    yield from (suanli / name for name in _OURS)
    yield from suanli.glob(_ENGINE)
    yield from suanli.glob(_GUEST)


def _theirs(wasmtime: Path) -> Iterator[Path]:
    yield from wasmtime.rglob("*.py")
    yield from wasmtime.rglob("*.so")
