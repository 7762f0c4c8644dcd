"""When the core waits and when it does not: lateness, silence, patience, what is asked again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from suanli.client.options import Options
from suanli.client.plan import Candidate, Need
from suanli.client.records import EXPIRED, NO_ANSWER, DealStage, Kept
from suanli.client.run.core import RunCore, barred
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.core.deals import LATE_BLOCKS, LATE_LEAST, LATE_SECONDS
from suanli.client.run.core.payment import TELL_AGAIN, UNCOLLECTED
from suanli.client.run.core.rounds import DEEP
from suanli.client.run.core.state import Heard
from suanli.client.run.core.watching import ASK_EVERY, LOST, is_lost
from suanli.protocol import (
    ZERO_ADDRESS,
    ZERO_DIGEST,
    Claim,
    Leaf,
    Progress,
    Rejection,
    State,
    Terms,
    Trial,
)
from suanli.verify import ResultRefused
from tests.harness.client_core import HEAD, MADE, RECORD, SETTING, begin, core, deal

ROOT = b"\x01" * 32
ACCEPTED = {"root": ROOT, "units_used": 3, "acceptance": b"signed"}
LEAVES = [Leaf(n, 0, bytes(32), 1) for n in range(2)]
CLAIM = Claim(RECORD.miner, 5, bytes(32), ROOT, 2, ZERO_DIGEST)
TERMS = Terms(ZERO_ADDRESS, 0, 3_600, False, ZERO_ADDRESS, 0, 0, 0, 0, ZERO_ADDRESS, 0, 0)
PATIENCE = Options().patience
NEED = Need(bytes(32), 10, 1, 1, HEAD.time, slippage_bps=0)


def seen(
    made: RunCore, state: State, *, at: o.At = HEAD, now: float = 0.0, **changes: Any
) -> list[i.RunInstruction]:
    """The deal is read as it stands at a block."""
    found = replace(deal(state), **changes)
    return made.step(o.DealRead(now, 0, at, state, found, TERMS))


def acts(found: list[i.RunInstruction]) -> list[i.DealAct]:
    return [x.act for x in found if isinstance(x, i.SendAct)]


def ends_of(made: RunCore, now: float) -> i.RunInstruction:
    """How a round ends in which nothing is heard."""
    found = made.step(o.RoundBegun(now, HEAD, HEAD))
    while not isinstance(found[-1] if found else None, i.Wait | i.Finish | i.GiveUp):
        found = made.step(o.Continue(now))
    return found[-1]


# Requests


def test_a_request_is_late_only_after_its_last_second() -> None:
    for time, expected in ((MADE.confirm_by, [i.Lodge(RECORD)]), (MADE.confirm_by + 1, [])):
        made = core()
        begin(made)
        assert seen(made, State.NONE, at=o.At(100, time)) == expected


def test_a_late_request_ends_once_its_last_block_can_t_be_replaced() -> None:
    late = MADE.confirm_by + 1
    for at in (o.At(100 + LATE_BLOCKS, late + 5), o.At(101, MADE.confirm_by + LATE_SECONDS + 1)):
        made = core(DealStage.OPEN)
        assert seen(made, State.NONE, at=o.At(100, late)) == []
        assert seen(made, State.NONE, at=o.At(99 + LATE_BLOCKS, late + 4)) == []
        fast = o.At(100 + 4 * LATE_BLOCKS, MADE.confirm_by + LATE_LEAST - 1)
        assert seen(made, State.NONE, at=fast) == [], "four blocks a second"
        seen(made, State.NONE, at=at)
        record = made.state.records[0]
        assert (record.end, record.why) == (EXPIRED, NO_ANSWER)


def test_a_closing_job_calls_back_what_nobody_took_and_nothing_else() -> None:
    made = core(DealStage.OPEN)
    made.step(o.Chosen(0.0, closing=True))
    assert acts(seen(made, State.NONE)) == [i.DealAct.CANCEL]
    made = core(**ACCEPTED)
    made.step(o.Chosen(0.0, closing=True))
    made.state.closing = True
    assert acts(seen(made, State.NONE)) == [], "its miner did the work"


def test_a_double_whose_tasks_are_done_is_called_back_unless_it_was_accepted() -> None:
    for changes, stage in (({}, DealStage.CALLED), (ACCEPTED, DealStage.SIGNED)):
        made = core(**ACCEPTED)
        second = replace(RECORD, number=1, doubles=0, **changes)
        made.state.records[1] = second
        made.step(o.DealRead(0.0, 1, HEAD, State.NONE))
        assert made.state.records[1].stage is stage


@pytest.mark.parametrize(("accepted", "stage"), [(False, DealStage.CALLED), (True, DealStage.OPEN)])
def test_a_rejection_for_good_takes_nothing_from_who_was_accepted(
    accepted: bool, stage: DealStage
) -> None:
    made = core(DealStage.OPEN, **(ACCEPTED if accepted else {}))
    rejection = Rejection(RECORD.miner, 5, bytes(32), "price: too low", True)
    made.step(o.RejectionRead(0.0, 0, rejection))
    assert made.state.records[0].stage is stage


def test_whoever_misses_the_money_is_shown_the_request_again() -> None:
    made = core(DealStage.OPEN)
    rejection = Rejection(RECORD.miner, 5, bytes(32), "money: 3 are missing", False)
    made.step(o.RejectionRead(0.0, 0, rejection))
    assert made.state.records[0].stage is DealStage.SIGNED


@pytest.mark.parametrize(
    ("time", "stage"),
    [(MADE.confirm_by, DealStage.CALLED), (MADE.confirm_by + 1, DealStage.ENDED)],
)
def test_a_request_that_may_be_confirmed_again_is_followed_again(
    time: int, stage: DealStage
) -> None:
    """Its end was undone, and with it the time."""
    made = core(DealStage.ENDED, end=EXPIRED)
    made.step(o.EndRead(0.0, 0, o.At(100, time), State.NONE))
    assert made.state.records[0].stage is stage


def test_ends_are_looked_at_until_they_are_deep_and_all_of_them_once() -> None:
    made = core(DealStage.ENDED, end="released", ended_at=HEAD.number)
    ended = made.state.records[0]
    for number, again in ((100, True), (99 + DEEP, True), (100 + DEEP, False)):
        found = made.step(o.RoundBegun(0.0, o.At(number, 9_000), o.At(number, 9_000)))
        assert (found == [i.ReadEnd(ended, number)]) is again
        made.step(o.EndRead(0.0, 0, HEAD, State.RELEASED))


# Money that comes back


@pytest.mark.parametrize("waited", [UNCOLLECTED, UNCOLLECTED + 1])
def test_what_is_never_collected_comes_back_after_a_day(waited: int) -> None:
    made = core(DealStage.ACCEPTED, **ACCEPTED)
    made.state.closing = True
    found = seen(made, State.OVERDUE, at=o.At(100, 2_500 + waited))
    assert acts(found) == ([i.DealAct.DEFAULT] if waited > UNCOLLECTED else [])


def test_the_relay_is_told_of_an_acceptance_again_after_a_while() -> None:
    made = core(DealStage.ACCEPTED, **ACCEPTED)
    tell = [i.PostAcceptance(made.state.records[0])]
    assert seen(made, State.CONFIRMED) == tell
    made.step(o.AcceptancePosted(0.0, 0, "it is away"))
    assert seen(made, State.CONFIRMED, now=1.0) == tell
    made.step(o.AcceptancePosted(1.0, 0, None))
    assert seen(made, State.CONFIRMED, now=TELL_AGAIN) == []
    assert seen(made, State.CONFIRMED, now=1 + TELL_AGAIN) == tell


@pytest.mark.parametrize(
    ("units", "closing", "settles"), [(2, False, False), (1, False, True), (2, True, True)]
)
def test_a_refused_result_that_stands_is_settled_for_the_rest_or_to_be_done(
    units: int, closing: bool, settles: bool
) -> None:
    """It locks 7; a unit costs 5 here."""
    made = core(DealStage.REFUSED, refused="wrong: it is", lock=10)
    made.state.closing = closing
    found = seen(made, State.SETTLEABLE, root=ROOT, units_used=units)
    assert acts(found) == ([i.DealAct.SETTLE] if settles else [])


def test_what_jurors_have_revealed_is_theirs_to_end() -> None:
    for trial, expected in ((Trial.REVEALED, []), (Trial.FROZEN, [i.DealAct.ACCEPT])):
        made = core(DealStage.ACCEPTED, **ACCEPTED)
        same = {"root": ROOT, "units_used": 3}
        assert acts(seen(made, State.CHALLENGED, trial=trial, **same)) == expected


# Results


@pytest.mark.parametrize(
    ("kind", "now", "final"),
    [("wrong", 0.0, True), ("withheld", PATIENCE, False), ("withheld", PATIENCE + 1, True)],
)
def test_what_is_wrong_is_refused_at_once_and_what_is_withheld_after_a_while(
    kind: str, now: float, final: bool
) -> None:
    made = core(DealStage.CONFIRMED)
    seen(made, State.CONFIRMED)
    refused = ResultRefused(kind, "it is")
    if kind == "withheld":
        made.step(o.NotFetched(0.0, 0, CLAIM, refused, [], progress=False))
    found = made.step(o.NotFetched(now, 0, CLAIM, refused, [], progress=False))
    assert any(isinstance(x, i.KeepEvidence) for x in found) is final


def test_a_fetch_that_gets_on_is_waited_for_anew() -> None:
    made = core(DealStage.CONFIRMED)
    seen(made, State.CONFIRMED)
    refused = ResultRefused("withheld", "it is slow")
    made.step(o.NotFetched(0.0, 0, CLAIM, refused, [], progress=False))
    for now in (PATIENCE, 2 * PATIENCE):
        found = made.step(o.NotFetched(now, 0, CLAIM, refused, [], progress=True))
        assert not any(isinstance(x, i.KeepEvidence) for x in found)
    made.step(o.NotFetched(2 * PATIENCE, 0, CLAIM, refused, [], progress=False))
    found = made.step(o.NotFetched(3 * PATIENCE + 1, 0, CLAIM, refused, [], progress=False))
    assert isinstance(found[-1], i.KeepEvidence)


@pytest.mark.parametrize("missed", [None, 0.0])
def test_a_default_is_claimed_once_nothing_can_come_any_more(missed: float | None) -> None:
    made = core(DealStage.CONFIRMED)
    made.state.memory[0].missed_since = missed

    def claimed(now: float, answered: bool) -> bool:
        seen(made, State.OVERDUE, now=now)
        return bool(acts(made.step(o.ClaimRead(now, 0, None, answered))))

    assert not claimed(0.0, False)
    assert claimed(PATIENCE, True) is (missed is None), "everybody was asked"
    assert not claimed(PATIENCE, False)
    assert claimed(PATIENCE + 1, False)


def test_what_differs_from_another_miner_s_result_is_run_again() -> None:
    made = core(DealStage.CONFIRMED, audit=0.0)
    other = replace(RECORD, number=1, stage=DealStage.ACCEPTED, **ACCEPTED)
    made.state.records[1] = other
    right = Leaf(1, 0, b"\x09" * 32, 1)
    made.state.results = {1: Kept(1, 1, right, False, True)}
    checked = i.Checked(CLAIM, LEAVES, [True, True])
    found = made.step(o.Fetched(0.0, 0, checked))
    assert found == [i.Rerun(made.state.records[0], checked, [1])]
    made.state.results = {1: Kept(1, 1, LEAVES[1], False, True)}
    assert made.step(o.Fetched(0.0, 0, checked)) == [
        i.SignAcceptance(made.state.records[0], checked, [])
    ]


# Silence


def test_a_miner_is_asked_now_and_then_and_lost_after_a_minute() -> None:
    made = core(DealStage.CONFIRMED)

    def asks(now: float) -> bool:
        seen(made, State.CONFIRMED, now=now)
        found = made.step(o.ClaimRead(now, 0, None, True))
        return any(isinstance(x, i.AskProgress) for x in found)

    assert asks(0.0)
    made.step(o.ProgressRead(0.0, 0, []))
    silent = made.state.memory[0].heard
    assert silent is not None
    silent.silent = 0.0
    assert not asks(ASK_EVERY - 1)
    assert asks(ASK_EVERY)
    made.step(o.ProgressRead(ASK_EVERY, 0, None))
    assert silent.silent == 0.0, "who did not answer the question is not the miner"
    made.step(o.ProgressRead(ASK_EVERY + LOST - 1, 0, []))
    assert not is_lost(made.state, made.state.records[0])
    made.step(o.ProgressRead(ASK_EVERY + LOST, 0, []))
    assert is_lost(made.state, made.state.records[0])
    made.step(o.ProgressRead(70.0, 0, [Progress(RECORD.miner, 5, bytes(32), 1, 2)]))
    assert not is_lost(made.state, made.state.records[0])


def test_late_deals_are_looked_at_now_and_then() -> None:
    made = core(DealStage.CONFIRMED)
    made.state.memory[0].heard = Heard(0.0, silent=LOST)
    look = i.ReadOffers(i.Purpose.DOUBLE, Options(), 0)
    for now, looks in ((0.0, True), (4.0, False), (5.0, True)):
        found = made.step(o.RoundBegun(now, HEAD, HEAD))
        assert (found == [look]) is looks


# Who gets what


@pytest.mark.parametrize(
    ("changes", "tasks"),
    [
        ({"end": "released"}, [0, 1]),
        ({"end": "defaulted"}, [0, 1, 2]),
        ({"end": "overturned"}, [0, 1, 2]),
        ({"end": "settled", "refused": "wrong: it is"}, [0, 1, 2]),
    ],
)
def test_who_failed_gets_these_tasks_no_more_and_who_failed_badly_none(
    changes: dict[str, str], tasks: list[int]
) -> None:
    made = core(DealStage.ENDED, **changes)
    found = barred(made.state, [0, 1, 2])
    assert [task for task, miners in found.items() if miners] == tasks


def test_what_is_put_off_waits_a_while_and_does_not_go_back_to_the_same_miner() -> None:
    made = core(DealStage.OPEN, why="it is busy")
    read_busy = [i.ReadOffers(i.Purpose.BUSY, Options())]
    for now, reads in ((0.0, False), (10.0, False), (10.5, True)):
        assert (made.step(o.RoundBegun(now, HEAD, HEAD)) == read_busy) is reads
    same = Candidate(RECORD.miner, 1, 100, 90_000)
    assert made.step(o.OffersRead(10.5, i.Purpose.BUSY, -1, [same], NEED)) == []


@pytest.mark.parametrize(("failed", "stops"), [(1, False), (2, True)])
def test_a_job_whose_first_tasks_all_fail_is_looked_into(failed: int, stops: bool) -> None:
    made = core(DealStage.ACCEPTED, replace(SETTING, tasks=3), **ACCEPTED)
    made.state.options = Options(stop_after_failures=2)
    bad = {n: replace(made.state.results[n], ok=n >= failed) for n in range(2)}
    made.state.results = bad
    (found,) = made.step(o.RoundBegun(0.0, HEAD, HEAD))
    assert isinstance(found, i.ReadOutputs) is stops


# The end of a round, and of the run


def test_offers_that_can_t_be_read_are_not_asked_for_again_in_the_same_round() -> None:
    used = {**ACCEPTED, "end": EXPIRED}
    made = core(DealStage.ENDED, replace(SETTING, tasks=3), **used)
    made.state.memory[0].seen_again = True
    made.state.records[0] = replace(made.state.records[0], ended_at=-DEEP)
    assert made.step(o.RoundBegun(0.0, HEAD, HEAD)) == [i.ReadOffers(i.Purpose.OWED, Options())]
    away = OSError("the relay is away")
    made.step(o.Failed(0.0, away, str(away), str(away), passing=True))
    assert made.step(o.Continue(0.0)) == [i.Wait()]


def test_a_run_does_not_end_while_somebody_is_owed_or_something_moved() -> None:
    unpaid = core(DealStage.ENDED, end=EXPIRED, **ACCEPTED)
    assert unpaid.state.done
    assert ends_of(unpaid, 0.0) == i.Wait()
    unpaid.state.budget = 0
    assert ends_of(unpaid, 1.0) == i.Finish(), "the budget has nothing for it"
    over = core(DealStage.ENDED, end="settled", **ACCEPTED)
    over.step(o.RoundBegun(0.0, HEAD, HEAD))
    over.step(o.ActSent(0.0, 0, i.DealAct.SETTLE, done=True, new=True))
    assert over.step(o.Continue(0.0)) == [i.Wait()], "the chain will tell of it"
    assert ends_of(over, 1.0) == i.Finish()


def test_payments_are_awaited_for_a_while() -> None:
    made = core(DealStage.ACCEPTED, **ACCEPTED)
    assert ends_of(made, 0.0) == i.Wait()
    assert ends_of(made, PATIENCE) == i.Wait()
    assert ends_of(made, PATIENCE + 1) == i.Finish()


@pytest.mark.parametrize(("elapsed", "last"), [(3_500, i.Finish()), (3_540, i.Wait())])
def test_whom_nobody_waits_for_is_gone_and_far_from_its_deadline(
    elapsed: int, last: i.RunInstruction
) -> None:
    """All results are there; a miner that is gone holds one deal's money for an hour."""
    assert MADE.duration == 3_600
    made = core(DealStage.CONFIRMED)
    other = replace(RECORD, number=1, stage=DealStage.ENDED, end="settled", **ACCEPTED)
    made.state.records[1] = other
    made.state.results = {n: Kept(n, 1, LEAVES[n], False, True) for n in range(2)}
    made.state.memory[0].heard = Heard(0.0, silent=LOST, elapsed=elapsed)
    assert ends_of(made, 0.0) == last
