"""A market with a court, jurors in its seats, and a deal whose tasks anybody can judge.

    room = Courtroom(jurors=40)
    deal = room.result(wrong={1})                   # of 4 tasks; the miner lies about task 1
    case = room.challenge(deal, task=1)           # by Alice, the requester, right about its leaf
    case.answer(); case.draw(); case.vote(); case.show(); case.reveal(); case.close()

Steps take all arguments from what is right, unless they are given. Each transaction has a block
of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from suanli.protocol import Leaf, Tree, leaf_hash
from tests.harness.evm import Account, Contract, Receipt, account
from tests.harness.market import ALICE, BOB, MAX_UINT256, PRICE, STRANGER, TREASURY, Request, World

UNIT = 10**18
SINK = account("the court's sink")
HOUR = 3_600
RULES: dict[str, Any] = {
    "inclusion": HOUR,
    "step": 2 * HOUR,
    "vote": 4 * HOUR,
    "cure": 3 * HOUR,
    "queue": 5 * HOUR,
    "filing": 24 * HOUR,
    "joinDelay": 10 * HOUR,
    "leaveDelay": 7 * HOUR,
    "jury": 3,
    "largeJury": 5,
    "appealJury": 7,
    "casesPerSeat": 4,
    "coverBps": 15_000,
    "penaltyBps": 100,
    "leastSlashBps": 5_000,
    "cureSlashBps": 1_000,
    "slashFactor": 2,
    "delayRate": 10**11,
    "seatStake": 1_000 * UNIT,
    "seatFee": UNIT,
    "bond": 20 * UNIT,
    "rewardCap": 5 * UNIT,
    "sink": SINK,
}
NOTHING = bytes(32)
"""In the place of leaf and trace: the data can't be had."""
WINDOW = 24 * HOUR
VERDICT_BY = 60 * 24 * HOUR


class Phase:
    (
        NONE,
        QUEUED,
        ANSWERING,
        DRAWING,
        VOTING,
        SHOWING,
        REVEALING,
        CURING,
        DECIDED,
        REJECTED,
        UPHELD,
        UNDECIDED,
        VOID,
    ) = range(13)


class Outcome:
    NONE, STANDS, WRONG, UNAVAILABLE = range(4)


class Assessment:
    NOTHING, PAID, PENALIZED, UNSEATED = range(4)


def hashed(types: list[str], *values: Any) -> bytes:
    return keccak(encode(types, values))


def secret_of(case: bytes, round_: int, by_miner: bool) -> bytes:
    return hashed(["string", "bytes32", "uint8", "bool"], "secret", case, round_, by_miner)


def salt_of(case: bytes, index: int) -> bytes:
    return hashed(["string", "bytes32", "uint256"], "salt", case, index)


def juror(number: int) -> Account:
    return account(f"juror {number}")


@dataclass
class Judged:
    """A deal with a submitted result."""

    request: Request
    right: Tree
    claimed: Tree
    leaves: list[Leaf]
    """As claimed."""
    truth: list[Leaf]

    def right_leaf(self, task: int) -> bytes:
        return leaf_hash(self.truth[task])


class Courtroom(World):
    def __init__(self, jurors: int = 40, **rules: Any) -> None:
        super().__init__()
        self.rules = RULES | rules
        self.judges = self.deploy()
        self.court_terms = self.add_terms(
            court=self.judges.address,
            challengeWindow=WINDOW,
            verdictBy=VERDICT_BY,
            defaultBps=3_000,
            courtBps=10_000,
            compensationCap=0,
        )
        self.jurors = [juror(number) for number in range(jurors)]
        for each in self.jurors:
            self.provide(each, self.rules["seatStake"])
            self.judges.join(sender=each)
        self.pass_time(self.rules["joinDelay"])
        self.register(BOB, capacity=1_000_000, ask=PRICE)
        self.salt = 0

    def deploy(self, **rules: Any) -> Contract:
        """A court for this market, with other rules."""
        changed = self.rules | rules
        extension = self.evm.deploy("CourtExtension", self.market.address, changed)
        return self.evm.deploy("Court", extension.address)

    def provide(self, holder: str, amount: int) -> None:
        """Base units in the court's accounts."""
        self.token.faucet(amount, sender=holder)
        self.token.approve(self.judges.address, MAX_UINT256, sender=holder)
        self.judges.deposit(amount, sender=holder)

    def pass_time(self, seconds: int) -> None:
        self.evm.advance(seconds)

    def court_account(self, holder: str) -> tuple[int, int]:
        return tuple(self.judges.accountOf(holder))

    def result(
        self,
        wrong: Collection[int] = (),
        tasks: int = 4,
        units: int = 25,
        miner: str = BOB,
        claimed: Mapping[int, Leaf] | None = None,
        units_used: int | None = None,
        requester: str = ALICE,
        **changes: Any,
    ) -> Judged:
        """A submitted result; `claimed` leaves instead of wrong ones."""
        self.salt += 1
        truth = [Leaf(i, 0, keccak(f"{self.salt} {i}".encode()), units) for i in range(tasks)]
        leaves = [
            Leaf(i, 0, keccak(b"wrong"), units) if i in wrong else truth[i] for i in range(tasks)
        ]
        for task, leaf in (claimed or {}).items():
            leaves[task] = leaf
        tree = Tree(leaves)
        request = self.request(
            requester=requester,
            units=tasks * units,
            tasks=tasks,
            terms=self.court_terms,
            miner=miner,
            salt=self.salt,
            **changes,
        )
        self.confirm(request, miner)
        used = tree.total if units_used is None else units_used
        self.market.submitResult(request, tree.root, used, sender=miner)
        self.pass_time(12)
        return Judged(request, Tree(truth), tree, leaves, truth)

    def challenge(
        self,
        deal: Judged,
        task: int = 0,
        filer: str = ALICE,
        number: int = 0,
        withheld: bool = False,
        leaf: bytes | None = None,
        funded: bool = True,
    ) -> Case:
        """By default the filer holds right what is; or that the data can't be had."""
        held = (NOTHING if withheld else deal.right_leaf(task)) if leaf is None else leaf
        if funded:
            self.provide(filer, 2**number * self.rules["bond"] + 1_000 * UNIT)
        case_id = self.judges.caseIdOf(self.request_id(deal.request), filer, number)
        case = Case(self, deal, case_id, task, filer, held)
        arguments = deal.request, number, withheld, task, case.commitment(), case.secret(False)
        case.receipt = self.judges.challenge(*arguments, sender=filer)
        self.pass_time(12)
        return case

    def docket(self, deal: Judged) -> Any:
        return self.judges.docketOf(self.request_id(deal.request))

    def books(self) -> dict[str, int]:
        """Tokens, here and in the market, and what the court owes."""
        holders = {*self.jurors, ALICE, BOB, STRANGER, SINK, self.judges.address}
        owed = sum(sum(self.court_account(holder)) for holder in holders)
        held = int(self.token.balanceOf(self.judges.address))
        return {"held": held + self.account_of(self.judges.address)[0], "owed": owed}

    @contextmanager
    def divided(self, *others: str) -> Iterator[dict[str, int]]:
        """What everybody gains inside, in base units, but for those that gain nothing."""
        names = {ALICE: "alice", BOB: "bob", SINK: "sink", TREASURY: "treasury"}
        names |= {other: other for other in others}
        names |= {each: f"juror {i}" for i, each in enumerate(self.jurors)}
        found: dict[str, int] = {}
        with self.gains(*names) as gained:
            yield found
        found.update({names[each]: gain for each, gain in gained.items() if gain})

    @contextmanager
    def gains(self, *holders: str) -> Iterator[dict[str, int]]:
        """What holders gain inside, of all that they have in market, court and wallet."""
        before = {holder: self.wealth(holder) for holder in holders}
        found: dict[str, int] = {}
        yield found
        found.update({holder: self.wealth(holder) - before[holder] for holder in holders})

    def wealth(self, holder: str) -> int:
        total = sum(self.court_account(holder)) + sum(self.account_of(holder))
        total += int(self.token.balanceOf(holder))
        if holder == BOB:
            total += int(self.market.minerStatus(holder).stake)
            total += int(self.market.minerAccount(holder).earnings)
        return total


@dataclass
class Case:
    room: Courtroom
    deal: Judged
    id: bytes
    task: int
    filer: str
    held: bytes
    """Hash of the leaf that the filer holds right."""
    receipt: Receipt | None = None
    votes: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    """What the jurors of the present ballot committed to, by seat of the jury."""

    @property
    def judges(self) -> Contract:
        return self.room.judges

    @property
    def status(self) -> Any:
        return self.judges.caseOf(self.id)

    @property
    def phase(self) -> int:
        return int(self.status.phase)

    @property
    def request(self) -> Request:
        return self.deal.request

    def commitment(self, salt: bytes = b"\5" * 32) -> bytes:
        return hashed(["address", "bytes32", "bytes32"], self.filer, self.held, salt)

    def secret(self, by_miner: bool) -> bytes:
        """The commitment of the present round."""
        round_ = int(self.status.round)
        secret = secret_of(self.id, round_, by_miner)
        return hashed(["bytes32", "uint8", "bool", "bytes32"], self.id, round_, by_miner, secret)

    def answer(self, sender: str = BOB) -> Receipt:
        leaf, path = self.deal.leaves[self.task], self.deal.claimed.path(self.task)
        opened = (leaf.index, leaf.outcome, leaf.digest, leaf.units)
        return self._do(
            self.judges.answer,
            self.request,
            self.id,
            self.secret(True),
            opened,
            path,
            sender=sender,
        )

    def commit_secret(self, by_miner: bool, sender: str | None = None) -> Receipt:
        who = sender or (BOB if by_miner else self.filer)
        return self._do(self.judges.commitSecret, self.id, self.secret(by_miner), sender=who)

    def reveal_secret(self, by_miner: bool, sender: str | None = None) -> Receipt:
        secret = secret_of(self.id, int(self.status.round), by_miner)
        who = sender or (BOB if by_miner else self.filer)
        return self._do(self.judges.revealSecret, self.id, secret, sender=who)

    def draw(self) -> Receipt:
        """Both secrets, in a block after the named one."""
        self.room.pass_time(12)
        self.reveal_secret(True)
        return self.reveal_secret(False)

    def seats(self) -> list[int]:
        return list(self.judges.seatsOf(self.id, self.status.round))

    def juror_at(self, index: int) -> str:
        return str(self.judges.seatOf(self.seats()[index]).juror)

    def vote_commitment(self, index: int, leaf: bytes, trace: bytes, salt: bytes) -> bytes:
        status = self.status
        return hashed(
            ["bytes32", "uint8", "bool", "uint256", "bytes32", "bytes32", "bytes32"],
            *(self.id, status.round, status.second, index, leaf, trace, salt),
        )

    def right_vote(self) -> tuple[bytes, bytes]:
        return self.deal.right_leaf(self.task), keccak(self.judges.nonceOf(self.id))

    def commit(self, index: int, vote: tuple[bytes, bytes] | None = None) -> Receipt:
        leaf, trace = vote or self.right_vote()
        self.votes[index] = leaf, trace
        made = self.vote_commitment(index, leaf, trace, salt_of(self.id, index))
        juror_ = self.juror_at(index)
        return self._do(self.judges.commitVote, self.id, index, made, sender=juror_)

    def vote(self, *votes: tuple[bytes, bytes] | None) -> None:
        """Of each seat: None is absent; without any, all vote what is right."""
        self.votes.clear()
        if not votes:
            votes = (self.right_vote(),) * self.status.seats
        for index, vote in enumerate(votes):
            if vote is not None:
                self.commit(index, vote)
        if None in votes:
            self.expire()

    def show(self, leaf: bytes | None = None, sender: str | None = None) -> Receipt:
        held = self.held if leaf is None else leaf
        return self._do(
            self.judges.showLeaf,
            *(self.request, self.id, held, b"\5" * 32),
            sender=sender or self.filer,
        )

    def reveal_vote(self, index: int, sender: str = STRANGER) -> Receipt:
        leaf, trace = self.votes[index]
        salt = salt_of(self.id, index)
        return self._do(self.judges.revealVote, self.id, index, leaf, trace, salt, sender=sender)

    def reveal(self) -> None:
        for index in self.votes:
            self.reveal_vote(index)

    def advance(self, sender: str = STRANGER) -> Receipt:
        return self._do(self.judges.advance, self.request, self.id, sender=sender)

    def expire(self) -> Receipt:
        """Let the phase's time pass, and advance."""
        deadline = self.status.deadline
        self.room.evm.set_block(self.room.evm.number + 1, max(self.room.evm.time, deadline + 1))
        return self.advance()

    def to_voting(self) -> Case:
        self.answer()
        self.draw()
        return self

    def judge(self, *votes: tuple[bytes, bytes] | None) -> Case:
        """From Voting to the end of the reveals."""
        self.vote(*votes)
        if self.phase == Phase.SHOWING:
            self.show()
        if self.phase == Phase.REVEALING:
            self.reveal()
        if self.phase == Phase.REVEALING:
            self.expire()
        return self

    def close(self) -> Receipt:
        """Nobody appeals."""
        return self.expire()

    def finish(self) -> Receipt:
        until = self.judges.docketOf(self.room.request_id(self.request)).filingUntil
        evm = self.room.evm
        evm.set_block(evm.number + 1, max(evm.time, until + 1))
        return self.judges.finish(self.request)

    def appeal(self, by_miner: bool) -> Receipt:
        who = BOB if by_miner else self.filer
        self.room.provide(who, 200 * UNIT)
        secret = secret_of(self.id, 2, by_miner)
        made = hashed(["bytes32", "uint8", "bool", "bytes32"], self.id, 2, by_miner, secret)
        receipt = self._do(self.judges.appeal, self.id, made, sender=who)
        return receipt

    def _do(self, function: Callable[..., Any], *arguments: Any, sender: str) -> Receipt:
        receipt: Receipt = function(*arguments, sender=sender)
        self.room.pass_time(12)
        return receipt
