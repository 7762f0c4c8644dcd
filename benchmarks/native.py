"""What a program's work costs on the engine, in times of what it costs natively.

    python -m benchmarks.native             all kernels: about three minutes
    python -m benchmarks.native sort dot    some of them

Both sides are built from the same C. In each of several rounds every side runs once, in random
order; a ratio is the median of the rounds' ratios, so what else the machine does in the meantime
disturbs little. Times are processor time: neither compiling nor starting a worker counts.
With all kernels it writes `reports/bench-engine.json`, also when a goal is missed. A second table
shows guests built with -O3 -msimd128, which `examples/wasi-cc.sh` does here, if clang can.
"""

from __future__ import annotations

import json
import platform
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from statistics import median

import wasmtime

from benchmarks.kernel import EXAMPLES, FOLDER, Kernel, kernels
from suanli.engine import Limits, Module, Outcome, Task
from suanli.engine.guest.compile import compile_module
from suanli.engine.guest.run import Loaded, _instance, _judge, _run_guest
from suanli.engine.guest.wasi.link import GuestCall, Host
from suanli.engine.host import usable
from suanli.engine.runtime import Runtime, new_engine, runtime_id

ROUNDS = 5
REPORT = Path(__file__).parents[1] / "reports/bench-engine.json"
LIMITS = Limits(fuel=10**12)
X86 = platform.machine() == "x86_64"
WIDE = ["-O3", f"-march={'x86-64-v3' if X86 else 'native'}"]
SIMD = ["-O3", "-msimd128", "-ffp-contract=off"]
MAIN = ("mandelbrot", "sort", "sha256", "queens", "raytrace", "kmeans-memory", "matmul")
FLOATS = ("dot", "spectral", "nbody", "stencil-f32", "matmul-f32")
GOALS = [
    ("median of the first seven", median, MAIN, {"fast": 1.10, "portable": 1.15}),
    ("worst of the first seven", max, MAIN, {"fast": 1.4, "portable": 1.8}),
    ("worst of " + ", ".join(FLOATS), max, FLOATS, {"fast": 1.5}),
    ("kmeans, from text", max, ("kmeans",), {"fast": 2.0}),
]
Found = dict[str, dict[str, float]]
"""By kernel: median seconds of `native`, ratios to it of other sides."""


class Failed(Exception):
    """What was to be measured can't be, or is not the same work."""


@cache
def runtimes() -> dict[str, Runtime]:
    """By name: `fast` and `portable`, where this machine runs both."""
    return {str(runtime): runtime for runtime, why_not in usable().items() if not why_not}


class Native:
    """A kernel built by this machine's compiler."""

    def __init__(self, kernel: Kernel, folder: Path, flags: list[str]) -> None:
        self.folder = folder / "".join(flags)
        self.command = [str(self.folder / kernel.source.stem), *kernel.args]
        self.folder.mkdir()
        build = ["cc", *flags, "-w", str(kernel.source), "-o", self.command[0], "-lm"]
        subprocess.run(build, check=True)
        for path, content in kernel.inputs.items():
            (self.folder / path).write_bytes(content)

    def __call__(self) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(self.command, cwd=self.folder, stdout=subprocess.PIPE, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.stdout = done.stdout
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Unmetered(GuestCall):
    """For a module that counts no fuel: host calls leave it alone."""

    def start(self, instance: wasmtime.Instance) -> bool:
        return True

    def load_fuel(self) -> None:
        self.meter.left = self.meter.limit

    def store_fuel(self) -> None:
        pass


class Guest:
    """A kernel on the engine, in this process."""

    def __init__(self, kernel: Kernel, code: bytes, runtime: Runtime, metered: bool = True) -> None:
        self.task = Task(Module(code), kernel.args, inputs=kernel.inputs, limits=LIMITS)
        self.call = GuestCall if metered else Unmetered
        self.engine = new_engine(runtime)
        self.host = Host(self.engine)
        if metered:
            artefact = compile_module(code, self.engine, runtime).artefact
        else:
            artefact = bytes(wasmtime.Module(self.engine, code).serialize())
        self.loaded = Loaded(artefact, 0, self.engine, self.host)

    def __call__(self) -> float:
        with wasmtime.Store(self.engine) as store:
            started = time.process_time()
            call = self.host.call = self.call(self.task, store)
            instance, trap = _instance(store, self.loaded)
            end = trap if instance is None else _run_guest(store, instance, call)
            outcome, code, detail = _judge(end, call)
            seconds = time.process_time() - started
            if outcome is not Outcome.EXITED or code:
                raise Failed(f"{self.task.args}: {outcome} {code} {detail}")
            self.stdout, self.fuel = bytes(call.world.stdout.data), call.meter.used
            self.host.call = None
            call.close()
        return seconds


def sides(kernel: Kernel, folder: Path, simd: bytes | None) -> dict[str, Native | Guest]:
    """By name; `native` first."""
    code = kernel.module.read_bytes()
    made: dict[str, Native | Guest] = {"native": Native(kernel, folder, ["-O2"])}
    made |= {short: Guest(kernel, code, runtime) for short, runtime in runtimes().items()}
    made["bare"] = Guest(kernel, code, next(iter(runtimes().values())), metered=False)
    if simd:
        made["wide"] = Native(kernel, folder, WIDE)
        for short, runtime in runtimes().items():
            made[f"simd {short}"] = Guest(kernel, simd, runtime)
    return made


def paired(runs: dict[str, Native | Guest]) -> dict[str, float]:
    """Median seconds of `native`, and of all others the median of ratios to it."""
    order, times = list(runs), {side: [] for side in runs}
    for _ in range(ROUNDS):
        random.shuffle(order)
        for side in order:
            times[side].append(runs[side]())
    native = times.pop("native")
    found = {"native": median(native)}
    for side, seconds in times.items():
        found[side] = median(t / n for t, n in zip(seconds, native, strict=True))
    return found


def check_same_work(kernel: Kernel, runs: dict[str, Native | Guest]) -> None:
    """`wide` may join a multiplication and an addition, and so round otherwise."""
    for side, run in runs.items():
        if side != "wide" and run.stdout != runs["native"].stdout:
            raise Failed(f"{kernel.name} writes something else than natively: {side}")


def simd_module(kernel: Kernel, folder: Path) -> bytes:
    module = folder / "simd.wasm"
    build = [EXAMPLES / "wasi-cc.sh", kernel.source, module, *SIMD]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(done.stderr.strip())
    return module.read_bytes()


def line(name: str, *cells: str) -> str:
    return f"{name:14}" + "".join(f"{cell:>16}" for cell in cells)


def measure(chosen: list[Kernel], simd: bool) -> Found:
    """Prints a line for each kernel as soon as it is known."""
    found, first = {}, next(iter(runtimes()))
    print(line("", "native -O2", "sandbox alone", *runtimes(), "fuel/ns"))
    for kernel in chosen:
        print(f"{kernel.name:14}", end="", flush=True)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            runs = sides(kernel, folder, simd_module(kernel, folder) if simd else None)
            row = found[kernel.name] = paired(runs)
        check_same_work(kernel, runs)
        rate = runs[first].fuel / row[first] / row["native"] / 1e9
        cells = (f"{row['native']:.3f} s", *(f"{row[side]:.2f}" for side in ("bare", *runtimes())))
        print(line("", *cells, f"{rate:.1f}")[14:], flush=True)
    return found


def print_simd(found: Found) -> None:
    print(f"\nGuests built with {' '.join(SIMD)}, beside native {' '.join(WIDE)}")
    names = ["wide", *runtimes(), *(f"simd {short}" for short in runtimes())]
    heads = ["native, wide", *(f"-O2 {short}" for short in runtimes()), *names[-len(runtimes()) :]]
    print(line("", "native -O2", *heads))
    for name, row in found.items():
        print(line(name, f"{row['native']:.3f} s", *(f"{row[side]:.2f}" for side in names)))


def print_goals(found: Found) -> None:
    print("\nGoals")
    for what, of, names, targets in GOALS:
        for runtime, target in targets.items():
            if runtime in runtimes():
                value = of(found[name][runtime] for name in names)
                verdict = "met" if value <= target else "missed"
                print(f"{what:58}{runtime:10}{value:5.2f}, at most {target:.2f}: {verdict}")


def write_report(found: Found) -> None:
    kept = {
        name: {side: row.get(side) for side in ("native", "fast", "portable")}
        for name, row in found.items()
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps({"kernels": kept}, indent=2) + "\n")
    print("\nreports/bench-engine.json is written.")


def can_build_simd() -> bool:
    """Says why not."""
    with tempfile.TemporaryDirectory() as name:
        try:
            simd_module(kernels()[1], Path(name))
        except Failed as reason:
            print(f"No table of SIMD-built guests: {reason}")
            return False
    return True


def main() -> None:
    if shutil.which("cc") is None:
        raise Failed("no C compiler to build the native side: apt-get install gcc libc6-dev")
    every = kernels()
    names = sys.argv[1:] or [kernel.name for kernel in every]
    if unknown := set(names) - {kernel.name for kernel in every}:
        print(f"No kernel is called {', '.join(unknown)}", file=sys.stderr)
        sys.exit(2)
    chosen = [kernel for kernel in every if kernel.name in names]
    version = subprocess.run(["cc", "--version"], capture_output=True, text=True, check=True)
    print(f"native: {version.stdout.splitlines()[0]}")
    print(f"guests: {(FOLDER / 'compiler.txt').read_text().strip()}")
    for short, runtime in runtimes().items():
        print(f"{short}: runtime id {runtime_id(runtime).hex()}")
    simd = can_build_simd()
    print(f"\nProcessor time, medians of {ROUNDS} paired runs; in times of native -O2")
    found = measure(chosen, simd)
    if simd:
        print_simd(found)
    if chosen == every:
        print_goals(found)
        write_report(found)


if __name__ == "__main__":
    try:
        main()
    except (Failed, subprocess.CalledProcessError) as error:
        sys.exit(f"Not measured: {error}")
