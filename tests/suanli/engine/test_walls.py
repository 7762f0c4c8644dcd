"""Host and guest: what each process loads of the engine, as it runs."""

from __future__ import annotations

import subprocess
import sys

from suanli.engine import default_runtime
from suanli.engine.host import Isolation
from suanli.engine.host.installed import own
from suanli.engine.host.sandbox import command

SHARED = {"errors", "executor", "measure", "prices", "runtime", "task", "wire"}
"""Modules of the engine that both sides load."""
LOADED = "print(*sorted(name for name in sys.modules if name.startswith('suanli.')))"
RUN = """
import sys
from suanli.engine import Limits, Module, Task
from suanli.engine.host import Isolation, Pool
with Pool(1, isolation=Isolation.NONE) as pool:
    module = Module(b"\\0asm\\1\\0\\0\\0")
    pool.submit(Task(module, limits=Limits(fuel=1_000_000, memory=1 << 16))).result()
print("wasmtime" in sys.modules)
"""


def loaded(arguments: list[str]) -> list[str]:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_worker_loads_its_own_side_and_what_is_shared() -> None:
    """As it is started: beside its side nothing of Suanli but the wire and what stands on it."""
    arguments = command(Isolation.NONE, 0, own(default_runtime()))
    at = next(number for number, text in enumerate(arguments) if "guest.worker import" in text)
    arguments[at] = arguments[at].replace("main(int(sys.argv[1]), sys.argv[2])", LOADED)
    found = loaded(arguments)
    assert "suanli.engine.guest.run" in found
    outside = [name for name in found if not name.startswith("suanli.engine.guest")]
    shared = {f"suanli.engine.{name}" for name in SHARED}
    base = {"suanli.base", "suanli.base.errors", "suanli.base.version"}
    assert set(outside) == {*base, "suanli.engine", *shared}


def test_a_daemon_that_runs_tasks_loads_nothing_of_the_guests() -> None:
    wasmtime, *found = loaded([sys.executable, "-c", RUN + LOADED])
    assert wasmtime == "False"
    assert "suanli.engine.host.pool" in found
    assert [name for name in found if name.startswith("suanli.engine.guest")] == []
