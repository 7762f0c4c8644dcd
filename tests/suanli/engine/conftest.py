"""What the engine's tests share. They need neither a chain nor a C compiler."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import wasmtime

from suanli.engine import Limits, Module, Result, Task
from suanli.engine.host import Pool

MODULES = Path(__file__).parent / "modules"

SMALL = Limits(fuel=200_000_000, memory=64 << 20, files=100, file_bytes=1 << 20)


def wat(text: str) -> Module:
    """A module from WebAssembly text."""
    return Module(bytes(wasmtime.wat2wasm(text)))


def command(body: str, *, imports: str = "", data: str = "", locals_: str = "") -> Module:
    """A module with one page of memory whose `_start` is `body`. `imports` names WASI calls."""
    signatures = {
        "clock_time_get": "i32 i64 i32",
        "fd_close": "i32",
        "fd_seek": "i32 i64 i32 i32",
        "fd_write": "i32 i32 i32 i32",
        "path_open": "i32 i32 i32 i32 i32 i64 i64 i32 i32",
        "path_rename": "i32 i32 i32 i32 i32 i32",
        "poll_oneoff": "i32 i32 i32 i32",
        "random_get": "i32 i32",
        "sock_accept": "i32 i32 i32",
        "sock_recv": "i32 i32 i32 i32 i32 i32",
        "sock_send": "i32 i32 i32 i32 i32",
        "sock_shutdown": "i32 i32",
    }
    lines = [
        f'(import "wasi_snapshot_preview1" "{name}"'
        f" (func ${name} (param {signatures[name]}) (result i32)))"
        for name in imports.split()
    ]
    lines.append('(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))')
    return wat(
        f'(module {" ".join(lines)} (memory (export "memory") 1 65536) {data}'
        f' (func (export "_start") {locals_} {body}))'
    )


def slow_to_compile(count: int) -> Module:
    """`count` loops in one another, each carrying `count` variables: 1500 take over a minute."""
    lines = [f"(local {'i64 ' * count})"]
    lines += [
        f"(loop (local.set {i} (i64.add (local.get {i * 7 % count}) (i64.const 1)))"
        for i in range(count)
    ]
    lines += [f"(br_if {i} (i32.wrap_i64 (local.get {i})))" for i in range(count)]
    return wat(f'(module (func (export "_start") {" ".join(lines)} {")" * count}))')


@pytest.fixture(autouse=True, scope="module")
def little_garbage() -> Iterator[None]:
    """Programs that run in this process have garbage collected before each, as in a worker, which
    loads little; of all that tests load, that takes seconds."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    with Pool(2, cache=tmp_path_factory.mktemp("modules")) as pool:
        yield pool


@pytest.fixture(scope="session")
def run(pool: Pool) -> Callable[..., Result]:
    """Run a module in the session's pool, under small limits."""

    def run(module: Module, *args: str, limits: Limits = SMALL, **rest) -> Result:
        return pool.submit(Task(module, args, limits=limits, **rest)).result(timeout=60)

    return run
