"""A class's price that adapts, as the chain has it: its state, and the call that updates it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from suanli.chain.contract import Call, Contract
from suanli.chain.errors import BadAnswer, ContractError, NoContract
from suanli.chain.market import Market
from suanli.chain.node import BlockName, Node, Receipt
from suanli.protocol import Request


class PriceState(NamedTuple):
    """What the last update left: price in 10^-18 token per unit, time, and the lowest utilizations,
    in billionths, of its window and the one before."""

    price: int
    updated_at: int
    lowest: int
    lowest_before: int


class PriceUpdate(NamedTuple):
    """What an update made of it: the price, how much it saw in use, in billionths, and the units of
    requests that it left out."""

    price: int
    utilization: int
    left_out: int


class PriceController:
    """A deployed AdaptivePriceModel, read at `block`."""

    def __init__(self, node: Node, address: str, block: BlockName = "latest") -> None:
        self._contract = Contract(node, address, "AdaptivePriceModel", block)
        self.node, self.address = node, self._contract.address

    @classmethod
    def of(cls, market: Market, resource: int) -> PriceController | None:
        """That of a class, at the market's block; None if its price does not adapt."""
        found = cls(market.node, market.resource_class(resource).price_model, market.block)
        try:
            its = found._contract.read("market"), found._contract.read("resource")
        except (ContractError, NoContract, BadAnswer):
            return None
        return found if its == (market.address, resource) else None

    def window(self) -> int:
        """Most seconds that an update makes up for."""
        return int(self._contract.read("window"))

    def state(self) -> PriceState:
        return PriceState(*self._contract.read("state"))

    def update(self, hollow: Sequence[Request] = ()) -> Call[int]:
        """Returns the price from now on; `hollow`: posted requests that are no demand at it, by
        ascending id. Those that are, or are posted no more, count on."""
        return self._contract.call("update", list(hollow))

    def updated(self, receipt: Receipt) -> PriceUpdate:
        """What a transaction with an update made of it.

        Raises:
            BadAnswer: there was none in it.
        """
        for log in receipt.logs:
            entry = self._contract.abi.events.get(log.topics[0]) if log.topics else None
            if log.address == self.address and entry is not None:
                return PriceUpdate(*entry.arguments(log.topics, log.data))
        raise BadAnswer("eth_getTransactionReceipt", "an update tells its price")
