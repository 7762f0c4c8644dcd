"""ComputeMarket, typed. interfaces/*.sol is the manual of what each function does and refuses.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970, addresses in
lowercase. Views raise ContractError; so does a `Call` when it is simulated or sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from suanli.chain.contract import Call, Contract, decode_error
from suanli.chain.errors import ContractError
from suanli.chain.fees import RESULTS_TOGETHER
from suanli.chain.generated import errors, events
from suanli.chain.generated.functions import ABI, MarketFunctions
from suanli.chain.logs import decode_logs
from suanli.chain.node import BlockName, Node, Receipt
from suanli.chain.typed import record_of
from suanli.protocol import Domain, MinerAccount, Request, Terms


class Market(MarketFunctions):
    """A deployed market, read at `block` (the newest unless told otherwise)."""

    def __init__(self, node: Node, address: str, block: BlockName = "latest") -> None:
        self._contract = Contract(node, address, ABI, block)
        self.node, self.address, self.block = node, self._contract.address, block

    def __repr__(self) -> str:
        return f"<Market at {self.address}>"

    def at(self, block: BlockName) -> Market:
        """The same market, read as it was after a block."""
        return Market(self.node, self.address, block)

    @cached_property
    def domain(self) -> Domain:
        """Where signatures for this market hold; asks the node for its chain id once."""
        return Domain(self.node.chain_id(), self.address)

    def miner_account(self, miner: str) -> MinerAccount | None:
        """None for an address that is no miner."""
        try:
            return record_of(MinerAccount, self._contract.read("minerAccount", miner))
        except errors.NotRegistered:
            return None

    def available_runtimes(self, resource: int) -> dict[int, bytes]:
        """Ids of those that new requests and deals may name, by their place in the class's list:
        those that are permitted, and not suspended."""
        return {
            place: id_
            for place, id_ in enumerate(self.runtimes_of(resource))
            if not self.is_runtime_suspended(resource, place)
        }

    def open_terms(self) -> Iterator[tuple[int, Terms]]:
        """Those that are not retired, numbered, the newest first; asked for one by one."""
        for number in range(self.terms_count(), 0, -1):
            terms = self.terms_of(number)
            if not terms.retired:
                yield number, terms

    def confirm_request(self, request: Request, signature: bytes = b"") -> Call[int]:
        """Returns the deal's price. A posted request needs no signature."""
        return super().confirm_request(request, signature)

    def together(self, calls: Sequence[Call[Any]], *, urgent: bool = False) -> Call[Any]:
        """Calls of this market in one transaction, which leaves out those that revert; `urgent`: at
        the price that results are worth."""
        call = self.multicall_skip([one.data for one in calls])
        return replace(call, name=RESULTS_TOGETHER) if urgent else call

    def left_out(self, receipt: Receipt) -> dict[int, ContractError]:
        """The calls that `together` left out, by their place, and why."""
        found = decode_logs(receipt.logs, self.address)
        return {
            event.index: decode_error(event.reason)
            for event in found
            if isinstance(event, events.CallSkipped)
        }
