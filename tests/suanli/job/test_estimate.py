"""What a few tasks tell of a job's limits."""

import pytest

from suanli.engine import UNIT, Outcome, Result, TaskTimeout
from suanli.job.estimating import chosen, estimate, fuel_line, limit_told, limited, proposal
from tests.harness.doubles import FakeExecutor, exited

JOB = 'module = "program.wasm"\n[tasks]\ncount = %d\nargs = ["{index}"]\n%s'


@pytest.fixture
def many(folder):
    return lambda count, more="": folder.load(JOB % (count, more))


def used(units):
    """A program of which each task uses as many units as `units` makes of its number."""
    return lambda task: exited(fuel=units(int(task.args[0])) * UNIT)


def tried(job, program, **more):
    return estimate(job, FakeExecutor(program=program), workers=2, **more)


@pytest.mark.parametrize(
    ("measured", "complete", "limit"),
    [
        ([1, 1], False, 10),
        ([1], True, 10),
        ([335, 12], False, 1_400),
        ([6_522], True, 9_800),
        ([1_851], False, 7_500),
        ([25], False, 100),
        ([99_999], True, 150_000),
    ],
)
def test_the_proposal_is_generous_and_round(measured, complete, limit):
    assert proposal(measured, complete=complete) == limit


def test_those_with_most_input_the_first_the_last_and_some_more_are_tried(folder):
    for number in range(30):
        folder.write(f"{number:02}.bin", bytes(number % 29))
    job = folder.load('module = "program.wasm"\n[tasks]\nglob = "*.bin"\nas = "stdin"')
    first = chosen(job.manifest)
    assert first[:4] == [28, 27, 0, 29]
    assert len(first) == len(set(first)) <= 8
    assert chosen(job.manifest) == first


def test_all_tasks_of_a_small_job_are_tried(many):
    assert sorted(chosen(many(3).manifest)) == [0, 1, 2]
    found = tried(many(3), used(lambda task: 100 + task))
    assert (found.measured, found.units) == ([100, 101, 102], 160)


def test_of_a_large_job_the_limit_is_four_times_the_most(many):
    found = tried(many(2_000), used(lambda task: 7 if task == 1_999 else 3))
    assert found.units == 28
    assert limit_told(found, 28) == (
        f"no fuel in [limits]: {len(found.results)} tasks tried here used at most 7 units, so each"
        " may use 28 (fuel = 28_000_000)"
    )
    assert limited(many(2_000), 28).manifest.limits.fuel == 28 * UNIT


def test_tasks_that_do_not_end_in_time_leave_the_limit_as_it_is(many):
    def program(task):
        if task.args[0] == "0":
            raise TaskTimeout("late")
        return exited()

    found = tried(many(3), program)
    assert (found.late, found.units, found.mean_units(100)) == ((0,), None, None)
    assert limit_told(found, 100_000) == (
        "no fuel in [limits], and of 3 of 3 tasks tried here 1 did not end in 0 s: each task may"
        " use the most, 100,000 units"
    )


def test_no_task_begins_after_the_bound(many):
    times = iter([0.0, 1.0, 2.0, 99.0, 99.0, 99.0])
    found = tried(many(50), used(lambda _: 1), seconds=10, clock=lambda: next(times))
    assert (len(found.results), found.seconds) == (2, 99.0)


def test_tasks_that_fail_are_said_and_tell_of_fuel_only_what_is_known(many):
    def program(task):
        return {
            "0": Result(Outcome.TRAPPED, None, fuel=100_000 * UNIT, detail="unreachable"),
            "1": exited(code=3, stderr=b"bad\x1b input\n", fuel=5 * UNIT),
            "2": exited(fuel=9 * UNIT),
        }[task.args[0]]

    found = tried(many(3), program)
    assert found.failed == {0: "trapped: unreachable", 1: "exit code 3: bad\\x1b input"}
    assert (found.measured, found.units) == ([5, 9], 14)
    assert found.mean_units(14) == (14 + 5 + 9) / 3, "a trapped one is billed its limit"


def test_a_job_that_runs_out_of_the_most_gets_no_limit(many):
    starved = Result(Outcome.OUT_OF_FUEL, None, fuel=100_000 * UNIT)
    found = tried(many(2), lambda task: starved if task.args[0] == "1" else exited())
    assert found.units is None
    assert "task 1 failed: out-of-fuel" in limit_told(found, 100_000)


def test_tasks_are_tried_with_more_than_the_file_allows(many):
    fuel = []

    def program(task):
        fuel.append(task.limits.fuel)
        return exited()

    tried(many(1, "[limits]\nfuel = 5"), program)
    tried(many(1, "[limits]\nfuel = 900_000_000_000"), program)
    tried(many(1), program, fuel=7)
    assert fuel == [100_000_000_000, 900_000_000_000, 7]


def test_whether_a_file_names_fuel(many):
    assert not many(1).names_fuel
    assert not many(1, '[limits]\nmemory = "1 MiB"').names_fuel
    assert many(1, "[limits]\nfuel = 5").names_fuel


def test_what_to_write_is_what_a_job_file_takes(many):
    assert fuel_line(1_400) == "fuel = 1_400_000_000"
    job = many(1, f"[limits]\n{fuel_line(1_400)}")
    assert job.manifest.limits.units == 1_400
