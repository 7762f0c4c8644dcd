"""Channels and storage deals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from suanli.relay.server.index import shapes
from suanli.relay.server.index.queries.reader import (
    Filters,
    Found,
    TableReader,
    amount,
    hex_of,
    missing,
    one,
    raw_of,
    where,
    while_open,
)
from suanli.relay.server.index.shapes import PageShape
from suanli.relay.server.index.tables import CHANNELS, STORAGE_DEALS


class LeaseQueries(TableReader):
    def channels(
        self, filters: Filters, limit: int, after: str | None
    ) -> PageShape[shapes.ChannelShape]:
        query = where(select(CHANNELS), CHANNELS, filters, "requester", "miner_id")
        query = while_open(query, CHANNELS.c.closed_at, filters["open"])
        return self.listed(
            query, CHANNELS.c.opened_at, limit, after, shapes.ChannelShape, self._channels
        )

    def channel(self, id_: str) -> shapes.ChannelStoryShape:
        with self.store.reading() as connection:
            row = one(connection, select(CHANNELS).where(CHANNELS.c.id == raw_of(id_)))
            if row is None:
                raise missing("channel", id_)
            [values] = self._channels(connection, [row])
            history = self.story(connection, "channel", raw_of(id_))
            return shapes.ChannelStoryShape(**values, history=history)

    def _channels(self, connection: Connection, rows: Sequence[Found]) -> list[dict[str, Any]]:
        ats = (row[name] for row in rows for name in ("opened_at", "closed_at"))
        moments = self.moments(connection, ats)
        miners = self.accounts(connection, (row["miner_id"] for row in rows))
        texts = (*("units", "price", "deposit", "reserve", "paid", "earned", "fee", "refunded"),)
        return [
            {
                **{name: hex_of(row[name]) for name in ("id", "requester", "signer")},
                **{name: amount(row[name]) for name in texts},
                **{n: row[n] for n in ("miner_id", "resource", "ends", "closable_from")},
                "miner": miners[row["miner_id"]],
                "state": self._channel_state(row),
                "opened": moments[row["opened_at"]],
                "closed": moments.get(row["closed_at"] or 0),
            }
            for row in rows
        ]

    def _channel_state(self, row: Found) -> shapes.ChannelState:
        if row["closed_at"] is not None:
            return "closed"
        closable = row["closable_from"]
        if closable is not None and self.now >= closable:
            return "closable"
        return "open" if self.now <= row["ends"] else "ending"

    def storage_deals(
        self, filters: Filters, limit: int, after: str | None
    ) -> PageShape[shapes.StorageDealShape]:
        query = where(select(STORAGE_DEALS), STORAGE_DEALS, filters, "requester", "miner_id")
        query = while_open(query, STORAGE_DEALS.c.ended_at, filters["open"])
        return self.listed(
            query, STORAGE_DEALS.c.opened_at, limit, after, shapes.StorageDealShape, self._storage
        )

    def storage_deal(self, id_: str) -> shapes.StorageStoryShape:
        with self.store.reading() as connection:
            query = select(STORAGE_DEALS).where(STORAGE_DEALS.c.id == raw_of(id_))
            row = one(connection, query)
            if row is None:
                raise missing("storage deal", id_)
            [values] = self._storage(connection, [row])
            history = self.story(connection, "storage", raw_of(id_))
            return shapes.StorageStoryShape(**values, history=history)

    def _storage(self, connection: Connection, rows: Sequence[Found]) -> list[dict[str, Any]]:
        ats = (row[name] for row in rows for name in ("opened_at", "ended_at"))
        moments = self.moments(connection, ats)
        miners = self.accounts(connection, (row["miner_id"] for row in rows))
        texts = ("units", "size", "pay", "collateral", "earned", "refunded", "lost")
        plain = ("miner_id", "resource", "period", "periods", "proved", "samples")
        return [
            {
                **{name: hex_of(row[name]) for name in ("id", "requester", "root")},
                **{name: amount(row[name]) for name in texts},
                **{name: row[name] for name in plain},
                "miner": miners[row["miner_id"]],
                "state": "kept" if row["ended_at"] is None else "ended",
                "opened": moments[row["opened_at"]],
                "ended": moments.get(row["ended_at"] or 0),
            }
            for row in rows
        ]
