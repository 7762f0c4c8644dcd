"""Which seats a draw finds: those that could be drawn, and stayed, when Drawing began."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.courtroom import Case, Courtroom, Phase
from tests.harness.evm import reverts

pytestmark = pytest.mark.spec("17.2", "17.8")


@pytest.fixture(scope="module")
def small_room() -> Courtroom:
    """With as many seats as a jury has."""
    return Courtroom(jurors=3)


@pytest.fixture
def case(small_room: Courtroom) -> Iterator[Case]:
    with small_room.evm.rollback():
        yield small_room.challenge(small_room.result())


def leave(case: Case) -> None:
    case.judges.leave(1, sender=case.room.jurors[0])


def test_all_that_there_are(case):
    case.to_voting()
    assert sorted(case.seats()) == [1, 2, 3]


def test_not_one_that_was_left_in_the_second_in_which_drawing_began(case):
    leave(case)
    case.to_voting()
    assert case.phase == Phase.DRAWING
    assert sorted(case.seats()) == [2, 3]


def test_one_that_was_left_later(case):
    case.answer()
    leave(case)
    case.draw()
    assert sorted(case.seats()) == [1, 2, 3]
    position = case.judges.seatOf(1)
    case.room.evm.advance(case.room.rules["leaveDelay"])
    with reverts("StillSeated", 1, position.until, 1):
        case.judges.vacate(1)


@pytest.mark.parametrize(("earlier", "drawn"), [(0, [1, 2, 3]), (1, [2, 3])])
def test_one_that_can_be_drawn_since_then(small_room, earlier, drawn):
    """Its position was left and taken anew; Drawing begins so many seconds earlier."""
    room, juror = small_room, small_room.jurors[0]
    with room.evm.rollback():
        room.judges.leave(1, sender=juror)
        room.evm.advance(room.rules["leaveDelay"])
        room.judges.vacate(1)
        assert room.judges.join(sender=juror).value == 1
        deal = room.result()
        since = room.judges.seatOf(1).since
        room.evm.advance(since - room.evm.time - 12 - earlier)
        case = room.challenge(deal)
        assert room.evm.time == since - earlier
        case.to_voting()
        assert sorted(case.seats()) == drawn


def test_a_jury_that_is_not_drawn_in_time_finds_nothing(case):
    leave(case)
    case.to_voting()
    case.judges.draw(case.id)
    case.expire()
    assert (case.phase, case.status.round) == (Phase.QUEUED, 1)
    assert case.judges.seatOf(2).sitting == 0
