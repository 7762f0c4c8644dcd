"""open: with which quotes, for how much, what is taken and fixed."""

import pytest

from suanli.model import Signature
from suanli.protocol import LONGEST_STORAGE, Domain, Refused
from tests.harness.evm import CHAIN_ID, account
from tests.harness.market import ALICE, BOB, CPU, DAVE, GPU, OWNER, PRICE, STRANGER, TREASURY
from tests.harness.storage import BID, DAY, FEE_BPS, HOUR, WINDOW, SignedBy

PAY = 24 * PRICE
"""A unit lasts an hour, and costs a token."""


def refused(name):
    return pytest.raises(Refused, match=f"^{name}")


@pytest.fixture
def data(world):
    return world.file(3_000)


@pytest.mark.spec("19.1")
def test_parameters(world):
    storage = world.storage
    assert (storage.market(), storage.treasury()) == (world.market.address, TREASURY.lower())
    assert (storage.feeBps(), storage.window()) == (FEE_BPS, WINDOW)


@pytest.mark.spec("19.2", "19.4", "19.5")
def test_takes_the_lot_the_money_and_the_collateral(world, data):
    quote = world.quote(data, units=2)
    receipt = world.call("open", ALICE, quote, world.signed(quote))
    id_ = world.message_domain.digest(quote)
    assert receipt.value == (id_, 2 * PAY)
    told = receipt.event("StorageOpened").args
    record = (tuple(quote), 2 * PAY, world.evm.time)
    assert told == {"deal": id_, "minerId": 1, "requester": ALICE.lower(), "record": record}
    assert world.storage.dealId(quote) == id_
    assert world.storage.accountOf(ALICE).available == 1_000 * PRICE - 6 * PAY
    assert tuple(world.storage.purseOf(1)) == (800 * PRICE, 200 * PRICE)
    lot = world.market.lotOf(world.address, id_)
    assert tuple(lot) == (1, GPU, 2, world.evm.time + 3 * DAY)
    assert world.storage.nonceOf(ALICE) == 1


@pytest.mark.spec("19.4")
def test_the_pay_is_rounded_up(world, data):
    world.sell(BOB, 100, PRICE + 1, GPU)
    deal = world.open(world.quote(data, period=2 * HOUR + 1, periods=1))
    assert deal.pay == -(-(PRICE + 1) * (2 * HOUR + 1) // HOUR)


@pytest.mark.spec("19.2")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"storage_deals": account("other deals")}, "ForeignStorageQuote"),
        ({"requester": STRANGER}, "NotOwnerOfBytes"),
        ({"valid_until": 1}, "StorageQuoteExpired"),
        ({"size": 0}, "EmptyFile"),
        ({"period": WINDOW - 1}, "PeriodOutOfBounds"),
        ({"period": LONGEST_STORAGE + 1}, "PeriodOutOfBounds"),
        ({"periods": 0}, "PeriodsOutOfBounds"),
        ({"periods": 366}, "PeriodsOutOfBounds"),
        ({"samples": 0}, "SamplesOutOfBounds"),
        ({"samples": 17}, "SamplesOutOfBounds"),
        ({"nonce": 0}, "StorageNonceTooLow"),
        ({"miner": 9}, "StorageQuoteNotSigned"),
        ({"resource": CPU}, "ResourceNotLeased"),
        ({"units": 0}, "ZeroAmount"),
        ({"units": 101}, "InsufficientCapacity"),
        ({"max_price": PRICE - 1}, "AskAboveBid"),
        ({"periods": 42}, "InsufficientAvailable"),
        ({"collateral": 2 * PAY - 1}, "CollateralTooLow"),
        ({"collateral": 1_000 * PRICE + 1}, "InsufficientAvailable"),
    ],
)
def test_refuses(world, data, changes, error):
    quote = world.quote(data)._replace(**changes)
    with refused(error):
        world.call("open", ALICE, quote, world.signed(quote))
    assert tuple(world.storage.purseOf(1)) == (1_000 * PRICE, 0)


@pytest.mark.spec("19.2", "19.4")
def test_takes_what_is_at_the_bounds(world, data):
    for changes in (
        {"period": WINDOW, "periods": 1, "samples": 1, "valid_until": world.evm.time},
        {"size": 1, "samples": 16, "collateral": 2 * PAY},
        {"collateral": 1_000 * PRICE},
        {"periods": 41},
        {"units": 4},
    ):
        with world.rollback():
            world.open(world.quote(data)._replace(**changes))
    with world.rollback():
        world.fund_here(ALICE, 10_000 * PRICE)
        assert world.open(world.quote(data, periods=365)).quote.periods == 365


@pytest.mark.spec("19.4")
def test_a_pay_of_nothing_is_refused(world, data):
    world.sell(BOB, 100, 0, GPU)
    with refused("BidBelowFloor|ZeroAmount"):
        world.open(world.quote(data, max_price=0))


@pytest.mark.spec("19.2")
def test_only_who_acts_for_the_miner_signs(world, data):
    quote = world.quote(data)
    digest = world.message_domain.digest(quote)
    for other in (ALICE, DAVE, OWNER, TREASURY):
        with refused("StorageQuoteNotSigned"):
            world.open(quote, signed=SignedBy.make(other, digest))
    elsewhere = Domain(CHAIN_ID + 1, world.market.address).digest(quote)
    with refused("StorageQuoteNotSigned"):
        world.open(quote, signed=SignedBy.make(BOB, elsewhere))
    changed = quote._replace(collateral=quote.collateral - 1)
    with refused("StorageQuoteNotSigned"):
        world.open(changed, signed=world.signed(quote))
    world.open(quote)


@pytest.mark.spec("19.2")
def test_a_quote_opens_one_deal_and_voids_those_before(world, data):
    first, second = world.quote(data), world.quote(data, nonce=5)
    world.open(second)
    for used in (first, second):
        with refused("StorageNonceTooLow"):
            world.open(used)
    world.open(world.quote(data))
    assert world.storage.nonceOf(ALICE) == 6


@pytest.mark.spec("19.2")
def test_of_others_nonces_nothing_depends(world, data):
    world.open(world.quote(data, nonce=9))
    world.fund_here(STRANGER, 100 * PRICE)
    world.open(world.quote(data, requester=STRANGER))
    assert world.storage.nonceOf(STRANGER) == 1


@pytest.mark.spec("19.2")
def test_needs_the_miners_permission_for_as_long(world, data):
    world.market_call("permit_operator", BOB, BOB, world.address, 3 * DAY - 1)
    with refused("LotEndOutOfBounds"):
        world.open(world.quote(data))
    world.market_call("permit_operator", BOB, BOB, world.address, 0)
    with refused("OperatorNotPermitted"):
        world.open(world.quote(data))


@pytest.mark.spec("19.11")
def test_not_while_the_market_is_paused(world, data):
    world.market_call("pause", OWNER)
    with refused("EnforcedPause"):
        world.open(world.quote(data))


def test_a_signature_is_not_the_models(world, data):
    """What the harness gives the model and the contract is one thing."""
    signed = world.signed(world.quote(data))
    assert signed == Signature(BOB, signed.told.digest)
    assert BID > PRICE
