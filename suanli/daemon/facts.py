"""Small facts that a daemon must not forget: by name, as JSON, in its journal's file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suanli.base.database import Database

FACTS_SCHEMA = "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);"


@dataclass(frozen=True)
class Fact:
    """Handed in by a port: written down with the observations before it."""

    name: str
    value: Any


def read_fact(database: Database, name: str) -> Any:
    """What was noted under this name, or None. Raises DatabaseFailed."""
    row = database.row("SELECT value FROM facts WHERE name = ?", (name,))
    return json.loads(row[0]) if row else None


def note_facts(connection: sqlite3.Connection, facts: Mapping[str, Any]) -> None:
    """Inside a transaction."""
    rows = [(name, json.dumps(value)) for name, value in facts.items()]
    connection.executemany("REPLACE INTO facts VALUES (?, ?)", rows)
