"""The requester's side: a lease is opened, paid step by step, and ended."""

__all__ = ["archive", "core", "finding", "ledger", "onchain", "opening", "run"]
