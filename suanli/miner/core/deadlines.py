"""Until when a deal waits for what: pure functions."""

from __future__ import annotations

from collections.abc import Iterator

from suanli.miner.core.records import CoreState, MinerDeal
from suanli.miner.core.stages import Stage
from suanli.protocol import State


def latest(state: CoreState, deal: MinerDeal) -> int:
    """When the result must be on its way to the chain."""
    return deal.deadline - state.settings.reserve


def may_wait(state: CoreState, deal: MinerDeal, now: int) -> int:
    """Seconds for which its result may wait for others to go with it: never into the time that is
    kept for the chain."""
    return max(min(state.settings.together, latest(state, deal) - now), 0)


def submit_at(state: CoreState, deal: MinerDeal) -> int:
    """When waiting for the requester's acceptance ends. It may have come while the daemon was off:
    until the relay has answered once, the wait begins with the daemon."""
    if not deal.lodged:
        return deal.waiting_since
    since = deal.waiting_since if deal.id in state.asked else max(deal.waiting_since, state.begun)
    half = max(deal.deadline - since, 0) // 2
    return min(since + min(state.settings.patience, half), latest(state, deal))


def window_ends(state: CoreState, deal: MinerDeal) -> int | None:
    """The last second in which a submitted result can be objected to: of its challenge window, or,
    if it is frozen, of the court's time; None: its terms were not read."""
    terms = state.view.terms.get(deal.request.terms) if state.view else None
    if not deal.chain or not terms:
        return None
    court = terms.verdict_by if deal.chain.frozen else 0
    return deal.chain.time + terms.challenge_window + court


def waits_of(state: CoreState) -> Iterator[tuple[bytes, str, int]]:
    """Of all live deals: id, what it waits for, until when."""
    for deal in state.live():
        yield deal.id, *wait_of(state, deal)


def wait_of(state: CoreState, deal: MinerDeal) -> tuple[str, int]:
    """What a live deal waits for, and until when; 0: that is not known."""
    match deal.stage:
        case Stage.CONFIRMING:
            return "its confirmation", deal.request.confirm_by
        case Stage.RUNNING:
            tasks = deal.work.tasks if deal.work else deal.request.tasks
            done = len(deal.leaves)
            if done < tasks:
                return f"{tasks - done:,} of {tasks:,} tasks, due", deal.deadline
            return "its outputs to be in the store", deal.deadline
        case Stage.UPLOADED | Stage.OFFERED:
            return "the requester's acceptance, else it goes to the chain", submit_at(state, deal)
        case Stage.RELEASING:
            return "its release", deal.deadline
        case Stage.SUBMITTED | Stage.SETTLING:
            return _window(state, deal)
    return "its result to be mined", deal.deadline


def _window(state: CoreState, deal: MinerDeal) -> tuple[str, int]:
    ends, chain = window_ends(state, deal), deal.chain
    if ends is None or chain is None or chain.state is not State.SUBMITTED:
        return "its settlement", 0
    return "the court's verdict" if chain.frozen else "the end of its challenge window", ends
