"""One worker process and its pipes, with deadlines and bounds on all that comes out of it."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Sequence

from suanli.engine import wire
from suanli.engine.errors import EngineUnavailable, TaskTimeout, WorkerDied
from suanli.engine.host.installed import InstalledRuntime, own
from suanli.engine.host.sandbox import Isolation, command
from suanli.engine.runtime import default_runtime

_START_SECONDS = 60.0
_CHUNK = 1 << 20
_LAST_WORDS = 2000


class WorkerProcess:
    """Start, ask, kill. Any failure to answer raises `WorkerDied` or `TaskTimeout`, after which
    the process is gone."""

    def __init__(
        self,
        isolation: Isolation,
        compile_seconds: int = 0,
        runtime: InstalledRuntime | None = None,
    ) -> None:
        runtime = runtime or own(default_runtime())
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by kill()
        self._process = subprocess.Popen(
            command(isolation, compile_seconds, runtime),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={},
            cwd="/",
            bufsize=0,
            # Ctrl-C in a terminal is for the host alone, which may want to finish its tasks.
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        header, _ = self._receive(time.monotonic() + _START_SECONDS, 0)
        if (header.get("form"), header.get("runtime")) != (wire.FORM, runtime.id.hex()):
            self.kill()
            raise EngineUnavailable(f"a worker does not start: {header.get('error', header)}")

    @property
    def pid(self) -> int:
        """The process to kill so that all of the worker ends."""
        return self._process.pid

    def ask(
        self, header: wire.Header, blobs: Sequence[bytes], seconds: float, largest: int
    ) -> wire.Message:
        """The answer, whose byte strings have at most `largest` bytes together."""
        deadline = time.monotonic() + seconds
        for piece in wire.pack(header, blobs):
            self._send(piece, deadline)
        return self._receive(deadline, largest)

    @property
    def signal(self) -> int:
        """What ended it, or 0. It comes through bubblewrap and a shell as a code above 128."""
        code = self._process.returncode or 0
        return -code if code < 0 else max(0, code - 128)

    def interrupt(self) -> None:
        """Kill it from another thread; the one that waits for an answer gets `WorkerDied`."""
        self._process.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for file in (self._process.stdin, self._process.stdout, self._errors):
            assert file is not None
            # Closing flushes, and there is nobody left to take it.
            with contextlib.suppress(OSError):
                file.close()

    def _send(self, piece: bytes, deadline: float) -> None:
        rest = memoryview(piece)
        while rest:
            self._wait(self._in, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._in, rest[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._died() from error

    def _receive(self, deadline: float, largest: int) -> wire.Message:
        head = self._read(wire.HEAD.size, deadline)
        header_size, blobs_size = wire.HEAD.unpack(head)
        if header_size > wire.MAX_HEADER or blobs_size > largest:
            raise self._died("its answer is larger than any honest one")
        try:
            header = self._read(header_size, deadline)
            return wire.unpack(bytes(header), self._read(blobs_size, deadline))
        except wire.BadFrame as error:
            raise self._died(f"it answers nonsense: {error}") from error

    def _read(self, size: int, deadline: float) -> memoryview:
        content = memoryview(_room(size))
        done = 0
        while done < size:
            self._wait(self._out, select.POLLIN, deadline)
            try:
                count = os.readv(self._out, [content[done : done + _CHUNK]])
            except BlockingIOError:
                continue
            if not count:
                raise self._died()
            done += count
        return content

    def _wait(self, fd: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(fd, event)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            self.kill()
            raise TaskTimeout("the worker gave no answer in time; allow more seconds")

    def _died(self, why: str = "") -> WorkerDied:
        words = ""
        with contextlib.suppress(OSError, ValueError):
            self._process.kill()
            self._process.wait()
            self._errors.seek(0)
            words = self._errors.read()[-_LAST_WORDS:].decode(errors="replace").strip()
        code = self._process.returncode
        self.kill()
        return WorkerDied(" ".join(filter(None, (why or f"worker ended with {code}", words))))


def _room(size: int) -> bytearray | mmap.mmap:
    if size < _CHUNK:
        return bytearray(size)
    # Taken as it is filled: a worker that only says it has much to say, costs nothing.
    room = mmap.mmap(-1, size)
    with contextlib.suppress(OSError):
        room.madvise(mmap.MADV_HUGEPAGE)
    return room
