"""The daemon's part before a real court, which jurors without a daemon judge by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from suanli.chain import Court, Token
from suanli.miner import core as m
from suanli.miner.core import Stage
from suanli.protocol import (
    CaseOutcome,
    CasePhase,
    CaseStatus,
    State,
    leaf_hash,
    secret_commitment,
    vote_commitment,
)
from suanli.store import DirectoryStore
from tests.harness.bench import Bench
from tests.harness.court import SECRETS, TOKEN, Trial, fund, let_judge, sender_of
from tests.harness.local_chain import ALICE, BOB, CAROL, Controls
from tests.harness.world import World, manifest_of

TASKS, TASK, SEATS = 3, 1, 15
TRACE, SALT, NOTHING = b"\x44" * 32, b"\x45" * 32, bytes(32)


def forward(world: World, seconds: int) -> None:
    controls = Controls(world.market.node)
    controls.evm_increaseTime(seconds)
    controls.mine()


@dataclass
class Courtroom:
    """Bob's daemon, Alice who challenges it, Carol who holds all seats."""

    world: World
    store: DirectoryStore
    """The requesters'."""
    bench: Bench
    court: Court
    id: bytes
    trial: Trial

    @property
    def status(self) -> CaseStatus:
        return self.court.case_of(self.trial.case)

    def until(self, phase: CasePhase) -> None:
        self.bench.until(lambda: self.status.phase is phase)

    def pass_time(self, seconds: int) -> None:
        forward(self.world, seconds)

    def draw(self) -> None:
        """Alice's part, and what the daemon does."""
        self.until(CasePhase.DRAWING)
        for _ in range(2):
            self.pass_time(1)
        self.trial._do(ALICE, self.court.reveal_secret(self.trial.case, SECRETS[0]))
        self.until(CasePhase.VOTING)

    def vote(self, leaf: bytes) -> None:
        """All seats alike; then Alice shows her leaf, if she has not."""
        trace = TRACE if any(leaf) else NOTHING
        before = self.status
        of = (self.trial.case, before.round, before.second)
        for index in range(before.seats):
            vote = vote_commitment(*of, index, leaf, trace, SALT)
            self.trial._do(CAROL, self.court.commit_vote(self.trial.case, index, vote))
        if self.status.phase is CasePhase.SHOWING:
            self.trial.show()
        for index in range(before.seats):
            call = self.court.reveal_vote(self.trial.case, index, leaf, trace, SALT)
            self.trial._do(CAROL, call)

    @property
    def own(self) -> bytes:
        """The hash of the leaf that Bob's daemon claimed."""
        return leaf_hash(self.deal.leaves[TASK])

    @property
    def deal(self) -> m.MinerDeal:
        return self.bench.daemon.core.state.deals[self.id]


@pytest.fixture
def room(registered: World, tmp_path: Path) -> Iterator[Courtroom]:
    """Bob's result is on the chain, and not challenged yet."""
    world, market = registered, registered.market
    court, terms = let_judge(market)
    fund(market, court, CAROL, SEATS * 100 * TOKEN)
    for _ in range(SEATS):
        sender_of(market, CAROL).execute(court.join())
    fund(market, court, ALICE, 100 * TOKEN)
    forward(world, 61)
    relay, store = world.requester.relay, DirectoryStore(tmp_path / "store")
    bench = Bench(market, tmp_path, store, relay, appeal_bond=150 * TOKEN)
    bench.restart()
    bench.until(lambda: market.offer_of(BOB.address, 1).valid_until)
    manifest = manifest_of(TASKS)
    alice = replace(world.requester, store=store)
    alice.put(manifest)
    request = alice.request(manifest, BOB.address, terms=terms)
    id_ = alice.lodge(request)
    bench.until(lambda: market.deal_of(id_).state is State.SUBMITTED)
    deal = bench.daemon.core.state.deals[id_]
    claimed = [deal.leaves[index] for index in range(TASKS)]
    right = replace(claimed[TASK], digest=b"\x02" * 32)
    trial = Trial(market, court, request, claimed, right, TASK)
    yield Courtroom(world, store, bench, court, id_, trial)
    bench.daemon.journal.close()


def test_a_right_miner_answers_appeals_wins_and_is_paid(room: Courtroom) -> None:
    """Killed on the way, after each of its steps."""
    market, token = room.world.market, Token(room.world.market.node, room.world.market.token())
    room.trial.file()
    room.until(CasePhase.DRAWING)
    room.bench.restart()
    room.draw()
    room.bench.until(lambda: room.deal.cases[room.trial.case].right)
    sender_of(market, BOB).execute(token.faucet(110 * TOKEN))
    held = token.balance_of(BOB.address)
    room.bench.restart()
    room.vote(leaf_hash(room.trial.right))
    assert (room.status.phase, room.status.outcome) == (CasePhase.DECIDED, CaseOutcome.WRONG)
    room.until(CasePhase.ANSWERING)
    assert room.status.appellant == BOB.address
    room.bench.restart()
    room.trial.rounds = 2
    secret = secret_commitment(room.trial.case, 2, False, SECRETS[0])
    room.trial._do(ALICE, room.court.commit_secret(room.trial.case, secret))
    room.draw()
    room.vote(room.own)
    room.until(CasePhase.REJECTED)
    room.bench.until(lambda: token.balance_of(BOB.address) >= held)
    assert market.state_of(room.trial.request) is State.CHALLENGED, "others may still challenge"
    room.pass_time(61)
    room.bench.until(lambda: market.deal_of(room.id).state is State.SETTLED)
    assert room.court.docket_of(room.id).frozen is False
    room.bench.until(lambda: room.deal.stage is Stage.ENDED)
    told = [line.because for _, line in room.bench.daemon.journal.story(room.id)]
    assert any("won: the challenge was lost" in text for text in told)


def test_data_that_the_store_lost_is_served_again(room: Courtroom) -> None:
    """And what is here no more either is made again."""
    store, job = room.store, room.trial.request.job
    gone = [job, room.deal.leaves[0].digest, room.deal.leaves[2].digest]
    local = room.bench.daemon._local
    for digest in gone:
        store.delete(digest)
    local.delete(room.deal.leaves[2].digest)
    assert store.missing(gone) == set(gone)
    room.trial.withheld = True
    room.trial.file()
    room.draw()
    room.bench.until(lambda: not store.missing(gone))
    assert not room.deal.lost


def test_the_second_ballot_finds_what_was_cured(room: Courtroom) -> None:
    room.trial.withheld = True
    room.trial.file()
    room.draw()
    room.vote(NOTHING)
    assert room.status.phase is CasePhase.CURING
    room.store.delete(room.trial.request.job)
    room.bench.until(lambda: room.store.has(room.trial.request.job))
    room.pass_time(21 + 30)
    room.until(CasePhase.VOTING)
    room.vote(room.own)
    assert (room.status.phase, room.status.outcome) == (CasePhase.DECIDED, CaseOutcome.STANDS)


def test_a_wrong_miner_says_so_and_does_not_appeal(room: Courtroom) -> None:
    room.bench.executor.output = lambda task: b"something else"
    room.trial.file()
    room.draw()
    room.bench.until(lambda: room.deal.cases[room.trial.case].right is False)
    room.vote(leaf_hash(room.trial.right))
    room.bench.round()
    (case,) = room.bench.daemon.core.outlook.note()["cases"]
    assert case["own_run"] == "run again here, it is DIFFERENT"
    assert case["note"] == "no appeal: run again here, the task leaves another result"
    room.pass_time(61)
    room.trial.advance()
    assert room.status.phase is CasePhase.UPHELD
    room.bench.until(lambda: room.world.market.deal_of(room.id).state is State.OVERTURNED)
    room.bench.until(lambda: room.deal.stage is Stage.ENDED)
