"""Storage deals as Python sees them, on Anvil: opened, proved and dropped."""

from __future__ import annotations

import pytest

from suanli.base.accounts import Account
from suanli.chain import (
    Call,
    Market,
    Receipt,
    Sender,
    StorageDeals,
    Token,
    contract_errors,
    creation,
    decode_logs,
    events,
)
from suanli.protocol import (
    ByteTree,
    LeafProof,
    StorageDeal,
    StorageQuote,
    StorageStatus,
    leaf_of,
    sign,
)
from tests.harness.local_chain import ALICE, BOB, CHEAP, DEPLOYER, OTHERS

TOKEN = 10**18
HOUR, DAY = 3_600, 86_400
SPACE = 5
"""Class gb-day."""
FAR = 1 << 31
DATA = bytes(range(256)) * 10


def send(market: Market, account: Account, *calls: Call) -> Receipt:
    sender = Sender(market.node, account, fees=CHEAP, poll_every=0.01)
    return [sender.execute(call) for call in calls][-1]


def kept(market: Market) -> StorageDeals:
    """Bob leases 10 GB out and has 20 tokens behind; Alice has 100 tokens there."""
    own = market.address, DEPLOYER.address, 100, HOUR
    made = send(market, DEPLOYER, creation(market.node, "StorageDeals", *own)).contract
    storage = StorageDeals(market.node, str(made))
    token = Token(market.node, market.token())
    for account in (ALICE, BOB):
        send(
            market,
            account,
            token.faucet(200 * TOKEN),
            token.approve(storage.address, 100 * TOKEN),
            token.approve(market.address, 100 * TOKEN),
            storage.deposit(100 * TOKEN),
        )
    send(
        market,
        BOB,
        market.deposit(10 * TOKEN),
        market.register_miner(OTHERS[0]),
        market.add_stake(BOB.address, 10 * TOKEN),
        market.register_resource(SPACE, 10),
        market.publish_offer(SPACE, 10, TOKEN // 10, FAR, False),
        storage.add_collateral(BOB.address, 20 * TOKEN),
    )
    market.node.request("anvil_impersonateAccount", OTHERS[0])
    data = market.permit_operator(BOB.address, storage.address, 30 * DAY)
    permit = {"from": OTHERS[0], "to": market.address, "data": "0x" + data.data.hex()}
    market.node.request("anvil_setBalance", OTHERS[0], hex(TOKEN))
    market.node.request("eth_sendTransaction", permit)
    return storage


def opened(market: Market, storage: StorageDeals) -> StorageDeal:
    bob = market.miner_account(BOB.address)
    assert bob is not None
    quote = StorageQuote(
        storage.address,
        ALICE.address,
        bob.miner_id,
        SPACE,
        1,
        ByteTree.of(DATA).root,
        len(DATA),
        DAY,
        2,
        3,
        10 * TOKEN,
        TOKEN,
        storage.nonce_of(ALICE.address) + 1,
        market.node.head().time + 600,
    )
    signed = sign(market.domain, quote, BOB)
    assert storage.deal_id(quote) == market.domain.digest(quote)
    found = storage.opened(send(market, ALICE, storage.open(quote, signed.signature)).logs)
    assert found is not None
    assert found.quote == quote
    return found


def wait(market: Market, seconds: int) -> None:
    market.node.request("evm_increaseTime", seconds)
    market.node.request("evm_mine")


@pytest.mark.spec("19.5", "19.7")
def test_a_deal_from_open_to_its_end(market: Market) -> None:
    storage = kept(market)
    assert (storage.market(), storage.fee_bps(), storage.window()) == (market.address, 100, HOUR)
    deal = opened(market, storage)
    tree = ByteTree.of(DATA)
    for period in range(2):
        assert storage.standing_of(deal).status is StorageStatus.KEPT
        wait(market, deal.end_of(period) - market.node.head().time)
        assert storage.standing_of(deal).status is StorageStatus.DUE
        send(market, BOB, storage.name_block(deal))
        wait(market, 1)
        wait(market, 1)
        leaves = storage.leaves_of(deal)
        proofs = [LeafProof(leaf_of(DATA, leaf), tree.path(leaf)) for leaf in leaves]
        receipt = send(market, ALICE, storage.prove(deal, proofs))
        told = decode_logs(receipt.logs, storage.address)
        assert isinstance(told[0], events.PeriodProved)
        earned = (period + 1) * (deal.pay - deal.pay // 100)
        assert sum(storage.purse_of(1)) == 20 * TOKEN + earned
    assert isinstance(told[1], events.StorageEnded)
    assert storage.standing_of(deal).status is StorageStatus.NONE


@pytest.mark.spec("19.9")
def test_what_is_refused_says_what_to_do(market: Market) -> None:
    storage = kept(market)
    deal = opened(market, storage)
    with pytest.raises(contract_errors.PeriodNotOver, match="wait until then"):
        storage.name_block(deal).simulate(BOB.address)
    send(market, ALICE, storage.close_by_requester(deal))
    assert storage.purse_of(1)[0] == 20 * TOKEN + deal.pay - deal.pay // 100
