"""Running a disputed task again, from what stores hold."""

from dataclasses import replace
from pathlib import Path

import pytest

from suanli.engine.host import Pool
from suanli.job import Manifest, Outputs, TaskSpec, leaf_of
from suanli.juror import core as c
from suanli.juror.evidence import AnyStore, Evidence
from suanli.protocol import (
    Claim,
    Request,
    Tree,
    encode_leaves,
    leaf_hash,
    refer,
    trace_point,
)
from suanli.store import BlobMissing, DirectoryStore, StoreUnavailable
from suanli.verify import DataMissing, NotRunnable
from tests.harness.world import ECHO, SALT, manifest_of

CASE, NONCE, ID = b"\x0c" * 32, b"\x99" * 32, b"\x0d" * 32
LARGE = b"\x07" * 5_000


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "store")


def request_of(manifest: Manifest, job: bytes, **changes: int) -> Request:
    blank = Request(*([0] * len(Request._fields)))  # type: ignore[arg-type]
    usual = {"tasks": len(manifest.tasks), "units": manifest.units, "resource": 1, "job": job}
    return blank._replace(**(usual | changes))


class Bench:
    """One job of two tasks with an input each, and a juror's evidence."""

    def __init__(self, folder: Path, store: DirectoryStore, pool: Pool) -> None:
        self.store, self.pool, self.folder = store, pool, folder
        inputs = [refer(SALT, [b"input %d" % index]) for index in range(2)]
        tasks = tuple(TaskSpec(inputs={"in.txt": ref}) for ref in inputs)
        self.manifest = replace(manifest_of(2), tasks=tasks)
        store.put(ECHO.code)
        for index in range(2):
            store.put(SALT + b"input %d" % index)
        self.job = store.put(SALT + self.manifest.encode())
        self.claims: list[Claim] = []
        self.stores = [store]

    def evidence(self, **changes: object) -> Evidence:
        usual = {"most_input": 1 << 20, "most_bytes": 1 << 30, "sleep": lambda seconds: None}
        return Evidence(
            self.folder / "cases",
            self.stores,
            lambda id_: self.claims,
            lambda resource, index: self.manifest.runtime,
            self.pool,
            **(usual | changes),  # type: ignore[arg-type]
        )

    def dispute(self, task: int = 1, withheld: bool = False, **changes: int) -> c.Dispute:
        request = request_of(self.manifest, self.job, **changes)
        claim = self.claims[0] if self.claims else None
        root = claim.root if claim else bytes(32)
        units = claim.units_used if claim else 0
        return c.Dispute(ID, request, root, units, task, withheld, NONCE)

    def vote(self, **more: object) -> c.Vote:
        return self.evidence().vote_on(CASE, self.dispute(**more), 60)  # type: ignore[arg-type]

    def claim(self) -> None:
        """As an honest miner: outputs in the store, leaves listed."""
        leaves = []
        for index in range(2):
            result = self.result(index)
            outputs = Outputs.of(result, SALT)
            for plaintext in outputs.plaintexts.values():
                self.store.put(SALT + plaintext)
            leaves.append(leaf_of(index, result, SALT))
        tree, listed = Tree(leaves), self.store.put(encode_leaves(leaves))
        self.claims = [Claim("0x" + "22" * 20, 1, ID, tree.root, tree.total, listed)]
        self.leaves = leaves

    def result(self, task: int):
        blobs = {"in.txt": b"input %d" % task}
        one = self.manifest.engine_task(task, ECHO, lambda ref: blobs["in.txt"])
        self.task = one  # what ran last
        return self.pool.submit(one).result()


@pytest.fixture
def bench(tmp_path: Path, store: DirectoryStore, pool: Pool) -> Bench:
    return Bench(tmp_path, store, pool)


def test_finds_the_leaf_and_the_trace(bench: Bench) -> None:
    result = bench.result(1)
    at = trace_point(NONCE, result.fuel)
    trace = bench.pool.trace(bench.task, at).result().trace
    assert bench.vote() == c.Vote(leaf_hash(leaf_of(1, result, SALT)), trace)


def test_the_trace_is_taken_in_the_upper_half_by_the_nonce() -> None:
    for fuel in (1, 2, 3, 10, 1_000_001):
        points = {trace_point(nonce.to_bytes(32), fuel) for nonce in range(40)}
        assert min(points) > fuel // 2 - 1
        assert max(points) == fuel
        assert all(1 <= point <= fuel for point in points)
    assert len({trace_point(nonce.to_bytes(32), 10**6) for nonce in range(40)}) == 40


@pytest.mark.parametrize("lacks", ["manifest", "module", "input"])
def test_what_can_not_be_had_is_missing(lacks: str, bench: Bench) -> None:
    (ref,) = bench.manifest.tasks[1].inputs.values()
    digest = {"manifest": bench.job, "module": ECHO.digest, "input": ref.digest}[lacks]
    bench.store.delete(digest)
    with pytest.raises(DataMissing):
        bench.vote()


def test_the_input_of_another_task_is_not_needed(bench: Bench) -> None:
    (ref,) = bench.manifest.tasks[0].inputs.values()
    bench.store.delete(ref.digest)
    bench.vote()


@pytest.mark.parametrize("changes", [{"tasks": 3}, {"units": 1}])
def test_a_job_that_is_not_its_requests_is_missing(changes: dict[str, int], bench: Bench) -> None:
    with pytest.raises(DataMissing, match="the manifest"):
        bench.vote(**changes)


def test_inputs_above_the_bound_are_not_fetched(bench: Bench) -> None:
    with pytest.raises(NotRunnable, match="more than the 3 bytes allowed here"):
        bench.evidence(most_input=3).vote_on(CASE, bench.dispute(), 60)


def test_a_runtime_of_another_version_is_this_machines_matter(bench: Bench) -> None:
    bench.manifest = replace(bench.manifest, runtime=b"\x01" * 32)
    bench.job = bench.store.put(SALT + bench.manifest.encode())
    with pytest.raises(NotRunnable, match="add the package that has it"):
        bench.vote()


class TestWithheld:
    def test_needs_no_more_if_all_is_there(self, bench: Bench) -> None:
        bench.claim()
        vote = bench.vote(withheld=True)
        assert vote.leaf == leaf_hash(bench.leaves[1])

    def test_without_a_claim(self, bench: Bench) -> None:
        with pytest.raises(DataMissing, match="list of leaves is not known"):
            bench.vote(withheld=True)

    def test_a_claim_of_another_result_is_none(self, bench: Bench) -> None:
        bench.claim()
        dispute = bench.dispute(withheld=True)
        bench.claims = [bench.claims[0]._replace(root=b"\x01" * 32)]
        with pytest.raises(DataMissing, match="list of leaves is not known"):
            bench.evidence().vote_on(CASE, dispute, 60)

    def test_claims_that_strangers_make_hide_no_other(self, bench: Bench) -> None:
        bench.claim()
        dispute = bench.dispute(withheld=True)
        (own,) = bench.claims
        others = [own._replace(miner="0x" + "33" * 20, leaves=bytes([n]) * 32) for n in range(20)]
        bench.claims = [*others, own]
        with pytest.raises(DataMissing):
            bench.evidence().vote_on(CASE, dispute, 60)
        mine = replace(dispute, miner=own.miner)
        assert bench.evidence().vote_on(CASE, mine, 60).leaf == leaf_hash(bench.leaves[1])

    @pytest.mark.parametrize("lacks", ["leaves", "record", "another record", "another input"])
    def test_what_nobody_serves(self, lacks: str, bench: Bench) -> None:
        """Of any task, whichever was named."""
        bench.claim()
        digests = {
            "leaves": bench.claims[0].leaves,
            "record": bench.leaves[1].digest,
            "another record": bench.leaves[0].digest,
            "another input": bench.manifest.tasks[0].inputs["in.txt"].digest,
        }
        bench.store.delete(digests[lacks])
        with pytest.raises(DataMissing):
            bench.vote(withheld=True)


def test_a_store_that_is_away_hides_no_other(bench: Bench, tmp_path: Path) -> None:
    class Away:
        def __getattr__(self, name: str):
            def fail(*_: object):
                raise StoreUnavailable("away")

            return fail

    both = AnyStore([Away(), bench.store])  # type: ignore[list-item]
    assert both.get(ECHO.digest) == ECHO.code
    assert b"".join(both.stream(ECHO.digest)) == ECHO.code
    assert both.get_many([bench.job]) == {bench.job: bench.store.get(bench.job)}
    with pytest.raises(StoreUnavailable):
        both.get(b"\x01" * 32)
    with pytest.raises(BlobMissing):
        AnyStore([bench.store]).get(b"\x01" * 32)


def test_what_one_store_had_is_given_on_to_the_others(bench: Bench, tmp_path: Path) -> None:
    empty = DirectoryStore(tmp_path / "other")
    bench.stores = [bench.store, empty]
    bench.vote()
    (ref,) = bench.manifest.tasks[1].inputs.values()
    assert set(empty) == {bench.job, ECHO.digest, ref.digest}


def test_a_forgotten_case_takes_no_room(bench: Bench) -> None:
    evidence = bench.evidence()
    evidence.vote_on(CASE, bench.dispute(), 60)
    assert (bench.folder / "cases" / CASE.hex()).is_dir()
    evidence.tidy({CASE})
    assert (bench.folder / "cases" / CASE.hex()).is_dir()
    evidence.forget(CASE)
    assert list((bench.folder / "cases").iterdir()) == []
