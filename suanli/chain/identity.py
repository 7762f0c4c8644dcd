"""Asking an identity verifier, which may be broken, as the market asks it."""

from __future__ import annotations

from typing import Any

from suanli.chain.abi import artifact
from suanli.chain.errors import RpcError
from suanli.chain.market import Market
from suanli.chain.node import BlockName, Node
from suanli.chain.transport import is_momentary
from suanli.protocol import ZERO_ADDRESS

MOST_GAS = 100_000
"""That a verifier may use."""
_YES = (1).to_bytes(32)


class IdentityVerifier:
    """Of some terms; the zero address has verified nobody. What fails, or answers anything but a
    plain yes, says no. Raises ChainError only if the node can't be asked."""

    def __init__(self, node: Node, address: str, block: BlockName = "latest") -> None:
        self._node, self.address, self._block = node, address, block

    @classmethod
    def of(cls, market: Market, address: str) -> IdentityVerifier:
        """Asked at the block at which the market is read."""
        return cls(market.node, address, market.block)

    def knows_miner(self, miner_id: int, tenure: int) -> bool:
        return self._says_yes("isVerified(uint32,uint32)", miner_id, tenure)

    def knows_requester(self, account: str) -> bool:
        return self._says_yes("isVerified(address)", account)

    def _says_yes(self, method: str, *arguments: Any) -> bool:
        if self.address == ZERO_ADDRESS:
            return False
        data = artifact("IIdentityVerifier").abi.functions[method].encode(arguments)
        gas = MOST_GAS + _paid_before(data)
        try:
            answer = self._node.call(self.address, data, block=self._block, gas=gas)
        except RpcError as error:
            if is_momentary(error):
                raise
            return False
        return answer[:32] == _YES


def _paid_before(data: bytes) -> int:
    """Gas that a transaction with this data takes before its call begins."""
    return 21_000 + sum(16 if byte else 4 for byte in data)
