"""Jobs in a folder, and an executor that runs Python functions in the place of modules."""

from concurrent.futures import Future
from pathlib import Path

from suanli.engine import UNIT, EngineError, Outcome, Result
from suanli.job import load
from suanli.protocol import NO_SALT

RUNTIME = bytes(range(32))


class FakeExecutor:
    """Runs `program(task)`, chosen by the code of the task's module; ends in no given order."""

    def __init__(self, **programs):
        self.programs = {name.encode(): program for name, program in programs.items()}
        self.order = []

    def prepare(self, module, limits=None):
        return None

    def submit(self, task, *, timeout=None):
        self.order.append(task)
        future = Future()
        try:
            future.set_result(self.programs[task.module.code](task))
        except EngineError as error:
            future.set_exception(error)
        return future


def exited(stdout=b"", files=None, code=0, stderr=b"", fuel=3 * UNIT):
    return Result(Outcome.EXITED, code, stdout, stderr, files or {}, fuel)


class Folder:
    """A folder with a job file; `write` adds files, `load` reads `job.toml`."""

    def __init__(self, path: Path):
        self.path = path
        self.write("program.wasm", b"program")

    def write(self, name, content=b""):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, text, salt=NO_SALT):
        return load(self.write("job.toml", text), runtime=RUNTIME, salt=salt)
