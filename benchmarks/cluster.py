"""A cluster of dask.distributed that runs tasks in the sandbox, beside dask.distributed alone.

    python -m benchmarks.cluster [--small 10000] [--second 64]

About five minutes with the default. Two workers of one thread each share this machine's cores, in
both columns; alone, they run the same module in their own process, without sandbox, limits or
worker processes. docs/clusters.md explains the figures.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.engine import family
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
CALLS = 1_000
RATE, SLOWDOWN = 150, 1.1
"""The targets: small tasks a second; times the ideal for those of a second."""

_loaded: dict[bytes, Any] = {}


def alone(code: bytes, fuel: int, number: int) -> float:
    """What a worker of dask's does by itself: seconds that the task took."""
    if code not in _loaded:
        engine = new_engine()
        host, compiled = Host(engine), compile_module(code, engine)
        _loaded[code] = Loaded(compiled.artefact, compiled.memory, engine, host), engine, host
        gc.freeze()  # garbage is collected before each task, and dask has much that is none
    task = _task(fuel, number)
    begun = time.perf_counter()
    run(task, *_loaded[code])
    return time.perf_counter() - begun


def _task(fuel: int, number: int) -> Task:
    return Task(Module(KERNEL), (str(number),), limits=Limits(fuel=fuel, memory=MEMORY))


@dataclass(frozen=True)
class Taken:
    """By `count` tasks: seconds for all, those of each alone, and of processors, everywhere."""

    count: int
    seconds: float
    each: list[float]
    processors: float

    @property
    def rate(self) -> str:
        """Tasks a second, here and if these processes had two cores for themselves."""
        alone = WORKERS * self.count / self.processors
        return f"{self.count / self.seconds:,.0f} a second; {alone:,.0f} by processor time"

    @property
    def ideal(self) -> str:
        """The ideal: the tasks' own seconds spread over all places."""
        return f"{self.seconds * WORKERS / sum(self.each):.2f} × the ideal"


def taken(run_all: Callable[[], list[float]]) -> Taken:
    before, begun = processors(), time.perf_counter()
    each = run_all()
    return Taken(len(each), time.perf_counter() - begun, each, processors() - before)


def processors() -> float:
    """Seconds of processor time that this process and all below it have taken."""
    total = 0
    for pid in family(os.getpid()):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def on_cluster(address: str, fuel: int, count: int) -> Taken:
    with Cluster(address, [runtime_id()]) as cluster:
        assert not cluster.wait(120)
        engine = cluster.of(runtime_id())
        engine.prepare(Module(KERNEL))

        def run_all(of: int = count) -> list[float]:
            futures = [engine.submit(_task(fuel, number)) for number in range(of)]
            return [future.result().seconds for future in futures]

        run_all(2 * WORKERS)
        return taken(run_all)


def on_dask(address: str, fuel: int, count: int) -> Taken:
    """The same without Suanli's executor."""
    from distributed import Client

    with Client(scheduler_of(address), set_as_default=False) as client:
        client.wait_for_workers(WORKERS)

        def run_all(of: int = count) -> list[float]:
            asked = [client.submit(alone, KERNEL, fuel, n, pure=False) for n in range(of)]
            return list(client.gather(asked))

        run_all(2 * WORKERS)
        return taken(run_all)


def spin(milliseconds: float) -> float:
    """A call of Python's that works for so long."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < milliseconds / 1000:
        pass
    return time.perf_counter() - begun


def calls_on_dask(address: str, _: int, count: int) -> Taken:
    """Calls of a millisecond in dask's own Python, as docs/python.md has them on a devnet."""
    from distributed import Client

    with Client(scheduler_of(address), set_as_default=False) as client:
        client.wait_for_workers(WORKERS)
        return taken(lambda: list(client.gather(client.map(spin, [1.0] * count, pure=False))))


Way = Callable[[str, int, int], Taken]


def measured(way: Way, folder: Path, fuel: int, count: int) -> Taken:
    with DaskProcesses(folder, {"PYTHONPATH": os.getcwd()}) as dask:
        for _ in range(WORKERS):
            dask.add()
        return way(dask.address, fuel, count)


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
        rates = [one.rate for one in small]
        print(f"| {chosen.small:,} small tasks | ≥ {RATE} a second | {' | '.join(rates)} |")
        long = [measured(way, Path(name), chosen.fuel, chosen.second) for way in ways]
        times = [one.ideal for one in long]
        row = f"| {chosen.second} tasks of a second | ≤ {SLOWDOWN} × the ideal |"
        print(f"{row} {' | '.join(times)} |")
        calls = measured(calls_on_dask, Path(name), 0, CALLS)
        print(f"| {CALLS:,} calls of 1 ms in Python | | | {calls.seconds:.1f} s |")
    print(f"\nload {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
