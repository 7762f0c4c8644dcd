"""The requester's side: copies are sealed, sent, paid, asked for, made again when they are lost."""

__all__ = ["finding", "ledger", "onchain", "work"]
