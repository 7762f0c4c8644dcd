"""What payment channels cost: from opening to close, whatever is paid by vouchers in between."""

from __future__ import annotations

from typing import Any

from eth_abi import decode

from benchmarks.stage import ASK, BID, CPU, FOREVER, LEASED, MINER_KEY, REQUESTER_KEY, Stage, sign
from suanli.deployment import TOKEN
from suanli.protocol import Quote, Voucher
from suanli.protocol.schema import abi_type

HOUR = 3_600
NOTICE = 24 * HOUR
UNITS = 2
DEPOSIT = 10 * TOKEN
STEPS = 10_000
RECORD = f"({abi_type(Quote)},uint96,uint40,uint112,uint112)"
STEP = DEPOSIT // STEPS
"""What a step pays, in base units."""


class Channels:
    """Both parties have money there, and had another channel that was closed."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.nonce = stage, 0
        market = stage.addresses["ComputeMarket"]
        arguments = market, stage.payout, 100, NOTICE
        self.address = stage.chain.deploy("PaymentChannels", arguments).address
        stage.addresses["PaymentChannels"] = self.address
        stage.contracts["PaymentChannels"] = "PaymentChannels"
        stage.gas(stage.requester, "approve", self.address, 2**256 - 1, target="Token")
        self.call(stage.requester, "deposit", 1_000 * TOKEN)
        stage.gas(stage.miner, "registerResource", LEASED, 100)
        stage.gas(stage.miner, "publishOffer", LEASED, 100, ASK, FOREVER, False)
        stage.gas(stage.payout, "permitOperator", stage.miner, self.address, 30 * NOTICE)
        for resource, units in ((LEASED, UNITS), (CPU, 0)):
            first = self.open(resource, units)[1]
            self.call(stage.miner, "closeByMiner", first, *self.voucher(first, STEP))
            self.open(resource, units)

    def call(self, sender: str, method: str, *arguments: Any) -> int:
        return self.stage.gas(sender, method, *arguments, target="PaymentChannels")

    def open(self, resource: int, units: int) -> tuple[int, tuple[Any, ...]]:
        """Its gas, and the channel's record."""
        stage = self.stage
        self.nonce += 1
        requester = stage.requester.lower()
        parties = self.address.lower(), requester, requester, stage.number
        quote = Quote(*parties, resource, units, HOUR, self.nonce, FOREVER)
        signed = sign(stage.domain.digest(quote), MINER_KEY)
        data = stage.data("open", quote, signed, DEPOSIT, BID, target="PaymentChannels")
        receipt = stage.chain.transact(data, stage.requester)
        told = next(log for log in receipt["logs"] if log["address"] == self.address.lower())
        record = decode([RECORD], bytes.fromhex(told["data"].removeprefix("0x")))[0]
        return int(receipt["gasUsed"], 16), record

    def voucher(self, record: tuple[Any, ...], amount: int) -> tuple[int, bytes]:
        channel = self.stage.domain.digest(Quote(*record[0]))
        signed = sign(self.stage.domain.digest(Voucher(channel, amount)), REQUESTER_KEY)
        return amount, signed


def steps(stage: Stage, resource: int = LEASED, units: int = UNITS) -> int:
    """A channel of 10,000 steps, all transactions of both."""
    channels = Channels(stage)
    gas, record = channels.open(resource, units)
    last = channels.voucher(record, STEPS * STEP)
    return gas + channels.call(stage.miner, "closeByMiner", record, *last)


def step(stage: Stage, wanted: str, resource: int = LEASED, units: int = UNITS) -> int:
    channels = Channels(stage)
    gas, record = channels.open(resource, units)
    if wanted == "open":
        return gas
    half = channels.voucher(record, 5_000 * STEP)
    match wanted:
        case "topUp":
            return channels.call(stage.requester, "topUp", record, DEPOSIT, HOUR, BID)
        case "redeem":
            return channels.call(stage.bystander, "redeem", record, *half)
        case "closeByMiner":
            return channels.call(stage.miner, "closeByMiner", record, *half)
        case "closeByRequester":
            return channels.call(stage.requester, "closeByRequester", record)
        case "collectEarnings":
            return channels.call(stage.payout, "collectEarnings", stage.miner)
    stage.advance(HOUR + NOTICE + 1)
    return channels.call(stage.bystander, "close", record)


def redeem_ten(stage: Stage) -> int:
    channels = Channels(stage)
    records = [channels.open(CPU, 0)[1] for _ in range(10)]
    listed = [(record, *channels.voucher(record, STEP)) for record in records]
    return channels.call(stage.bystander, "redeemMany", listed) // 10


CALLS = {
    f"channel-{name}": (lambda s, name=name: step(s, name))
    for name in (
        *("open", "topUp", "redeem", "closeByMiner", "closeByRequester", "close"),
        "collectEarnings",
    )
} | {
    "channel-open-judged": lambda s: step(s, "open", CPU, 0),
    "channel-closeByMiner-judged": lambda s: step(s, "closeByMiner", CPU, 0),
    "channel-redeemMany-each-of-10": redeem_ten,
}
