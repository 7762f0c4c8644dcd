"""What units of a class cost lately: as a relay's index tells, else by the chain's logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from suanli.chain import CursorState, EventCursor, Market, caught_up, events
from suanli.relay import PriceStep, RelayLied, RelayRefusal, Relays, RelayUnreachable, prices_told

BLOCKS = 5_000
"""Of the newest that are searched where no relay tells."""


def prices_lately(
    market: Market, relays: Relays | None, resource: int, step: str, seconds: int
) -> tuple[list[PriceStep], str]:
    """Oldest first, and who told. `step`: minute, hour or day, of `seconds`."""
    for relay in relays.each if relays is not None else ():
        with suppress(RelayUnreachable, RelayRefusal, RelayLied):
            return prices_told(relay, resource, step), relay.url
    found = list(_by_chain(market, resource, seconds))
    return found, f"the newest {BLOCKS:,} blocks"


def _by_chain(market: Market, resource: int, seconds: int) -> Iterator[PriceStep]:
    read = (events.RequestConfirmed, events.LotTaken)
    first = max(0, market.node.head().number - BLOCKS + 1)
    cursor = EventCursor(market.node, market.address, only=read)
    made: list[tuple[int, int, int]] = []
    for batch in caught_up(cursor, CursorState.from_block(first)):
        if (last := batch.rolled_back_to) is not None:
            made = [one for one in made if one[0] <= last]
        for event in batch.events:
            if isinstance(event, read) and event.resource == resource:
                made.append((event.at.block, event.units, event.price))
    return _steps(market, made, seconds)


def _steps(
    market: Market, made: Iterable[tuple[int, int, int]], seconds: int
) -> Iterator[PriceStep]:
    """Of deals by block, with their units and prices."""
    times: dict[int, int] = {}
    step = PriceStep(0, 0, 0, None)
    for number, units, price in made:
        if number not in times:
            times[number] = (market.node.block(number) or market.node.head()).time
        start = times[number] - times[number] % seconds
        if step.deals and start != step.start:
            yield step
            step = PriceStep(0, 0, 0, None)
        step = PriceStep(start, step.deals + 1, step.units + units, price)
    if step.deals:
        yield step
