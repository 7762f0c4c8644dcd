"""What the relay remembers, in SQLite: bodies as they came, with what they are looked up by."""

from __future__ import annotations

from pathlib import Path

from suanli.database import Database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS notices (
    miner TEXT, resource INTEGER, runtime TEXT, issued INTEGER, valid_until INTEGER, body TEXT,
    PRIMARY KEY (miner, resource));
CREATE TABLE IF NOT EXISTS requests (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, requester TEXT, miner TEXT,
    resource INTEGER, confirm_by INTEGER, keep_until INTEGER, body TEXT);
CREATE INDEX IF NOT EXISTS open_requests ON requests (requester, confirm_by);
CREATE TABLE IF NOT EXISTS results (
    request TEXT, miner TEXT, body TEXT, PRIMARY KEY (request, miner));
CREATE TABLE IF NOT EXISTS refusals (
    request TEXT, miner TEXT, body TEXT, PRIMARY KEY (request, miner));
CREATE TABLE IF NOT EXISTS acceptances (request TEXT PRIMARY KEY, body TEXT);
"""


def open_database(path: Path | str) -> Database:
    """The relay's, made if missing. Raises DatabaseFailed."""
    return Database(path, _SCHEMA)
