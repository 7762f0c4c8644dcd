"""What a miner must not forget of its storage deals: their records, who sent what is not paid yet,
and how far the chain was read."""

from __future__ import annotations

import json
from typing import NamedTuple

from suanli.daemon import DaemonJournal
from suanli.lease.storage.deal import deal_from_json, deal_to_json
from suanli.lease.storage.shelf import FileId
from suanli.protocol import StorageDeal

MARK = "mark"


class UnpaidFile(NamedTuple):
    """Of bytes, `since` when, in seconds since 1970."""

    account: str
    since: float


class KeeperJournal(DaemonJournal):
    VERSION = 1
    SCHEMA = """
        CREATE TABLE IF NOT EXISTS deals (id BLOB PRIMARY KEY, record TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS arrivals (
            root BLOB, size INTEGER, account TEXT NOT NULL, since REAL NOT NULL,
            PRIMARY KEY (root, size)
        );
    """
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

    def arrivals(self) -> dict[FileId, UnpaidFile]:
        rows = self._database.rows("SELECT root, size, account, since FROM arrivals")
        return {FileId(root, size): UnpaidFile(*arrival) for root, size, *arrival in rows}

    def note_arrival(self, file: FileId, arrival: UnpaidFile) -> None:
        with self._database.transaction() as database:
            database.execute("REPLACE INTO arrivals VALUES (?, ?, ?, ?)", (*file, *arrival))

    def forget_arrival(self, file: FileId) -> None:
        with self._database.transaction() as database:
            database.execute("DELETE FROM arrivals WHERE root = ? AND size = ?", file)
