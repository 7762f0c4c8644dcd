"""What processes, files and tables take, and whether that goes on growing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import MappingProxyType

import psutil

MIB = 1 << 20
KINDS: Mapping[str, tuple[float, float]] = {
    "memory": (1.10, 6 * MIB),
    "bytes": (1.15, MIB),
    "rows": (1.15, 25),
    "files": (1.15, 25),
    "descriptors": (1.0, 6),
    "threads": (1.0, 4),
    "rows by time": (1.15, 25),
    "rows to a deal": (1.15, 3),
    "bytes to a deal": (1.15, 1 << 10),
}
"""How many times as much, and how much more than that, may be in the last third of the time than in
the second one."""
LONG_MEMORY = 1.02, 2 * MIB
"""The same of memory once all is full: it has no reason to grow, and a month has many days."""
FILLED = 8.0
"""Days after which all is full that keeps things for a week: where the second third begins before,
only what needs no such time is judged."""
AT_ONCE = ("memory", "descriptors", "threads")
OF_WORK = ("bytes", "rows", "files")
"""There is more of them where more is done."""
MOST_PACE = 1.5
"""How many times as much is believed to have been done in the last third, at most."""
MOST_LOG = 8 * MIB
"""Of what SQLite writes before it is in the database: it begins anew after some 4 MiB."""


@dataclass(frozen=True)
class Judged:
    """Medians of three thirds of the time, and the most of all."""

    name: str
    kind: str
    thirds: tuple[float, float, float]
    most: float
    wrong: str = ""


@dataclass
class Growth:
    """Figures by name and kind as they went: (day, figure)."""

    taken: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, day: float, name: str, kind: str, figure: float) -> None:
        self.taken.setdefault((name, kind), []).append((day, figure))

    def judged(
        self,
        days: float,
        growing: Mapping[str, float],
        pace: float = 1.0,
        limits: Mapping[str, float] = MappingProxyType({}),
    ) -> list[Judged]:
        """`growing`: tables that grow by so many rows a day at most, as they are meant to. `pace`:
        how many times as much was done in the last third as in the second one. `limits`: what some
        never have more of, on whatever day."""
        found, filled = [], days / 3 >= FILLED
        for (name, kind), taken in sorted(self.taken.items()):
            thirds = _thirds(taken, days)
            if thirds is None:
                continue
            most = max(figure for _, figure in taken)
            times, more = LONG_MEMORY if kind == "memory" and filled else KINDS[kind]
            times *= min(max(pace, 1.0), MOST_PACE) if kind in OF_WORK else 1.0
            allowed = thirds[1] * times + more + growing.get(name, 0.0) * days / 3
            wrong = ""
            if most > (limit := limits.get(name, most)):
                wrong = f"{name} had {shown(most, kind)}, {shown(limit, kind)} are its most"
            elif (kind in AT_ONCE or filled) and thirds[2] > allowed:
                wrong = (
                    f"{name} goes on growing: {shown(thirds[1], kind)} in the second third,"
                    f" {shown(thirds[2], kind)} in the last one"
                )
            found.append(Judged(name, kind, thirds, most, wrong))
        return found


def _thirds(taken: Sequence[tuple[float, float]], days: float) -> tuple[float, float, float] | None:
    """None: nothing is known of one of them."""
    parts: list[list[float]] = [[], [], []]
    for day, figure in taken:
        parts[min(int(3 * day / days), 2)].append(figure)
    if not all(parts):
        return None
    first, second, last = (median(part) for part in parts)
    return first, second, last


def shown(figure: float, kind: str) -> str:
    if kind in ("memory", "bytes"):
        return f"{figure / MIB:.1f} MiB"
    return f"{figure:,.1f}" if kind == "rows to a deal" else f"{figure:,.0f}"


def of_process(pid: int) -> dict[str, float]:
    """By kind; nothing if it is not there any more."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            return {
                "memory": process.memory_info().rss,
                "descriptors": process.num_fds(),
                "threads": process.num_threads(),
            }
    except psutil.Error:
        return {}


def of_folder(folder: Path) -> dict[str, float]:
    """What it holds, databases left out."""
    size = files = 0
    for path in folder.rglob("*"):
        try:
            if path.is_file() and ".sqlite" not in path.name:
                size, files = size + path.stat().st_size, files + 1
        except OSError:  # it went meanwhile
            continue
    return {"bytes": size, "files": files}


def of_database(path: Path) -> Iterator[tuple[str, float]]:
    """Rows by table; under "", the bytes, and under "-wal" those of the log beside it."""
    yield "", _size(path)
    yield "-wal", _size(path.with_name(path.name + "-wal"))
    source = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(source, uri=True, timeout=1)) as database:
            names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (name,) in names.fetchall():
                if not name.startswith("sqlite_"):
                    (rows,) = database.execute(f'SELECT count(*) FROM "{name}"').fetchone()
                    yield name, rows
    except sqlite3.Error:  # just being made, or its daemon was killed in the middle
        return


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
