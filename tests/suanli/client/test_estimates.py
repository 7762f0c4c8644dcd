"""Limits left out are found here, quotes say what is likely, and failing jobs stop early."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from suanli.client import Client, DealEnded, Options, TaskAccepted, TasksFailed
from suanli.client.run.progress import progress
from suanli.engine import UNIT, Outcome, Result, runtime_id
from tests.harness.doubles import FakeExecutor, exited
from tests.suanli.client.conftest import BOB, CAROL, TOKEN, World, finish, program
from tests.suanli.client.test_commands import Shell

JOB = """
module = "program.wasm"
limits = {{ file_bytes = 1024 }}
tasks = {{ count = {tasks}, args = ["{{index}}"] }}
gather = {{ kind = "concat", to = "all.txt" }}
"""
STARVED = Result(Outcome.OUT_OF_FUEL, None, b"", b"", {}, 10 * UNIT)


@pytest.fixture
def job(world: World) -> Path:
    """It names no fuel; each of its 40 tasks uses 3 units."""
    file = world.job(1)
    file.write_text(JOB.format(tasks=40))
    return file


def running(world: World, does: Any, **changes: Any) -> Client:
    return world.client(executor=lambda _: nullcontext(FakeExecutor(program=does)), **changes)


def test_a_limit_left_out_comes_from_the_estimate(world: World, job: Path) -> None:
    world.miner(BOB).join()
    said: list[str] = []
    run = world.client().submit(job, "600", tell=said.append)
    assert said == [
        f"trying {len_tried(said)} of 40 tasks here, at most 10 s",
        f"no fuel in [limits]: {len_tried(said)} tasks tried here used at most 3 units, so each may"
        " use 12 (fuel = 12_000_000)",
    ]
    happened = finish(run)
    assert run.job.manifest.limits.units == 12
    assert len([e for e in happened if isinstance(e, TaskAccepted)]) == 40
    assert world.spent() == 40 * 3 * TOKEN


def test_a_clock_that_is_wrong_is_told_before_anything_moves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = SimpleNamespace(time=lambda: time.time() + 3_600, monotonic=time.monotonic)
    monkeypatch.setattr("suanli.relay.client.time", wrong)
    said: list[str] = []
    world.client().submit(world.job(4), "500", tell=said.append)
    (told,) = said
    assert "s ahead of the relay's: set it (as with timedatectl set-ntp true)" in told


def len_tried(said: list[str]) -> int:
    return int(said[0].split()[1])


def test_a_limit_that_is_named_is_kept_and_nothing_is_tried(world: World) -> None:
    world.miner(BOB).join()
    tried: list[Any] = []

    def does(task: Any) -> Result:
        tried.append(task)
        return program(task)

    said: list[str] = []
    run = running(world, does).submit(world.job(4), "500", tell=said.append)
    assert (tried, said) == ([], [])
    assert run.job.manifest.limits.units == 10
    run.close()


def test_a_job_whose_tasks_all_fail_here_is_not_placed(world: World, job: Path) -> None:
    world.miner(BOB).join()
    client = running(world, lambda task: exited(code=3, stderr=b"no such file\n"))
    with pytest.raises(TasksFailed, match="failed, the first with exit code 3: no such file"):
        client.submit(job, "500")
    assert client.jobs() == []
    client.submit(job, "500", stop_after_failures=0).close()


def test_a_quote_tells_what_is_likely_and_what_there_is(world: World, job: Path) -> None:
    world.miner(BOB).join()
    quote = world.client().quote(job)
    assert quote.job.manifest.limits.units == 12
    assert quote.limit_told.startswith("no fuel in [limits]: ")
    assert quote.expected == 40 * 3 * TOKEN
    assert quote.worst == 40 * 12 * TOKEN * 105 // 100
    assert (quote.wallet, quote.available) == (world.held(), 0)


def test_a_quote_that_tries_nothing_knows_the_worst_alone(world: World) -> None:
    world.miner(BOB).join()
    tried: list[Any] = []
    client = running(world, lambda task: tried.append(task) or exited())
    quote = client.quote(world.job(4), seconds=0)
    assert (tried, quote.expected, quote.worst) == ([], None, 42 * TOKEN)


def test_a_quote_of_named_limits_warns_of_what_would_fail(world: World) -> None:
    world.miner(BOB).join()
    client = running(world, lambda task: exited(fuel=25 * UNIT))
    quote = client.quote(world.job(4))
    assert quote.limit_told == ""
    assert quote.expected == 4 * 10 * TOKEN, "they are billed their limit"
    from suanli.cli.printing import quote_rows

    assert (
        "failing",
        "4 of these need more than their limit, such as task 0: they would fail, and be"
        " billed 10 units each",
    ) in quote_rows(client, quote)


def test_the_first_tasks_that_all_fail_alike_stop_the_job(world: World) -> None:
    """What one deal of two showed is enough: the rest is not placed any more."""
    miner = world.miner(BOB, program=lambda task: STARVED).join(capacity=60)
    client = running(world, lambda task: STARVED)
    run = client.submit(world.job(12), "500")
    happened: list[Any] = []
    with pytest.raises(TasksFailed) as failed:
        happened.extend(run.events())
    assert str(failed.value) == (
        "the first 6 tasks all failed alike (out-of-fuel): nothing more is placed. Each may use 10"
        " units: give more in [limits], such as fuel = 100_000_000, and run the job anew; suanli"
        f" job resume {run.id} --stop-after-failures 0 goes on with this one all the same"
    )
    assert [e.how for e in happened if isinstance(e, DealEnded)] == ["settled"]
    assert len(miner.taken) == 1
    assert world.spent() == 60 * TOKEN
    run.choose(stop_after_failures=0)
    assert len([e for e in run.events() if isinstance(e, TaskAccepted)]) == 6
    run.close()


@pytest.mark.parametrize(
    ("bound", "does"),
    [
        (0, lambda task: STARVED),
        (7, lambda task: STARVED),
        (5, lambda task: exited(code=1 + int(task.args[0]) % 2)),
        (5, lambda task: STARVED if int(task.args[0]) else exited()),
    ],
)
def test_failures_that_do_not_stop_it(world: World, bound: int, does: Any) -> None:
    """Never asked for; too few; not alike; one was good."""
    world.miner(BOB, program=does).join(capacity=60)
    run = running(world, does).submit(world.job(12), "500", stop_after_failures=bound)
    happened = finish(run)
    assert len([e for e in happened if isinstance(e, TaskAccepted)]) == 12


def test_results_of_failed_programs_are_not_called_right(world: World) -> None:
    world.miner(BOB, program=lambda task: STARVED).join()
    world.miner(CAROL, program=does_in_part).join()
    run = running(world, does_in_part).submit(world.job(4), "500")
    lines = list(progress(run, run.events()))
    told = [line.partition(" are ")[2].partition(";")[0] for line in lines if "results of" in line]
    assert sorted(told) == [
        "as the program left them: 1 ended with exit code 2",
        "as the program left them: all out of fuel",
    ]
    run.close()


def does_in_part(task: Any) -> Result:
    index = int(task.args[0])
    return STARVED if index % 2 == 0 else exited(code=2 if index == 1 else 0)


def test_a_dry_run_shows_costs_and_balance(world: World, job: Path) -> None:
    """The module is none, so that what is tried here fails: the rest is shown all the same."""
    world.miner(BOB).join(runtimes=(runtime_id(),), units_per_second=10**9)
    shell = Shell(world)
    told = shell("job", "run", world.job(4), "--dry-run", "--budget", "1").output
    assert "failing     4 of these fail, such as task 0: invalid" in told
    assert "at worst    42 SLT" in told
    assert "balance     100,000 SLT in the wallet, 0 SLT in the market" in told
    assert "the budget of 1 does not reach, 41 SLT more would" in told
    about = json.loads(shell("job", "run", world.job(4), "--dry-run", "--json").stdout)
    assert about["worst"] == str(42 * TOKEN)
    assert about["wallet"] == str(100_000 * TOKEN)
    assert about["tried"]["tasks"] == 4


def test_an_estimate_asks_the_market_without_an_account(world: World, job: Path) -> None:
    world.miner(BOB).join(runtimes=(runtime_id(),))
    job.with_name("program.wasm").write_bytes(EMPTY)
    shell = Shell(world)
    told = shell("job", "estimate", job, SUANLI_PRIVATE_KEY="none")
    assert told.exit_code == 0, told.output
    assert "write       fuel = 10_000_000 into [limits]: 4 times the most" in told.output
    assert "at worst    420 SLT" in told.output
    about = json.loads(shell("job", "estimate", job, "--json", SUANLI_PRIVATE_KEY="none").stdout)
    assert (about["task_units"], about["worst"]) == ("10", str(420 * TOKEN))
    away = shell("job", "estimate", job, SUANLI_RPC="http://127.0.0.1:1")
    assert away.exit_code == 0, away.output
    assert "cost        unknown: no answer from the node" in away.output


EMPTY = b"\0asm\1\0\0\0" + bytes.fromhex(
    "010401600000"  # one type, of functions without parameters and results
    "03020100"
    "0503010001"  # a memory of one page
    "0713"
    "02"
    "06"
    "6d656d6f7279"
    "0200"
    "06"
    "5f7374617274"
    "0000"
    "0a040102000b"
)
"""A program that ends at once."""


def test_bounds_of_failures() -> None:
    assert Options().stop_after_failures == 5
