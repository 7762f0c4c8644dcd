"""Which stage of a deal may follow which: as the chain goes on, and as reorganizations undo it."""

from __future__ import annotations

from collections.abc import Mapping

from suanli.client.errors import ClientError
from suanli.client.records import DealRecord, Stage

MOVES: Mapping[Stage, frozenset[Stage]] = {
    Stage.SIGNED: frozenset(
        {Stage.OPEN, Stage.CALLED, Stage.CONFIRMED, Stage.ACCEPTED, Stage.ENDED}
    ),
    Stage.OPEN: frozenset(
        {Stage.SIGNED, Stage.CALLED, Stage.CONFIRMED, Stage.ACCEPTED, Stage.ENDED}
    ),
    Stage.CONFIRMED: frozenset({Stage.SIGNED, Stage.ACCEPTED, Stage.REFUSED, Stage.ENDED}),
    Stage.ACCEPTED: frozenset({Stage.SIGNED, Stage.REFUSED, Stage.ENDED}),
    Stage.REFUSED: frozenset({Stage.ENDED}),
    Stage.CALLED: frozenset({Stage.CONFIRMED, Stage.ENDED}),
    # A reorganization undid its end.
    Stage.ENDED: frozenset({Stage.SIGNED, Stage.OPEN, Stage.CALLED, Stage.REFUSED}),
}


class IllegalStep(ClientError):
    """An error of this program: a deal was to make a step that the table does not know."""

    def __init__(self, record: DealRecord, after: Stage) -> None:
        super().__init__(
            f"internal error: deal {record.number} may not go from {record.stage} to {after};"
            " it stays where it is, the others go on: please report this"
        )
        self.before, self.after = record.stage, after
