"""A court's cases in plain words: what they wait for, what follows, and what came of them."""

from __future__ import annotations

from suanli.base.text import rough
from suanli.protocol import CaseOutcome, CasePhase, CaseStatus, Docket

ROUNDS = ("", " once more, since the first jury found nothing", " on appeal")
"""What is said of a jury, by the number of its round."""
_WAITS = {
    CasePhase.NONE: "it is not there",
    CasePhase.QUEUED: "it waits for free seats",
    CasePhase.ANSWERING: "the parties commit to their secrets",
    CasePhase.DRAWING: "the jury is drawn",
    CasePhase.VOTING: "jurors run the task",
    CasePhase.SHOWING: "the challenger shows the leaf that it holds right",
    CasePhase.REVEALING: "jurors reveal their votes",
    CasePhase.CURING: "half of the jury could not get the data: the miner has to serve it",
    CasePhase.DECIDED: "the loser may appeal",
    CasePhase.REJECTED: "the challenge was lost",
    CasePhase.UPHELD: "the miner lost",
    CasePhase.UNDECIDED: "no jury came to a result",
    CasePhase.VOID: "the deal ended without the court",
}
_SILENT = {
    CasePhase.QUEUED: "without them it ends, and the deposit comes back",
    CasePhase.DRAWING: "who does not reveal its secret loses",
    CasePhase.VOTING: "who does not vote pays a penalty",
    CasePhase.SHOWING: "else it loses",
    CasePhase.REVEALING: "then the votes are counted",
    CasePhase.CURING: "then the same jury votes again",
    CasePhase.DECIDED: "then it is closed",
}
_FOUND = {
    CaseOutcome.NONE: "no majority",
    CaseOutcome.STANDS: "the jury found the miner's result right",
    CaseOutcome.WRONG: "the jury found the miner's result wrong",
    CaseOutcome.UNAVAILABLE: "the jury could not get the data",
}


def about(status: CaseStatus) -> str:
    """What is challenged."""
    if status.withheld:
        return f"task {status.task} of the deal: its data is said to be withheld"
    return f"task {status.task} of the deal: its result is said to be wrong"


def case_told(status: CaseStatus) -> str:
    """What it waits for, or how it ended."""
    phase = status.phase
    if phase is CasePhase.ANSWERING and status.round == 0:
        return "the miner has to show its leaf"
    if phase is CasePhase.DECIDED:
        return f"{_FOUND[status.outcome]}; {_WAITS[phase]}"
    if phase is CasePhase.VOTING:
        again = ", a second time, since data was served" if status.second else ""
        return (
            f"{status.seats} jurors run the task{ROUNDS[status.round]}{again}:"
            f" {status.committed} have voted"
        )
    if phase is CasePhase.REVEALING:
        return f"{_WAITS[phase]}: {status.revealed} of {status.committed} have"
    if phase.is_final and status.outcome is not CaseOutcome.NONE:
        return f"{_WAITS[phase]}: {_FOUND[status.outcome]}"
    return _WAITS[phase]


def silence_told(status: CaseStatus) -> str:
    """What happens when the time for it is over; empty once it is final."""
    if status.phase is CasePhase.ANSWERING:
        who = "the miner" if status.filer_acted else "who does not"
        return f"{who} loses if it does not" if status.filer_acted else f"{who} loses"
    return _SILENT.get(status.phase, "")


def next_told(status: CaseStatus, docket: Docket, now: int) -> str:
    """What follows once a case is final; empty if nothing does. `now`: by the chain."""
    if docket.finished or not docket.frozen or status.phase is CasePhase.VOID:
        return ""
    if docket.open:
        return f"the deal waits for {docket.open} more case{'' if docket.open == 1 else 's'}"
    if now <= docket.filing_until:
        return f"the deal waits for {rough(docket.filing_until - now)}: others may still challenge"
    return "anybody may finish the deal"
