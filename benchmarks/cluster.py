"""A cluster of dask.distributed that runs tasks in the sandbox, beside dask.distributed alone.

    python -m benchmarks.cluster [--small 10000] [--second 64]

About five minutes with the default. Two workers of one thread each share this machine's cores, in
both columns; alone, they run the same module in their own process, without sandbox, limits or
worker processes. docs/clusters.md explains the figures.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from suanli.engine import Limits, Module, Task, runtime_id
from suanli.engine.cluster import Cluster, scheduler_of
from suanli.engine.guest.compile import compile_module
from suanli.engine.guest.run import Loaded, run
from suanli.engine.guest.wasi.link import Host
from suanli.engine.measure import FUEL, KERNEL
from suanli.engine.runtime import new_engine
from tests.harness.dask_processes import DaskProcesses

WORKERS = 2
SMALL = 2_000_000
"""Fuel of a small task: less than a millisecond."""
MEMORY = 16 << 20
RATE, SLOWDOWN = 150, 1.1
"""The targets: small tasks a second; times the ideal for those of a second."""

_loaded: dict[bytes, Any] = {}


def alone(code: bytes, fuel: int, number: int) -> float:
    """What a worker of dask's does by itself: seconds that the task took."""
    if code not in _loaded:
        engine = new_engine()
        host, compiled = Host(engine), compile_module(code, engine)
        _loaded[code] = Loaded(compiled.artefact, compiled.memory, engine, host), engine, host
    task = _task(fuel, number)
    begun = time.perf_counter()
    run(task, *_loaded[code])
    return time.perf_counter() - begun


def _task(fuel: int, number: int) -> Task:
    return Task(Module(KERNEL), (str(number),), limits=Limits(fuel=fuel, memory=MEMORY))


def on_cluster(address: str, fuel: int, count: int) -> tuple[float, list[float]]:
    """Seconds for all, and of each task alone."""
    with Cluster(address, [runtime_id()]) as cluster:
        assert not cluster.wait(60)
        engine = cluster.of(runtime_id())
        engine.prepare(Module(KERNEL))
        for future in [engine.submit(_task(fuel // 100, -n)) for n in range(2 * WORKERS)]:
            future.result()
        begun = time.perf_counter()
        futures = [engine.submit(_task(fuel, number)) for number in range(count)]
        each = [future.result().seconds for future in futures]
        return time.perf_counter() - begun, each


def on_dask(address: str, fuel: int, count: int) -> tuple[float, list[float]]:
    """The same without Suanli's executor."""
    from distributed import Client

    with Client(scheduler_of(address), set_as_default=False) as client:
        client.wait_for_workers(WORKERS)
        client.run(alone, KERNEL, fuel // 100, -1)
        begun = time.perf_counter()
        futures = [client.submit(alone, KERNEL, fuel, n, pure=False) for n in range(count)]
        each = client.gather(futures)
        return time.perf_counter() - begun, each


Way = Callable[[str, int, int], tuple[float, list[float]]]


def measured(way: Way, folder: Path, fuel: int, count: int) -> tuple[float, float]:
    """Tasks a second, and times the ideal: the tasks' own seconds spread over all places."""
    with DaskProcesses(folder, {"PYTHONPATH": os.getcwd()}) as dask:
        for _ in range(WORKERS):
            dask.add()
        seconds, each = way(dask.address, fuel, count)
    return count / seconds, seconds * WORKERS / sum(each)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--second", type=int, default=64)
    parser.add_argument("--fuel", type=int, default=FUEL, help="Of a task of about a second.")
    chosen = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores\n")
    print("| | target | the cluster | dask.distributed alone |\n|---|---|---|---|")
    ways: tuple[Way, Way] = on_cluster, on_dask
    with tempfile.TemporaryDirectory() as name:
        small = [measured(way, Path(name), SMALL, chosen.small) for way in ways]
        rates = [f"{rate:,.0f} a second" for rate, _ in small]
        print(f"| {chosen.small:,} small tasks | ≥ {RATE} a second | {' | '.join(rates)} |")
        long = [measured(way, Path(name), chosen.fuel, chosen.second) for way in ways]
        times = [f"{ideal:.2f} × the ideal" for _, ideal in long]
        row = f"| {chosen.second} tasks of a second | ≤ {SLOWDOWN} × the ideal |"
        print(f"{row} {' | '.join(times)} |")
    print(f"\nload {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
