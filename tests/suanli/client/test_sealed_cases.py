"""Sealed jobs before a real court: jurors judge by what the dispute publishes, and no more is."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

from suanli.client import CameLate, CaseEnded, Challenged, ClaimRefused, TaskAccepted
from suanli.engine import Module, Result
from suanli.job import leaf_of
from suanli.miner.ports.data import decode_manifest
from suanli.protocol import CaseStatus, Ref, leaf_hash, plaintext_of
from suanli.relay import HttpStore
from suanli.store import BlobMissing
from tests.harness.jury import NOTHING
from tests.harness.leaks import found, on_disk
from tests.suanli.client.conftest import BOB, CAROL, World
from tests.suanli.client.test_cases import MIN, Bench, deployed, of_kind
from tests.suanli.client.test_sealed import (
    RESULT,
    SECRETS,
    TASKS,
    UNSENT,
    Engine,
    client_of,
    job,
    program,
)
from tests.suanli.client.test_sealed import real as real_miner

__all__ = ["deployed"]
CHEATED = 1


def lies(task: Any) -> Result:
    right = program(task)
    return replace(right, stdout=b"a lie") if task.args[1] == str(CHEATED) else right


def published(world: World, bench: Bench, case: bytes, status: CaseStatus) -> bytes:
    """What a juror finds with what everybody may read."""
    event = next(event for event in bench.filed() if event.case_id == case)
    deals = {
        world.market.domain.request_id(record.request): record
        for record in bench.run.ledger.deals()
    }
    request, store = deals[event.request_id].request, HttpStore(world.broker)
    try:
        salt, manifest = decode_manifest(store.get(request.job))

        def read(ref: Ref) -> bytes:
            return plaintext_of(store.get(ref.digest), salt, ref)

        module = Module(store.get(manifest.module.digest))
        task = manifest.engine_task(status.task, module, read)
    except BlobMissing:
        return NOTHING
    return leaf_hash(leaf_of(status.task, program(task), salt))


def test_a_cheat_is_judged_by_one_task_that_is_published(world: World) -> None:
    bench = Bench(world)
    bench.truth = lambda case, status: published(world, bench, case, status)
    real_miner(world, BOB, Engine(program=lies))
    happened: list[Any] = []
    bench.run = client_of(world, poll=1.0).submit(job(world), "500", **MIN, audit=1.0)
    with closing(bench.run) as run:
        for event in run.events():
            happened.append(event)
            if isinstance(event, ClaimRefused):
                real_miner(world, CAROL)
        assert len(of_kind(happened, Challenged)) == 1
        (ended,) = of_kind(happened, CaseEnded)
        assert (ended.how, ended.cost) == ("upheld", 0)
        assert len(of_kind(happened, TaskAccepted)) == TASKS
        assert run.files() == RESULT
        first = run.ledger.deals()[0]
        _salt, manifest = decode_manifest(HttpStore(world.broker).get(first.request.job))
        shown = manifest.task_references([CHEATED])
        hidden = manifest.references().keys() - shown.keys()
        assert HttpStore(world.broker).missing(list(manifest.references())) == hidden


def test_a_result_that_nobody_could_open_is_shown_to_all_and_paid(world: World) -> None:
    """Its miner tells of no envelope, is accused of withholding, and publishes the whole deal."""
    bench = Bench(world)
    bench.truth = lambda case, status: published(world, bench, case, status)
    bob = real_miner(world, BOB)
    bob.bench.daemon._relay._sealed = lambda id_: None
    client = client_of(world, poll=1.0)
    bench.run = client.submit(job(world), "500", **MIN, audit=1.0, patience=3.0)
    with closing(bench.run) as run:
        happened = list(run.events())
        assert len(of_kind(happened, Challenged)) == 1
        assert of_kind(happened, CameLate)
        assert len(of_kind(happened, TaskAccepted)) == TASKS
        assert run.files() == RESULT
        (record,) = run.ledger.deals()
        _salt, manifest = decode_manifest(HttpStore(world.broker).get(record.request.job))
        assert not HttpStore(world.broker).missing(list(manifest.references()))
    disk = on_disk(world.folder / "blobs")
    assert {leak.partition(":")[0] for leak in found(SECRETS, disk)} == SECRETS.keys() - UNSENT
