"""Time on a miner's machine, sold in steps: sessions, paid by vouchers."""

# Names alone: the keeper of a room loads this, and must start in an instant.
__all__ = ["errors", "host", "rate", "sandbox", "user", "wire"]
