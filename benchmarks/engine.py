"""How fast the engine is, each figure with what this machine does without it.

    python -m benchmarks.engine            everything, about two minutes
    python -m benchmarks.engine --kernels  only the kernels: what sandbox and determinism cost

Kernels are `benchmarks/kernels/*.c` and each program in `examples/` whose C source stands beside
it, run on the first task of its `job.toml`. Times are processor time, best of
several runs, so that other work on the machine disturbs little. The native side needs a C
compiler (`cc`); without one its column stays empty.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import wasmtime

from suanli.engine import Module, Runtime, Task, runtime_id
from suanli.engine.guest.compile import compile_module
from suanli.engine.guest.run import Loaded
from suanli.engine.guest.wasi.link import GuestCall, Host
from suanli.engine.host import Pool
from suanli.engine.runtime import new_engine
from suanli.job import load
from suanli.protocol import NO_SALT

ROOT = Path(__file__).parents[1]
KERNELS = Path(__file__).parent / "kernels"
RUNS = 3
EMPTY = Module(
    bytes(wasmtime.wat2wasm('(module (memory (export "memory") 1) (func (export "_start")))'))
)


@dataclass(frozen=True)
class Kernel:
    name: str
    source: Path
    task: Task


class Unmetered(GuestCall):
    """For a module that counts no fuel: host calls leave it alone."""

    def start(self, instance: wasmtime.Instance) -> bool:
        return True

    def load_fuel(self) -> None:
        self.meter.left = self.meter.limit

    def store_fuel(self) -> None:
        pass


def kernels() -> Iterator[Kernel]:
    for source in sorted(KERNELS.glob("*.c")):
        yield Kernel(source.stem, source, Task(Module.from_file(source.with_suffix(".wasm"))))
    for folder in sorted(ROOT.glob("examples/*")):
        if not (folder / "job.toml").exists():
            continue
        job = load(folder / "job.toml", runtime=runtime_id(), salt=NO_SALT)
        module = job.module(job.manifest.module)
        task = job.manifest.engine_task(0, module, job.read)
        for built in folder.glob("*.wasm"):
            source = built.with_suffix(".c")
            if built.read_bytes() == module.code and source.exists():
                yield Kernel(folder.name, source, task)


def best(run: Callable[[], float]) -> float:
    """The least of several times; fewer where one run alone takes long."""
    times: list[float] = []
    while len(times) < RUNS and sum(times) < 2:
        times.append(run())
    return min(times)


def wasm_seconds(task: Task, runtime: Runtime, *, metered: bool = True) -> float:
    """Processor time of the guest alone: neither compiling nor starting a process."""
    engine = new_engine(runtime)
    host = Host(engine)
    code = task.module.code
    if metered:
        artefact = compile_module(code, engine, runtime).artefact
    else:
        artefact = bytes(wasmtime.Module(engine, code).serialize())
    loaded = Loaded(artefact, 0, engine, host)
    return best(lambda: _guest_seconds(task, loaded, engine, host, metered))


def _guest_seconds(
    task: Task, loaded: Loaded, engine: wasmtime.Engine, host: Host, metered: bool
) -> float:
    with wasmtime.Store(engine) as store:
        host.call = GuestCall(task, store) if metered else Unmetered(task, store)
        started = time.process_time()
        try:
            instance = loaded.instance.instantiate(store)
            host.call.start(instance)
            start = instance.exports(store)["_start"]
            assert isinstance(start, wasmtime.Func)
            start(store)
        except wasmtime.WasmtimeError:
            pass
        except wasmtime.Trap:
            # Programs that call exit() leave through a trap.
            assert "Exited(0)" in repr(host.call.ended), host.call.ended
        seconds = time.process_time() - started
        host.call.close()
        host.call = None
        return seconds


def native_seconds(kernel: Kernel) -> float | None:
    """Processor time of the same source built by this machine's own compiler with -O2."""
    if shutil.which("cc") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "task"
        build = ["cc", "-O2", "-w", str(kernel.source), "-o", str(program), "-lm"]
        subprocess.run(build, check=True)
        for path, content in kernel.task.inputs.items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_bytes(content)
        return best(lambda: _native_seconds(program, kernel.task))


def _native_seconds(program: Path, task: Task) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [program, *task.args],
        input=task.stdin,
        env=dict(task.env),
        cwd=program.parent,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def print_kernels(pool: Pool) -> None:
    print("\nKernels: processor seconds, and times the native build")
    heads = ("native", "wasm", "fast", "portable")
    print(f"{'':12}" + "".join(f"{head:>16}" for head in heads) + f"{'fuel/ns':>10}")
    for kernel in kernels():
        native = native_seconds(kernel)
        times = [
            wasm_seconds(kernel.task, Runtime.FAST, metered=False),
            wasm_seconds(kernel.task, Runtime.FAST),
            wasm_seconds(kernel.task, Runtime.PORTABLE),
        ]
        cells = [f"{native:.3f}" if native else "-"]
        cells += [f"{t:.3f} {f'({t / native:.2f})' if native else '':>7}" for t in times]
        fuel = pool.submit(kernel.task).result().fuel / times[1] / 1e9
        print(f"{kernel.name:12}" + "".join(f"{cell:>16}" for cell in cells) + f"{fuel:10.1f}")


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
        if "--kernels" not in sys.argv:
            print_throughput(pool)
            print_latency(pool)
            with Pool(1, cache=Path(folder)) as one:
                print_scaling(one, pool)
            print_memory(pool)
        print_kernels(pool)


if __name__ == "__main__":
    main()
