"""What a requester must not forget of a lease: what it signed above all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from suanli.base.database import Database, FileForm
from suanli.lease.channel import channel_from_json
from suanli.lease.errors import LeaseError
from suanli.lease.rate import Rate
from suanli.lease.user.core import MOVES, LeaseFault, LeaseStage, Payments
from suanli.protocol import Channel

MOST_STEP = 60_000
"""Milliseconds that are paid ahead at most, whatever a miner asks for."""
_FILE = "lease.sqlite"
_SCHEMA = "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
FORM = FileForm(1, "lease", "state")


@dataclass(frozen=True)
class SessionPlace:
    """Where a miner takes sessions: `certificate` is its digest in hex."""

    miner: int
    account: str
    addresses: tuple[str, ...]
    certificate: str
    step: int


@dataclass(frozen=True)
class Wish:
    """What is leased, and what for. `budget`, `price` in base units and 10^-18 token per unit;
    `upload`, `download`: folders here, empty: none; `disk`: bytes that the room may keep, 0: it is
    not known."""

    resource: int
    units: int
    seconds: int
    budget: int
    price: int
    argv: tuple[str, ...]
    tty: bool = False
    upload: str = ""
    download: str = ""
    disk: int = 0


@dataclass(frozen=True)
class Extension:
    """Money that was put in later, in base units; and time, if any: from `at` milliseconds of
    service on it costs `rate`, and ends at `ends`, in seconds since 1970."""

    amount: int
    ends: int
    at: int = 0
    rate: Rate | None = None


@dataclass(frozen=True)
class RoomProgress:
    """How far the work in a room is: `phase` is upload, run, fetch or done; `asked`: the number of
    the item by which the phase was asked for (-1: it was not), `got`: how many items of the miner's
    are dealt with, `size`: bytes of the download that are here."""

    room: int = 0
    phase: str = "upload"
    asked: int = -1
    got: int = 0
    size: int = 0
    code: int | None = None


class LeaseLedger:
    """One lease's folder. Raises DatabaseFailed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name = folder, folder.name
        path = folder / _FILE
        # The channel's key is in it.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        self._database = Database(path, _SCHEMA, form=FORM)

    def close(self) -> None:
        self._database.close()

    def note(self, **facts: Any) -> None:
        rows = [(name, json.dumps(value)) for name, value in facts.items()]
        with self._database.transaction() as database:
            database.executemany("REPLACE INTO facts VALUES (?, ?)", rows)

    def fact(self, name: str) -> Any:
        row = self._database.row("SELECT value FROM facts WHERE name = ?", (name,))
        return json.loads(row[0]) if row else None

    # What stands there

    @property
    def stage(self) -> LeaseStage:
        return LeaseStage(self.fact("stage") or LeaseStage.QUOTED)

    def move(self, stage: LeaseStage, **facts: Any) -> None:
        """Raises LeaseFault: the table knows no such step."""
        if stage is not self.stage and stage not in MOVES[self.stage]:
            raise LeaseFault(f"internal error: a lease may not go from {self.stage} to {stage}")
        self.note(stage=stage, **facts)

    @property
    def wish(self) -> Wish:
        found = self.fact("wish")
        return Wish(**{**found, "argv": tuple(found["argv"])})

    @property
    def place(self) -> SessionPlace:
        found = self.fact("place")
        return SessionPlace(**{**found, "addresses": tuple(found["addresses"])})

    @property
    def record(self) -> Channel | None:
        found = self.fact("record")
        return None if found is None else channel_from_json(found)

    @property
    def progress(self) -> RoomProgress:
        return RoomProgress(**(self.fact("progress") or {}))

    def save_progress(self, progress: RoomProgress) -> None:
        self.note(progress=asdict(progress))

    @property
    def extensions(self) -> list[Extension]:
        found = self.fact("extensions") or []
        return [
            Extension(amount, ends, at, None if rate is None else Rate.from_json(rate))
            for amount, ends, at, rate in found
        ]

    def extend(self, one: Extension) -> None:
        rate = None if one.rate is None else one.rate.to_json()
        before = self.fact("extensions") or []
        self.note(extensions=[*before, [one.amount, one.ends, one.at, rate]], extending=None)

    @property
    def seconds(self) -> int:
        """That were bought."""
        record, more = self.record, self.extensions
        if record is None or not more:
            return self.wish.seconds
        return more[-1].ends - record.opened_at

    @property
    def budget(self) -> int:
        """All that was put in, in base units."""
        return self.wish.budget + sum(one.amount for one in self.extensions)

    def rate(self, first: Rate) -> Rate:
        """What time costs, the first of it so much."""
        for one in self.extensions:
            first = first if one.rate is None else first.extended(one.at, one.rate)
        return first

    def payments(self, first: Rate, step: int) -> Payments:
        found = self.fact("payments") or {"signed": 0, "used": 0, "room": 0}
        return Payments(self.rate(first), step, self.budget, **found)

    def save_payments(self, known: Payments) -> None:
        self.note(payments={"signed": known.signed, "used": known.used, "room": known.room})


def shown(value: Any) -> dict[str, Any]:
    """A record of this module as a fact."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def leases_in(state: Path) -> Path:
    return state / "leases"


def ledgers(state: Path) -> Iterator[LeaseLedger]:
    """All leases that were begun from here, the oldest first; each is closed after its turn."""
    paths = leases_in(state).glob(f"*/{_FILE}")
    for path in sorted(paths, key=lambda path: path.parent.stat().st_ctime):
        with closing(LeaseLedger(path.parent)) as found:
            yield found


def find(state: Path, name: str | None) -> LeaseLedger:
    """The lease of this name, or of a name that begins so; without one the last that is not over.

    Raises LeaseError.
    """
    folder = leases_in(state)
    names = sorted(path.parent.name for path in folder.glob(f"*/{_FILE}"))
    if name is None:
        live = [one.name for one in ledgers(state) if one.stage is not LeaseStage.CLOSED]
        if not live:
            raise LeaseError("no lease is open here: suanli lease run opens one")
        return LeaseLedger(folder / live[-1])
    found = [one for one in names if one == name] or [one for one in names if one.startswith(name)]
    if len(found) != 1:
        many = "several leases have" if found else "no lease has"
        raise LeaseError(f"{many} a name that begins with {name!r}: see suanli lease list")
    return LeaseLedger(folder / found[0])
