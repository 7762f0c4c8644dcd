"""What somebody might try, by name; what is refused by a single check stands with its function."""

import pytest

from suanli.protocol import Refused
from tests.harness.channels import BID, HOUR, NOTHING, NOTICE, ChannelWorld
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, DAVE, GPU, MAX_UINT256, PRICE, STRANGER, World


def refused(name):
    return pytest.raises(Refused, match=f"^{name}")


@pytest.mark.spec("18.2", "18.6", "18.11")
def test_vouchers_of_a_former_channel_pay_nothing_in_the_next(world):
    """Of the same parties, in all but the nonce alike."""
    old = world.open(world.quote(), 10 * PRICE)
    voucher = world.voucher(old, 9 * PRICE)
    world.call("close_by_miner", BOB, old, 1, world.voucher(old, 1))
    with refused("UnknownChannel"):
        world.call("redeem", BOB, old, 9 * PRICE, voucher)
    new = world.open(old.quote._replace(nonce=2), 10 * PRICE)
    with refused("InvalidSignature"):
        world.call("redeem", BOB, new, 9 * PRICE, voucher)


@pytest.mark.spec("18.2")
def test_a_quote_for_other_channels_of_the_same_market(world):
    """Two contracts under one domain: neither takes the other's quotes, so ids never meet."""
    other = world.evm.deploy("PaymentChannels", world.market.address, *world.rules[:3])
    quote = world.quote()
    with reverts("ForeignQuote", world.address):
        other.open(quote, world.signed(quote).signature, PRICE, BID, sender=ALICE)


@pytest.mark.spec("18.6", "18.9")
def test_ending_before_the_miner_redeems(world):
    """The requester ends it in the block before: the voucher is worth as much."""
    channel = world.open(world.quote(), 10 * PRICE)
    voucher = world.voucher(channel, 10 * PRICE)
    world.call("close_by_requester", ALICE, channel)
    world.advance(NOTICE)
    with refused("NoticeNotOver"):
        world.call("close", ALICE, channel)
    world.call("redeem", BOB, channel, 10 * PRICE, voucher)
    world.advance(1)
    receipt = world.call("close", STRANGER, channel)
    assert receipt.event("ChannelClosed").args["refunded"] == 0


@pytest.mark.spec("18.6", "18.8")
def test_topping_up_before_the_miner_redeems(world):
    """A record that changed with each top-up would make the miner's transaction fail."""
    channel = world.open(world.quote(), PRICE)
    for amount in range(1, 4):
        world.call("top_up", ALICE, channel, 1, 0, 0)
        world.call("redeem", BOB, channel, amount, world.voucher(channel, amount))
    assert world.channels.channelOf(channel).paid == 3


@pytest.mark.spec("18.8", "18.11")
def test_cheap_time_makes_dear_time_no_cheaper(world):
    """An hour at 4 was used; then 29 days at 1 are added and given back at once."""
    world.sell(BOB, 100, 4 * PRICE, GPU)
    channel = world.open(world.quote(), PRICE, max_price=4 * PRICE)
    world.sell(BOB, 100, PRICE, GPU)
    world.advance(HOUR)
    world.call("top_up", ALICE, channel, 100 * PRICE, 29 * 24 * HOUR, PRICE)
    world.call("close_by_requester", ALICE, channel)
    world.advance(NOTICE + 1)
    receipt = world.call("close", STRANGER, channel)
    assert receipt.event("ChannelClosed").args["paid"] == 4 * PRICE // 10


@pytest.mark.spec("18.4", "18.11")
def test_capacity_is_not_taken_for_nothing(world):
    """All of a miner's GPUs, an hour long, by somebody who never wanted them."""
    channel = world.open(world.quote(units=100), 10 * PRICE)
    with refused("InsufficientCapacity"):
        world.opened(requester=DAVE)
    world.advance(HOUR + NOTICE + 1)
    receipt = world.call("close", STRANGER, channel)
    assert receipt.event("ChannelClosed").args["paid"] == 10 * PRICE


@pytest.mark.spec("18.9", "18.12", "18.13")
def test_capacity_is_free_after_the_time_whoever_sleeps(world):
    """Neither party does anything: anybody prunes, and the channel pays out all the same."""
    channel = world.open(world.quote(units=100), 20 * PRICE)
    id_ = world.message_domain.digest(channel.quote)
    world.advance(HOUR + 1)
    world.market_call("prune_lots", STRANGER, world.address, [id_])
    world.fund_here(DAVE, 20 * PRICE)
    other = world.open(world.quote(BOB, DAVE, units=100), 20 * PRICE)
    world.call("redeem", BOB, channel, 20 * PRICE, world.voucher(channel, 20 * PRICE))
    world.advance(NOTICE)
    world.call("close", STRANGER, channel)
    assert world.market.offerOf(BOB, GPU).reserved == 100
    world.call("close_by_miner", BOB, other, 0, NOTHING)
    assert world.market.offerOf(BOB, GPU).reserved == 0


@pytest.mark.spec("18.1", "2.2")
def test_a_token_that_takes_a_fee_is_refused():
    world = World(token="FeeToken")
    channels = world.evm.deploy("PaymentChannels", world.market.address, STRANGER, 100, HOUR)
    world.token.faucet(1_000, sender=ALICE)
    world.token.approve(channels.address, MAX_UINT256, sender=ALICE)
    world.token.setFee(100)
    with reverts("DeliveryMismatch", 1_000, 990):
        channels.deposit(1_000, sender=ALICE)


class BlocklistWorld(ChannelWorld):
    """Its token has 6 decimals, and refuses whom it likes."""

    def __init__(self):
        World.__init__(self, 6, token="BlocklistToken")
        self._beside()


@pytest.mark.spec("18.7")
def test_a_blocked_payout_holds_up_nobody_else():
    world = BlocklistWorld()
    world.lessor(BOB, 10)
    world.lessor(DAVE, 10)
    channels = [world.opened(10 * world.unit, miner=miner) for miner in (BOB, DAVE)]
    world.token.setBlocked(BOB, True)
    world.call(
        "redeem_many", STRANGER, [(each, 100, world.voucher(each, 100)) for each in channels]
    )
    with reverts("TransferFailed"):
        world.channels.collectEarnings(BOB, sender=BOB)
    world.call("collect_earnings", DAVE, DAVE)
    world.call("collect_fees", STRANGER, [1, 2])
    for channel, miner in zip(channels, (BOB, DAVE), strict=True):
        world.call("close_by_miner", miner, channel, 100, NOTHING)
    world.token.setBlocked(BOB, False)
    world.call("collect_earnings", BOB, BOB)
