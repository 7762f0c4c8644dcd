"""What the daemon must not forget, in SQLite: each method is one transaction.

Facts are written here before anything is done about them. The transactions themselves are in the
sender's own journal, whose keys make each happen once.
"""

from __future__ import annotations

import json
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suanli.base.database import Database
from suanli.base.errors import SuanliError
from suanli.miner.core.core import Changes
from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import (
    CoreState,
    Deal,
    OnChain,
    Outcome,
    Passed,
    Rest,
    Settings,
    Stage,
    Work,
)
from suanli.protocol import Leaf, State, request_from_json, to_json

VERSION = 2
CLOSED = frozenset({"ended", "taken", "cancelled", "expired"})
"""Reasons that a restart, perhaps with other settings, can't change."""
PAID = "paid:"
"""Begins the names of facts that are payments: amount (text) and time."""
INPUTS = -1
"""In place of a task: blobs that the deal itself needs."""
KEPT = 2_000
"""Requests not taken that `status` can tell of."""

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deals (id BLOB PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS leaves (
    deal BLOB NOT NULL, number INTEGER NOT NULL, leaf BLOB NOT NULL, stored INTEGER NOT NULL,
    PRIMARY KEY (deal, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS passed (
    id BLOB PRIMARY KEY, body TEXT NOT NULL, code TEXT NOT NULL, at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS passed_by_time ON passed (at);
CREATE TABLE IF NOT EXISTS paid (
    id TEXT PRIMARY KEY, amount TEXT NOT NULL, at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS blobs (
    deal BLOB NOT NULL, task INTEGER NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY (deal, task, digest)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blobs_by_digest ON blobs (digest);
INSERT OR IGNORE INTO facts VALUES ('version', '{VERSION}');
"""


@dataclass(frozen=True)
class Paid:
    """Base units, and when."""

    amount: int
    at: int


class JournalError(SuanliError):
    """The journal is damaged, of another version, or another miner's."""


class Journal:
    """Threads may share it. `readonly`: beside a running daemon. All methods raise DatabaseFailed.

    Raises:
        JournalError: it is of another version.
    """

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self._path, self._database = path, Database(path, _SCHEMA, readonly=readonly)
        if (version := self.fact("version")) != VERSION:
            raise JournalError(
                f"{path} is of version {version}, this program reads {VERSION}: end its"
                " deals with the program that wrote it, or name another folder (data)"
            )

    def close(self) -> None:
        self._database.close()

    def fact(self, name: str) -> Any:
        """What was noted under this name, or None."""
        row = self._database.row("SELECT value FROM facts WHERE name = ?", (name,))
        return json.loads(row[0]) if row else None

    def note(self, **facts: Any) -> None:
        with self._database.transaction() as database:
            _note(database, facts)

    def save(self, state: CoreState, changes: Changes, **facts: Any) -> None:
        """All that a step changed, and what goes with it, at once."""
        with self._database.transaction() as database:
            for id_ in changes.forgotten:
                database.execute("DELETE FROM deals WHERE id = ?", (id_,))
                database.execute("DELETE FROM leaves WHERE deal = ?", (id_,))
            for id_ in changes.deals & state.deals.keys():
                body = json.dumps(_deal_out(state.deals[id_]))
                database.execute("REPLACE INTO deals VALUES (?, ?)", (id_, body))
                database.execute("DELETE FROM passed WHERE id = ?", (id_,))
            for id_, number in changes.leaves:
                if (deal := state.deals.get(id_)) is not None:
                    leaf, stored = deal.leaves[number].encode(), number in deal.stored
                    entry = (id_, number, leaf, stored)
                    database.execute("REPLACE INTO leaves VALUES (?, ?, ?, ?)", entry)
            for id_ in changes.passed & state.passed.keys():
                passed = state.passed[id_]
                row = (id_, json.dumps(_passed_out(passed)), passed.reason.code, passed.at)
                database.execute("REPLACE INTO passed VALUES (?, ?, ?, ?)", row)
            if changes.passed:
                _prune(database)
            if changes.rest:
                facts["rest"] = [state.rest.faults, state.rest.until]
            _note(database, facts)

    def load(self, settings: Settings) -> CoreState:
        """The state as last saved, with nothing under way.

        Raises:
            JournalError: it is another miner's, or damaged.
        """
        rest = Rest(*(self.fact("rest") or ()))
        state = CoreState(settings, draining=bool(self.fact("draining")), rest=rest)
        try:
            for id_, body in self._database.rows("SELECT id, body FROM deals ORDER BY rowid"):
                state.deals[id_] = _deal_in(id_, json.loads(body))
            for id_, number, leaf, stored in self._database.rows("SELECT * FROM leaves"):
                if id_ in state.deals:
                    state.deals[id_].leaves[number] = _leaf_in(leaf)
                    if stored:
                        state.deals[id_].stored.add(number)
            state.passed = self.passed(CLOSED)
        except (ValueError, LookupError, TypeError, SuanliError) as error:
            raise JournalError(f"{self._path} is damaged: {error!r}") from error
        return state

    def passed(self, codes: Iterable[str] | None = None) -> OrderedDict[bytes, Passed]:
        """Requests not taken, oldest first; with `codes`, only for these reasons."""
        wanted = None if codes is None else set(codes)
        rows = self._database.rows("SELECT id, body, code FROM passed ORDER BY at, rowid")
        return OrderedDict(
            (id_, _passed_in(json.loads(body)))
            for id_, body, code in rows
            if wanted is None or code in wanted
        )

    def paid(self) -> dict[str, Paid]:
        """What each settled deal paid, by its id."""
        rows = self._database.rows("SELECT id, amount, at FROM paid ORDER BY at, rowid")
        return {id_: Paid(int(amount), at) for id_, amount, at in rows}

    def own(self, deal: bytes, blobs: Mapping[int, Iterable[bytes]]) -> None:
        """A deal needs these blobs, by the task that left them: noted before they come."""
        with self._database.transaction() as database:
            rows = [(deal, task, digest) for task, digests in blobs.items() for digest in digests]
            database.executemany("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?)", rows)

    def sole(self, deal: bytes, task: int | None = None) -> list[bytes]:
        """Blobs that only this deal needs, or only this task's outputs."""
        rows = self._database.rows(
            "SELECT DISTINCT digest FROM blobs AS b WHERE deal = :deal"
            " AND (:task IS NULL OR task = :task) AND NOT EXISTS"
            " (SELECT 1 FROM blobs WHERE digest = b.digest"
            " AND (deal != b.deal OR (:task IS NOT NULL AND task != b.task)))",
            {"deal": deal, "task": task},
        )
        return [digest for (digest,) in rows]

    def disown(self, deal: bytes, task: int | None = None) -> None:
        """The deal needs no blobs any more, or not those that a task left."""
        with self._database.transaction() as database:
            database.execute(
                "DELETE FROM blobs WHERE deal = :deal AND (:task IS NULL OR task = :task)",
                {"deal": deal, "task": task},
            )

    def outputs(self) -> list[tuple[bytes, int]]:
        """The deals and tasks whose outputs are here."""
        return self._database.rows(
            "SELECT DISTINCT deal, task FROM blobs WHERE task != ?", (INPUTS,)
        )

    def owned(self) -> set[bytes]:
        """Blobs that any deal needs."""
        return {digest for (digest,) in self._database.rows("SELECT DISTINCT digest FROM blobs")}

    def owners(self) -> set[bytes]:
        """Deals that have blobs."""
        return {deal for (deal,) in self._database.rows("SELECT DISTINCT deal FROM blobs")}


def _note(database: sqlite3.Connection, facts: dict[str, Any]) -> None:
    for name, value in facts.items():
        if name.startswith(PAID):
            row = (name.removeprefix(PAID), *value)
            database.execute("REPLACE INTO paid VALUES (?, ?, ?)", row)
        else:
            database.execute("REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))


def _prune(database: sqlite3.Connection) -> None:
    database.execute(
        "DELETE FROM passed WHERE rowid <= (SELECT rowid FROM passed ORDER BY rowid DESC"
        " LIMIT 1 OFFSET ?)",
        (KEPT,),
    )


def _deal_out(deal: Deal) -> dict[str, Any]:
    chain, outcome, work = deal.chain, deal.outcome, deal.work
    return {
        "request": to_json(deal.request),
        "signature": deal.signature.hex(),
        "lodged": deal.lodged,
        "seen": deal.seen,
        "stage": str(deal.stage),
        "reason": _reason_out(deal.reason) if deal.reason else None,
        "wait_until": deal.wait_until,
        "fetched": deal.fetched,
        "work": [work.tasks, work.task_units, work.most_bytes] if work else None,
        "chain": [int(chain.state), chain.mine, str(chain.price), chain.time, chain.open_challenges]
        if chain
        else None,
        "listed": deal.listed,
        "outcome": [outcome.root.hex(), str(outcome.units_used), outcome.leaves.hex()]
        if outcome
        else None,
        "waiting_since": deal.waiting_since,
        "answered": deal.answered,
        "acceptance": deal.acceptance.hex(),
        "distrusted": deal.distrusted.hex(),
        "failures": deal.failures,
        "reverts": deal.reverts,
        "bound": deal.bound,
        "taken": deal.taken,
        "ended": deal.ended,
    }


def _deal_in(id_: bytes, body: dict[str, Any]) -> Deal:
    values = dict(body)
    values["request"] = request_from_json(body["request"])
    for name in ("signature", "acceptance", "distrusted"):
        values[name] = bytes.fromhex(body[name])
    values["stage"] = Stage(body["stage"])
    values["reason"] = Reason(*body["reason"]) if body["reason"] else None
    values["work"] = Work(*body["work"]) if body["work"] else None
    if body["chain"]:
        state, mine, price, time, challenges = body["chain"]
        values["chain"] = OnChain(State(state), mine, int(price), time, challenges)
    if body["outcome"]:
        root, units, leaves = body["outcome"]
        values["outcome"] = Outcome(bytes.fromhex(root), int(units), bytes.fromhex(leaves))
    return Deal(id=id_, **values)


def _reason_out(reason: Reason) -> list[Any]:
    return [reason.code, reason.text, reason.final]


def _passed_out(passed: Passed) -> dict[str, Any]:
    return {
        "request": to_json(passed.request),
        "reason": _reason_out(passed.reason),
        "at": passed.at,
    }


def _passed_in(body: dict[str, Any]) -> Passed:
    return Passed(request_from_json(body["request"]), Reason(*body["reason"]), body["at"])


def _leaf_in(data: bytes) -> Leaf:
    return Leaf(
        int.from_bytes(data[:4], "big"), data[4], data[5:37], int.from_bytes(data[37:], "big")
    )
