"""Time on a miner's machine and space on its disk, sold in steps: sessions and bytes kept."""

# Names alone: the keeper of a room loads this, and must start in an instant.
__all__ = ["depositing", "errors", "host", "rate", "sandbox", "storage", "swarm", "user", "wire"]
