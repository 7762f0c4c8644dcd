"""What is known of a job, in SQLite: written before anything is done about it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from suanli.base.database import Database, FileForm, OtherForm
from suanli.client.errors import OtherVersion
from suanli.client.records import DealRecord, DealStage, Fault, Filing, FilingStage, Kept, waiting
from suanli.protocol import Leaf, Request, from_json, to_json

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deals (
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
    doubles INTEGER REFERENCES deals (number),
    miner TEXT NOT NULL,
    fault TEXT NOT NULL,
    seal_to BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS filings (
    deal INTEGER NOT NULL REFERENCES deals (number),
    number INTEGER NOT NULL,
    fault TEXT NOT NULL,
    stage TEXT NOT NULL,
    block INTEGER NOT NULL,
    deposit TEXT NOT NULL,
    appealed INTEGER NOT NULL,
    end TEXT NOT NULL,
    cost TEXT NOT NULL,
    reward TEXT NOT NULL,
    PRIMARY KEY (deal, number)
);
CREATE TABLE IF NOT EXISTS results (
    task INTEGER PRIMARY KEY,
    deal INTEGER NOT NULL REFERENCES deals (number),
    leaf BLOB NOT NULL,
    audited INTEGER NOT NULL,
    ok INTEGER NOT NULL
);
"""

T = TypeVar("T")
FORM = FileForm(1, "job", "state")


class Ledger:
    """One job's database. Every method is one transaction, and raises DatabaseFailed."""

    def __init__(self, path: Path) -> None:
        """Raises OtherVersion: another version of this program wrote it."""
        self._known: dict[str, tuple[Any, Any]] = {}
        try:
            self._db = Database(path, _SCHEMA, form=FORM)
        except OtherForm as error:
            raise OtherVersion(str(error)) from None

    def close(self) -> None:
        self._db.close()

    def facts(self) -> dict[str, Any]:
        """What holds for the whole job."""
        rows = self._db.rows("SELECT name, value FROM facts")
        return {name: json.loads(value) for name, value in rows}

    def set_facts(self, **facts: Any) -> None:
        self.save(**facts)

    def save(
        self,
        records: Iterable[DealRecord] = (),
        results: Iterable[Kept] = (),
        filings: Iterable[Filing] = (),
        **facts: Any,
    ) -> None:
        """All that changed together, or nothing."""
        rows = [(name, json.dumps(value)) for name, value in facts.items()]
        kept = [(k.task, k.deal, k.leaf.encode(), k.audited, k.ok) for k in results]
        if kept:
            self._known.pop("results", None)
        with self._db.transaction() as db:
            db.executemany("REPLACE INTO facts VALUES (?, ?)", rows)
            for record in records:
                self._write(db, record)
            db.executemany("REPLACE INTO results VALUES (?, ?, ?, ?, ?)", kept)
            db.executemany(
                "REPLACE INTO filings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_filed, filings)
            )

    def deals(self) -> list[DealRecord]:
        return list(self._read("deals", self._deals))

    def _deals(self) -> list[DealRecord]:
        return [_record(row) for row in self._db.rows("SELECT * FROM deals ORDER BY number")]

    def live(self) -> list[DealRecord]:
        """Deals that are not over."""
        return [record for record in self.deals() if record.stage is not DealStage.ENDED]

    def waiting(self, tasks: int) -> list[int]:
        """Those of the job's tasks without a result that no miner has."""
        return waiting(tasks, self.deals(), self.results())

    def reserved(self) -> int:
        """Base units of the budget that are locked or spent."""
        return sum(record.reserved for record in self.deals())

    def filings(self) -> list[Filing]:
        """Challenges, in the order in which they were made for each deal."""
        return list(map(_filing, self._db.rows("SELECT * FROM filings ORDER BY deal, number")))

    def results(self) -> Mapping[int, Kept]:
        return self._read("results", self._results)

    def _results(self) -> Mapping[int, Kept]:
        rows = self._db.rows("SELECT task, deal, leaf, audited, ok FROM results ORDER BY task")
        return {
            task: Kept(task, deal, _leaf(leaf), bool(audited), bool(ok))
            for task, deal, leaf, audited, ok in rows
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

    def _write(self, db: sqlite3.Connection, record: DealRecord) -> None:
        self._known.pop("deals", None)
        row = (
            record.number,
            str(record.stage),
            json.dumps(record.tasks),
            json.dumps(to_json(record.request)),
            record.signature,
            str(record.lock),
            record.seconds,
            record.audit,
            record.posted,
            record.units_used,
            record.root,
            record.acceptance,
            str(record.cost),
            record.end,
            record.ended_at,
            record.why,
            record.refused,
            record.doubles,
            record.miner,
            json.dumps(_fault_to_json(record.fault)),
            record.seal_to,
        )
        db.execute(f"REPLACE INTO deals VALUES ({', '.join('?' * len(row))})", row)


def _record(row: Sequence[Any]) -> DealRecord:
    number, stage, tasks, request, signature, lock, seconds, audit, posted, *rest = row
    units_used, root, acceptance, cost, end, ended_at, why, refused, doubles, miner, *last = rest
    fault, seal_to = last
    return DealRecord(
        number,
        DealStage(stage),
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
        miner,
        _fault_from_json(json.loads(fault)),
        seal_to,
    )


def _filed(filing: Filing) -> tuple[Any, ...]:
    return (
        filing.deal,
        filing.number,
        json.dumps(_fault_to_json(filing.fault)),
        str(filing.stage),
        filing.block,
        str(filing.deposit),
        filing.appealed,
        filing.end,
        str(filing.cost),
        str(filing.reward),
    )


def _filing(row: Sequence[Any]) -> Filing:
    deal, number, fault, stage, block, deposit, appealed, end, cost, reward = row
    found = _fault_from_json(json.loads(fault))
    assert found is not None
    held = int(deposit)
    return Filing(
        deal,
        number,
        found,
        FilingStage(stage),
        block,
        held,
        bool(appealed),
        end,
        int(cost),
        int(reward),
    )


def _fault_to_json(fault: Fault | None) -> list[Any] | None:
    if fault is None:
        return None
    right = fault.right.encode().hex() if fault.right else None
    proof = None
    if fault.proof is not None:
        leaf, path = fault.proof
        proof = [leaf.encode().hex(), [[side.hex(), total] for side, total in path]]
    return [fault.root.hex(), fault.units_used, fault.index, right, proof]


def _fault_from_json(value: list[Any] | None) -> Fault | None:
    if value is None:
        return None
    root, units, index, right, proof = value
    leaf = _leaf(bytes.fromhex(right)) if right else None
    shown = None
    if proof is not None:
        sides = tuple((bytes.fromhex(side), total) for side, total in proof[1])
        shown = _leaf(bytes.fromhex(proof[0])), sides
    return Fault(bytes.fromhex(root), units, index, leaf, shown)


def _leaf(data: bytes) -> Leaf:
    index, units = int.from_bytes(data[:4], "big"), int.from_bytes(data[37:], "big")
    return Leaf(index, data[4], data[5:37], units)
