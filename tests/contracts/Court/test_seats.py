"""Seats: taken, left, emptied and taken again; what they cost; multicall."""

import pytest

from tests.harness.courtroom import HOUR, RULES, SINK, UNIT, Courtroom, Phase, juror, salt_of
from tests.harness.evm import account, reverts
from tests.harness.market import STRANGER

STAKE = RULES["seatStake"]
NEW = account("a new juror")


@pytest.mark.spec("17.2")
def test_join_locks_the_stake(room):
    room.provide(NEW, STAKE)
    receipt = room.judges.join(sender=NEW)
    since = room.evm.time + RULES["joinDelay"]
    assert receipt.value == 41
    assert receipt.event("SeatTaken").args == {
        "position": 41,
        "juror": NEW.lower(),
        "since": since,
    }
    assert room.court_account(NEW) == (0, STAKE)
    assert room.judges.seatOf(41) == (NEW.lower(), since, 0, 0, 0)
    assert room.judges.seatTotals() == (41, 41, 0, 0, 0)
    with reverts("InsufficientAvailable", NEW.lower(), 0, STAKE):
        room.judges.join(sender=NEW)


@pytest.mark.spec("17.2")
def test_leave_and_vacate(room):
    with reverts("NotSeatHolder", STRANGER.lower(), 1):
        room.judges.leave(1, sender=STRANGER)
    with reverts("StillSeated", 1, 0, 0):
        room.judges.vacate(1, sender=juror(0))
    receipt = room.judges.leave(1, sender=juror(0))
    until = room.evm.time + RULES["leaveDelay"]
    assert receipt.event("SeatLeft").args["until"] == until
    with reverts("LeavingAlready", 1, until):
        room.judges.leave(1, sender=juror(0))
    room.evm.set_block(room.evm.number + 1, until - 1)
    with reverts("StillSeated", 1, until, 0):
        room.judges.vacate(1)
    room.evm.set_block(room.evm.number + 1, until)
    assert room.judges.vacate(1).event("SeatVacated").args["returned"] == STAKE
    assert room.court_account(juror(0)) == (STAKE, 0)
    with reverts("StillSeated", 1, 0, 0):
        room.judges.vacate(1)
    with reverts("NotSeatHolder", juror(0).lower(), 1):
        room.judges.leave(1, sender=juror(0))
    room.judges.withdraw(juror(0), STAKE, sender=juror(0))
    assert room.token.balanceOf(juror(0)) == STAKE


@pytest.mark.spec("17.2")
def test_positions_are_emptied_and_taken_again(room):
    for position in (3, 7, 5):
        room.judges.leave(position, sender=juror(position - 1))
    room.pass_time(RULES["leaveDelay"])
    for position in (3, 7, 5):
        room.judges.vacate(position)
    assert room.judges.seatTotals() == (40, 37, 0, 5, 0)
    room.provide(NEW, 4 * STAKE)
    assert [room.judges.join(sender=NEW).value for _ in range(4)] == [5, 7, 3, 41]
    assert room.judges.seatTotals() == (41, 41, 0, 0, 0)


@pytest.mark.spec("17.2")
def test_a_seat_that_judges_stays(room):
    case = room.challenge(room.result(wrong={0}))
    case.to_voting()
    position = case.seats()[0]
    room.judges.leave(position, sender=case.juror_at(0))
    case.judge()
    room.pass_time(RULES["leaveDelay"])
    until = room.judges.seatOf(position).until
    with reverts("StillSeated", position, until, 1):
        room.judges.vacate(position)
    case.close()
    room.judges.vacate(position)


@pytest.mark.spec("17.8")
def test_who_left_before_drawing_began_is_not_drawn(room):
    case = room.challenge(room.result())
    staying = set(range(1, 8))
    for position in range(8, 41):
        room.judges.leave(position, sender=juror(position - 1))
    room.pass_time(12)
    case.to_voting()
    assert set(case.seats()) < staying


def test_who_leaves_after_drawing_began_is_drawn(room):
    case = room.challenge(room.result())
    case.answer()
    with room.evm.rollback():
        case.draw()
        expected = case.seats()
    room.pass_time(0)
    for position in range(1, 41):
        room.judges.leave(position, sender=juror(position - 1))
    room.evm.set_block(room.evm.number - 1, room.evm.time)
    case.draw()
    assert case.seats() == expected


@pytest.mark.spec("17.2", "17.8")
def test_who_joins_after_a_filing_is_not_drawn(room):
    case = room.challenge(room.result())
    for number in range(100, 180):
        room.provide(juror(number), STAKE)
        room.judges.join(sender=juror(number))
    case.to_voting()
    assert max(case.seats()) <= 40


@pytest.mark.spec("17.20")
def test_a_penalized_seat_leaves_and_gets_the_rest_back(room):
    case = room.challenge(room.result(wrong={0}))
    case.to_voting()
    case.judge(case.right_vote(), case.right_vote(), None)
    position, absent = case.seats()[2], case.juror_at(2)
    receipt = case.close()
    assert receipt.event("SeatPenalized").args == {
        "position": position,
        "juror": absent,
        "amount": 10 * UNIT,
    }
    until = room.judges.seatOf(position).until
    room.evm.set_block(room.evm.number + 1, until)
    assert room.judges.vacate(position).event("SeatVacated").args["returned"] == 990 * UNIT
    assert room.court_account(SINK)[0] >= 10 * UNIT


@pytest.mark.spec("17.8", "17.20")
def test_a_seat_in_more_cases_than_its_stake_pays_for_loses_no_more_than_all():
    """A draw doesn't ask in how many cases a seat sits; each can still be closed."""
    room = Courtroom(jurors=7, penaltyBps=2_500)
    deal = room.result(wrong={0})
    filers = [account(f"filer {number}") for number in range(7)]
    cases = [room.challenge(deal, filer=filer).to_voting() for filer in filers]
    sitting = {position: room.judges.seatOf(position).sitting for position in range(1, 8)}
    assert max(sitting.values()) > 4
    for case in cases:
        while case.phase < Phase.REJECTED:
            case.expire()
    for position, count in sitting.items():
        seat = room.judges.seatOf(position)
        assert (seat.sitting, seat.penalties) == (0, count)
        room.evm.set_block(room.evm.number + 1, max(room.evm.time, seat.until))
        left = room.judges.vacate(position).event("SeatVacated").args["returned"]
        assert left == max(4 - count, 0) * STAKE // 4


@pytest.mark.spec("17.9")
def test_whoever_shows_a_vote_takes_half_of_the_seat(room):
    case = room.challenge(room.result(wrong={0}))
    case.to_voting()
    leaf, trace = case.right_vote()
    case.commit(0)
    position, told = case.seats()[0], case.juror_at(0)
    with room.gains(told, STRANGER, SINK) as gained:
        receipt = room.judges.seizeSeat(
            case.id, 0, leaf, trace, salt_of(case.id, 0), sender=STRANGER
        )
    assert gained == {told: -STAKE, STRANGER: STAKE // 2, SINK: STAKE // 2}
    assert receipt.event("SeatSeized").args == {
        "caseId": case.id,
        "position": position,
        "by": STRANGER.lower(),
        "index": 0,
        "amount": STAKE // 2,
    }
    assert room.judges.seatOf(position).penalties == 255
    assert case.status.committed == 0
    case.commit(1)
    case.commit(2)
    assert case.phase == Phase.VOTING
    case.expire()
    case.show()
    case.reveal_vote(1)
    case.reveal_vote(2)
    with room.gains(told) as gained:
        case.close()
    assert gained == {told: 0}


def test_several_calls_at_once(room):
    room.provide(NEW, 3 * STAKE)
    call = room.judges.join.codec.call_data(())
    room.judges.multicall([call] * 3, sender=NEW)
    assert [room.judges.seatOf(p).juror for p in (41, 42, 43)] == [NEW.lower()] * 3
    done, _ = room.judges.multicallSkip([call], sender=NEW).value
    assert done == (False,)


@pytest.mark.parametrize(
    ("occupied", "factor"), [(0, 1), (40, (160 / 120) ** 2), (80, 4), (120, 16), (160, 16)]
)
@pytest.mark.spec("17.5")
def test_the_fee_grows_with_the_square_of_places_to_free_places(room, occupied, factor):
    """Of a miner that has no case."""
    for index in range(occupied // 4):
        room.challenge(room.result(tasks=8, units=25), number=0, withheld=bool(index % 2))
    totals = room.judges.seatTotals()
    taken = totals.occupied + totals.queued
    free = max(160 - taken, 0)
    square = 16 if 16 * free * free <= 160 * 160 else 160 * 160 / free**2
    expected = -(-3 * UNIT * 160 * 160 // (free * free)) if square != 16 else 48 * UNIT
    assert room.judges.depositOf(0, 3, 7) == 20 * UNIT + expected
    assert room.judges.depositOf(5, 3, 7) == 32 * 20 * UNIT + expected


@pytest.mark.spec("17.3", "17.6")
def test_capacity(room):
    value, places = room.judges.capacity()
    assert (value, places) == (5 * 250 * UNIT * 10_000 // 15_000, 160 - 7)
    room.challenge(room.result())
    assert room.judges.capacity().places == 150
    assert room.judges.juryOf(500 * UNIT) == 3
    assert room.judges.juryOf(500 * UNIT + 1) == 5


@pytest.mark.spec("17.6")
def test_much_at_stake_takes_the_large_jury(room):
    deal = room.result(tasks=10)
    case = room.challenge(deal)
    assert case.status.seats == 5
    assert case.receipt.event("ChallengeFiled").args["deposit"] == 25 * UNIT
    case.to_voting()
    assert len(case.seats()) == 5


def test_an_empty_court_queues():
    room = Courtroom(jurors=0)
    case = room.challenge(room.result())
    assert case.phase == Phase.QUEUED
    assert room.judges.capacity().places == 0
    assert room.judges.depositOf(0, 3, 1) == 68 * UNIT
    assert case.status.deadline == room.evm.time - 12 + 5 * HOUR
