"""What a daemon sent before its last end, and nobody wants any more: followed to its end."""

from __future__ import annotations

from suanli.chain import ContractError, Sender, Sent, TransactionError


class Orphans:
    """Transactions that were open when this one began. They end whatever they come to: until then
    later ones wait behind them."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._open: list[Sent] | None = None

    @property
    def busy(self) -> bool:
        return self._open is None or bool(self._open)

    def find(self) -> None:
        """Once, before anything is sent."""
        if self._open is None:
            self._open = self._sender.pending()

    def follow(self) -> None:
        """Raises TransportError, BadAnswer: the node is away."""
        self._open = [sent for sent in self._open or () if not self._is_over(sent)]

    def _is_over(self, sent: Sent) -> bool:
        try:
            return self._sender.poll(sent) is not None
        except (ContractError, TransactionError):
            return True
