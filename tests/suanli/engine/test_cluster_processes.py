"""A cluster in processes of its own, killed at random as machines are: no task is lost, no answer
is another one."""

from __future__ import annotations

import random
from concurrent.futures import wait
from pathlib import Path
from queue import SimpleQueue

import pytest

from suanli.engine import Limits, Module, Task, runtime_id
from suanli.engine.cluster import Cluster
from suanli.engine.host import Pool
from tests.harness.dask_processes import DaskProcesses
from tests.suanli.engine.conftest import MODULES, command

ROUNDS, EACH = 6, 12
PATIENCE = 300
LARGE = [bytes([n]) * 100_000 for n in range(4)]
LIMITS = Limits(fuel=2_000_000_000, file_bytes=1 << 20)
WORK = command(
    """(drop (call $random_get (i32.const 300) (i32.const 8)))
    (i32.store (i32.const 100) (i32.const 300)) (i32.store (i32.const 104) (i32.const 8))
    (drop (call $fd_write (i32.const 1) (i32.const 100) (i32.const 1) (i32.const 108)))
    (loop $more (br_if $more (i32.lt_u
      (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000000))))""",
    imports="random_get fd_write",
    locals_="(local $i i32)",
)


def task(number: int) -> Task:
    """Of a tenth of a second, whose output depends on all that it is given."""
    return Task(WORK, inputs={"large": LARGE[number % 4]}, limits=LIMITS, seed=b"%d" % number)


@pytest.mark.deep
def test_machines_and_schedulers_killed_at_random(tmp_path: Path) -> None:
    """One or all of three, whenever three are used, with tasks on all of them."""
    chance = random.Random(0)
    used: SimpleQueue[int] = SimpleQueue()
    with Pool(2) as pool:
        right = list(pool.map(map(task, range(ROUNDS * EACH))))
    assert len({one.stdout for one in right}) == len(right)
    with DaskProcesses(tmp_path) as dask:
        start(dask)
        with Cluster(
            dask.address, [runtime_id()], changed=lambda machines: used.put(len(machines))
        ) as cluster:
            engine = cluster.of(runtime_id())
            futures = []
            for number in range(ROUNDS):
                while used.get(timeout=PATIENCE) < 3:
                    pass
                futures += [engine.submit(task(number * EACH + n)) for n in range(EACH)]
                wait(futures, PATIENCE, return_when="FIRST_COMPLETED")
                if number == ROUNDS // 2:
                    lose_scheduler(dask)
                else:
                    dask.kill(chance.choice(dask.workers))
                start(dask)
            found = [future.result(PATIENCE) for future in futures]
    assert found == right


def start(dask: DaskProcesses) -> None:
    while len(dask.workers) < 3:
        dask.add()


def lose_scheduler(dask: DaskProcesses) -> None:
    dask.end()
    for worker in list(dask.workers):
        worker.wait(PATIENCE)  # they end of themselves
        dask.workers.remove(worker)
    dask.begin()


def test_two_machines_in_processes_and_one_killed(tmp_path: Path) -> None:
    echo = Module.from_file(MODULES / "libc.wasm")
    with DaskProcesses(tmp_path) as dask:
        first, _ = dask.add(), dask.add()
        with Cluster(dask.address, [runtime_id()]) as cluster:
            engine = cluster.of(runtime_id())
            assert engine.submit(Task(echo, limits=LIMITS)).result(PATIENCE)
            futures = [engine.submit(task(number)) for number in range(8)]
            dask.kill(first)
            assert all(future.result(PATIENCE).ok for future in futures)
