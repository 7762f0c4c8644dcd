"""Who may appeal, until when, and what an appeal costs."""

from __future__ import annotations

import pytest

from tests.contracts.Court.test_assessments import judge
from tests.harness.courtroom import SINK, Case, Outcome, Phase
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, STRANGER

pytestmark = pytest.mark.spec("17.15", "17.24")
SECRET = b"\1" * 32


@pytest.fixture
def wrong(room) -> Case:
    """The miner lost."""
    case = room.challenge(room.result(wrong={0})).to_voting()
    judge(case, "RRR")
    return case


@pytest.fixture
def stands(room) -> Case:
    """The filer lost: nobody voted for the leaf that it showed."""
    case = room.challenge(room.result(), leaf=b"\7" * 32).to_voting()
    judge(case, "RRR")
    return case


def deposit(case: Case) -> int:
    return int(case.judges.appealDepositOf(case.room.number_of(BOB)))


def test_only_the_loser_may(wrong, stands):
    for case, winner, outcome in ((wrong, ALICE, Outcome.WRONG), (stands, BOB, Outcome.STANDS)):
        with reverts("NotLoser", winner, outcome):
            case.judges.appeal(case.id, SECRET, sender=winner)
        with reverts("NotParty", STRANGER):
            case.judges.appeal(case.id, SECRET, sender=STRANGER)
    wrong.appeal(by_miner=True)
    stands.appeal(by_miner=False)


@pytest.mark.parametrize("by_miner", [False, True])
def test_either_may_where_nothing_was_found(room, by_miner):
    case = room.challenge(room.result(wrong={0})).to_voting()
    judge(case, "RLN")
    case.commit_secret(False)
    case.commit_secret(True)
    case.draw()
    judge(case, "RLN")
    assert (case.phase, case.status.outcome) == (Phase.DECIDED, Outcome.NONE)
    case.appeal(by_miner=by_miner)
    assert case.status.appellant == (BOB if by_miner else ALICE)


def test_nobody_may_after_an_appeal(wrong):
    wrong.appeal(by_miner=True)
    wrong.commit_secret(False)
    wrong.draw()
    judge(wrong, "RRRRRRR")
    assert wrong.phase == Phase.DECIDED
    deadline = wrong.status.deadline
    with reverts("PhaseOver", wrong.id, deadline):
        wrong.judges.appeal(wrong.id, SECRET, sender=BOB)
    wrong.room.evm.set_block(wrong.room.evm.number, deadline)
    with reverts("AlreadyDone", wrong.id, BOB):
        wrong.judges.appeal(wrong.id, SECRET, sender=BOB)


def test_until_the_last_second_of_the_phase(wrong):
    room, deadline = wrong.room, wrong.status.deadline
    room.evm.set_block(room.evm.number + 1, deadline)
    with room.evm.rollback():
        wrong.appeal(by_miner=True)
    room.evm.advance(1)
    with reverts("PhaseOver", wrong.id, deadline):
        wrong.judges.appeal(wrong.id, SECRET, sender=BOB)


def test_it_takes_a_commitment_and_its_deposit(wrong):
    with reverts("NothingCommitted"):
        wrong.room.provide(BOB, deposit(wrong))
        wrong.judges.appeal(wrong.id, bytes(32), sender=BOB)
    available, locked = wrong.room.court_account(BOB)
    needed = deposit(wrong)
    wrong.judges.withdraw(BOB, available - needed + 1, sender=BOB)
    with reverts("InsufficientAvailable", BOB, needed - 1, needed):
        wrong.judges.appeal(wrong.id, SECRET, sender=BOB)
    wrong.room.provide(BOB, 1)
    wrong.judges.appeal(wrong.id, SECRET, sender=BOB)
    assert wrong.room.court_account(BOB) == (0, locked + needed)
    assert wrong.status.appealDeposit == needed


def test_one_that_is_lost_pays_all_jurors_and_the_sink(wrong):
    room, fee = wrong.room, wrong.room.rules["seatFee"]
    with room.gains(ALICE, SINK) as gains:
        wrong.appeal(by_miner=True)
        lost = wrong.status.appealDeposit
        wrong.commit_secret(False)
        wrong.draw()
        judge(wrong, "RRRRRRR")
        room.evm.advance(room.rules["filing"])
        wrong.advance()
    assert wrong.phase == Phase.UPHELD
    assert gains[SINK] >= lost - 10 * fee
    assert room.court_account(BOB)[1] == 0


def test_whoever_appeals_and_then_is_silent_loses_all_of_it(wrong):
    room = wrong.room
    wrong.appeal(by_miner=True)
    lost = wrong.status.appealDeposit
    wrong.commit_secret(False)
    wrong.room.pass_time(12)
    wrong.reveal_secret(False)
    with room.gains(SINK) as gains:
        wrong.expire()
    assert wrong.phase == Phase.UPHELD
    assert gains[SINK] >= lost - 3 * room.rules["seatFee"]


def test_one_whose_jury_found_nothing_costs_the_fee_alone(wrong):
    room = wrong.room
    wrong.appeal(by_miner=True)
    fee = wrong.status.appealDeposit - 2 * room.rules["bond"]
    wrong.commit_secret(False)
    wrong.draw()
    judge(wrong, "RRRLLLN")
    before = sum(room.court_account(BOB))
    wrong.advance()
    assert wrong.phase == Phase.UPHELD
    assert before - sum(room.court_account(BOB)) == max(fee, 7 * room.rules["seatFee"])
