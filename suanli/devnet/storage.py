"""What miners of a devnet sell of this machine's disk."""

from __future__ import annotations

RESOURCE, UNITS = 5, 20
"""gb-day: so many at a time."""
ASK = "0.1"
COLLATERAL = 100
TOKENS = 200
"""For the stake of these units, and the collateral."""


def table(deals: str, port: int) -> str:
    """Of the file of a miner that takes bytes at this port."""
    return f"""
[storage]
deals = "{deals}"
resource = {RESOURCE}
units = {UNITS}
ask = "{ASK}"
collateral = "{COLLATERAL}"
listen = "127.0.0.1:{port}"
addresses = ["ws://127.0.0.1:{port}"]
disk = "6 GiB"
period = 60
gas = "0"
"""
