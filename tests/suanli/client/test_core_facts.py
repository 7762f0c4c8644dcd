"""What the core makes of what it hears: reorganizations, results found twice, failures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from suanli.client.errors import ClientError
from suanli.client.events import JobEvent
from suanli.client.options import Options
from suanli.client.plan import Candidate, Need
from suanli.client.records import DealStage, Kept
from suanli.client.run.core import RunCore
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.core.hedging import AT_LEAST, late
from suanli.client.run.core.state import Heard
from suanli.client.run.core.watching import LOST
from suanli.engine import EngineError
from suanli.protocol import ZERO_ADDRESS, ZERO_DIGEST, Claim, Leaf, Progress, State, Terms
from suanli.verify import ResultRefused
from tests.harness.client_core import HEAD, RECORD, SETTING, begin, core, deal, read

ROOT, OTHER = b"\x01" * 32, "0x" + "77" * 20
ACCEPTED = {"root": ROOT, "units_used": 3, "acceptance": b"signed"}
LEAVES = [Leaf(n, 0, bytes(32), 1) for n in range(2)]
CLAIM = Claim(RECORD.miner, 5, bytes(32), ROOT, 2, ZERO_DIGEST)
TERMS = Terms(ZERO_ADDRESS, 0, 3_600, False, ZERO_ADDRESS, 0, 0, 0, 0, ZERO_ADDRESS, 0, 0)
NEED = Need(bytes(32), 10, 1, 1, HEAD.time, slippage_bps=0)
LOST_ONE = {"silent": LOST, "elapsed": 100}


def told(found: list[i.RunInstruction]) -> list[JobEvent]:
    return [x.event for x in found if isinstance(x, i.Tell)]


def last_of(made: RunCore, now: float = 0.0) -> i.RunInstruction:
    """What a round ends with that goes on from here, hearing nothing."""
    found = made.step(o.Continue(now))
    while not isinstance(found[-1], i.Wait | i.Finish | i.GiveUp):
        found = made.step(o.Continue(now))
    return found[-1]


# What the chain says


def test_an_end_is_kept_with_its_block_and_a_court_may_have_left_something_to_pay() -> None:
    made = core(DealStage.CONFIRMED)
    begin(made)
    left = replace(deal(State.OVERTURNED), root=ROOT, units_used=2, units_due=1, due_set=True)
    made.step(o.DealRead(0.0, 0, HEAD, State.OVERTURNED, left, TERMS))
    record = made.state.records[0]
    assert (record.end, record.cost, record.ended_at) == ("overturned", 5, HEAD.number)


@pytest.mark.parametrize(
    ("accepted", "stage"), [(False, DealStage.CALLED), (True, DealStage.SIGNED)]
)
def test_who_was_accepted_before_a_reorganization_is_shown_the_request_again(
    accepted: bool, stage: DealStage
) -> None:
    made = core(DealStage.ENDED, end="settled", **(ACCEPTED if accepted else {}))
    made.step(o.EndRead(0.0, 0, HEAD, State.NONE))
    assert made.state.records[0].stage is stage


@pytest.mark.parametrize(
    ("accepted", "stage"), [(False, DealStage.CONFIRMED), (True, DealStage.ACCEPTED)]
)
def test_what_was_accepted_before_a_reorganization_still_is(
    accepted: bool, stage: DealStage
) -> None:
    made = core(DealStage.OPEN, **(ACCEPTED if accepted else {}))
    read(made, State.CONFIRMED)
    assert made.state.records[0].stage is stage


def test_what_was_posted_is_posted_again_and_its_miner_not_heard_of() -> None:
    made = core(posted=True)
    assert read(made, State.NONE) == [i.Post(made.state.records[0])]
    made = core(DealStage.CONFIRMED, posted=True)
    read(made, State.CONFIRMED)
    found = made.step(o.ClaimRead(0.0, 0, None, True))
    assert not any(isinstance(x, i.AskProgress) for x in found)


def test_a_refused_result_s_deal_is_claimed_at_its_deadline() -> None:
    made = core(DealStage.REFUSED, refused="wrong: it is")
    (claimed,) = read(made, State.OVERDUE)
    assert claimed == i.SendAct(made.state.records[0], i.DealAct.DEFAULT)
    assert made.state.records[0].why == "its result was refused"


def test_who_submits_something_else_than_was_accepted_is_refused() -> None:
    made = core(DealStage.ACCEPTED, **ACCEPTED)
    read(made, State.SUBMITTED)
    wrong = ResultRefused("wrong", "another result was submitted")
    made.step(o.EvidenceKept(0.0, 0, wrong, Path("evidence")))
    assert made.state.records[0].stage is DealStage.REFUSED


def test_what_is_called_back_comes_last() -> None:
    made = core(DealStage.CALLED)
    made.state.records[1] = replace(RECORD, number=1, stage=DealStage.OPEN)
    (found,) = begin(made)
    assert isinstance(found, i.ReadDeal)
    assert found.record.number == 1


# Results


def test_what_two_miners_found_alike_stays_the_first_one_s() -> None:
    made = core(DealStage.ACCEPTED, **ACCEPTED)
    made.state.records[1] = replace(RECORD, number=1, stage=DealStage.CONFIRMED, tasks=(1, 0))
    made.state.memory[1].chain = o.DealRead(0.0, 1, HEAD, State.CONFIRMED, deal(State.CONFIRMED))
    checked = i.Checked(CLAIM, LEAVES, [True, True])
    del made.state.results[1]
    found = made.step(o.AcceptanceSigned(0.0, 1, checked, [1], b"signed"))
    assert [x.kept.task for x in found if isinstance(x, i.TellDone)] == [1]
    assert made.state.results == {
        0: Kept(0, 0, Leaf(0, 0, bytes(32), 1), True, True),
        1: Kept(1, 1, LEAVES[0], False, True),
    }


# What the user chooses, and a new process


def test_another_budget_bounds_doubling_anew() -> None:
    for chosen in (o.Chosen(0.0, budget=200), o.Chosen(0.0, options=Options(hedge=True))):
        made = core()
        made.state.doubling = 5
        made.step(chosen)
        assert made.state.doubling is None
        assert made.take_changes().facts["doubling"] is None


def test_a_new_run_looks_at_all_ends_once_more() -> None:
    made = core(DealStage.ENDED, end="released")
    made.state.memory[0].seen_again = True
    high = o.At(10_000, 90_000)
    assert made.step(o.RoundBegun(0.0, high, high)) != [i.ReadEnd(made.state.records[0], 10_000)]
    made.step(o.Begun(0.0))
    assert made.step(o.RoundBegun(0.0, high, high)) == [i.ReadEnd(made.state.records[0], 10_000)]


# Failures


def test_what_failed_here_and_took_long_is_tried_again_by_the_next_run_only() -> None:
    made = core(DealStage.CONFIRMED)
    made.state.records[1] = replace(RECORD, number=1, stage=DealStage.CONFIRMED, tasks=(0,))
    begin(made)
    broken = EngineError("no worker starts")
    made.step(o.Failed(0.0, broken, str(broken), str(broken), passing=False))
    (second,) = made.step(o.Continue(0.0))
    assert isinstance(second, i.ReadDeal)
    assert last_of(made) == i.Wait(), "the other goes on"
    (again,) = begin(made)
    assert isinstance(again, i.ReadDeal)
    assert again.record.number == 1
    last_of(made)
    made.step(o.Begun(1.0))
    (again,) = begin(made)
    assert isinstance(again, i.ReadDeal)
    assert again.record.number == 0


@pytest.mark.parametrize("moved", [False, True])
def test_what_failed_for_good_ends_the_run_unless_something_moved(moved: bool) -> None:
    made = core(DealStage.CALLED)
    begin(made)
    made.step(o.ActSent(0.0, 0, i.DealAct.CANCEL, done=True, new=moved))
    wrong = ClientError("it is wrong")
    made.step(o.Failed(0.0, wrong, str(wrong), str(wrong), passing=False))
    assert last_of(made) == (i.Wait() if moved else i.GiveUp(wrong))


def test_offers_are_awaited_as_long_as_a_deal_may_bring_something() -> None:
    made = core(DealStage.CALLED, replace(SETTING, tasks=3))
    made.state.results = {}
    for now in (0.0, 1_000.0):
        made.step(o.RoundBegun(now, HEAD, HEAD))
        assert made.step(o.OffersRead(now, i.Purpose.TASKS, -1, [], NEED)) == []
        assert made.state.round.failed == {}
    assert made.state.idle_since is None


# Silent and late miners


def test_a_double_goes_to_nobody_who_has_its_tasks() -> None:
    made = core(DealStage.CONFIRMED)
    double = replace(RECORD, number=1, stage=DealStage.CONFIRMED, miner=OTHER, doubles=0)
    made.state.records[1] = double
    for number in (0, 1):
        made.state.memory[number].heard = Heard(0.0, **LOST_ONE)
    offer = Candidate(OTHER, 1, 100, 90_000, number=3)
    found = made.step(o.OffersRead(0.0, i.Purpose.DOUBLE, 0, [offer], NEED))
    assert not any(isinstance(x, i.ReadTerms) for x in found)
    assert f"{OTHER}: it has these tasks" in str(told(found))


def test_who_is_heard_of_meanwhile_is_not_doubled() -> None:
    made = core(DealStage.CONFIRMED)
    made.state.memory[0].heard = Heard(0.0)
    offer = Candidate(OTHER, 1, 100, 90_000, number=3)
    assert made.step(o.OffersRead(0.0, i.Purpose.DOUBLE, 0, [offer], NEED)) == []
    assert made.state.round.failed == {}


def test_what_was_told_before_is_no_news_and_nobody_is_done_with_more_than_all() -> None:
    made = core(DealStage.CONFIRMED)
    read(made, State.CONFIRMED)
    made.step(o.ClaimRead(0.0, 0, None, True))
    known = made.state.memory[0].heard
    assert known is not None
    said = Progress(RECORD.miner, 5, bytes(32), 9, 9)
    made.step(o.ProgressRead(0.0, 0, [said]))
    assert known.done == 2
    made.step(o.ProgressRead(10.0, 0, [said]))
    assert known.silent == 10.0


@pytest.mark.parametrize(
    ("hedge", "heard", "doubled"),
    [
        (None, {"silent": LOST}, True),
        (False, {"silent": LOST}, False),
        (True, {"elapsed": 1 + int(AT_LEAST)}, False),
        (True, {"elapsed": 2 + int(AT_LEAST)}, True),
        (None, {"elapsed": 2 + int(AT_LEAST)}, False),
    ],
)
def test_who_is_doubled(hedge: bool | None, heard: dict[str, int], doubled: bool) -> None:
    made = core(DealStage.CONFIRMED, seconds=1.0)
    made.state.options = Options(hedge=hedge)
    made.state.memory[0].heard = Heard(0.0, **heard)
    assert (list(late(made.state)) == [0]) is doubled
