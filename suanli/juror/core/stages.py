"""How far a ballot is, and which step may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from suanli.base.errors import SuanliError


class BallotStage(StrEnum):
    """How far a juror is with one ballot of a case. Drawn: the task is to be run. Voted: the vote
    and its salt are written down, nobody else knows it. From committed on it counts on chain."""

    DRAWN = "drawn"
    VOTED = "voted"
    COMMITTED = "committed"
    REVEALED = "revealed"
    OVER = "over"


_ALL = frozenset(BallotStage)
MOVES: Mapping[BallotStage, frozenset[BallotStage]] = {
    BallotStage.DRAWN: frozenset({BallotStage.VOTED, BallotStage.OVER}),
    # Blocks may be undone: then the jury, or commitments or votes, may be others.
    BallotStage.VOTED: _ALL - {BallotStage.VOTED, BallotStage.REVEALED},
    BallotStage.COMMITTED: _ALL - {BallotStage.COMMITTED},
    BallotStage.REVEALED: _ALL - {BallotStage.REVEALED},
    BallotStage.OVER: _ALL - {BallotStage.OVER},
}
"""From each stage, those that may follow it."""


class IllegalBallotMove(SuanliError):
    """An error of this program: a ballot was to make a step that the table does not know."""

    def __init__(self, case: bytes, before: BallotStage, after: BallotStage, because: str) -> None:
        super().__init__(
            f"internal error: the ballot of 0x{case.hex()[:8]} may not go from {before} to {after}"
            f" ({because}); it stays as it was: please report this"
        )
