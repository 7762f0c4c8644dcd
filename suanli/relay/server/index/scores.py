"""Miners' scores, as docs/reputation.md makes them, by what the index has read."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, delete, insert, or_, select

from suanli.protocol import Scale, State
from suanli.relay.server.index.store import IndexStore
from suanli.relay.server.index.tables import DEALS, MINERS, REWARDS, SCORES
from suanli.reputation import Mark, MarkKind, MinerRecord, records

WORTH = 100
"""Tokens that the job may cost that scores are for."""
TOGETHER = 5_000
_FAULTS = {
    int(State.RELEASED): MarkKind.RELEASED,
    int(State.DEFAULTED): MarkKind.DEFAULTED,
    int(State.OVERTURNED): MarkKind.OVERTURNED,
}


def refresh(store: IndexStore, scale: Scale, now: int) -> None:
    """As they count `now`. Raises IndexFailed."""
    cost = float(WORTH * 10**scale.decimals)
    with store.reading() as connection:
        found = records(_marks(connection, scale), now)
        miners = list(connection.execute(select(MINERS.c.miner_id)).scalars())
    rows = [
        {"miner_id": m, "merit": r.merit, "blame": r.blame, "score": r.score(cost)}
        for m in miners
        for r in [found.get(m, MinerRecord())]
    ]
    with store.writing() as connection:
        connection.execute(delete(SCORES))
        if rows:
            connection.execute(insert(SCORES), rows)


def _marks(connection: Connection, scale: Scale) -> Iterator[Mark]:
    tenures = connection.execute(select(MINERS.c.miner_id, MINERS.c.tenure_at, MINERS.c.tenure))
    begun = {miner: at if tenure else -1 for miner, at, tenure in tenures}
    ended = select(DEALS).where(
        or_(DEALS.c.state == int(State.SETTLED), DEALS.c.state.in_(_FAULTS)),
        DEALS.c.ended_at.is_not(None),
    )
    for row in connection.execution_options(yield_per=TOGETHER).execute(ended):
        kind, amount = MarkKind.PAID, float(row.fee or 0)
        if row.state in _FAULTS:
            kind, amount = _FAULTS[row.state], float(scale.value_up(row.units, row.price))
        elif not row.fee:
            continue
        current = row.ended_at > begun[row.miner_id]
        requester = row.requester.hex()
        yield Mark(kind, row.miner_id, requester, amount, row.ended_time, current)
    for row in connection.execute(select(REWARDS)):
        yield Mark(
            MarkKind.REWARDED,
            row.miner_id,
            "",
            float(row.amount),
            row.time,
            row.at > begun[row.miner_id],
        )
