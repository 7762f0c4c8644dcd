"""Whether a refused result goes before a court, and what is done in each phase of a case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from suanli.client.errors import NobodyTakes
from suanli.client.events import CaseEnded, Challenged, JobEvent, NotChallenged
from suanli.client.records import NOT_FILED, DealStage, Fault, Filing, FilingStage
from suanli.client.run.core import RunCore
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.core.challenging import TRY_AGAIN
from suanli.client.run.core.judging import AT_A_TIME
from suanli.client.run.core.pleading import HASHES, next_act
from suanli.protocol import (
    ZERO_ADDRESS,
    ZERO_DIGEST,
    CaseOutcome,
    CasePhase,
    CaseStatus,
    Claim,
    Docket,
    Leaf,
    State,
    Terms,
    Trial,
)
from tests.harness.client_core import HEAD, RECORD, core, deal

ROOT, COURT, ME = b"\x01" * 32, "0x" + "cc" * 20, "0x" + "33" * 20
TERMS = Terms(ZERO_ADDRESS, 0, 3_600, False, COURT, 3_600, 0, 0, 0, ZERO_ADDRESS, 0, 0)
FAULT = Fault(ROOT, 2, 1, Leaf(1, 0, b"\x07" * 32, 1))
FILING = Filing(0, 0, FAULT, FilingStage.FILED, 90, 40)
CASE = b"\xaa" * 32
AT = o.At(100, 1_000)
STAKES = o.StakesRead(0.0, 0, AT, until=2_000, deposit=40, appeal=60, jurors=3, due=10, slashed=20)
STATUS = CaseStatus(
    filer=ME,
    phase=CasePhase.ANSWERING,
    deadline=1_500,
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
    miner_leaf=bytes(32),
    miner_id=1,
    task=1,
    filed_at=900,
    positions=5,
    named=99,
    number=0,
    places=3,
    deposit=40,
    appellant=ZERO_ADDRESS,
    appeal_deposit=0,
    seed=bytes(32),
)
DOCKET = Docket(
    filing_until=2_000,
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


def refused(*filings: Filing, bond: int | None = None, fault: Fault = FAULT) -> RunCore:
    made = core(DealStage.REFUSED, refused="wrong: so it is", fault=fault)
    made.state.options = replace(made.state.options, bond=bond)
    made.state.filings = {(filing.deal, filing.number): filing for filing in filings}
    return made


def look(made: RunCore, state: State = State.SUBMITTED, now: float = 10.0) -> Any:
    """What follows a look at the chain, where the refused result stands."""
    trial = Trial.FROZEN if state is State.CHALLENGED else Trial.NONE
    found = replace(deal(state), root=ROOT, units_used=2, trial=trial)
    made.step(o.RoundBegun(now, HEAD, HEAD))
    return made.step(o.DealRead(now, 0, HEAD, state, found, TERMS, court=True))


def read(made: RunCore, now: float = 10.0, at: o.At = AT, appeal: int = 60, **status: Any) -> Any:
    """What follows a look at the case."""
    docket = status.pop("docket", DOCKET)
    found = replace(STATUS, **status)
    return made.step(o.CaseRead(now, 0, 0, at, CASE, found, docket, 2_000, appeal))


def told(found: list[i.RunInstruction]) -> list[JobEvent]:
    return [x.event for x in found if isinstance(x, i.Tell)]


def acts(found: list[i.RunInstruction]) -> list[i.CaseAct]:
    return [x.act for x in found if isinstance(x, i.SendCaseAct)]


# Whether it is challenged


def test_a_challenge_is_written_down_before_it_is_sent() -> None:
    made = refused()
    (wanted,) = look(made)
    assert wanted == i.ReadStakes(made.state.records[0], 0)
    made.take_changes()
    (sent,) = made.step(STAKES)
    planned = Filing(0, 0, FAULT, FilingStage.PLANNED, AT.number, 40)
    assert sent == i.SendCaseAct(made.state.records[0], planned, i.CaseAct.FILE, 0, "")
    assert made.take_changes().filings == {(0, 0): planned}


@pytest.mark.parametrize(
    ("bond", "change", "why"),
    [
        (0, {}, "--bond 0 challenges nothing"),
        (39, {}, "a challenge holds"),
        (1, {"deposit": 101}, "a challenge holds"),
        (None, {"due": 10, "jurors": 30}, "its jurors would cost"),
        (None, {"until": AT.time}, "its time is over"),
    ],
)
def test_what_is_not_worth_it_or_has_no_bond_is_told_once(
    bond: int | None, change: dict[str, int], why: str
) -> None:
    made = refused(bond=bond)
    look(made)
    (event,) = told(made.step(replace(STAKES, **change)))
    assert isinstance(event, NotChallenged)
    assert event.why.startswith(why)
    assert not made.state.filings
    assert look(made, now=10.0 + TRY_AGAIN) == [i.ReadStakes(made.state.records[0], 0)]
    assert made.step(replace(STAKES, **change)) == []


def test_the_bonds_of_all_cases_together_stay_within_their_budget() -> None:
    """The budget of `core` is 100."""
    lost = Filing(7, 0, FAULT, FilingStage.CLOSED, 1, 90, end="rejected", cost=61)
    made = refused(lost)
    look(made)
    assert isinstance(told(made.step(STAKES))[0], NotChallenged)
    made.state.filings[7, 0] = replace(lost, cost=60)
    assert acts(made.step(STAKES)) == [i.CaseAct.FILE]


def test_unless_it_is_chosen_the_bonds_budget_is_enough_for_a_challenge_and_its_appeal() -> None:
    made = refused()
    look(made)
    assert acts(made.step(replace(STAKES, deposit=1_000, appeal=500))) == [i.CaseAct.FILE]
    read(made, deposit=1_000, **LOST)
    made.step(o.FaultRunAgain(10.0, 0, 0, same=True))
    assert acts(read(made, deposit=1_000, appeal=500, **LOST)) == [i.CaseAct.APPEAL]
    assert made.state.bond_left(1_500) == 0


def test_one_difference_is_challenged_once_and_another_one_anew() -> None:
    over = replace(FILING, stage=FilingStage.CLOSED, end="rejected")
    assert not [x for x in look(refused(over)) if isinstance(x, i.ReadStakes)]
    assert not [x for x in look(refused(FILING)) if isinstance(x, i.ReadStakes)]
    withheld = replace(over, fault=Fault(ROOT, 2))
    assert look(refused(withheld)) == [i.ReadStakes(refused().state.records[0], 1)]
    free = replace(over, end=NOT_FILED)
    assert look(refused(free)) == [i.ReadStakes(refused().state.records[0], 0)]


def test_another_result_than_the_one_refused_is_not_challenged() -> None:
    found = look(refused(fault=replace(FAULT, root=b"\x02" * 32)))
    assert not [x for x in found if isinstance(x, i.ReadStakes)]


def test_a_claim_that_contradicts_itself_is_proved_false_without_a_bond() -> None:
    fault = Fault(ROOT, 2, proof=(Leaf(0, 0, bytes(32), 1), ()))
    made = refused(fault=fault, bond=0)
    assert look(made) == [i.ProveFalse(made.state.records[0], fault)]


def test_what_the_court_does_not_take_holds_nothing() -> None:
    made = refused()
    look(made)
    made.step(STAKES)
    found = made.step(o.CaseActSent(10.0, 0, 0, i.CaseAct.FILE, done=False, why="FilingOver"))
    assert told(found) == [NotChallenged(0, "FilingOver")]
    assert made.state.filings[0, 0].end == NOT_FILED
    assert made.state.bond_left(0) == made.state.budget


# A case


def test_a_killed_process_files_again_what_it_had_written_down() -> None:
    made = refused(replace(FILING, stage=FilingStage.PLANNED))
    assert acts(read(made, phase=CasePhase.NONE)) == [i.CaseAct.FILE]
    late = o.At(100, 2_001)
    assert told(read(made, at=late, phase=CasePhase.NONE)) == [NotChallenged(0, "its time is over")]


def test_that_the_court_has_it_is_told_once() -> None:
    made = refused(replace(FILING, stage=FilingStage.PLANNED))
    assert told(read(made))[0] == Challenged(0, CASE.hex(), 40)
    assert told(read(made)) == []
    assert made.state.filings[0, 0].stage is FilingStage.FILED


SEED = b"\x05" * 32
ACTS: list[tuple[dict[str, Any], o.At, i.CaseAct | None]] = [
    ({"phase": CasePhase.QUEUED}, AT, i.CaseAct.ADVANCE),
    ({"filer_acted": True}, AT, None),
    ({"filer_acted": False, "round": 1}, AT, i.CaseAct.COMMIT),
    ({}, o.At(100, 1_501), i.CaseAct.ADVANCE),
    ({"phase": CasePhase.DRAWING, "filer_acted": False, "named": 101}, AT, None),
    ({"phase": CasePhase.DRAWING, "filer_acted": False}, AT, i.CaseAct.REVEAL),
    ({"phase": CasePhase.DRAWING, "filer_acted": False, "named": 100}, AT, None),
    (
        {"phase": CasePhase.DRAWING, "filer_acted": False},
        o.At(100 + HASHES, 1_000),
        i.CaseAct.RECORD,
    ),
    (
        {"phase": CasePhase.DRAWING, "filer_acted": False, "seed": SEED},
        o.At(100 + HASHES, 1_000),
        i.CaseAct.REVEAL,
    ),
    ({"phase": CasePhase.DRAWING, "seed": SEED}, AT, None),
    ({"phase": CasePhase.DRAWING, "seed": SEED, "miner_acted": True}, AT, i.CaseAct.DRAW),
    ({"phase": CasePhase.VOTING}, AT, None),
    ({"phase": CasePhase.VOTING}, o.At(100, 1_501), i.CaseAct.ADVANCE),
    ({"phase": CasePhase.SHOWING}, AT, i.CaseAct.SHOW),
    ({"phase": CasePhase.SHOWING, "shown": True}, AT, None),
    ({"phase": CasePhase.REVEALING}, AT, None),
    ({"phase": CasePhase.REVEALING}, o.At(100, 1_501), i.CaseAct.ADVANCE),
    ({"phase": CasePhase.CURING}, o.At(100, 1_501), i.CaseAct.ADVANCE),
    ({"phase": CasePhase.DECIDED, "outcome": CaseOutcome.WRONG}, AT, None),
    ({"phase": CasePhase.DECIDED}, o.At(100, 1_501), i.CaseAct.ADVANCE),
]


@pytest.mark.parametrize(("status", "at", "act"), ACTS)
def test_what_is_due_follows_from_what_the_court_says(
    status: dict[str, Any], at: o.At, act: i.CaseAct | None
) -> None:
    assert next_act(replace(STATUS, **status), at) is act
    assert acts(read(refused(FILING), at=at, **status)) == [act] * (act is not None)


def test_each_step_is_sent_once() -> None:
    """A later round, or a phase that begins anew, is another step."""
    made = refused(FILING)
    steps = set()
    for changes in ({}, {"deadline": 1_600}, {"round": 1}, {"second": True}, {"revealed": 1}):
        (sent,) = [x for x in read(made, phase=CasePhase.SHOWING, **changes) if not told([x])]
        steps.add(sent.step)
        (again,) = [x for x in read(made, phase=CasePhase.SHOWING, **changes) if not told([x])]
        assert again.step == sent.step
    assert len(steps) == 5


def test_a_case_whose_deal_was_accepted_is_closed_at_once() -> None:
    made = refused(FILING)
    made.state.records[0] = replace(RECORD, stage=DealStage.ENDED, end="settled")
    assert acts(read(made, phase=CasePhase.VOTING)) == [i.CaseAct.ADVANCE]


# Appeals

LOST = {"phase": CasePhase.DECIDED, "outcome": CaseOutcome.STANDS}


def test_an_appeal_is_made_only_once_the_task_was_run_again() -> None:
    made = refused(FILING)
    filing = made.state.filings[0, 0]
    assert read(made, **LOST)[-1] == i.RunFaultAgain(made.state.records[0], filing)
    made.step(o.FaultRunAgain(10.0, 0, 0, same=True))
    (sent,) = read(made, **LOST)
    assert sent.act is i.CaseAct.APPEAL
    assert (sent.filing.appealed, sent.filing.deposit) == (True, 100)
    assert read(made, **LOST) == [sent], "until the court has it"
    assert acts(read(made, **(LOST | {"round": 2}))) == []


def test_a_killed_process_appeals_as_it_had_written_down() -> None:
    made = refused(replace(FILING, appealed=True, deposit=100), bond=110)
    read(made, **LOST)
    made.step(o.FaultRunAgain(10.0, 0, 0, same=True))
    (sent,) = read(made, **LOST)
    assert (sent.act, sent.filing.deposit) == (i.CaseAct.APPEAL, 100)
    (sent,) = read(made, appeal=70, **LOST)
    assert sent.filing.deposit == 110, "it has become dearer"
    assert acts(read(made, appeal=71, **LOST)) == [], "more than the bonds' budget"


@pytest.mark.parametrize("why", ["it leaves something else", "no bond is left", "round", "data"])
def test_no_appeal_without_a_reason_or_a_bond(why: str) -> None:
    filing = replace(FILING, fault=Fault(ROOT, 2)) if why == "data" else FILING
    made = refused(filing, bond=100, fault=filing.fault)
    changes = LOST | ({"round": 2} if why == "round" else {})
    read(made, **changes)
    made.step(o.FaultRunAgain(10.0, 0, 0, same=why != "it leaves something else"))
    assert acts(read(made, appeal=61 if why == "no bond is left" else 60, **changes)) == []
    assert made.state.filings[0, 0].deposit == 40


def test_a_machine_that_two_juries_contradict_challenges_and_appeals_nothing_more() -> None:
    lost = Filing(7, 0, FAULT, FilingStage.CLOSED, 1, 60, appealed=True, end="rejected", cost=1)
    made = refused(lost)
    look(made)
    (event,) = told(made.step(STAKES))
    assert isinstance(event, NotChallenged)
    assert "it may be this machine that errs" in event.why
    other = refused(FILING, lost)
    assert not [x for x in read(other, **LOST) if isinstance(x, i.RunFaultAgain)]
    made = refused(replace(lost, appealed=False))
    look(made)
    assert acts(made.step(STAKES)) == [i.CaseAct.FILE], "one jury alone may err"


def test_who_won_does_not_appeal() -> None:
    made = refused(FILING)
    found = read(made, phase=CasePhase.DECIDED, outcome=CaseOutcome.WRONG)
    assert not [x for x in found if isinstance(x, i.RunFaultAgain | i.SendCaseAct)]


# The end


def test_an_upheld_case_waits_for_its_deal_and_is_collected() -> None:
    made = refused(FILING)
    upheld = {"phase": CasePhase.UPHELD, "outcome": CaseOutcome.WRONG, "deadline": 0}
    over = replace(DOCKET, open=0)
    assert acts(read(made, docket=over, **upheld)) == [], "others may still file"
    late = o.At(100, 2_001)
    assert acts(read(made, at=late, docket=over, **upheld)) == [i.CaseAct.FINISH]
    done = replace(over, finished=True)
    (close,) = read(made, at=late, docket=done, **upheld)
    assert close == i.CloseCase(made.state.records[0], made.state.filings[0, 0], finished=True)
    found = made.step(o.CaseClosed(10.0, 0, 0, cost=0, reward=5))
    assert told(found) == [CaseEnded(0, 0, "upheld", 0, 5)]
    assert made.state.bond_left(0) == made.state.budget
    assert made.step(o.CaseClosed(10.0, 0, 0, cost=0, reward=5)) == []


def test_a_lost_case_costs_what_did_not_come_back() -> None:
    made = refused(FILING)
    waits, close = read(made, phase=CasePhase.REJECTED, deadline=0)
    assert waits.event.what == "the challenge was lost; the deal waits for 1 more case"
    assert isinstance(close, i.CloseCase)
    made.step(o.CaseClosed(10.0, 0, 0, cost=33, reward=0))
    assert made.state.bond_left(0) == made.state.budget - 33


def test_a_miner_that_cured_pays_for_the_jurors_once_its_deal_is_finished() -> None:
    withheld = Fault(ROOT, 2)
    made = refused(replace(FILING, fault=withheld), fault=withheld)
    rejected = {"phase": CasePhase.REJECTED, "deadline": 0, "withheld": True}
    cured = replace(DOCKET, cured=True, open=0, filing_until=2_060)
    (waits,) = read(made, docket=cured, **rejected)
    assert waits.event.what.endswith("the deal waits for 17 min 40 s: others may still challenge")
    assert read(made, docket=cured, **rejected) == [], "it is told once"
    (close,) = read(made, docket=replace(cured, finished=True), **rejected)
    assert close == i.CloseCase(made.state.records[0], made.state.filings[0, 0], finished=True)


def last_of(made: RunCore, now: float) -> i.RunInstruction:
    """What a round ends with in which nothing else is heard."""
    found = made.step(o.RoundBegun(now, HEAD, HEAD))
    while not isinstance(found[-1], i.Wait | i.Finish | i.GiveUp):
        found = made.step(o.Continue(now))
    return found[-1]


def test_a_job_is_not_over_as_long_as_a_case_is_open() -> None:
    made = refused(FILING)
    made.state.closing = True
    made.state.records[0] = replace(RECORD, stage=DealStage.ENDED, end="overturned")
    assert last_of(made, 1_000.0) == i.Wait()
    made.state.filings[0, 0] = replace(FILING, stage=FilingStage.CLOSED, end="upheld")
    assert last_of(made, 1_000.0) == i.Finish()


def test_what_keeps_tasks_from_being_placed_does_not_end_a_case() -> None:
    made = refused(FILING)
    made.step(o.RoundBegun(1_000.0, HEAD, HEAD))
    made.state.round.name = "placing"
    made.step(o.Failed(1_000.0, NobodyTakes(2, [], ""), "", "", passing=False))
    made.state.round.agenda.clear()
    assert made.step(o.Continue(1_000.0))[-1] == i.Wait()


def test_a_case_comes_before_all_else_in_a_round() -> None:
    made = refused(FILING)
    (first,) = made.step(o.RoundBegun(0.0, HEAD, HEAD))
    assert first == i.ReadCase(made.state.records[0], FILING)


def test_a_refused_result_is_awaited_as_long_as_it_may_go_before_the_court() -> None:
    made = refused()
    made.state.closing = True
    found = replace(deal(State.CONFIRMED), root=bytes(32))
    made.state.memory[0].chain = o.DealRead(0.0, 0, HEAD, State.CONFIRMED, found, TERMS, court=True)
    assert last_of(made, 1_000.0) == i.Wait()
    made.state.memory[0].case.unworthy = "no bond"
    last_of(made, 1_000.0)
    assert last_of(made, 10_000.0) == i.Finish()


def test_what_is_run_again_leaves_time_for_open_cases() -> None:
    """Ten tasks of another deal are drawn: a few are run again in each round."""
    made = refused(FILING)
    tasks = tuple(range(10))
    other = replace(
        RECORD, number=1, stage=DealStage.CONFIRMED, tasks=tasks, request=RECORD.request
    )
    made.state.setting = replace(made.state.setting, tasks=10)
    made.state.records[1] = other
    leaves = [Leaf(n, 0, bytes(32), 1) for n in tasks]
    claim = Claim(RECORD.miner, 5, bytes(32), ROOT, 10, ZERO_DIGEST)
    checked = i.Checked(claim, leaves, [True] * 10)
    made.state.memory[1].chain = o.DealRead(0.0, 1, HEAD, State.CONFIRMED, deal(State.CONFIRMED))
    seen: list[int] = []
    for _ in range(3):
        (wanted,) = made.step(o.Fetched(0.0, 1, checked))
        assert isinstance(wanted, i.Rerun)
        assert len(wanted.chosen) <= AT_A_TIME
        seen += wanted.chosen
        found = made.step(o.Reran(0.0, 1, checked, wanted.chosen, {}))
    assert seen == list(tasks)
    assert found == [i.SignAcceptance(other, checked, list(tasks))]
