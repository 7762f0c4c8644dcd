"""Running one disputed task again, from its deal's request on: nothing that comes is believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from suanli.engine import EngineError, Module, Task, Tracer, Tracers
from suanli.job import MAX_BYTES, Manifest, ManifestError, leaf_of
from suanli.protocol import (
    SALT_BYTES,
    Claim,
    DataError,
    JobError,
    Leaf,
    Ref,
    Request,
    plaintext_of,
    trace_point,
)
from suanli.store import StoreError
from suanli.verify.errors import FolderFailed, ResultRefused, VerifyError
from suanli.verify.fetching import Fetching
from suanli.verify.leaves import fetch_leaves
from suanli.verify.outputs import fetch_parts, fetch_records


class DataMissing(VerifyError):
    """What running the task needs can't be had, or is not what it should be."""


class NotRunnable(VerifyError):
    """This machine can't run the task; others may."""


@dataclass(frozen=True)
class TracedLeaf:
    """What a task comes to, and the trace that shows that it was run. `trace` is zeros for what
    never begins."""

    leaf: Leaf
    trace: bytes


@dataclass(frozen=True)
class Disputed:
    """`runtime`: the id of the one that the request names. `claims`: of the result that stands on
    the chain, where all of its data is to be looked at, of any task: they differ in where its
    leaves are, and strangers may have made some."""

    request: Request
    runtime: bytes
    task: int
    claims: Sequence[Claim] = ()


def run_disputed(
    disputed: Disputed,
    nonce: bytes,
    fetching: Fetching,
    executors: Tracers,
    *,
    most_input: int,
    seconds: float,
) -> TracedLeaf:
    """Fetch, check and run. `most_input`: bytes that a task may be given; `seconds`: for each of
    the two runs.

    Raises:
        DataMissing, NotRunnable: with the reason.
    """
    try:
        salt, manifest = _manifest(disputed, fetching)
        if manifest.input_bytes(disputed.task) > most_input:
            raise NotRunnable(f"its inputs have more than the {most_input} bytes allowed here")
        module = Module(_module(manifest.module, fetching))
        inputs = _inputs(manifest, disputed.task)
        fetch_parts(fetching, dict.fromkeys(inputs, disputed.task), salt)
        if disputed.claims:
            _look_at_all(disputed, manifest, salt, fetching)

        def read(ref: Ref) -> bytes:
            return plaintext_of(fetching.get(ref.digest, ref.size + SALT_BYTES), salt, ref)

        task = manifest.engine_task(disputed.task, module, read)
    except FolderFailed as error:
        raise NotRunnable(str(error)) from error
    except (StoreError, ResultRefused, ManifestError, DataError, JobError) as error:
        raise DataMissing(str(error)) from error
    try:
        return _run(disputed, nonce, salt, task, executors.of(disputed.runtime), seconds)
    except EngineError as error:
        raise NotRunnable(str(error)) from error


def _run(
    disputed: Disputed, nonce: bytes, salt: bytes, task: Task, engine: Tracer, seconds: float
) -> TracedLeaf:
    result = engine.submit(task, timeout=seconds).result()
    leaf = leaf_of(disputed.task, result, salt)
    if not result.fuel:
        return TracedLeaf(leaf, bytes(32))
    at = trace_point(nonce, result.fuel)
    return TracedLeaf(leaf, engine.trace(task, at, timeout=seconds).result().trace)


def _manifest(disputed: Disputed, fetching: Fetching) -> tuple[bytes, Manifest]:
    """The job's salt and manifest. A job that is not what its request says can't be judged."""
    request = disputed.request
    blob = fetching.get(request.job, MAX_BYTES + SALT_BYTES)
    if len(blob) < SALT_BYTES:
        raise DataMissing("the manifest is shorter than its salt")
    salt, manifest = blob[:SALT_BYTES], Manifest.decode(blob[SALT_BYTES:])
    if manifest.runtime != disputed.runtime:
        raise DataMissing("the manifest is for another runtime than the request")
    if len(manifest.tasks) != request.tasks or not 0 <= disputed.task < request.tasks:
        raise DataMissing("the manifest has other tasks than the request")
    if manifest.units > request.units:
        raise DataMissing("the manifest's tasks may use more units than the request buys")
    return salt, manifest


def _module(ref: Ref, fetching: Fetching) -> bytes:
    code = fetching.get(ref.digest, ref.size)
    if len(code) != ref.size:
        raise DataMissing("the module has not the size that its manifest says")
    return code


def _inputs(manifest: Manifest, task: int) -> list[Ref]:
    stdin = manifest.tasks[task].stdin
    return [*manifest.task_inputs(task).values(), *([stdin] if stdin else [])]


def _look_at_all(disputed: Disputed, manifest: Manifest, salt: bytes, fetching: Fetching) -> None:
    """Whether all inputs are there, and what all leaves commit to, right or wrong."""
    fetch_parts(fetching, dict.fromkeys(manifest.references().values(), disputed.task), salt)
    leaves = _leaves(disputed, manifest, fetching)
    try:
        named: dict[Ref, int] = {}
        for leaf, record in zip(
            leaves, fetch_records(fetching, leaves, salt, manifest.limits), strict=True
        ):
            named |= dict.fromkeys(record.refs, leaf.index)
        fetch_parts(fetching, named, salt)
    except ResultRefused as error:
        if error.kind == "withheld":
            raise


def _leaves(disputed: Disputed, manifest: Manifest, fetching: Fetching) -> list[Leaf]:
    """By the first claim that leads to them. Raises ResultRefused."""
    refused: ResultRefused | None = None
    for claim in disputed.claims:
        try:
            return fetch_leaves(fetching, claim, manifest, disputed.request.units)
        except ResultRefused as error:
            refused = refused or error
    assert refused is not None
    raise refused
