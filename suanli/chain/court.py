"""A court, typed. interfaces/ICourt.sol is the manual of what each function does and refuses.

Amounts in base units, times in seconds since 1970, addresses in lowercase. Views raise
ContractError; so does a `Call` when it is simulated or sent.
"""

from __future__ import annotations

from suanli.chain.contract import Contract
from suanli.chain.generated.court_functions import ABI, CourtFunctions
from suanli.chain.node import BlockName, Node


class Court(CourtFunctions):
    """A deployed court, read at `block` (the newest unless told otherwise)."""

    def __init__(self, node: Node, address: str, block: BlockName = "latest") -> None:
        self._contract = Contract(node, address, ABI, block)
        self.node, self.address, self.block = node, self._contract.address, block

    def __repr__(self) -> str:
        return f"<Court at {self.address}>"

    def at(self, block: BlockName) -> Court:
        """The same court, read as it was after a block."""
        return Court(self.node, self.address, block)
