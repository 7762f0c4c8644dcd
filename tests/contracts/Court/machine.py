"""A court beside its model under all that anybody may try; every base unit is accounted for."""

from __future__ import annotations

from collections import Counter
from typing import Any

from eth_utils import keccak
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from suanli.model import Case, CourtRules
from suanli.protocol import (
    CasePhase,
    Refused,
    State,
    case_id,
    leaf_commitment,
    leaf_hash,
    secret_commitment,
    vote_commitment,
)
from tests.contracts.Court.invariants import ALWAYS, AT_LAST
from tests.harness.court_world import SINK, TERM, CourtWorld, Judged
from tests.harness.evm import account
from tests.harness.market import ALICE, BOB, CAROL, DAVE, PAYOUT, STRANGER

MINERS = (BOB, DAVE)
FILERS = (ALICE, CAROL, BOB)
JURORS = tuple(account(f"juror {number}") for number in range(4))
PEOPLE = (*MINERS, ALICE, CAROL, STRANGER, *JURORS)
SEATS = 9
ZERO = bytes(32)
OUTCOMES: Counter[str] = Counter()
"""Calls that were compared, by function or by error."""
WORLDS: dict[CourtRules, CourtWorld] = {}
juries = st.sampled_from(
    (
        ("right",),
        ("claimed",),
        ("nothing",),
        ("right", "claimed", "nothing"),
        ("right", "claimed", "right"),
        ("absent", "right", "other"),
        ("claimed", "absent", "claimed"),
        ("nothing", "nothing", "right"),
    )
)
rarely = st.sampled_from((*[False] * 9, True))
tolds = st.sampled_from(("right", "right", "claimed", "nothing", "other"))


def built(rules: CourtRules) -> CourtWorld:
    """Two miners, jurors with seats that can be drawn, all with money in the court."""
    if rules not in WORLDS:
        world = WORLDS[rules] = CourtWorld(rules=rules)
        for miner in MINERS:
            world.miner(miner, 100_000)
        world.people |= {*PEOPLE, PAYOUT}
        for person in PEOPLE:
            world.provide(person, 10 * rules.seat_stake + 2**8 * rules.bond)
        for number in range(SEATS):
            world.court_call("join", JURORS[number % len(JURORS)])
        world.advance(rules.join_delay)
    return WORLDS[rules]


class CourtMachine(RuleBasedStateMachine):
    rules_of_court: CourtRules

    def __init__(self) -> None:
        super().__init__()
        self.world = built(self.rules_of_court)
        self._rollback = self.world.rollback()
        self._rollback.__enter__()
        self.court = self.world.model_court
        self.deals: list[Judged] = []
        self.cases: list[bytes] = []
        self.said: dict[tuple[bytes, int, int, int], str] = {}
        self.positions = set(range(1, SEATS + 1))
        self.broken = False

    # Calling

    def call(self, name: str, sender: str, *args: Any) -> bool:
        """Whether it succeeded, on both sides."""
        note(f"{name} by {sender[:6]} {[_short(arg) for arg in args]}")
        self.world.advance(1)
        try:
            receipt = self.world.court_call(name, sender, *args)
        except Refused as refused:
            OUTCOMES[refused.name] += 1
            return False
        except BaseException:
            self.broken = True
            raise
        OUTCOMES[name] += 1
        if name == "challenge":
            self.cases.append(bytes(receipt.value))
        if name == "join":
            self.positions.add(receipt.value)
        self.broken = True
        self.compare()
        self.broken = False
        return True

    def compare(self) -> None:
        for one in self.cases:
            self.world.compare_case(self.court.cases[one])
        for deal in self.deals:
            self.world.compare_docket(deal.request_id)
        for position in self.positions:
            self.world.compare_seat(position)
        for holds in ALWAYS:
            holds(self.court)

    def market(self, name: str, sender: str, *args: Any) -> None:
        self.world.advance(1)
        try:
            self.world.market_call(name, sender, *args)
        except Refused as refused:
            OUTCOMES[refused.name] += 1
        else:
            OUTCOMES[name] += 1

    # What is said

    def deal_of(self, case: Case) -> Judged:
        return next(deal for deal in self.deals if deal.request_id == case.request_id)

    def leaf(self, deal: Judged, task: int, told: str) -> bytes:
        if told == "nothing":
            return ZERO
        if told == "other":
            return keccak(text="other")
        leaves = deal.truth if told == "right" else deal.claimed
        return leaf_hash(leaves[task])

    def secret(self, case: Case, by_miner: bool, number: int) -> bytes:
        return keccak(case.case_id + bytes([number, by_miner]))

    def vote(self, case: Case, index: int, told: str) -> tuple[bytes, bytes, bytes]:
        leaf = self.leaf(self.deal_of(case), case.task, told)
        ballot = bytes([case.round.number, len(case.round.ballots)])
        trace = ZERO if told == "nothing" else keccak(case.case_id + ballot + leaf)
        return leaf, trace, keccak(case.case_id + ballot + bytes([index]))

    def case(self, which: int) -> Case:
        """One of the last."""
        return self.court.cases[self.cases[-1 - which % len(self.cases)]]

    def miner_of(self, case: Case) -> str:
        return self.world.shadow.miners_by_id[case.miner_id - 1].account

    # Rules

    @rule(seconds=st.sampled_from((0, 1, 600, 3_600)), blocks=st.sampled_from((1, 2, 256)))
    def wait(self, seconds: int, blocks: int) -> None:
        self.world.advance(seconds, blocks)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 3), past=st.sampled_from((0, 1, 1)))
    def wait_for_the_end_of_a_phase(self, which: int, past: int) -> None:
        # A call is made a second later.
        to = self.case(which).deadline + past - 1
        self.world.advance(max(to - self.world.evm.time, 0))

    @precondition(lambda self: len(self.deals) < 5)
    @rule(
        miner=st.sampled_from(MINERS),
        tasks=st.sampled_from((1, 2, 3)),
        units=st.sampled_from((1, 10, 900)),
        wrong=st.sampled_from(((), (0,), (0, 1))),
        lie=st.sampled_from((0, 0, 0, 0, 1)),
        large=st.sampled_from((-1, -1, -1, 0)),
    )
    def make_a_deal(
        self, miner: str, tasks: int, units: int, wrong: tuple[int, ...], lie: int, large: int
    ) -> None:
        acting = self.world.shadow.miners_by_id[MINERS.index(miner)].account
        if tasks == 1 or lie:
            large = -1
        self.deals.append(self.world.deal(acting, tasks, units, wrong, ALICE, lie, large))

    @precondition(lambda self: self.deals)
    @rule(
        which=st.integers(0, 3),
        filer=st.sampled_from(FILERS),
        number=st.sampled_from((0, 0, 0, 1, 16)),
        withheld=st.sampled_from((False, False, True)),
        task=st.sampled_from((0, 0, 1, 2)),
        told=st.sampled_from(("right", "right", "other")),
        nothing=st.sampled_from((*[False] * 9, True)),
    )
    def challenge(
        self,
        which: int,
        filer: str,
        number: int,
        withheld: bool,
        task: int,
        told: str,
        nothing: bool,
    ) -> None:
        deal = self.deals[which % len(self.deals)]
        new = case_id(deal.request_id, filer, number)
        told = "nothing" if withheld else told
        held = self.leaf(deal, min(task, deal.request.tasks - 1), told)
        leaf = leaf_commitment(filer, held, keccak(b"salt" + new))
        secret = secret_commitment(new, 0, False, keccak(new + bytes([0, False])))
        given = ZERO if nothing else secret
        if self.call("challenge", filer, deal.request, number, withheld, task, leaf, given):
            assert self.court.cases[new].commitment == leaf

    @precondition(lambda self: self.cases)
    @rule(
        which=st.integers(0, 3),
        own=st.sampled_from((*[True] * 9, False)),
        task=st.sampled_from((0, 0, 0, 0, 1, 9)),
        miner=st.sampled_from((*[True] * 9, False)),
    )
    def answer(self, which: int, own: bool, task: int, miner: bool) -> None:
        case = self.case(which)
        deal = self.deal_of(case)
        other = self.deals[0] if not own else deal
        index = case.task if task == 0 else min(task, deal.request.tasks - 1)
        leaf = deal.claimed[index]
        secret = secret_commitment(case.case_id, 0, True, self.secret(case, True, 0))
        sender = self.miner_of(case) if miner else STRANGER
        if task == 9:
            leaf = deal.truth[index]
        self.answer_with(sender, other, case, secret, leaf, deal.tree.path(index))

    def answer_with(self, sender: str, deal: Judged, case: Case, *rest: Any) -> None:
        secret, leaf, path = rest
        self.call("answer", sender, deal.request, case.case_id, secret, leaf, path)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 3), by_miner=st.booleans(), stranger=st.sampled_from((False, True)))
    def commit_secret(self, which: int, by_miner: bool, stranger: bool) -> None:
        case = self.case(which)
        number = case.round.number
        sender = self.miner_of(case) if by_miner else case.filer
        secret = self.secret(case, by_miner, number)
        made = secret_commitment(case.case_id, number, by_miner, secret)
        if stranger and case.phase != CasePhase.ANSWERING:
            sender = STRANGER
        self.call("commit_secret", sender, case.case_id, made)

    @precondition(lambda self: self.cases)
    @rule(
        which=st.integers(0, 3),
        by_miner=st.booleans(),
        wrong=st.sampled_from((*[False] * 14, True)),
        blocks=st.sampled_from((1, 1, 1, 0)),
    )
    def reveal_secret(self, which: int, by_miner: bool, wrong: bool, blocks: int) -> None:
        case = self.case(which)
        sender = self.miner_of(case) if by_miner else case.filer
        secret = self.secret(case, by_miner, case.round.number + wrong)
        self.world.advance(0, blocks)
        self.call("reveal_secret", sender, case.case_id, secret)

    @initialize(
        wrong=st.sampled_from(((), (0,))),
        withheld=st.sampled_from((False, False, True)),
        task=st.sampled_from((0, 1)),
        units=st.sampled_from((10, 900)),
    )
    def begin(self, wrong: tuple[int, ...], withheld: bool, task: int, units: int) -> None:
        for filer, miner in ((ALICE, BOB), (CAROL, DAVE)):
            self.deals.append(self.world.deal(miner, 2, units, wrong, ALICE))
            self.challenge(len(self.deals) - 1, filer, 0, withheld, task, "right", False)

    def go_on(self, which: int, votes: tuple[str, ...], appeals: bool, lazy: bool) -> None:
        """What the protocol wants next, but for who is lazy; jurors of a jury vote as told."""
        case = self.case(which)
        if lazy:
            self.let_a_phase_end(which)
        elif case.phase in (CasePhase.QUEUED, CasePhase.ANSWERING, CasePhase.DRAWING):
            self.draw_the_jury(which)
        elif case.phase == CasePhase.VOTING:
            for index in range(len(case.round.seats)):
                told = votes[index % len(votes)]
                if told != "absent" and case.phase == CasePhase.VOTING:
                    self.commit_vote(which, index, told, True)
            if case.phase == CasePhase.VOTING:
                self.let_a_phase_end(which)
        elif case.phase in (CasePhase.SHOWING, CasePhase.REVEALING):
            self.reveal_all(which)
        elif case.phase == CasePhase.DECIDED and appeals:
            self.appeal(which, "loser")
        else:
            self.let_a_phase_end(which)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 3), votes=juries, appeals=st.booleans(), lazy=rarely)
    def go_on_with_one(self, which, votes, appeals, lazy) -> None:
        self.go_on(which, votes, appeals, lazy)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 3), votes=juries, appeals=st.booleans(), lazy=rarely)
    def go_on_with_another(self, which, votes, appeals, lazy) -> None:
        self.go_on(which, votes, appeals, lazy)

    @precondition(lambda self: self.cases)
    @rule(votes=juries, again=juries, appeals=st.sampled_from((True, True, False)))
    def judge_all(self, votes, again, appeals) -> None:
        """From wherever they are, until most are decided."""
        for turn in range(8):
            for which in range(len(self.cases)):
                if not self.case(which).phase.is_final:
                    self.go_on(which, again if turn > 4 else votes, appeals, False)

    @precondition(lambda self: self.cases)
    @rule(votes=juries, appeals=st.booleans())
    def go_on_with_all(self, votes, appeals) -> None:
        for which in range(len(self.cases)):
            if not self.case(which).phase.is_final:
                self.go_on(which, votes, appeals, False)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 3))
    def draw_the_jury(self, which: int) -> None:
        """Whatever is missing for it, from Answering on."""
        case = self.case(which)
        number = case.round.number
        if case.phase == CasePhase.QUEUED:
            self.call("advance", STRANGER, self.deal_of(case).request, case.case_id)
        if case.phase == CasePhase.ANSWERING:
            if number == 0:
                self.answer(which, True, 0, True)
            for by_miner in (False, True):
                if number and by_miner not in case.round.secrets:
                    self.commit_secret(which, by_miner, False)
        self.world.advance(0, 1)
        if case.phase == CasePhase.DRAWING:
            for by_miner in (False, True):
                self.reveal_secret(which, by_miner, False, 1)

    def in_phase(self, *phases: CasePhase) -> int | None:
        """Which of the cases is there, if one is."""
        there = [which for which in range(len(self.cases)) if self.case(which).phase in phases]
        return there[0] if there else None

    @precondition(lambda self: self.cases)
    @rule(
        name=st.sampled_from(("record_hash", "record_hash", "draw")),
        blocks=st.sampled_from((0, 1, 1, 255, 257, 257)),
        first=st.booleans(),
        again=st.booleans(),
    )
    def help_to_draw(self, name: str, blocks: int, first: bool, again: bool) -> None:
        """Perhaps late, perhaps after a party's secret; perhaps twice."""
        which = self.in_phase(CasePhase.ANSWERING)
        if which is not None:
            self.answer(which, True, 0, True)
        which = self.in_phase(CasePhase.DRAWING)
        if which is None:
            self.call(name, STRANGER, self.cases[-1])
            return
        self.world.advance(0, blocks)
        if first:
            self.reveal_secret(which, True, False, 0)
        for _ in range(1 + again):
            self.call(name, STRANGER, self.case(which).case_id)
            self.world.advance(0, blocks)

    @precondition(lambda self: self.cases)
    @rule(index=st.sampled_from((0, 1)), told=tolds, wrong=rarely, twice=st.booleans())
    def vote_too_early(self, index: int, told: str, wrong: bool, twice: bool) -> None:
        """A juror whose salt is known commits, and somebody shows it."""
        which = self.in_phase(CasePhase.VOTING)
        if which is not None:
            self.commit_vote(which, index, told, True)
        which = self.in_phase(CasePhase.SHOWING, CasePhase.VOTING)
        if which is not None:
            self.reveal_vote(which, index, "seize_seat", wrong)
            if twice:
                self.commit_vote(which, index, told, True)

    @precondition(lambda self: self.cases)
    @rule(
        which=st.integers(0, 3),
        index=st.sampled_from((0, 0, 1, 2, 3)),
        told=tolds,
        juror=st.sampled_from((*[True] * 9, False)),
    )
    def commit_vote(self, which: int, index: int, told: str, juror: bool) -> None:
        case = self.case(which)
        number, second = case.round.number, len(case.round.ballots) == 2
        vote = self.vote(case, index, told)
        made = vote_commitment(case.case_id, number, second, index, *vote)
        sender = STRANGER
        if juror and index < len(case.round.seats):
            sender = self.court.seats[case.round.seats[index]].juror
        if self.call("commit_vote", sender, case.case_id, index, made):
            self.said[case.case_id, number, second, index] = told

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 3), told=tolds)
    def all_commit(self, which: int, told: str) -> None:
        case = self.case(which)
        for index in range(len(case.round.seats)):
            if case.phase == CasePhase.VOTING:
                self.commit_vote(which, index, told, True)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 3), filer=st.sampled_from((*[True] * 9, False)))
    def show_leaf(self, which: int, filer: bool) -> None:
        case = self.case(which)
        deal = self.deal_of(case)
        if case.shown:
            return
        leaf = self.leaf(deal, case.task, self.filed(case))
        sender = case.filer if filer else STRANGER
        salt = keccak(b"salt" + case.case_id)
        self.call("show_leaf", sender, deal.request, case.case_id, leaf, salt)

    def filed(self, case: Case) -> str:
        """What its filer told, found by its commitment."""
        deal, salt = self.deal_of(case), keccak(b"salt" + case.case_id)
        return next(
            told
            for told in ("right", "other", "nothing")
            if leaf_commitment(case.filer, self.leaf(deal, case.task, told), salt)
            == case.commitment
        )

    @precondition(lambda self: self.cases)
    @rule(
        which=st.integers(0, 3),
        index=st.sampled_from((0, 0, 1, 2, 3)),
        name=st.sampled_from(("reveal_vote", "reveal_vote", "seize_seat")),
        wrong=st.sampled_from((*[False] * 14, True)),
    )
    def reveal_vote(self, which: int, index: int, name: str, wrong: bool) -> None:
        case = self.case(which)
        ballot = case.round.number, len(case.round.ballots) == 2
        told = self.said.get((case.case_id, *ballot, index), "other")
        vote = self.vote(case, index, "other" if wrong else told)
        self.call(name, STRANGER, case.case_id, index, *vote)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 3))
    def reveal_all(self, which: int) -> None:
        case = self.case(which)
        if case.phase == CasePhase.SHOWING:
            self.show_leaf(which, True)
        for index in range(len(case.round.seats)):
            if case.phase == CasePhase.REVEALING and index in case.round.ballot.commitments:
                self.reveal_vote(which, index, "reveal_vote", False)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 3), who=st.sampled_from(("miner", "filer", "loser", "nobody")))
    def appeal(self, which: int, who: str) -> None:
        case = self.case(which)
        lost = case.outcome in (2, 3)
        by_miner = lost if who == "loser" else who == "miner"
        sender = self.miner_of(case) if by_miner else case.filer
        sender = STRANGER if who == "nobody" else sender
        made = secret_commitment(case.case_id, 2, by_miner, self.secret(case, by_miner, 2))
        self.call("appeal", sender, case.case_id, made)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 3), own=st.sampled_from((*[True] * 9, False)))
    def advance(self, which: int, own: bool) -> None:
        case = self.case(which)
        deal = self.deal_of(case) if own else self.deals[0]
        self.call("advance", STRANGER, deal.request, case.case_id)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 3))
    def let_a_phase_end(self, which: int) -> None:
        case = self.case(which)
        if not case.phase.is_final:
            self.wait_for_the_end_of_a_phase(which, 1)
            self.advance(which, True)

    @precondition(lambda self: self.deals)
    @rule(which=st.integers(0, 3), wait=st.booleans())
    def finish(self, which: int, wait: bool) -> None:
        deal = self.deals[which % len(self.deals)]
        docket = self.court.dockets[deal.request_id]
        if wait and docket.frozen and not docket.open:
            self.world.advance(max(docket.filing_until - self.world.evm.time, 0))
        self.call("finish", STRANGER, deal.request)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 9))
    def collect(self, which: int) -> None:
        case = self.case(which)
        self.call("collect", STRANGER, case.request_id, case.case_id)

    @precondition(lambda self: self.deals)
    @rule(which=st.integers(0, 3), task=st.sampled_from((0, 0, 1, 2)))
    def prove_false(self, which: int, task: int) -> None:
        deal = self.deals[which % len(self.deals)]
        task = min(task, deal.request.tasks - 1)
        path = deal.tree.path(task)
        self.call("prove_false", STRANGER, deal.request, deal.claimed[task], path)

    @precondition(lambda self: self.deals)
    @rule(which=st.integers(0, 3), name=st.sampled_from(("settle", "accept_result")))
    def end_a_deal(self, which: int, name: str) -> None:
        deal = self.deals[which % len(self.deals)]
        found = self.world.shadow.deal_of(deal.request_id)
        rest = (found.root, found.units_used) if name == "accept_result" else ()
        sender = ALICE if name == "accept_result" else STRANGER
        self.market(name, sender, deal.request, *rest)

    @rule(
        juror=st.sampled_from((*JURORS, STRANGER)),
        name=st.sampled_from(("join", "join", "leave", "vacate")),
        position=st.integers(1, SEATS + 3),
        own=st.sampled_from((True, True, True, False)),
    )
    def take_or_leave_a_seat(self, juror: str, name: str, position: int, own: bool) -> None:
        seat = self.court.seats.get(position)
        if own and seat and name == "leave":
            juror = seat.juror
        self.call(name, juror, *(() if name == "join" else (position,)))

    @rule(
        miner=st.integers(1, 2),
        payout=st.sampled_from((PAYOUT, BOB, DAVE)),
        person=st.sampled_from(PEOPLE),
        part=st.sampled_from((0, 0, 9, 99)),
    )
    def change_a_payout_or_withdraw(self, miner: int, payout: str, person: str, part: int) -> None:
        if part:
            self.call("withdraw", person, person, self.court.accounts[person].available // part)
            return
        found = self.world.shadow.miners_by_id[miner - 1]
        self.market("set_payout", found.payout, found.account, payout)

    # Leaving

    def teardown(self) -> None:
        try:
            if not self.broken:
                self.everybody_leaves()
        finally:
            self._rollback.__exit__(None, None, None)

    def everybody_leaves(self) -> None:
        """By time and public calls alone, all cases end, all money goes where it belongs."""
        for _ in range(40):
            live = [
                one
                for one in map(self.court.cases.get, self.cases)
                if one and not one.phase.is_final
            ]
            if not live:
                break
            first = min(one.deadline for one in live)
            self.world.advance(max(first - self.world.evm.time, 0))
            for one in live:
                self.call("advance", STRANGER, self.deal_of(one).request, one.case_id)
        assert all(self.court.cases[one].phase.is_final for one in self.cases)
        self.world.advance(4 * self.rules_of_court.filing)
        for deal in self.deals:
            self.call("finish", STRANGER, deal.request)
            if self.world.shadow.deal_of(deal.request_id).state == State.SUBMITTED:
                self.market("settle", STRANGER, deal.request)
            assert self.world.shadow.deal_of(deal.request_id).state in (
                State.SETTLED,
                State.OVERTURNED,
            )
        for one in self.cases:
            self.call("collect", STRANGER, self.court.cases[one].request_id, one)
        for position, seat in list(self.court.seats.items()):
            if not seat.left_at:
                assert self.call("leave", seat.juror, position)
        self.world.advance(self.rules_of_court.leave_delay)
        for position in list(self.court.seats):
            assert self.call("vacate", STRANGER, position)
        for person in self.world.people:
            if left := self.court.accounts[person].available:
                assert self.call("withdraw", person, person, left)
        AT_LAST(self.court)
        assert self.world.token.balanceOf(self.world.judges.address) == 0


def _short(arg: Any) -> Any:
    if isinstance(arg, bytes):
        return arg.hex()[:6]
    return f"request {arg.salt}" if hasattr(arg, "salt") else arg


__all__ = ["OUTCOMES", "SINK", "TERM", "CourtMachine"]
