"""A job of tasks that exist in memory rather than in a file."""

from __future__ import annotations

from collections.abc import Sequence

from suanli.engine import Task
from suanli.job.file import Job
from suanli.job.manifest import Manifest, TaskSpec
from suanli.protocol import DataPart, FilePart, Ref, refer


def job_of_tasks(name: str, tasks: Sequence[Task], runtime: bytes, salt: bytes) -> Job:
    """Tasks of one module under one limit; inputs and variables that all of them have are the
    job's. Raises ManifestError as a job file's would."""
    parts: dict[bytes, DataPart | FilePart] = {}

    def ref(data: bytes, salt: bytes = salt) -> Ref:
        found = refer(salt, [data])
        parts[found.digest] = DataPart(data)
        return found

    first = tasks[0]
    shared = {
        path: data
        for path, data in first.inputs.items()
        if all(task.inputs.get(path) == data for task in tasks)
    }
    env = dict(first.env)
    if any(task.env != first.env for task in tasks):
        env = {}
    specs = [
        TaskSpec(
            task.args,
            {} if env else task.env,
            {path: ref(data) for path, data in task.inputs.items() if path not in shared},
            ref(task.stdin) if task.stdin else None,
        )
        for task in tasks
    ]
    manifest = Manifest(
        runtime,
        ref(first.module.code, b""),
        tuple(specs),
        first.limits,
        env,
        {path: ref(data) for path, data in shared.items()},
    )
    manifest.check()
    return Job(name, manifest, salt, parts)
