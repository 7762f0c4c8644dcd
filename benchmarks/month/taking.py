"""What the market of the month takes, as samples of its processes, folders and databases."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from benchmarks.month.clock import LOG_BYTES
from benchmarks.month.growth import Growth, Judged, of_database, of_folder, of_process
from benchmarks.month.life import Life
from benchmarks.month.town import MonthTown
from benchmarks.town import Books
from suanli.chain import CursorState, EventCursor, events
from suanli.juror.setup import find_court

EVERY = 5.0
"""Seconds between two samples, and between two questions of Prometheus."""
DAEMONS = ("miner-1", "miner-2", "juror-1", "juror-2", "relay", "relay-2")
LASTING = ("miner-2", "juror-2", "relay-2")
"""Those that run through the month."""
INDEX = "index.sqlite"
"""Holds the market's whole past: it is judged by rows to a deal."""
GROWING = {"earned": 2.0}
"""Tables with a row for each day and class, in rows a day."""


class Taken:
    def __init__(self, life: Life) -> None:
        self._life, self._growth, self._next = life, Growth(), 0.0
        self._spent: Counter[str] = Counter()
        self._pids: dict[str, tuple[int, float]] = {}
        self._rotated: set[str] = set()
        self._logs: list[str] = []
        self._answers: Counter[int] = Counter()

    def step(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        day = self._life.day
        for name in DAEMONS:
            self._process(day, name)
            self._folder(day, name)
        for path in sorted((self._life.town.folder / "sent").glob("*.sqlite")):
            self._database(day, self._owner(path), path)
        self._scrape()

    def judged(self, days: float) -> list[Judged]:
        names = {name.split(" ")[-1] for name, _ in self._growth.taken}
        growing = {
            name: GROWING[table]
            for name, _ in self._growth.taken
            if (table := name.split(" ")[-1]) in GROWING and table in names
        }
        return self._growth.judged(days, growing)

    def processor(self) -> dict[str, float]:
        """Seconds that they took so far, by name."""
        found = Counter(self._spent)
        for name, (_, spent) in self._pids.items():
            found[name] += spent  # type: ignore[assignment]
        return dict(found)

    def wrongs(self) -> list[str]:
        wrong = [*self._logs]
        if not self._answers[200]:
            wrong.append(f"no daemon answered Prometheus: {dict(self._answers)}")
        return wrong

    def _process(self, day: float, name: str) -> None:
        child = self._life.town.children[name]
        self._count(name, child.pid)
        if name in self._life.down or not child.running:
            return
        for kind, figure in of_process(child.pid).items():
            if name in LASTING or kind != "memory":
                self._growth.add(day, f"{name} {kind}", kind, figure)

    def _count(self, name: str, pid: int) -> None:
        """Its processor time, of former processes too."""
        before = self._pids.get(name)
        if before is not None and before[0] != pid:
            self._spent[name] += before[1]  # type: ignore[assignment]
            self._pids[name] = pid, 0.0
        with suppress(psutil.Error):
            times = psutil.Process(pid).cpu_times()
            spent = times.user + times.system + times.children_user + times.children_system
            self._pids[name] = pid, spent

    def _folder(self, day: float, name: str) -> None:
        folder = self._life.town.folder / name
        for kind, figure in of_folder(folder).items():
            self._growth.add(day, f"{name} folder, {kind}", kind, figure)
        for path in sorted(folder.rglob("*.sqlite")):
            self._database(day, name, path)
        log = [folder / "log", folder / "log.1"]
        if (size := sum(path.stat().st_size for path in log if path.exists())) > LOG_BYTES:
            self._logs = [*self._logs[:9], f"the log of {name} has {size} bytes on day {day:.1f}"]
        if log[1].exists():
            self._rotated.add(name)

    def _database(self, day: float, name: str, path: Path) -> None:
        rows = dict(of_database(path))
        if path.name == INDEX:
            deals = rows.get("deals", 0)
            if deals >= 8:
                for table, count in rows.items():
                    if table:
                        self._growth.add(
                            day, f"{name} index {table}", "rows to a deal", count / deals
                        )
            return
        for table, count in rows.items():
            whole = f"{name} {path.stem if path.stem[0].isalpha() else 'sent'} {table}".strip()
            self._growth.add(day, whole, "rows" if table else "bytes", count)

    def _owner(self, path: Path) -> str:
        for stored in self._life.town.keys.list():
            if stored.address in path.name:
                return stored.name + (" money" if ".money" in path.name else "")
        return path.name

    def _scrape(self) -> None:
        for name, port in self._life.town.ports.items():
            if name in self._life.down:
                continue
            for path in ("metrics", "health"):
                url = f"http://127.0.0.1:{port}/{path}"
                with suppress(httpx.HTTPError):
                    self._answers[httpx.get(url, trust_env=False, timeout=2).status_code] += 1


def cases(town: MonthTown) -> dict[str, int]:
    """By how they ended, or stand."""
    court = find_court(town.market)
    filed = [event.case_id for event in _filed(town)]
    return dict(Counter(court.case_of(case).phase.name.lower() for case in filed))


def cases_are_over(town: MonthTown) -> bool:
    court = find_court(town.market)
    return all(court.case_of(event.case_id).phase.is_final for event in _filed(town))


def nothing_happened(life: Life, found: Books) -> list[str]:
    """What a month must have had, and this one had not."""
    needed = {
        "no deal was settled": found.ended.get("settled", 0),
        "no lie came before the court": sum(cases(life.town).values()),
        "no stake was withdrawn": life.counts["stake withdrawn"],
    }
    return [wrong for wrong, count in needed.items() if not count]


def _filed(town: MonthTown) -> Iterator[events.ChallengeFiled]:
    court = find_court(town.market)
    cursor, state = EventCursor(town.node, court.address), CursorState.from_block(0)
    while True:
        batch = cursor.read(state)
        yield from (event for event in batch.events if isinstance(event, events.ChallengeFiled))
        state = batch.state
        if batch.caught_up:
            return
