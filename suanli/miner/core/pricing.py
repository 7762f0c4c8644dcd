"""When a price that adapts is updated by this miner: pure functions.

An update costs its sender gas and serves everybody: whoever comes first does it for all.
"""

from __future__ import annotations

from suanli.miner.core.records import AdaptiveView, ClassView, CoreState

UPDATE_EVERY = 3_600
"""Seconds between two updates of a class by this miner, whatever the window."""
SHARES = 16
"""Parts of the window; updates are due from the eighth to the fifteenth, by the miner's number, so
that not all miners send theirs in one second."""


def update_due(state: CoreState, seen: ClassView, last: int | None, now: int) -> bool:
    """Whether the price is behind by half of its window at least, and would move, or what is
    remembered of its demand; `last`: when this miner asked for an update of it."""
    adaptive, view, most = seen.adaptive, state.view, state.settings.update_fee
    if adaptive is None or view is None or most == 0 or view.base_fee > most:
        return False
    if last is not None and last <= now < last + UPDATE_EVERY:
        return False
    behind = now - adaptive.updated_at
    share = SHARES // 2 + state.settings.miner_id % (SHARES // 2)
    return SHARES * behind >= share * adaptive.window and not _rests(adaptive, seen.price)


def _rests(adaptive: AdaptiveView, price: int) -> bool:
    """As at the floor, while nothing is demanded: an update would leave all as it is."""
    seen = {adaptive.lowest, adaptive.lowest_before, adaptive.utilization}
    return price == adaptive.price and len(seen) == 1
