"""What a job cost, deal by deal, as the chain's own events tell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from suanli.chain import CursorState, Event, EventCursor, Market, caught_up, events
from suanli.client.ledger import Ledger
from suanli.client.records import DealRecord, DealStage

_TOLD = (
    events.RequestPosted,
    events.RequestConfirmed,
    events.ResultSubmitted,
    events.RequestSettled,
    events.RequestCancelled,
    events.RequestReleased,
    events.RequestAnnulled,
    events.RequestDefaulted,
    events.RequestOverturned,
)


@dataclass(frozen=True)
class DealReport:
    """A deal. `request`: its id on the chain; `tasks`: with accepted results, though others may
    have brought them first; `units`: used, one is 1,000,000 fuel; `price` in 10^-18 token per unit;
    `paid` to the miner, `fee`, `locked` in base units; `gas` of all its transactions, whoever sent
    them. `state`: its stage, or how it ended."""

    number: int
    request: str
    miner: str
    tasks: int
    units: int
    price: int
    paid: int
    fee: int
    locked: int
    gas: int
    state: str


@dataclass(frozen=True)
class Report:
    """A job, by id, and its deals in the order they were made; `audited` tasks were run again;
    `cancelled`: nothing more is placed."""

    job: str
    name: str
    tasks: int
    done: int
    audited: int
    deals: tuple[DealReport, ...]
    cancelled: bool

    @property
    def paid(self) -> int:
        """Base units to miners."""
        return sum(deal.paid for deal in self.deals)

    @property
    def fees(self) -> int:
        """Base units to the market's treasury."""
        return sum(deal.fee for deal in self.deals)

    @property
    def cost(self) -> int:
        """Base units paid in all."""
        return self.paid + self.fees

    @property
    def locked(self) -> int:
        """Base units that deals still hold."""
        return sum(deal.locked for deal in self.deals)

    @property
    def units(self) -> int:
        return sum(deal.units for deal in self.deals)

    @property
    def gas(self) -> int:
        return sum(deal.gas for deal in self.deals)


def report_of(market: Market, job: str, ledger: Ledger) -> Report:
    """Reads the events since the job began. Raises as the node does."""
    facts, kept = ledger.facts(), ledger.results()
    told: dict[bytes, list[Event]] = {}
    parts = {market.domain.request_id(part.request): part for part in ledger.deals()}
    for event in _events(market, int(facts["block"]), parts):
        told.setdefault(event.id, []).append(event)  # type: ignore[attr-defined]
    deals = []
    for id_, part in parts.items():
        found = told.get(id_, [])
        deals.append(_deal(market, part, found))
    audited = sum(result.audited for result in kept.values())
    cancelled = bool(facts.get("cancelled"))
    return Report(job, facts["name"], facts["tasks"], len(kept), audited, tuple(deals), cancelled)


def _events(market: Market, start: int, parts: Mapping[bytes, DealRecord]) -> Iterable[Event]:
    """Of the requests of these parts, until all are at their end."""
    if not parts:
        return
    ends = [part.ended_at if part.stage is DealStage.ENDED else None for part in parts.values()]
    cursor = EventCursor(market.node, market.address, only=_TOLD, ids=parts)
    for batch in caught_up(cursor, CursorState.from_block(start)):
        yield from batch.events
        if all(end is not None and end < batch.state.following for end in ends):
            return


def _deal(market: Market, part: DealRecord, found: list[Event]) -> DealReport:
    price = paid = fee = 0
    for event in found:
        if isinstance(event, events.RequestConfirmed):
            price = event.price
        elif isinstance(event, events.RequestSettled | events.RequestOverturned):
            paid, fee = event.paid, event.fee
    gas = 0
    for transaction in {event.at.transaction for event in found}:
        receipt = market.node.receipt(transaction)
        gas += receipt.gas_used if receipt else 0
    ended = part.stage is DealStage.ENDED
    units = part.units_used if paid or not ended else 0
    state = part.end if ended else str(part.stage)
    locked = 0 if ended else part.lock
    accepted = part.acceptance and not part.refused and part.end in ("", "settled")
    tasks = len(part.tasks) if accepted or part.late else 0
    request = "0x" + market.domain.request_id(part.request).hex()
    return DealReport(
        part.number, request, part.miner, tasks, units, price, paid, fee, locked, gas, state
    )
