"""One service after another: outages, pauses, polls."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from suanli.daemon.lane import FIRST_PAUSE, LONGEST_PAUSE, Lane, LaneBatch


class Away(Exception):
    pass


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def lane(time: Time, told: list, **options) -> Lane:
    return Lane(
        "relay",
        (Away,),
        tell=lambda name, why: told.append((name, why)),
        clock=time,
        jitter=lambda: 1.0,
        **options,
    )


def test_a_job_is_kept_until_the_service_is_back(time: Time) -> None:
    told, done, left = [], [], [4]

    def job() -> None:
        if left[0]:
            left[0] -= 1
            raise Away("no route")
        done.append(time.now)

    made = lane(time, told)
    made.put(job)
    made.put(lambda: done.append("second"))
    pauses = []
    while not done:
        wait = made.step()
        pauses.append(wait)
        time.now += wait
    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert told == [("relay", "no route"), ("relay", "")]
    made.step()
    assert done[1] == "second"
    assert made.step() == float("inf")


def test_pauses_have_an_end_and_jitter(time: Time) -> None:
    def job() -> None:
        raise Away

    made = Lane("x", (Away,), clock=time, jitter=lambda: 0.0)
    made.put(job)
    for _ in range(20):
        wait = made.step()
        time.now += wait
    assert wait == LONGEST_PAUSE / 2


def test_a_service_may_ask_for_a_longer_pause(time: Time) -> None:
    def job() -> None:
        error = Away("busy")
        error.wait = 99.0
        raise error

    made = lane(time, [])
    made.put(job)
    assert made.step() == 99.0
    time.now = 98.0
    assert made.step() == pytest.approx(1.0)


def test_polls_come_between_jobs(time: Time) -> None:
    done: list[str] = []
    made = lane(time, [], poll=lambda: done.append("poll"), every=5.0)
    for name in "abc":
        made.put(lambda name=name: done.append(name))
    while made.step() == 0:
        pass
    assert done == ["poll", "a", "b", "c"]
    assert made.step() == 5.0
    time.now = 5.0
    made.step()
    assert done[-1] == "poll"


def test_jobs_have_their_turn_where_polls_never_end(time: Time) -> None:
    done: list[str] = []

    def poll() -> None:
        done.append("poll")
        time.now += 2.0

    made = lane(time, [], poll=poll, every=1.0)
    for name in "abc":
        made.put(lambda name=name: done.append(name))
    for _ in range(6):
        made.step()
        time.now += 1.0
    assert done == ["poll", "a", "poll", "b", "poll", "c"]


def test_polls_have_their_turn_while_a_job_fails(time: Time) -> None:
    done: list[str] = []

    def job() -> None:
        done.append("job")
        raise Away("not that")

    made = lane(time, [], poll=lambda: done.append("poll"), every=0.1)
    made.put(job)
    for _ in range(4):
        time.now += made.step() + 1.0
    assert done == ["poll", "job", "poll", "job"]


def test_what_waits_is_done_together(time: Time) -> None:
    acts: list[list[str]] = []
    made = lane(time, [])
    batch = LaneBatch(made, lambda some: acts.append(list(some)))
    for name in "abc":
        batch.put(name)
    made.step()
    batch.put("d")
    while made.step() == 0:
        pass
    assert acts == [["a", "b", "c"], ["d"]]


def test_in_an_outage_all_wait_on(time: Time) -> None:
    acts: list[list[str]] = []
    left = [2]

    def act(some: Sequence[str]) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise Away
        acts.append(list(some))

    made = lane(time, [])
    batch = LaneBatch(made, act)
    batch.put("a")
    batch.put("b")
    while not acts:
        time.now += made.step()
        batch.put("c")
    assert acts == [["a", "b", "c", "c"]]


def test_one_that_is_wrong_keeps_no_others(time: Time) -> None:
    done: list[str] = []

    def act(some: Sequence[str]) -> None:
        if "wrong" in some and len(some) > 1:
            raise ValueError
        done.extend(some)

    made = lane(time, [])
    batch = LaneBatch(made, act, (ValueError,))
    for name in ("a", "wrong", "b"):
        batch.put(name)
    while made.step() == 0:
        pass
    assert done == ["a", "wrong", "b"]


def test_one_that_waits_alone_keeps_what_was_done_before_it(time: Time) -> None:
    """As where there is room on the disk for some of them."""
    done: list[str] = []
    room = [2]

    def act(some: Sequence[str]) -> None:
        if len(some) > room[0]:
            raise Away
        room[0] -= len(some)
        done.extend(some)

    made = lane(time, [])
    batch = LaneBatch(made, act, (Away,))
    for name in "abc":
        batch.put(name)
    assert made.step() > 0
    assert done == ["a", "b"]
    time.now, room[0] = 100.0, 1
    made.step()
    assert done == ["a", "b", "c"]


def test_other_errors_end_the_lane_and_are_told() -> None:
    broken: list[Exception] = []
    made = Lane("x", (Away,), broken=broken.append)
    made.put(lambda: [][0])
    made.serve(threading.Event())
    assert isinstance(broken[0], IndexError)


def test_a_waiting_lane_stops_at_once() -> None:
    stop, made = threading.Event(), Lane("x")
    thread = threading.Thread(target=made.serve, args=(stop,))
    thread.start()
    done = threading.Event()
    made.put(done.set)
    assert done.wait(10)
    stop.set()
    made.nudge()
    thread.join(10)
    assert not thread.is_alive()
