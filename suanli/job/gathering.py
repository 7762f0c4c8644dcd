"""From the tasks' outputs to the job's result, as the manifest says."""

from collections.abc import Mapping

from suanli.engine import Limits, Module, Result, Task
from suanli.job.errors import JobError
from suanli.job.manifest import STDOUT, Gather
from suanli.schedule import concatenate, sum_by_key


class GatherError(JobError):
    """Outputs that do not fit the way they are to be gathered."""


def gather(how: Gather, results: Mapping[int, Result]) -> dict[str, bytes]:
    """Path to content of the job's result, for the kinds that need no program; `results` by task.

    Raises:
        GatherError: a task did not write what is wanted, or two wrote the same file differently.
        ScheduleError: a line that can't be summed.
    """
    if how.kind == "files":
        return _merged(results)
    combine = {"concat": concatenate, "sum": sum_by_key}[how.kind]
    return {how.target: combine([_source(how, i, result) for i, result in results.items()])}


def gather_task(how: Gather, results: Mapping[int, Result], module: Module, limits: Limits) -> Task:
    """The run of the job's own program that gathers."""
    inputs = {}
    for index, result in results.items():
        inputs[f"parts/{index:06d}/stdout"] = result.stdout
        for path, data in result.files.items():
            inputs[f"parts/{index:06d}/files/{path}"] = data
    return Task(module, args=how.args, inputs=inputs, limits=limits)


def gathered_by_program(how: Gather, result: Result) -> dict[str, bytes]:
    """The job's result that its program left. Raises GatherError if the program failed."""
    if not result.ok:
        raise GatherError(f"the program that gathers failed: {failure(result)}")
    return {**result.files, **({how.target: result.stdout} if how.target else {})}


def failure(result: Result) -> str:
    """Why a task is not ok, in one line, with the last line it wrote to stderr."""
    why = f"exit code {result.exit_code}" if result.exit_code else str(result.outcome)
    last = result.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return ": ".join(part for part in (why, result.detail, last[:200]) if part)


def _source(how: Gather, index: int, result: Result) -> bytes:
    if how.source == STDOUT:
        return result.stdout
    if how.source not in result.files:
        wrote = ", ".join(list(result.files)[:5]) or "no files"
        raise GatherError(f"task {index} did not write {how.source}; it wrote {wrote}")
    return result.files[how.source]


def _merged(results: Mapping[int, Result]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    writer: dict[str, int] = {}
    for index, result in results.items():
        for path, data in result.files.items():
            if files.setdefault(path, data) != data:
                raise GatherError(
                    f"tasks {writer[path]} and {index} both wrote {path}; put {{index}} into the"
                    " name, or gather by concat, sum or program"
                )
            writer.setdefault(path, index)
    return files
