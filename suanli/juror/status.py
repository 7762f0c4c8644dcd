"""What a juror is doing, from its journal: for people and as JSON."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from suanli.base.amounts import show
from suanli.daemon import is_running, rows_of_daemon
from suanli.juror.core import UNAVAILABLE, Ballot, BallotStage, JurorSettings
from suanli.juror.journal import JurorJournal

SHOWN = 15


def status_of(journal: JurorJournal, now: float | None = None) -> dict[str, Any]:
    """All of it; amounts in base units and gas in wei, as text. Salts are not in it."""
    state, noted = journal.load(JurorSettings("")), journal.fact("status") or {}
    ballots = list(state.ballots.values())
    return {
        **noted,
        "running": is_running(noted, now),
        "leaving": state.leaving,
        "judged": {
            kind.name.lower(): count for kind, count in sorted(journal.assessments().items())
        },
        "ballots": [_ballot(one) for one in ballots if one.stage is not BallotStage.OVER],
        "past": [_ballot(one) for one in reversed(ballots) if one.stage is BallotStage.OVER],
    }


def _ballot(ballot: Ballot) -> dict[str, Any]:
    return {
        "case": "0x" + ballot.id.case.hex(),
        "request": "0x" + ballot.request.hex(),
        "task": ballot.task,
        "round": ballot.id.round,
        "second": ballot.id.second,
        "places": list(ballot.places),
        "stage": str(ballot.stage),
        "vote": _vote(ballot),
        "reason": ballot.reason or None,
        "since": ballot.since,
    }


def _vote(ballot: Ballot) -> str | None:
    if ballot.vote is None:
        return None
    return "unavailable" if ballot.vote == UNAVAILABLE else "0x" + ballot.vote.leaf.hex()


def rows_of(status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """One screen: what each is called, and what it is."""
    yield from rows_of_daemon(status, "juror", "leaving")
    for seat in status.get("seats", ()):
        yield "seat", f"{seat['position']}: {_seat(seat['since'], seat['until'], seat['sitting'])}"
    if "available" in status:
        yield "to be withdrawn", show(int(status["available"]), status["decimals"])
    if judged := status["judged"]:
        yield "judged", ", ".join(f"{count} {kind}" for kind, count in judged.items())
    for one in status["ballots"][:SHOWN]:
        yield "case", _line(one)
    for one in status["past"][:SHOWN]:
        yield "past", _line(one)


def _seat(since: int, until: int, sitting: int) -> str:
    cases = f", in {sitting} {'case' if sitting == 1 else 'cases'}"
    if until:
        return f"left, its stake stays until {_time(until)}{cases}"
    return f"can be drawn since {_time(since)}{cases}"


def _line(one: dict[str, Any]) -> str:
    vote = f", voted {one['vote'][:12]}" if one["vote"] else ""
    again = " again" if one["second"] else ""
    why = f"  {one['reason']}" if one["reason"] else ""
    return (
        f"{one['case'][:10]} round {one['round']}{again}, task {one['task']}: {one['stage']}"
        f"{vote}{why}"
    )


def _time(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
