"""A former version of this program, really installed: these sources with another number and another
wasmtime, which `make setup` puts into `.cache/older`. So its engine has runtimes of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from suanli.base.version import VERSION
from suanli.engine.host import RuntimePackage, packages
from suanli.engine.runtime import WASMTIME

ROOT = Path(__file__).parents[2]
THEIRS = ROOT / ".cache" / "older"
OLDER_WASMTIME = "49.0.0"
OLDER_VERSION = "0.0.9"
KEEP = "from suanli.engine.host import packing; packing.keep()"


@dataclass(frozen=True)
class Older:
    """`env`: with which this Python is the former version's. `package`: its runtimes, kept by
    itself in the folder `root`, where nothing else is."""

    env: dict[str, str]
    root: Path
    package: RuntimePackage


def install(folder: Path) -> dict[str, str]:
    """The former version, below this folder; returns the environment to run it in."""
    assert (THEIRS / f"wasmtime-{OLDER_WASMTIME}.dist-info").is_dir(), "run: make setup"
    source = folder / "suanli"
    shutil.copytree(ROOT / "suanli", source, ignore=shutil.ignore_patterns("__pycache__"))
    _edit(source / "base" / "version.py", f'"{VERSION}"', f'"{OLDER_VERSION}"')
    _edit(source / "engine" / "runtime.py", f'"{WASMTIME}"', f'"{OLDER_WASMTIME}"')
    return {**os.environ, "PYTHONPATH": f"{folder}:{THEIRS}"}


def made(folder: Path) -> Older:
    """Installed below this folder, where it has kept its runtimes."""
    root = folder / "runtimes"
    env = install(folder) | {"SUANLI_RUNTIMES": str(root)}
    subprocess.run([sys.executable, "-c", KEEP], env=env, cwd=folder, check=True)
    (package,) = packages(root)
    return Older(env, root, package)


def _edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))
