"""Classes, prices over time, offers, and what a job would cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from suanli.protocol import Kind
from suanli.relay.errors import RelayRefusal
from suanli.relay.server.index import shapes
from suanli.relay.server.index.apply.book import STEPS
from suanli.relay.server.index.queries.announced import AnnouncedByClass
from suanli.relay.server.index.queries.estimates import AskedJob, estimated, sorted_by_cost
from suanli.relay.server.index.queries.reader import (
    Found,
    TableReader,
    amount,
    hex_of,
    missing,
    one,
)
from suanli.relay.server.index.shapes import PageShape
from suanli.relay.server.index.tables import (
    CLASSES,
    MINERS,
    OFFERS,
    POINTS,
    QUOTES,
    RUNTIMES,
    SCORES,
    TERMS,
)

MOST_CLASSES, MOST_RUNTIMES = 200, 1_000
MOST_POINTS = 720
MOST_ESTIMATED = 200
MOST_SKIPPED = 100_000
"""Offers before a page."""


class MarketQueries(TableReader):
    def __init__(self, *reader: Any) -> None:
        super().__init__(*reader)
        self.announced = AnnouncedByClass(self.board)

    def classes(self) -> list[shapes.ResourceClassShape]:
        with self.store.reading() as connection:
            query = select(CLASSES).order_by(CLASSES.c.resource).limit(MOST_CLASSES)
            rows = [dict(row) for row in connection.execute(query).mappings()]
            return self._classes(connection, rows)

    def resource_class(self, resource: int) -> shapes.ResourceClassShape:
        with self.store.reading() as connection:
            return self._classes(connection, [self._row(connection, resource)])[0]

    @staticmethod
    def _row(connection: Connection, resource: int) -> Found:
        row = one(connection, select(CLASSES).where(CLASSES.c.resource == resource))
        if row is None:
            raise missing("class", resource)
        return row

    def _classes(
        self, connection: Connection, rows: Sequence[Found]
    ) -> list[shapes.ResourceClassShape]:
        numbers = [row["resource"] for row in rows]
        opened = (
            select(OFFERS.c.resource, func.count())
            .where(OFFERS.c.resource.in_(numbers), OFFERS.c.valid_until >= self.now)
            .group_by(OFFERS.c.resource)
        )
        miners: dict[int, int] = dict(connection.execute(opened).all())
        runtimes: dict[int, list[shapes.RuntimeShape]] = {number: [] for number in numbers}
        query = select(RUNTIMES).where(RUNTIMES.c.resource.in_(numbers))
        query = query.order_by(RUNTIMES.c.resource, RUNTIMES.c.runtime).limit(MOST_RUNTIMES)
        for row in connection.execute(query).mappings():
            runtimes[row["resource"]].append(
                shapes.RuntimeShape(
                    index=row["runtime"],
                    runtime_id=hex_of(row["runtime_id"]),
                    suspended=row["suspended"],
                )
            )
        return [
            self._class(row, miners.get(row["resource"], 0), runtimes[row["resource"]])
            for row in rows
        ]

    def _class(
        self, row: Found, miners: int, runtimes: list[shapes.RuntimeShape]
    ) -> shapes.ResourceClassShape:
        known = self.live.classes.get(row["resource"])
        texts = (
            *("floor", "stake_per_unit", "max_task_units", "registered"),
            *("published", "demanded", "last_price"),
        )
        plain = ("resource", "unit", "retired", "unit_seconds", "deals")
        published = row["published"]
        said: dict[str, Any] = {name: amount(row[name]) for name in texts}
        said |= {name: row[name] for name in plain}
        return shapes.ResourceClassShape(
            **said,
            kind="judged" if row["kind"] == Kind.JUDGED else "leased",
            price=str(known.price) if known else None,
            adapts=known.adapts if known else False,
            price_model=known.price_model if known else None,
            max_task_memory=row["max_task_memory"],
            max_task_bytes=row["max_task_bytes"],
            utilization=row["demanded"] / published if published else None,
            miners=miners,
            runtimes=runtimes,
        )

    def prices(self, resource: int, step: shapes.Step, begin: int, end: int) -> shapes.PricesShape:
        seconds = STEPS[step]
        with self.store.reading() as connection:
            self._row(connection, resource)
            made = self._points(connection, POINTS, resource, seconds, begin, end)
            seen = self._points(connection, QUOTES, resource, seconds, begin, end)
            starts = sorted(made.keys() | seen.keys())
            kept = starts[-MOST_POINTS:]
            before = self._before(connection, resource, seconds, kept[0]) if kept else None
            points = []
            for start in kept:
                before = made.get(start, before and {**before, **_NOTHING})
                quote = seen.get(start)
                points.append(_point(start, before, quote["price"] if quote else None))
            return shapes.PricesShape(
                resource=resource,
                step=step,
                points=[point for point in points if point is not None],
                next=starts[-MOST_POINTS - 1] if len(starts) > MOST_POINTS else None,
            )

    @staticmethod
    def _points(
        connection: Connection, table: Any, resource: int, step: int, begin: int, end: int
    ) -> dict[int, Found]:
        query = (
            select(table)
            .where(table.c.resource == resource, table.c.step == step)
            .where(table.c.start >= begin, table.c.start <= end)
            .order_by(table.c.start.desc())
            .limit(MOST_POINTS + 1)
        )
        return {row["start"]: dict(row) for row in connection.execute(query).mappings()}

    @staticmethod
    def _before(connection: Connection, resource: int, step: int, start: int) -> Found | None:
        query = select(POINTS).where(POINTS.c.resource == resource, POINTS.c.step == step)
        query = query.where(POINTS.c.start < start).order_by(POINTS.c.start.desc()).limit(1)
        return one(connection, query)

    def offers(
        self,
        resource: int | None,
        state: str | None,
        least: int,
        order: str,
        limit: int,
        after: str | None,
    ) -> PageShape[shapes.OfferShape]:
        query = _offers()
        if resource is not None:
            query = query.where(OFFERS.c.resource == resource)
        if least:
            query = query.where(OFFERS.c.free >= least)
        query = _in_state(query, state, self.now).order_by(*_ORDERS[order])
        skipped = _skipped(after)
        with self.store.reading() as connection:
            found = connection.execute(query.offset(skipped).limit(limit + 1)).mappings().all()
        rows = [dict(row) for row in found[:limit]]
        more = str(skipped + limit) if len(found) > limit else None
        return PageShape(items=self._offers(rows), next=more)

    def offers_of(self, connection: Connection, miner_id: int) -> list[shapes.OfferShape]:
        query = _offers().where(OFFERS.c.miner_id == miner_id).order_by(OFFERS.c.resource)
        rows = connection.execute(query.limit(MOST_CLASSES)).mappings()
        return self._offers([dict(row) for row in rows])

    def _offers(self, rows: Sequence[Found]) -> list[shapes.OfferShape]:
        return [self._offer(row) for row in rows]

    def _offer(self, row: Found) -> shapes.OfferShape:
        miner, until = hex_of(row["miner"]), row["valid_until"]
        state: shapes.OfferState = "open" if until >= self.now else "expired"
        plain = (
            *("miner_id", "resource", "valid_until", "verified_only", "completed"),
            *("defaulted", "overturned", "score"),
        )
        texts = ("ask", "published", "reserved", "free", "capacity")
        said: dict[str, Any] = {name: row[name] for name in plain}
        said |= {name: str(row[name]) for name in texts}
        return shapes.OfferShape(
            **said,
            miner=miner,
            state="withdrawn" if until == 0 else state,
            announced=self.announced.of(row["resource"]).get(miner),
        )

    def estimate(
        self,
        resource: int,
        units: int,
        tasks: int,
        bid: int | None,
        runtime: str | None,
        requester: str | None,
    ) -> shapes.EstimateShape:
        known = self.live.classes.get(resource)
        with self.store.reading() as connection:
            kind = self._row(connection, resource)
            if known is None:
                raise RelayRefusal(503, "the node has not told the price of this class yet")
            query = _offers().where(OFFERS.c.resource == resource)
            query = query.order_by(
                (OFFERS.c.valid_until < self.now), OFFERS.c.ask, OFFERS.c.miner_id
            )
            found = connection.execute(query.limit(MOST_ESTIMATED + 1)).mappings().all()
            verifier = self._verifier(connection) if requester else None
        offers = self._offers([dict(row) for row in found[:MOST_ESTIMATED]])
        job = AskedJob(
            units=units,
            tasks=tasks,
            bid=bid,
            runtime=runtime,
            verified=bool(requester and verifier and self._knows(verifier, requester)),
            price=known.price,
            paused=self.live.paused,
        )
        estimates = [estimated(offer, job, kind, self.scale) for offer in offers]
        return shapes.EstimateShape(
            resource=resource,
            units=str(units),
            tasks=tasks,
            price=str(known.price),
            offers=sorted_by_cost(estimates),
            more=len(found) > MOST_ESTIMATED,
        )

    def _knows(self, verifier: str, requester: str) -> bool:
        return bool(self.live.knows_requester(verifier, requester.lower()))

    @staticmethod
    def _verifier(connection: Connection) -> str | None:
        """That of the newest open terms."""
        query = select(TERMS.c.record).where(~TERMS.c.retired).order_by(TERMS.c.terms.desc())
        record = connection.execute(query.limit(1)).scalar()
        return None if record is None else record["identity_verifier"]


_NOTHING: dict[str, Any] = {
    "deals": 0,
    "units": 0,
    "value": 0,
    "open": None,
    "high": None,
    "low": None,
    "close": None,
}
_ORDERS: dict[str, tuple[Any, ...]] = {
    "ask": (OFFERS.c.ask, OFFERS.c.miner_id, OFFERS.c.resource),
    "-free": (OFFERS.c.free.desc(), OFFERS.c.miner_id, OFFERS.c.resource),
    "-score": (
        func.coalesce(SCORES.c.score, -1.0).desc(),
        OFFERS.c.miner_id,
        OFFERS.c.resource,
    ),
    "miner_id": (OFFERS.c.miner_id, OFFERS.c.resource),
}


def _offers() -> Select[Any]:
    return (
        select(
            OFFERS,
            MINERS.c.miner,
            MINERS.c.completed,
            MINERS.c.defaulted,
            MINERS.c.overturned,
            SCORES.c.score,
        )
        .join(MINERS, MINERS.c.miner_id == OFFERS.c.miner_id)
        .outerjoin(SCORES, SCORES.c.miner_id == OFFERS.c.miner_id)
    )


def _in_state(query: Select[Any], state: str | None, now: int) -> Select[Any]:
    until = OFFERS.c.valid_until
    match state:
        case "open":
            return query.where(until >= now, until > 0)
        case "expired":
            return query.where(and_(until < now, until > 0))
        case "withdrawn":
            return query.where(until == 0)
    return query


def _skipped(after: str | None) -> int:
    if after is None:
        return 0
    if not after.isascii() or not after.isdecimal() or int(after) > MOST_SKIPPED:
        raise RelayRefusal(422, "after is not the `next` of a page")
    return int(after)


def _point(start: int, row: Found | None, quoted: int | None) -> shapes.PricePointShape | None:
    if row is None:  # quoted before anything happened
        return None
    totals = ("units", "value", "registered", "published", "demanded")
    prices = ("open", "high", "low", "close")
    said: dict[str, Any] = {name: amount(row[name]) for name in (*totals, *prices)}
    return shapes.PricePointShape(start=start, deals=row["deals"], quoted=amount(quoted), **said)
