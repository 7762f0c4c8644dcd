"""Executors of functions: as the standard library's, and what is the sandbox's own."""

import multiprocessing
import operator
import re
import threading
import traceback
from concurrent.futures import (
    ALL_COMPLETED,
    CancelledError,
    ProcessPoolExecutor,
    as_completed,
    wait,
)
from datetime import UTC, date, datetime

import pytest

from suanli.engine import Compilations
from suanli.python import (
    CannotTravel,
    GuestError,
    GuestStopped,
    GuestTraceback,
    local_executor,
)
from tests.suanli.python import work

DAY_ONE = date(2000, 1, 1)


@pytest.fixture(scope="module", params=["processes", "sandbox"])
def either(request, pool):
    """What makes an executor: the standard library's or ours."""
    if request.param == "sandbox":
        return lambda: local_executor(2, pool=pool)
    context = multiprocessing.get_context("forkserver")
    return lambda: ProcessPoolExecutor(2, mp_context=context)


class TestAsTheStandardLibrarys:
    @pytest.fixture(scope="class")
    def both(self, either):
        with either() as executor:
            yield executor

    def test_submit(self, both):
        assert both.submit(work.add, 1, y=2, z=4).result() == 7
        assert both.submit(pow, 2, 10).result() == 1024
        assert both.submit(operator.add, [1], [2]).result() == [1, 2]

    def test_map_keeps_the_order(self, both):
        assert list(both.map(work.square, range(30))) == [n * n for n in range(30)]
        assert list(both.map(work.add, [1, 2, 3], [10, 20])) == [11, 22]
        assert list(both.map(work.square, range(7), chunksize=3)) == [n * n for n in range(7)]

    def test_map_raises_when_it_is_there(self, both):
        found = both.map(work.deep, [2, 0, 1])
        assert next(found) == 0
        with pytest.raises(ZeroDivisionError):
            next(found)

    def test_as_completed(self, both):
        futures = {both.submit(work.square, n): n for n in range(6)}
        assert {futures[done]: done.result() for done in as_completed(futures)} == {
            n: n * n for n in range(6)
        }

    def test_wait(self, both):
        futures = [both.submit(work.square, 3), both.submit(work.fail, 3)]
        done, rest = wait(futures, return_when=ALL_COMPLETED)
        assert (len(done), rest) == (2, set())

    def test_exceptions_keep_class_and_arguments(self, both):
        error = both.submit(work.fail, 5).exception()
        assert (type(error), error.args) == (ValueError, ("too small", 5))
        text = "".join(traceback.format_exception(error))
        assert 'raise ValueError("too small", x)' in text

    def test_callbacks(self, both):
        heard, there = [], threading.Event()
        future = both.submit(work.square, 4)
        future.add_done_callback(lambda done: (heard.append(done.result()), there.set()))
        assert there.wait(60)
        assert heard == [16]

    def test_results_do_not_share_what_came(self, both):
        value = [1, {"a": [2]}]
        found = both.submit(operator.add, value, [3]).result()
        found[1]["a"].append(4)
        assert value == [1, {"a": [2]}]

    def test_shut_down_it_finishes_and_takes_nothing_more(self, either):
        executor = either()
        futures = [executor.submit(work.square, n) for n in range(5)]
        executor.shutdown()
        assert [future.result(timeout=0) for future in futures] == [0, 1, 4, 9, 16]
        with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
            executor.submit(work.square, 1)

    def test_a_cancelled_call_is_not_made(self, either):
        executor = either()
        futures = [executor.submit(work.spin, 300_000) for _ in range(12)]
        cancelled = [future for future in reversed(futures) if future.cancel()]
        executor.shutdown(cancel_futures=True)
        assert cancelled
        for future in futures:
            assert future.done()
            if future.cancelled():
                with pytest.raises(CancelledError):
                    future.result()
            else:
                assert future.result() == work.spin(300_000)


def test_with_what_it_refers_to(executor):
    assert executor.submit(work.uses_helpers, 3).result() == [130, 6, 3, 2, "b"]
    assert executor.submit(work.even, 11).result() is False
    assert executor.submit(work.fibonacci, 30).result() == 832040
    assert executor.submit(work.area).result() == 24
    assert executor.submit(work.marked, 3).result() == 10
    assert work.marked(3) == 10
    assert executor.submit(work.words, "It's 2\n").result() == ["It's"]
    assert executor.submit(dict.fromkeys, "ab", 1).result() == {"a": 1, "b": 1}
    adders = [executor.submit(work.make_adder(n), 1) for n in (1, 2)]
    assert [future.result() for future in adders] == [2, 3]


def test_there_is_nobody_to_ask(executor):
    with pytest.raises(RuntimeError, match="lost sys"):
        executor.submit(work.asks).result()
    assert executor.submit(work.square, 2).result() == 4


def test_an_import_that_fails_is_the_functions_own_affair(executor):
    assert executor.submit(work.guarded).result() == "without"


def test_calls_that_share_a_task_do_not_see_one_another(executor):
    list(executor.map(work.remember, "xyz"))  # now it is known what one takes
    assert set(executor.map(work.remember, "abcdefgh" * 5)) == {(1, 1), (2, 1)}
    alone = [executor.submit(work.seeded, n).result() for n in range(3)]
    assert list(executor.map(work.seeded, range(3))) == alone
    assert len({tuple(found[:2]) for found in alone}) == 3


def test_the_same_twice(pool, executor):
    expected = executor.submit(work.order).result()
    with local_executor(1, pool=pool) as other:
        assert other.submit(work.order).result() == expected
    names, floats, keys = expected
    assert (sorted(names), floats, keys) == (
        ["apple", "fig", "pear", "plum"],
        [0.30000000000000004, 1e22, 0.3333333333333333],
        ["b", "a"],
    )


def test_all_that_a_call_may_ask_is_the_same_twice(pool):
    """Clock, hashes, random bytes: in another process, too, and at another time."""
    found = []
    for _ in range(2):
        with local_executor(1, pool=pool) as executor:
            found.append(executor.submit(work.surroundings).result())
    assert found[0] == found[1]
    begun, slept, now, *_ = found[0]
    assert (datetime.fromtimestamp(begun, UTC).date(), now.date()) == (DAY_ONE, DAY_ONE)
    assert 5 <= slept < 6


def test_the_traceback_is_the_guests(executor):
    error = executor.submit(work.deep, 0).exception()
    assert isinstance(error, ZeroDivisionError)
    assert isinstance(error.__cause__, GuestTraceback)
    assert error.__traceback__ is None
    line = work.deep.__code__.co_firstlineno + 1
    assert error.__cause__.text == (
        "Traceback (most recent call last):\n"
        f'  File "work.py", line {line}, in deep\n'
        "    return 1 // x\n"
        "           ~~^^~~\n"
        "ZeroDivisionError: integer division or modulo by zero\n"
    )


def test_an_exception_of_ones_own(executor):
    error = executor.submit(work.own_error, 7).exception()
    assert isinstance(error, GuestError)
    assert error.name == "tests.suanli.python.work.Trouble"
    assert (error.arguments, error.text) == (("no", 7), "('no', 7)")


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ((work.leave, "exit"), r"it left the interpreter: SystemExit\(3\)"),
        ((work.leave, "at once"), "it ended the interpreter with code 4"),
        ((work.endless, 1), r"it used up its 3,000 units: allow more \(units=…\)"),
    ],
)
def test_a_call_that_does_not_return(executor, call, why):
    with pytest.raises(GuestStopped, match=why):
        executor.submit(*call).result()


def test_an_endless_call_takes_no_other_with_it(executor):
    list(executor.map(work.endless, [0] * 4))
    futures = [executor.submit(work.endless, int(n == 5)) for n in range(12)]
    assert [type(future.exception()) for future in futures] == [
        GuestStopped if n == 5 else type(None) for n in range(12)
    ]


def test_memory_ends(executor):
    assert executor.submit(work.hungry, 1 << 20).result() == 1 << 20
    with pytest.raises(MemoryError):
        executor.submit(work.hungry, 1 << 28).result()


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("object", "an object"),
        ("generator", "a generator"),
        ("box", "a tests.suanli.python.work.Box"),
    ],
)
def test_results_that_can_not_travel(executor, kind, what):
    with pytest.raises(TypeError, match=f"what it returns can't travel: {what} is no plain data"):
        executor.submit(work.gives, kind).result()


def test_arguments_that_can_not_travel(executor):
    with pytest.raises(CannotTravel) as refused:
        executor.submit(work.square, [1, {"a": work.holder}])
    assert str(refused.value) == (
        "argument 1[1]['a'] of square can't travel: a tests.suanli.python.work.Holder is no plain"
        " data"
    )


def test_what_it_prints(pool):
    heard = []
    with local_executor(1, pool=pool, printed=heard.append) as executor:
        assert executor.submit(work.say, "x\x1b[2J").result() == 5
    assert heard == ["said x\\x1b[2J\n"]


def test_noise_on_the_stream_of_results(executor):
    assert list(executor.map(work.writes_out, range(3))) == [0, 1, 2]


def test_small_calls_share_tasks(pool):
    """A hundred calls in a few tasks: each task alone takes 0.04 s."""
    asked = []

    class Counting:
        runtime, compiled = pool.runtime, pool.compiled

        def submit(self, task):
            asked.append(task)
            return pool.submit(task)

    with local_executor(2, pool=Counting()) as executor:
        list(executor.map(work.square, range(100)))
    assert len(asked) <= 10


def test_a_line_tells_how_far_it_is(pool, capsys, monkeypatch):
    """Where the interpreter is not compiled yet, it says that this is waited for."""
    monkeypatch.setattr(pool, "compiled", Compilations)
    with local_executor(2, pool=pool, progress=True) as executor:
        list(executor.map(work.square, range(30)))
        shown = capsys.readouterr().err
        assert shown.endswith(" \r"), "whoever waited writes on an empty line"
        assert executor.submit(work.square, 5).result() == 25
    lines = [line.rstrip() for line in (shown + capsys.readouterr().err).split("\r")]
    assert re.fullmatch(
        "░{20} 0 of [0-9]+ calls, 0 s, the Python is compiled first, once: 13 MB", lines[1]
    )
    assert re.fullmatch("31 calls, [0-9]+ s: 2 at a time, on this machine", lines[-1])


def test_nobody_watches_a_file(pool, capsys):
    with local_executor(2, pool=pool) as executor:
        assert executor.submit(work.square, 5).result() == 25
    assert capsys.readouterr().err == ""
