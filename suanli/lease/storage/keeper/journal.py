"""What a miner must not forget of its storage deals: their records, and how far the chain was
read."""

from __future__ import annotations

import json

from suanli.daemon import DaemonJournal
from suanli.lease.storage.deal import deal_from_json, deal_to_json
from suanli.protocol import StorageDeal

MARK = "mark"


class KeeperJournal(DaemonJournal):
    VERSION = 1
    SCHEMA = "CREATE TABLE IF NOT EXISTS deals (id BLOB PRIMARY KEY, record TEXT NOT NULL);"
    WORK = "storage deals"

    def deals(self) -> dict[bytes, StorageDeal]:
        rows = self._database.rows("SELECT id, record FROM deals")
        return {id_: deal_from_json(json.loads(record)) for id_, record in rows}

    def save(self, id_: bytes, record: StorageDeal) -> None:
        row = id_, json.dumps(deal_to_json(record))
        with self._database.transaction() as database:
            database.execute("REPLACE INTO deals VALUES (?, ?)", row)

    def forget(self, id_: bytes) -> None:
        with self._database.transaction() as database:
            database.execute("DELETE FROM deals WHERE id = ?", (id_,))
