"""The chain as both sides of storage deals see it, on Anvil: `MinerDeals` and `OwnerDeals`."""

from __future__ import annotations

import pytest

from suanli.chain import Market, Node, Sender, StorageDeals, Token
from suanli.lease.storage.keeper import selling
from suanli.lease.storage.keeper.core import Duty, duty
from suanli.lease.storage.keeper.onchain import MinerDeals
from suanli.lease.storage.keeper.ports import DealNews
from suanli.lease.storage.owner.onchain import OwnerDeals, QuoteSpent
from suanli.protocol import ByteTree, LeafProof, StorageQuote, leaf_of, sign
from tests.harness.faults import Faulty, change
from tests.harness.local_chain import ALICE, BOB, CHEAP, OTHERS
from tests.suanli.chain.test_storage import DATA, DAY, SPACE, TOKEN, kept, wait


def test_a_deal_is_opened_once_told_named_proved_and_ended(market: Market) -> None:
    storage, tree = kept(market), ByteTree.of(DATA)
    token = Token(market.node, market.token())
    alice, bob = (Sender(market.node, one, fees=CHEAP, poll_every=0.01) for one in (ALICE, BOB))
    owner = OwnerDeals(market, storage, alice, ALICE)
    miner = MinerDeals(storage, token, market.domain, bob, 1, lambda: 1)
    owner.require_ours()
    owner.fund(TOKEN)  # is there
    assert miner.free_collateral() == 20 * TOKEN
    assert miner.money_of(ALICE.address) == 100 * TOKEN + token.balance_of(ALICE.address)

    until = market.node.head().time + 600
    asked = (storage.address, ALICE.address, 1, SPACE, 1, tree.root, len(DATA))
    quote = StorageQuote(*asked, DAY, 3, 3, TOKEN, TOKEN, owner.next_nonce(), until)
    signed, id_ = sign(market.domain, quote, BOB), market.domain.digest(quote)
    assert not owner.was_sent("one")
    deal = owner.open(signed, "one")
    assert owner.open(signed, "one") == deal
    assert owner.was_sent("one")
    with pytest.raises(QuoteSpent):
        owner.open(signed, "two")
    late = quote._replace(nonce=owner.next_nonce(), valid_until=1)
    with pytest.raises(QuoteSpent):
        owner.open(sign(market.domain, late, BOB), "three")

    assert miner.news() == [DealNews(id_, deal)]
    assert miner.news() == []
    assert duty(miner.view(deal), miner.block()) is Duty.WAIT
    wait(market, DAY)
    assert duty(miner.view(deal), miner.block()) is Duty.NAME
    miner.name(deal, 0)
    miner.name(deal, 0)  # sent once
    while duty(miner.view(deal), miner.block()) is Duty.WAIT:
        miner.nudge()
    assert duty(miner.view(deal), miner.block()) is Duty.PROVE
    leaves = miner.leaves(deal)
    proofs = [LeafProof(leaf_of(DATA, leaf), tree.path(leaf)) for leaf in leaves]
    miner.prove(deal, 0, proofs)
    assert (miner.view(deal).proved, miner.view(deal).named) == (1, 0)
    assert duty(miner.view(deal), miner.block()) is Duty.WAIT

    earned, payout = deal.pay - deal.pay // 100, token.balance_of(OTHERS[0])
    for behind, least in ((21 * TOKEN, 1), (20 * TOKEN, earned + 1), (20 * TOKEN, earned)):
        selling.collect(storage, bob, 1, behind, least)
    assert token.balance_of(OTHERS[0]) == payout + earned

    wait(market, 2 * DAY)
    assert duty(miner.view(deal), miner.block()) is Duty.SETTLE
    owner.end(deal)  # of one that was missed
    owner.end(deal)
    again = MinerDeals(storage, token, market.domain, bob, 1, lambda: 1, miner.mark())
    assert again.news() == [DealNews(id_)]
    assert duty(again.view(deal), again.block()) is Duty.OVER
    # What was put in for three periods, of which one was paid, and as much of the collateral.
    assert owner.withdraw() == 100 * TOKEN
    assert storage.account_of(storage.treasury()).available == deal.pay // 100 + TOKEN - deal.pay

    # Where contracts see another chain's blocks, as on Arbitrum, hashes are told by those.
    rolled = Faulty(market.node.transport)
    rolled.always["eth_getBlockByNumber"] = change(lambda block: block | {"l1BlockNumber": "0x7"})
    there = StorageDeals(Node(rolled), storage.address)
    assert MinerDeals(there, token, market.domain, bob, 1, lambda: 1).block() == 7
