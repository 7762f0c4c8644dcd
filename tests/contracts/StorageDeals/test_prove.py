"""nameBlock, prove: when, by whom, with which leaves, for how much."""

import pytest

from suanli.protocol import ByteTree, LeafProof, Refused, leaf_of
from tests.harness.market import ALICE, BOB, DAVE, GPU, OWNER, PRICE, STRANGER, TREASURY
from tests.harness.storage import DAY, WINDOW

PAY, FEE = 24 * PRICE, 24 * PRICE * 250 // 10_000


def refused(name, *arguments):
    shown = ", ".join(map(str, arguments))
    return pytest.raises(Refused, match=f"^{name}.*{shown}")


@pytest.fixture
def deal(world):
    """Three days of 3,000 bytes: three leaves, the last one short."""
    return world.open(world.quote(world.file(3_000)))


@pytest.mark.spec("19.6", "19.7", "19.8")
def test_each_period_is_paid_by_itself(world, deal):
    id_ = world.id_of(deal)
    for period in range(2):
        world.to_due(deal)
        receipt = world.call("name_block", BOB, deal)
        named = world.evm.number + 1
        told = receipt.event("LeavesNamed").args
        assert told == {"deal": id_, "minerId": 1, "period": period, "named": named}
        world.advance(12, 2)
        assert list(world.storage.leavesOf(deal)) == world.leaves(deal)
        receipt = world.call("prove", STRANGER, deal, world.proofs(deal))
        told = receipt.event("PeriodProved").args
        assert told == {"deal": id_, "minerId": 1, "period": period, "earned": PAY - FEE}
        assert world.storage.purseOf(1).available == 800 * PRICE + (period + 1) * (PAY - FEE)
    assert world.storage.accountOf(TREASURY).available == 0
    world.prove(deal)


@pytest.mark.spec("19.8", "19.9")
def test_the_last_proof_ends_it(world, deal):
    for _ in range(2):
        world.prove(deal)
    receipt = world.prove(deal)
    assert receipt.event("StorageEnded").args == {
        "deal": world.id_of(deal),
        "minerId": 1,
        "requester": ALICE.lower(),
        "paid": 3,
        "earned": 3 * (PAY - FEE),
        "fees": 3 * FEE,
        "refunded": 0,
        "lost": 0,
        "compensation": 0,
    }
    assert tuple(world.storage.purseOf(1)) == (1_000 * PRICE + 3 * (PAY - FEE), 0)
    assert world.storage.accountOf(TREASURY).available == 3 * FEE
    assert world.market.lotOf(world.address, world.id_of(deal)).units == 0
    assert world.market.offerOf(BOB, GPU).reserved == 0
    assert world.storage.standingOf(deal) == (0, 0, 0, 0, 0)
    for name in ("name_block", "settle", "close_by_miner"):
        with refused("UnknownStorageDeal"):
            world.call(name, BOB, deal)


@pytest.mark.spec("19.6")
def test_named_in_the_window_by_the_miner_once(world, deal):
    over = deal.opened_at + DAY
    with refused("PeriodNotOver", over):
        world.call("name_block", BOB, deal)
    world.advance(DAY)
    for other in (ALICE, DAVE, STRANGER, OWNER):
        with refused("NotKeeper"):
            world.call("name_block", other, deal)
    with world.rollback():
        world.advance(WINDOW)
        world.call("name_block", BOB, deal)
    with world.rollback():
        world.advance(WINDOW + 1)
        with refused("PeriodMissed", over + WINDOW):
            world.call("name_block", BOB, deal)
    world.call("name_block", BOB, deal)
    world.advance(12)
    with refused("NamedAlready"):
        world.call("name_block", BOB, deal)


@pytest.mark.spec("19.6")
def test_by_whoever_acts_for_the_miner_now(world, deal):
    world.to_due(deal)
    world.market_call("name_successor", BOB, BOB, DAVE)
    world.market_call("succeed", DAVE, BOB)
    with refused("NotKeeper"):
        world.call("name_block", BOB, deal)
    world.call("name_block", DAVE, deal)


@pytest.mark.spec("19.7")
def test_only_once_the_named_block_is_there(world, deal):
    world.to_due(deal)
    with refused("NotNamed"):
        world.call("prove", BOB, deal, [])
    world.call("name_block", BOB, deal)
    with refused("NamedBlockNotThere", world.evm.number + 1):
        world.call("prove", BOB, deal, [])
    world.advance(12)
    with refused("NamedBlockNotThere", world.evm.number):
        world.call("prove", BOB, deal, [])
    world.advance(12)
    world.call("prove", BOB, deal, world.proofs(deal))


@pytest.mark.spec("19.7")
@pytest.mark.parametrize(("blocks", "there"), [(256, True), (257, False)])
def test_the_chain_tells_the_hash_for_256_blocks(world, deal, blocks, there):
    world.to_due(deal)
    world.call("name_block", BOB, deal)
    named = world.evm.number + 1
    world.advance(60, 1 + blocks)
    assert world.evm.number == named + blocks
    if there:
        world.call("prove", BOB, deal, world.proofs(deal))
        return
    with refused("NamedBlockGone", named):
        world.call("prove", BOB, deal, world.proofs(deal))
    with refused("NamedAlready", named):
        world.call("name_block", BOB, deal)
    world.advance(WINDOW)
    world.call("settle", STRANGER, deal)


@pytest.mark.spec("19.7")
def test_until_the_windows_last_second(world, deal):
    world.name(deal)
    until = deal.opened_at + DAY + WINDOW
    world.advance(until - world.evm.time)
    with world.rollback():
        world.call("prove", STRANGER, deal, world.proofs(deal))
    proofs = world.proofs(deal)
    world.advance(1)
    with refused("PeriodMissed", until):
        world.call("prove", BOB, deal, proofs)


@pytest.mark.spec("19.7")
def test_all_leaves_in_order_and_no_more(world, deal):
    world.name(deal)
    first, second = world.proofs(deal)
    for given in ([], [first], [first, second, second]):
        with refused("WrongSamples", len(given), 2):
            world.call("prove", BOB, deal, given)
    leaves = world.leaves(deal)
    data = world.files[deal.quote.root]
    for place, (leaf, proof) in enumerate(zip(leaves, (first, second), strict=True)):
        given = [first, second]
        for other in ((leaf + 1) % 3, (leaf + 2) % 3):
            given[place] = LeafProof(leaf_of(data, other), ByteTree.of(data).path(other))
            with refused("LeafNotInFile", place, leaf):
                world.call("prove", BOB, deal, given)
        given[place] = LeafProof(proof.data[:-1] + b"\0", proof.path)
        with refused("LeafNotInFile", place, leaf):
            world.call("prove", BOB, deal, given)
    world.call("prove", BOB, deal, [first, second])


@pytest.mark.spec("19.3", "19.7")
@pytest.mark.parametrize(
    "size", [1, 31, 1_023, 1_024, 1_025, 2_048, 2_049, 3_072, 5_121, 7 * 1_024, 11_265, 33_000]
)
def test_files_of_each_shape(world, size):
    """Each leaf of a file, the last and short one, too; nothing longer, shorter or elsewhere."""
    data = world.file(size)
    deal = world.open(world.quote(data, samples=16))
    world.name(deal)
    proofs, leaf = world.proofs(deal), world.leaves(deal)[0]
    first = proofs[0]
    for changed in (
        first._replace(data=first.data + b"\0"),
        first._replace(data=first.data[1:]),
        first._replace(path=(*first.path, bytes(32))),
        first._replace(path=(bytes(32), *first.path)),
        *([first._replace(path=first.path[:-1])] if first.path else ()),
        *([first._replace(path=first.path[::-1])] if first.path != first.path[::-1] else ()),
    ):
        with refused("LeafNotInFile", 0, leaf):
            world.call("prove", BOB, deal, [changed, *proofs[1:]])
    world.call("prove", BOB, deal, proofs)


@pytest.mark.spec("19.7")
def test_the_proof_of_another_period_or_deal_is_none(world):
    """The same bytes: other leaves, by another block and another deal."""
    data = world.file(100_000)
    one, other = world.open(world.quote(data)), world.open(world.quote(data))
    world.to_due(one)
    world.to_due(other)
    world.call("name_block", BOB, one)
    world.call("name_block", BOB, other)
    world.advance(12, 2)
    proofs = world.proofs(one)
    assert world.leaves(one) != world.leaves(other)
    with refused("LeafNotInFile"):
        world.call("prove", BOB, other, proofs)
    world.call("prove", BOB, one, proofs)
    with refused("NotNamed"):
        world.call("prove", BOB, one, proofs)
    world.name(one)
    with refused("LeafNotInFile"):
        world.call("prove", BOB, one, proofs)


@pytest.mark.spec("19.3")
def test_a_node_is_no_leaf(world):
    """Of a file of two leaves the root's preimage is no leaf of a shorter file with its root."""
    data = world.file(2_048)
    tree = ByteTree.of(data)
    preimage = b"\1" + tree.path(1)[0] + tree.path(0)[0]
    deal = world.open(world.quote(data, size=len(preimage), samples=1))
    world.name(deal)
    for given in (preimage, preimage[1:], b"\0" + preimage[1:]):
        with refused("LeafNotInFile", 0, 0):
            world.call("prove", BOB, deal, [LeafProof(given, ())])


@pytest.mark.spec("19.3")
@pytest.mark.parametrize("size", [1, 3, 1_024])
def test_a_leaf_is_as_long_as_the_size_says(world, size):
    """Whatever the root is of: with its size it fixes how long each leaf is."""
    data = world.file(2)
    deal = world.open(world.quote(data, size=size, samples=1))
    world.name(deal)
    with refused("LeafNotInFile", 0, 0):
        world.call("prove", BOB, deal, [LeafProof(data, ())])


@pytest.mark.spec("19.5")
def test_any_other_record_is_no_deal(world, deal):
    world.to_due(deal)
    for changed in (
        deal._replace(pay=deal.pay + 1),
        deal._replace(opened_at=deal.opened_at - 1),
        deal._replace(quote=deal.quote._replace(root=bytes(32))),
    ):
        for name in ("name_block", "settle", "close_by_miner"):
            with refused("UnknownStorageDeal"):
                world.call(name, BOB, changed)
        with refused("UnknownStorageDeal"):
            world.call("prove", BOB, changed, [])
        with refused("UnknownStorageDeal"):
            world.call("close_by_requester", ALICE, changed)
