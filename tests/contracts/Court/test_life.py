"""What becomes of whole cases: who wins, and where each coin goes.

A deal here has 4 tasks, 100 units at 1 token, 200 of collateral; one wrong leaf costs half of it.
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
    Assessment,
    Outcome,
    Phase,
    salt_of,
)
from tests.harness.market import ALICE, BOB, CAROL, STRANGER, State, Trial

UNAVAILABLE = (NOTHING, NOTHING)


def wrong_vote(case):
    return leaf_hash(case.deal.leaves[case.task]), keccak(b"invented")


def by_juror(case, amount, rounds=(0,)):
    """What jurors of some rounds gain, if all gain the same."""
    positions = [p for r in rounds for p in case.judges.seatsOf(case.id, r)]
    return {f"juror {position - 1}": amount for position in positions}


@pytest.mark.spec("17.4", "17.10", "17.11", "17.25", "17.26")
def test_a_wrong_leaf_is_found(room):
    with room.divided() as found:
        deal = room.result(wrong={1})
        room.provide(ALICE, 23 * UNIT)
        start = room.wealth(ALICE), room.wealth(BOB), room.wealth(SINK)
        case = room.challenge(deal, task=1, funded=False)
        assert room.state(deal.request) == State.CHALLENGED
        assert room.court_account(ALICE) == (0, 23 * UNIT)
        assert case.phase == Phase.ANSWERING
        case.answer()
        assert case.phase == Phase.DRAWING
        case.draw()
        assert case.phase == Phase.VOTING
        case.vote()
        assert case.phase == Phase.SHOWING
        assert room.deal(deal.request).trial == Trial.FROZEN
        case.show()
        assert room.deal(deal.request).trial == Trial.REVEALED
        case.reveal()
        assert (case.phase, case.status.outcome) == (Phase.DECIDED, Outcome.WRONG)
        case.close()
        assert case.phase == Phase.UPHELD
        assert room.state(deal.request) == State.CHALLENGED
        assert room.deal(deal.request).dueSet
        receipt = case.finish()
        assert receipt.event("DealFinished").args == {
            "requestId": room.request_id(deal.request),
            "result": Phase.UPHELD,
            "slashBps": 5_000,
            "received": 100 * UNIT,
        }
        assert room.state(deal.request) == State.OVERTURNED
        assert room.court_account(room.judges.address) == (8 * UNIT, 0)
        case.judges.collect(room.request_id(deal.request), case.id)
        assert room.court_account(room.judges.address) == (0, 0)
        assert (room.wealth(ALICE), room.wealth(BOB), room.wealth(SINK)) == (
            start[0] + 5 * UNIT,
            start[1] - 100 * UNIT,
            start[2] + 92 * UNIT,
        )
    assert {name: gain for name, gain in found.items() if "juror" in name} == by_juror(case, UNIT)


def upheld_at_once(room, **changes):
    """Closed after the window, so that the deal ends with its case."""
    deal = room.result(wrong={1}, **changes)
    case = room.challenge(deal, task=1)
    case.to_voting()
    room.pass_time(3 * HOUR)
    case.judge()
    room.evm.set_block(room.evm.number + 1, room.evm.time + 25 * HOUR)
    return deal, case


@pytest.mark.spec("17.25", "17.27")
def test_the_last_case_ends_the_deal_once_filing_is_over(room):
    deal, case = upheld_at_once(room)
    with room.divided() as found:
        receipt = case.advance()
    assert room.state(deal.request) == State.OVERTURNED
    assert found == {
        "alice": 5 * UNIT,
        "bob": -100 * UNIT,
        "sink": 92 * UNIT,
        **by_juror(case, UNIT),
    }
    assert receipt.event("RewardPaid").args == {
        "caseId": case.id,
        "filer": ALICE.lower(),
        "refund": 3 * UNIT,
        "reward": 5 * UNIT,
    }
    assert room.docket(deal).finished
    assert case.status.places == 0
    assert case.judges.seatTotals().occupied == 0
    assert case.judges.minerDocketOf(1) == (0, 1)


@pytest.mark.spec("17.17", "17.22", "17.25")
def test_a_right_leaf_stands(room):
    deal = room.result()
    lie = leaf_hash(Leaf(1, 0, keccak(b"lie"), 25))
    case = room.challenge(deal, task=1, leaf=lie)
    case.to_voting().judge()
    assert case.status.outcome == Outcome.STANDS
    with room.divided() as found:
        case.close()
    assert case.phase == Phase.REJECTED
    seconds = room.evm.time - 12 - case.status.filedAt
    delay = 100 * UNIT * seconds * RULES["delayRate"] // 10**18
    assert found == {
        "alice": -23 * UNIT,
        "bob": delay,
        "sink": 20 * UNIT - delay,
        **by_juror(case, UNIT),
    }
    case.finish()
    assert room.state(deal.request) == State.SETTLEABLE
    room.market.settle(deal.request)
    assert room.state(deal.request) == State.SETTLED


@pytest.mark.spec("17.22")
def test_the_miner_gets_half_of_what_jurors_leave_at_most(room):
    deal = room.result()
    case = room.challenge(deal, leaf=b"\1" * 32)
    case.to_voting().judge()
    room.pass_time(50 * 24 * HOUR)
    with room.gains(BOB) as gained:
        case.close()
    assert gained == {BOB: 10 * UNIT}


@pytest.mark.spec("17.23", "17.27")
def test_who_filed_another_wrong_leaf_gets_its_money_back_and_no_reward(room):
    deal = room.result(wrong={1})
    case = room.challenge(deal, task=1, leaf=b"\1" * 32)
    case.to_voting().judge().close()
    assert case.phase == Phase.UPHELD
    case.finish()
    receipt = case.judges.collect(room.request_id(deal.request), case.id)
    paid = receipt.event("RewardPaid").args
    assert (paid["refund"], paid["reward"]) == (3 * UNIT, 0)


@pytest.mark.spec("17.16", "17.27")
def test_a_miner_that_does_not_answer_loses(room):
    deal = room.result(wrong={1})
    case = room.challenge(deal, task=1)
    with room.divided() as found:
        case.expire()
        assert case.phase == Phase.UPHELD
        case.finish()
        case.judges.collect(room.request_id(deal.request), case.id)
    assert found == {"bob": -100 * UNIT, "sink": 100 * UNIT}


@pytest.mark.spec("17.16", "17.25")
def test_a_miner_silent_to_withheld_data_loses_all(room):
    deal = room.result()
    case = room.challenge(deal, withheld=True)
    case.expire()
    receipt = case.finish()
    assert receipt.event("DealFinished").args["slashBps"] == 10_000


@pytest.mark.spec("17.16")
def test_a_miner_that_keeps_its_secret_loses(room):
    case = room.challenge(room.result())
    case.answer()
    room.pass_time(12)
    case.reveal_secret(False)
    case.expire()
    assert case.phase == Phase.UPHELD


@pytest.mark.spec("17.16")
def test_a_filer_that_keeps_its_secret_loses(room):
    case = room.challenge(room.result(wrong={0}))
    case.answer()
    room.pass_time(12)
    case.reveal_secret(True)
    with room.gains(ALICE) as gained:
        case.expire()
    assert (case.phase, gained) == (Phase.REJECTED, {ALICE: -23 * UNIT})


@pytest.mark.spec("17.16")
def test_a_filer_loses_if_both_keep_their_secrets(room):
    case = room.challenge(room.result())
    case.answer()
    case.expire()
    assert case.phase == Phase.REJECTED


@pytest.mark.spec("17.16", "17.19")
def test_a_filer_that_does_not_show_loses_and_jurors_are_paid_for_committing(room):
    case = room.challenge(room.result(wrong={0}))
    case.to_voting().vote()
    with room.gains(ALICE, *room.jurors) as gained:
        case.expire()
    assert case.phase == Phase.REJECTED
    assert gained.pop(ALICE) == -23 * UNIT
    assert sum(gained.values()) == 3 * UNIT


@pytest.mark.spec("17.12", "17.19", "17.20")
def test_absent_and_minority_jurors_pay(room):
    deal = room.result(wrong={0})
    case = room.challenge(deal)
    case.to_voting()
    right = case.right_vote()
    case.judge(right, right, wrong_vote(case))
    with room.divided() as found:
        receipt = case.close()
    assert case.phase == Phase.UPHELD
    seats = case.seats()
    assert [found[f"juror {seats[i] - 1}"] for i in range(3)] == [UNIT, UNIT, -10 * UNIT]
    assert [
        event.args["assessment"] for event in receipt.events if event.name == "JurorAssessed"
    ] == [Assessment.PAID, Assessment.PAID, Assessment.PENALIZED]
    assert room.judges.seatOf(seats[2]).until > room.evm.time
    assert room.judges.seatTotals().seats == 39


@pytest.mark.spec("17.12", "17.19")
def test_a_vote_with_the_right_leaf_and_another_trace_is_against_the_verdict(room):
    case = room.challenge(room.result(wrong={0}))
    case.to_voting()
    right = case.right_vote()
    case.judge(right, right, (right[0], keccak(b"copied")))
    with room.gains(*room.jurors) as gained:
        case.close()
    assert sorted(gain for gain in gained.values() if gain) == [-10 * UNIT, UNIT, UNIT]


@pytest.mark.spec("17.14", "17.19")
def test_without_a_majority_another_jury_is_drawn_once(room):
    deal = room.result(wrong={0})
    case = room.challenge(deal)
    case.to_voting()
    first = case.seats()
    case.judge(case.right_vote(), wrong_vote(case), None)
    assert (case.phase, case.status.round) == (Phase.ANSWERING, 1)
    case.commit_secret(False)
    case.commit_secret(True)
    case.draw()
    assert set(case.seats()) & set(first) == set()
    case.judge()
    assert case.status.outcome == Outcome.WRONG
    with room.gains(*room.jurors) as gained:
        case.close()
    seats = {p: gained[room.jurors[p - 1]] for p in first}
    assert list(seats.values()) == [UNIT, -10 * UNIT, -10 * UNIT]
    assert sum(gained.values()) == 4 * UNIT - 20 * UNIT


def without_majority(room, deal):
    case = room.challenge(deal)
    case.to_voting()
    case.judge(case.right_vote(), wrong_vote(case), None)
    case.commit_secret(False)
    case.commit_secret(True)
    case.draw()
    case.judge(None, case.right_vote(), wrong_vote(case))
    assert (case.phase, case.status.outcome) == (Phase.DECIDED, Outcome.NONE)
    return case


@pytest.mark.spec("17.14", "17.17", "17.23", "17.25")
def test_two_juries_without_a_majority_leave_the_result_as_it_is(room):
    deal = room.result(wrong={0})
    case = without_majority(room, deal)
    with room.divided() as found:
        case.close()
    assert case.phase == Phase.UNDECIDED
    jurors = [gain for name, gain in found.items() if "juror" in name]
    assert sorted(jurors) == [-10 * UNIT, -10 * UNIT, UNIT, UNIT, UNIT, UNIT]
    assert (found["alice"], found["sink"]) == (-4 * UNIT, 20 * UNIT)
    case.finish()
    assert room.state(deal.request) == State.SETTLEABLE


@pytest.mark.spec("17.15")
def test_either_may_appeal_without_a_majority(room):
    for by_miner in (False, True):
        with room.evm.rollback():
            case = without_majority(room, room.result(wrong={0}))
            case.appeal(by_miner)
            assert (case.phase, case.status.round) == (Phase.ANSWERING, 2)


def appealed(room, deal, votes, by_miner):
    """A case decided by `votes` (a function of the case), appealed."""
    case = room.challenge(deal)
    case.to_voting()
    case.judge(*(votes(case),) * 3)
    case.appeal(by_miner)
    case.commit_secret(not by_miner)
    case.draw()
    assert case.status.seats == 7
    return case


@pytest.mark.spec("17.15", "17.19", "17.24")
def test_an_appeal_reverses_and_the_majority_loses_its_seats(room):
    deal = room.result(wrong={0})
    case = appealed(room, deal, wrong_vote, by_miner=False)
    case.judge()
    assert (case.phase, case.status.outcome) == (Phase.DECIDED, Outcome.WRONG)
    with room.divided() as found:
        case.advance()
    assert case.phase == Phase.UPHELD
    first, second = (case.judges.seatsOf(case.id, r) for r in (0, 2))
    assert [found[f"juror {p - 1}"] for p in first] == [-1_000 * UNIT] * 3
    assert [found[f"juror {p - 1}"] for p in second] == [UNIT] * 7
    assert found["sink"] == 3_000 * UNIT
    assert found["alice"] == -7 * UNIT
    assert case.status.deposit == 7 * UNIT


@pytest.mark.spec("17.15", "17.23", "17.24")
def test_an_appeal_that_fails_costs_its_deposit(room):
    deal = room.result(wrong={0})
    case = appealed(room, deal, lambda case: case.right_vote(), by_miner=True)
    case.judge()
    deposit = case.status.appealDeposit
    with room.divided() as found:
        case.advance()
    assert case.phase == Phase.UPHELD
    assert found["bob"] == -deposit
    assert found["sink"] == deposit - 10 * UNIT
    assert "alice" not in found


@pytest.mark.spec("17.15", "17.24")
def test_an_appeal_that_finds_nothing_costs_its_fee(room):
    deal = room.result(wrong={0})
    case = appealed(room, deal, lambda case: case.right_vote(), by_miner=True)
    case.judge(*[None] * 4, *[case.right_vote()] * 3)
    assert (case.phase, case.status.outcome) == (Phase.DECIDED, Outcome.WRONG)
    with room.divided() as found:
        case.advance()
    assert case.phase == Phase.UPHELD
    fee = case.status.appealDeposit - 40 * UNIT
    assert found["bob"] == -fee
    second = case.judges.seatsOf(case.id, 2)
    assert [found[f"juror {p - 1}"] for p in second] == [-10 * UNIT] * 4 + [UNIT] * 3
    assert found["sink"] == 4 * 10 * UNIT + fee - 6 * UNIT
    assert "alice" not in found


@pytest.mark.spec("17.24")
def test_an_appeal_against_a_right_leaf_that_stood_is_won_by_the_miner(room):
    deal = room.result()
    case = appealed(room, deal, lambda case: (b"\3" * 32, b"\4" * 32), by_miner=True)
    case.judge()
    with room.divided() as found:
        case.advance()
    assert case.phase == Phase.REJECTED
    assert found["alice"] == -23 * UNIT
    assert 0 < found["bob"] < 6 * UNIT + UNIT // 2
    assert found["sink"] == 3_000 * UNIT + 16 * UNIT - found["bob"]


@pytest.mark.spec("17.13", "17.25", "17.27")
def test_data_that_stays_unavailable_costs_all(room):
    deal = room.result()
    case = room.challenge(deal, withheld=True)
    case.to_voting()
    case.judge(UNAVAILABLE, UNAVAILABLE, case.right_vote())
    assert (case.phase, case.status.unavailable) == (Phase.CURING, False)
    case.expire()
    assert (case.phase, case.status.second) == (Phase.VOTING, True)
    case.judge(UNAVAILABLE, UNAVAILABLE, case.right_vote())
    assert (case.phase, case.status.outcome) == (Phase.DECIDED, Outcome.UNAVAILABLE)
    with room.divided() as found:
        case.close()
        receipt = case.finish()
        case.judges.collect(room.request_id(deal.request), case.id)
    assert receipt.event("DealFinished").args["slashBps"] == 10_000
    assert found == {
        "alice": 5 * UNIT,
        "bob": -200 * UNIT,
        "sink": 192 * UNIT,
        **by_juror(case, UNIT),
    }


def cured(room, deal, **changes):
    case = room.challenge(deal, **changes)
    case.to_voting()
    case.judge(UNAVAILABLE, UNAVAILABLE, case.right_vote())
    case.expire()
    case.judge()
    return case


@pytest.mark.spec("17.13", "17.21", "17.22")
def test_data_that_came_late_costs_the_miner_and_opens_filing_again(room):
    deal = room.result(wrong={2})
    case = cured(room, deal, withheld=True)
    room.pass_time(30 * HOUR)
    with room.divided() as found:
        receipt = case.close()
    assert case.phase == Phase.REJECTED
    until = room.evm.time - 12 + RULES["filing"]
    assert receipt.event("FilingReopened").args["until"] == until
    assert found == {"alice": -3 * UNIT, **by_juror(case, UNIT)}
    assert room.state(deal.request) == State.CHALLENGED
    later = room.challenge(deal, task=2, filer=CAROL)
    assert later.phase == Phase.ANSWERING


@pytest.mark.spec("17.22", "17.25")
def test_a_cure_is_paid_and_slashed(room):
    deal = room.result()
    case = cured(room, deal, withheld=True)
    case.close()
    with room.divided() as found:
        receipt = case.finish()
        case.judges.collect(room.request_id(deal.request), case.id)
    assert receipt.event("DealFinished").args == {
        "requestId": room.request_id(deal.request),
        "result": Phase.UNDECIDED,
        "slashBps": 1_000,
        "received": 20 * UNIT,
    }
    assert room.state(deal.request) == State.OVERTURNED
    fee = 100 * UNIT * 250 // 10_000
    assert found == {
        "alice": -100 * UNIT + 3 * UNIT,
        "bob": 100 * UNIT - fee - 20 * UNIT,
        "treasury": fee,
        "sink": 17 * UNIT,
    }


@pytest.mark.spec("17.21")
def test_withheld_data_that_was_there_opens_filing_again_once(room):
    deal = room.result()
    case = room.challenge(deal, withheld=True)
    case.to_voting().judge()
    room.pass_time(30 * HOUR)
    assert case.close().event("FilingReopened")
    later = room.challenge(deal, withheld=True, number=1)
    later.to_voting().judge()
    room.pass_time(30 * HOUR)
    receipt = later.close()
    assert "FilingReopened" not in [event.name for event in receipt.events]
    assert receipt.event("DealFinished").args["result"] == Phase.REJECTED


@pytest.mark.spec("17.18", "17.19", "17.23")
def test_the_requester_ends_a_case_by_accepting_until_a_leaf_is_shown(room):
    deal = room.result()
    case = room.challenge(deal, filer=CAROL)
    case.to_voting()
    case.commit(0)
    room.accept(deal.request)
    with room.gains(CAROL, SINK, *room.jurors) as gained:
        receipt = case.advance()
    assert case.phase == Phase.VOID
    assert (gained.pop(CAROL), gained.pop(SINK)) == (-3 * UNIT, 2 * UNIT)
    assert sum(gained.values()) == UNIT
    assert receipt.event("DepositsDivided").args["jurors"] == UNIT
    assert room.judges.seatTotals().occupied == 0


@pytest.mark.spec("17.18", "17.23")
def test_nobody_pays_for_a_case_that_ends_before_its_jury_is_drawn(room):
    deal = room.result()
    case = room.challenge(deal, filer=CAROL)
    room.accept(deal.request)
    with room.divided(CAROL) as found:
        case.advance()
    assert (case.phase, found) == (Phase.VOID, {})


@pytest.mark.spec("17.18")
def test_a_court_that_is_too_late_ends_its_cases(room):
    deal = room.result(wrong={0})
    case = room.challenge(deal)
    case.to_voting().judge()
    room.pass_time(70 * 24 * HOUR)
    case.advance()
    assert case.phase == Phase.VOID


@pytest.mark.spec("17.3", "17.6")
def test_a_case_without_free_seats_waits(room):
    deals = [room.result() for _ in range(52)]
    cases = [room.challenge(deal) for deal in deals]
    phases = [case.phase for case in cases]
    assert phases == [Phase.ANSWERING] * 51 + [Phase.QUEUED]
    waiting = cases[-1]
    assert room.state(deals[-1].request) == State.CHALLENGED
    assert room.judges.seatTotals().queued == 3
    room.accept(deals[0].request)
    cases[0].advance()
    waiting.advance()
    assert waiting.phase == Phase.ANSWERING
    assert room.judges.seatTotals().queued == 0


@pytest.mark.spec("17.6", "17.17")
def test_who_waited_in_vain_loses_nothing(room):
    cases = [room.challenge(room.result()) for _ in range(52)]
    waiting = cases[-1]
    with room.gains(ALICE) as gained:
        waiting.expire()
    assert (waiting.phase, gained) == (Phase.UNDECIDED, {ALICE: 0})


@pytest.mark.spec("17.25", "17.27")
def test_several_filers_share_the_reward(room):
    deal = room.result(wrong={1})
    filers = (ALICE, CAROL, STRANGER)
    cases = [room.challenge(deal, task=1, filer=filer) for filer in filers]
    for case in cases:
        case.to_voting().judge()
    for case in cases:
        case.close()
    receipt = cases[0].finish()
    assert receipt.event("DealFinished").args["slashBps"] == 5_000
    with room.gains(*filers) as gained:
        for case in cases:
            case.judges.collect(room.request_id(deal.request), case.id)
    share = 5 * UNIT // 3
    assert gained == dict.fromkeys(filers, 3 * UNIT + share)
    assert room.court_account(room.judges.address) == (0, 0)


@pytest.mark.spec("17.25")
def test_each_wrong_leaf_counts(room):
    deal = room.result(wrong={0, 1, 2}, tasks=8)
    cases = [room.challenge(deal, task=task, number=task) for task in (0, 1, 2)]
    for case in cases:
        case.to_voting().judge()
    for case in cases:
        case.close()
    receipt = cases[0].finish()
    assert receipt.event("DealFinished").args["slashBps"] == 7_500


@pytest.mark.spec("17.27")
def test_a_renamed_draw_makes_nobody_right(room):
    """What marks a draw whose block was missed marks, of a closed case, whose filer is right."""
    deal = room.result(wrong={1})
    bogus = room.challenge(deal, task=1, filer=CAROL, leaf=b"\1" * 32)
    honest = room.challenge(deal, task=1)
    bogus.answer()
    room.evm.advance(60, 300)
    room.judges.recordHash(bogus.id)
    room.pass_time(12)
    bogus.draw()
    bogus.judge()
    honest.to_voting().judge()
    bogus.close()
    honest.close()
    honest.finish()
    request_id = room.request_id(deal.request)
    paid = room.judges.collect(request_id, bogus.id).event("RewardPaid").args
    assert (paid["refund"], paid["reward"]) == (5 * UNIT, 0)
    paid = room.judges.collect(request_id, honest.id).event("RewardPaid").args
    assert (paid["refund"], paid["reward"]) == (3 * UNIT, 5 * UNIT)


@pytest.mark.spec("17.9", "17.19")
def test_who_told_its_vote_is_not_paid_for_committing(room):
    deal = room.result()
    case = room.challenge(deal)
    case.to_voting()
    leaf, trace = case.right_vote()
    case.commit(0)
    told = case.juror_at(0)
    room.judges.seizeSeat(case.id, 0, leaf, trace, salt_of(case.id, 0), sender=STRANGER)
    room.accept(deal.request)
    with room.gains(told) as gained:
        case.advance()
    assert (case.phase, gained) == (Phase.VOID, {told: 0})


def served_on_appeal(room, deal, **changes):
    """The first jury says twice that it can't be had; the appeal's gets it at once."""
    case = room.challenge(deal, **changes)
    case.to_voting()
    case.judge(UNAVAILABLE, UNAVAILABLE, None)
    case.expire()
    case.judge(UNAVAILABLE, UNAVAILABLE, None)
    assert case.status.outcome == Outcome.UNAVAILABLE
    case.appeal(by_miner=True)
    case.commit_secret(False)
    case.draw()
    case.judge()
    return case


@pytest.mark.spec("17.21", "17.22", "17.24")
def test_data_that_came_only_for_the_appeal_came_late(room):
    """Its miner pays the jury that it called; whoever was right to challenge it loses nothing."""
    deal = room.result()
    case = served_on_appeal(room, deal, withheld=True)
    with room.divided() as found:
        receipt = case.advance()
    assert (case.phase, room.docket(deal).cured) == (Phase.REJECTED, True)
    jury = RULES["appealJury"] * RULES["seatFee"]
    args = receipt.event("DepositsDivided").args
    assert (args["appellant"], args["jurors"], args["miner"]) == (2 * RULES["bond"], jury, 0)
    assert (found.get("alice", 0), found["bob"]) == (0, -jury - args["sink"])
    case.finish()
    assert room.state(deal.request) == State.OVERTURNED


@pytest.mark.spec("17.21")
def test_data_that_a_jury_could_not_get_after_it_was_found_there_was_served(room):
    """The first one finds the leaf; half of the appeal's can't have it, then it finds nothing."""
    deal = room.result()
    case = room.challenge(deal, leaf=b"\1" * 32)
    case.to_voting().judge()
    case.appeal(by_miner=False)
    case.commit_secret(True)
    case.draw()
    case.judge(*[UNAVAILABLE] * RULES["appealJury"])
    case.expire()
    case.judge(*[None] * RULES["appealJury"])
    case.advance()
    assert (case.phase, room.docket(deal).cured) == (Phase.REJECTED, False)
    case.finish()
    assert room.state(deal.request) == State.SETTLEABLE


@pytest.mark.spec("17.31")
def test_money_in_is_money_owed(room):
    deal = room.result(wrong={1})
    room.challenge(deal, task=1).to_voting().judge().close()
    books = room.books()
    assert books["held"] == books["owed"]
    room.challenge(room.result()).expire()
    books = room.books()
    assert books["held"] == books["owed"]


def test_bob_is_the_miner(room):
    assert room.number_of(BOB) == 1
