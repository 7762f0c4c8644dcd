"""Whether this machine's clock is right, by those of others: pure functions, in seconds."""

from __future__ import annotations

MOST = 30
"""That clocks may differ by before it is said; a relay allows a minute."""
STALE = 600
"""Age of a chain's newest block at which something is wrong."""


def trouble(relay: float | None, chain: float | None) -> str:
    """What is wrong and what to do, or "". `relay` and `chain`: by how much their clocks are ahead
    of this machine's, as far as they are known; a chain's is behind by the age of its block."""
    if relay is not None and abs(relay) > MOST:
        way = "behind" if relay > 0 else "ahead of"
        return (
            f"this machine's clock is {abs(relay):,.0f} s {way} the relay's: set it (as with"
            " timedatectl set-ntp true); a relay refuses what is dated more than a minute from now"
        )
    if chain is not None and chain > MOST:
        return (
            f"this machine's clock is {chain:,.0f} s behind the chain's: set it (as with"
            " timedatectl set-ntp true)"
        )
    if chain is not None and -chain > STALE:
        return (
            f"the chain's newest block is {-chain:,.0f} s old by this machine's clock: the node is"
            " behind, or the clock is ahead"
        )
    return ""


def agreement(relay: float | None, chain: float | None) -> str:
    """How far they agree, for people."""
    by = {"the relay's": relay, "the chain's newest block": chain}
    known = [f"{value:+.0f} s to {name}" for name, value in by.items() if value is not None]
    return ", ".join(known) or "there is no other one to compare it with"
