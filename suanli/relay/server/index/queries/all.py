"""All queries together, and what a page asks first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from suanli.relay.server.index import shapes
from suanli.relay.server.index.queries.deals import DealQueries
from suanli.relay.server.index.queries.leases import LeaseQueries
from suanli.relay.server.index.queries.people import PeopleQueries
from suanli.relay.server.index.tables import COUNTS, TERMS

MOST_TERMS = 200


class Queries(DealQueries, LeaseQueries, PeopleQueries):
    """`known`: the configuration but for terms and the contracts that these name."""

    def __init__(self, known: dict[str, Any], *reader: Any) -> None:
        super().__init__(*reader)
        self._known = known

    def config(self) -> shapes.ConfigShape:
        with self.store.reading() as connection:
            query = select(TERMS).order_by(TERMS.c.terms.desc()).limit(MOST_TERMS)
            rows = connection.execute(query).mappings().all()
        roles = self.store.named_by_terms()
        known = self._known
        by_role: dict[str, list[str]] = {}
        for address, role in sorted(roles.items()):
            by_role.setdefault(role, []).append(address)
        contracts = shapes.ContractsShape(
            **known["contracts"],
            courts=by_role.get("court", []),
            reward_pools=by_role.get("reward_pool", []),
            identity=next(iter(by_role.get("identity", [])), None),
        )
        return shapes.ConfigShape(
            **{**known, "contracts": contracts},
            terms=[_terms(row["terms"], row["retired"], row["record"]) for row in rows],
        )

    def status(self) -> shapes.StatusShape:
        found = self.progress()
        with self.store.reading() as connection:
            query = select(COUNTS.c.count).where(COUNTS.c.name == "events")
            count = connection.execute(query).scalar()
        return shapes.StatusShape(
            block=found.block,
            time=found.time,
            head=found.head,
            caught_up=found.caught_up,
            events=count or 0,
            problem=found.problem,
        )


def _terms(number: int, retired: bool, record: dict[str, str]) -> shapes.TermsShape:
    numbers = (
        *("fee_bps", "challenge_window", "verdict_by", "release_bps", "default_bps"),
        *("overturn_bps", "court_bps"),
    )
    texts = ("treasury", "court", "compensation_cap", "identity_verifier")
    said: dict[str, Any] = {name: int(record[name]) for name in numbers}
    said |= {name: record[name] for name in texts}
    return shapes.TermsShape(terms=number, retired=retired, **said)
