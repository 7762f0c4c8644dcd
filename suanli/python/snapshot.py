"""An interpreter with its packages imported, as a module that begins there.

The interpreter is a library: `turn` runs a text of Python in it, `host_alloc` gives room for the
text, `run` is a whole command, with arguments. A task of a first module runs `guest/boot.py` by
`turn` and writes its memory to standard output; the second module begins with this memory, and with
`run`. Both run in the sandbox like any task, and the same inputs make the same bytes everywhere.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Collection
from io import BytesIO

from suanli.engine import Executor, Limits, Module, Result, Task
from suanli.python import wasm
from suanli.python.errors import NoInterpreter
from suanli.python.program import boot, source

WASI = "wasi_snapshot_preview1"
BOOT = b"exec(open('/boot.py', 'rb').read(), {'__name__': 'suanli_boot'})"
LIBRARY = "usr/local/lib/python315.zip"
LIMITS = Limits(stdout_bytes=1 << 30)
PAGE = 65_536
ENV = {"HOME": "/tmp", "TMPDIR": "/tmp", "PYTHONTZPATH": ""}
_NAMES = "import sys; open('/names', 'w').write(' '.join(sorted(sys.stdlib_module_names)))"
_DAY_ONE = 33
"""The first of 1980, as zip files count."""
TURNED = (0x1A3FD90, 0x1A3FD9C)
"""Bytes by which `turn` keeps `run` from being called after it."""
_STDOUT = 1


def snapshot(
    code: bytes, library: bytes, packages: Collection[str], loaded: Collection[str], run: Executor
) -> bytes:
    """The module with a `library` (a zip file) reduced to the standard library and `packages`, and
    with the modules `loaded` imported.

    Raises:
        NoInterpreter: it did not come as far; with what Python said.
    """
    parts = dict(wasm.sections(code))
    module = Module(_first(parts))

    def booted(script: str, **inputs: bytes) -> Result:
        given = {name.replace("_", "."): data for name, data in inputs.items()}
        given |= {LIBRARY: library, "boot.py": script.encode()}
        result = run.submit(Task(module, env=ENV, inputs=given, limits=LIMITS)).result()
        if not result.ok:
            said = result.stderr.decode(errors="replace")
            raise NoInterpreter(f"no snapshot: {result.outcome} {result.detail} {said}")
        return result

    names = {*booted(_NAMES).files["names"].decode().split(), *packages}
    result = booted(
        boot(),
        program_py=source().encode(),
        loaded_txt="\n".join(loaded).encode(),
        library_zip=reduced(library, names),
    )
    memory = bytearray(result.stdout)
    for place in TURNED:
        memory[place] = 0
    return _second(parts, bytes(memory))


def reduced(library: bytes, wanted: Collection[str]) -> bytes:
    """A zip file of what is wanted of another, by the names at its top. What is compressed stays as
    it is: others' compressors would make other bytes."""
    out, entries = BytesIO(), []
    with zipfile.ZipFile(BytesIO(library)) as old:
        for info in sorted(old.infolist(), key=lambda info: info.filename):
            if info.filename.split("/")[0].split(".")[0] not in wanted:
                continue
            name, at = info.filename.encode(), info.header_offset
            length, extra = struct.unpack_from("<HH", library, at + 26)
            start = at + 30 + length + extra
            sizes = (info.CRC, info.compress_size, info.file_size, len(name), 0)
            fields = struct.pack("<5H3L2H", 20, 0, info.compress_type, 0, _DAY_ONE, *sizes)
            place = struct.pack("<3H2L", 0, 0, 0, 0, out.tell())
            entries.append(b"PK\1\2\24\0" + fields + place + name)
            out.write(b"PK\3\4" + fields + name + library[start : start + info.compress_size])
    listed, count = b"".join(entries), len(entries)
    end = struct.pack("<4H2LH", 0, 0, count, count, len(listed), out.tell(), 0)
    return out.getvalue() + listed + b"PK\5\6" + end


def _first(parts: dict[int, bytes]) -> bytes:
    """Boots, then writes its memory."""
    code = _Body(wasm.exports(parts[wasm.EXPORTS]), _functions(parts))
    text, room = 0, 1
    code.put(text, BOOT)
    code.get(text).constant(len(BOOT)).call("turn").leave_if()
    code.constant(12).call("host_alloc").set(room)
    code.get(room).constant(0).store(0)
    code.get(room).pages().constant(16).shift_left().store(4)
    code.constant(_STDOUT).get(room).constant(1).get(room).constant(8).add()
    code.call("fd_write").leave_if()
    return _command(parts, code)


def _second(parts: dict[int, bytes], memory: bytes) -> bytes:
    """Begins with the memory."""
    code = _Body(wasm.exports(parts[wasm.EXPORTS]), _functions(parts))
    code.call("run").call("proc_exit")
    pages, old = len(memory) // PAGE, parts[wasm.MEMORY]
    _, at = wasm.number(old, 2)
    limits = old[:2] + wasm.unsigned(pages) + old[at:]
    return _command({**parts, wasm.MEMORY: limits, wasm.DATA: wasm.segments(memory)}, code)


def _functions(parts: dict[int, bytes]) -> dict[str, int]:
    """Numbers of the imported functions."""
    found = wasm.imports(parts[wasm.IMPORTS])
    return {name: index for index, (_, name, _) in enumerate(found)}


class _Body:
    """Instructions of a function with two local variables."""

    def __init__(self, exported: dict[str, int], imported: dict[str, int]) -> None:
        self._calls = imported | exported
        self.code = b"\1\2\x7f"

    def get(self, local: int) -> _Body:
        return self._emit(b"\x20" + wasm.unsigned(local))

    def set(self, local: int) -> _Body:
        return self._emit(b"\x21" + wasm.unsigned(local))

    def constant(self, value: int) -> _Body:
        return self._emit(b"\x41" + wasm.signed(value))

    def call(self, name: str) -> _Body:
        return self._emit(b"\x10" + wasm.unsigned(self._calls[name]))

    def store(self, offset: int) -> _Body:
        """Four bytes."""
        return self._emit(b"\x36\2" + wasm.unsigned(offset))

    def pages(self) -> _Body:
        return self._emit(b"\x3f\0")

    def add(self) -> _Body:
        return self._emit(b"\x6a")

    def shift_left(self) -> _Body:
        return self._emit(b"\x74")

    def leave_if(self) -> _Body:
        """End with code 1 unless there is 0."""
        return self._emit(b"\x04\x40").constant(1).call("proc_exit")._emit(b"\x0b")

    def put(self, local: int, data: bytes) -> None:
        """Room for bytes, with them in it."""
        self.constant(len(data) + 4).call("host_alloc").set(local)
        padded = data + bytes(-len(data) % 4)
        for at in range(0, len(padded), 4):
            self.get(local).constant(struct.unpack_from("<i", padded, at)[0]).store(at)

    def _emit(self, code: bytes) -> _Body:
        self.code += code
        return self


def _command(parts: dict[int, bytes], start: _Body) -> bytes:
    """A command of the library, which begins with `start`. What it asks of another host than
    WASI's goes to a function of the same kind, which answers with an error."""
    found = [
        wasm.name(WASI) + wasm.name(name if module == WASI else "fd_write") + kind
        for module, name, kind in wasm.imports(parts[wasm.IMPORTS])
    ]
    new = dict(parts)
    new[wasm.IMPORTS] = wasm.unsigned(len(found)) + b"".join(found)
    new[wasm.TYPES], kind = wasm.added(parts[wasm.TYPES], b"\x60\0\0")
    new[wasm.FUNCTIONS], number = wasm.added(parts[wasm.FUNCTIONS], wasm.unsigned(kind))
    exported = wasm.name("_start") + b"\0" + wasm.unsigned(len(found) + number)
    new[wasm.EXPORTS], _ = wasm.added(parts[wasm.EXPORTS], exported)
    body = start.code + b"\x0b"
    new[wasm.CODE], _ = wasm.added(parts[wasm.CODE], wasm.unsigned(len(body)) + body)
    return wasm.joined(new.items())
