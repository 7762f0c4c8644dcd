"""The rules that answer attacks on a court, one test each: what the attacker has before and after.

Gas is left out: attackers lose it, too.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from suanli.protocol import Leaf
from suanli.simulate.court import chances
from tests.harness.courtroom import (
    HOUR,
    NOTHING,
    RULES,
    SINK,
    UNIT,
    VERDICT_BY,
    WINDOW,
    Case,
    Courtroom,
    Phase,
    salt_of,
)
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, PRICE, START_TIME, STRANGER, State

BOND, FEE, STAKE = RULES["bond"], RULES["seatFee"], RULES["seatStake"]
PAY, NET, COLLATERAL = 100 * UNIT, 975 * UNIT // 10, 200 * UNIT
"""Of a deal of a hundred units, at a fee of 2.5 %."""
LIE = b"\x0e" * 32
UNHAD = NOTHING, NOTHING


@pytest.fixture
def far(room: Courtroom) -> Courtroom:
    """At a price of one token a unit. All that parties spend is in the court before: wealth counts
    it all."""
    return priced(room)


def priced(room: Courtroom) -> Courtroom:
    offer = 1, 1_000_000, PRICE, START_TIME + 365 * 86_400, False
    room.market.publishOffer(*offer, sender=BOB)
    for who in (ALICE, STRANGER):
        room.provide(who, 5_000 * UNIT)
    return room


def lies(case: Case) -> tuple[bytes, bytes]:
    """A vote for the lie, in step with its friends."""
    return LIE, b"\x77" * 32


def judged(*cases: Case) -> None:
    """To their ends, side by side, each juror right."""
    steps = (Case.answer, Case.draw, Case.vote, Case.show, Case.reveal, Case.close)
    for step in steps:
        for case in cases:
            step(case)


def settle(room: Courtroom, request) -> None:
    room.pass_time(61 * 24 * HOUR)
    if room.state(request) not in (State.SETTLED, State.OVERTURNED):
        room.market.settle(request)


def sham(room: Courtroom, deal, filer: str, task: int = 0, number: int = 0) -> Case:
    return room.challenge(deal, task=task, filer=filer, number=number, leaf=LIE, funded=False)


def test_1_stalling_does_not_pay(far: Courtroom) -> None:
    """A liar's friend challenges another task of the same deal and leaves its case open as long as
    there is time: in the last step of that, anybody has the deal ended by what was found."""
    deal = far.result(wrong={1})
    submitted = far.evm.time - 12
    with far.gains(BOB, STRANGER, ALICE) as found:
        stalling = sham(far, deal, STRANGER, task=0)
        case = far.challenge(deal, task=1, funded=False)
        judged(case)
        assert (case.phase, stalling.phase) == (Phase.UPHELD, Phase.ANSWERING)
        far.evm.set_block(far.evm.number + 1, submitted + WINDOW + VERDICT_BY - HOUR)
        far.judges.finish(deal.request)
        far.judges.collect(far.request_id(deal.request), case.id)
        far.pass_time(2 * HOUR)
        stalling.advance()
    assert far.state(deal.request) == State.OVERTURNED
    assert found[ALICE] == RULES["rewardCap"]
    assert found[BOB] + found[STRANGER] <= -COLLATERAL // 2
    # Silence pays in full: no vote of anybody is no reason not to.
    quiet = far.result()
    with far.gains(BOB, STRANGER) as found:
        case = sham(far, quiet, STRANGER)
        case.to_voting().judge(None, None, None)
        settle(far, quiet.request)
    assert found[BOB] == NET
    assert found[STRANGER] <= 0


def test_2_grinding_does_not_pay(far: Courtroom) -> None:
    """Each sham has a deposit of its own, and the same filer's doubles; another case that is upheld
    returns none of them. Many tries lose more than the odds of a captured appeal give back."""
    deal = far.result(wrong={1})
    with far.gains(STRANGER, ALICE) as found:
        shams = [sham(far, deal, STRANGER, task=0, number=number) for number in range(2)]
        case = far.challenge(deal, task=1, funded=False)
        judged(case, *shams)
        case.finish()
        far.judges.collect(far.request_id(deal.request), case.id)
    assert found[STRANGER] <= -(BOND + 2 * BOND)
    assert found[ALICE] > 0
    odds = chances.captured_share(Fraction(1, 5), RULES["appealJury"])
    lost = 3 * BOND + (RULES["jury"] + RULES["appealJury"]) * FEE
    assert odds * PAY < (1 - odds) * lost


def test_3_exhaustion_does_not_pay() -> None:
    """All places that first juries may take, taken: the next challenge waits and is judged once
    there is room, at sixteen times the fee, which comes back. The deposits cost more than the
    lie."""
    room = priced(Courtroom(jurors=10))
    lie = room.result(wrong={1})
    with room.gains(BOB, STRANGER) as found:
        shams = []
        while True:
            case = sham(room, room.result(tasks=1, units=1), STRANGER)
            shams.append(case)
            if case.phase == Phase.QUEUED:
                break
        honest = room.challenge(lie, task=1, funded=False)
        assert honest.phase == Phase.QUEUED
        assert honest.status.deposit == BOND + 16 * 3 * FEE
        for case in shams[:-1]:
            case.answer()
        for case in shams[:-1]:
            case.expire()
        honest.advance()
        judged(honest)
        assert honest.phase == Phase.UPHELD
        settle(room, lie.request)
    assert len(shams) > 8
    assert found[BOB] + found[STRANGER] < -PAY


def test_4_copying_does_not_pay(far: Courtroom) -> None:
    """A commitment copied can't be revealed, a leaf without the trace is a vote against the
    verdict, and who tells its vote beforehand loses its seat."""
    case = far.challenge(far.result(wrong={0}), funded=False).to_voting()
    copier, teller = case.juror_at(1), case.juror_at(2)
    with far.gains(copier, teller) as found:
        case.commit(0)
        case.commit(2)
        copied = case.judges.voteOf(case.id, 0, False, 0)
        case._do(case.judges.commitVote, case.id, 1, copied, sender=copier)
        leaf, trace = case.votes[2]
        case.judges.seizeSeat(case.id, 2, leaf, trace, salt_of(case.id, 2), sender=STRANGER)
        case.show()
        case.votes.pop(2)
        case.reveal_vote(0)
        with reverts("NotCommitted", copied):
            case.votes[1] = leaf, trace
            case.reveal_vote(1)
        case.expire()
    assert found[teller] == -STAKE


def test_5_availability_is_voted_not_clicked(far: Courtroom) -> None:
    """Jurors that can't have the data say so unpunished; if half of them do, the miner serves, and
    pays for it; if it does not, it loses as if all were wrong. A claim alone costs its filer."""
    deal = far.result()
    with far.gains(BOB, STRANGER, ALICE) as found:
        case = far.challenge(deal, withheld=True, funded=False)
        case.to_voting().judge(UNHAD, UNHAD, case.right_vote())
        assert case.phase == Phase.CURING
        case.expire()
        case.judge()
        case.close()
        case.finish()
        far.judges.collect(far.request_id(deal.request), case.id)
    assert found[ALICE] == -PAY
    cured = COLLATERAL * RULES["cureSlashBps"] // 10_000
    assert found[BOB] == NET - cured
    late = far.result()
    with far.gains(BOB, ALICE) as found:
        case = far.challenge(late, withheld=True, funded=False)
        case.to_voting().judge(UNHAD, UNHAD, UNHAD)
        case.expire()
        case.judge(UNHAD, UNHAD, UNHAD)
        case.appeal(by_miner=True)
        case.commit_secret(False)
        case.draw()
        case.judge()
        case.advance()
        case.finish()
        far.judges.collect(far.request_id(late.request), case.id)
    assert found[ALICE] == -PAY, "nobody is robbed by data that come only for the appeal"
    given = 200 * UNIT  # for its appeal
    assert found[BOB] - given <= NET - cured - RULES["appealJury"] * FEE
    served = far.result()
    with far.gains(STRANGER) as found:
        case = far.challenge(served, withheld=True, filer=STRANGER, funded=False)
        case.to_voting().judge()
        case.close()
    assert found[STRANGER] <= -BOND
    gone = far.result()
    with far.gains(BOB) as found:
        case = far.challenge(gone, withheld=True, funded=False)
        case.to_voting().judge(UNHAD, UNHAD, UNHAD)
        case.expire()
        case.judge(UNHAD, UNHAD, UNHAD)
        case.close()
        case.finish()
    assert found[BOB] == -COLLATERAL


def test_6_a_cheat_does_not_catch_itself_for_gain(far: Courtroom) -> None:
    """The reward is capped below any slash that pays it; what is left nobody gets."""
    deal = far.result(wrong={0})
    with far.gains(BOB, STRANGER, SINK) as found:
        case = far.challenge(deal, filer=STRANGER, funded=False)
        case.to_voting().judge()
        case.close()
        case.finish()
        far.judges.collect(far.request_id(deal.request), case.id)
    assert found[STRANGER] == RULES["rewardCap"]
    assert found[BOB] + found[STRANGER] <= -COLLATERAL // 2 + RULES["rewardCap"]
    assert found[SINK] == COLLATERAL // 2 - RULES["rewardCap"] - 3 * FEE


def test_7_no_single_party_draws_the_jury(far: Courtroom) -> None:
    """The seed mixes a hash with both secrets; who withholds one loses; a hash that was missed
    makes the jury larger."""
    case = far.challenge(far.result(), filer=STRANGER, leaf=LIE, funded=False)
    case.answer()
    far.pass_time(12)
    case.judges.recordHash(case.id)
    hashed = case.status.seed
    case.reveal_secret(True)
    mixed = case.status.seed
    assert mixed != hashed
    with far.gains(STRANGER) as found:
        case.expire()
        assert case.phase == Phase.REJECTED
    assert found[STRANGER] <= -BOND // 2
    late = far.challenge(far.result(), filer=STRANGER, leaf=LIE, funded=False)
    late.answer()
    far.evm.set_block(far.evm.number + 300, far.evm.time + 60)
    late.judges.recordHash(late.id)
    assert late.status.seats == RULES["largeJury"]


def test_8_the_slash_is_in_proportion(far: Courtroom) -> None:
    """One wrong result of a thousand costs that deal's pay and half of its collateral; a fourth of
    the results, and what is more, more."""
    lost = {}
    for tasks, wrong in ((1_000, 1), (4, 1), (4, 2)):
        deal = far.result(wrong=set(range(wrong)), tasks=tasks, units=1_000 // tasks)
        with far.gains(BOB) as found:
            cases = [
                far.challenge(deal, task=task, number=task, funded=False) for task in range(wrong)
            ]
            judged(*cases)
            cases[-1].finish()
        lost[tasks, wrong] = -found[BOB]
    assert lost == {(1_000, 1): 1_000 * UNIT, (4, 1): 1_000 * UNIT, (4, 2): 2_000 * UNIT}


def test_9_bribery_needs_the_appeal_too(far: Courtroom) -> None:
    """Nobody earns or loses before the appeal is over; then a bribed majority has lost its seats,
    the honest juror is paid, and so is the miner."""
    deal = far.result()
    case = far.challenge(deal, filer=STRANGER, leaf=LIE, funded=False).to_voting()
    jurors = [case.juror_at(index) for index in range(3)]
    with far.gains(BOB, STRANGER, *jurors) as found:
        case.judge(lies(case), lies(case), case.right_vote())
        assert case.phase == Phase.DECIDED
        assert [far.court_account(who) for who in jurors] == [(0, STAKE)] * 3
        case.appeal(by_miner=True)
        case.commit_secret(False)
        case.draw()
        case.judge()
        case.expire() if case.phase == Phase.DECIDED else None
        assert case.phase == Phase.REJECTED
        settle(far, deal.request)
    assert [found[who] for who in jurors[:2]] == [-STAKE, -STAKE]
    assert found[jurors[2]] == FEE
    assert found[STRANGER] <= -BOND
    assert found[BOB] >= NET


def test_10_what_a_jury_needs_can_not_be_taken_from_it(far: Courtroom) -> None:
    """A leaf above the class's most loses by itself; a seat that sits does not leave; more at risk
    takes the larger jury."""
    most = far.market.resourceClass(1).maxTaskUnits
    heavy = {0: Leaf(0, 0, b"\x01" * 32, most + 1)}
    deal = far.result(tasks=2, units=most, claimed=heavy, units_used=2 * most)
    leaf, path = deal.leaves[0], deal.claimed.path(0)
    opened = (leaf.index, leaf.outcome, leaf.digest, leaf.units)
    with far.gains(BOB) as found:
        far.judges.proveFalse(deal.request, opened, path)
        far.pass_time(25 * HOUR)
        far.judges.finish(deal.request)
    assert found[BOB] < 0
    case = far.challenge(far.result(), funded=False).to_voting()
    position = case.seats()[0]
    who = case.juror_at(0)
    far.judges.leave(position, sender=who)
    far.pass_time(RULES["leaveDelay"])
    until = far.judges.seatOf(position).until
    with reverts("StillSeated", position, until, 1):
        far.judges.vacate(position)
    covered = 3 * STAKE // RULES["casesPerSeat"] * 10_000 // RULES["coverBps"]
    assert far.judges.juryOf(covered) == 3
    assert far.judges.juryOf(covered + 1) == RULES["largeJury"]


def test_11_each_phase_outlasts_what_the_chain_keeps_out(far: Courtroom) -> None:
    for phase in ("step", "vote", "cure", "queue"):
        short = RULES | {phase: RULES["inclusion"] - 1}
        least = RULES["inclusion"]
        with reverts("OutOfBounds", least - 1, least, 30 * 24 * HOUR):
            far.evm.deploy("CourtExtension", far.market.address, short)


def test_12_cases_end_when_a_deal_leaves_in_another_way(far: Courtroom) -> None:
    """The requester accepts while votes are committed: jurors are paid for that, the filer gets the
    rest, and nobody loses a seat."""
    deal = far.result()
    case = far.challenge(deal, filer=STRANGER, leaf=LIE, funded=False).to_voting()
    jurors = [case.juror_at(index) for index in range(3)]
    with far.gains(STRANGER, BOB, *jurors) as found:
        case.vote()
        used = deal.claimed.root, deal.claimed.total
        far.market.acceptResult(deal.request, *used, sender=ALICE)
        case.advance()
        assert case.phase == Phase.VOID
    assert [found[who] for who in jurors] == [FEE] * 3
    assert found[STRANGER] == -3 * FEE
    assert found[BOB] >= NET
