"""What somebody might try, by name; what is refused by a single check stands with its function."""

import pytest

from suanli.protocol import ByteTree, LeafProof, Refused, leaf_of
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, PRICE, STRANGER
from tests.harness.storage import DAY, HOUR, WINDOW


def refused(name):
    return pytest.raises(Refused, match=f"^{name}")


@pytest.mark.spec("19.6", "19.7")
def test_no_second_draw_for_whoever_has_lost_some(world):
    """A miner that sees leaves drawn which it lost can't wait for others."""
    deal = world.open(world.quote(world.file(100_000)))
    world.name(deal)
    drawn = world.leaves(deal)
    for blocks in (1, 300):
        world.advance(12, blocks)
        with refused("NamedAlready"):
            world.call("name_block", BOB, deal)
        assert world.leaves(deal) == drawn
    with refused("NamedBlockGone"):
        world.call("prove", BOB, deal, world.proofs(deal))


@pytest.mark.spec("19.6")
def test_nobody_lets_a_miners_hash_lapse(world):
    """Named by somebody else the hash might be gone before the miner is there."""
    deal = world.open(world.quote(world.file(3_000)))
    world.to_due(deal)
    for other in (ALICE, STRANGER):
        with refused("NotKeeper"):
            world.call("name_block", other, deal)
    world.advance(WINDOW - 60, 600)
    world.prove(deal)


@pytest.mark.spec("19.6")
def test_no_leaves_before_the_period_is_over(world):
    """Or a miner would keep a few bytes until then."""
    deal = world.open(world.quote(world.file(3_000)))
    world.advance(DAY - 12)
    with refused("PeriodNotOver"):
        world.call("name_block", BOB, deal)


@pytest.mark.spec("19.9")
def test_dropping_saves_nothing_that_was_kept(world):
    """In the last second of a period's window it is paid, and the one that has begun."""
    deal = world.open(world.quote(world.file(3_000)))
    world.advance(DAY + WINDOW)
    told = world.call("close_by_requester", ALICE, deal).event("StorageEnded").args
    assert told["paid"] == 2


@pytest.mark.spec("19.4", "19.10")
def test_losing_the_bytes_costs_more_than_keeping_them_earns(world):
    """Of the smallest collateral: two periods' pay, when one could be had for nothing."""
    deal = world.open(world.quote(world.file(3_000), collateral=48 * PRICE))
    before = world.storage.purseOf(1)
    world.prove(deal)
    world.advance(2 * DAY)
    world.call("settle", ALICE, deal)
    after = world.storage.purseOf(1)
    assert sum(after) - sum(before) < -deal.pay


@pytest.mark.spec("12.9", "19.10")
@pytest.mark.parametrize("proved", [0, 1, 5])
def test_a_thief_of_a_miners_key_gains_nothing_by_a_deal_with_itself(world, proved):
    """All of the purse behind a deal that it opens, proves as long as it likes, and gives up."""
    world.fund_here(STRANGER, 1_000 * PRICE)
    purse = world.storage.purseOf(1).available
    deal = world.open(
        world.quote(world.file(1), requester=STRANGER, period=WINDOW, periods=365, collateral=purse)
    )
    for _ in range(proved):
        world.prove(deal)
    world.call("close_by_miner", BOB, deal)
    assert world.storage.accountOf(STRANGER).available == 1_000 * PRICE


@pytest.mark.spec("19.3")
def test_one_sealed_copy_serves_no_other_deal(world):
    """Copies with keys of their own have roots of their own: leaves of one are none of another."""
    sealed, other = world.file(5_000), world.file(5_001)[:5_000]
    world.files[ByteTree.of(other).root] = other
    deal = world.open(world.quote(sealed))
    world.name(deal)
    tree = ByteTree.of(other)
    proofs = [LeafProof(leaf_of(other, n), tree.path(n)) for n in world.leaves(deal)]
    with refused("LeafNotInFile"):
        world.call("prove", BOB, deal, proofs)


@pytest.mark.spec("19.2")
def test_a_quote_for_other_deals_of_the_same_market(world):
    """Two contracts under one domain: neither takes the other's quotes, so ids never meet."""
    other = world.evm.deploy("StorageDeals", world.market.address, *world.rules[:3])
    quote = world.quote(world.file(3_000))
    with reverts("ForeignStorageQuote", world.address):
        other.open(quote, bytes(world.signed(quote)), sender=ALICE)


@pytest.mark.spec("19.2")
def test_nobody_takes_a_miners_space_unasked(world):
    """All of it, for a year: without its word there is no deal, and with it all is paid ahead."""
    quote = world.quote(world.file(1), units=100, periods=365, requester=STRANGER)
    with refused("StorageQuoteNotSigned"):
        world.open(quote, signed=world.signed(quote._replace(units=1)))
    with refused("InsufficientAvailable"):
        world.open(quote)


@pytest.mark.spec("19.7")
def test_a_file_of_one_byte_pays_as_any_other(world):
    deal = world.open(world.quote(world.file(1), period=3 * HOUR))
    world.name(deal)
    byte = world.files[deal.quote.root]
    with refused("LeafNotInFile"):
        world.call("prove", BOB, deal, [LeafProof(byte, ()), LeafProof(b"", ())])
    world.call("prove", BOB, deal, [LeafProof(byte, ())] * 2)
