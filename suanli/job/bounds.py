"""What a class allows a task: the same for the requester who offers a job and the miner who takes
it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from suanli.engine import MAX_MODULE_BYTES
from suanli.job.manifest import Manifest
from suanli.protocol import SALT_BYTES, ResourceClass
from suanli.store import MAX_BLOB

MAX_FILES = 10_000
"""Files that a task may leave: each is a blob to keep, put into a store and verify, and has an
entry in the record of outputs, which is read whole."""
MAX_DATA = MAX_BLOB - SALT_BYTES
"""Bytes that fit into one salted blob: any one output may be as large as all together."""


@dataclass(frozen=True)
class Excess:
    """`asked` of something for a task where `most` are allowed; `remedy` is what its owner can
    do."""

    what: str
    asked: int
    most: int
    remedy: str


def excesses(manifest: Manifest, resource: ResourceClass) -> Iterator[Excess]:
    """What a class does not allow."""
    limits = manifest.limits
    most_bytes = min(resource.max_task_bytes, MAX_DATA)
    written = limits.file_bytes + limits.stdout_bytes + limits.stderr_bytes
    bounds = (
        Excess("units", limits.units, resource.max_task_units, _lower("fuel")),
        Excess("bytes of memory", limits.memory, resource.max_task_memory, _lower("memory")),
        Excess(
            "bytes of outputs",
            written,
            most_bytes,
            _lower("file_bytes, stdout_bytes or stderr_bytes, which count together,"),
        ),
        Excess("files", limits.files, MAX_FILES, _lower("files")),
        Excess("bytes of inputs", _most_input(manifest), most_bytes, "split it into more tasks"),
        Excess(
            "bytes of the module", manifest.module.size, MAX_MODULE_BYTES, "build a smaller module"
        ),
    )
    return (bound for bound in bounds if bound.asked > bound.most)


def _lower(names: str) -> str:
    return f"lower {names} in [limits]"


def _most_input(manifest: Manifest) -> int:
    return max(map(manifest.input_bytes, range(len(manifest.tasks))))
