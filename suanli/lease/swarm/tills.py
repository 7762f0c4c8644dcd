"""What a miner must not forget of a swarm: whose voucher it has, what it billed, and the results
that it billed last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

from suanli.base.database import Database, FileForm
from suanli.engine.wire import HEAD, Message, pack, unpack
from suanli.lease.channel import channel_from_json, channel_to_json
from suanli.lease.swarm.money import Till, UnitPrice
from suanli.protocol import Channel, Scale

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tills (
    id BLOB PRIMARY KEY, record TEXT NOT NULL,
    units INTEGER NOT NULL, paid TEXT NOT NULL, signature BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS results (
    number INTEGER PRIMARY KEY, id BLOB NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,
    UNIQUE (id, key)
);
"""
FORM = FileForm(1, "channels", "data")


class Tills:
    """In one file. Raises DatabaseFailed."""

    def __init__(self, path: Path, scale: Scale) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._scale, self._database = scale, Database(path, _SCHEMA, form=FORM)

    def close(self) -> None:
        self._database.close()

    def save(self, id_: bytes, record: Channel, till: Till) -> None:
        """On the disk when it returns."""
        with self._database.transaction() as write:
            _put(write, id_, record, till)

    def forget(self, id_: bytes) -> None:
        with self._database.transaction() as write:
            write.execute("DELETE FROM tills WHERE id = ?", (id_,))
            write.execute("DELETE FROM results WHERE id = ?", (id_,))

    def all(self) -> Iterator[tuple[bytes, Channel, Till]]:
        for id_, body, units, paid, signature in self._database.rows(
            "SELECT id, record, units, paid, signature FROM tills"
        ):
            record = channel_from_json(json.loads(body))
            price = UnitPrice(self._scale, record.price)
            yield id_, record, Till(price, record.deposit, units, int(paid), signature)

    # Results

    def keep(self, id_: bytes, record: Channel, till: Till, key: str, result: Message) -> int:
        """A result with what is billed by then; its bytes. On the disk when it returns."""
        body = b"".join(pack(*result))
        with self._database.transaction() as write:
            _put(write, id_, record, till)
            write.execute(
                "INSERT OR REPLACE INTO results (id, key, body) VALUES (?, ?, ?)", (id_, key, body)
            )
        return len(body)

    def kept(self, id_: bytes) -> Iterator[tuple[str, int]]:
        """Keys and bytes of a channel's results, the oldest first."""
        yield from self._database.rows(
            "SELECT key, length(body) FROM results WHERE id = ? ORDER BY number", (id_,)
        )

    def result(self, id_: bytes, key: str) -> Message | None:
        row = self._database.row("SELECT body FROM results WHERE id = ? AND key = ?", (id_, key))
        if row is None:
            return None
        body: bytes = row[0]
        end = HEAD.size + HEAD.unpack_from(body)[0]
        return unpack(body[HEAD.size : end], memoryview(body)[end:])

    def drop(self, id_: bytes, key: str | None = None) -> None:
        """One of a channel's results, or all."""
        with self._database.transaction() as write:
            write.execute(
                "DELETE FROM results WHERE id = ? AND (? IS NULL OR key = ?)", (id_, key, key)
            )


def _put(write: Connection, id_: bytes, record: Channel, till: Till) -> None:
    row = id_, json.dumps(channel_to_json(record)), till.units, str(till.paid), till.signature
    write.execute("INSERT OR REPLACE INTO tills VALUES (?, ?, ?, ?, ?)", row)
