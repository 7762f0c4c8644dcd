"""An index of a chain that is made up."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, StaticPool, create_engine, select

from suanli.chain import Node
from suanli.protocol import Balance
from suanli.relay.server.index.indexer import Indexer, News
from suanli.relay.server.index.queries.live import ClassNow
from suanli.relay.server.index.store import IndexStore, open_engine
from suanli.relay.server.index.tables import (
    ABOUT,
    BLOCKS,
    HISTORY,
    MADE,
)
from tests.harness.logs import PRICE, ROLES, MadeUpChain, MadeUpConstants

_numbers = itertools.count()
MODEL = "0x" + "d" * 40
IDENTITY = {"chain_id": 1337}


class Now:
    """What only the chain of now tells."""

    paused = False

    def __init__(self) -> None:
        self.classes = {1: ClassNow(PRICE, MODEL, False)}

    def balance(self, account: str) -> Balance | None:
        return Balance(5, 6) if account.endswith("1") else None

    def knows_requester(self, verifier: str, account: str) -> bool:
        return account.endswith("1")

    def standing(self, proposal: int) -> str | None:
        return "defeated"

    def quorum(self, begins: int) -> int | None:
        return 4


@dataclass
class Indexed:
    store: IndexStore
    indexer: Indexer

    def read(self) -> None:
        """Until there is no more."""
        while not self.indexer.step():
            pass

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that is made of the chain, in order."""
        with self.store.reading() as connection:
            return {
                table.name: sorted(
                    (tuple(map(repr, row)) for row in connection.execute(select(table))),
                )
                for table in (*MADE, HISTORY, ABOUT, BLOCKS)
            }


def indexed(
    chain: MadeUpChain,
    engine: Engine,
    heard: Callable[[News], None] = lambda news: None,
    span: int = 2_000,
) -> Indexed:
    fresh = {"made": next(_numbers)} if engine.url.database is None else {}
    store = IndexStore(engine, IDENTITY | fresh, 1)
    indexer = Indexer(Node(chain), store, MadeUpConstants(), ROLES, heard, span=span)
    return Indexed(store, indexer)


@cache
def in_memory(name: str = "") -> Engine:
    """One for each name, so that its statements are compiled once; a store that is made in it
    begins anew."""
    return create_engine("sqlite://", poolclass=StaticPool)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_engine(tmp_path / "index.sqlite")
    yield made
    made.dispose()
