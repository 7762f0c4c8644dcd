"""redeem, redeemMany, collectEarnings, collectFees: what a voucher says, once, to its owner."""

import pytest

from suanli.protocol import Refused, Voucher
from tests.harness.channels import HOUR, NOTHING, NOTICE, SIGNER, SignedBy
from tests.harness.evm import CHAIN_ID, account, reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CPU,
    DAVE,
    GPU,
    OWNER,
    PAYOUT,
    PRICE,
    STRANGER,
    TREASURY,
)
from tests.harness.signing import compact, malleated


def refused(name):
    return pytest.raises(Refused, match=f"^{name}")


@pytest.fixture
def channel(world):
    """Of 10 tokens."""
    return world.open(world.quote(), 10 * PRICE)


def redeem(world, channel, amount, by=STRANGER, **more):
    return world.call("redeem", by, channel, amount, world.voucher(channel, amount, **more))


@pytest.mark.spec("18.6", "18.7")
def test_pays_what_was_not_paid(world, channel):
    receipt = redeem(world, channel, 4_000)
    id_ = world.message_domain.digest(channel.quote)
    ids = {"channel": id_, "minerId": 1, "requester": ALICE}
    assert receipt.event("ChannelPaid").args == ids | {"paid": 4_000, "earned": 3_900, "fee": 100}
    receipt = redeem(world, channel, 4_001)
    assert receipt.event("ChannelPaid").args == ids | {"paid": 4_001, "earned": 1, "fee": 0}
    assert tuple(world.channels.earningsOf(1)) == (3_901, 100)
    assert world.channels.channelOf(channel).paid == 4_001


@pytest.mark.spec("18.7")
def test_many_payments_cost_the_fee_that_one_does(world, channel):
    """2.5 % of 1,000 are 25, however they come."""
    for amount in range(39, 1_000, 31):
        redeem(world, channel, amount)
    redeem(world, channel, 1_000)
    assert tuple(world.channels.earningsOf(1)) == (975, 25)


@pytest.mark.spec("18.6")
def test_only_above_what_was_paid_and_up_to_what_is_there(world, channel):
    redeem(world, channel, 7)
    for amount in (7, 6, 0):
        with refused("VoucherNotAbovePaid"):
            redeem(world, channel, amount)
    with refused("VoucherAboveDeposit"):
        redeem(world, channel, 10 * PRICE + 1)
    redeem(world, channel, 10 * PRICE)


@pytest.mark.spec("18.6")
def test_until_it_is_closed_also_after_its_time(world, channel):
    world.advance(HOUR + NOTICE + 1)
    redeem(world, channel, 7 * PRICE)
    world.call("close", STRANGER, channel)
    with refused("UnknownChannel"):
        redeem(world, channel, 8 * PRICE)


@pytest.mark.spec("18.6")
def test_by_the_key_named_at_opening_alone(world, channel):
    for other in (ALICE, BOB, account("nobody")):
        with refused("InvalidSignature"):
            redeem(world, channel, 5, signer=other)
    for signature in (b"", bytes(65), bytes(64), b"\x01" * 66):
        with reverts("InvalidSignature", SIGNER, world.voucher(channel, 5).digest):
            world.channels.redeem(channel, 5, signature, sender=STRANGER)


@pytest.mark.spec("18.6")
def test_a_contract_account_is_not_asked(world):
    wallet = world.wallet(DAVE)
    channel = world.open(world.quote(signer=wallet), PRICE)
    with refused("InvalidSignature"):
        redeem(world, channel, 5, signer=DAVE)


@pytest.mark.spec("18.6")
def test_other_forms_of_a_signature_pay_no_more(world, channel):
    voucher = world.voucher(channel, 5)
    for form in (compact, malleated):
        with world.evm.rollback():
            world.channels.redeem(channel, 5, form(voucher.signature), sender=STRANGER)
            with reverts("VoucherNotAbovePaid", 5, 5):
                world.channels.redeem(channel, 5, voucher.signature, sender=STRANGER)


@pytest.mark.spec("18.2", "18.6")
def test_of_this_channel_chain_and_market_alone(world, channel):
    other = world.open(world.quote(), 10 * PRICE)
    with refused("InvalidSignature"):
        world.call("redeem", BOB, other, 5, world.voucher(channel, 5))
    with refused("InvalidSignature"):
        world.call("redeem", BOB, channel, 6, world.voucher(channel, 5))
    id_ = world.message_domain.digest(channel.quote)
    for chain_id, market in ((1, world.market.address), (CHAIN_ID, world.address)):
        domain = type(world.message_domain)(chain_id, market)
        with refused("InvalidSignature"):
            signed = SignedBy(SIGNER, domain.digest(Voucher(id_, 5)))
            world.call("redeem", BOB, channel, 5, signed)


@pytest.mark.spec("18.5")
def test_another_record_is_no_channel(world, channel):
    for record in (
        channel._replace(deposit=20 * PRICE),
        channel._replace(price=1),
        channel._replace(opened_at=channel.opened_at + 1),
        channel._replace(reserve=0),
        channel._replace(quote=channel.quote._replace(signer=BOB)),
        channel._replace(quote=channel.quote._replace(miner=2)),
        channel._replace(quote=channel.quote._replace(requester=BOB)),
    ):
        with refused("UnknownChannel"):
            world.call("redeem", BOB, record, 5, world.voucher(record, 5))
        for name, sender in (("close", BOB), ("close_by_requester", record.quote.requester)):
            with refused("UnknownChannel"):
                world.call(name, sender, record)
        assert tuple(world.channels.channelOf(record)) == (0, 0, 0, 0, 0)


@pytest.mark.spec("18.6")
def test_many_at_once_leave_out_what_is_not_valid(world, channel):
    other = world.open(world.quote(), 5 * PRICE)
    closed = world.open(world.quote(), 5 * PRICE)
    world.call("close_by_miner", BOB, closed, 0, NOTHING)
    redeem(world, channel, 10)
    listed = [
        (channel, 10, world.voucher(channel, 10)),
        (channel, 11, world.voucher(other, 11)),
        (channel, 12, world.voucher(channel, 12)),
        (closed, 5, world.voucher(closed, 5)),
        (other, 5 * PRICE + 1, world.voucher(other, 5 * PRICE + 1)),
        (other, 40, world.voucher(other, 40)),
        (other, 40, world.voucher(other, 40)),
    ]
    receipt = world.call("redeem_many", STRANGER, listed)
    names = [event.name for event in receipt.events]
    skipped, paid = "RedemptionSkipped", "ChannelPaid"
    assert names == [skipped, skipped, paid, skipped, skipped, paid, skipped]
    ids = [world.message_domain.digest(each[0].quote) for each in listed]
    assert [event.args["channel"] for event in receipt.events] == ids
    assert tuple(world.channels.earningsOf(1)) == (12 + 40 - 1, 1)


@pytest.mark.spec("18.6", "18.7")
def test_one_bad_payout_blocks_no_other(world, channel):
    """Redeeming pays nobody out: the payout that can't receive waits for itself."""
    world.lessor(DAVE, 10)
    other = world.opened(miner=DAVE, requester=ALICE)
    world.market_call("set_payout", DAVE, DAVE, world.address)
    listed = [(each, 100, world.voucher(each, 100)) for each in (other, channel)]
    world.call("redeem_many", STRANGER, listed)
    world.call("collect_earnings", BOB, BOB)
    with refused("InvalidRecipient"):
        world.call("collect_earnings", DAVE, DAVE)
    assert tuple(world.channels.earningsOf(2)) == (98, 2)


@pytest.mark.spec("18.7")
def test_earnings_go_to_whoever_is_the_payout_then(world, channel):
    redeem(world, channel, 4_000)
    world.market_call("set_payout", BOB, BOB, PAYOUT)
    for stranger in (STRANGER, ALICE, OWNER):
        with refused("NotMinerOrPayout"):
            world.call("collect_earnings", stranger, BOB)
    with refused("NotRegistered"):
        world.call("collect_earnings", STRANGER, STRANGER)
    receipt = world.call("collect_earnings", PAYOUT, BOB)
    args = {"minerId": 1, "payout": PAYOUT, "amount": 3_900}
    assert receipt.event("EarningsCollected").args == args
    assert world.token.balanceOf(PAYOUT) == 3_900
    with refused("NoEarnings"):
        world.call("collect_earnings", BOB, BOB)


@pytest.mark.spec("18.7")
def test_the_successor_collects_what_the_miner_earned(world, channel):
    redeem(world, channel, 4_000)
    world.market_call("name_successor", BOB, BOB, DAVE)
    world.market_call("succeed", DAVE, BOB)
    with refused("NotRegistered"):
        world.call("collect_earnings", DAVE, BOB)
    world.call("collect_earnings", DAVE, DAVE)
    assert world.token.balanceOf(BOB) == 3_900


@pytest.mark.spec("18.7")
def test_fees_go_to_the_treasurys_account(world, channel):
    redeem(world, channel, 4_000)
    receipt = world.call("collect_fees", STRANGER, [1, 2, 1])
    assert [event.args for event in receipt.events] == [{"minerId": 1, "amount": 100}]
    assert tuple(world.channels.accountOf(TREASURY)) == (100, 0)
    assert tuple(world.channels.earningsOf(1)) == (3_900, 0)
    world.call("withdraw", TREASURY, TREASURY, 100)


@pytest.mark.spec("18.12")
def test_nothing_of_the_market_holds_up_a_payment(world, channel):
    world.miner(BOB, 100, PRICE, CPU)
    plain = world.open(world.quote(units=0, resource=CPU), PRICE)
    world.market_call("pause", OWNER)
    world.market_call("permit_operator", BOB, BOB, world.address, 0)
    world.market_call("withdraw_offer", BOB, GPU)
    for resource in (GPU, CPU):
        world.market_call("retire_resource_class", OWNER, resource)
    world.advance(HOUR + 1)
    world.market_call("prune_lots", STRANGER, world.address, [world.signed(channel.quote).digest])
    for each in (channel, plain):
        redeem(world, each, 50)
        world.call("close_by_miner", BOB, each, 60, world.voucher(each, 60))
    assert not world.model.channels
