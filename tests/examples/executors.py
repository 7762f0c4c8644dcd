"""Other ways than a pool to run a task: in this process, and built natively."""

import subprocess
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

from suanli.engine import Limits, Module, Outcome, Result, Task
from suanli.engine.guest.compile import compile_module
from suanli.engine.guest.run import Loaded, run
from suanli.engine.guest.wasi.link import Host
from suanli.engine.runtime import new_engine


class _Direct:
    """An `Executor` that is done when `submit` returns."""

    def submit(self, task: Task, *, timeout: float | None = None) -> Future[Result]:
        future: Future[Result] = Future()
        future.set_result(self.result(task))
        return future

    def result(self, task: Task) -> Result:
        raise NotImplementedError

    def prepare(self, module: Module, limits: Limits | None = None) -> str | None:
        return None

    def close(self) -> None:
        pass


class InProcess(_Direct):
    """The engine without worker processes, its configuration changed."""

    def __init__(self, **changes: bool | int | str) -> None:
        self._engine = new_engine(**changes)
        self._host = Host(self._engine)
        self._loaded: dict[bytes, Loaded] = {}

    def result(self, task: Task) -> Result:
        digest = task.module.digest
        if digest not in self._loaded:
            compiled = compile_module(task.module.code, self._engine)
            self._loaded[digest] = Loaded(
                compiled.artefact, compiled.memory, self._engine, self._host
            )
        return run(task, self._loaded[digest], self._engine, self._host)


class Native(_Direct):
    """The same C sources, built by this machine's compiler for this machine. Meters no fuel."""

    def __init__(self, compiler: str, folder: Path, sources: Mapping[bytes, Path]) -> None:
        """`sources`: by digest of the module that was built from them."""
        self._folder, self._runs = folder, 0
        self._programs: dict[bytes, Path] = {}
        for digest, source in sources.items():
            program = self._programs[digest] = folder / source.stem
            flags = ["-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]
            command = [compiler, *flags, "-o", str(program), str(source), "-lm"]
            subprocess.run(command, check=True)

    def result(self, task: Task) -> Result:
        self._runs += 1
        root = self._folder / f"run-{self._runs}"
        root.mkdir()
        for name, data in task.inputs.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        command = [self._programs[task.module.digest], *task.args]
        env = dict(task.env)
        done = subprocess.run(command, cwd=root, env=env, input=task.stdin, capture_output=True)
        found = (path for path in sorted(root.rglob("*")) if path.is_file())
        files = {str(path.relative_to(root)): path.read_bytes() for path in found}
        wrote = {name: data for name, data in files.items() if task.inputs.get(name) != data}
        return Result(Outcome.EXITED, done.returncode, done.stdout, done.stderr, wrote)
