"""Which calls share a task."""

from concurrent.futures import Future

import pytest

from suanli.python import Backlog, FunctionCall, Travelling
from suanli.python.calls import Answer

ONE, OTHER = (Travelling(name, frozenset(), name.encode()) for name in ("one", "other"))
SECOND = 1_000_000_000
"""Fuel that takes a second here."""


def calls(function, *numbers, size=1):
    return [FunctionCall(number, function, b"x" * size, Future()) for number in numbers]


def answers(*took):
    return [Answer(number, fuel, True, b"", "") for number, fuel in enumerate(took)]


@pytest.fixture
def backlog():
    """A task shall take a second."""
    return Backlog(1.0)


def taken(backlog, places=2):
    batch = backlog.take(places)
    return [call.number for call in batch.calls] if batch else None


def test_unknown_calls_go_alone_in_order(backlog):
    backlog.add(calls(ONE, 1, 3))
    backlog.add(calls(OTHER, 2))
    assert [taken(backlog) for _ in range(4)] == [[1], [2], [3], None]


def test_as_many_as_fit_into_the_time(backlog):
    backlog.learn(ONE, answers(SECOND // 10), SECOND // 10 + 5, 0.1)
    backlog.add(calls(ONE, *range(100)))
    assert taken(backlog) == list(range(10))


def test_not_so_many_that_places_are_empty(backlog):
    backlog.learn(ONE, answers(1_000), 1_005, 1e-6)
    backlog.add(calls(ONE, *range(9)))
    assert [taken(backlog, 2), taken(backlog, 1)] == [[0, 1, 2, 3, 4], [5, 6, 7, 8]]


def test_arguments_bound_a_task(backlog):
    backlog.learn(ONE, answers(1), 6, 1e-9)
    backlog.add(calls(ONE, *range(4), size=3 << 20))
    assert [taken(backlog, 1), taken(backlog, 1)] == [[0, 1], [2, 3]]
    backlog.add(calls(ONE, 5, size=20 << 20))
    assert taken(backlog, 1) == [5]


def test_one_that_shall_be_alone(backlog):
    backlog.learn(ONE, answers(1), 6, 1e-9)
    first, second, third = calls(ONE, 1, 2, 3)
    second.alone = True
    backlog.add([third])
    backlog.put_back([first, second])
    assert [taken(backlog, 1) for _ in range(3)] == [[1], [2], [3]]


def test_what_a_task_will_take(backlog):
    backlog.learn(ONE, answers(100, 300), 450, 1e-7)
    backlog.add(calls(ONE, 1, 2, 3))
    assert backlog.take(1).fuel == 50 + 3 * 200


def test_of_what_overran_more_is_expected(backlog):
    backlog.learn(ONE, answers(100), 150, 1e-7)
    backlog.overran(ONE, 2, 4_050)
    backlog.add(calls(ONE, 1))
    assert backlog.take(1).fuel == 50 + 2_000


def test_the_mean_follows(backlog):
    for took in (100, 200):
        backlog.learn(ONE, answers(took), took, 1e-7)
    assert backlog.costs[ONE].call == pytest.approx(130)
    backlog.learn(ONE, [], 100, 1.0)
    assert backlog.costs[ONE].call == pytest.approx(130)
