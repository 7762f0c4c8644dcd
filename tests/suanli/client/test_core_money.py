"""What the core never spends: the budget bounds what is placed, placed again and doubled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from suanli.client.errors import BudgetTooSmall
from suanli.client.options import Options
from suanli.client.plan import Assignment, Candidate, Need
from suanli.client.records import EXPIRED, DealRecord, DealStage
from suanli.client.run.core import RunState, most, owed
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.hedging import bound, left
from suanli.client.run.core.offering import to_lock, with_our_load
from suanli.client.run.core.state import Heard
from suanli.client.run.core.watching import LOST
from suanli.client.terms import Signable
from suanli.protocol import ZERO_ADDRESS, State, Terms
from tests.harness.client_core import HEAD, MADE, RECORD, SETTING, core

OTHER = "0x" + "77" * 20
OFFER = Candidate(OTHER, 1, 100, 90_000, number=3)
NEED = Need(bytes(32), 10, 1, 1, HEAD.time, slippage_bps=0)
"""A task locks 10."""
UNPAID = replace(
    RECORD, stage=DealStage.ENDED, end=EXPIRED, acceptance=b"signed", root=b"\x01" * 32
)
TERMS = Terms(ZERO_ADDRESS, 0, 3_600, False, ZERO_ADDRESS, 0, 0, 0, 0, ZERO_ADDRESS, 0, 0)


def state_of(*records: DealRecord, budget: int = 100, **changes: Any) -> RunState:
    numbered = {n: replace(record, number=n) for n, record in enumerate(records)}
    return RunState(SETTING, budget, Options(), records=numbered, **changes)


@pytest.mark.parametrize(("hedge", "expected"), [(None, 50), (True, 100), (False, 0)])
def test_without_a_wish_doubling_takes_half_of_the_budget(
    hedge: bool | None, expected: int
) -> None:
    assert most(hedge, 100) == expected


@pytest.mark.parametrize(
    ("doubled", "first", "told", "expected"),
    [
        (20, 7, None, 30),  # of the half, what is not taken
        (0, 7, 25, 25),  # what was told at the beginning
        (20, 7, 25, 5),
        (20, 70, None, 10),  # no more than the budget has
        (30, 7, 25, 0),
    ],
)
def test_what_doubling_may_take_now(
    doubled: int, first: int, told: int | None, expected: int
) -> None:
    double = replace(RECORD, lock=doubled, doubles=0)
    state = state_of(replace(RECORD, lock=first), double, doubling=told)
    assert left(state) == expected


@pytest.mark.parametrize(
    ("worst", "expected"),
    [(30, 30), (70, 30), (110, 0), (50, 50), (49, 49)],
)
def test_doubling_is_bound_when_the_job_begins(worst: int, expected: int) -> None:
    """No more than the job once more, and than the budget has beside it."""
    state = state_of()
    book = RunBook(state)
    assert bound(book, worst) == state.doubling == expected
    assert book.changes.facts == {"doubling": str(expected)}


def test_a_double_that_the_budget_would_bear_is_not_placed_beyond_what_doubling_may_take() -> None:
    made = core(DealStage.CONFIRMED)
    made.state.doubling = 15
    made.state.memory[0].heard = Heard(0.0, silent=LOST, elapsed=100)
    found = made.step(o.OffersRead(0.0, i.Purpose.DOUBLE, 0, [OFFER], NEED))
    assert isinstance(found[0], i.ReadTerms)
    assert [part.tasks for part in found[0].assignments] == [(0,)]
    assert isinstance(found[1], i.Tell)
    assert "they may cost 0.00000000000000001 SUAN, 0.000000000000000015 SUAN may" in str(found[1])


def test_what_miners_are_owed_again_stays_within_the_budget_together() -> None:
    state = state_of(UNPAID, replace(UNPAID, tasks=(2, 3)), budget=13)
    assert [record.number for record in owed(state)] == [0]
    state.budget = 14
    assert [record.number for record in owed(state)] == [0, 1]
    state.budget = 6
    assert owed(state) == []


def test_a_job_that_its_budget_does_not_reach_for_places_nothing() -> None:
    made = core()
    made.state.records.clear()
    made.state.budget = 19
    assert made.step(o.RoundBegun(0.0, HEAD, HEAD)) == [
        i.ReadOffers(i.Purpose.TASKS, made.state.options)
    ]
    assert made.step(o.OffersRead(0.0, i.Purpose.TASKS, -1, [OFFER], NEED)) == []
    (over,) = made.step(o.Continue(0.0))
    assert isinstance(over, i.GiveUp)
    assert isinstance(over.error, BudgetTooSmall)


@pytest.mark.parametrize(
    ("stage", "posted", "expected"),
    [
        (DealStage.SIGNED, False, 7),
        (DealStage.SIGNED, True, 7),
        (DealStage.OPEN, False, 7),
        (DealStage.OPEN, True, 0),  # the market has it
        (DealStage.CONFIRMED, False, 0),
        (DealStage.CALLED, False, 0),
    ],
)
def test_what_may_still_be_locked(stage: DealStage, posted: bool, expected: int) -> None:
    assert to_lock(state_of(replace(RECORD, stage=stage, posted=posted))) == expected


def test_new_requests_are_promised_with_those_that_are_out() -> None:
    made = core(DealStage.OPEN)
    part = Assignment(OTHER, 3, (0, 1), 20, 1, 20, None, 600, 60)
    read = o.TermsRead(0.0, i.Placement(), [part], Signable(1, TERMS), 0, 0, 0)
    *_, promise = made.step(read)
    assert isinstance(promise, i.Promise)
    assert promise.amount == 27


def test_what_a_miner_was_given_of_the_job_is_not_free_any_more() -> None:
    """Once it confirmed, the chain says so itself."""
    seconds = replace(RECORD, miner=OTHER, seconds=9.0)
    given = state_of(seconds, replace(seconds, stage=DealStage.CONFIRMED), RECORD)
    found = with_our_load(given, OFFER)
    assert (found.free, found.busy) == (100 - MADE.units, 18.0)
    assert with_our_load(given, replace(OFFER, free=5)).free == 0


def test_nothing_is_shown_before_its_money_is_there() -> None:
    made = core()
    assert made.step(o.RoundBegun(0.0, HEAD, HEAD)) == [i.Deposit(7)]
    error = OSError("no gas")
    made.step(o.Failed(0.0, error, str(error), str(error), passing=True))
    assert isinstance(made.step(o.Continue(0.0))[0], i.ReadDeal)
    assert made.step(o.DealRead(0.0, 0, HEAD, State.NONE)) == []
    made.step(o.RoundBegun(1.0, HEAD, HEAD))
    made.step(o.Continue(1.0))
    assert made.step(o.DealRead(1.0, 0, HEAD, State.NONE)) == [i.Lodge(RECORD)]
