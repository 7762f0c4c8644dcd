"""Miners, accounts, proposals, and the history of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from suanli.relay.errors import RelayRefusal
from suanli.relay.server.index import shapes
from suanli.relay.server.index.queries.market import MarketQueries
from suanli.relay.server.index.queries.reader import (
    LATEST,
    TOGETHER,
    Filters,
    Found,
    amount,
    entries_of,
    hex_of,
    missing,
    one,
    paged,
    place_of,
    raw_of,
)
from suanli.relay.server.index.reading import KINDS, number_id
from suanli.relay.server.index.shapes import PageShape
from suanli.relay.server.index.tables import (
    ABOUT,
    ACCOUNTS,
    CLASSES,
    HISTORY,
    MINERS,
    OFFERS,
    PROPOSALS,
    SCORES,
)

MOST_OWNED = 100
MOST_LOOKED = 10_000
"""Events about one thing among which a page looks for those of a name."""


class PeopleQueries(MarketQueries):
    def miners(self, limit: int, after: str | None) -> PageShape[shapes.MinerShape]:
        query = _miners().where(MINERS.c.miner_id > (place_of(after) if after else 0))
        with self.store.reading() as connection:
            query = query.order_by(MINERS.c.miner_id).limit(limit + 1)
            found = connection.execute(query).mappings().all()
            rows = [dict(row) for row in found[:limit]]
            items = [shapes.MinerShape(**values) for values in self._miners(connection, rows)]
        return PageShape(
            items=items, next=str(rows[-1]["miner_id"]) if len(found) > limit else None
        )

    def miner(self, number: int) -> shapes.MinerStoryShape:
        with self.store.reading() as connection:
            row = one(connection, _miners().where(MINERS.c.miner_id == number))
            if row is None:
                raise missing("miner", number)
            [values] = self._miners(connection, [row])
            history = self.story(connection, "miner", number_id(number), latest=LATEST)
            offers = self.offers_of(connection, number)
            return shapes.MinerStoryShape(**values, history=history, offers=offers)

    def _miners(self, connection: Connection, rows: Sequence[Found]) -> list[dict[str, Any]]:
        moments = self.moments(connection, (row["registered_at"] for row in rows))
        pledged = self._pledged(connection, [row["miner_id"] for row in rows])
        texts = (
            *("stake", "unbonding", "earned", "earned_by_channels", "earned_by_storage"),
            *("rewards", "fees_paid", "slashed"),
        )
        plain = (
            *("miner_id", "tenure", "unbonding_ends", "live", "completed", "released"),
            *("defaulted", "overturned", "last_payment_time", "merit", "blame", "score"),
        )
        return [
            {
                **{name: str(row[name]) for name in texts},
                **{name: row[name] for name in plain},
                "miner": hex_of(row["miner"]),
                "payout": hex_of(row["payout"]),
                "successor": hex_of(row["successor"]) if row["successor"] else None,
                "registered": moments[row["registered_at"]],
                "pledged": str(pledged.get(row["miner_id"], 0)),
                "collectable": str(row["earned"] - row["collected"]),
            }
            for row in rows
        ]

    def _pledged(self, connection: Connection, miners: Sequence[int]) -> dict[int, int]:
        """Stake behind capacity, each class's rounded up."""
        query = (
            select(OFFERS.c.miner_id, OFFERS.c.capacity, CLASSES.c.stake_per_unit)
            .join(CLASSES, CLASSES.c.resource == OFFERS.c.resource)
            .where(OFFERS.c.miner_id.in_(miners))
        )
        found: dict[int, int] = {}
        for miner, capacity, stake in connection.execute(query):
            found[miner] = found.get(miner, 0) + self.scale.value_up(capacity, stake)
        return found

    def account(self, address: str) -> shapes.AccountStoryShape:
        raw, balance = raw_of(address), self.live.balance(address)
        with self.store.reading() as connection:
            row = one(connection, select(ACCOUNTS).where(ACCOUNTS.c.address == raw))
            acts = select(MINERS.c.miner_id).where(MINERS.c.miner == raw)
            owns = select(MINERS.c.miner_id).where(MINERS.c.payout == raw)
            owns = owns.order_by(MINERS.c.miner_id).limit(MOST_OWNED)
            names = ("deposited", "withdrawn", "spent")
            return shapes.AccountStoryShape(
                address=address,
                available=amount(balance.available if balance else None),
                locked=amount(balance.locked if balance else None),
                miner_id=connection.execute(acts.limit(1)).scalar(),
                payout_of=list(connection.execute(owns).scalars()),
                deals=row["deals"] if row else 0,
                history=self.story(connection, "account", raw, latest=LATEST),
                **{name: str(row[name] if row else 0) for name in names},
            )

    def proposals(self, limit: int, after: str | None) -> PageShape[shapes.ProposalShape]:
        with self.store.reading() as connection:
            return paged(
                connection,
                select(PROPOSALS),
                PROPOSALS.c.proposed_at,
                limit,
                after,
                lambda rows: [
                    shapes.ProposalShape(**one) for one in self._proposals(connection, rows)
                ],
            )

    def proposal(self, id_: str) -> shapes.ProposalStoryShape:
        with self.store.reading() as connection:
            row = one(connection, select(PROPOSALS).where(PROPOSALS.c.id == raw_of(id_)))
            if row is None:
                raise missing("proposal", id_)
            [values] = self._proposals(connection, [row])
            values |= self._asked(row)
            history = self.story(connection, "proposal", raw_of(id_))
            calls = [shapes.ProposedCallShape(**call) for call in row["calls"]]
            return shapes.ProposalStoryShape(**values, history=history, calls=calls)

    def _proposals(self, connection: Connection, rows: Sequence[Found]) -> list[dict[str, Any]]:
        """By what the logs tell."""
        ats = (row[name] for row in rows for name in ("proposed_at", "executed_at"))
        moments = self.moments(connection, ats)
        return [
            {
                **{name: str(row[name]) for name in ("against", "in_favour", "abstained")},
                **{n: row[n] for n in ("description", "calls_in_all", "begins", "ends", "voters")},
                "id": hex_of(row["id"]),
                "proposer": hex_of(row["proposer"]),
                "executable_from": row["executable_from"],
                "state": self._standing(row),
                "quorum": None,
                "proposed": moments[row["proposed_at"]],
                "executed": moments.get(row["executed_at"] or 0),
            }
            for row in rows
        ]

    def _standing(self, row: Found) -> str:
        if row["executed_at"] is not None:
            return "executed"
        if row["canceled"]:
            return "canceled"
        if self.now <= row["ends"]:
            return "pending" if self.now <= row["begins"] else "active"
        if row["executable_from"] is not None:
            return "queued"
        return "succeeded" if row["in_favour"] > row["against"] else "defeated"

    def _asked(self, row: Found) -> dict[str, Any]:
        """What only the governor tells, of one: its quorum, whether a vote was won or came to
        nothing because nobody went on."""
        found: dict[str, Any] = {}
        if row["begins"] < self.now:
            found["quorum"] = amount(self.live.quorum(row["begins"]))
        ended = row["executed_at"] is not None or row["canceled"]
        if not ended and self.now > row["ends"]:
            told = self.live.standing(int.from_bytes(row["id"]))
            found |= {} if told is None else {"state": told}
        return found

    def history(
        self, filters: Filters, limit: int, after: str | None
    ) -> PageShape[shapes.HistoryEntryShape]:
        kind, id_, name = filters["about"], filters["id"], filters["name"]
        if (kind is None) != (id_ is None):
            raise RelayRefusal(422, "about and id go together")
        source: Any = HISTORY
        query: Select[Any] = select(HISTORY.c.at)
        if kind is not None:
            source, raw = ABOUT, about_id(kind, id_)
            query = select(ABOUT.c.at).where(ABOUT.c.kind == KINDS.index(kind), ABOUT.c.id == raw)
        elif name is not None:
            query = query.where(HISTORY.c.name == name)
        if after is not None:
            query = query.where(source.c.at < place_of(after))
        query = query.order_by(source.c.at.desc())
        with self.store.reading() as connection:
            if kind is not None and name is not None:
                return _of_name(connection, query, name, limit)
            ats = list(connection.execute(query.limit(limit + 1)).scalars())
            items = entries_of(connection, ats[:limit])
        return PageShape(items=items, next=str(ats[limit - 1]) if len(ats) > limit else None)


def _of_name(
    connection: Connection, query: Select[Any], name: str, limit: int
) -> PageShape[shapes.HistoryEntryShape]:
    """Of all about one thing, for which there is no index. The next page goes on where this one
    stopped looking, even if it found nothing."""
    looked = list(connection.execute(query.limit(MOST_LOOKED)).scalars())
    ats: list[int] = []
    for begin in range(0, len(looked), TOGETHER):
        part = HISTORY.c.at.in_(looked[begin : begin + TOGETHER])
        named = select(HISTORY.c.at).where(part, HISTORY.c.name == name)
        ats += connection.execute(named.order_by(HISTORY.c.at.desc())).scalars()
        if len(ats) > limit:
            break
    end = str(looked[-1]) if len(looked) == MOST_LOOKED else None
    items = entries_of(connection, ats[:limit])
    return PageShape(items=items, next=str(ats[limit - 1]) if len(ats) > limit else end)


def about_id(kind: str, id_: str) -> bytes:
    """As the tables keep it. Raises RelayRefusal."""
    if kind in ("class", "miner"):
        if id_.isascii() and id_.isdecimal() and int(id_) < 1 << 32:
            return number_id(int(id_))
        raise RelayRefusal(422, f"id: a {kind} has a number")
    length = 20 if kind == "account" else 32
    try:
        raw = raw_of(id_)
    except ValueError:
        raw = b""
    if not id_.startswith("0x") or len(raw) != length:
        raise RelayRefusal(422, f"id: 0x and {2 * length} hexadecimal digits")
    return raw


def _miners() -> Select[Any]:
    columns = (SCORES.c.merit, SCORES.c.blame, SCORES.c.score)
    joined = MINERS.outerjoin(SCORES, SCORES.c.miner_id == MINERS.c.miner_id)
    return select(MINERS, *columns).select_from(joined)
