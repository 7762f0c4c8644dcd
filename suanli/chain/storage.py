"""Storage deals, typed. interfaces/IStorageDeals.sol is the manual.

Amounts in base units, times in seconds since 1970, addresses in lowercase. Views raise
ContractError; so does a `Call` when it is simulated or sent.
"""

from __future__ import annotations

from collections.abc import Iterable

from suanli.chain.contract import Contract
from suanli.chain.generated.events import StorageOpened
from suanli.chain.generated.storage_functions import ABI, StorageFunctions
from suanli.chain.logs import decode_logs
from suanli.chain.node import BlockName, Log, Node
from suanli.protocol import StorageDeal


class StorageDeals(StorageFunctions):
    """Deployed ones, read at `block` (the newest unless told otherwise)."""

    def __init__(self, node: Node, address: str, block: BlockName = "latest") -> None:
        self._contract = Contract(node, address, ABI, block)
        self.node, self.address, self.block = node, self._contract.address, block

    def __repr__(self) -> str:
        return f"<StorageDeals at {self.address}>"

    def at(self, block: BlockName) -> StorageDeals:
        """The same, read as they were after a block."""
        return StorageDeals(self.node, self.address, block)

    def opened(self, logs: Iterable[Log]) -> StorageDeal | None:
        """The record of the deal that a transaction opened, by its receipt's logs."""
        found = decode_logs(logs, self.address)
        return next((event.record for event in found if isinstance(event, StorageOpened)), None)
