"""Whoever wants what is others': attempts that once succeeded, or nearly."""

from __future__ import annotations

import pytest

from tests.harness.courtroom import SINK, UNIT, Case, Phase, salt_of, secret_of
from tests.harness.evm import reverts
from tests.harness.market import ALICE, CAROL, STRANGER

BOGUS = b"\7" * 32


def missed(case: Case) -> Case:
    """Answered, and nobody records the hash in time: the large jury, by a later block."""
    case.answer()
    case.room.evm.advance(12, 300)
    case.judges.recordHash(case.id, sender=STRANGER)
    case.room.evm.advance(12, 2)
    case.draw()
    return case


@pytest.mark.spec("17.27")
def test_a_missed_hash_makes_no_filer_right(room):
    """A friend of the miner's files a leaf that nobody holds right, and lets the hash pass."""
    deal = room.result(wrong={1})
    honest = room.challenge(deal, task=1)
    friend = room.challenge(deal, task=1, filer=CAROL, leaf=BOGUS)
    honest.to_voting().judge()
    missed(friend).judge()
    for case in (honest, friend):
        case.close()
        assert case.phase == Phase.UPHELD
    honest.finish()
    seats = 3 * room.rules["seatFee"]
    with room.gains(ALICE, CAROL) as gains:
        for case in (friend, honest):
            room.judges.collect(room.request_id(deal.request), case.id, sender=STRANGER)
    assert gains[ALICE] == seats + room.rules["rewardCap"]
    assert gains[CAROL] == 5 * room.rules["seatFee"]
    assert room.court_account(room.judges.address) == (0, 0)


@pytest.mark.spec("17.9", "17.19")
def test_a_seized_seat_is_paid_for_nothing(room):
    """Also where a case ends without a verdict."""
    deal = room.result()
    case = room.challenge(deal, leaf=BOGUS).to_voting()
    case.commit(0)
    leaf, trace = case.votes[0]
    salt = salt_of(case.id, 0)
    juror = case.juror_at(0)
    room.judges.seizeSeat(case.id, 0, leaf, trace, salt, sender=STRANGER)
    result = deal.claimed.root, deal.claimed.total
    room.market.acceptResult(deal.request, *result, sender=ALICE)
    with room.gains(juror, SINK) as gains:
        case.advance()
    assert case.phase == Phase.VOID
    assert gains[juror] == 0
    with reverts("WrongPhase", case.id, Phase.VOID):
        case.advance()


@pytest.mark.spec("17.25")
def test_no_deal_is_finished_over_a_case_that_is_open(room):
    """Neither by whoever calls, nor with the case that was closed before."""
    deal = room.result(wrong={1})
    found = room.challenge(deal, task=1)
    waiting = room.challenge(deal, task=2, filer=CAROL)
    found.to_voting().judge()
    until = room.docket(deal).filingUntil
    room.evm.set_block(room.evm.number + 1, max(until + 1, found.status.deadline + 1))
    found.advance()
    assert (found.phase, room.docket(deal).finished) == (Phase.UPHELD, False)
    with reverts("FilingOpen", room.request_id(deal.request), 1, until):
        room.judges.finish(deal.request)
    waiting.advance()
    assert room.docket(deal).finished


@pytest.mark.spec("17.4", "17.5", "17.8", "17.27")
def test_what_one_said_is_worth_nothing_to_another(room):
    """A copied filing leads nowhere, a number is used once, and what came is collected once."""
    deal = room.result(wrong={1})
    case = room.challenge(deal, task=1)
    room.provide(CAROL, 1_000 * UNIT)
    request_id = room.request_id(deal.request)
    copy = Case(room, deal, room.judges.caseIdOf(request_id, CAROL, 0), 1, CAROL, case.held)
    said = case.secret(False)
    filing = deal.request, 0, False, 1, case.commitment(), said
    room.judges.challenge(*filing, sender=CAROL)
    with reverts("CaseExists", case.id):
        room.judges.challenge(*filing, sender=ALICE)
    case.answer()
    copy.answer()
    case.draw()
    copy.reveal_secret(True)
    for own in (case, copy):
        with reverts("NotCommitted", said):
            room.judges.revealSecret(copy.id, secret_of(own.id, 0, False), sender=CAROL)
    with room.gains(CAROL) as gains:
        copy.expire()
    assert (copy.phase, gains[CAROL] < 0) == (Phase.REJECTED, True)
    case.judge()
    case.close()
    case.finish()
    room.judges.collect(request_id, case.id)
    with reverts("NothingToCollect", case.id):
        room.judges.collect(request_id, case.id)
