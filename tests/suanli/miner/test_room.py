"""The disk: room for outputs is seen to before a deal, and room for the journal always."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from suanli.base.database import DatabaseFailed
from suanli.engine import Limits
from suanli.miner import core as m
from suanli.miner.ballast import BALLAST, KEPT, LOW, Ballast
from suanli.miner.core import CoreState, OnChain, Outlook, Work, most_of_task
from suanli.miner.core.machine import JUDGE_EVERY
from suanli.miner.core.room import needed
from suanli.miner.disk import Disk
from suanli.protocol import State
from suanli.store import DirectoryStore, StoreFull
from tests.harness.bench import Bench
from tests.harness.simulation import SETTINGS, START, id_of, request
from tests.harness.world import LITTLE, TOKEN, World, lodged, manifest_of, reasons, settled
from tests.suanli.miner.test_stages import Way, leaf


def test_the_largest_tasks_that_may_be_in_hand_count() -> None:
    assert needed([], 4) == 0
    assert needed([(10, 5)], 4) == 20
    assert needed([(3, 5)], 4) == 15
    assert needed([(10, 1), (2, 100), (1, 7)], 4) == 208
    assert most_of_task(LITTLE) == 300 + 4_096
    assert most_of_task(Limits()) == (128 + 16 + 1 + 16) << 20


def checked(way: Way, room: int, stored: int, size: int, salt: int = 1) -> str | None:
    """A request of four tasks that may leave so many bytes each, where four are in hand at once."""
    made = request(salt=salt)
    id_ = id_of(made)
    way.hear(m.RoomSeen(way.now, room, stored))
    way.hear(m.RequestSeen(way.now, id_, made, b"\x01", True))
    way.hear(m.CheckPassed(way.now, id_, Work(made.tasks, made.units // made.tasks, size)))
    if id_ in way.core.state.passed:
        return "never: " + way.core.state.passed[id_].reason.code
    reason = way.core.state.deals[id_].reason
    return reason.code if reason else None


def test_a_deal_without_room_for_what_it_may_leave_is_not_taken() -> None:
    assert checked(Way(), 400, 0, 100) is None
    assert checked(Way(), 399, 0, 100) == "never: disk"
    assert checked(Way(), 399, 1, 100) == "disk"


def test_rooms_are_not_promised_twice_and_used_once_they_come_free() -> None:
    way = Way(speed=1_000.0)
    assert checked(way, 400, 100, 50, salt=1) is None
    assert checked(way, 399, 101, 100, salt=2) == "disk"
    way.hear(m.RoomSeen(way.now, 400, 100))
    way.at(way.now + JUDGE_EVERY)
    assert way.core.state.deals[id_of(request(salt=2))].reason is None


def test_tasks_are_handed_out_as_room_allows_and_one_always() -> None:
    way, made = Way(), request(tasks=20, units=200)
    id_ = id_of(made)
    way.hear(m.RoomSeen(way.now, 1_000, 0))
    way.hear(m.RequestSeen(way.now, id_, made, b"\x01", True))
    way.hear(m.CheckPassed(way.now, id_, Work(20, 10, 100)))
    way.hear(m.RoomSeen(way.now, 250, 0))
    way.chain[id_] = OnChain(State.CONFIRMED, True, 1, START + made.duration)
    told = way.read()
    assert [i.index for i in told if isinstance(i, m.RunTask)] == [0, 1]
    way.hear(m.RoomSeen(way.now, 99, 150))
    told = way.hear(m.TaskDone(way.now, id_, leaf(0)))
    assert not [i for i in told if isinstance(i, m.RunTask)]
    told = way.hear(m.TaskDone(way.now, id_, leaf(1)))
    assert [i.index for i in told if isinstance(i, m.RunTask)] == [2]


def test_outputs_that_are_uploaded_give_way(registered: World, bench: Bench) -> None:
    """A deal leaves nearly three times what the disk holds."""
    bench.daemon._local.max_bytes = 60_000
    bench.executor.output = lambda task: b"y" * 9_000 + task.args[0].encode()
    limits = replace(LITTLE, stdout_bytes=9_100)
    request, id_ = lodged(registered, manifest_of(18, limits=limits), max_price=TOKEN)
    bench.until(settled(registered, request, id_))
    assert not bench.daemon.away
    assert sum(bench.executor.runs.values()) == 18


def test_a_program_with_default_limits_finds_no_room_on_a_small_disk(
    registered: World, bench: Bench
) -> None:
    bench.daemon._local.max_bytes = 24 << 20
    _, id_ = lodged(registered, manifest_of(3))
    bench.until(lambda: reasons(registered, id_))
    (reason,) = reasons(registered, id_)
    assert reason.startswith("disk: 3 tasks at once may leave 168820736 bytes each, this miner has")
    assert reason.endswith(": lower file_bytes, stdout_bytes or files in [limits]")


# What is kept free


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes free on the disk."""
    found = [1 << 40]
    for module in ("suanli.store.directory", "suanli.miner.ballast"):
        monkeypatch.setattr(f"{module}.free_bytes", lambda path: found[0])
    return found


def test_blobs_leave_the_last_of_the_disk_alone(tmp_path: Path, free: list[int]) -> None:
    store = DirectoryStore(tmp_path, max_bytes=1_000, min_free=50)
    free[0] = 149
    assert store.room == 99
    with pytest.raises(StoreFull, match=r"149 bytes are free on the disk of .*, 50 are kept"):
        store.put(b"x" * 100)
    free[0] = 150
    digest = store.put(b"x" * 100)
    free[0] = 1 << 40
    assert store.room == 900
    free[0] = 10
    assert store.room == -40
    assert store.delete(digest)


def test_the_ballast_is_given_up_on_a_full_disk_and_comes_back(
    tmp_path: Path, free: list[int]
) -> None:
    ballast, file = Ballast(tmp_path), tmp_path / "ballast"
    free[0] = KEPT + BALLAST
    assert (ballast.tend(), file.exists()) == (False, False)
    free[0] += 1
    assert (ballast.tend(), file.stat().st_size) == (False, BALLAST)
    assert file.stat().st_blocks * 512 >= BALLAST, "it takes up what it says"
    free[0] = LOW
    assert (ballast.tend(), file.exists()) == (False, True)
    free[0] = LOW - 1
    assert (ballast.tend(), file.exists()) == (True, False)
    assert ballast.tend() is False
    free[0] = KEPT + BALLAST + 1
    assert (ballast.tend(), file.exists()) == (False, True)


def test_a_journal_that_finds_no_room_uses_the_ballast_at_once(
    registered: World, bench: Bench, free: list[int]
) -> None:
    """Nothing waits for somebody to make room."""
    bench.round()
    daemon, ballast = bench.daemon, bench.folder / "ballast"
    assert ballast.exists()
    save = daemon.journal.save

    def full(*args: object, **facts: object) -> None:
        if ballast.exists():
            free[0] = 0
            raise DatabaseFailed("database or disk is full")
        save(*args, **facts)

    daemon.journal.save = full
    daemon._stop = None  # it would wait by it
    bench.round()
    assert not ballast.exists()
    assert daemon.away == {}


def test_the_disk_is_news_when_it_changed_by_a_percent(tmp_path: Path, free: list[int]) -> None:
    clock = [0.0]
    disk = Disk(tmp_path, 10_000, lambda job: job(), lambda deal, task: True, lambda: clock[0])
    state = CoreState(SETTINGS)
    assert disk.look(Outlook(state), tasks_ended=False) == 10_000
    assert disk.look(Outlook(state), tasks_ended=False) is None
    assert disk.look(Outlook(state), tasks_ended=True) == 10_000
    state.room = 10_000
    for size, news in ((100, None), (1, 9_899)):
        clock[0] += 1
        disk.local.put(b"x" * size)
        assert disk.look(Outlook(state), tasks_ended=False) == news
    disk.journal.close()
