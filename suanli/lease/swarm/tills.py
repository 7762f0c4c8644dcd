"""What a miner must not forget of a swarm: whose voucher it has, and what it billed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from suanli.base.database import Database, Form
from suanli.lease.channel import channel_from_json, channel_to_json
from suanli.lease.swarm.money import Till, UnitPrice
from suanli.protocol import Channel, Scale

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tills (
    id BLOB PRIMARY KEY, record TEXT NOT NULL, deposit TEXT NOT NULL,
    units INTEGER NOT NULL, paid TEXT NOT NULL, signature BLOB NOT NULL, confirmed INTEGER NOT NULL
);
"""
FORM = Form(1, "channels", "data")


class Tills:
    """In one file. Raises DatabaseFailed."""

    def __init__(self, path: Path, scale: Scale) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._scale, self._database = scale, Database(path, _SCHEMA, form=FORM)

    def close(self) -> None:
        self._database.close()

    def save(self, id_: bytes, record: Channel, till: Till) -> None:
        """On the disk when it returns."""
        body = json.dumps(channel_to_json(record))
        paid = str(till.paid), till.signature, till.confirmed
        row = (id_, body, str(till.deposit), till.units, *paid)
        with self._database.transaction() as write:
            write.execute("INSERT OR REPLACE INTO tills VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def forget(self, id_: bytes) -> None:
        with self._database.transaction() as write:
            write.execute("DELETE FROM tills WHERE id = ?", (id_,))

    def all(self) -> Iterator[tuple[bytes, Channel, Till]]:
        """As after a restart: results that nobody has any more are not billed."""
        for id_, body, deposit, paid, signature, confirmed in self._database.rows(
            "SELECT id, record, deposit, paid, signature, confirmed FROM tills"
        ):
            record = channel_from_json(json.loads(body))
            price = UnitPrice(self._scale, record.price)
            yield id_, record, Till(price, int(deposit), confirmed, int(paid), signature, confirmed)
