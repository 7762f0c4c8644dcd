"""How fast the engine starts and finishes tasks, and that its memory stays flat, each figure with
what this machine does without the engine: `python -m benchmarks.engine`, about a minute.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import wasmtime

from suanli.engine import Module, Task, runtime_id
from suanli.engine.host import Pool

KERNELS = Path(__file__).parent / "kernels"
RUNS = 3
EMPTY = Module(
    bytes(wasmtime.wat2wasm('(module (memory (export "memory") 1) (func (export "_start")))'))
)


def rate(run: Callable[[int], object], count: int) -> float:
    """Times a second that `run` does one of `count`; the best of several."""
    highest = 0.0
    for _ in range(RUNS):
        started = time.perf_counter()
        run(count)
        highest = max(highest, count / (time.perf_counter() - started))
    return highest


def print_throughput(pool: Pool) -> None:
    sold = rate(lambda n: list(pool.map([Task(EMPTY)] * n)), 3000)
    with ProcessPoolExecutor(2) as plain:
        other = rate(lambda n: list(plain.map(abs, range(n))), 3000)
    print(f"small tasks, 2 workers     {sold:8,.0f} /s    target 500 /s")
    print(f"  a plain process pool     {other:8,.0f} /s")


def print_latency(pool: Pool) -> None:
    def milliseconds(act: Callable[[], object]) -> float:
        times = []
        for _ in range(200):
            started = time.perf_counter()
            act()
            times.append(time.perf_counter() - started)
        return 1000 * statistics.median(times)

    warm = milliseconds(lambda: pool.submit(Task(EMPTY)).result())
    process = milliseconds(lambda: subprocess.run(["/bin/true"], check=True))
    print(f"warm task, start to end    {warm:8.2f} ms    target 5 ms (median)")
    print(f"  a native process         {process:8.2f} ms")


def print_scaling(one: Pool, two: Pool) -> None:
    task = Task(Module.from_file(KERNELS / "mandelbrot.wasm"))
    times = {}
    for pool in (one, two):
        list(pool.map([task] * 2))
        times[pool] = 1 / rate(lambda n, pool=pool: list(pool.map([task] * n)), 16)
    print(f"16 tasks on 2 cores        {times[one] / 2 / times[two]:8.2f} of the ideal, target 0.9")


def print_memory(pool: Pool) -> None:
    task = Task(Module.from_file(KERNELS / "sha256.wasm"), ("10",))
    print("memory of workers and host, MiB", end="")
    for done, more in ((500, 500), (5_000, 4_500), (10_000, 5_000)):
        for result in pool.map([task] * more):
            assert result.ok
        workers = sum(map(resident, (p for top in pool.pids() for p in family(top))))
        print(f"   after {done:,}: {workers:.1f} + {resident(os.getpid()):.1f}", end="", flush=True)
    print()


def resident(pid: int) -> float:
    """MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


def family(pid: int) -> Iterator[int]:
    """The process and all that descend from it."""
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from family(int(child))


def main() -> None:
    print(f"runtime id {runtime_id().hex()}")
    with tempfile.TemporaryDirectory() as folder, Pool(2, cache=Path(folder)) as pool:
        print(f"workers: {pool.isolation.value}\n")
        print_throughput(pool)
        print_latency(pool)
        with Pool(1, cache=Path(folder)) as one:
            print_scaling(one, pool)
        print_memory(pool)


if __name__ == "__main__":
    main()
