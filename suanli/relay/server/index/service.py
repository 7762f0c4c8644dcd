"""The index as a relay runs it: opened once the node answers, kept up by a thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from prometheus_client import Histogram
from sqlalchemy import select

from suanli.base.version import VERSION
from suanli.chain import ChainError, Contract, Market, Token, TransportError
from suanli.relay.errors import RelayRefusal
from suanli.relay.paths import PROTOCOL
from suanli.relay.server.index import scores
from suanli.relay.server.index.api import add_index
from suanli.relay.server.index.constants import ChainConstants, governance_of
from suanli.relay.server.index.feed import Feed
from suanli.relay.server.index.indexer import POLL, Indexer, IndexProgress
from suanli.relay.server.index.queries import Live, Queries, ToldBoard
from suanli.relay.server.index.quotes import keep_quotes
from suanli.relay.server.index.reading import text
from suanli.relay.server.index.store import IndexFailed, IndexStore, open_engine
from suanli.relay.server.index.tables import CLASSES

if TYPE_CHECKING:
    from prometheus_client.core import Metric

LOOK_EVERY = 2.0
"""Seconds between looks at what only the chain of now tells."""
SCORE_EVERY, SCORE_SHARE = 30.0, 20
"""Seconds between scores, and how many times as long as they took at least."""
LONGEST_PAUSE = 30.0
"""Seconds until a node that was away is tried again."""
BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
"""Seconds."""
Json = dict[str, Any]
log = logging.getLogger("suanli.relay")


@dataclass(frozen=True)
class IndexSettings:
    """`database`: a file of SQLite, or a URL of PostgreSQL. `channels`, `storage`: contracts beside
    the market. `confirmations` and `max_blob` are only told."""

    database: Path | str
    channels: str | None = None
    storage: str | None = None
    confirmations: int = 1
    max_blob: int = 0


def query_seconds() -> Histogram:
    about = "seconds in which tables were read for one question, or written for one batch"
    name, labels = "suanli_index_query_seconds", ("kind",)
    return Histogram(name, about, labels, buckets=BUCKETS, registry=None)


class MarketIndex:
    """`market` is read by the index alone; `asked`, seen through a node that is asked little, for
    callers."""

    def __init__(
        self,
        market: Market,
        asked: Market,
        chain_id: int,
        settings: IndexSettings,
        board: ToldBoard | None = None,
    ) -> None:
        self._chain_id = chain_id
        self._market, self._asked, self._settings, self._board = market, asked, settings, board
        self._store: IndexStore | None = None
        self._indexer: Indexer | None = None
        self._queries: Queries | None = None
        self._live: Live | None = None
        self._constants = ChainConstants(market)
        self._problem: str | None = None
        self._look_at = self._score_at = 0.0
        self._looked: int | None = None
        """The block that was the newest then."""
        self._engine = open_engine(settings.database)
        self._seconds = query_seconds()
        self.feed = Feed(lambda: self._store, self.progress)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="index", daemon=True)
        self._scoring = threading.Thread()

    def add_to(self, app: FastAPI) -> None:
        add_index(app, self.queries, self.feed)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._scoring.is_alive():
            self._scoring.join()
        self._engine.dispose()

    def progress(self) -> IndexProgress:
        found = self._indexer.progress if self._indexer else IndexProgress()
        return replace(found, problem=self._problem) if self._problem else found

    def collect(self) -> Iterable[Metric]:
        """What it counts for Prometheus."""
        return self._seconds.collect()

    def database_size(self) -> int | None:
        """Bytes; None: it was not opened yet. Raises IndexFailed."""
        return self._store.size() if self._store else None

    def queries(self) -> Queries:
        """Raises RelayRefusal as long as there is nothing to be asked."""
        if self._queries is None:
            why = self._problem or "it is being opened"
            raise RelayRefusal(503, f"the index can't be asked yet: {why}")
        return self._queries

    def _run(self) -> None:
        pause = POLL
        while not self._stop.is_set():
            try:
                caught_up = self._step()
                pause, self._problem = POLL, None
            except (ChainError, IndexFailed) as error:
                caught_up, pause = True, min(2 * pause, LONGEST_PAUSE)
                # Of a node that does not answer from the beginning the relay has told.
                known = self._indexer is None and isinstance(error, TransportError)
                reason = error.reason if isinstance(error, IndexFailed) else None
                self._tell(str(error), reason, told=known)
            except Exception as error:
                # It must not end unseen: what it is asked is as old as this.
                log.exception("the index failed")
                caught_up, pause = True, LONGEST_PAUSE
                self._tell(f"{type(error).__name__}: see the relay's log")
            if caught_up:
                self._stop.wait(pause)

    def _step(self) -> bool:
        indexer = self._indexer or self._open()
        caught_up = indexer.step()
        if caught_up:
            self._look()
        self._score(indexer.progress.time if caught_up else None)
        return caught_up

    def _open(self) -> Indexer:
        market, settings = self._market, self._settings
        market.node.require_chain(self._chain_id)
        voting = governance_of(market)
        followed = {market.address: "market", **voting}
        for role, address in (("channels", settings.channels), ("storage", settings.storage)):
            if address is not None:
                followed[address.lower()] = role
        identity = {
            "chain_id": self._chain_id,
            "market": market.address,
            "followed": sorted(followed.items()),
        }
        start = market.node.first_block_of(market.address)
        store = self._store = IndexStore(self._engine, identity, start, self._spent)
        governor = next((a for a, role in voting.items() if role == "governor"), None)
        known = self._known(followed, governor)
        indexer = self._indexer = Indexer(
            market.node, store, self._constants, followed, self.feed.heard
        )
        self._live = Live(self._asked, governor)
        reader = (store, self._constants.scale, self.progress, self._live, self._board)
        self._queries = Queries(known, *reader)
        return indexer

    def _spent(self, kind: str, seconds: float) -> None:
        self._seconds.labels(kind).observe(seconds)

    def _known(self, followed: dict[str, str], governor: str | None) -> Json:
        market, settings = self._market, self._settings
        token = Token(market.node, market.token())
        by_role = {role: address for address, role in followed.items()}
        votes = (
            str(Contract(market.node, governor, "MarketGovernor").read("token")).lower()
            if governor
            else None
        )
        names = ("market", "channels", "storage", "governor", "timelock")
        config = {
            "version": VERSION,
            "protocol": PROTOCOL,
            "chain_id": self._chain_id,
            "contracts": {name: by_role.get(name) for name in names} | {"voting_token": votes},
            "token": {
                "address": token.address,
                "symbol": text(token.symbol())[:64],
                "decimals": token.decimals(),
            },
            "confirmations": settings.confirmations,
            "max_blob": settings.max_blob,
        }
        return config

    def _look(self) -> None:
        """At prices, which nobody who asks is to wait for."""
        indexer, store, live = self._indexer, self._store, self._live
        if indexer is None or store is None or live is None:
            return
        if time.monotonic() < self._look_at or indexer.progress.block == self._looked:
            return
        self._look_at, self._looked = time.monotonic() + LOOK_EVERY, indexer.progress.block
        with store.reading() as connection:
            query = select(CLASSES.c.resource).where(~CLASSES.c.retired)
            resources = list(connection.execute(query.order_by(CLASSES.c.resource)).scalars())
        live.look(resources)
        found = indexer.progress
        if found.time is None or found.block is None:
            return
        prices = {n: live.classes[n].price for n in resources if n in live.classes}
        keep_quotes(store, prices, found.block, found.time)

    def _score(self, now: int | None) -> None:
        """Beside: it may take seconds, in which events are not to wait."""
        due = time.monotonic() >= self._score_at and not self._scoring.is_alive()
        if now is not None and due:
            self._scoring = threading.Thread(target=self._score_now, args=(now,), daemon=True)
            self._scoring.start()

    def _score_now(self, now: int) -> None:
        began = time.monotonic()
        try:
            if self._store is not None:
                scores.refresh(self._store, self._constants.scale, now)
        except IndexFailed as error:
            log.warning("miners' scores are old: %s", error.reason)
        took = time.monotonic() - began
        self._score_at = time.monotonic() + max(SCORE_EVERY, SCORE_SHARE * took)

    def _tell(self, problem: str, reason: str | None = None, told: bool = False) -> None:
        """`problem`: for everybody; `reason`: for the log alone."""
        if self._problem != problem and not told:
            log.warning("the index does not get on: %s", reason or problem)
        self._problem = problem
