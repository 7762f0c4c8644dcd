"""The chain as both sides of a lease see it, on Anvil: `MinerChannels` and `RequesterChannels`."""

from __future__ import annotations

import pytest

from suanli.chain import Market, Sender
from suanli.lease.channel import ChannelNews
from suanli.lease.host.onchain import MinerChannels
from suanli.lease.user.onchain import RequesterChannels
from suanli.protocol import ChannelStatus, Quote, sign
from tests.harness.local_chain import ALICE, BOB, CHEAP
from tests.suanli.chain.test_channels import CORE, HOUR, TOKEN, leased, voucher


def undo(market: Market, snapshot: str) -> None:
    """All since then: other blocks take the place."""
    assert market.node.request("evm_revert", snapshot)
    market.node.request("anvil_mine", "0x3")


@pytest.mark.spec("18.8")
def test_time_and_money_are_added_undone_and_added_again(market: Market) -> None:
    channels = leased(market)
    alice, bob = (Sender(market.node, one, fees=CHEAP, poll_every=0.01) for one in (ALICE, BOB))
    requester = RequesterChannels(market, channels, alice, ALICE)
    miner = MinerChannels(channels, market.domain, bob, 1)
    requester.require_ours()
    until = market.node.head().time + 600
    parties = channels.address, ALICE.address, ALICE.address, 1
    quote = Quote(*parties, CORE, 2, HOUR, requester.next_nonce(), until)
    id_ = market.domain.digest(quote)
    record = requester.open(sign(market.domain, quote, BOB), 20 * TOKEN, 2 * TOKEN, "one")
    assert requester.open(sign(market.domain, quote, BOB), 20 * TOKEN, 2 * TOKEN, "one") == record
    ends = record.ends
    assert miner.news() == [ChannelNews(id_, record, 20 * TOKEN, ends)]

    before = market.node.request("evm_snapshot")
    assert requester.top_up(record, TOKEN, 0, 0, "two") == (ends, None)
    later, price = requester.top_up(record, 5 * TOKEN, HOUR, 3 * TOKEN, "three")
    assert (later, requester.top_up(record, 5 * TOKEN, HOUR, 3 * TOKEN, "three")) == (
        ends + HOUR,
        (later, price),
    )
    assert price is not None
    assert TOKEN <= price <= 3 * TOKEN
    assert miner.news() == [
        ChannelNews(id_, None, 21 * TOKEN, ends),
        ChannelNews(id_, None, 26 * TOKEN, later, price),
    ]
    undo(market, before)
    assert miner.news() == [ChannelNews(id_, None, 20 * TOKEN, ends)]

    before = market.node.request("evm_snapshot")
    miner.close(record, *voucher(market, record, TOKEN))
    assert miner.news() == [ChannelNews(id_, closed=True)]
    assert requester.view(record).status is ChannelStatus.NONE
    undo(market, before)
    assert miner.news() == [ChannelNews(id_, None, 20 * TOKEN, ends)]
    miner.close(record, *voucher(market, record, TOKEN))  # sent again under the same name
    assert miner.news() == [ChannelNews(id_, closed=True)]
    miner.forget(record)
