"""What a host call costs in processor time, beside its price: `python -m benchmarks.host_calls`.

A guest does nothing but call. The time of its loop without calls is taken off; the best of several
runs counts.
"""

from __future__ import annotations

import wasmtime

from benchmarks.guest import best_of
from suanli.engine import Limits, Module, Task
from suanli.engine.guest.wasi.link import SIGNATURES, Host
from suanli.engine.runtime import new_engine

CALLS = 50_000
RUNS = 5
BUFFER, OUT, PATH = 8, 100, 200
"""Where the guest keeps a buffer of 1 KiB, results, and a file's name."""
CASES = {
    "nothing": ("sched_yield", ""),
    "the time": ("clock_time_get", f"(i32.const 0) (i64.const 0) (i32.const {OUT})"),
    "16 random bytes": ("random_get", f"(i32.const {OUT}) (i32.const 16)"),
    "seek": ("fd_seek", f"(i32.const 4) (i64.const 0) (i32.const 0) (i32.const {OUT})"),
    "read 1 KiB": (
        "fd_read",
        f"(i32.const 0) (i32.const {BUFFER}) (i32.const 1) (i32.const {OUT})",
    ),
    "write 1 KiB": (
        "fd_write",
        f"(i32.const 1) (i32.const {BUFFER}) (i32.const 1) (i32.const {OUT})",
    ),
    "look up a file": (
        "path_filestat_get",
        f"(i32.const 3) (i32.const 0) (i32.const {PATH}) (i32.const 10) (i32.const {OUT})",
    ),
}
OPEN = f"""(drop (call $path_open (i32.const 3) (i32.const 0) (i32.const {PATH}) (i32.const 10)
    (i32.const 0) (i64.const 0x6) (i64.const 0) (i32.const 0) (i32.const {OUT})))"""


def program(call: str) -> bytes:
    """A module that opens a file as 4 and then does `call` many times."""
    imports = "".join(
        f'(import "{module}" "{name}" (func ${name} (param {" ".join(parameters)})'
        f" (result {' '.join(results)})))"
        for (module, name), (parameters, results) in SIGNATURES.items()
        if name in ("path_open", *(name for name, _ in CASES.values()))
    )
    return bytes(
        wasmtime.wat2wasm(f"""(module {imports} (memory (export "memory") 1)
        (data (i32.const {BUFFER}) "\\00\\10\\00\\00\\00\\04\\00\\00")
        (data (i32.const {PATH}) "inputs/one")
        (func (export "_start") (local $i i32) {OPEN}
          (loop {call} (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
            (i32.const {CALLS}))))))""")
    )


def measure(code: bytes, engine: wasmtime.Engine, host: Host) -> tuple[float, int]:
    """Seconds and fuel of one turn."""
    inputs = {"inputs/one": b"1"}
    task = Task(
        Module(code), stdin=bytes(1024 * CALLS), inputs=inputs, limits=Limits(stdout_bytes=1 << 30)
    )
    seconds, fuel = best_of(RUNS, task, engine, host)
    return seconds / CALLS, fuel // CALLS


def main() -> None:
    print("Each host call, and its price")
    engine = new_engine()
    host = Host(engine)
    empty, _ = measure(program(""), engine, host)
    for name, (call, arguments) in CASES.items():
        seconds, fuel = measure(program(f"(drop (call ${call} {arguments}))"), engine, host)
        spent = seconds - empty
        print(f"{name:18}{1e6 * spent:8.2f} µs{fuel:10,} fuel{fuel / spent / 1e9:8.1f} fuel/ns")


if __name__ == "__main__":
    main()
