"""How rows become answers: pages, moments, history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import Column, Connection, Row, Select, select

from suanli.protocol import Scale
from suanli.relay.errors import RelayRefusal
from suanli.relay.server.index.indexer import IndexProgress
from suanli.relay.server.index.queries.live import Live
from suanli.relay.server.index.reading import KINDS
from suanli.relay.server.index.shapes import AboutShape, HistoryEntryShape, MomentShape, PageShape
from suanli.relay.server.index.store import IndexStore
from suanli.relay.server.index.tables import ABOUT, BLOCKS, HISTORY, MINERS, PLACES, block_of

T = TypeVar("T")
Found = Mapping[str, Any]
Filters = Mapping[str, Any]
WHOLE_STORY, LATEST = 500, 100
"""Entries of a deal, a case …, and of a miner or an account."""
TOGETHER = 500


class ToldBoard(Protocol):
    """What of a relay's board is told along."""

    def announcements(self, resource: int, runtime: str | None = None) -> list[dict[str, Any]]: ...

    def request(self, request_id: str) -> dict[str, Any] | None: ...


class TableReader:
    """Shared by all queries. `now`: seconds since 1970, by the newest block."""

    def __init__(
        self,
        store: IndexStore,
        scale: Scale,
        progress: Callable[[], IndexProgress],
        live: Live,
        board: ToldBoard | None,
    ) -> None:
        self.store, self.scale, self.progress = store, scale, progress
        self.live, self.board = live, board

    @property
    def now(self) -> int:
        return self.progress().time or 0

    def moments(self, connection: Connection, ats: Iterable[int | None]) -> dict[int, MomentShape]:
        wanted = sorted({at for at in ats if at is not None})
        found: dict[int, MomentShape] = {}
        for begin in range(0, len(wanted), TOGETHER):
            part = wanted[begin : begin + TOGETHER]
            query = select(HISTORY.c.at, HISTORY.c.transaction).where(HISTORY.c.at.in_(part))
            transactions = dict(connection.execute(query).all())
            times = self._times(connection, part)
            for at in part:
                place = at - block_of(at) * PLACES
                found[at] = MomentShape(
                    block=block_of(at),
                    place=place,
                    time=times[block_of(at)][1],
                    transaction=hex_of(transactions[at]),
                )
        return found

    def _times(self, connection: Connection, ats: Sequence[int]) -> dict[int, tuple[bytes, int]]:
        numbers = {block_of(at) for at in ats}
        query = select(BLOCKS).where(BLOCKS.c.number.in_(numbers))
        return {number: (raw, time) for number, raw, time in connection.execute(query)}

    def entries(
        self, connection: Connection, query: Select[Any], limit: int
    ) -> list[HistoryEntryShape]:
        """Of a query for places in HISTORY, in its order."""
        ats = [at for (at,) in connection.execute(query.limit(limit))]
        return entries_of(connection, ats)

    def story(
        self, connection: Connection, kind: str, id_: bytes, *, latest: int = 0
    ) -> list[HistoryEntryShape]:
        """Oldest first; `latest`: only so many of the newest."""
        this = (ABOUT.c.kind == KINDS.index(kind), ABOUT.c.id == id_)
        query = select(ABOUT.c.at).where(*this)
        if latest:
            return self.entries(connection, query.order_by(ABOUT.c.at.desc()), latest)[::-1]
        return self.entries(connection, query.order_by(ABOUT.c.at), WHOLE_STORY)

    def accounts(self, connection: Connection, miners: Iterable[int]) -> dict[int, str]:
        """That act for miners, by their numbers."""
        query = select(MINERS.c.miner_id, MINERS.c.miner)
        rows = connection.execute(query.where(MINERS.c.miner_id.in_(set(miners))))
        return {number: hex_of(account) for number, account in rows}

    def listed(
        self,
        query: Select[Any],
        by: Column[Any],
        limit: int,
        after: str | None,
        shape: Callable[..., T],
        values: Callable[[Connection, Sequence[Found]], Iterable[Mapping[str, Any]]],
    ) -> PageShape[T]:
        """A page of `shape`, each of what `values` makes of a row."""
        with self.store.reading() as connection:
            return paged(
                connection,
                query,
                by,
                limit,
                after,
                lambda rows: [shape(**found) for found in values(connection, rows)],
            )


def entries_of(connection: Connection, ats: Sequence[int]) -> list[HistoryEntryShape]:
    """In the order given; those that are there."""
    about: dict[int, list[AboutShape]] = {at: [] for at in ats}
    rows: dict[int, Row[Any]] = {}
    times: dict[int, tuple[bytes, int]] = {}
    for begin in range(0, len(ats), TOGETHER):
        part = ats[begin : begin + TOGETHER]
        concerned = select(ABOUT).where(ABOUT.c.at.in_(part)).order_by(ABOUT.c.kind, ABOUT.c.id)
        for kind, id_, at in connection.execute(concerned):
            about[at].append(about_of(kind, id_))
        rows |= {r.at: r for r in connection.execute(select(HISTORY).where(HISTORY.c.at.in_(part)))}
        blocks = select(BLOCKS).where(BLOCKS.c.number.in_({block_of(at) for at in part}))
        times |= {number: (raw, time) for number, raw, time in connection.execute(blocks)}
    return [_entry(rows[at], times[block_of(at)], about[at]) for at in ats if at in rows]


def _entry(row: Row[Any], block: tuple[bytes, int], about: list[AboutShape]) -> HistoryEntryShape:
    number = block_of(row.at)
    place = row.at - number * PLACES
    return HistoryEntryShape(
        id=f"{number}-{place}-{block[0][:4].hex()}",
        name=row.name,
        contract=row.contract,
        address=hex_of(row.address),
        at=MomentShape(
            block=number, place=place, time=block[1], transaction=hex_of(row.transaction)
        ),
        arguments=row.arguments,
        about=about,
    )


def about_of(kind: int, id_: bytes) -> AboutShape:
    name = KINDS[kind]
    number = name in ("class", "miner")
    return AboutShape(kind=name, id=str(int.from_bytes(id_)) if number else hex_of(id_))  # type: ignore[arg-type]


def paged(
    connection: Connection,
    query: Select[Any],
    by: Column[Any],
    limit: int,
    after: str | None,
    make: Callable[[Sequence[Found]], list[T]],
) -> PageShape[T]:
    """The newest first, by a column of places in the chain."""
    if after is not None:
        query = query.where(by < place_of(after))
    found = connection.execute(query.order_by(by.desc()).limit(limit + 1)).mappings().all()
    rows: list[Found] = [dict(row) for row in found[:limit]]
    more = str(rows[-1][by.name]) if len(found) > limit else None
    return PageShape(items=make(rows), next=more)


def place_of(after: str) -> int:
    """What a page gave as `next`. Raises RelayRefusal."""
    if not after.isascii() or not after.isdecimal() or int(after) >= 1 << 63:
        raise RelayRefusal(422, "after is not the `next` of a page")
    return int(after)


def missing(what: str, id_: object) -> RelayRefusal:
    return RelayRefusal(404, f"the chain has told of no {what} {id_} so far")


def hex_of(raw: bytes) -> str:
    return "0x" + raw.hex()


def raw_of(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def amount(value: int | None) -> str | None:
    return None if value is None else str(value)


def one(connection: Connection, query: Select[Any]) -> Found | None:
    found = connection.execute(query).mappings().first()
    return None if found is None else dict(found)


def where(query: Select[Any], table: Any, filters: Filters, *names: str) -> Select[Any]:
    for name in names:
        if (value := filters[name]) is not None:
            raw = raw_of(value.lower()) if isinstance(value, str) else value
            query = query.where(table.c[name] == raw)
    return query


def while_open(query: Select[Any], ended: Any, wanted: bool | None) -> Select[Any]:
    """Only what has not ended yet, by its column of when it did; only what has; or, None, both."""
    if wanted is None:
        return query
    return query.where(ended.is_(None) if wanted else ended.is_not(None))
