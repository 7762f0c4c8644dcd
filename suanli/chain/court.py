"""A court, typed. interfaces/ICourt.sol is the manual of what each function does and refuses.

Amounts in base units, times in seconds since 1970, addresses in lowercase. Views raise
ContractError; so does a `Call` when it is simulated or sent.
"""

from __future__ import annotations

from dataclasses import replace

from suanli.chain.contract import Call, Contract
from suanli.chain.generated.court_functions import ABI, CourtFunctions
from suanli.chain.node import BlockName, Node

GOING_ON = 40_000
"""Gas to begin the next phase."""
DRAWING = 800_000
"""Gas to draw the largest jury, in one call."""
COUNTING = 400_000
"""Gas to count the votes of the largest jury."""


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

    # Of several that do the same, whichever is mined last does more: an estimate can't tell.

    def commit_secret(self, case_id: bytes, secret: bytes) -> Call[None]:
        return replace(super().commit_secret(case_id, secret), more_gas=GOING_ON)

    def reveal_secret(self, case_id: bytes, secret: bytes) -> Call[None]:
        return replace(super().reveal_secret(case_id, secret), more_gas=DRAWING)

    def commit_vote(self, case_id: bytes, index: int, commitment: bytes) -> Call[None]:
        return replace(super().commit_vote(case_id, index, commitment), more_gas=GOING_ON)

    def reveal_vote(
        self, case_id: bytes, index: int, leaf: bytes, trace: bytes, salt: bytes
    ) -> Call[None]:
        call = super().reveal_vote(case_id, index, leaf, trace, salt)
        return replace(call, more_gas=COUNTING)
