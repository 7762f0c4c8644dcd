"""A PostgreSQL server of one's own, as Debian's package brings it.

with server() as url: ...
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
USER = "postgres"
"""Who may run it where root can't, which PostgreSQL refuses."""


def missing() -> str | None:
    """Why there is none here."""
    if _program("initdb") is None:
        return "PostgreSQL is not installed (Debian's package postgresql)"
    if os.getuid() == 0 and not _has_user():
        return f"root can't run PostgreSQL, and there is no user {USER}"
    return None


@contextmanager
def server(encoding: str = "UTF8") -> Iterator[str]:
    """Its URL; it listens on a socket in its folder alone, and is gone on leaving."""
    folder = Path(tempfile.mkdtemp(prefix="suanli-pg-"))
    data = folder / "data"
    if os.getuid() == 0:
        shutil.chown(folder, USER, USER)
    try:
        _run("initdb", "--no-sync", "--auth=trust", "--username=suanli", f"--encoding={encoding}",
             "--locale=C", f"--pgdata={data}")  # fmt: skip
        options = f"-c listen_addresses='' -k {folder} -c fsync=off"
        _run("pg_ctl", "start", "--wait", f"--pgdata={data}", f"--log={folder}/log", "-o", options)
        try:
            yield f"postgresql://suanli@/postgres?host={folder}"
        finally:
            _run("pg_ctl", "stop", "--mode=immediate", f"--pgdata={data}")
    finally:
        shutil.rmtree(folder)


def _run(program: str, *arguments: str) -> None:
    command: Sequence[str] = [str(_program(program)), *arguments]
    user = USER if os.getuid() == 0 else None
    # Not a pipe: the server would keep it open.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(command, user=user, cwd="/", stdout=said, stderr=said)
        said.seek(0)
        assert done.returncode == 0, said.read().decode(errors="replace")


def _program(name: str) -> Path | None:
    if found := shutil.which(name):
        return Path(found)
    versions = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return versions[-1] if versions else None


def _has_user() -> bool:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True
