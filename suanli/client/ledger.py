"""What is known of a job, in SQLite: written before anything is done about it.

A *part* is a deal over some of the job's tasks. Stages: SIGNED (a request exists, perhaps nobody
has seen it), OPEN (lodged or posted), CONFIRMED (a miner took it), ACCEPTED (its result is right
and the acceptance is signed), REFUSED (its result is not), CALLED (nobody is to take it any more),
ENDED (nothing is locked any more).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from suanli.base.database import Database
from suanli.client.errors import OtherVersion
from suanli.protocol import Leaf, Request, from_json, to_json

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS parts (
    number INTEGER PRIMARY KEY,
    stage TEXT NOT NULL,
    tasks TEXT NOT NULL,
    request TEXT NOT NULL,
    signature BLOB NOT NULL,
    lock TEXT NOT NULL,
    seconds REAL,
    audit REAL NOT NULL,
    posted INTEGER NOT NULL,
    units_used INTEGER NOT NULL,
    root BLOB NOT NULL,
    acceptance BLOB NOT NULL,
    cost TEXT NOT NULL,
    end TEXT NOT NULL,
    ended_at INTEGER NOT NULL,
    why TEXT NOT NULL,
    refused TEXT NOT NULL,
    doubles INTEGER REFERENCES parts (number)
);
CREATE TABLE IF NOT EXISTS results (
    task INTEGER PRIMARY KEY,
    part INTEGER NOT NULL REFERENCES parts (number),
    leaf BLOB NOT NULL,
    audited INTEGER NOT NULL,
    ok INTEGER NOT NULL
);
"""

T = TypeVar("T")
_FORMAT = hashlib.sha256(_SCHEMA.encode()).hexdigest()[:16]
"""Of the tables: a job is read only as it was written."""

EXPIRED = "expired"
"""The end of a request that nobody confirmed in time."""
NO_ANSWER = "no answer in time"
"""Why a request ended of which its miner said nothing."""
PASSING = (EXPIRED, "cancelled")
"""Ends before a miner took the tasks."""


class Stage(StrEnum):
    SIGNED = "signed"
    OPEN = "open"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CALLED = "called"
    ENDED = "ended"


@dataclass(frozen=True)
class Part:
    """A deal. `lock`: what it holds at most; `audit`: the chance of each task to be run again;
    `units_used` once known; `posted`: by a transaction;
    `cost`: what the requester paid in the end, in base units; `end`: how it ended, in one word,
    `ended_at` which block, and `why`, or before that why its miner does not take it; `refused`: why
    its result was not accepted; `doubles`: the part whose tasks it was given as well."""

    number: int
    stage: Stage
    tasks: tuple[int, ...]
    request: Request
    signature: bytes
    lock: int
    seconds: float | None
    audit: float = 1.0
    posted: bool = False
    units_used: int = 0
    root: bytes = b""
    acceptance: bytes = b""
    cost: int = 0
    end: str = ""
    ended_at: int = 0
    why: str = ""
    refused: str = ""
    doubles: int | None = None

    @property
    def miner(self) -> str:
        return self.request.miner

    @property
    def running(self) -> bool:
        """Whether a result may still come of it."""
        return self.stage in (Stage.SIGNED, Stage.OPEN, Stage.CONFIRMED)

    @property
    def unpaid(self) -> bool:
        """Whether its result was accepted, and then a reorganization undid the deal for good."""
        undone = self.stage is Stage.ENDED and self.end in PASSING
        return undone and bool(self.acceptance) and not self.refused

    @property
    def reserved(self) -> int:
        """What of the budget it takes: its lock until it ends, then its cost."""
        return self.cost if self.stage is Stage.ENDED else self.lock


@dataclass(frozen=True)
class Kept:
    """A task's accepted result: `leaf` counts tasks within the part; `ok`: the program ended
    well."""

    task: int
    part: int
    leaf: Leaf
    audited: bool
    ok: bool


class Ledger:
    """One job's database. Every method is one transaction, and raises DatabaseFailed."""

    def __init__(self, path: Path) -> None:
        """Raises OtherVersion: another version of this program wrote it."""
        self._db = Database(path, _SCHEMA)
        self._known: dict[str, tuple[Any, Any]] = {}
        if not self.facts():
            self.set_facts(format=_FORMAT)
        elif self.facts().get("format") != _FORMAT:
            self.close()
            raise OtherVersion(
                f"{path} was written by another version of suanli: go on with the job with that"
                " one, or remove its folder once nothing of it is open"
            )

    def close(self) -> None:
        self._db.close()

    def facts(self) -> dict[str, Any]:
        """What holds for the whole job."""
        rows = self._db.rows("SELECT name, value FROM facts")
        return {name: json.loads(value) for name, value in rows}

    def set_facts(self, **facts: Any) -> None:
        with self._db.transaction() as db:
            rows = [(name, json.dumps(value)) for name, value in facts.items()]
            db.executemany("REPLACE INTO facts VALUES (?, ?)", rows)

    def add_parts(self, parts: Sequence[Part]) -> None:
        with self._db.transaction() as db:
            for part in parts:
                self._write(db, part)

    def update(self, part: Part, **changes: Any) -> Part:
        changed = replace(part, **changes)
        with self._db.transaction() as db:
            self._write(db, changed)
        return changed

    def accept(self, part: Part, kept: Sequence[Kept], **changes: Any) -> Part:
        """Keep a part's results, in place of other ones kept before, and change the part; or
        neither."""
        changed, known = replace(part, **changes), self.results()
        with self._db.transaction() as db:
            kept = [_merged(known.get(new.task), new) for new in kept]
            rows = [(k.task, k.part, k.leaf.encode(), k.audited, k.ok) for k in kept]
            self._known.pop("results", None)
            db.executemany("REPLACE INTO results VALUES (?, ?, ?, ?, ?)", rows)
            self._write(db, changed)
        return changed

    def parts(self) -> list[Part]:
        return list(self._read("parts", self._parts))

    def _parts(self) -> list[Part]:
        return [_part(row) for row in self._db.rows("SELECT * FROM parts ORDER BY number")]

    def live(self) -> list[Part]:
        """Deals that are not over."""
        return [part for part in self.parts() if part.stage is not Stage.ENDED]

    def waiting(self, tasks: int) -> list[int]:
        """Those of the job's tasks without a result that no miner has."""
        had = {task for part in self.parts() if part.running for task in part.tasks}
        had |= self.results().keys()
        return [task for task in range(tasks) if task not in had]

    def reserved(self) -> int:
        """Base units of the budget that are locked or spent."""
        return sum(part.reserved for part in self.parts())

    def results(self) -> Mapping[int, Kept]:
        return self._read("results", self._results)

    def _results(self) -> Mapping[int, Kept]:
        rows = self._db.rows("SELECT task, part, leaf, audited, ok FROM results ORDER BY task")
        return {
            task: Kept(task, part, _leaf(leaf), bool(audited), bool(ok))
            for task, part, leaf, audited, ok in rows
        }

    def _read(self, name: str, read: Callable[[], T]) -> T:
        """What was read before, unless somebody has written since: it is asked for in each round,
        and there may be thousands."""
        version = self._db.row("PRAGMA data_version")  # changes with others' writing
        known = self._known.get(name)
        if known is None or known[0] != version:
            known = self._known[name] = version, read()
        found: T = known[1]
        return found

    def _write(self, db: sqlite3.Connection, part: Part) -> None:
        self._known.pop("parts", None)
        row = (
            part.number,
            str(part.stage),
            json.dumps(part.tasks),
            json.dumps(to_json(part.request)),
            part.signature,
            str(part.lock),
            part.seconds,
            part.audit,
            part.posted,
            part.units_used,
            part.root,
            part.acceptance,
            str(part.cost),
            part.end,
            part.ended_at,
            part.why,
            part.refused,
            part.doubles,
        )
        db.execute(f"REPLACE INTO parts VALUES ({', '.join('?' * len(row))})", row)


def _merged(old: Kept | None, new: Kept) -> Kept:
    """What two miners found alike stays the first one's."""
    if old is None or not old.leaf.agrees(new.leaf):
        return new
    return replace(old, audited=old.audited or new.audited)


def _part(row: Sequence[Any]) -> Part:
    number, stage, tasks, request, signature, lock, seconds, audit, posted, *rest = row
    units_used, root, acceptance, cost, end, ended_at, why, refused, doubles = rest
    return Part(
        number,
        Stage(stage),
        tuple(json.loads(tasks)),
        from_json(Request, json.loads(request)),
        signature,
        int(lock),
        seconds,
        audit,
        bool(posted),
        units_used,
        root,
        acceptance,
        int(cost),
        end,
        ended_at,
        why,
        refused,
        doubles,
    )


def _leaf(data: bytes) -> Leaf:
    index, units = int.from_bytes(data[:4], "big"), int.from_bytes(data[37:], "big")
    return Leaf(index, data[4], data[5:37], units)
