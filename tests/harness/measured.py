"""A relay and an index that are well, to be measured, and what ails them to be chosen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suanli.chain import Block
from suanli.protocol import Domain
from suanli.relay.server.database import open_database
from suanli.relay.server.index import IndexProgress
from suanli.relay.server.limits import RateLimiter
from suanli.relay.server.sessions import SessionBroker
from suanli.relay.server.watch import RelayTally, RelayWatch, figures_of
from suanli.store import DirectoryStore

DOMAIN = Domain(1337, "0x" + "ab" * 20)
NOW = 1_800_000_000
BLOCK = Block(100, b"\1" * 32, b"\2" * 32, NOW - 3, None)


@dataclass
class ANode:
    """`fails`: what it raises."""

    block: Block = BLOCK
    fails: Exception | None = None

    def require_chain(self, chain_id: int) -> None:
        assert chain_id == DOMAIN.chain_id
        if self.fails is not None:
            raise self.fails

    def head(self) -> Block:
        return self.block


@dataclass
class AnIndex:
    found: IndexProgress = field(
        default_factory=lambda: IndexProgress(99, NOW, 100, events=7, reorganizations=1)
    )
    fails: Exception | None = None

    def progress(self) -> IndexProgress:
        return self.found

    def database_size(self) -> int:
        if self.fails is not None:
            raise self.fails
        return 4096

    def collect(self) -> Iterator[Any]:
        from suanli.relay.server.index.service import query_seconds

        made = query_seconds()
        made.labels("read").observe(0.01)
        yield from made.collect()


class Measured:
    """`now`: of its monotonic clock."""

    def __init__(self, folder: Path, store: DirectoryStore | None = None) -> None:
        self.now, self.node, self.index = 0.0, ANode(), AnIndex()
        self.database = open_database(folder / "relay.sqlite", DOMAIN)
        self.store = store or DirectoryStore(folder / "blobs", max_bytes=1000)
        self.tally = RelayTally()
        self.tally.limiter = RateLimiter(1, 1, clock=lambda: 0.0)
        self.tally.broker = SessionBroker(DOMAIN, None, self.tally.limiter)
        self.tally.rooms += self.tally.broker.rooms
        index: Any = self.index
        self.watch = RelayWatch(
            self.database,
            self.store,
            self.node,  # type: ignore[arg-type]
            DOMAIN.chain_id,
            index,
            clock=lambda: NOW,
            monotonic=lambda: self.now,
        )
        self.figures = figures_of(self.tally, index)


@contextmanager
def measured(folder: Path) -> Iterator[Measured]:
    made = Measured(folder)
    yield made
    made.database.close()
