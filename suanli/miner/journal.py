"""What the daemon must not forget, in SQLite: each method is one transaction.

Facts are written here before anything is done about them. The transactions themselves are in the
sender's own journal, whose keys make each happen once.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suanli.base.errors import SuanliError
from suanli.daemon import DaemonJournal, JournalError
from suanli.miner.core import Changes, CoreState, Line, MinerDeal, Passed, Rest, Settings, Told
from suanli.miner.journal_json import deal_in, deal_out, leaf_in, passed_in, passed_out

CLOSED = frozenset({"ended", "taken", "cancelled", "expired"})
"""Reasons that a restart, perhaps with other settings, can't change."""
PAID = "paid:"
"""Begins the names of facts that are payments: amount (text), time and block."""
SUMMED = "summed"
"""A fact: the newest block whose payments went into the sums of their days."""
INPUTS = -1
"""In place of a task: blobs that the deal itself needs."""
KEPT = 2_000
"""Deals that have ended, and as many requests not taken, that are kept with their stories; of what
was paid before the newest so many payments, each day's sums are kept."""
MOST_LINES, FIRST_LINES = 200, 20
"""Of a story; the first are kept, those after them give way to newer ones."""
LONGEST_LINE = 500
"""Characters of a line's reason."""

WEI = 10**18
"""Of an ether."""

_SCHEMA = """
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
    id TEXT PRIMARY KEY, amount TEXT NOT NULL, at INTEGER NOT NULL, block INTEGER NOT NULL,
    resource INTEGER, cost TEXT
);
CREATE TABLE IF NOT EXISTS earned (
    day TEXT NOT NULL, resource INTEGER NOT NULL, deals INTEGER NOT NULL, amount TEXT NOT NULL,
    cost TEXT NOT NULL, PRIMARY KEY (day, resource)
);
CREATE TABLE IF NOT EXISTS blobs (
    deal BLOB NOT NULL, task INTEGER NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY (deal, task, digest)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blobs_by_digest ON blobs (digest);
CREATE TABLE IF NOT EXISTS story (
    deal BLOB NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, told TEXT NOT NULL,
    because TEXT NOT NULL, more TEXT NOT NULL, once TEXT,
    PRIMARY KEY (deal, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS story_once ON story (deal, once) WHERE once IS NOT NULL;
"""


_KNOWN = "SELECT id, body FROM deals UNION ALL SELECT id, body FROM passed"
_COSTS = "SELECT deal, json_extract(more, '$.cost') FROM story WHERE told IN (?, ?)"
_SPENT = (Told.MINED, Told.FAILED)


@dataclass(frozen=True)
class Paid:
    """Base units, and when; the class, 0 where it is not known any more; wei that the deal's
    transactions cost."""

    amount: int
    at: int
    resource: int = 0
    cost: int = 0


@dataclass(frozen=True)
class Day:
    """`paid` in base units, for so many deals of a class; `cost` in wei, of the transactions of
    these deals. Class 0: not known any more."""

    day: str
    resource: int
    deals: int
    paid: int
    cost: int

    def net(self, ether: int) -> int:
        """What gas leaves of it, where an ether costs so many base units; rounded down."""
        return self.paid - -(-self.cost * ether // WEI)

    def __add__(self, other: Day) -> Day:
        """Of the same day and class."""
        sums = self.deals + other.deals, self.paid + other.paid, self.cost + other.cost
        return Day(self.day, self.resource, *sums)


def day_of(payment: Paid) -> Day:
    """Its own, in UTC."""
    name = time.strftime("%Y-%m-%d", time.gmtime(payment.at))
    return Day(name, payment.resource, 1, payment.amount, payment.cost)


class Journal(DaemonJournal):
    VERSION, SCHEMA, WORK = 7, _SCHEMA, "deals"

    def save(self, changes: Changes, **facts: Any) -> None:
        """All that the core's steps changed, and what goes with it, at once."""
        with self._database.transaction() as database:
            for id_ in changes.forgotten:
                database.execute("DELETE FROM deals WHERE id = ?", (id_,))
                database.execute("DELETE FROM leaves WHERE deal = ?", (id_,))
            for id_, deal in changes.deals.items():
                body = json.dumps(deal_out(deal))
                database.execute("REPLACE INTO deals VALUES (?, ?)", (id_, body))
                database.execute("DELETE FROM passed WHERE id = ?", (id_,))
            for (id_, number), (leaf, stored) in changes.leaves.items():
                entry = (id_, number, leaf.encode(), stored)
                database.execute("REPLACE INTO leaves VALUES (?, ?, ?, ?)", entry)
            for id_, passed in changes.passed.items():
                row = (id_, json.dumps(passed_out(passed)), passed.reason.code, passed.at)
                database.execute("REPLACE INTO passed VALUES (?, ?, ?, ?)", row)
            for line in changes.lines:
                _add(database, line)
            if changes.passed:
                _prune(database)
            if changes.rest is not None:
                facts["rest"] = [changes.rest.faults, changes.rest.until]
            self._note(database, facts)

    def load(self, settings: Settings) -> CoreState:
        """The state as last saved, with nothing under way.

        Raises:
            JournalError: it is another miner's, or damaged.
        """
        rest = Rest(*(self.fact("rest") or ()))
        state = CoreState(settings, draining=bool(self.fact("draining")), rest=rest)
        try:
            state.deals.update((deal.id, deal) for deal in self.deals())
            for id_, number, leaf, stored in self._database.rows("SELECT * FROM leaves"):
                if id_ in state.deals:
                    state.deals[id_].leaves[number] = leaf_in(leaf)
                    if stored:
                        state.deals[id_].stored.add(number)
            state.passed = OrderedDict(
                (id_, passed)
                for id_, passed in self.passed().items()
                if passed.rejected or passed.reason.code in CLOSED
            )
        except (ValueError, LookupError, TypeError, SuanliError) as error:
            raise JournalError(f"{self._path} is damaged: {error!r}") from error
        return state

    def passed(self, codes: Iterable[str] | None = None) -> OrderedDict[bytes, Passed]:
        """Requests not taken, oldest first; with `codes`, only for these reasons."""
        wanted = None if codes is None else set(codes)
        rows = self._database.rows("SELECT id, body, code FROM passed ORDER BY at, rowid")
        return OrderedDict(
            (id_, passed_in(json.loads(body)))
            for id_, body, code in rows
            if wanted is None or code in wanted
        )

    def paid(self) -> dict[str, Paid]:
        """What each settled deal paid, by its id, of the newest ones; `days` has all."""
        rows = self._database.rows(
            "SELECT id, amount, at, resource, cost FROM paid ORDER BY block, rowid"
        )
        told = self.costs()
        return {row[0]: _paid(row, told) for row in rows}

    def days(self) -> list[Day]:
        """All that was paid: a part for each of `paid`, and sums of what was before."""
        # In one question: between two a payment could go into its sum.
        rows = self._database.rows(
            "SELECT NULL, id, amount, at, resource, cost FROM paid"
            " UNION ALL SELECT day, resource, deals, amount, cost, NULL FROM earned"
        )
        told = self.costs()
        return [
            day_of(_paid(row, told)) if day is None else _earned((day, *row[:4]))
            for day, *row in rows
        ]

    def begins(self, prefix: bytes, nibble: int | None = None) -> list[bytes]:
        """Ids that begin so, of deals and of requests not taken, two at most; `nibble`: the half
        byte after `prefix`."""
        first = prefix + (b"" if nibble is None else bytes([nibble << 4]))
        last = prefix + (b"" if nibble is None else bytes([nibble << 4 | 15]))
        bounds = (first, last + b"\xff" * (32 - len(last)))
        rows = self._database.rows(
            "SELECT id FROM deals WHERE id BETWEEN ? AND ? UNION"
            " SELECT id FROM passed WHERE id BETWEEN ? AND ? LIMIT 2",
            bounds * 2,
        )
        return [id_ for (id_,) in rows]

    def deals(self) -> list[MinerDeal]:
        """All that have not been forgotten, without their leaves."""
        rows = self._database.rows("SELECT id, body FROM deals ORDER BY rowid")
        return [deal_in(id_, json.loads(body)) for id_, body in rows]

    def known(self, id_: bytes) -> MinerDeal | Passed | None:
        """A deal without its leaves, or a request not taken."""
        row = self._database.row("SELECT body FROM deals WHERE id = ?", (id_,))
        if row is not None:
            return deal_in(id_, json.loads(row[0]))
        row = self._database.row("SELECT body FROM passed WHERE id = ?", (id_,))
        return passed_in(json.loads(row[0])) if row else None

    def story(self, deal: bytes) -> list[tuple[int, Line]]:
        """The lines of its story, oldest first, with their numbers: some may be left out."""
        rows = self._database.rows(
            "SELECT number, at, told, because, more, once FROM story WHERE deal = ?"
            " ORDER BY number",
            (deal,),
        )
        return [
            (number, Line(deal, at, Told(told), because, json.loads(more), once))
            for number, at, told, because, more, once in rows
        ]

    def costs(self) -> dict[bytes, int]:
        """Wei that the transactions of each deal cost, as far as its story tells."""
        costs: dict[bytes, int] = {}
        for deal, cost in self._database.rows(_COSTS, _SPENT):
            costs[deal] = costs.get(deal, 0) + int(cost)
        return costs

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

    def _note(self, database: sqlite3.Connection, facts: Mapping[str, Any]) -> None:
        paid = {name: value for name, value in facts.items() if name.startswith(PAID)}
        summed = (self.fact(SUMMED) or 0) if paid else 0
        for name, (amount, at, block) in paid.items():
            if block <= summed:
                continue  # in its day's sum: the chain was read anew, perhaps from the beginning
            id_ = name.removeprefix(PAID)
            database.execute(
                "REPLACE INTO paid (id, amount, at, block, resource) VALUES (?, ?, ?, ?, (SELECT"
                f" json_extract(body, '$.request.resource') FROM ({_KNOWN}) WHERE id = ?))",
                (id_, amount, at, block, bytes.fromhex(id_[2:])),
            )
        if paid and (newest := _sum_up(database)) is not None:
            super()._note(database, {SUMMED: newest})
        others = {name: value for name, value in facts.items() if name not in paid}
        super()._note(database, others)


def _add(database: sqlite3.Connection, line: Line) -> None:
    """To its deal's story, unless nothing else is known of the deal any more."""
    values = {
        "deal": line.id,
        "at": line.at,
        "told": line.told,
        "because": line.because[:LONGEST_LINE],
        "more": json.dumps(dict(line.more)),
        "once": line.once,
        "first": FIRST_LINES,
        "newest": MOST_LINES - FIRST_LINES,
    }
    database.execute(
        "INSERT OR IGNORE INTO story SELECT :deal,"
        " 1 + (SELECT coalesce(max(number), 0) FROM story WHERE deal = :deal),"
        " :at, :told, :because, :more, :once WHERE EXISTS (SELECT 1 FROM deals WHERE id = :deal)"
        " OR EXISTS (SELECT 1 FROM passed WHERE id = :deal)",
        values,
    )
    database.execute(
        "DELETE FROM story WHERE deal = :deal AND number > :first AND number <="
        " (SELECT max(number) FROM story WHERE deal = :deal) - :newest",
        values,
    )


def _paid(row: Sequence[Any], told: Mapping[bytes, int]) -> Paid:
    """`told`: costs of deals that have their stories."""
    id_, amount, at, resource, cost = row
    cost = told.get(bytes.fromhex(id_[2:]), 0) if cost is None else int(cost)
    return Paid(int(amount), at, resource or 0, cost)


def _earned(row: Sequence[Any]) -> Day:
    day, resource, deals, amount, cost = row
    return Day(day, resource, deals, int(amount), int(cost))


def _cost_of(database: sqlite3.Connection, deal: bytes) -> int:
    """Wei that its transactions cost, as far as its story tells."""
    costs = database.execute(f"{_COSTS} AND deal = ?", (*_SPENT, deal))
    return sum(int(cost) for _, cost in costs)


def _sum_up(database: sqlite3.Connection) -> int | None:
    """The oldest payments go into the sums of their days, those of a block together; the newest
    block of them."""
    gone = database.execute(
        "DELETE FROM paid WHERE block < (SELECT block FROM paid ORDER BY block DESC LIMIT 1"
        " OFFSET ?) RETURNING id, amount, at, resource, cost, block",
        (KEPT - 1,),
    ).fetchall()
    for *row, _ in gone:
        deal = bytes.fromhex(row[0][2:])
        day = day_of(_paid(row, {deal: _cost_of(database, deal)}))
        where = "SELECT * FROM earned WHERE day = ? AND resource = ?"
        if known := database.execute(where, (day.day, day.resource)).fetchone():
            day += _earned(known)
        sums = day.day, day.resource, day.deals, str(day.paid), str(day.cost)
        database.execute("REPLACE INTO earned VALUES (?, ?, ?, ?, ?)", sums)
    return max((row[-1] for row in gone), default=None)


def _prune(database: sqlite3.Connection) -> None:
    """Strangers' requests, however many, push out no deals."""
    for which in ("code = 'ended'", "code != 'ended'"):
        gone = database.execute(
            f"DELETE FROM passed WHERE {which} AND rowid <= (SELECT rowid FROM passed"
            f" WHERE {which} ORDER BY rowid DESC LIMIT 1 OFFSET ?) RETURNING id",
            (KEPT,),
        ).fetchall()
        for (id_,) in gone:
            # What its transactions cost stays, beside what it paid.
            whole = str(_cost_of(database, id_))
            database.execute("UPDATE paid SET cost = ? WHERE id = ?", (whole, "0x" + id_.hex()))
            database.execute("DELETE FROM story WHERE deal = ?", (id_,))
