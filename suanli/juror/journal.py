"""What the daemon must not forget, in SQLite: each method is one transaction.

A vote and its salt are written here before they are committed to on the chain: without the salt the
vote could never be revealed. Transactions are in the sender's own journal.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from suanli.daemon import DaemonJournal, JournalError
from suanli.juror.core import (
    Ballot,
    BallotId,
    BallotStage,
    JurorChanges,
    JurorSettings,
    JurorState,
    Vote,
)
from suanli.protocol import Assessment, Request, from_json, to_json

LEAVING = "leaving"
SUMMED = "summed"
"""A fact: the newest block of which it is only kept how often seats came off how."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS ballots (
    "case" BLOB NOT NULL, round INTEGER NOT NULL, second INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY ("case", round, second)
);
CREATE TABLE IF NOT EXISTS watched ("case" BLOB PRIMARY KEY, final INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS filed ("case" BLOB PRIMARY KEY, id BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS assessed (
    "case" BLOB NOT NULL, position INTEGER NOT NULL, how INTEGER NOT NULL,
    block INTEGER NOT NULL, PRIMARY KEY ("case", position)
);
CREATE TABLE IF NOT EXISTS assessed_before (how INTEGER PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS frozen (id BLOB PRIMARY KEY, request TEXT NOT NULL);
"""
MOST_FILED = 5_000
"""Challenges that are remembered: those of others, too, since jurors are drawn later."""
MOST_ASSESSED = 5_000
"""How many seats came off is remembered one by one; of those before, how often."""


@dataclass(frozen=True)
class Filed:
    """A challenge that was filed, and the id of its deal's request."""

    case: bytes
    id: bytes


@dataclass(frozen=True)
class FrozenDeal:
    """A deal that was challenged: its request and its id."""

    id: bytes
    request: Request


@dataclass(frozen=True)
class Assessed:
    """What a case came to for a seat of this juror."""

    case: bytes
    position: int
    assessment: Assessment
    block: int


Found = Filed | FrozenDeal | Assessed
"""What the chain's events tell, and is written down."""


class JurorJournal(DaemonJournal):
    VERSION, SCHEMA, WORK = 3, _SCHEMA, "cases"

    def assessments(self) -> dict[Assessment, int]:
        """How often seats came off how."""
        rows = self._database.rows(
            "SELECT how, sum(times) FROM (SELECT how, 1 AS times FROM assessed"
            " UNION ALL SELECT how, times FROM assessed_before) GROUP BY how"
        )
        return {Assessment(how): count for how, count in rows}

    def deal_of(self, case: bytes) -> FrozenDeal | None:
        """That of a challenge, if both were noted."""
        row = self._database.row(
            'SELECT id, request FROM filed JOIN frozen USING (id) WHERE "case" = ?', (case,)
        )
        return FrozenDeal(row[0], from_json(Request, json.loads(row[1]))) if row else None

    def save(self, changes: JurorChanges, found: Sequence[Found] = (), **facts: Any) -> None:
        """All that the core's steps changed, and what goes with it, at once."""
        with self._database.transaction() as database:
            for id_ in changes.forgotten:
                database.execute(
                    'DELETE FROM ballots WHERE "case" = ? AND round = ? AND second = ?', id_
                )
            for id_, ballot in changes.ballots.items():
                row = (*id_, json.dumps(_out(ballot)))
                database.execute("REPLACE INTO ballots VALUES (?, ?, ?, ?)", row)
            for case, final in changes.watched.items():
                if final is None:
                    database.execute('DELETE FROM watched WHERE "case" = ?', (case,))
                else:
                    database.execute("REPLACE INTO watched VALUES (?, ?)", (case, final))
            self._note_assessed(database, [one for one in found if isinstance(one, Assessed)])
            for one in found:
                if not isinstance(one, Assessed):
                    _note_found(database, one)
            self._note(database, facts)

    def _note_assessed(self, database: sqlite3.Connection, found: Sequence[Assessed]) -> None:
        """The newest one by one; those before them, of a block together, as sums. What is in the
        sums is not noted again where the chain is read anew, perhaps from the beginning."""
        if not found:
            return
        summed = self.fact(SUMMED) or 0
        database.executemany(
            "REPLACE INTO assessed VALUES (?, ?, ?, ?)",
            [
                (one.case, one.position, int(one.assessment), one.block)
                for one in found
                if one.block > summed
            ],
        )
        gone = database.execute(
            "DELETE FROM assessed WHERE block < (SELECT block FROM assessed"
            " ORDER BY block DESC LIMIT 1 OFFSET ?) RETURNING how, block",
            (MOST_ASSESSED - 1,),
        ).fetchall()
        database.executemany(
            "INSERT INTO assessed_before VALUES (?, 1) ON CONFLICT (how) DO UPDATE SET"
            " times = times + 1",
            [(how,) for how, _ in gone],
        )
        if gone:
            self._note(database, {SUMMED: max(block for _, block in gone)})

    def load(self, settings: JurorSettings) -> JurorState:
        """The state as last saved, with nothing under way.

        Raises:
            JournalError: it is damaged.
        """
        state = JurorState(settings, leaving=bool(self.fact(LEAVING)))
        try:
            rows = self._database.rows("SELECT * FROM ballots ORDER BY rowid")
            for case, round_, second, body in rows:
                id_ = BallotId(case, round_, bool(second))
                state.ballots[id_] = _in(id_, json.loads(body))
        except (ValueError, LookupError, TypeError) as error:
            raise JournalError(f"{self._path} is damaged: {error!r}") from error
        state.watched = dict(self._database.rows("SELECT * FROM watched"))
        return state


def _note_found(database: sqlite3.Connection, found: Filed | FrozenDeal) -> None:
    """The newest, and those of cases that are watched, are kept."""
    if isinstance(found, Filed):
        database.execute("REPLACE INTO filed VALUES (?, ?)", (found.case, found.id))
        database.execute(
            "DELETE FROM filed WHERE rowid <= (SELECT max(rowid) FROM filed) - ?"
            ' AND "case" NOT IN (SELECT "case" FROM watched)',
            (MOST_FILED,),
        )
        return
    body = json.dumps(to_json(found.request))
    database.execute("REPLACE INTO frozen VALUES (?, ?)", (found.id, body))
    database.execute(
        "DELETE FROM frozen WHERE rowid <= (SELECT max(rowid) FROM frozen) - ?"
        " AND id NOT IN (SELECT id FROM filed)",
        (MOST_FILED,),
    )


def _out(ballot: Ballot) -> dict[str, Any]:
    return {
        "since": ballot.since,
        "places": ballot.places,
        "stage": ballot.stage,
        "vote": [part.hex() for part in ballot.vote] if ballot.vote else None,
        "salt": ballot.salt.hex(),
        "nonce": ballot.nonce.hex(),
        "task": ballot.task,
        "request": ballot.request.hex(),
        "reason": ballot.reason,
    }


def _in(id_: BallotId, body: dict[str, Any]) -> Ballot:
    return Ballot(
        id_,
        body["since"],
        tuple(body["places"]),
        BallotStage(body["stage"]),
        Vote(*map(bytes.fromhex, body["vote"])) if body["vote"] else None,
        bytes.fromhex(body["salt"]),
        bytes.fromhex(body["nonce"]),
        body["task"],
        bytes.fromhex(body["request"]),
        body["reason"],
    )
