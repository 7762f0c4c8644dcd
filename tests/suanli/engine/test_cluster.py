"""A cluster: the pool's answers from machines that come and go, with a real scheduler and real
workers of dask's in threads. Those in processes, killed: test_cluster_processes.py."""

from __future__ import annotations

import gc
import subprocess
import sys
from concurrent.futures import CancelledError
from queue import SimpleQueue

import pytest

from suanli.engine import (
    EngineUnavailable,
    HostError,
    Limits,
    Module,
    Runtime,
    Task,
    TaskTimeout,
    runtime_id,
)
from suanli.engine.cluster import BadAddress, Cluster, is_cluster, scheduler_of
from suanli.engine.cluster import cluster as cluster_module
from suanli.engine.cluster import inputs as inputs_module
from suanli.engine.cluster.machine import MachinePool
from suanli.engine.host import Pool
from suanli.job import leaf_of
from suanli.protocol import NO_SALT
from tests.harness.dask_cluster import DaskCluster
from tests.suanli.engine.conftest import MODULES, SMALL, command

LIBC = Module.from_file(MODULES / "libc.wasm")
ENDLESS = Task(command("(loop (br 0))"), limits=Limits(fuel=2**62))
QUICK = Task(command(""), limits=SMALL)
ID = runtime_id()
SECONDS = 60


@pytest.fixture(scope="module", autouse=True)
def _eager():
    """No test waits long for what a cluster looks at now and then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster_module, "_EVERY", 0.05)
        patch.setattr(cluster_module, "_FIRST_PAUSE", 0.05)
        yield


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Two machines for all tests that lose none."""
    with DaskCluster(tmp_path_factory.mktemp("dask")) as dask:
        dask.add()
        dask.add(2)
        yield dask


@pytest.fixture(scope="module")
def cluster(shared):
    with Cluster(shared.address, [ID]) as made:
        assert made.wait(SECONDS) == ""
        yield made


@pytest.fixture
def engine(cluster):
    return cluster.of(ID)


@pytest.fixture
def dask(tmp_path):
    """Without machines."""
    with DaskCluster(tmp_path) as made:
        yield made


def text_with(queue: SimpleQueue[str], *parts: str) -> str:
    """The next text that has these parts."""
    while True:
        text = queue.get(timeout=SECONDS)
        if all(part in text for part in parts):
            return text


class TestAnswers:
    def test_are_the_pools_to_the_leaf(self, engine):
        large = {"big": bytes(range(256)) * 400, "inputs/small.csv": b"x\n"}
        tasks = [
            Task(LIBC, (), {"NAME": "a"}, b"a\nb\n", large, SMALL, b"seed", ("folder",)),
            Task(command("unreachable"), limits=SMALL),
            Task(ENDLESS.module, limits=Limits(fuel=1_000_000)),
            Task(Module(b"no module"), limits=SMALL),
        ]
        with Pool(1) as pool:
            right = [pool.submit(task).result() for task in tasks]
        found = [future.result(SECONDS) for future in map(engine.submit, tasks)]
        assert found == right
        assert [str(one.outcome) for one in found] == [
            "exited",
            "trapped",
            "out-of-fuel",
            "invalid",
        ]
        leaves = [[leaf_of(0, one, NO_SALT) for one in some] for some in (found, right)]
        assert leaves[0] == leaves[1]

    def test_a_module_is_prepared_and_its_limits_are_looked_at(self, engine):
        assert engine.prepare(LIBC, SMALL) is None
        assert "above its limit" in str(engine.prepare(LIBC, Limits(memory=0)))
        assert engine.prepare(Module(b"no module"), SMALL)

    def test_a_late_task_fails_and_its_machine_goes_on(self, engine):
        with pytest.raises(TaskTimeout):
            engine.submit(ENDLESS, timeout=0.3).result(SECONDS)
        assert engine.submit(QUICK).result(SECONDS).ok

    def test_what_is_cancelled_ends_where_it_runs(self, engine):
        """Else the machines' three places would be taken for ever."""
        futures = [engine.submit(ENDLESS) for _ in range(5)]
        assert engine.prepare(QUICK.module) is None
        for future in futures:
            assert future.cancel()
        assert engine.submit(QUICK).result(SECONDS).ok
        with pytest.raises(CancelledError):
            futures[0].result(SECONDS)

    def test_other_runtimes_are_refused(self, cluster):
        with pytest.raises(EngineUnavailable, match="not used for portable"):
            cluster.of(runtime_id(Runtime.PORTABLE))


class TestData:
    def test_a_large_input_is_sent_once_and_a_small_one_with_its_task(self, engine, monkeypatch):
        sent: list[bytes] = []
        scatter = inputs_module._scatter

        async def noted(client, digest, content, machines):
            sent.append(content)
            return await scatter(client, digest, content, machines)

        monkeypatch.setattr(inputs_module, "_scatter", noted)
        large = b"once" * 20_000
        tasks = [
            Task(LIBC, inputs={"large": large, "small": b"%d" % n}, limits=SMALL) for n in range(9)
        ]
        for future in [engine.submit(task) for task in tasks]:
            future.result(SECONDS)
        assert sent == [large]

    def test_code_goes_to_each_machine_once(self, shared, cluster, monkeypatch, tmp_path):
        module = command(f"(drop (i32.const {int.from_bytes(tmp_path.name.encode()[-3:])}))")
        codes: list[bytes | None] = []
        prepare = MachinePool.prepare

        def noted(host, runtime, digest, code, limits):
            if code is not None:
                codes.append(code)
            return prepare(host, runtime, digest, code, limits)

        monkeypatch.setattr(MachinePool, "prepare", noted)
        assert cluster.of(ID).prepare(module) is None
        for future in [cluster.of(ID).submit(Task(module, limits=SMALL)) for _ in range(6)]:
            assert future.result(SECONDS).ok
        assert len(codes) <= len(shared.workers)

    def test_inputs_that_no_task_needs_give_way(self, engine, cluster, monkeypatch):
        kept = cluster._serving._inputs
        monkeypatch.setattr(kept, "_most", 100_000)
        for n in range(4):
            inputs = {"large": b"%d" % n * 40_000}
            engine.submit(Task(LIBC, inputs=inputs, limits=SMALL)).result(SECONDS)
        assert sum(size for size, _ in kept._kept.values()) <= 100_000


class TestMachines:
    def test_one_that_differs_is_not_used_and_told_once(self, dask):
        class Other(MachinePool):
            def open(self, places, measured):
                return super().open(places, measured) | {"runtimes": {"ab" * 32: ""}}

        told: SimpleQueue[str] = SimpleQueue()
        other = dask.add(plugin=Other())
        with Cluster(dask.address, [ID], tell=told.put) as cluster:
            assert "another version of suanli is installed there" in text_with(told, other.address)
            assert other.address in cluster.wait(0.1)
            assert cluster.machines == []
            with pytest.raises(HostError, match="no machine of the cluster is there"):
                cluster.of(ID).prepare(LIBC)
            good = dask.add()
            assert cluster.of(ID).submit(QUICK).result(SECONDS).ok
            assert [one.address for one in cluster.machines] == [good.address]
        assert told.empty()

    def test_a_lost_one_loses_no_task(self, dask):
        seen: SimpleQueue[list[str]] = SimpleQueue()
        first = dask.add(2)
        with Cluster(
            dask.address, [ID], changed=lambda used: seen.put([m.address for m in used])
        ) as cluster:
            assert seen.get(timeout=SECONDS) == [first.address]
            long = command(
                "(loop (br_if 0 (i64.lt_u (local.tee $i (i64.add (local.get $i)"
                " (i64.const 1))) (i64.const 300000000))))",
                locals_="(local $i i64)",
            )
            inputs = {"large": b"lost with the machine" * 4_000}
            futures = [cluster.of(ID).submit(Task(long, inputs=inputs)) for _ in range(2)]
            engine = cluster.of(ID)
            assert engine.prepare(long) is None
            dask.lose(first)
            assert seen.get(timeout=SECONDS) == []
            second = dask.add(2)
            assert seen.get(timeout=SECONDS) == [second.address]
            results = [future.result(SECONDS) for future in futures]
            assert results[0] == results[1]
            assert results[0].ok

    def test_speed_is_measured_if_asked_for(self, dask, monkeypatch):
        monkeypatch.setattr("suanli.engine.measure.FUEL", 10**7)
        dask.add()
        with Cluster(dask.address, [ID], measured=True) as cluster:
            assert cluster.wait(SECONDS) == ""
            (machine,) = cluster.machines
            assert machine.speed > 1


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
class TestScheduler:
    @pytest.fixture(autouse=True)
    def _collected(self):
        """tornado leaves the socket of a connection that was given up while it opened to be
        collected: here, not in another test."""
        yield
        gc.collect()

    def test_one_that_is_lost_is_waited_for_and_its_tasks_go_on(self, dask):
        told: SimpleQueue[str] = SimpleQueue()
        dask.add()
        with Cluster(dask.address, [ID], outage=told.put) as cluster:
            assert cluster.of(ID).submit(QUICK).result(SECONDS).ok
            future = cluster.of(ID).submit(ENDLESS, timeout=3)
            dask.end()
            assert "is lost" in told.get(timeout=SECONDS)
            assert "is lost" in cluster.away
            after = cluster.of(ID).submit(QUICK)
            dask.workers.clear()
            dask.begin()
            dask.add(2)
            assert told.get(timeout=SECONDS) == ""
            assert after.result(SECONDS).ok
            with pytest.raises(TaskTimeout):
                future.result(SECONDS)

    def test_one_that_is_not_there_yet_is_waited_for(self, dask):
        address = dask.address
        dask.end()
        with Cluster(address, [ID]) as cluster:
            future = cluster.of(ID).submit(QUICK)
            assert "no scheduler" in cluster.wait(0.2)
            dask.begin()
            dask.add()
            assert future.result(SECONDS).ok

    def test_without_machines_it_is_told_how_to_start_some(self, dask):
        with Cluster(dask.address, [ID]) as cluster:
            assert "start some, each with `dask worker tcp://127.0.0.1:" in cluster.wait(1)

    def test_one_that_is_closed_at_once_ends(self, dask):
        Cluster(dask.address, [ID]).close()

    def test_closing_cancels_what_waits(self, dask):
        with Cluster(dask.address, [ID]) as cluster:
            future = cluster.of(ID).submit(QUICK)
        assert future.cancelled()
        with pytest.raises(HostError, match="closed"):
            cluster.of(ID).submit(QUICK)


class TestAddress:
    @pytest.mark.parametrize(
        ("text", "address"),
        [
            ("dask://host:1", "tcp://host:1"),
            ("dask://10.0.0.1", "tcp://10.0.0.1:8786"),
            ("dask+tls://[::1]:9/", "tls://[::1]:9"),
        ],
    )
    def test_names_a_scheduler(self, text, address):
        assert is_cluster(text)
        assert scheduler_of(text) == address

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "host:8786",
            "tcp://host:1",
            "dask:host",
            "dask://",
            "dask://h:99999",
            "dask://u@h:1",
            "dask://h:1/x",
            "dask://h:1?x",
        ],
    )
    def test_that_names_none_is_refused(self, text):
        with pytest.raises(BadAddress, match="dask://host:8786 does"):
            scheduler_of(text)


def test_without_dask_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(cluster_module, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable, match=r"pip install 'suanli\[dask\]'"):
        Cluster("dask://127.0.0.1:1", [ID])


def test_dask_is_loaded_by_a_cluster_alone_and_logs_nothing():
    code = (
        "import logging, sys, suanli.cli.job, suanli.engine.cluster as cluster, suanli.miner;"
        "print([n for n in ('distributed', 'dask', 'tornado') if n in sys.modules]);"
        "cluster.Cluster('dask://127.0.0.1:9', []).close();"
        "print(logging.getLogger('distributed.utils').getEffectiveLevel())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "50"]
