"""Cases before all kinds of jurors: what everybody does in each phase, on the shadow court."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from suanli.model import Case
from suanli.protocol import (
    ZERO_DIGEST,
    CaseOutcome,
    CasePhase,
    Leaf,
    Refused,
    Request,
    Tree,
    case_id,
    leaf_commitment,
    leaf_hash,
    secret_commitment,
    vote_commitment,
)
from suanli.simulate.court.world import CourtWorld, Person

VOTE_GAS, FILING_GAS, DEFENCE_GAS, GAS = 0.6, 1.7, 0.7, 0.4
"""180,000, 510,000 and 210,000 gas, of the 300,000 whose price is `GAS` of a juror's fee."""
RIGHT, WRONG = b"\x01" * 32, b"\x02" * 32
"""Digests of what a task really leaves, and of what is made up."""
TRACE, LIE = b"\x03" * 32, b"\x04" * 32
CALLS = 8
"""That draw, before time is waited for."""


@dataclass(slots=True)
class TradedWork:
    """What a deal is, and what its miner really did: the first `wrong` results are made up; the
    data of `withheld` ones nobody has, if they are wrong, or jurors only who ask for it."""

    request: Request
    requester: Person
    miner: Person
    wrong: int
    withheld: bool
    tree: Tree | None = None
    case: bytes = b""

    def leaf(self, digest: bytes, task: int) -> Leaf:
        return Leaf(task, 0, digest, self.request.units // self.request.tasks)

    def result(self) -> Tree:
        """What it handed in."""
        tasks = range(self.request.tasks)
        leaves = [self.leaf(WRONG if task < self.wrong else RIGHT, task) for task in tasks]
        self.tree = Tree(leaves)
        return self.tree


class JurorVote(NamedTuple):
    leaf: bytes
    trace: bytes
    salt: bytes


UNHAD = JurorVote(ZERO_DIGEST, ZERO_DIGEST, b"\x05" * 32)


@dataclass(slots=True)
class OpenCase:
    """Of the first task, which is wrong if anything is."""

    work: TradedWork
    case: Case
    plans: dict[tuple[int, bool], Sequence[JurorVote | None]] = field(default_factory=dict)

    @property
    def truth(self) -> bytes:
        """What an honest juror holds right of the task."""
        work, again = self.work, len(self.case.round.ballots) == 2
        unhad = work.withheld and (work.wrong or not again)
        return ZERO_DIGEST if unhad else leaf_hash(work.leaf(RIGHT, 0))

    @property
    def wanted(self) -> bytes | None:
        """What friends of a party vote for."""
        if self.work.requester.kind == "colluding":
            return _claimed(self.work)
        return self.case.miner_leaf if self.work.miner.kind == "colluding" else None


class Trials:
    """`away`: the chance that an honest juror shows no vote; `cost`: of running a unit."""

    def __init__(self, world: CourtWorld, jurors: Sequence[Person], chance: Random) -> None:
        self.world, self.court, self.jurors = world, world.court, jurors
        self.open: list[OpenCase] = []
        self._kinds = {juror.account: juror for juror in jurors}
        self._chance = chance
        self._acts: dict[CasePhase, Callable[[OpenCase], bool]] = {
            CasePhase.ANSWERING: self._answer,
            CasePhase.DRAWING: self._draw,
            CasePhase.VOTING: self._vote,
            CasePhase.SHOWING: self._show,
            CasePhase.REVEALING: self._reveal,
            CasePhase.DECIDED: self._appeal,
        }

    def file(self, work: TradedWork) -> None:
        """The first challenge of a deal, of its first task."""
        filer, claimed = work.requester, _claimed(work)
        request_id = self.world.market.request_id(work.request)
        work.case = case_id(request_id, filer.account, 0)
        committed = secret_commitment(work.case, 0, False, self._secret(0, False))
        leaf = leaf_commitment(filer.account, claimed, RIGHT)
        self.world.fund_case(filer)
        task = work.request, 0, work.withheld, 0
        self.court.challenge(filer.account, *task, leaf, committed)
        self._spend(filer, FILING_GAS)
        self._spend(work.miner, DEFENCE_GAS)
        self.open.append(OpenCase(work, self.court.cases[work.case]))

    def act(self) -> None:
        """All that can be done now."""
        for trial in self.open:
            while not trial.case.phase.is_final:
                if not self._step(trial):
                    break
        self.open = [trial for trial in self.open if not trial.case.phase.is_final]
        self._reseat()

    def _step(self, trial: OpenCase) -> bool:
        """Whether anything was done."""
        self.court.block += 1
        act = self._acts.get(trial.case.phase)
        if act is not None and act(trial):
            return True
        try:
            self.court.advance(trial.work.requester.account, trial.work.request, trial.work.case)
        except Refused:
            return False
        return True

    # Parties

    def _answer(self, trial: OpenCase) -> bool:
        case, work, number = trial.case, trial.work, trial.case.round.number
        miner, filer = work.miner.account, work.requester.account
        if number == 0:
            assert work.tree is not None
            leaf = work.leaf(WRONG if work.wrong else RIGHT, 0)
            committed = self._committed(case, True)
            self.court.answer(miner, work.request, case.case_id, committed, leaf, work.tree.path(0))
            return True
        for by_miner, party in ((True, miner), (False, filer)):
            if by_miner not in case.round.secrets:
                self.court.commit_secret(party, case.case_id, self._committed(case, by_miner))
        return True

    def _draw(self, trial: OpenCase) -> bool:
        case, work, drawn = trial.case, trial.work, trial.case.round
        if len(drawn.shown) == 2:
            if drawn.calls < CALLS:
                self.court.draw(work.requester.account, case.case_id)
            return drawn.calls < CALLS
        self.court.block = max(self.court.block, drawn.named + 1)
        for by_miner, party in ((True, work.miner), (False, work.requester)):
            secret = self._secret(drawn.number, by_miner)
            self.court.reveal_secret(party.account, case.case_id, secret)
        return True

    def _show(self, trial: OpenCase) -> bool:
        work, leaf = trial.work, _claimed(trial.work)
        filer = work.requester.account
        self.court.show_leaf(filer, work.request, work.case, leaf, RIGHT)
        return True

    def _appeal(self, trial: OpenCase) -> bool:
        """By who lost and knows better, or has friends."""
        case, work = trial.case, trial.work
        if case.appealed:
            return False
        wrong = case.outcome in (CaseOutcome.WRONG, CaseOutcome.UNAVAILABLE)
        party = work.miner if wrong else work.requester
        robbed = wrong != bool(work.wrong)
        if not robbed and party.kind != "colluding":
            return False
        self.world.fund_case(party)
        secret = self._secret(2, wrong)
        committed = secret_commitment(case.case_id, 2, wrong, secret)
        self.court.appeal(party.account, case.case_id, committed)
        self._spend(party, DEFENCE_GAS)
        self.world.books.count(party.who, "appealed")
        return True

    def _committed(self, case: Case, by_miner: bool) -> bytes:
        number = case.round.number
        return secret_commitment(case.case_id, number, by_miner, self._secret(number, by_miner))

    @staticmethod
    def _secret(number: int, by_miner: bool) -> bytes:
        """Nobody guesses here: the hash of the block is chance enough."""
        return bytes([number, by_miner]) * 16

    # Jurors

    def _vote(self, trial: OpenCase) -> bool:
        case, plan = trial.case, self._plan(trial)
        acted, seats = False, list(case.round.seats)
        second, number = len(case.round.ballots) == 2, case.round.number
        for index, (position, vote) in enumerate(zip(seats, plan, strict=True)):
            if vote is None or index in case.round.ballot.commitments:
                continue
            juror = self.court.seats[position].juror
            committed = vote_commitment(case.case_id, number, second, index, *vote)
            self.court.commit_vote(juror, case.case_id, index, committed)
            acted = True
        return acted

    def _reveal(self, trial: OpenCase) -> bool:
        case, plan = trial.case, self._plan(trial)
        anybody = trial.work.requester.account
        for index in list(case.round.ballot.commitments):
            vote = plan[index]
            assert vote is not None
            self.court.reveal_vote(anybody, case.case_id, index, *vote)
        return True

    def _plan(self, trial: OpenCase) -> Sequence[JurorVote | None]:
        """Colluders see who sits with them, and lie if they are the majority."""
        drawn = trial.case.round
        key = drawn.number, len(drawn.ballots) == 2
        if key not in trial.plans:
            jurors = [self._kinds[self.court.seats[each].juror] for each in drawn.seats]
            friends = sum(juror.kind == "colluding" for juror in jurors)
            lie = trial.wanted if 2 * friends > len(jurors) else None
            trial.plans[key] = [self._said(trial, juror, lie) for juror in jurors]
        return trial.plans[key]

    def _said(self, trial: OpenCase, juror: Person, lie: bytes | None) -> JurorVote | None:
        own = self.world.scenario
        if juror.kind == "absent" or (juror.kind == "honest" and self._chance.random() < own.away):
            return None
        self._spend(juror, VOTE_GAS)
        if juror.kind == "lazy":
            return UNHAD
        if juror.kind == "colluding" and lie is not None:
            return JurorVote(lie, LIE, RIGHT)
        if trial.truth == ZERO_DIGEST:
            return UNHAD
        request = trial.work.request
        self.world.books.spent[juror.who] += own.cost * request.units / request.tasks
        return JurorVote(trial.truth, TRACE, RIGHT)

    def _spend(self, who: Person, gas: float) -> None:
        self.world.books.spent[who.who] += gas * GAS * float(self.world.rules.seat_fee)

    def _reseat(self) -> None:
        """A seat that paid a penalty is not drawn any more: its juror takes another."""
        now, delay = self.court.time, self.court.rules.leave_delay
        for juror in self.jurors:
            for position in sorted(juror.seats):
                if self.court.seats[position].left_at:
                    juror.seats.remove(position)
                    juror.left.append(position)
                    self.world.join(juror)
            for position in list(juror.left):
                seat = self.court.seats[position]
                if now >= seat.left_at + delay and not seat.sitting:
                    self.court.vacate(juror.account, position)
                    juror.left.remove(position)


def _claimed(work: TradedWork) -> bytes:
    """What its filer holds right of the first task: of work that is right, something else."""
    if work.withheld:
        return ZERO_DIGEST
    return leaf_hash(work.leaf(RIGHT if work.wrong else WRONG, 0))
