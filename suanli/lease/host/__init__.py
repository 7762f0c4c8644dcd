"""The miner's side: sessions are taken, rooms are given for as long as they are paid."""

__all__ = ["checks", "config", "opening", "status"]
