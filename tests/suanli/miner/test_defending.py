"""The miner's part in a court's cases, decided: who is silent loses, so nothing may be missed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from suanli.miner import core as m
from suanli.miner.core import Act, Core, CoreState, Stage
from suanli.miner.core.defending import AGAIN, HASHES, PATIENCE, SERVED_DAILY
from suanli.miner.core.onchain import KEPT
from suanli.miner.journal import Journal
from suanli.protocol import (
    ZERO_ADDRESS,
    CaseOutcome,
    CasePhase,
    CaseStatus,
    Docket,
    Leaf,
    State,
    open_leaf,
    secret_commitment,
)
from tests.harness.simulation import COURT, MINER, REQUESTER, SETTINGS, START, id_of, request, view

TASKS, TASK, CASE, SECRET = 4, 2, b"\x0c" * 32, b"\x05" * 32
MADE = request(salt=1, tasks=TASKS)
DEAL = id_of(MADE)
TOKEN = 10**18
BLOCK = 1
FAR = 400_000_000
STATUS = CaseStatus(
    filer=REQUESTER,
    phase=CasePhase.ANSWERING,
    deadline=START + 100,
    round=0,
    seats=3,
    filer_acted=True,
    miner_acted=False,
    committed=0,
    revealed=0,
    outcome=CaseOutcome.NONE,
    withheld=False,
    unavailable=False,
    second=False,
    shown=False,
    leaf=bytes(32),
    miner_leaf=bytes(16),
    miner_id=1,
    task=TASK,
    filed_at=START,
    positions=9,
    named=0,
    number=0,
    places=3,
    deposit=25 * TOKEN,
    appellant=ZERO_ADDRESS,
    appeal_deposit=0,
    seed=bytes(32),
)
DOCKET = Docket(
    filing_until=START + 60,
    open=1,
    claims=0,
    right=0,
    wrong=0,
    all_wrong=False,
    cured=False,
    reopened=False,
    frozen=True,
    noted=False,
    finished=False,
    owed=0,
    refunds=0,
    reward=0,
)


def leaf(index: int, units: int = 5) -> Leaf:
    return Leaf(index, 0, bytes([index]) * 32, units)


class Dock:
    """A submitted deal, whose cases are told second by second."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.settings = replace(SETTINGS, appeal_bond=100 * TOKEN, **settings)
        self.journal = Journal(folder / "journal.sqlite")
        self.core, self.now = Core(CoreState(self.settings)), START
        self.out: list[m.Instruction] = []
        self.chain = m.OnChain(State.CONFIRMED, True, TOKEN, START + 500)
        self.look: m.CaseLook | None = None
        self.purse: m.Purse | None = None
        self.block = BLOCK
        self.read()
        for event in (
            m.RequestSeen(START, DEAL, MADE, b"\x01", True),
            m.CheckPassed(START, DEAL, m.Work(TASKS, 25)),
        ):
            self.hear(event)
        self.read()
        for index in range(TASKS):
            self.hear(m.TaskDone(START, DEAL, leaf(index)))
            self.hear(m.TaskStored(START, DEAL, index))
        self.hear(m.LeavesStored(START, DEAL))
        self.chain = m.OnChain(State.SUBMITTED, True, TOKEN, START)
        self.read()
        assert self.deal.stage is Stage.SUBMITTED
        self.took(m.Instruction)

    def challenged(self, **changes: object) -> None:
        self.chain = replace(self.chain, frozen=True)
        self.read()
        assert self.core.outlook.watch().accused[DEAL].court == COURT
        withheld = bool(changes.get("withheld"))
        self.hear(m.ChallengeSeen(self.now, DEAL, CASE, COURT, TASK, withheld, SECRET))
        self.case(**changes)

    def case(
        self, at: int = 0, docket: Docket = DOCKET, appeal: int = 0, **changes: object
    ) -> None:
        """What the chain says of it, `at` seconds after the start."""
        self.now = START + at
        self.look = m.CaseLook(replace(STATUS, **changes), docket, self.now, appeal)
        self.read()

    def read(self) -> None:
        cases = {} if self.look is None else {CASE: self.look}
        purses = {} if self.purse is None else {COURT: self.purse}
        # The court's blocks may be others than the node's, as on Arbitrum.
        shown = replace(view(), block=FAR + self.block, evm_block=self.block)
        self.hear(m.ChainRead(self.now, shown, {DEAL: self.chain}, cases, purses))

    def hear(self, event: m.Observation) -> None:
        out = self.core.step(event)
        m.validate_state(self.core.state)
        self.journal.save(self.core.take_changes())
        self.out += out

    def restart(self) -> None:
        """As after a kill."""
        self.core = Core(self.journal.load(self.settings))

    @property
    def deal(self) -> m.MinerDeal:
        return self.core.state.deals[DEAL]

    def took(self, kind: type[m.Instruction] = m.SendForCase) -> list[m.Instruction]:
        """What was wanted since this was asked last."""
        out, self.out = self.out, []
        return [one for one in out if isinstance(one, kind)]

    def acts(self) -> list[Act]:
        return [one.act for one in self.took() if isinstance(one, m.SendForCase)]

    def ran_again(self, same: bool = True) -> None:
        found = leaf(TASK) if same else leaf(TASK, units=6)
        self.hear(m.TaskDone(self.now, DEAL, found))


@pytest.fixture
def dock(tmp_path: Path) -> Dock:
    return Dock(tmp_path)


def test_a_challenge_is_answered_with_the_leaf_its_path_and_a_commitment(dock: Dock) -> None:
    dock.challenged()
    (answer,) = dock.took(m.SendAnswer)
    assert isinstance(answer, m.SendAnswer)
    result = dock.deal.result
    assert result is not None
    assert (answer.court, answer.case) == (COURT, CASE)
    assert answer.leaf == leaf(TASK)
    assert open_leaf(result.root, TASKS, answer.leaf, answer.path) == result.units_used
    own = dock.deal.cases[CASE]
    assert answer.secret == secret_commitment(CASE, 0, True, own.draw_secret(0))


def test_the_secret_survives_a_kill_at_any_moment(dock: Dock) -> None:
    """It is written down before anything is sent: the one committed to is the one revealed."""
    dock.challenged()
    (before,) = dock.took(m.SendAnswer)
    dock.restart()
    dock.case(at=1, phase=CasePhase.ANSWERING)
    (again,) = dock.took(m.SendAnswer)
    assert again == before, "the same key, the same commitment: the sender sends it once"
    dock.restart()
    dock.block = 11
    dock.case(at=2, phase=CasePhase.DRAWING, named=10)
    (shown,) = dock.took(m.SendSecret)
    assert isinstance(shown, m.SendSecret)
    assert shown.act is Act.REVEAL_SECRET
    assert secret_commitment(CASE, 0, True, shown.secret) == before.secret  # type: ignore[attr-defined]


def test_what_was_challenged_is_run_again_and_all_data_seen_to(dock: Dock) -> None:
    dock.challenged()
    run, serve = [one for one in dock.took(m.ForDeal) if isinstance(one, m.RunTask | m.Serve)]
    assert isinstance(run, m.RunTask)
    assert run.index == TASK
    assert isinstance(serve, m.Serve)
    assert len(serve.leaves) == TASKS
    dock.ran_again()
    dock.hear(m.DealServed(dock.now, DEAL))
    assert dock.deal.cases[CASE].right is True
    dock.restart()
    dock.case(at=11)
    assert not dock.took(m.RunTask), "what was found is written down"


def test_a_run_that_this_machine_can_not_do_is_tried_again(dock: Dock) -> None:
    dock.challenged()
    dock.took()
    dock.hear(m.TaskFailed(dock.now, DEAL, TASK, "out of order"))
    dock.case(at=AGAIN - 1)
    assert not dock.took(m.RunTask)
    dock.case(at=AGAIN)
    assert dock.took(m.RunTask)
    assert dock.deal.stage is Stage.SUBMITTED
    assert not dock.deal.failures


def test_lost_outputs_are_made_again_and_served(dock: Dock) -> None:
    dock.challenged(withheld=True)
    dock.ran_again()
    dock.took()
    dock.hear(m.DealServed(dock.now, DEAL, (0, 3)))
    dock.case(at=1)
    assert [one.index for one in dock.took(m.RunTask) if isinstance(one, m.RunTask)] == [0, 3]
    for index in (0, 3):
        dock.hear(m.TaskDone(dock.now, DEAL, leaf(index)))
    assert dock.took(m.Serve), "once more, with them"
    dock.hear(m.DealServed(dock.now, DEAL))
    dock.case(at=2)
    assert not dock.took(m.Serve)


def test_curing_serves_once_more(dock: Dock) -> None:
    dock.challenged(withheld=True)
    dock.hear(m.DealServed(dock.now, DEAL))
    dock.took()
    dock.case(at=1, phase=CasePhase.CURING, miner_acted=True, deadline=START + 200)
    assert dock.took(m.Serve)


def test_data_of_a_submitted_result_is_seen_to_each_day(dock: Dock) -> None:
    """A relay forgets what nobody asks for; here a court takes weeks."""
    dock.now += SERVED_DAILY - 1
    dock.chain = replace(dock.chain, time=dock.now)
    dock.read()
    assert not dock.took(m.Serve)
    dock.now += 1
    dock.read()
    assert dock.took(m.Serve)
    dock.hear(m.DealServed(dock.now, DEAL))
    dock.read()
    assert not dock.took(m.Serve)


@pytest.mark.parametrize(
    ("at", "block", "changes", "act"),
    [
        (1, 9, {"phase": CasePhase.ANSWERING, "round": 1}, Act.COMMIT_SECRET),
        (1, 9, {"phase": CasePhase.ANSWERING, "miner_acted": True}, None),
        (1, 10, {"phase": CasePhase.DRAWING, "named": 10}, None),
        (1, 11, {"phase": CasePhase.DRAWING, "named": 10}, Act.REVEAL_SECRET),
        (1, 11 + HASHES, {"phase": CasePhase.DRAWING, "named": 10}, Act.RECORD_HASH),
        (
            1,
            11 + HASHES,
            {"phase": CasePhase.DRAWING, "named": 10, "seed": b"\x01" * 32},
            Act.REVEAL_SECRET,
        ),
        (1, 11, {"phase": CasePhase.DRAWING, "named": 10, "miner_acted": True}, Act.DRAW),
        (1, 9, {"phase": CasePhase.VOTING}, None),
        (101, 9, {"phase": CasePhase.SHOWING}, Act.ADVANCE),
        (101, 9, {"phase": CasePhase.VOTING}, None),
        (101 + PATIENCE, 9, {"phase": CasePhase.VOTING}, Act.ADVANCE),
        (101, 9, {"phase": CasePhase.ANSWERING}, None),
        (
            101,
            9,
            {"phase": CasePhase.ANSWERING, "miner_acted": True, "filer_acted": False, "round": 1},
            Act.ADVANCE,
        ),
        (101, 9, {"phase": CasePhase.DECIDED, "outcome": CaseOutcome.STANDS}, Act.ADVANCE),
        (1, 9, {"phase": CasePhase.DECIDED, "outcome": CaseOutcome.STANDS}, None),
        (
            1,
            9,
            {"phase": CasePhase.DECIDED, "outcome": CaseOutcome.STANDS, "round": 2},
            Act.ADVANCE,
        ),
        (500, 9, {"phase": CasePhase.DECIDED, "outcome": CaseOutcome.WRONG}, None),
    ],
)
def test_what_is_due(dock: Dock, at: int, block: int, changes: dict, act: Act | None) -> None:
    """What ends well for the miner it ends itself; what ends badly it leaves to others."""
    dock.challenged()
    dock.ran_again(same=False)
    dock.took()
    dock.block = block
    dock.core.state.tried.clear()
    dock.case(at=at, **changes)
    assert dock.acts() == ([] if act is None else [act])


LOST = {"phase": CasePhase.DECIDED, "outcome": CaseOutcome.WRONG, "miner_acted": True}


def test_a_right_miner_appeals_with_the_deposit_that_it_takes(dock: Dock) -> None:
    dock.challenged()
    dock.ran_again()
    dock.took()
    dock.purse = m.Purse(available=4 * TOKEN, wallet=60 * TOKEN)
    dock.case(at=1, appeal=64 * TOKEN, **LOST)
    (step,) = dock.took(m.SendBond)
    assert isinstance(step, m.SendBond)
    assert (step.act, step.amount) == (Act.APPROVE_BOND, 60 * TOKEN)
    dock.purse = replace(dock.purse, allowance=60 * TOKEN)
    dock.case(at=2, appeal=64 * TOKEN, **LOST)
    (step,) = dock.took(m.SendBond)
    assert isinstance(step, m.SendBond)
    assert (step.act, step.amount) == (Act.DEPOSIT_BOND, 60 * TOKEN)
    dock.purse = m.Purse(available=64 * TOKEN)
    dock.case(at=3, appeal=64 * TOKEN, **LOST)
    (step,) = dock.took(m.SendSecret)
    assert isinstance(step, m.SendSecret)
    own = dock.deal.cases[CASE]
    assert (step.act, step.secret) == (Act.APPEAL, own.commitment(2))


@pytest.mark.parametrize(
    ("same", "wallet", "bound", "why"),
    [
        (False, 64, 100, "another result"),
        (True, 63, 100, "lacks 1 tokens"),
        (True, 64, 63, "appeal_bond allows 63"),
        (True, 64, 0, "appeal_bond allows 0"),
    ],
)
def test_no_appeal_of_a_wrong_miner_or_beyond_its_means(
    tmp_path: Path, same: bool, wallet: int, bound: int, why: str
) -> None:
    dock = Dock(tmp_path)
    dock.core.state.settings = replace(dock.settings, appeal_bond=bound * TOKEN)
    dock.challenged()
    dock.ran_again(same)
    dock.took()
    dock.purse = m.Purse(wallet=wallet * TOKEN)
    dock.case(at=1, appeal=64 * TOKEN, **LOST)
    assert not dock.acts()
    (case,) = dock.core.outlook.note()["cases"]
    assert why in case["note"]


def test_no_appeal_before_the_task_was_run_again_nor_twice(dock: Dock) -> None:
    dock.challenged()
    dock.took()
    dock.purse = m.Purse(available=100 * TOKEN)
    dock.case(at=1, appeal=64 * TOKEN, **LOST)
    assert not dock.acts()
    dock.ran_again()
    assert dock.acts() == [Act.APPEAL], "as soon as it is known"
    dock.case(at=2, appeal=64 * TOKEN, appellant=MINER, **LOST)
    assert not dock.acts()


def test_a_won_case_lets_the_deal_go_on_and_fetches_what_came_back(dock: Dock) -> None:
    dock.challenged()
    dock.ran_again()
    dock.took()
    closed = replace(DOCKET, open=0)
    dock.purse = m.Purse(available=64 * TOKEN)
    ended = {"phase": CasePhase.REJECTED, "outcome": CaseOutcome.STANDS, "appellant": MINER}
    dock.case(at=60, docket=closed, **ended)
    assert dock.acts() == [Act.WITHDRAW_BOND], "others may still file"
    dock.purse = m.Purse()
    dock.case(at=61, docket=closed, **ended)
    assert dock.acts() == [Act.FINISH]
    dock.chain = replace(dock.chain, frozen=False)
    dock.case(at=62, docket=replace(closed, frozen=False), **ended)
    assert [one.act for one in dock.took(m.Send) if isinstance(one, m.Send)] == [Act.SETTLE]


def test_an_overturned_deal_is_left_to_those_who_gain_by_it(dock: Dock) -> None:
    dock.challenged()
    dock.ran_again()
    dock.took()
    dock.case(
        at=61,
        docket=replace(DOCKET, open=0, wrong=1),
        phase=CasePhase.UPHELD,
        outcome=CaseOutcome.WRONG,
    )
    assert not dock.acts()


def test_a_deposit_that_is_out_keeps_deal_and_daemon_until_it_is_back(dock: Dock) -> None:
    """The deal left the court in the middle of our appeal."""
    dock.challenged()
    dock.ran_again()
    dock.case(at=1, phase=CasePhase.VOTING, round=2, appellant=MINER, miner_acted=True)
    dock.took()
    dock.chain = m.OnChain(State.SETTLED, True, TOKEN, START)
    dock.case(at=2, phase=CasePhase.VOTING, round=2, appellant=MINER, miner_acted=True)
    assert dock.acts() == [Act.ADVANCE]
    dock.hear(m.DrainAsked(dock.now))
    dock.now += KEPT + 1
    dock.hear(m.TimePassed(dock.now))
    assert DEAL in dock.core.state.deals
    assert not dock.took(m.Leave)
    dock.case(at=KEPT + 20, phase=CasePhase.VOID, appellant=MINER)
    assert DEAL not in dock.core.state.deals


def test_a_case_that_a_reorganization_took_back_asks_for_nothing(dock: Dock) -> None:
    dock.challenged()
    dock.took()
    dock.case(at=20, phase=CasePhase.NONE, deadline=0)
    assert not dock.took(m.ForDeal)


def test_the_story_and_status_tell_a_case_in_plain_words(dock: Dock) -> None:
    dock.challenged()
    dock.ran_again()
    dock.case(at=1, phase=CasePhase.VOTING, miner_acted=True, committed=1)
    dock.case(at=2, **LOST)
    told = [line.because for _, line in dock.journal.story(DEAL) if line.told is m.Told.CASE]
    assert told == [
        "0x0c0c0c0c: task 2 is said to be wrong",
        "0x0c0c0c0c: this miner has to answer",
        "0x0c0c0c0c: a jury of 3 runs the task: 1 voted",
        "0x0c0c0c0c: the loser may appeal: the jury found the result wrong",
    ]
    (case,) = dock.core.outlook.note()["cases"]
    assert case["charge"] == "task 2 is said to be wrong"
    assert case["own_run"] == "run again here, it is as claimed"
