"""Jurors, and the miners' part, before a real court: in the test's process, stepped by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from suanli.base.accounts import Account
from suanli.chain import (
    Call,
    Court,
    CursorState,
    EventCursor,
    Market,
    Sender,
    Token,
    caught_up,
    events,
)
from suanli.protocol import (
    CasePhase,
    CaseStatus,
    Leaf,
    Request,
    Tree,
    secret_commitment,
    vote_commitment,
)
from tests.harness.local_chain import CHEAP, Controls

NOTHING = bytes(32)
"""In the place of leaf and trace: the data can't be had."""


def secret(case: bytes, round_: int, who: str) -> bytes:
    return keccak(case + bytes([round_]) + who.encode())


@dataclass
class Jury:
    """Seats of one account. `finds`: the hash of the leaf that a case's task leaves, by its status;
    `idle`: places in the jury that do nothing."""

    market: Market
    court: Court
    account: Account
    finds: Callable[[bytes, CaseStatus], bytes]
    idle: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sender = Sender(self.market.node, self.account, fees=CHEAP, poll_every=0.01)

    def take_seats(self, count: int) -> None:
        """And wait until they can be drawn."""
        rules, node = self.court.rules(), self.market.node
        stake, token = count * rules.seat_stake, Token(node, self.market.token())
        for call in (
            token.faucet(stake),
            token.approve(self.court.address, stake),
            self.court.deposit(stake),
            *(self.court.join() for _ in range(count)),
        ):
            self.sender.execute(call)
        chain = Controls(node)
        chain.evm_increaseTime(rules.join_delay)
        chain.mine()

    def step(self, case: bytes) -> bool:
        """Vote, or reveal, where that is due; whether it was."""
        status, acted = self.court.case_of(case), False
        if status.phase not in (CasePhase.VOTING, CasePhase.REVEALING):
            return False
        for index in range(status.seats):
            now = self.court.case_of(case)
            if index not in self.idle and now.phase is status.phase:
                acted |= self._act(case, now, index)
        return acted

    def _act(self, case: bytes, status: CaseStatus, index: int) -> bool:
        leaf, court = self.finds(case, status), self.court
        trace, salt = NOTHING, secret(case, index, "juror")
        if any(leaf):
            trace = bytes([*keccak(court.nonce_of(case))[:-1], 0])
        there = court.vote_of(case, status.round, status.second, index)
        if status.phase is CasePhase.VOTING and not any(there):
            vote = vote_commitment(case, status.round, status.second, index, leaf, trace, salt)
            self.sender.execute(court.commit_vote(case, index, vote))
            return True
        if status.phase is CasePhase.REVEALING and any(there) and not there[-1] & 1:
            self.sender.execute(court.reveal_vote(case, index, leaf, trace, salt))
            return True
        return False


@dataclass
class Answering:
    """The miner's part. `silent`: it does nothing."""

    court: Court
    sender: Sender
    request: Request
    leaves: list[Leaf]
    silent: bool = False

    def step(self, case: bytes) -> bool:
        """Do what is due; whether anything was."""
        status, head = self.court.case_of(case), self.sender.node.head()
        if self.silent or status.miner_acted:
            return False
        call: Call[None] | None = None
        mine = secret_commitment(case, status.round, True, secret(case, status.round, "miner"))
        if status.phase is CasePhase.ANSWERING and status.round == 0:
            leaf = self.leaves[status.task]
            path = Tree(self.leaves).path(status.task)
            call = self.court.answer(self.request, case, mine, leaf, path)
        elif status.phase is CasePhase.ANSWERING:
            call = self.court.commit_secret(case, mine)
        elif status.phase is CasePhase.DRAWING and head.number > status.named:
            call = self.court.reveal_secret(case, secret(case, status.round, "miner"))
        if call is not None:
            self.sender.execute(call)
        return call is not None


class Filed:
    """Challenges since it was made, read on with each look."""

    def __init__(self, court: Court) -> None:
        self._cursor = EventCursor(court.node, court.address, only=(events.ChallengeFiled,))
        self._state = CursorState.from_block(court.node.head().number)
        self._found: list[events.ChallengeFiled] = []

    def __call__(self) -> list[events.ChallengeFiled]:
        for batch in caught_up(self._cursor, self._state):
            self._state = batch.state
            self._found += [x for x in batch.events if isinstance(x, events.ChallengeFiled)]
        return self._found
