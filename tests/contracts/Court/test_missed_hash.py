"""The hash of the named block, which the chain tells for 256 blocks."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from tests.harness.courtroom import Case, Phase
from tests.harness.evm import reverts
from tests.harness.market import STRANGER

HASHES = 256
pytestmark = pytest.mark.spec("17.8")


@pytest.fixture
def case(room) -> Case:
    """Answered: a block is named."""
    made = room.challenge(room.result(wrong={0}))
    made.answer()
    return made


def at(case: Case, blocks: int) -> None:
    """So many blocks after the named one; time stands still."""
    case.room.evm.set_block(case.status.named + blocks, case.room.evm.time)


def record(case: Case):
    return case.judges.recordHash(case.id, sender=STRANGER)


def test_a_hash_is_not_there_before_its_block(case):
    named = case.status.named
    at(case, 0)
    with reverts("HashNotThere", named):
        record(case)
    with reverts("HashNotThere", named):
        case.reveal_secret(True)


@pytest.mark.parametrize("blocks", [1, HASHES])
def test_it_is_recorded_until_the_last_block(case, blocks):
    named = case.status.named
    at(case, blocks)
    event = record(case).event("HashRecorded").args
    assert (event["named"], event["hash"]) == (named, keccak(text=str(named)))
    with reverts("HashRecordedAlready", case.id):
        record(case)
    at(case, 2 * HASHES)
    case.reveal_secret(True)
    case.reveal_secret(False)
    assert (case.phase, case.status.seats) == (Phase.VOTING, case.room.rules["jury"])


def test_a_missed_one_can_not_be_used(case):
    named = case.status.named
    at(case, HASHES + 1)
    for by_miner in (True, False):
        with reverts("HashMissed", named):
            case.reveal_secret(by_miner)


def test_a_missed_one_takes_the_large_jury_and_a_later_block(case):
    room, rules = case.room, case.room.rules
    places = room.judges.seatTotals().occupied
    at(case, HASHES + 1)
    room.evm.advance(60, 0)
    event = record(case).event("HashRenamed").args
    assert (event["named"], event["seats"]) == (room.evm.number + 1, rules["largeJury"])
    assert case.status.deadline == room.evm.time + rules["step"]
    more = rules["largeJury"] - rules["jury"]
    assert room.judges.seatTotals().occupied == places + more
    with reverts("HashNotThere", case.status.named):
        record(case)
    at(case, 0)
    case.draw()
    assert (case.phase, len(case.seats())) == (Phase.VOTING, rules["largeJury"])
    case.judge()
    case.close()
    assert case.phase == Phase.UPHELD


def test_missing_it_again_gains_no_time(case):
    at(case, HASHES + 1)
    record(case)
    deadline = case.status.deadline
    case.room.evm.advance(600, 0)
    at(case, HASHES + 1)
    named = record(case).event("HashRenamed").args["named"]
    assert named == case.room.evm.number + 1
    assert case.status.deadline == deadline
    assert case.status.seats == case.room.rules["largeJury"]


def test_whoever_lets_it_pass_to_the_end_loses_as_the_silent_do(case):
    at(case, HASHES + 1)
    case.expire()
    assert case.phase == Phase.REJECTED
