"""Run a task in this process, without a worker, for its processor time."""

from __future__ import annotations

import time

import wasmtime

from suanli.engine import Outcome, Task
from suanli.engine.guest.compile import compile_module
from suanli.engine.guest.run import Loaded, run
from suanli.engine.guest.wasi.link import Host


def best_of(runs: int, task: Task, engine: wasmtime.Engine, host: Host) -> tuple[float, int]:
    """Processor seconds of the best run, and fuel."""
    compiled = compile_module(task.module.code, engine)
    loaded = Loaded(compiled.artefact, compiled.memory, engine, host)
    times = []
    for _ in range(runs):
        started = time.process_time()
        result = run(task, loaded, engine, host)
        times.append(time.process_time() - started)
        assert result.outcome is Outcome.EXITED, result
    loaded.close()
    return min(times), result.fuel
