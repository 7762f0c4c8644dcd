"""Which miners tasks don't go to again, and why: pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from suanli.client.plan import Plan
from suanli.client.records import EXPIRED, NO_ANSWER, PASSING, DealRecord, DealStage
from suanli.client.run.core.state import RunState

BARRING = ("defaulted", "overturned")
"""Ends after which a miner gets nothing more of the job."""
_ENDINGS = {
    "defaulted": "defaulted on these tasks",
    "released": "gave these tasks back",
    "annulled": "agreed to end the deal for nothing",
    "overturned": "delivered a wrong result, as the court found",
}


def barred(state: RunState, tasks: Sequence[int]) -> dict[int, dict[str, str]]:
    """By task the miners that it does not go to again, and why."""
    found: dict[int, dict[str, str]] = {task: {} for task in tasks}
    for record in state.records.values():
        if record.running or record.stage is DealStage.ACCEPTED:
            continue
        if record.end in PASSING and not record.refused and record.number < state.begun_at:
            continue
        everywhere = record.refused or record.end in BARRING
        for task in tasks if everywhere else record.tasks:
            if task in found:
                found[task][record.miner] = _failing(record)
    return found


def reasons(state: RunState, found: Plan, ends: bool = True) -> list[str]:
    """For each offer, why it gets nothing; then (`ends`) what became of our deals."""
    objections = [
        f"{offer.miner}: {found.objections[offer.miner]}"
        for offer in state.offers
        if offer.miner in found.objections
    ]
    failed = [r for r in state.records.values() if r.refused or r.end not in ("", "settled")]
    told = [f"{r.miner}: deal {r.number} {_ending(r)}" for r in failed]
    return objections + (told if ends else [])


def _failing(record: DealRecord) -> str:
    """Why its miner gets these tasks no more."""
    if record.refused:
        return f"its result was refused: {record.refused}"
    if record.end == EXPIRED and record.why == NO_ANSWER:
        return "it did not answer when it was offered these tasks"
    if record.end in PASSING or record.stage is DealStage.CALLED:
        return f"it refused these tasks: {record.why}" if record.why else "they were called back"
    return f"it {_ENDINGS.get(record.end, record.end)}"


def _ending(record: DealRecord) -> str:
    why, how = record.refused or record.why, record.end or "is not over yet"
    return f"{how} ({why})" if why else how
