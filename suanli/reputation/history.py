"""Reads what the logs say of miners, on from where an earlier command ended, and keeps it.

Nobody is believed but the node: neither relays nor miners are asked.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from suanli.base.database import Database, DatabaseFailed
from suanli.chain import (
    BadAnswer,
    ChainError,
    ContractError,
    CursorState,
    Event,
    EventBatch,
    EventCursor,
    Market,
    NoContract,
    RewardClaimed,
    RewardPool,
    Token,
    events,
)
from suanli.protocol import InvalidMessage, Scale
from suanli.reputation.score import Mark, MarkKind, MinerRecord, records

LONGEST_READING = 5.0
"""Seconds that a look takes at most, unless told otherwise; the next one goes on."""
LOOK_EVERY = 30.0
"""Seconds between looks: for so long scores are as good as new."""
TOGETHER = 256
"""Blocks that are dated by the first of them, so that not each is asked for: an hour at most, of
scores that take months to fade."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS cursors (source TEXT PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deals (
    id BLOB PRIMARY KEY,
    source TEXT NOT NULL,
    block INTEGER NOT NULL,
    requester TEXT NOT NULL,
    worth REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS tenures (
    source TEXT NOT NULL,
    block INTEGER NOT NULL,
    place INTEGER NOT NULL,
    miner INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS tenures_of ON tenures (miner, block);
CREATE TABLE IF NOT EXISTS marks (
    source TEXT NOT NULL,
    block INTEGER NOT NULL,
    place INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    miner INTEGER NOT NULL,
    requester TEXT NOT NULL,
    amount REAL NOT NULL,
    time INTEGER NOT NULL
);
"""
_FORMAT = int.from_bytes(hashlib.sha256(_SCHEMA.encode()).digest()[:3])
"""Of the tables."""
_MARKS = """
SELECT kind, marks.miner, requester, amount, time,
    (marks.block, marks.place) > (coalesce(raised.block, -1), coalesce(raised.place, -1))
FROM marks LEFT JOIN (
    SELECT miner, block, max(place) AS place FROM tenures AS t
    WHERE block = (SELECT max(block) FROM tenures WHERE miner = t.miner) GROUP BY miner
) AS raised ON raised.miner = marks.miner
"""
_FAULTS: dict[type[Event], MarkKind] = {
    events.RequestReleased: MarkKind.RELEASED,
    events.RequestDefaulted: MarkKind.DEFAULTED,
    events.RequestOverturned: MarkKind.OVERTURNED,
}
_READ = (
    events.RequestConfirmed,
    events.RequestSettled,
    *_FAULTS,
    events.MinerSucceeded,
    events.PayoutChanged,
)
log = logging.getLogger("suanli.reputation")


class _Watched(NamedTuple):
    """A contract whose logs are read."""

    address: str
    cursor: EventCursor


class MinerRecords:
    """Of miners, by their numbers; an empty one of whom nothing is known."""

    def __init__(self, found: Mapping[int, MinerRecord]) -> None:
        self._found = found

    def __getitem__(self, miner: int) -> MinerRecord:
        return self._found.get(miner, MinerRecord())


class History:
    """`file` None: nothing is kept. What is damaged or of another version is read anew; several
    processes may use one file."""

    @classmethod
    def of(cls, market: Market, folder: Path, **more: Any) -> History:
        """With its file in the folder of jobs."""
        name = f"records-{market.domain.chain_id}-{market.address}.sqlite"
        return cls(market, folder / name, **more)

    def __init__(
        self, market: Market, file: Path | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._market, self._clock, self._file = market, clock, file
        self._db = _opened(file)
        self._sources: list[_Watched] = []
        self._times: dict[int, int] = {}
        self._look_at: float | None = None
        self._records: MinerRecords | None = None
        self._told = False

    def close(self) -> None:
        self._db.close()

    def records(self, now: int, seconds: float = LONGEST_READING) -> MinerRecords | None:
        """As they count `now`, in seconds since 1970. None as long as the logs are not read, which
        may take `seconds` now: that is told once."""
        try:
            self._look(now, seconds)
        except (ChainError, DatabaseFailed) as error:
            self._tell(f"the market's past can't be read, so miners have no scores: {error}")
        else:
            if self._records is None:
                self._tell("the market's past is not read whole yet: miners have no scores so far")
        return self._records

    def marks(self) -> Iterator[Mark]:
        """All that was read."""
        for kind, miner, requester, amount, at, current in self._db.rows(_MARKS):
            yield Mark(MarkKind(kind), miner, requester, amount, at, bool(current))

    def read(self, seconds: float = LONGEST_READING) -> bool:
        """Whether all is read now; if it takes longer than `seconds`, the next call goes on.

        Raises:
            ChainError: what was read before is kept.
        """
        until = self._clock() + seconds
        if not self._sources:
            self._sources = list(self._looked_at())
        return all(self._read(source, until) for source in self._sources)

    def _look(self, now: int, seconds: float) -> None:
        clock = self._clock()
        if self._look_at is None or clock >= self._look_at:
            self._look_at, self._records = clock + LOOK_EVERY, None
            if self.read(seconds):
                self._records = MinerRecords(records(self.marks(), now))

    def _looked_at(self) -> Iterator[_Watched]:
        """The market, and the pools that give back fees: treasuries of any of its terms."""
        market, node = self._market, self._market.node
        yield _Watched(market.address, EventCursor(node, market.address, only=_READ))
        terms = (market.terms_of(number) for number in range(1, market.terms_count() + 1))
        for treasury in dict.fromkeys(found.treasury.lower() for found in terms):
            if _is_pool(market, treasury):
                yield _Watched(treasury, EventCursor(node, treasury, only=(RewardClaimed,)))

    def _read(self, source: _Watched, until: float) -> bool:
        while True:
            before = self._state(source.address)
            batch = source.cursor.read(before)
            self._keep(source.address, before, batch)
            if batch.caught_up:
                return True
            if self._clock() >= until:
                return False

    def _state(self, source: str) -> CursorState:
        if found := self._db.row("SELECT state FROM cursors WHERE source = ?", [source]):
            try:
                return CursorState.from_json(json.loads(found[0]))
            except (ValueError, InvalidMessage) as error:
                raise DatabaseFailed(f"{self._file} is damaged, remove it: {error}") from None
        return CursorState.from_block(self._start)

    @cached_property
    def _start(self) -> int:
        """Of pools, too: nothing of theirs begins before the market does."""
        return self._market.node.first_block_of(self._market.address)

    def _keep(self, source: str, before: CursorState, batch: EventBatch) -> None:
        if batch.state == before:
            return
        made = [(event, self._time(event.at.block)) for event in batch.events]
        scale = self._scale  # what asks the node comes before the transaction
        with self._db.transaction() as db:
            if self._state(source) != before:
                return  # another process was here: its state is read next
            if (last := batch.rolled_back_to) is not None:
                for table in ("deals", "tenures", "marks"):
                    db.execute(
                        f"DELETE FROM {table} WHERE source = ? AND block > ?", (source, last)
                    )
            for event, at in made:
                _write(db, source, event, at, scale)
            state = json.dumps(batch.state.to_json())
            db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (source, state))

    def _time(self, block: int) -> int:
        first = block - block % TOGETHER
        if first not in self._times:
            found = self._market.node.block(first)
            self._times[first] = (found or self._market.node.head()).time
        return self._times[first]

    @cached_property
    def _scale(self) -> Scale:
        return Scale(Token(self._market.node, self._market.token()).decimals())

    def _tell(self, what: str) -> None:
        if not self._told:
            self._told = True
            log.warning("%s", what)


def _write(db: sqlite3.Connection, source: str, event: Event, at: int, scale: Scale) -> None:
    block, place = event.at.block, event.at.index
    match event:
        case events.RequestConfirmed():
            worth = float(scale.value_up(event.units, event.price))
            deal = (event.id, source, block, event.requester, worth)
            db.execute("INSERT OR REPLACE INTO deals VALUES (?, ?, ?, ?, ?)", deal)
        case events.MinerSucceeded() | events.PayoutChanged():
            raised = (source, block, place, event.miner_id)
            db.execute("INSERT INTO tenures VALUES (?, ?, ?, ?)", raised)
        case _ if said := _said(db, event):
            kind, miner, requester, amount = said
            mark = (source, block, place, kind, miner, requester, amount, at)
            db.execute("INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", mark)


def _said(db: sqlite3.Connection, event: Event) -> tuple[MarkKind, int, str, float] | None:
    """MarkKind, miner, requester and amount; None of a deal that paid no fee."""
    match event:
        case RewardClaimed():
            return MarkKind.REWARDED, event.miner_id, "", float(event.amount)
        case events.RequestSettled():
            requester, _ = _deal(db, event.id)
            paid = (MarkKind.PAID, event.miner_id, requester, float(event.fee))
            return paid if event.fee else None
        case events.RequestReleased() | events.RequestDefaulted() | events.RequestOverturned():
            requester, worth = _deal(db, event.id)
            return _FAULTS[type(event)], event.miner_id, requester, worth
    return None


def _deal(db: sqlite3.Connection, request: bytes) -> tuple[str, float]:
    """Requester and worth. It was confirmed before, and what was is read."""
    query = "SELECT requester, worth FROM deals WHERE id = ?"
    requester, worth = db.execute(query, (request,)).fetchone()
    return requester, worth


def _is_pool(market: Market, address: str) -> bool:
    try:
        return RewardPool(market.node, address).market() == market.address
    except (ContractError, NoContract, BadAnswer):
        return False


def _opened(file: Path | None) -> Database:
    """In memory where no file can be written."""
    if file is None:
        return Database(":memory:", _SCHEMA)
    for _ in range(2):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or _is_ours(file):
                made = Database(file, _SCHEMA)
                made.rows(f"PRAGMA user_version = {_FORMAT}")
                return made
        except DatabaseFailed as error:
            if isinstance(error.__cause__, sqlite3.OperationalError):
                break  # no room, no permission
        except OSError:
            break
        for path in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
            path.unlink(missing_ok=True)
    return Database(":memory:", _SCHEMA)


def _is_ours(file: Path) -> bool:
    """Whether this version wrote it."""
    with closing(Database(file, "", readonly=True)) as found:
        return found.row("PRAGMA user_version") in ((_FORMAT,), (0,))
