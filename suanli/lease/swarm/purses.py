"""What a requester must not forget of a swarm: its channels, what it signed, what it has."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from suanli.base.database import Database, FileForm
from suanli.engine import Result
from suanli.engine.wire import HEAD, pack, read_result, result_message, unpack
from suanli.lease.channel import channel_from_json, channel_to_json
from suanli.lease.swarm.money import SwarmPurse, UnitPrice
from suanli.protocol import Channel, Quote, Scale, Signed, signed_from_json, signed_to_json

_FILE = "swarm.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS channels (
    miner INTEGER PRIMARY KEY, key TEXT NOT NULL, record TEXT NOT NULL,
    units INTEGER NOT NULL, signed TEXT NOT NULL, most INTEGER NOT NULL, over INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS former (
    id INTEGER PRIMARY KEY, miner INTEGER NOT NULL, key TEXT NOT NULL, record TEXT NOT NULL,
    units INTEGER NOT NULL, signed TEXT NOT NULL, most INTEGER NOT NULL, over INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS pending (
    miner INTEGER PRIMARY KEY, key TEXT NOT NULL, quote TEXT NOT NULL,
    deposit TEXT NOT NULL, price TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS results (
    task BLOB PRIMARY KEY, miner INTEGER NOT NULL, result BLOB NOT NULL
);
"""
FORM = FileForm(1, "channels", "state")


@dataclass
class Held:
    """A channel with a miner; `key`: the signer's, in hex; `over`: nothing is sent there."""

    miner: int
    key: str
    record: Channel
    purse: SwarmPurse
    over: bool = False


@dataclass(frozen=True)
class Pending:
    """A channel that is being opened; `price` in 10^-18 token per unit."""

    miner: int
    key: str
    signed: Signed[Quote]
    deposit: int
    price: int


class Purses:
    """In a folder. Raises DatabaseFailed."""

    def __init__(self, folder: Path, scale: Scale) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / _FILE
        # The channels' keys are in it.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        self._scale, self._database = scale, Database(path, _SCHEMA, form=FORM)

    def close(self) -> None:
        self._database.close()

    def begin(self, pending: Pending) -> None:
        """Before anything is sent."""
        quote = json.dumps(signed_to_json(pending.signed))
        row = (pending.miner, pending.key, quote, str(pending.deposit), str(pending.price))
        with self._database.transaction() as write:
            write.execute("INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?)", row)

    def pending(self) -> Iterator[Pending]:
        for miner, key, quote, deposit, price in self._database.rows(
            "SELECT miner, key, quote, deposit, price FROM pending ORDER BY miner"
        ):
            signed = signed_from_json(Quote, json.loads(quote))
            yield Pending(miner, key, signed, int(deposit), int(price))

    def opened(self, held: Held) -> None:
        """In the place of an older one with the miner, in which there may still be money."""
        row, names = _row(held), "miner, key, record, units, signed, most, over"
        with self._database.transaction() as write:
            write.execute("DELETE FROM pending WHERE miner = ?", (held.miner,))
            write.execute(
                f"INSERT INTO former ({names}) SELECT {names} FROM channels"
                " WHERE miner = ? AND record != ?",
                (held.miner, row[2]),
            )
            write.execute("INSERT OR REPLACE INTO channels VALUES (?,?,?,?,?,?,?)", _row(held))

    def save(self, held: Held) -> None:
        """On the disk when it returns: before anything signed is sent."""
        with self._database.transaction() as write:
            write.execute("INSERT OR REPLACE INTO channels VALUES (?,?,?,?,?,?,?)", _row(held))

    def all(self) -> Iterator[Held]:
        """The newest with each miner."""
        return self._held("channels ORDER BY miner")

    def former(self) -> Iterator[Held]:
        """Older ones."""
        return self._held("former ORDER BY id")

    def _held(self, where: str) -> Iterator[Held]:
        for miner, key, body, units, signed, most, over in self._database.rows(
            f"SELECT miner, key, record, units, signed, most, over FROM {where}"
        ):
            record = channel_from_json(json.loads(body))
            price = UnitPrice(self._scale, record.price)
            purse = SwarmPurse(price, record.deposit, units, int(signed), most)
            yield Held(miner, key, record, purse, bool(over))

    def keep(self, held: Held, task: bytes, result: Result) -> None:
        """A result, and that it is to be paid, in one."""
        body = b"".join(pack(*result_message(result)))
        with self._database.transaction() as write:
            write.execute("INSERT OR REPLACE INTO channels VALUES (?,?,?,?,?,?,?)", _row(held))
            write.execute(
                "INSERT OR REPLACE INTO results VALUES (?, ?, ?)", (task, held.miner, body)
            )

    def result(self, task: bytes) -> Result | None:
        row = self._database.row("SELECT result FROM results WHERE task = ?", (task,))
        if row is None:
            return None
        body: bytes = row[0]
        end = HEAD.size + HEAD.unpack_from(body)[0]
        return read_result(*unpack(body[HEAD.size : end], memoryview(body)[end:]))

    def drop(self, miner: int) -> int:
        """All results of a miner that lied; how many there were."""
        with self._database.transaction() as write:
            return write.execute("DELETE FROM results WHERE miner = ?", (miner,)).rowcount


def _row(held: Held) -> tuple[object, ...]:
    purse, body = held.purse, json.dumps(channel_to_json(held.record))
    return (
        *(held.miner, held.key, body, purse.units, str(purse.signed), purse.most),
        int(held.over),
    )
