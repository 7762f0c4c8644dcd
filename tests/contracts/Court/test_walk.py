"""Every order of every call in small courts: no state without an exit, no stalling that pays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suanli.model.court import Court
from suanli.protocol import Refused, State
from suanli.protocol.court import CasePhase
from tests.contracts.Court.alike import alike, together
from tests.contracts.Court.small import (
    EVERYBODY,
    FIRST,
    JURORS,
    MINER,
    REQUESTER,
    RULES,
    SECOND,
    UNIT,
    Town,
    town,
)
from tests.contracts.Court.walk import Filing, Found, Play, walk

WRONG, RIGHT = Filing(FIRST, 0, "wrong"), Filing(FIRST, 0, "right")
SHAM = Filing(SECOND, 1, "wrong")
SHAMS = WRONG, SHAM
ALL = "right", "wrong", "nothing"
HAD = 2_000 * UNIT


def report(capsys, what: str, found: Found) -> None:
    with capsys.disabled():
        print(f"\n{what}: {found.states:,} states, {found.steps:,} steps, ", end="")


def state_of(end: Town) -> State:
    return end.market.deal_of(end.market.request_id(end.request)).state


def all_is_out(end: Town) -> None:
    """Seats left, accounts emptied: the court holds nothing."""
    for position, seat in list(end.court.seats.items()):
        if not seat.left_at:
            end.court.leave(seat.juror, position)
    end.wait(end.market.time + RULES.leave_delay)
    for position, seat in list(end.court.seats.items()):
        end.court.vacate(seat.juror, position)
    for who in EVERYBODY:
        if left := end.court.accounts[who].available:
            end.court.withdraw(who, who, left)
    assert end.court.held == end.court.occupied == 0
    assert not any(account.locked for account in end.court.accounts.values())
    assert sum(map(end.net, EVERYBODY)) == end.given


def is_free_of_dead_ends(found: Found) -> None:
    assert not found.stuck
    for end, _ in found.ends:
        assert state_of(end) in (State.SETTLED, State.OVERTURNED)
        all_is_out(end)


HONEST_MINER = frozenset({MINER, *JURORS[:2]})
HONEST_FILER = frozenset({FIRST, *JURORS[:2]})


def harms_no_honest_miner(found: Found) -> None:
    """It is paid as if nobody had challenged; whoever did, lost, and no honest juror pays."""
    for end, _ in found.ends:
        assert state_of(end) == State.SETTLED
        assert end.net(MINER) > HAD
        assert all(end.net(juror) >= HAD for juror in JURORS[:2])
        for case_id in end.cases:
            case = end.court.cases[case_id]
            assert case.phase in (CasePhase.REJECTED, CasePhase.VOID)
            if case.phase == CasePhase.REJECTED:
                assert end.net(case.filer) <= HAD - RULES.bond


def lets_no_lie_pay(found: Found) -> None:
    """The miner is not paid and slashed, the honest filer has all that it had, and its reward, but
    where the miner was silent."""
    for end, _ in found.ends:
        assert state_of(end) == State.OVERTURNED
        assert end.net(MINER) < HAD
        assert end.net(FIRST) >= HAD
        assert all(end.net(juror) >= HAD for juror in JURORS[:2])
        assert end.net(REQUESTER) == HAD


@pytest.mark.parametrize("jury", [1, 3])
def test_no_state_without_an_exit(jury, capsys):
    found = walk(town(jury=jury), Play(filings=(WRONG,), votes=("right",), accepts=jury == 3))
    report(capsys, f"one challenge, a jury of {jury}", found)
    is_free_of_dead_ends(found)


def test_no_order_harms_an_honest_miner(capsys):
    play = Play(honest=HONEST_MINER, filings=(WRONG,), votes=("wrong", "nothing"))
    found = walk(town(jury=3), play)
    report(capsys, "an honest miner", found)
    harms_no_honest_miner(found)


def test_no_order_lets_a_lie_pay(capsys):
    play = Play(HONEST_FILER, (RIGHT,), ("wrong", "nothing"), accepts=False)
    found = walk(town(jury=3, wrong=(0,)), play)
    report(capsys, "a lie", found)
    lets_no_lie_pay(found)


def test_no_order_of_two_challenges_lets_a_lie_pay(capsys):
    """The second is a sham of the miner's friend, about a task of which it claimed the truth."""
    play = Play(HONEST_FILER, (RIGHT, SHAM), ("wrong", "nothing"), accepts=False)
    found = walk(town(jury=3, wrong=(0,), cases_per_seat=4), play)
    report(capsys, "a lie and a sham", found)
    lets_no_lie_pay(found)


@pytest.mark.deep
@pytest.mark.parametrize("jury", [1, 3])
def test_no_state_without_an_exit_whatever_is_voted(jury, capsys):
    """Also where the hash of a block is missed."""
    play = Play(filings=(WRONG,), misses=jury == 1)
    found = walk(town(jury=jury), play)
    report(capsys, f"one challenge, a jury of {jury}, all votes", found)
    is_free_of_dead_ends(found)


def apart(town: Town, play: Play) -> Found:
    """The walk of all that is not alike."""
    return walk(town, replace(play, told_late=True), key=alike, options=together)


@pytest.mark.parametrize("jury", [1, 3])
def test_alike_ends_as_all_does(jury):
    play = Play(filings=(WRONG,), votes=("right",), accepts=jury == 3)
    whole, less = walk(town(jury=jury), play), apart(town(jury=jury), play)
    assert less.states < whole.states / 2
    assert {fate(end) for end, _ in less.ends} == {fate(end) for end, _ in whole.ends}


def fate(end: Town) -> tuple[object, ...]:
    docket = end.court.dockets[end.market.request_id(end.request)]
    phases = tuple(case.phase for case in end.court.cases.values())
    return state_of(end), bool(docket.wrong), docket.all_wrong, docket.cured, phases


def test_a_dead_end_is_noticed(monkeypatch):
    """Of a court that can't end a phase in which data is served late."""

    def refuse(*_of: object) -> None:
        raise Refused("NoStepDue")

    monkeypatch.setattr(Court, "_second_ballot", refuse)
    monkeypatch.setattr(Court, "_judges", lambda *_of: True)
    assert apart(town(jury=3), Play(filings=(WRONG,), votes=("nothing",), accepts=False)).stuck


@pytest.mark.parametrize("votes", [ALL[:2], pytest.param(ALL, marks=pytest.mark.deep)])
def test_two_challenges_leave_an_exit(votes, capsys):
    """Whoever lies, stalls or stays away; the second waits for the first one's seats."""
    found = apart(town(jury=3), Play(filings=SHAMS, votes=votes))
    report(capsys, "two challenges, a jury of 3", found)
    is_free_of_dead_ends(found)


@pytest.mark.deep
@pytest.mark.parametrize(("jury", "cases_per_seat"), [(1, 2), (3, 4)])
def test_two_challenges_side_by_side_leave_an_exit(jury, cases_per_seat, capsys):
    small = town(jury=jury, cases_per_seat=cases_per_seat)
    found = apart(small, Play(filings=SHAMS, votes=ALL[:2]))
    report(capsys, f"two challenges side by side, a jury of {jury}", found)
    is_free_of_dead_ends(found)


@pytest.mark.deep
def test_no_order_of_two_shams_harms_an_honest_miner(capsys):
    play = Play(HONEST_MINER, SHAMS, ("wrong", "nothing"), accepts=False)
    found = walk(town(jury=3, cases_per_seat=4), play)
    report(capsys, "an honest miner and two shams", found)
    harms_no_honest_miner(found)
