"""Jobs: manifest, tasks, digests, result tree, sealing. docs/jobs.md holds the formats."""

from suanli.job.bounds import excesses
from suanli.job.digests import NO_SALT, FilePart, Ref, new_salt, plaintext_of, refer, salted_digest
from suanli.job.errors import (
    DataError,
    JobError,
    JobFileError,
    ManifestError,
    ResultError,
    SealError,
)
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
from suanli.job.sealing import public_key, seal, unseal
from suanli.job.tree import (
    Leaf,
    Tree,
    decode_leaves,
    depth_of,
    encode_leaves,
    leaf_hash,
    node_hash,
    open_leaf,
    verify,
)

__all__ = [
    "NO_SALT",
    "Content",
    "DataError",
    "Estimate",
    "FilePart",
    "Gather",
    "GatherError",
    "Gathered",
    "Job",
    "JobError",
    "JobFileError",
    "Leaf",
    "Left",
    "LocalRun",
    "Manifest",
    "ManifestError",
    "Outputs",
    "Record",
    "Ref",
    "ResultError",
    "SealError",
    "TaskSpec",
    "Tree",
    "decode_leaves",
    "depth_of",
    "encode_leaves",
    "estimate",
    "excesses",
    "failure",
    "gather",
    "gather_task",
    "gathered_by_program",
    "leaf_hash",
    "leaf_of",
    "load",
    "new_salt",
    "node_hash",
    "open_leaf",
    "plaintext_of",
    "public_key",
    "refer",
    "run_local",
    "salted_digest",
    "seal",
    "unseal",
    "verify",
]
