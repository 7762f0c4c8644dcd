"""From the tasks' outputs to the job's result, as the manifest says.

Contents are read piece by piece when they are wanted: a result may be larger than the memory.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from suanli.engine import Module, Result, Task
from suanli.job.manifest import STDOUT, Gather, Manifest
from suanli.protocol import JobError
from suanli.schedule import concatenate, sum_by_key


class GatherError(JobError):
    """Outputs that do not fit the way they are to be gathered."""


@dataclass(frozen=True)
class Content:
    """Bytes in pieces, read anew by whoever iterates. Equal ones have the same `digest`."""

    digest: bytes
    read: Callable[[], Iterable[bytes]] = field(repr=False)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.read())

    @classmethod
    def of(cls, data: bytes) -> "Content":
        return cls(hashlib.sha256(data).digest(), lambda: [data])


@dataclass(frozen=True)
class Left:
    """What a task left."""

    stdout: Content
    stderr: Content
    files: Mapping[str, Content]

    @classmethod
    def of(cls, result: Result) -> "Left":
        files = {path: Content.of(data) for path, data in result.files.items()}
        return cls(Content.of(result.stdout), Content.of(result.stderr), files)


Gathered = dict[str, Iterable[bytes]]
"""Path to content, in pieces."""


def gather(how: Gather, left: Mapping[int, Left]) -> Gathered:
    """The job's result, for the kinds that need no program; what was `left` by task.

    Raises:
        GatherError: a task did not write what is wanted, or two wrote the same file differently.
        ScheduleError: a line that can't be summed.
    """
    if how.kind == "files":
        return dict(_merged(left))
    sources = [_source(how, task, one) for task, one in left.items()]
    if how.kind == "concat":
        return {how.target: concatenate(sources)}
    return {how.target: [sum_by_key(b"".join(source) for source in sources)]}


def gather_task(manifest: Manifest, left: Mapping[int, Left], module: Module) -> Task:
    """The run of the job's own program that gathers."""
    inputs = {}
    for index, one in left.items():
        inputs[f"parts/{index:06d}/stdout"] = b"".join(one.stdout)
        for path, content in one.files.items():
            inputs[f"parts/{index:06d}/files/{path}"] = b"".join(content)
    args = manifest.gather.args
    return Task(module, args, inputs=inputs, limits=manifest.limits, dirs=manifest.dirs)


def gathered_by_program(how: Gather, result: Result) -> Gathered:
    """The job's result that its program left. Raises GatherError if the program failed."""
    if not result.ok:
        raise GatherError(f"the program that gathers failed: {failure(result)}")
    files = {**result.files, **({how.target: result.stdout} if how.target else {})}
    return {path: [data] for path, data in files.items()}


def whole(gathered: Gathered) -> dict[str, bytes]:
    """All of it in memory."""
    return {path: b"".join(pieces) for path, pieces in gathered.items()}


def failure(result: Result) -> str:
    """Why a task is not ok, in one line, with the last line it wrote to stderr."""
    why = f"exit code {result.exit_code}" if result.exit_code else str(result.outcome)
    last = result.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return ": ".join(part for part in (why, result.detail, last[:200]) if part)


def _source(how: Gather, index: int, left: Left) -> Content:
    if how.source == STDOUT:
        return left.stdout
    if how.source not in left.files:
        wrote = ", ".join(list(left.files)[:5]) or "no files"
        raise GatherError(f"task {index} did not write {how.source}; it wrote {wrote}")
    return left.files[how.source]


def _merged(left: Mapping[int, Left]) -> dict[str, Content]:
    files: dict[str, Content] = {}
    writer: dict[str, int] = {}
    for index, one in left.items():
        for path, content in one.files.items():
            if files.setdefault(path, content).digest != content.digest:
                raise GatherError(
                    f"tasks {writer[path]} and {index} both wrote {path}; put {{index}} into the"
                    " name, or gather by concat, sum or program"
                )
            writer.setdefault(path, index)
    return files
