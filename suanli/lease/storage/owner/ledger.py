"""What a requester must not forget of a file that miners keep: the copies' keys above all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from suanli.base.database import Database, FileForm
from suanli.lease.errors import LeaseError
from suanli.lease.storage.deal import deal_from_json, deal_to_json
from suanli.lease.storage.shelf import FileId
from suanli.lease.user.ledger import SessionPlace
from suanli.protocol import StorageDeal

_FILE = "storage.sqlite"
_SCHEMA = "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
FORM = FileForm(1, "copies", "state")


class CopyStage(StrEnum):
    SEALED = "sealed"
    """Here, and perhaps at a miner; nothing is paid."""
    OPENING = "opening"
    """The transaction may be sent."""
    OPEN = "open"
    LOST = "lost"
    """It is not what it should be; the deal may still be open."""
    OVER = "over"


@dataclass(frozen=True)
class KeepWish:
    """How a file is kept; `path` where it was, `size` in bytes, times in seconds, `price` the bid
    in 10^-18 token per unit, 0: a little above what is asked then."""

    path: str
    size: int
    copies: int
    resource: int
    seconds: int
    period: int
    samples: int
    price: int


@dataclass(frozen=True)
class Copy:
    """`key`: hex, of this copy alone; `record`: its deal, `before`: an older one that is to end,
    as JSON; `quote`: signed, as JSON, while a deal is being opened."""

    number: int
    key: str
    root: str
    size: int
    stage: CopyStage
    place: SessionPlace | None = None
    record: dict[str, Any] | None = None
    quote: dict[str, Any] | None = None
    before: dict[str, Any] | None = None
    why: str = ""

    @property
    def file(self) -> FileId:
        return FileId(bytes.fromhex(self.root), self.size)

    @property
    def deal(self) -> StorageDeal:
        """Of one that was opened."""
        return deal_from_json(self.record)

    @property
    def keeper(self) -> SessionPlace:
        assert self.place is not None
        return self.place

    def opened(self, deal: StorageDeal) -> Copy:
        return replace(self, stage=CopyStage.OPEN, record=deal_to_json(deal), quote=None, why="")


class StorageLedger:
    """One file's folder. Raises DatabaseFailed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder, self.name = folder, folder.name
        path = folder / _FILE
        # The keys are in it.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        self._database = Database(path, _SCHEMA, form=FORM)

    def close(self) -> None:
        self._database.close()

    def sealed(self, number: int) -> Path:
        """Where a copy is until a miner has it."""
        return self.folder / f"copy-{number}.sealed"

    @property
    def wish(self) -> KeepWish:
        return KeepWish(**self._fact("wish"))

    @property
    def copies(self) -> list[Copy]:
        return [_copy(found) for found in self._fact("copies") or []]

    @property
    def begun(self) -> int:
        return int(self._fact("begun"))

    def begin(self, wish: KeepWish, now: int) -> None:
        self._note(wish=asdict(wish), begun=now)

    def wish_for(self, wish: KeepWish) -> None:
        self._note(wish=asdict(wish))

    def save(self, copy: Copy) -> None:
        """In the place of that with its number."""
        others = [one for one in self.copies if one.number != copy.number]
        found = sorted([*others, copy], key=lambda one: one.number)
        self._note(copies=[asdict(one) for one in found])

    def _note(self, **facts: Any) -> None:
        rows = [(name, json.dumps(value)) for name, value in facts.items()]
        with self._database.transaction() as database:
            database.executemany("REPLACE INTO facts VALUES (?, ?)", rows)

    def _fact(self, name: str) -> Any:
        row = self._database.row("SELECT value FROM facts WHERE name = ?", (name,))
        return json.loads(row[0]) if row else None


def _copy(found: dict[str, Any]) -> Copy:
    place = found["place"]
    if place is not None:
        place = SessionPlace(**{**place, "addresses": tuple(place["addresses"])})
    return Copy(**{**found, "stage": CopyStage(found["stage"]), "place": place})


def files_in(state: Path) -> Path:
    return state / "storage"


def ledgers(state: Path) -> Iterator[StorageLedger]:
    """All files that were put from here, the oldest first; each is closed after its turn."""
    paths = files_in(state).glob(f"*/{_FILE}")
    for path in sorted(paths, key=lambda path: path.parent.stat().st_ctime):
        with closing(StorageLedger(path.parent)) as found:
            yield found


def find(state: Path, name: str) -> StorageLedger:
    """The file of this name, or of a name that begins so. Raises LeaseError."""
    names = sorted(path.parent.name for path in files_in(state).glob(f"*/{_FILE}"))
    found = [one for one in names if one == name] or [one for one in names if one.startswith(name)]
    if len(found) != 1:
        many = "several files have" if found else "no file has"
        raise LeaseError(f"{many} a name that begins with {name!r}: see suanli storage list")
    return StorageLedger(files_in(state) / found[0])
