"""The manifest: all that decides what a job's result is, in one canonical byte form.

Its digest is salted (see `digests`); a deal names it in its field `job`. The form is described in
docs/protocol.md; what is empty is left out, so that each manifest has exactly one form.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

from suanli.engine import InvalidTask, Limits, Module, Task
from suanli.job.errors import ManifestError
from suanli.job.manifest_json import (
    MAX_TASKS,
    VERSION,
    Form,
    GatherForm,
    LimitsForm,
    Reference,
    TaskForm,
    form_of,
)
from suanli.protocol import Ref, canonical, salted_digest

MAX_BYTES = 16 << 20
"""Strangers' manifests are read before anything is paid: it bounds the memory that it takes."""
MAX_ENTRIES = 1_000_000
"""Inputs, folders and variables of all tasks, the job's counted for each task: checking takes time
for every one of them, and a small manifest could ask for years of it."""
GATHER_KINDS = ("files", "concat", "sum", "program")
STDOUT = "stdout"


@dataclass(frozen=True)
class TaskSpec:
    """What one task has of its own; `inputs` maps guest paths to data."""

    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Ref] = field(default_factory=dict)
    stdin: Ref | None = None


@dataclass(frozen=True)
class Gather:
    """How the tasks' outputs become the job's result.

    - `files`: all files that tasks wrote, side by side
    - `concat`: `source` of each task, in the order of tasks, becomes the file `target`
    - `sum`: lines "key TAB integer" in `source` of each task; sums by key, sorted, in `target`
    - `program`: `module` runs with the outputs of task 0 as inputs `parts/000000/stdout` and
      `parts/000000/files/…`, and so on; its files are the result, with its stdout as `target`

    `source` is `stdout` or a file that each task writes.
    """

    kind: str = "files"
    source: str = STDOUT
    target: str = ""
    module: Ref | None = None
    args: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises InvalidTask for a kind that does not exist or paths and arguments no guest has."""
        if self.kind not in GATHER_KINDS:
            raise InvalidTask(f"kind must be one of {', '.join(GATHER_KINDS)}")
        if (self.kind == "program") != (self.module is not None):
            raise InvalidTask("a module goes with the kind program, and only with it")
        Task(_NO_MODULE, inputs={self.source: b""})
        if self.target or self.kind in ("concat", "sum"):
            Task(_NO_MODULE, inputs={self.target: b""})
        Task(_NO_MODULE, args=self.args)


@dataclass(frozen=True)
class Manifest:
    """`runtime` is the runtime id (32 bytes); `env` and `inputs` are those of every task.

    `limits` holds for each task, and for the program that gathers. `dirs`, sorted, are folders
    that exist when one of them begins.
    """

    runtime: bytes
    module: Ref
    tasks: tuple[TaskSpec, ...]
    limits: Limits = field(default_factory=Limits)
    env: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Ref] = field(default_factory=dict)
    gather: Gather = field(default_factory=Gather)
    dirs: tuple[str, ...] = ()

    @property
    def units(self) -> int:
        """Units that a deal over all tasks must hold."""
        return len(self.tasks) * self.limits.units

    def digest(self, salt: bytes) -> bytes:
        """What a deal names in its field `job`."""
        return salted_digest(salt, self.encode())

    def references(self) -> dict[bytes, Ref]:
        """Every salted input by digest; modules are not among them."""
        return {ref.digest: ref for ref in self._salted()}

    def task_references(self, tasks: Iterable[int]) -> dict[bytes, Ref]:
        """Salted inputs of some tasks by digest."""
        found: dict[bytes, Ref] = {}
        for task in tasks:
            stdin = self.tasks[task].stdin
            refs = [*self.task_inputs(task).values(), *([stdin] if stdin else [])]
            found |= {ref.digest: ref for ref in refs}
        return found

    def task_inputs(self, index: int) -> dict[str, Ref]:
        """Guest path to data of one task, the job's own included."""
        return {**self.inputs, **self.tasks[index].inputs}

    def input_bytes(self, index: int) -> int:
        """Bytes of all data that one task gets."""
        stdin = self.tasks[index].stdin
        data = sum(ref.size for ref in self.task_inputs(index).values())
        return data + (stdin.size if stdin else 0)

    def engine_task(self, index: int, module: Module, read: Callable[[Ref], bytes]) -> Task:
        """The task as the engine takes it; `read` gives the plaintext of an input."""
        spec = self.tasks[index]
        return Task(
            module=module,
            args=spec.args,
            env={**self.env, **spec.env},
            stdin=read(spec.stdin) if spec.stdin else b"",
            inputs={path: read(ref) for path, ref in self.task_inputs(index).items()},
            limits=self.limits,
            dirs=self.dirs,
        )

    def encode(self) -> bytes:
        """Canonical bytes."""
        return canonical.encode(
            {
                "version": VERSION,
                "runtime": self.runtime.hex(),
                "module": _ref_out(self.module),
                "limits": asdict(self.limits),
                "tasks": [_task_out(task) for task in self.tasks],
                "gather": _gather_out(self.gather),
                **_filled(dirs=list(self.dirs), env=dict(self.env), inputs=_refs_out(self.inputs)),
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> "Manifest":
        """Read and check canonical bytes that a stranger may have made.

        Raises:
            ManifestError: with the place and the reason.
        """
        try:
            raw = canonical.decode(data, MAX_BYTES)
        except ValueError as error:
            raise ManifestError((), str(error)) from None
        manifest = _read(form_of(raw))
        manifest.check()
        # Empty members that were spelled out would give one manifest two forms.
        if manifest.encode() != data:
            raise ManifestError((), "not in canonical form")
        return manifest

    def check(self) -> None:
        """Raises ManifestError unless the engine would take every task."""
        if not 0 < len(self.tasks) <= MAX_TASKS:
            raise ManifestError(("tasks",), f"must be from 1 to {MAX_TASKS}")
        if list(self.dirs) != sorted(set(self.dirs)):
            raise ManifestError(("dirs",), "must be sorted, and name none twice")
        # Each is made in the memory of whoever runs a task, before its fuel counts.
        shared = _names(self.inputs) + len(self.env) + _names(self.dirs)
        entries = sum(shared + _names(task.inputs) + len(task.env) for task in self.tasks)
        if entries > MAX_ENTRIES:
            why = f"have {entries} inputs, folders and variables in all, {MAX_ENTRIES} are allowed"
            raise ManifestError(("tasks",), why)
        for index, task in enumerate(self.tasks):
            where = ("tasks", index)
            if twice := set(self.inputs) & set(task.inputs):
                raise ManifestError(where, f"{min(twice)} is an input of the job already")
            if twice := set(self.env) & set(task.env):
                raise ManifestError(where, f"{min(twice)} is set for the job already")
            try:
                self.engine_task(index, _NO_MODULE, lambda _: b"")
            except InvalidTask as error:
                raise ManifestError(where, str(error)) from None
        try:
            self.gather.check()
        except InvalidTask as error:
            raise ManifestError(("gather",), str(error)) from None
        self._check_sizes()

    def _check_sizes(self) -> None:
        # Data is fetched once for each digest: with two sizes it would pass for one place only.
        sizes: dict[bytes, int] = {}
        modules = [self.module, *([self.gather.module] if self.gather.module else [])]
        for ref in chain(modules, self._salted()):
            if (size := sizes.setdefault(ref.digest, ref.size)) != ref.size:
                why = f"data {ref.digest.hex()} is declared with two sizes, {size} and {ref.size}"
                raise ManifestError((), why)

    def _salted(self) -> Iterator[Ref]:
        yield from self.inputs.values()
        for task in self.tasks:
            yield from task.inputs.values()
            if task.stdin:
                yield task.stdin


_NO_MODULE = Module(b"")


def _names(paths: Iterable[str]) -> int:
    """Files and folders that the paths name, those on the way among them."""
    return sum(path.count("/") + 1 for path in paths)


def _filled(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def _ref_out(ref: Ref) -> dict[str, Any]:
    return {"digest": ref.digest.hex(), "size": ref.size}


def _refs_out(refs: Mapping[str, Ref]) -> dict[str, Any]:
    return {path: _ref_out(ref) for path, ref in refs.items()}


def _task_out(task: TaskSpec) -> dict[str, Any]:
    return _filled(
        args=list(task.args),
        env=dict(task.env),
        inputs=_refs_out(task.inputs),
        stdin=_ref_out(task.stdin) if task.stdin else None,
    )


def _gather_out(gather: Gather) -> dict[str, Any]:
    if gather.module:
        module = _ref_out(gather.module)
        extra = _filled(args=list(gather.args), target=gather.target)
        return {"kind": gather.kind, "module": module, **extra}
    if gather.kind == "files":
        return {"kind": gather.kind}
    return {"kind": gather.kind, "source": gather.source, "target": gather.target}


def _read(form: Form) -> Manifest:
    return Manifest(
        runtime=form["runtime"],
        module=_ref_in(form["module"]),
        tasks=tuple(map(_task_in, form["tasks"])),
        limits=_limits_in(form["limits"]),
        env=form.get("env", {}),
        inputs=_refs_in(form.get("inputs", {})),
        gather=_gather_in(form["gather"]),
        dirs=tuple(form.get("dirs", ())),
    )


def _ref_in(form: Reference) -> Ref:
    return Ref(form["digest"], form["size"])


def _refs_in(forms: Mapping[str, Reference]) -> dict[str, Ref]:
    return {path: _ref_in(form) for path, form in forms.items()}


def _task_in(form: TaskForm) -> TaskSpec:
    return TaskSpec(
        tuple(form.get("args", ())),
        form.get("env", {}),
        _refs_in(form.get("inputs", {})),
        _ref_in(form["stdin"]) if "stdin" in form else None,
    )


def _gather_in(form: GatherForm) -> Gather:
    return Gather(
        form["kind"],
        form.get("source", STDOUT),
        form.get("target", ""),
        _ref_in(form["module"]) if "module" in form else None,
        tuple(form.get("args", ())),
    )


def _limits_in(form: LimitsForm) -> Limits:
    try:
        return Limits(**form)
    except InvalidTask as error:
        raise ManifestError(("limits",), str(error)) from None
