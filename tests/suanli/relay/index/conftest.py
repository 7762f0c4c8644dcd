"""An index of a chain that is made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, StaticPool, create_engine, select

from suanli.chain import Node
from suanli.relay.server.index.indexer import Indexer, News
from suanli.relay.server.index.store import IndexStore, open_engine
from suanli.relay.server.index.tables import (
    ABOUT,
    BLOCKS,
    HISTORY,
    MADE,
)
from tests.harness.logs import ROLES, MadeUpChain, MadeUpConstants

IDENTITY = {"chain_id": 1337}


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
    store = IndexStore(engine, IDENTITY, 1)
    indexer = Indexer(Node(chain), store, MadeUpConstants(), ROLES, heard, span=span)
    return Indexed(store, indexer)


def in_memory() -> Engine:
    """As quick as it can be."""
    return create_engine("sqlite://", poolclass=StaticPool)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_engine(tmp_path / "index.sqlite")
    yield made
    made.dispose()
