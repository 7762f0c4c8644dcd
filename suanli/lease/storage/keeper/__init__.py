"""The miner's side: bytes are taken, kept for as long as they are paid, proved, given back."""

__all__ = ["checks", "config", "opening"]
