"""The worker process: reads frames from its standard input, answers on its standard output.

It runs guests ("load", "run") or, as a process of its own for each module, compiles ("compile").
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import signal
import sys
from typing import BinaryIO

from suanli.engine import wire
from suanli.engine.errors import EngineError, EngineUnavailable
from suanli.engine.guest.compile import ModuleRejected, compile_module
from suanli.engine.guest.run import Loaded, run
from suanli.engine.guest.selftest import require_known_nans
from suanli.engine.guest.wasi.link import Host
from suanli.engine.runtime import STACK_BYTES, Runtime, new_engine, runtime_id

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_FILE_BYTES = 1 << 16
"""All a worker ever writes to a file is its own last words."""
_COMPILER_BYTES, _COMPILER_BYTES_A_BYTE, _COMPILER_MOST = 1 << 30, 32, 4 << 30
"""Memory to compile any module, for each byte of it, and at most. An interpreter of 97 MB takes
2 GiB."""


def main(compile_seconds: int, runtime: str) -> None:
    """Serve until standard input ends. `compile_seconds` above 0 makes this a compiler.
    `runtime` is the name of one."""
    _confine(compile_seconds)
    # Whatever prints by mistake must not end up between the frames.
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        worker = Worker(Runtime(runtime))
    except EngineUnavailable as error:
        _send(channel, {"error": str(error)}, [])
        return
    gc.collect()
    gc.freeze()
    _send(channel, {"form": wire.FORM, "runtime": runtime_id(Runtime(runtime)).hex()}, [])
    while True:
        head = sys.stdin.buffer.read(wire.HEAD.size)
        if len(head) < wire.HEAD.size:
            return
        header_size, blobs_size = wire.HEAD.unpack(head)
        header, blobs = sys.stdin.buffer.read(header_size), sys.stdin.buffer.read(blobs_size)
        _send(channel, *worker.answer(*wire.unpack(header, memoryview(blobs))))


def compile_bytes(size: int) -> int:
    """Bytes of memory that compiling a module of `size` bytes may take."""
    return min(_COMPILER_MOST, _COMPILER_BYTES + size * _COMPILER_BYTES_A_BYTE)


class Worker:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime, self._engine = runtime, new_engine(runtime)
        if runtime is Runtime.FAST:
            require_known_nans(self._engine)
        self._host = Host(self._engine)
        self._modules: dict[str, Loaded] = {}

    def answer(self, header: wire.Header, blobs: list[bytes]) -> wire.Message:
        try:
            match header["op"]:
                case "compile":
                    return self._compile(blobs[0])
                case "load":
                    return self._load(header, blobs[0])
                case _:
                    task = wire.read_task(header, blobs)
                    loaded = self._modules[header["module"]]
                    result = run(task, loaded, self._engine, self._host, header["traced"])
                    return wire.result_message(result)
        except (EngineError, MemoryError) as error:
            return {"error": f"{type(error).__name__}: {error}"}, []

    def _compile(self, code: bytes) -> wire.Message:
        # Not RLIMIT_AS: wasmtime reserves much address space that it never uses.
        resource.setrlimit(resource.RLIMIT_DATA, (compile_bytes(len(code)),) * 2)
        try:
            compiled = compile_module(code, self._engine, self._runtime)
        except ModuleRejected as error:
            return {"rejected": str(error)}, []
        return {"memory": compiled.memory}, [compiled.artefact]

    def _load(self, header: wire.Header, artefact: bytes) -> wire.Message:
        for digest in header["drop"]:
            self._modules.pop(digest).close()
        self._modules[header["module"]] = Loaded(
            artefact, header["memory"], self._engine, self._host
        )
        return {}, []


def _send(channel: BinaryIO, header: wire.Header, blobs: list[bytes]) -> None:
    for piece in wire.pack(header, blobs):
        channel.write(piece)
    channel.flush()


def _confine(compile_seconds: int) -> None:
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    _raise_stack(STACK_BYTES + (4 << 20))
    if compile_seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (compile_seconds, compile_seconds + 1))


def _raise_stack(size: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if soft != resource.RLIM_INFINITY and soft < size:
        resource.setrlimit(resource.RLIMIT_STACK, (size, hard))
