"""What a court can be deployed with, and that only the court itself runs its extension."""

import pytest

from tests.harness.courtroom import HOUR, RULES, UNIT
from tests.harness.evm import reverts
from tests.harness.market import ALICE, ZERO

DAY = 24 * HOUR
MOST = 2**96 - 1


@pytest.mark.parametrize(
    ("rule", "value", "least", "most"),
    [
        ("inclusion", 0, 1, 30 * DAY),
        ("step", HOUR - 1, HOUR, 30 * DAY),
        ("vote", HOUR - 1, HOUR, 30 * DAY),
        ("cure", HOUR - 1, HOUR, 30 * DAY),
        ("queue", HOUR - 1, HOUR, 30 * DAY),
        ("filing", HOUR - 1, HOUR, 30 * DAY),
        ("joinDelay", 9 * HOUR - 1, 9 * HOUR, 90 * DAY),
        ("leaveDelay", 6 * HOUR - 1, 6 * HOUR, 90 * DAY),
        ("jury", 33, 1, 31),
        ("largeJury", 1, 3, 31),
        ("appealJury", 3, 5, 31),
        ("casesPerSeat", 101, 1, 100),
        ("penaltyBps", 2_501, 1, 2_500),
        ("coverBps", 0, 1, 10_000_000),
        ("leastSlashBps", 10_001, 1, 10_000),
        ("cureSlashBps", 5_001, 1, 5_000),
        ("slashFactor", 0, 1, 10_000),
        ("delayRate", 10**18 + 1, 0, 10**18),
        ("seatStake", 0, 1, MOST),
        ("seatFee", 0, 1, MOST),
        ("bond", 17 * UNIT - 1, 17 * UNIT, MOST),
        ("rewardCap", MOST + 1, 0, MOST),
    ],
)
@pytest.mark.spec("17.30")
def test_refuses_what_is_out_of_bounds(room, rule, value, least, most):
    with reverts("OutOfBounds", value, least, most):
        room.deploy(**{rule: value})


@pytest.mark.parametrize("rule", ["jury", "largeJury", "appealJury"])
@pytest.mark.spec("17.30")
def test_refuses_even_juries(room, rule):
    even = {"jury": 2, "largeJury": 4, "appealJury": 6}[rule]
    with reverts("EvenJury", even):
        room.deploy(**{rule: even})


@pytest.mark.spec("17.30")
def test_refuses_a_verdict_that_takes_too_long(room):
    with reverts("OutOfBounds", _verdict_by(step=5 * DAY), 0, 90 * DAY):
        room.deploy(step=5 * DAY, joinDelay=11 * DAY, leaveDelay=15 * DAY)


def _verdict_by(**changes):
    r = RULES | changes
    each = r["queue"] + 19 * r["step"] + 6 * r["vote"] + 3 * r["cure"] + 9 * r["inclusion"]
    return 2 * each + r["filing"] + r["step"]


@pytest.mark.spec("17.30")
def test_refuses_a_sink_that_nothing_could_leave(room):
    with reverts("ZeroAddress"):
        room.deploy(sink=ZERO)
    with reverts("InvalidRecipient", room.token.address):
        room.deploy(sink=room.token.address)


@pytest.mark.spec("17.1", "17.30")
def test_keeps_its_rules(room):
    assert room.judges.rules() == tuple(
        value.lower() if isinstance(value, str) else value for value in RULES.values()
    )
    assert room.judges.market() == room.market.address
    assert room.judges.token() == room.token.address


@pytest.mark.spec("17.1")
def test_the_extension_does_nothing_by_itself(room):
    extension = room.evm.at(room.judges.extension(), "CourtExtension")
    with reverts("OnlyThroughMarket"):
        extension.finish(room.request(), sender=ALICE)
    with reverts("OnlyThroughMarket"):
        extension.multicall([], sender=ALICE)
    with reverts("OnlyThroughMarket"):
        extension.caseOf(bytes(32))


@pytest.mark.spec("17.1")
def test_what_it_received_is_fetched_when_it_is_needed(room):
    deal = room.result(wrong={1})
    case = room.challenge(deal, task=1)
    case.to_voting().judge().close()
    case.finish()
    assert room.account_of(room.judges.address) == (100 * UNIT, 0)
    sink = RULES["sink"]
    held = room.token.balanceOf(room.judges.address)
    for seat in range(1, 41):
        room.judges.leave(seat, sender=room.jurors[seat - 1])
    room.pass_time(RULES["leaveDelay"])
    room.judges.collect(room.request_id(deal.request), case.id)
    for position in range(1, 41):
        room.judges.vacate(position)
    for holder in (*room.jurors, ALICE, sink):
        available, locked = room.court_account(holder)
        assert locked == 0
        if available:
            room.judges.withdraw(holder, available, sender=holder)
    assert held > 0
    assert room.account_of(room.judges.address) == (0, 0)
    assert room.token.balanceOf(room.judges.address) == 0
