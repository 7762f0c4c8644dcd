"""Sealed jobs with real miners: who holds the relay or its disk reads nothing of them."""

from __future__ import annotations

import itertools
import logging
import random
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from suanli.base.accounts import Account
from suanli.chain import contracts_at
from suanli.client import (
    Client,
    ClientError,
    Confirmed,
    DealRecord,
    JobEvent,
    Options,
    Run,
    UnsuitableJob,
)
from suanli.client.options import SEALED_TOLD
from suanli.client.run.sealing import Sealing
from suanli.engine import Compilations, Result
from suanli.miner.core.machine import KEPT
from suanli.miner.ports.data import decode_manifest
from suanli.protocol import Envelope, SealError, sealing, sign
from suanli.relay import HttpStore, RelayClient, Relays
from suanli.store import SMALL, BlobCorrupt, BlobMissing, DirectoryStore, SealingStore
from tests.harness.bench import Bench, register
from tests.harness.doubles import RUNTIME, FakeExecutor, exited
from tests.harness.leaks import Tap, found, on_chain, on_disk
from tests.suanli.client.conftest import BOB, CAROL, World
from tests.suanli.client.test_wallets import MONEY, Wallet

TASKS = 4
LARGE = random.Random(1).randbytes(SMALL + 4_000)
SECRETS = {
    "input": b"accession-0042 of the unpublished strain",
    "large input": LARGE,
    "stdin": b"what is read from stdin, and kept back",
    "name of an input": b"inputs/strain-names.tsv",
    "argument": b"--threshold-of-doctor-mabuse",
    "variable": b"PASSPHRASE_OF_THE_LAB",
    "its value": b"correct horse battery staple 7741",
    "stdout": b"the result is forty-two, but tell nobody",
    "large output": LARGE[::-1],
    "stderr": b"warning: patient 0815 is an outlier",
    "name of an output": b"diagnoses/outliers.csv",
    "name of the job": b"project-nightingale-phase-3",
}
UNSENT = {"name of the job"}
JOB = """
name = "project-nightingale-phase-3"
seal = {seal}
module = "program.wasm"
limits = {{ fuel = 10_000_000, file_bytes = 100_000 }}
env = {{ PASSPHRASE_OF_THE_LAB = "correct horse battery staple 7741" }}
inputs = {{ "inputs/strain-names.tsv" = "names.tsv", "large.bin" = "large.bin" }}
gather = {{ kind = "concat", to = "all.txt" }}
"""
TASK = """
[[tasks]]
args = ["--threshold-of-doctor-mabuse", "{index}"]
stdin = "in.txt"
"""


def program(task: Any) -> Result:
    """Fails unless it gets all that the job's file names."""
    assert task.inputs == {"inputs/strain-names.tsv": SECRETS["input"], "large.bin": LARGE}
    assert task.stdin == SECRETS["stdin"]
    assert task.env == {"PASSPHRASE_OF_THE_LAB": "correct horse battery staple 7741"}
    flag, index = task.args
    assert flag == "--threshold-of-doctor-mabuse"
    files = {"diagnoses/outliers.csv": LARGE[::-1] + index.encode()}
    return exited(SECRETS["stdout"] + index.encode(), files, stderr=SECRETS["stderr"])


RESULT = {"all.txt": b"".join(SECRETS["stdout"] + b"%d" % i for i in range(TASKS))}


class Engine(FakeExecutor):
    """As daemons want it."""

    def of(self, runtime: bytes) -> Engine:
        return self

    def compiled(self) -> Compilations:
        return Compilations()

    def close(self) -> None:
        pass


@dataclass
class Real:
    """A miner's daemon in this process: it moves whenever the requester waits. `tap`: all that it
    sends to the relay."""

    bench: Bench
    tap: Tap
    stops: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        self.address = self.bench.account.address
        self.done: dict[bytes, Any] = {}
        """Whose cases tests answer: none, the daemon does."""

    def step(self) -> None:
        if not self.stops():
            self.bench.round()

    def say(self, message: Any) -> None:
        market, account = self.bench.market, self.bench.account
        self.bench._relay.post(sign(market.domain, message, account))


def real(world: World, account: Account, engine: Any = None) -> Real:
    folder = world.folder / account.address
    folder.mkdir()
    register(world.market, account, folder)
    tap = Tap()
    contracts = contracts_at(world.node)
    relay = RelayClient(world.broker.url, world.market.domain, transport=tap, contracts=contracts)
    bench = Bench(
        world.market, folder, HttpStore(relay), relay, account=account, runtimes=(RUNTIME,)
    )
    bench.executor = engine or Engine(program=program)
    bench.restart()
    for _ in range(5):
        bench.round()
    made = Real(bench, tap)
    world.miners.append(made)  # type: ignore[arg-type]
    return made


def job(world: World, seal: str = "true") -> Path:
    for name, data in (
        ("names.tsv", SECRETS["input"]),
        ("large.bin", LARGE),
        ("in.txt", SECRETS["stdin"]),
    ):
        (world.folder / name).write_bytes(data)
    text = JOB.format(seal=seal) + "".join(TASK.format(index=i) for i in range(TASKS))
    (world.folder / "job.toml").write_text(text)
    return world.folder / "job.toml"


def client_of(world: World, tap: Tap | None = None, **changes: Any) -> Client:
    changes["executor"] = lambda _: nullcontext(Engine(program=program))
    if tap is not None:
        changes["relay"] = Relays(
            [RelayClient(world.broker.url, world.market.domain, transport=tap)]
        )
    return world.client(**changes)


def ended(run: Run) -> tuple[dict[str, bytes], list[DealRecord]]:
    """Its result and its deals, once it has run to its end."""
    with closing(run):
        for _ in run.events():
            pass
        return run.files(), run.ledger.deals()


def until(run: Run, kind: type[JobEvent]) -> JobEvent:
    """Run it to the first such event, and leave it there, as a kill does."""
    with closing(run):
        return next(event for event in run.events() if isinstance(event, kind))


@pytest.mark.parametrize("sealed", [True, False])
def test_nothing_of_a_sealed_job_leaves_those_who_may_read_it(
    world: World, sealed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """And all of it is found where the job is not sealed, so that this would see it."""
    caplog.set_level(logging.DEBUG, "suanli")
    bob, carol = real(world, BOB), real(world, CAROL)
    tap, first = Tap(), world.node.head().number
    told: list[str] = []
    client = client_of(world, tap)
    run = client.submit(job(world, str(sealed).lower()), "1000", tell=told.append, audit=1.0)
    files, records = ended(run)
    assert (files, {record.end for record in records}) == (RESULT, {"settled"})
    seen = {
        "requester's messages": b"\n".join(tap.sent),
        "miners' messages": b"\n".join(bob.tap.sent + carol.tap.sent),
        "relay's disk": on_disk(world.folder / "blobs", *world.folder.glob("relay.sqlite*")),
        "chain": on_chain(world.node, first),
        "logs": "\n".join([caplog.text, *told, (run.folder / "log").read_text()]).encode(),
    }
    assert all(seen.values())
    leaks = {where: found(SECRETS, data) for where, data in seen.items()}
    if sealed:
        assert not any(leaks.values()), leaks
        assert tuple(told) == SEALED_TOLD
        return
    visible = {leak.partition(":")[0] for leak in leaks["relay's disk"]}
    assert visible == SECRETS.keys() - UNSENT
    assert leaks["requester's messages"]
    assert leaks["miners' messages"]
    assert told == []


def test_tasks_that_are_placed_anew_are_sealed_anew(world: World) -> None:
    """Bob takes them and dies; Carol gets them, and what Bob holds opens nothing of hers."""
    bob = real(world, BOB)
    client = client_of(world)
    run = client.submit(job(world), "1000", duration=60, confirm_within=30)
    taken = until(run, Confirmed)
    bob.stops = lambda: True
    carol = real(world, CAROL)
    world.on_wait = lambda: world.pass_time(5)
    files, (first, *others) = ended(client.run(run.id))
    assert files == RESULT
    assert (first.number, first.end) == (taken.deal, "defaulted")
    assert {record.end for record in others} == {"settled"}
    keys = {bob.bench.daemon._seals.public_key(), carol.bench.daemon._seals.public_key()}
    assert {first.seal_to, *(record.seal_to for record in others)} == keys
    assert len(keys) == 2
    theirs = world.broker.envelopes(client.market.domain.request_id(others[0].request))
    requesters = next(e for e in theirs if e.sender == client.requester)
    private = bob.bench.daemon._seals._db.row("SELECT private FROM keys")[0]
    with pytest.raises(SealError):
        sealing.unseal(HttpStore(world.broker).get(requesters.contents), private)


def test_both_sides_go_on_after_a_kill(world: World) -> None:
    """The requester's keys are made of what its ledger holds, the miner's are kept."""
    bob = real(world, BOB, Engine(program=program))
    client = client_of(world)
    run = client.submit(job(world), "1000")
    until(run, Confirmed)
    before = len(list(DirectoryStore(world.folder / "blobs")))
    key = bob.bench.daemon._seals.public_key()
    bob.bench.restart()
    assert bob.bench.daemon._seals.public_key() == key
    again = client_of(world).run(run.id)
    (record,) = again.ledger.deals()
    sealed = Sealing(again._performer._ways)
    sealed.upload(record)
    sealed.tell(record)
    assert len(list(DirectoryStore(world.folder / "blobs"))) == before  # the very same bytes
    files, records = ended(again)
    assert (files, len(records)) == (RESULT, 1)
    for _ in range(2):  # it sees the end, and much later forgets it
        bob.bench.round()
        bob.bench._monotonic += KEPT + 1
    bob.bench.round()
    assert not bob.bench.daemon._seals.holds(world.market.domain.request_id(record.request))


def test_a_dispute_publishes_one_task(world: World) -> None:
    """What running it again takes, and nothing that others alone get."""
    real(world, BOB)
    text = job(world).read_text().replace('stdin = "in.txt"', "", 1).replace("inputs =", "#", 1)
    path = world.folder / "job.toml"
    parts = text.split("[[tasks]]")
    parts[1] += 'inputs = { "own.txt" = "in.txt" }\n'
    path.write_text("[[tasks]]".join(parts).replace('stdin = "in.txt"', ""))
    run = client_of(world)
    submitted = run.submit(path, "1000", audit=0.0)
    until(submitted, Confirmed)
    run = client_of(world).run(submitted.id)
    with closing(run):
        (record,) = run.ledger.deals()
        sealed, store = Sealing(run._performer._ways), HttpStore(world.broker)
        (own,) = run.job.part(record.tasks).task_references([0])
        sealed.publish(record, 1)
        salt, manifest = decode_manifest(store.get(record.request.job))
        assert (salt, manifest) == (run.job.salt, run.job.part(record.tasks))
        with pytest.raises(BlobMissing):
            store.get(own)
        sealed.publish(record, 0)
        assert store.get(own) == salt + SECRETS["stdin"]


def test_what_a_lying_miner_seals_is_refused(world: World) -> None:
    """It tells of an envelope that is not there, of one that is none, of one that lists what is
    something else; then of the right one."""
    bob, store = real(world, BOB), HttpStore(world.broker)
    client = client_of(world)
    run = client.submit(job(world), "1000")
    until(run, Confirmed)
    run = client.run(run.id)
    (record,) = run.ledger.deals()
    id_, sealed = world.market.domain.request_id(record.request), Sealing(run._performer._ways)
    issued = itertools.count(1)
    writer = SealingStore(store, sealing.public_key(sealed._reply), bytes(32))
    other = writer.put(b"something else")
    writer.sealed[b"\1" * 32] = writer.sealed.pop(other)
    for contents in (b"\7" * 32, store.put(b"no envelope"), writer.close_envelope(id_)):
        bob.say(Envelope(BOB.address, next(issued), id_, contents))
        with pytest.raises((BlobMissing, BlobCorrupt)):
            sealed.fetching(record).get(b"\1" * 32)
    files, records = ended(run)
    assert (files, len(records)) == (RESULT, 1)


def test_it_takes_a_relay_and_a_key(world: World, tmp_path: Path) -> None:
    world.miner(BOB).join()
    world.shared = DirectoryStore(tmp_path / "shared")
    client = client_of(world, relay=None)
    with pytest.raises(UnsuitableJob, match="a sealed job takes a relay"):
        client.submit(job(world), "1000")
    quote = client_of(world).quote(job(world), Options(), seconds=0)
    assert quote.need.sealed
    (candidate,) = quote.candidates
    assert quote.need.objection(candidate) is None
    unannounced = type(candidate)(**{**candidate.__dict__, "public_key": b""})
    assert "no relay of a key" in (quote.need.objection(unannounced) or "")


def test_a_contract_account_buys_sealed(world: World) -> None:
    real(world, BOB)
    wallet = Wallet(world)
    wallet.deposit(MONEY)
    client = client_of(world, wallet=wallet.address)
    files, (record,) = ended(client.submit(job(world), "1000"))
    assert (files, record.end) == (RESULT, "settled")
    assert record.request.requester == wallet.address


def test_sealed_it_stays(world: World) -> None:
    client = client_of(world)
    with closing(client.submit(job(world, "false"), "1000", seal=True)) as run:
        assert run.options.seal
        with pytest.raises(ClientError, match="sealed, or not, from its begin on"):
            run.choose(seal=False)
        run.choose(audit=0.5)
        assert run.options.seal
