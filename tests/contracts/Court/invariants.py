"""What always holds of a court; docs/invariants.md lists these sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from suanli.model import Case, Court
from suanli.model.court import Round
from suanli.protocol import CasePhase


def solvency(court: Court) -> None:
    """The court holds, here and in the market, what all its accounts are owed, deposits, stakes
    and unclaimed rewards included, and nothing else."""
    there = court.market.accounts[court.address].available
    owed = sum(one.available + one.locked for one in court.accounts.values())
    assert court.held + there == owed


def deposits(court: Court) -> None:
    """What is locked is the deposits of open cases and what is left of seats' stakes; a closed case
    holds nothing but its filer's claim."""
    locked: Counter[str] = Counter()
    for case in _open(court):
        locked[case.filer] += case.deposit
        locked[case.appellant] += case.appeal_deposit
    for seat in court.seats.values():
        locked[seat.juror] += court.stake_of(seat)
    for person, account in court.accounts.items():
        assert account.locked == locked[person], person


def places(court: Court) -> None:
    """Places are occupied by open cases alone, and waited for by queued ones; a seat sits in as
    many cases as have it in a jury."""
    rounds = [(case, drawn) for case in _open(court) for drawn in case.rounds]
    assert court.occupied == sum(drawn.places for _, drawn in rounds)
    queued = [case.round.jury for case in _open(court) if case.phase == CasePhase.QUEUED]
    assert court.waiting == sum(queued)
    sitting = Counter(position for _, drawn in rounds for position in drawn.seats)
    for position, seat in court.seats.items():
        assert seat.sitting == sitting[position], position
    assert court.staying == sum(not seat.left_at for seat in court.seats.values())


def juries(court: Court) -> None:
    """No seat is twice in juries of one case, none is drawn that came or left before the drawing,
    and no jury votes that has too few."""
    for case in court.cases.values():
        drawn = [position for each in case.rounds for position in each.seats]
        assert len(drawn) == len(set(drawn))
        for each in case.rounds:
            voted = each.ballot.commitments or each.ballot.votes
            assert not voted or len(each.seats) == each.jury
            if not case.phase.is_final:
                assert all(_could_be_drawn(court, each, position) for position in each.seats)


def bonds_cover_jurors(court: Court) -> None:
    """The bond of a case pays all jurors that it can have."""
    for case in court.cases.values():
        pay = sum(each.jury for each in case.rounds) * court.rules.seat_fee
        assert pay <= case.deposit + case.appeal_deposit


def liveness(court: Court) -> None:
    """From every reachable state, once time has passed and anybody has called the public exits, all
    cases are closed, everybody has left with what is theirs, and the court is empty."""
    assert court.held == court.occupied == court.waiting == 0
    assert not any(one.available or one.locked for one in court.accounts.values())
    assert not court.seats
    assert all(case.phase.is_final for case in court.cases.values())


def _open(court: Court) -> Iterator[Case]:
    return (case for case in court.cases.values() if not case.phase.is_final)


def _could_be_drawn(court: Court, drawn: Round, position: int) -> bool:
    seat = court.seats[position]
    return seat.since <= drawn.began and (not seat.left_at or seat.left_at > drawn.began)


ALWAYS = (solvency, deposits, places, juries, bonds_cover_jurors)
AT_LAST = liveness
