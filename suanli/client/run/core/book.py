"""The core's books: what changes the job changes it here, and writes down that it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from suanli.client.events import DealEnded, JobEvent
from suanli.client.records import DealRecord, DealStage, Filing, Kept, merged
from suanli.client.run.core.instructions import AskWallet, DealAct, RunInstruction, SendAct, Tell
from suanli.client.run.core.moves import MOVES, IllegalStep
from suanli.client.run.core.state import Memory, RunState

BY_REQUESTER = (DealAct.CANCEL, DealAct.ACCEPT)
"""What the market lets no other address send."""


@dataclass
class RunChanges:
    """What to write down before anything is done."""

    records: dict[int, DealRecord] = field(default_factory=dict)
    results: dict[int, Kept] = field(default_factory=dict)
    filings: dict[tuple[int, int], Filing] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.records or self.results or self.filings or self.facts)


class RunBook:
    """The state, at the time of the present observation; what changed; what is to be done."""

    def __init__(self, state: RunState) -> None:
        self.state, self.now = state, 0.0
        self.changes = RunChanges()
        self.out: list[RunInstruction] = []

    def do(self, *instructions: RunInstruction) -> None:
        self.out += instructions

    def tell(self, event: JobEvent) -> None:
        self.out.append(Tell(event))

    def memory(self, record: DealRecord) -> Memory:
        return self.state.memory[record.number]

    def set_facts(self, **facts: Any) -> None:
        self.changes.facts |= facts

    # Deals

    def add(self, records: Sequence[DealRecord]) -> None:
        for record in records:
            assert record.number not in self.state.records, f"deal {record.number} is there"
            self._put(record)

    def move(self, record: DealRecord, stage: DealStage, **changes: Any) -> DealRecord:
        """To a stage, and what else changes. Raises IllegalMove, and changes nothing, if the table
        does not know the move."""
        if stage is not record.stage and stage not in MOVES[record.stage]:
            raise IllegalStep(record, stage)
        return self._put(replace(record, stage=stage, **changes))

    def note(self, record: DealRecord, **changes: Any) -> DealRecord:
        """What changes within a stage."""
        assert "stage" not in changes
        return self._put(replace(record, **changes))

    def end(self, record: DealRecord, how: str, cost: int, why: str) -> None:
        """Nothing of the deal is locked any more, as the block that was seen has it."""
        at = self.state.round.seen.number
        self.move(record, DealStage.ENDED, cost=cost, end=how, why=why, ended_at=at)
        self.tell(DealEnded(record.number, record.miner, how, cost, why))

    def file(self, filing: Filing) -> Filing:
        """A challenge of ours, or what became of it."""
        key = filing.deal, filing.number
        self.state.filings[key] = self.changes.filings[key] = filing
        return filing

    def keep(self, results: Sequence[Kept]) -> None:
        """Results, in the place of other ones that were kept before."""
        for new in results:
            kept = merged(self.state.results.get(new.task), new)
            self.state.results[new.task] = self.changes.results[new.task] = kept

    def send(self, record: DealRecord, act: DealAct) -> bool:
        """False if a contract account has to send it."""
        if not (self.state.setting.is_wallet and act in BY_REQUESTER):
            self.do(SendAct(record, act))
            return True
        asked = self.memory(record).asked_wallet
        if act not in asked:
            asked.add(act)
            self.do(AskWallet(record, act))
        return False

    def _put(self, record: DealRecord) -> DealRecord:
        self.state.records[record.number] = self.changes.records[record.number] = record
        return record
