"""The index's database: made, filled batch by batch, each in one transaction, and taken back."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from suanli.base.database import DatabaseFailed
from suanli.base.errors import SuanliError
from suanli.chain import CursorState
from suanli.relay.server.database import size_of
from suanli.relay.server.index.apply import Constants, TableBook, apply
from suanli.relay.server.index.changes import RowChanges, take_back
from suanli.relay.server.index.reading import ChainFact, abouts
from suanli.relay.server.index.tables import (
    ABOUT,
    BLOCKS,
    CONTRACTS,
    COUNTS,
    DEALS,
    HISTORY,
    META,
    METADATA,
    QUOTES,
    UNDO,
    at_of,
    block_of,
)

BY_TERMS = frozenset(("court", "identity", "reward_pool"))
"""Roles of contracts that terms name."""
BUSY = 10_000
"""Milliseconds that SQLite waits for another process."""
CACHE = 64 << 10
"""KiB of pages that SQLite keeps in memory."""
CONNECTIONS, KEPT = 48, 8
"""Connections at once, and those that wait open for the next question. Callers have threads for 40
questions; the indexer must never wait for them, and it and the scores take one each."""
log = logging.getLogger("suanli.relay")


class UnusableDatabase(SuanliError):
    """The database that was named can't be used."""


class IndexFailed(DatabaseFailed):
    """`reason`: for the log alone, since it may name a server and a user."""

    def __init__(self, reason: str) -> None:
        super().__init__("the index's database can't be used: see the relay's log")
        self.reason = reason


def open_engine(where: str | Path) -> Engine:
    """A path is SQLite's; a URL such as postgresql://user@host/name, PostgreSQL's.

    Raises:
        UnusableDatabase: it is no such URL, or its driver is missing.
    """
    if isinstance(where, Path):
        engine = create_engine(
            f"sqlite:///{where}",
            connect_args={"timeout": BUSY / 1000},
            max_overflow=CONNECTIONS - KEPT,
            pool_size=KEPT,
        )
        event.listen(engine, "connect", _settle_sqlite)
        return engine
    try:
        url = make_url(where)
        if url.get_backend_name() not in ("postgresql", "postgres"):
            raise ArgumentError("it is none of PostgreSQL")
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            # Else a database made in the locale C would answer in bytes.
            connect_args={"client_encoding": "utf8"},
            pool_pre_ping=True,
            max_overflow=CONNECTIONS - KEPT,
            pool_size=KEPT,
        )
    except (ArgumentError, ValueError):
        raise UnusableDatabase(
            "the index's database is a URL such as postgresql://suanli@localhost/suanli"
        ) from None
    except ImportError:
        raise UnusableDatabase(
            "PostgreSQL takes a driver: pip install 'suanli[postgresql]', or name no database"
        ) from None


def _settle_sqlite(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # What a power cut takes is read from the chain again.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute(f"PRAGMA cache_size = -{CACHE}")
    cursor.close()


def _format() -> str:
    """Of the tables."""
    engine = create_engine("sqlite://")
    tables = METADATA.sorted_tables
    made = [str(CreateTable(table).compile(engine)) for table in tables]
    made += [
        str(CreateIndex(i).compile(engine)) for t in tables for i in sorted(t.indexes, key=str)
    ]
    return hashlib.sha256("".join(made).encode()).hexdigest()[:16]


class IndexStore:
    """Of one market, by its chain and address, and of the contracts `followed`: what was made of
    others, or by another version, is thrown away and read anew.

    Raises IndexFailed in all that reads or writes.
    """

    def __init__(
        self,
        engine: Engine,
        identity: Mapping[str, Any],
        start: int,
        spent: Callable[[str, float], None] = lambda kind, seconds: None,
    ) -> None:
        """`start`: the first block that may hold something. `spent` is told how long it was read
        (`read`) or written (`write`), in seconds."""
        self.engine, self._start, self._spent = engine, start, spent
        self._identity = json.dumps({"format": _format(), **identity}, sort_keys=True)
        with self.writing() as connection:
            METADATA.create_all(connection, tables=[META])
            if self._meta(connection, "identity") != self._identity:
                METADATA.drop_all(connection)
                METADATA.create_all(connection)
                self._begin(connection)
                self._set(connection, "identity", self._identity)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._timed("read"), _translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self._timed("write"), _translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _timed(self, kind: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self._spent(kind, time.perf_counter() - began)

    def size(self) -> int:
        """Bytes of its database."""
        file = self.engine.url.database
        if self.engine.dialect.name == "sqlite":
            return size_of(file or "")
        with self.reading() as connection:
            named = func.pg_database_size(func.current_database())
            return int(connection.execute(select(named)).scalar_one())

    def state(self) -> CursorState:
        with self.reading() as connection:
            return CursorState.from_json(json.loads(self._meta(connection, "cursor") or "{}"))

    def take(
        self,
        state: CursorState,
        facts: Sequence[ChainFact],
        blocks: Mapping[int, tuple[bytes, int]],
        constants: Constants,
        *,
        undoable: bool,
    ) -> list[ChainFact]:
        """A batch that ends before `state.following`; `blocks`: hash and time of those with facts.
        `undoable` False: so deep below the newest block that it need not be taken back. What was
        kept of it."""
        with self.writing() as connection:
            changes = RowChanges(connection)
            kept = self._fill(changes, facts, constants)
            block = state.following - 1
            changes.write(block if undoable else None)
            _keep(connection, kept, blocks)
            oldest = state.seen[0][0] if state.seen else block
            connection.execute(delete(UNDO).where(UNDO.c.block <= oldest))
            least = int(self._meta(connection, "undoable_above") or "0")
            self._set(connection, "undoable_above", str(max(least, oldest if undoable else block)))
            self._set(connection, "cursor", json.dumps(state.to_json()))
        return kept

    def last_time(self) -> int | None:
        """That of the newest block with events."""
        with self.reading() as connection:
            newest = select(BLOCKS.c.time).order_by(BLOCKS.c.number.desc()).limit(1)
            return connection.execute(newest).scalar()

    def named_by_terms(self) -> dict[str, str]:
        """Roles of contracts by address."""
        with self.reading() as connection:
            found = connection.execute(select(CONTRACTS.c.address, CONTRACTS.c.role))
            return {f"0x{address.hex()}": role for address, role in found}

    def _fill(
        self, changes: RowChanges, facts: Sequence[ChainFact], constants: Constants
    ) -> list[ChainFact]:
        """What counts: of a contract that terms name, nothing from before they did."""
        changes.fetch(
            DEALS,
            ((fact.values["id"],) for fact in facts if _of_deal(fact)),
        )
        book, kept = TableBook(changes, constants), []
        for fact in facts:
            if fact.contract in BY_TERMS and changes.find(CONTRACTS, fact.address) is None:
                continue
            kept.append(fact)
            try:
                apply(book, fact)
            except LookupError as error:  # a court, say, that tells of what never was
                log.warning("the index leaves out %s at %s: %s", fact.name, fact.at, error)
        if kept:
            count = changes.find(COUNTS, "events") or changes.add(COUNTS, name="events", count=0)
            count["count"] += len(kept)
        return kept

    def roll_back(self, to: int, state: CursorState) -> bool:
        """Forget all above block `to`; False: all had to be forgotten, and is read anew."""
        with self.writing() as connection:
            if to < int(self._meta(connection, "undoable_above") or "0"):
                for table in METADATA.sorted_tables:
                    if table is not META:
                        connection.execute(delete(table))
                self._begin(connection)
                return False
            take_back(connection, to)
            first = at_of(to + 1, 0)
            connection.execute(delete(HISTORY).where(HISTORY.c.at >= first))
            connection.execute(delete(ABOUT).where(ABOUT.c.at >= first))
            connection.execute(delete(BLOCKS).where(BLOCKS.c.number > to))
            connection.execute(delete(QUOTES).where(QUOTES.c.block > to))
            self._set(connection, "cursor", json.dumps(state.to_json()))
            return True

    def _begin(self, connection: Connection) -> None:
        self._set(connection, "cursor", json.dumps(CursorState.from_block(self._start).to_json()))
        self._set(connection, "undoable_above", str(self._start - 1))

    @staticmethod
    def _meta(connection: Connection, name: str) -> str | None:
        found = connection.execute(select(META.c.value).where(META.c.name == name)).scalar()
        return None if found is None else str(found)

    @staticmethod
    def _set(connection: Connection, name: str, value: str) -> None:
        connection.execute(delete(META).where(META.c.name == name))
        connection.execute(insert(META), [{"name": name, "value": value}])


def _of_deal(fact: ChainFact) -> bool:
    return fact.contract == "market" and isinstance(fact.values.get("id"), bytes)


def _keep(
    connection: Connection, facts: Sequence[ChainFact], blocks: Mapping[int, tuple[bytes, int]]
) -> None:
    if not facts:
        return
    numbers = dict.fromkeys(block_of(fact.at) for fact in facts)
    rows = [{"number": n, "hash": blocks[n][0], "time": blocks[n][1]} for n in numbers]
    connection.execute(insert(BLOCKS), rows)
    history = [
        {
            "at": fact.at,
            "contract": fact.contract,
            "name": fact.name,
            "address": fact.address,
            "transaction": fact.transaction,
            "arguments": fact.arguments,
        }
        for fact in facts
    ]
    connection.execute(insert(HISTORY), history)
    about = [
        {"kind": kind, "id": id_, "at": fact.at} for fact in facts for kind, id_ in abouts(fact)
    ]
    if about:
        connection.execute(insert(ABOUT), about)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise IndexFailed(reason) from error
