"""One service after another: outages, pauses, polls."""

from __future__ import annotations

import threading

import pytest

from suanli.miner.lane import FIRST_PAUSE, LONGEST_PAUSE, Lane


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
