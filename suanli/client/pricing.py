"""Prices that adapt: anybody may update one, and say which posted requests are no demand at it.

model = adaptive_of(market, resource=1)
updated = update_price(market, model, 1, sender)
"""

from __future__ import annotations

from dataclasses import dataclass

from suanli.chain import (
    CursorState,
    EventCursor,
    Market,
    PriceController,
    Receipt,
    Sender,
    caught_up,
    events,
)
from suanli.client.errors import ClientError
from suanli.protocol import Request, State

LOOK_BACK = 50_000
"""Blocks in which requests are looked for that are posted still."""
MOST_LEFT_OUT = 100
"""Requests; each takes 14,400 gas."""
_OVER = (events.RequestConfirmed, events.RequestCancelled)


@dataclass(frozen=True)
class UpdatedPrice:
    """`was`: the price of the last update; `utilization`: in billionths, None if nothing is for
    sale or demanded; `left_out`: units of requests that were no demand."""

    was: int
    utilization: int | None
    now: int
    left_out: int
    receipt: Receipt


def adaptive_of(market: Market, resource: int) -> PriceController:
    """Raises ClientError: the class's price does not adapt."""
    found = PriceController.of(market, resource)
    if found is None:
        raise ClientError(
            f"the price of class {resource} follows supply and demand at once: nothing is to be"
            " updated"
        )
    return found


def update_price(
    market: Market, model: PriceController, resource: int, sender: Sender
) -> UpdatedPrice:
    """Leaves out what bids less than the last update's price or has expired, as far as it is known.

    Raises:
        ChainError: as `Sender.execute`.
    """
    was = model.state().price
    hollow = hollow_requests(market, resource, was)
    receipt = sender.execute(model.update([hollow[id_] for id_ in sorted(hollow)]))
    supply, now = market.at(receipt.block).supply_of(resource), model.updated(receipt)
    utilization = now.utilization if supply.published or supply.demanded else None
    return UpdatedPrice(was, utilization, now.price, now.left_out, receipt)


def hollow_requests(market: Market, resource: int, price: int) -> dict[bytes, Request]:
    """Posted requests of a class that can't trade at a price, by id: the largest that there are."""
    head = market.node.head()
    posted: dict[bytes, Request] = {}
    cursor = EventCursor(market.node, market.address, only=(events.RequestPosted, *_OVER))
    first = CursorState.from_block(max(head.number - LOOK_BACK, 0))
    for batch in caught_up(cursor, first):
        for event in batch.events:
            if isinstance(event, events.RequestPosted):
                if event.resource == resource:
                    posted[event.id] = event.request
            elif isinstance(event, _OVER):
                posted.pop(event.id, None)
    hollow = {
        id_: request
        for id_, request in posted.items()
        if request.max_price < price or request.confirm_by < head.time
    }
    found: dict[bytes, Request] = {}
    for id_ in sorted(hollow, key=lambda id_: (-hollow[id_].units, id_)):
        if len(found) == MOST_LEFT_OUT:
            break
        if market.deal_of(id_).state is State.POSTED:
            found[id_] = hollow[id_]
    return found
