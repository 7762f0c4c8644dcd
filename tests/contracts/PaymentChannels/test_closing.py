"""topUp, closeByMiner, closeByRequester, close: who may end a channel, when, and who gets what."""

import pytest

from suanli.protocol import LONGEST_CHANNEL, Refused
from tests.harness.channels import BID, DAY, HOUR, NOTHING, NOTICE
from tests.harness.market import ALICE, BOB, CPU, DAVE, GPU, OWNER, PRICE, STRANGER

RESERVE = PRICE // 10


def refused(name):
    return pytest.raises(Refused, match=f"^{name}")


@pytest.fixture
def channel(world):
    """One GPU for an hour at a token; 10 tokens are put in."""
    return world.open(world.quote(), 10 * PRICE)


def available(world, holder=ALICE):
    return world.channels.accountOf(holder).available


def lot(world, channel):
    return world.market.lotOf(world.address, world.message_domain.digest(channel.quote))


def close_by_miner(world, channel, amount, by=BOB):
    return world.call("close_by_miner", by, channel, amount, world.voucher(channel, amount))


@pytest.mark.spec("18.10", "18.11")
def test_the_miner_closes_with_its_best_voucher(world, channel):
    receipt = close_by_miner(world, channel, 4 * PRICE)
    id_ = world.message_domain.digest(channel.quote)
    args = {"channel": id_, "minerId": 1, "requester": ALICE, "paid": 4 * PRICE}
    money = {"earned": 39 * PRICE // 10, "fee": PRICE // 10, "refunded": 6 * PRICE}
    assert receipt.event("ChannelClosed").args == args | money
    assert {event.name for event in receipt.events} == {"ChannelClosed", "LotFreed"}
    assert available(world) == 996 * PRICE
    assert lot(world, channel).units == 0
    assert world.market.offerOf(BOB, GPU).reserved == 0


@pytest.mark.spec("18.10")
def test_at_any_time_and_only_who_acts_for_it(world, channel):
    for stranger in (ALICE, STRANGER, OWNER):
        with refused("NotChannelMiner"):
            close_by_miner(world, channel, 5, by=stranger)
    world.market_call("set_payout", BOB, BOB, DAVE)
    with refused("NotChannelMiner"):
        close_by_miner(world, channel, 5, by=DAVE)
    with world.rollback():
        world.advance(HOUR + 10 * NOTICE)
        close_by_miner(world, channel, 5)
    world.market_call("name_successor", DAVE, BOB, STRANGER)
    world.market_call("succeed", STRANGER, BOB)
    with refused("NotChannelMiner"):
        close_by_miner(world, channel, 5)
    close_by_miner(world, channel, 5, by=STRANGER)


@pytest.mark.spec("18.10")
def test_a_voucher_is_looked_at_only_if_it_pays(world, channel):
    world.call("redeem", BOB, channel, 5, world.voucher(channel, 5))
    for amount, error in ((6, "InvalidSignature"), (11 * PRICE, "VoucherAboveDeposit")):
        with refused(error):
            world.call("close_by_miner", BOB, channel, amount, NOTHING)
    world.call("close_by_miner", BOB, channel, 5, NOTHING)
    assert available(world) == 1_000 * PRICE - 5


@pytest.mark.spec("18.9", "18.11")
def test_the_requester_ends_it_and_waits_for_the_miner(world, channel):
    world.advance(360)
    receipt = world.call("close_by_requester", ALICE, channel)
    now = world.evm.time
    closable = now + NOTICE + 1
    assert receipt.event("ChannelEnded").args["closableFrom"] == closable
    assert lot(world, channel).units == 0
    assert tuple(world.channels.channelOf(channel)) == (1, now, 10 * PRICE, 0, RESERVE // 10)
    world.advance(NOTICE)
    assert world.channels.channelOf(channel).status == 2
    with refused("NoticeNotOver"):
        world.call("close", ALICE, channel)
    world.call("redeem", BOB, channel, 3 * PRICE, world.voucher(channel, 3 * PRICE))
    world.advance(1)
    assert world.channels.channelOf(channel).status == 3
    receipt = world.call("close", STRANGER, channel)
    assert receipt.event("ChannelClosed").args["refunded"] == 7 * PRICE
    assert available(world) == 997 * PRICE


@pytest.mark.spec("18.9")
def test_only_the_requester_and_while_its_time_runs(world, channel):
    for stranger in (BOB, STRANGER):
        with refused("NotChannelRequester"):
            world.call("close_by_requester", stranger, channel)
    world.advance(HOUR)
    with world.rollback():
        world.call("close_by_requester", ALICE, channel)
        world.advance(1)
        with refused("ChannelOver"):
            world.call("close_by_requester", ALICE, channel)
    world.advance(1)
    with refused("ChannelOver"):
        world.call("close_by_requester", ALICE, channel)


@pytest.mark.spec("18.9", "18.11")
def test_after_its_time_and_the_notice_anybody_closes_it(world, channel):
    with refused("NoticeNotOver"):
        world.call("close", STRANGER, channel)
    world.advance(HOUR + NOTICE)
    with refused("NoticeNotOver"):
        world.call("close", STRANGER, channel)
    world.advance(1)
    receipt = world.call("close", STRANGER, channel)
    assert receipt.event("ChannelClosed").args["paid"] == RESERVE
    assert available(world) == 1_000 * PRICE - RESERVE
    assert lot(world, channel).units == 0
    for name in ("close", "close_by_requester"):
        with refused("UnknownChannel"):
            world.call(name, ALICE, channel)


@pytest.mark.spec("18.11")
@pytest.mark.parametrize(
    ("elapsed", "due"),
    [(0, 0), (1, RESERVE // 3_600), (1_800, RESERVE // 2), (HOUR, RESERVE), (2 * HOUR, RESERVE)],
)
def test_reserved_time_costs_a_tenth(world, channel, elapsed, due):
    world.advance(elapsed)
    receipt = world.call("close_by_miner", BOB, channel, 0, NOTHING)
    assert receipt.event("ChannelClosed").args["paid"] == due


@pytest.mark.spec("18.11")
def test_what_vouchers_paid_counts_for_the_time(world, channel):
    world.call("redeem", BOB, channel, RESERVE + 1, world.voucher(channel, RESERVE + 1))
    world.advance(2 * HOUR)
    receipt = world.call("close_by_miner", BOB, channel, 0, NOTHING)
    assert receipt.event("ChannelClosed").args["paid"] == RESERVE + 1


@pytest.mark.spec("18.8")
def test_more_money(world, channel):
    receipt = world.call("top_up", ALICE, channel, PRICE, 0, 0)
    id_ = world.message_domain.digest(channel.quote)
    args = {"channel": id_, "minerId": 1, "requester": ALICE}
    more = {"deposit": 11 * PRICE, "reserve": 0, "ends": channel.ends}
    assert receipt.event("ChannelToppedUp").args == args | more
    close_by_miner(world, channel, 11 * PRICE)


@pytest.mark.spec("18.8")
def test_more_time_at_todays_price(world, channel):
    """Half an hour at 1, the other at 1 as well, two hours more at 2."""
    world.advance(HOUR // 2)
    world.sell(BOB, 100, 2 * PRICE, GPU)
    with refused("AskAboveBid"):
        world.call("top_up", ALICE, channel, PRICE, 2 * HOUR, 2 * PRICE - 1)
    world.call("top_up", ALICE, channel, PRICE, 2 * HOUR, 2 * PRICE)
    assert lot(world, channel).busyUntil == channel.ends + 2 * HOUR
    found = world.channels.channelOf(channel)
    assert (found.ends, found.reserved) == (channel.ends + 2 * HOUR, RESERVE // 2)
    with world.rollback():
        world.call("close_by_requester", ALICE, channel)
        world.advance(NOTICE + 1)
        receipt = world.call("close", STRANGER, channel)
        assert receipt.event("ChannelClosed").args["paid"] == RESERVE // 2
    with world.rollback():
        world.advance(5 * HOUR // 4)
        world.call("close_by_requester", ALICE, channel)
        world.advance(NOTICE + 1)
        receipt = world.call("close", STRANGER, channel)
        ahead = RESERVE // 2 + 4 * RESERVE
        assert receipt.event("ChannelClosed").args["paid"] == RESERVE // 2 + ahead // 2
    world.advance(5 * HOUR // 2 + NOTICE + 1)
    receipt = world.call("close", STRANGER, channel)
    assert receipt.event("ChannelClosed").args["paid"] == 5 * RESERVE


@pytest.mark.spec("18.8")
def test_time_again_and_again(world, channel):
    for _ in range(3):
        world.advance(HOUR // 3)
        world.call("top_up", ALICE, channel, 1, HOUR, BID)
    world.advance(4 * HOUR)
    receipt = world.call("close_by_miner", BOB, channel, 0, NOTHING)
    assert receipt.event("ChannelClosed").args["paid"] == 4 * RESERVE


@pytest.mark.spec("18.8")
def test_all_that_was_put_in_covers_what_is_reserved(world):
    channel = world.open(world.quote(), RESERVE)
    with refused("DepositBelowReserve"):
        world.call("top_up", ALICE, channel, RESERVE - 1, HOUR, BID)
    world.call("top_up", ALICE, channel, RESERVE, HOUR, BID)
    with refused("DepositBelowReserve"):
        world.call("top_up", ALICE, channel, 1, HOUR, BID)


@pytest.mark.spec("18.8")
def test_by_the_requester_while_its_time_runs_and_for_a_month_at_most(world, channel):
    with refused("NotChannelRequester"):
        world.call("top_up", BOB, channel, PRICE, 0, 0)
    with refused("ZeroAmount"):
        world.call("top_up", ALICE, channel, 0, HOUR, BID)
    with refused("InsufficientAvailable"):
        world.call("top_up", ALICE, channel, 1_000 * PRICE, 0, 0)
    longest = LONGEST_CHANNEL - HOUR
    with refused("TimeOutOfBounds"):
        world.call("top_up", ALICE, channel, 100 * PRICE, longest + 1, BID)
    world.call("top_up", ALICE, channel, 100 * PRICE, longest, BID)
    world.advance(LONGEST_CHANNEL + 1)
    with refused("ChannelOver"):
        world.call("top_up", ALICE, channel, PRICE, 0, 0)


@pytest.mark.spec("18.8")
def test_the_market_says_whether_there_is_more_time(world, channel):
    world.market_call("permit_operator", BOB, BOB, world.address, HOUR)
    with refused("LotEndOutOfBounds"):
        world.call("top_up", ALICE, channel, PRICE, 1, BID)
    world.market_call("permit_operator", BOB, BOB, world.address, DAY)
    world.market_call("pause", OWNER)
    with refused("EnforcedPause"):
        world.call("top_up", ALICE, channel, PRICE, 1, BID)
    world.call("top_up", ALICE, channel, PRICE, 0, BID)


@pytest.mark.spec("18.8")
def test_without_units_time_costs_nothing(world):
    world.miner(BOB, 100, PRICE, CPU)
    channel = world.open(world.quote(units=0, resource=CPU), 5)
    world.advance(10)
    world.call("top_up", ALICE, channel, 1, HOUR, 0)
    assert tuple(world.channels.channelOf(channel))[1:] == (channel.ends + HOUR, 6, 0, 0)
    world.advance(2 * HOUR)
    receipt = world.call("close_by_miner", BOB, channel, 0, NOTHING)
    assert receipt.event("ChannelClosed").args["refunded"] == 6
