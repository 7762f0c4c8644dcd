"""Where a guest's memory lies on its host."""

import re
from pathlib import Path

import pytest

from suanli.engine import Outcome, Task
from suanli.engine.guest import run as run_module
from suanli.engine.guest.compile import compile_module
from suanli.engine.guest.run import Loaded, run
from suanli.engine.guest.wasi.link import Host
from suanli.engine.runtime import new_engine
from tests.suanli.engine.conftest import wat

HUGE = Path("/sys/kernel/mm/transparent_hugepage/enabled")
PROGRAM = """(module (memory (export "memory") 64 64) (func (export "_start")
  (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x3fffff))))"""
WITHOUT_A_NAME = PROGRAM.replace('(export "memory")', "")


def flags(address: int) -> list[str]:
    """What the kernel says of the mapping with `address`."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if found := re.match("([0-9a-f]+)-([0-9a-f]+) ", line):
            inside = int(found[1], 16) <= address < int(found[2], 16)
        elif inside and line.startswith("VmFlags:"):
            return line.split()[1:]
    raise AssertionError(f"nothing is mapped at {address:x}")


@pytest.mark.skipif(not HUGE.exists(), reason="this kernel has no transparent huge pages")
def test_huge_pages_are_wanted_for_a_guests_memory(monkeypatch):
    seen = []
    advise = run_module._madvise

    def look(start, size, advice):
        before = flags(start.value)
        assert advise(start, size, advice) == 0
        seen.append((before, flags(start.value), flags(start.value + size - 1)))

    monkeypatch.setattr(run_module, "_madvise", look)
    engine = new_engine()
    host = Host(engine)
    for text, count in ((PROGRAM, 1), (WITHOUT_A_NAME, 1)):
        task = Task(wat(text))
        compiled = compile_module(task.module.code, engine)
        loaded = Loaded(compiled.artefact, compiled.memory, engine, host)
        assert run(task, loaded, engine, host).outcome is Outcome.EXITED
        loaded.close()
        assert len(seen) == count
    before, first, last = seen[0]
    assert "hg" not in before
    assert "hg" in first
    assert "hg" in last
