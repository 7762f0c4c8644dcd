"""Results that are withheld: their tasks are not paid for twice, and no deposit is lost by others'
data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suanli.client.events import Awaited, CameLate, Challenged, DealEnded, JobEvent
from suanli.client.records import DealRecord, DealStage, Fault, Filing, FilingStage, Kept
from suanli.client.run.core import RunCore, validate_state
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.core.challenging import TRY_AGAIN
from suanli.client.run.core.judging import JUDGE_AGAIN
from suanli.protocol import CasePhase, Claim, Leaf, State, Trial
from suanli.verify import ResultRefused
from tests.harness.client_core import HEAD, RECORD, core, deal
from tests.suanli.client.test_core_cases import (
    AT,
    DOCKET,
    ROOT,
    STAKES,
    STATUS,
    TERMS,
    acts,
    read,
    told,
)

MISSING = ResultRefused("withheld", "it is not there")
FAULT = Fault(ROOT, 2)
FILING = Filing(0, 0, FAULT, FilingStage.FILED, 90, 40)
CLOSED = replace(FILING, stage=FilingStage.CLOSED)
CLAIM = Claim(RECORD.miner, 5, bytes(32), ROOT, 2, b"\x09" * 32)
LEAVES = [Leaf(n, 0, bytes(32), 1) for n in range(2)]
CHECKED = i.Checked(CLAIM, LEAVES, [True, True])
OTHER = replace(
    RECORD, number=1, stage=DealStage.OPEN, miner="0x" + "33" * 20, signature=b"to another"
)
WRONG = Leaf(1, 0, b"\x07" * 32, 1)


def withheld(*filings: Filing, others: tuple[DealRecord, ...] = (), **options: Any) -> RunCore:
    """One deal, over all of the job's tasks. In the first round of a process nothing is known."""
    made = core(DealStage.REFUSED, refused=str(MISSING), fault=FAULT, audit=0.0, lock=10)
    made.state.setting = replace(made.state.setting, secret=b"\x01" * 32)
    made.state.options = replace(made.state.options, **options)
    made.state.filings = {(filing.deal, filing.number): filing for filing in filings}
    made.state.records |= {record.number: record for record in others}
    return made


def look(
    made: RunCore,
    state: State = State.CHALLENGED,
    now: float = 10.0,
    at: o.At = HEAD,
    **changes: Any,
) -> list[i.RunInstruction]:
    """What follows a look at the chain, where the result stands."""
    submitted = {} if state is State.CONFIRMED else {"root": ROOT, "units_used": 2}
    trial = Trial.FROZEN if state is State.CHALLENGED else Trial.NONE
    found = replace(deal(state), **({"trial": trial} | submitted | changes))
    made.step(o.RoundBegun(now, HEAD, HEAD))
    return made.step(o.DealRead(now, 0, at, state, found, TERMS, court=True))


def considered(made: RunCore, **changes: Any) -> bool:
    """Whether it is about to be challenged, just after it was looked for what is missing."""
    memory = made.state.memory[0]
    memory.judged_at, memory.case.tried = 10.0, 10.0 - TRY_AGAIN
    found = look(made, State.SUBMITTED, **changes)
    return i.ReadStakes(made.state.records[0], len(made.state.filings)) in found


def placed(made: RunCore, now: float = 20.0) -> bool:
    """Whether in a round miners are looked for."""
    found = made.step(o.RoundBegun(now, HEAD, HEAD))
    while not any(isinstance(x, i.ReadOffers | i.ReadDeal | i.Wait | i.Finish) for x in found):
        found += made.step(o.Continue(now))
    return any(isinstance(x, i.ReadOffers) for x in found)


def came(made: RunCore, now: float = 10.0) -> list[i.RunInstruction]:
    """What follows once all of the result is here, and no task is run again but the certain one."""
    found = made.step(o.Fetched(now, 0, CHECKED))
    while isinstance(found[-1], i.Rerun):
        found = made.step(o.Reran(now, 0, CHECKED, found[-1].chosen, {}))
    return found


# Not bought twice


@pytest.mark.parametrize(
    ("filing", "bought"),
    [
        (FILING, False),
        (replace(FILING, stage=FilingStage.PLANNED), False),
        (replace(FILING, end="upheld"), True),
        (replace(CLOSED, end="upheld"), True),
    ],
)
def test_tasks_are_bought_again_once_their_miner_can_t_be_paid_any_more(
    filing: Filing, bought: bool
) -> None:
    made = withheld(filing)
    assert placed(made) is bought
    look(made)
    assert placed(made) is bought


@pytest.mark.parametrize("end", ["rejected", "undecided", "void"])
def test_what_is_paid_for_is_waited_for_a_while(end: str) -> None:
    """Jurors have it, or had no time for it; patience is 60 seconds."""
    made = withheld(replace(CLOSED, end=end))
    assert not placed(made, 10.0)
    assert not placed(made, 70.0)
    assert placed(made, 71.0)


def test_it_is_told_once_that_tasks_wait() -> None:
    made = withheld(FILING)

    def heard(now: float) -> list[JobEvent]:
        return told(made.step(o.RoundBegun(now, HEAD, HEAD)) + made.step(o.Continue(now)))

    assert heard(0.0) == [], "a process that begins does not know yet whether there is a court"
    look(made)
    assert heard(11.0) == [Awaited(0, RECORD.miner, 2)]
    assert heard(12.0) == []


def test_a_miner_that_has_not_submitted_yet_may_still_be_paid() -> None:
    """It would wait until others have done the tasks, and be paid for their data."""
    made = withheld()
    assert not placed(made), "a killed process does not know yet"
    look(made, State.CONFIRMED)
    assert not placed(made)
    look(made, State.OVERDUE)
    assert placed(made)


def test_what_no_court_judges_is_bought_again_at_once() -> None:
    made = withheld()
    made.step(o.RoundBegun(10.0, HEAD, HEAD))
    made.step(o.DealRead(10.0, 0, HEAD, State.CONFIRMED, deal(State.CONFIRMED), TERMS))
    assert placed(made)
    made = withheld(bond=0)
    look(made, State.SUBMITTED)
    assert placed(made)


def test_a_result_that_is_wrong_is_bought_again_at_once() -> None:
    made = withheld()
    fault = replace(FAULT, right=WRONG)
    made.state.records[0] = replace(RECORD, stage=DealStage.REFUSED, refused="wrong", fault=fault)
    look(made, State.SUBMITTED)
    made.state.filings = {(0, 0): replace(FILING, fault=fault)}
    assert placed(made)


def test_whoever_is_in_a_hurry_buys_at_once_and_challenges_only_if_nothing_comes() -> None:
    made = withheld(hedge=True)
    look(made, State.SUBMITTED)
    assert placed(made)
    late = 2_500 + TERMS.challenge_window * 3 // 4
    assert not considered(made, at=o.At(100, late - 1))
    assert considered(made, at=o.At(100, late))
    made.step(STAKES)
    assert not placed(made), "the blobs of others would now be ours to pay for"


# Not challenged by others' data


def test_while_others_do_the_same_tasks_nothing_is_said_to_be_withheld() -> None:
    made = withheld(others=(OTHER,))
    assert not considered(made)
    part = replace(OTHER, tasks=(0,), request=OTHER.request._replace(tasks=1))
    made = withheld(others=(part,))
    assert considered(made)


def test_if_others_don_t_bring_it_it_is_challenged_after_all() -> None:
    made = withheld(others=(OTHER,))
    assert not considered(made)
    made.state.records[1] = replace(OTHER, stage=DealStage.ENDED, end="expired")
    assert not placed(made), "it is to be challenged first"
    assert considered(made)


@pytest.mark.parametrize("asked", ["the relay", "the store"])
def test_while_nobody_can_be_asked_nothing_is_said_to_be_withheld(asked: str) -> None:
    """Jurors would be asked only once it is there again."""
    made = withheld()
    look(made, State.SUBMITTED)
    if asked == "the relay":
        made.step(o.ClaimRead(10.0, 0, None, answered=False))
    else:
        made.step(o.ClaimRead(10.0, 0, CLAIM, answered=True))
        made.step(o.NotFetched(10.0, 0, CLAIM, MISSING, [], progress=False, away=True))
    assert not considered(made)
    assert considered(made, at=o.At(100, 2_500 + TERMS.challenge_window * 3 // 4))
    made.step(o.NotFetched(10.0, 0, CLAIM, MISSING, [], progress=False))
    assert considered(made)


def test_what_is_withheld_is_challenged_once_whatever_of_it_is_missing() -> None:
    made = withheld(replace(CLOSED, fault=replace(FAULT, index=1), end="rejected"))
    assert not considered(made)
    made = withheld(replace(CLOSED, fault=replace(FAULT, root=b"\x02" * 32), end="rejected"))
    assert considered(made), "it was another result"


# Data that come late


def test_what_comes_before_jurors_reveal_is_accepted_and_told() -> None:
    made = withheld(FILING)
    assert look(made) == [i.AskClaim(made.state.records[0], (ROOT, 2))]
    assert came(made)[-1] == i.SignAcceptance(made.state.records[0], CHECKED, [])
    found = made.step(o.AcceptanceSigned(10.0, 0, CHECKED, (), b"signed"))
    assert told(found)[0] == CameLate(0, RECORD.miner, 2, accepted=True)
    assert i.SendAct(made.state.records[0], i.DealAct.ACCEPT) in found


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        (State.CHALLENGED, {"trial": Trial.REVEALED}),
        (State.CHALLENGED, {"due_set": True}),
        (State.SETTLED, {"trial": Trial.SILENT}),
        (State.OVERTURNED, {"trial": Trial.DECIDED}),
    ],
    ids=["jurors revealed", "it lost by silence", "it was paid", "the court paid it"],
)
def test_what_comes_when_only_the_court_decides_is_used_and_not_accepted(
    state: State, changes: dict[str, Any]
) -> None:
    made = withheld(FILING)
    assert look(made, state, **changes)[-1] == i.AskClaim(made.state.records[0], (ROOT, 2))
    found = came(made)
    assert told(found)[0] == CameLate(0, RECORD.miner, 2, accepted=False)
    assert not [x for x in found if isinstance(x, i.SignAcceptance | i.SendAct)]
    kept = [x.kept for x in found if isinstance(x, i.TellDone)]
    assert [(result.task, result.deal) for result in kept] == [(0, 0), (1, 0)]
    record = made.state.records[0]
    assert record.late
    assert (record.root, record.units_used, record.fault) == (ROOT, 2, None)
    changed = made.take_changes()
    assert changed.results == made.state.results
    assert changed.records[0] == record
    validate_state(made.state)
    assert not placed(made)
    if state is State.CHALLENGED:
        assert look(made, state, now=10.0 + JUDGE_AGAIN, **changes) == [], "it is used once"
        assert record.stage is DealStage.REFUSED
    else:
        assert (record.stage, record.cost) == (DealStage.ENDED, 10)


def test_others_tasks_that_were_bought_meanwhile_are_called_back_if_nobody_took_them() -> None:
    made = withheld(FILING, others=(OTHER,))
    look(made, trial=Trial.REVEALED)
    came(made)
    made.step(o.RoundBegun(20.0, HEAD, HEAD))
    found = made.step(o.DealRead(20.0, 1, HEAD, State.POSTED))
    assert found == [i.SendAct(made.state.records[1], i.DealAct.CANCEL)]
    assert made.state.records[1].why == "its tasks are done"


def test_what_a_reorganization_undid_is_not_superfluous() -> None:
    """The miner did it once, and is to be paid."""
    undone = {"root": ROOT, "units_used": 2, "acceptance": b"signed"}
    made = core(DealStage.ENDED, end="expired", **undone)
    made.state.records[1] = replace(RECORD, number=1, stage=DealStage.OPEN)
    made.step(o.RoundBegun(20.0, HEAD, HEAD))
    assert made.step(o.DealRead(20.0, 1, HEAD, State.POSTED)) == []
    assert made.state.records[1].stage is DealStage.OPEN


def test_a_result_that_others_brought_before_stays_theirs() -> None:
    made = withheld(FILING, others=(replace(OTHER, stage=DealStage.CONFIRMED),))
    made.state.results = {n: Kept(n, 1, LEAVES[n], False, True) for n in range(2)}
    look(made, trial=Trial.REVEALED)
    assert made.step(o.Fetched(10.0, 0, CHECKED)) == []
    assert {result.deal for result in made.state.results.values()} == {1}
    assert made.state.records[0].late, "it needn't be looked at again"


def test_lies_that_are_served_late_are_challenged_once_the_case_is_decided() -> None:
    made = withheld(FILING)
    look(made, trial=Trial.REVEALED)
    fault = Fault(ROOT, 2, 1, WRONG)
    found = made.step(o.Reran(10.0, 0, CHECKED, (1,), {1: WRONG}))
    kept = o.EvidenceKept(10.0, 0, found[0].refused, Path("evidence"), fault)
    assert not [x for x in made.step(kept) if isinstance(x, i.ReadStakes)], "one is open"
    made.state.filings = {(0, 0): replace(FILING, end="rejected")}
    found = look(made, now=20.0, trial=Trial.REVEALED)
    assert found[-1] == i.ReadStakes(made.state.records[0], 1), "the court says until when"
    (sent,) = [x for x in made.step(STAKES) if isinstance(x, i.SendCaseAct)]
    assert (sent.act, sent.filing.fault) == (i.CaseAct.FILE, fault)


def test_nothing_more_is_challenged_of_a_deal_that_is_not_paid() -> None:
    made = withheld(replace(FILING, end="upheld"))
    made.state.records[0] = replace(made.state.records[0], fault=Fault(ROOT, 2, 1, WRONG))
    found = look(made, trial=Trial.REVEALED)
    assert not [x for x in found if isinstance(x, i.ReadStakes)]


# What the court paid


def test_a_deal_that_the_court_pays_is_looked_at_until_its_data_are_here() -> None:
    made = withheld(replace(CLOSED, end="rejected"))
    trial = Trial.DECIDED
    for now in (10.0, 10.0 + JUDGE_AGAIN):
        assert look(made, State.OVERTURNED, now=now, trial=trial)[-1] == i.AskClaim(
            made.state.records[0], (ROOT, 2)
        )
        made.step(o.NotFetched(now, 0, CLAIM, MISSING, [], progress=False))
        assert made.state.records[0].stage is DealStage.REFUSED
    (ended,) = told(look(made, State.OVERTURNED, now=71.0, trial=trial))
    assert isinstance(ended, DealEnded)
    assert (ended.how, ended.cost) == ("overturned", 10)
    assert placed(made, 72.0)


def test_a_deal_that_the_court_does_not_pay_ends_at_once() -> None:
    made = withheld(FILING)
    (ended,) = told(look(made, State.OVERTURNED, due_set=True, trial=Trial.DECIDED))
    assert isinstance(ended, DealEnded)
    assert (ended.how, ended.cost, ended.why) == ("overturned", 0, "")


# A case over what may have come


def test_a_process_that_begins_looks_for_what_was_withheld_before_it_pleads() -> None:
    """An acceptance ends the case for less than a jury that finds the data there."""
    made = withheld(FILING)
    assert read(made, phase=CasePhase.SHOWING) == []
    assert acts(read(made, phase=CasePhase.SHOWING)) == [i.CaseAct.SHOW]
    planned = withheld(replace(FILING, stage=FilingStage.PLANNED))
    assert read(planned, phase=CasePhase.NONE) == []
    assert acts(read(planned, phase=CasePhase.NONE)) == [i.CaseAct.FILE]


def test_whoever_filed_it_has_looked() -> None:
    made = withheld()
    look(made, State.SUBMITTED)
    made.step(STAKES)
    assert isinstance(told(read(made))[0], Challenged)


def test_a_challenge_that_was_only_planned_is_left_if_the_result_is_accepted() -> None:
    """It may be under way, so it is looked after as long as it may get there."""
    made = withheld(replace(FILING, stage=FilingStage.PLANNED))
    accepted = {"root": ROOT, "units_used": 2, "acceptance": b"signed", "refused": ""}
    made.state.records[0] = replace(
        made.state.records[0], stage=DealStage.ACCEPTED, fault=None, **accepted
    )
    assert read(made, phase=CasePhase.NONE) == []
    assert made.state.open_filings()
    assert isinstance(told(read(made))[0], Challenged)


def test_no_jury_is_drawn_once_the_deal_is_over() -> None:
    """Though the blocks that are judged by don't tell yet."""
    made = withheld(FILING)
    made.state.memory[0].case.looked = True
    look(made)
    status = replace(STATUS, phase=CasePhase.DRAWING, filer_acted=False)
    found = made.step(o.CaseRead(10.0, 0, 0, AT, bytes(32), status, DOCKET, 2_000, 60, left=True))
    assert acts(found) == [i.CaseAct.ADVANCE]
