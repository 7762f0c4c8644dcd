"""open: with the miner's quote, capacity as a lot or none, money that covers what is reserved."""

import pytest

from suanli.protocol import LONGEST_CHANNEL, Channel, Refused
from tests.harness.channels import BID, HOUR, SIGNER
from tests.harness.evm import account
from tests.harness.market import (
    ALICE,
    BOB,
    CPU,
    DAVE,
    GPU,
    OWNER,
    PRICE,
    STRANGER,
    ZERO,
)


def refused(name):
    return pytest.raises(Refused, match=f"^{name}")


@pytest.mark.spec("18.2", "18.3", "18.4", "18.5")
def test_takes_the_money_and_the_capacity(world):
    quote = world.quote(units=60)
    channel = world.open(quote, 7 * PRICE)
    now = world.evm.time
    assert channel == Channel(quote, PRICE, now, 7 * PRICE, 6 * PRICE)
    id_ = world.message_domain.digest(quote)
    assert world.channels.channelId(quote) == id_
    lot = world.market.lotOf(world.address, id_)
    assert tuple(lot) == (1, GPU, 60, now + HOUR)
    assert world.market.offerOf(BOB, GPU).reserved == 60
    assert tuple(world.channels.accountOf(ALICE)) == (993 * PRICE, 0)
    assert tuple(world.channels.channelOf(channel)) == (1, now + HOUR, 7 * PRICE, 0, 0)
    assert world.channels.nonceOf(ALICE) == 1


@pytest.mark.spec("18.5")
def test_tells_its_record(world):
    quote = world.quote()
    receipt = world.call("open", ALICE, quote, world.signed(quote), PRICE, BID)
    (told,) = [event for event in receipt.events if event.name == "ChannelOpened"]
    assert {"LotTaken", "ChannelOpened"} == {event.name for event in receipt.events}
    record = told.args.pop("record")
    id_ = world.message_domain.digest(quote)
    assert told.args == {"channel": id_, "minerId": 1, "requester": ALICE}
    assert tuple(record[0]) == tuple(quote)
    assert tuple(record)[1:] == (PRICE, world.evm.time, PRICE, PRICE // 10)


@pytest.mark.spec("18.3")
def test_the_price_is_the_lots(world):
    """The model's is 0.9: 100 units are published, none is taken."""
    world.sell(BOB, 100, 0, GPU)
    assert world.open(world.quote(units=10), PRICE).price == PRICE * 9 // 10
    bid = PRICE // 2
    assert world.open(world.quote(units=1), PRICE, max_price=bid).price == bid


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("channels", account("other channels"), "ForeignQuote"),
        ("valid_until", 1_700_000_000, "QuoteExpired"),
        ("duration", 0, "TimeOutOfBounds"),
        ("duration", LONGEST_CHANNEL + 1, "TimeOutOfBounds"),
        ("signer", ZERO, "ZeroAddress"),
        ("nonce", 0, "NonceTooLow"),
        ("miner", 99, "InvalidSignature"),
        ("miner", 0, "InvalidSignature"),
        ("resource", CPU, "ResourceNotLeased"),
        ("resource", 9, "UnknownResource"),
        ("units", 101, "InsufficientCapacity"),
    ],
)
@pytest.mark.spec("18.2", "18.3")
def test_refuses_a_quote_that_does_not_fit(world, field, value, error):
    with refused(error):
        world.open(world.quote(**{field: value}), 100 * PRICE)


@pytest.mark.spec("18.2")
def test_until_the_last_second(world):
    quote = world.quote()
    world.advance(60)
    with world.rollback():
        world.open(quote, PRICE)
    world.advance(1)
    with refused("QuoteExpired"):
        world.open(quote, PRICE)


@pytest.mark.spec("18.2")
def test_only_whom_the_miner_let(world):
    quote = world.quote()
    with refused("NotChannelRequester"):
        world.open(quote, PRICE, by=STRANGER)
    for changes in ({"units": 2}, {"requester": DAVE}, {"signer": DAVE}, {"duration": HOUR + 1}):
        other = quote._replace(**changes)
        with refused("InvalidSignature"):
            world.open(other, PRICE, signed=world.signed(quote), by=other.requester)
    with refused("InvalidSignature"):
        world.open(quote, PRICE, signed=world.signed(quote, DAVE))
    with refused("InvalidSignature"):
        world.open(quote, PRICE, signed=world.signed(quote, ALICE))


@pytest.mark.spec("18.2")
def test_a_contract_that_acts_for_a_miner_signs_by_its_own_rule(world):
    wallet = world.wallet(DAVE)
    world.market_call("name_successor", BOB, BOB, wallet)
    world.shadow.succeed(wallet, BOB)
    world.send(wallet, world.market.succeed, BOB)
    quote = world.quote(wallet)
    signed = world.signed(quote, DAVE)
    world.channels.open(quote, signed.signature, PRICE, BID, sender=ALICE)
    assert world.channels.nonceOf(ALICE) == 1


@pytest.mark.spec("18.2")
def test_each_quote_opens_one_channel(world):
    first, second = world.quote(), world.quote(nonce=2)
    world.open(second, PRICE)
    for quote in (first, second):
        with refused("NonceTooLow"):
            world.open(quote, PRICE)
    channel = world.open(world.quote(nonce=2**32 - 1), PRICE)
    world.call("close_by_miner", BOB, channel, 0, world.voucher(channel, 0))
    with refused("NonceTooLow"):
        world.open(channel.quote, PRICE)


@pytest.mark.spec("18.4")
def test_the_deposit_covers_what_is_reserved(world):
    quote = world.quote(units=7, duration=1_000)
    least = -(-7 * 1_000 * PRICE // 3_600 // 10)
    with refused("DepositBelowReserve"):
        world.open(quote, least - 1)
    assert world.open(quote, least).reserve == least


@pytest.mark.spec("18.4")
def test_of_the_requesters_own_money(world):
    with refused("ZeroAmount"):
        world.open(world.quote(), 0)
    with refused("InsufficientAvailable"):
        world.open(world.quote(), 1_000 * PRICE + 1)
    world.open(world.quote(), 1_000 * PRICE)


@pytest.mark.spec("18.3")
def test_without_the_miners_permission_there_is_no_lot(world):
    world.market_call("permit_operator", BOB, BOB, world.address, 0)
    with refused("OperatorNotPermitted"):
        world.open(world.quote(), PRICE)
    world.market_call("permit_operator", BOB, BOB, world.address, HOUR - 1)
    with refused("LotEndOutOfBounds"):
        world.open(world.quote(), PRICE)


@pytest.mark.spec("9.3", "18.3")
@pytest.mark.parametrize("units", [0, 1])
def test_not_while_the_market_is_paused(world, units):
    judged(world)
    world.market_call("pause", OWNER)
    with refused("EnforcedPause"):
        world.open(world.quote(units=units, resource=GPU if units else CPU), PRICE)


def judged(world, ask=PRICE):
    world.miner(BOB, 1_000, ask, CPU)


@pytest.mark.spec("18.3")
def test_in_a_judged_class_nothing_is_reserved(world):
    judged(world)
    before = world.market.supplyOf(CPU)
    channel = world.open(world.quote(units=0, resource=CPU), 5)
    assert (channel.price, channel.reserve) == (PRICE, 0)
    assert world.market.supplyOf(CPU) == before
    assert world.market.offerOf(BOB, CPU).reserved == 0
    world.advance(HOUR)
    assert world.channels.channelOf(channel).reserved == 0


@pytest.mark.spec("18.3")
def test_in_a_judged_class_the_price_is_the_models_between_ask_and_bid(world):
    judged(world, ask=0)
    quote = world.quote(units=0, resource=CPU)
    with world.rollback():
        assert world.open(quote, 5).price == 0
    world.sell(BOB, 500, 0, CPU)
    with world.rollback():
        assert world.open(quote, 5).price == PRICE // 2
    with world.rollback():
        assert world.open(quote, 5, max_price=PRICE // 3).price == PRICE // 3
    world.sell(BOB, 500, PRICE, CPU)
    with world.rollback():
        assert world.open(quote, 5).price == PRICE
    with refused("AskAboveBid"):
        world.open(quote, 5, max_price=PRICE - 1)
    with refused("BidBelowFloor"):
        world.open(quote, 5, max_price=PRICE // 100 - 1)


@pytest.mark.spec("18.3")
def test_in_a_judged_class_that_the_miner_sells_now(world):
    quote = world.quote(units=0, resource=CPU)
    with refused("OfferExpired"):
        world.open(quote, 5)
    judged(world)
    with refused("ResourceNeedsUnits"):
        world.open(world.quote(units=0), 5)
    with refused("UnknownResource"):
        world.open(world.quote(units=0, resource=9), 5)
    world.market_call("retire_resource_class", OWNER, CPU)
    with refused("ResourceRetired"):
        world.open(quote, 5)


@pytest.mark.spec("18.2")
def test_the_signer_of_vouchers_may_be_anybodys_key(world):
    for signer in (ALICE, BOB, SIGNER):
        channel = world.open(world.quote(signer=signer), PRICE)
        world.call("redeem", STRANGER, channel, 1, world.voucher(channel, 1, signer))
        assert world.channels.channelOf(channel).paid == 1
