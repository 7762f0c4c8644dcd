"""A juror runs a task of the Python interpreter again, from what stores hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from suanli.engine import runtime_id
from suanli.engine.host import Pool
from suanli.job import Outputs, job_of_tasks, leaf_of
from suanli.juror import core as c
from suanli.juror.evidence import Evidence
from suanli.protocol import Claim, Tree, encode_leaves, leaf_hash, trace_point
from suanli.python import limits_of, task_of, travelling
from suanli.python.calls import encoded
from suanli.store import DirectoryStore
from tests.harness.functions import interpreter_pool
from tests.harness.world import SALT
from tests.suanli.juror.test_judging import CASE, ID, NONCE, request_of
from tests.suanli.python import work

CALL = 3


@pytest.fixture
def pool() -> Iterator[Pool]:
    with interpreter_pool() as pool:
        yield pool


def test_it_finds_what_the_miner_found(pool: Pool, tmp_path: Path) -> None:
    """Interpreter, function and guest's side come from the store, and nothing else is there."""
    function = travelling(work.seeded)
    tasks = [
        task_of(function, {n: encoded(function, (n,), {})}, limits_of(1_000, None))
        for n in range(CALL + 1)
    ]
    job = job_of_tasks("seeded", tasks, runtime_id(), SALT)
    assert all(not task.inputs for task in job.manifest.tasks), "they come once, with the job"
    store = DirectoryStore(tmp_path / "store")
    for digest, pieces in job.blobs():
        store.put(pieces, digest)
    results = [pool.submit(task).result() for task in tasks]
    for result in results:
        for plaintext in Outputs.of(result, SALT).plaintexts.values():
            store.put(SALT + plaintext)
    leaves = [leaf_of(index, result, SALT) for index, result in enumerate(results)]
    tree, listed = Tree(leaves), store.put(encode_leaves(leaves))
    claim = Claim("0x" + "22" * 20, 1, ID, tree.root, tree.total, listed)
    request = request_of(job.manifest, job.digest)
    with interpreter_pool() as jurors:
        evidence = Evidence(
            tmp_path / "cases",
            [store],
            lambda id_: [claim],
            lambda resource, index: runtime_id(),
            jurors,
            most_input=1 << 20,
            most_bytes=1 << 30,
        )
        dispute = c.Dispute(ID, request, tree.root, tree.total, CALL, False, NONCE)
        vote = evidence.vote_on(CASE, dispute, 60)
    at = trace_point(NONCE, results[CALL].fuel)
    trace = pool.trace(tasks[CALL], at).result().trace
    assert vote == c.Vote(leaf_hash(leaves[CALL]), trace)
