"""The twelve rules, each by an attack on it, with what the attacker gains.

Gains are of all that somebody has: in the market (pay and stake included), in the court, in its
wallet. A deal here is worth 100 tokens and has 200 of collateral, and a friend is whoever acts for
an attacker under another name.
"""

import pytest
from eth_utils import keccak

from suanli.protocol import Leaf, leaf_hash
from tests.harness.courtroom import (
    HOUR,
    NOTHING,
    RULES,
    SINK,
    UNIT,
    VERDICT_BY,
    WINDOW,
    Outcome,
    Phase,
    juror,
    salt_of,
)
from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, CAROL, OWNER, STRANGER, State, terms_record

FRIEND = CAROL
PAY = 100 * UNIT - 100 * UNIT * 250 // 10_000
"""What a settled deal pays its miner."""
UNAVAILABLE = (NOTHING, NOTHING)
LIE = leaf_hash(Leaf(1, 0, keccak(b"a lie"), 25))
"""A leaf that no task has."""


def wrong_vote(case):
    return leaf_hash(case.deal.leaves[case.task]), keccak(b"invented")


def to_the_end(room, deal):
    """The last second but one step of the court's time."""
    end = room.deal(deal.request).time + WINDOW + VERDICT_BY
    room.evm.set_block(room.evm.number + 1, end - RULES["step"] + 1)


@pytest.mark.spec("17.25")
def test_rule_1_stalling_must_not_pay(room):
    """A liar's friend keeps cases of its own open; a friend loses shams on purpose."""
    deal = room.result(wrong={1})
    room.provide(FRIEND, 2_000 * UNIT)
    with room.gains(BOB, FRIEND, ALICE) as gained:
        honest = room.challenge(deal, task=1)
        stalling = [room.challenge(deal, filer=FRIEND, number=n, funded=False) for n in (0, 1)]
        honest.to_voting().judge().close()
        assert room.state(deal.request) == State.CHALLENGED
        to_the_end(room, deal)
        room.judges.finish(deal.request)
        for case in stalling:
            case.advance()
            assert case.phase == Phase.VOID
        room.judges.collect(room.request_id(deal.request), honest.id)
    assert gained[BOB] + gained[FRIEND] == -100 * UNIT
    assert gained[ALICE] - 1_020 * UNIT == RULES["rewardCap"]

    correct = room.result()
    with room.gains(BOB, FRIEND) as gained:
        sham = room.challenge(correct, filer=FRIEND, number=2, leaf=LIE, funded=False)
        sham.to_voting().judge().close()
    seconds = room.evm.time - 12 - sham.status.filedAt
    assert gained[BOB] == 100 * UNIT * seconds * RULES["delayRate"] // 10**18 > 0
    assert gained[BOB] + gained[FRIEND] < -80 * UNIT


@pytest.mark.spec("17.26")
def test_rule_1_a_silent_court_pays_but_for_what_a_verdict_took(room):
    for wrong, paid in (({1}, 0), (set(), PAY)):
        with room.evm.rollback():
            deal = room.result(wrong=wrong)
            case = room.challenge(deal, task=1, leaf=None if wrong else LIE)
            case.to_voting().judge().close()
            room.evm.set_block(room.evm.number + 1, room.evm.time + WINDOW + VERDICT_BY)
            with room.gains(BOB) as gained:
                room.market.settle(deal.request)
            assert gained == {BOB: paid}


@pytest.mark.spec("17.5")
def test_rule_2_grinding_must_not_pay(room):
    """Shams on a correct result, in the hope of a bad jury: each costs twice the last bond."""
    deal = room.result()
    room.provide(FRIEND, 1_000 * UNIT)
    with room.gains(FRIEND) as gained:
        shams = [
            room.challenge(deal, filer=FRIEND, number=n, leaf=LIE, task=1, funded=False)
            for n in range(4)
        ]
        paid = [int(sham.status.deposit) for sham in shams]
        honest = room.challenge(deal)
        for sham in shams:
            sham.to_voting().judge()
        for sham in shams:
            sham.close()
            assert sham.phase == Phase.REJECTED
    assert [fee // (20 * UNIT) for fee in paid] == [1, 2, 4, 8]
    assert gained[FRIEND] == -sum(paid)
    fee = 16 * 3 * UNIT
    assert honest.status.deposit == 20 * UNIT + fee


def test_rule_2_one_overturn_returns_no_other_bond(room):
    deal = room.result(wrong={1})
    found = room.challenge(deal, task=1)
    sham = room.challenge(deal, task=0, filer=FRIEND, leaf=LIE)
    sham.to_voting().judge()
    found.to_voting().judge().close()
    assert found.phase == Phase.UPHELD
    with room.gains(FRIEND) as gained:
        sham.close()
    assert (sham.phase, gained[FRIEND]) == (
        Phase.REJECTED,
        -int(sham.receipt.event("ChallengeFiled").args["deposit"]),
    )


@pytest.mark.spec("17.5", "17.6")
def test_rule_3_exhaustion_must_not_pay(room):
    """Whoever fills all places pays more for each; who comes after waits, and is not refused."""
    deals = [room.result() for _ in range(52)]
    room.provide(FRIEND, 5_200 * UNIT)
    deposits = []
    for number, deal in enumerate(deals[:51]):
        case = room.challenge(deal, filer=FRIEND, leaf=LIE, funded=False)
        deposits.append(int(case.status.deposit))
        assert case.phase == Phase.ANSWERING, number
    assert deposits == sorted(deposits)
    assert deposits[0] == 23 * UNIT
    assert deposits[-1] == (20 + 3 * 16) * UNIT
    waiting = room.challenge(deals[-1])
    assert waiting.phase == Phase.QUEUED
    assert room.state(deals[-1].request) == State.CHALLENGED
    with room.gains(FRIEND) as gained:
        for deal in deals[:3]:
            case_id = room.judges.caseIdOf(room.request_id(deal.request), FRIEND, 0)
            room.evm.set_block(
                room.evm.number + 1, max(room.evm.time, room.judges.caseOf(case_id).deadline + 1)
            )
            room.judges.advance(deal.request, case_id)
    assert gained[FRIEND] == 0
    waiting.advance()
    assert waiting.phase == Phase.ANSWERING


@pytest.mark.spec("17.5")
def test_rule_3_a_miners_own_cases_make_more_of_its_own_dear(room):
    room.challenge(room.result())
    assert room.judges.minerDocketOf(1).occupied == 3
    own, other = (room.judges.depositOf(0, 3, miner) - 20 * UNIT for miner in (1, 2))
    assert own == -(-3 * UNIT * 160**2 // 130**2)
    assert other == -(-3 * UNIT * 160**2 // 157**2)


def test_rule_4_copying_must_not_pay(room):
    """A filer copies a commitment; jurors copy a commitment, or a leaf without running the task."""
    deal = room.result(wrong={0})
    honest = room.challenge(deal)
    copied = honest.commitment()
    room.provide(FRIEND, 1_000 * UNIT)
    with room.gains(FRIEND) as gained:
        case = room.challenge(deal, filer=FRIEND, funded=False)
        assert case.commitment() != copied
        secret = keccak(b"any")
        copy = room.judges.caseIdOf(room.request_id(deal.request), FRIEND, 1)
        room.judges.challenge(deal.request, 1, False, 0, copied, secret, sender=FRIEND)
    assert gained[FRIEND] == 0
    honest.to_voting()
    leaf, trace = honest.right_vote()
    honest.commit(0, (leaf, trace))
    made = room.judges.voteOf(honest.id, 0, False, 0)
    thief = honest.juror_at(1)
    room.judges.commitVote(honest.id, 1, made, sender=thief)
    honest.commit(2, (leaf, keccak(b"guessed")))
    honest.show()
    honest.reveal_vote(0)
    with reverts("NotCommitted", made):
        room.judges.revealVote(honest.id, 1, leaf, trace, salt_of(honest.id, 0), sender=thief)
    honest.reveal_vote(2)
    honest.expire()
    assert honest.status.round == 1
    honest.commit_secret(False)
    honest.commit_secret(True)
    honest.draw()
    honest.judge()
    first = honest.judges.seatsOf(honest.id, 0)
    with room.gains(*room.jurors) as gained:
        honest.close()
    assert gained[room.jurors[first[0] - 1]] == UNIT
    assert gained[thief_of(room, first[1])] == -10 * UNIT
    assert copy != honest.id


def thief_of(room, position):
    return room.jurors[position - 1]


def test_rule_4_who_tells_its_vote_loses_its_seat(room):
    case = room.challenge(room.result(wrong={0}))
    case.to_voting()
    leaf, trace = case.right_vote()
    case.commit(0)
    told = case.juror_at(0)
    with room.gains(told, FRIEND) as gained:
        room.judges.seizeSeat(case.id, 0, leaf, trace, salt_of(case.id, 0), sender=FRIEND)
    assert gained[told] + gained[FRIEND] == -RULES["seatStake"] // 2


def test_rule_5_availability_is_voted_not_clicked(room):
    """A miner that withholds, and one that serves only when jurors asked."""
    deal = room.result(wrong={1})
    with room.gains(BOB, ALICE) as gained:
        case = room.challenge(deal, withheld=True)
        case.to_voting().judge(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE)
        assert case.phase == Phase.CURING
        case.expire()
        case.judge(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE)
        case.close()
        case.finish()
        room.judges.collect(room.request_id(deal.request), case.id)
    assert gained[BOB] == -200 * UNIT
    assert gained[ALICE] > 0

    late = room.result(wrong={1})
    with room.gains(BOB) as gained:
        case = room.challenge(late, withheld=True, number=1)
        case.to_voting().judge(UNAVAILABLE, UNAVAILABLE, case.right_vote())
        case.expire()
        case.judge()
        room.pass_time(WINDOW)
        assert case.close().event("FilingReopened")
        found = room.challenge(late, task=1, number=2)
        found.to_voting().judge().close()
        found.finish()
    assert found.phase == Phase.UPHELD
    assert gained[BOB] == -100 * UNIT


def test_rule_5_jurors_who_could_not_get_the_data_are_not_punished(room):
    case = room.challenge(room.result(wrong={0}))
    case.to_voting()
    case.judge(case.right_vote(), UNAVAILABLE, case.right_vote())
    with room.gains(*room.jurors) as gained:
        case.close()
    assert gained[room.jurors[case.seats()[1] - 1]] == 0
    assert sum(gained.values()) == 2 * UNIT


def test_rule_6_a_cheat_must_not_catch_itself_for_gain(room):
    """A liar's friend files first what is right."""
    deal = room.result(wrong={1})
    room.provide(FRIEND, 100 * UNIT)
    with room.gains(BOB, FRIEND, SINK) as gained:
        case = room.challenge(deal, task=1, filer=FRIEND, funded=False)
        case.to_voting().judge().close()
        case.finish()
        room.judges.collect(room.request_id(deal.request), case.id)
    assert gained[FRIEND] == RULES["rewardCap"]
    assert gained[BOB] + gained[FRIEND] == -95 * UNIT
    assert gained[SINK] == 92 * UNIT


def test_rule_6_right_filers_share_the_reward(room):
    deal = room.result(wrong={1})
    filers = [ALICE, *(account(f"friend {number}") for number in range(4))]
    cases = [room.challenge(deal, task=1, filer=filer) for filer in filers]
    for case in cases:
        case.to_voting().judge()
    for case in cases:
        case.close()
    cases[0].finish()
    with room.gains(*filers) as gained:
        for case in cases:
            room.judges.collect(room.request_id(deal.request), case.id)
    assert set(gained.values()) == {3 * UNIT + UNIT}


@pytest.mark.spec("17.8")
def test_rule_7_no_single_party_draws_the_jury(room):
    """Each of the three decides; a missed hash is never a new small draw; silence loses."""

    case = room.challenge(room.result())
    case.answer()
    juries = set()
    for blocks in (1, 2):
        with room.evm.rollback():
            room.evm.advance(1, blocks)
            case.draw()
            juries.add(tuple(case.seats()))
    assert len(juries) == 1
    with room.evm.rollback():
        room.evm.advance(60, 300)
        with reverts("HashMissed", case.status.named):
            case.reveal_secret(False)
        receipt = room.judges.recordHash(case.id)
        assert receipt.event("HashRenamed").args["seats"] == 5
        room.pass_time(12)
        case.draw()
        assert len(case.seats()) == 5
        assert tuple(case.seats()[:3]) not in juries
    room.evm.advance(1, 1)
    with room.gains(ALICE) as gained:
        case.reveal_secret(True)
        case.expire()
    assert (case.phase, gained[ALICE]) == (Phase.REJECTED, -23 * UNIT)


def test_rule_8_proportion(room):
    """A flipped bit in 1,000 tasks does not ruin a miner; lying is worse than defaulting."""
    slashed = {}
    for tasks, wrong in ((1_000, 1), (8, 3), (4, 4), (1, 1)):
        with room.evm.rollback():
            deal = room.result(wrong=set(range(wrong)), tasks=tasks, units=1_000 // tasks)
            cases = [room.challenge(deal, task=n, number=n) for n in range(wrong)]
            for case in cases:
                case.expire()
            receipt = cases[0].finish()
            slashed[tasks, wrong] = receipt.event("DealFinished").args["slashBps"]
    assert slashed == {(1_000, 1): 5_000, (8, 3): 7_500, (4, 4): 10_000, (1, 1): 10_000}
    assert min(slashed.values()) > room.market.termsOf(room.court_terms).defaultBps


def test_rule_9_bribery_needs_the_appeal_too(room):
    """A bribed first jury: nothing is earned before the appeal, which takes its seats."""
    deal = room.result(wrong={0})
    case = room.challenge(deal)
    case.to_voting()
    with room.gains(*room.jurors, BOB) as gained:
        case.judge(*(wrong_vote(case),) * 3)
    assert case.status.outcome == Outcome.STANDS
    assert set(gained.values()) == {0}
    case.appeal(by_miner=False)
    case.commit_secret(True)
    case.draw()
    case.judge()
    bribed = [room.jurors[p - 1] for p in case.judges.seatsOf(case.id, 0)]
    with room.gains(*bribed, BOB) as gained:
        case.advance()
        case.finish()
    assert [gained[each] for each in bribed] == [-RULES["seatStake"]] * 3
    saved = 100 * UNIT + PAY
    assert -sum(gained[each] for each in bribed) > 10 * saved


@pytest.mark.spec("17.28")
def test_rule_10_a_leaf_above_the_maximum_loses_by_itself(room):
    big = Leaf(1, 0, keccak(b"big"), 1_001)
    deal = room.result(tasks=4, units=1_000, claimed={1: big, 0: Leaf(0, 0, b"\1" * 32, 999)})
    leaf = (big.index, big.outcome, big.digest, big.units)
    with room.gains(BOB, STRANGER) as gained:
        receipt = room.judges.proveFalse(deal.request, leaf, deal.claimed.path(1), sender=STRANGER)
        assert receipt.event("ClaimProvedFalse").args["total"] == 4_000
        room.evm.set_block(room.evm.number + 1, room.docket(deal).filingUntil + 1)
        room.judges.finish(deal.request)
    assert gained == {BOB: -4_000 * UNIT, STRANGER: 0}
    assert room.state(deal.request) == State.OVERTURNED


@pytest.mark.spec("17.28")
def test_rule_10_a_claim_that_contradicts_itself_loses_all(room):
    deal = room.result(units_used=99)
    leaf = deal.leaves[2]
    opened = (leaf.index, leaf.outcome, leaf.digest, leaf.units)
    room.judges.proveFalse(deal.request, opened, deal.claimed.path(2))
    room.evm.set_block(room.evm.number + 1, room.docket(deal).filingUntil + 1)
    receipt = room.judges.finish(deal.request)
    assert receipt.event("DealFinished").args["slashBps"] == 10_000


@pytest.mark.spec("17.6")
def test_rule_10_the_jury_grows_with_what_is_at_stake(room):
    assert room.judges.juryOf(RULES["seatStake"] // 4 * 3 * 10_000 // 15_000) == 3
    assert room.judges.juryOf(RULES["seatStake"]) == 5


@pytest.mark.spec("17.29", "17.30")
def test_rule_11_times_are_long_enough(room):
    window, verdict = room.judges.leastTimes()
    step, vote, cure = RULES["step"], RULES["vote"], RULES["cure"]
    each = RULES["queue"] + 19 * step + 6 * vote + 3 * cure + 9 * RULES["inclusion"]
    assert (window, verdict) == (RULES["filing"], 2 * each + RULES["filing"] + step)
    record = terms_record(
        court=room.judges.address, challengeWindow=window, verdictBy=verdict, courtBps=10_000
    )
    room.market.addTerms(record, sender=OWNER)
    with reverts("OutOfBounds", window - 1, window, 30 * 24 * HOUR):
        room.market.addTerms(record | {"challengeWindow": window - 1}, sender=OWNER)
    with reverts("OutOfBounds", verdict - 1, verdict, 90 * 24 * HOUR):
        room.market.addTerms(record | {"verdictBy": verdict - 1}, sender=OWNER)
    with reverts("OutOfBounds", 4_999, 5_000, 10_000):
        room.market.addTerms(record | {"overturnBps": 4_999}, sender=OWNER)
    for phase in ("step", "vote", "cure", "filing"):
        with reverts("OutOfBounds", HOUR - 1, HOUR, 30 * 24 * HOUR):
            room.deploy(**{phase: HOUR - 1})


def test_rule_12_a_deal_that_ends_otherwise_ends_its_cases(room):
    """The requester accepts: jurors are paid for commits, the bond goes back less the fee."""
    deal = room.result()
    case = room.challenge(deal, filer=FRIEND, leaf=LIE)
    case.to_voting()
    case.commit(0)
    case.commit(1)
    room.accept(deal.request)
    with room.gains(FRIEND, SINK, *room.jurors) as gained:
        case.advance()
    assert case.phase == Phase.VOID
    assert (gained.pop(FRIEND), gained.pop(SINK)) == (-3 * UNIT, UNIT)
    assert sorted(gained.values())[-3:] == [0, UNIT, UNIT]
    assert room.judges.seatTotals().occupied == 0
    assert juror(0) in gained
