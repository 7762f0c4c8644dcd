from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.schedule import Placement, ScheduleError, Worker, place, re_place, stragglers

cost_maps = st.lists(st.integers(1, 1000), max_size=40).map(lambda costs: dict(enumerate(costs)))
worker_lists = st.lists(
    st.tuples(st.sampled_from([0.5, 1.0, 2.0, 8.0]), st.sampled_from([0.0, 3.0, 500.0])),
    min_size=1,
    max_size=6,
).map(lambda rows: [Worker(f"w{i}", *row) for i, row in enumerate(rows)])


@given(cost_maps, worker_lists)
def test_each_task_is_placed_once_and_no_worker_does_two_at_a_time(costs, workers):
    placed = place(costs, workers)
    assert sorted(item.task for item in placed) == sorted(costs)
    for worker in workers:
        free = worker.ready
        for item in (item for item in placed if item.worker == worker.name):
            assert item.start == free
            assert item.finish == pytest.approx(item.start + costs[item.task] / worker.speed)
            free = item.finish


@given(cost_maps, worker_lists)
def test_no_last_task_would_end_earlier_elsewhere(costs, workers):
    placed = place(costs, workers)
    ends = {worker.name: worker.ready for worker in workers}
    for item in placed:
        best = min(ends[worker.name] + costs[item.task] / worker.speed for worker in workers)
        assert item.finish == pytest.approx(best)
        ends[item.worker] = item.finish


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.integers(1, 3))
def test_equal_workers_end_within_the_bound_of_longest_first(costs, count):
    """Graham's bound, against the best of all placements."""
    placed = place(dict(enumerate(costs)), [Worker(str(i)) for i in range(count)])
    best = min(
        max(sum(c for c, w in zip(costs, choice, strict=True) if w == i) for i in range(count))
        for choice in product(range(count), repeat=len(costs))
    )
    assert max(item.finish for item in placed) <= best * (4 / 3 - 1 / (3 * count)) + 1e-9


def test_faster_workers_get_more():
    placed = place(dict.fromkeys(range(12), 10), [Worker("slow", 1), Worker("fast", 3)])
    names = [item.worker for item in placed]
    assert (names.count("slow"), names.count("fast")) == (3, 9)
    assert max(item.finish for item in placed) == 30


def test_equal_input_gives_equal_output_and_ties_go_to_the_first():
    placed = place({1: 5, 0: 5, 2: 5}, [Worker("a"), Worker("b")])
    assert [(item.task, item.worker) for item in placed] == [(0, "a"), (1, "b"), (2, "a")]


def test_barred_workers_are_left_out():
    workers = [Worker("a", 9), Worker("b")]
    placed = place({0: 5, 1: 5}, workers, barred={0: ["a"]})
    assert {item.task: item.worker for item in placed} == {0: "b", 1: "a"}
    with pytest.raises(ScheduleError, match="no worker is left for task 0"):
        place({0: 5}, workers, barred={0: ["a", "b"]})
    with pytest.raises(ScheduleError, match="no worker is left for task 0"):
        place({0: 5}, [])
    assert place({}, []) == []


@pytest.mark.parametrize("speed", [0, -1.0])
def test_refuses_workers_without_speed(speed):
    with pytest.raises(ScheduleError, match="has no speed"):
        place({0: 1}, [Worker("a", speed)])


def test_stragglers_are_those_past_their_patience():
    placed = [Placement(0, "a", 0, 10), Placement(1, "b", 0, 10), Placement(2, "c", 5, 15)]
    assert stragglers(placed, done={1}, now=20) == []
    assert stragglers(placed, done={1}, now=20.5) == [placed[0]]
    assert stragglers(placed, done=set(), now=26) == placed


@given(cost_maps.filter(bool), st.integers(2, 5), st.floats(0, 1000), st.data())
def test_late_tasks_never_return_to_a_worker_that_had_them(costs, count, now, data):
    workers = [Worker(str(i), ready=data.draw(st.floats(0, 2000))) for i in range(count)]
    placed = place(costs, workers)
    late = data.draw(st.lists(st.sampled_from(placed), unique=True))
    again = re_place(late, costs, workers, now)
    assert sorted(item.task for item in again) == sorted(item.task for item in late)
    had = {item.task: item.worker for item in late}
    assert all(item.worker != had[item.task] and item.start >= now for item in again)


def test_a_task_that_was_late_twice_goes_to_a_third_worker():
    workers = [Worker("a"), Worker("b"), Worker("c", 0.1)]
    late = [Placement(0, "b", 10, 20)]
    assert re_place(late, {0: 5}, workers, 50, barred={0: {"a"}})[0].worker == "c"
    with pytest.raises(ScheduleError, match="no worker is left"):
        re_place(late, {0: 5}, workers[:2], 50, barred={0: {"a"}})
