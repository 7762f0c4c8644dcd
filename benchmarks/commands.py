"""How long whole jobs take as commands, from the start of `suanli job run` until it has ended with
everything paid and the result written. docs/operations.md explains the figures.

    python -m benchmarks.commands
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import wasmtime

from benchmarks.town import MODULE, Town, write_job
from suanli.devnet import SUANLI, DevnetSale

SLOW = 500
"""Units a second that slow miners announce."""
SHORT = 146
"""Size of a picture: about 25 ms of work."""
MIB = 1 << 20
LARGE_TASKS, LARGE_MIB = 8, 64
_WRITER = f"""(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "_start") (local $left i32)
    (local.set $left (i32.const {LARGE_MIB * 16}))
    (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 65536))
    (loop $again
      (i32.store (i32.const 65536) (local.get $left))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"""
"""Writes 64 KiB again and again."""


@dataclass(frozen=True)
class Done:
    """A command that ended: wall seconds, its own resident MiB at most, and its report."""

    seconds: float
    mib: float
    deals: int
    tasks: int


def command(town: Town, file: Path, budget: int, *more: str) -> Done:
    """Run a job on the market. Raises RuntimeError with what it said if it fails."""
    out = town.folder / f"out-{file.parent.name}"
    flags = ["--budget", str(budget), "--out", str(out), "--json", *more]
    started, most = time.perf_counter(), 0.0
    with (town.folder / "said").open("w+") as said:
        running = subprocess.Popen(
            [*SUANLI, "job", "run", str(file), *flags],
            env={**os.environ, **town.environment},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        while running.poll() is None:
            if os.fstat(said.fileno()).st_size:  # before, its key is unlocked, which takes 256 MiB
                most = max(most, resident_now(running.pid))
            time.sleep(0.01)
        seconds = time.perf_counter() - started
        assert running.stdout is not None
        answer = running.stdout.read()
        said.seek(0)
        if running.returncode:
            raise RuntimeError(said.read()[-1_000:])
    report = json.loads(answer)
    return Done(seconds, most, len(report["deals"]), report["done"])


def resident_now(pid: int) -> float:
    """MiB; 0 once it has ended."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0.0
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / MIB


def locally(file: Path, out: Path) -> float:
    """Seconds of the same job without the market."""
    started = time.perf_counter()
    command = [*SUANLI, "job", "run", str(file), "--local", "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def tiny(folder: Path, tasks: int, limits: str = "") -> Path:
    """Tasks of a millisecond; without limits of their own unless told."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "job.toml"
    path.write_text(
        f'module = "{MODULE}"\n{limits}\n'
        f'tasks = {{ count = {tasks}, args = ["5"] }}\ngather = {{ kind = "concat", to = "all" }}\n'
    )
    return path


def large(folder: Path) -> Path:
    """Tasks that print much."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "writer.wasm").write_bytes(wasmtime.wat2wasm(_WRITER))
    path = folder / "job.toml"
    path.write_text(
        'module = "writer.wasm"\n'
        f'limits = {{ fuel = 2_000_000_000, memory = "2 MiB", stdout_bytes = "{LARGE_MIB} MiB" }}\n'
        f"tasks = {{ count = {LARGE_TASKS} }}\n"
        'gather = { kind = "concat", to = "all" }\n'
    )
    return path


@contextmanager
def _town(sale: DevnetSale) -> Iterator[Town]:
    with (
        tempfile.TemporaryDirectory(prefix="suanli-bench-") as folder,
        Town(Path(folder), 2, sale) as town,
    ):
        yield town


def show(name: str, figure: str, target: str, right: bool, beside: str = "") -> None:
    verdict = "ok" if right else "MISSED"
    print(f"{name:38}{figure:>14}   target {target:12} {verdict:7} {beside}".rstrip(), flush=True)


def timed(town: Town, name: str, file: Path, budget: int, most: float, deals: int = 2) -> None:
    """A row; the local run of the same job stands beside it."""
    alone = locally(file, town.folder / "alone")
    try:
        done = command(town, file, budget)
    except RuntimeError as error:
        show(name, "failed", f"{most:.0f} s", False, str(error).strip().rpartition("\n")[2])
        return
    right = done.seconds <= most and done.deals <= deals
    beside = f"{done.deals} deals, at most {deals}; locally {alone:.1f} s"
    show(name, f"{done.seconds:.1f} s", f"{most:.0f} s", right, beside)


def main() -> None:
    with _town(DevnetSale(speed=SLOW)) as town:
        name = f"one task, miners of {SLOW} units/s"
        timed(town, name, tiny(town.folder / "one", 1), 5_000, 10)
    with _town(DevnetSale()) as town:
        timed(town, "one task", tiny(town.folder / "one", 1), 5_000, 10)
        timed(town, "2,000 tiny tasks", tiny(town.folder / "tiny", 2_000), 5_000, 15, 6)
        short = write_job(town.folder / "short", random.Random(0), 200, (SHORT, SHORT))
        timed(town, "200 tasks of 25 ms", short, 5_000, 5)
        limits = 'limits = { fuel = 100_000_000, memory = "4 MiB" }'
        many = tiny(town.folder / "many", 10_000, limits)
        timed(town, "10,000 small tasks", many, 50_000, 40, 6)
        done = command(town, large(town.folder / "large"), 5_000, "--audit", "0")
        name = f"requester, {LARGE_TASKS * LARGE_MIB} MiB of outputs"
        beside = f"resident, without audit; {done.seconds:.1f} s"
        show(name, f"{done.mib:.0f} MiB", "150 MiB", done.mib <= 150, beside)


if __name__ == "__main__":
    print(f"load {os.getloadavg()[0]:.1f} before: figures are of an unused machine only\n")
    main()
