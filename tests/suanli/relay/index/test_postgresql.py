"""The same tables and answers on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from suanli.relay.server.index.queries import Queries
from suanli.relay.server.index.store import IndexFailed, UnusableDatabase, open_engine
from tests.harness import postgresql
from tests.harness.logs import Happenings, MadeUpChain, MadeUpConstants
from tests.suanli.relay.index.conftest import Indexed, Now, in_memory, indexed

pytestmark = pytest.mark.skipif(postgresql.missing() is not None, reason=str(postgresql.missing()))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with postgresql.server() as url:
        made = open_engine(url)
        yield made
        made.dispose()


def test_a_database_without_an_encoding_answers_in_text() -> None:
    """As initdb makes them where no locale is set, in containers for one."""
    with postgresql.server(encoding="SQL_ASCII") as url:
        made = open_engine(url)
        with made.connect() as connection:
            assert connection.exec_driver_sql("SELECT 'text'").scalar() == "text"
        made.dispose()


def answers(found: Indexed) -> list[Any]:
    live: Any = Now()
    queries = Queries(
        {}, found.store, MadeUpConstants.scale, lambda: found.indexer.progress, live, None
    )
    nothing = dict.fromkeys(
        (
            "resource",
            "requester",
            "miner_id",
            "state",
            "deal",
            "filer",
            "open",
            "about",
            "id",
            "name",
        )
    )
    deal = queries.deals(nothing, 1, None).items[0]
    return [
        queries.status(),
        queries.classes(),
        queries.prices(1, "minute", 0, 1 << 40),
        queries.estimate(1, 50, 10, None, None, None),
        *(queries.offers(None, None, 0, by, 50, None) for by in ("ask", "-free", "-score")),
        queries.deals(nothing, 50, None),
        *(queries.deals(nothing | {"state": s}, 50, None) for s in ("overdue", "challenged")),
        queries.deal(deal.id),
        queries.requests(nothing, 50, None),
        queries.miners(50, None),
        queries.miner(1),
        queries.cases(nothing, 50, None),
        queries.channels(nothing | {"open": False}, 50, None),
        queries.proposals(50, None),
        queries.account(deal.requester),
        queries.history(nothing, 50, None),
    ]


def test_it_answers_as_sqlite_does_after_a_reorganization(engine: Engine) -> None:
    chain = MadeUpChain()
    world = Happenings(chain, 41)
    world.happen(120, most=5)
    here, there = indexed(chain, in_memory(), span=9), indexed(chain, engine, span=9)
    here.read()
    there.read()
    world.undo(20, 42)
    world.happen(60, most=5)
    here.read()
    there.read()
    assert there.rows() == here.rows()
    assert answers(there) == answers(here)
    assert there.store.size() > 1 << 20  # an empty database has more


def test_one_that_is_away_is_told_without_its_password() -> None:
    url = "postgresql://suanli:secret@127.0.0.1:1/suanli"
    with pytest.raises(IndexFailed) as caught:
        indexed(MadeUpChain(), open_engine(url))
    assert str(caught.value) == "the index's database can't be used: see the relay's log"
    assert "refused" in caught.value.reason
    assert "secret" not in caught.value.reason


@pytest.mark.parametrize("url", ["mysql://a/b", "nothing", "postgresql://[::1", ""])
def test_what_is_no_database(url: str) -> None:
    with pytest.raises(UnusableDatabase, match="is a URL such as postgresql://"):
        open_engine(url)
