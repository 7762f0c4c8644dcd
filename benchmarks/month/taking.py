"""What the market of the month takes, as samples of its processes, folders and databases."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from benchmarks.month.clock import LOG_BYTES, SHORT
from benchmarks.month.growth import MOST_LOG, Growth, Judged, of_database, of_folder, of_process
from benchmarks.month.life import Life
from benchmarks.month.town import MonthTown
from benchmarks.town import Books, all_events
from suanli.chain import CursorState, EventCursor, events
from suanli.juror.setup import find_court
from suanli.protocol import State

EVERY = 5.0
"""Seconds between two samples, and between two questions of Prometheus."""
DAEMONS = ("miner-1", "miner-2", "juror-1", "juror-2", "relay", "relay-2")
LASTING = ("miner-2", "juror-2", "relay-2")
"""Those that run through the month."""
PATHS = ("metrics", "health")
INDEX = "index.sqlite"
"""Holds the market's whole past: it is judged by rows and bytes to a deal."""
BY_TIME = ("quotes", "undo")
"""What of it does not follow the deals."""
GROWING = {"earned": 2.0, "quotes": 5 * (24 + 1)}
"""Tables that have rows for each day, or hour, and class: how many a day."""
UNDER_WAY = 12
"""Deals, cases or transactions that are not at their end, at most, beside those that are kept."""
STORY = 40
"""Rows of a deal's story, at most."""
KEPT_DEALS, KEPT_SENT = SHORT["suanli.miner.journal"]["KEPT"], SHORT["suanli.chain.journal"]["KEPT"]
JUROR_KEEPS = SHORT["suanli.juror.core.machine"]["MOST_PAST"]
JUROR = ("ballots", "watched", "filed", "assessed", "assessed_before")
CASES = 4
"""Under way at once, at most."""
BOUNDED: Mapping[str, float] = {
    "journal deals": UNDER_WAY,
    "journal passed": KEPT_DEALS + UNDER_WAY,
    "journal paid": KEPT_DEALS + UNDER_WAY,
    "journal story": (KEPT_DEALS + UNDER_WAY) * STORY,
    "sent entries": KEPT_SENT + UNDER_WAY,
    "sent attempts": 2 * (KEPT_SENT + UNDER_WAY),
    "journal frozen": 2 * JUROR_KEEPS + CASES,
    **{f"journal {table}": JUROR_KEEPS + CASES for table in JUROR},
}
"""Tables that keep the newest of something, and their most rows."""
ROTATES_BY = 24.0
"""Days in which some daemon's log is full, and begun again."""


class Taken:
    def __init__(self, life: Life) -> None:
        self._life, self._growth, self._next = life, Growth(), 0.0
        self._spent: Counter[str] = Counter()
        self._pids: dict[str, tuple[int, float]] = {}
        self._rotated: set[str] = set()
        self._logs: list[str] = []
        self._jobs: list[tuple[float, int]] = []
        self.answers: Counter[tuple[str, str, int]] = Counter()
        """By daemon, path and status."""

    def step(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        day = self._life.day
        self._jobs.append((day, sum(len(one.jobs) for one in self._life.streams.values())))
        for name in DAEMONS:
            self._process(day, name)
            self._folder(day, name)
        for path in sorted((self._life.town.folder / "sent").glob("*.sqlite")):
            self._database(day, self._owner(path), path)
        self._scrape()

    def judged(self, days: float) -> list[Judged]:
        names = [name for name, _ in self._growth.taken]
        growing = {name: GROWING[end] for name in names if (end := name.split(" ")[-1]) in GROWING}
        return self._growth.judged(days, growing, self._pace(days), limits(names))

    def _pace(self, days: float) -> float:
        """How many times as many jobs began in the last third as in the second one."""
        at = [
            max((count for day, count in self._jobs if day <= days * part / 3), default=0)
            for part in (1, 2, 3)
        ]
        return (at[2] - at[1]) / max(at[1] - at[0], 1)

    def processor(self) -> dict[str, float]:
        """Seconds that they took so far, by name."""
        found = Counter(self._spent)
        for name, (_, spent) in self._pids.items():
            found[name] += spent  # type: ignore[assignment]
        return dict(found)

    def answered(self) -> dict[str, int]:
        """How often, by daemon, path and status."""
        return {" ".join(map(str, asked)): times for asked, times in sorted(self.answers.items())}

    def wrongs(self, days: float) -> list[str]:
        wrong = [*self._logs, *unanswered(self.answers)]
        if days >= ROTATES_BY and not self._rotated:
            wrong.append("no log was ever full and begun again")
        return wrong

    def unwell(self, names: Sequence[str]) -> dict[str, str]:
        """What those of them say that are not well now."""
        told = {name: _asked(self._life.town.ports[name], "health") for name in names}
        return {name: text for name, (code, text) in told.items() if code != 200}

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
        if (size := rows.pop("-wal")) > MOST_LOG:
            self._logs = [*self._logs[:9], f"{path}-wal has {size} bytes on day {day:.1f}"]
        if path.name == INDEX:
            self._index(day, name, rows)
            return
        for table, count in rows.items():
            whole = f"{name} {path.stem if path.stem[0].isalpha() else 'sent'} {table}".strip()
            self._growth.add(day, whole, "rows" if table else "bytes", count)

    def _index(self, day: float, name: str, rows: dict[str, float]) -> None:
        deals = rows.get("deals", 0)
        for table, count in rows.items():
            whole = f"{name} index {table}".strip()
            if table in BY_TIME:
                self._growth.add(day, whole, "rows by time", count)
            elif deals >= 8:
                kind = "rows to a deal" if table else "bytes to a deal"
                self._growth.add(day, whole, kind, count / deals)

    def _owner(self, path: Path) -> str:
        for stored in self._life.town.keys.list():
            if stored.address in path.name:
                return stored.name + (" money" if ".money" in path.name else "")
        return path.name

    def _scrape(self) -> None:
        for name, port in self._life.town.ports.items():
            if name in self._life.down:
                continue
            for path in PATHS:
                self.answers[name, path, _asked(port, path)[0]] += 1


def limits(names: Iterable[str]) -> dict[str, float]:
    """Of those of these figures that have one."""
    found = {name: BOUNDED.get(" ".join(name.split(" ")[-2:])) for name in names}
    return {name: limit for name, limit in found.items() if limit is not None}


def unanswered(answers: Mapping[tuple[str, str, int], int]) -> list[str]:
    """Each daemon must have answered each question of Prometheus at least once."""
    asked = [(name, path) for name in DAEMONS for path in PATHS]
    return [
        f"{name} never answered /{path} with 200: "
        + str({code: times for (*whom, code), times in answers.items() if whom == [name, path]})
        for name, path in asked
        if not answers.get((name, path, 200))
    ]


def _asked(port: int, path: str) -> tuple[int, str]:
    """Status, or 0, and what was answered."""
    try:
        found = httpx.get(f"http://127.0.0.1:{port}/{path}", trust_env=False, timeout=5)
    except httpx.HTTPError as error:
        return 0, str(error)
    return found.status_code, found.text.strip()


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
    return missing(found.ended, cases(life.town), life.counts)


def missing(
    ended: Mapping[str, int], judged: Mapping[str, int], counts: Mapping[str, int]
) -> list[str]:
    """`ended`: deals by their end, `judged`: cases by theirs; `counts`: of what happened."""
    needed = {
        "no deal was settled": ended.get("settled", 0),
        "no lie was told": counts.get("job with a lie", 0),
        "no lie was judged as one": judged.get("upheld", 0),
        "no deal was overturned": ended.get("overturned", 0),
        "no stake was withdrawn": counts.get("stake withdrawn", 0),
    }
    wrong = [wrong for wrong, count in needed.items() if not count]
    lost = judged.get("rejected", 0)
    return [*wrong, *([f"{lost} true challenges were rejected"] if lost else [])]


def defaulted(town: MonthTown, name: str) -> list[str]:
    """Deals that this miner, which was never away, did not keep."""
    account = town.market.miner_account(town.keys.find(name).address)
    return [
        f"{name} defaulted on 0x{event.id.hex()}"
        for event in all_events(town.market)
        if isinstance(event, events.RequestConfirmed)
        and account is not None
        and event.miner_id == account.miner_id
        and town.market.deal_of(event.id).state is State.DEFAULTED
    ]


def _filed(town: MonthTown) -> Iterator[events.ChallengeFiled]:
    court = find_court(town.market)
    cursor, state = EventCursor(town.node, court.address), CursorState.from_block(0)
    while True:
        batch = cursor.read(state)
        yield from (event for event in batch.events if isinstance(event, events.ChallengeFiled))
        state = batch.state
        if batch.caught_up:
            return
