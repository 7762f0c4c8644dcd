"""A machine that loses deals rests before it takes another, longer each time. Pure functions."""

from __future__ import annotations

import time

from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import MinerDeal, Rest
from suanli.miner.core.stages import Stage
from suanli.protocol import Request, State

FIRST, LONGEST = 300, 86_400
"""Seconds of rest after a deal lost by this machine's fault; doubled with each further one until
one succeeds."""


def after_end(rest: Rest, deal: MinerDeal, state: State, now: int) -> Rest:
    """The rest after a deal has ended on chain; it still has the stage in which that is seen."""
    if state is State.SETTLED:
        return Rest()
    if not _is_own_fault(deal, state):
        return rest
    length = min(FIRST * 2**rest.faults, LONGEST)
    return Rest(rest.faults + 1, max(rest.until, now + length))


def _is_own_fault(deal: MinerDeal, state: State) -> bool:
    """What was never this daemon's, as after a lost journal, says nothing about its machine."""
    stranger = deal.reason is not None and deal.reason.code == "data"
    given_back = state is State.RELEASED and deal.stage is Stage.RELEASING
    return not stranger and (given_back or state in (State.DEFAULTED, State.OVERTURNED))


def objection(rest: Rest, request: Request, now: int) -> Reason | None:
    """Final, unless the request can wait for so long."""
    if now < rest.until:
        final = rest.until >= request.confirm_by
        return Reason("resting", f"this miner rests {shown(rest)}", final=final)
    return None


def shown(rest: Rest) -> str:
    until = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(rest.until))
    deals = "a deal" if rest.faults == 1 else f"{rest.faults} deals in a row"
    return f"until {until}, after {deals} lost by its machine"
