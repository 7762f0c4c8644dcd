"""The model's prices as they are seen, by the minute, hour and day."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, insert

from suanli.relay.server.index.apply.book import STEPS
from suanli.relay.server.index.store import IndexStore
from suanli.relay.server.index.tables import QUOTES

MINUTES_KEPT = 30 * 86_400
"""Seconds for which the price of each minute is kept."""


def keep_quotes(store: IndexStore, prices: Mapping[int, int], block: int, time: int) -> None:
    """`prices` by class, as of a block. Raises IndexFailed."""
    with store.writing() as connection:
        for resource, price in prices.items():
            for step in STEPS.values():
                of_step = (QUOTES.c.resource == resource, QUOTES.c.step == step)
                start = time - time % step
                connection.execute(delete(QUOTES).where(*of_step, QUOTES.c.start == start))
                row = {"resource": resource, "step": step, "start": start, "block": block}
                connection.execute(insert(QUOTES), [row | {"price": price}])
            minutes = (QUOTES.c.resource == resource, QUOTES.c.step == STEPS["minute"])
            old = QUOTES.c.start < time - MINUTES_KEPT
            connection.execute(delete(QUOTES).where(*minutes, old))
