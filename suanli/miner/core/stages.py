"""How far a deal is, and which step may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from suanli.base.errors import SuanliError


class Stage(StrEnum):
    """How far a deal is. Seen: waits for a place, time or money. Checking: its data is fetched.
    From confirming on the daemon is bound by it."""

    SEEN = "seen"
    CHECKING = "checking"
    CONFIRMING = "confirming"
    RUNNING = "running"
    UPLOADED = "uploaded"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    SUBMITTING = "submitting"
    RELEASING = "releasing"
    SUBMITTED = "submitted"
    SETTLING = "settling"
    ENDED = "ended"


FREE = frozenset({Stage.SEEN, Stage.CHECKING})
"""Nothing was promised yet."""
AT_WORK = frozenset({Stage.CONFIRMING, Stage.RUNNING})
"""Units that the workers still owe."""
UNPAID = frozenset({Stage.UPLOADED, Stage.OFFERED, Stage.ACCEPTED, Stage.SUBMITTING})
"""The result is there, and not on chain yet."""
LIVE = frozenset(Stage) - FREE - {Stage.ENDED}

_BACK = frozenset({Stage.SEEN, Stage.CONFIRMING})
"""A reorganization took the confirmation back: for now, or because another miner's stands."""
_ON_CHAIN = frozenset({Stage.SUBMITTED, Stage.ENDED})
"""What the chain says, whatever was thought before."""

MOVES: Mapping[Stage, frozenset[Stage]] = {
    Stage.SEEN: frozenset({Stage.CHECKING, Stage.CONFIRMING, Stage.RUNNING, Stage.RELEASING})
    | _ON_CHAIN,
    Stage.CHECKING: frozenset({Stage.SEEN, Stage.RELEASING}) | _ON_CHAIN,
    Stage.CONFIRMING: frozenset({Stage.SEEN, Stage.RUNNING}) | _ON_CHAIN,
    Stage.RUNNING: frozenset({Stage.UPLOADED, Stage.SUBMITTING, Stage.RELEASING})
    | _BACK
    | _ON_CHAIN,
    Stage.UPLOADED: frozenset({Stage.OFFERED, Stage.ACCEPTED, Stage.SUBMITTING})
    | _BACK
    | _ON_CHAIN,
    Stage.OFFERED: frozenset({Stage.ACCEPTED, Stage.SUBMITTING}) | _BACK | _ON_CHAIN,
    Stage.ACCEPTED: frozenset({Stage.UPLOADED, Stage.OFFERED, Stage.SUBMITTING})
    | _BACK
    | _ON_CHAIN,
    Stage.SUBMITTING: frozenset({Stage.UPLOADED, Stage.OFFERED, Stage.ACCEPTED})
    | _BACK
    | _ON_CHAIN,
    Stage.RELEASING: _BACK | _ON_CHAIN,
    Stage.SUBMITTED: frozenset({Stage.SETTLING, Stage.UPLOADED, Stage.RUNNING, Stage.RELEASING})
    | _BACK
    | frozenset({Stage.ENDED}),
    Stage.SETTLING: frozenset({Stage.UPLOADED, Stage.RUNNING, Stage.RELEASING})
    | _BACK
    | frozenset({Stage.ENDED}),
    Stage.ENDED: frozenset({Stage.SUBMITTED, Stage.UPLOADED, Stage.RUNNING, Stage.RELEASING})
    | _BACK,
}
"""From each stage, those that may follow it."""


class IllegalMove(SuanliError):
    """An error of this program: a deal was to make a step that the table does not know."""

    def __init__(self, id_: bytes, before: Stage, after: Stage, because: str) -> None:
        super().__init__(
            f"internal error: 0x{id_.hex()[:8]} may not go from {before} to {after} ({because});"
            " it goes on from what the chain says of it: please report this"
        )
        self.id, self.before, self.after = id_, before, after
