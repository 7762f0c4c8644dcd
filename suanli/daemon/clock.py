"""The chain's time; whether this machine's clock is right by those of others, and whether the
machine slept; in seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

from suanli.base.text import rough
from suanli.chain import Block
from suanli.chain.funding import LOCAL_CHAINS

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
            " timedatectl set-ntp true); until then messages are dated by the relay's"
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


def trouble_at(head: Block, chain_id: int, relay: float | None) -> str:
    """The same by a chain's newest block; a local chain's time says nothing."""
    return trouble(relay, None if chain_id in LOCAL_CHAINS else head.time - time.time())


def agreement(relay: float | None, chain: float | None) -> str:
    """How far they agree, for people."""
    by = {"the relay's": relay, "the chain's newest block": chain}
    known = [f"{round(value):+d} s to {name}" for name, value in by.items() if value is not None]
    return ", ".join(known) or "there is no other one to compare it with"


def steady() -> float:
    """Seconds that only grow: nobody sets them, and those for which the machine sleeps count."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class TimeWatch:
    """Notices that the machine slept, or that its clock was set. `awake`: as `steady`, without
    the time asleep."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = steady,
        awake: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self._steady, self._awake = wall, steady, awake
        self._before = self._read()

    def look(self) -> str:
        """What happened since the last look, or ""."""
        before, now = self._before, self._read()
        self._before = now
        slept, was_set = now[0] - before[0], now[1] - before[1]
        if slept > MOST:
            return (
                f"this machine slept for {rough(slept)}: what was due meanwhile may be late; it"
                " goes on from what the chain says now"
            )
        if abs(was_set) > MOST:
            way = "forward" if was_set > 0 else "back"
            return (
                f"this machine's clock was set {way} by {rough(abs(was_set))}: deals go by the"
                " chain's time, which did not move"
            )
        return ""

    def _read(self) -> tuple[float, float]:
        """How long it slept since it was started, and when that was."""
        steady = self._steady()
        return steady - self._awake(), self._wall() - steady


class ChainClock:
    """The chain's time between its blocks: its newest block's and what passed since, asleep or not.
    This machine's own clock, which may jump, counts before the first block, and on a `local` chain
    as the least, because an idle one's newest block may be old."""

    def __init__(
        self,
        local: bool,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = steady,
    ) -> None:
        self._local, self._wall, self._monotonic = local, wall, monotonic
        self._head: tuple[bytes, int, float] = (b"", 0, 0.0)

    def saw(self, block: Block) -> None:
        if block.hash != self._head[0]:
            self._head = (block.hash, block.time, self._monotonic())

    def now(self) -> int:
        _, at, since = self._head
        if not at:
            return int(self._wall())
        chain = at + self._monotonic() - since
        return int(max(chain, self._wall()) if self._local else chain)
