"""The pool: right answers or clear errors, whatever happens to its workers."""

import contextlib
import os
import random
import select
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
import wasmtime

from suanli.engine import (
    EngineUnavailable,
    HostError,
    Limits,
    Module,
    Task,
    TaskTimeout,
    WorkerDied,
    wire,
)
from suanli.engine.host import Pool, process, sandbox
from suanli.engine.host import slot as slot_module
from suanli.engine.host.sandbox import Isolation
from suanli.engine.task import PAGE
from tests.suanli.engine.conftest import MODULES, SMALL, command, slow_to_compile

ECHO = command(
    """(drop (call $random_get (i32.const 300) (i32.const 8)))
    (i32.store (i32.const 100) (i32.const 300)) (i32.store (i32.const 104) (i32.const 8))
    (drop (call $fd_write (i32.const 1) (i32.const 100) (i32.const 1) (i32.const 108)))
    (loop $more (br_if $more (i32.lt_u
      (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000000))))""",
    imports="random_get fd_write",
    locals_="(local $i i32)",
)
ENDLESS = Task(command("(loop (br 0))"), limits=Limits(fuel=2**62))


def echo(number: int) -> Task:
    """A task of about a millisecond whose output depends on `number`."""
    return Task(ECHO, limits=SMALL, seed=b"%d" % number)


def descendants(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            child = int(status.parent.name)
            found += [child, *descendants(child)]
    return found


class TestResults:
    def test_come_in_the_order_of_their_tasks(self, pool):
        alone = [pool.submit(echo(number)).result() for number in range(20)]
        assert len({result.stdout for result in alone}) == 20
        assert list(pool.map(map(echo, range(20)))) == alone

    def test_tasks_are_drawn_only_a_little_ahead(self, pool):
        drawn = []
        results = pool.map(drawn.append(n) or echo(n) for n in range(1000))
        next(results)
        assert len(drawn) < 20
        results.close()

    def test_inputs_and_outputs_of_some_size(self, pool):
        limits = Limits(fuel=10**9)
        big = {"inputs/data.csv": b"x\n", "big": random.Random(1).randbytes(20 << 20)}
        one = Task(Module.from_file(MODULES / "libc.wasm"), (), {"NAME": ""}, b"a\n", big, limits)
        result = pool.submit(one).result()
        assert result.exit_code == 42
        assert result.files == {"out/0": b"", "out/b.txt": b"one 1\n"}

    def test_from_many_threads_at_once(self, pool):
        results = {}

        def ask(number):
            results[number] = pool.submit(echo(number)).result()

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == dict(enumerate(pool.map(map(echo, range(16)))))

    def test_more_modules_than_a_worker_keeps(self, pool):
        tasks = [Task(command(f"(call $proc_exit (i32.const {n}))")) for n in range(12)]
        for _ in range(2):
            assert [r.exit_code for r in pool.map(tasks)] == list(range(12))


class TestPrepare:
    def test_says_why_a_module_is_invalid(self, pool):
        assert pool.prepare(ECHO) is None
        assert "core module" in pool.prepare(Module(b"no"))

    def test_says_that_a_module_starts_above_its_limit_of_memory(self, pool):
        code = '(module (memory (export "memory") 3) (func (export "_start")))'
        module = Module(bytes(wasmtime.wat2wasm(code)))
        low, enough = Limits(memory=3 * PAGE - 1), Limits(memory=3 * PAGE)
        assert pool.prepare(module, enough) is None
        refused = pool.prepare(module, low)
        assert refused == "starts with 196608 bytes of memory, above its limit"
        assert pool.submit(Task(module, limits=low)).result().detail == refused


class TestKilledWorkers:
    def test_at_random_under_load(self, tmp_path):
        choose = random.Random(7)
        with Pool(2, cache=tmp_path) as pool:
            right = list(pool.map(map(echo, range(100))))
            for number, result in enumerate(pool.map(map(echo, range(100)))):
                assert result == right[number]
                if number % 10 == 0 and (pids := pool.pids()):
                    # The outermost process, or the guest's own inside the sandbox.
                    family = [pid for one in pids for pid in (one, *descendants(one))]
                    kill(choose.choice(family))

    def test_while_idle(self, tmp_path):
        with Pool(1, cache=tmp_path) as pool:
            first = pool.submit(echo(1)).result()
            for _ in range(3):
                kill(pool.pids()[0])
                assert pool.submit(echo(1)).result() == first

    def test_that_never_live_are_given_up(self, tmp_path, monkeypatch):
        with Pool(1, cache=tmp_path) as pool:
            pool.prepare(ECHO)
            monkeypatch.setattr(
                process, "command", lambda *_: ["/bin/sh", "-c", "echo some words >&2; exit 9"]
            )
            with pytest.raises(WorkerDied, match=r"3 workers died.* 9 some words"):
                pool.submit(echo(1)).result()
            monkeypatch.undo()
            assert pool.submit(echo(1)).result().ok

    @pytest.mark.parametrize(
        "answer",
        [
            b"x" * 12,
            wire.HEAD.pack(10, 0) + b"not json..",
            wire.HEAD.pack(1 << 31, 0),
            wire.HEAD.pack(2, 1 << 40) + b"{}",
            wire.HEAD.pack(13, 0) + b'{"blobs":[3]}',
            wire.HEAD.pack(14, 0) + b'{"blobs":[-1]}',
            wire.HEAD.pack(2, 0) + b"[]",
        ],
    )
    def test_that_answer_nonsense(self, answer, tmp_path, monkeypatch):
        file = tmp_path / "answer"
        file.write_bytes(answer)
        monkeypatch.setattr(process, "command", lambda *_: ["/bin/cat", str(file)])
        with pytest.raises((WorkerDied, EngineUnavailable)):
            process.WorkerProcess(Isolation.NONE)

    @pytest.mark.parametrize(
        "change",
        [
            {"outcome": "splendid"},
            {"fuel": "much"},
            {"files": ["a"]},
            {"exit_code": []},
            {"seconds": None},
            {"trace": "z"},
        ],
    )
    def test_that_answer_with_wrong_fields(self, change):
        good = {"outcome": "exited", "exit_code": 0, "fuel": 1, "detail": "", "seconds": 0}
        good |= {"files": [], "trace": ""}
        assert wire.read_result(good, [b"", b""]).ok
        with pytest.raises(wire.BadFrame):
            wire.read_result(good | change, [b"", b""])


class TestKilledHost:
    def test_takes_its_workers_along(self, tmp_path):
        script = f"""
import pathlib
from suanli.engine.host import Pool
from tests.suanli.engine.test_pool import ENDLESS
pool = Pool(2, cache=pathlib.Path({str(tmp_path)!r}))
list(map(pool.submit, [ENDLESS, ENDLESS]))
while len(pool.pids()) < 2: pass
print(*pool.pids(), flush=True)
input()
"""
        host = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[3],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with host:
            assert host.stdout is not None
            tops = [int(word) for word in host.stdout.readline().split()]
            assert len(tops) == 2
            workers = [os.pidfd_open(pid) for top in tops for pid in (top, *descendants(top))]
            host.kill()
        for worker in workers:
            ended, _, _ = select.select([worker], [], [], 30)
            os.close(worker)
            assert ended


class TestHangingWorkers:
    def test_stopped_in_a_task(self, tmp_path):
        with Pool(1, cache=tmp_path) as pool:
            right = pool.submit(echo(1)).result()
            inner = descendants(pool.pids()[0]) or pool.pids()
            for pid in inner:
                os.kill(pid, signal.SIGSTOP)
            with pytest.raises(TaskTimeout):
                pool.submit(echo(1), timeout=0.2).result()
            assert pool.submit(echo(1)).result() == right

    def test_more_fuel_than_patience(self, tmp_path):
        with Pool(1, cache=tmp_path) as pool:
            pool.prepare(ENDLESS.module)
            with pytest.raises(TaskTimeout):
                pool.submit(ENDLESS, timeout=0.5).result()


class TestClosing:
    def test_ends_what_runs_and_cancels_what_waits(self, tmp_path):
        pool = Pool(1, cache=tmp_path)
        running = pool.submit(ENDLESS)
        while not running.running() or not pool.pids():
            pass
        waiting = pool.submit(ENDLESS)
        pids = pool.pids()
        pool.close()
        with pytest.raises(HostError, match="closed"):
            running.result()
        with pytest.raises(CancelledError):
            waiting.result()
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        with pytest.raises(HostError, match="closed"):
            pool.submit(ENDLESS)
        pool.close()

    def test_does_not_wait_for_a_compilation(self, tmp_path):
        started = time.monotonic()
        with Pool(1, cache=tmp_path, compile_seconds=500) as pool:
            future = pool.submit(Task(slow_to_compile(3000)))
            while not pool._library._compilers:
                pass
        with pytest.raises(HostError):
            future.result()
        assert time.monotonic() - started < 60

    def test_leaves_no_files_open_and_no_threads(self, tmp_path):
        def use():
            with Pool(2, cache=tmp_path) as pool:
                list(pool.map(map(echo, range(4))))
            return len(os.listdir("/proc/self/fd")), threading.active_count()

        first = use()
        assert [use() for _ in range(3)] == [first] * 3

    def test_cancelled_tasks_do_not_run(self, tmp_path):
        with Pool(1, cache=tmp_path) as pool:
            running = pool.submit(ENDLESS, timeout=1)
            waiting = pool.submit(ENDLESS)
            assert waiting.cancel()
            with pytest.raises(TaskTimeout):
                running.result()
            assert pool.submit(echo(1)).result().ok


class TestMemory:
    def resident(self, pool) -> int:
        """Bytes of all workers."""
        total = 0
        for outer in pool.pids():
            for pid in (outer, *descendants(outer)):
                total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
        return total

    def test_does_not_grow_with_tasks(self, tmp_path):
        module = Module.from_file(MODULES / "libc.wasm")
        tasks = [Task(module, (), {"NAME": ""}, b"a\n", {"inputs/data.csv": b"x\n"}, SMALL)] * 200
        with Pool(2, cache=tmp_path) as pool:
            # Fragmentation settles within the first hundreds.
            assert {result.exit_code for result in pool.map(tasks)} == {42}
            before = self.resident(pool)
            list(pool.map(tasks * 2))
            assert self.resident(pool) < before + (4 << 20)

    def test_workers_are_replaced_in_time(self, tmp_path, monkeypatch):
        monkeypatch.setattr(slot_module, "_RECYCLE", 5)
        with Pool(1, cache=tmp_path) as pool:
            seen = set()
            for _ in pool.map(map(echo, range(15))):
                seen.update(pool.pids())
            assert len(seen) >= 3

    def test_what_the_host_can_not_give_is_no_result(self, pool, monkeypatch):
        from suanli.engine.guest import run

        def refuse(*_):
            raise OSError("no")

        monkeypatch.setattr(run.mmap, "mmap", refuse)
        with pytest.raises(HostError, match="can't allocate"):
            run._reserve(1 << 20)


class TestIsolation:
    def test_works_without_bubblewrap(self, pool, tmp_path):
        with Pool(1, cache=tmp_path, isolation=Isolation.NONE) as bare:
            assert bare.isolation is Isolation.NONE
            assert bare.submit(echo(5)).result() == pool.submit(echo(5)).result()

    def test_says_when_bubblewrap_is_missing(self, tmp_path, monkeypatch, caplog):
        monkeypatch.setattr(sandbox.shutil, "which", lambda _: None)
        sandbox.choose.cache_clear()
        with pytest.raises(EngineUnavailable, match="apt install bubblewrap"):
            Pool(1, cache=tmp_path, isolation=Isolation.BUBBLEWRAP)
        with Pool(1, cache=tmp_path) as pool:
            assert pool.isolation is Isolation.NONE
        assert "not installed" in caplog.text
        sandbox.choose.cache_clear()

    def test_workers_see_no_more_than_they_need(self, pool):
        if pool.isolation is not Isolation.BUBBLEWRAP:
            pytest.skip("bubblewrap does not work on this machine")
        pool.submit(echo(1)).result()
        worker = descendants(pool.pids()[0])[-1]
        root = Path(f"/proc/{worker}/root")
        tops = {path.name for path in root.iterdir()}
        # Where Python and the packages are, as when the checkout is below /tmp.
        needed = {Path(place).parts[1] for place in (sys.prefix, sys.base_prefix, __file__)}
        assert not (tops - needed) & {"tmp", "proc", "sys", "var", "run", "boot"}
        assert not (root / "etc/passwd").exists()
        assert not (root / Path.cwd().relative_to("/") / "pyproject.toml").exists()
        assert Path(f"/proc/{worker}/environ").read_bytes().count(b"\0") <= 2
        interfaces = Path(f"/proc/{worker}/net/dev").read_text().splitlines()[2:]
        assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
        status = Path(f"/proc/{worker}/status").read_text()
        assert "CapEff:\t0000000000000000" in status
        assert "NoNewPrivs:\t1" in status
        assert Path(f"/proc/{worker}/oom_score_adj").read_text().strip() == "1000"


def kill(pid: int) -> None:
    # If it ended in the meantime, that is as good.
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
