"""Jobs: manifest, tasks, digests, result tree, sealing. docs/protocol.md holds the formats.

`load` reads a job file (docs/jobs.md) and gives a `Job`; `run_local` runs it on an
`suanli.engine.Executor`, without a market, and gives a `LocalRun`; `estimate` tries a few tasks.
Fuel is what instructions cost (docs/engine.md), a unit 10^6 of it; sizes are bytes.
"""

from suanli.job.bounds import MAX_FILES, excesses
from suanli.job.errors import JobFileError, ManifestError
from suanli.job.estimating import Estimate, estimate
from suanli.job.file import Job, load
from suanli.job.gathering import (
    Content,
    Gathered,
    GatherError,
    Left,
    failure,
    gather,
    gather_task,
    gathered_by_program,
    whole,
)
from suanli.job.local import LocalRun, run_local
from suanli.job.manifest import MAX_BYTES, Gather, Manifest, TaskSpec
from suanli.job.of_tasks import job_of_tasks
from suanli.job.outputs import INLINE, OutputRecord, Outputs, Part, leaf_of, size_of
from suanli.job.stored import StoredJob

__all__ = [
    "INLINE",
    "MAX_BYTES",
    "MAX_FILES",
    "Content",
    "Estimate",
    "Gather",
    "GatherError",
    "Gathered",
    "Job",
    "JobFileError",
    "Left",
    "LocalRun",
    "Manifest",
    "ManifestError",
    "OutputRecord",
    "Outputs",
    "Part",
    "StoredJob",
    "TaskSpec",
    "estimate",
    "estimating",
    "excesses",
    "failure",
    "gather",
    "gather_task",
    "gathered_by_program",
    "job_of_tasks",
    "leaf_of",
    "load",
    "run_local",
    "size_of",
    "whole",
]
