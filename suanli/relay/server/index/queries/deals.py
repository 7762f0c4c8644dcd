"""Requests, deals, cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from suanli.protocol import (
    Assessment,
    CaseOutcome,
    CasePhase,
    InvalidMessage,
    State,
    Trial,
    signed_from_json,
)
from suanli.protocol import Request as SignedRequest
from suanli.relay.server.index import shapes
from suanli.relay.server.index.queries.reader import (
    Filters,
    Found,
    TableReader,
    amount,
    hex_of,
    missing,
    one,
    place_of,
    raw_of,
    where,
    while_open,
)
from suanli.relay.server.index.reading import as_json
from suanli.relay.server.index.shapes import PageShape
from suanli.relay.server.index.tables import CASES, DEALS, JURORS

_OPEN_TRIALS = (int(Trial.FROZEN), int(Trial.REVEALED))
_PLAIN = {
    "settled": State.SETTLED,
    "released": State.RELEASED,
    "annulled": State.ANNULLED,
    "defaulted": State.DEFAULTED,
    "overturned": State.OVERTURNED,
}
"""States that time does not change."""


class DealQueries(TableReader):
    def requests(
        self, filters: Filters, limit: int, after: str | None
    ) -> PageShape[shapes.RequestShape]:
        """Of each state by itself, since each has its index, then put together."""
        wanted = filters["state"]
        states = [State.CANCELLED] if wanted == "cancelled" else [State.POSTED]
        states = [State.POSTED, State.CANCELLED] if wanted is None else states
        found: list[Found] = []
        with self.store.reading() as connection:
            for state in states:
                query = where(select(DEALS), DEALS, filters, "resource", "requester")
                query = query.where(DEALS.c.state == int(state), DEALS.c.posted_at.is_not(None))
                if wanted in ("posted", "expired"):
                    late = DEALS.c.confirm_by < self.now
                    query = query.where(late if wanted == "expired" else ~late)
                if after is not None:
                    query = query.where(DEALS.c.posted_at < place_of(after))
                query = query.order_by(DEALS.c.posted_at.desc()).limit(limit + 1)
                found += (dict(row) for row in connection.execute(query).mappings())
            found.sort(key=lambda row: row["posted_at"], reverse=True)
            rows, more = found[:limit], len(found) > limit
            moments = self.moments(connection, (row["posted_at"] for row in rows))
        items = [self._request(row, moments, []) for row in rows]
        return PageShape(items=items, next=str(rows[-1]["posted_at"]) if more else None)

    def request(self, id_: str) -> shapes.RequestShape:
        with self.store.reading() as connection:
            row = one(connection, select(DEALS).where(DEALS.c.id == raw_of(id_)))
            if row is not None and row["request"] is not None:
                moments = self.moments(connection, [row["posted_at"]])
                history = self.story(connection, "deal", raw_of(id_))
                return self._request(row, moments, history)
        found = self._on_board(id_, "posted" if row is None else self._state(row))
        if found is None:
            raise missing("request", id_)
        return found

    def _request(
        self,
        row: Found,
        moments: Mapping[int, shapes.MomentShape],
        history: list[shapes.HistoryEntryShape],
    ) -> shapes.RequestShape:
        posted = moments.get(row["posted_at"] or 0)
        return _request_of(
            row["request"], hex_of(row["id"]), self._state(row), posted, history, "chain"
        )

    def _on_board(self, id_: str, state: shapes.DealState) -> shapes.RequestShape | None:
        body = self.board.request(id_) if self.board is not None else None
        if body is None:
            return None
        try:
            message = signed_from_json(SignedRequest, body).message
        except InvalidMessage:
            return None
        if state == "posted" and message.confirm_by < self.now:
            state = "expired"
        return _request_of(as_json(message), id_, state, None, [], "board")

    def deals(self, filters: Filters, limit: int, after: str | None) -> PageShape[shapes.DealShape]:
        query = where(select(DEALS), DEALS, filters, "resource", "requester", "miner_id")
        query = _in_state(query, filters["state"], self.now)
        query = query.where(DEALS.c.confirmed_at.is_not(None))
        return self.listed(query, DEALS.c.confirmed_at, limit, after, shapes.DealShape, self._deals)

    def deal(self, id_: str) -> shapes.DealStoryShape:
        with self.store.reading() as connection:
            query = select(DEALS).where(DEALS.c.id == raw_of(id_), DEALS.c.price.is_not(None))
            row = one(connection, query)
            if row is None:
                raise missing("deal", id_)
            [values] = self._deals(connection, [row])
            history = self.story(connection, "deal", raw_of(id_))
            cases = select(CASES.c.id).where(CASES.c.deal == raw_of(id_))
            found = connection.execute(cases.order_by(CASES.c.filed_at).limit(200)).scalars()
            moments = self.moments(connection, [row["posted_at"]])
            request = (
                self._request(row, moments, [])
                if row["request"] is not None
                else self._on_board(id_, self._state(row))
            )
            return shapes.DealStoryShape(
                **values, history=history, request=request, cases=list(map(hex_of, found))
            )

    def _deals(self, connection: Connection, rows: Sequence[Found]) -> list[dict[str, Any]]:
        names = ("confirmed_at", "submitted_at", "ended_at")
        moments = self.moments(connection, (row[name] for row in rows for name in names))
        accounts = self.accounts(connection, (row["miner_id"] for row in rows))
        return [self._deal(row, moments, accounts[row["miner_id"]]) for row in rows]

    def _deal(
        self, row: Found, moments: Mapping[int, shapes.MomentShape], miner: str
    ) -> dict[str, Any]:
        slashed = row["compensation"] is not None and shapes.SlashShape(
            compensation=str(row["compensation"]),
            court=str(row["court_share"]),
            pool=str(row["pool_share"]),
        )
        return {
            "id": hex_of(row["id"]),
            "state": self._state(row),
            "requester": hex_of(row["requester"]),
            "miner_id": row["miner_id"],
            "miner": miner,
            "resource": row["resource"],
            "units": str(row["units"]),
            "price": str(row["price"]),
            "value": str(self.scale.value_up(row["units"], row["price"])),
            "deadline": row["deadline"],
            "confirmed": moments[row["confirmed_at"]],
            "submitted": moments.get(row["submitted_at"] or 0),
            "ended": moments.get(row["ended_at"] or 0),
            "root": row["root"] and hex_of(row["root"]),
            "trial": Trial(row["trial"]).name.lower(),
            "slashed": slashed or None,
            **{
                name: amount(row[name])
                for name in ("units_used", "units_due", "paid", "fee", "refunded")
            },
        }

    def _state(self, row: Found) -> shapes.DealState:
        state, now = State(row["state"]), self.now
        if state is State.POSTED and now > row["confirm_by"]:
            return "expired"
        if state is State.CONFIRMED and now > row["deadline"]:
            return "overdue"
        if state is State.SUBMITTED and row["trial"] in _OPEN_TRIALS:
            return "challenged"
        return state.name.lower()  # type: ignore[return-value]

    def cases(self, filters: Filters, limit: int, after: str | None) -> PageShape[shapes.CaseShape]:
        query = where(select(CASES), CASES, filters, "deal", "miner_id", "filer")
        query = while_open(query, CASES.c.closed_at, filters["open"])
        return self.listed(query, CASES.c.filed_at, limit, after, shapes.CaseShape, self._cases)

    def case(self, id_: str) -> shapes.CaseStoryShape:
        with self.store.reading() as connection:
            row = one(connection, select(CASES).where(CASES.c.id == raw_of(id_)))
            if row is None:
                raise missing("case", id_)
            [values] = self._cases(connection, [row])
            history = self.story(connection, "case", raw_of(id_))
            drawn = select(JURORS).where(JURORS.c.case_id == raw_of(id_))
            jurors = connection.execute(drawn.order_by(JURORS.c.round, JURORS.c.index)).mappings()
            return shapes.CaseStoryShape(
                **values, history=history, jurors=list(map(_juror, jurors))
            )

    def _cases(self, connection: Connection, rows: Sequence[Found]) -> list[dict[str, Any]]:
        moments = self.moments(connection, (row["filed_at"] for row in rows))
        return [
            {
                **{
                    name: row[name]
                    for name in ("miner_id", "number", "withheld", "task", "seats", "round")
                },
                **{name: hex_of(row[name]) for name in ("id", "court", "deal", "filer")},
                **{name: amount(row[name]) for name in ("deposit", "refund", "reward")},
                "phase": CasePhase(row["phase"]).name.lower(),
                "outcome": CaseOutcome(row["outcome"]).name.lower(),
                "deadline": row["deadline"],
                "filed": moments[row["filed_at"]],
                "divided": row["divided"],
            }
            for row in rows
        ]


def _juror(row: Any) -> shapes.JurorShape:
    assessed = row["assessment"]
    return shapes.JurorShape(
        juror=hex_of(row["juror"]),
        position=row["position"],
        round=row["round"],
        index=row["index"],
        assessment=None if assessed is None else Assessment(assessed).name.lower(),  # type: ignore[arg-type]
    )


def _request_of(
    said: Mapping[str, Any],
    id_: str,
    state: shapes.DealState,
    posted: shapes.MomentShape | None,
    history: list[shapes.HistoryEntryShape],
    source: Any,
) -> shapes.RequestShape:
    """`said`: the request's fields, whole numbers as text."""
    numbers = (
        *("resource", "runtime", "confirm_by", "duration", "tasks", "terms", "flags", "epoch"),
    )
    return shapes.RequestShape(
        id=id_,
        source=source,
        state=state,
        requester=said["requester"],
        miner_id=int(said["miner"]),
        units=said["units"],
        max_price=said["max_price"],
        job=said["job"],
        salt=said["salt"],
        posted=posted,
        history=history,
        **{name: int(said[name]) for name in numbers},
    )


def _in_state(query: Select[Any], state: str | None, now: int) -> Select[Any]:
    trial, kept = DEALS.c.trial.in_(_OPEN_TRIALS), DEALS.c.state
    match state:
        case None:
            return query
        case "confirmed":
            return query.where(kept == int(State.CONFIRMED), DEALS.c.deadline >= now)
        case "overdue":
            return query.where(kept == int(State.CONFIRMED), DEALS.c.deadline < now)
        case "submitted":
            return query.where(kept == int(State.SUBMITTED), ~trial)
        case "challenged":
            return query.where(kept == int(State.SUBMITTED), trial)
    return query.where(kept == int(_PLAIN.get(state, State.NONE)))
