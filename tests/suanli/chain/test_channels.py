"""Payment channels as Python sees them, on Anvil: opened, paid, topped up and closed."""

from __future__ import annotations

import pytest

from suanli.base.accounts import Account
from suanli.chain import (
    Call,
    Market,
    PaymentChannels,
    Receipt,
    Sender,
    Token,
    TransactionReverted,
    contract_errors,
    creation,
    decode_logs,
    events,
)
from suanli.protocol import Channel, ChannelStatus, Quote, Voucher, sign
from suanli.protocol.views import Earnings
from tests.harness.local_chain import ALICE, BOB, CHEAP, DEPLOYER, OTHERS

TOKEN = 10**18
HOUR = 3_600
CORE = 4
"""Class cpu-hour."""
FAR = 1 << 31


def send(market: Market, account: Account, *calls: Call) -> Receipt:
    sender = Sender(market.node, account, fees=CHEAP, poll_every=0.01)
    return [sender.execute(call) for call in calls][-1]


def leased(market: Market) -> PaymentChannels:
    """Bob leases 10 cores out; Alice has 100 tokens in the channels."""
    own = market.address, DEPLOYER.address, 100, HOUR
    made = send(market, DEPLOYER, creation(market.node, "PaymentChannels", *own)).contract
    channels = PaymentChannels(market.node, str(made))
    token = Token(market.node, market.token())
    for account, amount, spender in ((BOB, 10, market.address), (ALICE, 100, channels.address)):
        take = token.faucet(amount * TOKEN), token.approve(spender, amount * TOKEN)
        send(market, account, *take)
    send(market, ALICE, channels.deposit(100 * TOKEN))
    send(
        market,
        BOB,
        market.deposit(10 * TOKEN),
        market.register_miner(OTHERS[0]),
        market.add_stake(BOB.address, 10 * TOKEN),
        market.register_resource(CORE, 10),
        market.publish_offer(CORE, 10, TOKEN, FAR, False),
    )
    market.node.request("anvil_impersonateAccount", OTHERS[0])
    data = market.permit_operator(BOB.address, channels.address, 24 * HOUR)
    permit = {"from": OTHERS[0], "to": market.address, "data": "0x" + data.data.hex()}
    market.node.request("anvil_setBalance", OTHERS[0], hex(TOKEN))
    market.node.request("eth_sendTransaction", permit)
    return channels


def opened(market: Market, channels: PaymentChannels) -> Channel:
    bob = market.miner_account(BOB.address)
    assert bob is not None
    nonce = channels.nonce_of(ALICE.address) + 1
    parties = channels.address, ALICE.address, ALICE.address, bob.miner_id
    quote = Quote(*parties, CORE, 2, HOUR, nonce, market.node.head().time + 600)
    signed = sign(market.domain, quote, BOB)
    assert channels.channel_id(quote) == market.domain.digest(quote)
    call = channels.open(quote, signed.signature, 20 * TOKEN, 2 * TOKEN)
    found = channels.opened(send(market, ALICE, call).logs)
    assert found is not None
    assert (found.quote, found.deposit) == (quote, 20 * TOKEN)
    return found


def voucher(market: Market, channel: Channel, amount: int) -> tuple[int, bytes]:
    message = Voucher(market.domain.digest(channel.quote), amount)
    return amount, sign(market.domain, message, ALICE).signature


@pytest.mark.spec("18.5")
def test_a_channel_from_open_to_close(market: Market) -> None:
    channels = leased(market)
    assert (channels.market(), channels.fee_bps(), channels.notice()) == (market.address, 100, HOUR)
    channel = opened(market, channels)
    found = channels.channel_of(channel)
    assert (found.status, found.ends, found.deposit, found.paid) == (
        ChannelStatus.OPEN,
        channel.ends,
        20 * TOKEN,
        0,
    )
    send(market, ALICE, channels.redeem(channel, *voucher(market, channel, TOKEN)))
    assert channels.earnings_of(1) == Earnings(99 * TOKEN // 100, TOKEN // 100)
    send(market, ALICE, channels.top_up(channel, TOKEN, HOUR, 2 * TOKEN))
    last = voucher(market, channel, 5 * TOKEN)
    receipt = send(market, BOB, channels.close_by_miner(channel, *last))
    (told,) = decode_logs(receipt.logs, channels.address)
    assert isinstance(told, events.ChannelClosed)
    assert (told.paid, told.refunded) == (5 * TOKEN, 16 * TOKEN)
    assert channels.account_of(ALICE.address).available == 95 * TOKEN
    assert channels.channel_of(channel).status is ChannelStatus.NONE


@pytest.mark.spec("18.6")
def test_what_is_refused_says_what_to_do(market: Market) -> None:
    channels = leased(market)
    channel = opened(market, channels)
    amount, signature = voucher(market, channel, 21 * TOKEN)
    with pytest.raises(contract_errors.VoucherAboveDeposit, match="pays once more is put in"):
        channels.redeem(channel, amount, signature).simulate(BOB.address)
    with pytest.raises((contract_errors.NoticeNotOver, TransactionReverted), match="close it afte"):
        send(market, BOB, channels.close(channel))
