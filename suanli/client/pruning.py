"""What has lapsed on the market and still counts there, until anybody takes it away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from suanli.chain import Call, CursorState, EventCursor, Market, caught_up, events

TOGETHER = 50
"""Offers, or lots of one operator, that one transaction prunes."""
_TOLD = (
    events.OfferPublished,
    events.OfferWithdrawn,
    events.LotTaken,
    events.LotExtended,
    events.LotFreed,
)


@dataclass
class LapsedSupply:
    """Offers by miner's number and class, lots by operator and key, each with its end."""

    offers: dict[tuple[int, int], int] = field(default_factory=dict)
    lots: dict[tuple[str, bytes], int] = field(default_factory=dict)

    def take(self, event: Any) -> None:
        match event:
            case events.OfferPublished():
                self.offers[event.miner_id, event.resource] = event.valid_until
            case events.OfferWithdrawn():
                self.offers.pop((event.miner_id, event.resource), None)
            case events.LotTaken() | events.LotExtended():
                self.lots[event.operator, event.lot] = event.busy_until
            case events.LotFreed():
                self.lots.pop((event.operator, event.lot), None)


def lapsed(market: Market) -> LapsedSupply:
    """By the market's logs, read from its deployment on, and the newest block's time."""
    cursor = EventCursor(market.node, market.address, only=_TOLD)
    start = CursorState.from_block(market.node.first_block_of(market.address))
    found = LapsedSupply()
    for batch in caught_up(cursor, start):
        for event in batch.events:
            found.take(event)
    now = market.node.head().time
    return LapsedSupply(
        {key: end for key, end in found.offers.items() if end < now},
        {key: end for key, end in found.lots.items() if end < now},
    )


def prunings(market: Market, found: LapsedSupply) -> Iterator[Call[Any]]:
    """The calls that take it away; what another pruned meanwhile they leave out."""
    offers = [
        market.prune_offer(market.miner_of(miner), resource) for miner, resource in found.offers
    ]
    for first in range(0, len(offers), TOGETHER):
        yield market.together(offers[first : first + TOGETHER])
    for operator in sorted({operator for operator, _ in found.lots}):
        lots = [lot for owner, lot in found.lots if owner == operator]
        for first in range(0, len(lots), TOGETHER):
            yield market.prune_lots(operator, lots[first : first + TOGETHER])
