"""The stage that a deal's facts give, whatever its way was: after an error of this program a deal
goes on from there."""

from __future__ import annotations

from suanli.miner.core.deadlines import latest, submit_at, window_ends
from suanli.miner.core.records import CoreState, MinerDeal
from suanli.miner.core.stages import Stage
from suanli.protocol import State


def stage_by_facts(state: CoreState, deal: MinerDeal, now: int) -> Stage:
    """What keeps its money safe: what is due is done, what is not known is asked for again."""
    chain = deal.chain
    if chain is None or not chain.mine or chain.state in (State.NONE, State.POSTED):
        waits = deal.bound and deal.work is not None and not deal.taken
        return Stage.CONFIRMING if waits else Stage.SEEN
    if chain.state is State.SUBMITTED:
        ends = window_ends(state, deal)
        over = ends is not None and now > ends
        return Stage.SETTLING if over else Stage.SUBMITTED
    if chain.state is not State.CONFIRMED:
        return Stage.ENDED
    if deal.work is None:
        return Stage.RELEASING
    if deal.result is None:
        return Stage.RELEASING if now >= latest(state, deal) else Stage.RUNNING
    if latest(state, deal) <= now <= deal.deadline:
        return Stage.SUBMITTING
    if deal.acceptance:
        return Stage.ACCEPTED
    if submit_at(state, deal) <= now <= deal.deadline:
        return Stage.SUBMITTING
    return Stage.OFFERED if deal.answered else Stage.UPLOADED
