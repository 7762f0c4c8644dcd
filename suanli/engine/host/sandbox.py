"""The command line that starts a worker: inside bubblewrap where that works, else bare.

Inside, a worker has no network, no processes but its own, an empty environment, and sees
read-only the system's libraries, Python and two packages. The guest can reach none of this by
itself; it is the second wall, should wasmtime ever have a hole.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

from suanli.engine.errors import EngineUnavailable
from suanli.engine.host.installed import InstalledRuntime, own_folders

_log = logging.getLogger(__name__)

_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache")
_MAIN = """\
import sys
sys.path[:0] = sys.argv[3:]
from suanli.engine.guest.worker import main
main(int(sys.argv[1]), sys.argv[2])
"""
# Under memory pressure the kernel is to end a worker, which the pool survives, not the host.
_FIRST_VICTIM = 'echo 1000 > /proc/self/oom_score_adj; exec "$@"'


class Isolation(StrEnum):
    """How workers are kept from the host."""

    AUTO = "auto"
    """Bubblewrap where it is installed and works, else none."""
    BUBBLEWRAP = "bubblewrap"
    NONE = "none"
    """Processes with resource limits only: WebAssembly is the one wall."""


@cache
def choose(isolation: Isolation) -> Isolation:
    """What `isolation` comes to here. Raises `EngineUnavailable` if bubblewrap must and can't."""
    if isolation is Isolation.NONE:
        return isolation
    problem = _bubblewrap_problem()
    if not problem:
        return Isolation.BUBBLEWRAP
    if isolation is Isolation.BUBBLEWRAP:
        raise EngineUnavailable(f"{problem}; mend that or run without this isolation")
    _log.warning("%s: workers run without a second wall", problem)
    return Isolation.NONE


def _bubblewrap_problem() -> str:
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (Debian: apt install bubblewrap)"
    python = [*_bubblewrap(own_folders()), _python(), "-I", "-S", "-c", ""]
    probe = subprocess.run(python, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return f"bubblewrap does not work: {probe.stderr.strip()}" if probe.returncode else ""


def command(isolation: Isolation, compile_seconds: int, runtime: InstalledRuntime) -> list[str]:
    """Arguments that start a worker, or with `compile_seconds` above 0 a compiler."""
    walls = _bubblewrap(runtime.folders) if isolation is Isolation.BUBBLEWRAP else []
    paths = sorted({str(folder.parent) for folder in runtime.folders})
    # No site-packages and no user's settings: only what is named here can be imported.
    python = [_python(), "-I", "-S", "-c", _MAIN, str(compile_seconds), runtime.name, *paths]
    return ["/bin/sh", "-c", _FIRST_VICTIM, "sh", *walls, *python]


def _bubblewrap(folders: Sequence[Path]) -> list[str]:
    arguments = [
        "bwrap",
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
    ]
    for path in [*_SYSTEM, sys.base_prefix, *map(str, folders)]:
        if os.path.exists(path):
            arguments += ["--ro-bind", path, path]
    return [*arguments, "--dev", "/dev", "--chdir", "/", "--"]


def _python() -> str:
    base: str = getattr(sys, "_base_executable", sys.executable)
    return os.path.realpath(base)
