"""What the relay remembers, in SQLite: bodies as they came, with what they are looked up by."""

from __future__ import annotations

from pathlib import Path

from suanli.base.database import Database, FileForm
from suanli.protocol import Domain
from suanli.relay.errors import RelayError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS market (chain_id INTEGER, address TEXT);
CREATE TABLE IF NOT EXISTS announcements (
    miner TEXT, resource INTEGER, runtimes TEXT, issued INTEGER, valid_until INTEGER, body TEXT,
    PRIMARY KEY (miner, resource));
CREATE INDEX IF NOT EXISTS announcements_by_age ON announcements (issued);
CREATE TABLE IF NOT EXISTS hostings (
    miner TEXT, resource INTEGER, issued INTEGER, valid_until INTEGER, body TEXT,
    PRIMARY KEY (miner, resource));
CREATE TABLE IF NOT EXISTS requests (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, requester TEXT, miner INTEGER,
    resource INTEGER, confirm_by INTEGER, keep_until INTEGER, body TEXT);
CREATE INDEX IF NOT EXISTS open_requests ON requests (requester, confirm_by);
CREATE TABLE IF NOT EXISTS told (
    request TEXT, kind TEXT, miner TEXT, issued INTEGER, body TEXT,
    PRIMARY KEY (request, kind, miner));
CREATE TABLE IF NOT EXISTS roots (
    blob TEXT, caller TEXT, root TEXT, told REAL, first REAL, PRIMARY KEY (blob, caller));
CREATE INDEX IF NOT EXISTS roots_by_age ON roots (told);
CREATE TABLE IF NOT EXISTS acceptances (request TEXT PRIMARY KEY, body TEXT);
"""
FORM = FileForm(1, "messages", "--data")


COUNTED = ("announcements", "hostings", "requests", "told", "acceptances", "roots")


def counted(database: Database, now: int) -> tuple[dict[str, int], int]:
    """Entries by kind, and requests that may still be confirmed. Raises DatabaseFailed."""
    tables = ", ".join(f"(SELECT count(*) FROM {table})" for table in COUNTED)
    waiting = "(SELECT count(*) FROM requests WHERE confirm_by >= ?)"
    *found, open_requests = database.rows(f"SELECT {tables}, {waiting}", [now])[0]
    return dict(zip(COUNTED, found, strict=True)), open_requests


def require_writable(database: Database) -> None:
    """Writes what is there. Raises DatabaseFailed."""
    with database.transaction() as inside:
        inside.execute("UPDATE market SET chain_id = chain_id")


def size_of(path: Path | str) -> int:
    """Bytes of a database of SQLite on the disk."""
    files = [Path(f"{path}{end}") for end in ("", "-wal", "-shm")]
    return sum(file.stat().st_size for file in files if file.is_file())


def open_database(path: Path | str, domain: Domain) -> Database:
    """A market's, made if missing. Raises DatabaseFailed; RelayError if it is another market's."""
    database = Database(path, _SCHEMA, form=FORM)
    with database.transaction() as inside:
        known = inside.execute("SELECT chain_id, address FROM market").fetchone()
        if known is None:
            known = domain.chain_id, domain.market
            inside.execute("INSERT INTO market VALUES (?, ?)", known)
    if known != (domain.chain_id, domain.market):
        database.close()
        raise RelayError(
            f"{path} holds the messages of market {known[1]} on chain {known[0]}, not of"
            f" {domain.market} on chain {domain.chain_id}: choose another folder (--data)"
        )
    return database
