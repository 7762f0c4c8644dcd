"""The month's clock, its rule and its books."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.month.clock import DAY, RATE, SharedClock
from benchmarks.month.growth import MIB, Growth, of_database, of_folder
from benchmarks.month.money import differences

ROOT = Path(__file__).parents[2]


def growth(kind: str, *thirds: float, name: str = "a table") -> Growth:
    """Of nine samples, three in each third of thirty days."""
    made = Growth()
    for part, figure in enumerate(thirds):
        for day in (1, 5, 9):
            made.add(10 * part + day, name, kind, figure)
    return made


@pytest.mark.parametrize(
    ("kind", "second", "last"),
    [
        ("memory", 100 * MIB, 117 * MIB),
        ("bytes", 10 * MIB, 12.6 * MIB),
        ("rows", 1_000, 1_176),
        ("files", 100, 141),
        ("descriptors", 20, 27),
        ("threads", 10, 15),
        ("rows to a deal", 10, 15),
    ],
)
def test_what_goes_on_growing_is_wrong_and_what_stays_is_not(
    kind: str, second: float, last: float
) -> None:
    (found,) = growth(kind, second / 2, second, last).judged(30, {})
    assert "a table goes on growing" in found.wrong
    assert found.thirds == (second / 2, second, last)
    (found,) = growth(kind, second / 2, second, second).judged(30, {})
    assert not found.wrong


def test_one_peak_is_no_growth() -> None:
    made = growth("rows", 10, 10, 10)
    made.add(29, "a table", "rows", 1_000)
    (found,) = made.judged(30, {})
    assert (found.wrong, found.most) == ("", 1_000)


def test_a_table_with_a_row_a_day_may_have_it() -> None:
    made = growth("rows", 1_000, 2_000, 2_330)
    assert made.judged(30, {})[0].wrong
    assert not made.judged(30, {"a table": 2.0})[0].wrong


def test_more_work_takes_more() -> None:
    made = growth("rows", 10, 1_000, 1_500)
    assert made.judged(30, {})[0].wrong
    assert not made.judged(30, {}, pace=1.4)[0].wrong
    assert made.judged(30, {}, pace=1.2)[0].wrong
    (memory,) = growth("memory", 1, 100 * MIB, 150 * MIB).judged(30, {}, pace=2)
    assert memory.wrong  # it is no matter of how much is done


def test_windows_of_a_week_are_not_judged_in_a_day() -> None:
    made = Growth()
    for part, figure in enumerate((1, 100, 200)):
        made.add(0.1 + part / 3, "rows of a day", "rows", figure)
        made.add(0.1 + part / 3, "memory of a day", "memory", figure * MIB)
    memory, rows = made.judged(1, {})
    assert (bool(memory.wrong), bool(rows.wrong)) == (True, False)


def test_what_was_not_seen_in_each_third_is_left_out() -> None:
    made = Growth()
    made.add(29, "late", "rows", 5)
    assert made.judged(30, {}) == []


def test_databases_and_folders_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "CREATE TABLE a (x); INSERT INTO a VALUES (1), (2); CREATE TABLE b (x)"
        )
    found = dict(of_database(path))
    assert found == {"": path.stat().st_size, "-wal": 0, "a": 2, "b": 0}
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "one").write_bytes(bytes(100))
    assert of_folder(tmp_path) == {"bytes": 100, "files": 1}
    path.write_bytes(b"no database")
    assert list(of_database(path)) == [("", 11), ("-wal", 0)]


def test_what_a_miner_says_is_compared_with_the_chain() -> None:
    chain = {("2026-01-01", 1): (2, 10), ("2026-01-02", 1): (1, 5)}
    assert differences("miner-1", chain, dict(chain)) == []
    short = differences("miner-1", chain, {("2026-01-01", 1): (2, 9)})
    assert len(short) == 2
    assert "2026-01-01, class 1: (2, 9) (deals, base units), the chain (2, 10)" in short[0]


def test_the_clock_runs_at_its_rate_for_all_who_have_its_file(tmp_path: Path) -> None:
    clock = SharedClock(tmp_path / "clock")
    assert abs(clock.now() - time.time()) < 5
    clock.run(RATE)
    other = SharedClock(tmp_path / "clock")
    before, began = other.now(), time.monotonic()
    while time.monotonic() < began + 0.01:
        pass
    passed = time.monotonic() - began
    assert abs(other.now() - before - RATE * passed) < RATE * 1.0
    other.move_to(before + 8 * DAY)
    assert clock.now() >= before + 8 * DAY
    clock.move_to(before)  # it never goes back
    assert other.now() >= before + 8 * DAY
    assert abs(clock.machine_time(clock.now() - RATE) - (time.time() - 1)) < 5


CODE = """
import sys
from pathlib import Path
from benchmarks.month.clock import SharedClock, install
import time
real = time.time
install(SharedClock(Path(sys.argv[1])), sys.argv[2])
assert time.time() - real() > 86_000, "the wall clock is the fast one"
assert time.strftime("%Y-%m-%d") == time.strftime("%Y-%m-%d", time.gmtime(time.time()))
from suanli.chain.sender import Sender
from suanli.daemon.clock import MOST, ChainClock
assert Sender.__init__.__defaults__.count(real) == 1, "transactions wait by the machine's"
assert ChainClock(True).now() - real() > 86_000
assert MOST == 30 * 720
if sys.argv[2] == "miner":
    from suanli.miner.journal import KEPT
    assert KEPT == 12
if sys.argv[2] == "relay":
    from suanli.relay.server.board import Bounds
    assert Bounds().longest_announcement == 86_400 * 720
    assert Bounds().keep == 7 * 86_400
    from uvicorn import Config
    from uvicorn.server import ServerState
    (date,) = ServerState().default_headers
    assert date[0] == b"date"
"""


@pytest.mark.parametrize("role", ["miner", "relay"])
def test_a_command_goes_by_the_fast_clock(tmp_path: Path, role: str) -> None:
    clock = SharedClock(tmp_path / "clock")
    clock.move_to(clock.now() + DAY)
    command = [sys.executable, "-c", CODE, str(tmp_path / "clock"), role]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
