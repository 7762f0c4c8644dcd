"""Which stage of a deal may follow which: as the chain goes on, and as reorganizations undo it."""

from __future__ import annotations

from collections.abc import Mapping

from suanli.client.errors import ClientError
from suanli.client.records import DealRecord, DealStage

MOVES: Mapping[DealStage, frozenset[DealStage]] = {
    DealStage.SIGNED: frozenset(
        {DealStage.OPEN, DealStage.CALLED, DealStage.CONFIRMED, DealStage.ACCEPTED, DealStage.ENDED}
    ),
    DealStage.OPEN: frozenset(
        {
            DealStage.SIGNED,
            DealStage.CALLED,
            DealStage.CONFIRMED,
            DealStage.ACCEPTED,
            DealStage.ENDED,
        }
    ),
    DealStage.CONFIRMED: frozenset(
        {DealStage.SIGNED, DealStage.ACCEPTED, DealStage.REFUSED, DealStage.ENDED}
    ),
    DealStage.ACCEPTED: frozenset({DealStage.SIGNED, DealStage.REFUSED, DealStage.ENDED}),
    # What was withheld came after all, or what was submitted is right.
    DealStage.REFUSED: frozenset({DealStage.ACCEPTED, DealStage.ENDED}),
    DealStage.CALLED: frozenset({DealStage.CONFIRMED, DealStage.ENDED}),
    # A reorganization undid its end.
    DealStage.ENDED: frozenset(
        {DealStage.SIGNED, DealStage.OPEN, DealStage.CALLED, DealStage.REFUSED}
    ),
}


class IllegalStep(ClientError):
    """An error of this program: a deal was to make a step that the table does not know."""

    def __init__(self, record: DealRecord, after: DealStage) -> None:
        super().__init__(
            f"internal error: deal {record.number} may not go from {record.stage} to {after};"
            " it stays where it is, the others go on: please report this"
        )
        self.before, self.after = record.stage, after
