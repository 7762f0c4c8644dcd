"""The month's clock, its rule and its books."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.month.clock import DAY, RATE, STRETCHED, SharedClock, require_changed
from benchmarks.month.growth import MIB, Growth, of_database, of_folder
from benchmarks.month.money import differences
from benchmarks.month.taking import DAEMONS, limits, missing, unanswered

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
        ("memory", 100 * MIB, 104.1 * MIB),
        ("bytes", 10 * MIB, 12.6 * MIB),
        ("rows", 1_000, 1_176),
        ("files", 100, 141),
        ("descriptors", 20, 27),
        ("threads", 10, 15),
        ("rows to a deal", 10, 15),
        ("rows by time", 1_000, 1_176),
        ("bytes to a deal", 8_192, 10_445),
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


def test_much_more_work_is_no_excuse_for_anything() -> None:
    made = growth("rows", 10, 1_000, 1_760)
    assert made.judged(30, {}, pace=9)[0].wrong
    made = growth("rows by time", 10, 1_000, 1_180)
    assert made.judged(30, {}, pace=1.5)[0].wrong  # it grows by days, not by deals


def test_memory_may_grow_more_before_all_is_full() -> None:
    (day,) = growth("memory", 90 * MIB, 100 * MIB, 104.1 * MIB).judged(20, {})
    assert not day.wrong


def test_figures_of_six_days_pass_the_rule_of_a_month() -> None:
    for second, last in ((103.8, 104.3), (88.4, 88.4), (119.6, 119.8)):
        (found,) = growth("memory", second, second * MIB, last * MIB).judged(30, {})
        assert not found.wrong


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("juror-1 journal filed", 10),
        ("juror-2 journal frozen", 16),
        ("miner-2 journal passed", 24),
        ("miner-1 sent entries", 52),
    ],
)
def test_what_keeps_the_newest_never_has_more(name: str, most: int) -> None:
    bounds = limits([name, "miner-1 journal earned"])
    assert bounds == {name: most}
    made = growth("rows", most, most, most, name=name)
    made.add(10, "miner-1 journal earned", "rows", 1_000)
    assert not [one for one in made.judged(30, {}, limits=bounds) if one.wrong]
    made.add(0.1, name, "rows", most + 1)
    (found,) = [one for one in made.judged(30, {}, limits=bounds) if one.name == name]
    assert found.wrong == f"{name} had {most + 1}, {most} are its most"


def test_each_daemon_must_answer_each_question() -> None:
    answers = {(name, path, 200): 3 for name in DAEMONS for path in ("metrics", "health")}
    assert unanswered(answers) == []
    del answers["juror-2", "metrics", 200]
    answers["juror-2", "metrics", 500] = 2
    assert unanswered(answers) == ["juror-2 never answered /metrics with 200: {500: 2}"]


def test_the_court_must_have_judged_a_lie() -> None:
    counts = {"job with a lie": 1, "stake withdrawn": 1}
    ended = {"settled": 4, "overturned": 1}
    assert missing(ended, {"upheld": 1}, counts) == []
    assert missing(ended, {"rejected": 1}, counts) == [
        "no lie was judged as one",
        "1 true challenges were rejected",
    ]
    assert missing({"settled": 4}, {"upheld": 1}, {}) == [
        "no lie was told",
        "no deal was overturned",
        "no stake was withdrawn",
    ]


def test_a_constant_that_another_module_has_as_it_was_is_refused() -> None:
    import suanli.miner.core.judging  # noqa: F401  # it has ASK_AGAIN by its value
    from suanli.miner.core.book import ASK_AGAIN

    with pytest.raises(RuntimeError, match="has ASK_AGAIN as it was: name it beside"):
        require_changed([("suanli.miner.core.book", "ASK_AGAIN", ASK_AGAIN)])
    require_changed([("suanli.miner.core.book", "ASK_AGAIN", ASK_AGAIN + 1)])
    # The relay measures how far its index is behind by the machine's clock.
    assert "BEHIND" not in [name for names in STRETCHED.values() for name in names]


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
from suanli.store import partial
written = Path(sys.argv[1]).with_name("unfinished")
written.write_bytes(bytes(9))
partial.drop(written, time.time() - 720)  # a second of the machine's before
assert written.exists(), "files are dated by the machine"
assert partial.drop(written) == 9
if sys.argv[2] == "miner":
    from suanli.miner.journal import KEPT
    assert KEPT == 12
    from suanli.miner.core import judging
    assert judging.ASK_AGAIN == 10 * 720
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
