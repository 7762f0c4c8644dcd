"""Jobs: manifest, tasks, digests, result tree, sealing. docs/jobs.md holds the formats."""

from suanli.job.bounds import excesses
from suanli.job.errors import JobFileError, ManifestError
from suanli.job.estimate import Estimate, estimate
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
)
from suanli.job.local import LocalRun, run_local
from suanli.job.manifest import Gather, Manifest, TaskSpec
from suanli.job.outputs import Outputs, Record, leaf_of
from suanli.job.stored import StoredJob

__all__ = [
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
    "Outputs",
    "Record",
    "StoredJob",
    "TaskSpec",
    "estimate",
    "excesses",
    "failure",
    "gather",
    "gather_task",
    "gathered_by_program",
    "leaf_of",
    "load",
    "run_local",
]
