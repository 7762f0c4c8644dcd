"""Time on a miner's machine, sold in steps: sessions, paid by vouchers."""

__all__ = ["errors", "rate", "wire"]
