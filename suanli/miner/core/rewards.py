"""What this miner has a reward pool do, and when: pure functions.

A pool knows what it read, and no more: capacity counts from a second reading on, and fees only
between the first and the last reading of an epoch. An epoch that is over has to be drawn, by
anybody, before its rewards can be claimed.
"""

from __future__ import annotations

from collections.abc import Iterator

from suanli.miner.core.instructions import Act, RewardStep, SendReward
from suanli.miner.core.records import CoreState, PastEpoch, RewardView, Settings

ASK_EVERY = 60
"""Seconds between two steps: what a step did is seen a moment later."""
CLOSING_PART = 4
"""Of the time between two readings that make capacity count: so long before an epoch ends comes its
last reading."""
TURNS = 8
"""Miners draw one after the other, by their numbers, so that not all pay for it."""
TURN_BLOCKS = 8
HASHES = 256
"""How far back the chain tells a block's hash, in blocks."""


def reward_step(state: CoreState, now: int) -> Iterator[SendReward]:
    """At most one."""
    view, settings = state.view, state.settings
    if view is None or view.rewards is None or view.base_fee > settings.reward_fee:
        return
    last, seen = state.tried.get((Act.REWARDS, None)), view.rewards
    if last is not None and last <= now < last + ASK_EVERY:
        return
    if _reading_due(seen, last, now):
        yield _send(seen, RewardStep.READ, seen.epoch, now)
    elif seen.past is not None:
        step = _step_of(seen.past, seen, settings, view.evm_block, now)
        if step is not None:
            yield _send(seen, step, seen.past.number, now)


def _send(seen: RewardView, step: RewardStep, epoch: int, now: int) -> SendReward:
    return SendReward(Act.REWARDS, f"rewards:{step}:{epoch}:{now}", seen.pool, step, epoch)


def _reading_due(seen: RewardView, last: int | None, now: int) -> bool:
    """Whether more would count of what is sold, or the epoch is nearly over: a reading also tells
    the pool what fees were paid since the one before."""
    if now >= seen.ends:
        return False
    if any(it.sells > it.counted and now >= it.since + seen.settling for it in seen.classes):
        return True
    closing = seen.ends - max(seen.settling // CLOSING_PART, 1)
    counts = any(it.counted for it in seen.classes)
    return counts and now >= closing and (last is None or last < closing)


def _step_of(
    past: PastEpoch, seen: RewardView, settings: Settings, block: int, now: int
) -> RewardStep | None:
    """The next one of an epoch that is over."""
    turn = settings.miner_id % TURNS
    if past.drawn:
        return RewardStep.CLAIM
    if not past.seed_block or block > past.seed_block + HASHES:
        return RewardStep.PREPARE if now >= past.ended + turn * seen.settling // TURNS else None
    if block <= past.seed_block + turn * TURN_BLOCKS:
        return None
    return RewardStep.COLLECT if seen.fees else RewardStep.DRAW
