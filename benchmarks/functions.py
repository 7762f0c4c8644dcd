"""Calls of Python functions: here, on a devnet with two miners, and the same tasks given to the
engine by themselves: python -m benchmarks.functions [--calls 1000] [--numpy 100] [--times 2]

Whatever else the machine does counts, too: all is measured several times, and the load told.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import suanli
from suanli.devnet import Devnet, DevnetSale
from suanli.engine.host import Pool
from suanli.python import answers, task_of, travelling
from suanli.python.calls import LIMITS, encoded
from suanli.python.interpreter import SCIENCE

WORKERS = 2
BUDGET = "1000000"


def millisecond(n: int) -> int:
    """A millisecond's work in the sandbox."""
    total = 0
    for number in range(n):
        total += number * number % 7
    return total


@suanli.function(packages=["numpy"])
def products(seed: int, times: int) -> float:
    """Products of matrices; 150 of them take a second or so in the sandbox."""
    import numpy as np

    draw = np.random.default_rng(seed)
    one, other = draw.random((256, 256)), draw.random((256, 256))
    for _ in range(times):
        one = one @ other
        one /= one.max()
    return float(one.sum())


def measured(run: Callable[[], Any]) -> float:
    begun = time.monotonic()
    run()
    return time.monotonic() - begun


def mapped(executor: Executor, function: Any, *arguments: Any) -> list[Any]:
    return list(executor.map(function, *arguments))


def by_tasks(pool: Pool, function: Any, calls: list[tuple[Any, ...]], together: int) -> list[Any]:
    """In the engine alone, so many calls to a task."""
    travels, found = travelling(function), {}
    data = {n: encoded(travels, call, {}) for n, call in enumerate(calls)}
    numbers = list(data)
    futures = [
        pool.submit(task_of(travels, {n: data[n] for n in some}, LIMITS))
        for some in (numbers[at : at + together] for at in range(0, len(numbers), together))
    ]
    for future in futures:
        for answer in answers(future.result().stdout):
            found[answer.number] = answer.value
    return [found[n] for n in numbers]


def overhead(pool: Pool) -> Iterator[tuple[str, float]]:
    """Milliseconds of a warm task with a call of nothing: in the worker, and seen from here."""
    travels = travelling(millisecond)
    task = task_of(travels, {0: encoded(travels, (0,), {})}, LIMITS)
    pool.submit(task).result()
    results, times = [], []
    for _ in range(40):
        times.append(measured(lambda: results.append(pool.submit(task).result())))
    yield (
        f"a task, {results[0].units} units, in the worker (ms)",
        1000 * min(one.seconds for one in results),
    )
    yield "the same, seen from here (ms)", 1000 * min(times)


@contextmanager
def market() -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder:
        sale = DevnetSale(speed=2_000, capacity=20_000_000)
        with Devnet(Path(folder), WORKERS, sale) as net, net.client() as client:
            yield client


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=1_000)
    parser.add_argument("--numpy", type=int, default=100)
    parser.add_argument("--times", type=int, default=2)
    asked = parser.parse_args()
    with Pool(WORKERS) as pool, market() as client:
        pool.prepare(task_of(travelling(millisecond), {}, LIMITS).module)
        for what, value in overhead(pool):
            told(what, value)
        for _ in range(asked.times):
            _small(client, pool, [(2_000,)] * asked.calls)
        if asked.numpy and SCIENCE.place and SCIENCE.place.exists():
            pool.prepare(SCIENCE.module())
            calls = [(seed, 150) for seed in range(asked.numpy)]
            for _ in range(asked.times):
                alone = measured(lambda: by_tasks(pool, products, calls, 1))
                told("1 s: the engine, a task for each call", alone)
                _both(client, pool, "1 s", products, calls)


def _small(client: Any, pool: Pool, calls: list[Any]) -> None:
    with ProcessPoolExecutor(WORKERS) as processes:
        arguments = list(zip(*calls, strict=True))
        mapped(processes, millisecond, [1] * WORKERS)
        native = measured(lambda: mapped(processes, millisecond, *arguments))
    told("1 ms: processes, native", native)
    halves = -(-len(calls) // WORKERS)
    alone = measured(lambda: by_tasks(pool, millisecond, calls, halves))
    told("1 ms: the engine, a task for each core", alone)
    _both(client, pool, "1 ms", millisecond, calls)


def _both(client: Any, pool: Pool, name: str, function: Any, calls: list[Any]) -> None:
    arguments = list(zip(*calls, strict=True))

    def here() -> None:
        with suanli.local_executor(WORKERS, pool=pool) as executor:
            mapped(executor, function, *arguments)

    def there() -> None:
        with client.executor(BUDGET) as executor:
            mapped(executor, function, *arguments)

    told(f"{name}: local_executor", measured(here))
    told(f"{name}: market.executor", measured(there))


def told(what: str, value: float) -> None:
    print(f"{what:45} {value:8.2f}   load {os.getloadavg()[0]:.0f}", flush=True)


if __name__ == "__main__":
    main()
