"""Cases in a miner's words: what each waits for, and what came of it."""

from __future__ import annotations

from suanli.miner.core.accusations import Accusation
from suanli.protocol import CaseOutcome, CasePhase, CaseStatus

_WAITS = {
    CasePhase.NONE: "it is not on the chain",
    CasePhase.QUEUED: "it waits for free seats",
    CasePhase.DRAWING: "the jury is drawn",
    CasePhase.SHOWING: "the challenger shows the leaf that it holds right",
    CasePhase.CURING: "half of the jury could not get the data: it must be in the store",
    CasePhase.DECIDED: "the loser may appeal",
    CasePhase.REJECTED: "won: the challenge was lost",
    CasePhase.UPHELD: "lost",
    CasePhase.UNDECIDED: "no jury came to a result: nothing is lost by it",
    CasePhase.VOID: "the deal ended without the court",
}
_FOUND = {
    CaseOutcome.NONE: "",
    CaseOutcome.STANDS: "the jury found the result right",
    CaseOutcome.WRONG: "the jury found the result wrong",
    CaseOutcome.UNAVAILABLE: "the jury could not get the data",
}
_JURY = ("", " once more, since the first found nothing", " on appeal")


def charge(case: Accusation) -> str:
    """What is said of the result."""
    if case.withheld:
        return f"the result's data, that of task {case.task} first, is said to be withheld"
    return f"task {case.task} is said to be wrong"


def standing(status: CaseStatus) -> str:
    """What it waits for, or how it ended."""
    phase, found = status.phase, _FOUND[status.outcome]
    if phase is CasePhase.ANSWERING:
        return _answering(status)
    if phase is CasePhase.VOTING:
        return f"a jury of {status.seats} runs the task{_again(status)}: {status.committed} voted"
    if phase is CasePhase.REVEALING:
        return f"the jury shows its votes: {status.revealed} of {status.committed}"
    told = _WAITS[phase]
    if phase is CasePhase.UPHELD and not found:
        return f"{told}: this miner did not act in time"
    shown = phase in (CasePhase.DECIDED, CasePhase.REJECTED, CasePhase.UPHELD)
    return f"{told}: {found}" if found and shown else told


def own_run(case: Accusation) -> str:
    """What this miner found itself."""
    if case.right is None:
        return "it is run again here"
    return "run again here, it is as claimed" if case.right else "run again here, it is DIFFERENT"


def _answering(status: CaseStatus) -> str:
    if not status.miner_acted:
        return "this miner has to answer" if status.round == 0 else "this miner has to commit"
    return "the challenger has to commit"


def _again(status: CaseStatus) -> str:
    return ", a second time, since data was served" if status.second else _JURY[status.round]
